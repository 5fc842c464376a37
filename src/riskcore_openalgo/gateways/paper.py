"""The paper gateway: the core's simulated broker behind the gateway's interface.

Its book is a function of the journal (the intents and the prices), so that after a crash it is rebuilt rather
than remembered: an intent that became durable has reached it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import riskcore as rc
from riskcore import events


class PaperGateway:
    """Fills orders from the prices it is shown."""

    def __init__(self) -> None:
        self._broker = rc.Broker()
        self._reports: dict[str, events.OrderReported] = {}

    def place(self, order: rc.ApprovedEntry | rc.ApprovedExit, at: datetime) -> tuple[events.OrderReported, ...]:
        """Take an order; an exit from a level inside the current prices trades at once."""
        self._broker, report = self._broker.place(order, at)
        return self._kept((report,))

    def cancel(self, command: events.CancelOrder, at: datetime) -> tuple[events.OrderReported, ...]:
        """Cancel what still works under that id."""
        self._broker, reports = self._broker.cancel(command.order_id, at)
        return self._kept(reports)

    def revise(self, command: events.ReviseOrder, at: datetime) -> tuple[events.RevisionReported, ...]:
        """Nothing rests on paper: the levels are watched."""
        return (events.RevisionReported(at, command.order_id, events.REFUSED, "nothing rests on paper"),)

    def see(self, prices: events.PricesSeen) -> tuple[events.OrderReported, ...]:
        """Show it new prices; what trades in them."""
        self._broker, reports = self._broker.see(prices)
        return self._kept(reports)

    def rebuild(self, journalled: Iterable[events.Input | events.Fact]) -> None:
        """Fold a journal into the book it must have had."""
        for event in journalled:
            if isinstance(event, (events.EntryApproved, events.ExitApproved)):
                self.place(event.order, event.at)
            elif isinstance(event, events.CancelRequested):
                self.cancel(events.CancelOrder(event.order_id), event.at)
            elif isinstance(event, events.PricesSeen):
                self.see(event)
            elif isinstance(event, events.OrderReported) and event.note.startswith("not sent"):
                self.cancel(events.CancelOrder(event.order_id), event.at)

    def latest(self, order_id: str) -> events.OrderReported | None:
        """What it last said of an order (a broker's order book, for one order)."""
        return self._reports.get(order_id)

    def _kept(self, reports: tuple[events.OrderReported, ...]) -> tuple[events.OrderReported, ...]:
        self._reports.update((report.order_id, report) for report in reports)
        return reports
