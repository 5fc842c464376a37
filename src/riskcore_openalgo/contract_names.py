"""How the names of futures and options end, with every broker: no share at NSE or BSE is called so."""

from __future__ import annotations

import re
from typing import Final

CONTRACT: Final = re.compile(r".*\d.*FUT|.*\d(CE|PE)", re.ASCII)
OF_CONTRACTS: Final = ("NFO", "BFO", "MCX", "CDS")
"""Where futures and options trade, as OpenAlgo calls it."""


def is_contract(symbol: str) -> bool:
    """Whether a symbol names a future or an option.

    >>> [is_contract(one) for one in ("NIFTY29DEC26FUT", "NIFTY29DEC2626000CE", "RELIANCE", "PEL")]
    [True, True, False, False]
    """
    return CONTRACT.fullmatch(symbol) is not None
