"""What wakes a day: until when, and between which prices and results, its bars change nothing but marks."""

from datetime import date
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine import Quiet, Watched, quiet
from riskcore.policy.breakers import BreakerRule, ConnectionTimers
from riskcore.table_rows import CalendarDay, Margin
from tests.core.custody_days import at_broker, ticks
from tests.core.engine_days import INFY, SEEN, TCS, a_day, holding

D = Decimal
FUTURES = Margin(exchange="NFO", segment="FUT", product="NRML", margin_pct=20, since="2026-01-01")
MARGINS = rc.Tables(margins=(FUTURES,))
SHUT = rc.Tables(margins=(FUTURES,), days=(CalendarDay(day="2026-12-28", kind="closed"),))
FRIDAY = date(2026, 11, 20)


def of(day):
    return quiet(day.state, day.policy)


def marked(last=1000, **policy):
    """50 INFY from ten o'clock that were seen at their own price: only then may bars be left out."""
    told, _ = holding(**policy)
    told.prices("10:05", last=last)
    return told


def short(**policy):
    told = a_day(**policy)
    told.fill("10:00:01", told.enter("10:00", "SELL", last=1000, stop=1020, target=900), price=1000)
    told.prices("10:05", last=1000)
    return told


def watched(day):
    (found,) = of(day).watched
    return found


# ---------------------------------------------------------------- why nothing may be left out


def before_the_equity():
    return a_day(equity=None)


def with_a_signal_that_waits():
    day = a_day()
    day.signal("10:00", stop=980, target=1100)
    return day


def with_an_entry_that_is_not_settled():
    day = a_day()
    day.enter("10:00", **SEEN)
    return day


def after_an_odd_price():
    day = marked()
    ticks(day, "10:06", 1000, 1500)
    return day


def after_prices_that_came_back():
    day = marked()
    day.take(e.TroubleSeen(day.at("10:06"), "prices_stale", "silent", INFY.key))
    day.take(e.TroubleOver(day.at("10:07"), "prices_stale", INFY.key))
    return day


def called_past_the_close():
    return _told(marked(), "held_past_close")


def _told(day, name):
    custody = attrs.evolve(day.state.custody, told=frozenset(((name, INFY.key),)))
    day.state = attrs.evolve(day.state, custody=custody)
    return day


def under_an_emergency_stop():
    day = a_day()
    day.take(e.EmergencyStopped(day.at("10:06"), "asha", "enough"))
    return day


def without_a_connection():
    day = a_day(connection_timers=[ConnectionTimers(mode="paper", degraded_s=5, no_entries_s=15, action_s=60)])
    day.take(e.ConnectionSeen(day.at("10:06"), connected=False, mode="paper"))
    return day


def while_a_breaker_waits(**more):
    rule = BreakerRule(name="max_loss_streak", state="reducing", resets="condition")
    day = holding(max_loss_streak=1, max_daily_loss=50, breakers=[rule], **more)[0]
    day.instruments["TCS"] = TCS
    day.prices("10:01", last=1000)
    day.fill("10:02:01", day.enter("10:02", symbol="TCS", **SEEN), price=1000)
    day.prices("10:03", "TCS", last=979)
    day.fill("10:03:01", day.sent()[-1].order_id, price=979)
    assert [latch.name for latch in day.book.latches] == ["max_loss_streak"]
    return day


def while_a_breaker_is_excused():
    day = while_a_breaker_waits()
    rows = [BreakerRule(name="max_loss_streak", state="reducing", resets="operator")]
    day.policy = attrs.evolve(day.policy, breakers=rows)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, latches=(), excused=("max_loss_streak",)))
    return day


def after_an_exit_that_failed():
    day = marked()
    day.prices("10:06", last=979)
    day.report("10:06:01", day.sent()[-1].order_id, "rejected")
    return day


