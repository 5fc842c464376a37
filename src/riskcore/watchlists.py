"""What the exchange's surveillance lists mean for a symbol, and what is unknown while nobody has given them.

The lists (ASM, GSM, ESM, trade for trade) change daily, so none is shipped: a user's file gives them, with the day
they were drawn. Without that file the answer is "unknown", which a rule can tell from "on no list".
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from attrs import frozen

from riskcore.money import HUNDRED
from riskcore.overrides import Tables, covers, first_on, rows
from riskcore.table_rows import ListEffect, Listing

TRADE_FOR_TRADE: Final = ("BE", "BT", "BZ", "T", "TS", "XT", "Z")
"""Series and groups of NSE and BSE in which every purchase is delivered."""


@frozen
class Surveillance:
    """Where a symbol stands: `listed` names its lists and stages, `as_of` the day the lists were drawn.

    `known` is False when no list was given: then `mis`, `netting` and `margin_pct` are None unless the symbol's
    series alone decides. `mis` says whether intraday leverage is allowed, `margin_pct` the least margin in percent of
    value (None: none beyond the product's own), `netting` whether shares bought today may be sold today.
    """

    known: bool
    listed: tuple[str, ...] = ()
    mis: bool | None = None
    margin_pct: Decimal | None = None
    netting: bool | None = None
    as_of: date | None = None


def surveillance(symbol: str, *, on: date, series: str = "EQ", tables: Tables | None = None) -> Surveillance:
    """What the surveillance lists say of a symbol on a day; the strictest where it stands on several.

    Source of the effects: `tables/surveillance.py`. A list or a stage that the table does not know counts as the
    strictest: no MIS, the whole value as margin, no netting.

    >>> from datetime import date
    >>> surveillance("RELIANCE", on=date(2026, 11, 20)).known
    False
    """
    return _surveillance(symbol, on, series, tables)


@lru_cache(maxsize=4096)
def _surveillance(symbol: str, on: date, series: str, tables: Tables | None) -> Surveillance:
    given = None if tables is None else tables.surveillance
    as_of = None if tables is None else tables.surveillance_as_of
    mine = [row for row in given or () if row.symbol == symbol and covers(row, on)]
    if series in TRADE_FOR_TRADE:
        mine.append(Listing(symbol=symbol, list="T2T", since=on, source=f"series {series}"))
    if not mine:
        known = given is not None
        return Surveillance(known, (), True if known else None, None, True if known else None, as_of)
    effects = [_effect(row, on) for row in mine]
    return Surveillance(
        given is not None,
        tuple(f"{row.list} {row.stage}" if row.stage != "all" else row.list for row in mine),
        all(effect.mis for effect in effects),
        max(effect.margin_pct for effect in effects),
        all(effect.netting for effect in effects),
        as_of,
    )


def _effect(row: Listing, on: date) -> ListEffect:
    found: ListEffect | None = first_on(rows("effects", None), on, row.list, row.stage)
    return found or ListEffect(since=on, list=row.list, mis=False, margin_pct=HUNDRED, netting=False)
