"""Days on which a breaker trips: what is told, what stops, what lifts it, and that exits go on."""

from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.breakers.drawdown import drawdown_breaker
from riskcore.breakers.measure import NOTHING
from riskcore.policy.breakers import BreakerRule, ConnectionTimers, ErrorLimit
from riskcore.testing import Scenario

INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="Power")
SEEN = {"last": 1000, "stop": 980, "target": 1100}
ROOMY = {"max_position_size_percent": 100, "max_sector_exposure": 100, "max_trades_per_day": 50}


def a_day(**settings):
    return Scenario(rc.Policy(**{**ROOMY, **settings}), INFY, TCS)


def lose(day, clock, symbol="INFY"):
    """A trade is entered, filled, stopped out and gone within the minute."""
    entry = day.enter(f"{clock}:00", symbol=symbol, **SEEN)
    day.fill(f"{clock}:01", entry, price=1000)
    day.prices(f"{clock}:30", symbol, last=979)
    day.fill(f"{clock}:31", day.sent()[-1].order_id, price=979)


def win(day, clock, symbol="INFY"):
    """As `lose`, but at the target."""
    entry = day.enter(f"{clock}:00", symbol=symbol, **SEEN)
    day.fill(f"{clock}:01", entry, price=1000)
    day.prices(f"{clock}:30", symbol, last=1101)
    day.fill(f"{clock}:31", day.sent()[-1].order_id, price=1100)


def entered(day, clock, symbol="INFY", **more):
    """Whether an entry is approved."""
    order = day.enter(clock, symbol=symbol, **SEEN, **more)
    return day.book.order(order) is not None


def latches(day):
    return [latch.name for latch in day.book.latches]


def resume(day, clock, name="", word=""):
    """A hand lifts a latch; the reason it is refused for, or ""."""
    facts = day.take(e.OperatorResumed(day.at(clock), "asha", "looked at it", name, word))
    return day.last(e.ControlRefused).reason if "ControlRefused" in facts else ""


# ---------------------------------------------------------------- losses


def test_the_daily_loss_reduces_until_the_next_session():
    """It is told at 80 per cent, trips at the limit, stays when the price recovers, and lifts with the next date."""
    day = a_day(risk_per_trade=3)
    entry = day.enter("10:00", last=1000, stop=941, target=1300)
    day.fill("10:00:01", entry, price=1000)
    assert day.prices("10:01", last=951) == ("Marked", "Approaching")
    assert day.last(e.Approaching).rule == "max_daily_loss"
    assert "Latched" not in day.prices("10:02", last=942)
    assert "Latched" in day.prices("10:02:01", last=940)
    latch = day.last(e.Latched).latch
    assert (latch.name, latch.state, latch.by, latch.resets) == (
        "max_daily_loss",
        "reducing",
        "riskcore",
        "next_session",
    )
    assert latch.why.startswith("Rs 3,0")
    assert "limit of Rs 3,000.00" in latch.why
    day.prices("10:03", last=1000)
    assert latches(day) == ["max_daily_loss"]
    day.enter("10:04", symbol="TCS", **SEEN)
    assert day.refusal() == ("stopped_for_session",)
    day.next_day(3)
    assert day.time("09:16")[:2] == ("SessionOpened", "Lifted")
    assert (day.last(e.Lifted).by, day.last(e.Lifted).why) == ("riskcore", "the next session")


def test_a_streak_of_losses_reduces_and_a_gain_does_not_lift_it():
    """A gain of what was held already ends the streak, and not the latch."""
    day = a_day(max_loss_streak=2, max_daily_loss=50)
    held = day.enter("09:30", symbol="TCS", last=1000, stop=900, target=1300)
    day.fill("09:30:01", held, price=1000)
    lose(day, "10:00")
    assert latches(day) == []
    lose(day, "10:05")
    assert latches(day) == ["max_loss_streak"]
    day.prices("10:10", "TCS", last=1301)
    facts = day.fill("10:10:01", day.sent()[-1].order_id, price=1300)
    assert "PositionClosed" in facts
    assert "Lifted" not in facts
    assert latches(day) == ["max_loss_streak"]
    day.next_day(3)
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), Decimal(100_000)))
    assert latches(day) == []
    lose(day, "10:00")
    assert latches(day) == []


