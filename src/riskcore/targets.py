"""Where a target stands, what reward it gives for one unit of risk, and how a quantity leaves in several legs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from attrs import frozen

from riskcore.instruments import one_of, tick_size
from riskcore.money import HUNDRED, ZERO, amount, count, exact, percent_of, plain, positive
from riskcore.rounding import GIVEN_TARGET, TARGET, rounded
from riskcore.signals import BUY, SIDES, sign

IN_R: Final = "R"
IN_PERCENT: Final = "%"
IN_POINTS: Final = " points"
LEG_FORM: Final = re.compile(r"(\d+(?:\.\d+)?)% at (\d+(?:\.\d+)?)(R|%| points)", re.ASCII)


@frozen
class Leg:
    """A part of a position, `share` per cent of it, that leaves at a `price` of its own."""

    price: Decimal
    share: Decimal


@frozen
class Target:
    """A target price and the reward it gives for one unit of risk (`risk_reward`), before charges.

    Of several `legs` (nearest first), `price` is where the last one leaves, and `distance` and `risk_reward` are the
    means weighted by the shares: what the whole trade earns if every leg is reached. Without legs all of it leaves
    at `price`.

    `price` and `distance` are rupees a share, `risk_reward` is in R.
    """

    price: Decimal
    distance: Decimal
    risk_reward: Decimal
    legs: tuple[Leg, ...] = ()


class LegRule(NamedTuple):
    """One leg as it is written: `share` per cent leaves `reach` away, in R, per cent of the entry or points."""

    share: Decimal
    reach: Decimal
    unit: str

    @property
    def text(self) -> str:
        """The leg in its one canonical spelling."""
        return f"{plain(self.share)}% at {plain(self.reach)}{self.unit}"


@exact
def target(*, side: str, entry: Any, stop: Any, r_multiple: Any, tick: Any) -> Target:
    """A target `r_multiple` times the stop's distance beyond `entry`, rounded to the tick away from the entry.

    Rounding away, with the stop rounded nearer, makes a demanded ratio hold exactly on tradable prices.
    Raises `ValueError` when the stop is not on the losing side of the entry.

    >>> target(side="BUY", entry=2500, stop=2470, r_multiple=2.5, tick=0.05).price
    Decimal('2575.00')
    """
    side, price, risk, step = _start(side, entry, stop, tick)
    return _above_zero(target_at(side, price, risk, risk * positive(r_multiple, "r_multiple"), step))


@exact
def percent_target(*, side: str, entry: Any, stop: Any, pct: Any, tick: Any) -> Target:
    """A target `pct` per cent of `entry` beyond it, rounded to the tick away from the entry.

    Raises `ValueError` when the stop is not on the losing side of the entry, or the target at or beyond zero.

    >>> percent_target(side="BUY", entry=2500, stop=2470, pct=3, tick=0.05).price
    Decimal('2575.00')
    """
    side, price, risk, step = _start(side, entry, stop, tick)
    return _above_zero(target_at(side, price, risk, percent_of(price, positive(pct, "pct")), step))


@exact
def points_target(*, side: str, entry: Any, stop: Any, points: Any, tick: Any) -> Target:
    """A target `points` rupees a share beyond `entry`, rounded to the tick away from the entry.

    Raises `ValueError` when the stop is not on the losing side of the entry, or the target at or beyond zero.

    >>> points_target(side="SELL", entry=2500, stop=2530, points=75, tick=0.05).price
    Decimal('2425.00')
    """
    side, price, risk, step = _start(side, entry, stop, tick)
    return _above_zero(target_at(side, price, risk, positive(points, "points"), step))


@exact
def given_target(*, side: str, entry: Any, stop: Any, price: Any, tick: Any) -> Target:
    """The sender's own target, rounded to the tick nearer the entry (never promising more than was asked).

    Raises `ValueError` when the stop is not on the losing side of the entry, or the target at or beyond zero.

    >>> given_target(side="BUY", entry=2500, stop=2470, price="2575.03", tick=0.05).price
    Decimal('2575.00')
    """
    side, start, risk, step = _start(side, entry, stop, tick)
    return _above_zero(target_given(side, start, risk, positive(price, "price"), step))


@exact
def legged_target(*, side: str, entry: Any, stop: Any, legs: Iterable[str], tick: Any) -> Target:
    """A target in several legs, each written as "50% at 1.5R", "30% at 2%" or "20% at 40 points".

    Each leg is rounded to the tick away from the entry; the legs are ordered by their distance, nearest first. The
    shares must add up to 100 %. Raises `ValueError` for a leg that is written otherwise, when the stop is not on the
    losing side of the entry, or for a leg at or beyond zero.

    >>> made = legged_target(side="BUY", entry=2500, stop=2470, legs=["50% at 2R", "50% at 4R"], tick=0.05)
    >>> [str(leg.price) for leg in made.legs], made.risk_reward == 3
    (['2560.00', '2620.00'], True)
    """
    side, price, risk, step = _start(side, entry, stop, tick)
    texts = leg_texts(legs, "legs")
    if whole_of(texts) != HUNDRED:
        raise ValueError(f"legs must add up to 100 %, got {plain(whole_of(texts))} %")
    return _above_zero(target_in_legs(side, price, risk, leg_rules(texts), step))


@exact
def split_legs(quantity: int, lot_size: int, shares: Sequence[Any]) -> tuple[int, ...]:
    """How many shares leave with each leg: whole lots that add up to `quantity` exactly, nearest leg first.

    A leg gets its share (percent) of the quantity, rounded down to whole lots; the last one gets the rest. A leg
    too small for a lot is dropped (0) and hands its part on to the next. So no more than planned ever leaves early.

    Raises `ValueError` for a quantity that is no multiple of the lot, or shares that do not add up to 100.

    >>> split_legs(33, 1, [50, 30, 20])
    (16, 9, 8)
    >>> split_legs(3, 1, [20, 30, 50])
    (0, 1, 2)
    """
    whole, lot = count(quantity, "quantity"), count(lot_size, "lot_size")
    if whole % lot:
        raise ValueError(f"quantity {whole} must be a multiple of the lot {lot}")
    if isinstance(shares, (str, bytes)) or not isinstance(shares, Iterable):
        raise ValueError(f"shares must be a list of per cents such as [50, 50], got {shares!r:.60}")
    parts = [positive(share, "shares") for share in shares]
    if sum(parts, ZERO) != HUNDRED:
        raise ValueError(f"shares must add up to 100 per cent, got {plain(sum(parts, ZERO))}")
    return quantities(whole, lot, parts)


def leg_text(value: Any, name: str) -> str:
    """One leg in its canonical spelling, or an error that names the form."""
    found = LEG_FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{name} must be legs such as "50% at 1.5R", "30% at 2%" or "20% at 40 points", got {value!r}')
    share, reach, unit = found.groups()
    return LegRule(positive(share, f"{name}: share"), positive(reach, f"{name}: reach"), unit).text


def leg_texts(value: Any, name: str) -> tuple[str, ...]:
    """Legs in their canonical spelling; what their shares add up to is not asked here."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f'{name} must be a list such as ["50% at 1.5R", "50% at 3R"], got {value!r}')
    return tuple(leg_text(item, name) for item in value)


