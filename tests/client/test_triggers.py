"""GTT where the SDK has it, and how a client says that it has not."""

from decimal import Decimal

import pytest

from riskcore_openalgo.client import Accepted, Gtt, GttLeg, GttWanted, ReadFailed, Rejected, Unknown
from tests.client.peer import SILENCE, recorded

pytestmark = pytest.mark.smoke

ONE = GttWanted(
    exchange="NSE", symbol="SBIN", side="BUY", quantity=10, product="CNC", price="780.05", stop_trigger="785"
)
TWO = GttWanted(
    exchange="NSE",
    symbol="SBIN",
    side="SELL",
    quantity=10,
    product="CNC",
    stop_trigger=760,
    target_trigger=840,
    stop_limit=759,
    target_limit=839,
)


@pytest.fixture
def gtt_client(client):
    if "gtt" not in client.features:
        pytest.skip("this line of the SDK has no GTT calls")
    return client


def test_what_the_installed_sdk_has_is_found_out(client):
    from openalgo import api  # noqa: PLC0415 - the test asks the SDK itself

    assert ("gtt" in client.features) == hasattr(api, "placegttorder")
    assert ("orders_feed" in client.features) == hasattr(api, "subscribe_orders")


def test_without_gtt_calls_nothing_is_sent_and_the_remedy_is_named(peer, client, monkeypatch):
    monkeypatch.setattr(client._calls, "has", lambda method: False)
    outcome = client.place_gtt(ONE)
    assert isinstance(outcome, Rejected)
    assert outcome.error == "not_sent"
    assert "openalgo 2.x" in outcome.reason
    with pytest.raises(ReadFailed, match=r"openalgo 2\.x"):
        client.gtts()
    assert client.broker() is None
    assert peer.asked == []


def test_a_gtt_is_placed_and_has_the_id_of_its_trigger(peer, gtt_client):
    peer.says("placegttorder", recorded("placegttorder", "OCO success"))
    assert gtt_client.place_gtt(TWO) == Accepted("GTT-261123-c2552e30", analyzer=True)
    gtt_client.place_gtt(ONE)
    two, one = peer.calls("placegttorder")
    assert (two["trigger_type"], two["triggerprice_sl"], two["target"]) == ("OCO", 760, 839)
    assert (one["trigger_type"], one["price"], one["triggerprice_tg"], one["quantity"]) == ("SINGLE", 780.05, 0, 10)


def test_gtts_end_as_orders_do(peer, gtt_client):
    peer.says("placegttorder", recorded("placegttorder", "unknown symbol"))
    assert gtt_client.place_gtt(ONE) == Rejected("Symbol not found", "rejected")
    peer.says("placegttorder", recorded("live_mode", "placegttorder (broker without GTT module)"))
    outcome = gtt_client.place_gtt(ONE)
    assert isinstance(outcome, Rejected)
    assert "not supported for broker" in outcome.reason
    for answer in ((500, {"message": "x"}), (200, []), (200, b""), (200, {"status": "success"})):
        peer.says("placegttorder", answer)
        assert isinstance(gtt_client.place_gtt(ONE), Unknown), answer
    assert len(peer.asked) == 6


def test_a_gtt_that_timed_out_is_unknown(peer, make_client, gtt_client):
    peer.says("cancelgttorder", SILENCE)
    shown = Gtt(id="GTT-1", key="NSE:SBIN", status="active", legs=())
    assert isinstance(make_client(timeout_s=0.1).cancel_gtt(shown), Unknown)


def test_gtts_that_wait_are_listed_changed_and_cancelled(peer, gtt_client):
    peer.says("gttorderbook", recorded("gttorderbook", "success"))
    one, two = gtt_client.gtts()[:2]
    assert one.legs == (GttLeg(Decimal("785.0"), "BUY", 10, Decimal("780.0")),)
    assert [leg.trigger for leg in two.legs] == [760, 840]
    peer.says("modifygttorder", (200, {"status": "success", "mode": "analyze", "trigger_id": one.id}))
    peer.says("cancelgttorder", (200, {"status": "success", "mode": "analyze", "trigger_id": one.id}))
    assert isinstance(gtt_client.modify_gtt(one, ONE), Accepted)
    assert isinstance(gtt_client.cancel_gtt(one), Accepted)
    assert peer.calls("cancelgttorder")[0]["trigger_id"] == one.id


@pytest.mark.parametrize("change", [{"trigger_prices": []}, {"legs": None}, {"trigger_id": None}, {"legs": [{}]}])
def test_a_gtt_row_that_cannot_be_read_is_named(peer, gtt_client, change):
    _, body = recorded("gttorderbook", "success")
    peer.says("gttorderbook", (200, {**body, "data": [{**body["data"][0], **change}]}))
    with pytest.raises(ReadFailed, match="gttorderbook: row 1"):
        gtt_client.gtts()


@pytest.mark.parametrize(
    "change",
    [
        {"stop_trigger": None},
        {"price": None},
        {"product": "MIS"},
        {"target_trigger": 800},
        {"stop_limit": 1},
    ],
)
def test_a_gtt_that_makes_no_sense_cannot_be_made(change):
    right = {
        "exchange": "NSE",
        "symbol": "SBIN",
        "side": "BUY",
        "quantity": 1,
        "product": "CNC",
        "price": 780,
        "stop_trigger": 785,
    }
    with pytest.raises(ValueError, match=r"GTT|product"):
        GttWanted(**{**right, **change})
