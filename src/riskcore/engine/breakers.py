"""Breakers in a running day: what lifts is lifted first, then what is near is told, then what trips is latched.

Asked before and after each input: before, so that what the clock alone changed holds for the input itself; after it
only where it led to something that breakers can feel.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.book import Latch
from riskcore.breakers.approach import has_receded, in_use_pct, is_near, levels_beside
from riskcore.breakers.data import connection_stage, timers_of
from riskcore.breakers.measure import ACTION, CONNECTED, Measure, rule_of
from riskcore.breakers.table import is_on, measured as measured_now
from riskcore.engine.turn import RISKCORE, Turn
from riskcore.exits.leaving import can_trade, failed_exit
from riskcore.orders import CONNECTION_LOST, WORKING
from riskcore.policy.breakers import FLATTEN, NAMES
from riskcore.states import AFTER_S, CONDITION, NEXT_SESSION

UNFELT: Final = frozenset(
    (e.SignalTaken, e.SignalRepeated, e.EntryRefused, e.EntryWithheld, e.ExitApproved, e.PositionClosed)
)
"""Facts that move nothing which a breaker measures: no money, no position, no entry on its way, no error."""


def watch_what_moved(turn: Turn, event: e.Input) -> None:
    """As `watch_breakers`, where the input led to a fact that a breaker can feel, or something stands to be lifted.

    Prices that led to no fact are of what is not held; an order that the broker took is on its way as it was before.
    """
    if turn.book.latches or turn.book.excused:
        moved = bool(turn.facts) or not isinstance(event, e.PricesSeen)
    elif turn.facts:
        moved = bool([fact for fact in turn.facts if type(fact) not in UNFELT and not _was_taken(fact)])
    else:
        moved = not isinstance(event, e.PricesSeen)
    if moved:
        watch_breakers(turn)


def _was_taken(fact: e.Fact) -> bool:
    return isinstance(fact, e.OrderMoved) and fact.status == WORKING


def watch_the_clock(turn: Turn) -> None:
    """As `watch_breakers`, where time alone may have changed something since it was asked after the last input."""
    if turn.book.latches or turn.state.observed.lost_at is not None or turn.policy.stale_after_s is not None:
        watch_breakers(turn)


def watch_breakers(turn: Turn) -> None:
    """Lift, tell, trip; and leave what a lost connection must not leave open."""
    if turn.state.observed.stage != CONNECTED or turn.state.observed.lost_at is not None:
        _stage_connection(turn)
    measured = measured_now(turn.book, turn.state.observed, turn.policy, turn.at)
    if turn.book.latches and [latch for latch in turn.book.latches if _lift_if_due(turn, latch, measured)]:
        measured = measured_now(turn.book, turn.state.observed, turn.policy, turn.at)
    if turn.book.excused:
        _rearm(turn, measured)
    if turn.policy.approaching_pct is not None:
        _tell_what_is_near(turn, measured, turn.policy.approaching_pct)
    for measure in measured:
        if measure.measured >= measure.limit and measure.rule not in turn.book.excused:
            _trip(turn, measure)
    if turn.state.observed.stage == ACTION:
        _flatten(turn)


def connection_seen(event: e.ConnectionSeen, turn: Turn) -> None:
    """The connection was lost, or is there again."""
    observed = turn.state.observed
    if event.connected:
        if observed.lost_at is not None:
            turn.note(e.ConnectionStaged(turn.at, CONNECTED, event.mode, None))
    elif observed.lost_at is None or observed.mode != event.mode:
        known = observed.stage if observed.lost_at is not None else "lost"
        turn.note(e.ConnectionStaged(turn.at, known, event.mode, observed.lost_at or turn.at))


def breaker_measure(turn: Turn, name: str, key: str = "") -> Measure | None:
    """What one breaker measures now, where it is on and can."""
    measured = measured_now(turn.book, turn.state.observed, turn.policy, turn.at)
    return next((found for found in measured if (found.rule, found.key) == (name, key)), None)


def _trip(turn: Turn, measure: Measure) -> None:
    if turn.book.latch(measure.rule, measure.key) is not None:
        return
    rule = rule_of(turn.policy, measure.rule)
    until = None if rule.after_s is None else turn.at + timedelta(seconds=rule.after_s)
    turn.stop(Latch(rule.name, rule.state, turn.at, RISKCORE, measure.why, rule.resets, until, measure.key))


def _lift_if_due(turn: Turn, latch: Latch, measured: Sequence[Measure]) -> bool:
    why = _due(turn, latch, measured)
    if why:
        turn.note(e.Lifted(turn.at, latch.name, RISKCORE, why, latch.key))
    return bool(why)


def _due(turn: Turn, latch: Latch, measured: Sequence[Measure]) -> str:
    """Why a latch lifts by now, or "". One that nobody but an operator lifts never does."""
    if latch.resets == NEXT_SESSION:
        later = turn.book.session is not None and turn.book.session > latch.at.date()
        return "the next session" if later else ""
    if latch.resets == AFTER_S:
        return "its time has passed" if latch.until is not None and turn.at >= latch.until else ""
    if latch.resets != CONDITION or latch.name not in NAMES:
        return ""
    if not is_on(turn.policy, latch.name):
        return "the breaker is off"
    if latch.key and turn.book.position(latch.key) is None:
        return "no longer held"
    found = next((m for m in measured if (m.rule, m.key) == (latch.name, latch.key)), None)
    return "" if found is None or found.tripped else found.why


def _rearm(turn: Turn, measured: Sequence[Measure]) -> None:
    for name in turn.book.excused:
        found = [measure for measure in measured if measure.rule == name]
        if found and not any(measure.tripped for measure in found):
            turn.note(e.Rearmed(turn.at, name))


def _tell_what_is_near(turn: Turn, measured: Sequence[Measure], pct: Decimal) -> None:
    """Once a session and limit, and again only after it was well below."""
    for found in levels_beside(measured, turn.book, turn.state.observed, turn.policy, turn.at):
        if found.rule in turn.state.observed.near:
            if has_receded(found, pct):
                turn.note(e.Receded(turn.at, found.rule))
        elif is_near(found, pct):
            turn.note(e.Approaching(turn.at, found.rule, found.measured, found.limit, in_use_pct(found)))


def _stage_connection(turn: Turn) -> None:
    observed = turn.state.observed
    stage = connection_stage(observed, turn.policy, turn.at)
    if stage != observed.stage:
        turn.note(e.ConnectionStaged(turn.at, stage, observed.mode, observed.lost_at))


def _flatten(turn: Turn) -> None:
    observed = turn.state.observed
    timers = timers_of(observed, turn.policy)
    if timers is None or timers.action != FLATTEN:
        return
    for position in turn.book.positions:
        if can_trade(position, turn.at, turn.policy) and failed_exit(turn.book, position) is None:
            turn.leave(position, CONNECTION_LOST, position.last or position.average_price)
