"""backtrader on the workloads: entries at the next open, stop and target as one bracket's children."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from benchmarks.workloads import CASH

STOP, TARGET, RISK, CAP = 1.5, 3.75, 0.01, 0.10


class Lines(bt.feeds.PandasData):
    """Bars with the signals and the ATR beside them."""

    lines = ("up", "atr")
    params = (("up", "up"), ("atr", "atr"), ("openinterest", None))


class Crossing(bt.Strategy):
    """The rule; `most` positions, `entries` a day and a share of equity lost a day are its limits."""

    params = (("most", 1), ("entries", 10**9), ("loss", 1.0))

    def __init__(self) -> None:
        self.day, self.sent, self.opening = None, 0, CASH
        self.busy: dict[Any, list[Any]] = {}

    def next(self) -> None:
        day = self.datetime.date(0)
        equity = self.broker.getvalue()
        if day != self.day:
            self.day, self.sent, self.opening = day, 0, equity
        for data in self.datas:
            if data.up[0] and not self.busy.get(data) and not self.getposition(data).size:
                self._enter(data, equity)

    def _enter(self, data: Any, equity: float) -> None:
        held = sum(1 for orders in self.busy.values() if orders)
        if held >= self.p.most or self.sent >= self.p.entries or self.opening - equity >= self.p.loss * self.opening:
            return
        close, atr = data.close[0], data.atr[0]
        size = int(min(RISK * equity / (STOP * atr), CAP * equity / close))
        if size:
            self.sent += 1
            self.busy[data] = self.buy_bracket(
                data=data,
                size=size,
                exectype=bt.Order.Market,
                stopprice=close - STOP * atr,
                limitprice=close + TARGET * atr,
            )

    def notify_order(self, order: Any) -> None:
        if not order.alive() and order in self.busy.get(order.data, ()):
            self.busy[order.data] = [known for known in self.busy[order.data] if known.ref != order.ref]


def backtrader_run(name: str, frames: list[Any]) -> tuple[int, float]:
    """One run: trades, and equity at the end."""
    engine = bt.Cerebro(stdstats=False)
    engine.broker.setcash(CASH)
    for number, table in enumerate(frames):
        engine.adddata(Lines(dataname=table), name=f"W{number}")
    limits = {} if name == "w1" else {"most": 3, "entries": 5, "loss": 0.03}
    engine.addstrategy(Crossing, **limits)
    engine.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    done = engine.run()[0]
    closed = done.analyzers.trades.get_analysis().get("total", {}).get("closed", 0)
    return int(closed), float(engine.broker.getvalue())
