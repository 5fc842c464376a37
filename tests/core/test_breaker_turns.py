"""What a breaker does within one input: told once, lifted by what it waited for, and measured anew after that."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.policy.breakers import BreakerRule, ConnectionTimers
from riskcore.testing import Scenario
from tests.core.test_breakers import entered, resume

INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="Power")
SEEN = {"last": 1000, "stop": 980, "target": 1100}
ROOMY = {"max_position_size_percent": 100, "max_sector_exposure": 100, "max_daily_loss": 50}
LIVE = ConnectionTimers(mode="live", degraded_s=5, no_entries_s=15, action_s=60, action="flatten")
PAPER = ConnectionTimers(mode="paper", degraded_s=5, no_entries_s=150, action_s=600)


def a_day(**settings):
    return Scenario(rc.Policy(**{**ROOMY, **settings}), INFY, TCS)


def holding(**settings):
    """A day on which INFY was bought at 1,000 at ten, with a stop at 980."""
    day = a_day(**settings)
    day.fill("10:00:01", day.enter("10:00", seen={"traded_at": day.at("10:00")}, **SEEN), price=1000)
    return day


def lose(day, clock):
    """A trade is entered, filled, stopped out and gone within the minute."""
    day.fill(f"{clock}:01", day.enter(f"{clock}:00", **SEEN), price=1000)
    day.prices(f"{clock}:30", last=979)
    return day.fill(f"{clock}:31", day.sent()[-1].order_id, price=979)


def latches(day):
    return [latch.name for latch in day.book.latches]


def connection(day, clock, mode="live", *, there=False):
    return day.take(e.ConnectionSeen(day.at(clock), connected=there, mode=mode))


# ---------------------------------------------------------------- what is lifted


def test_an_order_that_the_broker_takes_lifts_the_latch_of_errors_at_once():
    """With `resets: condition`: what leaves is sent while entries are stopped, and the broker takes orders again."""
    rule = BreakerRule(name="max_order_errors", state="reducing", resets="condition")
    day = holding(max_order_errors=1, breakers=[rule])
    day.report("10:01:01", day.enter("10:01", symbol="TCS", **SEEN), "rejected", error="rate_limited")
    assert latches(day) == ["max_order_errors"]
    day.prices("10:02", last=979)
    assert day.report("10:02:01", day.sent()[-1].order_id, "working") == ("OrderMoved", "Lifted")
    assert (day.last(e.Lifted).why, latches(day)) == ("0 in a row at a limit of 1", [])


def test_a_streak_counts_anew_from_the_moment_its_latch_lifts_by_time():
    """It is lifted, and not set again by what was counted before."""
    rule = BreakerRule(name="max_loss_streak", state="halted", resets="after_s", after_s=1800)
    day = a_day(max_loss_streak=1, breakers=[rule])
    assert "Latched" in lose(day, "10:00")
    assert day.time("10:30:31") == ("Lifted",)
    assert (day.last(e.Lifted).by, day.last(e.Lifted).why) == ("riskcore", "its time has passed")
    assert latches(day) == []


def test_a_breaker_that_another_policy_switches_off_lifts_its_latch():
    """What waits for a condition would wait for ever; the day is not in loss, so that looser settings hold at once."""
    day = a_day(max_clock_drift_s=2)
    day.take(e.ClockSeen(day.at("10:01"), -2))
    assert latches(day) == ["max_clock_drift_s"]
    assert day.take(e.PolicyLoaded(day.at("10:02"), rc.Policy(**ROOMY))) == ("PolicyChanged", "Lifted")
    assert day.last(e.Lifted).why == "the breaker is off"


def test_a_latch_of_a_symbol_lifts_with_its_position():
    """Nobody waits for prices of what is not held."""
    day = holding(stale_after_s=30)
    day.prices("10:00:10", last=979)
    day.time("10:01")
    assert latches(day) == ["stale_after_s"]
    assert "Lifted" in day.fill("10:01:01", day.sent()[-1].order_id, price=979)
    assert (day.last(e.Lifted).key, day.last(e.Lifted).why) == ("NSE:INFY", "no longer held")


# ---------------------------------------------------------------- what the clock alone has changed


def test_what_the_clock_has_lifted_holds_for_the_input_itself():
    """No other input came since: the evidence of an entry is the first after the latch's time."""
    rule = BreakerRule(name="max_loss_streak", state="halted", resets="after_s", after_s=1800)
    day = a_day(max_loss_streak=1, breakers=[rule])
    lose(day, "10:00")
    signal = day.signal("10:30:30", symbol="TCS", stop=980, target=1100)
    assert day.look("10:30:31", signal, last=1000) == ("Lifted", "EntryApproved")


def test_a_connection_that_is_gone_for_too_long_by_now_stops_the_entry_that_is_asked_for():
    """Though nothing was said between its loss and the evidence."""
    day = a_day(connection_timers=[LIVE])
    signal = day.signal("10:00:50", stop=980, target=1100)
    connection(day, "10:01")
    assert day.look("10:01:15", signal, last=1000) == ("ConnectionStaged", "Latched", "EntryRefused")
    assert "stopped_for_now" in day.refusal()


