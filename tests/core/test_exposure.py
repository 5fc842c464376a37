"""What is held and what is on its way, against the limits in rupees: worked out by hand."""

from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="IT")
ONGC = rc.Instrument(symbol="ONGC", tick="0.05", sector="Oil")


def decided(book, thing=INFY, product="MIS", cash=None, **policy):
    """A purchase at 1,000 with a stop at 999: the risk allows more than any other limit."""
    signal = rc.Signal(thing.symbol, "BUY", at=NOON, stop=999, target=1100, product=product)
    seen = rc.Market(instrument=thing, at=NOON, last=1000, available_cash=cash)
    wide = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
    return rc.decide(signal, book, seen, rc.Policy(**{**wide, **policy}))


def caps(decision):
    return dict(decision.size.caps)


def held(thing, quantity, *, last=1000, product="MIS"):
    return rc.Position(instrument=thing, side="BUY", quantity=quantity, average_price=1000, last=last, product=product)


def working(thing, quantity, book=None):
    """A book with an entry of so many at 1,000 on its way."""
    start = book or rc.Book(100_000)
    return start.after(decided(start, thing, max_quantity=quantity).order)


@pytest.mark.parametrize(
    ("book", "sector", "position", "funds"),
    [
        (rc.Book(100_000), 60, 100, 500),
        (rc.Book(100_000, positions=[held(TCS, 10)]), 50, 100, 490),
        (rc.Book(100_000, positions=[held(TCS, 10, last=1100)]), 49, 100, 489),
        (rc.Book(100_000, positions=[held(TCS, 10, last=900)]), 51, 100, 486),
        (rc.Book(100_000, positions=[held(ONGC, 10)]), 60, 100, 490),
        (rc.Book(100_000, positions=[held(ONGC, 10, product="CNC")]), 60, 100, 450),
        (working(TCS, 10), 50, 100, 490),
        (working(ONGC, 10), 60, 100, 490),
        (rc.Book(100_000, realised=-1000), 59, 99, 495),
        (rc.Book(100_000, charges=1000), 59, 99, 495),
        (rc.Book(100_000, realised=1000), 60, 101, 505),
    ],
)
def test_what_is_held_and_on_its_way_leaves_less_room(book, sector, position, funds):
    """Sector cap 60 % by value; margin 200 a share for MIS and 1,000 for CNC; open losses are lost, gains not spent."""
    found = caps(decided(book, max_sector_exposure=60))
    assert found["max_sector_exposure"] == sector
    assert found["max_position_size_percent"] == position
    assert found["funds"] == funds


def test_an_entry_filled_in_part_counts_once():
    """Four of ten filled: four are held, six are on their way."""
    book = working(TCS, 10)
    book = book.after(rc.Fill(book.orders[0].id, 4, 1000, NOON))
    assert caps(decided(book, max_sector_exposure=60))["max_sector_exposure"] == 50
    ended = book.moved(book.orders[0].id, "cancelled")
    assert caps(decided(ended, max_sector_exposure=60))["max_sector_exposure"] == 56


def test_the_sector_is_measured_by_margin_where_the_policy_says_so():
    """60 % of 100,000 as margin of 200 a share: 300 shares, less the ten of the sector on their way."""
    found = caps(decided(working(TCS, 10), position_size_basis="margin", max_sector_exposure=60))
    assert (found["max_sector_exposure"], found["max_position_size_percent"]) == (290, 500)


def test_what_is_held_of_the_symbol_counts_for_the_position_cap():
    """Added to on the same side where that is allowed: 10 % are ten shares, four of them held."""
    book = rc.Book(100_000, positions=[held(INFY, 4)])
    decision = decided(book, max_position_size_percent=10, one_position_per_symbol=False)
    assert (decision.order.quantity, decision.size.bound_by) == (6, "max_position_size_percent")


def test_a_symbol_is_never_added_to_against_what_is_held():
    """Nor while an exit of it is on its way."""
    short = attrs.evolve(held(INFY, 4), side="SELL")
    refused = decided(rc.Book(100_000, positions=[short]), one_position_per_symbol=False)
    assert [found.reason for found in refused.reasons] == ["symbol_held"]
    leaving = rc.Book(100_000, positions=[held(INFY, 4)])
    away = rc.exit_order(
        leaving.positions[0],
        order_id="x",
        reason="stop",
        reference=Decimal(990),
        level=None,
        policy=rc.Policy(),
        at=NOON,
    )
    refused = decided(leaving.after(away), one_position_per_symbol=False)
    assert [found.reason for found in refused.reasons] == ["exit_in_progress"]


@pytest.mark.parametrize(("product", "quantity"), [("MIS", 50), ("CNC", 10)])
def test_the_brokers_cash_is_one_more_limit(product, quantity):
    """10,000 of cash carry 50 shares at a margin of 200, or ten paid in full."""
    decision = decided(rc.Book(100_000), product=product, cash=10_000)
    assert (decision.order.quantity, decision.size.bound_by) == (quantity, "funds")


def test_more_cash_than_equity_is_not_spent():
    """A sandbox's crore does not raise what the account is worth."""
    assert caps(decided(rc.Book(100_000), cash=10_000_000))["funds"] == 500


@pytest.mark.parametrize("status", ["intended", "unknown", "working"])
def test_an_entry_that_may_still_fill_keeps_its_slot(status):
    """Of unknown outcome too; ended unfilled it gives the slot back."""
    book = working(TCS, 10).moved("script:TCS:BUY:entry:20261120T120000", status)
    assert [found.reason for found in decided(book, max_positions=1).reasons] == ["too_many_positions"]
    assert decided(book.moved(book.orders[0].id, "cancelled"), max_positions=1).approved
