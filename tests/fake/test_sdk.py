"""The installed SDK against the fake: what each call returned from OpenAlgo, it returns from the fake.

The same file runs with both lines of the SDK: `sdk_1.0.47.json` and `sdk_2.0.5.json`.
"""

import time
from importlib.metadata import version

import pytest

from riskcore_openalgo.testing import Fault
from tests.fake.compare import differences
from tests.fake.exchanges import rows
from tests.fake.stories import bars
from tests.fake.world import KEY

pytestmark = pytest.mark.smoke  # under the older line of the SDK too

INSTALLED = "1.0.47" if version("openalgo").startswith("1.") else "2.0.5"
RECORDED = {row["case"]: row for row in rows(f"sdk_{INSTALLED}")}
SHARE = {"symbol": "RELIANCE", "exchange": "NSE"}
ORDER = {"strategy": "sdk", **SHARE, "action": "BUY", "product": "MIS", "price_type": "MARKET", "quantity": 10}
NOSUCH = {**ORDER, "symbol": "NOSUCH"}
DAYS = {"start_date": "2026-11-16", "end_date": "2026-11-20"}
MINUTES = {"start_date": "2026-11-20", "end_date": "2026-11-23"}
WEEKEND = {"start_date": "2026-11-21", "end_date": "2026-11-22"}
MARGIN = {**SHARE, "action": "BUY", "product": "MIS", "pricetype": "LIMIT", "quantity": "10", "price": "1400"}


def changed(**fields):
    """Cancel-and-modify calls name the whole order."""
    return {"strategy": "sdk", **SHARE, "action": "BUY", "product": "MIS", "price_type": "LIMIT", "price": 1, **fields}


# Case of the recording -> the call; `o` is the id of the first order, `l` that of the resting one.
STORY = {
    "funds": lambda c, ids: c.funds(),
    "placeorder success": lambda c, ids: c.placeorder(**ORDER),
    "placeorder LIMIT open": lambda c, ids: c.placeorder(**{**ORDER, "price_type": "LIMIT", "price": 1300}),
    "placeorder with stoploss/target kwargs": lambda c, ids: c.placeorder(**ORDER, stoploss=1390, target=1410),
    "placeorder unknown symbol": lambda c, ids: c.placeorder(**NOSUCH),
    "placeorder quantity 0": lambda c, ids: c.placeorder(**{**ORDER, "quantity": 0}),
    "placeorder quantity 1.5": lambda c, ids: c.placeorder(**{**ORDER, "quantity": 1.5}),
    "placeorder quantity True": lambda c, ids: c.placeorder(**{**ORDER, "quantity": True}),
    "placeorder unknown exchange": lambda c, ids: c.placeorder(**{**ORDER, "exchange": "XNSE"}),
    "placeorder insufficient margin": lambda c, ids: c.placeorder(**{**ORDER, "quantity": 10_000_000}),
    "placeorder CNC sell rejected (order id is in the server's body)": lambda c, ids: c.placeorder(
        **{**ORDER, "symbol": "HDFCBANK", "action": "SELL", "product": "CNC"}
    ),
    "orderstatus": lambda c, ids: c.orderstatus(order_id=ids["o"], strategy="sdk"),
    "orderstatus unknown": lambda c, ids: c.orderstatus(order_id="999", strategy="sdk"),
    "cancelorder": lambda c, ids: c.cancelorder(order_id=ids["l"], strategy="sdk"),
    "cancelorder again": lambda c, ids: c.cancelorder(order_id=ids["l"], strategy="sdk"),
    "cancelorder unknown": lambda c, ids: c.cancelorder(order_id="999", strategy="sdk"),
    "modifyorder complete order": lambda c, ids: c.modifyorder(order_id=ids["o"], **changed(quantity=5)),
    "placesmartorder": lambda c, ids: c.placesmartorder(**{**ORDER, "symbol": "TCS", "quantity": 0}, position_size=2),
    "orderbook": lambda c, ids: c.orderbook(),
    "tradebook": lambda c, ids: c.tradebook(),
    "positionbook": lambda c, ids: c.positionbook(),
    "holdings": lambda c, ids: c.holdings(),
    "analyzerstatus": lambda c, ids: c.analyzerstatus(),
    "openposition": lambda c, ids: c.openposition(strategy="sdk", **SHARE, product="MIS"),
    "quotes": lambda c, ids: c.quotes(**SHARE),
    "quotes unknown symbol": lambda c, ids: c.quotes(symbol="NOSUCH", exchange="NSE"),
    "multiquotes": lambda c, ids: c.multiquotes(symbols=[SHARE, {"symbol": "NOSUCH", "exchange": "NSE"}]),
    "depth": lambda c, ids: c.depth(**SHARE),
    "history empty range": lambda c, ids: c.history(**SHARE, interval="D", **WEEKEND),
    "history bad interval": lambda c, ids: c.history(**SHARE, interval="7m", **DAYS),
    "symbol": lambda c, ids: c.symbol(symbol="NIFTY29DEC26FUT", exchange="NFO"),
    "search": lambda c, ids: c.search(query="RELIANCE", exchange="NSE"),
    "intervals": lambda c, ids: c.intervals(),
    "expiry": lambda c, ids: c.expiry(symbol="NIFTY", exchange="NFO", instrumenttype="futures"),
    "margin": lambda c, ids: c.margin(positions=[MARGIN]),
    "holidays": lambda c, ids: c.holidays(year=2026),
    "timings": lambda c, ids: c.timings(date="2026-11-23"),
    "closeposition": lambda c, ids: c.closeposition(strategy="sdk"),
    "cancelallorder": lambda c, ids: c.cancelallorder(strategy="sdk"),
}
CALLS = {"placeorder": lambda client: client.placeorder(**ORDER), "funds": lambda client: client.funds()}
PEERS = {
    "[502]": ("html", {"status": 502, "message": "<html>Bad Gateway</html>"}),
    "[empty200]": ("empty_body", {}),
    "[html200]": ("html", {"status": 200, "message": "<html>login</html>"}),
    "[err200]": ("status", {"status": 200, "message": "m"}),
    "[list200]": ("unreadable", {"message": "[]"}),
    "[drop]": ("drop", {}),
}


