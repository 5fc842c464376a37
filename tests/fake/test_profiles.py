"""What each profile does with an order, and what its rows look like."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.testing import LIVE, SANDBOX, SHOONYA, ZERODHA, FakeBroker, Fault
from riskcore_openalgo.testing.profile import protected_price
from tests.fake.world import MONDAY, Clock, market


@pytest.fixture
def broker_of():
    def make(profile, cash=10_000_000):
        broker = FakeBroker(clock=Clock(), cash=cash, profile=profile)
        market(broker)
        return broker

    return make


def order(broker, placed):
    return broker.truth().order(placed.order_id)


def test_the_sandbox_fills_limits_at_the_last_price_and_resting_ones_at_their_own(broker_of):
    """And a stop's limit at the last price, once it is within."""
    broker = broker_of(SANDBOX)
    marketable = broker.place("NSE:RELIANCE", "BUY", 1, pricetype="LIMIT", price=1410)
    resting = broker.place("NSE:RELIANCE", "BUY", 1, pricetype="LIMIT", price=1390)
    stop = broker.place("NSE:RELIANCE", "SELL", 1, pricetype="SL", trigger=1395, price=1394)
    broker.tick("NSE:RELIANCE", 1385)
    assert [order(broker, one).average for one in (marketable, resting)] == [1400, 1390]
    assert order(broker, stop).status == "open"
    broker.tick("NSE:RELIANCE", Decimal("1394.5"))
    assert order(broker, stop).average == Decimal("1394.5")


def test_a_broker_fills_limits_at_the_touch(broker_of):
    """Bid and ask decide, not the last price."""
    broker = broker_of(LIVE)
    broker.quote("NSE:RELIANCE", 1400, bid=1398, ask=1402)
    beyond = broker.place("NSE:RELIANCE", "BUY", 1, pricetype="LIMIT", price=1401)
    through = broker.place("NSE:RELIANCE", "BUY", 1, pricetype="LIMIT", price=1405)
    assert (order(broker, beyond).status, order(broker, through).average) == ("open", 1402)
    broker.tick("NSE:RELIANCE", 1390)
    assert order(broker, beyond).average == 1401


def test_F27_shoonya_makes_limits_of_market_orders_and_stops_of_stop_market_orders(broker_of):
    """Half a percent beyond the last price; when the market runs away the exit rests."""
    broker = broker_of(SHOONYA)
    broker.fills_by_hand = True
    buy = order(broker, broker.place("NSE:RELIANCE", "BUY", 1))
    stop = order(broker, broker.place("NSE:RELIANCE", "SELL", 1, pricetype="SL-M", trigger=1380))
    assert (buy.asked, buy.pricetype, buy.price) == ("MARKET", "LIMIT", Decimal("1407.00"))
    assert (stop.pricetype, stop.trigger, stop.price, stop.status) == ("SL", 1380, 1393, "trigger pending")
    broker.fills_by_hand = False
    broker.cancel(buy.order_id)
    broker.quote("NSE:RELIANCE", 1400, bid=1350, ask=1450)
    exit_ = broker.place("NSE:RELIANCE", "SELL", 1)
    assert order(broker, exit_).status == "open"


@pytest.mark.parametrize(
    ("last", "side", "option", "price"),
    [
        ("99", "BUY", False, "101.00"),
        ("100", "SELL", False, "99.00"),
        ("1400", "SELL", False, "1393.00"),
        ("5", "BUY", True, "5.25"),
        ("50", "SELL", True, "48.50"),
        ("600", "BUY", True, "606.00"),
    ],
)
def test_the_protection_goes_by_price_and_kind(last, side, option, price):
    """2, 1, half a percent; options 5, 3, 2, 1; to the tick."""
    assert protected_price(Decimal(last), side, option=option, tick=Decimal("0.05")) == Decimal(price)


