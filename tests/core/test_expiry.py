"""Contracts on shares are left before they end in delivery; those on an index are settled in cash, and are not."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.expiries import ends_in_delivery, leave_by, leave_from
from riskcore.table_rows import CalendarDay, ExpiryDay, Margin, Window
from tests.core.engine_days import a_day

LAST = date(2026, 12, 29)
"""Tuesday; Friday the 25th is a holiday, so the fourth session before it is Tuesday the 22nd."""
LEAVES = date(2026, 12, 22)
STOCK = rc.future("INFY", expiry=LAST, on=date(2026, 12, 1), tick="0.05", lot_size=10)
INDEX = rc.future("NIFTY", expiry=LAST, on=date(2026, 12, 1), last_month_close=25_900)
CALL = rc.option("INFY", expiry=LAST, strike=1000, right="CE", on=date(2026, 12, 1), lot_size=10)
MARGINS = tuple(
    Margin(exchange="NFO", segment=segment, product=product, margin_pct=20, since="2026-01-01")
    for segment in ("FUT", "OPT")
    for product in ("NRML", "MIS")
)
ALL = {"allowed_products": ("MIS", "NRML"), "tables": rc.Tables(margins=MARGINS)}


def carrying(*, since, thing=STOCK, **policy):
    """Fifty bought on that day, and carried: stop and target are far away."""
    day = a_day(thing, day=since, equity=10_000_000, **{**ALL, **policy})
    order = day.enter("10:00", symbol=thing.symbol, exchange="NFO", product="NRML", last=1000, stop=800, target=2000)
    day.fill("10:00:01", order, price=1000)
    assert day.book.positions, day.refusal()
    return day


def on(day, when, clock):
    """The same on a later day, at that time."""
    day.next_day((when - day.day).days)
    return day.time(clock)


def test_no_contract_is_left_longer_before_its_expiry_than_it_is_listed():
    """A count of sessions without a bound ended a decision in an error of its own."""
    with pytest.raises(ValueError, match="expiry_exit_days must be at most 250 trading days, got 800000"):
        rc.Policy(expiry_exit_days=800_000)


def test_which_contracts_end_in_delivery():
    assert [ends_in_delivery(thing) for thing in (STOCK, CALL, INDEX)] == [True, True, False]
    gold = rc.future("GOLD", expiry=date(2026, 12, 4), on=date(2026, 11, 20), exchange="MCX", tick=1, lot_size=1)
    assert not ends_in_delivery(gold)
    assert leave_by(INDEX, 4) is None
    assert leave_from(INDEX, 4, square_off_at=None) is None


@pytest.mark.parametrize("days", [0, 1, 2, 3, 4])
def test_days_are_counted_in_sessions(days):
    expected = [date(2026, 12, day) for day in (29, 28, 24, 23, 22)][days]
    assert leave_by(STOCK, days) == expected


def test_where_the_calendar_ends_each_weekday_counts_as_a_session():
    late = rc.future("INFY", expiry=date(2027, 1, 26), on=date(2026, 12, 30), tick="0.05", lot_size=10)
    assert leave_by(late, 4) == date(2027, 1, 20)
    assert leave_from(late, 4, square_off_at=None) is None


def test_a_carried_stock_future_leaves_at_the_square_off_of_the_fourth_session_before_its_expiry():
    day = carrying(since=date(2026, 12, 18))
    assert on(day, LEAVES, "15:29:59") == ("SessionOpened",)
    assert day.time("15:30") == ("ExitApproved",)
    leaving = day.sent()[-1]
    assert (leaving.reason, leaving.rule, leaving.quantity) == (
        "expiry",
        "expiry_exit_days",
        day.book.positions[0].quantity,
    )
    day.fill("15:30:01", leaving.order_id, price=1010)
    assert day.book.outcomes[-1].reason == "expiry"


def test_a_carried_stock_option_leaves_too_and_a_square_off_of_ones_own_counts():
    day = carrying(since=date(2026, 12, 18), thing=CALL, square_off_at="15:00")
    assert on(day, LEAVES, "14:59:59") == ("SessionOpened",)
    assert day.time("15:00") == ("ExitApproved",)


def test_one_that_reaches_its_stop_before_that_day_leaves_by_its_stop():
    day = carrying(since=date(2026, 12, 18))
    on(day, date(2026, 12, 21), "10:00")
    stop = day.book.positions[0].stop
    day.prices("10:01", last=stop)
    assert [(order.reason, order.level) for order in day.sent()] == [("stop", stop)]


def test_an_index_future_is_carried_to_its_end():
    day = carrying(since=date(2026, 12, 18), thing=INDEX)
    on(day, LAST, "15:39")
    assert day.sent() == []


def test_one_that_was_missed_leaves_at_the_next_open():
    """The machine was off on the day: at nine nothing can be sold, at a quarter past it leaves."""
    day = carrying(since=date(2026, 12, 18))
    assert on(day, LEAVES + timedelta(days=1), "09:00") == ("SessionOpened",)
    assert day.time("09:15") == ("ExitApproved",)


def test_without_the_setting_it_is_carried():
    day = carrying(since=date(2026, 12, 18), expiry_exit_days=None)
    on(day, LAST, "15:39")
    assert day.sent() == []


def test_on_the_day_of_expiry_itself_where_that_is_asked():
    day = carrying(since=date(2026, 12, 18), expiry_exit_days=0)
    assert on(day, date(2026, 12, 28), "15:35") == ("SessionOpened",)
    on(day, LAST, "15:30")
    assert day.sent()[-1].reason == "expiry"


def test_a_part_of_a_target_does_not_keep_it_from_leaving():
    """Where all of it must leave, a leg that is touched takes no part of its own."""
    day = carrying(since=date(2026, 12, 18))
    on(day, LEAVES, "15:30")
    assert day.prices("15:30:01", STOCK.symbol, last=2000)[-1] == "Marked"
    assert len(day.sent()) == 1


@pytest.mark.parametrize(
    ("when", "clock", "refused"),
    [
        (date(2026, 12, 21), "14:30", ()),
        (LEAVES, "14:44", ()),
        (date(2026, 12, 23), "10:00", ("expiry_near",)),
        (date(2026, 12, 28), "10:00", ("expiry_near",)),
    ],
)
def test_entries_are_refused_from_the_same_moment(when, clock, refused):
    day = a_day(STOCK, day=when, equity=10_000_000, **ALL)
    order = day.enter(clock, exchange="NFO", product="NRML", last=1000, stop=800, target=2000)
    assert (day.book.order(order) is None) == bool(refused)
    if refused:
        assert day.refusal() == refused


def test_the_refusal_says_what_and_when():
    day = a_day(STOCK, day=date(2026, 12, 23), equity=10_000_000, **ALL)
    day.enter("10:00", exchange="NFO", product="NRML", last=1000, stop=800, target=2000)
    (found,) = [found for found in day.facts[-1].findings if not found.passed]
    assert found.text == "INFY29DEC26FUT ends in delivery; positions in it are left from 2026-12-22 15:30:00 on"
    assert (found.rule, found.clears, found.max_quantity) == ("expiry_exit_days", "never", None)


WINDOW = Window(
    exchange="NFO",
    segment="FUT",
    product="MIS",
    since="2026-01-01",
    no_entry_before="09:20",
    no_entry_after="12:00",
    square_off="12:30",
)
EARLY = rc.Tables(square_off=(WINDOW,))
LATER = rc.future("INFY", expiry=date(2027, 1, 26), on=date(2026, 12, 30), tick="0.05", lot_size=10)
"""The calendar does not reach its days: each weekday counts as a session, and none of them has a square-off."""
FOURTEEN = {"square_off_at": "14:00", "no_entry_after": "13:00"}
SHUT = rc.Tables(days=(CalendarDay(day="2027-01-25", kind="closed"),))


@pytest.mark.parametrize(
    ("thing", "at", "policy", "passed", "limit"),
    [
        (STOCK, "2026-12-22T13:59:59", FOURTEEN, True, "2026-12-22 14:00:00"),
        (STOCK, "2026-12-22T14:00", FOURTEEN, False, "2026-12-22 14:00:00"),
        (STOCK, "2026-12-22T12:29:59", {"tables": EARLY}, True, "2026-12-22 12:30:00"),
        (STOCK, "2026-12-22T12:30", {"tables": EARLY}, False, "2026-12-22 12:30:00"),
        (LATER, "2027-01-19T15:00", {}, True, "2027-01-20"),
        (LATER, "2027-01-20T10:00", {}, False, "2027-01-20"),
        (LATER, "2027-01-18T15:00", {"tables": SHUT}, True, "2027-01-19"),
        (LATER, "2027-01-19T10:00", {"tables": SHUT}, False, "2027-01-19"),
    ],
)
def test_the_moment_is_that_of_ones_own_times_and_without_any_it_is_the_day(thing, at, policy, passed, limit):
    now = datetime.fromisoformat(at).replace(tzinfo=rc.IST)
    wish = rc.Signal(thing.symbol, "BUY", at=now, exchange="NFO", product="NRML", stop=990, target=1100)
    answer = rc.decide(wish, rc.Book(1_000_000), rc.Market(instrument=thing, at=now, last=1000), rc.Policy(**policy))
    (found,) = [found for found in answer.findings if found.rule == "expiry_exit_days"]
    assert (found.passed, found.limit) == (passed, limit)


def test_the_days_are_checked():
    with pytest.raises(ValueError, match="expiry_exit_days"):
        rc.Policy(expiry_exit_days=-1)
    assert rc.Policy(expiry_exit_days=0).expiry_exit_days == 0
    assert rc.Policy().risk_per_trade == Decimal(1)


# ---------------------------------------------------------------- the days themselves


def test_a_week_ends_on_its_day_of_expiry_and_the_next_begins_after_it():
    """Tuesday the 17th; the 24th is a holiday, so that Monday the 23rd is the day, and the 24th is of the next week."""
    days = [date(2026, 11, day) for day in (17, 18, 23, 24)]
    expected = [date(2026, 11, 17), date(2026, 11, 23), date(2026, 11, 23), date(2026, 12, 1)]
    assert [rc.weekly_expiry(day) for day in days] == expected


def test_a_month_that_ends_on_its_weekday_of_expiry_ends_with_it():
    """Tuesday the 30th of June, and Thursday the 30th of April."""
    assert rc.monthly_expiry(2026, 6) == date(2026, 6, 30)
    assert rc.monthly_expiry(2026, 4, exchange="BFO") == date(2026, 4, 30)


OWN = rc.Tables(
    expiries=(ExpiryDay(exchange="NFO", weekday="Wednesday", since="2026-01-01"),),
    days=(CalendarDay(day="2026-12-02", kind="closed"), CalendarDay(day="2026-12-30", kind="closed")),
)


def test_a_weekday_and_a_holiday_of_ones_own_count():
    """Wednesday in the place of Tuesday, and two of them are holidays."""
    assert rc.weekly_expiry(date(2026, 11, 20), tables=OWN) == date(2026, 11, 25)
    assert rc.weekly_expiry(date(2026, 11, 26), tables=OWN) == date(2026, 12, 1)
    assert rc.weekly_expiry(date(2026, 12, 2), tables=OWN) == date(2026, 12, 9)
    assert rc.monthly_expiry(2026, 12, tables=OWN) == LAST
    assert rc.monthly_expiry(2026, 11, tables=OWN) == date(2026, 11, 25)


def test_the_days_before_an_expiry_are_counted_by_ones_own_calendar():
    """The 28th a holiday: the fourth session before the 29th is a day earlier; a day without times has no moment."""
    closed = rc.Tables(days=(CalendarDay(day="2026-12-28", kind="closed"),))
    assert leave_by(STOCK, 4, tables=closed) == date(2026, 12, 21)
    assert leave_from(STOCK, 4, square_off_at=None, tables=closed).date() == date(2026, 12, 21)


def test_a_contract_is_left_at_the_intraday_square_off_of_its_day_and_earlier_where_that_is_asked():
    """By the times of the tables, or of one's own; a contract that expires on a holiday has no such moment."""
    day = datetime(2026, 12, 22, tzinfo=rc.IST)
    assert leave_from(STOCK, 4, square_off_at=None) == day.replace(hour=15, minute=30)
    assert leave_from(STOCK, 4, square_off_at=time(15, 0)) == day.replace(hour=15)
    window = {"exchange": "NFO", "segment": "FUT", "product": "MIS", "since": "2026-01-01"}
    own = rc.Tables(square_off=(Window(**window, no_entry_before="09:20", no_entry_after="12:00", square_off="12:30"),))
    assert leave_from(STOCK, 4, square_off_at=None, tables=own) == day.replace(hour=12, minute=30)
    shut = rc.Tables(days=(CalendarDay(day=LAST, kind="closed"),))
    assert leave_from(STOCK, 0, square_off_at=None, tables=shut) is None


def test_a_year_without_a_calendar_and_a_fortnight_without_a_session_have_no_expiry():
    """Each says what is missing."""
    with pytest.raises(rc.CalendarUnknown, match=r"^no weekday of expiry for NFO on 2025-08-20$"):
        rc.weekly_expiry(date(2025, 8, 20))
    shut = rc.Tables(days=tuple(CalendarDay(day=f"2026-11-{day:02}", kind="closed") for day in range(2, 25)))
    with pytest.raises(rc.CalendarUnknown, match=r"^no session of NFO in the days before 2026-11-17$"):
        rc.weekly_expiry(date(2026, 11, 12), tables=shut)
