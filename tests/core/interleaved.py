"""One position at a broker of its own, to which anything may happen in any order; and what must hold of it.

`Position` carries out what the engine asks for, as the next fates have it: a placement that is refused, or lost, or not
answered; a cancel that is lost, or comes too late; a change that is refused. What happens is a word. The judge knows
only what the broker has: it asks no engine what should be.
"""

from datetime import timedelta
from decimal import Decimal

import attrs

import riskcore as rc
from riskcore import events as e
from riskcore.testing import Scenario
from tests.core.engine_days import WIDE
from tests.laws.venue import PENDING, Venue

STARTS = ("entering", "in part", "held", "stopped in part", "leaving", "waiting", "reducing")
HAPPENINGS = (
    "prices 979", "prices 1101", "prices 1030", "tick 980", "time", "books", "restart",
    "line down", "place refused", "place lost", "place unanswered", "cancel lost", "cancel late", "revise refused",
    "entry half", "stop half", "stop unseen", "exit half", "stop ends", "exit ends",
    "exit", "reduce", "reverse", "square off",
)  # fmt: skip
THE_OTHER = {"BUY": "SELL", "SELL": "BUY"}


class Wrong(AssertionError):
    """What must hold of a position, and did not."""


class Interleaved:
    """50 shares, wanted or held, at a broker that does as it is told but where a fate says otherwise."""

    def __init__(self, side="BUY", freeze=None):
        self.side, self.way = side, 1 if side == "BUY" else -1
        self.thing = rc.Instrument(symbol="INFY", tick="0.05", sector="IT", freeze_quantity=freeze)
        self.day = Scenario(rc.Policy(**WIDE), self.thing)
        self.now, self.last = self.day.at("10:00"), Decimal(1000)
        self.venue, self.fates, self.to_leave = Venue("sandbox", self.day.day), {}, False
        self.at_most, self.down = None, False
        self.take(e.BrokerSeen(self.now, self.venue.capability))
        self.signal("entry", side, stop=self.at(980), target=self.at(1100))

    def at(self, price):
        """A price of a long one, or what it is of a short one."""
        return 1000 + self.way * (Decimal(price) - 1000)

    # ------------------------------------------------------------ what the engine asks for, and what becomes of it

    def take(self, event):
        """An input, and whatever follows from its commands at once."""
        todo = [event]
        for _ in range(80):
            if not todo:
                return
            known = len(self.day.commands)
            self.day.take(todo.pop(0))
            for command in self.day.commands[known:]:
                todo += self.answered(command)
        raise Wrong("80 answers at one moment led to another order each")

    def answered(self, command):
        """What the broker makes of a command, and says."""
        if isinstance(command, (e.PlaceEntry, e.PlaceExit)):
            return self.placed(command.order)
        if isinstance(command, e.CancelOrder):
            return self.cancelled(command)
        if isinstance(command, e.ReviseOrder):
            fate = self.fates.pop("revise", "")
            done = not fate and self.venue.revise(command.broker_id, command.revision)
            return [e.RevisionReported(self.now, command.order_id, e.TAKEN if done else e.REFUSED)]
        if isinstance(command, e.AskEvidence):
            seen = rc.Market(instrument=self.thing, at=self.now, last=self.last, atr=10)
            return [e.EvidenceArrived(self.now, command.signal.id, seen)]
        return []

    def placed(self, order):
        """It arrives, or not; an exit beyond what is there would turn the position round."""
        if isinstance(order, rc.ApprovedExit):
            there = self.venue.shares.get(self.thing.key, 0) * (1 if order.side == "SELL" else -1)
            out = sum(row.quantity - row.filled for row in self.exits() if row.order.side == order.side)
            if out + order.quantity > max(there, 0):
                raise Wrong(f"{out} were on their way, and {order.quantity} more went, of {there} held")
        else:
            self.to_leave, self.at_most = False, None
        if self.down:
            return [self.report(order.order_id, "rejected", error="network")]
        fate = self.fates.pop("place", "")
        if fate == "refused":
            return [self.report(order.order_id, "rejected")]
        name = "" if fate == "lost" else self.venue.place(order)
        return [self.report(order.order_id, "unknown" if fate else "working", broker_id="" if fate else name)]

    def cancelled(self, command):
        """What works ends, as soon as the cancel arrives; then the books are read, as the gateway does."""
        fate = self.fates.pop("cancel", "")
        row = self.venue.row(command.broker_id) if command.broker_id else None
        if fate == "late" and row is not None and row.working:
            self.fill(row, row.quantity - row.filled)
        if fate != "lost" and row is not None:
            self.venue.cancel(row.id)
        return [] if fate == "lost" else [self.books()]

    def report(self, order_id, status, **more):
        return e.OrderReported(self.now, order_id, status, 0, Decimal(0), **more)

    def books(self):
        """The broker's books, beside an order of somebody else's that was always there."""
        known = rc.BrokerOrder(id="F0", key="NSE:TCS", side="BUY", quantity=1, product="MIS", status="complete")
        read = self.venue.books(self.now)
        return e.BooksRead(self.now, attrs.evolve(read, orders=(known, *read.orders)))

    def exits(self):
        return [row for row in self.venue.working() if isinstance(row.order, rc.ApprovedExit)]

    def one(self, what):
        """The oldest order of a kind that works, or None."""
        kinds = {
            "entry": lambda row: isinstance(row.order, rc.ApprovedEntry),
            "stop": lambda row: row.trigger is not None,
            "exit": lambda row: isinstance(row.order, rc.ApprovedExit) and row.trigger is None,
        }
        return next((row for row in self.venue.working() if kinds[what](row)), None)

    # ------------------------------------------------------------ what happens

    def happens(self, word):
        """A second later, something."""
        self.now += timedelta(seconds=1)
        self.to_leave = self.to_leave and self.is_on()
        what, _, how = word.partition(" ")
        if what in ("place", "cancel", "revise"):
            self.fates[what] = how
        elif what == "line":
            self.down = True
        elif what in ("prices", "tick"):
            self.prices(self.at(how), ticks=2 if what == "prices" else 1)
        elif what in ("entry", "stop", "exit") and how:
            self.traded(self.one(what), how)
        elif what in ("exit", "reduce", "reverse"):
            self.signals(what)
        elif what == "restart":
            self.day.restart()
        elif what == "books":
            self.take(self.books())
        else:
            self.now = self.day.at("15:10") if what == "square" else self.now + timedelta(seconds=3)
            self.to_leave = self.to_leave or (what == "square" and self.is_on())
            self.take(e.TimePassed(self.now))

    def is_on(self):
        """Whether shares are held there, or an entry works, on the side that it began with."""
        entry, shares = self.one("entry"), self.venue.shares.get(self.thing.key, 0)
        return shares * self.way > 0 or (entry is not None and entry.order.side == self.side)

    def signals(self, what):
        other = THE_OTHER[self.side]
        self.to_leave = self.to_leave or (what != "reduce" and self.is_on())
        if what == "reverse":
            self.signal("reversal", other, stop=2 * self.last - self.at(980), target=2 * self.last - self.at(1100))
            return
        self.signal("exit", other, **({"reduce_by": 20} if what == "reduce" else {}))
        held = self.day.book.position(self.thing.key)
        if what == "reduce" and held is not None and not isinstance(self.day.facts[-1], e.EntryRefused):
            self.at_most = max(held.quantity - 20, 0)

    def signal(self, kind, side, **more):
        self.take(e.SignalArrived(self.now, rc.Signal("INFY", side, at=self.now, kind=kind, **more)))

    def prices(self, price, ticks=2):
        self.last, held = price, self.day.book.position(self.thing.key)
        if held is not None and ticks > 1 and (price <= held.stop if held.side == "BUY" else price >= held.stop):
            self.to_leave = True
        self.take(e.PricesSeen(self.now, self.thing.key, price, price, price, price, self.now, ticks=ticks))

    def traded(self, row, how):
        """An order trades, or ends; it is read at once but where nobody has seen it.

        A reduction that the exchange ends is not tried again.
        """
        if row is not None and how == "ends":
            self.at_most = None
            self.venue.cancel(row.id)
        elif row is not None:
            left = row.quantity - row.filled
            self.fill(row, max(left // 2, 1) if how == "half" else left)
        self.take(e.TimePassed(self.now) if how == "unseen" else self.books())

    def begin(self, start):
        """From the entry on its way to one of `STARTS`."""
        words = {"in part": ["entry half"], "held": [], "stopped in part": ["stop half"], "leaving": ["prices 1101"]}
        words |= {"waiting": ["cancel lost", "prices 1101"], "reducing": ["reduce"]}
        while start not in ("entering", "in part") and self.one("entry") is not None:
            self.happens("entry all")
        for word in words.get(start, []):
            self.happens(word)
        return self

    # ------------------------------------------------------------ what must hold in the end

    def settles(self):
        """All works as it should for a minute: then book and broker agree, and what is held is covered, or gone."""
        self.fates.clear()
        self.down = False
        for _ in range(15):
            self.now += timedelta(seconds=3)
            for row in self.venue.working():
                self.meets(row)
            self.prices(self.last)
            self.take(self.books())
        self.judged()

    def meets(self, row):
        sells, last = row.order.side == "SELL", self.last
        waits = row.status == PENDING and (last > row.trigger if sells else last < row.trigger)
        if not waits and (row.price <= last if sells else row.price >= last):
            self.fill(row, row.quantity - row.filled)

    def fill(self, row, quantity):
        """Shares trade; what an entry brings beside a reduction stays."""
        self.at_most = None if isinstance(row.order, rc.ApprovedEntry) else self.at_most
        self.venue.fill(row, quantity)

    def judged(self):
        """Shares, orders and money are what the broker has."""
        book, held = self.day.book, self.day.book.position(self.thing.key)
        ours, theirs = 0 if held is None else held.signed, self.venue.shares.get(self.thing.key, 0)
        stops = [(row.trigger, row.quantity - row.filled) for row in self.venue.working()]
        law(ours == theirs, f"we have {ours}, the broker {theirs}")
        law({order.broker_id for order in book.live_orders()} == {row.id for row in self.venue.working()}, "orders")
        law(sum(quantity for _, quantity in stops) == abs(theirs), f"{stops} cover {theirs}")
        law(all(trigger == held.stop for trigger, _ in stops), f"{stops} where the stop is elsewhere")
        law(not (self.to_leave and theirs), f"all of it was to leave, and {theirs} are held")
        law(self.at_most is None or abs(theirs) <= self.at_most, f"{theirs} are held, {self.at_most} were to stay")
        law(not self.day.state.custody.wanted, "an exit waits still")
        law(book.realised + book.unrealised == self.money(), f"{book.realised} realised, {self.money()} by the trades")
        self.day.restart()
        law(self.day.book == book, "a restart brings another book")

    def money(self):
        """What the trades came to, with what is held at its last price."""
        paid = sum(trade.price * trade.quantity * (-1 if trade.side == "BUY" else 1) for trade in self.venue.trades)
        return paid + self.venue.shares.get(self.thing.key, 0) * self.last


def law(holds, why):
    if not holds:
        raise Wrong(why)
