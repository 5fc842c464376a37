"""The engine with moving stops, time stops and targets in parts: days told by hand."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine import fold
from tests.core.engine_days import INFY, WIDE, a_day, holding

pytestmark = pytest.mark.smoke
POINTS = {"trail": "points", "trail_by": 10}
LEGS = {"target_legs": ["50% at 2R", "30% at 3R", "20% at 5R"], "min_risk_reward": 1}


def in_parts(*, quantity=None, **policy):
    """50 INFY at 1,000 with a stop at 980, and targets of 25 at 1,040, 15 at 1,060 and 10 at 1,100."""
    told = a_day(**{**LEGS, **policy})
    entry = told.enter("10:00", last=1000, stop=980)
    told.fill("10:00:01", entry, price=1000, quantity=quantity)
    return told, entry


def moves(told):
    return [(str(fact.before), str(fact.after)) for fact in told.facts if isinstance(fact, e.StopMoved)]


def test_one_fact_for_each_move_and_none_for_noise():
    """1,012 earns 1,002; a lower price, and a fraction of a tick more, earn nothing."""
    told, _ = holding(**POINTS)
    assert told.prices("10:01", last=1012) == ("Marked", "StopMoved")
    assert told.prices("10:02", last=1006) == ("Marked",)
    assert told.prices("10:03", last="1012.04") == ("Marked", "StopMoved")
    assert told.prices("10:04", last="1012.05") == ("Marked",)
    assert moves(told) == [("980.00", "1002.00"), ("1002.00", "1002.05")]


def test_a_trailed_stop_leaves_as_a_stop_and_says_who_moved_it():
    """The reason stays `stop` for all that counts stops; the rule names the setting to edit."""
    told, _ = holding(**POINTS)
    told.prices("10:01", last=1030)
    assert told.prices("10:02", last=1020) == ("Marked", "ExitApproved")
    [order] = told.sent()
    assert (order.reason, order.level, order.rule, order.partial) == ("stop", 1020, "trail", False)
    told.fill("10:02:01", order.order_id, price=1019)
    closed = told.last(e.PositionClosed)
    assert (closed.reason, closed.rule, closed.gross) == ("stop", "trail", 950)


def test_F37_a_gap_through_a_trailed_stop_leaves_at_the_first_price():
    """Trailed to 1,020, opened at 970: that is what one can get, not 1,020."""
    told, _ = holding(**POINTS)
    told.prices("10:01", last=1030)
    told.prices("10:02", first=970, last=972)
    assert (told.sent()[0].reference, told.sent()[0].level) == (970, 1020)


def test_prices_from_before_the_entry_move_no_stop():
    """A span that began before the fill: its high may be older than the position."""
    told, _ = holding(**POINTS)
    at = told.at("10:00:30")
    since = told.at("09:59:30")
    told.take(e.PricesSeen(at, "NSE:INFY", Decimal(1000), Decimal(1050), Decimal(999), Decimal(1002), since))
    assert moves(told) == [("980.00", "992.00")]


def test_F41_after_a_restart_the_stop_stands_where_it_was_last_acknowledged():
    """Folded from the facts at any point: each move that was noted is there, with what the trail goes on from."""
    told, _ = holding(**POINTS)
    for minute, price in enumerate((1005, 1020, 1018, 1031, 1028), start=1):
        told.prices(f"10:{minute:02}", first=price, high=price + 3, low=price - 1, last=price)
        kept = told.book.positions[0]
        told.restart()
        assert told.book.positions[0] == kept
    stop = Decimal(0)
    for count, fact in enumerate(told.facts, start=1):
        if isinstance(fact, e.StopMoved):
            stop = max(stop, fact.after)
        for position in fold(told.facts[:count]).book.positions:
            assert position.stop >= stop
    assert told.book.positions[0].stop == 1024


def test_a_journal_cannot_loosen_a_stop():
    """A fact that says so is folded without effect."""
    told, _ = holding(**POINTS)
    told.prices("10:01", last=1030)
    loose = e.StopMoved(told.at("10:02"), "NSE:INFY", "x", Decimal(1020), Decimal(900), "trail")
    assert fold([*told.facts, loose]).book.positions[0].stop == 1020


@pytest.mark.parametrize(
    ("stop", "fact", "reason"),
    [
        (990, "StopMoved", None),
        ("990.01", "StopMoved", None),
        (980, "StopKept", "stop_not_tighter"),
        (970, "StopKept", "stop_not_tighter"),
        (1005, "StopKept", "stop_beyond_market"),
        (9800, "StopKept", "stop_beyond_market"),
    ],
)
def test_a_hand_may_tighten_a_stop_and_nothing_else(stop, fact, reason):
    """Rounded to the tighter tick; not looser, not equal, and not beyond the market."""
    told, _ = holding()
    told.prices("10:01", last=1005)
    assert told.take(e.TightenStop(told.at("10:02"), "NSE:INFY", Decimal(stop))) == (fact,)
    if reason:
        assert told.last(e.StopKept).reason == reason
        assert told.book.positions[0].stop == 980
    else:
        moved = told.last(e.StopMoved)
        assert (moved.after, moved.rule) == (told.book.positions[0].stop, "operator")
        assert moved.after >= Decimal(stop)
        told.prices("10:03", last=989)
        assert told.sent()[0].rule == "operator"


def test_a_short_is_tightened_downwards_and_nothing_held_is_told():
    """Mirrored; a symbol without a position has no stop."""
    told = a_day()
    entry = told.enter("10:00", "SELL", last=1000, stop=1020, target=900)
    told.fill("10:00:01", entry, price=1000)
    assert told.take(e.TightenStop(told.at("10:01"), "NSE:INFY", Decimal("1010.02"), "ema")) == ("StopMoved",)
    assert told.book.positions[0].stop == 1010
    assert told.take(e.TightenStop(told.at("10:02"), "NSE:INFY", Decimal(1015))) == ("StopKept",)
    assert told.take(e.TightenStop(told.at("10:02"), "NSE:TCS", Decimal(1015))) == ("StopKept",)
    assert told.last(e.StopKept).reason == "no_position"


@pytest.mark.parametrize(
    ("rules", "early", "due", "rule"),
    [
        ({"time_stop_min": 30}, "10:30", "10:30:01", "time_stop_min"),
        ({"time_stop_bars": 2}, "10:09:59", "10:10", "time_stop_bars"),
        ({"time_stop_before_square_off_min": 20}, "14:49:59", "14:50", "time_stop_before_square_off_min"),
    ],
)
def test_a_time_stop_takes_the_position_off_when_its_time_is_up(rules, early, due, rule):
    """By the clock alone, without a price; not a second before."""
    told, _ = holding(**rules)
    assert told.time(early) == ()
    assert told.time(due) == ("ExitApproved",)
    assert (told.sent()[0].reason, told.sent()[0].rule) == ("time_stop", rule)


def test_a_time_stop_waits_for_the_market_to_open():
    """A carried position whose minutes ran out in the night leaves in the morning."""
    told = a_day(time_stop_min=600)
    entry = told.enter("14:00", last=1000, stop=980, target=1100, product="CNC")
    told.fill("14:00:01", entry, price=1000)
    told.next_day(3)
    assert "ExitApproved" not in told.time("09:00")
    assert "ExitApproved" in told.time("09:15")


def test_the_legs_of_a_target_leave_one_by_one():
    """25, 15 and 10: each a part, the last one the rest; the finished trade holds all three."""
    told, _ = in_parts()
    assert [(leg.quantity, leg.price) for leg in rc.open_legs(told.book.positions[0])] == [
        (25, 1040),
        (15, 1060),
        (10, 1100),
    ]
    for clock, price in (("10:05", 1040), ("10:10", 1061), ("10:15", 1100)):
        told.prices(clock, last=price)
        order = told.sent()[-1]
        told.fill(f"{clock}:01", order.order_id, price=price)
    assert [(order.quantity, order.partial, order.reason) for order in told.sent()] == [
        (25, True, "target"),
        (15, True, "target"),
        (10, False, "target"),
    ]
    closed = [fact for fact in told.facts if isinstance(fact, e.PositionClosed)]
    assert [(fact.quantity, fact.gross) for fact in closed] == [(50, 25 * 40 + 15 * 61 + 10 * 100)]
    assert closed[0].exit_price == Decimal(25 * 1040 + 15 * 1061 + 10 * 1100) / 50
    assert closed[0].charges == sum(fact.charges for fact in told.facts if isinstance(fact, e.Filled))
    assert told.book.positions == ()


def test_legs_jumped_over_leave_together_at_their_mean():
    """From 1,000 to 1,070: 25 at 1,040 and 15 at 1,060 are 40 at 1,047.50; a gap takes the better first price."""
    told, _ = in_parts()
    told.prices("10:05", first=1010, last=1070)
    assert (told.sent()[0].quantity, told.sent()[0].reference, told.sent()[0].level) == (40, Decimal("1047.5"), 1060)
    gapped, _ = in_parts()
    gapped.prices("10:05", first=1070, last=1072)
    assert (gapped.sent()[0].quantity, gapped.sent()[0].reference) == (40, 1070)


def test_a_part_waits_for_the_part_before_it_and_not_a_second_longer():
    """At 1,060 while the first 25 are on their way: nothing more; filled, the next 15 go within the same second."""
    told, _ = in_parts()
    told.prices("10:05:00", last=1040)
    told.prices("10:05:00", last=1060)
    assert len(told.sent()) == 1
    told.fill("10:05:00", told.sent()[0].order_id, price=1040)
    told.prices("10:05:00", last=1060)
    assert [order.quantity for order in told.sent()] == [25, 15]


def test_F31_a_part_filled_entry_has_its_targets_scaled():
    """33 of 50 and a cancel: 16, 10 and the rest, 7; the stop is for all of it."""
    told, entry = in_parts(quantity=33)
    told.report("10:00:11", entry, "cancelled", 33, 33_000)
    assert [leg.quantity for leg in rc.open_legs(told.book.positions[0])] == [16, 10, 7]
    told.prices("10:05", last=1040)
    assert told.sent()[-1].quantity == 16
    told.fill("10:05:01", told.sent()[-1].order_id, price=1040)
    told.prices("10:06", last=975)
    assert (told.sent()[-1].quantity, told.sent()[-1].reason) == (17, "stop")


def test_a_stop_while_a_part_is_leaving_takes_the_rest_at_once():
    """25 on their way at the target, 25 go at the stop, the first 25 are cancelled and then follow: never 75."""
    told, _ = in_parts()
    told.prices("10:05", last=1040)
    [part] = told.sent()
    assert told.prices("10:05:02", last=979) == ("Marked", "CancelRequested", "ExitApproved")
    rest = told.sent()[-1]
    assert (rest.quantity, rest.reason, rest.partial) == (25, "stop", False)
    told.fill("10:05:03", rest.order_id, price=979)
    assert told.book.positions[0].quantity == 25
    told.report("10:05:04", part.order_id, "cancelled")
    told.time("10:05:05")
    last = told.sent()[-1]
    assert (last.quantity, last.reason, last.partial) == (25, "stop", False)
    told.fill("10:05:06", last.order_id, price=978)
    assert told.book.positions == ()


def test_a_part_that_fills_after_all_leaves_nothing_to_follow():
    """The cancel came too late: 25 and 25 are 50."""
    told, _ = in_parts()
    told.prices("10:05", last=1040)
    told.prices("10:05:02", last=979)
    part, rest = told.sent()
    told.fill("10:05:03", part.order_id, price=1040)
    told.fill("10:05:03", rest.order_id, price=979)
    assert told.book.positions == ()
    assert told.last(e.PositionClosed).gross == 25 * 40 - 25 * 21
    told.time("10:06")
    assert len(told.sent()) == 2


def test_a_signal_the_clock_and_the_square_off_take_the_rest_too():
    """While a part is on its way."""
    told, _ = in_parts()
    told.prices("10:05", last=1040)
    told.signal("10:05:01", "SELL", kind="exit")
    assert (told.sent()[-1].quantity, told.sent()[-1].reason) == (25, "signal")
    told.signal("10:05:02", "SELL", kind="exit", strategy="again")
    assert told.refusal() == ("exit_working",)
    other, _ = in_parts()
    other.prices("15:09:59", last=1040)
    other.time("15:10")
    assert (other.sent()[-1].quantity, other.sent()[-1].reason) == (25, "square_off")


def test_no_part_goes_where_all_of_it_must():
    """A stop's exit was rejected, or it is time for the square-off: a leg's price takes all 50 then."""
    told, _ = in_parts()
    told.prices("10:05", last=979)
    told.report("10:05:00", told.sent()[-1].order_id, "rejected")
    told.prices("10:05:02", last=1040)
    assert (told.sent()[-1].quantity, told.sent()[-1].partial, len(told.sent())) == (50, False, 2)
    late, _ = in_parts()
    late.prices("15:10", last=1040)
    assert [(order.quantity, order.reason) for order in late.sent()] == [(50, "target")]


def test_a_part_that_did_not_go_off_is_tried_again_at_its_price_alone():
    """After a pause, and only while the price is there; the rest stays protected meanwhile."""
    told, _ = in_parts()
    told.prices("10:05", last=1040)
    told.report("10:05:00", told.sent()[-1].order_id, "rejected")
    told.prices("10:05:00", last=1041)
    assert len(told.sent()) == 1
    told.prices("10:05:02", last=1030)
    assert len(told.sent()) == 1
    told.prices("10:05:03", last=1042)
    assert (len(told.sent()), told.sent()[-1].quantity) == (2, 25)


def test_what_is_left_after_a_part_is_trailed_on():
    """Stop to break-even after 2 R, while 25 are held on; the moved stop protects what is left, no more."""
    told, _ = in_parts(breakeven_at_r=2, breakeven_covers_charges=False)
    told.prices("10:05", last=1040)
    told.fill("10:05:01", told.sent()[-1].order_id, price=1040)
    told.prices("10:06", last=1041)
    assert told.book.positions[0].stop == 1000
    told.prices("10:07", last=999)
    assert (told.sent()[-1].quantity, told.sent()[-1].rule) == (25, "breakeven_at_r")


def test_an_exit_of_more_than_is_held_cannot_be_made():
    """Nor of nothing."""
    told, _ = holding()
    for wrong in (0, 51):
        with pytest.raises(ValueError, match="quantity must be 1 to 50"):
            rc.exit_order(
                told.book.positions[0],
                order_id="x",
                reason="target",
                reference=Decimal(1000),
                level=None,
                policy=rc.Policy(),
                at=told.at("10:05"),
                quantity=wrong,
            )


def test_a_trail_by_the_atr_refuses_an_entry_without_one():
    """Even where the signal brings its stop: missing data refuses entries by name."""
    told = a_day(trail="chandelier", trail_by=3)
    told.enter("10:00", last=1000, stop=980, target=1100)
    assert told.refusal() == ("atr_not_ready",)
    entry = told.enter("10:01", last=1000, atr=10, stop=980, target=1100)
    assert told.book.order(entry).approved.atr == 10


# ---------------------------------------------------------------- over bars


def bars(*rows):
    start = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
    return [
        rc.Bar(at=start + timedelta(minutes=n), open=first, high=high, low=low, close=last)
        for n, (first, high, low, last) in enumerate(rows)
    ]


def bought(rows, **policy):
    def once(instrument, seen):
        at = seen[-1].at + timedelta(minutes=1)
        return rc.Signal("INFY", "BUY", at=at, stop=980, target=policy.pop("target", 1200)) if len(seen) == 1 else None

    return rc.simulate({INFY: bars(*rows)}, once, rc.Policy(**{**WIDE, **policy}))


def sales(run):
    return [(fact.quantity, fact.price) for fact in run.facts if isinstance(fact, e.Filled) and fact.side == "SELL"]


CALM = (1000, 1001, 999, 1000)


@pytest.mark.parametrize(
    ("rows", "price"),
    [
        ([(1000, 1030, 1000, 1028), (1027, 1028, 1019, 1022)], 1020),
        ([(1000, 1030, 1000, 1028), (1010, 1012, 1005, 1008)], 1010),
        ([(1000, 1030, 1000, 1005), (1006, 1040, 1006, 1040)], 1006),
        ([(1000, 1030, 979, 1028)], 980),
    ],
)
def test_a_bar_tests_the_stop_it_began_with(rows, price):
    """At the trailed stop; at the open of a bar beyond it, by a gap or by the bar before; the old stop comes first."""
    run = bought([CALM, *rows], **POINTS)
    assert sales(run) == [(50, price)]


def test_legs_over_bars_and_the_stop_of_the_rest():
    """25 at 1,040 within the bar, 25 at the break-even of the next."""
    rules = {**LEGS, "breakeven_at_r": 2, "breakeven_covers_charges": False}

    def once(instrument, seen):
        at = seen[-1].at + timedelta(minutes=1)
        return rc.Signal("INFY", "BUY", at=at, stop=980) if len(seen) == 1 else None

    rows = bars(CALM, (1000, 1045, 1000, 1042), (1041, 1042, 995, 998))
    run = rc.simulate({INFY: rows}, once, rc.Policy(**{**WIDE, **rules}))
    assert sales(run) == [(25, 1040), (25, 1000)]
    [trade] = run.trades
    assert (trade.quantity, trade.gross, trade.reason, trade.rule) == (50, 1000, "stop", "breakeven_at_r")


def test_a_chandelier_over_bars_follows_the_latest_atr():
    """Twenty calm bars, then a rise in narrow ones: the ATR falls, and the stop with it comes nearer."""
    rows = [CALM] * 20 + [(1000 + n, 1001 + n, 1000 + n, 1001 + n) for n in range(10)]

    def once(instrument, seen):
        at = seen[-1].at + timedelta(minutes=1)
        return rc.Signal("INFY", "BUY", at=at, stop=980, target=1200) if len(seen) == 20 else None

    rules = {"trail": "chandelier", "trail_by": 3, "atr_period": 5, "atr_warmup_bars": 20, "atr_interval": "1m"}
    run = rc.simulate({INFY: bars(*rows)}, once, rc.Policy(**{**WIDE, **rules}))
    held = run.state.book.positions[0]
    assert held.trail.entry_atr == 2
    assert held.trail.atr < 2
    assert 0 <= held.stop - (1010 - 3 * held.trail.atr) < Decimal("0.05")
    assert held.trail.rule == "trail"
