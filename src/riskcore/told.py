"""What the books say of one order: its status, and how much of it has filled."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from riskcore.broker_books import (
    CANCELLED as ROW_CANCELLED,
    COMPLETE,
    OTHER,
    REJECTED as ROW_REJECTED,
    BrokerBooks,
    BrokerOrder,
    summed,
)
from riskcore.money import exact
from riskcore.orders import CANCELLED, FILLED, REJECTED, WORKING, Order


@frozen
class Told:
    """What a broker's books say of one order: its status, and its fill as a sum over one snapshot."""

    status: str
    filled_quantity: int
    filled_value: Decimal
    traded_at: datetime | None = None
    note: str = ""


@exact
def told_of(order: Order, books: BrokerBooks) -> Told | None:
    """What the books say of an order whose name at the broker is known; None where they say nothing of it.

    Filled is the sum of its trades in this one snapshot. Only where the trade book shows fewer does the row's own
    figure count (filled x average price). A row that is complete is filled when its fill is known to be whole, and
    works until then; where somebody made the order smaller, the rest of ours is gone. One that was cancelled has ended
    only where its fill could be read.
    """
    row, trades = books.order(order.broker_id), books.trades_of(order.broker_id)
    if row is None and not trades:
        return None
    filled, value = summed(trades)
    of_row = None if row is None else row.filled_quantity
    if row is not None and row.average_price is not None and of_row is not None and of_row > filled:
        filled, value = of_row, row.average_price * of_row
    known = books.trades is not None or of_row is not None
    status = _status(order, row, filled, fill_is_known=known)
    latest = max((trade.traded_at for trade in trades if trade.traded_at is not None), default=None)
    return Told(status, filled, value, latest, row.note if row is not None else "")


def _status(order: Order, row: BrokerOrder | None, filled: int, *, fill_is_known: bool) -> str:
    if row is None or row.status == COMPLETE:
        asked = order.approved.quantity if order.revision is None else order.revision.quantity
        smaller = row is not None and row.quantity <= filled < min(order.approved.quantity, asked)
        return FILLED if filled >= order.quantity else CANCELLED if smaller else WORKING
    if row.status == OTHER:
        return order.status
    if row.status == ROW_REJECTED:
        return REJECTED
    if row.status == ROW_CANCELLED:
        return CANCELLED if fill_is_known else order.status
    return WORKING