def after_a_part_that_failed():
    day = a_day(target_legs=["50% at 2R", "50% at 4R"])
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=980), price=1000)
    day.prices("10:05", last=1000)
    day.prices("10:06", last=1041)
    day.report("10:06:01", day.sent()[-1].order_id, "rejected")
    return day


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (before_the_equity, "an answer is awaited"),
        (with_a_signal_that_waits, "an answer is awaited"),
        (at_broker, "custody"),
        (after_an_odd_price, "custody"),
        (after_prices_that_came_back, "an alarm waits for its end"),
        (called_past_the_close, "an alarm waits for its end"),
        (with_an_entry_that_is_not_settled, "an order is not settled"),
        (under_an_emergency_stop, "an emergency stop"),
        (without_a_connection, "the connection is lost"),
        (while_a_breaker_waits, "a breaker waits for its condition"),
        (while_a_breaker_is_excused, "a breaker waits for its condition"),
        (after_an_exit_that_failed, "an exit failed"),
        (after_a_part_that_failed, "an exit failed"),
    ],
)
def test_what_is_on_its_way_lets_no_bar_be_left_out(told, why):
    assert of(told()) == Quiet(always=why)


@pytest.mark.parametrize("name", ["wanted", "touches", "odd", "bare"])
def test_whatever_custody_waits_for_lets_no_bar_be_left_out(name):
    """One of them is enough."""
    day = marked()
    day.state = attrs.evolve(day.state, custody=attrs.evolve(day.state.custody, **{name: ("something",)}))
    assert of(day) == Quiet(always="custody")


def test_prices_that_may_stop_are_watched_by_every_bar_while_something_is_held():
    day = a_day(stale_after_s=30)
    assert of(day) == Quiet()
    day.fill("10:00:01", day.enter("10:00", seen={"traded_at": day.at("10:00")}, **SEEN), price=1000)
    assert of(day) == Quiet(always="stale_after_s")


def test_a_latch_that_is_no_breakers_waits_for_no_bar():
    day = marked()
    day.take(e.TroubleSeen(day.at("10:06"), "journal_unavailable", "disk full"))
    day.take(e.OperatorHalted(day.at("10:06"), "asha", "lunch"))
    assert of(day).always == ""


# ---------------------------------------------------------------- until when


def test_a_day_without_anything_is_quiet_without_end():
    assert of(a_day()) == Quiet()


@pytest.mark.parametrize("held", [False, True])
def test_a_latch_that_lifts_by_its_time_wakes_at_that_time(held):
    """The earliest of them; one that lifts otherwise never does."""
    day = marked() if held else a_day()
    at = day.at("10:30")
    latches = (
        rc.Latch("max_drawdown", "halted", at, "riskcore", "fell", "after_s", day.at("11:30")),
        rc.Latch("max_daily_loss", "halted", at, "riskcore", "lost", "after_s", day.at("11:00")),
        rc.Latch("max_loss_streak", "halted", at, "riskcore", "lost", "operator", day.at("10:45")),
        rc.Latch("max_give_back_pct", "halted", at, "riskcore", "lost", "after_s", None),
    )
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, latches=latches))
    assert of(day).until == day.at("11:00")
    only = attrs.evolve(day.state, book=attrs.evolve(day.book, latches=latches[2:]))
    assert quiet(only, day.policy).until == (day.at("15:10") if held else None)


def test_orders_that_work_wake_with_their_time_and_with_their_next_bar():
    """An entry waits for entry_timeout_s, an exit for exit_step_s."""
    day = a_day(entry_timeout_s=25)
    day.report("10:00:01", day.enter("10:00", **SEEN), "working")
    assert of(day) == Quiet(until=day.at("10:00:25"), ordered=(INFY.key,))
    out = marked(exit_step_s=7)
    out.prices("10:06", last=979)
    out.report("10:06:01", out.sent()[-1].order_id, "working")
    found = of(out)
    assert (found.until, found.ordered) == (out.at("10:06:07"), (INFY.key,))
    assert found.watched[0].each == "an exit is on its way"


