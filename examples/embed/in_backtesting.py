"""backtesting.py: its broker fills, stops and takes profit; the rules size each order and place its levels.

python3 tasks.py embed in_backtesting
"""

import pandas as pd
from backtesting import Backtest, Strategy
from shared import BARS, EQUITY, INTERVAL, POLICY, STOCK, judge, wishes

import riskcore as rc
from riskcore_openalgo.lab.guest import Guest
from riskcore_openalgo.lab.obedience import HostTrade

COLUMNS = ("Open", "High", "Low", "Close")
frame = pd.DataFrame({name: [float(getattr(bar, name.lower())) for bar in BARS] for name in COLUMNS})
frame.index = pd.DatetimeIndex([bar.at for bar in BARS])
guest = Guest(STOCK, POLICY, equity=EQUITY, interval=INTERVAL)
sent = []  # the approved orders that filled: the host's table of trades has lost the levels by the end


class Guarded(Strategy):
    """The crossing, and what the rules make of it."""

    def init(self):
        self.wanted, self.told = wishes(), 0
        guest.bar(frame.index[0], *frame.iloc[0])  # its first `next` comes after the second bar

    def next(self):
        at = self.data.index[-1]
        self.tell_fills(at)
        guest.bar(at, *(getattr(self.data, name)[-1] for name in COLUMNS))
        for trade in self.trades:
            trade.sl = float(guest.stop)
            if guest.must_leave:
                trade.close()
        side = self.wanted(BARS[: len(self.data)])
        order = guest.wish(side) if side else None
        if order is not None:
            send = self.buy if order.side == rc.BUY else self.sell
            send(size=order.quantity, limit=float(order.limit), sl=float(order.stop), tp=float(order.target))

    def tell_fills(self, at):
        """What the broker did in the bar that has just ended, in the order it happened."""
        if guest.order is not None:
            filled = [t for t in (*self.trades, *self.closed_trades) if t.entry_bar == len(self.data) - 1]
            if filled:
                sent.append(guest.order)
                guest.entered(filled[0].entry_price, at)
            else:
                for order in self.orders:
                    order.cancel()
                guest.expired()
        for trade in self.closed_trades[self.told :]:
            guest.left(trade.exit_price, at)
        self.told = len(self.closed_trades)


stats = Backtest(frame, Guarded, cash=EQUITY, margin=0.2).run()
trades = [
    HostTrade(
        side=rc.BUY if row.Size > 0 else rc.SELL, quantity=abs(row.Size),
        entered_at=row.EntryTime, entry=row.EntryPrice, stop=order.stop, target=order.target,
        left_at=row.ExitTime, exit=row.ExitPrice,
    )
    for row, order in zip(stats["_trades"].sort_values("EntryTime").itertuples(), sent, strict=True)
]  # fmt: skip
judge("backtesting.py", trades, guest.decisions)
