"""How an order call ends: accepted, waiting for somebody's approval, refused, or unknown. There is no fifth way."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from riskcore_openalgo.client.failures import NOT_SENT, RATE_LIMITED, UNKNOWN
from riskcore_openalgo.client.fields import identity, text
from riskcore_openalgo.client.reply import Reply

ANALYZE = "analyze"
LIVE = "live"
NOT_HERE = 501


@frozen
class Accepted:
    """The order was taken under an id of the broker's. Whether it filled, the books tell.

    `analyzer` is whether it went to OpenAlgo's sandbox; None where the answer does not say.
    """

    broker_id: str
    analyzer: bool | None


@frozen
class AwaitingApproval:
    """The order waits in OpenAlgo's Action Center, and nothing has been traded; it may never be."""

    pending_id: str


@frozen
class Rejected:
    """The order was refused, or never left: nothing was done. `error` is its class.

    `broker_id` is there where the broker keeps the refused order in its book.
    """

    reason: str
    error: str
    broker_id: str | None = None


@frozen
class Unknown:
    """Nobody here knows whether the order was taken. Only the broker's books tell; it is never sent again."""

    why: str
    error: str = UNKNOWN


Outcome: TypeAlias = Accepted | AwaitingApproval | Rejected | Unknown


def not_sent(why: str, error: str = NOT_SENT) -> Rejected:
    """The refusal of an order that never left this machine."""
    return Rejected(f"not sent: {why}", error)


def no_tokens(kind: str) -> Rejected:
    """The refusal of an order for which this second has no token left."""
    return not_sent(f"no token for an {kind} in this second", RATE_LIMITED)


def outcome_of(reply: Reply, id_field: str = "orderid") -> Outcome:
    """What a reply to an order call means.

    A refusal is one only where OpenAlgo itself said no (400, 401, 403, 404, 429, or an error with status 200), or where
    nothing was sent. Any other status, a timeout, a drop, a body that cannot be read, a success without an id: unknown.
    """
    if reply.ok:
        return _taken(reply, id_field)
    if reply.definite or (reply.code == NOT_HERE and reply.spoken):
        return Rejected(reply.words, reply.error, identity(reply.body.get(id_field)) or None)
    return Unknown(reply.words, reply.error)


def _taken(reply: Reply, id_field: str) -> Outcome:
    body = reply.body
    broker_id, pending_id = identity(body.get(id_field)), identity(body.get("pending_order_id"))
    if any(letter.isdigit() for letter in broker_id):  # a plugin that was given none answers ORDER_PLACED
        return Accepted(broker_id, analyzer_of(reply))
    if pending_id:
        return AwaitingApproval(pending_id)
    return Unknown(f"a success without {id_field}: nobody can say which order it was")


def analyzer_of(reply: Reply) -> bool | None:
    """Whether a success comes from the sandbox: it says so there, and says nothing when it is live."""
    if "mode" not in reply.body:
        return False
    return True if text(reply.body["mode"]) == ANALYZE else None
