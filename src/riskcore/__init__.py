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
    from riskcore.exits.breakeven import breakeven_price as breakeven_price
    from riskcore.exits.legs import open_legs as open_legs
    from riskcore.exits.legs import scaled_legs as scaled_legs
    from riskcore.exits.levels import Breach as Breach
    from riskcore.exits.levels import breach as breach
    from riskcore.exits.levels import exit_order as exit_order
    from riskcore.exits.timing import time_stop_at as time_stop_at
    from riskcore.exits.timing import time_stop_due as time_stop_due
    from riskcore.exits.trailing import advance as advance
    from riskcore.exits.trailing import trailed as trailed
    from riskcore.exits.trailing import trailed_stop as trailed_stop
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
    from riskcore.orders import TargetLeg as TargetLeg
    from riskcore.policy import (
        Policy as Policy,
    )
    from riskcore.policy import (
        contradictions as contradictions,
    )
    from riskcore.policy import (
        policy_hash as policy_hash,
    )
    from riskcore.positions import Trail as Trail
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
        fresh_atr as fresh_atr,
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
    "costs": ("Charges", "ChargesUnknown", "charges", "order_charges"),
    "decision": ("Approved", "Decision", "Refused", "decide"),
    "exits.breakeven": ("breakeven_price",),
    "exits.legs": ("open_legs", "scaled_legs"),
    "exits.levels": ("Breach", "breach", "exit_order"),
    "exits.timing": ("time_stop_at", "time_stop_due"),
    "exits.trailing": ("advance", "trailed", "trailed_stop"),
    "instruments": ("Instrument", "margin_pct", "nse_equity", "tick_for"),
    "orders": ("ApprovedEntry", "ApprovedExit", "Order", "TargetLeg"),
    "policy": ("Policy", "contradictions", "policy_hash"),
    "positions": ("Trail",),
    "reasons": ("CATALOGUE", "Finding", "Reason"),
    "sessions": ("IST", "CalendarUnknown", "Session", "next_session_day", "session_date", "session_on"),
    "signals": ("BUY", "ENTRY", "EXIT", "SELL", "Bar", "Market", "Signal"),
    "simulation": (
        "Broker",
        "Simulation",
        "evidence_from",
        "fresh_atr",
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
    "SELL",
    "Approved",
    "ApprovedEntry",
    "ApprovedExit",
    "Bar",
    "Book",
    "Breach",
    "Broker",
    "CalendarUnknown",
    "Charges",
    "ChargesUnknown",
    "Decision",
    "Fill",
    "Finding",
    "Instrument",
    "Latch",
    "Market",
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
    "TargetLeg",
    "Trail",
    "advance",
    "atr",
    "atr_stop",
    "breach",
    "breakeven_price",
    "charges",
    "contradictions",
    "decide",
    "evidence_from",
    "exit_order",
    "fresh_atr",
    "given_stop",
    "given_target",
    "interval_length",
    "margin_pct",
    "moments",
    "next_session_day",
    "nse_equity",
    "open_legs",
    "order_charges",
    "policy_hash",
    "prices_of",
    "scaled_legs",
    "session_date",
    "session_on",
    "simulate",
    "size",
    "target",
    "tick_for",
    "time_stop_at",
    "time_stop_due",
    "trailed",
    "trailed_stop",
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
