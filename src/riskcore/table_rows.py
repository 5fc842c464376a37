"""One row of each market table as a checked value: what holds of what, from which day to which, and who says so.

The shipped tables are literals and become these values when they are first asked; a user's files become the same.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

from attrs import frozen

from riskcore.money import count, positive
from riskcore.table_checks import (
    ALL,
    CALENDARS,
    EQUITY,
    EXCHANGE,
    FUNDS,
    GROUP,
    KINDS,
    PRODUCT,
    SEGMENT,
    WEEKDAYS,
    Checked,
    clock,
    day_of,
    fact,
    line_of_text,
    moment,
    percentage,
    share,
    some,
    symbol_name,
    word_of,
    year,
    yes_or_no,
)
from riskcore.values import optional


@frozen(kw_only=True)
class Dated(Checked):
    """A fact that holds from the day `since` to the day `until` (None: it still holds), and who says so."""

    since: date = fact(day_of)
    until: date | None = fact(optional(day_of), default=None)
    source: str = fact(line_of_text, default="the user's own file")

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.until is not None and self.until < self.since:
            raise ValueError(f"until {self.until.isoformat()} is before since {self.since.isoformat()}")

    @property
    def subject(self) -> tuple[str, ...]:
        """What the fact is about."""
        return ()


@frozen(kw_only=True)
class Year(Checked):
    """A year of one calendar that the user's own `days` tell in full; nothing shipped is asked of it."""

    calendar: str = fact(word_of(*CALENDARS))
    year: int = fact(year)


@frozen(kw_only=True)
class CalendarDay(Checked):
    """A day that is not what its weekday says: `closed`, `regular`, or a session with hours of its own."""

    calendar: str = fact(word_of(*CALENDARS), default=EQUITY)
    day: date = fact(day_of)
    kind: str = fact(line_of_text)
    open: time | None = fact(optional(clock), default=None)
    close: time | None = fact(optional(clock), default=None)
    source: str = fact(line_of_text, default="the user's own file")


@frozen(kw_only=True)
class Hours(Dated):
    """Continuous trading of one group of instruments."""

    exchange: str = fact(EXCHANGE)
    segment: str = fact(SEGMENT)
    group: str = fact(GROUP, default=ALL)
    open: time = fact(clock)
    close: time = fact(clock)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.close <= self.open:
            raise ValueError(f"close {self.close:%H:%M} must be after open {self.open:%H:%M}")

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, group."""
        return self.exchange, self.segment, self.group


@frozen(kw_only=True)
class Phase(Dated):
    """A part of the day beside continuous trading: an auction, a session at the closing price."""

    exchange: str = fact(EXCHANGE)
    segment: str = fact(SEGMENT)
    group: str = fact(GROUP, default=ALL)
    phase: str = fact(line_of_text)
    open: time = fact(clock)
    close: time = fact(clock)
    stop_orders: bool = fact(yes_or_no)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, group."""
        return self.exchange, self.segment, self.group


@frozen(kw_only=True)
class Window(Dated):
    """First and last entry of a product, and when it is flat: a time, or `close-30` for minutes before the close."""

    exchange: str = fact(EXCHANGE)
    segment: str = fact(SEGMENT)
    product: str = fact(PRODUCT)
    no_entry_before: str = fact(moment)
    no_entry_after: str = fact(moment)
    square_off: str | None = fact(optional(moment), default=None)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, product."""
        return self.exchange, self.segment, self.product


@frozen(kw_only=True)
class TickBand(Checked):
    """The tick of prices up to `upper` (None: of all above); `inclusive` says whether `upper` itself belongs to it."""

    upper: Decimal | None = fact(optional(positive), default=None)
    inclusive: bool = fact(yes_or_no, default=False)
    tick: Decimal = fact(positive)


def _rising_bands(value: Any, name: str) -> tuple[TickBand, ...]:
    """Bands whose upper ends rise, the last one open, so that every price has exactly one tick."""
    found: tuple[TickBand, ...] = some(TickBand)(value, name)
    uppers = [band.upper for band in found[:-1] if band.upper is not None]
    if len(uppers) != len(found) - 1 or uppers != sorted(set(uppers)) or found[-1].upper is not None:
        raise ValueError(f"{name} must have upper ends that rise, and a last one that is empty")
    return found


@frozen(kw_only=True)
class Ticks(Dated):
    """The price steps of a segment, by kind of underlying and price band."""

    exchange: str = fact(EXCHANGE)
    segment: str = fact(SEGMENT)
    kind: str = fact(word_of(ALL, *KINDS), default=ALL)
    bands: tuple[TickBand, ...] = fact(_rising_bands)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, kind of underlying."""
        return self.exchange, self.segment, self.kind


