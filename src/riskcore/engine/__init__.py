"""`react` holds the rules, `evolve` applies facts, `step` is both. All pure, total and deterministic.

A signal becomes a request for evidence; the evidence becomes a decision, and an approval reserves its place
in the same transition. Prices become marks, and a touched level becomes an exit. What the gateway reports
becomes fills. Time never runs back: an earlier `at` is taken as the last one and noted.
"""

from __future__ import annotations

from attrs import frozen

from riskcore import events as e
from riskcore.broker_books import BrokerBooks
from riskcore.custody import TO_COMPARE
from riskcore.engine.blind import call_for_the_unseen
from riskcore.engine.breakers import watch_the_clock, watch_what_moved
from riskcore.engine.clock import new_day
from riskcore.engine.closed import Closed, closed, put_off, refusals_of, refuses
from riskcore.engine.emergency import drive
from riskcore.engine.inputs import HANDLERS, react_to
from riskcore.engine.limits import InUse, limits_in_use
from riskcore.engine.policies import in_force, scheduled
from riskcore.engine.protection import protect
from riskcore.engine.quiet import SPOKE, Quiet, Watched, quiet
from riskcore.engine.settling import Expiries
from riskcore.engine.taking import DEFAULT_INTERVAL, asked_interval, enter_reversals, leave_unwanted
from riskcore.engine.turn import Turn
from riskcore.engine.waiting import repeats
from riskcore.exits.leaving import can_trade
from riskcore.exits.resting import resting_quantity
from riskcore.expiries import settles_in_cash
from riskcore.money import exact
from riskcore.policy import Policy
from riskcore.reconcile import is_complete as tells_all, without_doubt
from riskcore.rules.exposure import MarginWanted, margins_wanted
from riskcore.rules.signal import entry_hours, overnight_until
from riskcore.sessions import hours_key, in_ist
from riskcore.signals import of_bar, taken_now
from riskcore.state import State, equity_asked, evolve, fold, taken
from riskcore.state_control import is_stopping
from riskcore.values import changed

__all__ = [
    "DEFAULT_INTERVAL",
    "SPOKE",
    "TO_COMPARE",
    "Closed",
    "Expiries",
    "InUse",
    "MarginWanted",
    "Quiet",
    "State",
    "Step",
    "Watched",
    "asked_interval",
    "can_trade",
    "closed",
    "entry_hours",
    "equity_asked",
    "evolve",
    "exact",
    "fold",
    "hours_key",
    "in_force",
    "is_complete",
    "is_stopping",
    "limits_in_use",
    "margins_wanted",
    "of_bar",
    "overnight_until",
    "put_off",
    "quiet",
    "react",
    "refusals_of",
    "refuses",
    "repeats",
    "resting_quantity",
    "resume",
    "settles_in_cash",
    "step",
    "taken",
    "taken_now",
    "undoubted",
]


@frozen
class Step:
    """What one input led to."""

    state: State
    facts: tuple[e.Fact, ...]
    commands: tuple[e.Command, ...]


@exact
def step(state: State, event: e.Input, policy: Policy) -> Step:
    """Take one input: the next state, the facts to journal and the commands to carry out, in order.

    `policy` is the one in force before the input, or the one that was loaded where a hand has changed it since;
    `in_force` tells the one after it.
    """
    claimed = in_ist(event.at, "at")
    at = claimed if state.now is None else max(claimed, state.now)
    before = changed(state, number=state.number + 1, now=at)
    turn = Turn(before, policy if state.control.policy is None else in_force(state, policy), at)
    if claimed < at:
        turn.note(e.ClockBackward(at, claimed))
    if new_day(turn):
        scheduled(turn)
    watch_the_clock(turn)
    HANDLERS.get(type(event), react_to)(event, turn)
    drive(event, turn)
    leave_unwanted(turn)
    protect(turn)
    enter_reversals(turn)
    watch_what_moved(turn, event)
    call_for_the_unseen(turn)
    return Step(turn.state, tuple(turn.facts), tuple(turn.commands))


def react(state: State, event: e.Input, policy: Policy) -> tuple[tuple[e.Fact, ...], tuple[e.Command, ...]]:
    """The facts and commands of one input, without the state they lead to."""
    made = step(state, event, policy)
    return made.facts, made.commands


def is_complete(books: BrokerBooks, state: State) -> bool:
    """Whether a read has every book that tells of an account: without holdings, where nothing is held for delivery."""
    return tells_all(state.book, books)


def undoubted(books: BrokerBooks, state: State) -> BrokerBooks:
    """The books as they are meant; orders and trades unread where a row that could not be read may be of ours."""
    return without_doubt(books, state.book, state.custody)


def resume(state: State, policy: Policy) -> tuple[e.Command, ...]:
    """What must be asked again after a restart: equity not yet known, evidence of signals still pending."""
    due = (signal for signal in state.pending if signal.id not in state.reversing)
    return *equity_asked(state), *(e.AskEvidence(signal, asked_interval(signal, policy)) for signal in due)
