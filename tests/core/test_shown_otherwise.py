"""A broker whose book shows each stop otherwise than it was sent, though nobody changed one."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import books, held, position, row, trade


def minutes(day, shown, *, seconds=120, changes=e.TAKEN):
    """So long a broker does what it is asked, and its book is read each second: what it was asked, by its kind."""
    (entry,) = day.sent(rc.ApprovedEntry)
    at, named, ended, known = day.at("10:00:02"), {}, set(), 0
    for _ in range(seconds):
        for asked in day.commands[known:]:
            known += 1
            if isinstance(asked, e.PlaceExit):
                named[asked.order.order_id] = name = f"S{len(named) + 1}"
                day.take(e.OrderReported(at, asked.order.order_id, "working", 0, Decimal(0), broker_id=name))
            elif isinstance(asked, e.CancelOrder):
                ended.add(asked.broker_id)
            elif isinstance(asked, e.ReviseOrder):
                day.take(e.RevisionReported(at, asked.order_id, changes))
        rows = [row(entry, "E1", "complete")]
        for order_id, name in named.items():
            stop = row(day.book.order(order_id).approved, name, "cancelled" if name in ended else "trigger_pending")
            rows.append(stop if name in ended else shown(stop))
        books(day, f"{at:%H:%M:%S}", orders=rows, trades=(trade("E1", "BUY", 50, 1000),), positions=(position(50),))
        at += timedelta(seconds=1)
        day.take(e.TimePassed(at))
    return [type(asked).__name__ for asked in day.commands if isinstance(asked, e.INTENTS)]


OTHERWISE = {
    "its trigger as its limit": lambda stop: attrs.evolve(stop, price=stop.trigger),
    "a looser trigger": lambda stop: attrs.evolve(stop, trigger=stop.trigger - 1),
    "another quantity": lambda stop: attrs.evolve(stop, quantity=stop.quantity + 1),
}


@pytest.mark.parametrize("changes", [e.TAKEN, e.REFUSED])
@pytest.mark.parametrize("shown", OTHERWISE.values(), ids=OTHERWISE)
def test_the_third_stop_that_is_shown_otherwise_stays(shown, changes):
    """Each was changed back, taken back and placed anew without end: 45 orders a minute, and ever another alarm."""
    day, _ = held(broker="any", rests=False)
    asked = minutes(day, shown, changes=changes)
    assert [asked.count(kind) for kind in ("PlaceExit", "ReviseOrder", "CancelOrder")] == [3, 3, 2]
    alarms = [fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "stop_changed"]
    assert len(alarms) == 3
    assert day.book.resting("NSE:INFY").open_quantity == 50


def test_where_no_order_is_changed_none_is_changed_back():
    """Another comes in its stead: a change that is refused has the order shown as refused at some brokers."""
    day, _ = held(broker="hdfcsky", rests=False)
    asked = minutes(day, OTHERWISE["a looser trigger"])
    assert [asked.count(kind) for kind in ("PlaceExit", "ReviseOrder", "CancelOrder")] == [3, 0, 2]


def test_what_a_hand_changes_once_is_put_right_in_place():
    day, _ = held(broker="any", rests=False)
    left = [1]

    def once(stop):
        return OTHERWISE["a looser trigger"](stop) if left and not left.clear() else stop

    assert minutes(day, once) == ["PlaceEntry", "PlaceExit", "ReviseOrder"]
    assert ("stop_changed", day.book.resting("NSE:INFY").id) not in day.state.custody.told