def test_prices_that_are_missing_by_now_stop_the_entry_that_is_asked_for():
    """Though nothing was said since the last one."""
    day = holding(stale_after_s=30, one_position_per_symbol=False)
    signal = day.signal("10:00:20", stop=980, target=1100)
    facts = day.look("10:00:40", signal, last=1000, traded_at=day.at("10:00:40"))
    assert facts == ("Latched", "EntryRefused", "Alarmed")
    assert day.refusal() == ("stopped_for_now",)


def test_an_entry_that_was_taken_back_makes_room_that_is_told_at_once():
    """Two places of two were in use; what the broker says of the order is what a limit feels."""
    day = a_day(max_positions=2, approaching_pct=80)
    day.enter("10:00", **SEEN)
    entry = day.enter("10:00:01", symbol="TCS", **SEEN)
    assert day.last(e.Approaching) == e.Approaching(day.at("10:00:01"), "max_positions", 2, 2, Decimal("100.00"))
    assert day.report("10:00:02", entry, "working") == ("OrderMoved",)
    assert day.report("10:00:03", entry, "cancelled") == ("OrderMoved", "Receded")


# ---------------------------------------------------------------- the connection


def test_a_connection_that_is_lost_again_is_told_again():
    """The second loss begins its own count."""
    day = a_day(connection_timers=[LIVE])
    connection(day, "10:01")
    connection(day, "10:01:02", there=True)
    assert connection(day, "10:02") == ("ConnectionStaged",)
    assert day.state.observed.lost_at == day.at("10:02")
    assert day.time("10:02:04") == ()
    assert day.time("10:02:05") == ("ConnectionStaged",)


def test_a_lost_connection_of_another_mode_goes_on_from_the_stage_it_had_reached():
    """It is lost since the same moment, and is not told as lost anew; the other mode's timers hold from then on."""
    day = a_day(connection_timers=[LIVE, PAPER])
    connection(day, "10:01")
    day.time("10:01:06")
    assert connection(day, "10:01:07", "paper") == ("ConnectionStaged",)
    told = day.last(e.ConnectionStaged)
    assert (told.stage, told.mode, told.lost_at) == ("degraded", "paper", day.at("10:01"))
    assert day.time("10:02:30") == ()


def test_flat_for_a_lost_connection_is_priced_from_the_last_price():
    """Not from what was paid."""
    day = holding(connection_timers=[LIVE], exit_band_pct=1)
    day.prices("10:00:30", last=990)
    connection(day, "10:01")
    day.time("10:02")
    assert [(order.reason, order.limit) for order in day.sent()] == [("connection_lost", Decimal("980.10"))]


@pytest.mark.parametrize(("clock", "sent"), [("15:10", 1), ("15:40", 0)])
def test_nothing_is_sent_into_a_shut_market_for_a_lost_connection(clock, sent):
    """What is held over night stays until the market takes orders again."""
    day = a_day(connection_timers=[LIVE], allowed_products=["CNC"])
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    connection(day, clock)
    day.time(f"{clock}:59")
    day.time(f"{clock[:4]}{int(clock[4]) + 1}")
    assert day.state.observed.stage == "action"
    assert len(day.sent()) == sent


def test_an_exit_that_failed_for_a_lost_connection_waits_for_its_pause():
    """It is not sent anew with every input."""
    day = holding(connection_timers=[LIVE])
    connection(day, "10:01")
    day.time("10:02")
    day.report("10:02:00.500", day.sent()[-1].order_id, "rejected")
    assert day.time("10:02:00.900") == ()
    assert len(day.sent()) == 1


# ---------------------------------------------------------------- a loss, and a hand that would lift it


@pytest.mark.parametrize("word", ["", "CONFIRM", "UNLOCK"])
def test_a_loss_of_the_day_at_its_limit_is_lifted_by_no_hand(word):
    """It was lifted and excused, and the rule of the same name refused every entry all the same."""
    day = a_day(max_daily_loss=1)
    lose(day, "10:00")
    assert latches(day) == ["max_daily_loss"]
    assert resume(day, "10:05", "max_daily_loss", word) == "loss_stands"
    assert (latches(day), day.book.excused) == (["max_daily_loss"], ())
    day.next_day(3)
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), day.state.carried_equity))
    assert latches(day) == []
    assert entered(day, "09:25")


def test_a_loss_of_the_day_that_is_below_its_limit_again_may_be_lifted():
    """What is open counts, and has come back."""
    day = a_day(max_daily_loss=1)
    held = day.enter("09:30", symbol="TCS", last=1000, stop=900, target=1300)
    day.fill("09:30:01", held, price=1000)
    day.prices("09:40", "TCS", last=901)
    if not latches(day):
        lose(day, "09:45")
    assert latches(day) == ["max_daily_loss"]
    day.prices("09:50", "TCS", last=1290)
    assert latches(day) == ["max_daily_loss"], "a gain does not"
    assert resume(day, "09:51", "max_daily_loss") == ""
    assert (latches(day), day.last(e.Lifted).excused) == ([], False)


@pytest.mark.parametrize("name", ["max_weekly_loss", "max_monthly_loss"])
def test_nor_is_one_of_the_week_or_the_month_which_is_latched_nowhere(name):
    day = a_day(**{name: 1, "max_daily_loss": 1})
    assert resume(day, "09:20", name, "CONFIRM") == "no_such_latch"
    lose(day, "10:00")
    assert resume(day, "10:05", name, "CONFIRM") == "loss_stands"
