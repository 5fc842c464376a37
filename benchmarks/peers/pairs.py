"""freqtrade on the workloads: its backtester without an exchange to ask, each symbol a pair of a market of ours.

Its market never closes, and it walks through every minute of the clock, nights too; so the bars are laid minute
after minute, and a day is what it is in the workload: 375 of them. Entries fill at the next open, the stop is its
custom stop and the target its custom return, which both fill inside a bar; the stop goes first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade
from freqtrade.resolvers import ExchangeResolver
from freqtrade.strategy import IStrategy, stoploss_from_absolute

from benchmarks.workloads import CASH, MINUTES, Bars

STOP, TARGET, RISK, CAP = 1.5, 3.75, 0.01, 0.10
START = pd.Timestamp("2016-01-04", tz="UTC")
ANY = {"min": None, "max": None}
DRAWDOWN = {
    "method": "MaxDrawdown",
    "lookback_period_candles": MINUTES,
    "trade_limit": 1,
    "stop_duration_candles": MINUTES,
    "max_allowed_drawdown": 0.03,
    "calculation_mode": "equity",
}


class PairCrossing(IStrategy):
    """The rule; `entries` a day and a share of equity lost a day are its own limits, positions are freqtrade's."""

    INTERFACE_VERSION = 3
    timeframe, stoploss, minimal_roi = "1m", -0.5, {}
    use_custom_stoploss = use_custom_roi = True
    use_exit_signal = False
    startup_candle_count = 0

    def begins(self, made: dict[str, Any], entries: int, loss: float) -> None:
        """The arrays of each pair, and the limits."""
        self.made, self.entries, self.loss = made, entries, loss
        self.day, self.sent, self.opening, self.levels = -1, 0, float(CASH), {}

    def populate_indicators(self, dataframe: Any, metadata: dict[str, str]) -> Any:
        """None: they came with the bars."""
        return dataframe

    def populate_entry_trend(self, dataframe: Any, metadata: dict[str, str]) -> Any:
        """Where the workload signals."""
        return dataframe.rename(columns={"up": "enter_long"})

    def populate_exit_trend(self, dataframe: Any, metadata: dict[str, str]) -> Any:
        """None: levels alone."""
        return dataframe

    def bot_loop_start(self, current_time: datetime, **more: Any) -> None:
        """A new day begins with its own count and equity."""
        day = place_of(current_time) // MINUTES
        if day != self.day:
            self.day, self.sent, self.opening = day, 0, self.equity(current_time)

    def equity(self, now: datetime) -> float:
        """Cash and what the open trades are worth at the last close."""
        place = place_of(now) - 1
        held = LocalTrade.bt_trades_open
        open_result = sum(one.amount * (self.made[one.pair]["close"][place] - one.open_rate) for one in held)
        return float(self.wallets.get_total_stake_amount()) + open_result

    def custom_stake_amount(
        self, pair: str, current_time: datetime, current_rate: float, *a: Any, **more: Any
    ) -> float:
        """The rule's quantity in money; half a share more, for what is left of it is cut off."""
        place, made = place_of(current_time) - 1, self.made[pair]
        equity, away = self.equity(current_time), STOP * made["atr"][place]
        if self.sent >= self.entries or self.opening - equity >= self.loss * self.opening:
            return 0.0
        close = made["close"][place]
        self.levels[pair] = (close - away, close + TARGET * made["atr"][place])
        return (int(min(RISK * equity / away, CAP * equity / close)) + 0.5) * current_rate

    def confirm_trade_entry(self, *a: Any, **more: Any) -> bool:
        """Count it."""
        self.sent += 1
        return True

    def custom_stoploss(
        self, pair: str, trade: Any, current_time: datetime, current_rate: float, *a: Any, **m: Any
    ) -> Any:
        """The stop, which never moves."""
        return stoploss_from_absolute(self.levels[pair][0], current_rate, is_short=False)

    def custom_roi(self, pair: str, trade: Any, **more: Any) -> float:
        """The target as a return."""
        return self.levels[pair][1] / trade.open_rate - 1


class Guarded(PairCrossing):
    """The same with the loss limit as freqtrade's own protection."""

    protections = [DRAWDOWN]  # noqa: RUF012 - as freqtrade reads it


def place_of(now: datetime) -> int:
    """The number of the bar that begins then."""
    return int((now - START).total_seconds() // 60)


def freqtrade_run(name: str, made: Bars, *, protections: bool) -> Callable[[], tuple[int, float]]:
    """The run as a function, its bars ready: trades that ended by the rule, and equity at the end."""
    logging.disable(logging.WARNING)
    columns = ("open", "high", "low", "close", "volume", "atr", "up")
    numbers = [None] if made.close.ndim == 1 else list(range(made.close.shape[1]))
    dates = pd.date_range(START, periods=len(made.at), freq="1min")
    pick = lambda values, number: values if number is None else values[:, number]  # noqa: E731
    frames = {
        f"W{number or 0:02}/INR": pd.DataFrame({one: pick(getattr(made, one), number) for one in columns}).assign(
            date=dates, up=pick(made.up, number).astype(int)
        )
        for number in numbers
    }
    arrays = {pair: {one: table[one].to_numpy() for one in ("close", "atr")} for pair, table in frames.items()}
    most, *limits = (1, 10**9, 1.0) if name == "w1" else (3, 5, 1.0 if protections else 0.03)
    return lambda: _ran(frames, arrays, most, limits, "Guarded" if protections else "PairCrossing")


def _ran(frames: dict[str, Any], arrays: dict[str, Any], most: int, limits: list[Any], rule: str) -> tuple[int, float]:
    config = _config(list(frames), most, rule)
    exchange = ExchangeResolver.load_exchange(config, validate=False)
    exchange._markets = {pair: _market(pair) for pair in frames}
    tester = Backtesting(config, exchange)
    strategy = tester.strategylist[0]
    tester._set_strategy(strategy)
    strategy.begins(arrays, *limits)
    prepared = strategy.advise_all_indicators({pair: table.copy() for pair, table in frames.items()})
    dates = next(iter(frames.values())).date
    done = tester.backtest(prepared, dates.iloc[0].to_pydatetime(), dates.iloc[-1].to_pydatetime())
    ended = done["results"]
    return int((ended.exit_reason != "force_exit").sum()), float(done["final_balance"])


def _config(pairs: list[str], most: int, rule: str) -> dict[str, Any]:
    here = Path(__file__).parent
    return {
        "exchange": {"name": "binance", "pair_whitelist": pairs, "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        **dict.fromkeys(("user_data_dir", "datadir"), here),
        "strategy": rule,
        "strategy_path": str(here),
        "timeframe": "1m",
        "runmode": RunMode.OTHER,
        "stake_currency": "INR",
        "stake_amount": "unlimited",
        "dry_run_wallet": CASH,
        "fee": 0,
        "dry_run": True,
        "tradable_balance_ratio": 1,
        "max_open_trades": most,
        "entry_pricing": {},
        "exit_pricing": {},
        "enable_protections": rule == "Guarded",
    }


def _market(pair: str) -> dict[str, Any]:
    return {
        "symbol": pair,
        "base": pair.partition("/")[0],
        "quote": "INR",
        "spot": True,
        "active": True,
        "type": "spot",
        "precision": {"amount": 1, "price": 0.01},
        "limits": {"amount": ANY, "cost": ANY},
    }
