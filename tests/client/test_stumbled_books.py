"""A book over whose answer a plugin stumbled: what its words mean, and what they do not."""

import pytest

from riskcore_openalgo.client import ReadFailed

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
