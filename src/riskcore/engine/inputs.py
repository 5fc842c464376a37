"""What each input means: one handler a kind."""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch
from typing import Any, Final

from riskcore import events as e
from riskcore.decision import Approved, decision_of
from riskcore.engine import breakers, emergency, hands, operator, policies
from riskcore.engine.accepted import accept_differences
from riskcore.engine.books import books_read
from riskcore.engine.clock import on_time, pressed_on
from riskcore.engine.funds import funds_moved, funds_seen
from riskcore.engine.overnight import look_at_the_night
from riskcore.engine.protection import revision_reported
from riskcore.engine.reports import report
from riskcore.engine.settling import contract_expired
from riskcore.engine.taking import as_quoted, is_flat, take_signal, waiting_for_evidence, withheld
from riskcore.engine.trail import follow, mark, tighten
from riskcore.engine.turn import LOGIN, Turn
from riskcore.engine.untold import cancel_refused
from riskcore.engine.watch import ended_at, taking_off, watch
from riskcore.exits.confirming import believed
from riskcore.exits.leaving import before_the_open, can_leave
from riskcore.exits.levels import breach
from riskcore.orders import sliced_entry
from riskcore.policy.breakers import NAMES
from riskcore.positions import CARRIED, Position
from riskcore.reasons import Finding
from riskcore.signals import REVERSAL, seconds, sign
from riskcore.states import CONDITION
from riskcore.values import changed


@singledispatch
def react_to(event: Any, turn: Turn) -> None:
    """The facts and commands of one input."""
    raise TypeError(f"{type(event).__name__} is not an input of the engine")


@react_to.register
def _policy(event: e.PolicyLoaded, turn: Turn) -> None:
    policies.load(event, turn)


@react_to.register
def _confirmed(event: e.ConfirmPolicy, turn: Turn) -> None:
    policies.confirm(event, turn)


@react_to.register
def _notice(event: e.NoticeGiven, turn: Turn) -> None:
    turn.note(e.Noticed(turn.at, event.name, event.subject, event.why))


@react_to.register
def _acknowledged(event: e.AcknowledgeAlarm, turn: Turn) -> None:
    turn.note(e.AlarmAcknowledged(turn.at, event.by, event.why, event.name, event.subject))


@react_to.register
def _equity(event: e.EquityRead, turn: Turn) -> None:
    if turn.book.opening_equity is None and turn.is_begun_there:
        turn.note(e.EquityKnown(turn.at, event.equity, event.derived))


@react_to.register
def _signal(event: e.SignalArrived, turn: Turn) -> None:
    take_signal(turn, event.signal)


@react_to.register
def _alert(event: e.AlertRefused, turn: Turn) -> None:
    turn.note(e.AlertDropped(turn.at, event.source, event.reason))


@react_to.register
def _evidence(event: e.EvidenceArrived, turn: Turn) -> None:
    signal = waiting_for_evidence(turn, event.signal_id)
    instrument = event.market.instrument
    if signal is None or (signal.symbol, signal.exchange) != (instrument.symbol, instrument.exchange):
        turn.note(e.StrayReport(turn.at, event.signal_id, f"evidence of {instrument.key} nobody waits for"))
        return
    apart = turn.state.custody.held_without_us(instrument.key)
    if apart * sign(signal.side) < 0 and turn.book.position(instrument.key) is None:
        # The broker nets the two: what we would protect is not there, and our exit would turn the rest round.
        turn.refuse(signal, Finding("opposite", False, "held_against", apart, instrument.key))
        return
    capability = turn.state.custody.capability
    if signal.product == CARRIED and capability is not None and not (capability.takes_nrml and capability.carries):
        turn.refuse(signal, Finding("allowed_products", False, "not_carried", signal.product, capability.broker))
        return
    if _may_come_yet(turn, instrument.key):
        turn.refuse(signal, Finding("lost", False, "symbol_working", signal.symbol))
        return
    decision = decision_of(signal, turn.book, as_quoted(event.market, turn.at), turn.policy)
    why = withheld(signal, turn.policy)
    adds = signal.kind == REVERSAL and not signal.shadow and not is_flat(turn, signal.key)
    if isinstance(decision, Approved) and adds:
        turn.refuse(signal, Finding("position", False, "not_flat", signal.symbol))
    elif isinstance(decision, Approved) and why:
        told = decision.order, decision.size.bound_by, decision.findings
        turn.note(e.EntryWithheld(turn.at, signal, *told, why))
    elif isinstance(decision, Approved):
        for number, order in enumerate(sliced_entry(decision.order)):
            findings = () if number else decision.findings
            turn.note(e.EntryApproved(turn.at, signal, order, decision.size.bound_by, findings))
            turn.ask(e.PlaceEntry(order))
    else:
        turn.note(e.EntryRefused(turn.at, signal, decision.findings, decision.unmeasured, decision.until))


