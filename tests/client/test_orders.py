"""How order calls end. The real SDK speaks to a real server, which says what OpenAlgo was seen to say, or worse."""

import socket
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.client import Accepted, AwaitingApproval, Budget, OrderWanted, Rejected, Unknown, failures
from tests.client.peer import DROP, SILENCE, recorded
from tests.live_feed.server import until

pytestmark = pytest.mark.smoke

BUY = OrderWanted("NSE", "RELIANCE", "BUY", 10, "MIS", "LIMIT", price="1400.50")
UNREADABLE = {
    "html": (200, b"<html>login</html>"),
    "empty": (200, b""),
    "a list": (200, []),
    "no status": (200, {}),
    "text": (200, "yes"),
    "null": (200, None),
}


def shown(**changes):
    row = {
        "id": "26112383122212",
        "key": "NSE:RELIANCE",
        "side": "BUY",
        "quantity": 10,
        "product": "MIS",
        "status": "open",
        "price_type": "LIMIT",
        "price": "1300",
    }
    return rc.BrokerOrder(**{**row, **changes})


def test_an_accepted_order_has_the_brokers_id_and_says_that_it_is_the_sandbox(peer, client):
    peer.says("placeorder", recorded("placeorder", "LIMIT BUY below market (rests open)"))
    assert client.place(BUY) == Accepted("26112383122212", analyzer=True)


def test_a_live_order_says_nothing_of_a_mode(peer, client):
    peer.says("placeorder", recorded("live_mode", "placeorder MARKET success"))
    assert client.place(BUY) == Accepted("9179541001000001", analyzer=False)
    assert client.seen_mode == "live"


def test_F23_an_order_held_for_approval_is_neither_accepted_nor_filled(peer, client):
    peer.says("placeorder", recorded("semi_auto_mode", "placeorder with analyzer OFF (live)"))
    assert client.place(BUY) == AwaitingApproval("4")
    assert client.seen_mode is None


def test_a_success_without_an_id_is_unknown(peer, client):
    for body in ({"orderid": None}, {"orderid": ""}, {}, {"orderid": "None"}, {"orderid": "ORDER_PLACED"}):
        peer.says("placeorder", (200, {"status": "success", **body}))
        assert isinstance(client.place(BUY), Unknown), body


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_cannot_be_read_is_unknown(peer, client, name):
    peer.says("placeorder", UNREADABLE[name])
    assert isinstance(client.place(BUY), Unknown)
    assert len(peer.calls("placeorder")) == 1


def test_F20_a_timeout_is_unknown_and_never_resent(peer, make_client):
    peer.says("placeorder", SILENCE)
    outcome = make_client(timeout_s=0.2).place(BUY)
    assert outcome == Unknown("Request timed out. The server took too long to respond.", "network")
    until(lambda: peer.calls("placeorder"))
    assert len(peer.calls("placeorder")) == 1


def test_F20_a_dropped_connection_is_unknown_and_never_resent(peer, client):
    peer.says("placeorder", DROP)
    outcome = client.place(BUY)
    assert isinstance(outcome, Unknown)
    assert outcome.error == "network"
    assert len(peer.calls("placeorder")) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 302, 408, 409, 422, 202])
def test_F21_an_internal_error_is_unknown_and_never_resent(peer, client, status):
    peer.says("placeorder", (status, {"status": "error", "message": "Failed to place order due to internal error"}))
    outcome = client.place(BUY)
    assert isinstance(outcome, Unknown)
    assert str(status) in outcome.why
    assert len(peer.calls("placeorder")) == 1


def test_what_a_proxy_says_in_openalgos_place_is_no_refusal(peer, client):
    for status in (400, 403, 404, 429):
        peer.says("placeorder", (status, b"<html>nginx</html>"))
        assert isinstance(client.place(BUY), Unknown), status


def test_a_connection_that_was_refused_has_sent_nothing(make_client):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port, and nobody answers
        outcome = make_client(host=f"http://127.0.0.1:{taken.getsockname()[1]}").place(BUY)
    assert isinstance(outcome, Rejected)
    assert outcome.error == "network"


REFUSALS = [
    (("placeorder", "unknown symbol"), "rejected", "HTTP 400: Symbol NOSUCH not found on NSE"),
    (("placeorder", "quantity zero"), "rejected", "HTTP 400: quantity: Quantity must be a positive number."),
    (("data_quality", "no cash left"), "no_funds", "HTTP 400: Insufficient funds. Required: Rs 280.0"),
    (("placeorder", "bad api key"), "no_login", "HTTP 403: Invalid openalgo apikey"),
    (("rate_limit", "25 x placeorder as fast as possible"), "rate_limited", "HTTP 429: 10 per 1 second"),
]


@pytest.mark.parametrize(("where", "error", "words"), REFUSALS)
def test_what_openalgo_itself_refuses_is_rejected_in_words(peer, client, where, error, words):
    peer.says("placeorder", recorded(*where))
    outcome = client.place(BUY)
    assert isinstance(outcome, Rejected)
    assert outcome.error == error
    assert outcome.reason.startswith(words)
    assert len(peer.calls("placeorder")) == 1


