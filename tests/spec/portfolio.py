"""Tables of what is remembered and compared: cooldowns and stop-outs, correlations and clusters.

`finished today` are trades of INFY that closed in the session, as `11:30 -1, 11:50 2`: the time and the result in R
(of Rs 100), taken off by the stop where it is a loss and by the target where it is not.
"""

from datetime import datetime
from decimal import Decimal

import attrs

import riskcore as rc
from riskcore.rules.bets import connected
from tests.spec.decisions import situation


def _closed(text, now):
    for part in filter(None, text.split(",")):
        clock, result = part.split()
        closed = datetime.combine(now.date(), datetime.fromisoformat(f"2026-11-20T{clock}").time(), rc.IST)
        yield rc.Outcome(
            key="NSE:INFY",
            side="BUY",
            session=now.date(),
            closed_at=closed,
            quantity=10,
            gross=100 * Decimal(result),
            charges=Decimal(0),
            r_multiple=Decimal(result),
            reason="stop" if Decimal(result) <= 0 else "target",
        )


def waiting(finished_today="", **columns):
    """Whether an entry must wait, and for what."""
    signal, book, market, policy = situation(**columns)
    book = attrs.evolve(book, outcomes=tuple(_closed(finished_today, market.at)))
    answer = rc.decide(signal, book, market, policy)
    if answer.approved:
        return {"answer": "approved", "reported": None, "sentence": None}
    return {"answer": "refused", "reported": answer.reasons[0].reason, "sentence": answer.reasons[0].text}


def likeness(first, second, window="60", shrinkage="0"):
    """The correlation of two series of closes."""
    one, other = ([Decimal(close) for close in text.split()] for text in (first, second))
    return {"correlation": rc.return_correlation(one, other, window=int(window), shrinkage=Decimal(shrinkage))}


def cluster(members, linked=""):
    """What hangs together with the first member, by pairs such as `A B, B C`."""
    names, pairs = members.split(), {tuple(pair.split()) for pair in linked.split(",") if pair}

    def joined(one, other):
        return (names[one], names[other]) in pairs or (names[other], names[one]) in pairs

    return {"cluster": " ".join(names[at] for at in connected(0, len(names), joined))}
