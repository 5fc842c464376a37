"""What the broker's books say of our orders and positions, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from riskcore import events as e
from riskcore.account import is_of_the_day_alone, is_unmoved, may_have_filled, surplus_of
from riskcore.broker_books import ORDERS, BrokerBooks, BrokerOrder, summed
from riskcore.corrections import belongs_to, finished_trade_of
from riskcore.custody import FOREIGN, GOOD, SUSPECT, UNNAMED, Mismatch, repeated
from riskcore.engine.accepted import look_at_accepted, standing_of
from riskcore.engine.adjust import FROZEN, act_on
from riskcore.engine.ended import IN_VAIN, ask_again, is_doubted, is_larger, name_the_late, take_back
from riskcore.engine.hollow import books_answered
from riskcore.engine.overnight import keep_reduction
from riskcore.engine.pairing import named
from riskcore.engine.protection import CHANGED, REVISION_REFUSED, put_right
from riskcore.engine.reports import CONTRADICTED, OUTCOME_UNKNOWN, charges_for, report
from riskcore.engine.turn import LOGIN, RISKCORE, Turn
from riskcore.engine.unnamed import PRESUMED, presumed_filled, take_as_theirs
from riskcore.engine.untold import end_unread, look_for_the_lacking, take_by_positions
from riskcore.exits.ladder import FIRST_PAUSE
from riskcore.money import ZERO, exact
from riskcore.orders import AWAITING, CANCELLED, FILLED, INTENDED, REJECTED, ApprovedExit, Order, Revision
from riskcore.positions import DELIVERY
from riskcore.reconcile import (
    Seen,
    adrift,
    candidates,
    differences,
    is_complete,
    left_out,
    moved_unnamed,
    nameless,
    shows_none_beside,
    tells_of,
    without_doubt,
)
from riskcore.said_once import as_ordered, averages_apart, refusals_apart, said_once, shows
from riskcore.signals import seconds, sign
from riskcore.stale_reads import is_clean, is_of_today
from riskcore.told import Told, told_of

UNCHANGED: Final = "the broker's book does not show it"
OWN_TURN: Final = timedelta(seconds=10)
"""Where a broker takes few calls, a change waits for its turn as readings do: a book of before shows nothing of it."""
UNSEEN_NIGHT: Final = "unseen_before_the_night"
OF_A_DAY: Final = "nobody saw what it filled before the night, and no book tells: leave by hand what is held still"


def books_read(event: e.BooksRead, turn: Turn) -> None:
    """Name what can be named, take what the orders filled, count what is absent, compare what is held."""
    custody = turn.state.custody
    known = said_once(without_doubt(event.books, turn.book, custody), turn.book, custody)
    books = refusals_apart(averages_apart(known, custody.capability), turn.book, custody)
    event = attrs.evolve(event, books=books)
    books_answered(turn, books)
    before = _seen(turn)
    for order_id, broker_id in named(turn.book, books, turn.policy, before):
        turn.note(e.Acknowledged(turn.at, order_id, broker_id))
    name_the_late(turn, books, before)
    take_by_positions(turn, books)
    for order in turn.book.orders:
        if order.broker_id:
            _take(turn, order, books)
    take_back(turn, books)
    look_for_the_lacking(turn, books)
    end_unread(turn, books)
    for order in turn.book.live_orders():
        _look_for(turn, order, books)
    seen = _seen(turn)
    _remember_the_alike(turn, books, seen)
    _note_foreign_rows(turn, books)
    _compare(turn, event, seen)
    _calm_the_known(turn)


def _seen(turn: Turn) -> Seen:
    """What earlier reads showed; `_note_foreign_rows` adds the rows of this one at its end."""
    custody = turn.state.custody
    alike = frozenset((order_id, row) for order_id, rows in custody.alike for row in rows)
    return Seen(custody.rows, custody.reconciled_at, turn.state.observed.drift_s, alike, custody.first_seen)


@exact
def _take(turn: Turn, order: Order, books: BrokerBooks) -> None:
    """What the books say of one order, as a report like any other; then what was asked of it, where that is open."""
    told = told_of(order, books)
    if told is None:
        return
    if is_doubted(turn, order, told, books):
        told = attrs.evolve(told, status=order.status)
    _made_larger(turn, order, told, books)
    if order.is_entry and told.filled_quantity > order.quantity:
        told = _our_part(turn, order, told)
    more = told.filled_quantity > order.filled_quantity
    if more or told.status != order.status:
        filled, value = told.filled_quantity, told.filled_value
        if not more:
            filled, value = order.filled_quantity, order.filled_value
        report(e.OrderReported(turn.at, order.id, told.status, filled, value, told.traded_at, told.note), turn)
    elif books.trades_of(order.broker_id) and told.filled_quantity == order.filled_quantity:
        _revalue(turn, order, books)
        turn.calm(PRESUMED, order.id)
    row, known = books.order(order.broker_id), turn.book.order(order.id)
    if row is not None and known is not None and known.live:
        _settle_what_was_asked(turn, known, row, books.at)


def _made_larger(turn: Turn, order: Order, told: Told, books: BrokerBooks) -> None:
    """A resting stop that somebody made larger, and that filled so before it could be made smaller again.

    It is what the broker's row says: what it filled beyond what was held is a double fill, and no other order's report.
    """
    row, approved = books.order(order.broker_id), order.approved
    if row is None or told.filled_quantity <= order.quantity or row.quantity < told.filled_quantity:
        return
    if isinstance(approved, ApprovedExit) and approved.trigger is not None:
        turn.alarm(CHANGED, order.id, f"somebody changed the resting stop: {row.quantity} for {order.quantity}")
        theirs = Revision(row.quantity, approved.limit, approved.trigger)
        turn.note(e.RevisionRequested(turn.at, order.id, theirs, "somebody else made it larger, and it filled"))
        turn.note(e.RevisionSettled(turn.at, order.id, taken=True, note="the broker's book shows it"))


def _our_part(turn: Turn, order: Order, told: Told) -> Told:
    """What an entry that somebody made larger has filled for us: what we ordered, which is protected like any other.

    What it filled beyond is somebody else's, and compared as such.
    """
    if order.filled_quantity < order.quantity:
        turn.latch(CONTRADICTED, f"order {order.id}: {told.filled_quantity} filled of {order.quantity} ordered")
    value = told.filled_value * order.quantity / told.filled_quantity
    return attrs.evolve(told, status=FILLED, filled_quantity=order.quantity, filled_value=value)


def _revalue(turn: Turn, order: Order, books: BrokerBooks) -> None:
    """The same shares, at what the trade book says they were worth: an average price was rounded."""
    quantity, worth = summed(books.trades_of(order.broker_id))
    if quantity != order.filled_quantity or worth == order.filled_value:
        return
    more, charges = worth - order.filled_value, charges_for(turn, order, worth) or ZERO
    finished = belongs_to(order, turn.book) is None
    turn.note(e.Revalued(turn.at, order.id, more, charges))
    if finished:
        gross, trade = -sign(order.approved.side) * more, finished_trade_of(order, turn.book)
        turn.note(e.TradeCorrected(turn.at, trade, order.approved.instrument.key, gross, charges))


def _settle_what_was_asked(turn: Turn, order: Order, row: BrokerOrder, read_at: datetime) -> None:
    """A change that nobody answered is read off the row; what the book shows open after a while is asked again.

    A read that began at `read_at` says nothing of what was asked for, or settled, after that. One that shows the order
    on its way (under a word that is neither open nor an end) says less: a change may be on its way there.
    """
    custody = turn.state.custody
    asked, settled = custody.asked_at(order.id), custody.settled_at(order.id)
    pause = FIRST_PAUSE if row.working else seconds(turn.policy.unknown_settle_s)
    if order.revision is not None and _takes_turns(turn):
        pause = max(pause, OWN_TURN)
    waited = asked is None or read_at - asked >= pause
    if order.revision is not None:
        if shows(row, order.revision) and (asked is None or read_at >= asked):  # else it may be as it once was
            turn.note(e.RevisionSettled(turn.at, order.id, taken=True, note="the broker's book shows it"))
            turn.calm(REVISION_REFUSED, order.id)
        elif waited:
            turn.note(e.RevisionSettled(turn.at, order.id, taken=False, note=UNCHANGED))
            if order.in_vain:  # the time before too: some plugins tell a refusal as an error of their own
                turn.alarm(REVISION_REFUSED, order.id, UNCHANGED)
    elif order.id in turn.state.cancelling:
        if row.working and waited:
            ask_again(turn, order, read_at)
    elif settled is not None and read_at <= settled:
        return
    elif row.working:
        _undo_what_others_did(turn, order, row, waited=waited)


def _takes_turns(turn: Turn) -> bool:
    capability = turn.state.custody.capability
    return capability is not None and capability.calls_a_minute is not None


def _undo_what_others_did(turn: Turn, order: Order, row: BrokerOrder, *, waited: bool) -> None:
    """An order of ours that somebody changed at the broker: a stop is as it was again, a larger entry is taken back."""
    if is_larger(order, row):
        turn.cancel(order, f"somebody made it larger: {row.quantity} for {order.quantity}")
    ours = as_ordered(order)
    if ours is None or row.trigger is None:
        return
    if shows(row, ours):
        turn.calm(CHANGED, order.id)
    elif waited:
        in_vain = {(REVISION_REFUSED, order.id), (CHANGED, order.id)} & turn.state.custody.told
        shown = f"{row.quantity} at {row.trigger}, not as {ours.quantity} at {ours.trigger}"
        turn.alarm(CHANGED, order.id, f"the broker's book shows the resting stop as {shown}")
        if _taken_over(turn, order, row, row.trigger):
            return
        put_right(turn, order, ours, in_vain=bool(in_vain))


def _taken_over(turn: Turn, order: Order, row: BrokerOrder, trigger: Decimal) -> bool:
    """A resting stop that is tighter than ours, for as many shares, is ours from now on: a stop never loosens.

    Somebody moved it by hand; or we did, and no journal took it before the process ended.
    """
    held = turn.book.position(order.approved.instrument.key)
    if held is None or not held.tightens(trigger) or row.quantity != order.approved.quantity:
        return False
    theirs = Revision(row.quantity, row.price or order.approved.limit, trigger)
    turn.note(e.StopMoved(turn.at, row.key, held.id, held.stop, trigger, CHANGED))
    turn.note(e.RevisionRequested(turn.at, order.id, theirs, "the broker's book shows a tighter stop"))
    turn.note(e.RevisionSettled(turn.at, order.id, taken=True, note="the broker's book shows it"))
    return True


def _look_for(turn: Turn, order: Order, books: BrokerBooks) -> None:
    """An order that the read does not show: counted where that proves something, and settled in the end.

    The reads must follow one on the other: one that shows it, or what may be it, speaks against those before.
    """
    if books.orders is None or turn.at - order.approved.at < seconds(turn.policy.unknown_settle_s):
        return
    shown = books.order(order.broker_id) is not None
    if order.status == INTENDED and not shown:
        turn.alarm(OUTCOME_UNKNOWN, order.id, "nobody said what became of it, and the book does not show it")
    rows = () if order.broker_id else candidates(order, turn.book, books, turn.policy, _seen(turn))
    if shown or not all(books.is_spent(row) for row in rows):
        _count_anew(turn, order)
    elif not is_of_today(order, turn.book):
        _settle_of_before(turn, order, books)
    elif order.status != AWAITING and _proves(turn, order, books):
        _count_absent(turn, order, books)


def _settle_of_before(turn: Turn, order: Order, books: BrokerBooks) -> None:
    """A day order has ended with its session; what it filled unseen is in the positions, and comes first."""
    if may_have_filled(order, turn.book, books, turn.state.custody, turn.policy):
        if is_of_the_day_alone(turn.book, order.approved.instrument.key, turn.state.custody.capability):
            turn.alarm(UNSEEN_NIGHT, order.id, OF_A_DAY)
        return
    if order.is_entry and order.approved.product == DELIVERY:
        turn.alarm(UNSEEN_NIGHT, order.id, "nobody saw what it filled before the night: look at the holdings")
    keep_reduction(turn, order, books)
    _settle_absent(turn, order, "an order of an earlier session is not in today's book")


def _proves(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether a read proves what it does not show: it shows another row that was known, so it is a true one.

    Where no order of the day is known yet its book may be empty, and shows none. Of an exit, while nothing protects
    what is held, that is believed of a read which shows all of it (`is_unmoved`).
    """
    others = {o.broker_id for o in turn.book.orders if is_of_today(o, turn.book)} - {order.broker_id, ""}
    known = others | turn.state.custody.rows
    return is_clean(turn.book, books, known) or not (known or books.orders or books.trades is None or order.is_entry)


