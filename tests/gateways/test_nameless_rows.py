"""A row of the order book that names no symbol: OpenAlgo did not know the broker's name of it."""

from decimal import Decimal

from attrs import evolve

from riskcore import events
from riskcore.orders import Revision
from tests.gateways.desks import INFY, entry, leaving, live_desk


def test_a_stop_whose_row_names_no_symbol_is_changed_under_that_of_its_order(monkeypatch):
    """The plugin of Alice Blue may not find the name that the broker gives a contract; nothing could be sent then."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        shown, unread = desk.client.readable_orders()
        nameless = tuple(evolve(row, key="") for row in shown)
        monkeypatch.setattr(desk.client, "readable_orders", lambda: (nameless, unread))
        wish = Revision(10, Decimal(980), Decimal(990))
        command = events.ReviseOrder(stop.order_id, wish, stop.broker_id, INFY.key)
        [told] = desk.gateway.revise(command, desk.clock.wall())
        assert (told.outcome, desk.order(stop).trigger) == (events.TAKEN, 990)