@pytest.mark.parametrize("profile", [ZERODHA, SHOONYA])
@pytest.mark.parametrize(
    ("key", "quantity", "price", "reason"),
    [
        ("NFO:NIFTY29DEC26FUT", 100, "203.2", "lot size 75"),
        ("NFO:NIFTY29DEC26FUT", 1875, "203.2", "freeze quantity 1800"),
        ("NSE:RELIANCE", 1, "1390.03", "tick size 0.05"),
        ("NSE:RELIANCE", 1, "1200", "circuit limits 1260 to 1540"),
        ("NSE:RELIANCE", 100_000, "1390", "insufficient funds"),
        ("NSE:NOSUCH", 1, "10", "unknown instrument"),
    ],
)
def test_F28_the_exchange_rejects_what_was_accepted(broker_of, profile, key, quantity, price, reason):
    """With an id; only the book, or an update, tells."""
    broker = broker_of(profile)
    broker.circuit("NSE:RELIANCE", 1260, 1540)
    placed = broker.place(key, "BUY", quantity, pricetype="LIMIT", price=price)
    assert placed.refusal is None
    kept = order(broker, placed)
    assert kept.status == "rejected"
    assert reason in kept.reason


def test_F36_at_the_lower_circuit_an_exit_rests(broker_of):
    """Nobody buys; a purchase still fills, and the sandbox knows nothing of it."""
    for profile, status in ((ZERODHA, "open"), (SANDBOX, "complete")):
        broker = broker_of(profile)
        broker.circuit("NSE:RELIANCE", 1260, 1540)
        broker.place("NSE:RELIANCE", "BUY", 10)
        broker.tick("NSE:RELIANCE", 1260)
        assert order(broker, broker.place("NSE:RELIANCE", "SELL", 10)).status == status
        assert order(broker, broker.place("NSE:RELIANCE", "BUY", 1)).status == "complete"
        broker.tick("NSE:RELIANCE", 1261)
        assert broker.truth().position("NSE:RELIANCE") == 1


def test_F37_a_stop_fills_where_the_market_is(broker_of):
    """Not at its trigger: the gap is in the fill."""
    broker = broker_of(ZERODHA)
    broker.place("NSE:RELIANCE", "BUY", 10)
    stop = broker.place("NSE:RELIANCE", "SELL", 10, pricetype="SL-M", trigger=1390)
    limit = broker.place("NSE:RELIANCE", "SELL", 10, pricetype="SL", trigger=1390, price=1385)
    broker.tick("NSE:RELIANCE", 1330)
    assert order(broker, stop).average == Decimal("1329.95")
    assert order(broker, limit).status == "open"


def test_the_shapes_of_a_row_differ(make_world):
    """Texts, missing fields, other words, other times: a reader must take them all."""
    for profile in (ZERODHA, SHOONYA):
        world = make_world(profile)
        world.broker.place("NSE:RELIANCE", "BUY", 10)
        world.broker.place("NSE:RELIANCE", "SELL", 10, pricetype="SL", trigger=1380, price=1370)
        filled, waiting = world.post("orderbook")[1]["data"]["orders"]
        [trade] = world.post("tradebook")[1]["data"]
        [position] = world.post("positionbook")[1]["data"]
        assert "filled_quantity" not in filled
        if profile is ZERODHA:
            assert (filled["quantity"], filled["pricetype"], waiting["order_status"]) == (
                10,
                "MARKET",
                "trigger pending",
            )
            assert (position["quantity"], position["average_price"], trade["quantity"]) == (10, "1400.05", 10)
        else:
            assert (filled["quantity"], filled["pricetype"], waiting["order_status"]) == (
                "10",
                "LIMIT",
                "trigger_pending",
            )
            assert (filled["price"], filled["timestamp"], trade["timestamp"]) == (
                "1407.00",
                "10:30:00 23-11-2026",
                "10:30:00",
            )
            assert (position["quantity"], position["average_price"], trade["quantity"]) == (10.0, 1400.05, "10")


