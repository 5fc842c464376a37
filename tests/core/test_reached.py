"""A stop that the price has reached, long and short: which prices leave at once, and which wait for another."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import SANDBOX, at_broker, books, held, ticks
from tests.core.engine_days import INFY, SEEN, TCS, a_day

D = Decimal
SIDES = pytest.mark.parametrize("side", ["BUY", "SELL"])


def watched(side, stop=980, **policy):
    """INFY of a side from 1,000, of which no stop rests; prices as for a long one (`of` turns them round)."""
    day = a_day(**policy)
    entry = day.enter("10:00", side, last=1000, stop=of(side, stop), target=of(side, 1000 + 4 * (1000 - stop)))
    day.fill("10:00:01", entry, price=1000)
    ticks(day, "10:00:02", of(side, 995))
    return day


def of(side, price):
    """The price as far on the other side of 1,000, for a short."""
    return price if side == "BUY" else 2000 - price


def seen(day, side, clock, *prices):
    """The facts of one look at several ticks."""
    return ticks(day, clock, *[of(side, price) for price in prices])


@SIDES
@pytest.mark.parametrize("price", [980, 979])
def test_a_lone_tick_that_reaches_the_stop_is_noted_with_its_price_and_not_confirmed(side, price):
    day = watched(side)
    assert seen(day, side, "10:05", price)[-1] == "StopTouched"
    touch = day.last(e.StopTouched).touch
    assert (touch.at, touch.price, touch.confirmed) == (day.at("10:05"), of(side, price), False)
    assert day.sent() == []


@SIDES
@pytest.mark.parametrize(
    ("prices", "leaves"),
    [
        ((980, 980), True),
        ((979, 980), True),
        ((980, 985, 979), True),
        ((985, 980), False),
        ((980, 985), False),
        ((985, 979, 985), False),
    ],
)
def test_several_ticks_of_one_look_confirm_each_other_where_the_first_and_the_last_are_through(side, prices, leaves):
    day = watched(side)
    seen(day, side, "10:05", *prices)
    assert [order.reason for order in day.sent()] == (["stop"] if leaves else [])
    if not leaves:
        assert day.last(e.StopTouched).touch.price == of(side, min(prices))


@SIDES
def test_a_second_look_that_is_through_confirms_the_first(side):
    day = watched(side)
    seen(day, side, "10:05", 980)
    seen(day, side, "10:05:00.200", 980)
    assert [(order.reason, order.quantity) for order in day.sent()] == [("stop", 50)]


@SIDES
def test_a_doubted_price_at_the_stop_that_the_next_one_bears_out_is_the_first_of_two(side):
    """Four per cent away at once: the first is not believed; the second leaves, and waits for no third."""
    day = watched(side, stop=950)
    assert seen(day, side, "10:05", 950) == ("PriceDoubted",)
    seen(day, side, "10:05:00.200", 950)
    assert [order.reason for order in day.sent()] == ["stop"]


@SIDES
def test_a_doubted_price_short_of_the_stop_is_no_first_of_two(side):
    day = watched(side, stop=950)
    seen(day, side, "10:05", 951)
    seen(day, side, "10:05:00.200", 950)
    assert day.sent() == []
    assert day.last(e.StopTouched).touch.confirmed is False


@SIDES
def test_what_was_reached_leaves_after_its_second_at_the_price_of_then(side):
    day = watched(side)
    seen(day, side, "10:05", 979)
    seen(day, side, "10:05:00.500", 985)
    day.time("10:05:01")
    assert [(order.reason, order.reference, order.level) for order in day.sent()] == [
        ("stop", of(side, 985), of(side, 980))
    ]


def test_a_stop_at_the_broker_has_its_time_to_fill_though_two_ticks_have_reached_it():
    """Two seconds; then ours goes in its stead, without another tick."""
    day, _ = held()
    ticks(day, "10:05", 979, 978)
    assert (day.last(e.StopTouched).touch.confirmed, day.last(e.StopTouched).touch.price) == (True, 978)
    assert "ExitWanted" not in day.time("10:05:01.900")
    assert "ExitWanted" in day.time("10:05:02")


def test_the_stop_of_one_symbol_that_rests_gives_no_grace_to_another():
    """TCS has its stop at the broker, and INFY none: two ticks through it, and it leaves."""
    day = a_day(INFY, TCS)
    day.take(e.BrokerSeen(day.at("09:17"), SANDBOX))
    for symbol in ("INFY", "TCS"):
        day.fill("10:00:01", day.enter("10:00", symbol=symbol, **SEEN), price=1000)
        if symbol == "INFY":
            for clock in ("10:00:02", "10:00:02.050"):
                day.report(clock, day.sent()[-1].order_id, "rejected", error="network")
    ticks(day, "10:00:02.100", 985)
    assert "StopTouched" not in ticks(day, "10:00:02.200", 979, 979)
    assert [(order.reason, order.trigger) for order in day.sent()][-1] == ("stop", None)


def test_the_trail_of_one_position_goes_on_while_another_leaves():
    day = a_day(INFY, TCS, trail="points", trail_by=20)
    for symbol in ("INFY", "TCS"):
        day.fill("10:00:01", day.enter("10:00", symbol=symbol, **SEEN), price=1000)
    day.signal("10:05", "SELL", "TCS", kind=rc.EXIT)
    day.prices("10:05:01", last=1020)
    moved = day.last(e.StopMoved)
    assert (moved.key, moved.position_id, moved.after) == (INFY.key, day.book.position(INFY.key).id, 1000)


def test_a_latch_of_ours_says_since_when_and_by_whom():
    day, _ = held()
    day.take(e.TroubleSeen(day.at("10:05"), "prices_stale", "silent for 90 s", INFY.key))
    (latch,) = day.book.latches
    assert (latch.at, latch.by, latch.why) == (day.at("10:05"), "riskcore", "silent for 90 s")
    day.take(e.TroubleOver(day.at("10:06"), "prices_stale", INFY.key))
    lifted = day.last(e.Lifted)
    assert (lifted.by, lifted.why, lifted.key) == ("riskcore", "the trouble is over", INFY.key)


# ---------------------------------------------------------------- answers with nothing in them


def no_money(day, clock):
    return day.take(e.FundsSeen(day.at(clock), None, None, None))


def test_F47_answers_with_nothing_in_them_are_counted_up_to_where_they_are_no_account():
    """At Shoonya: the money, then all books, three times: the login is taken for gone. A fourth is no news."""
    day = at_broker(broker="shoonya")
    assert no_money(day, "10:00") == ("AnswersEmpty",)
    assert no_money(day, "10:00:01") == ()
    for second, reads in ((2, 1), (3, 2), (4, 3)):
        assert "AnswersEmpty" in books(day, f"10:00:0{second}")
        assert (day.last(e.AnswersEmpty).funds, day.last(e.AnswersEmpty).reads) == (True, reads)
    assert (day.state.custody.login, day.book.state) == ("bad", "waiting_for_login")
    assert "AnswersEmpty" not in books(day, "10:00:05")


def test_F47_holdings_that_cannot_be_read_hide_no_login_that_has_gone():
    """Angel's plugin answers a dead token with nothing, and stumbles over the nothing of the holdings."""
    day = at_broker(broker="angel")
    no_money(day, "10:00")
    for second in (2, 3, 4):
        books(day, f"10:00:0{second}", holdings=None)
    assert (day.state.custody.login, day.book.state) == ("bad", "waiting_for_login")
    day = at_broker(broker="angel")
    no_money(day, "10:00")
    for second in (2, 3, 4):
        books(day, f"10:00:0{second}", orders=None, trades=None, positions=None, holdings=None)
    assert day.state.custody.login != "bad", "an outage tells nothing of the login"


def test_F47_one_row_that_is_shown_ends_the_count_and_the_money_its_own():
    day = at_broker(broker="shoonya")
    no_money(day, "10:00")
    for second in (2, 3, 4):
        books(day, f"10:00:0{second}")
    books(day, "10:00:06", holdings=(rc.BrokerHolding(key="NSE:ABC", quantity=1),))
    assert (day.last(e.AnswersEmpty).funds, day.last(e.AnswersEmpty).reads) == (True, 0)
    assert day.state.custody.login == "good"
    day.take(e.FundsSeen(day.at("10:00:07"), D(100_000), D(0), D(0)))
    assert (day.last(e.AnswersEmpty).funds, day.last(e.AnswersEmpty).reads) == (False, 0)


def test_F47_where_an_error_never_comes_as_nothing_nothing_is_counted():
    day = at_broker()
    assert "AnswersEmpty" not in no_money(day, "10:00")
    for second in (2, 3, 4, 5):
        assert "AnswersEmpty" not in books(day, f"10:00:0{second}")
    assert day.state.custody.login == ""
