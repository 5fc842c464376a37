"""The state of a running account, and `evolve`: how each fact changes it. No rule lives here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore import events as e
from riskcore.book import Book, Fill, Price
from riskcore.breakers.measure import Observations
from riskcore.control import Control
from riskcore.custody import SILENT, Custody, replaced
from riskcore.money import ZERO, exact
from riskcore.orders import ENDED, PRESSING, UNWANTED, WORKING
from riskcore.policy import policy_hash
from riskcore.policy.breakers import NAMES
from riskcore.policy.validator import LONGEST_WINDOW_S
from riskcore.sessions import in_ist
from riskcore.signals import ENTERING, Signal
from riskcore.state_control import CONTROL, emergency_over, loaded
from riskcore.state_custody import APPLY, forgetting, keeping, order_ended, prices_back, prices_silent
from riskcore.states import FORMER
from riskcore.values import changed, made

RECEIPTS_KEPT: Final = timedelta(seconds=LONGEST_WINDOW_S)
_OF_A_SESSION: Final[dict[str, Any]] = dict.fromkeys(
    ("seen", "cancelling", "pressed", "unwanted", "reversing"), frozenset()
)
_EMPTIED: Final = (
    *("touches", "odd", "bare", "settled", "moved", "seen_again", "alike", "first_seen", "refused", "ending"),
)
_SEEN_IN_A_SESSION: Final[dict[str, Any]] = {
    **dict.fromkeys(("rows", "told", "lost"), frozenset()),
    **dict.fromkeys(_EMPTIED, ()),
    "balance": None,
}
"""What of the custody goes with its session, and what it is without."""
_OF_LIVE_ORDERS: Final = ("asked", "absent", "doubted")
"""What of it stays of orders that live on."""


@frozen(slots=False)
class HeldPolicy:
    """A looser policy that waits for another session: its hash, since which session, and whether it is confirmed."""

    policy_hash: str
    session: date | None
    confirmed: bool = False


@frozen(slots=False)
class State:
    """A running account: the book, and what only a running day needs.

    `number` counts inputs. `pending` are signals waiting for evidence, `reversing` the ids of those among them that
    wait for what is held the other way to be gone first, `seen` the ids of the session's signals,
    `cancelling` the orders whose cancel was asked for, `pressed` those of them that are to be sent again further beyond
    the price, `unwanted` the entries among them whose fills leave at once, `carried_equity` what the last session ended
    with, `observed` what breakers go by beside the book, `custody` what is known of the broker's side, `control` what a
    hand has set, `held_policy` one from a file that waits. `receipts` are the texts that signals without a bar
    time came in, each as (receipt, when, signal id), those of the last `RECEIPTS_KEPT`.
    """

    book: Book = field(factory=Book)
    now: datetime | None = None
    number: int = 0
    pending: tuple[Signal, ...] = ()
    reversing: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    cancelling: frozenset[str] = frozenset()
    pressed: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    carried_equity: Decimal | None = None
    policy_hash: str = ""
    observed: Observations = field(factory=Observations)
    custody: Custody = field(factory=Custody)
    receipts: tuple[tuple[str, datetime, str], ...] = ()
    control: Control = field(factory=Control)
    held_policy: HeldPolicy | None = None


@exact
def evolve(state: State, fact: e.Fact) -> State:
    """Apply one fact. No rule is asked: folding recorded facts gives the state back under any later version."""
    return applied(state, fact)


def applied(state: State, fact: e.Fact) -> State:
    """`evolve`, for who stands under the library's context already."""
    after = _APPLY[type(fact)](state, fact)
    return after if after.now is not None and fact.at <= after.now else changed(after, now=fact.at)


def taken(state: State, at: datetime) -> State:
    """The state after an input was taken at a moment: counted, and time, in IST, does not run back behind it."""
    moment = in_ist(at, "at")
    return changed(state, number=state.number + 1, now=moment if state.now is None else max(state.now, moment))


def fold(facts: Iterable[e.Fact], state: State | None = None) -> State:
    """The state after a run of facts, from nothing or from `state`."""
    current = state or State()
    for fact in facts:
        current = evolve(current, fact)
    return current


def equity_asked(state: State) -> tuple[e.AskEquity, ...]:
    """The question for the session's opening equity, while it is not known; none before the first session."""
    book = state.book
    if book.session is None or book.opening_equity is not None:
        return ()
    return (e.AskEquity(book.session, state.carried_equity, book.overnight),)