def _count_absent(turn: Turn, order: Order, books: BrokerBooks) -> None:
    if not is_unmoved(order, turn.book, books, turn.state.custody, turn.policy):
        _count_anew(turn, order)
        return
    reads = turn.state.custody.reads_without(order.id) + 1
    if reads < turn.policy.unknown_reads:
        turn.note(e.OrderAbsent(turn.at, order.id, reads))
    else:
        turn.note(e.OrderAbsent(turn.at, order.id, 0))
        _settle_absent(turn, order, f"not in {reads} clean reads in a row")
        turn.take_off(order, "the broker's book does not show it, so it is taken off by name")


def _count_anew(turn: Turn, order: Order) -> None:
    custody = turn.state.custody
    if custody.reads_without(order.id) or custody.refused_of(order.id)[1]:
        turn.note(e.OrderShown(turn.at, order.id))


def _settle_absent(turn: Turn, order: Order, why: str) -> None:
    """An order that the broker named once was taken off there; one that it never named did not arrive."""
    status = CANCELLED if order.broker_id or order.filled_quantity else REJECTED
    filled, value = order.filled_quantity, order.filled_value
    report(e.OrderReported(turn.at, order.id, status, filled, value, None, why, "unknown"), turn)


def _calm_the_known(turn: Turn) -> None:
    """Nobody need look any more at an order whose name at the broker is known by now, or that has ended."""
    for name, order_id in sorted(turn.state.custody.told):
        order = turn.book.order(order_id) if name in (OUTCOME_UNKNOWN, IN_VAIN) else None
        if order is not None and (not order.live or (name == OUTCOME_UNKNOWN and order.broker_id)):
            turn.calm(name, order_id)


