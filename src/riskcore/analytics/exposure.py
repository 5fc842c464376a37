"""What was held over a session, and how much of the capital it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from attrs import frozen

from riskcore.book import Book, Position
from riskcore.instruments import margin_pct
from riskcore.money import HUNDRED, ZERO, exact, percent_of
from riskcore.overrides import Tables
from riskcore.sessions import CalendarUnknown, session_on


@frozen
class Held:
    """What is held from `at` on: its market value long and short together, net, and the margin it takes, in rupees."""

    at: datetime
    gross: Decimal
    net: Decimal
    margin: Decimal


@frozen(kw_only=True)
class Exposure:
    """A session's exposure in rupees: averages over its trading hours by the time held, and the peaks.

    `net` counts shorts as negative; `margin` is what the positions take of the capital. `time_share` is the share of
    the trading hours with any position open, 0 to 1.
    """

    gross: Decimal
    net: Decimal
    margin: Decimal
    peak_gross: Decimal
    peak_margin: Decimal
    time_share: Decimal


@exact
def held_now(book: Book, at: datetime, tables: Tables | None = None) -> Held:
    """What a book holds at its latest prices.

    Margin is the percentage of the market tables for instrument, product and day, a user's own `tables` before the
    shipped ones; where they know none, the whole value.
    """
    gross = net = margin = ZERO
    for position in book.positions:
        value = (position.average_price if position.last is None else position.last) * position.quantity
        percent = margin_pct(position.instrument, position.product, on=at.date(), tables=tables)
        gross += value
        net += value if position.side == "BUY" else -value
        margin += percent_of(value, HUNDRED if percent is None else percent)
    return Held(at, gross, net, margin)


@exact
def exposure_of(changes: Sequence[Held], opens: datetime, closes: datetime) -> Exposure:
    """Fold what was held, change by change, over the trading hours from `opens` to `closes`.

    average = sum of value x seconds held / seconds of trading. The peaks count whatever was held, if only for a moment.
    Nothing was held before the first change. One that is dated before the change in front of it counts from that one's
    moment: prices of several instruments are not always told in the order of time, and no time counts twice.
    """
    span = _seconds(closes - opens)
    gross = net = margin = held = ZERO
    moments = list(accumulate((change.at for change in changes), max))
    for change, began, following in zip(changes, moments, [*moments[1:], closes], strict=True):
        lasted = _seconds(min(following, closes) - max(began, opens))
        if lasted > 0 and change.gross:
            gross += change.gross * lasted
            net += change.net * lasted
            margin += change.margin * lasted
            held += lasted
    whole = span if span > 0 else None
    return Exposure(
        gross=gross / whole if whole else ZERO,
        net=net / whole if whole else ZERO,
        margin=margin / whole if whole else ZERO,
        peak_gross=max((change.gross for change in changes), default=ZERO),
        peak_margin=max((change.margin for change in changes), default=ZERO),
        time_share=held / whole if whole else ZERO,
    )


def trading_hours(
    day: date, positions: Iterable[Position], tables: Tables | None = None
) -> tuple[datetime, datetime] | None:
    """From the first open to the last close of what was held that day; None where the calendar cannot tell."""
    try:
        sessions = [session_on(day, held.instrument, held.product, tables=tables) for held in positions]
    except CalendarUnknown:
        return None
    open_ones = [session for session in sessions if session is not None]
    if not open_ones:
        return None
    return min(session.opens for session in open_ones), max(session.closes for session in open_ones)


def _seconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)) / 1_000_000
