"""One row of each market table as a checked value: what holds of what, from which day to which, and who says so.

The shipped tables are literals and become these values when they are first asked; a user's files become the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Final

from attrs import field, fields, frozen

from riskcore.money import count, not_negative, positive
from riskcore.values import Check, given, optional, settle

ALL: Final = "all"
EXCHANGES: Final = ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCDEX")
SEGMENTS: Final = ("EQ", "FUT", "OPT")
PRODUCTS: Final = ("MIS", "CNC", "NRML")
EQUITY: Final = "equity"
CURRENCY: Final = "currency"
COMMODITY: Final = "commodity"
CALENDARS: Final = (EQUITY, CURRENCY, COMMODITY)
GROUPS: Final = ("derivatives_listed", "other", "non_agri")
KINDS: Final = ("stock", "index", "etf", "currency", "commodity")
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
FIRST_YEAR: Final = 2016
LAST_YEAR: Final = 2099

_TEXT: Final = re.compile(r"[ -~]+")
_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9&\-_.]{0,49}")
_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_WINDOW: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|close-[1-9][0-9]{0,2}")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise ValueError(f"{name} must be one line of ASCII text, got {value!r}")
    return value


def _name(value: Any, name: str) -> str:
    if not isinstance(value, str) or not _SYMBOL.fullmatch(value):
        raise ValueError(f"{name} must be a symbol in capitals such as RELIANCE or M&M, got {value!r}")
    return value


def _moment(value: Any, name: str) -> str:
    if not isinstance(value, str) or not _WINDOW.fullmatch(value):
        raise ValueError(f"{name} must be a time such as 15:10 or minutes before the close such as close-30")
    return value


def day_of(value: Any, name: str) -> date:
    """A day, as a `date` or as text such as 2026-08-03."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) == 10 and value.isascii():
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{name} must be a day such as 2026-08-03, got {value!r}")


def _clock(value: Any, name: str) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return time(int(value[:2]), int(value[3:]))
    raise ValueError(f'{name} must be a time of day in IST such as "15:10", got {value!r}')


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, got {value!r}")
    return value


def _word(*allowed: str) -> Check:
    def word(value: Any, name: str) -> str:
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        return str(value)

    return word


def some(kind: type) -> Callable[[Any, str], tuple[Any, ...]]:
    """A check for a list of rows of one class, kept as a tuple."""

    def listed(value: Any, name: str) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"{name} must be a list of rows, got {value!r}")
        found = tuple(value)
        for row in found:
            if not isinstance(row, kind):
                raise ValueError(f"{name} must hold rows of the class {kind.__name__}, got {row!r}")
        return found

    return listed


def _year(value: Any, name: str) -> int:
    found = count(value, name)
    if not FIRST_YEAR <= found <= LAST_YEAR:
        raise ValueError(f"{name} must be a year from {FIRST_YEAR} to {LAST_YEAR}, got {value!r}")
    return found


def _share(value: Any, name: str) -> Decimal:
    found = not_negative(value, name)
    if found > 100:
        raise ValueError(f"{name} is in percent and must be at most 100, got {value!r}")
    return found


def _percent(value: Any, name: str) -> Decimal:
    found = _share(value, name)
    if found == 0:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return found


def fact(check: Check, **more: Any) -> Any:
    """A field of a row: given as it was read, judged by `check` once the row is there."""
    return field(converter=given, metadata={"check": check}, **more)


_exchange: Final = _word(*EXCHANGES)
_segment: Final = _word(ALL, *SEGMENTS)
_product: Final = _word(ALL, *PRODUCTS)
_group: Final = _word(ALL, *GROUPS)


class Checked:
    """A row or a set of rows whose fields say in their metadata how each is checked."""

    def __attrs_post_init__(self) -> None:
        settle(self, _checks_of(type(self)))


@cache
def _checks_of(kind: type) -> tuple[tuple[str, str, Check], ...]:
    return tuple((f.name, f.name, f.metadata["check"]) for f in fields(kind))


@frozen(kw_only=True)
class Dated(Checked):
    """A fact that holds from the day `since` to the day `until` (None: it still holds), and who says so."""

    since: date = fact(day_of)
    until: date | None = fact(optional(day_of), default=None)
    source: str = fact(_text, default="the user's own file")

    @property
    def subject(self) -> tuple[str, ...]:
        """What the fact is about."""
        return ()


@frozen(kw_only=True)
class Year(Checked):
    """A year of one calendar that the user's own `days` tell in full; nothing shipped is asked of it."""

    calendar: str = fact(_word(*CALENDARS))
    year: int = fact(_year)


@frozen(kw_only=True)
class CalendarDay(Checked):
    """A day that is not what its weekday says: `closed`, `regular`, or a session with hours of its own."""

    calendar: str = fact(_word(*CALENDARS), default=EQUITY)
    day: date = fact(day_of)
    kind: str = fact(_text)
    open: time | None = fact(optional(_clock), default=None)
    close: time | None = fact(optional(_clock), default=None)
    source: str = fact(_text, default="the user's own file")


@frozen(kw_only=True)
class Hours(Dated):
    """Continuous trading of one group of instruments."""

    exchange: str = fact(_exchange)
    segment: str = fact(_segment)
    group: str = fact(_group, default=ALL)
    open: time = fact(_clock)
    close: time = fact(_clock)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, group."""
        return self.exchange, self.segment, self.group


@frozen(kw_only=True)
class Phase(Dated):
    """A part of the day beside continuous trading: an auction, a session at the closing price."""

    exchange: str = fact(_exchange)
    segment: str = fact(_segment)
    group: str = fact(_group, default=ALL)
    phase: str = fact(_text)
    open: time = fact(_clock)
    close: time = fact(_clock)
    stop_orders: bool = fact(_flag)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, group."""
        return self.exchange, self.segment, self.group