@frozen(kw_only=True)
class Lot(Dated):
    """The lot of an underlying's contracts; here `since` and `until` are days of expiry, not of trading."""

    exchange: str = fact(EXCHANGE)
    underlying: str = fact(symbol_name)
    lot_size: int = fact(count)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange and underlying."""
        return self.exchange, self.underlying


@frozen(kw_only=True)
class Freeze(Dated):
    """The largest quantity one order in an underlying's contracts may have."""

    exchange: str = fact(EXCHANGE)
    underlying: str = fact(symbol_name)
    quantity: int = fact(count)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange and underlying."""
        return self.exchange, self.underlying


@frozen(kw_only=True)
class PriceBand(Dated):
    """How far a price may move from its reference, in percent, by group, or by symbol in a user's file."""

    exchange: str = fact(EXCHANGE)
    group: str = fact(line_of_text, default=ALL)
    symbol: str | None = fact(optional(symbol_name), default=None)
    band_pct: Decimal = fact(percentage)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange and group; a symbol's own band stands for itself."""
        return self.exchange, self.symbol or self.group


@frozen(kw_only=True)
class Margin(Dated):
    """Margin of a product in percent of value; a user's row may be for one symbol or underlying."""

    exchange: str = fact(EXCHANGE)
    segment: str = fact(SEGMENT)
    product: str = fact(PRODUCT)
    symbol: str = fact(symbol_name, default="ALL")
    side: str = fact(word_of(ALL, "BUY", "SELL"), default=ALL)
    margin_pct: Decimal = fact(positive)


@frozen(kw_only=True)
class ChargeRates(Dated):
    """Taxes and fees of a trade in percent of its value (GST: of brokerage, exchange fee and SEBI fee)."""

    exchange: str = fact(EXCHANGE)
    segment: str = fact(SEGMENT)
    product: str = fact(PRODUCT)
    stt_buy_pct: Decimal = fact(share)
    stt_sell_pct: Decimal = fact(share)
    exchange_pct: Decimal = fact(share)
    sebi_pct: Decimal = fact(share)
    stamp_buy_pct: Decimal = fact(share)
    gst_pct: Decimal = fact(share)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, product."""
        return self.exchange, self.segment, self.product


@frozen(kw_only=True)
class FundTax(Dated):
    """STT of funds that trade like shares, in percent of a trade's value, in the place of the tax on shares."""

    kind: str = fact(word_of(*FUNDS))
    product: str = fact(PRODUCT)
    stt_buy_pct: Decimal = fact(share)
    stt_sell_pct: Decimal = fact(share)

    @property
    def subject(self) -> tuple[str, ...]:
        """Kind and product."""
        return self.kind, self.product


@frozen(kw_only=True)
class SettlementRates(Dated):
    """STT when a contract is settled at expiry: of the intrinsic value in cash, of the value delivered in shares."""

    exchange: str = fact(EXCHANGE)
    stt_exercise_pct: Decimal = fact(share)
    stt_delivery_pct: Decimal = fact(share)

    @property
    def subject(self) -> tuple[str, ...]:
        """The exchange."""
        return (self.exchange,)


@frozen(kw_only=True)
class ExpiryDay(Dated):
    """The weekday on which an exchange's index and stock contracts expire."""

    exchange: str = fact(EXCHANGE)
    weekday: str = fact(word_of(*WEEKDAYS))

    @property
    def subject(self) -> tuple[str, ...]:
        """The exchange."""
        return (self.exchange,)


