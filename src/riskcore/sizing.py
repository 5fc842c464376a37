"""How many: the largest quantity that every limit allows, and which limit it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation, localcontext
from operator import itemgetter
from typing import Any, Final, TypeAlias

from attrs import frozen

from riskcore.money import LARGEST, ZERO, amount, count, exact, floor_to_lot, not_negative, percent_of, positive
from riskcore.values import text

RISK_PER_TRADE: Final = "risk_per_trade"
Charges: TypeAlias = Callable[[int], Decimal]
_QUANTITY: Final = itemgetter(1)


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
    slippage_per_share: Any = 0,
    charges: Callable[[int], Any] | None = None,
    caps: Iterable[tuple[Any, ...]] = (),
) -> Size:
    """Fixed fractional size: the most shares whose loss at the stop is at most equity x risk_per_trade / 100.

    loss(n) = n x (|entry - stop| + slippage_per_share + charges_per_share) + charges(n); without charges that is
    floor(equity x risk_per_trade / 100 / |entry - stop|).

    `risk_per_trade` is percent; `entry` the worst price permitted; the two per-share amounts are rupees. `charges`
    says what the round trip of so many shares costs in rupees (a flat fee, a brokerage with a cap); it must not
    fall as the quantity grows, and the answer is then the largest that fits, not a bound of it. The quantity is in
    whole lots, never raised to one, and the least of the risk quantity and all `caps` (name, largest quantity;
    what the sizers of `riskcore.sizers` return, too). Equal caps keep the order given, risk first. Equity at or
    below zero gives 0. Raises `ValueError` for a stop at the entry (no risk, no size).

    >>> size(equity=100_000, risk_per_trade=1.0, entry=2500, stop=2470).quantity
    33
    >>> size(equity=100_000, risk_per_trade=1, entry=2500, stop=2470, charges=lambda shares: 20 + shares).quantity
    31
    """
    base = max(amount(equity, "equity"), ZERO)
    distance = abs(positive(entry, "entry") - positive(stop, "stop"))
    if distance == 0:
        raise ValueError(f"stop {stop} is at the entry: without a distance there is no size")
    lot = count(lot_size, "lot_size")
    loss = distance + not_negative(charges_per_share, "charges_per_share")
    loss += not_negative(slippage_per_share, "slippage_per_share")
    budget = percent_of(base, positive(risk_per_trade, "risk_per_trade"))
    if charges is not None and not callable(charges):
        raise ValueError(f"charges must be a function of the shares; a rate is charges_per_share, got {charges!r:.60}")
    cost = None if charges is None else _clean(charges)
    allowed = [(RISK_PER_TRADE, most_within(budget, loss, cost, lot))]
    return least([*allowed, *_named(caps)], lot)


def _named(caps: Any) -> list[tuple[str, Decimal]]:
    """The names and quantities of caps; what else a sizer tells stands behind them."""
    try:
        pairs = [(text(cap[0], "caps"), cap[1]) for cap in caps]
    except (TypeError, ValueError, LookupError):
        remedy = 'names and quantities such as [("mine", 40)]'
        raise ValueError(f"caps must be {remedy}, got {caps!r:.60}") from None
    return [(name, amount(most, name)) for name, most in pairs]


def least(allowed: Iterable[tuple[str, Decimal | int]], lot: int) -> Size:
    """The size that all caps allow, in whole lots; `allowed` holds at least one, equal ones stay in their order."""
    if lot == 1:
        ordered = [(name, whole if (whole := int(most)) > 0 else 0) for name, most in allowed]
    else:
        ordered = [(name, floor_to_lot(most, lot)) for name, most in allowed]
    ordered.sort(key=_QUANTITY)
    name, quantity = ordered[0]
    return Size(quantity, name, tuple(ordered))


def most_within(budget: Decimal, loss: Decimal, charges: Charges | None, lot: int) -> int:
    """The largest whole-lot quantity n with n x loss + charges(n) <= budget; no coercion, under the exact context."""
    if budget <= ZERO:
        return 0
    try:
        lots = int(budget // (loss * lot))
    except InvalidOperation:  # next to no loss a share: more of them than there are digits
        lots = int(LARGEST) // lot
    if charges is None or lots == 0:
        return lots * lot
    return _search(budget, loss, charges, lot, lots) * lot


def _search(budget: Decimal, loss: Decimal, charges: Charges, lot: int, lots: int) -> int:
    """The most lots that fit, between none and `lots`, where what is lost does not fall with their number.

    `low` fits and `high` does not; each round guesses where the straight line between them meets the budget, every
    second one halves instead, so that no shape of charges makes it long.
    """
    each, low, high, halve = loss * lot, 0, lots, False
    lost_low, lost_high = ZERO, each * lots + charges(lots * lot)
    if lost_high <= budget:
        return lots
    while high - low > 1:
        between = (budget - lost_low) / (lost_high - lost_low) * (high - low)
        guess = low + ((high - low) // 2 if halve else min(max(int(between), 1), high - low - 1))
        lost = each * guess + charges(guess * lot)
        if lost <= budget:
            low, lost_low = guess, lost
        else:
            high, lost_high = guess, lost
        halve = not halve
    return low


def _clean(charges: Callable[[int], Any]) -> Charges:
    """What a caller's charges give, as exact amounts; what it does to the decimal context ends with it."""

    def told(quantity: int) -> Decimal:
        with localcontext():
            return not_negative(charges(quantity), "charges")

    return told