def _policy_changed(state: State, fact: e.PolicyChanged) -> State:
    """A policy that was kept back is kept back no longer once it is in force."""
    held = state.held_policy
    kept = held if held is not None and held.policy_hash != fact.policy_hash else None
    return loaded(changed(state, policy_hash=fact.policy_hash, held_policy=kept), policy_hash(fact.policy))


def _policy_held(state: State, fact: e.PolicyHeld) -> State:
    """Since when it is kept back stays as it was where it comes again."""
    held = state.held_policy
    if held is not None and held.policy_hash == fact.policy_hash:
        return state
    return changed(state, held_policy=HeldPolicy(fact.policy_hash, state.book.session))


def _policy_confirmed(state: State, fact: e.PolicyConfirmed) -> State:
    held = state.held_policy
    return state if held is None else changed(state, held_policy=changed(held, confirmed=True))


def _session_opened(state: State, fact: e.SessionOpened) -> State:
    """Yesterday's counters, ended orders and signals go, and what its prices left open; the rest stays.

    Positions, live orders and latches are carried, and so are exits that wait.
    """
    book, last = state.book, state.carried_equity
    opening = last if book.opening_equity is None else book.opening_equity
    carried = None if opening is None else opening + book.net_realised
    begun = book.next_session(fact.session, last)
    return changed(
        state,
        book=begun,
        carried_equity=carried,
        observed=changed(state.observed, near=()),
        custody=_of_the_morning(state.custody, begun),
        pending=(),
        **_OF_A_SESSION,
    )


def _of_the_morning(custody: Custody, begun: Book) -> Custody:
    """What was seen in a session goes with it, and what was asked of orders that have ended."""
    asked = {name: rows for name in _OF_LIVE_ORDERS if (rows := getattr(custody, name))}
    if asked:
        live = {order.id for order in begun.live_orders()}
        asked = {name: tuple(row for row in rows if row[0] in live) for name, rows in asked.items()}
    return changed(custody, **_SEEN_IN_A_SESSION, **asked)


def _equity_known(state: State, fact: e.EquityKnown) -> State:
    """More than the last session ended with was paid in; less may be a loss, so it lowers no peak."""
    last = state.carried_equity
    added = ZERO if last is None else max(fact.equity - last, ZERO)
    return changed(state, book=state.book.opened(fact.equity, added))


def _signal_taken(state: State, fact: e.SignalTaken) -> State:
    signal = fact.signal
    waits = (signal,) if signal.kind in ENTERING else ()
    receipts = state.receipts
    if signal.receipt and signal.bar_at is None:
        kept = (row for row in receipts if row[0] != signal.receipt and fact.at - row[1] <= RECEIPTS_KEPT)
        receipts = (*kept, (signal.receipt, fact.at, signal.id))
    return changed(state, pending=state.pending + waits, seen=state.seen | {signal.id}, receipts=receipts)


def _entry_refused(state: State, fact: e.EntryRefused | e.EntryWithheld) -> State:
    return _answered(state, fact.signal.id)


def _entry_approved(state: State, fact: e.EntryApproved) -> State:
    return _answered(state, fact.signal.id, book=state.book.ordered(fact.order))


def _exit_approved(state: State, fact: e.ExitApproved) -> State:
    """An exit that waited for this waits no more; a stop that comes to rest is not one."""
    after = changed(state, book=state.book.ordered(fact.order))
    custody = after.custody
    if fact.order.trigger is not None or not (custody.wanted or custody.touches):
        return after
    key = fact.order.instrument.key
    wanted = tuple(wish for wish in custody.wanted if wish.key != key)
    touches = tuple(touch for touch in custody.touches if touch.key != key)
    return keeping(after, wanted=wanted, touches=touches)


def _cancel_requested(state: State, fact: e.CancelRequested) -> State:
    custody, one = state.custody, {fact.order_id}
    asked, ending = replaced(custody.asked, fact.order_id, (fact.order_id, fact.at)), custody.ending
    if custody.ending_since(fact.order_id) is None:
        ending = (*ending, (fact.order_id, fact.at))
    pressed = state.pressed | one if fact.why in PRESSING else state.pressed - one
    order = state.book.order(fact.order_id)
    is_unwanted = order is not None and order.is_entry and fact.why in UNWANTED
    unwanted = state.unwanted | one if is_unwanted else state.unwanted
    kept = {"cancelling": state.cancelling | one, "pressed": pressed, "unwanted": unwanted}
    return keeping(changed(state, book=state.book.sending(fact.at), **kept), asked=asked, ending=ending)


