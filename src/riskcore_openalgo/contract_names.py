"""The names of futures and options: how they end with every broker, and what OpenAlgo's own spelling of them says."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final, NamedTuple

import riskcore as rc

CONTRACT: Final = re.compile(r".*\d.*FUT|.*\d(CE|PE)", re.ASCII)
OF_CONTRACTS: Final = ("NFO", "BFO", "MCX", "CDS")
"""Where futures and options trade, as OpenAlgo calls it."""
PARTS: Final = re.compile(
    r"(?P<underlying>.+?)(?P<day>\d\d)(?P<month>[A-Z]{3})(?P<year>\d\d)(?:FUT|(?P<strike>\d+(?:\.\d+)?)(?P<right>CE|PE))",
    re.ASCII,
)
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class ContractName(NamedTuple):
    """What the name of a contract says; `strike` and `right` are None of a future."""

    underlying: str
    expiry: date
    strike: str | None
    right: str | None


def is_contract(symbol: str) -> bool:
    """Whether a symbol names a future or an option.

    >>> [is_contract(one) for one in ("NIFTY29DEC26FUT", "NIFTY29DEC2626000CE", "RELIANCE", "PEL")]
    [True, True, False, False]
    """
    return CONTRACT.fullmatch(symbol) is not None


def parts_of(symbol: str) -> ContractName | None:
    """What a contract's name says, as OpenAlgo spells it; None where it is spelt otherwise.

    >>> parts_of("NIFTY29DEC2626000CE")
    ContractName(underlying='NIFTY', expiry=datetime.date(2026, 12, 29), strike='26000', right='CE')
    """
    found = PARTS.fullmatch(symbol)
    if found is None:
        return None
    try:
        expiry = date(2000 + int(found["year"]), MONTHS.index(found["month"]) + 1, int(found["day"]))
    except ValueError:  # no such month, or no such day in it
        return None
    return ContractName(found["underlying"], expiry, found["strike"], found["right"])


def contract_of(named: ContractName, **about: Any) -> rc.Instrument:
    """The future or option of a name; `about` is what `rc.future` and `rc.option` take, and `ValueError` as of them."""
    if named.strike is None:
        return rc.future(named.underlying, expiry=named.expiry, **about)
    about.pop("last_month_close", None)
    return rc.option(named.underlying, expiry=named.expiry, strike=named.strike, right=str(named.right), **about)
