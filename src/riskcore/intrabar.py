"""What a bar cannot show, decided by name: which of stop and target came first, and when an entry trades."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from operator import attrgetter

from attrs import evolve, frozen

from riskcore.events import PricesSeen
from riskcore.exits.legs import touched_legs
from riskcore.exits.levels import breach
from riskcore.money import exact
from riskcore.orders import STOP_HIT
from riskcore.positions import Position
from riskcore.signals import BUY, DAY, Bar


class Intrabar(Enum):
    """What is assumed of a bar that reaches both the stop and the target of a position.

    A bar that opens beyond the stop is not in doubt: the position leaves at its open, whatever is assumed.
    """

    STOP_FIRST = "stop_first"
    """The stop was reached first: the worse one is assumed. What is assumed unless something else is asked for."""
    TARGET_FIRST = "target_first"
    """The target (its nearest leg) was reached first. The better one is assumed: a bound from above."""
    NEAREST_EXTREME = "nearest_extreme"
    """The price went from the open to the nearer of high and low first; the stop's side where both are as near."""
    SKIP = "skip"
    """Neither is taken: the bar counts as its close alone, and is counted. A close beyond the stop leaves there."""
    LOWER_TIMEFRAME = "lower_timeframe"
    """The finer bars within tell, one after the other, stop first within each; stop first where they do not reach both
    levels, or leave the range of the bar."""


class Entries(Enum):
    """When an entry that was decided on at the close of a bar trades."""

    NEXT_OPEN = "next_open"
    """At the next bar's first price, if that is within its limit; or not at all."""
    AT_CLOSE = "at_close"
    """At the close it was decided on, at once. No live order can: a bound from above."""


@frozen
class Ambiguous:
    """A bar that reached both stop and target of a position; `told` says that finer bars told which came first."""

    at: datetime
    key: str
    position_id: str
    told: bool = False


def lived_through(position: Position, prices: PricesSeen) -> PricesSeen:
    """The bar itself; of one that began before the entry (`AT_CLOSE`, on another symbol's signal) its close alone.

    What such a bar showed before the entry meets no level.
    """
    return _close_alone(prices) if position.entered_after(prices.since) else prices


@exact
def in_doubt(position: Position, prices: PricesSeen) -> bool:
    """Whether a span reached both the stop and the target (its nearest leg), and did not open beyond the stop.

    >>> from riskcore import IST, Instrument
    >>> share = Instrument(symbol="INFY", tick="0.05")
    >>> held = Position(instrument=share, side="BUY", quantity=1, average_price=100, stop=98, target=105)
    >>> ten = datetime(2026, 11, 20, 10, 0, tzinfo=IST)
    >>> [in_doubt(held, PricesSeen(ten, share.key, *map(Decimal, row), ten)) for row in (
    ...     (100, 106, 97, 101), (97, 106, 97, 101), (100, 104, 97, 101))]
    [True, False, False]
    """
    if not _reaches_target(position, prices):  # hardly any bar does, and most that touch a level touch the stop
        return False
    found = breach(position, first=prices.first, high=prices.high, low=prices.low)
    if found is None or found.reason != STOP_HIT:
        return False
    return found.reference == found.level != prices.first


def _reaches_target(position: Position, prices: PricesSeen) -> bool:
    """Whether a span reached the target, or a leg of it."""
    if position.legs:
        return touched_legs(position, first=prices.first, high=prices.high, low=prices.low) is not None
    target = position.target
    if target is None:
        return False
    return prices.high >= target if position.side == BUY else prices.low <= target


@exact
def path_through(
    position: Position, prices: PricesSeen, how: Intrabar, finer: Sequence[Bar] = ()
) -> tuple[PricesSeen, ...]:
    """The spans that a bar in doubt is taken as, one after the other; each has the bar's own times.

    `finer` are bars of a shorter interval that begin within it, for `LOWER_TIMEFRAME`.
    """
    if how is Intrabar.SKIP:
        return (_close_alone(prices),)
    if how is Intrabar.LOWER_TIMEFRAME:
        return _by_finer(prices, finer) if finer else (prices,)
    long = position.side == BUY
    if how is Intrabar.TARGET_FIRST or (how is Intrabar.NEAREST_EXTREME and _target_is_nearer(prices, long=long)):
        best = prices.high if long else prices.low
        return _then(prices, best)
    return (prices,)


@exact
def finer_of(
    position: Position, prices: PricesSeen, series: Sequence[Bar], began: datetime, length: timedelta
) -> Sequence[Bar]:
    """The bars of a finer series that tell which level a bar in doubt reached first; none where they do not.

    They are those within the bar, which `began` at a moment (one of a day at any hour of it). They tell where they
    reach both levels and stay in the bar's range; where some are missing, or are of other prices, nothing is told.
    """
    if length >= DAY:
        began = began.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = attrgetter("at")
    found = series[bisect_left(series, began, key=starts) : bisect_left(series, began + length, key=starts)]
    if not found:
        return ()
    high, low = max(bar.high for bar in found), min(bar.low for bar in found)
    inside = prices.low <= low and high <= prices.high
    return found if inside and in_doubt(position, evolve(prices, high=high, low=low)) else ()


def _close_alone(prices: PricesSeen) -> PricesSeen:
    return evolve(prices, first=prices.last, high=prices.last, low=prices.last)


def _target_is_nearer(prices: PricesSeen, *, long: bool) -> bool:
    up, down = prices.high - prices.first, prices.first - prices.low
    return up < down if long else down < up


def _then(prices: PricesSeen, turn: Decimal) -> tuple[PricesSeen, ...]:
    """From the open to one extreme, and from there through the other to the close."""
    there = evolve(prices, high=max(prices.first, turn), low=min(prices.first, turn), last=turn)
    back = evolve(prices, first=turn)
    return there, back


def _by_finer(prices: PricesSeen, finer: Sequence[Bar]) -> tuple[PricesSeen, ...]:
    told = [evolve(prices, first=bar.open, high=bar.high, low=bar.low, last=bar.close) for bar in finer]
    if told[-1].last != prices.last:
        told.append(evolve(prices, first=prices.last, high=prices.last, low=prices.last))
    return tuple(told)
