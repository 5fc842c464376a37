"""The stream against a WebSocket server on this machine that fails as a test wants it to."""

import json
import logging
import socket
import threading
import time
from decimal import Decimal

import attrs
import pytest

from riskcore_openalgo.live_feed import Moment, Stream, StreamTiming
from riskcore_openalgo.live_feed.connection import Connection, Down
from tests.live_feed.conftest import real_moment
from tests.live_feed.made import QUICK
from tests.live_feed.server import KEY, running, until

pytestmark = pytest.mark.smoke  # under the older line of the SDK too

STAMP = 1_795_410_400_000


class Heard:
    """A stream, and all that it told."""

    def __init__(self, url, key=KEY, **more):
        self.ticks, self.orders, self.connections, self.clocks = [], [], [], []
        self.key = key
        self.stream = Stream(
            url,
            lambda: self.key,
            on_tick=self.ticks.append,
            on_order=self.orders.append,
            on_connection=lambda up, why: self.connections.append((up, why)),
            on_clock=self.clocks.append,
            **{"clock": real_moment, "timing": QUICK, **more},
        )

    @property
    def prices(self):
        return [(told.key, told.price) for told in self.ticks]

    def __enter__(self):
        self.stream.start()
        return self

    def __exit__(self, *_):
        assert self.stream.stop()


def up(heard):
    until(lambda: heard.stream.up)


def test_an_answered_ping_tells_how_far_our_clock_is_from_the_servers(fake, url):
    """Its clock is 42 s ahead of ours, so ours is that much behind; the way there and back is halved."""
    fake.ahead_s = 42.0
    with Heard(url) as heard:
        until(lambda: len(heard.clocks) > 1)
    assert all(abs(seconds + 42) < 1 for seconds in heard.clocks)


def test_a_ping_answered_late_tells_nothing_of_clocks(fake, url):
    """Two seconds by the stream's own clock pass with each look at it."""
    ticking = iter(range(0, 10**6, 2))
    slow = attrs.evolve(QUICK, dead_after_s=1e9, login_s=1e9)
    with Heard(url, clock=lambda: Moment(real_moment().at, float(next(ticking))), timing=slow) as heard:
        heard.stream.watch(["NSE:RELIANCE"])
        until(lambda: fake.asked.count({"action": "ping"}) > 2)
        fake.tick("RELIANCE", 1400.05, STAMP)
        until(lambda: heard.ticks)
    assert heard.clocks == []


def test_prices_and_orders_are_told_as_they_come(fake, url):
    """After the login, the subscription of what is watched, and that of the account's orders."""
    heard = Heard(url)
    heard.stream.watch(["NSE:RELIANCE", "NSE:M&M"])
    with heard:
        until(lambda: set(fake.subscribed) == {"NSE:RELIANCE", "NSE:M&M"})
        fake.tick("RELIANCE", 1400.05, STAMP)
        fake.send({"type": "order_update", "orderid": "26112327430391", "symbol": "RELIANCE", "exchange": "NSE"})
        fake.send(
            {
                "type": "order_update",
                "mode": "analyze",
                "orderid": "26112327430391",
                "symbol": "RELIANCE",
                "exchange": "NSE",
                "action": "SELL",
                "quantity": 5,
                "price": 0.0,
                "trigger_price": 1395.0,
                "pricetype": "SL-M",
                "product": "MIS",
                "order_status": "trigger pending",
                "filled_quantity": 0,
                "pending_quantity": 0,
                "average_price": 0.0,
                "rejection_reason": "",
            }
        )
        until(lambda: heard.orders)
    assert heard.prices == [("NSE:RELIANCE", Decimal("1400.05"))]
    assert (heard.orders[0].order.status, heard.orders[0].order.trigger) == ("trigger_pending", Decimal(1395))
    assert [request["action"] for request in fake.asked][:3] == ["authenticate", "subscribe_orders", "subscribe"]
    assert heard.stream.counts == {"order_not_readable": 1}
    assert heard.connections == [(True, ""), (False, "stopped")]


