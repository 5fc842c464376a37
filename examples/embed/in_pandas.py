"""A loop over a DataFrame, as in a notebook: the loop is the broker, and the rules are its guest.

python3 tasks.py embed in_pandas
"""

import pandas as pd
from shared import BARS, EQUITY, INTERVAL, POLICY, STOCK, judge, wishes

import riskcore as rc
from riskcore_openalgo.lab.guest import Guest
from riskcore_openalgo.lab.obedience import HostTrade

PRICES = ["open", "high", "low", "close"]
frame = pd.DataFrame({name: [float(getattr(bar, name)) for bar in BARS] for name in PRICES})
frame.index = pd.DatetimeIndex([bar.at for bar in BARS])

guest, wanted, seen, trades = Guest(STOCK, POLICY, equity=EQUITY, interval=INTERVAL), wishes(), [], []
opened = {}  # what is held, as the trade's first half

for at, row in frame.iterrows():
    bar = rc.Bar(at=at, **row)

    # The order of the last bar waits this one for its limit; the open may be better.
    order = guest.order
    if order is not None:
        price = min(bar.open, order.limit) if order.side == rc.BUY else max(bar.open, order.limit)
        if bar.low <= price <= bar.high:
            guest.entered(price, at)
            opened = {"side": order.side, "quantity": order.quantity, "entry": price, "entered_at": at}
            opened |= {"stop": order.stop, "target": order.target}
        else:
            guest.expired()

    # A stop or target touched leaves at its price, or at the open beyond it; the square-off at the close.
    touched = guest.held and rc.breach(guest.held, first=bar.open, high=bar.high, low=bar.low)
    guest.bar(at, *row[PRICES])
    left = touched.reference if touched else bar.close if guest.must_leave else None
    if left is not None:
        guest.left(left, guest.now, touched.reason if touched else "square_off")
        trades.append(HostTrade(**opened, left_at=at, exit=left))

    seen.append(bar)
    side = wanted(seen)
    if side:
        guest.wish(side)

judge("pandas", trades, guest.decisions)
