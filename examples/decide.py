"""A decision with the library alone (attrs is all it needs): one approved, one refused.

To run it: `pip install riskcore`, then `python decide.py`.
"""

from datetime import datetime

import riskcore as rc

now = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
reliance = rc.nse_equity("RELIANCE", on=now.date(), tick=0.10)
signal = rc.Signal("RELIANCE", "BUY", at=now)
market = rc.Market(instrument=reliance, at=now, last=2500.0, atr=20.0)
policy = rc.Policy()

# A fresh day: the order is sized, and every check passes.
book = rc.Book(100_000.0)
decision = rc.decide(signal, book, market, policy)
print(decision.explain(), "\n")
assert decision.approved, "the example is meant to be approved"

# The order is on its way and fills: the next book holds the position with its stop and target.
book = book.after(decision.order)
book = book.after(rc.Fill(decision.order.order_id, decision.order.quantity, price=2500.3, at=now))
held = book.position("NSE:RELIANCE")
assert held is not None
print(f"held: {held.quantity} at {held.average_price}, stop {held.stop}, target {held.target}\n")

# The same wish again, on that book and after a bad morning: refused, with every rule it breaks.
bad_day = rc.Book(100_000.0, positions=book.positions, realised=-3_200.0, trades_today=5)
print(rc.decide(signal, bad_day, market, policy).explain())
