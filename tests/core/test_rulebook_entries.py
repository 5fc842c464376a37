"""Whether a signal may enter at all, at the edges: windows, prices, repeats, the symbol's own orders, cooldowns."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.policy.validator import SESSION_KINDS
from riskcore.rules.cooldown import has_traded, session_time, stopped_out
from riskcore.rules.table import ROWS, SIZE_ROWS
from riskcore.table_rows import CalendarDay
from riskcore.tables import calendar
from tests.core.engine_days import INFY, TCS
from tests.core.one_trade import ADDING, NOON, TODAY, after, decided, done, failed, held

pytestmark = pytest.mark.smoke


def test_no_two_rules_bear_one_name():
    """A finding names the line to edit, so the name says which rule it was."""
    names = [row.name for row in ROWS] + [found.row.name for found in SIZE_ROWS]
    assert len(names) == len(set(names))


# ---------------------------------------------------------------- the validator


@pytest.mark.parametrize(
    ("clock", "passes"),
    [
        ("09:29:59", False),
        ("09:30:00", True),
        ("11:29:59", True),
        ("11:30:00", False),
        ("12:59:59", False),
        ("13:00:00", True),
        ("14:44:59", True),
    ],
)
def test_a_window_begins_with_its_first_second_and_ends_before_its_last(clock, passes):
    """Half open, so that 11:30 is in none of the two."""
    at = datetime.combine(TODAY, time.fromisoformat(clock), rc.IST)
    answer = decided(at=at, entry_windows=["09:30-11:30", "13:00-14:45"])
    assert failed(answer) == ([] if passes else ["outside_entry_windows"])


@pytest.mark.parametrize(
    "window", ["09:20", "11:30-09:20", "09:20-09:20", "9:20-11:30", "09:20-24:00", "09:20-11:30-12:00", 920]
)
def test_what_is_no_stretch_of_the_day_is_refused(window):
    """With the field's name and an example."""
    with pytest.raises(ValueError, match=r'entry_windows must be .*"(09:20-11:30|15:10)"'):
        rc.Policy(entry_windows=[window])


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        ({"denied_symbols": ["TCS"]}, []),
        ({"denied_symbols": ["TCS", "INFY"]}, ["symbol_denied"]),
        ({"allowed_weekdays": ["fri"]}, []),
        ({"allowed_weekdays": ["thu"]}, ["weekday_not_allowed"]),
        ({"allowed_sessions": ["regular"]}, []),
        ({"allowed_sessions": ["muhurat"]}, ["session_not_allowed"]),
        ({"price_min": 1000, "price_max": 1000}, []),
        ({"price_min": "1000.05"}, ["price_too_low"]),
        ({"price_max": "999.95"}, ["price_too_high"]),
        ({"price": 1010, "max_price_drift_pct": 1}, []),
        ({"price": 990, "max_price_drift_pct": 1}, []),
        ({"price": "1010.01", "max_price_drift_pct": 1}, ["price_drifted"]),
        ({"price": "989.99", "max_price_drift_pct": 1}, ["price_drifted"]),
        ({"max_price_drift_pct": 1}, ["signal_price_missing"]),
    ],
)
def test_the_validator_at_its_edges(settings, reasons):
    """At a limit passes, a paisa beyond does not; Friday 20 November 2026, 1,000 rupees."""
    assert failed(decided(**settings)) == reasons


