"""Each fault: what the caller meets, and what was done behind its back. With whichever SDK is installed."""

import threading

import pytest

from riskcore_openalgo.testing import LIVE, SHOONYA, ZERODHA, FakeBroker, FakeOpenAlgo, Fault

ORDER = {"strategy": "s", "symbol": "RELIANCE", "exchange": "NSE", "action": "BUY", "product": "MIS", "quantity": 10}
LIMIT = {**ORDER, "price_type": "LIMIT", "price": 1390}


def held(world, key="NSE:RELIANCE"):
    return world.broker.truth().position(key)


@pytest.mark.parametrize("executed", [False, True])
def test_F21_an_internal_error_may_have_executed(live, sdk, executed):
    """500 says nothing about the order."""
    live.broker.script(Fault("placeorder", "status", executed=executed))
    returned = sdk(live).placeorder(**ORDER)
    assert returned["code"] == 500
    assert "Failed to place order due to internal error" in returned["message"]
    assert held(live) == (10 if executed else 0)


@pytest.mark.parametrize("executed", [False, True])
def test_F20_a_dropped_connection_may_have_executed(live, sdk, executed):
    """No code, no answer; one line of evidence in `calls`."""
    live.broker.script(Fault("placeorder", "drop", executed=executed))
    returned = sdk(live).placeorder(**ORDER)
    assert (returned["error_type"], "code" in returned) == ("http_error", False)
    assert held(live) == (10 if executed else 0)
    assert [(call.endpoint, call.status) for call in live.server.calls] == [("placeorder", 0)]


def test_F20_a_timeout_before_executing_never_executes(make_world, sdk):
    """The server held the call, then dropped it."""
    world = make_world(LIVE, wait=None)
    world.broker.script(Fault("placeorder", "timeout", seconds=5))
    assert sdk(world, timeout=0.1).placeorder(**ORDER)["error_type"] == "timeout_error"
    assert held(world) == 0


def test_F20_a_delayed_order_appears_after_the_client_gave_up(make_world, sdk):
    """The worst kind: not in the book at first, and then it is."""
    slept, release = threading.Event(), threading.Event()

    def wait(seconds):
        slept.set()
        release.wait(seconds)

    world = make_world(LIVE, wait=wait)
    world.broker.script(Fault("placeorder", "delay", seconds=5))
    assert sdk(world, timeout=0.1).placeorder(**ORDER)["error_type"] == "timeout_error"
    assert slept.wait(20)
    assert held(world) == 0
    release.set()
    world.close()
    assert held(world) == 10


@pytest.mark.parametrize("executed", [False, True])
def test_success_may_come_without_an_id(live, sdk, executed):
    """`orderid` is null."""
    live.broker.script(Fault("placeorder", "null_id", executed=executed))
    assert sdk(live).placeorder(**ORDER) == {"status": "success", "orderid": None}
    assert held(live) == (10 if executed else 0)


@pytest.mark.parametrize(
    ("kind", "says"),
    [("unreadable", "json_error"), ("empty_body", "json_error"), ("html", "http_error"), ("too_many", "http_error")],
)
def test_answers_that_cannot_be_read(live, sdk, kind, says):
    """Nothing was done."""
    live.broker.script(Fault("placeorder", kind))
    assert sdk(live).placeorder(**ORDER)["error_type"] == says
    assert held(live) == 0


def test_F25_too_many_is_429_and_nothing_else(live):
    """One message, without a status."""
    live.broker.script(Fault("*", "too_many", times=2))
    order = {"strategy": "s", "symbol": "TCS", "exchange": "NSE", "action": "BUY", "quantity": 1}
    assert live.post("placeorder", **order) == (429, {"message": "10 per 1 second"})
    assert live.post("funds") == (429, {"message": "50 per 1 second"})
    assert live.post("funds")[0] == 200


def test_F30_a_revoked_key_is_refused_everywhere_and_orders_stay(live, sdk):
    """403, whatever is asked; what rests goes on resting."""
    client = sdk(live)
    client.placeorder(**LIMIT)
    live.broker.key_revoked = True
    assert [call()["code"] for call in (client.funds, client.orderbook)] == [403, 403]
    assert len(live.broker.truth().working) == 1
    live.broker.key_revoked = False
    live.broker.script(Fault("funds", "forbidden"))
    assert (client.funds()["code"], client.funds()["status"]) == (403, "success")


