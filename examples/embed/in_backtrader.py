"""backtrader: a bracket order a trade, sized by the rules, with their stop and target as its two ends.

python3 tasks.py embed in_backtrader
"""

import backtrader as bt
import pandas as pd
from shared import BARS, EQUITY, INTERVAL, POLICY, STOCK, judge, wishes

import riskcore as rc
from riskcore_openalgo.lab.guest import Guest
from riskcore_openalgo.lab.obedience import HostTrade

guest = Guest(STOCK, POLICY, equity=EQUITY, interval=INTERVAL)
trades, opened = [], {}


class Guarded(bt.Strategy):
    """The crossing, and what the rules make of it."""

    def __init__(self):
        self.wanted, self.bracket = wishes(), []

    def now(self):
        """The start of the bar that has just ended; backtrader's own times are naive."""
        return self.data.datetime.datetime(0).replace(tzinfo=rc.IST)

    def notify_order(self, order):
        if order.status != order.Completed:
            return
        if self.bracket and order.ref == self.bracket[0].ref:
            approved = guest.order
            opened.update(side=approved.side, quantity=abs(order.executed.size), entry=order.executed.price,
                          entered_at=self.now(), stop=approved.stop, target=approved.target)  # fmt: skip
            guest.entered(order.executed.price, self.now())
        else:
            trades.append(HostTrade(**opened, left_at=self.now(), exit=order.executed.price))
            guest.left(order.executed.price, self.now())

    def next(self):
        bar = BARS[len(self) - 1]
        if guest.order is not None:
            self.cancel(self.bracket[0])  # one bar was its time; its stop and target go with it
            guest.expired()
        guest.bar(bar.at, bar.open, bar.high, bar.low, bar.close)
        if guest.held and guest.must_leave and self.bracket:
            self.cancel(self.bracket[1])
            self.bracket = []
            self.close()
        side = self.wanted(BARS[: len(self)])
        order = guest.wish(side) if side else None
        if order is not None:
            send = self.buy_bracket if order.side == rc.BUY else self.sell_bracket
            self.bracket = send(
                size=order.quantity, price=float(order.limit), exectype=bt.Order.Limit,
                stopprice=float(order.stop), limitprice=float(order.target),
            )  # fmt: skip


frame = pd.DataFrame({name: [float(getattr(bar, name)) for bar in BARS] for name in ("open", "high", "low", "close")})
frame.index = pd.DatetimeIndex([bar.at.replace(tzinfo=None) for bar in BARS])
cerebro = bt.Cerebro(stdstats=False)
cerebro.adddata(bt.feeds.PandasData(dataname=frame, volume=None, openinterest=None))
cerebro.addstrategy(Guarded)
cerebro.broker.setcash(EQUITY)
cerebro.run()
judge("backtrader", trades, guest.decisions)
