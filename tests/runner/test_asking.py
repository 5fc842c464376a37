"""Own strategies asked on a live day: what goes wrong is told, and delays nobody; none is asked without its bars."""

import threading
from datetime import timedelta

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.runner.threads import ThreadLanes
from tests.gateways.desks import NOW
from tests.runner.live_days import BAR, flat_bars
from tests.runner.test_bars_of_ticks import KEY, Watched, buys, prices_of


def fails(bars, *, symbol, interval):
    raise RuntimeError("ouch")


def chatters(bars, *, symbol, interval):
    return "BUY"


def test_a_strategy_that_fails_is_told_by_its_name_and_line_once_and_the_bars_are_kept():
    """It fails after every bar; that is told again after a quarter of an hour at the earliest."""
    watched = Watched("tests.runner.test_asking:fails")
    [shown] = watched.pass_to(NOW)
    assert isinstance(shown, events.BarsShown)
    [(name, subject, text)] = watched.told
    assert (name, subject) == ("strategy_failed", "strategy mine for INFY")
    assert text.startswith(
        f"strategy mine for INFY, bar of {NOW - BAR:%Y-%m-%d %H:%M}: RuntimeError: ouch (test_asking.py, line "
    )
    for minutes in (5, 10, 15):
        watched.watch.see(prices_of(NOW + timedelta(minutes=minutes - 1), 1001))
        assert watched.pass_to(NOW + timedelta(minutes=minutes))
    assert len(watched.told) == 2


def test_an_answer_that_is_no_signal_is_told_and_asks_for_nothing():
    watched = Watched("tests.runner.test_asking:chatters")
    assert [type(event) for event in watched.pass_to(NOW)] == [events.BarsShown]
    [(name, _, text)] = watched.told
    assert name == "strategy_failed"
    assert text.endswith("it answered 'BUY', not a Signal or None")


def test_one_that_takes_long_is_told():
    clock = iter((0.0, 3.5))
    watched = Watched(monotonic=lambda: next(clock))
    assert len(watched.pass_to(NOW)) == 2
    assert watched.told == [
        ("strategy_slow", "strategy mine for INFY", "strategy mine for INFY took 3.5 s; those after it waited")
    ]


def test_one_that_hangs_is_told_is_not_asked_again_and_holds_up_no_turn():
    """Its thread waits; the turn goes on, prices between bars pass it by, and after half a minute somebody is told."""
    begun, over = threading.Event(), threading.Event()

    def hangs(bars):
        begun.set()
        over.wait(20)

    watched = Watched()
    watched.watch._series[(KEY, "5m")].on_bars = (evolve(watched.own, made=hangs),)
    [job] = watched.watch.due(NOW, ())
    thread = threading.Thread(target=lambda: list(watched.watch.look(job)))
    thread.start()
    try:
        assert begun.wait(20)
        assert watched.watch.due(NOW + timedelta(seconds=31), ()) == []
        assert watched.watch.tick(prices_of(NOW, 989)) == []
        [(name, subject, text)] = watched.told
        assert (name, subject) == ("strategy_slow", "strategy mine for INFY")
        assert "has not answered" in text
    finally:
        over.set()
        thread.join(20)
    assert watched.watch.due(NOW + BAR, ()) == [job]


def test_each_signal_is_given_out_before_the_next_strategy_is_asked():
    """One that is slow makes the signals of those before it no older."""
    watched, order = Watched(), []

    def says(name):
        def on_bar(bars):
            order.append(name)
            return buys(bars, symbol="INFY", interval="5m")

        return evolve(watched.own, name=name, made=on_bar)

    watched.watch._series[(KEY, "5m")].on_bars = (says("first"), says("second"))
    [job] = watched.watch.due(NOW, ())
    for event in watched.watch.look(job):
        order += [type(getattr(event, "signal", event)).__name__]
    assert order == ["BarsShown", "first", "Signal", "second", "Signal"]


# ---------------------------------------------------------------- the warm-up


class Patient:
    """A strategy that needs a thousand bars."""

    warm_up = 1000

    def __init__(self, *, symbol, interval):
        self.symbol, self.interval = symbol, interval

    def on_bar(self, bars):
        return buys(bars, symbol=self.symbol, interval=self.interval)

    def on_tick(self, prices):
        return rc.Signal(self.symbol, "SELL", at=prices.at)


def test_a_strategy_whose_warm_up_openalgo_does_not_have_is_not_asked_and_somebody_is_told():
    watched = Watched("tests.runner.test_asking:Patient")
    [shown] = watched.pass_to(NOW)
    assert isinstance(shown, events.BarsShown)
    assert watched.watch.tick(prices_of(NOW, 995)) == []
    [(name, _, text)] = watched.told
    assert name == "strategy_waits"
    assert text.endswith(f"it needs 1000 bars of 5m (warm_up), and OpenAlgo has {len(flat_bars(NOW))}")


def test_with_all_of_its_warm_up_it_is_asked_between_bars_too():
    watched = Watched("tests.runner.test_asking:Patient")
    watched.shelf.bars = flat_bars(NOW, (2, 3, 4, 5, 6, 9, 11, 12, 13, 16, 17, 18, 19, 20, 23))
    assert len(watched.shelf.bars) >= 1000
    assert len(watched.pass_to(NOW)) == 2
    assert len(watched.watch.tick(prices_of(NOW, 995))) == 1
    assert watched.told == []


def test_a_history_that_cannot_be_read_is_asked_again_and_told_after_a_minute():
    watched, reads = Watched(), []

    def down(*asked):
        reads.append(asked)
        raise ReadFailed("history NSE:INFY 5m", "OpenAlgo does not answer")

    watched.shelf.history, history = down, watched.shelf.history
    for seconds in range(0, 65, 5):
        assert watched.pass_to(NOW + timedelta(seconds=seconds)) == []
    [(name, _, text)] = watched.told
    assert name == "strategy_waits"
    assert text.endswith("bars of NSE:INFY on 5m could not be read since 10:30:00: OpenAlgo does not answer")
    assert len(reads) == 13
    watched.shelf.history = history
    assert watched.pass_to(NOW + timedelta(seconds=70)) == []
    watched.shelf.bars = flat_bars(NOW + BAR)
    assert len(watched.pass_to(NOW + BAR + timedelta(seconds=1))) == 2


def test_a_history_that_is_empty_is_told_too():
    """OpenAlgo answers, and has no bar: nothing can be asked, and nobody would know."""
    watched = Watched()
    watched.shelf.bars = []
    for seconds in range(0, 65, 5):
        assert watched.pass_to(NOW + timedelta(seconds=seconds)) == []
    [(name, _, text)] = watched.told
    assert (name, text[-18:]) == ("strategy_waits", " OpenAlgo has none")


def test_a_strategy_that_hangs_holds_up_no_reading_of_the_books():
    """Its lane is its own: two that hang leave the lane of reads as it is."""
    lanes = ThreadLanes(None, None, clock=lambda: NOW)
    over, read, begun = threading.Event(), threading.Event(), threading.Semaphore(0)

    def hangs():
        begun.release()
        over.wait(20)
        return ()

    try:
        for _ in range(3):
            lanes.ask(hangs, print)
        assert begun.acquire(timeout=60)
        assert begun.acquire(timeout=60)
        lanes.read(lambda: (read.set(), ())[1], print)
        assert read.wait(20)
        assert lanes.waiting == {"exits": 0, "entries": 0, "account": 0, "reads": 0, "strategies": 1}
    finally:
        over.set()
        assert lanes.close()