@exact
def whole_of(texts: tuple[str, ...]) -> Decimal:
    """What the shares of legs add up to, in per cent."""
    return sum((rule.share for rule in leg_rules(texts)), ZERO)


@lru_cache(maxsize=256)
def leg_rules(texts: tuple[str, ...]) -> tuple[LegRule, ...]:
    """What canonical legs mean; worked out once for each list."""
    found = (LEG_FORM.fullmatch(text) for text in texts)
    parts = (match.groups() for match in found if match is not None)
    return tuple(LegRule(amount(share, "share"), amount(reach, "reach"), unit) for share, reach, unit in parts)


def target_at(side: str, entry: Decimal, risk: Decimal, reach: Decimal, tick: Decimal) -> Target:
    """The target `reach` rupees beyond the entry, rounded away from it; it may lie at or beyond zero."""
    price = rounded(TARGET, side, entry + reach if side == BUY else entry - reach, tick)
    distance = abs(price - entry)
    return Target(price, distance, distance / risk)


def target_given(side: str, entry: Decimal, risk: Decimal, price: Decimal, tick: Decimal) -> Target:
    """The target at the sender's price, rounded nearer the entry."""
    stands = rounded(GIVEN_TARGET, side, price, tick)
    reward = stands - entry if side == BUY else sign(side) * (stands - entry)
    return Target(stands, reward, reward / risk)


def target_in_legs(side: str, entry: Decimal, risk: Decimal, rules: Iterable[LegRule], tick: Decimal) -> Target:
    """The legs as targets, nearest first, with the means of distance and ratio."""
    placed = []
    for share, reach, unit in rules:
        away = reach_of(entry, risk, reach, unit)
        placed.append(Leg(rounded(TARGET, side, entry + away if side == BUY else entry - away, tick), share))
    placed.sort(key=lambda leg: leg.price, reverse=side != BUY)
    distance = sum((abs(leg.price - entry) * leg.share for leg in placed), ZERO) / HUNDRED
    return Target(placed[-1].price, distance, distance / risk, tuple(placed))


def reach_of(entry: Decimal, risk: Decimal, reach: Decimal, unit: str) -> Decimal:
    """A reach in R, per cent of the entry or points, as rupees a share."""
    if unit == IN_R:
        return risk * reach
    return percent_of(entry, reach) if unit == IN_PERCENT else reach


def quantities(quantity: int, lot_size: int, shares: Sequence[Decimal]) -> tuple[int, ...]:
    """`split_legs` without its checks."""
    given, lots, handed_on = [], quantity // lot_size, ZERO
    for share in shares[:-1]:
        wanted = percent_of(Decimal(lots), share) + handed_on
        whole = int(wanted)
        handed_on = ZERO if whole else wanted
        given.append(whole * lot_size)
    return (*given, quantity - sum(given))


def _start(side: str, entry: Any, stop: Any, tick: Any) -> tuple[str, Decimal, Decimal, Decimal]:
    side, price = one_of(side, "side", SIDES), positive(entry, "entry")
    losing = positive(stop, "stop")
    risk = sign(side) * (price - losing)
    if risk <= 0:
        raise ValueError(f"stop {losing} must be on the losing side of entry {price} for a {side}")
    return side, price, risk, tick_size(tick, "tick")


def _above_zero(made: Target) -> Target:
    if made.price <= ZERO:
        raise ValueError(f"the target would stand at {made.price}, at or beyond zero: a nearer one is needed")
    return made
