"""Between which results of the day its bars change nothing but marks: where a breaker trips, and where one is told."""

from datetime import date
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.engine import quiet
from tests.core.engine_days import a_day, holding

D = Decimal
OCTOBER = date(2026, 10, 16)
BEFORE = (
    rc.DayResult(date(2026, 9, 30), D(104_000), D(-5000), None),
    rc.DayResult(date(2026, 10, 1), D(105_000), D(-2000), None),
    rc.DayResult(date(2026, 10, 9), D(100_700), D(300), None),
    rc.DayResult(date(2026, 10, 12), D(101_000), D(-1000), None),
    rc.DayResult(date(2026, 10, 13), D(100_000), D(500), None),
)
"""The days before a Friday: the first of a month, the Friday before, and this week's Monday and Tuesday."""


def of(day):
    return quiet(day.state, day.policy)


def marked(**policy):
    """50 INFY from ten o'clock that were seen at their own price: only then may bars be left out."""
    day, _ = holding(**policy)
    day.prices("10:05", last=1000)
    return day


def results(day):
    found = of(day)
    return found.floor, found.ceiling


def after_days(**policy):
    day = marked(day=OCTOBER, **policy)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, days=BEFORE))
    return day


def near(day, *names):
    """The approach of these limits was told."""
    day.state = attrs.evolve(day.state, observed=attrs.evolve(day.state.observed, near=names))
    return day


def peaked(peak, **policy):
    """A day whose equity was highest at `peak`."""
    day = marked(approaching_pct=None, **policy)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, session_peak=None if peak is None else D(peak)))
    return day


def test_without_a_position_no_result_moves():
    assert results(a_day()) == (None, None)


def test_the_days_loss_wakes_where_it_trips_and_where_it_is_told():
    """3 per cent of 100,000; told at 80 per cent of it, and not anew until it was a tenth below that."""
    assert results(marked(approaching_pct=None)) == (-3000, None)
    assert results(marked()) == (-2400, None)
    assert results(near(marked(), "max_daily_loss")) == (-3000, -2160)


def test_a_limit_that_has_tripped_wakes_nothing_more():
    """What was told of it may still pass."""
    day = marked()
    latch = rc.Latch("max_daily_loss", "reducing", day.at("10:05"), "riskcore", "lost", "next_session")
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, latches=(latch,)))
    assert results(day) == (-2400, None)
    assert results(near(day, "max_daily_loss")) == (None, -2160)
    day.policy = attrs.evolve(day.policy, approaching_pct=None)
    assert results(day) == (None, None)


def test_what_the_week_has_lost_counts_from_its_monday():
    """500 are lost; 2 per cent of the 101,000 it began with are 2,020, told at 1,616: that is 1,116 more."""
    assert results(after_days(max_daily_loss=2, max_weekly_loss=2)) == (-1116, None)
    assert results(near(after_days(max_daily_loss=2, max_weekly_loss=2), "max_weekly_loss")) == (-1600, D("-954.4"))
    assert results(after_days(max_daily_loss=2, max_weekly_loss=2, approaching_pct=None)) == (-2000, None)


def test_what_the_month_has_lost_counts_from_its_first():
    """2,200 are lost; 4 per cent of 105,000 are 4,200, told at 3,360."""
    assert results(after_days(max_monthly_loss=4)) == (-1160, None)
    assert results(near(after_days(max_monthly_loss=4), "max_monthly_loss")) == (-2400, D(2200) - 3360 * D("0.9"))


def test_a_week_that_begins_today_began_with_todays_equity():
    assert results(near(marked(max_weekly_loss=4), "max_weekly_loss")) == (-2400, -2880)
    assert results(near(marked(max_monthly_loss=5), "max_monthly_loss")) == (-2400, -3600)


def test_the_days_of_a_week_may_stand_in_any_order():
    """What it began with is that of its first day."""
    day = after_days(max_daily_loss=2, max_weekly_loss=2)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, days=BEFORE[::-1]))
    assert results(day) == (-1116, None)


def test_a_drawdown_wakes_where_it_trips_and_where_the_peak_rises():
    """Ten per cent of a peak of 110,000 are 11,000: with 100,000 at the open that is a result of -1,000."""
    day = peaked(100_500, max_drawdown=10)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, peak_equity=D(110_000)))
    assert results(day) == (-1000, 500)
    day.policy = attrs.evolve(day.policy, approaching_pct=90)
    assert results(day) == (100, 500)
    assert results(near(day, "max_drawdown")) == (-1000, 500)
    low = attrs.evolve(day.state, book=attrs.evolve(day.book, session_peak=D(101_500)))
    assert quiet(low, day.policy).ceiling == D(10_000) - D(9900) * D("0.9")


def test_before_any_equity_was_the_highest_its_first_mark_may_be():
    assert results(peaked(None, max_drawdown=10, drawdown_basis="session")) == (-3000, 0)
    assert results(peaked(None, max_give_back_pct=50)) == (-3000, 0)


@pytest.mark.parametrize(("peak", "floor"), [("101999.99", -3000), (102_000, 1000), (104_000, 2000)])
def test_what_was_gained_wakes_where_too_much_is_given_back_once_it_was_enough(peak, floor):
    """Half of the best result, from 2 per cent of the opening equity on; and a new best result wakes too."""
    day = peaked(peak, max_give_back_pct=50, give_back_after_pct=2)
    assert results(day) == (floor, D(peak) - 100_000)
    day.policy = attrs.evolve(day.policy, approaching_pct=99)
    assert of(day).floor == max(floor, -2970)
    latch = rc.Latch("max_give_back_pct", "reducing", day.at("10:05"), "riskcore", "given back", "next_session")
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, latches=(latch,)))
    assert of(day).floor == -2970


def test_what_a_restart_has_folded_is_as_quiet_as_it_was():
    day = marked(max_drawdown=10, max_weekly_loss=4)
    before = of(day)
    day.restart()
    assert of(day) == before


@pytest.mark.parametrize(("price", "facts"), [(905, 1), (904, 2)])
def test_between_its_results_a_bar_does_nothing_but_mark(price, facts):
    """50 shares that lose 96 rupees each lose the 4,800 at which the day's loss is told; charges come on top."""
    day = a_day(max_daily_loss=6, risk_per_trade=5)
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=900, target=1300), price=1000)
    day.prices("10:05", last=1000)
    assert day.book.positions[0].quantity == 50
    assert of(day).floor == -4800
    assert ((price - 1000) * 50 - day.book.charges <= -4800) == (facts == 2)
    assert len(day.prices("10:06", last=price)) == facts