def test_F23_an_order_waits_for_approval(live, sdk):
    """Success, a pending id, no order; after the approval there is one."""
    live.broker.script(Fault("placeorder", "semi_auto"))
    returned = sdk(live).placeorder(**ORDER)
    assert (returned["mode"], returned["pending_order_id"], returned.get("orderid")) == ("semi_auto", 1, None)
    assert live.broker.truth().orders == ()
    [placed] = live.broker.approve(1)
    assert live.broker.truth().order(placed.order_id).status == "complete"
    assert live.broker.approve(1) == ()


@pytest.mark.parametrize("name", ["orderbook", "tradebook", "positionbook", "holdings", "funds"])
def test_F47_an_empty_success_is_no_proof_of_flat(live, sdk, name):
    """The books are full, and the answer is empty."""
    client = sdk(live)
    client.placeorder(**ORDER)
    live.broker.script(Fault(name, "empty"))
    returned = getattr(client, name)()
    assert returned["status"] == "success"
    rows = returned["data"]
    assert not (rows.get("orders") or rows.get("holdings") if isinstance(rows, dict) else rows)
    assert held(live) == 10
    assert getattr(client, name)() != returned or name == "holdings"


def test_a_book_that_was_kept_from_before_is_the_answer_given_last(live, sdk):
    """As often as the fault says; a call that was never answered before tells the truth."""
    client = sdk(live)
    live.broker.script(Fault("positionbook", "stale"))
    assert client.positionbook()["data"] == []
    client.placeorder(**ORDER)
    live.broker.script(Fault("positionbook", "stale", times=2))
    shown = [client.positionbook()["data"] for _ in range(3)]
    assert shown[:2] == [[], []]
    assert len(shown[2]) == 1


@pytest.mark.parametrize(("kind", "ltp"), [("zero_quote", 0.0), ("wrong_quote", 3000.0), ("stale_quote", 1400.0)])
def test_F44_F46_quotes_that_are_not_the_markets(live, sdk, kind, ltp):
    """Of nothing, of another instrument, of long ago: 200, and no mark of it."""
    live.tick("RELIANCE", 1450)
    live.broker.script(Fault("quotes", kind))
    client = sdk(live)
    answers = [client.quotes(symbol="RELIANCE", exchange="NSE") for _ in range(2)]
    assert [answer["status"] for answer in answers] == ["success", "success"]
    assert [answer["data"]["ltp"] for answer in answers] == [ltp, 1450.0]


def test_F31_a_part_fills_and_the_rest_rests(live, sdk):
    """40 of 100; then it fills, or is cancelled by somebody."""
    live.broker.script(Fault("placeorder", "partial", fraction="0.4"))
    order_id = sdk(live).placeorder(**{**ORDER, "quantity": 100})["orderid"]
    order = live.broker.truth().order(order_id)
    assert (order.status, order.filled, order.left, held(live)) == ("open", 40, 60, 40)
    live.broker.cancel_by_broker(order_id)
    order = live.broker.truth().order(order_id)
    assert (order.status, order.filled, held(live)) == ("cancelled", 40, 40)


def test_F26_an_accepted_order_is_rejected_afterwards(live, sdk):
    """At once, or when the clock has gone on."""
    client = sdk(live)
    live.broker.script(
        Fault("placeorder", "reject_later", message="RMS: margin"),
        Fault("placeorder", "reject_later", message="RMS: band", seconds=0.3),
    )
    first, second = (client.placeorder(**LIMIT)["orderid"] for _ in range(2))
    truth = live.broker.truth()
    assert (truth.order(first).status, truth.order(first).reason) == ("rejected", "RMS: margin")
    assert truth.order(second).status == "open"
    live.clock.go(0.3)
    assert live.broker.truth().order(second).reason == "RMS: band"
    assert held(live) == 0


def test_a_fault_strikes_the_calls_it_names(live, sdk):
    """After so many, of one kind of body, so many times; the rest goes through, and `left` says what is to come."""
    client = sdk(live)
    live.broker.script(Fault("placeorder", "status", after=1, times=2, where={"action": "SELL"}))
    sell = {**ORDER, "action": "SELL"}
    codes = [client.placeorder(**order).get("code") for order in (sell, ORDER, sell, sell, sell)]
    assert codes == [None, None, 500, 500, None]
    assert live.broker.faults.left == ()
    live.broker.script(Fault("funds", "status", times=0))
    assert [client.funds()["code"] for _ in range(3)] == [500] * 3
    live.broker.faults.clear()
    assert client.funds()["status"] == "success"