def test_a_signal_that_was_acted_on_is_not_acted_on_again():
    """Whatever became of its order; the next signal of the symbol is another one. A position knows its signal too."""
    first = decided(max_quantity=1)
    for status in ("intended", "rejected", "cancelled"):
        book = rc.Book(100_000).after(first.order).moved(first.order.order_id, status)
        assert "signal_repeated" in failed(decided(book))
        assert "signal_repeated" not in failed(decided(book, at=NOON + timedelta(seconds=1)))
    carried = rc.Book(100_000, positions=[held(INFY, signal_id=first.order.signal_id)])
    assert "signal_repeated" in failed(decided(carried, **ADDING))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"price_min": 100, "price_max": 99}, "price_max"),
        ({"allowed_symbols": ["TCS", "INFY"], "denied_symbols": ["INFY"]}, "INFY is in allowed_symbols too"),
        ({"max_weekly_loss": 2}, "max_daily_loss: 3 is above max_weekly_loss 2"),
        ({"max_weekly_loss": 8, "max_monthly_loss": 7}, "max_weekly_loss: 8 is above max_monthly_loss 7"),
        ({"correlation_window": 20}, "correlation_window: is below correlation_min_bars 30"),
        ({"max_correlation": 70}, r"max_correlation must be from 0 to 1 \(0.7, not 70\)"),
        ({"correlation_min_bars": 1}, "correlation_min_bars must be 2 or more"),
        ({"max_weekly_loss": "0.04"}, "max_weekly_loss"),
        ({"cooldown_scope": "account"}, "cooldown_scope must be symbol"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(wrong, named):
    """The message names the field and the way out."""
    with pytest.raises(ValueError, match=named):
        rc.Policy(**wrong)


# ---------------------------------------------------------------- one symbol


def exit_of(book, order_id="x"):
    away = rc.exit_order(
        book.positions[0],
        order_id=order_id,
        reason="stop",
        reference=Decimal(990),
        level=None,
        policy=rc.Policy(),
        at=NOON,
    )
    return book.after(away)


@pytest.mark.parametrize("status", ["intended", "unknown", "working"])
def test_nothing_is_added_while_an_exit_of_the_symbol_is_out(status):
    """Also where adding is allowed; another symbol's exit is none of its business."""
    leaving = exit_of(rc.Book(100_000, positions=[held(INFY)])).moved("x", status)
    assert failed(decided(leaving, **ADDING)) == ["exit_in_progress"]
    other = exit_of(rc.Book(100_000, positions=[held(TCS)])).moved("x", status)
    assert decided(other, **ADDING).approved
    assert decided(leaving.moved("x", "cancelled"), **ADDING).approved


@pytest.mark.parametrize("status", ["intended", "unknown", "working"])
def test_an_entry_on_the_other_side_of_the_symbol_waits(status):
    """One side's entry at a time: the two could fill into each other."""
    short = decided(side="SELL", at=NOON - timedelta(seconds=5), max_quantity=1).order
    book = rc.Book(100_000).after(short).moved(short.order_id, status)
    assert failed(decided(book, **ADDING)) == ["opposite_working"]
    assert decided(book, side="SELL", **ADDING).approved


@pytest.mark.parametrize("held_as", ["MIS", "CNC"])
@pytest.mark.parametrize("status", ["intended", "unknown", "filled"])
def test_a_symbol_is_added_to_in_the_product_it_is_held_in_or_bought_in_and_no_other(held_as, status):
    """The broker keeps the two apart: one stop for both would sell MIS that is not there, and leave the CNC bare."""
    first = decided(product=held_as, at=NOON - timedelta(seconds=5), max_quantity=1).order
    book = rc.Book(100_000).after(first)
    filled = rc.Fill(first.order_id, 1, 1000, NOON)
    book = book.after(filled) if status == "filled" else book.moved(first.order_id, status)
    answer = decided(book, product={"MIS": "CNC", "CNC": "MIS"}[held_as], **ADDING)
    [found] = [one for one in answer.findings if not one.passed]
    assert (found.rule, found.reason, found.limit) == ("one_position_per_symbol", "other_product", held_as)
    assert decided(book, product=held_as, max_quantity=1, **ADDING).approved


def test_entries_of_a_symbol_are_counted_by_the_session():
    """Refused ones do not count, cancelled ones do; an order carried from yesterday is yesterday's."""
    book = rc.Book(1_000_000)
    for number, fate in enumerate(("rejected", "cancelled", "cancelled")):
        order = decided(book, at=NOON - timedelta(minutes=10 - number), **ADDING).order
        book = book.after(order).moved(order.order_id, fate)
    assert decided(book, max_entries_per_symbol=3).approved
    assert failed(decided(book, max_entries_per_symbol=2)) == ["too_many_entries"]
    old = attrs.evolve(book, session=None)
    assert decided(old, at=NOON + timedelta(days=3), max_entries_per_symbol=1).approved


# ---------------------------------------------------------------- waiting


@pytest.mark.parametrize(("ago", "passes"), [(599, False), (600, True), (0, False)])
def test_a_cooldown_ends_with_its_last_second(ago, passes):
    """Ten minutes after any close of the symbol, gain or loss."""
    book = after(done("2.5", ago=ago, reason="target"))
    assert failed(decided(book, cooldown_s=600)) == ([] if passes else ["cooling_down"])


def test_a_winning_close_does_not_start_the_wait_after_a_loss_again():
    """Lost eleven minutes ago, won one minute ago: the ten minutes after the loss are over (freqtrade#7170)."""
    book = after(done("-1", ago=660), done("1", ago=60, reason="target"))
    assert decided(book, cooldown_after_loss_s=600).approved
    assert failed(decided(book, cooldown_after_loss_s=700)) == ["cooling_down_after_loss"]
    assert decided(after(done("0", ago=1)), cooldown_after_loss_s=600).approved


@pytest.mark.parametrize(
    ("scope", "of_another_strategy", "of_another_side", "of_another_symbol"),
    [
        ("symbol", False, False, True),
        ("symbol_strategy", True, False, True),
        ("symbol_strategy_side", True, True, True),
    ],
)
def test_a_cooldown_holds_in_its_scope(scope, of_another_strategy, of_another_side, of_another_symbol):
    """The narrower the scope, the less it stops."""
    policy = {"cooldown_s": 600, "cooldown_scope": scope}
    assert not decided(after(done()), **policy).approved
    assert decided(after(done(strategy="ema")), **policy).approved is of_another_strategy
    assert decided(after(done(side="SELL")), **policy).approved is of_another_side
    assert decided(after(done(key="NSE:TCS")), **policy).approved is of_another_symbol


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        ((2026, 11, 20, 11, 0), (2026, 11, 20, 12, 0), 60),
        ((2026, 11, 19, 15, 0), (2026, 11, 20, 9, 20), 20),
        ((2026, 11, 20, 15, 0), (2026, 11, 25, 9, 20), 380),
        ((2026, 11, 19, 15, 20), (2026, 11, 20, 9, 15), 0),
        ((2026, 11, 20, 12, 0), (2026, 11, 20, 11, 0), -60),
    ],
)
def test_a_night_a_weekend_and_a_holiday_are_no_wait(since, until, minutes):
    """INFY trades from 09:15 to 15:15; 24 November 2026 is a holiday, so Friday to Wednesday has one whole day."""
    moments = datetime(*since, tzinfo=rc.IST), datetime(*until, tzinfo=rc.IST)
    assert session_time(*moments, INFY, enough=timedelta(days=30)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("outcome", "stopped"),
    [
        (done("-1"), True),
        (done("-0.5", reason="signal"), True),
        (done("-0.4999", reason="signal"), False),
        (done("-0.1"), True),
        (done("0"), True),
        (done("0.1"), False),
        (done(None, result=-10), True),
        (done(None, result=-10, reason="target"), False),
        (done(None, result=0), True),
    ],
)
def test_what_a_stop_out_is(outcome, stopped):
    """Half an R lost, or taken off by its stop without gain; exactly nothing counts as without gain."""
    assert stopped_out(outcome) is stopped


