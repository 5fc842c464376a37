"""Bars that pass are told to the state in one copy: that which a mark after the other leads to."""

from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore import Book, Position
from riskcore.engine import Quiet, State, Watched, evolve
from riskcore.engine.passing import Passing
from riskcore.values import changed

OPENS = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
MINUTE = timedelta(minutes=1)
INFY, TCS = (rc.Instrument(symbol=name, tick="0.05") for name in ("INFY", "TCS"))
LONG = Position(instrument=INFY, side="BUY", quantity=10, average_price=1000, stop=980, target=1100, opened_at=OPENS)
SHORT = Position(instrument=TCS, side="SELL", quantity=3, average_price=3000, stop=3100, opened_at=OPENS)
FOUND = Quiet(watched=(Watched(INFY.key, LONG.stop, LONG.target), Watched(TCS.key, None, SHORT.stop)))


def a_state(**book):
    held = Book(100_000, session=OPENS.date(), positions=[LONG, SHORT], realised=70, charges=20, **book)
    seen = (("NSE:GONE", OPENS), (TCS.key, OPENS), (INFY.key, OPENS))
    state = State(book=held, now=OPENS, number=7)
    return changed(state, observed=changed(state.observed, seen_at=seen))


def a_bar(minute, low, high, close):
    return rc.Bar(at=OPENS + minute * MINUTE, open=close, high=high, low=low, close=close)


def let_pass(state, found, *bars):
    """The state after bars that pass one after the other, and the one that their marks lead to."""
    passing, stepped = Passing(state, found), state
    for thing, bar in bars:
        mark = passing.mark(thing.key, bar, bar.at + MINUTE)
        assert mark is not None
        stepped = evolve(stepped, mark)
    last = bars[-1][1].at + MINUTE
    return passing.after(9, last), changed(stepped, number=9)


@pytest.mark.parametrize("peaks", [{}, {"session_peak": 100_020, "peak_equity": 100_200}])
def test_marks_of_several_positions_come_to_what_one_after_the_other_does(peaks):
    """Up to a peak, down again, up to the same peak; what was seen last stands last."""
    told, stepped = let_pass(
        a_state(**peaks),
        FOUND,
        (INFY, a_bar(1, 999, 1031, 1030)),
        (TCS, a_bar(1, 2990, 3010, "2999.50")),
        (INFY, a_bar(2, 990, 1030, 995)),
        (INFY, a_bar(3, 995, "1030.00", "1030.00")),
    )
    assert told == stepped
    assert repr(told.book) == repr(stepped.book)
    assert [key for key, _ in told.observed.seen_at] == [TCS.key, INFY.key]


def test_what_was_not_marked_stays_where_it_was():
    told, stepped = let_pass(a_state(), FOUND, (TCS, a_bar(1, 2990, 3010, 3000)))
    assert told == stepped
    assert told.book.position(INFY.key) is LONG


def test_a_bar_from_before_the_entry_is_marked_by_its_close_alone():
    late = changed(a_state(), now=OPENS + 5 * MINUTE)
    held = changed(late.book, positions=(changed(LONG, opened_at=OPENS + 2 * MINUTE), SHORT))
    told, stepped = let_pass(changed(late, book=held), FOUND, (INFY, a_bar(1, 990, 1020, 1001)))
    assert told.book.positions == stepped.book.positions
    assert (told.book.positions[0].trail.best, told.book.positions[0].trail.worst) == (1001, 1001)


@pytest.mark.parametrize(
    ("found", "bar"),
    [
        (FOUND, a_bar(1, 980, 1001, 1000)),  # at the stop
        (FOUND, a_bar(1, 999, 1100, 1000)),  # at the target
        (
            FOUND._replace(floor=LONG.average_price - 950),
            a_bar(1, 999, 1001, 1000),
        ),  # a result of 50, which is the floor
        (FOUND._replace(ceiling=LONG.average_price - 951), a_bar(1, 999, 1001, 1000)),
        (
            FOUND._replace(watched=(Watched(INFY.key, None, None, "trail_on"), FOUND.watched[1])),
            a_bar(1, 999, 1001, 1000),
        ),
        (FOUND._replace(ordered=(INFY.key,)), a_bar(1, 999, 1001, 1000)),
    ],
)
def test_a_bar_that_may_do_more_is_not_marked(found, bar):
    state = a_state()
    passing = Passing(state, found)
    assert passing.mark(INFY.key, bar, bar.at + MINUTE) is None
    assert passing.after(8, OPENS) == changed(state, number=8)


def test_a_bar_just_inside_its_bounds_is_marked():
    found = FOUND._replace(floor=LONG.average_price - 951, ceiling=LONG.average_price - 950)
    assert Passing(a_state(), found).mark(INFY.key, a_bar(1, "980.05", "1099.95", 1000), OPENS) is not None
