"""The live path on the loopback: alert to order, tick to exit, prices and steps.

    python3 tasks.py bench benchmarks/bench_live.py

One sender, evidence fresh, OpenAlgo (the fake) without think time. Judged are the median of alert -> order request
against the floor between the trades (two durable inserts and one `placeorder` of the SDK), at most 2 times; the 99th
percentiles of alert -> order request (15 ms), of alert -> OpenAlgo's answer (500 ms), and of the tick that confirms a
stop -> exit request (3 ms beyond the floor's median). Steps and ticks are printed and judged by nobody. The fake is a
process of its own, as OpenAlgo is; the intake is one too, as by default, and then lives within the runner's.
"""

import time
from decimal import Decimal

import pytest

import riskcore as rc
from benchmarks.live_path import POLICY, TEN, alerts_to, floor_of, live_path, percentile, stepped
from riskcore import engine, events

SYMBOLS = [f"S{n}" for n in range(80)]
WARM_UP = 10
BACK_TO_BACK = 50
NEXT_TICK_S = 0.05


@pytest.fixture(scope="module", params=[True, False], ids=["own process", "within the runner"])
def measured(request, tmp_path_factory):
    """Seconds: the floor back to back, and for each trade its floor, alert to order, alert to answer, tick to exit."""
    own = {"own_process": request.param}
    with live_path(tmp_path_factory.mktemp("live"), SYMBOLS) as path:
        path.broker.fill_by_hand()
        with floor_of(path) as floor, alerts_to(path, **own) as sender:
            hot = [floor.round() for _ in range(BACK_TO_BACK)]
            trades = [traded(path, floor, sender, symbol) for symbol in SYMBOLS]
        yield hot, *zip(*trades[WARM_UP:], strict=True)


def traded(path, floor, sender, symbol):
    """One trade, and the floor of its moment: a round between trades, as the alert and the tick come, and no loop."""
    for each in SYMBOLS:
        path.fresh(each)  # none of what is watched falls silent while others are traded
    base = floor.round()
    for each in SYMBOLS:
        path.fresh(each)
    return base, *entered(path, sender, symbol), left_after_a_second_tick(path, symbol)


def entered(path, sender, symbol):
    """Seconds from an alert to its order's request, and to the answer to that; the order fills afterwards."""
    sent = sender.post(symbol, path.clock())
    path.wait_for_answer(symbol, "BUY")
    path.broker.fill(symbol, "BUY")
    path.wait(lambda: path.state.book.position(f"NSE:{symbol}") is not None)
    return path.left[symbol, "BUY"] - sent, path.answered[symbol, "BUY"] - sent


def left_after_a_second_tick(path, symbol):
    """Seconds from the tick that confirms a stop to the exit's request; the exit fills afterwards."""
    below = path.state.book.position(f"NSE:{symbol}").stop - 1
    path.fresh(symbol, below)
    path.wait(lambda: path.state.custody.touch_of(f"NSE:{symbol}") is not None)
    time.sleep(NEXT_TICK_S)
    sent = path.broker.tick(symbol, below)
    path.wait_for_answer(symbol, "SELL")
    path.broker.fill(symbol, "SELL")
    path.wait(lambda: not path.state.book.positions)
    return path.left[symbol, "SELL"] - sent


def ms(values, share):
    return percentile(values, share) * 1e3


def told(name, values):
    return f"{name}: p50 {ms(values, 0.5):.2f} ms, p90 {ms(values, 0.9):.2f} ms, p99 {ms(values, 0.99):.2f} ms"


def test_alert_to_order(measured, capsys):
    hot, base, to_order, to_answer, _ = measured
    times, worst = ms(to_order, 0.5) / ms(base, 0.5), ms(to_order, 0.99) / ms(base, 0.99)
    with capsys.disabled():
        print(f"\n{told('floor, back to back', hot)}\n{told('floor, between trades', base)}")
        print(f"{told('alert to order request', to_order)}; {times:.2f} times the floor, its p99 {worst:.2f} times")
        print(told("alert to OpenAlgo's answer", to_answer))
    assert times <= 2
    assert ms(to_order, 0.99) <= 15
    assert ms(to_answer, 0.99) <= 500


def test_confirming_tick_to_exit(measured, capsys):
    _, base, _, _, to_exit = measured
    with capsys.disabled():
        print(f"\n{told('confirming tick to exit request', to_exit)}")
    assert ms(to_exit, 0.99) <= 3 + ms(base, 0.5)


# ---------------------------------------------------------------- steps and ticks


def state_of(count):
    """A state with so many positions, bought at 1,000 with a stop at 900."""
    held = [
        rc.Position(
            instrument=rc.nse_equity(f"S{n}", on=TEN.date(), tick="0.1"),
            side="BUY",
            quantity=10,
            average_price=Decimal(1000),
            stop=Decimal(900),
            last=Decimal(1000),
            opened_quantity=10,
            opened_at=TEN,
            signal_id=f"s{n}",
        )
        for n in range(count)
    ]
    book = rc.Book(10_000_000, session=TEN.date(), positions=held)
    return engine.State(book=book, now=TEN)


def a_tick(price=Decimal(1001)):
    return events.PricesSeen(TEN, "NSE:S0", price, price, price, price, TEN, ticks=1, sources=("stream",))


@pytest.mark.parametrize("held", [3, 300])
def test_ticks_a_second(held, benchmark, capsys):
    """A tick of one of what is held, through `step`: what a runner could take if it did nothing else."""
    taken = stepped(state_of(held), a_tick(), POLICY, times=20)
    with capsys.disabled():
        print(f"\n{held} positions: {1e6 / taken:,.0f} ticks a second through the engine")
    benchmark(engine.step, state_of(held), a_tick(), POLICY)


@pytest.mark.parametrize(
    "event",
    [
        events.TimePassed(TEN),
        a_tick(),
        events.OrderReported(TEN, "nobody", "working", 0, Decimal(0)),
        events.BooksRead(TEN, rc.BrokerBooks(at=TEN, orders=(), trades=(), positions=(), holdings=())),
        events.FundsSeen(TEN, Decimal(1), Decimal(1), Decimal(1)),
        events.SignalArrived(TEN, rc.Signal("S9", "BUY", at=TEN)),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_step_of_each_input(event, benchmark, capsys):
    """Microseconds of CPU with three positions held; shown, and judged by nobody."""
    with capsys.disabled():
        print(f"\nstep of {type(event).__name__}: {stepped(state_of(3), event, POLICY, times=50):.0f} us")
    benchmark(engine.step, state_of(3), event, POLICY)
