"""Ticks by date and border, and sessions: ordinary, special, closed, unknown."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.table_rows import CalendarDay, Window

pytestmark = pytest.mark.smoke

LISTED = rc.Instrument(symbol="INFY", tick="0.05")
OTHER = rc.Instrument(symbol="SMALL", tick="0.05", derivatives_listed=False)


@pytest.mark.parametrize(
    ("price", "day", "tick"),
    [
        ("100", "2024-06-09", "0.05"),
        ("100", "2024-06-10", "0.01"),
        ("249.99", "2025-04-14", "0.01"),
        ("250", "2025-04-14", "0.05"),
        ("9000", "2025-04-14", "0.05"),
        ("249.99", "2025-04-15", "0.01"),
        ("250", "2025-04-15", "0.05"),
        ("1000", "2025-04-15", "0.05"),
        ("1000.05", "2025-04-15", "0.10"),
        ("5000", "2025-04-15", "0.10"),
        ("5000.10", "2025-04-15", "0.50"),
        ("10000", "2025-04-15", "0.50"),
        ("10000.50", "2025-04-15", "1.00"),
        ("20000", "2025-04-15", "1.00"),
        ("20001", "2025-04-15", "5.00"),
    ],
)
def test_the_tick_follows_the_price_and_the_day(price, day, tick):
    """On both sides of every border of price and date."""
    assert rc.tick_for(Decimal(price), on=date.fromisoformat(day)) == Decimal(tick)
    made = rc.nse_equity("INFY", on=date.fromisoformat(day), last_month_close=price)
    assert made.tick == Decimal(tick)


def test_an_instrument_needs_a_tick_from_somewhere():
    """Neither a tick nor the price it follows, a day without a table, another exchange: errors that say so."""
    with pytest.raises(ValueError, match="give tick="):
        rc.nse_equity("INFY", on=date(2026, 1, 1))
    with pytest.raises(LookupError, match="no tick table"):
        rc.tick_for(Decimal(100), on=date(2015, 12, 31))
    with pytest.raises(LookupError, match="no tick table for BSE"):
        rc.tick_for(Decimal(100), on=date(2026, 1, 1), exchange="BSE")


def clock(moment):
    return None if moment is None else f"{moment:%H:%M}"


@pytest.mark.parametrize(
    ("day", "thing", "product", "opens", "closes", "first", "until", "flat"),
    [
        ("2020-02-28", LISTED, "MIS", "09:15", "15:30", "09:20", "14:45", "15:15"),
        ("2026-07-31", LISTED, "MIS", "09:15", "15:30", "09:20", "14:45", "15:15"),
        ("2026-08-03", LISTED, "MIS", "09:15", "15:15", "09:20", "14:45", "15:10"),
        ("2026-08-03", OTHER, "MIS", "09:15", "15:30", "09:20", "14:45", "15:10"),
        ("2026-08-03", LISTED, "CNC", "09:15", "15:15", "09:20", "14:45", None),
        ("2026-02-01", LISTED, "MIS", "09:15", "15:30", "09:20", "14:45", "15:15"),
        ("2025-10-21", LISTED, "MIS", "13:45", "14:45", "13:50", "14:00", "14:30"),
        ("2025-10-21", LISTED, "CNC", "13:45", "14:45", "13:50", "14:00", None),
        ("2024-11-01", LISTED, "MIS", "18:00", "19:00", "18:05", "18:15", "18:45"),
    ],
)
def test_the_hours_of_a_session(day, thing, product, opens, closes, first, until, flat):
    """F61, F62: a closing auction since 2026-08-03, a budget Sunday, a muhurat in the afternoon."""
    session = rc.session_on(date.fromisoformat(day), thing, product)
    found = (session.opens, session.closes, session.entries_from, session.entries_until, session.square_off)
    assert tuple(clock(moment) for moment in found) == (opens, closes, first, until, flat)
    assert session.is_open(session.opens)
    assert not session.is_open(session.closes)
    assert not session.is_open(session.opens - timedelta(microseconds=1))
    assert session.square_off is None or session.is_open(session.square_off)


@pytest.mark.parametrize("day", ["2026-11-21", "2026-11-22", "2026-11-24", "2025-11-05", "2024-01-22", "2025-11-01"])
def test_F61_holidays_and_weekends_are_closed(day):
    """2025-11-01 too, where another table has the muhurat of the year before."""
    assert rc.session_on(date.fromisoformat(day), LISTED) is None


@pytest.mark.parametrize(
    ("day", "thing", "product", "says"),
    [
        ("2027-01-01", LISTED, "MIS", "runs from 2016-01-01 to 2026-12-31"),
        ("2015-12-31", LISTED, "MIS", "runs from"),
        ("2024-05-18", LISTED, "MIS", "disaster_recovery"),
        ("2026-11-20", rc.Instrument(symbol="WHEAT", tick=1, exchange="NCDEX"), "MIS", "no trading hours for NCDEX"),
        ("2026-11-20", LISTED, "NRML", "no entry and square-off times"),
    ],
)
def test_F61_what_the_calendar_cannot_tell_is_never_guessed_open(day, thing, product, says):
    """A missing year fails closed."""
    with pytest.raises(rc.CalendarUnknown, match=says):
        rc.session_on(date.fromisoformat(day), thing, product)


def test_the_last_day_of_the_calendar_is_known_and_has_no_next():
    """And the day before it has one."""
    assert rc.session_on(date(2026, 12, 31), LISTED) is not None
    assert rc.next_session_day(date(2026, 12, 30), LISTED) == date(2026, 12, 31)
    assert rc.next_session_day(date(2026, 12, 31), LISTED) is None
    assert rc.next_session_day(date(2026, 11, 20), LISTED) == date(2026, 11, 23)
    assert rc.next_session_day(date(2026, 11, 23), LISTED) == date(2026, 11, 25)


def test_overrides_of_the_times_hold_on_ordinary_days():
    """All three, as the policy gives them."""
    session = rc.session_on(
        date(2026, 11, 20),
        LISTED,
        no_entry_before=time(10, 0),
        no_entry_after=time(13, 0),
        square_off_at=time(14, 30),
    )
    found = (session.entries_from, session.entries_until, session.square_off)
    assert [clock(moment) for moment in found] == ["10:00", "13:00", "14:30"]


@pytest.mark.parametrize(
    ("row", "flat"), [("15:20", "15:10"), ("15:15", "15:10"), ("15:05", "15:05"), ("09:00", "15:10")]
)
def test_a_square_off_row_outside_of_a_shares_hours_is_not_taken(row, flat):
    """A row for all shares: those with derivatives leave continuous trading before it, and would be held past it."""
    about = {
        "exchange": "NSE",
        "segment": "EQ",
        "product": "MIS",
        "no_entry_before": "09:20",
        "no_entry_after": "14:45",
    }
    tables = rc.Tables(square_off=(Window(**about, square_off=row, since="2026-08-03", source="a broker"),))
    assert clock(rc.session_on(date(2026, 11, 20), LISTED, tables=tables).square_off) == flat


def test_on_a_short_session_an_override_only_makes_stricter():
    """The muhurat of 2025 ends at 14:45: 13:55 and 14:20 are stricter, 09:30 and 15:00 are not."""
    day = date(2025, 10, 21)
    strict = rc.session_on(
        day, LISTED, no_entry_before=time(13, 55), no_entry_after=time(13, 58), square_off_at=time(14, 20)
    )
    assert [clock(m) for m in (strict.entries_from, strict.entries_until, strict.square_off)] == [
        "13:55",
        "13:58",
        "14:20",
    ]
    loose = rc.session_on(
        day, LISTED, no_entry_before=time(9, 30), no_entry_after=time(15, 0), square_off_at=time(15, 10)
    )
    assert loose == rc.session_on(day, LISTED)


def test_entries_never_run_past_the_close():
    """An override beyond the end of continuous trading ends with it, for a product that nobody squares off before."""
    session = rc.session_on(date(2026, 8, 3), LISTED, "CNC", no_entry_after=time(15, 20))
    assert session.entries_until == session.closes


def test_F17_the_session_date_is_the_date_in_india():
    """Half past one at night is the next day, wherever the clock stands; a naive time has no meaning."""
    assert rc.session_date(datetime(2026, 11, 19, 20, 0, tzinfo=timezone.utc)) == date(2026, 11, 20)
    assert rc.session_date(datetime(2026, 11, 19, 18, 29, tzinfo=timezone.utc)) == date(2026, 11, 19)
    with pytest.raises(ValueError, match="time zone"):
        rc.session_date(datetime(2026, 11, 19, 20, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("at", "approved"),
    [
        ("2025-10-21 13:49:59", False),
        ("2025-10-21 13:50:00", True),
        ("2025-10-21 13:59:59", True),
        ("2025-10-21 14:00:00", False),
        ("2026-02-01 09:20:00", True),
        ("2026-11-20 09:19:59", False),
        ("2026-11-20 14:44:59", True),
        ("2026-11-20 14:45:00", False),
        ("2026-12-31 10:00:00", True),
        ("2027-01-01 10:00:00", False),
    ],
)
def test_F61_entries_pass_only_within_the_days_own_hours(at, approved):
    """To the second, on ordinary and special days."""
    moment = datetime.fromisoformat(at).replace(tzinfo=rc.IST)
    seen = rc.Market(instrument=LISTED, at=moment, last=1000, atr=10)
    decision = rc.decide(rc.Signal("INFY", "BUY", at=moment), rc.Book(100_000), seen, rc.Policy())
    assert decision.approved == approved


def why(at, thing=LISTED, **policy):
    """What an entry at a moment is told of the exchange's hours."""
    moment = datetime.fromisoformat(at).replace(tzinfo=rc.IST)
    seen = rc.Market(instrument=thing, at=moment, last=1000, atr=10)
    wish = rc.Signal(thing.symbol, "BUY", at=moment, exchange=thing.exchange)
    answer = rc.decide(wish, rc.Book(100_000), seen, rc.Policy(**policy))
    [told] = [found for found in answer.reasons if found.reason == "market_closed"]
    return told.text.partition(": ")[2]


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2026-11-24 12:00", "Gurunanak Jayanti"),
        ("2026-11-21 12:00", "a Saturday"),
        ("2026-11-22 12:00", "a Sunday"),
        ("2026-11-20 09:14", "09:15 to 15:15"),
        ("2020-02-28 15:30", "09:15 to 15:30"),
        ("2024-11-01 12:00", "18:00 to 19:00"),
        ("2024-03-02 10:30", "09:15 to 10:00 and 11:30 to 12:30"),
    ],
)
def test_a_closed_exchange_says_what_it_is_closed_for(at, says):
    """The holiday by its name, the day of the week, or the hours that the day has."""
    assert why(at) == says


