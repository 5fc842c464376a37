"""Whose day a journal tells: one of paper money, of OpenAlgo's sandbox, or of the broker's account.

It is gone on with for the same alone. A position on paper that a live day took over would be shares that the broker
lacks, or shares of somebody's own that it holds, and its losses and trades would count against real limits.
"""

from __future__ import annotations

from typing import Final

from riskcore import events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.runner.assembly import LIVE, NO_BROKER, SANDBOX

ON_PAPER: Final = "paper money"
REAL: Final = "a broker"
REMEDY: Final = "give each account a journal of its own"
HOW: Final = "--journal NAME, or journal: in system_config.yaml"


def account_kind(*, mode: str, analyzer: bool) -> str:
    """What a day of that mode trades in."""
    return ON_PAPER if mode != LIVE else SANDBOX if analyzer else REAL


def kept_for(journal: Reader) -> str:
    """What the days in a journal traded in; "" where nothing in it tells."""
    custody = journal.load().state.custody
    if custody.capability is not None:
        return {NO_BROKER: ON_PAPER, SANDBOX: SANDBOX}.get(custody.capability.broker, REAL)
    decided = journal.rows(types=(events.EntryApproved.__name__, events.EntryRefused.__name__))
    return ON_PAPER if not custody.login and any(True for _ in decided) else ""  # bars were played: nobody logged in


def refuse_other(journal: Reader, *, mode: str, analyzer: bool = False) -> None:
    """`ValueError` where a journal was kept for another account than that of a day of this mode."""
    before, now = kept_for(journal), account_kind(mode=mode, analyzer=analyzer)
    if before and before != now:
        raise ValueError(f"{journal.where}: it was kept for {before}, and this is a day of {now}; {REMEDY}: {HOW}")
