"""How each fact about the operator's control changes the state: the part of `state.evolve` that concerns it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from riskcore import events as e
from riskcore.control import EMERGENCY_LATCH, FLAT, Emergency
from riskcore.custody import replaced
from riskcore.policy import policy_hash
from riskcore.state_custody import keeping

if TYPE_CHECKING:
    from riskcore.state import State


def _ordered(state: State, fact: e.EmergencyOrdered) -> State:
    """A stop of the whole account takes no difference as accepted."""
    pressed = Emergency(at=fact.at, by=fact.by, why=fact.why, whole_account=fact.whole_account, since=fact.at)
    after = attrs.evolve(state, control=state.control.pressed(pressed))
    return keeping(after, accepted=(), beside=()) if fact.whole_account else after


def _staged(state: State, fact: e.EmergencyStaged) -> State:
    known = state.control.emergency
    if known is None:
        return state
    moved = attrs.evolve(
        known,
        stage=fact.stage,
        since=fact.since,
        readings=fact.readings,
        read_at=fact.read_at,
        contrary=fact.contrary,
    )
    return attrs.evolve(state, control=state.control.pressed(moved))


def _foreign(state: State, fact: e.ForeignCancelRequested) -> State:
    known = state.control.emergency
    book = state.book.sending(fact.at)
    if known is None:
        return attrs.evolve(state, book=book)
    asked = replaced(known.asked, fact.broker_id, (fact.broker_id, fact.at))
    control = state.control.pressed(attrs.evolve(known, asked=asked))
    return attrs.evolve(state, control=control, book=book)


def _adjusted(state: State, fact: e.PolicyAdjusted) -> State:
    """What is changed by a hand comes into force (`PolicyChanged`) just before this tells that it was a hand."""
    digest, base = policy_hash(fact.policy), state.control.before or fact.base
    control = attrs.evolve(state.control, policy=fact.policy, digest=digest, base=base, next_policy=None)
    return attrs.evolve(state, control=control, policy_hash=digest)


def _scheduled(state: State, fact: e.PolicyScheduled) -> State:
    return attrs.evolve(state, control=attrs.evolve(state.control, next_policy=fact.policy))


def _unchanged(state: State, fact: Any) -> State:
    return state


def loaded(state: State, digest: str) -> State:
    """Another policy was loaded: what a hand had changed of the one before is gone."""
    known = state.control
    before = known.base or known.digest
    control = attrs.evolve(known, policy=None, next_policy=None, base="", digest=digest, before=before)
    return attrs.evolve(state, control=control)


def emergency_over(state: State, name: str) -> State:
    """The latch of the emergency stop was lifted: it is over."""
    if name != EMERGENCY_LATCH or state.control.emergency is None:
        return state
    return attrs.evolve(state, control=state.control.pressed(None))


def is_stopping(state: State) -> bool:
    """Whether an emergency stop is at work, so that books are to be read and time to be told often."""
    return state.control.emergency is not None and state.control.emergency.stage != FLAT


def takes_all(state: State) -> bool:
    """Whether an emergency stop of the whole account stands."""
    return state.control.emergency is not None and state.control.emergency.whole_account


CONTROL: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    e.ControlTaken: _unchanged,
    e.EmergencyOrdered: _ordered,
    e.EmergencyStaged: _staged,
    e.ForeignCancelRequested: _foreign,
    e.PolicyAdjusted: _adjusted,
    e.PolicyScheduled: _scheduled,
}