def test_a_delay_and_a_partial_fill_may_meet(make_world):
    """A call fault and an order fault strike the same order."""
    slept = []
    world = make_world(LIVE, wait=slept.append)
    world.broker.script(
        Fault("placeorder", "delay", seconds=2, executed=True), Fault("placeorder", "partial", fraction="0.5")
    )
    world.post("placeorder", strategy="s", symbol="TCS", exchange="NSE", action="BUY", quantity=10)
    assert (slept, held(world, "NSE:TCS")) == ([2.0], 5)


@pytest.mark.parametrize("bad", [{"times": -1}, {"seconds": -1}, {"fraction": 2}, {"fraction": "nan"}])
def test_a_fault_that_means_nothing_is_refused(bad):
    """With the word that says why."""
    with pytest.raises(ValueError, match="a fault's"):
        Fault("placeorder", "partial", **bad)
    with pytest.raises(ValueError, match="kind"):
        Fault("placeorder", "explode")


def test_F29_a_dead_token_is_an_error_in_one_mapping_and_an_empty_success_in_the_other(make_world, sdk):
    """500 with the broker's words, or books without rows, funds without fields; orders fail in both."""
    for profile in (ZERODHA, SHOONYA):
        world = make_world(profile)
        client = sdk(world)
        client.placeorder(**ORDER)
        world.broker.token_dies()
        assert client.placeorder(**ORDER)["code"] == 500
        assert client.quotes(symbol="RELIANCE", exchange="NSE")["code"] == 500
        books = [client.positionbook(), client.orderbook(), client.funds(), client.openposition(
            strategy="s", symbol="RELIANCE", exchange="NSE", product="MIS"
        )]  # fmt: skip
        if profile is ZERODHA:
            assert {book["code"] for book in books} == {500}
            assert "session expired" in books[0]["message"]
        else:
            assert [book.get("data") for book in books[:1]] == [[]]
            assert (books[1]["data"]["orders"], books[2]["data"], books[3]["quantity"]) == ([], {}, 0)
        assert held(world) == 10
        world.broker.login()
        assert client.positionbook()["data"]


def test_F24_the_analyzer_is_toggled_behind_the_back(live, sdk):
    """Each mode has its own books; the body says which."""
    client = sdk(live)
    client.placeorder(**ORDER)
    live.broker.analyzer = True
    returned = client.placeorder(**ORDER)
    assert returned["mode"] == "analyze"
    assert client.analyzerstatus()["data"]["analyze_mode"] is True
    assert [row["quantity"] for row in client.positionbook()["data"]] == [10]
    client.analyzertoggle(mode=False)
    assert "mode" not in client.positionbook()
    assert live.broker.truth().mode == "live"


def test_F48_the_user_trades_by_hand(live, sdk):
    """Bought on, half sold, and something else entirely: order, trade and position show it."""
    client = sdk(live)
    client.placeorder(**ORDER)
    live.broker.hand_trade("NSE:RELIANCE", 5, 1401)
    live.broker.hand_trade("NSE:RELIANCE", -10, 1402)
    live.broker.hand_trade("NSE:MRF", 1, 120000, product="CNC")
    rows = {row["symbol"]: row["quantity"] for row in client.positionbook()["data"]}
    assert rows == {"RELIANCE": 5, "MRF": 1}
    assert len(client.orderbook()["data"]["orders"]) == len(client.tradebook()["data"]) == 4


def test_F34_a_stop_vanishes(live, sdk):
    """Cancelled by the exchange, or rejected after all."""
    client = sdk(live)
    stops = [
        client.placeorder(**{**ORDER, "action": "SELL", "price_type": "SL-M"}, trigger_price=1390)["orderid"]
        for _ in range(2)
    ]
    live.broker.cancel_by_broker(stops[0])
    live.broker.reject(stops[1], "band")
    rows = client.orderbook()["data"]["orders"]
    assert [row["order_status"] for row in rows] == ["cancelled", "rejected"]
    with pytest.raises(KeyError, match="no working order"):
        live.broker.fill(stops[0])


def test_the_first_fill_of_a_symbol_may_take_long(make_world):
    """And each position of a closeposition; the waits are asked for, not slept."""
    slept = []
    world = make_world(wait=slept.append)
    world.broker.slow_first_fill = 12.0
    for symbol in ("RELIANCE", "TCS", "RELIANCE"):
        world.post("placeorder", strategy="s", symbol=symbol, exchange="NSE", action="BUY", quantity=1)
    assert slept == [12.0, 12.0]
    world.post("closeposition", strategy="s")
    assert slept[2:] == [24.0]


