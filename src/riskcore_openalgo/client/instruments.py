"""Instruments as the core wants them: the broker's contract master merged with the market tables, kept for a day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Protocol

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.client.failures import UNKNOWN, ReadFailed
from riskcore_openalgo.client.market import Quote, SymbolInfo
from riskcore_openalgo.config.settings import InstrumentGiven
from riskcore_openalgo.contract_names import contract_of, parts_of

CASH: Final = ("NSE", "BSE")
IN_UNITS: Final = ("NFO", "BFO")
"""Where every broker counts shares. Of commodities and currencies some count contracts, and say a lot of 1."""
SERIES: Final = re.compile(r"-([A-Z]{2})$", re.ASCII)
"""The series that brokers hang on a share's own symbol: RELIANCE-EQ, XYZ-BE."""


COARSE: Final = Decimal("0.25")
"""A tick from here on may be in paise: Upstox's plugin told 5 of what is 0.05, and of a currency 0.25 of 0.0025."""


ANY_SHARES: Final = Decimal("0.05")
"""A share's tick that may be nobody's: Flattrade's plugin says it of each, of those too whose tick is 0.10 or 5."""
RISE: Final = Decimal("1.2")
"""The band of a tick goes by last month's close: one that stood a fifth higher then has the tick of that band."""


class SymbolSource(Protocol):
    """Who knows a symbol and its price: a `Client`."""

    def symbol(self, exchange: str, symbol: str) -> SymbolInfo:
        """What the contract master says; `ReadFailed` where it says nothing."""

    def quote(self, exchange: str, symbol: str) -> Quote:
        """A quote of it; `ReadFailed` where there is none."""


class InstrumentCache:
    """Instruments by exchange and symbol, each asked for once in a session.

    Tick, lot and freeze quantity are the broker's (a tick as far as its quote bears it out); sector, listing of
    derivatives and a freeze quantity that the broker lacks are the tables'. What the user has said of a symbol
    (`given`) comes before both.
    """

    def __init__(
        self,
        source: SymbolSource,
        *,
        tables: rc.Tables | None = None,
        given: Mapping[str, InstrumentGiven] | None = None,
    ) -> None:
        self._source, self._tables = source, tables
        self._given = {} if given is None else given
        self._day: date | None = None
        self._known: dict[tuple[str, str], rc.Instrument] = {}

    def known(self, exchange: str, symbol: str, on: date) -> rc.Instrument | None:
        """The instrument as of the day `on`, where nobody need be asked for it."""
        return self._known.get((exchange, symbol)) if on == self._day else None

    def instrument(self, exchange: str, symbol: str, on: date) -> rc.Instrument:
        """The instrument as of the day `on`; `ReadFailed` where it cannot be known, which is not remembered."""
        if on != self._day:
            self._day, self._known = on, {}
        known = self._known.get((exchange, symbol))
        if known is None:
            info, given = self._source.symbol(exchange, symbol), self._given.get(symbol)
            info, sure = (info, True) if given is not None and given.tick is not None else self._with_its_tick(info, on)
            known = merged(info, on, self._tables, given)
            if sure:
                self._known[exchange, symbol] = known
        return known

    def _with_its_tick(self, info: SymbolInfo, on: date) -> tuple[SymbolInfo, bool]:
        """The same with its tick as its quote bears it out, and whether there was one where a tick may be nobody's."""
        if info.tick >= COARSE:
            return in_rupees(info, self._source.quote(info.exchange, info.symbol)), True
        if info.tick != ANY_SHARES or info.exchange not in CASH:
            return info, True
        try:
            return on_its_band(info, self._source.quote(info.exchange, info.symbol), on, self._tables), True
        except ReadFailed:
            return info, False


def in_rupees(info: SymbolInfo, quote: Quote) -> SymbolInfo:
    """The same with its tick in rupees, as its prices show it: most stand on a tick, and few on a larger one."""
    told = (quote.last, quote.bid, quote.ask, quote.open, quote.high, quote.low, quote.previous_close)
    prices = {price for price in told if price is not None}
    off = sum(bool(price % info.tick) for price in prices)
    return evolve(info, tick=info.tick / 100) if 2 * off >= len(prices) else info


def on_its_band(info: SymbolInfo, quote: Quote, on: date, tables: rc.Tables | None) -> SymbolInfo:
    """The same with the tick of its price's band, where that is coarser: its steps are steps of a finer one too."""
    price = max(price for price in (quote.last, quote.previous_close) if price is not None) * RISE
    try:
        return evolve(info, tick=max(info.tick, rc.tick_for(price, on=on, tables=tables)))
    except LookupError:
        return info


def merged(
    info: SymbolInfo, on: date, tables: rc.Tables | None = None, given: InstrumentGiven | None = None
) -> rc.Instrument:
    """The instrument that a contract master's row and the tables make; `ReadFailed` where they make none."""
    try:
        if info.exchange in CASH:
            made = _share(info, on, tables, None if given is None else given.kind)
        else:
            _refuse_kind(info, given)
            made = _contract(info, on, tables)
            _require_units(info, given)
        return made if given is None else evolve(made, **_told(given))
    except (ValueError, LookupError) as problem:
        raise ReadFailed(f"symbol {info.key}", str(problem), UNKNOWN) from None


def _told(given: InstrumentGiven) -> dict[str, Any]:
    names = ("tick", "lot_size", "sector", "derivatives_listed")
    told = {name: getattr(given, name) for name in names}
    return {name: value for name, value in told.items() if value is not None}


def _share(info: SymbolInfo, on: date, tables: rc.Tables | None, kind: str | None) -> rc.Instrument:
    series = SERIES.search(info.broker_symbol)
    made = rc.nse_equity(
        info.symbol,
        on=on,
        tick=info.tick,
        series=series[1] if series else "EQ",
        kind=kind or ("etf" if "ETF" in info.instrument_type else "stock"),
        tables=tables,
    )
    return evolve(made, exchange=info.exchange, lot_size=info.lot_size, freeze_quantity=info.freeze_quantity)


def _refuse_kind(info: SymbolInfo, given: InstrumentGiven | None) -> None:
    if given is not None and given.kind is not None:
        raise ValueError(
            f"its kind is that of what it is written on: take kind: {given.kind} away "
            f"(system_config.yaml, system: instruments: {info.symbol}:)"
        )


def _require_units(info: SymbolInfo, given: InstrumentGiven | None) -> None:
    """Refuse a lot of 1 that may be a contract of a hundred barrels: all its money would be reckoned as for one."""
    said = given is not None and given.lot_size is not None
    if info.lot_size == 1 and info.exchange not in IN_UNITS and not said:
        raise ValueError(
            "the contract master says a lot of 1: a broker that counts contracts says so of any, and risk would be "
            "reckoned far too small. Only where a contract gains one rupee with each rupee of its price, set "
            f"lot_size: 1 for {info.symbol} (system_config.yaml, system: instruments:)"
        )


def _contract(info: SymbolInfo, on: date, tables: rc.Tables | None) -> rc.Instrument:
    named = parts_of(info.symbol)
    if named is None:
        raise ValueError(f"{info.exchange} trades contracts, and {info.symbol} is none that this version can read")
    if info.expiry is not None and info.expiry != named.expiry:
        raise ValueError(f"its name says that it expires on {named.expiry}, the contract master says {info.expiry}")
    made = contract_of(named, on=on, exchange=info.exchange, tick=info.tick, lot_size=info.lot_size, tables=tables)
    freeze = made.freeze_quantity if info.freeze_quantity is None else info.freeze_quantity
    return evolve(made, symbol=info.symbol, freeze_quantity=freeze)