def test_a_refused_order_that_the_broker_keeps_has_its_id(peer, client):
    peer.says("placeorder", recorded("overnight", "Tue CNC SELL 5 INFY (more than the 3 left)"))
    outcome = client.place(BUY)
    assert isinstance(outcome, Rejected)
    assert outcome.broker_id == "26112450465960"


def test_an_error_with_status_200_is_a_refusal(peer, client):
    peer.says("placeorder", (200, {"status": "error", "message": "RMS: margin exceeds"}))
    assert client.place(BUY) == Rejected("RMS: margin exceeds", "no_funds")


def test_every_class_of_errors_is_one_that_the_breakers_count():
    for error in failures.REMEDIES:
        assert rc.ErrorLimit(error=error, limit=1).error == error


def test_numbers_are_sent_as_the_digits_that_were_meant(peer, client):
    peer.says("placeorder", recorded("live_mode", "placeorder MARKET success"))
    wishes = [
        ("2502.50", "2502.50"),
        (Decimal("1E+2"), "100"),
        (0.1 + 0.2, "0.300000"),
        (1400, "1400"),
        ("0.0025", "0.0025"),
        (100000.0, "100000.0"),
    ]
    for price, sent in wishes:
        client.place(OrderWanted("NSE", "M&M", "SELL", 33.0, "CNC", "SL", price=price, trigger=price))
        body = peer.calls("placeorder")[-1]
        assert (body["price"], body["trigger_price"], body["quantity"]) == (sent, sent, "33")
    assert body == {
        "apikey": "API_KEY",
        "strategy": "riskcore",
        "symbol": "M&M",
        "exchange": "NSE",
        "action": "SELL",
        "quantity": "33",
        "product": "CNC",
        "pricetype": "SL",
        "price": "100000.0",
        "trigger_price": "100000.0",
    }


def test_a_market_order_sends_no_price_at_all(peer, client):
    peer.says("placeorder", recorded("live_mode", "placeorder MARKET success"))
    client.place(OrderWanted("NSE", "RELIANCE", "BUY", 1, "MIS", "MARKET"))
    assert not {"price", "trigger_price"} & set(peer.calls("placeorder")[0])


WRONG = [
    {"exchange": "nse"},
    {"exchange": ""},
    {"symbol": "NSE:INFY"},
    {"symbol": None},
    {"side": "buy"},
    {"quantity": 0},
    {"quantity": -1},
    {"quantity": 1.5},
    {"quantity": True},
    {"quantity": "1e3"},
    {"product": "BO"},
    {"price_type": "IOC"},
    {"price": None},
    {"price": 0},
    {"price": "1,400"},
    {"price": float("nan")},
    {"price": float("inf")},
    {"trigger": 1},
    {"price_type": "MARKET"},
    {"price_type": "SL"},
    {"price_type": "SL-M"},
]


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_a_wish_that_makes_no_order_cannot_be_made(change):
    right = {
        "exchange": "NSE",
        "symbol": "INFY",
        "side": "BUY",
        "quantity": 1,
        "product": "MIS",
        "price_type": "LIMIT",
        "price": 1500,
    }
    assert OrderWanted(**right).key == "NSE:INFY"
    with pytest.raises(ValueError, match=r"must|needs|has no"):
        OrderWanted(**{**right, **change})


def test_a_cancel_says_how_it_ended(peer, client):
    peer.says("cancelorder", recorded("cancelorder", "success"))
    assert client.cancel(shown(id="26112332745416")) == Accepted("26112332745416", analyzer=True)
    peer.says("cancelorder", recorded("cancelorder", "already cancelled"))
    assert client.cancel(shown()).reason == "HTTP 400: Cannot cancel order in cancelled status"
    peer.says("cancelorder", recorded("cancelorder", "unknown order"))
    assert client.cancel(shown()).error == "rejected"
    assert peer.calls("cancelorder")[0] == {"apikey": "API_KEY", "strategy": "riskcore", "orderid": "26112332745416"}


def test_an_order_without_a_row_is_cancelled_by_the_name_it_was_given(peer, client):
    peer.says("cancelorder", recorded("cancelorder", "unknown order"))
    assert client.cancel_absent("26112332745416").error == "rejected"
    assert peer.calls("cancelorder")[0]["orderid"] == "26112332745416"


def test_a_cancel_refused_because_of_semi_auto_mode_is_no_lost_login(peer, client):
    peer.says("cancelorder", recorded("semi_auto_mode", "cancelorder with analyzer OFF (live)"))
    assert client.cancel(shown()).error == "rejected"


def test_a_change_sends_all_that_openalgo_asks_for(peer, client):
    peer.says("modifyorder", recorded("modifyorder", "success (price and quantity)"))
    assert client.modify(shown(), quantity=9, price="1301.05") == Accepted("26112383122212", analyzer=True)
    assert peer.calls("modifyorder")[0] == {
        "apikey": "API_KEY",
        "strategy": "riskcore",
        "symbol": "RELIANCE",
        "exchange": "NSE",
        "orderid": "26112383122212",
        "action": "BUY",
        "product": "MIS",
        "pricetype": "LIMIT",
        "price": "1301.05",
        "quantity": "9",
        "disclosed_quantity": "0",
        "trigger_price": "0",
    }


