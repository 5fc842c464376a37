"""The fake OpenAlgo without sockets says what it says over HTTP; and time there passes only where somebody waits."""

from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore_openalgo.client import Accepted, Budget, Client, OrderWanted, ReadFailed, Rejected, Unknown
from riskcore_openalgo.testing import LIVE, SANDBOX, SHOONYA, ZERODHA, FakeBroker, FakeOpenAlgo, Fault
from riskcore_openalgo.testing.direct import KEY, Wire
from riskcore_openalgo.testing.timeline import Timeline

OPENS = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
BUY = OrderWanted("NSE", "RELIANCE", "BUY", 10, "MIS", "LIMIT", price=1401)
REST = OrderWanted("NSE", "RELIANCE", "SELL", 10, "MIS", "SL", price=1380, trigger=1385)


def a_market(time, profile):
    broker = FakeBroker(clock=time, cash=1_000_000, profile=profile)
    broker.contract("NSE:RELIANCE", tick="0.10")
    broker.quote("NSE:RELIANCE", 1400)
    broker.quote("NSE:INFY", 1500)
    return broker


def plenty():
    """A budget for all that a story asks in one second, which never ends."""
    return Budget(orders_per_s=1000, reads_per_s=1000, monotonic=lambda: 0.0, sleep=lambda _: None)


def what_was_read(act, *arguments):
    """The value of a call, or why there is none."""
    try:
        return act(*arguments)
    except ReadFailed as problem:
        return problem.what, problem.error


def the_stop(client):
    """The row of the one order that waits for its trigger."""
    (stop,) = [row for row in client.orders() if row.price_type == "SL"]
    return stop


def the_story(client, broker):
    """Everything a client can do, and every way in which it can go wrong that takes no time."""
    told = [client.mode(), client.broker(), client.place(BUY), client.place(REST)]
    told += [client.place(OrderWanted("NSE", "NOSUCH", "BUY", 1, "MIS", "LIMIT", price=10))]
    stop = the_stop(client)
    told += [client.modify(stop, quantity=5, trigger=1386), client.books(OPENS), client.funds()]
    stop = the_stop(client)
    told += [client.cancel(stop), client.cancel(stop), client.margin([BUY]), client.quote("NSE", "RELIANCE", at=OPENS)]
    told += [client.quotes(["NSE:RELIANCE", "NSE:NOSUCH"], at=OPENS).keys(), client.symbol("NSE", "RELIANCE")]
    told += [
        client.depth("NSE", "RELIANCE", at=OPENS),
        client.search("INFY"),
        client.intervals(),
        client.holidays(2026),
    ]
    for executed in (True, False):
        for kind in ("status", "drop", "null_id", "unreadable", "empty_body", "html", "forbidden", "too_many"):
            if not (executed and kind in ("too_many", "forbidden")):
                broker.script(Fault("placeorder", kind, executed=executed, status=502))
                told.append(client.place(BUY))
    for kind in ("status", "drop", "empty", "unreadable", "html"):
        broker.script(Fault("orderbook", kind, times=3), Fault("funds", kind, times=3))
        told += [what_was_read(client.orders), what_was_read(client.funds)]
    broker.token_dies()
    told += [
        what_was_read(client.positions),
        what_was_read(client.quote, "NSE", "INFY"),
        client.place(BUY, urgent=True),
    ]
    broker.login()
    broker.analyzer = not broker.analyzer
    told += [client.mode(), client.place(BUY, urgent=True), client.seen_mode, len(broker.truth().orders)]
    return told


@pytest.mark.parametrize("profile", [SANDBOX, LIVE, ZERODHA, SHOONYA], ids=lambda profile: profile.name)
def test_the_same_story_over_http_and_without_it_gives_the_same_values(profile):
    """Only the words of a dropped connection may come from another line of another library."""
    time = Timeline(OPENS)
    direct = a_market(time, profile)
    over_there = the_story(Wire(direct, time, limits=False).client(budget=plenty(), jitter=lambda: 0.0), direct)

    still = a_market(lambda: OPENS, profile)
    with (
        FakeOpenAlgo(still, KEY, limits=False) as server,
        Client(server.host, KEY, budget=plenty(), sleep=lambda _: None, clock=lambda: OPENS) as client,
    ):
        over_http = the_story(client, still)
    for there, here in zip(over_http, over_there, strict=True):
        assert there == here
    assert [(one.side, one.status) for one in still.truth().orders] == [
        (one.side, one.status) for one in direct.truth().orders
    ]


def test_F20_a_timeout_takes_its_time_and_is_unknown_whether_or_not_it_was_executed():
    for executed, orders in ((True, 1), (False, 0)):
        time = Timeline(OPENS)
        broker = a_market(time, LIVE)
        broker.script(Fault("placeorder", "timeout", executed=executed, seconds=9))
        assert isinstance(Wire(broker, time).client().place(BUY), Unknown)
        assert time.now - OPENS == timedelta(seconds=5)
        assert len(broker.truth().orders) == orders


def test_F20_an_order_that_is_carried_out_after_its_caller_gave_up_is_found_in_the_book_later():
    time = Timeline(OPENS)
    broker = a_market(time, LIVE)
    broker.script(Fault("placeorder", "delay", seconds=9))
    client = Wire(broker, time).client()
    assert isinstance(client.place(BUY), Unknown)
    assert client.orders() == ()
    time.sleep(4.5)
    assert [row.quantity for row in client.orders()] == [10]


def test_a_server_that_is_not_there_was_never_asked():
    time = Timeline(OPENS)
    broker = a_market(time, LIVE)
    wire = Wire(broker, time)
    wire.down = True
    refused = wire.client().place(BUY)
    assert isinstance(refused, Rejected)
    assert refused.error == "network"
    assert broker.truth().orders == ()


def test_a_slow_answer_holds_up_nobody_else():
    time, told = Timeline(OPENS), []
    broker = a_market(time, LIVE)
    broker.script(Fault("placeorder", "delay", executed=True, seconds=3))
    client = Wire(broker, time, latency=lambda _: 0.1).client()
    slow = time.fibre(lambda: told.append((time.monotonic(), type(client.place(BUY)))))
    quick = time.fibre(lambda: told.append((time.monotonic(), len(client.orders()))))
    slow.go_on()
    time.later(1, quick.go_on)
    time.run(OPENS + timedelta(seconds=10))
    assert [row[1] for row in told] == [1, Accepted]
    assert slow.ended
    assert quick.ended


def test_a_killed_fibre_goes_no_further():
    time, told = Timeline(OPENS), []

    def twice():
        time.sleep(1)
        told.append("first")
        time.sleep(1)
        told.append("second")

    one = time.fibre(twice)
    one.go_on()
    time.run(OPENS + timedelta(seconds=1.5))
    one.kill()
    time.run(OPENS + timedelta(seconds=5))
    assert told == ["first"]
    assert one.ended


def test_what_a_fibre_raises_comes_out_where_it_was_woken():
    time = Timeline(OPENS)
    one = time.fibre(lambda: time.sleep(1) or 1 / 0)
    one.go_on()
    with pytest.raises(ZeroDivisionError):
        time.sleep(2)


def test_whoever_waits_for_less_than_the_clock_can_tell_is_woken_a_moment_later():
    """A token that is free in a tenth of a microsecond: the wait for it ended in the same moment, again and again."""
    time, told = Timeline(OPENS), []
    time.fibre(lambda: (time.sleep(1e-7), told.append(time.monotonic()))).go_on()
    assert time.step()
    time.sleep(1e-7)
    time.sleep(0)
    assert (told, time.monotonic()) == ([1e-6], 2e-6)
