"""The life of our orders at a broker: what protects a position, which prices are believed, how exits are pressed."""

from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.custody import Custody, Touch, Wanted
from riskcore.exits.confirming import believed
from tests.core.custody_days import (
    at_broker,
    held,
    leaving,
    position,
    row,
    stop_of,
    ticks,
    trade,
    true_books,
)
from tests.core.engine_days import INFY, SEEN, TCS, a_day

D = Decimal


# ---------------------------------------------------------------- protection


def test_a_filled_entry_is_covered_at_once_for_just_what_filled():
    """F31: 20 of 50 filled, then 50: a stop for 20 goes in the same step, and becomes one for 50 in place."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=20)
    stop = stop_of(day)
    assert (stop.side, stop.quantity, stop.trigger, stop.limit) == ("SELL", 20, 980, D("970.20"))
    day.report("10:00:02", stop.order_id, "working", broker_id="S1")
    day.fill("10:00:04", entry, price=1000)
    asked = day.last(e.ReviseOrder)
    assert (asked.order_id, asked.revision.quantity, asked.revision.trigger) == (stop.order_id, 50, 980)
    day.take(e.RevisionReported(day.at("10:00:05"), stop.order_id, "taken"))
    assert day.book.resting(INFY.key).open_quantity == 50


@pytest.mark.parametrize("broker", ["sandbox", "shoonya", "zerodha", "somebody"])
def test_where_a_broker_takes_a_stop_one_rests(broker):
    day, _ = held(broker=broker)
    assert day.book.resting(INFY.key).broker_id == "S1"


def test_on_paper_nothing_rests():
    day, _ = held(broker="paper", rests=False)
    assert day.sent() == []


def test_F33_a_stop_that_the_broker_refuses_counts_as_hit():
    """An exit goes in the same step, and somebody is told."""
    day, _ = held(rests=False)
    facts = day.report("10:00:02", stop_of(day).order_id, "rejected", note="trigger above the last price")
    assert facts[:2] == ("OrderMoved", "Alarmed")
    assert (day.sent()[-1].reason, day.sent()[-1].trigger, day.sent()[-1].quantity) == ("stop", None, 50)


def test_F34_a_stop_that_vanished_is_put_back_once_and_then_the_position_leaves():
    day, _ = held()
    stop = stop_of(day)
    assert "Alarmed" in day.report("10:05", stop.order_id, "cancelled")
    second = stop_of(day)
    assert second.order_id != stop.order_id
    day.report("10:05:01", second.order_id, "working", broker_id="S2")
    day.report("10:05:05", second.order_id, "cancelled")
    assert day.sent()[-1].reason == "unprotected"


def test_an_exit_waits_until_the_resting_stop_is_known_to_be_gone():
    """Two that could both fill would flip the position."""
    day, _ = held()
    assert day.prices("10:10", last=1101)[-2:] == ("ExitWanted", "CancelRequested")
    assert day.sent()[-1].trigger is not None
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    leaving = day.sent()[-1]
    assert (leaving.reason, leaving.quantity, leaving.trigger) == ("target", 50, None)


def test_what_the_stop_took_before_it_was_gone_does_not_leave_twice():
    day, _ = held()
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop_of(day).order_id, "cancelled", 30, 30 * 980)
    assert day.sent()[-1].quantity == 20
    assert day.book.positions[0].quantity == 20


def test_a_stop_that_trails_is_changed_in_place_and_never_loosened():
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    asked = day.last(e.ReviseOrder)
    assert (asked.revision.trigger, asked.revision.quantity) == (1000, 50)
    assert day.take(e.RevisionReported(day.at("10:05:01"), stop_of(day).order_id, "unsure")) == ()
    assert day.book.resting(INFY.key).revision is not None


def test_a_change_that_nobody_answered_is_read_off_the_book():
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    stop = day.book.resting(INFY.key)
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = row(stop.approved, "S1", "trigger_pending", trigger=1000, price=stop.revision.limit)
    facts = true_books(day, "10:05:05", orders=(row(entry, "E1", "complete"), shown))
    assert "RevisionSettled" in facts
    assert day.book.resting(INFY.key).approved.trigger == 1000


def test_shares_without_a_stop_are_told_of_after_three_seconds_and_sold_after_ten():
    """No answer comes to the placing of the stop; the seconds are measured."""
    day, _ = held(rests=False)
    day.time("10:00:03")
    assert day.time("10:00:04") == ("Alarmed",)
    day.report("10:00:06", stop_of(day).order_id, "working", broker_id="S1")
    assert day.last(e.Covered).seconds == 5
    assert day.last(e.AlarmOver).name == "unprotected"


def test_where_no_stop_can_be_placed_the_position_leaves():
    day, _ = held(rests=False)
    for second in range(2, 12):
        day.report(f"10:00:{second:02}", stop_of(day).order_id, "rejected", error="network")
        day.time(f"10:00:{second:02}")
    assert day.sent()[-1].reason == "unprotected"


def test_a_stop_somebody_else_moved_is_moved_back():
    day, _ = held()
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = row(stop_of(day), "S1", "trigger_pending", trigger=900)
    true_books(day, "10:05", orders=(row(entry, "E1", "complete"), shown))
    assert day.last(e.ReviseOrder).revision.trigger == 980


def test_a_read_that_began_before_the_stop_was_moved_says_nothing_of_it():
    """The books take a while: what they show from before the change is not somebody else's hand."""
    day, _ = held(trail="points", trail_by=20)
    (entry,) = day.sent(rc.ApprovedEntry)
    before = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
    day.prices("10:05", last=1020)
    day.take(e.RevisionReported(day.at("10:05:01"), stop_of(day).order_id, "taken"))
    assert "Alarmed" not in true_books(day, "10:05", orders=before)
    assert "Alarmed" in true_books(day, "10:05:03", orders=before)


