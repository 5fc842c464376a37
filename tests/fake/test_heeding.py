"""What a broker has taken and does otherwise: later, never, or after the order has traded; a row that is not shown."""

import pytest

from riskcore_openalgo.testing import Fault
from tests.fake.test_faults import LIMIT, ORDER, held


def _resting(live, sdk):
    return sdk(live).placeorder(**LIMIT)["orderid"]


def _status(live, order_id):
    return live.broker.truth().order(order_id).status


@pytest.mark.parametrize(("seconds", "then"), [(0, "open"), (3, "cancelled")])
def test_a_cancel_may_be_taken_and_not_carried_out_or_later(live, sdk, seconds, then):
    order_id = _resting(live, sdk)
    live.broker.script(Fault("cancelorder", "unheeded", seconds=seconds))
    assert sdk(live).cancelorder(order_id=order_id)["status"] == "success"
    assert _status(live, order_id) == "open"
    live.clock.go(3)
    live.broker.check()
    assert _status(live, order_id) == then


@pytest.mark.parametrize(("seconds", "price"), [(0, 1390), (3, 1380)])
def test_a_change_may_be_taken_and_not_carried_out_or_later(live, sdk, seconds, price):
    order_id = _resting(live, sdk)
    live.broker.script(Fault("modifyorder", "unheeded", seconds=seconds))
    assert sdk(live).modifyorder(**{**LIMIT, "price": 1380}, order_id=order_id)["status"] == "success"
    live.clock.go(3)
    live.broker.check()
    assert live.broker.truth().order(order_id).price == price


@pytest.mark.parametrize(("seconds", "filled"), [(0, 0), (3, 10)])
def test_an_order_may_be_taken_under_an_id_and_reach_the_books_later_or_never(live, sdk, seconds, filled):
    live.broker.script(Fault("placeorder", "unheeded", seconds=seconds))
    order_id = sdk(live).placeorder(**ORDER)["orderid"]
    assert order_id
    assert live.broker.truth().orders == ()
    live.clock.go(3)
    live.broker.check()
    assert held(live) == filled
    assert [order.order_id for order in live.broker.truth().orders] == [order_id][: bool(filled)]


@pytest.mark.parametrize(("fraction", "status", "shares"), [("0.3", "cancelled", 3), (1, "complete", 10)])
def test_an_order_may_fill_just_before_its_cancel(live, sdk, fraction, status, shares):
    order_id = _resting(live, sdk)
    live.broker.script(Fault("cancelorder", "fills_first", fraction=fraction))
    sdk(live).cancelorder(order_id=order_id)
    assert (_status(live, order_id), held(live)) == (status, shares)


def test_an_order_that_is_not_listed_works_and_fills_all_the_same(live, sdk):
    order_id = _resting(live, sdk)
    live.broker.venue.account.unlisted.add(order_id)
    assert sdk(live).orderbook()["data"]["orders"] == []
    live.broker.fill(order_id)
    assert held(live) == 10