def test_what_is_watched_may_change_at_any_time(fake, url):
    with Heard(url) as heard:
        heard.stream.watch(["NSE:TCS"])
        until(lambda: set(fake.subscribed) == {"NSE:TCS"})
        heard.stream.watch(["NSE:INFY", "NSE:SBIN"])
        until(lambda: set(fake.subscribed) == {"NSE:TCS", "NSE:INFY", "NSE:SBIN"})
        heard.stream.again(["NSE:INFY"])
        until(lambda: fake.subscribed["NSE:INFY"] == 2)
        assert fake.subscribed["NSE:SBIN"] == 1


def test_many_instruments_are_asked_for_in_several_requests(fake, url):
    keys = {f"NSE:S{n}" for n in range(250)}
    heard = Heard(url)
    heard.stream.watch(keys)
    with heard:
        until(lambda: set(fake.subscribed) == keys)
    sizes = [len(request["symbols"]) for request in fake.asked if request["action"] == "subscribe"]
    assert sizes == [100, 100, 50]


def test_a_connection_that_is_dropped_comes_back_with_all_it_had(fake, url):
    """Login, subscriptions, orders; and the gap is told."""
    heard = Heard(url)
    heard.stream.watch(["NSE:TCS"])
    with heard:
        until(lambda: fake.subscribed.get("NSE:TCS") == 1)
        up(heard)
        fake.drop()
        until(lambda: fake.subscribed.get("NSE:TCS") == 2)
        fake.tick("TCS", 3000, STAMP)
        until(lambda: heard.ticks)
    assert fake.logins == 2
    assert [state for state, _ in heard.connections] == [True, False, True, False]
    assert "the connection was lost" in heard.connections[1][1]


def test_a_server_that_ends_and_is_started_anew_is_found_again(fake):
    """However often; the port is taken by nobody in between."""
    with running(fake) as url:
        port = int(url.rpartition(":")[2])
        heard = Heard(url)
        heard.stream.start()
        up(heard)
    until(lambda: any("no connection" in why for _, why in heard.connections))
    with running(fake, port):
        up(heard)
        assert heard.stream.stop()


def test_a_frozen_peer_is_noticed_although_its_connection_stands(fake, url):
    """TCP is up and nothing is refused: silence alone tells; afterwards it is connected to again."""
    with Heard(url, timing=attrs.evolve(QUICK, dead_after_s=0.3)) as heard:
        up(heard)
        fake.freeze()
        until(lambda: any("said nothing for 0.3" in why for _, why in heard.connections))
        fake.thaw()
        up(heard)


def test_by_default_a_frozen_peer_is_noticed_within_ten_seconds():
    """The last sign of life is at most a ping away; a server frozen at the login is given up as soon."""
    timing = StreamTiming()
    assert timing.dead_after_s + timing.listen_s < 10
    assert timing.connect_s + timing.login_s + timing.listen_s < 10


def test_a_process_that_was_held_up_itself_does_not_take_its_peer_for_dead(fake, url):
    """The clock leaps by a minute between two looks: nobody listened, so nobody was silent."""
    leap = [0.0]

    def clock():
        at, mono = real_moment()
        return Moment(at, mono + leap[0])

    with Heard(url, clock=clock, timing=attrs.evolve(QUICK, dead_after_s=5)) as heard:
        up(heard)
        for _ in range(3):
            leap[0] += 60
            pings = len(fake.asked)
            until(lambda pings=pings: len(fake.asked) > pings + 2)
    assert heard.connections == [(True, ""), (False, "stopped")]


def test_a_peer_that_only_answers_pings_is_alive(fake, url):
    """Whether its prices are fresh is another question, and not the connection's."""
    with Heard(url, timing=attrs.evolve(QUICK, dead_after_s=1)) as heard:
        up(heard)
        until(lambda: sum(request["action"] == "ping" for request in fake.asked) >= 25)
    assert heard.connections == [(True, ""), (False, "stopped")]