def test_a_day_with_the_sdk_returns_what_was_recorded(world, sdk):
    """Every method that the recording tried, in its order."""
    bars(world)
    world.broker.holidays[2026] = RECORDED["holidays"]["returned"]["data"]
    client, ids = sdk(world), {}
    for case, call in STORY.items():
        returned = call(client, ids)
        if case in {"placeorder success", "placeorder LIMIT open"}:
            ids["o" if case.endswith("success") else "l"] = returned["orderid"]
        assert differences(RECORDED[case]["returned"], returned) == [], case


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # the SDK's own use of pandas, which 3.1 warns of
@pytest.mark.parametrize(("case", "interval", "days"), [("history daily", "D", DAYS), ("history 5m", "5m", MINUTES)])
def test_history_becomes_the_same_frame(world, sdk, case, interval, days):
    """Columns, types, and what the index says of the zone."""
    bars(world)
    frame = sdk(world).history(**SHARE, interval=interval, **days)
    recorded = RECORDED[case]["returned"]
    assert list(frame.columns) == recorded["columns"]
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == recorded["dtypes"]
    assert (frame.index.tz is not None) == ("+05:30" in recorded["index"])
    assert frame["high"].tolist()[:2] == [1410.0, 1410.0]


@pytest.mark.parametrize("name", ["funds", "placeorder", "quotes", "positionbook", "history"])
def test_a_bad_key_is_what_it_was(world, sdk, name):
    """403, in the SDK's words."""
    client = sdk(world, key="0" * 64)
    arguments = {"quotes": SHARE, "history": {**SHARE, "interval": "D", **DAYS}, "placeorder": ORDER}.get(name, {})
    returned = getattr(client, name)(**arguments)
    assert differences(RECORDED[f"bad api key: {name}"]["returned"], returned) == []


@pytest.mark.parametrize("peer", sorted(PEERS))
@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_spoilt_answer_is_read_as_it_was(world, sdk, name, peer):
    """Each canned peer of the recording is a fault of the fake; nothing was done, or everything."""
    kind, settings = PEERS[peer]
    for executed in (False, True):
        world.broker.script(Fault(name, kind, executed=executed, **settings))
        returned = CALLS[name](sdk(world))
        assert differences(RECORDED[f"canned peer {peer}: {name}"]["returned"], returned) == []
    assert world.broker.truth().position("NSE:RELIANCE") == (10 if name == "placeorder" else 0)


