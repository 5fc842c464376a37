"""An entry looked at again after it filled: the price against its limit, the risk against what was approved."""

from __future__ import annotations

from decimal import Decimal

from riskcore.engine.turn import Turn
from riskcore.money import ZERO, floor_to_lot, percent_of
from riskcore.orders import OVER_RISK, ApprovedEntry
from riskcore.signals import sign


def look_at_entry(turn: Turn, order_id: str, price: Decimal) -> None:
    """Tell of a fill beyond the limit; where the shares then risk more than was approved, take the excess off again.

    risk = quantity x |average price - stop|; more than `over_risk_pct` beyond what was approved is too much.
    The excess is what must go, in whole lots, for the rest to be within the
    risk approved; less than one lot stays as it is, told.
    """
    order = turn.book.order(order_id)
    approved = None if order is None else order.approved
    if not isinstance(approved, ApprovedEntry):
        return
    way = sign(approved.side)
    if way * (price - approved.limit) <= 0:
        return
    turn.alarm("fill_beyond_limit", order_id, f"filled at {price:.4f}, its limit was {approved.limit}")
    position = turn.book.position(approved.instrument.key)
    if position is None or position.stop is None or position.signal_id != approved.signal_id:
        return
    per_share = abs(position.average_price - position.stop)
    risk = _risk_of(turn, approved.signal_id)
    if position.quantity * per_share <= risk + percent_of(risk, turn.policy.over_risk_pct):
        return
    lot = approved.instrument.lot_size
    kept = floor_to_lot(risk / per_share, lot)
    excess = position.quantity - kept
    if 0 < excess < position.quantity:
        turn.alarm(OVER_RISK, order_id, f"{excess} shares beyond the risk approved are taken off again")
        turn.leave(position, OVER_RISK, position.last or position.average_price, part=excess)
    elif excess:
        turn.alarm(OVER_RISK, order_id, "no lot of it is within the risk approved: all of it is taken off again")
        turn.leave(position, OVER_RISK, position.last or position.average_price)


def _risk_of(turn: Turn, signal_id: str) -> Decimal:
    """What was approved for a signal: the sum of its slices."""
    entries = (order.approved for order in turn.book.orders)
    return sum(
        (entry.risk for entry in entries if isinstance(entry, ApprovedEntry) and entry.signal_id == signal_id), ZERO
    )
