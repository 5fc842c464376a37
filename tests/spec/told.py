"""Stories: a day told to the engine row by row, and what may be done in each trading state."""

from decimal import Decimal

import attrs

import riskcore as rc
from riskcore import events as e
from riskcore.testing import Scenario
from tests.spec.decisions import instrument, setting


class Told:
    """A day told in a trader's words; each is answered with the facts it led to, and with how the book stands.

    `policy NAME=VALUE; ...` comes first. Then `buy INFY`, `sell INFY` (`quote last=1000 atr=10` answers what it asks
    for), `exit INFY`, `reduce 20 INFY` (or `50%`), `reverse sell INFY`, `cancel buy INFY`, `filled 10 at 1000`,
    `report cancelled`, `price INFY 1000` (or `first/high/low/last`), `time`, `halt feed`, `over feed`, `restart`,
    `next day`, `equity 100000`.
    """

    def __init__(self):
        self.day, self.signal, self.wanted = None, None, {}

    def __call__(self, happens, at="09:16", symbol="INFY"):
        word, _, rest = happens.partition(" ")
        before = len(self.day.facts) if self.day else 0
        answered = getattr(self, f"_{word}")(at, rest, symbol)
        if answered:
            self.day.take(answered)
        new = [type(fact).__name__ for fact in self.day.facts[before:]]
        refused = self.day.refusal() if "EntryRefused" in new else ()
        return {"leads_to": ", ".join(new) or "nothing", "refused_for": next(iter(refused), None), **self._book()}

    def _book(self):
        book = self.day.book
        held = [f"{p.quantity if p.side == 'BUY' else -p.quantity} {p.instrument.symbol}" for p in book.positions]
        orders = [order for order in book.orders if order.live]
        return {
            "held": ", ".join(held) or None,
            "stop": book.positions[0].stop if book.positions else None,
            "working": ", ".join(f"{o.approved.side} {o.open_quantity} at {o.approved.limit}" for o in orders) or None,
            "realised": book.realised,
            "charges": book.charges,
            "net": book.net_realised + book.unrealised,
            "trades": book.trades_today,
            "state": book.state,
        }

    def _policy(self, at, rest, symbol):
        self.begin(at, dict(pair.split("=") for pair in filter(None, rest.replace(" ", "").split(";"))))

    def begin(self, at, settings):
        """A new day under these settings."""
        policy = rc.Policy(**{name: setting(name, cell) for name, cell in settings.items()})
        self.day = Scenario(policy, *(instrument(name) for name in ("INFY", "TCS", "SBIN")), start=at, equity=None)

    def _equity(self, at, rest, symbol):
        return e.EquityRead(self.day.at(at), Decimal(rest))

    def _buy(self, at, rest, symbol):
        self.signal = self.day.signal(at, "BUY", symbol)

    def _sell(self, at, rest, symbol):
        self.signal = self.day.signal(at, "SELL", symbol)

    def _quote(self, at, rest, symbol):
        seen = dict(pair.split("=") for pair in rest.split())
        self.day.look(at, self.signal, **seen)

    def _exit(self, at, rest, symbol):
        held = self.day.book.position(f"NSE:{rest}")
        side = "SELL" if held is None or held.side == "BUY" else "BUY"
        self.day.signal(at, side, rest, kind="exit")

    def _reduce(self, at, rest, symbol):
        quantity, name = rest.split()
        more = {"reduce_pct": quantity[:-1]} if quantity.endswith("%") else {"reduce_by": int(quantity)}
        held = self.day.book.position(f"NSE:{name}")
        self.day.signal(at, rc.SELL if held is None or held.side == rc.BUY else rc.BUY, name, kind="exit", **more)

    def _reverse(self, at, rest, symbol):
        side, name = rest.split()
        self.signal = self.day.signal(at, side.upper(), name, kind="reversal")

    def _cancel(self, at, rest, symbol):
        side, name = rest.split()
        self.day.signal(at, side.upper(), name, kind="cancel")

    def _filled(self, at, rest, symbol):
        quantity, _, price = rest.partition(" at ")
        (order,) = self.day.book.live_orders()
        self.day.fill(at, order.id, price=price, quantity=int(quantity))

    def _report(self, at, rest, symbol):
        order = self.day.book.orders[-1]
        self.day.report(at, order.id, rest, order.filled_quantity, order.filled_value)

    def _price(self, at, rest, symbol):
        name, prices = rest.split()
        parts = prices.split("/")
        span = dict(zip(("first", "high", "low"), parts, strict=False)) if len(parts) == 4 else {}
        self.day.prices(at, name, last=parts[-1], **span)

    def _time(self, at, rest, symbol):
        self.day.time(at)

    def _halt(self, at, rest, symbol):
        return e.TroubleSeen(self.day.at(at), rest, "told in the table")

    def _over(self, at, rest, symbol):
        return e.TroubleOver(self.day.at(at), rest)

    def _restart(self, at, rest, symbol):
        before = self.day.book
        self.day.restart()
        assert self.day.book == before

    def _next(self, at, rest, symbol):
        self.day.next_day(3)
        return e.TimePassed(self.day.at(at))


def day():
    """A day's teller."""
    return Told()


def states(state, by="stop"):
    """With 50 INFY held, in that state: what becomes of an entry in another symbol, and of the exit of this one."""
    told = Told()
    told("policy max_position_size_percent=100; max_sector_exposure=100; entry_band_pct=0")
    told("equity 100000")
    told("buy INFY", at="10:00")
    told("quote last=1000 atr=13.3", at="10:00")
    (order,) = told.day.book.live_orders()
    told(f"filled {order.open_quantity} at 1000", at="10:00")
    if state != "active":
        latch = rc.Latch("operator", state, told.day.at("10:01"), "operator", "for the table")
        told.day.state = attrs.evolve(told.day.state, book=attrs.evolve(told.day.book, latches=(latch,)))
    told("sell SBIN", at="10:02", symbol="SBIN")
    entry = told("quote last=1000 atr=10", at="10:02")
    if by == "stop":
        told("price INFY 900", at="10:03")
    elif by == "signal":
        told("exit INFY", at="10:03")
    else:
        told("time", at="15:10")
    exits = told.day.sent()
    return {
        "entry": "refused" if "EntryRefused" in entry["leads_to"] else "sent",
        "refused_for": entry["refused_for"],
        "exit": "sent" if exits else "not sent",
        "exit_quantity": exits[-1].quantity if exits else 0,
    }
