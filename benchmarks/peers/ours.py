"""riskcore on the workloads: the same rule as a policy, every entry decided in Decimal by `decide`.

The workloads know no holidays and trade from the first minute to the last, so their calendar, and charges of nought,
come as a user's own tables. An entry may cost up to half a per cent more than the close it was decided on, and is
sized at that price: that, and the last bars of days, are why a few trades differ from the peers'.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

import numpy as np

import riskcore as rc
from benchmarks.workloads import CASH, Bars
from riskcore.table_rows import ChargeRates, Hours, Window, Year
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.columns import Columns
from riskcore_openalgo.lab.run import Run
from riskcore_openalgo.lab.signals_at import SignalsAt

BAND = "0.5"
FREE = {
    **dict.fromkeys(("stt_buy_pct", "stt_sell_pct", "exchange_pct", "sebi_pct", "stamp_buy_pct", "gst_pct"), 0),
    "since": date(2016, 1, 1),
    "exchange": "NSE",
    "segment": "EQ",
    "product": "CNC",
}
LIKE_SHARES = {**FREE, "stt_buy_pct": "0.1", "stt_sell_pct": "0.1", "exchange_pct": "0.00307", "stamp_buy_pct": "0.015"}


def tables(*, charges: bool) -> rc.Tables:
    """A calendar of weekdays with entries all day, and charges of nought or as of shares bought for delivery."""
    about = {"since": date(2016, 1, 1), "exchange": "NSE", "segment": "EQ"}
    all_day = {**about, "product": "CNC", "no_entry_before": "09:15", "no_entry_after": "15:31"}
    return rc.Tables(
        years=[Year(calendar="equity", year=number) for number in range(2016, 2027)],
        hours=[Hours(**about, open=time(9, 15), close=time(15, 31))],
        square_off=[Window(**all_day)],
        charges=[ChargeRates(**(LIKE_SHARES if charges else FREE))],
    )


def policy(name: str, *, charges: bool = False) -> rc.Policy:
    """The rule of a workload as a policy; what no workload has is left wide open."""
    open_wide = {
        "default_capital": CASH,
        "risk_per_trade": 1,
        "entry_band_pct": BAND,
        "max_sector_exposure": 100,
        "min_risk_reward": 1,
        "brokerage_delivery_pct": 0,
        "brokerage_flat": None,
        "tables": tables(charges=charges),
        "overnight_move_pct": None,
    }
    if name == "w1":
        return rc.Policy(**open_wide, max_position_size_percent=10, max_trades_per_day=1000, max_positions=1)
    limits: dict[str, Any] = {"max_positions": 3, "max_trades_per_day": 5}
    if name == "w3":
        return rc.Policy(**open_wide, **limits, max_position_size_percent=100, max_daily_loss=1)
    return rc.Policy(**open_wide, **limits, max_position_size_percent=10, max_daily_loss=3)


class Crossing:
    """The rule of the workloads over arrays that are given: a signal where `up` says so."""

    def __init__(self, symbol: str, up: np.ndarray, atr: np.ndarray) -> None:
        self.symbol, self.up, self.atr = symbol, up, atr

    def signals(self, bars: Columns) -> SignalsAt:
        """The signals by the number of their bar."""
        places = np.flatnonzero(self.up)
        away, close = 1.5 * self.atr[places], bars.close[places]
        prices = {"stop": np.round(close - away, 2), "target": np.round(close + 2.5 * away, 2)}
        return SignalsAt(bars, places, self.symbol, "BUY", interval="1m", product="CNC", **prices)


def columns(made: Bars, number: int | None, name: str) -> Columns:
    """One symbol's bars."""
    pick = (lambda values: values) if number is None else (lambda values: np.ascontiguousarray(values[:, number]))
    prices = {column: pick(getattr(made, column)) for column in ("open", "high", "low", "close")}
    return Columns(made.at, prices, pick(made.volume), name)


def prepared(name: str, made: Bars, rules: rc.Policy) -> tuple[dict[rc.Instrument, Columns], dict[str, Crossing]]:
    """Bars and strategies by symbol."""
    if made.close.ndim == 1:
        names: list[tuple[str, int | None]] = [("W", None)]
    else:
        names = [(f"W{number:02}", number) for number in range(made.close.shape[1])]
    bars = {rc.Instrument(symbol=symbol, tick="0.05"): columns(made, number, symbol) for symbol, number in names}
    pick = lambda values, number: values if number is None else values[:, number]  # noqa: E731
    return bars, {symbol: Crossing(symbol, pick(made.up, n), pick(made.atr, n)) for symbol, n in names}


def run(name: str, made: Bars, *, charges: bool = False, **how: Any) -> Run:
    """The whole backtest of a workload."""
    rules = policy(name, charges=charges)
    bars, strategies = prepared(name, made, rules)
    return backtest(bars, strategies, rules, interval="1m", **how)


def result(done: Run) -> tuple[int, float]:
    """How many trades there were, and the equity at the end."""
    equity = done.equity
    return len(done.simulation.trades), float(Decimal(0) if equity is None else equity)


def tested(bars: dict[rc.Instrument, Columns], strategies: dict[str, Crossing], rules: rc.Policy) -> Run:
    """The run itself, its data ready."""
    return backtest(bars, strategies, rules, interval="1m")


def bar_by_bar(name: str, made: Bars) -> Any:
    """The core's own loop over bars as values, as live runs it: the yardstick."""
    rules = policy(name)
    series, strategies = prepared(name, made, rules)
    bars = {thing: [columns.bar(place) for place in range(len(columns))] for thing, columns in series.items()}
    raised = {thing.symbol: strategies[thing.symbol].signals(columns) for thing, columns in series.items()}

    def act() -> tuple[int, float]:
        done = rc.simulate(bars, lambda thing, seen: raised[thing.symbol].get(len(seen) - 1), rules)
        return len(done.trades), float(done.equity or 0)

    return act
