"""Names that stand for no share of the tables: contracts, refused under a name alone; indices; others' spellings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import riskcore as rc
from riskcore_openalgo.contract_names import is_contract

if TYPE_CHECKING:
    from riskcore_openalgo.lab.columns import Columns

INDEX: Final = frozenset(
    (
        "NIFTY",
        "NIFTY50",
        "BANKNIFTY",
        "FINNIFTY",
        "MIDCPNIFTY",
        "NIFTYNXT50",
        "INDIAVIX",
        "SENSEX",
        "SENSEX50",
        "BANKEX",
    )
)
"""The indices with derivatives, and as brokers call them beside; funds that follow one (NIFTYBEES) are shares."""
SHARES: Final = "EQ"
OPTIONS: Final = "OPT"
SPELT: Final = re.compile(r"(.+)[.\-_](NS|BO|NSE|BSE|EQ|BE)", re.ASCII)
"""A share as other programs call it: INFY.NS, INFY-EQ."""


def why_no_share(symbol: str) -> str | None:
    """Why a name alone may not stand for a share, in words to go on from; None where it may."""
    if not is_contract(symbol):
        return None
    return f"{symbol} is the name of a future or an option, and a name alone stands for a share at NSE"


def indices_of(simulation: rc.Simulation, series: Mapping[rc.Instrument, Columns]) -> Iterator[str]:
    """A line for each index that was traded as a share, and one for what never had a volume.

    One that is only looked at, to trade others, is none of them.
    """
    traded = {trade.key for trade in simulation.trades}
    traded |= {position.instrument.key for position in simulation.state.book.positions}
    remedy = "trade its future, or its option, as an rc.Instrument of its own (rc.future, rc.option)"
    for thing, table in series.items():
        if thing.segment != SHARES or thing.key not in traded:
            continue
        if thing.symbol in INDEX:
            yield f"{thing.key} is an index: nobody can buy it, and it has the lot and the charges of a share; {remedy}"
        elif table.told_volume and not table.volume.any():
            yield f"{thing.key} has no volume in any bar, as an index has none: if it is one, {remedy}"


def spellings_of(series: Mapping[rc.Instrument, Columns], policy: rc.Policy) -> Iterator[str]:
    """A line where shares bear another program's name, under which the tables know nothing of them."""
    odd = []
    for thing in series:
        spelt = SPELT.fullmatch(thing.symbol)
        if spelt and thing.sector is None and rc.sector_of(spelt[1], tables=policy.tables) is not None:
            odd.append((thing.key, spelt[1]))
    if odd:
        key, ours = odd[0]
        yield (
            f"{len(odd)} names are another program's, the first {key}: the tables know it as {ours}; called so it has "
            "no sector (for max_sector_exposure a bucket of its own), and the hours of a share without derivatives"
        )
