"""A position as it is held: what its fills made it, its protective levels, and what it has made so far."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from attrs import field, frozen

from riskcore.calling import told_by_name
from riskcore.instruments import FUT, OPT, Instrument, an_instrument, key_text
from riskcore.money import ZERO, amount, count, exact, not_negative, not_negative_whole, positive
from riskcore.orders import NETTED, ApprovedEntry, ApprovedExit, TargetLeg
from riskcore.outcomes import Outcome
from riskcore.sessions import in_ist
from riskcore.signals import BUY, side_text, sign
from riskcore.values import changed, checks, given, made, optional, settle, text

DELIVERY: Final = "CNC"
CARRIED: Final = "NRML"


@frozen
class Overnight:
    """What carried positions have done to a broker's balance by the morning, beside their result; all in rupees.

    `delivered` was paid for shares for delivery, and `premium` for options (negative: more was received for sold ones):
    both are in no balance any more. By `settled` the exchange has credited futures already, which settle at each close;
    their result is counted from the entry.
    """

    delivered: Decimal = ZERO
    premium: Decimal = ZERO
    settled: Decimal = ZERO

    @property
    def missing(self) -> tuple[Decimal, ...]:
        """What of each is missing in the balance, negative where it has too much."""
        return self.delivered, self.premium, -self.settled


NOTHING: Final = Overnight()


@frozen(kw_only=True, slots=False)
class Trail:
    """The extremes of the price since the entry, the ATR then and now, and who placed the stop that stands.

    `best` and `worst` are the prices most in favour of the position and most against it; `best_close` the best
    price at the end of a candle (of `trail_interval`). `seen_at` is the last look. `entry_atr` is the ATR the
    entry was decided on, `atr` the freshest one told since. `rule` is the setting that moved the stop to where it
    stands ("" while it is the entry's own). Nothing here ever runs back: extremes only widen.

    Prices and ATRs are rupees a share.
    """

    best: Decimal | None = field(default=None, converter=given)
    worst: Decimal | None = field(default=None, converter=given)
    best_close: Decimal | None = field(default=None, converter=given)
    seen_at: datetime | None = None
    entry_atr: Decimal | None = field(default=None, converter=given)
    atr: Decimal | None = field(default=None, converter=given)
    rule: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _TRAIL)

    def after(
        self,
        *,
        long: bool,
        high: Decimal,
        low: Decimal,
        close: Decimal | None = None,
        atr: Decimal | None = None,
        at: datetime | None = None,
    ) -> Trail:
        """The next one, after prices between `low` and `high`; `close` is that of a candle that ended among them."""
        up, down = (high, low) if long else (low, high)
        return changed(
            self,
            best=_better(self.best, up, long=long),
            worst=_better(self.worst, down, long=not long),
            best_close=self.best_close if close is None else _better(self.best_close, close, long=long),
            seen_at=at or self.seen_at,
            atr=atr or self.atr,
        )


@frozen(kw_only=True, slots=False)
class Position:
    """An open position: `quantity` shares held on `side` at `average_price`, with its protective levels.

    `last` is the latest price seen (the average price until one is); `realised` the gross result of the part
    already closed, `charges` all charges so far. `initial_stop` stays what the stop was at entry: it is the
    unit R of the trade.
    """

    instrument: Instrument = field(converter=given)
    side: str = field(converter=given)
    quantity: int = field(converter=given)
    average_price: Decimal = field(converter=given)
    stop: Decimal | None = field(default=None, converter=given)
    target: Decimal | None = field(default=None, converter=given)
    product: str = "MIS"
    last: Decimal | None = field(default=None, converter=given)
    initial_stop: Decimal | None = None
    opened_quantity: int = 0
    opened_at: datetime | None = field(default=None, converter=given)
    strategy: str = ""
    signal_id: str = ""
    realised: Decimal = field(default=ZERO, converter=given)
    charges: Decimal = field(default=ZERO, converter=given)
    exit_value: Decimal = field(default=ZERO, converter=given)
    legs: tuple[TargetLeg, ...] = field(default=(), converter=given)
    trail: Trail = field(factory=Trail)

    def __attrs_post_init__(self) -> None:
        settle(self, _POSITION)

    @property
    def id(self) -> str:
        """The signal that opened it; the instrument's key where no signal of ours did."""
        return self.signal_id or self.instrument.key

    @property
    def signed(self) -> int:
        """The shares held, negative where they are short."""
        return sign(self.side) * self.quantity

    def entered_after(self, began: datetime) -> bool:
        """Whether a span of prices that began then shows some of before the entry."""
        return self.opened_at is not None and began < self.opened_at

    def tightens(self, stop: Decimal) -> bool:
        """Whether a stop at that price is tighter than the one that stands; any is, where none does."""
        if self.stop is None:
            return True
        return stop > self.stop if self.side == BUY else stop < self.stop

    @property
    @exact
    def value(self) -> Decimal:
        """What is held, at cost: quantity x average price."""
        return self.average_price * self.quantity

    @property
    @exact
    def unrealised(self) -> Decimal:
        """Open result at the latest price, before charges."""
        return open_result(self)


@told_by_name
@frozen(slots=False)
class Price:
    """The latest price of an instrument (`key` is exchange and symbol, `NSE:RELIANCE`).

    `high` and `low` are the extremes since the price before it, None where there was nothing between; `close` is
    the close of a candle that has ended by now, if one has; `atr` a fresh ATR, if there is one.

    Prices are rupees a share.
    """

    key: str = field(converter=given)
    last: Decimal = field(converter=given)
    at: datetime = field(converter=given)
    high: Decimal | None = field(default=None, converter=given)
    low: Decimal | None = field(default=None, converter=given)
    close: Decimal | None = field(default=None, converter=given)
    atr: Decimal | None = field(default=None, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _PRICE)


@told_by_name
@frozen(slots=False)
class Fill:
    """Shares of one of our orders that traded, with what that cost in charges.

    `value` is what was paid or received for them, where that is known better than quantity x price: a broker that
    tells an average price has rounded it.

    `price` is rupees a share; `charges` and `value` are rupees.
    """

    order_id: str = field(converter=given)
    quantity: int = field(converter=given)
    price: Decimal = field(converter=given)
    at: datetime = field(converter=given)
    charges: Decimal = field(default=ZERO, converter=given)
    value: Decimal | None = field(default=None, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _FILL)

    @property
    @exact
    def paid(self) -> Decimal:
        """What was paid or received for the shares."""
        return paid_for(self)


def paid_for(fill: Fill) -> Decimal:
    """`fill.paid`, for who stands under the library's context already."""
    return fill.price * fill.quantity if fill.value is None else fill.value


def open_result(held: Position) -> Decimal:
    """`held.unrealised`, for who stands under the library's context already."""
    return result_at(held, held.last if held.last is not None else held.average_price)


def result_at(held: Position, price: Decimal) -> Decimal:
    """What a position has made, or has lost, at a price, before charges."""
    return (price - held.average_price) * (held.quantity if held.side == BUY else -held.quantity)


def open_results(positions: tuple[Position, ...]) -> Decimal:
    """The same of several, added up."""
    return added_up([open_result(held) for held in positions]) if positions else ZERO


def added_up(results: list[Decimal]) -> Decimal:
    """The open results of positions, in the order of the book."""
    return sum(results, ZERO)


def overnight(positions: tuple[Position, ...], session: date) -> Overnight:
    """What the positions that are carried into a session have done to a broker's balance by then.

    A contract that has expired was settled, option or future: its premium came back with its result.
    """
    delivered = premium = settled = ZERO
    for held in positions:
        thing = held.instrument
        if held.product == DELIVERY and held.side == BUY:
            delivered += held.value
        elif held.product == CARRIED and (thing.segment == FUT or thing.has_expired(session)):
            settled += open_result(held)
        elif held.product == CARRIED and thing.segment == OPT:
            premium += sign(held.side) * held.value
    return Overnight(delivered, premium, settled) if delivered or premium or settled else NOTHING


def r_multiple(held: Position, net: Decimal) -> Decimal | None:
    """A net result in units of the initial risk: net / (|average entry - initial stop| x quantity opened).

    None without an initial stop, or with one at the average entry: there is no unit then.
    """
    if held.initial_stop is None:
        return None
    risk = abs(held.average_price - held.initial_stop) * held.opened_quantity
    return net / risk if risk else None


def marked(held: Position, price: Price) -> Position:
    """The position at a new price: its latest price, and what its trail remembers. The stop stays where it is."""
    last, high, low = price.last, price.high, price.low
    top = last if high is None or high < last else high
    bottom = last if low is None or low > last else low
    trail = held.trail.after(long=held.side == BUY, high=top, low=bottom, close=price.close, atr=price.atr, at=price.at)
    return changed(held, last=last, trail=trail)


def with_stop(held: Position, stop: Decimal, rule: str) -> Position:
    """The position with its stop at a tighter price, and who moved it there; a looser price changes nothing."""
    if not held.tightens(stop):
        return held
    return changed(held, stop=stop, trail=changed(held.trail, rule=rule))


def tighter(held: Position, stop: Decimal) -> Decimal:
    """The tighter of two stops: shares added to a position never loosen it."""
    if held.stop is None:
        return stop
    return max(held.stop, stop) if held.side == BUY else min(held.stop, stop)


def new_position(entry: ApprovedEntry, fill: Fill) -> Position:
    """The position that an entry's first fill opens: made of what was checked when the two were made.

    Its average price is what was paid for a share, which a fill's own price may have rounded.
    """
    trail = made(
        Trail,
        best=fill.price,
        worst=fill.price,
        best_close=None,
        seen_at=fill.at,
        entry_atr=entry.atr,
        atr=None,
        rule="",
    )
    return made(
        Position,
        instrument=entry.instrument,
        side=entry.side,
        quantity=fill.quantity,
        average_price=fill.price if fill.value is None else fill.value / fill.quantity,
        stop=entry.stop,
        target=entry.target,
        product=entry.product,
        last=fill.price,
        initial_stop=entry.stop,
        opened_quantity=fill.quantity,
        opened_at=fill.at,
        strategy=entry.strategy,
        signal_id=entry.signal_id,
        realised=ZERO,
        charges=fill.charges,
        exit_value=ZERO,
        legs=entry.legs,
        trail=trail,
    )


def finished(flat: Position, taken_by: ApprovedEntry | ApprovedExit, fill: Fill, session: date) -> Outcome:
    """The trade of a position that its last fill has taken off."""
    reason = taken_by.reason if isinstance(taken_by, ApprovedExit) else NETTED
    return outcome_of(flat, reason, fill.at, flat.realised, flat.charges, session)


def outcome_of(
    held: Position, reason: str, closed_at: datetime, gross: Decimal, charges: Decimal, session: date
) -> Outcome:
    """`finished`, where all that a position made and cost in the end is known without the position at its end."""
    return made(
        Outcome,
        key=held.instrument.key,
        side=held.side,
        session=session,
        closed_at=closed_at,
        quantity=held.opened_quantity,
        gross=gross,
        charges=charges,
        r_multiple=r_multiple(held, gross - charges),
        reason=reason,
        strategy=held.strategy,
        product=held.product,
        signal_id=held.signal_id,
    )


def last_price(held: Position, fill: Fill) -> Decimal | None:
    """The last price of a position after a fill: the fill's own, where none was seen since it traded.

    A leg that a bar reached traded before the bar's close, which has been seen by then.
    """
    return held.last if held.trail.seen_at is not None and fill.at < held.trail.seen_at else fill.price


def _better(known: Decimal | None, price: Decimal, *, long: bool) -> Decimal:
    if known is None:
        return price
    return price if (price > known if long else price < known) else known


_POSITION: Final = checks(
    "Position",
    instrument=an_instrument,
    side=side_text,
    quantity=not_negative_whole,
    average_price=positive,
    stop=optional(positive),
    target=optional(positive),
    last=optional(positive),
    initial_stop=optional(positive),
    opened_quantity=not_negative_whole,
    opened_at=optional(in_ist),
    realised=amount,
    charges=amount,
    exit_value=amount,
    legs=lambda value, name: tuple(value),
)
_FILL: Final = checks(
    "Fill", order_id=text, quantity=count, price=positive, at=in_ist, charges=amount, value=optional(positive)
)
_TRAIL: Final = checks(
    "Trail",
    best=optional(positive),
    worst=optional(positive),
    best_close=optional(positive),
    entry_atr=optional(not_negative),
    atr=optional(not_negative),
)
_PRICE: Final = checks(
    "Price",
    key=key_text,
    last=positive,
    at=in_ist,
    high=optional(positive),
    low=optional(positive),
    close=optional(positive),
    atr=optional(not_negative),
)
