"""What a hand may do: stop entries, lift a latch, say that a login is needed or good; who and why stands on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from riskcore import events as e
from riskcore.book import Book, Latch
from riskcore.breakers.loss import daily_loss_breaker, monthly_loss_measure, weekly_loss_measure
from riskcore.breakers.table import Ask
from riskcore.control import EMERGENCY_LATCH, INCOMPLETE, STOPPING
from riskcore.custody import BAD, GOOD, TO_COMPARE
from riskcore.engine.breakers import breaker_measure
from riskcore.engine.turn import LOGIN, Turn
from riskcore.orders import WORKING, ApprovedExit
from riskcore.states import (
    CONDITION,
    CONFIRM,
    FORMER,
    LOCKED,
    REARM,
    SEVERITY,
    UNLOCK,
    WAITING_FOR_LOGIN,
    allows,
    graver,
)
from riskcore.values import changed

BY_HAND = "operator_"
LOSSES: Final[Mapping[str, Ask]] = {
    "max_daily_loss": daily_loss_breaker,
    "max_weekly_loss": weekly_loss_measure,
    "max_monthly_loss": monthly_loss_measure,
}
"""The losses that time alone lifts."""


def halt(event: e.OperatorHalted, turn: Turn) -> None:
    """Stop entries by hand; what is stopped so already stays as it is."""
    turn.stop(Latch(f"{BY_HAND}{event.state}", event.state, turn.at, event.by, event.why))


def resume(event: e.OperatorResumed, turn: Turn) -> None:
    """Lift the latches of a name, the gravest first; without a name, the stops by hand."""
    name = FORMER.get(event.name, event.name)
    wanted = [latch for latch in turn.book.latches if (latch.name == name if name else latch.name.startswith(BY_HAND))]
    if not wanted:
        _refuse(turn, event, event.name, "loss_stands" if _loss_stands(name, turn) else "no_such_latch")
    for latch in sorted(wanted, key=lambda latch: -SEVERITY.index(latch.state)):
        reason = _refusal(latch, event, turn)
        if reason:
            _refuse(turn, event, latch.name, reason)
        else:
            excused = _at_limit(latch, turn)
            turn.note(e.Lifted(turn.at, latch.name, event.by, event.why, latch.key, excused))
            if latch.name == EMERGENCY_LATCH:
                # Whoever re-arms has seen it; the next one that is incomplete calls again.
                turn.calm(INCOMPLETE, EMERGENCY_LATCH)


def login(event: e.LoginSeen, turn: Turn) -> None:
    """A login that is needed stops everything; a good one and clean books lift that again.

    The latch bears the latest reason, and what rests at the broker while nothing can be sent there. Clean books are
    what the shell says it compared, or what the next reading of them shows (`engine.books`).
    """
    known, before = GOOD if event.good else BAD, turn.state.custody.login
    if before != known:
        turn.note(e.LoginChanged(turn.at, known))
    standing = turn.book.latch(LOGIN)
    if not event.good:
        why = event.why + _still_resting(turn.book)
        latch = Latch(LOGIN, WAITING_FOR_LOGIN, turn.at, event.by, why, CONDITION)
        if standing is not None and standing.why != why:
            turn.note(e.Latched(turn.at, latch))  # shut at the start; now the broker has said why
        turn.stop(latch)
    elif standing is not None:
        if event.reconciled:
            turn.note(e.Lifted(turn.at, LOGIN, event.by, event.why))
        else:
            if before == BAD:  # it is no login any more that entries wait for
                turn.note(e.Latched(turn.at, changed(standing, why=TO_COMPARE)))
            turn.note(e.ControlRefused(turn.at, LOGIN, LOGIN, event.by, event.why, "not_reconciled"))


def _still_resting(book: Book) -> str:
    """The stops that were last seen at the broker, for whoever has to look there himself; "" where there are none."""
    stops = [order for order in book.live_orders(entries=False) if order.rests and order.status == WORKING]
    each = (
        f"{stop.side} {order.open_quantity} {stop.instrument.key} at {stop.level}"
        for order in stops
        if isinstance(stop := order.approved, ApprovedExit)
    )
    return f"; at that time still resting at the broker: {', '.join(each)}" if stops else ""


def _refusal(latch: Latch, event: e.OperatorResumed, turn: Turn) -> str:
    """Why a latch may not be lifted by this hand, or ""."""
    if latch.state == WAITING_FOR_LOGIN:
        return "login_first"
    if latch.state == LOCKED and event.word != UNLOCK:
        return "locked"
    emergency = turn.state.control.emergency
    if latch.name == EMERGENCY_LATCH and emergency is not None and emergency.stage == STOPPING:
        return "stop_not_over"
    state = turn.book.state
    if graver(state, latch.state) and not allows(state, REARM):
        return "graver_stands"
    if latch.resets == CONDITION:
        return "condition_stands"
    if _loss_stands(latch.name, turn):
        return "loss_stands"
    return "still_at_limit" if event.word not in (CONFIRM, UNLOCK) and _at_limit(latch, turn) else ""


def _loss_stands(name: str, turn: Turn) -> bool:
    """Whether it is a loss at its limit: the rule of that name would refuse every entry all the same."""
    measure = LOSSES.get(name)
    found = None if measure is None else measure(turn.book, turn.state.observed, turn.policy, turn.at)
    return found is not None and found.tripped


def _at_limit(latch: Latch, turn: Turn) -> bool:
    found = breaker_measure(turn, latch.name, latch.key)
    return found is not None and found.tripped


def _refuse(turn: Turn, event: e.OperatorResumed, name: str, reason: str) -> None:
    turn.note(e.ControlRefused(turn.at, "resume", name, event.by, event.why, reason))
