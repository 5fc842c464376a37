"""What a desk does not do: each refusal has a kind, and names the place and the remedy."""

from __future__ import annotations

from typing import Final

STALE: Final = "stale"
"""The journal, the clock or the book has moved on since the decision: decide again."""
RUNNER_IS_LIVE: Final = "runner_is_live"
"""Somebody else writes the account's journal: a runner, or another script amid a send or a watch."""
NO_STOP_RESTS: Final = "no_stop_rests"
"""No protective stop could rest at the broker, and nobody was said to look after the position."""
REPEATED: Final = "repeated"
"""The signal was answered before."""
NOT_APPROVED: Final = "not_approved"
"""What is to be sent is no approval, or none that this desk gave."""
NOT_AN_ENTRY: Final = "not_an_entry"
"""An exit needs no decision: `desk.exit`."""
INSTRUMENT_UNKNOWN: Final = "instrument_unknown"
"""OpenAlgo does not know the instrument, or could not be asked."""
NOTHING_HELD: Final = "nothing_held"
"""There is no position to leave."""
OTHER_ACCOUNT: Final = "other_account"
"""The journal is the sandbox's, and the desk is for real orders, or the other way round."""
CLOSED: Final = "closed"
"""The desk was closed."""
KINDS: Final = (
    STALE,
    RUNNER_IS_LIVE,
    NO_STOP_RESTS,
    REPEATED,
    NOT_APPROVED,
    NOT_AN_ENTRY,
    INSTRUMENT_UNKNOWN,
    NOTHING_HELD,
    OTHER_ACCOUNT,
    CLOSED,
)


class DeskError(RuntimeError):
    """The desk did not do what it was asked to. `kind` is one of `KINDS`, for a program; the text is for people."""

    def __init__(self, kind: str, where: str, what: str) -> None:
        super().__init__(f"{kind}: {where}: {what}")
        self.kind = kind
