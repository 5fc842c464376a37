"""Money paid in and out, and accounts below nothing: rupees stay rupees, and what has no measure is undefined."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import analytics as an
from riskcore_openalgo.lab.report.figures import figures

D = Decimal
pytestmark = pytest.mark.smoke


def curve(*sessions):
    """Sessions a day apart: the equity each opened with, its result, and what was paid in before it."""
    days = []
    for number, (opening, net) in enumerate(sessions):
        flow = opening - days[-1].closing if days else 0
        days.append(an.Day(session=date(2026, 11, 2) + timedelta(days=number), opening=opening, net=net, flow=flow))
    return rc.EquityCurve(days)


def told(of, *names):
    shown = {figure.name: figure.said for figure in figures(of)}
    return tuple(shown[name] for name in names)


# ---------------------------------------------------------------- rupees beside percent


def test_a_drawdown_is_in_rupees_that_were_lost_however_much_was_paid_in():
    """100,000 lost of 1,000,000 is a tenth, and 100,000: not a tenth of what the account began with."""
    made = rc.performance_of([], curve((100_000, 0), (1_000_000, -100_000)))
    assert (made.drawdown.pct, made.drawdown.value) == (10, 100_000)
    assert (made.largest_drawdown.value, made.largest_drawdown.pct) == (100_000, 10)
    assert "deepest drawdown          10.00 %, Rs 1,00,000.00, 1 sessions" in made.explain()


def test_the_largest_drawdown_is_the_one_of_most_rupees():
    """20,000 of 100,000 is deeper than 100,000 of 1,100,001, and less."""
    made = rc.performance_of([], curve((100_000, -20_000), (80_000, 20_001), (1_100_001, -100_000)))
    assert (made.drawdown.pct, made.drawdown.value) == (20, 20_000)
    assert (made.largest_drawdown.value, made.largest_drawdown.began) == (100_000, 2)


def test_the_largest_drawdown_goes_on_until_its_rupees_are_regained():
    """90,000 are lost and nearly all is taken out: a gain of 15 % of what is left regains the level, not the money."""
    made = rc.performance_of([], curve((100_000, -10_000), (1_000, 150), (500_000, -5_000)))
    assert [fall.recovered for fall in made.curve.drawdowns()] == [2, None]
    fall = made.largest_drawdown
    assert (fall.began, fall.trough, fall.recovered, fall.value) == (0, 3, None, 10_000 - 150 + 5_000)


def test_inside_a_session_rupees_are_rupees_too():
    """Half of the account was paid out before: a fall of 100 in 500 is 20 % and Rs 100."""
    days = [
        an.Day(session=date(2026, 11, 2), opening=1000, net=0),
        an.Day(session=date(2026, 11, 3), opening=500, net=0, flow=-500, path=(D(400), D(500))),
    ]
    inside = rc.performance_of([], rc.EquityCurve(days)).intraday_drawdown
    assert (inside.pct, inside.value) == (20, 100)


# ---------------------------------------------------------------- below nothing


def test_below_nothing_a_gain_is_drawn_as_a_gain():
    """100 lose 150; money is paid in, and 50 are won: the level rises by them."""
    assert curve((100, -150), (-50, 0), (100, 50)).levels() == (100, -50, -50, 0)


def test_what_loses_more_than_everything_has_no_return():
    """Two sessions of -150 % do not make a quarter of the account."""
    for rates in ([D("-1.5"), D("-1.5")], [D("-1.5")], [D("0.1"), D("-1.01"), D("0.2")]):
        assert an.cumulative_return(rates) is None
        assert an.annual_return(rates) is None
    made = rc.performance_of([], curve((100, -150), (100, -150)))
    assert (made.cumulative_return, made.annual_return, made.calmar) == (None, None, None)


def test_everything_lost_is_a_return_of_minus_one_whatever_comes_after():
    """Exactly nothing is left."""
    made = rc.performance_of([], curve((100, -50), (50, -50)))
    assert (made.cumulative_return, made.annual_return) == (-1, -1)


def test_a_result_without_a_return_leaves_the_whole_without_one():
    """What is lost from nothing has no rate: the returns beside it do not compound to what the account did."""
    made = rc.performance_of([], curve((100, -100), (0, -50)))
    assert (made.cumulative_return, made.annual_return, made.calmar) == (None, None, None)
    begun_empty = rc.performance_of([], curve((0, 0), (100, 10)))
    assert begun_empty.cumulative_return == D("0.1")


def test_a_fall_without_a_percentage_is_not_called_none():
    """From nothing down to -7,000: no percentage, and surely a drawdown."""
    made = rc.performance_of([], curve((0, -5000), (-5000, -2000)))
    names = ("Deepest drawdown", "Deepest inside sessions", "Largest drawdown")
    assert told(made, *names) == ("undefined", "undefined", "Rs 7,000.00")
    page = made.explain()
    assert "deepest drawdown          undefined\n" in page
    assert "deepest inside sessions   undefined\n" in page


def test_what_never_fell_is_nought():
    """That is known; of no equity nothing is."""
    names = ("Deepest drawdown", "Deepest inside sessions", "Largest drawdown")
    assert told(rc.performance_of([], curve((0, 10), (10, 5))), *names) == ("0.00 %", "0.00 %", "Rs 0.00")
    assert told(rc.performance_of([]), *names) == ("undefined", "undefined", "undefined")
    assert "deepest drawdown          none\n" in rc.performance_of([], curve((100, 10))).explain()
