"""What stands around a turn: bars and strategies, the pulse, alarms, lanes in threads, the end."""

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner import InlineLanes, Runner
from riskcore_openalgo.runner.bar_watch import BarWatch
from riskcore_openalgo.runner.history import History
from riskcore_openalgo.runner.latency import Latency
from riskcore_openalgo.runner.live import Waking
from riskcore_openalgo.runner.pulse import BUSY, HURRY, QUIET, Pulse, pace
from riskcore_openalgo.runner.stopping import FLAT, HOLDING, UNSETTLED, code, what_is_open, wind_down
from riskcore_openalgo.runner.threads import ThreadLanes
from tests.core.custody_days import at_broker, books, held, ticks, trade
from tests.gateways.desks import INFY, NOW, entry, leaving
from tests.runner.live_days import BAR, flat_bars
from tests.runner.test_evidence import Shelf

KEY = "NSE:INFY"

# ---------------------------------------------------------------- bars and strategies


class Watch:
    """A watch over bars of a shelf, with one strategy that buys after each bar, and a clock."""

    def __init__(self, *, on_bars=None, known=True, **policy):
        self.now, self.asked = NOW, []
        self.shelf = Shelf(flat_bars(NOW))
        self.watch = BarWatch(
            History(self.shelf, bars=140),
            self.instrument if known else self.nobody,
            lambda: rc.Policy(**policy),
            lambda: self.now,
            {(KEY, "5m"): [self.on_bar] if on_bars is None else on_bars},
        )

    def instrument(self, key):
        return INFY

    def nobody(self, key):
        raise ReadFailed("symbol", "not known")

    def on_bar(self, bars):
        self.asked.append(bars[-1].at)
        return rc.Signal("INFY", "BUY", at=bars[-1].at + BAR, bar_at=bars[-1].at)

    def pass_to(self, moment):
        """Let time pass; what was read then came to."""
        self.now = moment
        self.shelf.bars = flat_bars(moment)
        found = [event for watched in self.watch.due(moment, ()) for event in self.watch.look(watched)]
        return [event for event in found if isinstance(event, events.SignalArrived)]


def test_a_strategy_is_asked_once_after_each_bar_that_has_ended():
    watch = Watch()
    assert len(watch.pass_to(NOW)) == 1
    assert watch.pass_to(NOW + timedelta(minutes=3)) == []
    [arrived] = watch.pass_to(NOW + BAR + timedelta(seconds=1))
    assert arrived.signal.bar_at == NOW
    assert watch.asked == [NOW - BAR, NOW]


def test_a_bar_that_ended_long_ago_asks_nobody():
    """A runner that starts three minutes after the bar: its signal would be stale."""
    watch = Watch()
    assert watch.pass_to(NOW + timedelta(minutes=3)) == []
    assert watch.asked == []


def test_an_instrument_that_is_not_known_is_asked_for_again_later():
    watch = Watch(known=False)
    assert watch.pass_to(NOW) == []
    assert watch.watch.due(NOW + timedelta(seconds=4), ()) == []
    assert watch.watch.due(NOW + timedelta(seconds=5), ()) == [(KEY, "5m")]


def test_a_strategy_that_raises_is_asked_again_after_the_next_bar(caplog):
    """Where there are no alarms its error stands in the log."""
    asked = []

    def broken(bars):
        asked.append(bars[-1].at)
        raise RuntimeError("mine")

    watch = Watch(on_bars=[broken])
    for moment in (NOW, NOW + BAR + timedelta(seconds=1)):
        assert watch.pass_to(moment) == []
    assert asked == [NOW - BAR, NOW]
    assert "strategy_failed: mine" in caplog.text


def test_what_is_held_gets_a_fresh_atr_where_its_stop_trails_by_it():
    watch = Watch(on_bars=[], trail="atr", trail_by=2)
    day, _ = held()
    assert watch.watch.atr(KEY) is None
    for watched in watch.watch.due(NOW, day.book.positions):
        watch.watch.look(watched)
    assert watch.watch.atr(KEY) == 8


# ---------------------------------------------------------------- the pulse


def test_time_is_told_often_while_something_has_a_deadline():
    day, _ = held()
    assert pace(engine.State()) == QUIET
    assert pace(day.state) == BUSY
    ticks(day, "10:05", 980)
    assert pace(day.state) == HURRY


