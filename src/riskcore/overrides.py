"""The market's facts, a user's own before the shipped ones: where a look-up starts.

A `Tables` holds only what a user's files say. Every look-up takes one (None: nothing of the user's own), reads the
user's rows in their order and then the shipped ones, and takes the first that covers the day. So a user's row
replaces a shipped one for the days and the subject it names, and adds where nothing is shipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final, Protocol, TypeVar

from attrs import frozen

from riskcore.table_checks import ALL, Checked, day_of, fact, some
from riskcore.table_rows import (
    CalendarDay,
    Capability,
    ChargeRates,
    ExpiryDay,
    Freeze,
    FundTax,
    Hours,
    ListEffect,
    Listing,
    Lot,
    Margin,
    Phase,
    PriceBand,
    SectorOf,
    SettlementRates,
    TickBand,
    Ticks,
    Window,
    Year,
)
from riskcore.tables import (
    bands,
    brokers,
    calendar,
    charges,
    expiries,
    lots,
    margins,
    phases,
    square_off,
    surveillance,
    ticks,
)
from riskcore.values import optional


@frozen(kw_only=True, cache_hash=True)
class Tables(Checked):
    """A user's own market facts; whatever is empty is as shipped.

    `surveillance` None means that no list was given, so that nobody knows whether a symbol stands on one: that is
    another answer than an empty list. `surveillance_as_of` is the day the lists were drawn.
    """

    years: tuple[Year, ...] = fact(some(Year), default=())
    days: tuple[CalendarDay, ...] = fact(some(CalendarDay), default=())
    hours: tuple[Hours, ...] = fact(some(Hours), default=())
    phases: tuple[Phase, ...] = fact(some(Phase), default=())
    square_off: tuple[Window, ...] = fact(some(Window), default=())
    ticks: tuple[Ticks, ...] = fact(some(Ticks), default=())
    lots: tuple[Lot, ...] = fact(some(Lot), default=())
    freeze: tuple[Freeze, ...] = fact(some(Freeze), default=())
    bands: tuple[PriceBand, ...] = fact(some(PriceBand), default=())
    margins: tuple[Margin, ...] = fact(some(Margin), default=())
    charges: tuple[ChargeRates, ...] = fact(some(ChargeRates), default=())
    funds: tuple[FundTax, ...] = fact(some(FundTax), default=())
    settlement: tuple[SettlementRates, ...] = fact(some(SettlementRates), default=())
    expiries: tuple[ExpiryDay, ...] = fact(some(ExpiryDay), default=())
    sectors: tuple[SectorOf, ...] = fact(some(SectorOf), default=())
    brokers: tuple[Capability, ...] = fact(some(Capability), default=())
    surveillance: tuple[Listing, ...] | None = fact(optional(some(Listing)), default=None)
    surveillance_as_of: date | None = fact(optional(day_of), default=None)


@lru_cache(maxsize=256)
def one_of(tables: Tables) -> Tables:
    """The first of all equal tables: so that who keeps one by another finds it without comparing their rows."""
    return tables


class _HasSubject(Protocol):
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...
    @property
    def subject(self) -> tuple[str, ...]: ...


Found = TypeVar("Found", bound=_HasSubject)
_SHIPPED: Final[dict[str, tuple[type, Iterable[Any]]]] = {
    "hours": (Hours, calendar.HOURS),
    "phases": (Phase, phases.PHASES),
    "square_off": (Window, square_off.SQUARE_OFF),
    "ticks": (Ticks, ticks.TICKS),
    "lots": (Lot, lots.LOTS),
    "bands": (PriceBand, bands.BANDS),
    "margins": (Margin, margins.MARGINS),
    "charges": (ChargeRates, charges.CHARGES),
    "funds": (FundTax, charges.FUNDS),
    "settlement": (SettlementRates, charges.SETTLEMENT),
    "expiries": (ExpiryDay, expiries.EXPIRIES),
    "brokers": (Capability, brokers.BROKERS),
    "effects": (ListEffect, surveillance.EFFECTS),
}


@cache
def shipped(table: str) -> tuple[Any, ...]:
    """The shipped rows of a table, as the values a user's rows become too."""
    kind, literals = _SHIPPED[table]
    return tuple(_row(kind, literal) for literal in literals)


def rows(table: str, tables: Tables | None) -> tuple[Any, ...]:
    """A table's rows in the order in which they are asked: the user's own, then the shipped ones."""
    own: tuple[Any, ...] = () if tables is None else getattr(tables, table, ())
    return (*own, *shipped(table))


def covers(row: _HasSubject, on: date) -> bool:
    """Whether a dated row holds on a day. `ValueError` for what is no day: a moment is none."""
    try:
        return row.since <= on and (row.until is None or on <= row.until)
    except TypeError:
        raise ValueError(f"the day must be a date, such as date(2026, 11, 20), got {on!r:.60}") from None


def first_on(found: Iterable[Found], on: date, *subject: str) -> Found | None:
    """The first row that is about the subject (or about all) and holds on the day."""
    for row in found:
        if covers(row, on) and all(mine in (wanted, ALL) for mine, wanted in zip(row.subject, subject, strict=True)):
            return row
    return None


def _row(kind: type, literal: dict[str, Any]) -> Any:
    made = {("since" if k == "from" else "until" if k == "to" else k): v for k, v in literal.items()}
    if kind is Ticks:
        made["bands"] = tuple(TickBand(**band) for band in made["bands"])
    return kind(**made)