def test_stop_ends_a_call_that_is_being_held(make_world, sdk):
    """Nobody waits for a sleeping server."""
    world = make_world(wait=None)
    world.broker.script(Fault("funds", "timeout", seconds=600, executed=True))
    answers = []
    client = sdk(world)
    caller = threading.Thread(target=lambda: answers.append(client.funds()))
    caller.start()
    while not world.server.calls:
        pass
    world.close()
    caller.join(5)
    assert len(answers) == 1


def test_a_fake_that_cannot_start_leaves_nothing_running(monkeypatch):
    """Without websockets the error says what to install, and the program can end: no thread goes on listening."""
    server = FakeOpenAlgo(FakeBroker(clock=lambda: None, cash=1, profile=LIVE), key="k")

    def missing():
        raise ImportError('pip install "riskcore[testing]"')

    monkeypatch.setattr(server.stream, "start", missing)
    with pytest.raises(ImportError, match="testing"):
        server.start()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fake-")]


def test_a_book_that_lags_lacks_what_is_young_and_is_true_of_the_rest(live, sdk):
    """Unlike an answer that was kept: what it has is of now."""
    client = sdk(live)
    first = client.placeorder(**{**ORDER, "price_type": "LIMIT", "price": 1400.05})["orderid"]
    resting = client.placeorder(**LIMIT)["orderid"]
    live.clock.go(60)
    live.broker.fill(resting)
    second = client.placeorder(**ORDER)["orderid"]
    for book in ("orderbook", "tradebook", "positionbook"):
        live.broker.script(Fault(book, "lagging", seconds=30))
    rows = client.orderbook()["data"]["orders"]
    assert [(row["orderid"], row["order_status"]) for row in rows] == [(first, "complete"), (resting, "complete")]
    assert [row["orderid"] for row in client.tradebook()["data"]] == [first]
    assert client.positionbook()["data"][0]["quantity"] == 10
    assert len(client.orderbook()["data"]["orders"]) == 3
    assert [row["orderid"] for row in client.tradebook()["data"]] == [first, resting, second]
    assert (client.positionbook()["data"][0]["quantity"], held(live)) == (30, 30)


def test_a_position_younger_than_the_lag_has_no_row(live, sdk):
    client = sdk(live)
    client.placeorder(**ORDER)
    live.broker.script(Fault("positionbook", "lagging", seconds=30))
    assert client.positionbook()["data"] == []


def test_a_fault_that_was_to_last_can_be_ended_by_itself(live, sdk):
    client, limit, other = sdk(live), Fault("placeorder", "too_many", times=0), Fault("funds", "status")
    live.broker.script(limit, other)
    assert [client.placeorder(**ORDER)["code"] for _ in range(2)] == [429, 429]
    live.broker.faults.end(limit)
    assert client.placeorder(**ORDER)["status"] == "success"
    assert live.broker.faults.left == (other,)


def test_in_a_market_of_some_depth_an_order_fills_in_parts(live):
    """So many shares at each look, whatever kind of order; without a depth all at once."""
    broker = live.broker
    broker.market.depth["NSE:RELIANCE"] = 4
    placed = broker.place("NSE:RELIANCE", "BUY", 10)
    assert held(live) == 4
    broker.tick("NSE:RELIANCE", 1401)
    assert (held(live), broker.truth().order(placed.order_id).status) == (8, "open")
    del broker.market.depth["NSE:RELIANCE"]
    broker.check()
    assert (held(live), broker.truth().order(placed.order_id).status) == (10, "complete")


def test_intraday_shares_are_moved_to_delivery_without_an_order(live, sdk):
    """The trade keeps its product, as brokers show it; margin and cost move along."""
    client = sdk(live)
    client.placeorder(**ORDER)
    used = live.broker.truth().used_margin
    live.broker.venue.account.convert("NSE:RELIANCE", 4, "MIS", "CNC")
    rows = {row["product"]: row["quantity"] for row in client.positionbook()["data"]}
    assert rows == {"MIS": 6, "CNC": 4}
    assert [row["product"] for row in client.tradebook()["data"]] == ["MIS"]
    assert live.broker.truth().used_margin == used
    with pytest.raises(ValueError, match="6 NSE:RELIANCE are held in MIS"):
        live.broker.venue.account.convert("NSE:RELIANCE", 7, "MIS", "CNC")
