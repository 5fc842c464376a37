"""Differences that an operator takes as they are, and what becomes of that as the account changes.

Shares that are there and not ours are accepted as so many beside ours, so that we may trade the symbol on their side: a
difference of just that is none. An entry against them is refused, for the broker would net the two. When they are gone
the acceptance ends; when they are more or fewer, it is a difference like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from riskcore import events as e
from riskcore.account import shares_beside
from riskcore.broker_books import BrokerBooks
from riskcore.custody import SUSPECT, UNNAMED, Beside, Mismatch
from riskcore.engine.adjust import FROZEN
from riskcore.engine.turn import Turn
from riskcore.engine.unnamed import presumed_filled
from riskcore.positions import DELIVERY
from riskcore.reconcile import shows_none_beside
from riskcore.stale_reads import was_carried

COUNTED: Final = "it was accepted as the broker's quantity, and is so many shares beside ours"
MISSING: Final = "the account shows none of them"
SHOWN: Final = "the account shows them again"
GONE: Final = "they are gone"


def accept_differences(event: e.DifferencesAccepted, turn: Turn) -> None:
    """The broker's account as it is: what differs now is left alone from here on, and frozen symbols are free again.

    What is still to be settled is not taken: shares that an order without a name may have brought, and shares of ours
    that are gone, for our book follows those.
    """
    found = turn.state.custody.mismatches
    open_ = tuple(m for m in found if _is_settled_by_itself(turn, m))
    taken = [m for m in found if m not in open_]
    accepted, beside = _after(turn, taken)
    turn.note(e.DifferencesTaken(turn.at, event.by, event.why, accepted, beside))
    if open_:
        turn.note(e.BooksDiffer(turn.at, open_))
    for latch in turn.book.latches:
        if latch.name == FROZEN:
            turn.note(e.Lifted(turn.at, FROZEN, event.by, event.why, latch.key))


def _is_settled_by_itself(turn: Turn, mismatch: Mismatch) -> bool:
    """Whether more reads settle a difference; what lacks for delivery, or cannot be believed, they may not."""
    held = turn.book.position(mismatch.key)
    if mismatch.kind == UNNAMED or held is None:
        return mismatch.kind == UNNAMED
    stays = held.product == DELIVERY and was_carried(held, turn.book.session)
    return mismatch.lacks and mismatch.kind != SUSPECT and not stays


def _after(turn: Turn, taken: Sequence[Mismatch]) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """All that is accepted with these: the broker's quantities, and the shares beside ours."""
    custody, keys = turn.state.custody, {m.key for m in taken}
    as_it_is = {key: theirs for key, theirs in custody.accepted if key not in keys}
    beside = {known.key: known.quantity for known in custody.beside if known.key not in keys}
    as_it_is |= {m.key: m.theirs for m in taken if m.lacks}
    beside |= {m.key: m.surplus for m in taken if not m.lacks}
    return tuple(sorted(as_it_is.items())), tuple(sorted(beside.items()))


def standing_of(turn: Turn, books: BrokerBooks, found: Sequence[Mismatch]) -> list[Mismatch]:
    """Those of the differences in a read that nobody accepted.

    What could not be believed when it was accepted, and by now shows that shares of ours are gone, is followed.
    """
    custody = turn.state.custody
    taken = [m for m in found if custody.accepts(m, shares_beside(turn.book, books, m.key))]
    return [m for m in found if m not in taken or _is_settled_by_itself(turn, m)]


def look_at_accepted(turn: Turn, books: BrokerBooks, found: Sequence[Mismatch]) -> None:
    """What a read says of what was accepted; one that hides shares of ours says nothing of those of others.

    `found` is what differs in it. What is not shown in `differing_reads` reads in a row, each of which proves it, is
    gone.
    """
    custody = turn.state.custody
    if any(mismatch.kind == SUSPECT for mismatch in found):
        return
    differing = {mismatch.key: mismatch for mismatch in found}
    for key, theirs in custody.accepted:
        mismatch = differing.get(key)
        if mismatch is None and _shows_none(turn, books, key):
            turn.note(e.AcceptedMoved(turn.at, key, None, GONE))
        elif mismatch is not None and mismatch.theirs == theirs and not mismatch.lacks:
            turn.note(e.AcceptedMoved(turn.at, key, Beside(key, mismatch.surplus), COUNTED))
    for known in custody.beside:
        _count(turn, books, known)


def _count(turn: Turn, books: BrokerBooks, known: Beside) -> None:
    """In how many reads in a row shares were not shown; one that proves neither way counts for nothing."""
    key = known.key
    if _shows_none(turn, books, key):
        missing = known.missing + 1
        gone = missing >= turn.policy.differing_reads
        after = None if gone else Beside(key, known.quantity, missing)
        turn.note(e.AcceptedMoved(turn.at, key, after, GONE if gone else MISSING))
    elif known.missing and shares_beside(turn.book, books, key):
        turn.note(e.AcceptedMoved(turn.at, key, Beside(key, known.quantity), SHOWN))


def _shows_none(turn: Turn, books: BrokerBooks, key: str) -> bool:
    return shows_none_beside(turn.book, books, key, turn.state.custody.capability, presumed_filled(turn))
