"""Which shares are an order's where the trade book cannot be read: beside others', of several orders, by half a row."""

import pytest

import riskcore as rc
from tests.core.beside_days import beside
from tests.core.custody_days import books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN
from tests.core.sliced_days import ordered
from tests.core.test_untold import alarms, entered, read


@pytest.mark.parametrize(("there", "filled"), [(55, True), (50, False), (45, False), (60, False)])
def test_shares_that_were_accepted_as_not_ours_are_none_of_its_fill(there, filled):
    """Five of somebody else's, and the entry's fifty."""
    day = beside(5)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    (order,) = day.sent(rc.ApprovedEntry)
    read(day, "10:00:20", row(order, "E1", "complete"), there=(position(there),))
    assert (day.book.order(entry).status == "filled") is filled


def slices(*statuses, there):
    """Three orders of 20, 20 and 10 of one entry, by whose rows they ended so; what each filled and came to."""
    day, entries = ordered()
    for number, order in enumerate(entries, 1):
        day.report("10:00:01", order.order_id, "working", broker_id=f"E{number}")
    rows = [row(order, f"E{n}", status) for n, (order, status) in enumerate(zip(entries, statuses, strict=True), 1)]
    read(day, "10:00:20", *rows, there=(position(there),))
    known = [day.book.order(order.order_id) for order in entries]
    return [(order.status, order.filled_quantity) for order in known]


CUT, WHOLE, OPEN = ("cancelled", 0), ("filled", 20), ("working", 0)


@pytest.mark.parametrize(
    ("statuses", "there", "ends"),
    [
        (("cancelled", "cancelled", "cancelled"), 0, [CUT, CUT, CUT]),
        (("complete", "cancelled", "cancelled"), 20, [WHOLE, CUT, CUT]),
        (("complete", "cancelled", "cancelled"), 30, [OPEN, OPEN, OPEN]),  # whose ten are they?
        (("complete", "cancelled", "open"), 21, [WHOLE, ("cancelled", 1), OPEN]),
        (("complete", "cancelled", "open"), 40, [WHOLE, WHOLE, OPEN]),
        (("complete", "cancelled", "open"), 41, [OPEN, OPEN, OPEN]),
        (("complete", "cancelled", "open"), 19, [OPEN, OPEN, OPEN]),
        (("complete", "complete", "complete"), 50, [WHOLE, WHOLE, ("filled", 10)]),
        (("complete", "complete", "complete"), 49, [OPEN, OPEN, OPEN]),
    ],
)
def test_of_several_orders_the_whole_ones_come_first_and_the_rest_is_ones_alone(statuses, there, ends):
    """Of two that were cut short nobody knows whose shares those are."""
    assert slices(*statuses, there=there) == ends


@pytest.mark.parametrize("told", [{"filled_quantity": 50}, {"average_price": 998}])
def test_half_of_what_a_row_tells_of_a_fill_tells_none(told):
    """How many without a price, or a price without how many: the positions say it."""
    day, order = entered()
    read(day, "10:00:20", row(order, "E1", "complete", **told), there=(position(50),))
    assert day.book.position(INFY.key).quantity == 50
    assert alarms(day) == ["presumed_filled"]


def test_an_entry_that_adds_to_what_is_held_is_taken_to_have_traded_at_its_limit():
    """The last price, which an exit would be booked at, may be better than that."""
    day, first = entered(one_position_per_symbol=False, max_position_size_percent=100, max_sector_exposure=100)
    day.fill("10:00:02", first.order_id, price=1000)
    day.prices("10:01", last=990)
    second = day.enter("10:02", **SEEN)
    day.report("10:02:01", second, "working", broker_id="E2")
    order = day.sent(rc.ApprovedEntry)[-1]
    rows = row(first, "E1", "complete"), row(order, "E2", "complete")
    read(day, "10:02:20", *rows, there=(position(50 + order.quantity),))
    taken = day.book.order(second)
    assert (taken.status, taken.filled_value) == ("filled", order.quantity * order.limit)
    assert order.limit > 990


def test_of_two_entries_of_an_instrument_neither_is_taken_while_the_later_one_may_yet_be_read():
    """The shares that are there may be those of the other."""
    day, first = entered(one_position_per_symbol=False, max_position_size_percent=100, max_sector_exposure=100)
    second = day.enter("10:02", **SEEN)
    day.report("10:02:01", second, "working", broker_id="E2")
    order = day.sent(rc.ApprovedEntry)[-1]
    rows = row(first, "E1", "complete"), row(order, "E2", "complete")
    assert "Filled" not in read(day, "10:02:09", *rows, there=(position(50 + order.quantity),))
    assert "Filled" in read(day, "10:02:10", *rows, there=(position(50 + order.quantity),))


