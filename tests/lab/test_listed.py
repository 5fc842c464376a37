"""Over years a share's tick changes: an entry stands on the tick of its day, in backtest, simulation and paper."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.runner.player import BarPlayer

WIDE = {"max_sector_exposure": 100, "entry_band_pct": "0.1", "overnight_move_pct": None}
RULES = rc.Policy(**WIDE, max_position_size_percent=100, charges_as_of="2026-04-02")
DAYS = [date(2025, 3, 20), date(2025, 4, 11), date(2025, 4, 15), date(2025, 5, 2), date(2025, 6, 2)]
PRICES = dict(zip(DAYS, (1200, 5600, 5600, 900, 900), strict=True))
TICKS = ["0.05", "0.05", "0.1", "0.5", "0.05"]
"""By rule from the middle of April on, and by the last close of the month before."""


def bars():
    """Six minutes of each day at one price."""
    moments = [(datetime(d.year, d.month, d.day, 10, n, tzinfo=rc.IST), PRICES[d]) for d in DAYS for n in range(6)]
    return [rc.Bar(at=at, open=p, high=p + 1, low=p - 1, close=p) for at, p in moments]


def daily(seen):
    """Buy at the end of the first bar of each day, with a stop on no tick but the finest; leave after the fourth."""
    last, number = seen[-1], sum(bar.at.date() == seen[-1].at.date() for bar in seen)
    about = {"at": last.at + timedelta(minutes=1), "bar_at": last.at}
    if number == 4:
        return rc.Signal("INFY", "SELL", kind="exit", **about)
    if number != 1:
        return None
    return rc.Signal("INFY", "BUY", stop=last.close * Decimal("0.9") + Decimal("0.03"), target=last.close * 2, **about)


def ticks(facts):
    """The tick of each entry's instrument; its stop stands on it."""
    orders = [fact.order for fact in facts if isinstance(fact, events.EntryApproved)]
    assert all(order.stop % order.instrument.tick == 0 for order in orders)
    return [str(order.instrument.tick.normalize()) for order in orders]


def test_each_day_has_its_tick_and_the_bar_by_bar_run_says_the_same():
    run = backtest({"INFY": bars()}, daily, RULES)
    assert ticks(run.facts) == TICKS
    (thing,) = run.instruments
    listed = rc.listed_by_month({thing: bars()})
    slow = rc.simulate({thing: bars()}, lambda _, seen: daily(seen), RULES, listed=listed)
    assert slow.trades == run.simulation.trades
    assert len(slow.trades) == len(DAYS)


def test_bars_before_the_first_that_is_traded_tell_the_close_of_their_month():
    run = backtest({"INFY": bars()}, daily, RULES, first=DAYS[3])
    assert ticks(run.facts) == TICKS[3:]
    assert run.instruments[0].tick == Decimal("0.05")  # by the first open that is traded, where nothing else is known


@pytest.mark.parametrize("given", [{"instruments": [rc.Instrument(symbol="INFY", tick="0.25")]}, {}])
def test_an_instrument_that_was_given_keeps_its_tick(given):
    key = "INFY" if given else rc.Instrument(symbol="INFY", tick="0.25")
    assert ticks(backtest({key: bars()}, daily, RULES, **given).facts) == ["0.25"] * len(DAYS)


def test_how_it_is_listed_can_be_told():
    def listed(instrument, day):
        return rc.Instrument(symbol=instrument.symbol, tick="1" if day < DAYS[2] else "2")

    assert ticks(backtest({"INFY": bars()}, daily, RULES, listed=listed).facts) == ["1", "1", "2", "2", "2"]


def test_paper_over_bars_has_the_same_ticks(tmp_path):
    thing = rc.Instrument(symbol="INFY", tick="0.05")
    facts = []
    with Journal(tmp_path / "paper.db") as journal:
        how = {"interval": "1m", "listed": rc.listed_by_month({thing: bars()}), "watch": facts.append}
        for _ in BarPlayer(journal, RULES, {thing: bars()}, {thing.key: [daily]}, **how).play():
            pass
    assert ticks(facts) == TICKS
