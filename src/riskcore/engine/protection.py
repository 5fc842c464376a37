"""What keeps every filled share covered: a stop at the broker for just what is held, and an exit where there is none.

Asked after each input. Where nothing can rest (paper, bars, a closing auction) the levels on watch are the protection,
and nothing here is done.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.custody import GOOD
from riskcore.engine.ended import IN_VAIN
from riskcore.engine.turn import LOGIN, Turn
from riskcore.exchange_limits import cut, slice_quantity
from riskcore.exits.ladder import FIRST_PAUSE, pause
from riskcore.exits.leaving import can_trade, failed_exit
from riskcore.exits.resting import can_rest, pace_of_moves, resting_stop, revision_for
from riskcore.orders import FOR_LEAVING, REJECTED, UNPROTECTED, WORKING, ApprovedExit, Order, Revision
from riskcore.positions import Position
from riskcore.signals import seconds
from riskcore.stale_reads import is_fresh
from riskcore.states import WAITING_FOR_LOGIN

BARE: Final = "unprotected"
REVISION_REFUSED: Final = "revision_refused"
VANISHED: Final = "stop_vanished"
CHANGED: Final = "stop_changed"


def protect(turn: Turn) -> None:
    """Let exits go whose stop is out of the way, cover what is held, and measure what is not covered."""
    capability = turn.state.custody.capability
    for wish in turn.state.custody.wanted:
        release(turn, wish.key)
    if capability is None or not capability.rests:
        return
    for name, key in sorted(turn.state.custody.told):
        if name == BARE and turn.book.position(key) is None:
            turn.calm(BARE, key)
    for position in turn.book.positions:
        _measure(turn, position.instrument.key)
        _cover(turn, position)
    for order in turn.book.live_orders(entries=False):
        held = turn.book.position(order.approved.instrument.key)
        if order.rests and (held is None or held.side == order.approved.side):
            turn.cancel(order, "nothing is left to protect")


def release(turn: Turn, key: str) -> None:
    """Send an exit that waited: its shares are not the resting stop's any more, or the market has opened."""
    position, wanted = turn.book.position(key), turn.state.custody.wanted_of(key)
    if position is None or wanted is None:
        return
    bound = sum(order.open_quantity for order in (*turn.book.leaving(key), *turn.book.resting_stops(key)))
    part = None if wanted.part is None else min(wanted.part, position.quantity)
    if position.quantity - bound >= (part or position.quantity) and not shut(turn, position):
        price = position.last or position.average_price
        turn.leave(position, wanted.reason, price, wanted.level, wanted.signal_id, part=part, rule=wanted.rule)


def shut(turn: Turn, position: Position) -> bool:
    """Whether the market of a position is shut, so that an exit of it would only be refused."""
    return not can_trade(position, turn.at, turn.policy)


def _cover(turn: Turn, position: Position) -> None:
    """Resting stops for the shares that are not leaving, at the position's stop: placed, changed or taken back.

    One order, or several where the exchange takes no single one so large. What is asked of an order and not answered
    yet stays as it is, and counts: what it is to lose is taken off no other one, nor added to any before it is gone.
    Too many shares are taken off the last orders; those that are missing are added to orders with room, and go as new
    ones where there is none.
    """
    resting = turn.book.resting_stops(position.instrument.key)
    settled = [order for order in resting if _is_settled(turn, order)]
    asked = [order for order in resting if order not in settled]
    losing = sum(_to_lose(turn, order) for order in asked)
    left = _to_cover(turn, position) - sum(order.open_quantity for order in asked) + losing
    kept = []
    for order in settled:
        kept.append(max(min(order.open_quantity, left), 0))
        left -= kept[-1]
    left -= losing + _may_be_gone(turn, position)
    for order, quantity in zip(settled, kept, strict=True):
        more = min(max(left, 0), _room(turn, position, order))
        left -= more
        _adjust(turn, position, order, quantity + more)
    if left > 0 and not any(_room(turn, position, order) for order in asked) and _may_place(turn, position):
        for quantity in cut(left, position.instrument):
            _place(turn, position, quantity)


def _may_be_gone(turn: Turn, position: Position) -> int:
    """Shares that get no new stop, for they may not be there: it could flip the position. What rests stays.

    Where all of it leaves, and where no book can be behind its entry any more.
    """
    is_leaving = turn.all_leaves(position.instrument.key) or failed_exit(turn.book, position) is not None
    return turn.lacking(position) if is_leaving or not is_fresh(position, turn.at) else 0


def _is_settled(turn: Turn, order: Order) -> bool:
    """Whether a resting stop works, and nothing that was asked of it is open."""
    return order.status == WORKING and order.revision is None and order.id not in turn.state.cancelling


def _to_lose(turn: Turn, order: Order) -> int:
    """Of how many shares less a resting stop was asked to be; of none, where it was to end and has not for too long."""
    if order.id in turn.state.cancelling:
        return 0 if (IN_VAIN, order.id) in turn.state.custody.told else order.open_quantity
    return 0 if order.revision is None else max(order.quantity - order.revision.quantity, 0)