def test_a_cancel_that_got_lost_behind_a_change_is_asked_again():
    """The answer to the change says nothing of the cancel that was asked for meanwhile."""
    day, _ = held(trail="points", trail_by=20)
    (entry,) = day.sent(rc.ApprovedEntry)
    day.prices("10:05", last=1020)
    changed = day.last(e.ReviseOrder)
    day.prices("10:05:01", last=1101)
    assert day.last(e.CancelOrder).order_id == changed.order_id
    day.take(e.RevisionReported(day.at("10:05:02"), changed.order_id, "taken"))
    wish = changed.revision
    shown = row(stop_of(day), "S1", "trigger_pending", trigger=wish.trigger, price=wish.limit)
    assert "CancelRequested" in true_books(day, "10:05:04", orders=(row(entry, "E1", "complete"), shown))


def test_a_resting_stop_of_nothing_is_taken_back():
    day, _ = held()
    sold = {"trades": (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 50, 990)), "positions": (position(0),)}
    true_books(day, "10:05", **sold)
    true_books(day, "10:05:03", **sold)
    assert day.book.positions == ()
    assert day.last(e.CancelRequested).order_id == stop_of(day).order_id


def test_of_what_is_not_held_any_more_nothing_is_remembered_and_of_the_rest_all():
    """An exit that waits, a stop that was reached, a price that was doubted, seconds without a stop, prices again."""
    at, keys = a_day().at("10:00"), (INFY.key, TCS.key)
    known = Custody(
        wanted=tuple(Wanted(key=key, reason="stop", at=at) for key in keys),
        touches=tuple(Touch(key, at, D(980), confirmed=False) for key in keys),
        odd=tuple((key, D(1500)) for key in keys),
        bare=tuple((key, at) for key in keys),
        seen_again=tuple((key, at) for key in keys),
    )
    left = known.without(INFY.key)
    rows = (left.wanted, left.touches, left.odd, left.bare, left.seen_again)
    assert rows == (known.wanted[1:], known.touches[1:], known.odd[1:], known.bare[1:], known.seen_again[1:])


# ---------------------------------------------------------------- prices that are believed


def test_a_lone_tick_at_the_stop_waits_for_a_second_one():
    day, _ = held(broker="paper", rests=False)
    assert ticks(day, "10:05", 985) == ("Marked",)
    assert ticks(day, "10:05:01", 979) == ("Marked", "StopTouched")
    assert ticks(day, "10:05:01.200", 978)[-1] == "ExitApproved"


def test_after_confirm_s_a_believable_touch_leaves_all_the_same():
    day, _ = held(broker="paper", rests=False)
    ticks(day, "10:05", 985)
    ticks(day, "10:05:01", 979)
    assert day.time("10:05:01.900") == ()
    assert day.time("10:05:02") == ("ExitApproved",)