def test_a_status_that_zerodhas_mapping_does_not_know_takes_the_row_befores(make_world):
    """OPEN PENDING comes out complete; as the first row it makes the whole book a 500. Shoonya passes it on."""
    world = make_world(ZERODHA)
    world.broker.place("NSE:RELIANCE", "BUY", 10)
    resting = world.broker.place("NSE:RELIANCE", "BUY", 10, pricetype="LIMIT", price=1300).order_id
    world.broker.show_as(resting, "OPEN PENDING")
    rows = world.post("orderbook")[1]["data"]["orders"]
    assert [row["order_status"] for row in rows] == ["complete", "complete"]
    world.broker.show_as(world.broker.truth().orders[0].order_id, "VALIDATION PENDING")
    assert world.post("orderbook")[0] == 500
    shoonya = make_world(SHOONYA)
    resting = shoonya.broker.place("NSE:RELIANCE", "BUY", 10, pricetype="LIMIT", price=1300).order_id
    shoonya.broker.show_as(resting, "PENDING")
    assert shoonya.post("orderbook")[1]["data"]["orders"][0]["order_status"] == "pending"


def test_F44_shoonya_answers_now_and_then_for_another_instrument(make_world):
    """Every seventh quote; the next is right again."""
    world = make_world(SHOONYA)
    seen = [world.post("quotes", symbol="RELIANCE", exchange="NSE")[1]["data"]["ltp"] for _ in range(14)]
    assert [number for number, ltp in enumerate(seen, 1) if ltp != 1400.0] == [7, 14]


def test_orderstatus_shows_the_first_trade_alone(live):
    """Of two trades at two prices, the average of one."""
    live.broker.fills_by_hand = True
    placed = live.broker.place("NSE:RELIANCE", "BUY", 10)
    live.broker.fill(placed.order_id, 4, 1400)
    live.broker.fill(placed.order_id, 6, 1410)
    assert live.post("orderstatus", strategy="s", orderid=placed.order_id)[1]["data"]["average_price"] == 1400.0
    assert live.broker.truth().order(placed.order_id).average == 1406


def test_fills_by_hand_are_bounded(broker_of):
    """Not more than is left; the sandbox fills whole orders."""
    broker = broker_of(SANDBOX)
    resting = broker.place("NSE:RELIANCE", "BUY", 10, pricetype="LIMIT", price=1390).order_id
    with pytest.raises(ValueError, match="10 left"):
        broker.fill(resting, 11)
    with pytest.raises(ValueError, match="whole orders"):
        broker.fill(resting, 5)
    broker.fill(resting)
    assert broker.truth().order(resting).average == 1390


def test_listeners_hear_everything_in_order_until_they_stop(broker_of):
    """A tick, then what it did."""
    broker = broker_of(LIVE)
    heard = []
    stop = broker.listen(heard.append)
    broker.place("NSE:TCS", "BUY", 1, pricetype="LIMIT", price=2990)
    broker.tick("NSE:TCS", 2980)
    stop()
    broker.tick("NSE:TCS", 2990)
    kinds = [(event.kind, event.order.status if event.order else None) for event in heard]
    assert kinds == [("order_update", "open"), ("tick", None), ("order_update", "complete")]
    assert {event.at for event in heard} == {MONDAY}


def test_bars_and_keys_are_read_as_they_are_given(broker_of):
    """Oldest first; a symbol needs its exchange."""
    broker = broker_of(LIVE)
    later = rc.Bar(at=MONDAY, open=1, high=2, low=1, close=2)
    earlier = rc.Bar(at=MONDAY.replace(hour=9), open=1, high=2, low=1, close=2)
    broker.bars("NSE:TCS", "1m", [later, earlier])
    assert broker.market.bars("NSE:TCS", "1m") == (earlier, later)
    with pytest.raises(ValueError, match="NSE:RELIANCE"):
        broker.quote("RELIANCE", 1400)


def test_a_part_is_whole_lots(broker_of):
    """Half of three lots is one."""
    broker = broker_of(LIVE)
    broker.script(Fault("placeorder", "partial", fraction="0.5"))
    placed = broker.place("NFO:NIFTY29DEC26FUT", "BUY", 225, product="NRML")
    assert order(broker, placed).filled == 75
