"""riskcore: a risk desk in a library.

A signal goes in; an approved order, or a refusal that names every rule it broke, comes out. Pure functions
over immutable values: no I/O, no clock, no randomness, no threads. See README.md for the sixty-second example.

Public names are imported when they are first used, so that `import riskcore` costs a program next to nothing
until it asks for something (docs/decisions/0009-public-names.md).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskcore.book import (
        Book as Book,
    )
    from riskcore.book import (
        Fill as Fill,
    )
    from riskcore.book import (
        Latch as Latch,
    )
    from riskcore.book import (
        Position as Position,
    )
    from riskcore.book import (
        Price as Price,
    )
    from riskcore.breakers.market import recent_range as recent_range
    from riskcore.breakers.measure import Measure as Measure
    from riskcore.breakers.measure import Observations as Observations
    from riskcore.breakers.table import measures as measures
    from riskcore.costs import (
        Charges as Charges,
    )
    from riskcore.costs import (
        ChargesUnknown as ChargesUnknown,
    )
    from riskcore.costs import (
        charges as charges,
    )
    from riskcore.costs import (
        order_charges as order_charges,
    )
    from riskcore.decision import (
        Approved as Approved,
    )
    from riskcore.decision import (
        Decision as Decision,
    )
    from riskcore.decision import (
        Refused as Refused,
    )
    from riskcore.decision import (
        decide as decide,
    )
    from riskcore.exits.levels import Breach as Breach
    from riskcore.exits.levels import breach as breach
    from riskcore.exits.levels import exit_order as exit_order
    from riskcore.instruments import (
        Instrument as Instrument,
    )
    from riskcore.instruments import (
        margin_pct as margin_pct,
    )
    from riskcore.instruments import (
        nse_equity as nse_equity,
    )
    from riskcore.instruments import (
        tick_for as tick_for,
    )
    from riskcore.orders import ApprovedEntry as ApprovedEntry
    from riskcore.orders import ApprovedExit as ApprovedExit
    from riskcore.orders import Order as Order
    from riskcore.policy import (
        Policy as Policy,
    )
    from riskcore.policy import (
        contradictions as contradictions,
    )
    from riskcore.policy import (
        policy_hash as policy_hash,
    )
    from riskcore.policy.breakers import BreakerRule as BreakerRule
    from riskcore.policy.breakers import ConnectionTimers as ConnectionTimers
    from riskcore.policy.breakers import ErrorLimit as ErrorLimit
    from riskcore.reasons import CATALOGUE as CATALOGUE
    from riskcore.reasons import Finding as Finding
    from riskcore.reasons import Reason as Reason
    from riskcore.sessions import (
        IST as IST,
    )
    from riskcore.sessions import (
        CalendarUnknown as CalendarUnknown,
    )
    from riskcore.sessions import (
        Session as Session,
    )
    from riskcore.sessions import (
        next_session_day as next_session_day,
    )
    from riskcore.sessions import (
        session_date as session_date,
    )
    from riskcore.sessions import (
        session_on as session_on,
    )
    from riskcore.signals import (
        BUY as BUY,
    )
    from riskcore.signals import (
        ENTRY as ENTRY,
    )
    from riskcore.signals import (
        EXIT as EXIT,
    )
    from riskcore.signals import (
        SELL as SELL,
    )
    from riskcore.signals import (
        Bar as Bar,
    )
    from riskcore.signals import (
        Market as Market,
    )
    from riskcore.signals import (
        Signal as Signal,
    )
    from riskcore.simulation import (
        Broker as Broker,
    )
    from riskcore.simulation import (
        Simulation as Simulation,
    )
    from riskcore.simulation import (
        evidence_from as evidence_from,
    )
    from riskcore.simulation import (
        interval_length as interval_length,
    )
    from riskcore.simulation import (
        moments as moments,
    )
    from riskcore.simulation import (
        prices_of as prices_of,
    )
    from riskcore.simulation import (
        simulate as simulate,
    )
    from riskcore.sizing import Size as Size
    from riskcore.sizing import size as size
    from riskcore.states import MATRIX as MATRIX
    from riskcore.states import allows as allows
    from riskcore.states import reduces as reduces
    from riskcore.stops import Stop as Stop
    from riskcore.stops import atr as atr
    from riskcore.stops import atr_stop as atr_stop
    from riskcore.stops import given_stop as given_stop
    from riskcore.targets import Target as Target
    from riskcore.targets import given_target as given_target
    from riskcore.targets import target as target

__version__ = "0.1.0"

_ROOMS: dict[str, tuple[str, ...]] = {
    "book": ("Book", "Fill", "Latch", "Position", "Price"),
    "breakers.market": ("recent_range",),
    "breakers.measure": ("Measure", "Observations"),
    "breakers.table": ("measures",),
    "policy.breakers": ("BreakerRule", "ConnectionTimers", "ErrorLimit"),
    "states": ("MATRIX", "allows", "reduces"),
    "costs": ("Charges", "ChargesUnknown", "charges", "order_charges"),
    "decision": ("Approved", "Decision", "Refused", "decide"),
    "exits.levels": ("Breach", "breach", "exit_order"),
    "instruments": ("Instrument", "margin_pct", "nse_equity", "tick_for"),
    "orders": ("ApprovedEntry", "ApprovedExit", "Order"),
    "policy": ("Policy", "contradictions", "policy_hash"),
    "reasons": ("CATALOGUE", "Finding", "Reason"),
    "sessions": ("IST", "CalendarUnknown", "Session", "next_session_day", "session_date", "session_on"),
    "signals": ("BUY", "ENTRY", "EXIT", "SELL", "Bar", "Market", "Signal"),
    "simulation": (
        "Broker",
        "Simulation",
        "evidence_from",
        "interval_length",
        "moments",
        "prices_of",
        "simulate",
    ),
    "sizing": ("Size", "size"),
    "stops": ("Stop", "atr", "atr_stop", "given_stop"),
    "targets": ("Target", "given_target", "target"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "BUY",
    "CATALOGUE",
    "ENTRY",
    "EXIT",
    "IST",
    "MATRIX",
    "SELL",
    "Approved",
    "ApprovedEntry",
    "ApprovedExit",
    "Bar",
    "Book",
    "Breach",
    "BreakerRule",
    "Broker",
    "CalendarUnknown",
    "Charges",
    "ChargesUnknown",
    "ConnectionTimers",
    "Decision",
    "ErrorLimit",
    "Fill",
    "Finding",
    "Instrument",
    "Latch",
    "Market",
    "Measure",
    "Observations",
    "Order",
    "Policy",
    "Position",
    "Price",
    "Reason",
    "Refused",
    "Session",
    "Signal",
    "Simulation",
    "Size",
    "Stop",
    "Target",
    "allows",
    "atr",
    "atr_stop",
    "breach",
    "charges",
    "contradictions",
    "decide",
    "evidence_from",
    "exit_order",
    "given_stop",
    "given_target",
    "interval_length",
    "margin_pct",
    "measures",
    "moments",
    "next_session_day",
    "nse_equity",
    "order_charges",
    "policy_hash",
    "prices_of",
    "recent_range",
    "reduces",
    "session_date",
    "session_on",
    "simulate",
    "size",
    "target",
    "tick_for",
]


def __getattr__(name: str) -> Any:
    """Fetch a public name from its room at first use, and keep it."""
    room = _HOME.get(name)
    if room is None:
        raise AttributeError(f"module 'riskcore' has no attribute {name!r}")
    value = getattr(import_module(f"riskcore.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
