"""What an alert asks for: an entry, an exit or a part of one, a reversal, a cancel; and what it wants to find again.

TradingView tells a strategy's position before and AFTER the order. A sell that leaves nothing is an exit, one that
leaves a long is a part of an exit, and one that leaves a short where a long was is a reversal: read as an entry, the
first two would open a short, and the last would be refused and leave the long in place.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.web.body import Unreadable, shown
from riskcore_openalgo.web.mapping import Fields
from riskcore_openalgo.web.reading import is_number, number_of, plain_number, word_of

FLAT: Final = "FLAT"
POSITIONS: Final = {"LONG": rc.BUY, "SHORT": rc.SELL, FLAT: FLAT}
"""A position, as the side it was opened on."""
YES_NO: Final = {"TRUE": True, "1": True, "YES": True, "FALSE": False, "0": False, "NO": False}
KINDS: Final = {kind.upper(): kind for kind in (rc.ENTRY, rc.EXIT, rc.REVERSAL, rc.CANCEL)}
FINEST: Final = Decimal("0.0001")
"""A part of a position is told to so many per cent."""


@frozen(kw_only=True)
class Asked:
    """The kind of a signal, and of a part of an exit how much of the position leaves."""

    kind: str
    reduce_by: Decimal | None = None
    reduce_pct: Decimal | None = None


def asked_of(fields: Fields, side: str) -> Asked:
    """What the alert asks for: by its `kind` where it has one, else by the positions it tells."""
    said, sized = word_of(fields, "kind", KINDS), _sized(number_of(fields, "position_size"))
    left = word_of(fields, "market_position", POSITIONS) or sized
    gone = FLAT in (left, sized) or bool(word_of(fields, "close_position", YES_NO))
    if gone and said not in (None, rc.EXIT):
        raise Unreadable("alert_field_conflict", f"the kind is {said}, and nothing is left after the order")
    if said == rc.CANCEL or gone:
        return Asked(kind=rc.CANCEL if said == rc.CANCEL else rc.EXIT)
    part = Asked(kind=rc.EXIT, reduce_by=number_of(fields, "reduce_by"), reduce_pct=number_of(fields, "reduce_pct"))
    if (part.reduce_by, part.reduce_pct) != (None, None):
        if said not in (None, rc.EXIT):
            raise Unreadable("alert_field_conflict", f"the kind is {said}, and it says how much leaves")
        return part
    if left not in (None, side):
        if said not in (None, rc.EXIT):
            raise Unreadable("alert_field_conflict", f"the kind is {said}, and the other side is what is left")
        return _part(fields, side)
    if said is not None:
        return Asked(kind=said)
    before = word_of(fields, "prev_market_position", POSITIONS)
    if before in (None, FLAT, side) and not (before is None and _turns(fields)):
        return Asked(kind=rc.ENTRY)
    return Asked(kind=rc.REVERSAL if left == side else rc.EXIT)  # of what nobody says is left, nothing is opened


def context_of(fields: Fields) -> dict[str, str]:
    """What the sender wants to find again: an object of names and plain values."""
    given = fields.of("context")
    if not given:
        return {}
    found = next(iter(given.values()))
    if not isinstance(found, dict) or any(isinstance(value, (dict, list)) for value in found.values()):
        raise Unreadable("alert_context_invalid", f"context must be an object of plain values, not {shown(found)}")
    told = {str(name): "" if value is None else str(value) for name, value in found.items()}
    if not all(text.isprintable() for pair in told.items() for text in pair):
        raise Unreadable("alert_context_invalid", "context must be of printable characters")
    return told


def _turns(fields: Fields) -> bool:
    """Whether an order is larger than the position that it leaves on its own side: the rest closed another first."""
    sizes = _order_and_rest(fields)
    return sizes is not None and sizes[0] > sizes[1]


def _part(fields: Fields, side: str) -> Asked:
    """The part of the position that an order closes which leaves some of it, from its own size and what it leaves.

    The sender's shares are not ours: his order's part of his position is taken of our position. What shares that makes
    is rounded up there, so that it is rounded down here: of three shares two leave, and not all.
    """
    sizes = _order_and_rest(fields)
    if sizes is not None and sizes[0] > 0:
        share = (100 * sizes[0] / sum(sizes)).quantize(FINEST, rounding=ROUND_FLOOR)
        return Asked(kind=rc.EXIT, reduce_pct=max(share, FINEST))
    told = f'a {side} that leaves a position on the other side closes a part of it; say how much: "reduce_pct": 50'
    raise Unreadable("alert_partial_exit", told)


def _order_and_rest(fields: Fields) -> tuple[Decimal, Decimal] | None:
    """The size of an order, and that of the position after it; None where one is not told, or nothing is left.

    A size may be told under several of its names; where they differ, none of them is it.
    """
    told, left = fields.of("quantity").values(), number_of(fields, "position_size")
    sizes = {plain_number(size) if is_number(size) else None for size in told}
    size = sizes.pop() if len(sizes) == 1 else None
    return (size, abs(left)) if left and size is not None else None


def _sized(position: Any) -> str | None:
    """The side of a signed position size, as OpenAlgo and TradingView write it."""
    if position is None or position == 0:
        return None if position is None else FLAT
    return rc.BUY if position > 0 else rc.SELL