def test_two_orders_of_one_instrument_are_one():
    day = a_day(one_position_per_symbol=False, risk_per_trade="0.1")
    day.instruments["TCS"] = TCS
    for clock, symbol in (("10:00", "INFY"), ("10:00:02", "TCS"), ("10:00:04", "INFY")):
        day.report(f"{clock[:5]}:{int(clock[6:] or 0) + 1:02}", day.enter(clock, symbol=symbol, **SEEN), "working")
    assert of(day).ordered == (INFY.key, TCS.key)
    assert of(day).until == day.at("10:00:10")


def test_a_position_wakes_for_its_square_off():
    assert of(marked()).until == marked().at("15:10")
    assert of(marked(square_off_at="14:00")).until == marked().at("14:00")


def carried(product, clock, **policy):
    """INFY bought on Friday, at the first input of Monday."""
    day = a_day(**policy)
    day.fill("10:00:01", day.enter("10:00", product=product, **SEEN), price=1000)
    day.next_day(3)
    day.take(e.EquityRead(day.at(clock), 100_000))
    return day


def test_what_should_be_gone_since_yesterday_wakes_with_the_open_and_what_may_stay_with_its_first_bar():
    """An intraday position that was left over leaves as soon as the market opens."""
    over = carried("MIS", "08:30")
    assert of(over).until == over.at("08:30")
    late = carried("MIS", "09:15")
    assert of(late).until == late.at("09:15")
    stays = carried("CNC", "08:30")
    assert of(stays).until == stays.at("08:30")
    opened = carried("CNC", "09:15")
    assert (of(opened).until, watched(opened).each) == (None, "the first price of a session")
    opened.prices("09:16", last=1000)
    assert watched(opened) == Watched(INFY.key, D(980), D(1100))


@pytest.mark.parametrize(
    ("days", "tables", "wakes"), [(4, MARGINS, False), (5, MARGINS, True), (6, MARGINS, True), (4, SHUT, True)]
)
def test_what_is_left_before_its_expiry_wakes_at_once_from_that_day_on(days, tables, wakes):
    """A stock future of Tuesday the 29th: five trading days before it is the 21st, or four if the 28th is shut too."""
    stock = rc.future("INFY", expiry=date(2026, 12, 29), on=date(2026, 12, 1), tick="0.05", lot_size=10)
    held = {"allowed_products": ["NRML"], "expiry_exit_days": 1, "tables": MARGINS}
    day = a_day(stock, day=date(2026, 12, 18), equity=10_000_000, **held)
    entry = day.enter("10:00", symbol=stock.symbol, exchange="NFO", product="NRML", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    day.next_day(3)
    day.take(e.EquityRead(day.at("09:30"), 10_000_000))
    day.policy = attrs.evolve(day.policy, expiry_exit_days=days, tables=tables)
    assert of(day).until == (day.at("09:30") if wakes else None)


@pytest.mark.parametrize(
    ("policy", "clock"),
    [
        ({"time_stop_min": 30}, "10:30:01"),
        ({"time_stop_before_square_off_min": 70}, "14:00"),
        ({"time_stop_min": 600}, "15:10"),
    ],
)
def test_a_time_stop_wakes_at_its_moment(policy, clock):
    day = marked(**policy)
    assert of(day).until == day.at(clock)


# ---------------------------------------------------------------- between which prices


def test_a_held_instrument_wakes_at_its_stop_and_at_its_target():
    assert watched(marked()) == Watched(INFY.key, D(980), D(1100), "")
    assert watched(short()) == Watched(INFY.key, D(900), D(1020), "")


def test_with_legs_it_wakes_at_the_first_that_is_open():
    """The second, once the first has left."""
    day = a_day(target_legs=["50% at 2R", "50% at 4R"])
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=980), price=1000)
    day.prices("10:05", last=1000)
    assert watched(day).above == 1040
    day.prices("10:06", last=1041)
    day.fill("10:06:01", day.sent()[-1].order_id, price=1041)
    day.prices("10:07", last=1041)
    assert watched(day) == Watched(INFY.key, D(980), D(1080))


