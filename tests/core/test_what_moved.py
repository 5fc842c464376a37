"""By how much the broker's position differs from ours, beside what is known to be somebody else's: read by read."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from riskcore.account import is_of_the_day_alone, is_unmoved, moved_by, surely_moved, surplus_of
from riskcore.brokers import capability
from riskcore.custody import FOREIGN, LESS, MORE, Custody, Mismatch
from tests.core.by_hand import TEN, book, entry, held as position_of, order
from tests.core.custody_days import row, trade
from tests.core.engine_days import INFY, TCS
from tests.core.test_carried_results import FUTURE

KEY = INFY.key
POLICY = rc.Policy()
OURS = book(positions=(position_of(),))
TODAY = TEN.date()
BEFORE = TEN - timedelta(days=1)


def read(*positions, trades=(), orders=(), holdings=()):
    return rc.BrokerBooks(at=TEN, orders=orders, trades=trades, positions=positions, holdings=holdings)


def shown(quantity, product="MIS", key=KEY):
    return rc.BrokerPosition(key=key, product=product, quantity=quantity)


def beside(kind=MORE, ours=50, theirs=60, key=KEY, times=POLICY.differing_reads):
    return Custody(mismatches=(Mismatch(kind, key, ours, theirs, times),))


# ---------------------------------------------------------------- what is beside ours


def test_shares_beside_ours_are_known_when_as_many_reads_as_are_asked_for_showed_them():
    assert surplus_of(OURS, beside(), POLICY, KEY).surplus == 10
    assert surplus_of(book(), beside(FOREIGN, 0, 10), POLICY, KEY).surplus == 10
    assert surplus_of(book(), beside(FOREIGN, 0, 1), POLICY, KEY).surplus == 1
    for none in (
        beside(times=POLICY.differing_reads - 1),
        beside(LESS, 50, 40),
        beside(key=TCS.key),
        Custody(),
    ):
        assert surplus_of(OURS, none, POLICY, KEY) is None
    assert surplus_of(OURS, beside(), rc.Policy(manual_trades="adopt"), KEY) is None
    assert surplus_of(book(positions=(position_of(60),)), beside(), POLICY, KEY) is None, "they are in our book"


@pytest.mark.parametrize(
    ("custody", "there", "moved", "surely"),
    [
        (Custody(), 50, 0, 0),
        (Custody(), 30, -20, -20),
        (Custody(), 65, 15, 15),
        (beside(), 60, 0, 0),
        (beside(), 65, 5, 5),
        (beside(), 55, -5, 0),
        (beside(), 50, -10, 0),
        (beside(), 45, -15, -15),
    ],
)
def test_what_moved_is_what_is_neither_ours_nor_known_to_be_beside_it(custody, there, moved, surely):
    """Those beside may have gone as well: then nothing is sure to be ours that went."""
    about = (OURS, read(shown(there)), custody, POLICY, KEY, "MIS")
    assert (moved_by(*about), surely_moved(*about)) == (moved, surely)


@pytest.mark.parametrize("custody", [Custody(), beside()])
def test_without_a_position_book_nobody_knows_what_moved(custody):
    about = (OURS, attrs.evolve(read(), positions=None), custody, POLICY, KEY, "MIS")
    assert (moved_by(*about), surely_moved(*about)) == (None, None)


def test_shares_that_stood_there_without_a_position_of_ours_are_of_any_product():
    for there, moved in (((shown(10),), 0), ((shown(10), shown(5, "NRML")), 5), ((), -10)):
        assert moved_by(book(), read(*there), beside(FOREIGN, 0, 10), POLICY, KEY, "NRML") == moved


def test_more_of_a_position_of_ours_is_of_its_product_and_nothing_is_missing_in_another():
    carried = book(positions=(position_of(product="NRML"),))
    seen = read(shown(60, "NRML"))
    assert [moved_by(carried, seen, beside(), POLICY, KEY, product) for product in ("NRML", "MIS")] == [0, 0]
    seen = read(shown(60), shown(7, "NRML"))
    assert moved_by(OURS, seen, beside(), POLICY, KEY, "MIS") == 0, "those of another product did not come to ours"


# ---------------------------------------------------------------- nothing filled unseen


def unmoved(ours, seen, product="MIS", custody=None):
    return is_unmoved(order(entry(order_id="n", product=product)), ours, seen, custody or Custody(), POLICY)


def test_nothing_moved_where_every_trade_of_the_day_is_told_beside_what_was_carried_into_it():
    """Sixty of which fifty were bought today, and ten by hand beside them."""
    bought = order(entry(product="NRML"), "filled", 50, 50_000, broker_id="E1")
    other = order(entry(order_id="t", instrument=TCS, product="NRML"), "filled", 30, 90_000, broker_id="T1")
    ours = book(bought, other, positions=(position_of(60, product="NRML", opened_at=BEFORE),))
    trades = tuple(
        attrs.evolve(trade(name, "BUY", quantity, 1000), product="NRML") for name, quantity in (("E1", 50), ("H1", 10))
    )
    rows = (row(entry(product="NRML"), "E1", "complete"), row(entry(product="NRML"), "H1", "complete"))
    assert unmoved(ours, read(shown(70, "NRML"), trades=trades, orders=rows), "NRML")
    assert not unmoved(ours, read(shown(80, "NRML"), trades=trades, orders=rows), "NRML")
    assert not unmoved(ours, read(shown(70, "NRML"), trades=trades, orders=rows[:1]), "NRML")


def by_hand(quantity, product):
    """Shares that a hand bought today: the trade, and the row of its order."""
    about = {"key": KEY, "side": "BUY", "quantity": quantity, "product": product}
    told = rc.BrokerTrade(order_id="H1", price=1000, **about)
    return {"trades": (told,), "orders": (rc.BrokerOrder(id="H1", status="complete", **about),)}


def test_what_we_hold_was_carried_only_where_it_is_of_a_day_before_and_the_position_book_shows_it():
    """Shares that were taken over today are of today's trades; those for delivery stand in the demat account."""
    adopted = book(positions=(position_of(50, product="NRML"),))
    assert unmoved(adopted, read(shown(60, "NRML"), **by_hand(60, "NRML")), "NRML")
    delivered = book(positions=(position_of(50, product="CNC", opened_at=BEFORE),))
    in_demat = (rc.BrokerHolding(key=KEY, quantity=50),)
    assert unmoved(delivered, read(shown(5, "CNC"), holdings=in_demat, **by_hand(5, "CNC")), "CNC")