def test_the_resting_stop_has_its_grace_before_we_exit_ourselves():
    day, _ = held()
    ticks(day, "10:05", 985)
    assert ticks(day, "10:05:01", 979, 978)[-1] == "StopTouched"
    assert day.time("10:05:02.900") == ()
    assert day.time("10:05:03") == ("ExitWanted", "CancelRequested")


def test_F44_a_price_far_from_all_others_moves_nothing_until_another_confirms_it():
    day, _ = held(broker="paper", rests=False)
    ticks(day, "10:05", 1005)
    assert ticks(day, "10:05:01", 1500) == ("PriceDoubted",)
    assert day.book.positions[0].last == 1005
    assert ticks(day, "10:05:02", 1501)[-1] == "ExitApproved"


@pytest.mark.parametrize(
    ("span", "mark", "odd", "taken"),
    [
        ((100, 101, 99, 100), None, None, (100, 101, 99, 100)),
        ((100, 100, 100, 100), 100, None, (100, 100, 100, 100)),
        ((150, 150, 150, 150), 100, None, None),
        ((150, 150, 150, 150), 100, 149, (150, 150, 150, 150)),
        ((100, 150, 50, 101), 100, None, (100, 101, 100, 101)),
    ],
)
def test_what_is_believed_of_a_span(span, mark, odd, taken):
    """Two per cent: near the mark, near the doubted price before, or not at all."""
    first, high, low, last = map(D, span)
    seen = believed(
        first=first,
        high=high,
        low=low,
        last=last,
        ticks=1 if first == last == high else 4,
        mark=None if mark is None else D(mark),
        odd=None if odd is None else D(odd),
        spike_pct=D(2),
    )
    assert (seen.doubted is not None) == (taken is None)
    if taken is not None:
        assert (seen.first, seen.high, seen.low, seen.last) == taken


@pytest.mark.parametrize(
    ("last", "mark", "odd", "is_believed"),
    [
        ("0.45", "0.50", None, True),
        ("0.40", "0.50", None, False),
        ("0.35", "0.50", "0.40", True),  # a tick from the price that was doubted
        ("0.05", "0.10", None, True),
        ("98", "100.05", None, False),
    ],
)
def test_a_tick_is_no_spike_however_low_the_price(last, mark, odd, is_believed):
    """Of a premium of half a rupee a tick is ten per cent: a stop that it fell through tick by tick was never taken."""
    last, before = D(last), None if odd is None else D(odd)
    seen = believed(
        first=last, high=last, low=last, last=last, ticks=1, mark=D(mark), odd=before, spike_pct=D(2), tick=D("0.05")
    )
    assert (seen.doubted is None) == is_believed


@pytest.mark.parametrize("rests", [True, False])
def test_a_price_that_falls_three_per_cent_a_tick_is_left_at_its_stop_one_tick_later(rests):
    """A premium does so: each price was doubted, for the next one was as far again, until the fall slowed down."""
    day, _ = held(broker="zerodha" if rests else "paper", rests=rests, grace_s=0)
    for second, (price, last) in enumerate(((1000, 1000), (970, 1000), (940, 970), (910, 940))):
        ticks(day, f"10:05:0{second}", price)
        assert day.book.positions[0].last == last
    if rests:
        assert day.last(e.CancelRequested).order_id == stop_of(day).order_id
    else:
        assert (day.sent()[-1].reason, day.sent()[-1].at) == ("stop", day.at("10:05:02"))


def test_a_cheap_option_that_falls_tick_by_tick_is_left_at_its_stop():
    call = attrs.evolve(INFY, symbol="NIFTY24NOV2626000CE", exchange="NFO", segment="OPT", lot_size=50)
    day = a_day(call, equity=100_000, max_quantity=50, entry_band_pct=5)
    words = {"symbol": call.symbol, "exchange": "NFO", "product": "MIS"}
    order = day.enter("10:00", last=D("0.60"), stop=D("0.40"), target=D("1.50"), **words)
    day.fill("10:00:01", order, price=D("0.60"))
    for second, price in enumerate(("0.55", "0.50", "0.45", "0.40", "0.35")):
        ticks(day, f"10:05:0{second}", D(price), key=call.key)
    assert (day.sent()[-1].reason, day.sent()[-1].quantity) == ("stop", 50)


# ---------------------------------------------------------------- the ladder