def _room(turn: Turn, position: Position, order: Order) -> int:
    """How many more shares an order may rest for; what it has filled stays part of its quantity.

    None where the broker changes no order, or this one no more: it would have to be taken back, and another order does
    as well.
    """
    if not _changes(turn, order) or (REVISION_REFUSED, order.id) in turn.state.custody.told:
        return 0
    most = slice_quantity(position.instrument)
    return max(most - order.quantity, 0) if most else position.quantity


def _changes(turn: Turn, order: Order) -> bool:
    """Whether the broker changes a resting order in place; brokers count the changes of each, and take so many."""
    capability = turn.state.custody.capability
    if capability is None or not capability.revises:
        return False
    return capability.changes_an_order is None or order.changes < capability.changes_an_order


def _place(turn: Turn, position: Position, quantity: int) -> None:
    key = position.instrument.key
    number = 1 + sum(1 for order in turn.book.orders if order.rests and order.approved.instrument.key == key)
    order_id = f"{position.id}:stop:{turn.at:%Y%m%d}.{number}"
    stop = resting_stop(position, quantity, order_id=order_id, policy=turn.policy, at=turn.at)
    turn.note(e.ExitApproved(turn.at, stop))
    turn.ask(e.PlaceExit(stop))


def _adjust(turn: Turn, position: Position, order: Order, quantity: int) -> None:
    """One resting stop for so many shares: changed where it is not, taken back where there are none."""
    if quantity <= 0:
        turn.cancel(order, FOR_LEAVING)
        return
    revision = revision_for(position, order, quantity, turn.policy)
    if revision is not None:
        _change(turn, order, revision)


def _change(turn: Turn, resting: Order, revision: Revision) -> None:
    """In place where the broker takes that; else it is taken back, and another comes when it is gone.

    What was refused is asked again, a move of the stop ever so often as shares may be without one: a broker may count
    its changes, and not be known to; the level is watched meanwhile. Shares without a stop wait less.
    One that would sell more than is held is not asked a second time: it is taken back, and another comes.
    """
    if revision.quantity == resting.quantity and _moved_just_now(turn, resting):
        return
    asked = turn.state.custody.asked_at(resting.id)
    refused = (REVISION_REFUSED, resting.id) in turn.state.custody.told
    covers = revision.quantity > resting.approved.quantity
    wait = seconds(turn.policy.protect_flatten_s) if refused and not covers else FIRST_PAUSE
    if asked is not None and turn.at - asked < wait:
        return
    too_large = refused and revision.quantity < resting.quantity
    if too_large:
        turn.calm(REVISION_REFUSED, resting.id)
    if _changes(turn, resting) and not too_large:
        turn.revise(resting, revision, "the position or its stop has changed")
    else:
        turn.cancel(resting, "the position or its stop has changed")


def put_right(turn: Turn, resting: Order, ours: Revision, *, in_vain: bool) -> None:
    """Have a resting stop as it was that the book shows otherwise: changed back, else, or `in_vain`, by another.

    Where others before it were shown so as well it stays: that is how this broker shows them, or has them, and nobody
    changed one. Each would cost three orders of an hour, of which exits are some. Its level is watched.
    """
    if _changes(turn, resting) and not in_vain:
        turn.revise(resting, ours, "somebody else changed it")
        return
    told, approved = turn.state.custody.told, resting.approved
    ended = [one for one in turn.book.orders if one.rests and not one.live and (CHANGED, one.id) in told]
    alike = [one for one in ended if one.approved.instrument.key == approved.instrument.key]
    if len(alike) <= len(cut(resting.quantity, approved.instrument)):
        turn.calm(REVISION_REFUSED, resting.id)
        turn.cancel(resting, "somebody else changed it, and the broker does not change it back")


def _moved_just_now(turn: Turn, resting: Order) -> bool:
    """Whether a resting stop was placed or moved so lately that another move is one of too many an hour."""
    custody = turn.state.custody
    pace = pace_of_moves(custody.capability, sum(order.rests for order in turn.book.live_orders(entries=False)))
    since = custody.settled_at(resting.id) or resting.approved.at
    return turn.at - since < pace


def _to_cover(turn: Turn, position: Position) -> int:
    """Shares that a stop is to rest for: what is held, less what is leaving or waits to leave."""
    key = position.instrument.key
    wanted = turn.state.custody.wanted_of(key)
    away = sum(order.open_quantity for order in turn.book.leaving(key))
    if wanted is not None:
        away += position.quantity if wanted.part is None else wanted.part
    return max(position.quantity - away, 0)


