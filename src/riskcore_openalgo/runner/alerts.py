"""Between the intake and the runner: a reading becomes an input, and its durable fate the answer."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from riskcore import events
from riskcore_openalgo.web.alerts import UNAUTHORISED, BadAlert, ReadSignal, Receipt

if TYPE_CHECKING:
    from riskcore_openalgo.runner.runner import Runner
    from riskcore_openalgo.web.alerts import Reading

UNSAVED_MESSAGE = "the alert could not be written down; send it again"
UNSAVED = Receipt(503, {"status": "error", "reason": "journal_unavailable", "message": UNSAVED_MESSAGE})


class AlertDesk:
    """Hands readings to a runner: `desk.submit` is what the intake is given."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def submit(self, reading: Reading, source: str) -> Future[Receipt]:
        """Offer a reading, good or bad; the future holds the answer once the reading is in the journal."""
        at = self._runner.clock()
        if isinstance(reading, BadAlert):
            told = reading.detail or reading.message
            refused = events.AlertRefused(at, source, reading.reason, told, reading.safe_body, reading.receipt)
            return self._runner.ask(refused, lambda _, kept: _bad(reading) if kept else UNSAVED)
        arrived = events.SignalArrived(at, reading.signal)
        return self._runner.ask(arrived, lambda facts, kept: _good(reading, facts) if kept else UNSAVED)


def _good(reading: ReadSignal, facts: tuple[events.Fact, ...]) -> Receipt:
    for fact in facts:
        if isinstance(fact, events.SignalRepeated):
            return Receipt(200, {"status": "duplicate", "of": fact.signal_id, "receipt": reading.receipt_id})
    return Receipt(200, {"status": "accepted", "signal": reading.signal.id, "receipt": reading.receipt_id})


def _bad(reading: BadAlert) -> Receipt:
    """What is wrong; who is not authorised gets no receipt: every such answer is the same."""
    body = {"status": "error", "reason": reading.reason, "message": reading.message}
    known = reading.receipt and reading.reason != UNAUTHORISED
    return Receipt(reading.status, {**body, "receipt": reading.receipt} if known else body)