def test_F20_a_timed_out_order_was_executed(make_world, sdk):
    """The client gave up; the order is in the book, complete."""
    world = make_world(wait=None)
    world.broker.script(Fault("placeorder", "timeout", executed=True, seconds=5))
    returned = sdk(world, timeout=0.2).placeorder(**ORDER)
    case = "timeout (1 s) on placeorder of a symbol (did the server still place it?)"
    assert differences(RECORDED[case]["returned"], returned) == []
    ends = time.monotonic() + 60
    while not world.broker.truth().orders and time.monotonic() < ends:
        time.sleep(0.01)
    assert [order.status for order in world.broker.truth().orders] == ["complete"]


def test_a_refused_connection_is_what_it_was(world, sdk):
    """Nothing listens any more."""
    client = sdk(world)
    world.close()
    assert differences(RECORDED["connection refused: funds"]["returned"], client.funds()) == []


def test_the_sdk_meets_the_rate_limit(make_world, sdk):
    """The eleventh cancel of a second."""
    client = sdk(make_world(limits=True, monotonic=lambda: 0.0))
    returned = [client.cancelorder(order_id="1", strategy="sdk") for _ in range(11)]
    assert [one["code"] for one in returned] == [404] * 10 + [429]
    assert differences(RECORDED["rate limited: cancelorder"]["returned"], returned[-1]) == []


def test_a_notification_is_kept(world, sdk):
    """Nothing is sent; a test reads it."""
    assert sdk(world).telegram(username="tester", message="halted", priority=9)["status"] == "success"
    assert [(m.username, m.text, m.priority) for m in world.broker.messages] == [("tester", "halted", 9)]


def test_the_sdks_own_feed_works(world, sdk):
    """Connect, subscribe, see a price; with 2.x order updates too."""
    client = sdk(world)
    assert client.connect() is True
    try:
        client.subscribe_ltp([SHARE])
        eventually(lambda: world.server.stream.subscribers("NSE:RELIANCE") == 1)
        world.tick("RELIANCE", 1401)
        eventually(lambda: _ltp(client) == 1401.0)
        if hasattr(client, "subscribe_orders"):
            client.subscribe_orders()
            eventually(lambda: world.server.stream.order_subscribers == 1)
            world.broker.place("NSE:RELIANCE", "BUY", 1)
            eventually(lambda: len(client.get_orders()["orders"]) == 2)
    finally:
        client.disconnect()


@pytest.mark.skipif(INSTALLED != "2.0.5", reason="the 1.x line has no GTT calls")
def test_resting_triggers_return_what_was_recorded(world, sdk):
    """Server bodies with a code added, and 404 for the strategies that this server does not have."""
    recorded = {row["case"]: row["returned"] for row in rows("sdk_2.0.5_gtt_strategy")}
    client = sdk(world)
    single = {"strategy": "sdk", "trigger_type": "SINGLE", "exchange": "NSE", "symbol": "SBIN", "action": "BUY"}
    order = {"product": "CNC", "quantity": 1, "price_type": "LIMIT", "price": 780, "triggerprice_sl": 785}
    calls = {
        "strategylist()": client.strategylist,
        "placegttorder SINGLE": lambda: client.placegttorder(**single, **order),
        "placegttorder MIS (400)": lambda: client.placegttorder(**single, **{**order, "product": "MIS"}),
        "gttorderbook": client.gttorderbook,
        "cancelgttorder unknown": lambda: client.cancelgttorder(trigger_id="nope", strategy="sdk"),
    }
    for case, call in calls.items():
        assert differences(recorded[case], call()) == [], case


def _ltp(client):
    return client.get_ltp().get("ltp", {}).get("NSE", {}).get("RELIANCE", {}).get("ltp")


def eventually(condition, within_s=5.0):
    """Wait for another thread."""
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, "did not happen"
        time.sleep(0.005)


def test_the_key_is_shown_nowhere(world, sdk):
    """Neither the server's repr nor what it kept of calls has it."""
    sdk(world).funds()
    assert KEY not in repr(world.server)
    assert KEY not in repr(world.server.calls)
    assert world.server.calls[-1].endpoint == "funds"