def test_a_pulse_beats_once_a_pace_and_at_once_on_a_new_day():
    day = at_broker()
    pulse = Pulse(lambda: day.state)
    at = day.at("10:00")
    assert pulse.due(at) == (events.TimePassed(at),)
    assert pulse.due(at + timedelta(seconds=0.5)) == ()
    tomorrow = at + timedelta(days=1)
    assert len(pulse.due(tomorrow)) == 1


# ---------------------------------------------------------------- latency


def through(latency, seconds, number):
    """One signal that took so long to be answered."""
    signal = rc.Signal("INFY", "BUY", at=NOW + timedelta(minutes=number))
    latency.watch(events.SignalTaken(NOW, signal))
    latency.watch(events.Acknowledged(NOW + timedelta(seconds=seconds), signal.id, str(number)))


def test_slow_answers_are_told_once_until_they_are_quick_again():
    said = []
    latency = Latency(said.append)
    for number in range(19):
        through(latency, 0.1, number)
    assert (latency.percentile(0.5), said) == (None, [])
    through(latency, 0.9, 19)
    through(latency, 0.9, 20)
    assert len(said) == 1
    assert "p99 900 ms of 20" in said[0]
    for number in range(21, 600):
        through(latency, 0.1, number)
    assert latency.told() == "alert to OpenAlgo's answer: p50 100 ms, p99 100 ms of 500"
    for number in range(600, 640):
        through(latency, 0.9, number)
    assert len(said) == 2


def test_a_signal_that_was_refused_has_no_latency():
    latency = Latency(print)
    signal = rc.Signal("INFY", "BUY", at=NOW)
    latency.watch(events.SignalTaken(NOW, signal))
    latency.watch(events.EntryRefused(NOW, signal, (), ()))
    latency.watch(events.Acknowledged(NOW, signal.id, "1"))
    assert latency.told() == "alert to OpenAlgo's answer: 0 entries, too few to say"


# ---------------------------------------------------------------- lanes


class Slow:
    """A gateway whose entries hang until they are let go."""

    def __init__(self):
        self.go, self.began, self.sent = threading.Event(), threading.Event(), []

    def place(self, order, at):
        if isinstance(order, rc.ApprovedEntry):
            self.began.set()
            self.go.wait(5)
        self.sent.append(order.order_id)
        return (events.OrderReported(at, order.order_id, "working", 0, Decimal(0)),)

    def cancel(self, command, at):
        raise OSError("gone")

    def revise(self, command, at):
        raise OSError("gone")

    def equity(self, command, at):
        return events.EquityRead(at, Decimal(1))

    def market(self, signal, interval, at):
        return None


@pytest.fixture
def slow():
    gateway, failures = Slow(), []
    lanes = ThreadLanes(gateway, gateway, clock=lambda: NOW, failed=lambda lane, problem: failures.append(lane))
    yield gateway, lanes, failures
    gateway.go.set()
    assert lanes.close()


def wait_for(found, count):
    ends = time.monotonic() + 60
    while len(found) < count and time.monotonic() < ends:
        time.sleep(0.005)
    assert len(found) == count


def test_an_entry_that_hangs_delays_no_exit(slow):
    gateway, lanes, _ = slow
    found = []
    lanes.send(events.PlaceEntry(entry()), NOW, found.append)
    for quantity in (1, 2, 3):
        lanes.send(events.PlaceExit(leaving(quantity)), NOW, found.append)
    wait_for(found, 3)
    assert sorted(event.order_id for event in found) == ["exit:1:None", "exit:2:None", "exit:3:None"]
    gateway.go.set()
    wait_for(found, 4)


def test_a_gateway_that_raises_has_not_said_no_in_any_lane(slow):
    _, lanes, _ = slow
    found = []
    lanes.send(events.CancelOrder("a", "1"), NOW, found.append)
    lanes.send(events.ReviseOrder("b", None, "2"), NOW, found.append)
    wait_for(found, 2)
    told_of = {type(event).__name__: event for event in found}
    assert told_of["OrderReported"].status == "unknown"
    assert told_of["RevisionReported"].outcome == "unsure"


def test_questions_are_answered_and_a_signal_of_nothing_known_is_told(slow):
    _, lanes, _ = slow
    found = []
    lanes.send(events.AskEquity(NOW.date(), None), NOW, found.append)
    lanes.send(events.AskEvidence(rc.Signal("NOBODY", "BUY", at=NOW), "5m"), NOW, found.append)
    wait_for(found, 2)
    assert {type(event).__name__ for event in found} == {"EquityRead", "EvidenceFailed"}


