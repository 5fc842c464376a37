"""What one read of the broker's books says: of an order, of which row is whose, of what is held."""

from datetime import timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import reconcile
from riskcore.corrections import foreign_trades, price_elsewhere, traded_elsewhere
from riskcore.engine.ended import is_borrowed
from riskcore.engine.pairing import late, named
from riskcore.reconcile import candidates, fingerprint_fits
from riskcore.stale_reads import is_clean
from riskcore.told import told_of
from tests.core.by_hand import TEN, book, entry, held, leaving, order
from tests.core.custody_days import foreign, row, trade

pytestmark = pytest.mark.smoke

D = Decimal
RULES = rc.Policy()


def read(**shown):
    return rc.BrokerBooks(at=TEN, **{"orders": (), "trades": (), "positions": (), "holdings": (), **shown})


# ---------------------------------------------------------------- what is told of one order


OURS = order(entry(), broker_id="E1")


def told(*rows, trades=(), of=OURS):
    return told_of(of, read(orders=rows, trades=trades))


def test_an_order_that_no_book_knows_is_not_told_of():
    """Rows and trades of others say nothing."""
    assert told(foreign(), trades=(trade("X1", "BUY", 1, 10),)) is None
    assert told_of(OURS, read(orders=None, trades=None)) is None


def test_a_fill_is_the_sum_of_the_trades_and_its_time_the_latest_of_them():
    """20 at 999 and 30 at 1,000, the earlier told last."""
    early, later = (TEN + timedelta(seconds=s) for s in (1, 2))
    shown = [
        rc.BrokerTrade(order_id="E1", key="NSE:INFY", side="BUY", quantity=q, price=p, product="MIS", traded_at=at)
        for q, p, at in ((20, 999, later), (30, 1000, early))
    ]
    found = told(row(OURS.approved, "E1", "complete", note="done"), trades=shown)
    assert (found.status, found.filled_quantity, found.filled_value) == ("filled", 50, 49_980)
    assert (found.traded_at, found.note) == (later, "done")


def test_trades_without_a_row_are_a_fill_too():
    """The order book lags, or lost the row: 50 are filled, 20 work on; nobody says when, nor anything else."""
    whole = told(trades=(trade("E1", "BUY", 50, 1000),))
    part = told(trades=(trade("E1", "BUY", 20, 1000),))
    assert (whole.status, part.status) == ("filled", "working")
    assert (part.traded_at, part.note) == (None, "")


def test_a_row_that_tells_a_price_and_no_fill_is_no_fill():
    """It may be the price of the order."""
    found = told(row(OURS.approved, "E1", average_price=999))
    assert (found.filled_quantity, found.filled_value, found.status) == (0, 0, "working")


@pytest.mark.parametrize(
    ("of_row", "average", "told_filled", "value"),
    [
        (30, 999, 30, 29_970),
        (20, 999, 20, 20_000),
        (10, 999, 20, 20_000),
        (None, 999, 20, 20_000),
        (30, None, 20, 20_000),
    ],
)
def test_the_rows_own_figure_counts_where_it_is_larger_and_has_a_price(of_row, average, told_filled, value):
    """The trade book shows 20 at 1,000."""
    shown = row(OURS.approved, "E1", filled_quantity=of_row, average_price=average)
    found = told(shown, trades=(trade("E1", "BUY", 20, 1000),))
    assert (found.filled_quantity, found.filled_value) == (told_filled, value)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("open", "working"),
        ("trigger_pending", "working"),
        ("complete", "working"),
        ("cancelled", "cancelled"),
        ("rejected", "rejected"),
        ("other", "unknown"),
    ],
)
def test_what_a_rows_word_means_while_the_fill_is_not_whole(said, status):
    """Of a word that nobody knows the order stays what it was."""
    doubted = order(entry(), "unknown", broker_id="E1")
    assert told(row(doubted.approved, "E1", said), of=doubted).status == status


@pytest.mark.parametrize(
    ("trades", "filled", "status"),
    [(None, None, "working"), (None, 0, "cancelled"), ((), None, "cancelled")],
)
def test_a_cancelled_order_has_ended_only_where_its_fill_could_be_read(trades, filled, status):
    """By the trade book, or by the row itself."""
    shown = row(OURS.approved, "E1", "cancelled", filled_quantity=filled)
    assert told_of(OURS, read(orders=(shown,), trades=trades)).status == status