def _may_place(turn: Turn, position: Position) -> bool:
    """Whether a stop can rest now, orders can be sent, and the last try was not just now: as exits wait, if refused."""
    if not _can_send(turn, position.instrument.key) or turn.state.custody.touch_of(position.instrument.key) is not None:
        return False
    ended = [order for order in turn.book.orders if order.rests and not order.live and _of(order, position)]
    last = ended[-1] if ended else None  # of several that were sent at once one may have failed while others are open
    if last is not None:
        refused = last.status == REJECTED and not last.never_arrived
        wait = pause(turn.book, position, turn.policy) if refused else FIRST_PAUSE
        if turn.at - last.approved.at < wait:
            return False
    return _rests_now(turn, position)


def _rests_now(turn: Turn, position: Position) -> bool:
    return can_rest(position, turn.state.custody.capability, turn.at, turn.policy)


def _of(order: Order, position: Position) -> bool:
    return isinstance(order.approved, ApprovedExit) and order.approved.position_id == position.id


def _measure(turn: Turn, key: str) -> None:
    """Note when a position is bare and when it is covered again; call for somebody, then sell, where that lasts.

    While a login is waited for nothing can be sent, so nothing is sold for that: the clock begins again with the login.
    """
    position, since = turn.book.position(key), turn.state.custody.bare_since(key)
    if position is None:
        return
    exits = [order for order in turn.book.live_orders(key, entries=False) if order.status == WORKING]
    covered = sum(order.open_quantity for order in exits) >= position.quantity
    if covered or not _rests_now(turn, position):
        if since is not None:
            turn.note(e.Covered(turn.at, key, Decimal((turn.at - since) // timedelta(milliseconds=1)) / 1000))
            turn.calm(BARE, key)
        return
    if since is None or _login_came(turn):
        turn.note(e.Bared(turn.at, key))
        return
    bare_s = int((turn.at - since).total_seconds())
    if bare_s >= turn.policy.protect_alarm_s:
        turn.alarm(BARE, key, f"{position.quantity} shares have had no stop at the broker for {bare_s} s")
    waits = not _can_send(turn, key) or failed_exit(turn.book, position) is not None  # the clock repeats it
    if bare_s >= turn.policy.protect_flatten_s and not waits and not turn.book.leaving(key):
        turn.leave(position, UNPROTECTED, position.last or position.average_price)


def _can_send(turn: Turn, key: str) -> bool:
    """Whether orders can be sent: the login is good, and what the broker holds of the instrument was compared since.

    A gate that stays shut because books differ, here or elsewhere, keeps entries back and no stop of what is held.
    """
    if turn.book.state != WAITING_FOR_LOGIN:
        return True
    return turn.state.custody.login == GOOD and turn.was_compared(key)


def _login_came(turn: Turn) -> bool:
    """Whether orders can be sent again since this input: the time until a stop works is measured from here."""
    shut = turn.book.state == WAITING_FOR_LOGIN
    return any(
        (isinstance(fact, e.Lifted) and fact.name == LOGIN) or (shut and isinstance(fact, e.BooksDiffer))
        for fact in turn.facts
    )


def stop_ended(turn: Turn, order: Order) -> None:
    """A resting stop ended unfilled: refused means that the price is through it; one that vanished is put back once.

    At the end of a session it lapses, as every order of a day does: it rests again from the next open on.
    """
    approved = order.approved
    position = turn.book.position(approved.instrument.key)
    if position is None or not isinstance(approved, ApprovedExit) or not _of(order, position):
        return
    if order.status == REJECTED:
        if not order.never_arrived:
            turn.alarm("stop_refused", order.id, "the broker refused the stop: it counts as hit")
            failed = failed_exit(turn.book, position)
            if failed is not None and turn.at - failed.at < pause(turn.book, position, turn.policy):
                return  # the clock repeats it, ever more slowly where exits are refused too
            turn.leave(position, approved.reason, position.last or position.average_price, approved.level)
    elif order.id not in turn.state.cancelling and _rests_now(turn, position):
        turn.alarm(VANISHED, order.id, "the resting stop is gone from the broker, and not by us")
        told = turn.state.custody.told
        gone = [o for o in turn.book.orders if _of(o, position) and (VANISHED, o.id) in told]
        if len(gone) > len(cut(position.quantity, position.instrument)):
            turn.leave(position, UNPROTECTED, position.last or position.average_price)


def revision_reported(event: e.RevisionReported, turn: Turn) -> None:
    """What became of a change in place; where nobody can say, the books will."""
    order = turn.book.order(event.order_id)
    if order is None or order.revision is None:
        turn.note(e.StrayReport(turn.at, event.order_id, "no change was asked of this order"))
        return
    if event.outcome != e.UNSURE:
        turn.note(e.RevisionSettled(turn.at, order.id, taken=event.outcome == e.TAKEN, note=event.note))
    if event.outcome == e.REFUSED:
        turn.alarm(REVISION_REFUSED, order.id, event.note or "the broker refused to change the resting stop")
    elif event.outcome == e.TAKEN:
        turn.calm(REVISION_REFUSED, order.id)
