"""The client: OpenAlgo through its own SDK, typed. One code for the lines 1.0.47 and 2.x; what one lacks is found out.

A call never leaks the key, an order call never raises for what a server or a network does, and a read that does not
give what was asked for is a `ReadFailed` that names it.
"""

try:
    import openalgo  # noqa: F401 - the rooms below need it; asked here once, to say what to install
except ImportError as missing:
    raise ImportError('riskcore_openalgo.client needs OpenAlgo\'s SDK: pip install "riskcore[openalgo]"') from missing

from riskcore_openalgo.client.budget import ENTRY, EXIT, READ, Budget
from riskcore_openalgo.client.calendar_rows import Holiday, Window
from riskcore_openalgo.client.client import Client
from riskcore_openalgo.client.failures import (
    NETWORK,
    NO_FUNDS,
    NO_LOGIN,
    NOT_SENT,
    RATE_LIMITED,
    REJECTED,
    UNKNOWN,
    ReadFailed,
)
from riskcore_openalgo.client.instruments import InstrumentCache
from riskcore_openalgo.client.market import Depth, Level, Quote, SymbolInfo
from riskcore_openalgo.client.money_rows import Funds, MarginNeeded
from riskcore_openalgo.client.outcomes import Accepted, AwaitingApproval, Outcome, Rejected, Unknown
from riskcore_openalgo.client.triggers import Gtt, GttLeg, GttWanted
from riskcore_openalgo.client.wanted import OrderWanted

__all__ = [
    "ENTRY",
    "EXIT",
    "NETWORK",
    "NOT_SENT",
    "NO_FUNDS",
    "NO_LOGIN",
    "RATE_LIMITED",
    "READ",
    "REJECTED",
    "UNKNOWN",
    "Accepted",
    "AwaitingApproval",
    "Budget",
    "Client",
    "Depth",
    "Funds",
    "Gtt",
    "GttLeg",
    "GttWanted",
    "Holiday",
    "InstrumentCache",
    "Level",
    "MarginNeeded",
    "OrderWanted",
    "Outcome",
    "Quote",
    "ReadFailed",
    "Rejected",
    "SymbolInfo",
    "Unknown",
    "Window",
]
