"""The other backtesters on the workloads, each by its own means; which of them is there, the environment decides.

Each takes the bars as they were made, signals and ATR among them, and returns how many trades it made and its equity
at the end. Only the run is timed; the data are in the peer's own form before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import CASH, Bars

Result = tuple[int, float]
Ready = Callable[[], Result]
STOP, TARGET, RISK, CAP = 1.5, 3.75, 0.01, 0.10


def frame(made: Bars, number: int | None = None) -> Any:
    """One symbol's bars as a DataFrame."""
    import pandas as pd

    pick = (lambda values: values) if number is None else (lambda values: values[:, number])
    index = pd.to_datetime(made.at, utc=True).tz_convert("Asia/Kolkata").tz_localize(None)
    columns = {name: pick(getattr(made, name)) for name in ("open", "high", "low", "close", "volume", "atr", "up")}
    return pd.DataFrame(columns, index=index)


def shares(equity: float, price: float, away: float) -> int:
    """The rule's quantity."""
    return int(min(RISK * equity / away, CAP * equity / price))


def backtesting(name: str, made: Bars) -> Ready:
    """backtesting.py: one symbol at a time, so W1 alone."""
    from backtesting import Backtest, Strategy

    if name != "w1":
        raise NotImplementedError("backtesting.py runs one symbol at a time and shares no purse")
    data = frame(made).rename(columns=str.capitalize)

    class Crossing(Strategy):
        def init(self) -> None:
            """Nothing to prepare: the indicators came with the bars."""

        def next(self) -> None:
            data = self.data
            if data.Up[-1] and not self.position and not self.orders:
                close, atr = data.Close[-1], data.Atr[-1]
                size = shares(self.equity, close, STOP * atr)
                if size:
                    self.buy(size=size, sl=close - STOP * atr, tp=close + TARGET * atr)

    def act() -> Result:
        done = Backtest(data, Crossing, cash=CASH, finalize_trades=False).run()
        return int(done["# Trades"]), float(done["Equity Final [$]"])

    return act


def vectorbt(name: str, made: Bars) -> Ready:
    """vectorbt: W1 as signals and sizes in arrays, stops as shares of the entry price; W2 as an order function."""
    import vectorbt as vbt

    if name != "w1":
        from benchmarks.peers.one_purse import one_purse_run

        return one_purse_run(made)
    opens, close = made.open, made.close
    entries = np.concatenate(([False], made.up[:-1]))
    away = np.concatenate(([np.nan], STOP * made.atr[:-1]))
    before = np.concatenate(([np.nan], close[:-1]))
    part = np.nan_to_num(np.minimum(RISK * before / away, CAP), nan=0.0)
    stop, target = np.nan_to_num(away / opens), np.nan_to_num(2.5 * away / opens)

    def act() -> Result:
        done = vbt.Portfolio.from_signals(
            close,
            entries=entries,
            exits=False,
            price=opens,
            open=opens,
            high=made.high,
            low=made.low,
            sl_stop=stop,
            tp_stop=target,
            size=part,
            size_type="percent",
            init_cash=CASH,
            freq="1min",
            stop_exit_price="StopLimit",
        )
        return int(done.trades.count()), float(done.final_value())

    return act


def backtrader(name: str, made: Bars) -> Ready:
    """backtrader: bracket orders, one line a symbol."""
    from benchmarks.peers.brackets import backtrader_run

    symbols = [None] if made.close.ndim == 1 else list(range(made.close.shape[1]))
    frames = [frame(made, number) for number in symbols]
    return lambda: backtrader_run(name, frames)


def nautilus_trader(name: str, made: Bars) -> Ready:
    """nautilus_trader: its engine and a venue, a bracket an entry."""
    from benchmarks.peers.venue import nautilus_run, tables

    return nautilus_run(name, tables(made))


def freqtrade(name: str, made: Bars) -> Ready:
    """freqtrade: its backtester, each symbol a pair; the loss limit is the strategy's own."""
    from benchmarks.peers.pairs import freqtrade_run

    return freqtrade_run(name, made, protections=False)


def freqtrade_protections(name: str, made: Bars) -> Ready:
    """The same with the loss limit as freqtrade's own protection."""
    if name == "w1":
        raise NotImplementedError("W1 has no limit that a protection could stand for")
    from benchmarks.peers.pairs import freqtrade_run

    return freqtrade_run(name, made, protections=True)


RUNS = (backtesting, vectorbt, backtrader, nautilus_trader, freqtrade, freqtrade_protections)
PEERS = {act.__name__: act for act in RUNS}