def test_a_reading_that_raises_is_told_and_the_lane_goes_on(slow):
    _, lanes, failures = slow
    found = []
    lanes.read(lambda: 1 / 0, found.append)
    lanes.read(lambda: [events.TimePassed(NOW)], found.append)
    wait_for(found, 1)
    wait_for(failures, 1)
    assert failures == ["account"]


def test_an_exit_that_was_taken_for_lost_while_it_waited_is_not_sent_beside_the_next():
    """Every thread hung; the books were read without it meanwhile, and another is on its way."""
    gateway, lost, found = Slow(), set(), []
    lanes = ThreadLanes(gateway, gateway, clock=lambda: NOW, ended=lost.__contains__, exit_threads=1)
    held = threading.Event()
    lanes._exits.put(held.wait)
    for quantity in (1, 2):
        lanes.send(events.PlaceExit(leaving(quantity)), NOW, found.append)
    lost.add("exit:1:None")
    held.set()
    wait_for(found, 2)
    gateway.go.set()
    assert lanes.close()
    assert [(event.order_id, event.status) for event in found] == [
        ("exit:1:None", "rejected"),
        ("exit:2:None", "working"),
    ]
    assert found[0].note == "not sent: it had ended before it could be sent"


def test_lanes_that_close_send_no_entry_any_more():
    gateway = Slow()
    lanes, found = ThreadLanes(gateway, gateway, clock=lambda: NOW), []
    lanes.send(events.PlaceEntry(entry()), NOW, found.append)
    lanes.send(events.PlaceEntry(entry(quantity=2)), NOW, found.append)
    assert gateway.began.wait(5)
    closing = threading.Thread(target=lanes.close)
    closing.start()
    assert lanes._closing.wait(5)
    gateway.go.set()
    closing.join()
    assert [event.status for event in found] == ["working", "rejected"]
    assert found[1].note == "not sent: the runner is stopping"


# ---------------------------------------------------------------- the end


class Told:
    """A day told by hand, turned as a runner is."""

    def __init__(self, day):
        self.day, self.offered = day, []

    @property
    def state(self):
        return self.day.state

    def turn(self):
        waiting = [self.offered.pop(0) for _ in range(len(self.offered))]
        for event in waiting:
            self.day.take(event)
        return len(waiting)


def ended(day, *, flatten=False):
    turning = Told(day)
    seconds = iter(range(1000))
    return wind_down(
        turning,
        turning.offered.append,
        lambda: day.at("10:05"),
        flatten=flatten,
        within_s=5,
        sleep=lambda s: None,
        monotonic=lambda: next(seconds),
    )


def test_how_things_stand_at_the_end():
    assert ended(at_broker()) == FLAT
    day, _ = held()
    assert ended(day) == HOLDING
    bare, _ = held(rests=False)
    assert ended(bare) == UNSETTLED


def test_a_position_without_a_stop_is_no_covered_one_at_the_end():
    """Shares of somebody's hand were adopted: they have no level, and nothing of ours is on its way for them."""
    day = at_broker(manual_trades="adopt")
    shown = rc.BrokerPosition(key="NSE:TCS", product="MIS", quantity=10, average_price=3000)
    for second in (1, 2):
        trades = (trade("H1", "BUY", 10, 3000, "NSE:TCS"),)
        things = (rc.Instrument(symbol="TCS", tick="0.05"),)
        books(day, f"10:04:0{second}", trades=trades, positions=(shown,), instruments=things)
    assert ended(day) == UNSETTLED
    assert what_is_open(day.state) == ["open: BUY 10 NSE:TCS at 3000.00, no stop, NOT AT THE BROKER"]


def test_leaving_everything_asks_once_for_each_position_and_waits_no_longer_than_it_may():
    day, _ = held()
    assert ended(day, flatten=True) == UNSETTLED
    assert len([fact for fact in day.facts if isinstance(fact, events.SignalTaken)]) == 2
    assert code(day.state) == UNSETTLED


def test_what_is_offered_wakes_whoever_waits_for_the_next_turn(tmp_path):
    """The queue that a runner is given is empty then, and is its queue all the same."""
    woken = []
    with Journal(tmp_path / "day.db") as journal:
        lanes = InlineLanes(PaperGateway(), None)
        queue = Waking(lambda: woken.append(True))
        runner = Runner(journal=journal, policy=rc.Policy(), lanes=lanes, clock=lambda: NOW, transport=queue)
        runner.offer(events.TimePassed(NOW))
        assert (woken, queue.waiting) == ([True], 1)
