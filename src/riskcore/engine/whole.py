"""A trade that nothing else touches, from its signal to its exit, taken at once: for whoever leaves out bars.

`step` takes six inputs for such a trade and makes some ten facts, with a state after each. Where nothing else can act
meanwhile, all of that is known when the exit is: the state it leads to, and the facts, which are made when somebody
reads them. The decision is that of `decide`, and every price, charge and result is worked out by what the steps use.
Whatever is not known here to be plain is None, and goes by steps; a law (BAR-8) holds the two to each other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from heapq import merge
from operator import attrgetter
from typing import Final, NamedTuple

from riskcore import events as e
from riskcore.book import KEPT_OUTCOMES, Book
from riskcore.breakers.approach import is_near
from riskcore.breakers.measure import Measure
from riskcore.costs import ChargesUnknown, charge_for_more
from riskcore.decision import Approved, Decision, Refused, decision_of
from riskcore.engine.quiet import NOTHING, Quiet, timers
from riskcore.engine.taking import as_quoted, withheld
from riskcore.engine.turn import exit_id
from riskcore.exchange_limits import cut
from riskcore.exits.leaving import closed_trade
from riskcore.exits.levels import breach, exit_order
from riskcore.intrabar import in_doubt
from riskcore.money import ZERO, exact
from riskcore.orders import FILLED, STOP_HIT, WORKING, ApprovedEntry, ApprovedExit, Order
from riskcore.outcomes import higher
from riskcore.policy import Policy
from riskcore.positions import Position, new_position, outcome_of, result_at
from riskcore.reasons import Finding
from riskcore.signals import BUY, ENTRY, Market, Signal
from riskcore.state import State, fill_of, fold
from riskcore.values import Later, changed, made, of_the_same

INPUTS: Final = 6
"""The signal, its evidence, the order taken and filled, the prices at the exit, and its fill."""
CHANGES: Final = 5
"""How often the book changes but for marks: two orders, one of them taken, two fills."""
TRADES: Final = "max_trades_per_day"
BEGINNING: Final = 4
"""Of the inputs: those up to the fill of the entry."""


@of_the_same
def is_plain(policy: Policy) -> bool:
    """Whether a policy lets a trade alone: nothing moves its stop or ends it by time, and no breaker counts trades."""
    if policy.moves_stops or policy.stops_by_time or policy.target_legs or policy.correlates:
        return False
    counted = (policy.stale_after_s, policy.max_open_risk, policy.max_loss_streak, policy.max_loss_streak_r)
    if any(limit is not None for limit in counted):
        return False
    told = policy.approaching_pct
    return told is None or not is_near(Measure("max_positions", 1, policy.max_positions), told)


def is_alone(quiet: Quiet, state: State, policy: Policy) -> bool:
    """Whether a trade that begins now has the account to itself; `quiet` is that of the state."""
    book, observed, custody = state.book, state.observed, state.custody
    if quiet is not NOTHING or not is_plain(policy) or state.control.policy is not None:
        return False
    disturbed = book.latches or book.excused or observed.errors or custody.told or custody.beside or custody.lost
    return not disturbed and "max_positions" not in observed.near


@exact
def decided(state: State, signal: Signal, market: Market, policy: Policy) -> Approved | Refused | None:
    """What `decide` says of a signal that is new and asks for an entry, by what was seen at `market.at`.

    None where it is no such signal, or its entry would not be sent.
    """
    if signal.kind != ENTRY or signal.receipt or signal.id in state.seen or withheld(signal, policy):
        return None
    if state.book.order(signal.id) is not None:
        return None
    return _decision(state, signal, market, policy)


@exact
def decision_on(state: State, signal: Signal, market: Market, policy: Policy) -> Decision:
    """What `decide` says of a signal in a state, by what was seen at `market.at`, whatever else is known of it."""
    return _decision(state, signal, market, policy)


def _decision(state: State, signal: Signal, market: Market, policy: Policy) -> Decision:
    return decision_of(signal, state.book, as_quoted(market, market.at), policy)


@exact
def refused(state: State, answer: Refused, at: datetime) -> tuple[State, tuple[e.Fact, ...]]:
    """The state after a signal that was decided on and refused, and the facts."""
    told = answer.findings, answer.unmeasured, answer.until
    facts = e.SignalTaken(at, answer.signal), e.EntryRefused(at, answer.signal, *told)
    after = fold(facts, state)
    return changed(after, number=after.number + 2), facts


class Entered(NamedTuple):
    """An entry that trades whole at the first price of the next bar, and what is held from then on.

    `before` is the state it was decided on, by what was seen of the `market`; `until` the moment from which time acts
    on what is held (None: not this session), `floor` and `ceiling` the day's results at or under, and over which
    something may act.
    """

    before: State
    signal: Signal
    market: Market
    order: ApprovedEntry
    bound_by: str
    position: Position
    fill: e.Filled
    until: datetime | None
    floor: Decimal | None
    ceiling: Decimal | None


@exact
def entered(
    state: State, approved: Approved, first: Decimal, at: datetime, bounds: tuple[Decimal | None, ...], policy: Policy
) -> Entered | None:
    """The entry filled at `first`, the price at which the bar after its signal opens; `at` is that bar's end.

    `bounds` is what `results_between` says of the state.
    """
    order = approved.order
    out_of_reach = first > order.limit if order.side == BUY else first < order.limit
    if out_of_reach or order.legs or len(cut(order.quantity, order.instrument)) > 1 or _is_told(state, policy):
        return None
    filled = _filled(order, first, order.at, at, policy)
    if filled is None:
        return None
    position = new_position(order, fill_of(filled))
    until = min(timers(position, at, policy), default=None)
    about = state, approved.signal, approved.context.market, order, approved.size.bound_by
    return Entered(*about, position, filled, until, *bounds)


@exact
def begun(held: Entered, policy: Policy) -> tuple[State, tuple[e.Fact, ...]] | None:
    """The state in which the entry has filled, and the facts, of a trade that is to go on by steps.

    None where something acts as soon as it has.
    """
    book = held.before.book
    if not _stays_between(held, book.realised - book.charges - held.position.charges):
        return None
    facts = tuple(_entry_facts(held, policy))
    after = fold(facts, held.before)
    return changed(after, number=after.number + BEGINNING), facts


class Before(NamedTuple):
    """The bars of a trade before that of its exit, by their closes: the best and the worst for the position.

    `best_last` says that the last of them ended at the best close, and none before it did.
    """

    best: Decimal
    worst: Decimal
    best_last: bool


class Left(NamedTuple):
    """A trade that is over: the state after it, what took it off, and how the marks before its last bar are cut.

    `peaked` says that one of those bars ended at the highest equity of the session: a mark of its own tells it.
    """

    state: State
    entered: Entered
    order: ApprovedExit
    fill: e.Filled
    closed: e.PositionClosed
    peaked: bool


@exact
def left(
    held: Entered, prices: e.PricesSeen, before: Before | None, others: Sequence[str], policy: Policy
) -> Left | None:
    """The exit at a level that the bar of `prices` touched, the first that does; None where it goes by steps.

    `before` is None where the entry has filled in that very bar; `others` are the ids of signals that came meanwhile,
    each of which the book is certain to refuse.
    """
    position, book = held.position, held.before.book
    order = _exit_at(position, book, prices, policy)
    filled = None if order is None else _filled(order, order.reference, prices.since, prices.at, policy)
    if order is None or filled is None:
        return None
    start, gross = book.realised - book.charges - position.charges, result_at(position, filled.price)
    seen = (order.reference,) if before is None else (before.best, before.worst, order.reference)
    marks = [start + result_at(position, price) for price in seen]
    end = start + gross - (filled.charges or ZERO)
    if not _stays_between(held, start, *marks, end):
        return None
    peaked = before is not None and _is_high(book, marks[0])
    changes = CHANGES + 1 + (before is not None) + (before is not None and peaked and not before.best_last)
    after = _book_after(held, order, filled, gross, max(*marks, end), book.version + changes)
    closed = closed_trade(prices.at, position, order, filled)
    return Left(_state_after(held, after, prices, others), held, order, filled, closed, peaked)


def facts_of(
    trade: Left,
    marks: Callable[[], Iterable[e.Marked]],
    others: Callable[[State], Iterable[e.Fact]],
    policy: Policy,
) -> Later[e.Fact]:
    """Every fact of the trade in order, made when somebody reads any.

    `marks` gives those of its bars, and `others` the facts of the signals that were refused meanwhile, from the state
    right after the entry has filled.
    """

    def told() -> Iterator[e.Fact]:
        entry = tuple(_entry_facts(trade.entered, policy))
        meanwhile = others(fold(entry, trade.entered.before))
        yield from entry
        yield from merge(marks(), meanwhile, key=attrgetter("at"))
        yield e.ExitApproved(trade.order.at, trade.order, "")
        yield trade.fill
        yield trade.closed

    return Later(told)


def _entry_facts(held: Entered, policy: Policy) -> Iterator[e.Fact]:
    """What every rule found is worked out again when somebody reads it: most is never read, and takes much room."""
    order, findings = held.order, Later(partial(_findings, held, policy))
    yield e.SignalTaken(order.at, held.signal)
    yield e.EntryApproved(order.at, held.signal, order, held.bound_by, findings)
    yield e.OrderMoved(order.at, order.order_id, WORKING, "", "")
    yield held.fill


def _findings(held: Entered, policy: Policy) -> Sequence[Finding]:
    return decision_on(held.before, held.signal, held.market, policy).findings


def _filled(
    order: ApprovedEntry | ApprovedExit, price: Decimal, traded_at: datetime, at: datetime, policy: Policy
) -> e.Filled | None:
    """All of an order traded at one price; None where no schedule tells what that costs."""
    value = price * order.quantity
    about = order.instrument, order.product, order.side
    try:
        charges = charge_for_more(*about, value_before=ZERO, value_after=value, on=at.date(), policy=policy)
    except ChargesUnknown:
        return None
    key, quantity = order.instrument.key, order.quantity
    return e.Filled(at, order.order_id, key, order.side, quantity, value / quantity, charges, traded_at, value)


def _is_told(state: State, policy: Policy) -> bool:
    """Whether one trade more is told of as near its limit, and was not yet."""
    first = _told_from(policy)
    return first is not None and state.book.trades_today + 1 >= first and TRADES not in state.observed.near


@of_the_same
def _told_from(policy: Policy) -> int | None:
    """The first number of a day's trades that is told of as near its limit; None where none is."""
    told, limit = policy.approaching_pct, policy.max_trades_per_day
    if told is None:
        return None
    first = bisect_left(range(limit + 1), True, key=lambda number: is_near(Measure(TRADES, number, limit), told))
    return first if first <= limit else None