def test_a_change_keeps_the_trigger_that_the_book_shows(peer, client):
    peer.says("modifyorder", recorded("modifyorder", "modify SL trigger"))
    stop = shown(side="SELL", status="trigger_pending", price_type="SL", price="1299", trigger="1300.5")
    client.modify(stop, quantity=10, price="1298")
    client.modify(stop, quantity=10, price="1301", trigger="1302")
    sent = [(body["price"], body["trigger_price"]) for body in peer.calls("modifyorder")]
    assert sent == [("1298", "1300.5"), ("1301", "1302")]


@pytest.mark.parametrize("status", ["complete", "cancelled", "rejected", "other"])
def test_nothing_is_sent_for_an_order_that_the_book_does_not_show_open(peer, client, status):
    peer.says("cancelorder", recorded("cancelorder", "success"))
    with pytest.raises(ValueError, match="shows open"):
        client.cancel(shown(status=status))
    with pytest.raises(ValueError, match="shows open"):
        client.modify(shown(status=status), quantity=1, price=1)
    with pytest.raises(ValueError, match="shows open"):
        client.cancel("26112383122212")
    assert peer.asked == []


def test_nothing_is_sent_for_a_change_that_the_order_cannot_take(peer, client):
    for row, change in (
        (shown(key=""), {"quantity": 1, "price": 1}),
        (shown(), {"quantity": 0, "price": 1}),
        (shown(), {"quantity": 1, "price": 1, "trigger": 1}),
        (shown(status="trigger_pending", price_type="SL", trigger=None), {"quantity": 1, "price": 1}),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
            client.modify(row, **change)
    assert peer.asked == []


def test_a_change_and_a_cancel_without_an_answer_are_unknown(peer, client):
    peer.says("modifyorder", DROP)
    peer.says("cancelorder", (500, {"status": "error", "message": "stub: session expired"}))
    assert isinstance(client.modify(shown(), quantity=1, price=1), Unknown)
    assert isinstance(client.cancel(shown()), Unknown)
    assert len(peer.asked) == 2


def test_F25_an_entry_without_a_token_is_refused_unsent_and_exits_still_go(peer, make_client):
    peer.says("placeorder", recorded("live_mode", "placeorder MARKET success"))
    peer.says("cancelorder", recorded("live_mode", "cancelorder"))
    client = make_client(budget=Budget(orders_per_s=4, reserved_for_exits=3, monotonic=lambda: 0.0))
    assert isinstance(client.place(BUY), Accepted)
    outcome = client.place(BUY)
    assert outcome == Rejected("not sent: no token for an entry in this second", "rate_limited")
    assert len(peer.calls("placeorder")) == 1
    assert isinstance(client.place(BUY, urgent=True), Accepted)
    assert isinstance(client.cancel(shown()), Accepted)


def test_lanes_in_threads_share_the_tokens_of_one_client(peer, make_client):
    peer.says("placeorder", recorded("live_mode", "placeorder MARKET success"))
    client = make_client(budget=Budget(monotonic=lambda: 0.0))
    with ThreadPoolExecutor(12) as lanes:
        outcomes = list(lanes.map(lambda _: client.place(BUY), range(12)))
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 4
    assert sum(isinstance(outcome, Rejected) for outcome in outcomes) == 8
    assert len(peer.calls("placeorder")) == 4


def test_F25_after_a_429_entries_wait_a_second_and_exits_do_not(peer, make_client):
    now = [100.0]
    client = make_client(budget=Budget(monotonic=lambda: now[0]))
    peer.says("placeorder", recorded("rate_limit", "25 x placeorder as fast as possible"))
    assert client.place(BUY).error == "rate_limited"
    peer.says("placeorder", recorded("live_mode", "placeorder MARKET success"))
    assert client.place(BUY).reason.startswith("not sent")
    assert isinstance(client.place(BUY, urgent=True), Accepted)
    now[0] += 1.01
    assert isinstance(client.place(BUY), Accepted)


def test_an_order_in_analyzer_mode_is_waited_for_longer(peer, make_client):
    """The first fill of a symbol in the sandbox can take 12 s: live 5 s, analyzer 20 s."""
    peer.says("analyzer", recorded("analyzer", "success (empty account)"))
    peer.says("placeorder", SILENCE)
    client = make_client(timeout_s=0.1, analyzer_timeout_s=0.4)
    fast, slow = client._calls._sdk, client._calls._slow_sdk
    assert (fast.timeout, slow.timeout) == (0.1, 0.4)
    assert client.mode() == "analyze"
    assert isinstance(client.place(BUY), Unknown)
    assert make_client(timeout_s=30.0)._calls._slow_sdk.timeout == 30.0