# ---------------------------------------------------------------- which row is which order


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"key": "NSE:TCS"}, False),
        ({"side": "SELL"}, False),
        ({"quantity": 49}, False),
        ({"product": "CNC"}, False),
        ({"price": "999.95"}, False),
        ({"price": None}, True),
        ({"trigger": 1000}, False),
        ({"placed_at": None}, True),
        ({"placed_at": TEN + timedelta(seconds=30)}, True),
        ({"placed_at": TEN - timedelta(seconds=30)}, True),
        ({"placed_at": TEN + timedelta(seconds=31)}, False),
        ({"placed_at": TEN - timedelta(seconds=31)}, False),
    ],
)
def test_a_fingerprint_fits_in_every_part_that_is_told(change, fits):
    """Thirty seconds on either side; what the row does not tell is not held against it."""
    unknown = order(entry())
    assert fingerprint_fits(unknown, row(unknown.approved, "E1", **change), RULES) is fits


@pytest.mark.parametrize(("side", "better"), [("BUY", -1), ("SELL", 1)])
@pytest.mark.parametrize(("by", "fits"), [("0.05", True), ("0", True), ("-0.05", False)])
def test_a_row_without_its_limit_fits_where_ours_would_have_let_it_trade_at_its_average(side, better, by, fits):
    """A purchase at its limit of 1,000 or below, a sale at its limit or above."""
    unknown = order(entry(side=side, stop=1000 + 20 * better))
    average = unknown.approved.limit + better * D(by)
    shown = row(unknown.approved, "E1", "complete", price=None, average_price=average)
    assert fingerprint_fits(unknown, shown, RULES) is fits


@pytest.mark.parametrize(("quantity", "price", "fits"), [(51, 1000, True), (49, 1000, False), (51, None, False)])
def test_an_entry_may_be_a_row_for_more_at_its_limit_and_none_for_less(quantity, price, fits):
    """Somebody made it larger; a row that does not tell its limit may be any order."""
    unknown = order(entry())
    shown = read(orders=(row(unknown.approved, "E1", quantity=quantity, price=price),))
    assert candidates(unknown, book(unknown), shown, RULES) == (("E1",) if fits else ())


@pytest.mark.parametrize(("trigger", "fits"), [(980, True), (979, False), (None, True)])
def test_the_fingerprint_of_a_stop_has_its_trigger(trigger, fits):
    """A stop at 979 is another one."""
    stop = order(leaving(trigger=980))
    assert fingerprint_fits(stop, row(stop.approved, "S1", trigger=trigger), RULES) is fits


def test_a_row_that_has_a_name_in_our_book_is_no_candidate():
    """It is the other order's, which is alike in everything."""
    one, other = order(entry()), order(entry(order_id="b", signal_id="b"), broker_id="E1")
    shown = read(orders=(row(one.approved, "E1"), row(one.approved, "E2"), foreign()))
    assert candidates(one, book(one, other), shown, RULES) == ("E2",)
    assert candidates(one, book(one, other), read(orders=None), RULES) == ()


def slices(*quantities, at=TEN):
    return [
        order(entry(order_id=f"a{number}", quantity=quantity, at=at)) for number, quantity in enumerate(quantities, 1)
    ]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (("E1",), (("a1", "E1"),)),
        (("E1", "E2"), (("a1", "E1"), ("a2", "E2"))),
        (("E1", "E2", "E3"), ()),
    ],
)
def test_equal_slices_take_as_many_rows_as_there_are_and_no_more(rows, names):
    """Two of fifty each."""
    alike = slices(50, 50)
    shown = read(orders=tuple(row(alike[0].approved, name) for name in rows))
    assert named(book(*alike), shown, RULES) == names


def test_a_row_for_more_is_no_larger_one_of_an_order_while_another_was_ordered_so():
    """50 and 20 at one limit, and a row of 50: the first one's, taken for filled or not, unless it was refused."""
    one, two = slices(50, 20)
    shown = read(orders=(row(one.approved, "E1", "complete"),))
    assert candidates(two, book(one, two), shown, RULES) == ()
    assert named(book(one, two), shown, RULES) == (("a1", "E1"),)
    filled, refused = order(one.approved, "filled", 50, 50_000), order(one.approved, "rejected")
    assert candidates(two, book(filled, two), shown, RULES) == ()
    assert candidates(two, book(refused, two), shown, RULES) == ("E1",)