def test_a_day_that_ones_own_calendar_shuts_is_told_as_that():
    """Its source names it; a holiday that the tables know keeps its name, and another market's row says nothing."""
    shut = [
        CalendarDay(day=date(2026, 11, 20), kind="closed", calendar="commodity", source="MCX"),
        CalendarDay(day=date(2026, 11, 20), kind="closed", source="the storm, NSE circular 12"),
        CalendarDay(day=date(2026, 11, 24), kind="closed"),
        CalendarDay(day=date(2026, 11, 22), kind="closed", calendar="commodity", source="MCX"),
    ]
    tables = rc.Tables(days=tuple(shut))
    assert why("2026-11-20 12:00", tables=tables) == "a holiday of the storm, NSE circular 12"
    assert why("2026-11-24 12:00", tables=tables) == "Gurunanak Jayanti"
    assert why("2026-11-22 12:00", tables=tables) == "a Sunday"


def test_a_contract_after_its_expiry_is_told_as_that():
    """The exchange is open, and the contract is no more."""
    about = {"exchange": "NFO", "segment": "FUT", "expiry": date(2026, 11, 23)}
    future = rc.Instrument(symbol="INFY24NOV26FUT", tick="0.1", **about)
    assert why("2026-11-25 12:00", future) == "it expired on 2026-11-23"


def test_a_contract_has_no_continuous_trading_and_no_next_session_after_its_expiry():
    """A protective stop was sent for one that had expired in the night."""
    expiry = date(2026, 11, 23)
    future = rc.Instrument(symbol="NIFTY23NOV26FUT", tick="0.1", exchange="NFO", segment="FUT", expiry=expiry)
    last, later = (datetime(2026, 11, day, 11, 0, tzinfo=rc.IST) for day in (23, 25))
    assert (rc.phase_at(last, future), rc.stops_rest(last, future)) == ("continuous", True)
    assert (rc.phase_at(later, future), rc.stops_rest(later, future)) == ("closed", False)
    assert rc.next_session_day(date(2026, 11, 20), future) == expiry
    assert rc.next_session_day(expiry, future) is None