def test_after_a_stop_out_the_same_trade_waits_for_the_next_session():
    """The same symbol, strategy and side; or, as said, the whole symbol. Not after a target, nor after a day."""
    once, wide = {"reentry_after_stop": "next_session"}, {"reentry_after_stop": "symbol_next_session"}
    assert failed(decided(after(done()), **once)) == ["stopped_out_today"]
    assert decided(after(done(side="SELL")), **once).approved
    assert decided(after(done(strategy="ema")), **once).approved
    assert failed(decided(after(done(side="SELL", strategy="ema")), **wide)) == ["stopped_out_today"]
    assert decided(after(done("2.5", reason="target")), **wide).approved
    assert decided(after(done(at=NOON - timedelta(days=1))), **wide).approved


@pytest.mark.parametrize(
    ("ago", "settings", "locked"),
    [
        ((60, 30), {}, False),
        ((90, 60, 30), {}, True),
        ((90, 60, 30), {"max_stops": 4}, False),
        ((4000, 60, 30), {"stops_window_s": 3600}, False),
        ((3630, 60, 30), {"stops_window_s": 3600}, True),
        ((900, 800, 700), {"stops_lock_s": 600}, False),
        ((900, 800, 599), {"stops_lock_s": 600}, True),
        ((900, 800, 600), {"stops_lock_s": 600}, False),
    ],
)
def test_stop_outs_close_together_stop_entries_for_a_while(ago, settings, locked):
    """Three in the session by default; the window is measured between them, the lock from the last."""
    book = after(*(done(ago=seconds, key="NSE:TCS") for seconds in ago))
    assert failed(decided(book, **{"max_stops": 3, **settings})) == (["too_many_stops"] if locked else [])