@pytest.mark.parametrize(
    ("status", "trades", "name"),
    [
        ("complete", (), "a1"),
        ("cancelled", (trade("E1", "BUY", 50, 999),), "a1"),
        ("cancelled", (), "a2"),
        ("open", (), "a2"),
    ],
)
def test_a_row_that_traded_is_that_of_the_slice_that_was_taken_for_filled(status, trades, name):
    """Else its equal, which may not have arrived, would have filled as well."""
    one, two = slices(50, 50)
    filled, shown = order(one.approved, "filled", 50, 50_000), (row(one.approved, "E1", status),)
    assert named(book(filled, two), read(orders=shown, trades=trades), RULES) == ((name, "E1"),)


def test_a_row_that_two_different_orders_fit_is_nobodys():
    """Of ten o'clock and of five seconds later; and the orders after them are named all the same."""
    first, second = order(entry()), order(entry(order_id="b", at=TEN + timedelta(seconds=5)))
    third = order(entry(order_id="c", quantity=20))
    shown = read(orders=(row(first.approved, "E1"), row(third.approved, "E2")))
    assert named(book(first, second, third), shown, RULES) == (("c", "E2"),)


@pytest.mark.parametrize(
    "other",
    [
        {"at": TEN + timedelta(seconds=1)},
        {"limit": 1001},
        {"quantity": 51},
        {"product": "CNC"},
    ],
)
def test_orders_that_differ_in_anything_are_no_slices_of_each_other(other):
    """Two rows without a price or a time, one order of each kind: no row is told apart, unless it fits one alone."""
    one, two = order(entry()), order(entry(order_id="b", **other))
    rows = [row(one.approved, name, price=None, placed_at=None) for name in ("E1", "E2")]
    assert named(book(one, two), read(orders=rows), RULES) == ()


def rested(*seconds):
    """Stops of 50 at 980, sent so many seconds after ten."""
    return [order(leaving(order_id=f"x{s}", trigger=980, at=TEN + timedelta(seconds=s))) for s in seconds]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ((0,), (("x0", "S0"),)),
        ((0, 2), (("x0", "S0"), ("x2", "S2"))),
        ((0, 1, 2), ()),
        ((36,), ()),
    ],
)
def test_equal_stops_of_several_moments_take_as_many_rows_as_there_are_and_no_more(rows, names):
    """Of ten o'clock and two seconds later: whichever is which, each of them protects as many shares as the other."""
    stops = rested(0, 2)
    shown = [row(stops[0].approved, f"S{s}", placed_at=TEN + timedelta(seconds=s)) for s in rows]
    assert named(book(*stops), read(orders=shown), RULES) == names


@pytest.mark.parametrize(
    ("rows", "names"),
    [((15, 40), {"x0": "S15", "x20": "S40"}), ((40, 15), {"x0": "S15", "x20": "S40"}), ((40, 45), {})],
)
def test_a_row_is_given_to_a_stop_whose_time_it_fits(rows, names):
    """Twenty seconds apart: the row of 40 s can be of the second alone, and of two such rows one is somebody else's."""
    stops = rested(0, 20)
    shown = [row(stops[0].approved, f"S{s}", placed_at=TEN + timedelta(seconds=s)) for s in rows]
    assert dict(named(book(*stops), read(orders=shown), RULES)) == names


@pytest.mark.parametrize(("waited", "names"), [(4, ()), (5, (("x", "X1"),))])
def test_a_row_that_an_exit_on_its_way_may_be_is_not_given_to_its_equal(waited, names):
    """One of two slices is lost, of the other the answer is yet to come: after five seconds it is not waited for."""
    lost, sent = order(leaving(), "unknown"), order(leaving(order_id="y"), "intended")
    shown = rc.BrokerBooks(at=lost.approved.at + timedelta(seconds=waited), orders=(row(lost.approved, "X1"),))
    assert named(book(lost, sent), shown, RULES) == names


def test_stops_that_differ_in_their_trigger_alone_are_no_slices_of_each_other():
    """Two rows that tell no trigger may be either's."""
    one, two = order(leaving(trigger=980)), order(leaving(order_id="y", trigger=985))
    rows = [row(one.approved, name, trigger=None) for name in ("S1", "S2")]
    assert named(book(one, two), read(orders=rows), RULES) == ()


def test_only_orders_that_may_still_be_there_and_have_no_name_are_named():
    """One was rejected, one is known as E1."""
    gone, known = order(entry(), "rejected"), order(entry(order_id="b"), broker_id="E1")
    shown = read(orders=(row(known.approved, "E1"), row(known.approved, "E2")))
    assert named(book(gone, known), shown, RULES) == ()