def taken_for_sold(hands="ignore", sold=0):
    """Ten of 50 held were taken for the fill of a stop that was taken back; the trade book shows that none has sold.

    Beyond as many as were told before as `sold`.
    """
    day, _ = held(manual_trades=hands)
    (entry,) = day.sent(rc.ApprovedEntry)
    bought, sales = row(entry, "E1", "complete"), (trade("S1", "SELL", sold, 980),) if sold else ()
    shown = {"trades": (trade("E1", "BUY", 50, 1000), *sales)}
    books(day, "10:09", orders=(bought, row(stop_of(day), "S1", "open")), positions=(position(50 - sold),), **shown)
    before = day.book
    day.prices("10:10", last=1101)
    rows = bought, row(stop_of(day), "S1", "cancelled")
    read(day, "10:10:12", *rows, there=(position(40 - sold),))
    was = before.position(INFY.key)
    assert day.book.position(INFY.key).quantity == was.quantity - 10
    assert day.book.realised == before.realised - 10 * 20  # at its trigger, no better
    out = day.sent()[-1]
    day.report("10:10:13", out.order_id, "working", broker_id="X9")
    return day, before, {"orders": (*rows, row(out, "X9"), foreign()), **shown}


@pytest.mark.parametrize("hands", ["ignore", "freeze", "adopt"])
@pytest.mark.parametrize("sold", [0, 5])
def test_shares_that_were_taken_for_sold_and_that_no_trade_shows_are_ours_again(hands, sold):
    """With their stop and target, and nothing realised: they were somebody else's for good, and had no stop."""
    day, before, shown = taken_for_sold(hands, sold)
    for clock in ("10:10:20", "10:10:22"):
        books(day, clock, **shown, positions=(position(50 - sold),))
    was, now = before.position(INFY.key), day.book.position(INFY.key)
    assert (now.quantity, now.average_price, now.stop, now.target) == (50 - sold, 1000, was.stop, was.target)
    assert (now.realised, now.exit_value, now.charges) == (was.realised, was.exit_value, was.charges)
    assert (day.book.realised, day.book.charges) == (before.realised, before.charges)
    assert day.book.latch("positions_differ", INFY.key) is None


def test_what_a_hand_buys_after_that_is_believed_no_sooner_than_at_first():
    day, _, shown = taken_for_sold("freeze")
    for clock in ("10:10:20", "10:10:22"):
        books(day, clock, **shown, positions=(position(50),))
    day.report("10:10:23", stop_of(day).order_id, "working", broker_id="S2")
    shown["orders"] += (row(stop_of(day), "S2", "trigger_pending"),)
    shown["trades"] += (trade("H1", "BUY", 10, 1000),)
    for clock, frozen in (("10:10:24", False), ("10:10:26", True)):
        books(day, clock, **shown, positions=(position(60),))
        assert (day.book.latch("positions_differ", INFY.key) is not None) is frozen
    assert day.book.position(INFY.key).quantity == 50


@pytest.mark.parametrize(("there", "trades"), [(49, ()), (60, (trade("H1", "BUY", 10, 1000),)), (50, None)])
def test_shares_that_it_does_not_explain_are_a_difference_like_any_other(there, trades):
    """Another number, ten of a hand's beside them, or a read whose trades are not known."""
    day, _, shown = taken_for_sold()
    shown["trades"] = None if trades is None else (*shown["trades"], *trades)
    for clock in ("10:10:20", "10:10:22", "10:10:24"):
        books(day, clock, **shown, positions=(position(there),))
    assert day.book.position(INFY.key).quantity == 40


def test_what_came_back_once_comes_back_no_second_time():
    """A hand buys ten more."""
    day, _, shown = taken_for_sold()
    for clock in ("10:10:20", "10:10:22"):
        books(day, clock, **shown, positions=(position(50),))
    shown["trades"] += (trade("H1", "BUY", 10, 1000),)
    for clock in ("10:10:24", "10:10:26", "10:10:28"):
        books(day, clock, **shown, positions=(position(60),))
    assert day.book.position(INFY.key).quantity == 50
