"""Between the intake and the runner: a reading becomes an input, and its durable fate the answer."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING

from riskcore import events
from riskcore_openalgo.web.alerts import UNAUTHORISED, BadAlert, Receipt

if TYPE_CHECKING:
    from riskcore_openalgo.runner.runner import Runner
    from riskcore_openalgo.web.alerts import Reading

UNSAVED_MESSAGE = "the alert could not be written down; send it again"
UNSAVED = Receipt(503, {"status": "error", "reason": "journal_unavailable", "message": UNSAVED_MESSAGE})


class AlertDesk:
    """Hands readings to a runner of this process: `desk.submit` is what the intake is given."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def submit(self, reading: Reading, source: str) -> Future[Receipt]:
        """Offer a reading, good or bad; the future holds the answer once the reading is in the journal."""

        def answer(facts: tuple[events.Fact, ...], kept: bool) -> Receipt:  # noqa: FBT001 - as the runner says it
            return answer_to(reading, _repeated(facts)) if kept else UNSAVED

        return self._runner.ask(input_of(reading, source, self._runner.clock()), answer)


def input_of(reading: Reading, source: str, at: datetime) -> events.SignalArrived | events.AlertRefused:
    """What the journal is to have of a reading that came at a moment."""
    if isinstance(reading, BadAlert):
        told = reading.detail or reading.message
        return events.AlertRefused(at, source, reading.reason, told, reading.safe_body, reading.receipt)
    return events.SignalArrived(at, reading.signal)


def answer_to(reading: Reading, first: str = "") -> Receipt:
    """The answer to a reading that is durable; `first` is the signal that it says again.

    Who is not authorised gets no receipt: every such answer is the same.
    """
    if isinstance(reading, BadAlert):
        body = {"status": "error", "reason": reading.reason, "message": reading.message}
        known = reading.receipt and reading.reason != UNAUTHORISED
        return Receipt(reading.status, {**body, "receipt": reading.receipt} if known else body)
    if first:
        return Receipt(200, {"status": "duplicate", "of": first, "receipt": reading.receipt_id})
    note = {"note": reading.signal.note} if reading.signal.note else {}
    return Receipt(200, {"status": "accepted", "signal": reading.signal.id, "receipt": reading.receipt_id, **note})


def _repeated(facts: tuple[events.Fact, ...]) -> str:
    """The signal that was said again, as the engine found it."""
    return next((fact.signal_id for fact in facts if isinstance(fact, events.SignalRepeated)), "")
