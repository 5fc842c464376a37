"""A broker that is no engine of ours: it keeps orders, trades and shares, and knows nothing of what they are for."""

from decimal import Decimal

import attrs
from hypothesis import strategies as st

import riskcore as rc

OPEN, PENDING, COMPLETE, CANCELLED = "open", "trigger_pending", "complete", "cancelled"
READS = st.sampled_from([(), (), (), ("positions",), ("orders",), ("trades",), ("orders", "trades", "positions")])
"""What a reading of the books could not read: mostly nothing."""


@attrs.define
class Resting:
    """One order as the broker has it."""

    id: str
    order: object
    status: str
    price: Decimal
    trigger: Decimal | None
    quantity: int
    filled: int = 0

    @property
    def working(self):
        """Whether it may still fill."""
        return self.status in (OPEN, PENDING)


class Venue:
    """Takes orders, fills and cancels them, and shows its books as they are, or as a reading that failed has them."""

    def __init__(self, name, day):
        self.capability = rc.capability(name, on=day)
        assert self.capability.trades == "each", "its trades are told as they are"
        self.rows, self.trades, self.shares, self.others = [], [], {}, []

    def place(self, order):
        """An order arrives; its name here."""
        trigger = getattr(order, "trigger", None)
        status = PENDING if trigger is not None else OPEN
        self.rows.append(Resting(f"B{len(self.rows)}", order, status, order.limit, trigger, order.quantity))
        self.shares.setdefault(order.instrument.key, 0)
        return self.rows[-1].id

    def row(self, broker_id):
        """The order of that name, or None."""
        return next((row for row in self.rows if row.id == broker_id), None)

    def row_of(self, order_id):
        """What became here of an order of ours, whatever the name we have for it."""
        return next((row for row in self.rows if row.order.order_id == order_id), None)

    def working(self):
        """What may still fill."""
        return [row for row in self.rows if row.working]

    def fill(self, row, quantity):
        """Shares of an order trade at its limit."""
        order = row.order
        row.filled += quantity
        row.status = COMPLETE if row.filled == row.quantity else OPEN
        self.shares[order.instrument.key] += quantity if order.side == "BUY" else -quantity
        key, product = order.instrument.key, order.product
        self.trades.append(
            rc.BrokerTrade(
                order_id=row.id, key=key, side=order.side, quantity=quantity, price=row.price, product=product
            )
        )

    def cancel(self, broker_id):
        """An order ends, if it works."""
        row = self.row(broker_id)
        if row is not None and row.working:
            row.status = CANCELLED
        gone = {row.id for row in self.others if row.working and row.id == broker_id}
        self.others = [attrs.evolve(row, status=CANCELLED) if row.id in gone else row for row in self.others]

    def revise(self, broker_id, revision):
        """A resting order changes; whether it did."""
        row = self.row(broker_id)
        if row is None or not row.working:
            return False
        row.price, row.trigger, row.quantity = revision.limit, revision.trigger, revision.quantity
        return True

    def others_act(self, key, *, shares=0):
        """Somebody else has bought shares, sold some (below 0), or has an order that works; a book shows it."""
        status, name = COMPLETE if shares else OPEN, f"F{len(self.others)}"
        side = "SELL" if shares < 0 else "BUY"
        order = rc.BrokerOrder(
            id=name, key=key, side=side, quantity=abs(shares) or 3, product="MIS", status=status, price=1000
        )
        self.others.append(order)
        if shares:
            self.shares[key] = self.shares.get(key, 0) + shares
            self.trades.append(
                rc.BrokerTrade(order_id=name, key=key, side=side, quantity=abs(shares), price=1000, product="MIS")
            )

    def ours(self):
        """The instruments of our orders."""
        return {row.order.instrument.key for row in self.rows}

    def flat(self, *, whole=False):
        """Whether nothing of ours is held here or works; with `whole` of anybody."""
        held = any(number for key, number in self.shares.items() if whole or key in self.ours())
        return not self.working() and not held and not (whole and any(row.working for row in self.others))

    def books(self, at, without=()):
        """The books at a moment; those named in `without` could not be read."""
        held = [
            rc.BrokerPosition(key=key, product="MIS", quantity=number, average_price=1000 if number else None)
            for key, number in sorted(self.shares.items())
        ]
        shown = {
            "orders": (*self.others, *map(_told, self.rows)),
            "trades": tuple(self.trades),
            "positions": tuple(held),
        }
        return rc.BrokerBooks(at=at, holdings=(), **{k: None if k in without else v for k, v in shown.items()})


def _told(row):
    order = row.order
    return rc.BrokerOrder(
        id=row.id, key=order.instrument.key, side=order.side, quantity=row.quantity, product=order.product,
        status=row.status, price=row.price, trigger=row.trigger, placed_at=order.at,
    )  # fmt: skip