def test_a_streak_in_r_counts_what_was_lost_not_how_often():
    """Two trades of one R each, with slippage and charges, are more than two R."""
    day = a_day(max_loss_streak_r=2, max_daily_loss=50)
    lose(day, "10:00")
    assert latches(day) == []
    lose(day, "10:05")
    assert latches(day) == ["max_loss_streak_r"]
    assert day.last(e.Latched).latch.why.endswith("R lost in a row at a limit of 2.00")


def test_a_streak_that_resets_by_its_condition_lifts_with_the_gain():
    """Only where the policy says so."""
    rule = BreakerRule(name="max_loss_streak", state="reducing", resets="condition")
    day = a_day(max_loss_streak=1, max_daily_loss=50, breakers=[rule])
    held = day.enter("09:30", symbol="TCS", last=1000, stop=900, target=1300)
    day.fill("09:30:01", held, price=1000)
    lose(day, "10:00")
    assert latches(day) == ["max_loss_streak"]
    day.prices("10:10", "TCS", last=1301)
    assert "Lifted" in day.fill("10:10:01", day.sent()[-1].order_id, price=1300)
    assert latches(day) == []


def test_a_drawdown_halts_over_nights_until_somebody_lifts_it_twice_over():
    """The peak outlives the session and a restart; lifted at its limit it is excused until the day ends."""
    day = a_day(max_drawdown=1, max_daily_loss=50)
    lose(day, "10:00")
    assert latches(day) == ["max_drawdown"]
    assert day.book.state == "halted"
    day.restart()
    day.next_day(3)
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), day.state.carried_equity))
    assert latches(day) == ["max_drawdown"]
    assert resume(day, "09:20", "max_drawdown") == "still_at_limit"
    assert resume(day, "09:21", "max_drawdown", "CONFIRM") == ""
    assert day.last(e.Lifted).excused
    assert latches(day) == []
    assert entered(day, "09:25")
    day.next_day()
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), day.state.carried_equity))
    assert latches(day) == ["max_drawdown"]


def test_what_was_excused_is_armed_again_once_it_measured_below():
    """A gain lifts equity back over the limit; the next fall trips again."""
    day = a_day(max_drawdown=1, max_daily_loss=50)
    lose(day, "10:00")
    resume(day, "10:02", "max_drawdown", "CONFIRM")
    win(day, "10:05")
    assert day.last(e.Rearmed).name == "max_drawdown"
    lose(day, "10:10")
    assert latches(day) == ["max_drawdown"]


def test_gains_given_back_reduce_once_there_were_enough():
    """Below give_back_after_pct of equity nothing counts; half of what was above it trips."""
    day = a_day(max_give_back_pct=50, give_back_after_pct=2)
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    assert day.book.positions[0].quantity == 47
    day.prices("10:01", last=1040)
    day.prices("10:02", last=1001)
    assert latches(day) == []
    day.prices("10:03", last=1050)
    day.prices("10:04", last=1030)
    assert latches(day) == []
    day.prices("10:05", last=1020)
    assert latches(day) == ["max_give_back_pct"]


def test_a_latch_with_a_time_lifts_at_that_time_and_not_before():
    """30 minutes after the trip, by the first input then; a breaker still at its limit trips anew."""
    rule = BreakerRule(name="max_daily_loss", state="halted", resets="after_s", after_s=1800)
    day = a_day(breakers=[rule], risk_per_trade=3)
    entry = day.enter("10:00", last=1000, stop=900, target=1300)
    day.fill("10:00:01", entry, price=1000)
    day.prices("10:05", last=895)
    day.fill("10:05:01", day.sent()[-1].order_id, price=895)
    assert day.last(e.Latched).latch.until == day.at("10:35")
    assert day.time("10:34:59.999") == ()
    assert day.time("10:35") == ("Lifted", "Latched")
    assert day.last(e.Latched).latch.until == day.at("11:05")


# ---------------------------------------------------------------- orders


