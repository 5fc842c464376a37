"""nautilus_trader: its matching engine works a bracket a trade; the rules size it and place its levels.

python3.12 tasks.py embed in_nautilus
"""

from datetime import datetime

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import Currency
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, OrderType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy
from shared import BAR, BARS, EQUITY, INTERVAL, POLICY, STOCK, judge, wishes

import riskcore as rc
from riskcore_openalgo.lab.guest import Guest
from riskcore_openalgo.lab.obedience import HostTrade

INR, NSE = Currency.from_str("INR"), Venue("NSE")
SHARE = Equity(InstrumentId(Symbol("RELIANCE"), NSE), Symbol("RELIANCE"), INR, 2, Price.from_str("0.05"),
               Quantity.from_int(1), ts_event=0, ts_init=0)  # fmt: skip
KIND = BarType.from_str("RELIANCE.NSE-1-MINUTE-LAST-EXTERNAL")
guest, trades, opened = Guest(STOCK, POLICY, equity=EQUITY, interval=INTERVAL), [], {}


class Guarded(Strategy):
    """The crossing, and what the rules make of it."""

    def on_start(self):
        self.wanted, self.seen = wishes(), 0
        self.subscribe_bars(KIND)

    def on_order_filled(self, event):
        at = datetime.fromtimestamp(event.ts_event / 1e9, rc.IST)
        if event.order_type == OrderType.LIMIT and guest.order is not None:
            order = guest.order
            opened.update(side=order.side, quantity=int(event.last_qty), entry=event.last_px.as_decimal(),
                          entered_at=at, stop=order.stop, target=order.target)  # fmt: skip
            guest.entered(event.last_px.as_decimal(), at)
        else:
            trades.append(HostTrade(**opened, left_at=at, exit=event.last_px.as_decimal()))
            guest.left(event.last_px.as_decimal(), at)

    def on_bar(self, bar):
        self.seen += 1
        if guest.order is not None:
            self.cancel_all_orders(SHARE.id)
            guest.expired()
        guest.bar(BARS[self.seen - 1].at, *(float(part) for part in (bar.open, bar.high, bar.low, bar.close)))
        if guest.must_leave:
            self.cancel_all_orders(SHARE.id)
            self.close_all_positions(SHARE.id)
        side = self.wanted(BARS[: self.seen])
        order = guest.wish(side) if side else None
        if order is not None:
            self.submit_order_list(self.order_factory.bracket(
                SHARE.id, OrderSide.BUY if order.side == rc.BUY else OrderSide.SELL, Quantity.from_int(order.quantity),
                entry_order_type=OrderType.LIMIT, entry_price=Price(order.limit, 2),
                sl_trigger_price=Price(order.stop, 2), tp_price=Price(order.target, 2),
            ))  # fmt: skip


engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
engine.add_venue(NSE, OmsType.NETTING, AccountType.MARGIN, [Money(EQUITY, INR)], base_currency=INR)
engine.add_instrument(SHARE)
stamps = [int((bar.at + BAR).timestamp()) * 10**9 for bar in BARS]
engine.add_data([Bar(KIND, *(Price(p, 2) for p in (b.open, b.high, b.low, b.close)), Quantity.from_int(b.volume), t, t)
                 for b, t in zip(BARS, stamps, strict=True)])  # fmt: skip
engine.add_strategy(Guarded())
engine.run()
judge("nautilus_trader", trades, guest.decisions)
