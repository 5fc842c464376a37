"""Order books that are asked for in two: of the orders that work, and of those that ended."""

from riskcore import events as e
from tests.core.custody_days import foreign, held, row, stop_of, true_books
from tests.core.test_missing_orders import entry_of, missing


def test_a_half_that_failed_says_nothing_of_a_stop_that_works():
    """The half of what works is left out: the stop was taken for gone, and another placed."""
    day, _ = held(broker="hdfcsky")
    stop = stop_of(day)
    missing(day, *range(8))
    assert (stop_of(day), day.book.order(stop.order_id).status) == (stop, "working")
    assert not [asked for asked in day.commands if isinstance(asked, e.CancelOrder)]


def test_where_another_order_is_shown_working_one_that_is_not_is_gone():
    day, _ = held(broker="hdfcsky")
    stop = stop_of(day)
    for second in (0, 1, 2):
        shown = (row(entry_of(day), "E1", "complete"), row(stop, "X9", "open", key="NSE:TCS"), foreign())
        true_books(day, f"10:05:{second:02}", orders=shown)
    assert day.book.order(stop.order_id).status == "cancelled"
