"""What has to happen before anything can: for whoever wants to leave out bars that change nothing but marks.

`quiet` reads a state and a policy, and says which inputs may be left out. A bar of an instrument that is neither held
nor ordered is one, up to `until`; so is a bar of a held one that stays between `below` and `above`, while the day's
result stays between `floor` and `ceiling`. Every trail, timer and breaker that could act declares here what wakes it,
or that every bar does. Whatever is not known here to be quiet is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import is_
from typing import Any, Final, NamedTuple, TypeAlias

from riskcore import events as e
from riskcore.book import Book
from riskcore.breakers.drawdown import drawdown_peak
from riskcore.breakers.loss import began_with
from riskcore.breakers.table import is_on
from riskcore.engine.clock import PAST_CLOSE
from riskcore.exits.leaving import failed_exit, failed_part
from riskcore.exits.legs import open_legs
from riskcore.exits.timing import session_of, time_stop_at
from riskcore.exits.trailing import trailed_stop
from riskcore.expiries import leave_by
from riskcore.money import HUNDRED, ZERO, exact, percent_of
from riskcore.orders import WORKING, ApprovedExit, Order
from riskcore.policy import Policy
from riskcore.policy.breakers import NAMES
from riskcore.policy.trailing import AT_ENTRY, BAR, ON_ATR
from riskcore.positions import Position
from riskcore.signals import BUY, seconds
from riskcore.state import State
from riskcore.states import AFTER_S, CONDITION

SPOKE: Final = frozenset((e.Latched, e.Lifted, e.Rearmed, e.ConnectionStaged, e.PolicyChanged, e.SessionOpened))
"""Facts after which breakers are asked once more before anything is left out: what they changed, a breaker may feel.

That a limit is near, or not any more, changes nothing but what is told next, which `Quiet` has bounds for.
"""
NEAR_AGAIN: Final = Decimal("0.9")
Bounds: TypeAlias = tuple[Decimal | None, Decimal | None]


class Watched(NamedTuple):
    """A held instrument: a low at or under `below`, or a high at or over `above`, may do something.

    `each` is why every bar of it may, "" where none does for itself.
    """

    key: str
    below: Decimal | None
    above: Decimal | None
    each: str = ""


class Quiet(NamedTuple):
    """Until when, and between which prices and results of the day, inputs of prices change nothing but marks.

    `always` is why every bar of every instrument may, "" where none may. `ordered` are the instruments with orders on
    their way: their next bar may. `until` is the moment from which time itself acts (None: not within this session).
    `floor` and `ceiling` are the day's net result, open positions included, at or under and strictly over which a
    breaker may act or an alarm be due; None where none is. A new session date always acts.
    """

    always: str = ""
    until: datetime | None = None
    watched: tuple[Watched, ...] = ()
    ordered: tuple[str, ...] = ()
    floor: Decimal | None = None
    ceiling: Decimal | None = None


def quiet(state: State, policy: Policy) -> Quiet:
    """What wakes this state. It is to be asked after a step in which no breaker spoke."""
    book = state.book
    live = book.live_orders()
    restless = _restless(state, live, policy)
    if restless:
        return Quiet(always=restless)
    moments = [until for latch in book.latches if latch.resets == AFTER_S and (until := latch.until) is not None]
    if not book.positions and not live:
        return Quiet(until=min(moments)) if moments else NOTHING
    moments += [_order_acts(order, policy) for order in live]
    for position in book.positions:
        moments += timers(position, state.now or position.opened_at, policy)
    watched = tuple([_watched(position, state, policy) for position in book.positions])
    floor, ceiling = results_between(state, policy) if book.positions else (None, None)
    ordered = tuple(dict.fromkeys([order.approved.instrument.key for order in live])) if live else ()
    return Quiet("", min(moments, default=None), watched, ordered, floor, ceiling)


NOTHING: Final = Quiet()


def _restless(state: State, live: tuple[Order, ...], policy: Policy) -> str:
    """Why no bar may be left out at all, or ""."""
    book, custody, observed = state.book, state.custody, state.observed
    if book.opening_equity is None or state.pending:
        return "an answer is awaited"
    if custody.capability is not None or custody.wanted or custody.touches or custody.odd or custody.bare:
        return "custody"
    if custody.seen_again or [name for name, _ in custody.told if name == PAST_CLOSE]:
        return "an alarm waits for its end"
    if [order for order in live if order.status != WORKING]:
        return "an order is not settled"
    if state.control.emergency is not None:
        return "an emergency stop"
    if observed.lost_at is not None:
        return "the connection is lost"
    if not book.positions:
        return ""
    if book.excused or [latch for latch in book.latches if latch.resets == CONDITION and latch.name in NAMES]:
        return "a breaker waits for its condition"
    if policy.stale_after_s is not None:
        return "stale_after_s"
    exits = [order.approved for order in book.orders if isinstance(order.approved, ApprovedExit)]
    leaving = {left.position_id for left in exits}
    return "an exit failed" if [held for held in book.positions if held.id in leaving and _failed(book, held)] else ""


def _failed(book: Book, held: Position) -> bool:
    return failed_exit(book, held) is not None or failed_part(book, held) is not None


def _order_acts(order: Order, policy: Policy) -> datetime:
    """When time acts on a working order: an entry that waited too long, an exit that is pressed."""
    if order.is_entry:
        return order.approved.at + timedelta(seconds=policy.entry_timeout_s)
    return order.approved.at + seconds(policy.exit_step_s)


def timers(position: Position, now: datetime | None, policy: Policy) -> Iterator[datetime]:
    """When time acts on a position within the day of `now`: square-off, time stop, expiry, and the open before that."""
    if now is None:
        return
    day = now.date()
    session = session_of(position, day, policy)
    if session is not None:
        if now < session.opens:
            yield now
        if session.square_off is not None:
            overdue = position.opened_at is not None and position.opened_at.date() < session.day
            yield session.opens if overdue else session.square_off
        if position.instrument.expiry == day:
            yield session.closes
    if policy.expiry_exit_days is not None and position.instrument.expiry is not None:
        leaves = leave_by(position.instrument, policy.expiry_exit_days, tables=policy.tables)
        if leaves is not None and day >= leaves:
            yield now
    timed = time_stop_at(position, day, policy) if policy.stops_by_time else None
    if timed is not None:
        yield timed[0]


def _watched(position: Position, state: State, policy: Policy) -> Watched:
    """Between which prices the position's own levels stay as they are."""
    key, long = position.instrument.key, position.side == BUY
    each = _each(position, state, policy)
    best: Decimal | None = position.target
    if position.legs:
        left = open_legs(position)
        best = left[0].price if left else None
    if policy.moves_stops:
        new = position.trail.best
        best = new if best is None or new is None else (min(best, new) if long else max(best, new))
    below, above = (position.stop, best) if long else (best, position.stop)
    return Watched(key, below, above, each)


