"""What the page shows of a day: today's facts, and the way of equity, from the journal and from the running day."""

import attrs

import riskcore as rc
from riskcore import events
from riskcore.testing import Scenario
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.ledger import EVERY, Ledger
from tests.journal.told import INFY, SEEN, THIRD, entries

POLICY = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0)


def traded():
    """A day with one finished trade."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
    told.prices("10:30", last=979)
    told.fill("10:30:01", told.sent()[-1].order_id, price=979)
    return told


def test_it_begins_with_what_the_journal_has_of_today(tmp_path):
    """Decisions and trades newest first; equity at the open, and after each finished trade."""
    told = traded()
    with Journal(tmp_path / "live.db") as journal:
        journal.append(entries(told))
        ledger = Ledger(journal, lambda: told.state)
    assert [fact.key for fact in ledger.facts(events.PositionClosed)] == ["NSE:INFY"]
    assert len(ledger.facts(events.EntryApproved)) == 1
    assert [point.equity for point in ledger.points()] == [told.book.opening_equity, told.book.equity]


def test_yesterdays_facts_are_not_todays(tmp_path):
    """When another session has opened, its list is empty."""
    told = traded()
    with Journal(tmp_path / "live.db") as journal:
        journal.append(entries(told))
        ledger = Ledger(journal, lambda: told.state)
        told.next_day(3)
        told.time("09:16")
    assert ledger.facts(events.EntryApproved, events.PositionClosed) == []


def test_points_of_equity_keep_their_distance(tmp_path):
    """One every 15 seconds at most, and those of another day alone."""
    told = traded()
    with Journal(tmp_path / "live.db") as journal:
        ledger = Ledger(journal, lambda: told.state)
    first = told.last(events.PositionClosed)
    for n in range(4):
        ledger.watch(attrs.evolve(first, at=first.at + n * EVERY / 2))
    assert [point.at - first.at for point in ledger.points()] == [0 * EVERY, EVERY]
    ledger.watch(attrs.evolve(first, at=first.at + 5760 * EVERY))
    assert len(ledger.points()) == 1


def test_what_people_were_told_is_shown_in_the_same_words(tmp_path):
    """What the journal has and what comes after; the same again is one line, and what nobody is told is none."""
    told = traded()
    told.take(events.NoticeGiven(told.at("10:31"), "configuration_refused", "1", "line 3"))
    with Journal(tmp_path / "live.db") as journal:
        journal.append(entries(told))
        ledger = Ledger(journal, lambda: told.state)
    for second in range(3):
        ledger.watch(
            events.EmergencyStaged(told.at(f"10:32:0{second}"), events.STOPPING, told.at("10:32"), 0, None, ())
        )
    ledger.watch(events.OrderMoved(told.at("10:33"), "id", "working", ""))
    ledger.watch(events.OrderMoved(told.at("10:33"), "id", "cancelled", ""))  # a detail: the log has it
    ledger.watch(events.OrderMoved(told.at("10:34"), "id", "rejected", "no money"))
    lines = [(f"{alert.at:%H:%M:%S}", alert.said.title) for alert in ledger.alerts()]
    assert lines[:3] == [
        ("10:34:00", "ORDER REFUSED"),
        ("10:32:02", "EMERGENCY STOP AT WORK"),
        ("10:31:00", "CONFIGURATION REFUSED"),
    ]
    told.next_day(3)
    told.time("09:16")
    assert [alert.said.title for alert in ledger.alerts()] == []