def test_a_stop_that_follows_wakes_at_a_new_best_price():
    """Where that is nearer than the target."""
    day = marked(last=1010, trail="points", trail_by=30)
    assert watched(day) == Watched(INFY.key, D(980), D(1010), "")
    low = short(trail="points", trail_by=30)
    low.prices("10:06", last=990)
    assert watched(low) == Watched(INFY.key, D(990), D(1020), "")
    assert watched(marked(last=1010, breakeven_at_r=3)).above == 1010


def holds(day, **changes):
    """The day with its position changed."""
    (position,) = day.book.positions
    book = attrs.evolve(day.book, positions=(attrs.evolve(position, **changes),))
    day.state = attrs.evolve(day.state, book=book)
    return day


def test_a_stop_that_follows_wakes_at_the_nearer_of_target_and_best_price():
    """And at the one there is, where the other is not known."""
    day = marked(last=1010, trail="points", trail_by=30)
    assert watched(holds(day, target=None)).above == 1010
    assert watched(holds(day, target=1005)).above == 1005
    low = short(trail="points", trail_by=30)
    assert watched(holds(low, target=None)).below == 1000
    assert watched(holds(low, target=1001)).below == 1001


def test_a_position_that_was_never_seen_wakes_with_its_first_price():
    """One that was taken over, of which no price came yet."""
    assert watched(holds(marked(), trail=rc.Trail())).each == "the first price of a session"


def test_the_exit_of_another_instrument_wakes_nothing_here():
    day = a_day(INFY, TCS, risk_per_trade="0.2", exit_step_s=7)
    for minute, symbol in enumerate(("INFY", "TCS")):
        day.fill(f"10:0{minute}:01", day.enter(f"10:0{minute}", symbol=symbol, **SEEN), price=1000)
        day.prices(f"10:0{minute}:02", symbol, last=1000)
    day.prices("10:02", "TCS", last=979)
    day.report("10:02:01", day.sent()[-1].order_id, "working")
    assert {found.key: found.each for found in of(day).watched} == {
        INFY.key: "",
        TCS.key: "an exit is on its way",
    }


def test_a_stop_that_lags_behind_its_rule_moves_with_the_next_bar():
    """A rule of another policy asks for a stop that is not there yet."""
    day = marked(last=1030)
    bare = day.policy
    day.policy = attrs.evolve(bare, trail="points", trail_by=10)
    assert watched(day).each == "the stop moves"
    day.policy = attrs.evolve(bare, breakeven_at_r=1)
    assert watched(day).each == "the stop moves"


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"trail": "points", "trail_by": 30, "trail_on": "bar"}, "trail_on"),
        ({"trail": "atr", "trail_by": 3}, "trail_atr"),
        ({"trail": "atr", "trail_by": 3, "trail_atr": "entry"}, ""),
        ({"trail": "points", "trail_by": 30}, ""),
    ],
)
def test_a_trail_that_needs_every_bar_says_so(policy, why):
    day = a_day(**policy)
    day.fill("10:00:01", day.enter("10:00", seen={"atr": 15, "atr_bars": 200}, **SEEN), price=1000)
    assert watched(day).each == why


# ---------------------------------------------------------------- that it is so


@pytest.mark.parametrize(("price", "facts"), [(981, ("Marked",)), (1099, ("Marked",)), (980, 2), (1100, 2)])
def test_between_its_prices_a_bar_does_nothing_but_mark(price, facts):
    """And at each of them it does more."""
    day = marked()
    found = watched(day)
    assert (found.below < price < found.above) == (facts == ("Marked",))
    told = day.prices("10:06", last=price)
    assert told == facts or len(told) == facts


def test_another_alarm_that_stands_wakes_nothing():
    assert of(_told(marked(), "order_unknown")).always == ""
