"""A fake OpenAlgo for tests: HTTP and WebSocket on the loopback, with a scriptable broker behind it.

    clock = lambda: datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
    broker = FakeBroker(clock=clock, cash=1_000_000, profile=LIVE)
    broker.quote("NSE:RELIANCE", last=2500)
    with FakeOpenAlgo(broker, key="secret") as server:
        broker.script(Fault("placeorder", "timeout", executed=True, seconds=1))
        ...  # point a client at server.host and server.ws_url
    assert broker.truth().position("NSE:RELIANCE") == 10

The broker alone needs nothing but this package; the server's stream needs websockets (`riskcore[testing]`).
"""

from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.checks import Refusal
from riskcore_openalgo.testing.door import Served
from riskcore_openalgo.testing.events import Event, Message
from riskcore_openalgo.testing.fault import Fault
from riskcore_openalgo.testing.orders import FakeHolding, FakeOrder, FakePosition, FakeTrade, Truth
from riskcore_openalgo.testing.profile import LETTERS, LIVE, SANDBOX, SHOONYA, ZERODHA, Profile
from riskcore_openalgo.testing.server import FakeOpenAlgo
from riskcore_openalgo.testing.venue import OrderRequest, Placed

__all__ = [
    "LETTERS",
    "LIVE",
    "SANDBOX",
    "SHOONYA",
    "ZERODHA",
    "Event",
    "FakeBroker",
    "FakeHolding",
    "FakeOpenAlgo",
    "FakeOrder",
    "FakePosition",
    "FakeTrade",
    "Fault",
    "Message",
    "OrderRequest",
    "Placed",
    "Profile",
    "Refusal",
    "Served",
    "Truth",
]
