"""Inputs that are durable elsewhere: they reach the journal together with what their questions bring."""

from datetime import timedelta

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import JournalLost
from tests.runner.test_runner import Bench


class Slow(Bench):
    """A bench whose evidence comes when it is asked for, one turn or many later."""

    def market(self, signal, interval, at):
        self.asked = signal, interval
        return super().market(signal, interval, at)


class Counted:
    """A journal that notes how many rows each append had."""

    def __init__(self, journal):
        self._journal, self.appends, self.lost = journal, [], False

    def __getattr__(self, name):
        return getattr(self._journal, name)

    def append(self, entries):
        if self.lost:
            raise JournalLost("nothing takes it")
        self.appends.append([type(entry).__name__ for entry in entries])
        return self._journal.append(entries)


@pytest.fixture
def bench(tmp_path):
    """A bench with a journal that counts."""
    made = Bench(tmp_path / "journal.db")
    made.runner.journal = made.counted = Counted(made.journal)
    yield made
    made.journal.close()


def asked(bench, *, kept, kind="entry", symbol="SBIN"):
    """A signal that somebody waits for; the future of its fate."""
    signal = rc.Signal(symbol, "BUY" if kind == "entry" else "SELL", at=bench.now, kind=kind)
    return bench.runner.ask(events.SignalArrived(bench.now, signal), lambda facts, accepted: accepted, kept=kept)


def test_an_entry_costs_one_append_where_its_alert_is_kept(bench):
    """Its signal, what was seen and the decision are one; nobody is told before."""
    reply = asked(bench, kept=True)
    bench.runner.turn()
    assert (bench.counted.appends, reply.done()) == ([], False)
    bench.runner.turn()
    (rows,) = bench.counted.appends
    assert [rows[0], "EvidenceArrived" in rows, "EntryApproved" in rows] == ["SignalArrived", True, True]
    assert reply.result() is True
    assert [order.status for order in bench.runner.state.book.orders] == ["intended"]


def test_where_nothing_keeps_it_the_alert_is_durable_first(bench):
    """Before anything is asked for, and whoever waits is told."""
    reply = asked(bench, kept=False)
    bench.runner.turn()
    assert ([rows[0] for rows in bench.counted.appends], reply.result()) == (["SignalArrived"], True)


def test_it_waits_for_one_turn_at_most(bench):
    """A second alert does not hold the first up, nor does silence."""
    first = asked(bench, kept=True)
    bench.runner.turn()
    second = asked(bench, kept=True, symbol="INFY")
    bench.runner.turn()
    assert (first.result(), second.result()) == (True, True)
    bench.runner.settle()
    third = asked(bench, kept=True, symbol="NOBODY")
    bench.runner.settle()
    assert (third.result(), bench.runner.turn()) == (True, 0)


def test_an_exit_that_is_kept_waits_for_nothing(bench):
    """It leads to an order, and that needs its intent on the disk."""
    bench.signal()
    bench.prices(800, 801)
    bench.now += timedelta(seconds=1)
    reply = asked(bench, kept=True, kind="exit")
    bench.runner.turn()
    assert reply.result() is True
    assert "ExitApproved" in bench.counted.appends[-1]


def test_where_the_journal_takes_nothing_no_entry_goes_and_the_alert_stays_where_it_is_kept(bench):
    """Whoever keeps it is told so, and offers it again."""
    bench.counted.lost = True
    reply = asked(bench, kept=True)
    bench.runner.settle()
    assert reply.result() is False
    assert all(order.status == "rejected" for order in bench.runner.state.book.orders)
