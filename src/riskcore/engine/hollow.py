"""Answers with nothing in them: at some brokers that is how a dead login looks.

One empty book proves nothing there. All of them and the money at once, several times in a row, are no account at all:
a login is needed. It is good again as soon as anything is shown. A plugin may stumble over the error in some of the
books (Angel's in the holdings, those of the XTS family in the positions, Dhan's in all others): an unread one beside an
empty one shows nothing either. Where none could be read it is an outage, and of the login nothing is known.
"""

from __future__ import annotations

from typing import Final

from riskcore import events as e
from riskcore.broker_books import BrokerBooks
from riskcore.custody import BAD, GOOD, Hollow
from riskcore.engine.operator import login
from riskcore.engine.turn import RISKCORE, Turn

EMPTY_READS: Final = 3
WHY: Final = "the broker shows nothing at all: no order, trade, position, holding, nor money; its login is likely gone"


def funds_answered(turn: Turn, *, read: bool) -> None:
    """The money was asked for; `read`: the answer had it."""
    known = turn.state.custody.hollow
    if read:
        _shown(turn, Hollow())
    elif _may_be_hollow(turn) and not known.funds:
        turn.note(e.AnswersEmpty(turn.at, funds=True, reads=known.reads))


def books_answered(turn: Turn, books: BrokerBooks) -> None:
    """All books were asked for: counted while they are empty, or unread beside an empty one, and so is the money."""
    known, shown = turn.state.custody.hollow, (books.orders, books.trades, books.positions, books.holdings)
    if any(shown) or books.unread_rows:
        _shown(turn, Hollow(known.funds))
        return
    if shown == (None,) * len(shown) or not known.funds or not _may_be_hollow(turn):
        return
    if known.reads < EMPTY_READS:
        turn.note(e.AnswersEmpty(turn.at, funds=True, reads=known.reads + 1))
    if turn.state.custody.hollow.reads >= EMPTY_READS and turn.state.custody.login != BAD:
        login(e.LoginSeen(turn.at, good=False, reconciled=False, by=RISKCORE, why=WHY), turn)


def _may_be_hollow(turn: Turn) -> bool:
    """Whether the broker may answer an error with nothing."""
    capability = turn.state.custody.capability
    return capability is not None and not capability.empty_proves


def _shown(turn: Turn, after: Hollow) -> None:
    """Something is there: a login that was taken for gone is good, and the books are to be compared."""
    before = turn.state.custody.hollow
    if before != after:
        turn.note(e.AnswersEmpty(turn.at, after.funds, after.reads))
    if before.reads >= EMPTY_READS > after.reads and turn.state.custody.login == BAD:
        turn.note(e.LoginChanged(turn.at, GOOD))
