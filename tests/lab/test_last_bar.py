"""The square-off within the last bar of a day, an entry before a hole, and a contract that expires while it is held."""

from datetime import date, datetime, timedelta

import pytest
from attrs import evolve

import riskcore as rc
from riskcore.table_rows import Margin
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab import backtest
from riskcore_openalgo.runner.player import BarPlayer
from riskcore_openalgo.runner.resimulation import resimulate

INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
FIRST = date(2024, 1, 1)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100)


def day_of(minutes, day, close=100):
    """Flat bars from 09:15 to the end of continuous trading; the last one closes elsewhere."""
    start = datetime.combine(day, datetime.min.time(), rc.IST) + timedelta(hours=9, minutes=15)
    step, count = timedelta(minutes=minutes), 360 // minutes
    bars = [rc.Bar(at=start + n * step, open=100, high=101, low=99.5, close=100) for n in range(count - 1)]
    return [*bars, rc.Bar(at=start + (count - 1) * step, open=100, high=101, low=99.5, close=close)]


def at_eleven(seen):
    """One long a day, from the bar that ends about then."""
    last, step = seen[-1], seen[1].at - seen[0].at if len(seen) > 1 else timedelta(0)
    if last.at.hour != 10 or last.at.minute not in (45, 55, 15) or (last.at + step).hour < 11:
        return None
    return rc.Signal("INFY", "BUY", at=last.at + step, bar_at=last.at, stop=90, target=125)


@pytest.mark.parametrize(
    ("minutes", "left"), [(5, (15, 10, 100)), (10, (15, 15, 100.5)), (15, (15, 15, 100.5)), (60, (15, 15, 100.5))]
)
def test_an_intraday_position_leaves_with_the_last_bar_of_its_day(minutes, left, tmp_path):
    """Where no later one comes to trade in; a finer one leaves at the square-off itself, at the next open."""
    bars = {INFY: [bar for day in (18, 19) for bar in day_of(minutes, date(2026, 11, day), 100.5)]}
    interval = f"{minutes}m" if minutes < 60 else "1h"
    run = backtest(bars, at_eleven, RULES, interval=interval)
    told = [(trade.closed_at.hour, trade.closed_at.minute, trade.exit_price) for trade in run.trades]
    assert told == [left, left]
    assert run.notes == ()
    slow = rc.simulate(bars, lambda thing, seen: at_eleven(seen), RULES, interval=interval)
    assert slow.trades == tuple(run.simulation.trades)
    with Journal(tmp_path / "paper.db") as journal:
        player = BarPlayer(journal, RULES, bars, {INFY.key: [at_eleven]}, interval=interval)
        list(player.play())
        assert [one.exit_price for one in rc.trades_of(row.event for row in journal.rows("fact"))] == [left[2]] * 2


@pytest.mark.parametrize("day", [18, 19])
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(("timeout", "product", "fills"), [(10, "MIS", False), (10, "CNC", False), (7200, "MIS", True)])
def test_an_entry_before_a_hole_is_given_up_as_it_would_be_live(day, beside, timeout, product, fills, tmp_path):
    """The next bar begins an hour, or a night, after an order that lives ten seconds; with others beside it or not."""
    policy, other = evolve(RULES, entry_timeout_s=timeout), rc.Instrument(symbol="TCS", tick="0.05", sector="Power")
    whole = day_of(5, date(2026, 11, 18)) + day_of(5, date(2026, 11, 19))
    ends, again = (datetime(2026, 11, *at, tzinfo=rc.IST) for at in ((18, 11), (day, 12 if day == 18 else 9)))
    bars = {INFY: [bar for bar in whole if bar.at < ends or bar.at >= again]}
    bars |= {other: whole} if beside else {}

    def once(seen):
        signal = at_eleven(seen) if seen[-1].at.day == 18 else None
        return None if signal is None else evolve(signal, product=product)

    fills = fills and day == 18
    run = backtest(bars, {"INFY": once} | ({"TCS": Silent()} if beside else {}), policy, interval="5m")
    slow = rc.simulate(bars, lambda thing, seen: once(seen) if thing is INFY else None, policy, interval="5m")
    assert (len(run.approved), bool(run.fills)) == (1, fills)
    assert slow.trades == tuple(run.simulation.trades)
    with Journal(tmp_path / "paper.db") as journal:
        list(BarPlayer(journal, policy, bars, {INFY.key: [once]}, interval="5m").play())
        assert any(isinstance(row.event, rc.events.Filled) for row in journal.rows("fact")) is fills
        again = resimulate(journal, policy)
        assert bool(again.trades or again.state.book.positions) is fills


class Silent:
    """Never says anything."""

    def on_bar(self, bars):
        return None


def test_shares_for_delivery_stay_over_the_night_though_their_exit_comes_with_the_last_bar():
    """The market is shut, and opens again for them."""
    bars = {INFY: [bar for day in (18, 19) for bar in day_of(15, date(2026, 11, day), 100.5)]}

    def strategy(seen):
        last = seen[-1]
        signal = at_eleven(seen) if last.at.day == 18 else None
        about = {"at": last.at + timedelta(minutes=15), "bar_at": last.at, "product": "CNC"}
        if signal is not None:
            return rc.Signal("INFY", "BUY", stop=90, target=125, **about)
        leaves = (last.at.day, last.at.hour, last.at.minute) == (18, 15, 0)
        return rc.Signal("INFY", "SELL", kind="exit", **about) if leaves else None

    (trade,) = backtest(bars, strategy, RULES, interval="15m").trades
    assert (trade.closed_at.day, trade.exit_price) == (19, 100)


def test_a_contract_that_expires_while_it_is_held_is_settled_and_told_of():
    """No bar of it comes any more: it was held to the end. Nor is there one of its index: its own price counts."""
    future = rc.future("NIFTY", expiry=date(2025, 9, 30), on=date(2025, 9, 29), last_month_close=24700)
    margins = rc.Tables(margins=(Margin(exchange="NFO", segment="FUT", product="NRML", margin_pct=12, since=FIRST),))
    policy = rc.Policy(
        default_capital=5_000_000,
        max_position_size_percent=100,
        max_sector_exposure=100,
        position_size_basis="notional",
        allowed_products=("MIS", "CNC", "NRML"),
        tables=margins,
    )
    days = [date(2025, 9, 29), date(2025, 9, 30), date(2025, 10, 1)]
    bars = {
        INFY: [bar for day in days for bar in day_of(15, day)],
        future: [*day_of(15, days[0]), *day_of(15, days[1])],
    }
    bars[future] = [evolve(bar, open=24700, high=24705, low=24695, close=24700) for bar in bars[future]]

    def strategy(*, symbol, interval):
        def on_bar(seen):
            if symbol == "INFY" or len(seen) != 8:
                return None
            about = {"at": seen[-1].at + timedelta(minutes=15), "bar_at": seen[-1].at, "exchange": "NFO"}
            return rc.Signal(symbol, "BUY", product="NRML", stop=24400, **about)

        return on_bar

    run = backtest(bars, strategy, policy, interval="15m")
    assert run.simulation.state.book.positions == ()
    (trade,) = run.trades
    assert (trade.reason, trade.exit_price, trade.closed_at.day) == ("settled", 24700, 30)
    (note,) = run.notes
    assert note.startswith(f"1 contracts were settled at their own last price, the first {future.key}")
