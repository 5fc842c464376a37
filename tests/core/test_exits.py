"""Levels and the orders that take a position off; the book that follows orders and fills."""

from datetime import datetime
from decimal import Decimal

import pytest

import riskcore as rc

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05")
LONG = rc.Position(instrument=INFY, side="BUY", quantity=10, average_price=1000, stop=980, target=1050)
SHORT = rc.Position(instrument=INFY, side="SELL", quantity=10, average_price=1000, stop=1020, target=950)


@pytest.mark.parametrize(
    ("position", "first", "high", "low", "reason", "reference"),
    [
        (LONG, 1000, 1010, "980.05", None, None),
        (LONG, 1000, 1010, 980, "stop", 980),
        (LONG, 1000, "1049.95", 990, None, None),
        (LONG, 1000, 1050, 990, "target", 1050),
        (LONG, 1000, 1060, 970, "stop", 980),
        (LONG, 970, 975, 960, "stop", 970),
        (LONG, 1060, 1070, 1055, "target", 1060),
        (SHORT, 1000, "1019.95", 990, None, None),
        (SHORT, 1000, 1020, 990, "stop", 1020),
        (SHORT, 1000, 1010, 950, "target", 950),
        (SHORT, 1000, 1030, 940, "stop", 1020),
        (SHORT, 1040, 1045, 1030, "stop", 1040),
        (SHORT, 940, 945, 930, "target", 940),
    ],
)
def test_a_touched_level_leaves_and_the_stop_comes_first(position, first, high, low, reason, reference):
    """At the level is touched; where both were, the worse is assumed; a gap leaves at the first price there was."""
    found = rc.breach(position, first=Decimal(first), high=Decimal(high), low=Decimal(low))
    assert (found and found.reason, found and found.reference) == (reason, reference)


def test_a_position_without_levels_is_never_breached():
    """Nothing to touch."""
    bare = rc.Position(instrument=INFY, side="BUY", quantity=1, average_price=1000)
    assert rc.breach(bare, first=Decimal(1), high=Decimal(9999), low=Decimal(1)) is None


@pytest.mark.parametrize(
    ("position", "reference", "band", "limit"),
    [
        (LONG, "980", "0.5", "975.10"),
        (LONG, "980.03", "0", "980.00"),
        (SHORT, "1020", "0.5", "1025.10"),
        (SHORT, "1020.03", "0", "1020.05"),
        (LONG, "0.05", "100", "0.05"),
    ],
)
def test_an_exit_is_a_limit_that_fills_sooner(position, reference, band, limit):
    """exit_band_pct beyond the reference, rounded away from it, and never below one tick."""
    order = rc.exit_order(
        position,
        order_id="x",
        reason="stop",
        reference=Decimal(reference),
        level=None,
        policy=rc.Policy(exit_band_pct=band, exit_max_band_pct=100),
        at=NOON,
    )
    assert str(order.limit) == limit
    assert order.quantity == position.quantity
    assert order.side != position.side


def entered(quantity=None):
    """A book with an approved purchase of INFY on its way."""
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10)
    policy = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0)
    order = rc.decide(rc.Signal("INFY", "BUY", at=NOON), rc.Book(100_000), seen, policy).order
    return rc.Book(100_000).after(order), order


def leaving(book, quantity=None):
    order = rc.exit_order(
        book.positions[0],
        order_id="exit",
        reason="stop",
        reference=Decimal(985),
        level=None,
        policy=rc.Policy(),
        at=NOON,
    )
    return book.after(order), order


def test_a_trade_through_the_book():
    """On its way, in part, held, leaving, flat: what is counted at each step."""
    book, order = entered()
    assert (order.quantity, book.trades_today, len(book.live_orders())) == (66, 1, 1)
    book = book.after(rc.Fill(order.order_id, 6, 1000, NOON, charges="1.50"))
    assert (book.positions[0].quantity, book.order(order.order_id).open_quantity) == (6, 60)
    book = book.after(rc.Fill(order.order_id, 60, 989, NOON, charges=6))
    held = book.positions[0]
    assert (held.quantity, held.value, held.stop, held.target) == (66, 65_340, 985, Decimal("1037.50"))
    assert book.live_orders() == ()
    book = book.after(rc.Price("NSE:INFY", 992, NOON))
    assert book.unrealised == 66 * 992 - 65_340
    book, away = leaving(book)
    book = book.after(rc.Fill(away.order_id, 66, 985, NOON, charges=8))
    assert (book.positions, book.realised, book.charges) == ((), 66 * 985 - 65_340, Decimal("15.50"))
    assert book.net_realised == book.realised - book.charges
    assert book.trades_today == 1


def test_F31_what_was_filled_before_the_cancel_is_held_with_its_stop():
    """40 of 66: a position of 40 with the stop and target of the whole, and the rest of the room is free again."""
    book, order = entered()
    book = book.after(rc.Fill(order.order_id, 40, 1000, NOON)).moved(order.order_id, "cancelled")
    held = book.positions[0]
    assert (held.quantity, held.stop, held.target) == (40, order.stop, order.target)
    assert (book.live_orders(), book.trades_today) == ((), 1)


def test_an_entry_refused_unfilled_is_no_trade():
    """It gives its place back; refused after a fill, it was one."""
    book, order = entered()
    assert book.moved(order.order_id, "rejected").trades_today == 0
    filled = book.after(rc.Fill(order.order_id, 1, 1000, NOON))
    assert filled.moved(order.order_id, "rejected").trades_today == 1
    assert book.moved(order.order_id, "cancelled").trades_today == 1


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda book, order: book.after(order), "is in the book already"),
        (lambda book, order: book.after(rc.Fill("other", 1, 1000, NOON)), "no order 'other' in the book"),
        (lambda book, order: book.moved("other", "working"), "no order 'other' in the book"),
        (lambda book, order: book.after(rc.Fill(order.order_id, 67, 1000, NOON)), "67 filled of 66 ordered"),
        (lambda book, order: rc.Fill(order.order_id, 0, 1000, NOON), "Fill.quantity must be 1 or more"),
        (lambda book, order: rc.Fill(order.order_id, 1, 0, NOON), "Fill.price must be above 0"),
        (lambda book, order: rc.Price("NSE:INFY", float("nan"), NOON), "Price.last must be a finite number"),
    ],
)
def test_what_contradicts_the_book_is_an_error(step, says):
    """The same order twice, an unknown one, more than was ordered, values that cannot be."""
    book, order = entered()
    with pytest.raises(ValueError, match=says):
        step(book, order)


def test_an_exit_of_more_than_is_held_is_an_error():
    """Two exits of the whole position: the second finds nothing to take off."""
    book, order = entered()
    book = book.after(rc.Fill(order.order_id, 66, 1000, NOON))
    book, away = leaving(book)
    flat = book.after(rc.Fill(away.order_id, 66, 985, NOON))
    with pytest.raises(ValueError, match="filled"):
        flat.after(rc.Fill(away.order_id, 1, 985, NOON))


def test_a_price_of_something_not_held_changes_nothing():
    """Not even the version."""
    book, _ = entered()
    assert book.after(rc.Price("NSE:TCS", 1, NOON)) is book


@pytest.mark.parametrize(
    ("states", "state"),
    [((), "active"), (("reducing",), "reducing"), (("halted", "reducing"), "halted"), (("halted", "locked"), "locked")],
)
def test_the_trading_state_is_the_most_severe_of_the_latches(states, state):
    """None: everything is allowed."""
    latches = tuple(rc.Latch(str(n), s, NOON, "operator", "") for n, s in enumerate(states))
    assert rc.Book(latches=latches).state == state
