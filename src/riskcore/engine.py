"""`react` holds the rules, `evolve` applies facts, `step` is both. All pure, total and deterministic.

A signal becomes a request for evidence; the evidence becomes a decision, and an approval reserves its place
in the same transition. Prices become marks, and a touched level becomes an exit. What the gateway reports
becomes fills. Time never runs back: an earlier `at` is taken as the last one and noted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import singledispatch
from typing import Any, Final

from attrs import evolve as evolve_value
from attrs import frozen

from riskcore import events as e
from riskcore.book import HALTED, Book, Latch, Position
from riskcore.costs import ChargesUnknown, charge_for_more
from riskcore.decision import Approved, decide
from riskcore.exits.leaving import can_trade, closed_trade, failed_exit, square_off_due
from riskcore.exits.levels import breach, exit_order
from riskcore.money import exact
from riskcore.orders import LIFE, SIGNAL_EXIT, SQUARE_OFF, ApprovedExit, Order
from riskcore.policy import Policy, policy_hash
from riskcore.reasons import Finding
from riskcore.sessions import in_ist
from riskcore.signals import EXIT, SELL, Signal
from riskcore.state import State, evolve, fold, taken

DEFAULT_INTERVAL: Final = "5m"
BOOK_DIFFERS: Final = "book_differs"
CHARGES_TROUBLE: Final = "charges_unknown"
EXIT_RETRY: Final = timedelta(seconds=1)

__all__ = ["State", "Step", "evolve", "fold", "react", "resume", "step", "taken"]


@frozen
class Step:
    """What one input led to."""

    state: State
    facts: tuple[e.Fact, ...]
    commands: tuple[e.Command, ...]


class _Reaction:
    """The facts and commands of one input as they come up, over a state that already has the facts applied."""

    def __init__(self, state: State, policy: Policy, at: datetime) -> None:
        self.state, self.policy, self.at = state, policy, at
        self.facts: list[e.Fact] = []
        self.commands: list[e.Command] = []

    @property
    def book(self) -> Book:
        return self.state.book

    def note(self, fact: e.Fact) -> None:
        self.facts.append(fact)
        self.state = evolve(self.state, fact)

    def ask(self, command: e.Command) -> None:
        self.commands.append(command)


@exact
def step(state: State, event: e.Input, policy: Policy) -> Step:
    """Take one input: the next state, the facts to journal and the commands to carry out, in order."""
    claimed = in_ist(event.at, "at")
    at = claimed if state.now is None else max(claimed, state.now)
    turn = _Reaction(taken(state, at), policy, at)
    if claimed < at:
        turn.note(e.ClockBackward(at, claimed))
    _new_day(turn)
    _react(event, turn)
    return Step(turn.state, tuple(turn.facts), tuple(turn.commands))


def react(state: State, event: e.Input, policy: Policy) -> tuple[tuple[e.Fact, ...], tuple[e.Command, ...]]:
    """The facts and commands of one input, without the state they lead to."""
    made = step(state, event, policy)
    return made.facts, made.commands


def resume(state: State, policy: Policy) -> tuple[e.Command, ...]:
    """What must be asked again after a restart: equity not yet known, evidence of signals still pending."""
    book = state.book
    equity: tuple[e.Command, ...] = ()
    if book.session is not None and book.opening_equity is None:
        equity = (e.AskEquity(book.session, state.carried_equity),)
    return equity + tuple(e.AskEvidence(signal, _interval(signal, policy)) for signal in state.pending)


# ---------------------------------------------------------------- react


def _new_day(turn: _Reaction) -> None:
    """Counters belong to the session date: the first input of a new one starts it."""
    day = turn.at.date()
    if turn.book.session is None or day > turn.book.session:
        turn.note(e.SessionOpened(turn.at, day))
        turn.ask(e.AskEquity(day, turn.state.carried_equity))


@singledispatch
def _react(event: Any, turn: _Reaction) -> None:
    raise TypeError(f"{type(event).__name__} is not an input of the engine")


@_react.register
def _policy(event: e.PolicyLoaded, turn: _Reaction) -> None:
    digest = policy_hash(event.policy)
    if digest != turn.state.policy_hash:
        turn.note(e.PolicyChanged(turn.at, event.policy, digest))
        _lift(turn, CHARGES_TROUBLE)


@_react.register
def _equity(event: e.EquityRead, turn: _Reaction) -> None:
    if turn.book.opening_equity is None:
        turn.note(e.EquityKnown(turn.at, event.equity, event.derived))


@_react.register
def _signal(event: e.SignalArrived, turn: _Reaction) -> None:
    signal = event.signal
    if signal.id in turn.state.seen or turn.book.order(signal.id) is not None:
        turn.note(e.SignalRepeated(turn.at, signal.id))
        return
    turn.note(e.SignalTaken(turn.at, signal))
    if signal.kind == EXIT:
        _exit_signal(turn, signal)
    else:
        turn.ask(e.AskEvidence(signal, _interval(signal, turn.policy)))


def _exit_signal(turn: _Reaction, signal: Signal) -> None:
    key = f"{signal.exchange}:{signal.symbol}"
    position = turn.book.position(key)
    for order in turn.book.live_orders(key, entries=True):
        _cancel(turn, order, "exit signal")
    if position is None or position.side == signal.side:
        _refuse(turn, signal, Finding("position", False, "exit_without_position", signal.symbol))
    elif turn.book.live_orders(key, entries=False):
        _refuse(turn, signal, Finding("position", False, "exit_working", signal.symbol))
    else:
        _leave(turn, position, SIGNAL_EXIT, position.last or position.average_price, signal_id=signal.id)


@_react.register
def _alert(event: e.AlertRefused, turn: _Reaction) -> None:
    turn.note(e.AlertDropped(turn.at, event.source, event.reason))


@_react.register
def _evidence(event: e.EvidenceArrived, turn: _Reaction) -> None:
    signal = next((s for s in turn.state.pending if s.id == event.signal_id), None)
    instrument = event.market.instrument
    if signal is None or (signal.symbol, signal.exchange) != (instrument.symbol, instrument.exchange):
        turn.note(e.StrayReport(turn.at, event.signal_id, f"evidence of {instrument.key} nobody waits for"))
        return
    seen = event.market
    market = evolve_value(seen, at=turn.at, quote_at=seen.quote_at or seen.at)
    decision = decide(signal, turn.book, market, turn.policy)
    if isinstance(decision, Approved):
        turn.note(e.EntryApproved(turn.at, signal, decision.order, decision.size.bound_by, decision.findings))
        turn.ask(e.PlaceEntry(decision.order))
    else:
        turn.note(e.EntryRefused(turn.at, signal, decision.findings, decision.unmeasured))


@_react.register
def _prices(event: e.PricesSeen, turn: _Reaction) -> None:
    position = turn.book.position(event.key)
    if position is not None:
        turn.note(e.Marked(turn.at, event.key, event.last))
        position = turn.book.position(event.key)
    if position is not None:
        _watch(turn, position, event)
    _on_time(turn)


def _watch(turn: _Reaction, position: Position, prices: e.PricesSeen) -> None:
    """Leave when a level was touched; give up an exit whose limit the market has run away from."""
    exits = turn.book.live_orders(prices.key, entries=False)
    failed = failed_exit(turn.book, position)
    if not exits and (failed is None or turn.at - failed.at >= EXIT_RETRY):
        touched = breach(position, first=prices.first, high=prices.high, low=prices.low)
        if touched is not None:
            _leave(turn, position, touched.reason, touched.reference, touched.level)
    for order in exits:
        limit = order.approved.limit
        out_of_reach = prices.high < limit if order.approved.side == SELL else prices.low > limit
        if out_of_reach and prices.since > order.approved.at:
            _cancel(turn, order, "the price has run away from the exit limit")


@_react.register
def _report(event: e.OrderReported, turn: _Reaction) -> None:
    order = turn.book.order(event.order_id)
    problem = _contradiction(order, event, turn.book)
    if order is None or problem:
        turn.note(e.StrayReport(turn.at, event.order_id, problem))
        if order is not None and event.filled_quantity > order.filled_quantity:
            _latch(turn, BOOK_DIFFERS, f"order {order.id}: {problem}")
        return
    if event.filled_quantity > order.filled_quantity:
        _fill(turn, order, event)
    known = turn.book.order(event.order_id)
    if known is None:
        return
    moved = known.advance(event.status, known.filled_quantity, known.filled_value)
    if moved.status != known.status:
        turn.note(e.OrderMoved(turn.at, order.id, moved.status, event.note))


def _contradiction(order: Order | None, event: e.OrderReported, book: Book) -> str:
    """Why a report cannot be of the order it names, or ""."""
    if order is None:
        return "no such order in this session"
    if event.status not in LIFE:
        return f"{event.status!r} is not a status"
    if event.filled_quantity > order.approved.quantity:
        return f"{event.filled_quantity} filled of {order.approved.quantity} ordered"
    more = event.filled_quantity - order.filled_quantity
    if more > 0 and event.filled_value <= order.filled_value:
        return "more was filled for no more money"
    position = book.position(order.approved.instrument.key)
    if more <= 0:
        return ""
    against = position is not None and position.side != order.approved.side
    if order.is_entry:
        return "an entry filled against an open position" if against else ""
    fits = against and position is not None and position.quantity >= more
    return "" if fits else "an exit filled more than is held"


def _fill(turn: _Reaction, order: Order, event: e.OrderReported) -> None:
    approved = order.approved
    quantity = event.filled_quantity - order.filled_quantity
    held = turn.book.position(approved.instrument.key)
    filled = e.Filled(
        turn.at,
        order.id,
        approved.instrument.key,
        approved.side,
        quantity,
        (event.filled_value - order.filled_value) / quantity,
        _charges(turn, order, event),
        in_ist(event.traded_at or turn.at, "traded_at"),
        event.filled_value - order.filled_value,
    )
    turn.note(filled)
    if filled.charges is None:
        _latch(
            turn,
            CHARGES_TROUBLE,
            f"no schedule of charges for {approved.instrument.key} {approved.product}",
        )
    if isinstance(approved, ApprovedExit) and held is not None and held.quantity == quantity:
        turn.note(closed_trade(turn.at, held, approved, filled))
    if isinstance(approved, ApprovedExit):
        _cut_down(turn, approved.instrument.key)


def _cut_down(turn: _Reaction, key: str) -> None:
    """A late fill of an earlier exit may leave less than a live exit would sell: that is cancelled, and repeated."""
    held = turn.book.position(key)
    for order in turn.book.live_orders(key, entries=False):
        if held is None or order.open_quantity > held.quantity:
            _cancel(turn, order, "more than is held")


def _charges(turn: _Reaction, order: Order, event: e.OrderReported) -> Decimal | None:
    approved = order.approved
    try:
        return charge_for_more(
            approved.instrument,
            approved.product,
            approved.side,
            value_before=order.filled_value,
            value_after=event.filled_value,
            on=turn.at.date(),
            policy=turn.policy,
        )
    except ChargesUnknown:
        return None


@_react.register
def _time(event: e.TimePassed, turn: _Reaction) -> None:
    _on_time(turn)


@_react.register
def _trouble(event: e.TroubleSeen, turn: _Reaction) -> None:
    _latch(turn, event.name, event.why)


@_react.register
def _trouble_over(event: e.TroubleOver, turn: _Reaction) -> None:
    _lift(turn, event.name)


def _on_time(turn: _Reaction) -> None:
    """What only the clock brings: stale wishes, entries that waited too long, the square-off, exits to repeat."""
    for signal in turn.state.pending:
        age = turn.at - signal.at
        if age > timedelta(seconds=turn.policy.signal_max_age_s):
            limit = turn.policy.signal_max_age_s
            _refuse(
                turn,
                signal,
                Finding("signal_max_age_s", False, "signal_stale", int(age.total_seconds()), limit),
            )
    for order in turn.book.live_orders(entries=True):
        if turn.at - order.approved.at >= timedelta(seconds=turn.policy.entry_timeout_s):
            _cancel(turn, order, "entry_timeout_s")
    for position in turn.book.positions:
        _leave_in_time(turn, position)


def _leave_in_time(turn: _Reaction, position: Position) -> None:
    key = position.instrument.key
    if turn.book.live_orders(key, entries=False):
        return
    price = position.last or position.average_price
    failed = failed_exit(turn.book, position)
    if failed is not None:
        if turn.at - failed.at >= EXIT_RETRY and can_trade(position, turn.at):
            _leave(turn, position, failed.reason, price)
    elif square_off_due(position, turn.at, turn.policy):
        _leave(turn, position, SQUARE_OFF, price)


def _leave(
    turn: _Reaction,
    position: Position,
    reason: str,
    reference: Decimal,
    level: Decimal | None = None,
    signal_id: str = "",
) -> None:
    """Take the position off; what still works to enter it is cancelled first. Never two live exits."""
    key = position.instrument.key
    if turn.book.live_orders(key, entries=False):
        return
    for order in turn.book.live_orders(key, entries=True):
        _cancel(turn, order, "the position is leaving")
    earlier = sum(1 for o in turn.book.orders if not o.is_entry and o.approved.instrument.key == key)
    order_id = f"{position.id}:exit:{turn.at:%Y%m%d}.{earlier + 1}"
    approved = exit_order(
        position,
        order_id=order_id,
        reason=reason,
        reference=reference,
        level=level,
        policy=turn.policy,
        at=turn.at,
    )
    turn.note(e.ExitApproved(turn.at, approved, signal_id))
    turn.ask(e.PlaceExit(approved))


def _cancel(turn: _Reaction, order: Order, why: str) -> None:
    if order.id not in turn.state.cancelling:
        turn.note(e.CancelRequested(turn.at, order.id, why))
        turn.ask(e.CancelOrder(order.id))


def _refuse(turn: _Reaction, signal: Signal, finding: Finding) -> None:
    turn.note(e.EntryRefused(turn.at, signal, (finding,), ()))


def _latch(turn: _Reaction, name: str, why: str) -> None:
    if all(latch.name != name for latch in turn.book.latches):
        turn.note(e.Latched(turn.at, Latch(name, HALTED, turn.at, "riskcore", why)))


def _lift(turn: _Reaction, name: str) -> None:
    if any(latch.name == name for latch in turn.book.latches):
        turn.note(e.Lifted(turn.at, name, "riskcore"))


def _interval(signal: Signal, policy: Policy) -> str:
    return policy.atr_interval or signal.interval or DEFAULT_INTERVAL
