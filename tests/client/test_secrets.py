"""The key appears nowhere, whatever a server sends back, and what the SDK prints does not come out either."""

import logging
import pickle
import traceback

import pytest

import riskcore as rc
from riskcore_openalgo.client import Client, OrderWanted, ReadFailed, Unknown
from tests.client.conftest import NOW
from tests.client.peer import DROP, KEY, success

pytestmark = pytest.mark.smoke

BUY = OrderWanted("NSE", "RELIANCE", "BUY", 10, "MIS", "LIMIT", price="1400.50")
ECHOES = [
    (400, {"status": "error", "message": f"apikey {KEY} is bad"}),
    (400, {"status": "error", "message": f"{{'apikey': ['{KEY}']}}"}),
    (403, {"status": "error", "message": {"apikey": [KEY]}}),
    (500, f"<html>{KEY}</html>".encode()),
    (200, f"<html>{KEY}</html>".encode()),
    (200, {"status": "error", "message": KEY}),
    (200, {"status": "success", "orderid": None, "message": KEY}),
    DROP,
]


@pytest.mark.parametrize("answer", ECHOES, ids=range(len(ECHOES)))
def test_the_key_is_in_no_outcome_error_log_or_output(peer, client, caplog, capfd, answer):
    with caplog.at_level(logging.DEBUG):
        for path in ("placeorder", "funds", "multiquotes"):
            peer.says(path, answer)
        outcome = client.place(BUY)
        with pytest.raises(ReadFailed) as caught:
            client.funds()
        quotes = client.quotes(["NSE:INFY"])
    said = [repr(outcome), str(caught.value), repr(caught.value), repr(quotes), repr(client), str(vars(client))]
    said += traceback.format_exception(caught.type, caught.value, caught.tb)
    said += [record.getMessage() for record in caplog.records]
    out, err = capfd.readouterr()
    assert KEY not in "".join([*said, out, err])
    assert (out, err) == ("", "")
    assert peer.asked[0][1]["apikey"] == KEY


def test_the_key_is_taken_out_of_what_a_row_says_too(peer, client):
    row = {"orderid": "1", "symbol": "INFY", "exchange": "NSE", "action": "BUY", "quantity": 1, "product": "MIS"}
    peer.says("orderbook", success({"orders": [{**row, "order_status": "open", "rejection_reason": KEY}]}))
    assert client.orders()[0].note == "***"


def test_the_key_is_taken_out_of_what_the_sdk_itself_raises(client, monkeypatch):
    """A fault of the SDK's may have the request in its words; an order that was on its way then is unknown."""

    def broken(**_):
        raise RuntimeError(f"cannot encode {{'apikey': '{KEY}'}}")

    for method in ("placeorder", "funds"):
        monkeypatch.setattr(client._calls._sdk, method, broken)
    outcome = client.place(BUY)
    with pytest.raises(ReadFailed) as caught:
        client.funds()
    for said in (outcome.why, str(caught.value)):
        assert "the SDK raised RuntimeError: cannot encode {'apikey': '***'}" in said
    assert isinstance(outcome, Unknown)


def test_the_sdk_is_never_verbose(client):
    assert client._calls._sdk.verbose == 0


def test_a_client_cannot_be_pickled_and_so_be_written_away(client):
    with pytest.raises(TypeError):
        pickle.dumps(client)


def test_a_client_is_told_by_host_and_strategy_alone(peer):
    with Client(peer.host, KEY, ws_url="ws://127.0.0.1:8765", strategy="mine") as client:
        assert repr(client) == f"Client({peer.host!r}, strategy='mine')"
        assert client.ws_url == "ws://127.0.0.1:8765"


def test_without_a_key_there_is_no_client():
    with pytest.raises(ValueError, match="api_key is missing"):
        Client("http://127.0.0.1:5000", "")
    with pytest.raises(ValueError, match="Client: api_key begins or ends with a space"):
        Client("http://127.0.0.1:5000", "abcdefgh ")


def test_an_address_that_is_none_is_refused_without_repeating_it():
    for wrong in ("127.0.0.1:5000", f"http://{KEY}@host", "ftp://host", "http://host/path"):
        with pytest.raises(ValueError, match="Client: host must be an address") as caught:
            Client(wrong, KEY)
        assert KEY not in str(caught.value)


def test_a_very_short_key_does_not_eat_the_answers(peer, make_client):
    peer.says("funds", (400, {"status": "error", "message": "a bad key"}))
    with pytest.raises(ReadFailed, match="a bad key"):
        make_client(api_key="a").funds()


def test_foreign_words_come_out_in_one_short_ascii_line(peer, client):
    peer.says("placeorder", (400, {"message": "\u20b9 5\n\x1b[31mred\u2028" + "x" * 5000}))
    reason = client.place(BUY).reason
    assert reason.isascii()
    assert reason.isprintable()
    assert len(reason) < 320
    assert reason.startswith("HTTP 400: Rs 5 ?[31mred")


def test_books_of_a_dead_server_are_told_without_the_key(client):
    books = client.books(NOW)
    assert isinstance(books, rc.BrokerBooks)
    assert KEY not in repr(books)