def _stays_between(held: Entered, *results: Decimal) -> bool:
    if held.floor is not None and min(results) <= held.floor:
        return False
    return held.ceiling is None or max(results) <= held.ceiling


def _is_high(book: Book, result: Decimal) -> bool:
    """Whether a result is the session's best so far, or as good."""
    opening, peak = book.opening_equity, book.session_peak
    return opening is not None and (peak is None or opening + result >= peak)


def _exit_at(position: Position, book: Book, prices: e.PricesSeen, policy: Policy) -> ApprovedExit | None:
    """The order that a level leads to; None where none was touched, or stop and target were."""
    touched = breach(position, first=prices.first, high=prices.high, low=prices.low)
    if touched is None or (touched.reason == STOP_HIT and in_doubt(position, prices)):
        return None
    return exit_order(
        position,
        order_id=exit_id(book, position, prices.at),
        reason=touched.reason,
        reference=touched.reference,
        level=touched.level,
        policy=policy,
        at=prices.at,
    )


def _book_after(
    held: Entered, order: ApprovedExit, filled: e.Filled, gross: Decimal, most: Decimal, version: int
) -> Book:
    """The book without the position, which brought `gross`; `most` is the day's best result meanwhile."""
    book, position = held.before.book, held.position
    assert book.session is not None
    charges = position.charges + (filled.charges or ZERO)
    done = outcome_of(position, order.reason, filled.traded_at, gross, charges, book.session)
    peaks = book.session_peak, book.peak_equity
    if book.opening_equity is not None:
        peaks = higher(book.opening_equity + most, peaks)
    return changed(
        book,
        orders=(*book.orders, _order(held.order, held.fill), _order(order, filled)),
        realised=book.realised + gross,
        charges=book.charges + charges,
        trades_today=book.trades_today + 1,
        outcomes=(*book.outcomes, done)[-KEPT_OUTCOMES:],
        session_peak=peaks[0],
        peak_equity=peaks[1],
        sent_second=order.at.replace(microsecond=0),
        sent_in_second=1,
        version=version,
    )


def _order(approved: ApprovedEntry | ApprovedExit, filled: e.Filled) -> Order:
    return made(
        Order,
        approved=approved,
        status=FILLED,
        filled_quantity=filled.quantity,
        filled_value=filled.value,
        broker_id="",
        revision=None,
        changes=0,
        in_vain=0,
        error="",
    )


def _state_after(held: Entered, book: Book, prices: e.PricesSeen, others: Sequence[str]) -> State:
    before = held.before
    return changed(
        before,
        book=book,
        now=prices.at,
        number=before.number + INPUTS + 2 * len(others),
        seen=before.seen.union((held.signal.id, *others)),
        observed=changed(before.observed, seen_at=((prices.key, prices.at),)),
    )
