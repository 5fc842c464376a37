"""Shares that came while nobody can say which order at the broker is ours: they are ours after a while, and protected.

An order of unknown outcome is named by its fingerprint, and two rows that fit leave it without a name for good. What it
filled must not stay without a stop for that.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.broker_books import BrokerBooks, summed
from riskcore.custody import Mismatch
from riskcore.engine.reports import report
from riskcore.engine.turn import Turn
from riskcore.money import exact
from riskcore.orders import Order
from riskcore.reconcile import Seen, adrift, candidates
from riskcore.signals import seconds

PRESUMED: Final = "presumed_filled"


def presumed_filled(turn: Turn) -> set[str]:
    """The orders without a name there whose fill was presumed, and is not known otherwise by now."""
    return {order_id for name, order_id in turn.state.custody.told if name == PRESUMED}


@exact
def take_as_theirs(turn: Turn, mismatch: Mismatch, books: BrokerBooks, seen: Seen) -> None:
    """What the broker's position moved by is taken for filled by the orders without a name, up to what they may fill.

    Only by those that have been on their way for `protect_flatten_s`: until then their rows may yet tell. Nothing is
    sent again; what came gets its stop like any fill, and a stop for shares that are there turns nothing round. What is
    more than they can explain is a difference like any other from then on. Those that the broker has taken come first:
    of several slices the one that nobody answered for may never have arrived.
    """
    left = abs(mismatch.theirs - mismatch.ours)
    for order in sorted(adrift(turn.book, books), key=lambda order: not order.broker_id):
        young = turn.at - order.approved.at < seconds(turn.policy.protect_flatten_s)
        part = min(left, order.open_quantity)
        if order.approved.instrument.key != mismatch.key or young or not part:
            continue
        left -= part
        rows = candidates(order, turn.book, books, turn.policy, seen)
        filled = order.filled_quantity + part, order.filled_value + part * _price(order, rows, books)
        why = _words(order, part, rows, books)
        turn.alarm(PRESUMED, order.id, why)
        report(e.OrderReported(turn.at, order.id, order.status, *filled, None, why), turn)


def _price(order: Order, rows: tuple[str, ...], books: BrokerBooks) -> Decimal:
    """What each share is taken to have traded at: the average of the rows that may be the order, else its limit."""
    quantity, value = summed(trade for row in rows for trade in books.trades_of(row))
    return value / quantity if quantity else order.approved.limit


def _words(order: Order, part: int, rows: tuple[str, ...], books: BrokerBooks) -> str:
    """What was concluded, and which of the rows may still fill: whoever's they are, nobody here takes them back."""
    approved = order.approved
    why = f"{approved.side} {part} {approved.instrument.key} taken for its fill, and no row there is surely its own"
    working = [row for row in rows if (shown := books.order(row)) is not None and shown.working]
    return f"{why}; {', '.join(working)} may still fill: look at the broker's page" if working else why
