"""Single rows that a plugin tells otherwise, each as it is meant, by itself."""

from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore.brokers import capability
from riskcore.plain_rows import as_meant
from tests.core.custody_days import at_broker, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN


def meant(day, broker, **shown):
    """The books as they are meant at a broker."""
    read = rc.BrokerBooks(at=day.at("10:00:05"), **shown)
    return as_meant(read, day.book, capability(broker, on=day.day))


def anothers(name="H1", **more):
    """A row of somebody else's order of 10 INFY."""
    fields = {"id": name, "key": INFY.key, "side": "BUY", "quantity": 10, "product": "MIS", "status": "open"}
    return rc.BrokerOrder(**{**fields, **more})


# ---------------------------------------------------------------- whose a row is


def test_a_row_without_a_symbol_is_of_our_order_of_that_id_and_of_nothing_else():
    day, _ = held(broker="any")
    stop = stop_of(day)
    rows = (row(stop, "S1", key=""), anothers(key=""), row(stop, "E1", key="NSE:TCS"))
    assert [one.key for one in meant(day, "any", orders=rows).orders] == [INFY.key, "", "NSE:TCS"]


def test_a_trade_keeps_its_instrument_where_no_row_of_its_order_names_one():
    day = at_broker(broker="any")
    bought = trade("H1", "BUY", 10, 999)
    for rows in (None, (), (anothers(key=""),)):
        assert meant(day, "any", orders=rows, trades=(bought,)).trades == (bought,)


def test_a_trade_of_the_other_side_than_the_order_whose_id_it_bears_is_none_of_it():
    day = at_broker(broker="any")
    sold = trade("H1", "SELL", 10, 999, key="NSE:TCS")
    assert meant(day, "any", orders=(anothers(),), trades=(sold,)).trades == (sold,)
    bought = evolve(sold, side="BUY")
    assert meant(day, "any", orders=(anothers(),), trades=(bought,)).trades == (evolve(bought, key=INFY.key),)


def test_of_shares_the_product_is_the_one_that_is_shown_where_a_broker_has_one_for_contracts():
    day, _ = held(broker="motilal")
    delivered = evolve(position(7), product="CNC")
    assert meant(day, "motilal", positions=(delivered,)).positions == (delivered,)


def test_books_that_were_not_read_stay_unread():
    day, _ = held(broker="any")
    for broker in ("any", "motilal", "groww"):
        found = meant(day, broker)
        assert (found.orders, found.trades, found.positions) == (None, None, None)


# ---------------------------------------------------------------- prices in paise


def test_in_paise_are_orders_too_and_an_order_without_a_price_has_none():
    day, _ = held(broker="motilal")
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", price=100_050), anothers(price=99_900), row(stop_of(day), "S1", price=None))
    prices = [one.price for one in meant(day, "motilal", orders=rows).orders]
    assert prices == [Decimal("1000.5"), 999, None]


def test_an_order_of_ours_is_in_the_unit_that_its_own_limit_tells_while_nothing_is_held():
    day = at_broker(broker="motilal")
    day.report("10:00:01", day.enter("10:00", **SEEN), "working", broker_id="E1")
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", price=100_050), anothers(price=99_900))
    prices = [one.price for one in meant(day, "motilal", orders=rows).orders]
    assert prices == [Decimal("1000.5"), 99_900], "of the other nothing tells what it is worth"


def test_the_last_price_of_what_we_hold_tells_the_unit_of_somebody_elses_order_and_trade():
    """An option that went from 5 to 90 since it was bought: 99 is its price, and not 99 paise."""
    day, _ = held(broker="motilal")
    day.prices("10:01", last=1010)
    sold = trade("H1", "SELL", 10, 100_900)
    assert meant(day, "motilal", trades=(sold,)).trades[0].price == 1009
    now = evolve(day.book.positions[0], average_price=Decimal(5), last=Decimal(90))
    risen = evolve(day.book, positions=(now,))
    shown = rc.BrokerBooks(at=day.at("10:01"), trades=(trade("H1", "SELL", 10, 99),))
    assert as_meant(shown, risen, capability("motilal", on=day.day)).trades[0].price == 99
    unseen = evolve(day.book, positions=(evolve(now, last=None),))
    assert as_meant(shown, unseen, capability("motilal", on=day.day)).trades[0].price == Decimal("0.99")


# ---------------------------------------------------------------- prices at a hundredth


@pytest.mark.parametrize("asked", [{"price": 1000}, {"trigger": 1000}])
def test_the_limit_or_the_trigger_of_somebody_elses_order_tells_that_its_trade_is_at_a_hundredth(asked):
    day = at_broker(broker="groww")
    rows, told = (anothers(**asked),), (trade("H1", "BUY", 10, Decimal("10.01")),)
    found = meant(day, "groww", orders=rows, trades=told)
    assert (found.orders, found.trades[0].price) == (rows, 1001)
    assert meant(day, "groww", orders=(anothers(),), trades=told).trades == told, "nothing tells its price"


def test_our_own_limit_tells_it_though_the_row_of_the_order_says_nothing():
    day, _ = held(broker="groww", rests=False)
    (entry,) = day.sent(rc.ApprovedEntry)
    flat = evolve(day.book, positions=())
    shown = rc.BrokerBooks(
        at=day.at("10:01"),
        orders=(row(entry, "E1", price=None),),
        trades=(trade("E1", "BUY", 50, Decimal("10.01")),),
    )
    assert as_meant(shown, flat, capability("groww", on=day.day)).trades[0].price == 1001


def test_a_price_of_a_rupee_or_less_is_none_that_was_divided():
    """The plugin divides what is above a hundred rupees: an option may fall from ninety to eighty paise."""
    day = at_broker(broker="groww")
    for told, was in ((Decimal("0.8"), Decimal("0.8")), (Decimal(1), Decimal(1)), (Decimal("1.01"), 101)):
        found = meant(day, "groww", orders=(anothers(price=90),), trades=(trade("H1", "BUY", 10, told),))
        assert found.trades[0].price == was
