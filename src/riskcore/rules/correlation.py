"""Rules about the same bet made again: pair by pair, and in clusters of what moves together."""

from __future__ import annotations

from riskcore.money import ZERO
from riskcore.reasons import Reading
from riskcore.rules.bets import Bets
from riskcore.rules.context import Context
from riskcore.rules.exposure import room_under, used


def same_bet(context: Context) -> Reading:
    """No open position wins and loses together with the entry beyond `max_correlation`; at the limit passes.

    What moves against the entry is a hedge and passes. Entries on their way count as open; shares added to a
    position are no second bet.
    """
    bets, limit = context.bets, context.policy.max_correlation
    if limit is None or not isinstance(bets, Bets):
        return _unknown(context)
    worst = max(((bets.together[0, other], bets.keys[other]) for other in range(1, len(bets.keys))), default=None)
    if worst is None:
        return "", None, limit, None
    found, key = worst
    return ("", found, limit, None) if found <= limit else ("too_correlated", f"{found:.2f} with {key}", limit, None)


def cluster_slot(context: Context) -> Reading:
    """The entry's cluster holds at most `max_cluster_positions`, the entry included.

    A cluster is all that hangs together by pairs at or above `cluster_correlation` (single linkage), so that a
    chain of likes counts as one bet though its ends hardly move together. Shares added to a position add none.
    """
    bets, limit = context.bets, context.policy.max_cluster_positions
    if not isinstance(bets, Bets):
        return _unknown(context)
    count = len(bets.cluster)
    passed = limit is None or count <= limit or context.book.position(bets.keys[0]) is not None
    return "" if passed else "cluster_crowded", count, limit, None


def cluster_exposure(context: Context) -> Reading | None:
    """The entry's cluster is at most `max_cluster_exposure` of the sizing base, on the position cap's basis."""
    bets, per_share = context.bets, context.per_share
    if not isinstance(bets, Bets):
        return _unknown(context)
    if context.base is None or per_share is None:
        return None
    keys = [bets.keys[at] for at in bets.cluster]
    taken = used(context, lambda held: held.instrument.key in keys)
    return room_under(context, taken, context.policy.max_cluster_exposure or ZERO, "cluster_full")


def _unknown(context: Context) -> Reading:
    """Whose history is missing, too short or without a move, against the returns that are needed."""
    bets = context.bets
    whose = bets if isinstance(bets, str) else context.market.instrument.key
    return "correlation_unknown", whose, context.policy.correlation_min_bars, None
