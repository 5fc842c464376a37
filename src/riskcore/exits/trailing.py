"""How a stop follows the price. Everything here is a function of a position, prices and a policy.

The stop only tightens. Within one span of prices (a bar, or the ticks between two looks) the stop in force at its
start is tested first, by `levels.breach`; the span's extreme moves the stop for the next span alone, since nobody
can tell from a span whether its high came before its low. A tick is a span of one price, so that both agree. Where
a span ends beyond the stop it has moved, the position leaves at the next span's first price, never at the new stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from attrs import evolve

from riskcore.book import Book, Price
from riskcore.exits.breakeven import breakeven_price
from riskcore.exits.timing import candle_close
from riskcore.money import HUNDRED, ONE, ZERO, exact, percent_of
from riskcore.policy import Policy
from riskcore.policy.trailing import (
    AT_ENTRY,
    BAR,
    CHANDELIER,
    ON_ATR,
    PERCENT,
    STEP_PERCENT,
    STEP_R,
    STEPPING,
)
from riskcore.positions import Position, marked, with_stop
from riskcore.rounding import LEAST_STOP, STOP, rounded
from riskcore.signals import Bar, sign


@exact
def advance(position: Position, seen: Price | Bar, policy: Policy, *, atr: Decimal | None = None) -> Position:
    """The position after a tick or a bar: marked, and its stop moved if the policy's trail says so.

    A `Bar` is a candle that has ended. A `Price` is a tick, or a span if it has a high and a low; with
    `trail_on: bar` it moves the stop when it is the first after the end of a candle of `trail_interval`. `atr` is a
    fresh ATR, where there is one. Test `breach` with the position as it was before calling this.

    >>> from datetime import datetime
    >>> from riskcore import IST, Instrument
    >>> share = Instrument(symbol="INFY", tick="0.05")
    >>> held = Position(instrument=share, side="BUY", quantity=50, average_price=1000, stop=980)
    >>> rules = Policy(trail="percent", trail_by=2, trail_after=1)
    >>> ten = datetime(2026, 11, 20, 10, 0, tzinfo=IST)
    >>> [advance(held, Price("NSE:INFY", price, ten), rules).stop for price in (1009, 1010, 1030)]
    [Decimal('980'), Decimal('989.80'), Decimal('1009.40')]
    """
    if isinstance(seen, Bar):
        price = Price(position.instrument.key, seen.close, seen.at, seen.high, seen.low, seen.close, atr)
    else:
        close = seen.close
        if close is None and policy.trail_on == BAR:
            close = candle_close(position, seen.last, since=seen.at, at=seen.at, policy=policy)
        price = evolve(seen, close=close, atr=atr or seen.atr)
    after = marked(position, price)
    if policy.trail_on == BAR and price.close is None:
        return after
    moved = trailed_stop(after, policy, price.at.date())
    return after if moved is None else with_stop(after, *moved)


@exact
def trailed(book: Book, price: Price, policy: Policy) -> Book:
    """The next book after a price, with the stop of the position in it moved as `advance` moves it."""
    held = book.position(price.key)
    if held is None:
        return book
    after = advance(held, price, policy)
    return book.after(price).with_stop(price.key, after.stop, after.trail.rule) if after.stop else book.after(price)


@exact
def trailed_stop(position: Position, policy: Policy, on: date) -> tuple[Decimal, str] | None:
    """The tightest stop the policy has for a position now, with the setting it comes from; None if not tighter.

    Each candidate is rounded to the tick on the tighter side and stands at least one tick behind the extreme it
    follows. `on` is the day whose charges the break-even counts.
    """
    trail, way, tick = position.trail, sign(position.side), position.instrument.tick
    extreme = trail.best_close if policy.trail_on == BAR else trail.best
    if not policy.moves_stops or extreme is None or not position.quantity:
        return None
    nearest = rounded(LEAST_STOP, position.side, extreme - way * tick, tick)
    found = None
    for raw, rule in _candidates(position, extreme, nearest, policy, on):
        price = rounded(STOP, position.side, raw, tick)
        price = min(price, nearest) if way > 0 else max(price, nearest)
        if price > 0 and (found is None or way * (price - found[0]) > 0):
            found = price, rule
    return found if found is not None and position.tightens(found[0]) else None


def _candidates(
    position: Position, extreme: Decimal, nearest: Decimal, policy: Policy, on: date
) -> Iterator[tuple[Decimal, str]]:
    """Every stop that the profit so far has earned, with the setting it comes from; unrounded."""
    way, entry, unit_r = sign(position.side), position.average_price, initial_risk(position)
    gain = way * (extreme - entry)
    if policy.trail is not None:
        level = trail_level(position, extreme, policy)
        if level is not None:
            yield level, "trail"
    for rule, wanted in (
        ("breakeven_at_r", _times(policy.breakeven_at_r, unit_r)),
        ("breakeven_at_pct", _times(policy.breakeven_at_pct, entry / HUNDRED)),
    ):
        if wanted is not None and gain >= wanted:
            level = breakeven_price(position, policy, on)
            if way * (nearest - level) >= 0:
                yield level, rule
    wanted = _times(policy.profit_lock_at_r, unit_r)
    if wanted is not None and policy.profit_lock_pct is not None and gain >= wanted:
        yield entry + way * percent_of(gain, policy.profit_lock_pct), "profit_lock_pct"


@exact
def initial_risk(position: Position) -> Decimal | None:
    """R, in rupees a share: |average price - initial stop|; None without an initial stop, or with none at risk."""
    if position.initial_stop is None:
        return None
    return abs(position.average_price - position.initial_stop) or None


@exact
def trail_level(position: Position, extreme: Decimal, policy: Policy) -> Decimal | None:
    """Where the policy's trail puts the stop, unrounded, for a long (mirrored for a short); None if not yet anywhere.

    With h the best price since the entry (with `trail_on: bar` the best close), e the entry, s the initial stop:

    - percent: h x (1 - trail_by / 100); points: h - trail_by;
    - atr: h - trail_by x ATR; chandelier: the same from the highest high also with `trail_on: bar`. C. Le Beau's
      Chandelier Exit hangs 3 ATR below the highest high since entry, or 2.5 ATR below the highest close;
    - step_percent, step_points, step_r: s + floor((h - e) / trail_step) x trail_by, in units of 1 % of e, one
      rupee, or R = |e - s|; `trail_by` is `trail_step` where it is empty.

    It is armed once h - e has reached `trail_after` (in the same unit; for an ATR that of the entry), and stays so.
    """
    trail, way, entry = position.trail, sign(position.side), position.average_price
    unit = _unit(position, policy)
    if unit is None:
        return None
    gain = way * (extreme - entry)
    arming = (trail.entry_atr or unit) if policy.trail in ON_ATR else unit
    if policy.trail_after is not None and gain < policy.trail_after * arming:
        return None
    if policy.trail in STEPPING:
        return _stepped(position, gain / unit, unit, policy)
    assert policy.trail_by is not None
    if policy.trail == CHANDELIER:
        extreme = trail.best or extreme
    if policy.trail == PERCENT:
        return extreme * (ONE - way * policy.trail_by / HUNDRED)
    return extreme - way * policy.trail_by * unit


def _stepped(position: Position, gained: Decimal, unit: Decimal, policy: Policy) -> Decimal | None:
    """The initial stop, moved once for each whole step gained; None where there was no stop to start from."""
    assert policy.trail_step is not None
    steps = max(gained, ZERO) // policy.trail_step
    if position.initial_stop is None:
        return None
    return position.initial_stop + sign(position.side) * steps * (policy.trail_by or policy.trail_step) * unit


def _unit(position: Position, policy: Policy) -> Decimal | None:
    """What one of the trail's unit is in rupees; None where it cannot be known (no ATR, no initial stop)."""
    trail = position.trail
    if policy.trail in ON_ATR:
        first, second = (trail.entry_atr, trail.atr) if policy.trail_atr == AT_ENTRY else (trail.atr, trail.entry_atr)
        return first or second or None
    if policy.trail == STEP_R:
        return initial_risk(position)
    return position.average_price / HUNDRED if policy.trail in (PERCENT, STEP_PERCENT) else ONE


def _times(multiple: Decimal | None, unit: Decimal | None) -> Decimal | None:
    return None if multiple is None or unit is None else multiple * unit
