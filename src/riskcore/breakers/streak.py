"""Breakers on trades lost in a row, counted, or weighed in R."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from riskcore.book import Book, Outcome
from riskcore.breakers.measure import Measure, Observations, rule_of
from riskcore.money import ZERO
from riskcore.policy import Policy
from riskcore.sessions import session_date
from riskcore.states import AFTER_S, NEXT_SESSION


def streak(book: Book, rule: str) -> Iterator[Outcome]:
    """The trades lost in a row, the latest first, that closed after the breaker of that name was last lifted.

    A trade with a net result of exactly nought neither belongs to the streak nor ends it.
    """
    since = book.counted_since(rule)
    for outcome in reversed(book.outcomes):
        net = outcome.net
        if net > ZERO or (since is not None and outcome.closed_at <= since):
            return
        if net < ZERO:
            yield outcome


def loss_streak(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """Trades lost in a row against `max_loss_streak`; None while switched off.

    One that was at its limit when its session ended counts nothing in the next ones, until a trade is lost there too:
    no trade was left to end it. (Where `breakers` has it stand until a hand or a gain lifts it, it stands.)
    """
    if policy.max_loss_streak is None:
        return None
    lost = list(streak(book, "max_loss_streak"))
    found = Measure("max_loss_streak", len(lost), policy.max_loss_streak, "trades lost in a row")
    return _standing(found, lost, book, policy, at)


def loss_streak_r(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """The R lost by trades lost in a row, against `max_loss_streak_r`; None while switched off.

    R of a trade = net result / (initial risk per share x quantity). A lost trade without an initial stop has no R and
    adds none (`max_loss_streak` counts it). What was at its limit when its session ended counts as there.
    """
    if policy.max_loss_streak_r is None:
        return None
    lost = [trade for trade in streak(book, "max_loss_streak_r") if trade.r_multiple is not None]
    weight = sum((-trade.r_multiple for trade in lost if trade.r_multiple is not None), ZERO)
    found = Measure("max_loss_streak_r", weight, policy.max_loss_streak_r, "R lost in a row")
    return _standing(found, lost, book, policy, at)


def _standing(found: Measure, lost: Sequence[Outcome], book: Book, policy: Policy, at: datetime) -> Measure:
    """A streak as it counts in this session.

    A new loss makes all of it count again: counted from nought, a tighter limit, which was reached earlier, would let
    through what a looser one stops.
    """
    today = session_date(at) if book.session is None else book.session
    if not found.tripped or any(trade.session >= today for trade in lost):
        return found
    lifts = rule_of(policy, found.rule).resets in (NEXT_SESSION, AFTER_S)
    return found._replace(measured=0) if lifts else found
