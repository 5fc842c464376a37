"""What each input means: one handler a kind."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Final

from attrs import evolve as evolve_value

from riskcore import events as e
from riskcore.decision import Approved, decide
from riskcore.engine import breakers, operator, policies
from riskcore.engine.books import accept_differences, books_read, funds_seen, revision_reported
from riskcore.engine.clock import on_time
from riskcore.engine.overnight import look_at_the_night
from riskcore.engine.reports import report
from riskcore.engine.trail import follow, mark, tighten
from riskcore.engine.turn import Turn
from riskcore.engine.waiting import taken_back
from riskcore.engine.watch import watch
from riskcore.exits.confirming import believed
from riskcore.exits.leaving import before_the_open
from riskcore.orders import SIGNAL_EXIT, sliced_entry
from riskcore.policy import Policy
from riskcore.policy.breakers import NAMES
from riskcore.positions import Position
from riskcore.reasons import Finding
from riskcore.signals import EXIT, Signal
from riskcore.states import CONDITION

DEFAULT_INTERVAL: Final = "5m"


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
    if turn.book.opening_equity is None:
        turn.note(e.EquityKnown(turn.at, event.equity, event.derived))


@react_to.register
def _signal(event: e.SignalArrived, turn: Turn) -> None:
    signal = event.signal
    if signal.id in turn.state.seen or turn.book.order(signal.id) is not None:
        turn.note(e.SignalRepeated(turn.at, signal.id))
        return
    turn.note(e.SignalTaken(turn.at, signal))
    if signal.kind == EXIT:
        _exit_signal(turn, signal)
    else:
        if turn.book.session is not None and turn.book.opening_equity is None:
            turn.ask(e.AskEquity(turn.book.session, turn.state.carried_equity))
        turn.ask(e.AskEvidence(signal, asked_interval(signal, turn.policy)))


def _exit_signal(turn: Turn, signal: Signal) -> None:
    key = f"{signal.exchange}:{signal.symbol}"
    position = turn.book.position(key)
    taken_back(turn, key, signal)
    for order in turn.book.live_orders(key, entries=True):
        turn.cancel(order, "exit signal")
    if position is None or position.side == signal.side:
        turn.refuse(signal, Finding("position", False, "exit_without_position", signal.symbol))
    elif not all(order.takes_part for order in turn.book.leaving(key)):
        turn.refuse(signal, Finding("position", False, "exit_working", signal.symbol))
    else:
        turn.leave(position, SIGNAL_EXIT, position.last or position.average_price, signal_id=signal.id)


@react_to.register
def _alert(event: e.AlertRefused, turn: Turn) -> None:
    turn.note(e.AlertDropped(turn.at, event.source, event.reason))


@react_to.register
def _evidence(event: e.EvidenceArrived, turn: Turn) -> None:
    signal = next((s for s in turn.state.pending if s.id == event.signal_id), None)
    instrument = event.market.instrument
    if signal is None or (signal.symbol, signal.exchange) != (instrument.symbol, instrument.exchange):
        turn.note(e.StrayReport(turn.at, event.signal_id, f"evidence of {instrument.key} nobody waits for"))
        return
    seen = event.market
    market = evolve_value(seen, at=turn.at, quote_at=seen.quote_at or seen.at)
    decision = decide(signal, turn.book, market, turn.policy)
    if isinstance(decision, Approved):
        for number, order in enumerate(sliced_entry(decision.order)):
            findings = () if number else decision.findings
            turn.note(e.EntryApproved(turn.at, signal, order, decision.size.bound_by, findings))
            turn.ask(e.PlaceEntry(order))
    else:
        turn.note(e.EntryRefused(turn.at, signal, decision.findings, decision.unmeasured))


@react_to.register
def _no_evidence(event: e.EvidenceFailed, turn: Turn) -> None:
    signal = next((s for s in turn.state.pending if s.id == event.signal_id), None)
    if signal is not None:
        turn.refuse(signal, Finding("evidence", False, "instrument_unknown", event.why))


@react_to.register
def _prices(event: e.PricesSeen, turn: Turn) -> None:
    position = turn.book.position(event.key)
    if position is not None and not before_the_open(position.instrument, turn.at, turn.policy):
        odd = turn.state.custody.odd_price(event.key)
        span = _believed(turn, position, event)
        if span is not None:
            look_at_the_night(turn, position, span)
            held = mark(turn, position, span)
            watch(turn, held, span, odd)
            follow(turn, span)
    on_time(turn)


def _believed(turn: Turn, position: Position, event: e.PricesSeen) -> e.PricesSeen | None:
    """The prices that move and take something; None where the last one stands alone, far from all others."""
    if event.ticks == 0:
        return event
    seen = believed(
        first=event.first,
        high=event.high,
        low=event.low,
        last=event.last,
        ticks=event.ticks,
        mark=position.last,
        odd=turn.state.custody.odd_price(event.key),
        spike_pct=turn.policy.spike_pct,
    )
    if seen.doubted is not None:
        turn.note(e.PriceDoubted(turn.at, event.key, seen.doubted))
        return None
    return evolve_value(event, first=seen.first, high=seen.high, low=seen.low, last=seen.last)


@react_to.register
def _tighten(event: e.TightenStop, turn: Turn) -> None:
    tighten(turn, event)


@react_to.register
def _report(event: e.OrderReported, turn: Turn) -> None:
    report(event, turn)


@react_to.register
def _revision(event: e.RevisionReported, turn: Turn) -> None:
    revision_reported(event, turn)


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
def _time(event: e.TimePassed, turn: Turn) -> None:
    on_time(turn)


@react_to.register
def _trouble(event: e.TroubleSeen, turn: Turn) -> None:
    turn.latch(event.name, event.why, CONDITION, event.key)


@react_to.register
def _trouble_over(event: e.TroubleOver, turn: Turn) -> None:
    latch = turn.book.latch(event.name, event.key)
    if latch is not None and latch.resets == CONDITION and latch.name not in (*NAMES, operator.LOGIN):
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
def _connection(event: e.ConnectionSeen, turn: Turn) -> None:
    breakers.connection_seen(event, turn)
    on_time(turn)


@react_to.register
def _clock(event: e.ClockSeen, turn: Turn) -> None:
    if event.drift_s != turn.state.observed.drift_s:
        turn.note(e.DriftMeasured(turn.at, event.drift_s))


def asked_interval(signal: Signal, policy: Policy) -> str:
    """The bars that the ATR of a signal is measured on."""
    return policy.atr_interval or signal.interval or DEFAULT_INTERVAL