def _remember_the_alike(turn: Turn, books: BrokerBooks, seen: Seen) -> None:
    """Rows that may be an order's for being new alone: to the next read they are not new any more."""
    for order in nameless(turn.book):
        new = set(candidates(order, turn.book, books, turn.policy, seen))
        new -= set(candidates(order, turn.book, books, turn.policy))
        if new - set(dict(turn.state.custody.alike).get(order.id, ())):
            turn.note(e.RowsAlike(turn.at, order.id, tuple(sorted(new))))


def _note_foreign_rows(turn: Turn, books: BrokerBooks) -> None:
    """Rows that are not ours are remembered: a later read that shows one of them is a true read.

    But for those of the night, which may be yesterday's, and of which no read of the day shows any.
    """
    if not turn.is_begun_there:
        return
    known = turn.book.broker_ids() | turn.state.custody.rows
    new = tuple(row.id for row in books.orders or () if row.id not in known)
    new += tuple(row.id for row in books.unread_of(ORDERS) if row.id not in known)
    if new:
        turn.note(e.RowsSeen(turn.at, new))


# ---------------------------------------------------------------- positions, and the gate


def _compare(turn: Turn, event: e.BooksRead, seen: Seen) -> None:
    """What differs is told, acted on when it has stood for long enough, and keeps the gate shut meanwhile."""
    books, custody = event.books, turn.state.custody
    found = differences(turn.book, books, custody.capability, presumed_filled(turn))
    if found is None:
        return
    standing = standing_of(turn, books, found)
    look_at_accepted(turn, books, found)
    standing += moved_unnamed(turn.book, books, custody, turn.policy)
    shown = repeated(standing, custody.mismatches, turn.policy.differing_reads, again=custody.is_another(books.at))
    mismatches = (*shown, *_not_shown(turn, books, standing))
    if mismatches != custody.mismatches:
        turn.note(e.BooksDiffer(turn.at, mismatches))
    for mismatch in (m for m in shown if m.times >= turn.policy.differing_reads):
        if mismatch.kind == UNNAMED:
            take_as_theirs(turn, mismatch, books, seen)
        else:
            act_on(turn, mismatch, event)
    _free_what_agrees(turn, books, {m.key for m in found}, {m.key for m in mismatches})
    if is_complete(turn.book, books) and not mismatches and not adrift(turn.book, books) and not custody.hollow.reads:
        _open_gate(turn)


