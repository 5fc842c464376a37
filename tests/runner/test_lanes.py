"""What carrying a command out brings, whatever the gateway does: what cannot be known is said to be unknown."""

from datetime import timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore.orders import Revision
from riskcore_openalgo.runner.lanes import answers
from tests.core.by_hand import entry, leaving
from tests.core.engine_days import INFY

MICRO = timedelta(microseconds=1)


def sending(order):
    """The command to send it."""
    return events.PlaceEntry(order) if isinstance(order, rc.ApprovedEntry) else events.PlaceExit(order)


class Broken:
    """A gateway whose answers never come."""

    def _fail(self, *about):
        raise TimeoutError("no answer")

    place = cancel = revise = _fail


class Taking:
    """A gateway that takes every order, and says nothing of it."""

    def __init__(self):
        self.sent = []

    def place(self, order, at):
        self.sent.append(order)
        return ()


class Seen:
    """The market as it was at a moment."""

    def __init__(self, at):
        self._market = rc.Market(at=at, instrument=INFY, last=Decimal(1000), quote_at=at)

    def market(self, signal, interval, at):
        return self._market


@pytest.mark.parametrize("order", [entry(), leaving()], ids=["an entry", "an exit"])
def test_an_order_whose_answer_does_not_come_is_unknown_and_no_share_of_it_is_taken_for_filled(order):
    (told,) = answers(sending(order), Broken(), None, order.at)
    assert (told.order_id, told.status, told.error) == (order.order_id, "unknown", "")
    assert (told.filled_quantity, told.filled_value, told.broker_id) == (0, 0, "")
    assert told.note == "outcome unknown: no answer"


def test_nor_is_a_cancel_or_a_change_without_an_answer_taken_for_done():
    stop = leaving(trigger=980)
    (told,) = answers(events.CancelOrder(stop.order_id, "S1"), Broken(), None, stop.at)
    assert (told.status, told.filled_quantity) == ("unknown", 0)
    change = events.ReviseOrder(stop.order_id, Revision(50, stop.limit, stop.trigger), "S1")
    (told,) = answers(change, Broken(), None, stop.at)
    assert (told.order_id, told.outcome) == (stop.order_id, events.UNSURE)


def test_an_entry_goes_until_the_last_moment_of_its_approval_and_an_exit_whenever_it_comes():
    for order, late, goes in ((entry(), timedelta(0), True), (entry(), MICRO, False), (leaving(), timedelta(1), True)):
        gateway, at = Taking(), getattr(order, "valid_until", order.at) + late
        told = answers(sending(order), gateway, None, at)
        assert (gateway.sent, [report.note for report in told]) == (
            ([order], []) if goes else ([], ["not sent: the approval no longer holds"])
        )


def test_an_order_that_had_ended_before_its_turn_came_is_not_sent():
    order, gateway = leaving(), Taking()
    (told,) = answers(sending(order), gateway, None, order.at, ended=lambda order_id: order_id == "x")
    assert (gateway.sent, told.status, told.error) == ([], "rejected", "not_sent")


@pytest.mark.parametrize("seconds", [-2, 2])
def test_evidence_has_come_when_it_was_seen_and_not_before_it_was_asked_for(seconds):
    at = entry().at
    signal = rc.Signal("INFY", "BUY", at=at)
    seen = Seen(at + timedelta(seconds=seconds))
    (told,) = answers(events.AskEvidence(signal, "5m"), None, seen, at)
    assert told.at == at + timedelta(seconds=max(seconds, 0))
