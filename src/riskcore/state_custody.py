"""How each fact about the broker's side changes the state: the part of `state.evolve` that concerns custody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from riskcore import corrections, events as e
from riskcore.custody import NO_PRICES, Balance, Beside, Explained, Hollow, replaced
from riskcore.ledger import MOVED
from riskcore.orders import FILLED
from riskcore.states import FORMER
from riskcore.values import changed

if TYPE_CHECKING:
    from riskcore.state import State

_OF_AN_ORDER: Final = ("asked", "doubted", "alike", "refused", "ending")
"""What is forgotten of an order with its end."""
_known_of_orders: Final = attrgetter(*_OF_AN_ORDER)


def _broker(state: State, fact: e.BrokerKnown) -> State:
    return keeping(state, capability=fact.capability)


def _login(state: State, fact: e.LoginChanged) -> State:
    """What differed before is counted anew: it was seen through another login."""
    return keeping(state, login=fact.login, mismatches=())


def _acknowledged(state: State, fact: e.Acknowledged) -> State:
    named = changed(state, book=corrections.acknowledged(state.book, fact.order_id, fact.broker_id))
    custody, order_id = named.custody, fact.order_id
    without = {"absent": replaced(custody.absent, order_id), "alike": replaced(custody.alike, order_id)}
    return keeping(named, rows=custody.rows - {fact.broker_id}, **without)


def _absent(state: State, fact: e.OrderAbsent) -> State:
    row = (fact.order_id, fact.reads) if fact.reads else None
    lost = state.custody.lost if fact.reads else state.custody.lost | {fact.order_id}
    return keeping(state, absent=replaced(state.custody.absent, fact.order_id, row), lost=lost)


def _shown(state: State, fact: e.OrderShown) -> State:
    custody, order_id = state.custody, fact.order_id
    return keeping(state, absent=replaced(custody.absent, order_id), refused=replaced(custody.refused, order_id))


def _end_doubted(state: State, fact: e.EndDoubted) -> State:
    row = (fact.order_id, fact.reads) if fact.reads else None
    return keeping(state, doubted=replaced(state.custody.doubted, fact.order_id, row))


def order_ended(state: State, fact: e.OrderMoved) -> State:
    """An order has ended: nothing is asked of it any more; when it did so unfilled is kept, should it work still."""
    custody, order_id = state.custody, fact.order_id
    if fact.status == FILLED and not any(_known_of_orders(custody)):
        return state
    settled = custody.settled if fact.status == FILLED else replaced(custody.settled, order_id, (order_id, fact.at))
    left = dict(zip(_OF_AN_ORDER, (replaced(rows, order_id) for rows in _known_of_orders(custody)), strict=True))
    return keeping(state, settled=settled, **left)


def _lacking(state: State, fact: e.SharesLacking) -> State:
    """Since when is since the last of them was missed: those that were told meanwhile make no others older."""
    known, since = state.custody.lacking_of(fact.key)
    row = (fact.key, fact.quantity, since if since is not None and fact.quantity <= known else fact.at)
    return keeping(state, lacking=replaced(state.custody.lacking, fact.key, row if fact.quantity else None))


def _cancel_failed(state: State, fact: e.CancelFailed) -> State:
    since, times = state.custody.refused_of(fact.order_id)
    row = (fact.order_id, since or fact.at, times + 1)
    return keeping(state, refused=replaced(state.custody.refused, fact.order_id, row))


def _rows(state: State, fact: e.RowsSeen) -> State:
    custody, ids = state.custody, frozenset(fact.ids)
    return keeping(state, rows=custody.rows | ids, first_seen=(*custody.first_seen, (fact.at, ids)))


def _alike(state: State, fact: e.RowsAlike) -> State:
    return keeping(state, alike=replaced(state.custody.alike, fact.order_id, (fact.order_id, fact.ids)))


def _revising(state: State, fact: e.RevisionRequested) -> State:
    book = corrections.revising(state.book, fact.order_id, fact.revision)
    asked = replaced(state.custody.asked, fact.order_id, (fact.order_id, fact.at))
    return keeping(changed(state, book=book.sending(fact.at)), asked=asked)


def _revised(state: State, fact: e.RevisionSettled) -> State:
    """The moment stays: a reading of the books that began before it still shows the order as it was.

    So does that of a change that was not taken: the next one waits its pause from there.
    """
    after = changed(state, book=corrections.revised(state.book, fact.order_id, taken=fact.taken))
    custody = state.custody
    # A cancel that was asked for meanwhile has not been answered by this.
    stays = not fact.taken or fact.order_id in state.cancelling
    asked = custody.asked if stays else replaced(custody.asked, fact.order_id)
    settled = replaced(custody.settled, fact.order_id, (fact.order_id, fact.at))
    return keeping(after, asked=asked, settled=settled)


def _revalued(state: State, fact: e.Revalued) -> State:
    return changed(state, book=corrections.revalued(state.book, fact.order_id, fact.value, fact.charges))


def _corrected(state: State, fact: e.TradeCorrected) -> State:
    book = corrections.corrected(state.book, fact.signal_id, fact.key, gross=fact.gross, charges=fact.charges)
    return changed(state, book=book)


def _overfilled(state: State, fact: e.Overfilled) -> State:
    book = corrections.overfilled(state.book, fact.order_id, fact.position, fact.value, fact.charges)
    return changed(state, book=book)


def _wanted(state: State, fact: e.ExitWanted) -> State:
    others = tuple(wish for wish in state.custody.wanted if wish.key != fact.wanted.key)
    return keeping(state, wanted=(*others, fact.wanted))


def _touched(state: State, fact: e.StopTouched) -> State:
    others = tuple(touch for touch in state.custody.touches if touch.key != fact.touch.key)
    return keeping(state, touches=(*others, fact.touch))


def _doubted(state: State, fact: e.PriceDoubted) -> State:
    return keeping(state, odd=replaced(state.custody.odd, fact.key, (fact.key, fact.price)))


def _bared(state: State, fact: e.Bared) -> State:
    return keeping(state, bare=replaced(state.custody.bare, fact.key, (fact.key, fact.at)))


def _covered(state: State, fact: e.Covered) -> State:
    return keeping(state, bare=replaced(state.custody.bare, fact.key))


def _alarmed(state: State, fact: e.Alarmed) -> State:
    name = FORMER.get(fact.name, fact.name)
    return keeping(state, told=state.custody.told | {(name, fact.subject)})


def _alarm_over(state: State, fact: e.AlarmOver) -> State:
    name = FORMER.get(fact.name, fact.name)
    after = keeping(state, told=state.custody.told - {(name, fact.subject)})
    return prices_silent(after, fact.subject) if name == NO_PRICES else after


def prices_silent(state: State, key: str) -> State:
    """Nothing new is heard of an instrument."""
    return keeping(state, seen_again=replaced(state.custody.seen_again, key)) if state.custody.seen_again else state


def prices_back(state: State, key: str, at: datetime) -> State:
    """Prices of an instrument come again; that is noted where somebody was called for their silence."""
    if (NO_PRICES, key) not in state.custody.told:
        return state
    return keeping(state, seen_again=replaced(state.custody.seen_again, key, (key, at)))


def _differ(state: State, fact: e.BooksDiffer) -> State:
    return keeping(state, mismatches=fact.mismatches, differed_at=fact.at)


def _reconciled(state: State, fact: e.Reconciled) -> State:
    return keeping(state, reconciled_at=fact.at)


def _accepted(state: State, fact: e.DifferencesTaken) -> State:
    beside = tuple(Beside(key, quantity) for key, quantity in fact.beside)
    return keeping(state, accepted=fact.accepted, beside=beside, mismatches=())


def _accepted_moved(state: State, fact: e.AcceptedMoved) -> State:
    custody = state.custody
    beside = tuple(known for known in custody.beside if known.key != fact.key)
    if fact.beside is not None:
        beside = tuple(sorted((*beside, fact.beside), key=lambda known: known.key))
    return keeping(state, accepted=replaced(custody.accepted, fact.key), beside=beside)


def _adjusted(state: State, fact: e.PositionAdjusted) -> State:
    held, outcome = state.book.position(fact.key), None
    if held is not None and fact.position is None:
        reason = fact.reason or corrections.ELSEWHERE
        outcome = corrections.outcome_elsewhere(
            held, realised=fact.realised, charges=fact.charges, book=state.book, at=fact.at, reason=reason
        )
    book = corrections.adjusted(
        state.book, fact.key, fact.position, realised=fact.realised, charges=fact.charges, outcome=outcome
    )
    followed = keeping(changed(state, book=book), lacking=replaced(state.custody.lacking, fact.key))
    return forgetting(followed)


def keeping(state: State, **changes: Any) -> State:
    """The state with a part of its custody changed."""
    return changed(state, custody=changed(state.custody, **changes))


def forgetting(state: State) -> State:
    """The state with nothing left in custody of what is not held any more."""
    custody = state.custody
    if not (custody.wanted or custody.touches or custody.odd or custody.bare or custody.lacking):
        return state
    held = {position.instrument.key for position in state.book.positions}
    known = {wish.key for wish in custody.wanted} | {touch.key for touch in custody.touches}
    known |= {key for key, _ in (*custody.odd, *custody.bare)} | {key for key, _, _ in custody.lacking}
    for key in sorted(known - held):
        custody = custody.without(key)
    return state if custody is state.custody else changed(state, custody=custody)


def _compared(state: State, fact: e.FundsCompared) -> State:
    return keeping(state, balance=Balance(fact.theirs, fact.ours, fact.unexplained, fact.lines))


def _explained(state: State, fact: e.FundsExplained) -> State:
    line = Explained(MOVED, fact.amount, f"{fact.by}: {fact.why}")
    return keeping(state, moved=(*state.custody.moved, line))


def _empty(state: State, fact: e.AnswersEmpty) -> State:
    return keeping(state, hollow=Hollow(fact.funds, fact.reads))


APPLY: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    e.BrokerKnown: _broker,
    e.LoginChanged: _login,
    e.Acknowledged: _acknowledged,
    e.OrderAbsent: _absent,
    e.OrderShown: _shown,
    e.EndDoubted: _end_doubted,
    e.CancelFailed: _cancel_failed,
    e.SharesLacking: _lacking,
    e.RowsSeen: _rows,
    e.RowsAlike: _alike,
    e.RevisionRequested: _revising,
    e.RevisionSettled: _revised,
    e.Revalued: _revalued,
    e.TradeCorrected: _corrected,
    e.Overfilled: _overfilled,
    e.ExitWanted: _wanted,
    e.StopTouched: _touched,
    e.PriceDoubted: _doubted,
    e.Bared: _bared,
    e.Covered: _covered,
    e.Alarmed: _alarmed,
    e.AlarmOver: _alarm_over,
    e.BooksDiffer: _differ,
    e.Reconciled: _reconciled,
    e.DifferencesTaken: _accepted,
    e.AcceptedMoved: _accepted_moved,
    e.PositionAdjusted: _adjusted,
    e.FundsCompared: _compared,
    e.FundsExplained: _explained,
    e.AnswersEmpty: _empty,
}
