"""The state of a running account, and `evolve`: how each fact changes it. No rule lives here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import attrs
from attrs import field, frozen

from riskcore import events as e
from riskcore.book import Book, Fill, Price
from riskcore.breakers.measure import Observations
from riskcore.custody import Custody, replaced
from riskcore.money import ZERO, exact
from riskcore.orders import ENDED, WORKING
from riskcore.policy.breakers import NAMES
from riskcore.sessions import in_ist
from riskcore.signals import ENTRY, Signal
from riskcore.state_custody import APPLY, forgetting, keeping
from riskcore.states import FORMER


@frozen
class HeldPolicy:
    """A looser policy that waits for another session: its hash, since which session, and whether it is confirmed."""

    policy_hash: str
    session: date | None
    confirmed: bool = False


@frozen
class State:
    """A running account: the book, and what only a running day needs.

    `number` counts inputs. `pending` are signals waiting for evidence, `seen` the ids of the session's signals,
    `cancelling` the orders whose cancel was asked for, `carried_equity` what the last session ended with, `observed`
    what breakers go by beside the book, `custody` what is known of the broker's side, `held_policy` one that waits.
    """

    book: Book = field(factory=Book)
    now: datetime | None = None
    number: int = 0
    pending: tuple[Signal, ...] = ()
    seen: frozenset[str] = frozenset()
    cancelling: frozenset[str] = frozenset()
    carried_equity: Decimal | None = None
    policy_hash: str = ""
    observed: Observations = field(factory=Observations)
    custody: Custody = field(factory=Custody)
    held_policy: HeldPolicy | None = None


@exact
def evolve(state: State, fact: e.Fact) -> State:
    """Apply one fact. No rule is asked: folding recorded facts gives the state back under any later version."""
    after = _APPLY[type(fact)](state, fact)
    return attrs.evolve(after, now=fact.at if after.now is None else max(after.now, fact.at))


def taken(state: State, at: datetime) -> State:
    """The state after an input was taken at a moment: counted, and time, in IST, does not run back behind it."""
    moment = in_ist(at, "at")
    return attrs.evolve(state, number=state.number + 1, now=moment if state.now is None else max(state.now, moment))


def fold(facts: Iterable[e.Fact], state: State | None = None) -> State:
    """The state after a run of facts, from nothing or from `state`."""
    current = state or State()
    for fact in facts:
        current = evolve(current, fact)
    return current


def _policy_changed(state: State, fact: e.PolicyChanged) -> State:
    return attrs.evolve(state, policy_hash=fact.policy_hash, held_policy=None)


def _policy_held(state: State, fact: e.PolicyHeld) -> State:
    return attrs.evolve(state, held_policy=HeldPolicy(fact.policy_hash, state.book.session))


def _policy_confirmed(state: State, fact: e.PolicyConfirmed) -> State:
    held = state.held_policy
    return state if held is None else attrs.evolve(state, held_policy=attrs.evolve(held, confirmed=True))


def _session_opened(state: State, fact: e.SessionOpened) -> State:
    """Yesterday's counters, ended orders and signals go, and what its prices left open; the rest stays.

    Positions, live orders and latches are carried, and so are exits that wait.
    """
    book, last = state.book, state.carried_equity
    opening = last if book.opening_equity is None else book.opening_equity
    carried = None if opening is None else opening + book.net_realised
    fresh = attrs.evolve(state, book=book.next_session(fact.session, last), carried_equity=carried, pending=())
    begun = attrs.evolve(fresh, seen=frozenset(), cancelling=frozenset())
    custody = begun.custody
    gone = (custody.rows, custody.told, custody.touches, custody.odd, custody.bare, custody.settled, custody.lost)
    if any(gone):
        begun = keeping(
            begun, rows=frozenset(), told=frozenset(), touches=(), odd=(), bare=(), settled=(), lost=frozenset()
        )
    return _observing(begun, near=())


def _equity_known(state: State, fact: e.EquityKnown) -> State:
    """More than the last session ended with was paid in; less may be a loss, so it lowers no peak."""
    last = state.carried_equity
    added = ZERO if last is None else max(fact.equity - last, ZERO)
    return attrs.evolve(state, book=state.book.opened(fact.equity, added))


def _signal_taken(state: State, fact: e.SignalTaken) -> State:
    waits = (fact.signal,) if fact.signal.kind == ENTRY else ()
    return attrs.evolve(state, pending=state.pending + waits, seen=state.seen | {fact.signal.id})


def _entry_refused(state: State, fact: e.EntryRefused) -> State:
    return _answered(state, fact.signal.id)


def _entry_approved(state: State, fact: e.EntryApproved) -> State:
    return attrs.evolve(_answered(state, fact.signal.id), book=state.book.after(fact.order))


def _exit_approved(state: State, fact: e.ExitApproved) -> State:
    """An exit that waited for this waits no more; a stop that comes to rest is not one."""
    after = attrs.evolve(state, book=state.book.after(fact.order))
    if fact.order.trigger is not None:
        return after
    key = fact.order.instrument.key
    custody = after.custody
    wanted = tuple(wish for wish in custody.wanted if wish.key != key)
    touches = tuple(touch for touch in custody.touches if touch.key != key)
    return keeping(after, wanted=wanted, touches=touches)


def _cancel_requested(state: State, fact: e.CancelRequested) -> State:
    asked = replaced(state.custody.asked, fact.order_id, (fact.order_id, fact.at))
    cancelling = state.cancelling | {fact.order_id}
    return keeping(attrs.evolve(state, cancelling=cancelling, book=state.book.sending(fact.at)), asked=asked)


def _order_moved(state: State, fact: e.OrderMoved) -> State:
    moved = attrs.evolve(state, book=state.book.moved(fact.order_id, fact.status))
    if fact.status == WORKING:
        return _observing(moved, errors=())
    return keeping(moved, asked=replaced(state.custody.asked, fact.order_id)) if fact.status in ENDED else moved


def _filled(state: State, fact: e.Filled) -> State:
    fill = Fill(fact.order_id, fact.quantity, fact.price, fact.traded_at, fact.charges or ZERO, fact.value)
    return forgetting(_observing(attrs.evolve(state, book=state.book.after(fill)), errors=()))


def _marked(state: State, fact: e.Marked) -> State:
    book = state.book.after(Price(fact.key, fact.last, fact.at, fact.high, fact.low, fact.close, fact.atr))
    held = {position.instrument.key for position in book.positions} - {fact.key}
    others = tuple((key, at) for key, at in state.observed.seen_at if key in held)
    marked = _observing(attrs.evolve(state, book=book), seen_at=(*others, (fact.key, fact.at)))
    return keeping(marked, odd=replaced(state.custody.odd, fact.key)) if state.custody.odd else marked


def _stop_moved(state: State, fact: e.StopMoved) -> State:
    """A stop never loosens, whatever a journal says: the book takes a tighter one alone."""
    return attrs.evolve(state, book=state.book.with_stop(fact.key, fact.after, fact.rule))


def _latched(state: State, fact: e.Latched) -> State:
    latch = fact.latch
    if latch.name in FORMER:
        latch = attrs.evolve(latch, name=FORMER[latch.name])
    return _with_book(state, latches=(*state.book.latches, latch))


def _lifted(state: State, fact: e.Lifted) -> State:
    """A breaker counts anew from its lift; one lifted at its limit is excused until it has measured below it."""
    book, name = state.book, FORMER.get(fact.name, fact.name)
    left = tuple(latch for latch in book.latches if (latch.name, latch.key) != (name, fact.key))
    if name not in NAMES:
        return _with_book(state, latches=left)
    counted = (*(row for row in book.counted_from if row[0] != name), (name, fact.at))
    excused = (*book.excused, name) if fact.excused and name not in book.excused else book.excused
    lifted = _with_book(state, latches=left, counted_from=counted, excused=excused)
    return _observing(lifted, errors=()) if name == "max_order_errors" else lifted


def _order_failed(state: State, fact: e.OrderFailed) -> State:
    counts = dict(state.observed.errors)
    counts[fact.error] = counts.get(fact.error, 0) + 1
    return _observing(state, errors=tuple(sorted(counts.items())))


def _drift_measured(state: State, fact: e.DriftMeasured) -> State:
    return _observing(state, drift_s=fact.drift_s)


def _connection_staged(state: State, fact: e.ConnectionStaged) -> State:
    return _observing(state, stage=fact.stage, mode=fact.mode, lost_at=fact.lost_at)


def _approaching(state: State, fact: e.Approaching) -> State:
    return _observing(state, near=(*state.observed.near, fact.rule))


def _receded(state: State, fact: e.Receded) -> State:
    return _observing(state, near=tuple(rule for rule in state.observed.near if rule != fact.rule))


def _rearmed(state: State, fact: e.Rearmed) -> State:
    return _with_book(state, excused=tuple(name for name in state.book.excused if name != fact.name))


def _unchanged(state: State, fact: Any) -> State:
    return state


def _answered(state: State, signal_id: str) -> State:
    return attrs.evolve(state, pending=tuple(s for s in state.pending if s.id != signal_id))


def _observing(state: State, **changes: Any) -> State:
    return attrs.evolve(state, observed=attrs.evolve(state.observed, **changes))


def _with_book(state: State, **changes: Any) -> State:
    book = state.book
    return attrs.evolve(state, book=attrs.evolve(book, version=book.version + 1, **changes))


_APPLY: Final[dict[type, Callable[[State, Any], State]]] = {
    e.PolicyChanged: _policy_changed,
    e.SessionOpened: _session_opened,
    e.EquityKnown: _equity_known,
    e.SignalTaken: _signal_taken,
    e.SignalRepeated: _unchanged,
    e.AlertDropped: _unchanged,
    e.EntryRefused: _entry_refused,
    e.EntryApproved: _entry_approved,
    e.ExitApproved: _exit_approved,
    e.CancelRequested: _cancel_requested,
    e.OrderMoved: _order_moved,
    e.StrayReport: _unchanged,
    e.Filled: _filled,
    e.PositionClosed: _unchanged,
    e.Marked: _marked,
    e.StopMoved: _stop_moved,
    e.StopKept: _unchanged,
    e.Latched: _latched,
    e.Lifted: _lifted,
    e.ClockBackward: _unchanged,
    e.ControlRefused: _unchanged,
    e.OrderFailed: _order_failed,
    e.DriftMeasured: _drift_measured,
    e.ConnectionStaged: _connection_staged,
    e.Approaching: _approaching,
    e.Receded: _receded,
    e.Rearmed: _rearmed,
    e.PolicyHeld: _policy_held,
    e.PolicyConfirmed: _policy_confirmed,
    e.Noticed: _unchanged,
    e.AlarmAcknowledged: _unchanged,
    **APPLY,
}
