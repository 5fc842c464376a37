"""The tables of a journal beside its facts, where fills are double, known better later, or nobody's."""

from decimal import Decimal, localcontext

import pytest
from sqlalchemy import create_engine, text

import riskcore as rc
from riskcore import events as e
from riskcore_openalgo.journal import Journal
from tests.core.custody_days import books, held, position, row, stop_of, trade, true_books
from tests.core.engine_days import SEEN, a_day
from tests.core.test_books_read import over

D = Decimal


@pytest.fixture
def tables(path):
    """Writes a day's facts, and answers queries about it, one after the other."""

    def ask(day, *queries):
        journal = Journal(path)
        try:
            journal.append([*day.inputs, *day.facts])
        finally:
            journal.close()
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as database:
            found = [[tuple(each) for each in database.execute(text(query))] for query in queries]
        engine.dispose()
        return found

    return ask


FILLS = "select side, quantity, price_e4 from fills order by seq"
ORDERS = "select filled_quantity, status from orders where kind = 'exit' order by seq"
PRICES = "select entry_e4, exit_e4 from trades order by seq"
SUMS = "select sum(gross_paise), sum(charges_paise) from trades"


def in_paise(book):
    return int(book.realised * 100), int(book.charges * 100)


def test_a_double_fill_is_a_fill_and_a_trade_of_its_own(tables):
    day, _ = held()
    stop = stop_of(day)
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop.order_id, "cancelled")
    day.report("10:10:02", day.sent()[-1].order_id, "filled", 50, 50 * 1100, broker_id="T1")
    day.report("10:10:03", stop.order_id, "filled", 50, 50 * 979)
    day.fill("10:10:05", day.sent()[-1].order_id, price=980)
    sums, fills, orders = tables(day, SUMS, FILLS, ORDERS)
    assert sums == [in_paise(day.book)]
    assert fills[2] == ("SELL", 50, 9_790_000)
    assert orders == [(50, "filled")] * 3


def test_a_fill_that_is_known_better_after_its_trade_is_over_corrects_the_trade(tables):
    """Told at 1,100 each; by the trade book 20 of them went at 1,100.05: a rupee more."""
    day, _ = held()
    stop = stop_of(day)
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop.order_id, "cancelled")
    out = day.sent()[-1]
    day.report("10:10:02", out.order_id, "filled", 50, 50 * 1100, broker_id="T1")
    told = (trade("E1", "BUY", 50, 1000), trade("T1", "SELL", 30, 1100), trade("T1", "SELL", 20, "1100.05"))
    assert "TradeCorrected" in books(day, "10:11", trades=told)
    assert day.book.realised == 5001
    assert day.book.outcomes[-1].gross == 5001
    sums, fills, prices = tables(day, SUMS, FILLS, PRICES)
    assert sums == [in_paise(day.book)]
    assert fills[-1] == ("SELL", 50, 11_000_200)
    assert prices == [(10_000_000, 11_000_200)]


@pytest.mark.parametrize(
    ("told", "prices"),
    [({"S1": (50, 970)}, (10_000_000, 9_700_000)), ({"E1": (50, 1001)}, (10_010_000, 9_800_000))],
)
def test_a_finished_trade_has_the_prices_that_the_trade_book_says(tables, told, prices):
    """Of the trade that the order was part of: one before it, and one after it, keep theirs."""
    day, _ = held()
    stop = stop_of(day)
    day.fill("10:05", stop.order_id, price=980)
    over(day, stop, **told)
    second = day.enter("10:20", **SEEN)
    day.fill("10:20:01", second, price=1000)
    day.fill("10:25", stop_of(day).order_id, price=980)
    assert tables(day, PRICES) == [[prices, (10_000_000, 9_800_000)]]


def test_what_an_order_of_an_open_position_was_worth_is_in_no_trade_before(tables):
    day, _ = held()
    day.fill("10:05", stop_of(day).order_id, price=980)
    second = day.enter("10:20", **SEEN)
    entry = day.book.order(second).approved
    day.report("10:20:01", second, "filled", entry.quantity, entry.quantity * 1000, broker_id="E2")
    told = (trade("E2", "BUY", entry.quantity, 999),)
    books(day, "10:21", orders=(row(entry, "E2", "complete"),), trades=told, positions=(position(entry.quantity),))
    assert day.last(e.Revalued).order_id == second
    assert tables(day, PRICES) == [[(10_000_000, 9_800_000)]]


def test_a_position_that_left_without_us_is_a_trade(tables):
    day, _ = held()
    sold = (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 50, 1010))
    (entry,) = [order for order in day.book.orders if order.is_entry]
    rows = (row(entry.approved, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
    for clock in ("10:05", "10:05:03"):
        true_books(day, clock, orders=rows, trades=sold, positions=(position(0),))
    closed = day.last(e.PositionClosed)
    assert (closed.reason, closed.gross, closed.exit_price, closed.quantity) == ("closed_elsewhere", 500, 1010, 50)
    sums, trades = tables(day, SUMS, "select reason, exit_e4 from trades")
    assert sums == [in_paise(day.book)]
    assert trades == [("closed_elsewhere", 10_100_000)]


def test_an_entry_in_slices_is_one_decision_of_the_whole_and_an_order_a_slice(tables):
    share = rc.Instrument(symbol="INFY", tick="0.05", freeze_quantity=20)
    day = a_day(share)
    day.enter("10:00", **SEEN)
    decisions, orders = tables(day, "select quantity, approved from decisions", "select quantity from orders")
    assert decisions == [(50, 1)]
    assert orders == [(20,), (20,), (10,)]


def test_a_host_that_reckons_in_four_digits_has_the_same_tables(tables):
    """Code of a user's own may leave its context to the thread that writes: 1340.95 stood as 1341.00."""
    day = a_day()
    day.fill("10:00:01", day.enter("10:00", last="1340.95", stop="1320.35", target="1400.65"), price="1340.95")
    day.prices("10:30", last="1401.15")
    day.fill("10:30:01", day.sent()[-1].order_id, price="1400.65")
    asked = ("select * from decisions", "select * from orders", "select * from fills", "select * from trades")
    with localcontext() as host:
        host.prec = 4
        found = tables(day, PRICES, SUMS, *asked)
    assert found[0] == [(13_409_500, 14_006_500)]
    assert found[1] == [in_paise(day.book)]