def test_errors_of_one_class_in_a_row_halt():
    """Another class, or an order that is accepted, is another count; a class may have a limit of its own."""
    day = a_day(max_order_errors=3, order_error_limits=[ErrorLimit(error="rate_limited", limit=2)])
    for minute, error in enumerate(("", "", "rate_limited"), 10):
        entry = day.enter(f"10:{minute}", **SEEN)
        day.report(f"10:{minute}:01", entry, "rejected", error=error)
    assert latches(day) == []
    assert dict(day.state.observed.errors) == {"rejected": 2, "rate_limited": 1}
    day.report("10:20:01", day.enter("10:20", **SEEN), "working")
    assert day.state.observed.errors == ()
    day.time("10:21")
    day.report("10:21:01", day.sent(rc.ApprovedEntry)[-1].order_id, "cancelled")
    for minute in (30, 31):
        assert latches(day) == []
        day.report(f"10:{minute}:01", day.enter(f"10:{minute}", **SEEN), "rejected", error="rate_limited", note="429")
    assert latches(day) == ["max_order_errors"]
    assert day.last(e.Latched).latch.why == "rate_limited: 2 in a row at a limit of 2"
    assert day.last(e.OrderFailed).why == "429"
    assert resume(day, "10:40", "max_order_errors", "CONFIRM") == ""
    assert day.state.observed.errors == ()
    assert day.time("10:41") == ()


def test_an_unknown_outcome_counts_in_a_class_of_its_own():
    """And once, however often it is told."""
    day = a_day(max_order_errors=2)
    entry = day.enter("10:00", **SEEN)
    assert day.report("10:00:01", entry, "unknown") == ("OrderMoved", "OrderFailed", "Alarmed")
    assert day.report("10:00:02", entry, "unknown") == ()
    assert day.state.observed.errors == (("unknown", 1),)


def test_entries_leave_the_last_orders_of_a_second_to_exits():
    """4 a second of which 3 are kept: one entry, then none until the next second; exits are counted and never asked."""
    day = a_day(max_orders_per_s=4, order_tokens_for_exits=3)
    first = day.enter("10:00:00.100", **SEEN)
    assert day.book.order(first) is not None
    day.enter("10:00:00.900", symbol="TCS", **SEEN)
    assert day.refusal() == ("order_rate",)
    assert entered(day, "10:00:01", "TCS")
    for order, symbol in ((day.sent(rc.ApprovedEntry)[-1], "TCS"), (day.sent(rc.ApprovedEntry)[-2], "INFY")):
        day.fill("10:00:02", order.order_id, price=1000)
        day.prices("10:00:02", symbol, last=970)
    assert len(day.sent()) == 2
    assert day.book.orders_in(day.at("10:00:02")) == 2


# ---------------------------------------------------------------- what we see


def test_a_held_symbol_without_prices_stops_its_own_entries_alone():
    """30 s of open market without one; the next price lifts it."""
    day = a_day(stale_after_s=30, one_position_per_symbol=False)
    traded = {"traded_at": day.at("10:00")}
    entry = day.enter("10:00", seen=traded, **SEEN)
    day.fill("10:00:01", entry, price=1000)
    assert day.time("10:00:30.999") == ()
    assert day.time("10:00:31") == ("Latched", "Alarmed")
    latch = day.last(e.Latched).latch
    assert (latch.name, latch.key, latch.state) == ("stale_after_s", "NSE:INFY", "reducing")
    assert (day.book.state, day.book.state_of("NSE:INFY")) == ("active", "reducing")
    day.enter("10:00:40", seen={"traded_at": day.at("10:00:40")}, **SEEN)
    assert day.refusal() == ("stopped_for_now",)
    assert entered(day, "10:00:41", "TCS", seen={"traded_at": day.at("10:00:41")})
    assert day.prices("10:00:42", last=1001) == ("Marked", "Lifted")
    day.time("10:02")
    assert day.book.state_of("NSE:INFY") == "reducing"
    day.prices("10:03", last=970)
    day.fill("10:03:01", day.sent()[-1].order_id, price=970)
    assert latches(day) == []


def test_a_clock_that_drifts_stops_entries_until_it_is_right():
    """At the limit either way; by the next measurement below it."""
    day = a_day(max_clock_drift_s=2)
    assert day.take(e.ClockSeen(day.at("10:00"), "1.999")) == ("DriftMeasured",)
    assert day.take(e.ClockSeen(day.at("10:01"), -2)) == ("DriftMeasured", "Latched")
    assert day.take(e.ClockSeen(day.at("10:01:30"), -2)) == ()
    assert resume(day, "10:02", "max_clock_drift_s") == "condition_stands"
    assert day.take(e.ClockSeen(day.at("10:03"), 0)) == ("DriftMeasured", "Lifted")


