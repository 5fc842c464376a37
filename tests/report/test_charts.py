"""The charts of a page: trades by R, there where any trade has one, and the room beside an axis."""

import pytest

import riskcore as rc
from riskcore_openalgo.lab.report.charts import PLAIN
from riskcore_openalgo.lab.report.drawing import LETTER, labels, scale_over, short
from riskcore_openalgo.lab.report.sections import results
from riskcore_openalgo.lab.report.study import Study
from tests.core.finished_trades import a_trade


def drawn(*trades):
    return results(Study(title="t", source="s", performance=rc.performance_of(trades), stories=()))


@pytest.mark.parametrize("without", [0, 3, 9])
def test_trades_without_a_stop_do_not_hide_those_with_one(without):
    """Three trades of 2 R are drawn beside any number that has no R."""
    made = drawn(*[a_trade(initial_stop=95)] * 3, *[a_trade()] * without)
    assert "Trades by R" in made
    assert "2..3: 3" in made


def test_without_any_r_there_is_no_chart():
    """All columns would be empty."""
    assert "Trades by R" not in drawn(a_trade(), a_trade())


def test_exactly_three_r_is_in_the_last_column():
    """And its name says so."""
    assert "&gt;= 3: 1" in drawn(a_trade(exit_price=115, initial_stop=95))


@pytest.mark.parametrize("around", [500, 100_000, 10_000_000, 98_765_432])
def test_the_words_of_an_axis_have_room_beside_it(around):
    """Of a crore and a little more only the last digits could be read."""
    y = scale_over([around, around + around / 10_000], *PLAIN.y)
    frame = PLAIN.beside(y, short)
    widest = max(len(word) for word in labels(y.ticks, short)) * LETTER
    assert frame.left - 6 - widest >= 0
    assert (frame == PLAIN) is (around == 500)