def _may_come_yet(turn: Turn, key: str) -> bool:
    """Whether an entry of the symbol was taken for lost so lately that the broker may yet carry it out.

    The two would be netted, or be one position of two products.
    """
    lost = (turn.book.order(order_id) for order_id in turn.state.custody.lost)
    entries = [one.approved for one in lost if one is not None and one.is_entry and one.approved.instrument.key == key]
    return any(turn.at - entry.at < seconds(turn.policy.unknown_match_s) for entry in entries)


@react_to.register
def _no_evidence(event: e.EvidenceFailed, turn: Turn) -> None:
    signal = waiting_for_evidence(turn, event.signal_id)
    if signal is not None:
        turn.refuse(signal, Finding("evidence", False, "instrument_unknown", event.why))


@react_to.register
def _prices(event: e.PricesSeen, turn: Turn) -> None:
    position = turn.book.position(event.key)
    if position is not None and not before_the_open(position.instrument, turn.at, turn.policy):
        odd = turn.state.custody.odd_price(event.key)
        span, doubted = _believed(turn, position, event)
        if span is not None:
            look_at_the_night(turn, position, span)
            # By what a feed still shows of a market that has shut nothing can leave: its next open decides.
            trades = span.ticks == 0 or can_leave(position, turn.at, turn.policy)
            # A mark moves no level.
            touched = breach(position, first=span.first, high=span.high, low=span.low) if trades else None
            found = taking_off(turn, position, touched)
            last = ended_at(turn, span, found)
            held = mark(turn, position, span if last is span.last else changed(span, last=last))
            watch(turn, held, span, found, odd)
            follow(turn, span)
        if doubted is not None:
            turn.note(e.PriceDoubted(turn.at, event.key, doubted))
    on_time(turn, alone=event.key if event.more else None, of_bars=event.ticks == 0)


def _believed(turn: Turn, position: Position, event: e.PricesSeen) -> tuple[e.PricesSeen | None, Decimal | None]:
    """The prices that move and take something, and the last one where it stands alone, far from all others.

    None of them where nothing is believed but what was before.
    """
    if event.ticks == 0:
        return event, None
    seen = believed(
        first=event.first,
        high=event.high,
        low=event.low,
        last=event.last,
        ticks=event.ticks,
        mark=position.last,
        odd=turn.state.custody.odd_price(event.key),
        spike_pct=turn.policy.spike_pct,
        tick=position.instrument.tick,
    )
    if seen.doubted is not None and seen.last == position.last:
        return None, seen.doubted
    return changed(event, first=seen.first, high=seen.high, low=seen.low, last=seen.last), seen.doubted


@react_to.register
def _bars(event: e.BarsShown, turn: Turn) -> None:
    """Kept beside the signals that were raised on them; the time of their end is time like any other."""
    on_time(turn, of_bars=True)


@react_to.register
def _tighten(event: e.TightenStop, turn: Turn) -> None:
    tighten(turn, event)


