"""What a signal of each kind leads to: entries are looked at, exits leave, reversals do the one and then the other."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING
from typing import Final

from riskcore import events as e
from riskcore.engine.turn import Turn
from riskcore.engine.waiting import cancelled, repeated, taken_back
from riskcore.exits.leaving import failed_exit
from riskcore.money import HUNDRED, exact
from riskcore.orders import FOR_EXIT, FOR_REVERSAL, SIGNAL_EXIT, ApprovedEntry
from riskcore.policy import Policy
from riskcore.positions import Position
from riskcore.reasons import Finding
from riskcore.signals import CANCEL, EXIT, REVERSAL, Market, Signal
from riskcore.values import changed

DEFAULT_INTERVAL: Final = "5m"


def take_signal(turn: Turn, signal: Signal) -> None:
    """Note it, once, and do what its kind asks for."""
    first = repeated(turn, signal)
    if first:
        turn.note(e.SignalRepeated(turn.at, first))
        return
    turn.note(e.SignalTaken(turn.at, signal))
    if signal.shadow and signal.kind in (EXIT, CANCEL):
        turn.refuse(signal, Finding("shadow", False, "shadow_only", signal.symbol))
    elif signal.kind == EXIT:
        _exit(turn, signal)
    elif signal.kind == CANCEL:
        _cancel(turn, signal)
    elif signal.kind == REVERSAL and not signal.shadow and _against(turn, signal):
        _reverse(turn, signal)
    else:
        _look(turn, signal)


def enter_reversals(turn: Turn) -> None:
    """Ask for the evidence of reversals whose symbol is flat by now: nothing held, and nothing on its way."""
    for signal in turn.state.pending if turn.state.reversing else ():
        if signal.id in turn.state.reversing and is_flat(turn, signal.key):
            turn.note(e.ReversalDue(turn.at, signal.id))
            _look(turn, signal)


def leave_unwanted(turn: Turn) -> None:
    """What an entry filled though it was taken back for an exit: it leaves, as what was held then did.

    Nothing else would ask for it: the exit signal came before there was anything to leave.
    """
    if not turn.state.unwanted:
        return
    entries = [order.approved for order in turn.book.orders if order.id in turn.state.unwanted]
    unwanted = {entry.signal_id for entry in entries if isinstance(entry, ApprovedEntry)}
    for position in turn.book.positions:
        if position.id in unwanted and failed_exit(turn.book, position) is None:  # one that failed is the clock's
            turn.leave(position, SIGNAL_EXIT, position.last or position.average_price)


def is_flat(turn: Turn, key: str) -> bool:
    """Whether nothing is held of an instrument, and nothing is on its way in it."""
    return turn.book.position(key) is None and not turn.book.live_orders(key)


def waiting_for_evidence(turn: Turn, signal_id: str) -> Signal | None:
    """The pending signal of that id whose evidence was asked for; that of a reversal is not while its exit goes on."""
    if signal_id in turn.state.reversing:
        return None
    return next((signal for signal in turn.state.pending if signal.id == signal_id), None)


def as_quoted(seen: Market, at: datetime) -> Market:
    """What was seen of a market, as it is decided on at a moment; a quote without a time was made when it was seen."""
    return changed(seen, at=at, quote_at=seen.quote_at or seen.at)


def withheld(signal: Signal, policy: Policy) -> str:
    """Why the entry of a signal is decided on and not sent, or ""."""
    if signal.shadow:
        return "the signal only shadows"
    live = policy.live_symbols
    return "" if live is None or signal.symbol in live else f"{signal.symbol} is not among live_symbols"


def asked_interval(signal: Signal, policy: Policy) -> str:
    """The bars that the ATR of a signal is measured on."""
    return policy.atr_interval or signal.interval or DEFAULT_INTERVAL


def _look(turn: Turn, signal: Signal) -> None:
    turn.ask_equity()
    turn.ask(e.AskEvidence(signal, asked_interval(signal, turn.policy)))


def _exit(turn: Turn, signal: Signal) -> None:
    """All of the position leaves, or a part of it; with all of it goes whatever would enter the symbol."""
    key = signal.key
    position = turn.book.position(key)
    part = None if position is None or not signal.reduces else _part(position, signal)
    if not signal.reduces:
        taken_back(turn, key, signal)
        _take_back_entries(turn, key, FOR_EXIT)
    if position is None or position.side == signal.side:
        turn.refuse(signal, Finding("position", False, "exit_without_position", signal.symbol))
    elif turn.all_leaves(key) or (part is not None and turn.is_leaving(key)):
        turn.refuse(signal, Finding("position", False, "exit_working", signal.symbol))
    else:
        price = position.last or position.average_price
        turn.leave(position, SIGNAL_EXIT, price, signal_id=signal.id, part=part)


def _cancel(turn: Turn, signal: Signal) -> None:
    """Entries on the signal's side are taken back, those that work and those that wait; what is held stays."""
    working = [o for o in turn.book.live_orders(signal.key, entries=True) if o.approved.side == signal.side]
    if not cancelled(turn, signal) and not working:
        turn.refuse(signal, Finding("orders", False, "nothing_to_cancel", signal.symbol))
    for order in working:
        turn.cancel(order, "cancel signal")


def _reverse(turn: Turn, signal: Signal) -> None:
    """First the exit, which no rule blocks; the entry waits until the symbol is flat, and is decided then."""
    turn.note(e.ReversalBegun(turn.at, signal.id, signal.key))
    _take_back_entries(turn, signal.key, FOR_REVERSAL)
    position = turn.book.position(signal.key)
    if position is not None:
        turn.leave(position, SIGNAL_EXIT, position.last or position.average_price, signal_id=signal.id)


def _against(turn: Turn, signal: Signal) -> bool:
    """Whether something is held, or on its way to be, on the other side than the one a reversal asks for."""
    position = turn.book.position(signal.key)
    entries = turn.book.live_orders(signal.key, entries=True)
    held = position is not None and position.side != signal.side
    return held or any(order.approved.side != signal.side for order in entries)


def _take_back_entries(turn: Turn, key: str, why: str) -> None:
    for order in turn.book.live_orders(key, entries=True):
        turn.cancel(order, why)


@exact
def _part(position: Position, signal: Signal) -> int | None:
    """How many shares a reduction takes off, up to whole lots; None where that is all that is held."""
    lot = position.instrument.lot_size
    wanted = signal.reduce_by or 0
    if signal.reduce_pct is not None:
        share = position.quantity * signal.reduce_pct / HUNDRED
        wanted = int(share.to_integral_value(ROUND_CEILING))
    lots = -(-wanted // lot)
    return None if lots * lot >= position.quantity else lots * lot
