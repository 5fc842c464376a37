"""How many: the largest quantity that every limit allows, and which limit it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from riskcore.money import ZERO, amount, exact, floor_to_lot, not_negative, percent_of, positive, whole

RISK_PER_TRADE = "risk_per_trade"


@frozen
class Size:
    """A quantity, the limit that bound it, and what every other limit would have allowed.

    `caps` are (name, quantity in whole lots), tightest first; `caps[0]` binds, `caps[1]` would bind next.
    """

    quantity: int
    bound_by: str
    caps: tuple[tuple[str, int], ...] = ()

    @property
    def next_bound(self) -> tuple[str, int] | None:
        """The limit that would bind if the binding one were lifted."""
        return self.caps[1] if len(self.caps) > 1 else None


@exact
def size(
    *,
    equity: Any,
    risk_per_trade: Any,
    entry: Any,
    stop: Any,
    lot_size: Any = 1,
    charges_per_share: Any = 0,
    caps: Iterable[tuple[str, Any]] = (),
) -> Size:
    """Fixed fractional size: floor(equity x risk_per_trade / 100 / (|entry - stop| + charges_per_share)).

    `risk_per_trade` is percent. The quantity is floored to whole lots, never raised to one, and is the least
    of the risk quantity and all `caps` (name, largest quantity). Equal caps keep the order given, risk first.
    Equity at or below zero gives 0. Raises `ValueError` for a stop at the entry (no risk, no size).

    >>> size(equity=100_000, risk_per_trade=1.0, entry=2500, stop=2470).quantity
    33
    """
    base = max(amount(equity, "equity"), ZERO)
    distance = abs(positive(entry, "entry") - positive(stop, "stop"))
    if distance == 0:
        raise ValueError(f"stop {stop} is at the entry: without a distance there is no size")
    lot = whole(lot_size, "lot_size")
    if lot < 1:
        raise ValueError(f"lot_size must be 1 or more, got {lot}")
    loss = distance + not_negative(charges_per_share, "charges_per_share")
    budget = percent_of(base, positive(risk_per_trade, "risk_per_trade"))
    allowed = [(RISK_PER_TRADE, floor_to_lot(budget / loss, lot))]
    allowed += [(name, floor_to_lot(amount(most, name), lot)) for name, most in caps]
    ordered = tuple(sorted(allowed, key=lambda cap: cap[1]))
    return Size(ordered[0][1], ordered[0][0], ordered)