@pytest.mark.parametrize(("held", "there", "found"), [(50, 60, True), (50, 51, True), (1, 2, True), (50, 40, False)])
def test_of_what_was_carried_for_delivery_there_may_be_more_where_nothing_traded(held, there, found):
    """A bonus, or the owner's own."""
    ours = book(positions=(position_of(held, product="CNC", opened_at=BEFORE),))
    in_demat = (rc.BrokerHolding(key=KEY, quantity=there),)
    assert unmoved(ours, read(holdings=in_demat), "CNC") is found
    assert not unmoved(ours, read(holdings=in_demat, trades=(trade("H1", "BUY", 1, 1000),)), "CNC")


# ---------------------------------------------------------------- positions of the day alone


def of_the_day(broker=None, session=TODAY, **more):
    given = {"instrument": FUTURE, "product": "NRML", "opened_at": BEFORE, **more}
    ours = attrs.evolve(book(positions=(position_of(130, **given),)), session=session)
    row_of = attrs.evolve(capability("any", on=TEN.date()), carries=False) if broker is None else broker
    return is_of_the_day_alone(ours, given["instrument"].key, row_of)


def test_a_contract_that_was_carried_is_not_in_positions_that_show_the_day_alone():
    assert of_the_day()
    assert not of_the_day(attrs.evolve(capability("any", on=TEN.date()), carries=True))
    assert not is_of_the_day_alone(book(positions=(position_of(130, instrument=FUTURE),)), FUTURE.key, None)
    assert not is_of_the_day_alone(book(), FUTURE.key, capability("any", on=TEN.date()))
    assert not of_the_day(session=None)
    assert not of_the_day(product="MIS")
    assert not of_the_day(opened_at=TEN)
    assert not of_the_day(session=FUTURE.expiry + timedelta(days=1))
    assert of_the_day(session=FUTURE.expiry)
