"""The end of a live day: entries stop and are taken back, stops stay where they rest, and what is open is told.

With `flatten` every position leaves first. Nothing here takes for granted that it worked: the code of the end says how
things stand by the book.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.runner.live import STOPPING

FLAT: Final = 0
HOLDING: Final = 3
UNSETTLED: Final = 4
"""How a runner ends: nothing is open; positions are held, each covered by stops at the broker; or something is not
known, not covered, or still on its way."""
ENDS: Final = {FLAT: "nothing is open", HOLDING: "positions are held, and their stops rest at the broker"}
PAPER_WORDS: Final = "positions are held on paper; none of them is at a broker"
UNSETTLED_WORDS: Final = "something is not known or not covered: look at the broker's own page"
WITHIN_S: Final = 15.0
STEP_S: Final = 0.05
OPERATOR: Final = "operator"
PAPER: Final = "paper"


class Turning(Protocol):
    """A runner that can be turned: `Live`."""

    @property
    def state(self) -> engine.State:
        """The engine's state by now."""

    def turn(self) -> int:
        """One pass."""


def wind_down(
    live: Turning,
    offer: Callable[[events.Input], None],
    clock: Callable[[], datetime],
    *,
    flatten: bool,
    within_s: float = WITHIN_S,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> int:
    """Stop entries, take back those that work, leave everything if asked to, and wait for that at most `within_s`.

    Returns the code of the end.
    """
    offer(events.TroubleSeen(clock(), STOPPING, "the runner is stopping"))
    live.turn()
    asked: set[str] = set()
    ends = monotonic() + within_s
    while True:
        if flatten:
            for signal in exits(live.state.book, clock(), asked):
                offer(events.SignalArrived(signal.at, signal))
        live.turn()
        if settled(live.state, flatten=flatten) or monotonic() >= ends:
            return code(live.state)
        sleep(STEP_S)


def exits(book: rc.Book, at: datetime, asked: set[str]) -> list[rc.Signal]:
    """A wish to leave each position, once."""
    found = []
    for position in book.positions:
        instrument = position.instrument
        if position.id not in asked:
            asked.add(position.id)
            side, name = rc.SELL if position.side == rc.BUY else rc.BUY, instrument.symbol
            found.append(
                rc.Signal(name, side, at=at, kind=rc.EXIT, exchange=instrument.exchange, product=position.product,
                          source=OPERATOR, note="the runner is stopping: flatten")
            )  # fmt: skip
    return found


def settled(state: engine.State, *, flatten: bool) -> bool:
    """Whether nothing is left to wait for: no order on its way, and what stays is covered."""
    if any(not order.rests for order in state.book.live_orders()):
        return False
    positions = state.book.positions
    return not positions or (not flatten and all(covered(state, position) for position in positions))


def code(state: engine.State) -> int:
    """How things stand: `FLAT`, `HOLDING` or `UNSETTLED`."""
    book = state.book
    if any(not order.rests for order in book.live_orders()) or state.custody.wanted:
        return UNSETTLED
    if not book.positions:
        return FLAT
    return HOLDING if all(covered(state, position) for position in book.positions) else UNSETTLED


def ending(state: engine.State, unread: str) -> tuple[int, str]:
    """The code of an end, and its words; stops that nobody could look at lately (`unread`) are not known to rest."""
    found = code(state)
    if found == HOLDING and on_paper(state):
        return found, PAPER_WORDS
    if found == HOLDING and unread:
        return UNSETTLED, f"{unread}: whether the stops rest is not known; {UNSETTLED_WORDS}"
    return found, ENDS.get(found, UNSETTLED_WORDS)


def covered(state: engine.State, position: rc.Position) -> bool:
    """Whether a stop rests at the broker for all of a position. On paper nobody loses anything meanwhile."""
    return on_paper(state) or rests_for(state.book, position)


def on_paper(state: engine.State) -> bool:
    """Whether nothing of it is at a broker: orders are withheld (`paper`, `shadow`)."""
    capability = state.custody.capability
    return capability is not None and capability.broker == PAPER


def rests_for(book: rc.Book, position: rc.Position) -> bool:
    """Whether stops work at the broker for all of a position."""
    return engine.resting_quantity(book, position.instrument.key) >= position.quantity


def what_is_open(state: engine.State) -> list[str]:
    """One line for each position and order that may still fill, for whoever stops a runner."""
    book, lines = state.book, []
    for position in book.positions:
        stop = "no stop" if position.stop is None else f"stop {position.stop}"
        rests = "rests at the broker" if covered(state, position) else "NOT AT THE BROKER"
        rests = "on paper" if on_paper(state) else rests
        what = f"{position.side} {position.quantity} {position.instrument.key} at {position.average_price:.2f}"
        lines.append(f"open: {what}, {stop}, {rests}")
    for order in book.live_orders():
        approved, name = order.approved, order.broker_id or "no name at the broker"
        what = f"{approved.side} {approved.quantity} {approved.instrument.key} to {approved.limit}"
        kind = "entry" if order.is_entry else ("stop" if order.rests else "exit")
        lines.append(f"order: {kind} {what}: {order.status} ({name})")
    return lines
