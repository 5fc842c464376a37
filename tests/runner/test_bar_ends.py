"""When bars end: by the session, muhurat and unknown days too; and what becomes of a bar of a day."""

from datetime import date, datetime, time, timedelta

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.lab.strategy import own_strategy
from riskcore_openalgo.runner.bar_ends import end_of, ends_on, last_end, next_end
from riskcore_openalgo.runner.bar_watch import BarWatch
from riskcore_openalgo.runner.history import History
from tests.runner.test_evidence import Shelf

LISTED = rc.Instrument(symbol="INFY", tick="0.05")
OTHER = rc.Instrument(symbol="ANY", tick="0.05", derivatives_listed=False)
POLICY = rc.Policy()
MONDAY = date(2026, 11, 23)
MUHURAT = date(2025, 10, 21)
UNKNOWN = date(2026, 11, 8)
"""A muhurat session whose hours nobody has published."""


def at(text, day=MONDAY):
    return datetime.combine(day, time.fromisoformat(text), rc.IST)


def bar(text, day=MONDAY, price=1000):
    return rc.Bar(at=at(text, day), open=price, high=price, low=price, close=price)


def clocks(moments):
    return [f"{moment:%H:%M}" for moment in moments]


def test_bars_end_a_length_later_or_with_their_session():
    """Shares with derivatives leave continuous trading at 15:15, the others at 15:30."""
    assert clocks(ends_on(MONDAY, LISTED, "1h", POLICY)) == ["10:15", "11:15", "12:15", "13:15", "14:15", "15:15"]
    assert clocks(ends_on(MONDAY, OTHER, "1h", POLICY))[-2:] == ["15:15", "15:30"]
    assert end_of(bar("15:15"), OTHER, "1h", POLICY) == at("15:30")
    assert end_of(bar("18:00"), OTHER, "1h", POLICY) == at("19:00")


def test_on_a_muhurat_day_bars_begin_with_the_evening_session():
    session = rc.session_on(MUHURAT, OTHER)
    assert session.kind == "muhurat"
    assert ends_on(MUHURAT, OTHER, "5m", POLICY)[0] == session.opens + timedelta(minutes=5)
    assert ends_on(MUHURAT, OTHER, "45m", POLICY)[-1] == session.closes
    assert next_end(at("12:00", MUHURAT), OTHER, "5m", POLICY) == session.opens + timedelta(minutes=5)


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 24), UNKNOWN, date(2031, 1, 6)])
def test_none_ends_without_a_session_that_is_known(day):
    assert ends_on(day, OTHER, "5m", POLICY) == []
    assert last_end(at("12:00", day), OTHER, "5m", POLICY) is None


def test_the_next_one_is_looked_for_over_holidays_and_the_calendars_end():
    """After Monday comes the holiday of Tuesday the 24th."""
    assert last_end(at("12:02"), OTHER, "5m", POLICY) == at("12:00")
    assert next_end(at("12:02"), OTHER, "5m", POLICY) == at("12:05")
    assert next_end(at("15:30"), OTHER, "5m", POLICY) == at("09:20", date(2026, 11, 25))
    assert next_end(at("12:00", date(2031, 1, 6)), OTHER, "5m", POLICY) is None


def test_a_days_bar_is_acted_on_a_minute_before_entries_for_delivery_end():
    assert clocks(ends_on(MONDAY, OTHER, "1D", POLICY)) == ["14:44"]
    assert clocks(ends_on(MONDAY, OTHER, "1D", rc.Policy(no_entry_after="15:20"))) == ["15:19"]
    assert end_of(bar("00:00"), OTHER, "1D", POLICY) == at("14:44")
    assert next_end(at("14:44"), OTHER, "1D", POLICY) == at("14:44", date(2026, 11, 25))


def higher(bars, *, symbol, interval):
    if bars[-1].close <= bars[-2].close:
        return None
    ends = bars[-1].at + rc.interval_length(interval)
    return rc.Signal(symbol, "BUY", at=ends, bar_at=bars[-1].at, product="CNC", interval=interval)


def test_a_strategy_of_days_is_asked_once_a_day_on_the_bar_as_it_stands():
    """Its signal is dated now, not at midnight, when nothing could be bought."""
    days = [date(2026, 11, day) for day in (17, 18, 19, 20)]
    shelf, clock = Shelf([bar("00:00", day) for day in days]), [at("10:00")]
    own = own_strategy("daily", "tests.runner.test_bar_ends:higher", symbol="ANY", interval="1D", parameters={})
    watch = BarWatch(
        History(shelf, bars=250), lambda key: OTHER, rc.Policy, lambda: clock[0], {("NSE:ANY", "1D"): [own]}
    )

    def look(moment):
        clock[0] = moment
        return [event for watched in watch.due(moment, ()) for event in watch.look(watched)]

    shelf.bars.append(bar("00:00", MONDAY, 1001))
    assert look(at("10:00")) == []
    assert len(shelf.asked) == 1
    assert look(at("14:43:59")) == []
    shown, arrived = look(at("14:44:01"))
    assert isinstance(shown, events.BarsShown)
    assert [one.close for one in shown.bars] == [1000] * 4 + [1001]
    assert (arrived.signal.at, arrived.signal.bar_at) == (at("14:44:01"), at("00:00"))
    assert look(at("15:00")) == []
    assert len(shelf.asked) == 2
