"""What a broker takes and tells: the capability that protection and reconciliation go by."""

from __future__ import annotations

from datetime import date
from typing import Final

from riskcore.overrides import Tables, first_on, rows
from riskcore.table_rows import Capability
from riskcore.values import text

ANY: Final = "any"
PAPER: Final = "paper"
"""The simulated broker: behind it there is none that settles anything."""


def capability(broker: str, *, on: date, tables: Tables | None = None) -> Capability:
    """What the broker of that name (as OpenAlgo spells it) takes and tells on a day; of an unknown one, the least.

    >>> capability("shoonya", on=date(2026, 11, 20)).empty_proves, capability("Zerodha", on=date(2026, 11, 20)).resting
    (False, 'SL')
    """
    known = rows("brokers", tables)
    found = first_on(known, on, text(broker, "broker").lower()) or first_on(known, on, ANY)
    if found is None:
        raise ValueError(f"the table of brokers says nothing of {on.isoformat()}; it begins later")
    capable: Capability = found
    return capable
