"""The stream: every recorded dialogue, the life of orders as it is told, and how it breaks."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests.fake.compare import differences
from tests.fake.exchanges import rows
from tests.fake.test_recorded import figures
from tests.fake.world import KEY

DIALOGUES = {row["case"]: row["dialogue"] for row in rows("websocket")}
TOLD_APART = {"no auth for 16 s (grace window)", "order updates: full life"}


def heard(socket, world, recorded):
    """The message that answers to a recorded one: a tick of the same kind is provoked, a reply is waited for."""
    wanted = recorded.get("type")
    if wanted == "market_data":
        key = f"{recorded['exchange']}:{recorded['symbol']}"
        world.broker.tick(key, recorded["data"]["ltp"])
        while True:
            message = socket.read()
            if (message.get("type"), message.get("mode")) == (wanted, recorded["mode"]):
                return message
    while True:
        message = socket.read()
        if message.get("type") != "market_data":
            return message


@pytest.mark.parametrize("case", sorted(DIALOGUES.keys() - TOLD_APART))
def test_a_recorded_dialogue_goes_the_same_way(case, world, socket_to):
    """Keys and types of every message, words modulo numbers."""
    socket = socket_to(world, authenticate=False)
    for line in DIALOGUES[case]:
        if "send" in line:
            socket.send(_with_our_key(line["send"]))
        elif "recv" in line:
            assert differences(line["recv"], heard(socket, world, line["recv"])) == []


def _with_our_key(message):
    if isinstance(message, dict) and message.get("api_key") == "API_KEY":
        return {**message, "api_key": KEY}
    return message


def test_whoever_does_not_say_a_key_is_cut_off(make_world, socket_to):
    """After the grace limit, with 4401; before it a bad key may be followed by a good one."""
    world = make_world(grace_s=0.05)
    socket = socket_to(world, authenticate=False)
    with pytest.raises(ConnectionClosed) as closed:
        socket.read()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "auth timeout")


def test_a_bad_key_leaves_the_connection_open(world, socket_to):
    """And the next key may be right."""
    socket = socket_to(world, authenticate=False)
    assert socket.ask(action="authenticate", api_key="wrong")["code"] == "AUTHENTICATION_ERROR"
    assert socket.ask(action="authenticate", api_key=KEY)["type"] == "auth"


def test_the_life_of_orders_is_told_as_recorded(world, socket_to):
    """Every message of the recorded morning, with its flaws: 0 pending while open, nothing of the modification."""
    told = [line["recv"] for line in DIALOGUES["order updates: full life"] if "recv" in line]
    told = [message for message in told if message["type"] == "order_update"]
    socket = socket_to(world)
    assert socket.ask(action="subscribe_orders")["status"] == "success"
    broker = world.broker
    broker.place("NSE:RELIANCE", "BUY", 10)
    limit = broker.place("NSE:RELIANCE", "BUY", 5, pricetype="LIMIT", price=1390).order_id
    broker.modify(limit, quantity=6, price=1391)
    broker.cancel(limit)
    broker.place("NSE:HDFCBANK", "SELL", 1, product="CNC")
    broker.place("NSE:RELIANCE", "SELL", 5, pricetype="SL-M", trigger=1395)
    broker.place("NSE:RELIANCE", "SELL", 5, pricetype="SL", trigger=1395, price=1394)
    world.tick("RELIANCE", 1390)
    world.tick("RELIANCE", "1394.5")
    world.post("closeposition", strategy="demo")
    assert [figures(socket.read()) for _ in told] == [figures(message) for message in told]
    assert socket.silent()


def test_two_clients_hear_the_same_in_the_same_order(world, socket_to):
    """Also what was placed over HTTP, by anybody."""
    sockets = [socket_to(world), socket_to(world)]
    for socket in sockets:
        socket.ask(action="subscribe_orders")
    for _ in range(5):
        world.post("placeorder", strategy="x", symbol="TCS", exchange="NSE", action="BUY", quantity=1)
    first, second = ([socket.read() for _ in range(10)] for socket in sockets)
    assert first == second
    assert [message["order_status"] for message in first] == ["open", "complete"] * 5


def test_an_unsubscribed_symbol_is_silent(world, socket_to):
    """Ticks go to those who asked, in the mode they asked for."""
    socket = socket_to(world)
    socket.ask(action="subscribe", symbol="TCS", exchange="NSE", mode=2)
    assert world.server.stream.subscribers("NSE:TCS") == 1
    world.tick("TCS", 3001)
    world.tick("INFY", 1501)
    assert (message := socket.read())["mode"] == 2
    assert message["data"]["ltp"] == 3001.0
    socket.ask(action="unsubscribe", symbol="TCS", exchange="NSE", mode=2)
    world.tick("TCS", 3002)
    assert socket.silent()


def test_F43_a_frozen_stream_stays_open_and_says_nothing(world, socket_to):
    """Not even to a ping; what happened meanwhile is lost."""
    socket = socket_to(world)
    socket.ask(action="subscribe", symbol="TCS", exchange="NSE", mode=1)
    world.server.stream.freeze()
    world.tick("TCS", 3001)
    answered = socket.connection.ping()
    assert not answered.wait(0.1)
    assert socket.silent()
    world.server.stream.thaw()
    world.tick("TCS", 3002)
    assert socket.read()["data"]["ltp"] == 3002.0


def test_a_dropped_stream_ends_without_a_word_and_takes_the_subscriptions_along(world, socket_to):
    """A new connection starts from nothing: no replay, no snapshot."""
    socket = socket_to(world)
    socket.ask(action="subscribe_orders")
    world.server.stream.drop()
    with pytest.raises(ConnectionClosed):
        socket.read()
    world.broker.place("NSE:TCS", "BUY", 1)
    again = socket_to(world)
    again.ask(action="subscribe_orders")
    assert again.silent()


def test_F32_order_updates_come_twice_swapped_or_not_at_all(world, socket_to):
    """The book stays what it is."""
    socket, stream = socket_to(world), world.server.stream
    socket.ask(action="subscribe_orders")
    stream.repeats = 1
    world.broker.place("NSE:TCS", "BUY", 1)
    assert [socket.read()["order_status"] for _ in range(4)] == ["open", "open", "complete", "complete"]
    stream.repeats, stream.reorders = 0, True
    world.broker.place("NSE:TCS", "BUY", 1)
    assert [socket.read()["order_status"] for _ in range(2)] == ["complete", "open"]
    stream.reorders, stream.lose_orders = False, 1
    world.broker.place("NSE:TCS", "BUY", 1)
    assert socket.read()["order_status"] == "complete"
    stream.lose_orders = -1
    world.broker.place("NSE:TCS", "BUY", 1)
    assert socket.silent()
    assert world.broker.truth().position("NSE:TCS") == 4


def test_a_dead_token_stops_the_ticks_and_leaves_the_connection(world, socket_to):
    """The feed of a dead token is silent, not gone."""
    socket = socket_to(world)
    socket.ask(action="subscribe", symbol="TCS", exchange="NSE", mode=1)
    world.broker.token_dies()
    world.tick("TCS", 3001)
    assert socket.silent()
    world.broker.login()
    world.tick("TCS", 3002)
    assert socket.read()["data"]["ltp"] == 3002.0


def test_a_server_that_comes_back_listens_where_it_did(world, socket_to):
    """With the same books, and clients that must connect again."""
    socket, host, url = socket_to(world), world.server.host, world.server.ws_url
    world.server.stop()
    with pytest.raises(ConnectionClosed):
        socket.read()
    with pytest.raises(RuntimeError, match="not running"):
        _ = world.server.host
    world.server.start()
    assert (world.server.host, world.server.ws_url) == (host, url)
    socket_to(world)
    assert world.post("ping")[0] == 200
