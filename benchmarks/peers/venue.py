"""nautilus_trader on the workloads: its BacktestEngine, a venue, one bracket (market, stop, limit) an entry.

Bars arrive when they end, and a market order sent then trades at that bar's close: the engine knows the next open
only together with the whole next bar. Volumes are given as boundless, for the rule knows no limit of liquidity.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import Currency
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from benchmarks.workloads import CASH, MINUTE_NS, Bars

STOP, TARGET, RISK, CAP = 1.5, 3.75, 0.01, 0.10
INR, NSE = Currency.from_str("INR"), Venue("NSE")
BOUNDLESS = 1e9


class Crossing(Strategy):
    """The rule; `most` positions, `entries` a day and a share of equity lost a day are its limits."""

    def __init__(
        self, made: dict[InstrumentId, tuple[BarType, Any, Any]], most: int, entries: int, loss: float
    ) -> None:
        super().__init__()
        self.made, self.most, self.entries, self.loss = made, most, entries, loss
        self.seen = dict.fromkeys(made, 0)
        self.day, self.sent, self.opening = -1, 0, float(CASH)

    def on_start(self) -> None:
        """Ask for every instrument's bars."""
        for kind, _, _ in self.made.values():
            self.subscribe_bars(kind)

    def equity(self) -> float:
        """Cash and what the open positions are worth."""
        return float(self.portfolio.equity(NSE)[INR].as_double())

    def on_bar(self, bar: Bar) -> None:
        """Enter where the bar signals and the limits allow."""
        name = bar.bar_type.instrument_id
        place = self.seen[name]
        self.seen[name] = place + 1
        day = bar.ts_event // (1440 * MINUTE_NS)
        if day != self.day:
            self.day, self.sent, self.opening = day, 0, self.equity()
        _, up, atr = self.made[name]
        if up[place] and self.portfolio.is_flat(name):
            self._enter(name, bar.close.as_double(), atr[place])

    def _enter(self, name: InstrumentId, close: float, atr: float) -> None:
        equity = self.equity()
        if self.cache.positions_open_count() >= self.most or self.sent >= self.entries:
            return
        size = int(min(RISK * equity / (STOP * atr), CAP * equity / close))
        if size and self.opening - equity < self.loss * self.opening:
            self.sent += 1
            orders = self.order_factory.bracket(
                name,
                OrderSide.BUY,
                Quantity.from_int(size),
                sl_trigger_price=Price(close - STOP * atr, 2),
                tp_price=Price(close + TARGET * atr, 2),
            )
            self.submit_order_list(orders)


def nautilus_run(name: str, frames: list[Any]) -> Any:
    """The run as a function, its bars ready: trades that ended, and equity at the end."""
    shares, bars, made = [], [], {}
    for number, table in enumerate(frames):
        share = _share(number)
        kind = BarType.from_str(f"{share.id}-1-MINUTE-LAST-EXTERNAL")
        shares.append(share)
        bars += BarDataWrangler(kind, share).process(table[["open", "high", "low", "close", "volume"]])
        made[share.id] = (kind, table["up"].tolist(), table["atr"].tolist())
    bars.sort(key=lambda bar: bar.ts_init)
    limits = (1, 10**9, 1.0) if name == "w1" else (3, 5, 0.03)
    return lambda: _ran(shares, bars, Crossing(made, *limits))


def tables(made: Bars) -> list[Any]:
    """The bars as tables whose index is the end of each bar."""
    index = pd.to_datetime(made.at + MINUTE_NS, utc=True)
    numbers = [None] if made.close.ndim == 1 else list(range(made.close.shape[1]))
    names = ("open", "high", "low", "close", "atr", "up")
    pick = lambda values, number: values if number is None else values[:, number]  # noqa: E731
    return [
        pd.DataFrame({name: pick(getattr(made, name), number) for name in names}, index=index).assign(volume=BOUNDLESS)
        for number in numbers
    ]


def _share(number: int) -> Equity:
    name = Symbol(f"W{number:02}")
    return Equity(InstrumentId(name, NSE), name, INR, 2, Price.from_str("0.01"), Quantity.from_int(1), 0, 0)


def _ran(shares: list[Equity], bars: list[Bar], strategy: Crossing) -> tuple[int, float]:
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False))
    engine.add_venue(NSE, OmsType.NETTING, AccountType.MARGIN, [Money(CASH, INR)], base_currency=INR)
    for share in shares:
        engine.add_instrument(share)
    engine.add_data(bars)
    engine.add_strategy(strategy)
    engine.run()
    ended = [one for one in [*engine.cache.positions(), *engine.cache.position_snapshots()] if one.is_closed]
    equity = strategy.equity()
    engine.dispose()
    return len(ended), equity
