"""Our positions held against the broker's while no book tells what filled: what can be none of our orders' doing."""

from datetime import timedelta

import pytest

import riskcore as rc
from riskcore.reconcile import differences, tells_of
from tests.core.by_hand import TEN, book, entry, held, leaving, order
from tests.core.custody_days import SANDBOX, foreign
from tests.core.engine_days import INFY, TCS

STOP = order(leaving(trigger=980), broker_id="S1")
LOST = order(entry(order_id="b"), "unknown")


def differing(there, *orders, known=None, **books):
    """How many shares a read shows of an instrument where that differs from the fifty of ours, or None."""
    known = known or held()
    shown = rc.BrokerPosition(key=INFY.key, product=known.product, quantity=there)
    fields = {"orders": None, "trades": None, "holdings": (), **books}
    read = rc.BrokerBooks(at=TEN, positions=(shown,), **fields)
    found = differences(book(*orders, positions=(known,)), read, SANDBOX)
    return next((mismatch.theirs for mismatch in found), None)


@pytest.mark.parametrize(("there", "told"), [(51, 51), (50, None), (49, None), (0, None), (-51, None)])
def test_beside_a_stop_that_may_have_filled_unseen_more_than_ours_is_somebody_elses_and_less_is_not(there, told):
    assert differing(there, STOP) == told
    short = held(side="SELL")
    back = order(leaving(side="BUY", trigger=1020, limit=1025), broker_id="S1")
    assert differing(-there, back, known=short) == (None if told is None else -told)


def test_beside_an_entry_without_a_name_more_than_ours_may_be_its_own():
    assert differing(80, STOP, LOST) is None
    another = order(entry(order_id="b", instrument=TCS), "unknown")
    assert differing(80, STOP, another) == 80


def test_what_was_carried_and_is_less_was_not_brought_by_an_entry_of_an_earlier_session():
    """It can have added to it alone; an order that could take some off leaves it open, and so does delivery."""
    yesterday = TEN - timedelta(days=1)
    carried = held(product="NRML", opened_at=yesterday)
    before = order(entry(order_id="b", product="NRML", at=yesterday), broker_id="E9")
    told = {"known": carried, "orders": (foreign(),), "trades": ()}
    assert (differing(30, before, **told), differing(70, before, **told)) == (30, None)
    assert differing(30, order(entry(order_id="c", product="NRML"), "unknown"), **told) is None
    assert differing(30, before, order(leaving(product="NRML"), "unknown"), **told) is None
    assert differing(30, before, order(leaving(product="NRML", instrument=TCS), "unknown"), **told) == 30
    against = order(entry(order_id="c", side="SELL", stop=1020, product="NRML", at=yesterday), broker_id="E8")
    assert differing(30, before, against, **told) is None
    delivered = order(entry(order_id="b", product="CNC", at=yesterday), broker_id="E9")
    assert differing(30, delivered, **{**told, "known": held(product="CNC", opened_at=yesterday)}) is None


# ---------------------------------------------------------------- whether a read shows what there is


def there(quantity, key=INFY.key, product="CNC"):
    return rc.BrokerPosition(key=key, product=product, quantity=quantity)


@pytest.mark.parametrize(
    ("rows", "demat", "told"),
    [
        ((there(5),), (), True),
        ((there(0),), (), True),
        ((there(5, TCS.key),), (), False),
        ((), (), False),
        ((), (rc.BrokerHolding(key=INFY.key, quantity=1),), True),
        ((), (rc.BrokerHolding(key=TCS.key, quantity=1),), False),
        ((there(-1),), (), True),
        ((there(-1),), None, False),
        ((there(0),), None, True),
        ((there(1),), None, True),
        ((there(-1, product="MIS"),), None, True),
        ((there(5, product="MIS"), there(-1, TCS.key)), None, True),
        ((there(5, product="MIS"), there(-1)), None, False),
    ],
)
def test_a_read_tells_of_an_instrument_by_a_row_of_it_or_by_what_was_bought_for_delivery(rows, demat, told):
    """A sale for delivery may be of shares in the demat account: where that is unread, nobody knows what there is."""
    bought = held(product="CNC" if demat else "MIS")
    read = rc.BrokerBooks(at=TEN, orders=(foreign(),), trades=(), positions=rows, holdings=demat)
    assert tells_of(book(positions=(bought,)), read, INFY.key) is told
    if demat:
        assert not tells_of(book(positions=(held(),)), read, INFY.key), "none of ours are in it"
        assert not tells_of(book(), read, INFY.key)
    assert not tells_of(book(LOST, positions=(bought,)), read, INFY.key), "an order may have filled"
