"""The order of a turn, and what an unavailable journal or a silent gateway means."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Journal, JournalLost, Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner import InlineLanes, Runner, Ticking
from riskcore_openalgo.runner.alerts import AlertDesk
from riskcore_openalgo.runner.runner import DECISIONS_A_TURN, DECISIONS_BESIDE_RECEIPTS
from riskcore_openalgo.web.alerts import read_alert

START = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
SBIN = rc.nse_equity("SBIN", on=START.date(), tick=0.05)
INFY = rc.nse_equity("INFY", on=START.date(), tick=0.05)


class Bench:
    """A runner with a paper gateway and prices we set."""

    def __init__(self, path, gateway=None, timers=None):
        self.now, self.price = START, Decimal(800)
        self.journal, self.gateway = Journal(path), gateway or PaperGateway()
        self.facts = []
        self.runner = Runner(
            journal=self.journal,
            policy=rc.Policy(position_size_basis="margin"),
            lanes=InlineLanes(self.gateway, self),
            clock=lambda: self.now,
            watch=self.facts.append,
            timers=timers,
        )
        self.runner.start()
        self.runner.settle()

    def equity(self, command, at):
        return events.EquityRead(at, Decimal(1_000_000))

    def market(self, signal, interval, at):
        instrument = {"SBIN": SBIN, "INFY": INFY}.get(signal.symbol)
        return instrument and rc.Market(instrument=instrument, at=at, last=self.price, atr=4)

    def signal(self, symbol="SBIN", side="BUY"):
        """Offer a signal of this moment, and settle."""
        made = rc.Signal(symbol, side, at=self.now)
        self.runner.offer(events.SignalArrived(self.now, made))
        self.runner.settle()
        return made.id

    def prices(self, *path, key="NSE:SBIN"):
        """The prices of the next second."""
        since, self.now = self.now, self.now + timedelta(seconds=1)
        first, *_, last = self.price_path = [Decimal(str(p)) for p in path]
        seen = events.PricesSeen(self.now, key, first, max(self.price_path), min(self.price_path), last, since)
        for report in self.gateway.see(seen) if hasattr(self.gateway, "see") else ():
            self.runner.offer(report)
        self.runner.offer(seen)
        self.runner.settle()

    def reasons(self):
        """Reasons of the last refusal."""
        refused = [fact for fact in self.facts if isinstance(fact, events.EntryRefused)]
        return [found.reason for found in refused[-1].findings if not found.passed]

    def sent(self, kind):
        """Facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]


@pytest.fixture
def made():
    """A maker of benches, all closed at the end."""
    benches = []

    def make(*arguments):
        benches.append(Bench(*arguments))
        return benches[-1]

    yield make
    for bench in benches:
        bench.journal.close()


@pytest.fixture
def bench(made, tmp_path):
    """A runner at 10:30."""
    return made(tmp_path / "journal.db")


@pytest.fixture
def locked(bench):
    """A function that locks the database, and one that frees it."""
    with closing(sqlite3.connect(bench.journal.path, isolation_level=None)) as locker:
        yield lambda: locker.execute("BEGIN EXCLUSIVE"), lambda: locker.execute("ROLLBACK")


@pytest.mark.smoke
def test_a_signal_becomes_an_order_a_position_and_a_trade(bench):
    """From the wish to the target, every step journalled."""
    signal_id = bench.signal()
    assert isinstance(bench.runner.fate(signal_id), events.EntryApproved)
    bench.prices(800, 801)
    assert bench.runner.state.book.position("NSE:SBIN").average_price == 800
    bench.prices(805, 815.5)
    (trade,) = bench.sent(events.PositionClosed)
    assert (trade.reason, trade.exit_price) == ("target", 815)
    assert replay(bench.journal).same


def test_the_intent_is_durable_before_the_gateway_hears_of_it(made, tmp_path):
    """The gateway finds its own order in the journal's file at the moment it is called."""

    class Watching(PaperGateway):
        def place(self, order, at):
            with closing(sqlite3.connect(path)) as connection:
                found.append(connection.execute("SELECT order_id FROM orders").fetchall())
            return super().place(order, at)

    found, path = [], tmp_path / "journal.db"
    bench = made(path, Watching())
    signal_id = bench.signal()
    assert found == [[(signal_id,)]]