@react_to.register
def _expired(event: e.ContractExpired, turn: Turn) -> None:
    contract_expired(event, turn)


@react_to.register
def _report(event: e.OrderReported, turn: Turn) -> None:
    report(event, turn)
    pressed_on(turn, event.order_id)


@react_to.register
def _revision(event: e.RevisionReported, turn: Turn) -> None:
    revision_reported(event, turn)


@react_to.register
def _refused(event: e.CancelRefused, turn: Turn) -> None:
    cancel_refused(event, turn)


@react_to.register
def _broker(event: e.BrokerSeen, turn: Turn) -> None:
    if event.capability != turn.state.custody.capability:
        turn.note(e.BrokerKnown(turn.at, event.capability))


@react_to.register
def _books(event: e.BooksRead, turn: Turn) -> None:
    books_read(event, turn)


@react_to.register
def _accepted(event: e.DifferencesAccepted, turn: Turn) -> None:
    accept_differences(event, turn)


@react_to.register
def _funds(event: e.FundsSeen, turn: Turn) -> None:
    funds_seen(event, turn)


@react_to.register
def _moved(event: e.FundsMoved, turn: Turn) -> None:
    funds_moved(event, turn)


@react_to.register
def _time(event: e.TimePassed, turn: Turn) -> None:
    on_time(turn)


@react_to.register
def _trouble(event: e.TroubleSeen, turn: Turn) -> None:
    turn.latch(event.name, event.why, CONDITION, event.key)


@react_to.register
def _trouble_over(event: e.TroubleOver, turn: Turn) -> None:
    latch = turn.book.latch(event.name, event.key)
    if latch is not None and latch.resets == CONDITION and latch.name not in (*NAMES, LOGIN):
        turn.lift(event.name, "the trouble is over", event.key)


@react_to.register
def _halted(event: e.OperatorHalted, turn: Turn) -> None:
    operator.halt(event, turn)


@react_to.register
def _resumed(event: e.OperatorResumed, turn: Turn) -> None:
    operator.resume(event, turn)


@react_to.register
def _login(event: e.LoginSeen, turn: Turn) -> None:
    operator.login(event, turn)


@react_to.register
def _entered(event: e.OperatorEntered, turn: Turn) -> None:
    turn.note(e.ControlTaken(turn.at, "enter", event.signal.id, event.by, event.why))
    react_to(e.SignalArrived(turn.at, event.signal), turn)


@react_to.register
def _exited(event: e.OperatorExited, turn: Turn) -> None:
    hands.leave(event, turn)


@react_to.register
def _cancelled(event: e.OperatorCancelled, turn: Turn) -> None:
    hands.cancel(event, turn)


@react_to.register
def _tightened(event: e.OperatorTightened, turn: Turn) -> None:
    hands.tighten(event, turn)


@react_to.register
def _settled(event: e.OperatorSettled, turn: Turn) -> None:
    hands.settle(event, turn)


@react_to.register
def _set(event: e.OperatorSet, turn: Turn) -> None:
    policies.set_policy(event, turn)


@react_to.register
def _stopped(event: e.EmergencyStopped, turn: Turn) -> None:
    emergency.press(event, turn)


@react_to.register
def _seen_of_operator(event: e.OperatorSeen, turn: Turn) -> None:
    """On record as an input; nothing follows from it."""


@react_to.register
def _connection(event: e.ConnectionSeen, turn: Turn) -> None:
    breakers.connection_seen(event, turn)
    on_time(turn)


@react_to.register
def _clock(event: e.ClockSeen, turn: Turn) -> None:
    if event.drift_s != turn.state.observed.drift_s:
        turn.note(e.DriftMeasured(turn.at, event.drift_s))


HANDLERS: Final = react_to.registry
"""The handler of each kind of input, for who asks often: `react_to` looks along the classes of an event each time."""
