"""The paper gateway: the core's simulated broker behind the gateway's interface, shaped by a profile.

Its book is a function of the journal (the intents and the prices) and of the profile, so that after a crash it is
rebuilt rather than remembered: an intent that became durable has reached it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, TypeAlias

from attrs import define, evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.paper_profiles import (
    HOLD,
    IDEAL,
    PART,
    REJECT,
    SILENT,
    FaultScript,
    PaperFault,
    PaperProfile,
)

AnOrder: TypeAlias = rc.ApprovedEntry | rc.ApprovedExit
WORKING: Final = "working"
FILLED: Final = "filled"
REJECTED: Final = "rejected"
UNKNOWN: Final = "unknown"


class PaperSilenceError(Exception):
    """A fault script's silence: the order was taken, and nobody says so."""


@define
class _Life:
    """What has become of one order so far: shares and rupees traded, its whole quantity, and the fault it met.

    `met` is when it last traded by the journal of a run that ended: those prices are not shown to it again.
    """

    whole: int
    fault: str = ""
    quantity: int = 0
    value: Decimal = Decimal(0)
    met: datetime | None = None


class PaperGateway:
    """Fills orders from the prices it is shown: as its profile says, and as its fault script has it."""

    def __init__(self, profile: PaperProfile = IDEAL, faults: Iterable[PaperFault] = ()) -> None:
        self.profile = profile
        self._broker = rc.Broker()
        self._script = FaultScript(faults)
        self._lives: dict[str, _Life] = {}
        self._reports: dict[str, events.OrderReported] = {}

    def wait(self, patience: timedelta | None) -> None:
        """Give entries up as a `riskcore.Broker` of that `patience` does: for whoever shows it bars."""
        self._broker = evolve(self._broker, patience=patience)

    def place(self, order: AnOrder, at: datetime) -> tuple[events.OrderReported, ...]:
        """Take an order; an exit from a level inside the current prices trades at once, unless latency forbids it.

        Raises `PaperSilenceError` where the fault script has it so; the order works all the same.
        """
        life = _Life(order.quantity, self._script.meets(order))
        self._lives[order.order_id] = life
        if life.fault == REJECT or self.profile.refuses(order.order_id):
            return self._kept((_report(order.order_id, REJECTED, life, at, "refused by the paper profile"),))
        if life.fault in {HOLD, SILENT} or self._late(order):
            self._work(self._protected(order))
            reports = (_report(order.order_id, WORKING, life, at),)
        else:
            sent = self._protected(order)
            self._broker, report = self._broker.place(sent, at)
            reports = (self._shaped(report, sent),)
        if life.fault == SILENT:
            self._kept(reports)
            raise PaperSilenceError("the paper broker did not answer")
        return self._kept(reports)

    def cancel(self, command: events.CancelOrder, at: datetime) -> tuple[events.OrderReported, ...]:
        """Cancel what still works under that id."""
        self._broker, reports = self._broker.cancel(command.order_id, at)
        return self._kept(tuple(self._with_fills(report) for report in reports))

    def revise(self, command: events.ReviseOrder, at: datetime) -> tuple[events.RevisionReported, ...]:
        """Nothing rests on paper: the levels are watched."""
        return (events.RevisionReported(at, command.order_id, events.REFUSED, "nothing rests on paper"),)

    def see(self, prices: events.PricesSeen) -> tuple[events.OrderReported, ...]:
        """Show it new prices; what trades in them."""
        working = self._broker.working
        kept = tuple(order for order in working if not self._meets(order, prices))
        met = {order.order_id: order for order in working if self._meets(order, prices)}
        self._broker, seen = evolve(self._broker, working=tuple(met.values())).see(prices)
        self._broker = evolve(self._broker, working=(*kept, *self._broker.working))
        return self._kept(tuple(self._shaped(report, met[report.order_id]) for report in seen))

    def rebuild(self, journalled: Iterable[events.Input | events.Fact]) -> None:
        """Fold a journal into the book it must have had.

        What prices filled was reported before the prices themselves were recorded, so it is taken from the reports.
        """
        for event in journalled:
            if isinstance(event, (events.EntryApproved, events.ExitApproved)):
                with contextlib.suppress(PaperSilenceError):
                    self.place(event.order, event.at)
            elif isinstance(event, events.CancelRequested):
                self.cancel(events.CancelOrder(event.order_id), event.at)
            elif isinstance(event, events.PricesSeen):
                working = self._broker.working
                seen, _ = evolve(self._broker, working=()).see(event)
                self._broker = evolve(seen, working=working)
            elif isinstance(event, events.OrderReported):
                self._said(event)

    def latest(self, order_id: str) -> events.OrderReported | None:
        """What it last said of an order (a broker's order book, for one order)."""
        return self._reports.get(order_id)

    def _said(self, report: events.OrderReported) -> None:
        """What it said of an order, as the journal has it: only a silence tells nothing."""
        order_id, life = report.order_id, self._lives.get(report.order_id)
        if report.note.startswith("not sent"):
            self.cancel(events.CancelOrder(order_id), report.at)
        elif life is not None and report.status != UNKNOWN:
            life.met = report.at if report.filled_quantity > life.quantity else life.met
            life.quantity, life.value = report.filled_quantity, report.filled_value
            left = life.whole - life.quantity if report.status == WORKING else 0
            working = (evolve(o, quantity=left) if o.order_id == order_id else o for o in self._broker.working)
            self._broker = evolve(self._broker, working=tuple(order for order in working if order.quantity))
            self._reports[order_id] = report

    def _kept(self, reports: tuple[events.OrderReported, ...]) -> tuple[events.OrderReported, ...]:
        self._reports.update((report.order_id, report) for report in reports)
        return reports

    def _work(self, order: AnOrder) -> None:
        self._broker = evolve(self._broker, working=(*self._broker.working, order))

    def _meets(self, order: AnOrder, prices: events.PricesSeen) -> bool:
        """Whether these prices may fill the order: it is there by then, and nothing holds it."""
        life = self._lives[order.order_id]
        if life.fault == HOLD or (life.fault == PART and life.quantity):
            return False
        if life.met is not None and prices.at <= life.met:
            return False
        late = self.profile.latency
        of_a_bar = prices.ticks == 0 and prices.at - prices.since > late
        return of_a_bar or order.at + late <= prices.since

    def _late(self, order: AnOrder) -> bool:
        """Whether what is placed now misses the prices of now: not where they are a bar longer than the latency."""
        span, late = self._broker.span(order.instrument.key), self.profile.latency
        return bool(late) and (span is None or span.ticks > 0 or span.at - span.since <= late)

    def _protected(self, order: AnOrder) -> AnOrder:
        """The order, its limit held to what the broker protects it to."""
        span = self._broker.span(order.instrument.key)
        if self.profile.protection_pct is None or span is None:
            return order
        share, buys, tick = self.profile.protection_pct / 100, order.side == rc.BUY, order.instrument.tick
        furthest = span.last * (1 + share if buys else 1 - share)
        held = (furthest / tick).to_integral_value(ROUND_FLOOR if buys else ROUND_CEILING) * tick
        return evolve(order, limit=min(order.limit, held) if buys else max(order.limit, held))

    def _shaped(self, report: events.OrderReported, order: AnOrder) -> events.OrderReported:
        """The ideal broker's report as this one makes it: at a worse price, in parts."""
        if report.status != FILLED:
            return self._with_fills(report)
        life = self._lives[order.order_id]
        lot = order.instrument.lot_size
        half = max(life.whole // 2 // lot, 1) * lot
        part = half if life.fault == PART else self.profile.part_of(order, life.whole)
        part = max(min(part, order.quantity), 1)
        price = self._worse(report.filled_value / report.filled_quantity, order)
        life.quantity, life.value = life.quantity + part, life.value + part * price
        if part < order.quantity:
            self._work(evolve(order, quantity=order.quantity - part))
            return evolve(report, status=WORKING, filled_quantity=life.quantity, filled_value=life.value)
        return self._with_fills(report)

    def _worse(self, price: Decimal, order: AnOrder) -> Decimal:
        """The price so many ticks worse, never beyond the limit (an exit at its level has a limit beyond it)."""
        moved = self.profile.slip_ticks * order.instrument.tick
        if order.side == rc.BUY:
            return max(min(price + moved, order.limit), price)
        return min(max(price - moved, order.limit), price)

    def _with_fills(self, report: events.OrderReported) -> events.OrderReported:
        life = self._lives[report.order_id]
        return evolve(report, filled_quantity=life.quantity, filled_value=life.value)


def _report(order_id: str, status: str, life: _Life, at: datetime, note: str = "") -> events.OrderReported:
    error = REJECTED if status == REJECTED else ""
    return events.OrderReported(at, order_id, status, life.quantity, life.value, note=note, error=error)
