"""What is held and what is on its way, against the limits in rupees: worked out by hand."""

from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.table_rows import Listing

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


@pytest.mark.parametrize("status", ["intended", "unknown", "working"])
def test_an_entry_that_may_still_fill_keeps_its_money(status):
    """Ten shares on their way need 2,000 of margin; of unknown outcome too."""
    book = working(ONGC, 10).moved("script:ONGC:BUY:entry:20261120T120000", status)
    assert caps(decided(book))["funds"] == 490
    assert caps(decided(book.moved(book.orders[0].id, "cancelled")))["funds"] == 500


def short(thing, quantity):
    return attrs.evolve(held(thing, quantity), side="SELL")


def away(book, held_):
    """The book with an exit of that position on its way, at 1,000."""
    plain = {"reason": "stop", "level": None, "policy": rc.Policy(exit_band_pct=0), "at": NOON}
    return book.after(rc.exit_order(held_, order_id="x", reference=Decimal(1000), **plain))


@pytest.mark.parametrize(
    ("positions", "room"),
    [
        ([], 20),
        ([held(TCS, 5)], 15),
        ([short(TCS, 5)], 25),
        ([short(TCS, 30)], 50),
        ([held(TCS, 12), short(INFY, 7)], 15),
        ([held(ONGC, 12)], 20),
        ([held(TCS, 20)], None),
        ([held(TCS, 5, last=1100)], 14),
    ],
)
def test_the_net_exposure_of_a_sector_has_a_limit_of_its_own(positions, room):
    """20 % of 100,000: a short of the sector makes room for a long. The symbol may be added to here."""
    book = rc.Book(100_000, positions=[p for p in positions if p.instrument != INFY])
    others = [attrs.evolve(p, instrument=attrs.evolve(INFY, symbol="HCL")) for p in positions if p.instrument == INFY]
    book = attrs.evolve(book, positions=(*book.positions, *others))
    decision = decided(book, max_sector_net_exposure=20)
    if room is None:
        assert [found.reason for found in decision.reasons] == ["sector_net_full"]
    else:
        assert caps(decision)["max_sector_net_exposure"] == room


def test_the_net_exposure_is_that_of_the_worst_order_of_fills():
    """A purchase on its way counts against another; a sale on its way makes no room; the exit of a short takes some."""
    net = {"max_sector_net_exposure": 20}
    assert caps(decided(working(TCS, 5), **net))["max_sector_net_exposure"] == 15
    bought = rc.Book(100_000, positions=[held(TCS, 5)])
    assert caps(decided(away(bought, bought.positions[0]), **net))["max_sector_net_exposure"] == 15
    sold = rc.Book(100_000, positions=[short(TCS, 5)])
    assert caps(decided(away(sold, sold.positions[0]), **net))["max_sector_net_exposure"] == 20


def test_symbols_without_a_sector_have_a_limit_together():
    """Each is a sector of its own; beside that all of them together may be limited."""
    one, other = (rc.Instrument(symbol=name, tick="0.05") for name in ("ONE", "OTHER"))
    book = rc.Book(100_000, positions=[held(other, 15), held(TCS, 5)])
    alone = decided(book, thing=one, max_sector_exposure=20)
    assert caps(alone)["max_sector_exposure"] == 20
    together = decided(book, thing=one, max_sector_exposure=20, max_unknown_sector_exposure=20)
    assert caps(together)["max_unknown_sector_exposure"] == 5
    known = decided(book, max_sector_exposure=20, max_unknown_sector_exposure=10)
    assert "max_unknown_sector_exposure" not in caps(known)
    refused = decided(book, thing=one, max_unknown_sector_exposure=15)
    assert [found.reason for found in refused.reasons] == ["unknown_sectors_full"]


@pytest.mark.parametrize(
    ("limit", "most", "answer"),
    [
        ({"max_sector_exposure": 20}, 10, []),
        ({"max_sector_exposure": 20}, 11, ["sector_over"]),
        ({"max_sector_net_exposure": 20}, 11, ["sector_over"]),
        ({"max_sector_exposure": 20, "max_sector_net_exposure": 30}, 10, []),
    ],
)
def test_an_entry_that_the_sector_has_no_room_for_whole_is_refused_where_the_policy_says_so(limit, most, answer):
    """Ten of twenty shares are taken; by default the rest is bought, with `reject` all or nothing."""
    book = rc.Book(100_000, positions=[held(TCS, 10)])
    assert decided(book, max_quantity=most, **limit).order.quantity == 10
    decision = decided(book, max_quantity=most, sector_over="reject", **limit)
    assert [found.reason for found in getattr(decision, "reasons", ())] == answer
    if answer:
        [found] = decision.reasons
        assert (found.rule, found.text) == ("sector_over", "the size is 11; the sector has room for 10")


def test_a_symbol_under_surveillance_is_not_traded_intraday_and_needs_more_margin():
    """Its list and stage stand in the refusal; for delivery it is paid in full. Without a list that is said."""
    listed = Listing(symbol="INFY", list="ASM-LT", stage="III", since=NOON.date(), source="a user's file")
    tables = rc.Tables(surveillance=(listed,), surveillance_as_of=NOON.date())
    [refused] = decided(rc.Book(100_000), tables=tables).reasons
    assert (refused.rule, refused.text) == (
        "surveillance",
        "INFY may not be traded intraday; it is on ASM-LT III",
    )
    assert caps(decided(rc.Book(100_000), tables=tables, product="CNC"))["funds"] == 100
    other = decided(rc.Book(100_000), thing=ONGC, tables=tables)
    told = {found.rule: found.measured for found in (*other.findings, *decided(rc.Book(100_000)).findings)}
    assert other.approved
    assert told["surveillance"] == "no list given"
    assert next(found for found in other.findings if found.rule == "surveillance").measured == "on no list"


def test_shares_traded_for_delivery_only_are_not_traded_intraday():
    """The series alone says so, list or none."""
    delivery = attrs.evolve(INFY, series="BE")
    [refused] = decided(rc.Book(100_000), thing=delivery).reasons
    assert (refused.reason, refused.limit) == ("mis_not_allowed", "T2T")
    assert decided(rc.Book(100_000), thing=delivery, product="CNC").approved
