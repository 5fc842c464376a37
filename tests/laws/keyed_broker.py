"""The situations of the settings about a broker: days with a stop that rests there, and its books; for `keyed.py`."""

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import (
    at_broker as broker_day,
    books,
    foreign,
    held as held_there,
    position,
    row as row_of,
    ticks,
    trade,
    true_books,
)
from tests.core.engine_days import SEEN, TCS
from tests.spec.decisions import setting


def at_the_broker(*told, **fixed):
    """A day with a stop that rests at a broker; each thing told is a function of the day."""

    def lived_there(**settings):
        named = {name: setting(name, cell) for name, cell in settings.items()}
        day, _ = held_there(**{**fixed, **named})
        for happens in told:
            happens(day)
        return [(repr(c)) for c in day.commands] + [repr(f) for f in day.facts if not isinstance(f, e.PolicyChanged)]

    return lived_there


def reads(clock, **shown):
    """The broker's books are read."""
    return lambda day: true_books(day, clock, **shown)


def bought_by_hand(clock):
    """The same, with 25 more shares that somebody else bought."""
    trades = (trade("E1", "BUY", 50, 1000), trade("H1", "BUY", 25, 1000))
    return reads(clock, trades=trades, positions=(position(75),))


def goes_by(clock):
    """Time passes."""
    return lambda day: day.time(clock)


def unknown_entry(*clocks, placed="10:30:05"):
    """A second entry, in TCS, of unknown outcome; then books without it, or with one of that time."""

    def told(day):
        day.instruments["TCS"] = TCS
        order = day.enter("10:30", "BUY", "TCS", last=1000, stop=980, target=1100)
        day.report("10:30:01", order, "unknown")
        first, sent = day.sent(rc.ApprovedEntry)[0], day.sent(rc.ApprovedEntry)[-1]
        known = (foreign(), row_of(first, "E1", "complete"))
        for clock in clocks:
            books(day, clock, orders=known, positions=(position(50),))
        books(day, "10:31", orders=(*known, row_of(sent, "E9", placed_at=day.at(placed))), positions=(position(50),))

    return told


def balance_is(available):
    """The broker tells of money."""
    return lambda day: day.take(e.FundsSeen(day.at("11:00"), available=available, used=0, realised=0))


def goes_to(clock, *prices):
    """Ticks of one look."""
    return lambda day: ticks(day, clock, *prices)


TOUCHED = (goes_to("10:05", 985), goes_to("10:05:01", 979), goes_by("10:05:03"))


def bought_dear(**settings):
    """An entry that filled ten rupees beyond its limit."""
    day = broker_day(**{name: setting(name, cell) for name, cell in settings.items()})
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1010)
    return [order.quantity for order in day.sent() if order.trigger is None]


def pressed(**settings):
    """An exit on paper that does not fill, over a quarter of a minute."""
    day, _ = held_there(broker="paper", rests=False, **{n: setting(n, cell) for n, cell in settings.items()})
    day.prices("10:05", last=979)
    for second in range(15):
        clock = f"10:05:{second:02}"
        for order in day.book.leaving("NSE:INFY"):
            day.report(clock, order.id, "cancelled" if order.id in day.state.cancelling else "working")
        day.time(clock)
    return [(order.at, order.limit) for order in day.sent()]


def halved_overnight(**settings):
    """A position of delivery whose first price of the next session is half of its last."""
    day = broker_day(broker="paper", **{name: setting(name, cell) for name, cell in settings.items()})
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    day.next_day(3)
    day.prices("09:20", last=500)
    return [latch.name for latch in day.book.latches]


def bare(**settings):
    """Shares whose stop nobody answers for, over a quarter of a minute; it is refused at once, each time."""
    day, _ = held_there(rests=False, **{name: setting(name, cell) for name, cell in settings.items()})
    for second in range(2, 16):
        day.time(f"10:00:{second:02}")
        if day.sent()[-1].trigger is not None and day.book.order(day.sent()[-1].order_id).live:
            day.report(f"10:00:{second:02}", day.sent()[-1].order_id, "rejected", error="network")
    return [(type(fact).__name__, fact.at) for fact in day.facts if isinstance(fact, e.Alarmed)] + [
        (order.order_id, order.at) for order in day.sent() if order.trigger is None
    ]
