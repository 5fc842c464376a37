"""A book over whose answer a plugin stumbled: what its words mean, and what they do not."""

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.client import ReadFailed
from tests.client.conftest import NOW
from tests.client.peer import success

pytestmark = pytest.mark.smoke


def test_a_plugin_that_stumbles_over_no_positions_has_an_empty_book_and_any_other_trouble_is_trouble(peer, client):
    peer.says("positionbook", (500, {"status": "error", "message": "'list' object has no attribute 'get'"}))
    assert client.positions() == ()
    assert len(peer.asked) == 1, "no other answer is to come"
    for book, words in (
        ("positionbook", "'str' object has no attribute 'get'"),
        ("orderbook", "'list' object has no attribute 'get'"),
    ):
        peer.says(book, (500, {"status": "error", "message": words}))
        read = client.positions if book == "positionbook" else client.orders
        with pytest.raises(ReadFailed):
            read()


@pytest.mark.parametrize("row", ["a word", None, [], {"orderid": ["G1"]}])
def test_what_is_no_row_of_a_trade_book_costs_no_call_and_is_told_as_a_book_that_is_unread(make_client, peer, row):
    peer.says("tradebook", success([row]))
    client = make_client()
    client.pace(evolve(rc.capability("any", on=NOW.date()), calls_a_minute=500, trades_by_order=True))
    books = client.books(NOW, ["trades"])
    assert books.trades is None
    assert [name for name, _ in books.unread] == ["trades"]