def test_a_gain_neither_counts_nor_starts_the_lock_again_and_ends_only_a_row_of_them():
    """Three stop-outs with a gain between: too many, unless they must be consecutive."""
    gain = done("2", ago=45, reason="target")
    mixed = after(done(ago=90), done(ago=60), gain, done(ago=30))
    assert failed(decided(mixed, max_stops=3)) == ["too_many_stops"]
    assert decided(mixed, max_stops=3, stops_consecutive=True).approved
    late = after(done(ago=900), done(ago=800), done(ago=700), done("2", ago=10, reason="target"))
    assert decided(late, max_stops=3, stops_lock_s=600).approved
    assert failed(decided(late, max_stops=3, stops_lock_s=701)) == ["too_many_stops"]


@pytest.mark.parametrize(
    ("scope", "stops"),
    [("account", True), ("strategy", False), ("symbol", False), ("symbol_strategy_side", False)],
)
def test_stop_outs_are_counted_in_their_scope(scope, stops):
    """Two of another symbol and strategy stop the account's entries, and nobody else's."""
    book = after(*(done(key="NSE:TCS", strategy="ema", ago=ago) for ago in (60, 30)))
    assert failed(decided(book, max_stops=2, stops_scope=scope)) == (["too_many_stops"] if stops else [])


def test_every_kind_of_session_in_the_calendar_can_be_allowed():
    """A kind that a policy could not name could be neither let in nor kept out."""
    kinds = {kind for kind, *_ in calendar.SPECIAL_SESSIONS.values()}
    assert kinds | {"regular"} <= set(SESSION_KINDS)


THURSDAY_OFF = rc.Tables(days=(CalendarDay(day="2026-11-19", kind="closed"),))


def test_whether_so_much_was_traded_is_seen_by_the_clock_within_a_day_and_by_sessions_over_nights():
    """Half an hour before the open; from Wednesday at three to Friday at noon, with Thursday and without."""
    early = NOON.replace(hour=8)
    half = timedelta(minutes=30)
    assert has_traded(early, early + half, INFY, length=half)
    assert not has_traded(early, early + half, INFY, length=half + timedelta(microseconds=1))
    moments = NOON.replace(day=18, hour=15), NOON
    assert has_traded(*moments, INFY, length=timedelta(hours=4))
    assert not has_traded(*moments, INFY, length=timedelta(hours=4), tables=THURSDAY_OFF)
    assert has_traded(*moments, INFY, length=timedelta(hours=3), tables=THURSDAY_OFF)


@pytest.mark.parametrize(("tables", "locked"), [(None, False), (THURSDAY_OFF, True)])
def test_a_lock_runs_by_the_calendar_of_the_policy(tables, locked):
    """Four hours of trading since Wednesday at three are over on Friday at noon, but for a Thursday off."""
    stopped = after(done(at=NOON.replace(day=18, hour=15)))
    answer = decided(stopped, max_stops=1, stops_lock_s=4 * 3600, tables=tables)
    assert ("too_many_stops" in failed(answer)) is locked
