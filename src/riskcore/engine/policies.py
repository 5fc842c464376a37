"""The policy in force, and the two ways in which another one comes: a file that is loaded, and settings by a hand.

What tightens holds at once. What lets more happen while the day is in loss needs a confirmation and the next session:
a file is kept back until somebody confirms it and it is loaded in a later session; settings by a hand come with the
word of confirmation, and are scheduled. What a hand has set holds until a file that says something else is taken.
"""

from __future__ import annotations

from functools import lru_cache

import attrs

from riskcore import events as e
from riskcore.book import Book
from riskcore.engine.reports import CHARGES_TROUBLE
from riskcore.engine.turn import Turn
from riskcore.money import ZERO, exact
from riskcore.policy import Policy, policy_hash
from riskcore.policy.changes import Change, loosened, policy_changes
from riskcore.state import State
from riskcore.states import CONFIRM


def in_force(state: State, policy: Policy, event: e.Input | None = None) -> Policy:
    """The policy that rules in `state`: what a hand made, or the one that was loaded.

    `policy` is the one in force before `event`, the input that led to `state`; where that one loaded a policy, and it
    was taken, it is the one that was loaded now. Under what a hand made, the code of a user's own rules is that of the
    loaded one.
    """
    given = policy
    if isinstance(event, e.PolicyLoaded) and policy_hash(event.policy) in (state.control.digest, state.control.base):
        given = event.policy
    by_hand = state.control.policy
    return given if by_hand is None else _with_code(by_hand, given)


@lru_cache(maxsize=16)
def _with_code(by_hand: Policy, given: Policy) -> Policy:
    names = [[(rule.name, rule.parameters, rule.source) for rule in policy.rules] for policy in (by_hand, given)]
    return attrs.evolve(by_hand, rules=given.rules) if names[0] == names[1] and by_hand.rules else by_hand


@exact
def in_loss(book: Book) -> bool:
    """Whether the day's result, open positions included, is below nought."""
    return book.result < ZERO


# ---------------------------------------------------------------- a file that is loaded


def load(event: e.PolicyLoaded, turn: Turn) -> None:
    """Take another policy into force, or keep it back.

    The file that is in force already, also under what a hand has set since, changes nothing. `turn.policy` is the one
    in force; where it is not (a journal's very first, a caller that keeps none), there is nothing to compare, and the
    policy is taken.
    """
    digest, state = policy_hash(event.policy), turn.state
    if digest == state.control.base or (digest == state.control.digest and state.control.policy is None):
        turn.policy = in_force(state, turn.policy, event)
        return
    names = loosened(turn.policy, event.policy) if policy_hash(turn.policy) == state.control.digest else ()
    if names and _waits(turn, digest):
        held = state.held_policy
        if held is None or held.policy_hash != digest or not held.confirmed:
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


def _waits(turn: Turn, digest: str) -> bool:
    """Whether a looser policy must wait: in loss it does, and once kept back until confirmed and another session."""
    held, book = turn.state.held_policy, turn.book
    if held is not None and held.policy_hash == digest:
        later = book.session is not None and held.session is not None and book.session > held.session
        return not (held.confirmed and later)
    return in_loss(book)


# ---------------------------------------------------------------- settings by a hand


def set_policy(event: e.OperatorSet, turn: Turn) -> None:
    """Other settings, at once; what lets more pass while the day is in loss needs the word, and the next session.

    What is scheduled already stays so, with these settings in it.
    """
    found = policy_changes(turn.policy, event.policy)
    later = any(change.looser for change in found) and in_loss(turn.book)
    waiting = turn.state.control.next_policy
    after = event.policy if waiting is None else _beside(waiting, event.policy, found)
    reason = ""
    if event.base != policy_hash(turn.policy):
        reason = "policy_moved_on"
    elif not found:
        reason = "nothing_changes"
    elif later and event.word != CONFIRM:
        reason = "loosening_unconfirmed"
    elif after is None:
        reason = "contradicts_scheduled"
    if reason or after is None:
        names = ", ".join(change.key for change in found)
        turn.note(e.ControlRefused(turn.at, "set", names, event.by, event.why, reason))
    elif later:
        turn.note(e.PolicyScheduled(turn.at, event.by, event.why, _told(found), after))
    else:
        _put_in_force(turn, event.by, event.why, found, event.policy)
        if waiting is not None:
            left = _told(policy_changes(event.policy, after))
            turn.note(e.PolicyScheduled(turn.at, event.by, "it waits for the next session as before", left, after))


def _beside(waiting: Policy, wanted: Policy, found: tuple[Change, ...]) -> Policy | None:
    """The policy that waits for the next session, with other settings in it; None where they contradict it."""
    try:
        return attrs.evolve(waiting, **{change.key: getattr(wanted, change.key) for change in found})
    except ValueError:
        return None


def scheduled(turn: Turn) -> None:
    """What was scheduled for the next session comes into force: asked when one has opened."""
    waiting = turn.state.control.next_policy
    if waiting is not None:
        found = policy_changes(turn.policy, waiting)
        _put_in_force(turn, "riskcore", "scheduled for this session", found, waiting)


def _put_in_force(turn: Turn, by: str, why: str, found: tuple[Change, ...], policy: Policy) -> None:
    base = turn.state.control.base or turn.state.control.digest
    turn.note(e.PolicyChanged(turn.at, policy, policy_hash(policy)))
    turn.note(e.PolicyAdjusted(turn.at, by, why, _told(found), policy, base))
    turn.policy = in_force(turn.state, turn.policy)


def _told(found: tuple[Change, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((change.key, change.before, change.after) for change in found)
