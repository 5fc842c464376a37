"""The end of a simulated day: flat, the books agree, and the money adds up; or it was told why not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from riskcore import engine, events
from riskcore_openalgo.testing.simulated.checks import PRESUMED
from riskcore_openalgo.testing.simulated.shares import TOLD_S, explained, told_of
from riskcore_openalgo.testing.simulated.slices import WHOLE
from riskcore_openalgo.testing.simulated.traded import CARRIED, DELIVERY

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

REPLAYED_EVERY: Final = 10
"""Of so many days the inputs of one are stepped through once more."""
LASTING: Final = (DELIVERY, CARRIED)
"""Products that no square-off ends."""
PAISA: Final = Decimal("0.01")


def closed(room: Room) -> None:
    """All that must hold when the day is over."""
    checks, state = room.checks, room.live.state
    folded = room.store.trouble != "" or room.store.load().state == state
    checks.needs("restart_gives_the_same_state", folded, "at the end")
    checks.needs("the_day_was_lived", state.custody.capability is not None, "the broker was never known")
    held, adopted = checks.shares.held(), _adopted(room, state)
    carried = {p.instrument.key: p.signed for p in state.book.positions if p.product in LASTING and p.stop is not None}
    for key, quantity in held.items():
        told = told_of(state, key) or explained(state, key) or _just_now(room, key)
        told = told or adopted.get(key) == quantity or carried.get(key) == quantity
        told = told or state.custody.beside_of(key) == quantity - carried.get(key, 0)  # somebody left it so
        told = told or dict(state.custody.accepted).get(key) == quantity
        checks.needs("flat_at_the_end_or_told", told, key, quantity, "are held")
    for position in state.book.positions:
        key = position.instrument.key
        by_hand = key in checks.shares.foreign_at and (told_of(state, key) or _just_now(room, key))
        checks.needs("books_agree_at_the_end", held.get(key) == position.signed or by_hand, key)
    _money(room, state)
    _each_order(room, state)
    if room.script.seed % REPLAYED_EVERY == 0:
        _replayed(room)


def _adopted(room: Room, state: engine.State) -> dict[str, int]:
    """What our book holds for longer of instruments that a hand traded: it was adopted, and nothing ends its day."""
    foreign = room.checks.shares.foreign_at
    ours = {p.instrument.key: p.signed for p in state.book.positions if p.product in LASTING}
    return {key: quantity for key, quantity in ours.items() if key in foreign}


def _just_now(room: Room, key: str) -> bool:
    """Whether a hand traded an instrument so shortly before the end, or in such trouble, that nobody need know yet."""
    at = room.checks.shares.foreign_at.get(key)
    return at is not None and (room.checks.in_trouble or room.time.now - at < timedelta(seconds=TOLD_S))


def _money(room: Room, state: engine.State) -> None:
    """(11) What our orders brought is what we booked, where nobody else traded there, nor was a fill presumed."""
    checks, theirs, ours = room.checks, _paid(room), _booked(state)
    open_ = {position.instrument.key for position in state.book.positions}
    others = {trade.key for trade in room.account.trades if trade.order_id not in room.placed}  # its square-off too
    others |= set(checks.shares.foreign_at) | _presumed(room)
    if room.script.last is not None:  # settled without a trade
        ended = room.script.last
        others |= {one.key for one in room.script.traded if one.expiry is not None and one.expiry < ended}
    for key in {*theirs, *ours} - open_ - others:
        paid, booked = theirs.get(key, Decimal(0)), ours.get(key, Decimal(0))
        checks.needs("money_adds_up", abs(paid - booked) < PAISA, key, "broker", paid, "ours", booked)
    if not open_ and not others and room.script.last is None:
        gross, told = sum(theirs.values(), Decimal(0)), state.book.realised
        checks.needs("money_adds_up", abs(gross - told) < PAISA, "broker", gross, "ours", told)
        checks.count["days whose money was added up"] += 1


def _each_order(room: Room, state: engine.State) -> None:
    """(11) What each order filled is worth what its trades were, to the paisa, whoever else trades there."""
    capability, presumed = state.custody.capability, _presumed(room)
    if capability is None or capability.trades == WHOLE:
        return
    worth: dict[str, Decimal] = {}
    for trade in room.account.trades:
        worth[trade.order_id] = worth.get(trade.order_id, Decimal(0)) + trade.price * trade.quantity
    for theirs, ours in room.placed.items():
        order, real = state.book.order(ours), room.account.orders.get(theirs)
        if order is None or real is None or order.broker_id != theirs or order.approved.instrument.key in presumed:
            continue
        if order.filled_quantity == real.filled and not _just_now(room, real.key):
            paid = worth.get(theirs, Decimal(0))
            seen = ours, "broker", paid, "ours", order.filled_value
            room.checks.needs("money_adds_up", abs(paid - order.filled_value) < PAISA, *seen)
            room.checks.count["orders whose money was compared"] += 1


def _presumed(room: Room) -> set[str]:
    """The instruments of fills that were taken for those of orders nobody can name: booked at a limit, and told."""
    facts = list(room.store.facts(0))
    orders = {fact.subject for fact in facts if isinstance(fact, events.Alarmed) and fact.name == PRESUMED}
    return {fact.key for fact in facts if isinstance(fact, events.Filled) and fact.order_id in orders}


def _paid(room: Room) -> dict[str, Decimal]:
    """What our orders brought at the broker, by instrument: sales less purchases."""
    found: dict[str, Decimal] = {}
    for trade in room.account.trades:
        if trade.order_id in room.placed:
            worth = trade.price * trade.quantity
            found[trade.key] = found.get(trade.key, Decimal(0)) + (worth if trade.side == "SELL" else -worth)
    return found


def _booked(state: engine.State) -> dict[str, Decimal]:
    """What our finished trades made before charges, by instrument."""
    found: dict[str, Decimal] = {}
    for outcome in state.book.outcomes:
        found[outcome.key] = found.get(outcome.key, Decimal(0)) + outcome.gross
    return found


def _replayed(room: Room) -> None:
    """(10) The recorded inputs lead to the recorded facts."""
    state, policy, made = engine.State(), room.policy, list[events.Fact]()
    for event in room.store.inputs():
        step = engine.step(state, event, policy)
        state, policy = step.state, engine.in_force(step.state, policy, event)
        made += step.facts
    room.checks.needs("step_is_deterministic", made == list(room.store.facts(0)), "a replay differs")
    room.checks.count["days replayed"] += 1