LIVE = ConnectionTimers(mode="live", degraded_s=5, no_entries_s=15, action_s=60, action="flatten")
PAPER = ConnectionTimers(mode="paper", degraded_s=50, no_entries_s=150, action_s=600)


def test_a_lost_connection_leads_on_in_stages_to_an_ordinary_exit():
    """Told at once, degraded, no entries, flat; and all of it over when the connection is back."""
    day = a_day(connection_timers=[LIVE, PAPER])
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    lost = e.ConnectionSeen(day.at("10:01"), connected=False, mode="live")
    assert day.take(lost) == ("ConnectionStaged",)
    assert day.take(lost) == ()
    assert day.time("10:01:04.999") == ()
    stages = [day.time(f"10:{clock}") for clock in ("01:05", "01:14", "01:15", "01:59")]
    assert stages == [("ConnectionStaged",), (), ("ConnectionStaged", "Latched"), ()]
    assert day.time("10:02") == ("ConnectionStaged", "ExitApproved")
    assert day.sent()[-1].reason == "connection_lost"
    assert day.time("10:02:01") == ()
    assert day.take(attrs.evolve(lost, at=day.at("10:03"), connected=True)) == ("ConnectionStaged", "Lifted")
    assert [fact.stage for fact in day.facts if isinstance(fact, e.ConnectionStaged)] == [
        "lost",
        "degraded",
        "no_entries",
        "action",
        "connected",
    ]


@pytest.mark.parametrize(("mode", "timers"), [("paper", [LIVE, PAPER]), ("live", []), ("live", [PAPER])])
def test_a_connection_of_another_mode_has_timers_of_its_own_or_none(mode, timers):
    """After two minutes the paper one is only degraded; without timers nothing follows but that it is known."""
    day = a_day(connection_timers=timers)
    day.take(e.ConnectionSeen(day.at("10:01"), connected=False, mode=mode))
    day.time("10:03")
    assert latches(day) == []
    assert day.state.observed.stage == ("degraded" if mode == "paper" else "lost")


def test_hold_leaves_positions_where_they_are():
    """And their stops at work."""
    day = a_day(connection_timers=[attrs.evolve(LIVE, action="hold")])
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    day.take(e.ConnectionSeen(day.at("10:01"), connected=False, mode="live"))
    day.time("10:05")
    assert day.sent() == []
    day.prices("10:06", last=979)
    assert [order.reason for order in day.sent()] == ["stop"]


def test_money_paid_in_over_night_hides_no_drawdown():
    """The peak rises with what was added. What was taken out lowers it not: nobody can tell it from a loss."""
    day = a_day(max_drawdown=1, max_daily_loss=50)
    lose(day, "10:00")
    day.next_day()
    day.time("09:16")
    peak, carried = day.book.peak_equity, day.state.carried_equity
    day.take(e.EquityRead(day.at("09:16"), carried + 50_000))
    assert day.book.peak_equity == peak + 50_000
    assert day.book.days[-1].peak == peak + 50_000
    assert drawdown_breaker(day.book, NOTHING, day.policy, day.at("09:17")).measured == peak - carried
    state = day.state
    day.restart()
    assert day.book == state.book
    day.next_day()
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), day.state.carried_equity - 70_000))
    assert day.book.peak_equity == peak + 50_000


def test_a_session_whose_equity_was_never_read_still_counts_in_the_week():
    """Its result joins the days, and is carried: opening equity is taken to be what the session before ended with."""
    day = a_day(max_weekly_loss=2, max_daily_loss=2)
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    day.next_day(3)
    day.prices("09:30", last=900)
    day.fill("09:30:01", day.sent()[-1].order_id, price=900)
    lost = day.book.net_realised
    assert (day.book.opening_equity, lost < 0) == (None, True)
    carried = day.state.carried_equity
    day.next_day()
    day.time("09:16")
    assert day.state.carried_equity == carried + lost
    assert (day.book.days[-1].net, day.book.days[-1].opening_equity) == (lost, carried)
    day.take(e.EquityRead(day.at("09:16"), day.state.carried_equity))
    day.enter("09:40", **SEEN)
    assert "weekly_loss_reached" in day.refusal()