@frozen(kw_only=True)
class Capability(Dated):
    """What a broker takes and tells through OpenAlgo: what is asked of it, and how its answers are read.

    Orders: `resting` is how a protective stop rests there (SL, SL-M, or none: levels are watched by us alone);
    `revises` whether a resting order can be changed in place; `changes_an_order` how often it changes one order (None:
    as often as it is asked); `cancels_prove` whether a cancel that is called a success was taken; `keeps_orders`
    whether what is open when a session ends works on, shown by no book; `takes_nrml` whether NRML is sent as such.

    Pace: `calls_a_minute` how many calls of all kinds an account has in a minute, `orders_an_hour` how many orders,
    changes and cancels in an hour, exits among them (None: as many as come); `paces_books` whether it shows each book
    once a second and no more; `trades_by_order` whether its plugin asks for the trades of each order, and for a book's
    segments, one by one; `quotes_apart` whether each instrument's quote is a call of its own.

    Books: `empty_proves` whether an empty book that was read without an error is one; `in_halves` whether the order
    book comes without the orders that work, or those that ended, where that half failed; `positions_in_parts` whether
    positions are asked for by segment and product, and come without those of a part that could not be read;
    `carries` whether positions show contracts that were carried into the day, and not what it traded alone;
    `fresh_from` the time of day from which funds and books are those of the day, and no more of the one before.

    Rows: `borrows_status` whether an order under a status word that the plugin does not know shows the status of the
    row before it; `shows_refusals` whether an order whose change or cancel was refused is shown as rejected, though it
    works on; `price_is_average` whether an order that has traded shows its average in place of its limit; `trades` what
    a row of the trade book shows: `each` trade as it was, the `whole` order's quantity and average price, or so all
    `orders`, those that traded nothing too; `unnamed` is a trade under the exchange's name of its order; `order_times`
    whether a trade bears the time at which its order came to the exchange, not its own; `trade_prices` in what trades
    may be told: `paise` (averages of orders too), or those above 100 rupees in `hundredths` of what they were;
    `one_product` whether futures and options have one product there, shown as MIS whatever was asked for;
    `holdings_fall` whether holdings fall by what was sold of them today, which the positions show as well.

    Money: `cash_is_balance` whether what OpenAlgo calls its available cash is what the day began with, margin in use
    not taken off and today's result not in it; `result_apart` whether today's result is not in that and the margin in
    use together (a loss is called margin, a profit is kept apart).
    """

    broker: str = fact(line_of_text)
    resting: str = fact(word_of("SL", "SL-M", "none"))
    revises: bool = fact(yes_or_no, default=True)
    changes_an_order: int | None = fact(optional(count), default=None)
    cancels_prove: bool = fact(yes_or_no, default=False)
    keeps_orders: bool = fact(yes_or_no, default=False)
    takes_nrml: bool = fact(yes_or_no, default=True)
    calls_a_minute: int | None = fact(optional(count), default=None)
    orders_an_hour: int | None = fact(optional(count), default=None)
    paces_books: bool = fact(yes_or_no, default=False)
    trades_by_order: bool = fact(yes_or_no, default=False)
    quotes_apart: bool = fact(yes_or_no, default=False)
    empty_proves: bool = fact(yes_or_no, default=False)
    in_halves: bool = fact(yes_or_no, default=False)
    positions_in_parts: bool = fact(yes_or_no, default=False)
    carries: bool = fact(yes_or_no, default=True)
    fresh_from: time = fact(clock, default=time(0))
    borrows_status: bool = fact(yes_or_no, default=False)
    shows_refusals: bool = fact(yes_or_no, default=False)
    price_is_average: bool = fact(yes_or_no, default=False)
    trades: str = fact(word_of("each", "whole", "orders", "unnamed"), default="each")
    order_times: bool = fact(yes_or_no, default=False)
    trade_prices: str = fact(word_of("rupees", "paise", "hundredths"), default="rupees")
    one_product: bool = fact(yes_or_no, default=False)
    holdings_fall: bool = fact(yes_or_no, default=False)
    cash_is_balance: bool = fact(yes_or_no, default=False)
    result_apart: bool = fact(yes_or_no, default=False)

    @property
    def subject(self) -> tuple[str, ...]:
        """The broker, by the name OpenAlgo gives it."""
        return (self.broker,)

    @property
    def rests(self) -> bool:
        """Whether a stop can rest at the broker."""
        return self.resting != "none"


@frozen(kw_only=True)
class SectorOf(Checked):
    """The bucket of a symbol for the limit on exposure to one sector."""

    symbol: str = fact(symbol_name)
    sector: str = fact(line_of_text)


@frozen(kw_only=True)
class Listing(Dated):
    """A symbol on a surveillance list (`ASM-ST`, `ASM-LT`, `GSM`, `ESM`, `T2T`) at a stage, from a day on."""

    symbol: str = fact(symbol_name)
    list: str = fact(line_of_text)
    stage: str = fact(line_of_text, default=ALL)

    @property
    def subject(self) -> tuple[str, ...]:
        """The symbol."""
        return (self.symbol,)


@frozen(kw_only=True)
class ListEffect(Dated):
    """What being on a surveillance list means for an order."""

    list: str = fact(line_of_text)
    stage: str = fact(line_of_text, default=ALL)
    mis: bool = fact(yes_or_no)
    margin_pct: Decimal = fact(positive)
    netting: bool = fact(yes_or_no)

    @property
    def subject(self) -> tuple[str, ...]:
        """List and stage."""
        return self.list, self.stage
