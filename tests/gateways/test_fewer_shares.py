"""A resting stop that is to cover fewer shares: something waits for those that it gives free."""

from decimal import Decimal

from riskcore import events
from riskcore.orders import Revision
from riskcore_openalgo.testing import Fault
from tests.gateways.desks import entry, leaving, live_desk


def made_smaller(desk):
    """10 are held under a stop, which is to cover 6: what is said of that, and what the book shows then."""
    desk.place(entry())
    _, stop = desk.place(leaving(limit=970, trigger=980))
    wish = Revision(6, Decimal(970), Decimal(980))
    told, seen = desk.gateway.revise(events.ReviseOrder(stop.order_id, wish, stop.broker_id), desk.clock.wall())
    return told.outcome, seen.books.order(stop.broker_id).quantity


def test_the_book_tells_that_it_does():
    with live_desk() as desk:
        assert made_smaller(desk) == (events.UNSURE, 6)


def test_a_success_alone_frees_none_of_them():
    """Found by a simulated day: an exit of a part went beside a stop that was made smaller three seconds later."""
    with live_desk() as desk:
        desk.broker.script(Fault("modifyorder", "unheeded", seconds=3))
        assert made_smaller(desk) == (events.UNSURE, 10)