def _order_moved(state: State, fact: e.OrderMoved) -> State:
    moved = changed(state, book=state.book.moved(fact.order_id, fact.status, fact.error))
    if fact.status == WORKING:
        return _observing(moved, errors=()) if moved.observed.errors else moved
    return order_ended(moved, fact) if fact.status in ENDED else moved


def fill_of(fact: e.Filled) -> Fill:
    """The fill that a fact tells, as a book takes it."""
    return made(
        Fill,
        order_id=fact.order_id,
        quantity=fact.quantity,
        price=fact.price,
        at=fact.traded_at,
        charges=fact.charges or ZERO,
        value=fact.value,
    )


def _filled(state: State, fact: e.Filled) -> State:
    after = changed(state, book=state.book.filled(fill_of(fact)))
    return forgetting(_observing(after, errors=()) if after.observed.errors else after)


def _marked(state: State, fact: e.Marked) -> State:
    price = made(
        Price,
        key=fact.key,
        last=fact.last,
        at=fact.at,
        high=fact.high,
        low=fact.low,
        close=fact.close,
        atr=fact.atr,
    )
    book, seen = state.book.marked(price), state.observed.seen_at
    held = [position.instrument.key for position in book.positions if position.instrument.key != fact.key]
    others = [row for row in seen if row[0] in held] if held else ()
    observed = changed(state.observed, seen_at=(*others, (fact.key, fact.at)))
    now = fact.at if state.now is None or fact.at > state.now else state.now
    marked = changed(state, book=book, observed=observed, now=now)
    return keeping(marked, odd=replaced(state.custody.odd, fact.key)) if state.custody.odd else marked


def _stop_moved(state: State, fact: e.StopMoved) -> State:
    """A stop never loosens, whatever a journal says: the book takes a tighter one alone."""
    return changed(state, book=state.book.with_stop(fact.key, fact.after, fact.rule))


def _latched(state: State, fact: e.Latched) -> State:
    latch = fact.latch
    if latch.name in FORMER:
        latch = changed(latch, name=FORMER[latch.name])
    others = tuple(one for one in state.book.latches if (one.name, one.key) != (latch.name, latch.key))
    latched = _with_book(state, latches=(*others, latch))
    return prices_silent(latched, latch.key) if latch.name in SILENT else latched


def _lifted(state: State, fact: e.Lifted) -> State:
    """A breaker counts anew from its lift; one lifted at its limit is excused until it has measured below it."""
    book, name = state.book, FORMER.get(fact.name, fact.name)
    left = tuple(latch for latch in book.latches if (latch.name, latch.key) != (name, fact.key))
    if name in SILENT:
        state = prices_back(state, fact.key, fact.at)
    if name not in NAMES:
        return emergency_over(_with_book(state, latches=left), name)
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


def _reversal_begun(state: State, fact: e.ReversalBegun) -> State:
    return changed(state, reversing=state.reversing | {fact.signal_id})


def _reversal_due(state: State, fact: e.ReversalDue) -> State:
    return changed(state, reversing=state.reversing - {fact.signal_id})


def _answered(state: State, signal_id: str, **changes: Any) -> State:
    left = tuple([signal for signal in state.pending if signal.id != signal_id])
    return changed(state, pending=left, reversing=state.reversing - {signal_id}, **changes)


def _observing(state: State, **changes: Any) -> State:
    return changed(state, observed=changed(state.observed, **changes))


def _with_book(state: State, **changes: Any) -> State:
    book = state.book
    return changed(state, book=changed(book, version=book.version + 1, **changes))


_APPLY: Final[dict[type, Callable[[State, Any], State]]] = {
    e.PolicyChanged: _policy_changed,
    e.SessionOpened: _session_opened,
    e.EquityKnown: _equity_known,
    e.SignalTaken: _signal_taken,
    e.SignalRepeated: _unchanged,
    e.AlertDropped: _unchanged,
    e.EntryRefused: _entry_refused,
    e.EntryWithheld: _entry_refused,
    e.ReversalBegun: _reversal_begun,
    e.ReversalDue: _reversal_due,
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
    **CONTROL,
}