def test_a_server_that_does_not_answer_the_login_is_given_up(fake, url):
    fake.mute.add("authenticate")
    with Heard(url, timing=attrs.evolve(QUICK, login_s=0.05)) as heard:
        until(lambda: (False, "no answer to the login") in heard.connections)
        fake.mute.clear()
        up(heard)


def test_a_wrong_key_is_told_as_such_and_tried_again_slowly(fake, url):
    """Until it is right: a key that was rotated is asked for at each login."""
    with Heard(url, key="f" * 64, timing=attrs.evolve(QUICK, refused_wait_s=0.4), chance=lambda: 0) as heard:
        until(lambda: len(fake.asked) >= 2)
        assert "the API key was refused (Invalid API key)" in heard.connections[0][1]
        heard.key = KEY
        up(heard)
    assert fake.asked_at[1] - fake.asked_at[0] >= 0.4
    assert fake.logins == 1


def test_a_key_that_is_refused_later_ends_the_connection(fake, url):
    """Revoked in the middle of the day; and a login that the server has forgotten is made again."""
    with Heard(url) as heard:
        up(heard)
        fake.send({"status": "error", "code": "NOT_AUTHENTICATED", "message": "You must authenticate first"})
        until(lambda: fake.logins == 2)
        up(heard)
        fake.refuse = True
        fake.send({"status": "error", "code": "AUTHENTICATION_ERROR", "message": "Invalid API key"})
        until(lambda: any("refused from now on" in why for _, why in heard.connections))


def test_a_server_that_has_lost_its_broker_is_logged_in_to_anew(fake, url):
    """Somebody logged in to the broker at midday: OpenAlgo ends its feed then, and makes another at a login alone."""
    with Heard(url) as heard:
        up(heard)
        fake.send({"status": "error", "code": "BROKER_ERROR", "message": "Broker adapter not found"})
        until(lambda: fake.logins == 2)
        up(heard)
        assert any("no connection to the broker any more" in why for _, why in heard.connections)


def test_a_login_that_fails_for_another_reason_is_not_the_keys_fault(fake, url):
    fake.mute.add("authenticate")
    with Heard(url) as heard:
        until(lambda: fake.asked)
        fake.send({"status": "error", "code": "BROKER_ERROR", "message": f"no session for {KEY}"})
        until(lambda: heard.connections)
        assert heard.connections[0] == (False, "the login failed: no session for (the key)")


def test_garbage_is_counted_and_dropped(fake, url):
    """What follows is read as if nothing had been; binary frames are read as text."""
    with Heard(url) as heard:
        heard.stream.watch(["NSE:TCS"])
        until(lambda: fake.subscribed)
        for text in ("{bad", "[]", '{"type":"market_data"}', "", json.dumps({"type": "news"})):
            fake.send(text)
        fake.send(b"\x00\xff")
        fake.tick("TCS", 0, STAMP)
        fake.tick("TCS", 3000, STAMP)
        until(lambda: heard.ticks)
    assert heard.stream.counts["not_json"] >= 2
    assert heard.stream.counts["tick_without_data"] == heard.stream.counts["tick_without_price"] == 1
    assert heard.prices == [("NSE:TCS", Decimal(3000))]


def test_whoever_listens_badly_does_not_end_the_stream(fake, url):
    heard = Heard(url)
    told = []

    def falls_over(tick):
        told.append(tick)
        raise RuntimeError("too late")

    heard.stream._on_tick = falls_over
    with heard:
        heard.stream.watch(["NSE:TCS"])
        until(lambda: fake.subscribed)
        fake.tick("TCS", 3000, STAMP)
        fake.tick("TCS", 3001, STAMP)
        until(lambda: len(told) == 2)
        assert heard.stream.counts["callback_failed"] == 2
        assert heard.stream.up