def _each(position: Position, state: State, policy: Policy) -> str:
    """Why every bar of a held instrument may do something, or ""."""
    seen, now = position.trail.seen_at, state.now
    if seen is None or now is None or seen.date() < now.date():
        return "the first price of a session"
    if state.book.leaving(position.instrument.key):
        return "an exit is on its way"
    if not policy.moves_stops:
        return ""
    if policy.trail_on == BAR:
        return "trail_on"
    if policy.trail in ON_ATR and policy.trail_atr != AT_ENTRY:
        return "trail_atr"
    return "" if trailed_stop(position, policy, now.date()) is None else "the stop moves"


_LATEST: Final[list[tuple[date | None, tuple[Any, ...], Bounds]]] = [(None, (object(),), (None, None))]
"""The bounds that were worked out last, behind what they follow from; whoever writes them meanwhile is as right."""


def results_between(state: State, policy: Policy) -> Bounds:
    """The result (`Book.came_to`) at or under which, and that over which, a breaker may act or something be told.

    Where no peak of equity moves them, they are worked out once a session, and again after a latch or what was told.
    """
    if policy.max_drawdown is not None or policy.max_give_back_pct is not None:
        return _bounds(state, policy)
    book, (day, known, bounds) = state.book, _LATEST[0]
    today = None if state.now is None else state.now.date()
    asked = policy, book.opening_equity, book.carried, book.days, book.latches, state.observed.near
    if day != today or not all(map(is_, known, asked)):
        bounds = _bounds(state, policy)
        _LATEST[0] = today, asked, bounds
    return bounds


@exact
def _bounds(state: State, policy: Policy) -> Bounds:
    book, opening, now = state.book, state.book.opening_equity, state.now
    assert opening is not None
    floors: list[Decimal] = []
    ceilings: list[Decimal] = []
    for name, top, limit, told in _limits(book, opening, now, policy):
        stands = book.latch(name) is not None
        if is_on(policy, name) and not stands:
            floors.append(top - limit)
        if told and policy.approaching_pct is not None:
            tell = limit * policy.approaching_pct / HUNDRED
            if name in state.observed.near:
                ceilings.append(top - tell * NEAR_AGAIN)
            else:
                floors.append(top - tell)
    if policy.max_drawdown is not None or policy.max_give_back_pct is not None:
        ceilings.append(ZERO if book.session_peak is None else book.session_peak - opening)
    return max(floors, default=None), min(ceilings, default=None)


def _limits(
    book: Book, opening: Decimal, now: datetime | None, policy: Policy
) -> Iterator[tuple[str, Decimal, Decimal, bool]]:
    """Each limit of what open positions move: its name, the result at which it measures 0, itself, whether it is told.

    All of them measure `top - result`, and 0 above it.
    """
    yield "max_daily_loss", book.carried, percent_of(opening, policy.max_daily_loss), True
    if now is None:
        return
    today = now.date()
    weeks = (("max_weekly_loss", policy.max_weekly_loss, today - timedelta(days=today.weekday())),)
    for name, pct, first in (*weeks, ("max_monthly_loss", policy.max_monthly_loss, today.replace(day=1))):
        if pct is not None:
            began, carried, net = began_with(book, first, today)
            yield name, carried - net, percent_of(began, pct), True
    peak = drawdown_peak(book, policy)
    if policy.max_drawdown is not None and peak is not None:
        yield "max_drawdown", peak - opening, percent_of(peak, policy.max_drawdown), True
    if policy.max_give_back_pct is not None and book.session_peak is not None:
        best = book.session_peak - opening - book.carried
        if best >= percent_of(opening, policy.give_back_after_pct):
            yield "max_give_back_pct", book.carried + best, percent_of(best, policy.max_give_back_pct), False