def test_F27_an_exit_that_rests_is_priced_again_step_by_step():
    """Three seconds a step: half a per cent beyond the price, one, two; at the last step somebody is called."""
    day, exit_ = leaving()
    assert exit_.limit == D("974.10")
    assert day.time("10:05:03") == ("CancelRequested",)
    day.report("10:05:03.100", exit_.order_id, "cancelled")
    day.time("10:05:04")
    assert day.sent()[-1].limit == D("969.20")
    day.report("10:05:04.100", day.sent()[-1].order_id, "working")
    day.time("10:05:08")
    day.report("10:05:08", day.sent()[-1].order_id, "cancelled")
    day.time("10:05:09")
    assert day.sent()[-1].limit == D("959.40")
    day.report("10:05:09.100", day.sent()[-1].order_id, "working")
    assert day.time("10:05:12") == ("Alarmed",)
    assert day.last(e.Alarmed).why.endswith("; 50 shares have been without a stop for 12 s")


def test_F36_an_exit_that_does_not_get_to_the_broker_is_tried_each_second_and_told():
    """The tokens of a second are used up, or the login is gone: no refusal by the market, and no longer pauses."""
    day, exit_ = leaving()
    for second in range(1, 10):
        last = day.sent()[-1]
        day.report(f"10:05:{second:02}.100", last.order_id, "rejected", error="rate_limited", note="no token")
        day.time(f"10:05:{second + 1:02}.200")
    assert len(day.sent()) == 10
    assert {order.limit for order in day.sent()} == {exit_.limit}
    assert ("exit_not_sent", INFY.key) in day.state.custody.told
    assert ("held_no_exit", INFY.key) not in day.state.custody.told
    day.report("10:05:11", day.sent()[-1].order_id, "filled", 50, 50 * 978)
    assert ("exit_not_sent", INFY.key) not in day.state.custody.told


def test_F36_an_exit_refused_at_the_circuit_is_held_told_and_not_sent_a_hundred_times():
    """After a refusal it stands at the price itself; the pauses double; in ten minutes a dozen orders at most."""
    day, exit_ = leaving()
    for second in range(1, 600):
        clock = f"10:{5 + second // 60:02}:{second % 60:02}"
        last = day.sent()[-1]
        if day.book.order(last.order_id).live:
            day.report(clock, last.order_id, "rejected", note="lower circuit")
        day.time(clock)
    assert len(day.sent()) <= 15
    assert day.sent()[-1].limit == 979
    assert ("held_no_exit", INFY.key) in day.state.custody.told
    assert day.book.positions[0].quantity == exit_.quantity


@pytest.mark.parametrize(
    ("band", "price", "tries"),
    [
        ("0.5", 979, 2),
        ("0.5", 974.2, 2),
        ("0.5", 974.1, 3),
        ("0.5", 983.9, 3),
        (1, 969.22, 2),
        (1, 969.21, 3),
        (0, 979, 2),
    ],
)
def test_F36_an_exit_is_tried_again_as_soon_as_the_price_has_left_where_it_was_refused(band, price, tries):
    """By `exit_band_pct` of it: half a per cent of 979 is 4.895. Until then it waits for its pause, 2 s by now."""
    day, _ = leaving(exit_band_pct=band)
    day.report("10:05:01.100", day.sent()[-1].order_id, "rejected", note="lower circuit")
    day.time("10:05:01.900")
    day.report("10:05:02.100", day.sent()[-1].order_id, "rejected", note="lower circuit")
    day.time("10:05:02.200")
    assert len(day.sent()) == 2
    day.prices("10:05:03.200", last=price)
    assert len(day.sent()) == tries


def test_shares_that_stay_bare_are_sold_once_a_pause_however_often_that_is_refused():
    """The broker refuses stops and exits at once: a second one of the same moment would be refused as well."""
    day, _ = held(rests=False)

    def refused(clock):
        """Whatever is sent at a moment is refused, and what follows from that too; how many exits that were."""
        before = len(day.sent())
        for _ in range(20):
            live = [order for order in day.sent() if day.book.order(order.order_id).live]
            if not live:
                break
            day.report(clock, live[-1].order_id, "rejected", error="not_sent")
        return sum(1 for order in day.sent()[before - 1 :] if order.trigger is None)

    refused("10:00:02")
    day.time("10:30")
    assert refused("10:30") == 1
    day.time("10:31")
    assert refused("10:31") == 1