def test_a_fault_of_our_own_does_not_end_the_stream(fake, url):
    """A key that cannot be read today may be read tomorrow."""
    keys = iter([OSError("no such file"), KEY])

    def key():
        found = next(keys)
        if isinstance(found, Exception):
            raise found
        return found

    heard = Heard(url)
    heard.stream._api_key = key
    with heard:
        up(heard)
    assert heard.stream.counts["failed"] == 1
    assert heard.connections[0] == (False, "the stream failed: OSError")


def test_a_refused_subscription_is_counted(fake, url):
    with Heard(url) as heard:
        up(heard)
        rows = [{"symbol": "X", "exchange": "NSE", "status": "error"}]
        fake.send({"type": "subscribe", "status": "success", "subscriptions": rows})
        fake.send({"status": "error", "code": "INVALID_MODE", "message": "Invalid mode 9"})
        until(lambda: heard.stream.counts["INVALID_MODE"])
        assert heard.stream.counts["not_subscribed"] == 1


def test_the_reason_of_a_closing_server_is_told(fake, url):
    with Heard(url) as heard:
        up(heard)
        threading.Thread(target=fake.close, args=(4401, "auth timeout")).start()
        until(lambda: (False, "the server closed the connection: 4401 auth timeout") in heard.connections)


def test_stopping_is_prompt_wherever_the_stream_is(fake, url):
    """Listening to a frozen peer, waiting for the next try, or waiting for a handshake that never comes."""
    slow = attrs.evolve(QUICK, dead_after_s=60, listen_s=60, connect_s=60, longest_wait_s=60, first_wait_s=60)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        nobody = f"ws://127.0.0.1:{deaf.getsockname()[1]}"
        listening, waiting = Heard(url, timing=slow), Heard(nobody, timing=slow)
        listening.stream.start()
        waiting.stream.start()
        up(listening)
        fake.freeze()
        began = time.monotonic()
        assert listening.stream.stop()
        assert waiting.stream.stop()
        assert time.monotonic() - began < 5
    refused = Heard(nobody, timing=slow)
    refused.stream.start()
    until(lambda: refused.connections)
    assert refused.stream.stop()
    assert refused.stream.stop(), "a second time is no fault"


def test_a_stream_that_is_stopped_while_it_dials_opens_nothing(url):
    connection = Connection(url)
    connection.cut()
    with pytest.raises(Down, match="stopped"):
        connection.open(1)


def test_the_waits_double_up_to_their_longest_and_are_shortened_by_chance():
    timing = StreamTiming(first_wait_s=0.5, longest_wait_s=30)
    assert [timing.wait_s(failures, 0) for failures in (1, 2, 3, 8, 5000)] == [0.5, 1, 2, 30, 30]
    assert timing.wait_s(8, 1) == 15


def test_what_cannot_work_is_refused_when_it_is_made():
    with pytest.raises(ValueError, match="dead_after_s must be above ping_every_s"):
        StreamTiming(ping_every_s=9)
    for address in ("http://127.0.0.1", "ws://", "127.0.0.1:8765"):
        with pytest.raises(ValueError, match="must be like ws://"):
            Heard(address)
    with pytest.raises(ValueError, match="mode must be 1"):
        Heard("ws://127.0.0.1:8765", mode=9)


def test_a_stream_is_started_once_and_one_that_never_was_can_be_stopped(url):
    heard = Heard(url)
    assert heard.stream.stop()
    with Heard(url) as twice, pytest.raises(RuntimeError, match="make another one"):
        twice.stream.start()


def test_the_key_is_in_no_log_text_or_error(fake, url, caplog, capsys):
    """Whether it is right or wrong, and with all logging on."""
    caplog.set_level(logging.DEBUG)
    for refuse in (False, True):
        fake.refuse = refuse
        with Heard(url) as heard:
            until(lambda heard=heard: heard.connections)
            fake.send("{bad")
            said = [repr(heard.stream), str(vars(heard.stream)), *(why for _, why in heard.connections)]
            assert not [text for text in said if KEY in text]
    assert KEY not in caplog.text
    assert KEY not in "".join(capsys.readouterr())