@frozen(kw_only=True)
class Window(Dated):
    """First and last entry of a product, and when it is flat: a time, or `close-30` for minutes before the close."""

    exchange: str = fact(_exchange)
    segment: str = fact(_segment)
    product: str = fact(_product)
    no_entry_before: str = fact(_moment)
    no_entry_after: str = fact(_moment)
    square_off: str | None = fact(optional(_moment), default=None)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, product."""
        return self.exchange, self.segment, self.product


@frozen(kw_only=True)
class TickBand(Checked):
    """The tick of prices up to `upper` (None: of all above); `inclusive` says whether `upper` itself belongs to it."""

    upper: Decimal | None = fact(optional(positive), default=None)
    inclusive: bool = fact(_flag, default=False)
    tick: Decimal = fact(positive)


@frozen(kw_only=True)
class Ticks(Dated):
    """The price steps of a segment, by kind of underlying and price band."""

    exchange: str = fact(_exchange)
    segment: str = fact(_segment)
    kind: str = fact(_word(ALL, *KINDS), default=ALL)
    bands: tuple[TickBand, ...] = fact(some(TickBand))

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, kind of underlying."""
        return self.exchange, self.segment, self.kind


@frozen(kw_only=True)
class Lot(Dated):
    """The lot of an underlying's contracts; here `since` and `until` are days of expiry, not of trading."""

    exchange: str = fact(_exchange)
    underlying: str = fact(_name)
    lot_size: int = fact(count)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange and underlying."""
        return self.exchange, self.underlying


@frozen(kw_only=True)
class Freeze(Dated):
    """The largest quantity one order in an underlying's contracts may have."""

    exchange: str = fact(_exchange)
    underlying: str = fact(_name)
    quantity: int = fact(count)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange and underlying."""
        return self.exchange, self.underlying


@frozen(kw_only=True)
class PriceBand(Dated):
    """How far a price may move from its reference, in percent, by group, or by symbol in a user's file."""

    exchange: str = fact(_exchange)
    group: str = fact(_text, default=ALL)
    symbol: str | None = fact(optional(_name), default=None)
    band_pct: Decimal = fact(_percent)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange and group; a symbol's own band stands for itself."""
        return self.exchange, self.symbol or self.group


@frozen(kw_only=True)
class Margin(Dated):
    """Margin of a product in percent of value; a user's row may be for one symbol or underlying."""

    exchange: str = fact(_exchange)
    segment: str = fact(_segment)
    product: str = fact(_product)
    symbol: str = fact(_name, default="ALL")
    side: str = fact(_word(ALL, "BUY", "SELL"), default=ALL)
    margin_pct: Decimal = fact(positive)


@frozen(kw_only=True)
class ChargeRates(Dated):
    """Taxes and fees of a trade in percent of its value (GST: of brokerage, exchange fee and SEBI fee)."""

    exchange: str = fact(_exchange)
    segment: str = fact(_segment)
    product: str = fact(_product)
    stt_buy_pct: Decimal = fact(_share)
    stt_sell_pct: Decimal = fact(_share)
    exchange_pct: Decimal = fact(_share)
    sebi_pct: Decimal = fact(_share)
    stamp_buy_pct: Decimal = fact(_share)
    gst_pct: Decimal = fact(_share)

    @property
    def subject(self) -> tuple[str, ...]:
        """Exchange, segment, product."""
        return self.exchange, self.segment, self.product


@frozen(kw_only=True)
class SettlementRates(Dated):
    """STT when a contract is settled at expiry: of the intrinsic value in cash, of the value delivered in shares."""

    exchange: str = fact(_exchange)
    stt_exercise_pct: Decimal = fact(_share)
    stt_delivery_pct: Decimal = fact(_share)

    @property
    def subject(self) -> tuple[str, ...]:
        """The exchange."""
        return (self.exchange,)


@frozen(kw_only=True)
class ExpiryDay(Dated):
    """The weekday on which an exchange's index and stock contracts expire."""

    exchange: str = fact(_exchange)
    weekday: str = fact(_word(*WEEKDAYS))

    @property
    def subject(self) -> tuple[str, ...]:
        """The exchange."""
        return (self.exchange,)


@frozen(kw_only=True)
class SectorOf(Checked):
    """The bucket of a symbol for the limit on exposure to one sector."""

    symbol: str = fact(_name)
    sector: str = fact(_text)


@frozen(kw_only=True)
class Listing(Dated):
    """A symbol on a surveillance list (`ASM-ST`, `ASM-LT`, `GSM`, `ESM`, `T2T`) at a stage, from a day on."""

    symbol: str = fact(_name)
    list: str = fact(_text)
    stage: str = fact(_text, default=ALL)

    @property
    def subject(self) -> tuple[str, ...]:
        """The symbol."""
        return (self.symbol,)


@frozen(kw_only=True)
class ListEffect(Dated):
    """What being on a surveillance list means for an order."""

    list: str = fact(_text)
    stage: str = fact(_text, default=ALL)
    mis: bool = fact(_flag)
    margin_pct: Decimal = fact(positive)
    netting: bool = fact(_flag)

    @property
    def subject(self) -> tuple[str, ...]:
        """List and stage."""
        return self.list, self.stage