def test_a_gateway_that_raises_leaves_the_outcome_unknown(made, tmp_path):
    """Nobody knows whether the order was taken: it stays on its way, and the symbol stays blocked."""

    class Silent:
        def place(self, order, at):
            raise TimeoutError("no answer")

        def cancel(self, order_id, at):
            return ()

    bench = made(tmp_path / "journal.db", Silent())
    bench.signal()
    (order,) = bench.runner.state.book.live_orders()
    assert order.status == "unknown"
    bench.now += timedelta(seconds=2)
    bench.signal()
    assert bench.reasons()[0] == "symbol_working"
    assert bench.runner.state.book.trades_today == 1


@pytest.mark.smoke
def test_F52_a_locked_journal_stops_entries_by_name_and_lets_exits_go(bench, locked):
    """The position leaves at its stop; the new entry is refused as journal_unavailable; all of it is kept."""
    lock, free = locked
    bench.signal()
    bench.prices(800, 801)
    lock()
    bench.prices(801, 802)
    bench.signal("INFY")
    assert bench.reasons() == ["entries_stopped"]
    assert "journal_unavailable" in bench.runner.state.book.latches[0].name
    bench.prices(800, 790)
    (trade,) = bench.sent(events.PositionClosed)
    assert trade.reason == "stop"
    free()
    bench.prices(790, 791)
    assert bench.runner.state.book.state == "active"
    bench.now += timedelta(seconds=1)
    bench.signal("INFY")
    assert len(bench.sent(events.EntryApproved)) == 2
    assert bench.journal.first_bad_row() is None
    assert replay(bench.journal).same


def test_F52_an_entry_approved_in_the_turn_that_could_not_be_written_is_not_sent(bench, locked):
    """It is taken back as refused by ourselves, and gives its trade slot back."""
    lock, free = locked
    bench.runner.offer(events.SignalArrived(bench.now, rc.Signal("SBIN", "BUY", at=bench.now)))
    bench.runner.turn()
    lock()
    bench.runner.settle()
    free()
    bench.runner.offer(events.TimePassed(bench.now))
    bench.runner.settle()
    moved = bench.sent(events.OrderMoved)[0]
    assert (moved.status, moved.note) == ("rejected", "not sent: journal_unavailable")
    assert bench.runner.state.book.trades_today == 0
    bench.prices(800, 801)
    assert bench.runner.state.book.positions == ()


def test_F52_with_nothing_writable_exits_still_go_and_the_rows_come_later(bench, monkeypatch):
    """Neither database nor spool: the exit goes anyway; entries stop; nothing is lost once it works again."""
    bench.signal()
    bench.prices(800, 801)

    def refuse(rows):
        raise JournalLost("disk on fire")

    real = bench.journal.append

    def queue_only(entries):
        bench.journal._unsaved += [bench.journal._chain(entry) for entry in entries]
        return refuse(entries)

    monkeypatch.setattr(bench.journal, "append", queue_only)
    bench.prices(800, 790)
    (trade,) = bench.sent(events.PositionClosed)
    assert trade.reason == "stop"
    assert bench.runner.state.book.state == "halted"
    monkeypatch.setattr(bench.journal, "append", real)
    bench.prices(790, 791)
    assert bench.runner.state.book.state == "active"
    assert bench.journal.first_bad_row() is None
    assert replay(bench.journal).same


def alert(text, bench):
    """An alert as the intake reads it, submitted and settled; the receipt."""
    desk = AlertDesk(bench.runner)
    reading = read_alert(text.encode(), source="tv", received_at=bench.now, secret=None)
    answer = desk.submit(reading, "tv")
    assert not answer.done()
    bench.runner.settle()
    return answer.result(timeout=0)


GOOD = '{"symbol": "SBIN", "action": "buy", "interval": "5", "time": "2026-11-20T05:00:00Z"}'


