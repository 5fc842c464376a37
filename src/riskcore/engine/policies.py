"""A policy comes in: at once, or, where it lets more happen while the day is in loss, not before the next session."""

from __future__ import annotations

from riskcore import events as e
from riskcore.engine.reports import CHARGES_TROUBLE
from riskcore.engine.turn import Turn
from riskcore.money import ZERO
from riskcore.policy import Policy, policy_hash
from riskcore.policy.changes import loosened
from riskcore.state import State


def load(event: e.PolicyLoaded, turn: Turn) -> None:
    """Take another policy into force, or keep it back.

    `turn.policy` is the one in force; where it is not (a journal's very first, a caller that keeps none), there is
    nothing to compare, and the policy is taken.
    """
    digest = policy_hash(event.policy)
    if digest == turn.state.policy_hash:
        turn.policy = event.policy
        return
    names = loosened(turn.policy, event.policy) if policy_hash(turn.policy) == turn.state.policy_hash else ()
    if names and _waits(turn, digest):
        held = turn.state.held_policy
        if held is None or held.policy_hash != digest:
            turn.note(e.PolicyHeld(turn.at, digest, names))
        return
    turn.policy = event.policy
    turn.note(e.PolicyChanged(turn.at, event.policy, digest))
    turn.lift(CHARGES_TROUBLE, "another policy")


def confirm(event: e.ConfirmPolicy, turn: Turn) -> None:
    """Somebody confirms the policy that is kept back: it comes into force when it is loaded in a later session."""
    held = turn.state.held_policy
    if held is None or not held.policy_hash.startswith(event.policy_hash):
        turn.note(e.ControlRefused(turn.at, "confirm", event.policy_hash, event.by, event.why, "no_such_policy"))
    elif not held.confirmed:
        turn.note(e.PolicyConfirmed(turn.at, event.by, event.why, held.policy_hash))


def in_force(state: State, event: e.Input, before: Policy) -> Policy:
    """The policy in force after an input was taken, which led to `state`."""
    if isinstance(event, e.PolicyLoaded) and policy_hash(event.policy) == state.policy_hash:
        return event.policy
    return before


def _waits(turn: Turn, digest: str) -> bool:
    """Whether a looser policy must wait: in loss it does, and once kept back until confirmed and another session."""
    held, book = turn.state.held_policy, turn.book
    if held is not None and held.policy_hash == digest:
        later = book.session is not None and held.session is not None and book.session > held.session
        return not (held.confirmed and later)
    return book.net_realised + book.unrealised < ZERO
