"""Replay `decisions`: each recorded signal again, on the recorded state, under another policy."""

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore.testing import Scenario
from riskcore_openalgo.demo.day import demo_policy
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.pruning import prune
from riskcore_openalgo.journal.redeciding import APPROVED, EXITS, NONE, REFUSED, Answer, redecide
from tests.journal.databases import InSqlite
from tests.journal.told import INFY, SECOND, SEEN, THIRD, entries, four_days, three_days, write

POLICY = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0)


def written(path, told):
    """A journal of a scenario."""
    with Journal(path) as journal:
        journal.append(entries(told))
    return Reader(path)


def test_under_the_recorded_policy_each_answer_is_the_recorded_one(demo_journal):
    """All 47 of the demo day: quantities, reasons, texts."""
    with Reader(demo_journal) as journal:
        found = list(redecide(journal, demo_policy()))
    assert len(found) == 47
    assert all(one.then == one.now and one.same for one in found)


def test_a_stricter_policy_refuses_and_nothing_follows_from_that(demo_journal):
    """One position at a time: the second of two that were held at once is refused; the third is asked on the record."""
    with Reader(demo_journal) as journal:
        found = list(redecide(journal, attrs.evolve(demo_policy(), max_positions=1)))
    changed = [one for one in found if not one.same]
    assert [(one.key, one.then.said, one.now.reasons) for one in changed] == [
        ("NSE:INFY", APPROVED, ("too_many_positions",)),
        ("NSE:LT", APPROVED, ("too_many_positions",)),
    ]
    assert changed[0].now.text == "max_positions: 1 positions open or on their way; at most 1"


def test_a_smaller_risk_gives_fewer_shares(demo_journal):
    """Then and now side by side."""
    with Reader(demo_journal) as journal:
        found = list(redecide(journal, attrs.evolve(demo_policy(), risk_per_trade="0.05")))
    both = [(one.then.quantity, one.now.quantity) for one in found if one.then.said == APPROVED]
    assert len(both) == 5
    assert all(0 < now <= then / 2 for then, now in both)


def test_the_recorded_fills_stay_those_of_the_recorded_policy(tmp_path):
    """The other policy has one trade a day; the recorded second trade still counts against the third signal."""
    told = Scenario(POLICY, INFY, day=THIRD)
    for clock in ("10:00", "11:00", "12:00"):
        told.fill(f"{clock}:01", told.enter(clock, **SEEN), price=1000)
        told.prices(f"{clock[:2]}:30", last=1105)
        told.fill(f"{clock[:2]}:30:01", told.sent()[-1].order_id, price=1100)
    with written(tmp_path / "j.db", told) as journal:
        found = list(redecide(journal, attrs.evolve(POLICY, max_trades_per_day=2)))
    assert [one.now.said for one in found] == [APPROVED, APPROVED, REFUSED]
    assert found[2].now.reasons == ("too_many_trades",)


def test_exit_signals_and_signals_without_evidence_are_answered_too(tmp_path):
    """An exit is followed under any policy; a signal that nobody could look up is refused under any."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
    told.prices("10:10", last=1001)
    told.signal("10:11", "SELL", kind=rc.EXIT)
    told.signal("10:20")
    told.time("10:25")
    with written(tmp_path / "j.db", told) as journal:
        found = list(redecide(journal, attrs.evolve(POLICY, max_positions=1, max_trades_per_day=1)))
    assert [(one.then.said, one.now.said) for one in found] == [
        (APPROVED, APPROVED),
        (EXITS, EXITS),
        (REFUSED, REFUSED),
    ]
    assert found[1].now.quantity == found[0].then.quantity
    assert found[2].now.reasons == found[2].then.reasons


def test_an_order_that_went_as_slices_is_one_answer_of_the_whole(tmp_path):
    """Under the same policy every one whose last slice was smaller was told as a difference."""
    told = Scenario(POLICY, attrs.evolve(INFY, freeze_quantity=20), day=THIRD)
    told.enter("10:00", **SEEN)
    slices = told.sent(rc.ApprovedEntry)
    for number, order in enumerate(slices, 1):
        told.fill(f"10:00:0{number}", order.order_id, price=1000)
    told.prices("10:10", last=1001)
    told.signal("10:11", "SELL", kind=rc.EXIT)
    whole = sum(order.quantity for order in slices)
    assert [order.quantity for order in slices] == [20, 20, whole - 40]
    with written(tmp_path / "j.db", told) as journal:
        same = list(redecide(journal, POLICY))
        fewer = list(redecide(journal, attrs.evolve(POLICY, risk_per_trade="0.5")))
    assert [(one.then.said, one.then.quantity, one.same) for one in same] == [
        (APPROVED, whole, True),
        (EXITS, whole, True),
    ]
    assert [(one.now.quantity, one.same) for one in fewer] == [(whole // 2, False), (whole, True)]


def test_a_pruned_journal_is_asked_from_the_state_it_begins_with(tmp_path):
    """The answers of what is left are the same as before."""
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        other = attrs.evolve(four_days().policy, risk_per_trade="0.5")
        before = list(redecide(journal, other))
        prune(journal, THIRD)
        after = list(redecide(journal, other))
    place.close()
    assert after == before[2:]
    assert [one.same for one in after] == [False, False]


def test_a_change_of_policy_in_the_record_changes_nothing_of_the_other(tmp_path):
    """Three days with a recorded change: the other policy holds on all of them."""
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        write(journal)
        found = list(redecide(journal, three_days().policy))
    place.close()
    assert {one.at.date() for one in found if not one.same} <= {SECOND.replace(day=18)}
    assert [one.then.said for one in found if one.at.date() == SECOND] == [REFUSED]


def test_no_answer_is_told_as_none():
    """A policy under which the input leads to nothing."""
    assert Answer.of().said == NONE
    fact = events.EntryRefused(three_days().at("10:00"), rc.Signal("INFY", "BUY", at=three_days().at("10:00")), (), ())
    assert Answer.of(fact).reasons == ("unmeasured",)


@pytest.mark.parametrize("rule", ["nowhere.at:all", "riskcore:nothing_of_that_name"])
def test_a_rule_that_cannot_be_loaded_is_named(demo_journal, rule):
    """Nothing is asked of a policy that is not whole."""
    policy = attrs.evolve(demo_policy(), rules=(rc.CustomRule(name=rule),))
    with Reader(demo_journal) as journal, pytest.raises(ValueError, match=rule.split(":", maxsplit=1)[0]):
        next(redecide(journal, policy))