def test_F01_the_same_alert_twice_is_one_signal_also_after_a_restart(bench, made):
    """The second is answered 200 and named a duplicate; the journal shows both."""
    first = alert(GOOD, bench)
    assert (first.status_code, first.body["status"]) == (200, "accepted")
    second = alert(GOOD, bench)
    assert (second.status_code, second.body["status"]) == (200, "duplicate")
    assert second.body["of"] == first.body["signal"]
    bench.journal.close()
    again = made(bench.journal.path)
    assert alert(GOOD, again).body["status"] == "duplicate"
    assert sum(row.type == "SignalArrived" for row in again.journal.rows()) == 3
    assert sum(row.type == "EntryApproved" for row in again.journal.rows()) == 1


def test_a_malformed_alert_is_answered_400_journalled_and_the_runner_goes_on(bench):
    """Nothing is traded on it."""
    answer = alert("{not json", bench)
    assert (answer.status_code, answer.body["reason"][:6]) == (400, "alert_")
    assert [row.type for row in bench.journal.rows()][-2:] == ["AlertRefused", "AlertDropped"]
    assert alert(GOOD, bench).body["status"] == "accepted"


def test_an_alert_that_cannot_be_written_down_is_not_accepted(bench, monkeypatch):
    """503: the sender keeps it."""

    def refuse(entries):
        raise JournalLost("disk on fire")

    monkeypatch.setattr(bench.journal, "append", refuse)
    desk = AlertDesk(bench.runner)
    answer = desk.submit(read_alert(GOOD.encode(), source="tv", received_at=bench.now, secret=None), "tv")
    bench.runner.turn()
    assert (answer.result(0).status_code, answer.result(0).body["reason"]) == (503, "journal_unavailable")


def test_time_passes_without_prices_where_a_timer_ticks(made, tmp_path):
    """The entry nobody filled is cancelled after entry_timeout_s, though no price comes any more."""
    bench = made(tmp_path / "journal.db", None, Ticking(timedelta(seconds=1)))
    bench.signal()
    for _ in range(12):
        bench.now += timedelta(seconds=1)
        assert bench.runner.turn() == 1
        assert bench.runner.turn() <= 1
        bench.runner.settle()
    assert bench.sent(events.CancelRequested)[0].why == "entry_timeout_s"
    assert bench.sent(events.OrderMoved)[-1].status == "cancelled"
    assert bench.runner.state.book.trades_today == 1


def test_a_restart_restores_time_and_count_too(bench, made):
    """After inputs that led to no fact and a clock that is set back, replay still gives the same facts."""
    bench.now += timedelta(minutes=5)
    bench.runner.offer(events.TimePassed(bench.now))
    bench.runner.settle()
    before = bench.runner.state
    bench.journal.close()
    again = made(bench.journal.path)
    assert (again.runner.state.now, again.runner.state.number) == (before.now, before.number + 1)
    assert [type(fact).__name__ for fact in again.facts] == ["ClockBackward"]
    assert replay(again.journal).same


def test_F50_another_writer_stops_entries_and_lets_exits_go(bench, made):
    """A second process got past the lock (somebody deleted its file): what must leave leaves all the same."""
    bench.signal()
    bench.prices(800, 801)
    bench.journal.path.with_name("journal.db.lock").unlink()
    intruder = Journal(bench.journal.path)
    intruder.append([events.TimePassed(bench.now)])
    intruder.close()
    bench.prices(800, 790)
    (trade,) = bench.sent(events.PositionClosed)
    assert trade.reason == "stop"
    assert "another process" in bench.runner.state.book.latches[0].why
    bench.signal("INFY")
    assert bench.reasons()[0] == "entries_stopped"


def test_a_reader_leaves_the_journal_of_a_running_day_alone(bench, locked):
    """Looking while rows wait in the spool takes nothing from the writer."""
    lock, free = locked
    lock()
    bench.prices(800, 801)
    free()
    reader = Reader(bench.journal.path)
    assert reader.length < bench.journal.length
    reader.close()
    bench.prices(801, 802)
    assert bench.runner.state.book.state == "active"
    assert bench.journal.first_bad_row() is None


