"""What can be traded: a symbol with its tick, lot, sector and what the exchange says of it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.money import count, exact, positive
from riskcore.tables import freeze, margins, sectors, ticks
from riskcore.values import checks, given, settle

SYMBOL_SHAPE: Final = re.compile(r"[A-Z0-9][A-Z0-9&\-_.:]{0,49}")
EXCHANGES: Final = ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCDEX")
PRODUCTS: Final = ("MIS", "CNC", "NRML")


def symbol_text(value: Any, name: str) -> str:
    """An exchange symbol in OpenAlgo's spelling: upper case, no exchange prefix, `M&M` and not `M_M`."""
    if not isinstance(value, str) or not SYMBOL_SHAPE.fullmatch(value):
        raise ValueError(f"{name} must be a symbol in capitals such as RELIANCE or M&M, got {value!r}")
    return value


def one_of(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    """`value` in capitals if it is one of `allowed`; else an error that lists them."""
    text = value.upper() if isinstance(value, str) else value
    if text not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    return str(text)


@frozen(kw_only=True)
class Instrument:
    """A tradable symbol.

    `tick` is the price step in rupees and `lot_size` the quantity step; both are the exchange's, so take them
    from the broker's contract master when one is at hand. `sector` is the bucket of the sector limit; None
    puts the symbol into a bucket of its own. `derivatives_listed` says whether futures or options exist on it:
    such stocks leave continuous trading earlier, so the stricter answer (True) is the default.
    """

    symbol: str = field(converter=given)
    tick: Decimal = field(converter=given)
    exchange: str = field(default="NSE", converter=given)
    segment: str = "EQ"
    lot_size: int = field(default=1, converter=given)
    sector: str | None = None
    derivatives_listed: bool = True
    freeze_quantity: int | None = None

    def __attrs_post_init__(self) -> None:
        settle(self, _CHECKS)

    @property
    def key(self) -> str:
        """Exchange and symbol, `NSE:RELIANCE`: the name under which it is held and watched."""
        return f"{self.exchange}:{self.symbol}"

    @property
    def bucket(self) -> str:
        """The name under which exposure of this symbol is added up: its sector, else itself."""
        return self.sector or f"unknown sector ({self.symbol})"


_CHECKS: Final = checks(
    "Instrument",
    symbol=symbol_text,
    tick=positive,
    exchange=lambda value, name: one_of(value, name, EXCHANGES),
    lot_size=count,
)


@exact
def nse_equity(symbol: str, *, on: date, last_month_close: Any = None, tick: Any = None) -> Instrument:
    """An NSE cash-market instrument from the shipped tables, as of the day `on`.

    The tick of a stock follows its close on the last trading day of the previous month, so give either that
    `last_month_close` or the `tick` itself (the broker's contract master has it). Sector and derivatives
    listing come from the tables, which carry their own dates; a symbol they do not know has no sector.

    Raises `ValueError` when neither is given, `LookupError` when no tick rule covers the day.
    """
    if tick is None and last_month_close is None:
        raise ValueError(
            f"nse_equity({symbol!r}): give tick= (from the broker's contract master) "
            "or last_month_close= (the tick band follows that price)"
        )
    step = (
        positive(tick, "tick") if tick is not None else tick_for(positive(last_month_close, "last_month_close"), on=on)
    )
    return Instrument(
        symbol=symbol,
        tick=step,
        sector=sectors.SECTORS.get(symbol),
        derivatives_listed=symbol in freeze.DERIVATIVES_LISTED,
    )


@exact
def tick_for(price: Decimal, *, on: date, exchange: str = "NSE", segment: str = "EQ") -> Decimal:
    """The tick of a price band on a day, from the shipped table; `LookupError` when no row covers the day."""
    for first, last, row_exchange, row_segment, bands, _source in ticks.TICKS:
        if (row_exchange, row_segment) == (exchange, segment) and covers(first, last, on):
            return _band_tick(bands, price)
    raise LookupError(f"no tick table for {exchange} {segment} on {on.isoformat()}")


@exact
def margin_pct(instrument: Instrument, product: str, *, on: date) -> Decimal | None:
    """Margin a position needs, in percent of its value; None when the tables do not know."""
    wanted = (instrument.exchange, instrument.segment, product)
    for first, last, exchange, segment, row_product, percent, _source in margins.MARGINS:
        if (exchange, segment, row_product) == wanted and covers(first, last, on):
            return Decimal(percent)
    return None


def covers(first: str, last: str | None, day: date) -> bool:
    """Whether a dated table row (ISO first day, ISO last day or None for open) holds on `day`."""
    text = day.isoformat()
    return first <= text and (last is None or text <= last)


def _band_tick(bands: tuple[tuple[str | None, bool, str], ...], price: Decimal) -> Decimal:
    for upper, inclusive, tick in bands:
        if upper is None:
            return Decimal(tick)
        limit = Decimal(upper)
        if price < limit or (inclusive and price == limit):
            return Decimal(tick)
    raise LookupError(f"no tick band for a price of {price}")
