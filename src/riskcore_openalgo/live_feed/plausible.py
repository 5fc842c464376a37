"""Can a polled quote be of this instrument, and of now? Pure functions over what is known of the instrument.

A polled quote bears no time and no name: one broker was seen to answer 40 of 300 questions for another instrument, and
first quotes weeks old. So a quote is compared with itself (its last price against its own day's range), with the
stream (two sources), with the instrument's previous close (which stands still all day and is therefore a name), and
with what was accepted before. Most doubts are settled by later quotes that agree: a real gap is not blocked for ever.
A price that the stream contradicts is never accepted: where the market has really moved, the stream says so too.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import field, frozen

from riskcore_openalgo.live_feed.ticks import Quote, Tick

NO_PRICE: Final = "no_price"
OUTSIDE_OWN_RANGE: Final = "outside_own_range"
FAR_FROM_STREAM: Final = "far_from_stream"
WRONG_INSTRUMENT: Final = "wrong_instrument"
FAR_FROM_LAST: Final = "far_from_last"
FAR_FROM_CLOSE: Final = "far_from_close"
NOTHING_TO_COMPARE: Final = "nothing_to_compare"
DOUBTS: Final = (
    NO_PRICE,
    OUTSIDE_OWN_RANGE,
    FAR_FROM_STREAM,
    WRONG_INSTRUMENT,
    FAR_FROM_LAST,
    FAR_FROM_CLOSE,
    NOTHING_TO_COMPARE,
)
"""Why a quote is discarded, in the order in which it is asked."""

HUNDRED: Final = Decimal(100)


@frozen(kw_only=True)
class Limits:
    """How far a quote may be from what it is compared with, and how many must agree to settle a doubt.

    Percentages are of the price compared with. `stream_fresh_s`: a streamed price older than this contradicts nobody.
    `from_close_pct` is the widest price band of a cash share. `close_slack_pct` allows for rounding where two answers
    name the same previous close. `agree_pct`: how near two doubted quotes stand that speak of one price. `agreeing` and
    `agreeing_other` are how many quotes, the first among them, settle a doubt of the price and one of the instrument.
    `late_s`: a streamed price whose own stamp is older is old, unless its stamps move on. `ahead_s`: a stamp that is
    further ahead of us tells nothing of the order of prices; one of an hour's time would hold up all until then.
    `other_stream_s`: a stream that names another instrument for so long is believed, as agreeing quotes are.
    """

    stream_fresh_s: float = 10.0
    from_stream_pct: Decimal = Decimal(2)
    from_last_pct: Decimal = Decimal(5)
    from_close_pct: Decimal = Decimal(20)
    close_slack_pct: Decimal = Decimal("0.05")
    agree_pct: Decimal = Decimal(1)
    agreeing: int = 2
    agreeing_other: int = 3
    late_s: float = 60.0
    ahead_s: float = 5.0
    other_stream_s: float = 5.0

    def needed(self, doubt: str) -> int | None:
        """How many quotes that agree settle a doubt; None where no number does."""
        if doubt in (NO_PRICE, OUTSIDE_OWN_RANGE, FAR_FROM_STREAM):
            return None
        return self.agreeing_other if doubt == WRONG_INSTRUMENT else self.agreeing


DEFAULTS: Final = Limits()


@frozen(kw_only=True)
class Known:
    """What is known of an instrument today when a quote is judged.

    `stream` is its newest streamed price and `stream_age_s` how long ago that came. `last` is the newest price accepted
    from anywhere. `closes` are the previous closes known to be its own: usually one, two where sources adjust one for
    a corporate action and the other does not.
    """

    stream: Decimal | None = None
    stream_age_s: float = 0.0
    last: Decimal | None = None
    closes: tuple[Decimal, ...] = field(default=())


@frozen
class Doubt:
    """Why a quote is discarded: one of `DOUBTS`, its figure, and what that was compared with."""

    why: str
    figure: Decimal | None
    against: Decimal | None

    def __str__(self) -> str:
        return f"{self.why}: {self.figure} against {self.against}"


def plausible(quote: Quote, known: Known, limits: Limits = DEFAULTS) -> Doubt | None:
    """Why this quote cannot be believed on its own, or None where it can.

    A quote without a price above zero never is; after that, one that equals the newest streamed price always is. The
    distance from the previous close is asked of a day's first price alone: an option that has doubled stays doubled.
    """
    last = quote.last
    if last is None or not last.is_finite() or last <= 0:
        return Doubt(NO_PRICE, last, None)
    if last == known.stream:
        return None
    if quote.low and last < quote.low:
        return Doubt(OUTSIDE_OWN_RANGE, last, quote.low)
    if quote.high and last > quote.high:
        return Doubt(OUTSIDE_OWN_RANGE, last, quote.high)
    streams = known.stream is not None and known.stream_age_s <= limits.stream_fresh_s
    if streams and not near(last, known.stream, limits.from_stream_pct):
        return Doubt(FAR_FROM_STREAM, last, known.stream)
    named = _named(quote, known, limits)
    if named is False:
        return Doubt(WRONG_INSTRUMENT, quote.previous_close, known.closes[0])
    if streams:
        return None
    if known.last is not None:
        return None if near(last, known.last, limits.from_last_pct) else Doubt(FAR_FROM_LAST, last, known.last)
    if quote.previous_close and not near(last, quote.previous_close, limits.from_close_pct):
        return Doubt(FAR_FROM_CLOSE, last, quote.previous_close)
    return None if named else Doubt(NOTHING_TO_COMPARE, last, None)


def _named(quote: Quote, known: Known, limits: Limits) -> bool | None:
    """Whether the quote's previous close is the instrument's own; None where one of the two is not known."""
    if not quote.previous_close or not known.closes:
        return None
    ours = any(near(quote.previous_close, close, limits.close_slack_pct) for close in known.closes)
    return None if not ours and naming(quote.previous_close, quote.last, limits) is None else ours


def naming(close: Decimal | None, price: Decimal | None, limits: Limits = DEFAULTS) -> Decimal | None:
    """A previous close as the name of an instrument; None where it is the price told again, as plugins do, or none."""
    return close if close and (price is None or not near(close, price, limits.close_slack_pct)) else None


def near(price: Decimal, other: Decimal | None, pct: Decimal) -> bool:
    """Whether `price` is at most `pct` per cent of `other` away from it; True where there is no other.

    >>> near(Decimal(102), Decimal(100), Decimal(2)), near(Decimal("102.05"), Decimal(100), Decimal(2))
    (True, False)
    """
    return other is None or abs(price - other) * HUNDRED <= other * pct


def agree(quote: Quote, earlier: Quote, limits: Limits = DEFAULTS) -> bool:
    """Whether two doubted quotes are two witnesses of one price: near each other, with one previous close.

    The same figures throughout are one witness told twice: nothing in them shows that anybody looked again.
    """
    if quote.last is None or earlier.last is None or same(quote, earlier):
        return False
    closes = quote.previous_close or None, earlier.previous_close or None
    if (closes[0] is None) != (closes[1] is None):
        return False
    of_one = closes[0] is None or near(closes[0], closes[1], limits.close_slack_pct)
    return of_one and near(quote.last, earlier.last, limits.agree_pct)


def same(quote: Quote, earlier: Quote) -> bool:
    """Whether nothing that moves in a market has moved between two quotes."""
    return all(getattr(quote, name) == getattr(earlier, name) for name in ("last", "bid", "ask", "volume"))


def is_old(tick: Tick, before: Tick | None, limits: Limits = DEFAULTS) -> bool:
    """Whether a streamed price was made long before it came: on another day, or more than `late_s` ago.

    A sender whose clock or time zone is off is known by stamps that move on: the first price of an instrument is then
    taken for old, those after it are not. A price without a stamp, or with one of the future, cannot be judged.
    """
    made = tick.made_at
    if made is None or made >= tick.at:
        return False
    if made.date() != tick.at.date():
        return True
    moves_on = before is not None and before.made_at is not None and made > before.made_at
    return (tick.at - made).total_seconds() > limits.late_s and not moves_on