def test_an_exit_signal_has_a_fate_of_its_own(bench):
    """Its position leaves at the next price; a second exit has nothing to exit."""
    bench.signal()
    bench.prices(800, 801)
    leave = rc.Signal("SBIN", "SELL", at=bench.now, kind="exit")
    bench.runner.offer(events.SignalArrived(bench.now, leave))
    bench.runner.settle()
    assert isinstance(bench.runner.fate(leave.id), events.ExitApproved)
    bench.prices(800.5, 800)
    (trade,) = bench.sent(events.PositionClosed)
    assert (trade.reason, trade.exit_price) == ("signal", Decimal("800.5"))
    again = rc.Signal("SBIN", "SELL", at=bench.now, kind="exit")
    bench.runner.offer(events.SignalArrived(bench.now, again))
    bench.runner.settle()
    assert bench.reasons() == ["exit_without_position"]


def test_an_approval_that_no_longer_holds_is_not_sent(bench):
    """The clock has moved on between the decision and the gateway."""
    bench.runner.offer(events.SignalArrived(bench.now, rc.Signal("SBIN", "BUY", at=bench.now)))
    bench.runner.turn()
    bench.runner.clock = lambda: bench.now + timedelta(seconds=6)
    bench.runner.settle()
    assert "no longer holds" in bench.sent(events.OrderMoved)[0].note


class Unreachable(PaperGateway):
    """A broker that fills half of an entry at once, and whose cancels time out."""

    def place(self, order, at):
        if isinstance(order, rc.ApprovedEntry):
            half = order.quantity // 2
            return (events.OrderReported(at, order.order_id, "working", half, half * order.limit),)
        return super().place(order, at)

    def cancel(self, order_id, at):
        raise TimeoutError("no answer")


def test_a_cancel_that_gets_no_answer_does_not_hold_back_the_exit_behind_it(made, tmp_path):
    """The rest of an entry cannot be called back, and what is held leaves all the same."""
    bench = made(tmp_path / "journal.db", Unreachable())
    order_id = bench.signal()
    bench.prices(800, 790)
    (leaving,) = bench.sent(events.ExitApproved)
    assert bench.gateway.latest(leaving.order.order_id) is not None
    (told,) = [r.event for r in bench.journal.rows("input") if getattr(r.event, "note", "").startswith("outcome")]
    assert (told.order_id, told.note) == (order_id, "outcome unknown: no answer")
    assert replay(bench.journal).same


def test_an_entry_we_did_not_send_ourselves_is_no_rejection_of_the_brokers(made, tmp_path):
    """It counts in a class of its own, so that a limit on rejections is not reached by our own hand."""
    bench = made(tmp_path / "journal.db")
    bench.runner.offer(events.PolicyLoaded(bench.now, rc.Policy(position_size_basis="margin", max_order_errors=3)))
    bench.runner.offer(events.SignalArrived(bench.now, rc.Signal("SBIN", "BUY", at=bench.now)))
    bench.runner.turn()
    bench.runner.clock = lambda: bench.now + timedelta(seconds=6)
    bench.runner.settle()
    (failed,) = bench.sent(events.OrderFailed)
    assert failed.error == "not_sent"


def test_what_can_be_decided_in_a_turn_is_bounded_and_an_alert_is_taken_before_the_rest(bench):
    """Twenty signals at the close of a bar: the receipt of the next alert does not wait for twenty decisions."""
    sent = [rc.Signal("SBIN", "BUY", at=bench.now, bar_at=bench.now - timedelta(minutes=n)) for n in range(1, 21)]
    for signal in sent:
        bench.runner.offer(events.SignalArrived(bench.now, signal))
    bench.runner.turn()
    late = rc.Signal("INFY", "BUY", at=bench.now)
    kept = bench.runner.ask(events.SignalArrived(bench.now, late), lambda facts, durable: durable)
    for decided in (DECISIONS_BESIDE_RECEIPTS, DECISIONS_BESIDE_RECEIPTS + DECISIONS_A_TURN):
        bench.runner.turn()
        assert (sum(bench.runner.fate(signal.id) is not None for signal in sent), kept.result(0)) == (decided, True)
    bench.runner.settle()
    assert [bench.runner.fate(signal.id).signal for signal in (*sent, late)] == [*sent, late]
