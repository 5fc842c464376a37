"""The broker's money beside ours, on the schedule of its reading, and what somebody declares of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.custody import Balance
from riskcore.engine.hollow import funds_answered
from riskcore.engine.turn import Turn
from riskcore.ledger import explained
from riskcore.money import ZERO, exact, grouped

BALANCE: Final = "balance_unexplained"
FUNDS: Final = "funds"


@exact
def funds_seen(event: e.FundsSeen, turn: Turn) -> None:
    """What the broker's opening balance comes to against the one we count from, what explains it, and what is left.

    theirs = available + used - realised today, as far as it tells; difference = theirs - opening equity; unexplained =
    difference - the lines of `ledger.explained`. A fact where one of the two has changed by more than
    `balance_tolerance`; somebody is called while more than that is unexplained. Before the broker's day has begun its
    funds are those of the day before, and say nothing; from then on the opening equity is asked for, until it is known.
    """
    funds_answered(turn, read=event.available is not None)
    if event.available is None or event.used is None or event.realised is None or not turn.is_begun_there:
        return
    opening = turn.book.opening_equity
    if opening is None:
        turn.ask_equity()
        return
    theirs = event.available + event.used - event.realised
    lines = explained(theirs - opening, turn.book, turn.state.custody.moved, event.realised)
    unexplained = theirs - opening - sum((line.amount for line in lines), ZERO)
    odd, told = abs(unexplained) > turn.policy.balance_tolerance, (BALANCE, FUNDS) in turn.state.custody.told
    if odd != told or _has_changed(turn, theirs - opening, unexplained):
        turn.note(e.FundsCompared(turn.at, theirs, opening, unexplained, lines))
    if odd:
        why = f"Rs {grouped(unexplained)} of the broker's balance are not explained by our trades"
        known = ", ".join(f"{line.what} {grouped(line.amount)}" for line in lines)
        turn.alarm(BALANCE, FUNDS, f"{why}; explained are {known}" if known else why)
    else:
        turn.calm(BALANCE, FUNDS)


def _has_changed(turn: Turn, difference: Decimal, unexplained: Decimal) -> bool:
    known = turn.state.custody.balance or Balance(ZERO, ZERO, ZERO)
    most = turn.policy.balance_tolerance
    return abs(difference - (known.theirs - known.ours)) > most or abs(unexplained - known.unexplained) > most


def funds_moved(event: e.FundsMoved, turn: Turn) -> None:
    """Money came or went by hand: the next reading of the funds takes it into account."""
    turn.note(e.FundsExplained(turn.at, event.by, event.why, event.amount))