def _not_shown(turn: Turn, books: BrokerBooks, found: Sequence[Mismatch]) -> tuple[Mismatch, ...]:
    """Shares of somebody else's that were there before, where a read hides some of ours, or tells nothing of theirs.

    What is no true read of ours proves nothing of theirs: an entry against them would be netted by the broker. Nor does
    one without trades (a look at an order that is to end) say anything of what differs in the instrument of an order.
    """
    custody, keys = turn.state.custody, {mismatch.key for mismatch in found if mismatch.kind != UNNAMED}
    hidden, silent = any(mismatch.kind == SUSPECT for mismatch in found), left_out(turn.book, books)
    stays = [surplus_of(turn.book, custody, turn.policy, key) for key in sorted(silent)]
    return tuple(
        known
        for known in custody.mismatches
        if known.key not in keys
        and ((hidden and known.kind == FOREIGN) or known in stays or (books.trades is None and known.key in silent))
    )


def _free_what_agrees(turn: Turn, books: BrokerBooks, found: set[str], differing: set[str]) -> None:
    """Lift what was frozen, and calm what was told, of instruments in which a read says that nothing differs any more.

    What it `found` and does not differ was accepted. A read that says nothing of an instrument frees nothing, nor does
    one that shows none of it and may be empty for another reason.
    """
    capability, presumed = turn.state.custody.capability, presumed_filled(turn)

    def agrees(key: str) -> bool:
        if key in differing or key in found:
            return key not in differing
        about = turn.book, books, key
        return tells_of(*about) or shows_none_beside(*about, capability, presumed)

    for latch in turn.book.latches:
        if latch.name == FROZEN and agrees(latch.key):
            turn.lift(FROZEN, "the books agree again", latch.key)
    for name, subject in sorted(turn.state.custody.told):
        if name == FROZEN and agrees(subject):
            turn.calm(FROZEN, subject)


def _open_gate(turn: Turn) -> None:
    """The books agree: entries that waited for a login may go on, if the login is good."""
    custody = turn.state.custody
    shut = turn.book.latch(LOGIN) is not None
    today = custody.reconciled_at is not None and custody.reconciled_at.date() == turn.at.date()
    if shut or not today:
        turn.note(e.Reconciled(turn.at))
    if shut and custody.login == GOOD:
        turn.note(e.Lifted(turn.at, LOGIN, RISKCORE, "the login is good, and the books agree"))