def test_an_order_that_was_taken_for_lost_is_found_by_the_same_marks():
    """And no other that ended is looked for; one that has a name is found already."""
    lost, refused = order(entry(), "rejected"), order(entry(order_id="b", quantity=20), "rejected")
    shown = read(orders=(row(lost.approved, "E1"), row(refused.approved, "E2")))
    assert late(book(lost, refused), shown, RULES, {"a"}) == (("a", "E1"),)
    named_before = order(entry(), "rejected", broker_id="E0")
    assert late(book(named_before), shown, RULES, {"a"}) == ()


@pytest.mark.parametrize(
    ("shown", "clean"),
    [
        ({"orders": (foreign(),)}, True),
        ({"orders": (foreign("X2"), foreign())}, True),
        ({"orders": ()}, False),
        ({"orders": (foreign("X2"),)}, False),
        ({"orders": None}, False),
        ({"orders": (foreign(),), "trades": None}, False),
    ],
)
def test_a_read_proves_an_absence_only_with_trades_and_an_order_known_before(shown, clean):
    """X1 was seen before."""
    assert is_clean(book(), read(**shown), {"X1"}) is clean


@pytest.mark.parametrize(
    ("before", "own", "after", "borrowed"),
    [
        ((), "cancelled", (), False),
        ((), "cancelled", ("cancelled",), False),
        ((), "cancelled", ("open", "cancelled"), False),
        (("open",), "cancelled", ("cancelled",), False),
        (("cancelled",), "cancelled", (), True),
        (("open", "cancelled"), "cancelled", ("open",), True),
    ],
)
def test_the_status_of_a_row_may_be_that_of_the_row_before_it_where_the_two_are_the_same(before, own, after, borrowed):
    """The first of the book has none before it, and the last is not that; of a row that is not there: no."""
    stop = leaving(trigger=980)
    rows = [row(stop, f"R{number}", status) for number, status in enumerate((*before, own, *after))]
    rows[len(before)] = row(stop, "S1", own)
    assert is_borrowed("S1", read(orders=tuple(rows))) is borrowed
    assert not is_borrowed("S9", read(orders=tuple(rows)))


def test_in_a_book_that_was_not_read_or_is_empty_no_row_has_borrowed_anything():
    assert not is_borrowed("S1", read(orders=None))
    assert not is_borrowed("S1", read())


# ---------------------------------------------------------------- trades of others


OTHERS = (
    trade("H1", "SELL", 30, 1010),
    trade("H2", "SELL", 20, 1020),
    trade("H3", "BUY", 20, 900),
    trade("H4", "SELL", 20, 50, key="NSE:TCS"),
    trade("E1", "SELL", 20, 800),
)


def test_foreign_trades_are_those_of_no_order_of_ours():
    """Of that instrument alone."""
    ours = book(OURS, positions=(held(),))
    assert [found.order_id for found in foreign_trades(ours, read(trades=OTHERS), "NSE:INFY")] == ["H1", "H2", "H3"]
    assert foreign_trades(ours, read(trades=None), "NSE:INFY") == ()


@pytest.mark.parametrize(("quantity", "explained"), [(49, True), (50, True), (51, False)])
def test_a_position_left_by_other_hands_if_their_trades_took_off_all_of_it(quantity, explained):
    """They sold fifty."""
    ours = book(OURS, positions=(held(quantity),))
    assert traded_elsewhere(ours, read(trades=OTHERS), "NSE:INFY") is explained
    assert not traded_elsewhere(book(OURS), read(trades=OTHERS), "NSE:INFY")


def test_what_other_hands_sold_for_is_their_average_else_the_last_price_else_the_entry():
    """30 at 1,010 and 20 at 1,020."""
    ours = book(OURS, positions=(held(),))
    assert price_elsewhere(held(), ours, read(trades=OTHERS)) == 1014
    assert price_elsewhere(held(last=990), ours, read()) == 990
    assert price_elsewhere(held(), ours, read()) == 1000


def test_the_kinds_of_a_difference_are_words_that_the_journal_keeps():
    """A journal written before must be read after."""
    kinds = (reconcile.MORE, reconcile.LESS, reconcile.GONE, reconcile.OPPOSITE, reconcile.FOREIGN, reconcile.SUSPECT)
    assert kinds == ("more", "less", "gone", "opposite", "foreign", "suspect")
