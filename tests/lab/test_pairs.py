"""A strategy that watches one symbol and trades another: pairs, followers, an index that leads."""

from datetime import date, datetime, timedelta

import attrs
import pytest

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest

DAYS = tuple(date(2026, 11, day) for day in (16, 17, 18, 19, 20, 23, 25, 26, 27, 30))
POLICY = rc.Policy(charges_as_of="2026-04-02", atr_period=3, atr_warmup_bars=5, position_size_basis="margin")
INFY, TCS = (rc.nse_equity(symbol, on=DAYS[0], tick="0.1") for symbol in ("INFY", "TCS"))


def bars_of(first, interval, *, rises, without=0):
    """Bars at which a price rises; each that a number divides is missing."""
    length = rc.interval_length(interval)
    if length >= timedelta(days=1):
        begins = [datetime(day.year, day.month, day.day, tzinfo=rc.IST) for day in DAYS]
    else:
        begins = [datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST) + n * length for n in range(200)]
    prices = [first + rises * n for n in range(len(begins))]
    made = [rc.Bar(at=at, open=p, high=p + 2, low=p - 2, close=p) for at, p in zip(begins, prices, strict=True)]
    return [bar for n, bar in enumerate(made) if not without or n % without]


def leading(asked, interval):
    """Buys TCS after the bars of INFY with these numbers."""

    def on_bar(bars):
        if len(bars) - 1 not in asked:
            return None
        ends = bars[-1].at + rc.interval_length(interval)
        product = "CNC" if interval == "1D" else "MIS"
        return rc.Signal("TCS", "BUY", at=ends, bar_at=bars[-1].at, interval=interval, product=product)

    return on_bar


@pytest.mark.parametrize("order", [(INFY, TCS), (TCS, INFY)])
@pytest.mark.parametrize("entries", list(rc.Entries))
@pytest.mark.parametrize(("interval", "asked"), [("1m", {150, 170}), ("1D", {6, 8})])
def test_what_is_led_is_decided_on_by_its_own_last_bar(order, entries, interval, asked):
    """As the bar-by-bar run has it: quoted at its last close, whichever of the two is taken first in a moment."""
    series = {INFY: bars_of(1500, interval, rises=0), TCS: bars_of(2000, interval, rises=1, without=4)}
    bars = {thing: series[thing] for thing in order}
    own = leading(asked, interval)
    run = backtest(bars, {"INFY": own}, POLICY, interval=interval, entries=entries)
    slow = rc.simulate(
        bars, lambda thing, seen: own(seen) if thing == INFY else None, POLICY, interval=interval, entries=entries
    )
    assert [one.order for one in run.approved], run.refused
    assert run.equity == slow.equity
    assert run.simulation.state.book.positions == slow.state.book.positions
    assert [type(fact) for fact in run.facts if type(fact) is not rc.events.Marked] == [
        type(fact) for fact in slow.facts if type(fact) is not rc.events.Marked
    ]


def test_what_a_bar_showed_before_an_entry_amid_it_is_none_of_the_trades():
    """TCS ends its bars two minutes after INFY does; it is entered at its last close, while its next bar goes on."""
    begins = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
    five = timedelta(minutes=5)
    calm = {"open": 2000, "high": 2001, "low": 1999, "close": 2000}
    tcs = [rc.Bar(at=begins + timedelta(minutes=2) + n * five, **calm) for n in range(40)]
    wide = {"open": 2000, "high": 2015, "low": 1985, "close": 2000}
    tcs[10] = rc.Bar(at=tcs[10].at, **wide)
    tcs[30] = rc.Bar(at=tcs[30].at, open=2080, high=2080, low=2080, close=2080)
    infy = [rc.Bar(at=begins + n * five, **calm) for n in range(40)]

    def on_bar(bars):
        if len(bars) - 1 != 10:  # ends two minutes before TCS's own eleventh does
            return None
        at = bars[-1].at
        return rc.Signal("TCS", "BUY", at=at + five, bar_at=at, interval="5m", stop=1980, target=2080)

    about = {"interval": "5m", "entries": rc.Entries.AT_CLOSE}
    bars = {INFY: infy, TCS: tcs}
    run = backtest(bars, {"INFY": on_bar}, POLICY, **about)
    slow = rc.simulate(bars, lambda thing, seen: on_bar(seen) if thing == INFY else None, POLICY, **about)
    (trade,) = run.trades
    assert (trade.opened_at, trade.worst_price, trade.best_price) == (infy[11].at, 1999, 2080)
    assert run.trades == rc.trades_of(slow.facts)


@pytest.mark.parametrize("later", [0, 2])
@pytest.mark.parametrize(("stop", "target"), [(1990, 2010), (1990, 2100), (1900, 2010)])
def test_no_level_is_met_by_what_a_bar_showed_before_an_entry(stop, target, later):
    """TCS is entered at a close that INFY's bar asked for; what its own bar of then had shown fills no stop or target.

    Its bars end with INFY's, which are taken first, or two minutes later: amid the one that had begun.
    """
    begins, five = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST), timedelta(minutes=5)
    calm = {"open": 2000, "high": 2001, "low": 1999, "close": 2000}
    starts = [begins + timedelta(minutes=later) + n * five for n in range(40)]
    tcs = [rc.Bar(at=at, **calm) for at in starts]
    tcs[10] = rc.Bar(at=starts[10], open=2020, high=2030, low=1970, close=2000)
    infy = [rc.Bar(at=begins + n * five, **calm) for n in range(40)]

    def on_bar(bars):
        if len(bars) - 1 != 10:
            return None
        at = bars[-1].at
        return rc.Signal("TCS", "BUY", at=at + five, bar_at=at, interval="5m", stop=stop, target=target)

    about = {"interval": "5m", "entries": rc.Entries.AT_CLOSE}
    policy = attrs.evolve(POLICY, min_risk_reward="0.1")
    bars = {INFY: infy, TCS: tcs}
    run = backtest(bars, {"INFY": on_bar}, policy, **about)
    slow = rc.simulate(bars, lambda thing, seen: on_bar(seen) if thing == INFY else None, policy, **about)
    assert len(run.approved) == 1, run.refused
    assert (run.trades, rc.trades_of(slow.facts)) == ((), ())
    assert run.equity == slow.equity
    (held,) = slow.state.book.positions
    assert (held.last, held.stop) == (2000, stop)


@pytest.mark.parametrize(("later", "fills"), [(0, True), (2, False)])
def test_bars_that_begin_at_different_minutes_are_told_of(later, fills):
    """Every entry was approved and none traded, and nothing said why: the bar of another ends amid the next one."""
    infy = bars_of(1500, "5m", rises=0)
    tcs = [attrs.evolve(bar, at=bar.at + timedelta(minutes=later)) for bar in bars_of(2000, "5m", rises=0)][:60]
    own = {"INFY": leading((), "5m"), "TCS": leading({30}, "5m")}
    run = backtest({INFY: infy[:60], TCS: tcs}, own, POLICY, interval="5m")
    assert [one.key for one in run.fills[:1]] == ["NSE:TCS"] * fills
    assert len(run.approved) == 1
    told = [note for note in run.notes if "begin at different minutes" in note]
    assert told == [] if fills else "NSE:INFY 2026-11-20 09:15 and NSE:TCS 2026-11-20 09:17" in told[0]
