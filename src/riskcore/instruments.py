"""What can be traded: a symbol with its tick, lot, sector and what the exchange says of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Final

from attrs import evolve, field, frozen

from riskcore.calling import told_by_name
from riskcore.money import HUNDRED, count, exact, plain, positive
from riskcore.overrides import Tables, covers, first_on, rows
from riskcore.symbols import (
    SYMBOL_SHAPE as SYMBOL_SHAPE,
    key_text as key_text,
    one_of as one_of,
    symbol_text as symbol_text,
    tick_size as tick_size,
)
from riskcore.table_checks import (
    ALL,
    EXCHANGES as EXCHANGES,
    KINDS,
    PRODUCTS as PRODUCTS,
    SEGMENTS,
    day_of,
    word_of,
    yes_or_no,
)
from riskcore.table_rows import TickBand
from riskcore.tables import freeze, sectors
from riskcore.values import checks, given, optional, settle, text
from riskcore.watchlists import surveillance

FUT: Final = "FUT"
OPT: Final = "OPT"
CALL: Final = "CE"
PUT: Final = "PE"
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_BSE_INDICES: Final = ("BANKEX", "SENSEX", "SENSEX50")
_KIND_OF_EXCHANGE: Final = {"CDS": "currency", "BCD": "currency", "MCX": "commodity", "NCDEX": "commodity"}


def an_instrument(value: Any, name: str) -> Any:
    """`value`, if it is an instrument; else an error that says how one is made."""
    if not isinstance(value, Instrument):
        made = 'riskcore.nse_equity("RELIANCE", on=date, tick=0.10)'
        raise ValueError(f"{name} must be a riskcore.Instrument, such as {made}, got {value!r:.60}")
    return value


@told_by_name
@frozen(kw_only=True)
class Instrument:
    """A tradable symbol.

    `tick` is the price step in rupees and `lot_size` the quantity step; both are the exchange's, so take them
    from the broker's contract master when one is at hand. All money is price x quantity: a quantity counts units of the
    price, 100 barrels and not one contract of CRUDEOIL. `sector` is the bucket of the sector limit; None
    puts the symbol into a bucket of its own. `derivatives_listed` says whether futures or options exist on it:
    such stocks leave continuous trading earlier, so the stricter answer (True) is the default.

    `segment` is EQ, FUT or OPT. `kind` is what it is, or what a contract is written on: stock, index, currency,
    commodity; etf, a fund of Indian shares that trades like one, or etf_without_stt, one of gold, debt or foreign
    shares, whose charges differ. `series` is the exchange's series (EQ; BE is trade for trade). A contract also has an
    `underlying`, an `expiry` after which it has no session, and as an option a `strike` and a `right` (CE or PE).
    """

    symbol: str = field(converter=given)
    tick: Decimal = field(converter=given)
    exchange: str = field(default="NSE", converter=given)
    segment: str = "EQ"
    lot_size: int = field(default=1, converter=given)
    sector: str | None = None
    derivatives_listed: bool = True
    freeze_quantity: int | None = field(default=None, converter=given)
    kind: str = "stock"
    series: str = "EQ"
    underlying: str | None = None
    expiry: date | None = None
    strike: Decimal | None = field(default=None, converter=given)
    right: str | None = None

    def __attrs_post_init__(self) -> None:
        settle(self, _CHECKS)

    @cached_property
    def key(self) -> str:
        """Exchange and symbol, `NSE:RELIANCE`: the name under which it is held and watched."""
        return f"{self.exchange}:{self.symbol}"

    @cached_property
    def bucket(self) -> str:
        """The name under which exposure of this symbol is added up: its sector, else itself."""
        return self.sector or f"unknown sector ({self.symbol})"

    def has_expired(self, day: date) -> bool:
        """Whether it is a contract that ended before that day; on the day of its expiry it still trades."""
        return self.expiry is not None and self.expiry < day


_CHECKS: Final = checks(
    "Instrument",
    symbol=symbol_text,
    tick=tick_size,
    exchange=lambda value, name: one_of(value, name, EXCHANGES),
    segment=word_of(*SEGMENTS),
    lot_size=count,
    sector=optional(text),
    derivatives_listed=yes_or_no,
    freeze_quantity=optional(count),
    kind=word_of(*KINDS),
    series=text,
    underlying=optional(symbol_text),
    expiry=optional(day_of),
    strike=optional(positive),
    right=optional(word_of(CALL, PUT)),
)


@exact
def nse_equity(
    symbol: str,
    *,
    on: date,
    last_month_close: Any = None,
    tick: Any = None,
    series: str = "EQ",
    kind: str = "stock",
    tables: Tables | None = None,
) -> Instrument:
    """An NSE cash-market instrument from the shipped tables, as of the day `on`.

    The tick of a stock follows its close on the last trading day of the previous month, so give either that
    `last_month_close` or the `tick` itself (the broker's contract master has it; of an ETF, `kind="etf"`, no table
    has). Sector and derivatives listing come from the tables, which carry their own dates; a symbol they do not know
    has no sector.

    Raises `ValueError` when neither is given, `LookupError` when no tick rule covers the day.
    """
    symbol = symbol_text(symbol, "symbol")
    return Instrument(
        symbol=symbol,
        tick=_tick(f"nse_equity({symbol!r})", tick, last_month_close, "NSE", "EQ", kind, on, tables),
        sector=sector_of(symbol, tables=tables),
        derivatives_listed=symbol in freeze.DERIVATIVES_LISTED,
        kind=kind,
        series=series,
    )


@exact
def future(
    underlying: str,
    *,
    expiry: date,
    on: date,
    exchange: str | None = None,
    last_month_close: Any = None,
    tick: Any = None,
    lot_size: Any = None,
    tables: Tables | None = None,
) -> Instrument:
    """A futures contract, with tick, lot and freeze quantity as the tables have them on the day `on`.

    The tick follows the underlying's close on the last trading day of the month before (`last_month_close`); the lot
    is the one of the expiry, because two sizes live side by side after a change. Lots of single stocks, and everything
    of currency and commodity contracts, come from the broker's contract master: give `tick` and `lot_size`, and for
    these `exchange` too, which is that of `exchange_for` otherwise.

    Raises `ValueError` where one of them is neither given nor known, or the contract has expired.

    >>> from datetime import date
    >>> nifty = future("NIFTY", expiry=date(2026, 11, 24), on=date(2026, 11, 20), last_month_close=25_900)
    >>> nifty.symbol, nifty.tick, nifty.lot_size, nifty.freeze_quantity
    ('NIFTY24NOV26FUT', Decimal('0.10'), 65, 1800)
    """
    name, expiry, on = f"future({underlying!r})", day_of(expiry, "expiry"), day_of(on, "on")
    exchange = exchange or exchange_for(underlying)
    kind = kind_of(underlying, exchange)
    step = _tick(name, tick, last_month_close, exchange, FUT, kind, on, tables)
    symbol = f"{underlying}{_expiry_text(expiry)}FUT"
    return _contract(name, symbol, underlying, expiry, on, exchange, FUT, kind, step, lot_size, tables)


@exact
def option(
    underlying: str,
    *,
    expiry: date,
    strike: Any,
    right: str,
    on: date,
    exchange: str | None = None,
    tick: Any = None,
    lot_size: Any = None,
    tables: Tables | None = None,
) -> Instrument:
    """An option contract (`right` CE or PE), with tick, lot and freeze quantity as the tables have them on `on`.

    `exchange` and errors as for `future`.

    >>> from datetime import date
    >>> option("NIFTY", expiry=date(2026, 11, 24), strike=26000, right="CE", on=date(2026, 11, 20)).symbol
    'NIFTY24NOV2626000CE'
    """
    name, exchange = f"option({underlying!r})", exchange or exchange_for(underlying)
    kind, price = kind_of(underlying, exchange), positive(strike, "strike")
    expiry, on = day_of(expiry, "expiry"), day_of(on, "on")
    side = one_of(right, "right", (CALL, PUT))
    step = _tick(name, tick, 1, exchange, OPT, kind, on, tables)  # one tick for all premiums
    symbol = f"{underlying}{_expiry_text(expiry)}{plain(price)}{side}"
    made = _contract(name, symbol, underlying, expiry, on, exchange, OPT, kind, step, lot_size, tables)
    return evolve(made, strike=price, right=side)


def exchange_for(underlying: str) -> str:
    """Where contracts on a share or an index trade, as OpenAlgo calls it: BFO on an index of BSE's, else NFO.

    >>> exchange_for("SENSEX"), exchange_for("NIFTY"), exchange_for("RELIANCE")
    ('BFO', 'NFO', 'NFO')
    """
    return "BFO" if underlying in _BSE_INDICES else "NFO"


def kind_of(underlying: str, exchange: str) -> str:
    """What a contract on this underlying is written on: index, stock, currency or commodity."""
    if exchange in _KIND_OF_EXCHANGE:
        return _KIND_OF_EXCHANGE[exchange]
    return "index" if underlying in (*freeze.INDICES, *_BSE_INDICES) else "stock"


@exact
def tick_for(
    price: Decimal,
    *,
    on: date,
    exchange: str = "NSE",
    segment: str = "EQ",
    kind: str = "stock",
    tables: Tables | None = None,
) -> Decimal:
    """The tick of a price band on a day; `LookupError` when no row covers the day.

    `price` is the close of the last trading day of the month before, of the share or of the index.
    """
    price, on = positive(price, "price"), day_of(on, "on")
    for band in _tick_bands(exchange, segment, kind, on, tables):
        if band.upper is None or price < band.upper or (band.inclusive and price == band.upper):
            return band.tick
    raise LookupError(f"no tick band for a price of {price}")


def lot_for(underlying: str, *, expiry: date, exchange: str | None = None, tables: Tables | None = None) -> int | None:
    """The lot of the contracts that expire on a day; None where no table has it (single stocks)."""
    found = first_on(rows("lots", tables), expiry, exchange or exchange_for(underlying), underlying)
    return None if found is None else int(found.lot_size)


def freeze_for(underlying: str, *, on: date, exchange: str | None = None, tables: Tables | None = None) -> int | None:
    """The largest quantity one order in an underlying's contracts may have; None where nobody has said.

    The shipped list holds from the day it was drawn (`tables/freeze.py`); the exchange revises it monthly.
    """
    on, exchange = day_of(on, "on"), exchange or exchange_for(underlying)
    found = first_on(() if tables is None else tables.freeze, on, exchange, underlying)
    if found is not None:
        return found.quantity
    if exchange != "NFO" or on.isoformat() < freeze.AS_OF:
        return None
    return freeze.FREEZE_QUANTITY.get(underlying)


def sector_of(symbol: str, *, tables: Tables | None = None) -> str | None:
    """The bucket of a symbol for the sector limit; None where no table has it."""
    own = () if tables is None else tables.sectors
    return next((row.sector for row in own if row.symbol == symbol), sectors.SECTORS.get(symbol))


def margin_pct(
    instrument: Instrument, product: str, *, on: date, side: str | None = None, tables: Tables | None = None
) -> Decimal | None:
    """Margin a position needs, in percent of its value; None when the tables do not know.

    A symbol on a surveillance list, or with a price band below 20 % in the user's list, needs more than its product
    does. Bought options (`side="BUY"`) are paid in full; futures and sold options are unknown unless a user's file
    says, because SPAN changes by the hour.
    """
    return _margin(
        instrument.exchange,
        instrument.segment,
        instrument.symbol,
        instrument.underlying or instrument.symbol,
        instrument.series,
        product,
        on,
        side,
        tables,
    )


@lru_cache(maxsize=4096)
@exact
def _margin(
    exchange: str,
    segment: str,
    symbol: str,
    underlying: str,
    series: str,
    product: str,
    on: date,
    side: str | None,
    tables: Tables | None,
) -> Decimal | None:
    names = (symbol, underlying, "ALL")
    for row in rows("margins", tables):
        same = row.exchange == exchange and row.segment in (segment, ALL) and row.product in (product, ALL)
        if same and row.symbol in names and row.side in (side, ALL) and covers(row, on):
            return _raised(Decimal(row.margin_pct), segment, symbol, series, product, on, tables)
    return None


def _raised(
    percent: Decimal, segment: str, symbol: str, series: str, product: str, on: date, tables: Tables | None
) -> Decimal:
    if segment != "EQ":
        return percent
    listed = surveillance(symbol, on=on, series=series, tables=tables)
    if listed.mis is False and product == "MIS":
        return HUNDRED
    own = () if tables is None else tables.bands
    narrow = any(row.symbol == symbol and row.band_pct < 20 and covers(row, on) for row in own)
    return HUNDRED if narrow and product == "MIS" else max(percent, listed.margin_pct or percent)


@lru_cache(maxsize=1024)
def _tick_bands(exchange: str, segment: str, kind: str, on: date, tables: Tables | None) -> tuple[TickBand, ...]:
    found = first_on(rows("ticks", tables), on, exchange, segment, kind)
    if found is None:
        what = f"{exchange} {segment}" if kind == "stock" else f"{exchange} {segment} ({kind})"
        raise LookupError(f"no tick table for {what} on {on.isoformat()}")
    bands: tuple[TickBand, ...] = found.bands
    return bands


def _tick(
    name: str, tick: Any, close: Any, exchange: str, segment: str, kind: str, on: date, tables: Tables | None
) -> Decimal:
    if not isinstance(on, date):
        raise ValueError(f"{name}: on must be a date such as date(2026, 11, 20), got {on!r}")
    if tick is not None:
        return tick_size(tick, "tick")
    if close is None:
        raise ValueError(
            f"{name}: give tick= (from the broker's contract master) "
            "or last_month_close= (the tick band follows that price)"
        )
    price = positive(close, "last_month_close")
    return tick_for(price, on=on, exchange=exchange, segment=segment, kind=kind, tables=tables)


def _contract(
    name: str,
    symbol: str,
    underlying: str,
    expiry: date,
    on: date,
    exchange: str,
    segment: str,
    kind: str,
    tick: Decimal,
    lot_size: Any,
    tables: Tables | None,
) -> Instrument:
    if expiry < on:
        raise ValueError(f"{name}: expired on {expiry.isoformat()}, before {on.isoformat()}; name a later expiry")
    lot = lot_size if lot_size is not None else lot_for(underlying, expiry=expiry, exchange=exchange, tables=tables)
    if lot is None:
        raise ValueError(f"{name}: give lot_size= (from the broker's contract master); no table has the lot")
    return Instrument(
        symbol=symbol,
        tick=tick,
        exchange=exchange,
        segment=segment,
        lot_size=lot,
        sector=f"index {underlying}" if kind == "index" else sector_of(underlying, tables=tables),
        freeze_quantity=freeze_for(underlying, on=on, exchange=exchange, tables=tables),
        kind=kind,
        underlying=underlying,
        expiry=expiry,
    )


def _expiry_text(expiry: date) -> str:
    return f"{expiry.day:02d}{MONTHS[expiry.month - 1]}{expiry.year % 100:02d}"
