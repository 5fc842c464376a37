"""Hard caps: the last look at an entry before it leaves, by numbers that no policy and no reload can change.

They are not rules of trading; they stand between a mistake (in a policy, in this program) and the broker. Exits pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Context, Decimal, localcontext
from typing import Any

from attrs import field, frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.gateways.unsent import not_sent


def _rupees(value: Any) -> Decimal | None:
    return None if value is None else _above_zero(Decimal(str(value)))


def _whole(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, got {value!r}")
    return int(_above_zero(value))


def _above_zero(value: Any) -> Any:
    if not value > 0:
        raise ValueError(f"must be above 0, or empty for no cap, got {value}")
    return value


def _meta(unit: str, help_: str, example: str) -> dict[str, str]:
    return {"unit": unit, "help": help_, "example": example}


@frozen(kw_only=True)
class HardCaps:
    """What an entry may be at most; None is no cap. They are read once, when a runner starts."""

    hard_max_order_value: Decimal | None = field(
        default=None,
        converter=_rupees,
        metadata=_meta("rupees", "an entry worth more (limit x quantity) is never sent", "50000"),
    )
    hard_max_quantity: int | None = field(
        default=None, converter=_whole, metadata=_meta("shares", "an entry of more is never sent", "500")
    )
    hard_max_orders_per_day: int | None = field(
        default=None,
        converter=_whole,
        metadata=_meta("orders", "after so many entries sent in a session no other is", "20"),
    )

    def refusal(self, order: rc.ApprovedEntry, sent_today: int) -> str:
        """Why an entry is not sent, or "". A slice is measured as the whole it is a part of, and is one order."""
        with localcontext(Context(prec=28)):
            value = order.limit * order.whole
        for name, measured, most in (
            ("hard_max_order_value", value, self.hard_max_order_value),
            ("hard_max_quantity", order.whole, self.hard_max_quantity),
            ("hard_max_orders_per_day", sent_today + 1, self.hard_max_orders_per_day),
        ):
            if most is not None and measured > most:
                return f"{name}: {measured} is above {most}"
        return ""


class SentToday:
    """How many entries went out in a session; `already` is what the journal has of it when the runner starts."""

    def __init__(self, session: date | None = None, already: int = 0) -> None:
        self._session, self._count = session, already

    def on(self, session: date) -> int:
        """How many went in that session."""
        return self._count if session == self._session else 0

    def add(self, session: date) -> None:
        """One more."""
        self._session, self._count = session, self.on(session) + 1


def entries_of(book: rc.Book, session: date) -> int:
    """How many entries of a session a book knows that were not refused by ourselves before they left."""
    orders = (order for order in book.orders if order.is_entry and order.approved.at.date() == session)
    return sum(1 for order in orders if order.counts_as_trade or order.broker_id)


class CappedPaper:
    """A paper gateway behind hard caps: what would have been held up is held up on paper and in the shadow too."""

    def __init__(self, paper: PaperGateway, caps: HardCaps, sent: SentToday) -> None:
        self._paper, self._caps, self._sent = paper, caps, sent
        self.cancel, self.revise = paper.cancel, paper.revise

    def place(self, order: rc.ApprovedEntry | rc.ApprovedExit, at: datetime) -> Iterable[events.Input]:
        """Hand an order on; an entry above a cap is reported as not sent."""
        if isinstance(order, rc.ApprovedEntry):
            session = rc.session_date(at)
            why = self._caps.refusal(order, self._sent.on(session))
            if why:
                return (not_sent(order.order_id, at, why),)
            self._sent.add(session)
        return self._paper.place(order, at)
