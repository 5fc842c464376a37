"""Bars as plugins of OpenAlgo give them: times of another zone, days one off, a day that is missing, bars on the hour.

The shapes are those of OpenAlgo 2.0.2.1, each plugin run over its broker's documented answer.
"""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.runner.history import History
from tests.gateways.desks import INFY, NOW, live_desk
from tests.runner.live_days import flat_bars
from tests.runner.test_evidence import Bench, Shelf

AHEAD = timedelta(hours=5, minutes=30)
DAY = timedelta(days=1)
SESSIONS = (2, 3, 4, 5, 6, 9, 11, 12, 13, 16, 17, 18, 19, 20)
"""Days of trading in November 2026."""


def moved(bars, by):
    return [evolve(bar, at=bar.at + by) for bar in bars]


def daily(days):
    """Bars of days of November 2026."""
    at = datetime(2026, 11, 1, tzinfo=rc.IST)
    return [rc.Bar(at=at.replace(day=day), open=1, high=1, low=1, close=1) for day in days]


@pytest.mark.parametrize("by", [AHEAD, -AHEAD])
def test_bars_with_the_times_of_another_zone_are_refused_by_name(by):
    """Plugins that read times without a zone by their server's: at 14:45 the bar of 09:15 looked as if it ran now."""
    shelf = Shelf(moved(flat_bars(NOW), by))
    with pytest.raises(ReadFailed, match=r"the times of the bars are wrong: .* does OpenAlgo's server run on IST"):
        History(shelf, bars=140).finished(INFY, "5m", NOW)


def test_days_that_stand_one_day_early_are_refused_by_name():
    """Midnight in India is 18:30 of UTC on the day before: Monday's bar stands on Sunday, and none on Friday."""
    history = History(Shelf(moved(daily(SESSIONS), -DAY)), bars=140)
    for look in (lambda: history.daily(INFY, NOW, 10), lambda: history.finished(INFY, "1D", NOW)):
        with pytest.raises(ReadFailed, match=r"the days of the bars are wrong: .* on days without trading"):
            look()


def test_days_of_which_none_were_told_are_asked_for_again():
    """One empty answer in the morning, of a dead login, say, and no entry passed its correlation all day."""
    shelf = Shelf([])
    history = History(shelf, bars=140)
    assert history.daily(INFY, NOW, 10) == ()
    shelf.bars = daily(SESSIONS)
    assert history.daily(INFY, NOW + timedelta(seconds=1), 10) == (), "not at each look"
    assert len(history.daily(INFY, NOW + timedelta(seconds=2), 10)) == 10
    shelf.bars = []
    assert len(history.daily(INFY, NOW + timedelta(hours=4), 10)) == 10


def test_a_session_that_the_calendar_has_not_is_no_reason():
    """One Saturday among the days of two weeks."""
    days = daily([*SESSIONS, 14])
    assert History(Shelf(days), bars=140).finished(INFY, "1D", NOW)


def test_a_history_without_a_bar_of_today_is_refused_once_there_must_be_one():
    """Its ATR would be that of another day; until then, and of an empty history, nothing is said."""
    shelf = Shelf(flat_bars(NOW - DAY))
    early = NOW.replace(hour=9, minute=24)
    assert History(shelf, bars=140).finished(INFY, "5m", early)[-1].at < NOW - DAY
    with pytest.raises(ReadFailed, match="no bar of today, though it trades since 09:15"):
        History(shelf, bars=140).finished(INFY, "5m", NOW)
    assert History(Shelf([]), bars=140).finished(INFY, "5m", NOW) == ()


class Leaky(Shelf):
    """A plugin that leaves days out where it is asked for several."""

    def __init__(self, bars, *days):
        super().__init__(bars)
        self.days = days

    def history(self, exchange, symbol, interval, start, end):
        told = super().history(exchange, symbol, interval, start, end)
        return tuple(bar for bar in told if (bar.at.date() == start if start == end else bar.at.day not in self.days))


@pytest.mark.parametrize("days", [(20,), (23,), (20, 23)])
def test_a_session_that_was_left_out_is_asked_for_by_itself(days):
    """The XTS family's plugin leaves out every seventh day: on a Monday the Friday, of which the ATR is made."""
    shelf = Leaky(flat_bars(NOW), *days)
    assert History(shelf, bars=140).finished(INFY, "5m", NOW) == tuple(flat_bars(NOW))
    assert len(shelf.asked) == 1 + len(days)


def test_of_many_that_were_left_out_the_newest_two_are_asked_for():
    """Once each: an instrument that does not trade on most days is not asked for without end."""
    shelf = Shelf([bar for bar in flat_bars(NOW) if bar.at.day in (18, 23)])
    shelf.bars = [evolve(shelf.bars[0], at=shelf.bars[0].at - 7 * DAY), *shelf.bars]
    history = History(shelf, bars=140)
    for ahead in range(3):
        history.finished(INFY, "5m", NOW + ahead * timedelta(minutes=5))
    assert len(shelf.asked) == 3 + 2
    assert [start.day for _, start, end in shelf.asked if start == end] == [20, 19]


def test_the_first_bar_of_a_day_counts_where_bars_begin_on_the_hour():
    """The one from 09:00 to 10:00 has the liveliest 45 minutes: without it an hourly ATR was too small."""
    opening = NOW.replace(hour=9, minute=0)
    told = [rc.Bar(at=opening + n * timedelta(hours=1), open=1, high=2, low=1, close=1) for n in range(2)]
    assert [bar.at.hour for bar in History(Shelf(told), bars=140).finished(INFY, "1h", NOW)] == [9]
    before = [evolve(told[0], at=NOW.replace(hour=9, minute=10))]
    assert History(Shelf([*before, *flat_bars(NOW)]), bars=140).finished(INFY, "5m", NOW)[0].at.minute == 15


def test_a_day_that_runs_and_has_no_bar_is_told():
    """Samco's plugin leaves the day's own bar out: who acts on bars of days was never asked, and nobody said so."""
    late = NOW.replace(hour=15, minute=25)
    assert History(Shelf(daily([*SESSIONS, 23])), bars=140).so_far(INFY, "1D", late)[-1].at.day == 23
    with pytest.raises(ReadFailed, match="no bar of today"):
        History(Shelf(daily(SESSIONS)), bars=140).so_far(INFY, "1D", late)
    assert History(Shelf([]), bars=140).so_far(INFY, "1D", late) == ()


def test_why_bars_cannot_be_used_is_in_the_log_once_a_day(caplog):
    """The refusal says that the ATR is not ready, and no more."""
    with live_desk() as desk:
        bench = Bench(desk)
        desk.broker.bars("NSE:INFY", "5m", moved(flat_bars(NOW), AHEAD))
        assert [bench.look().atr_bars for _ in range(2)] == [0, 0]
        [told] = [row.getMessage() for row in caplog.records if "no ATR of NSE:INFY on 5m" in row.getMessage()]
        assert "the times of the bars are wrong" in told


def test_why_a_quote_cannot_be_used_is_there_too(caplog):
    """HDFC Sky's may have the range of the day before: each quote beyond it contradicts itself."""
    with live_desk() as desk:
        bench = Bench(desk)
        desk.broker.quote("NSE:INFY", last=1010, high=1005, low=990)
        assert [bench.look().last for _ in range(2)] == [None, None]
        [told] = [row.getMessage() for row in caplog.records if row.getMessage().startswith("no quote of NSE:INFY")]
        assert told.endswith("last 1010.0 is above the day's high 1005.0")
