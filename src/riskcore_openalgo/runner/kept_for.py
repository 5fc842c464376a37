"""Whose day a journal tells: one of paper money, of OpenAlgo's sandbox, or of the broker's account.

It is gone on with for the same alone. A position on paper that a live day took over would be shares that the broker
lacks, or shares of somebody's own that it holds, and its losses and trades would count against real limits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from riskcore import engine, events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.portfolio import SANDBOX
from riskcore_openalgo.runner.assembly import LIVE, NO_BROKER

ON_PAPER: Final = "paper money"
REAL: Final = "a broker"
REMEDY: Final = "give each account a journal of its own"
HOW: Final = "--journal NAME, or journal: in system_config.yaml"


def account_kind(*, mode: str, analyzer: bool) -> str:
    """What a day of that mode trades in."""
    return ON_PAPER if mode != LIVE else SANDBOX if analyzer else REAL


def kept_for(journal: Reader) -> str:
    """What the days in a journal traded in; "" where nothing in it tells."""
    state = journal.load().state
    if state.custody.capability is not None:
        return {NO_BROKER: ON_PAPER, SANDBOX: SANDBOX}.get(state.custody.capability.broker, REAL)
    return ON_PAPER if _played(journal, state, events.EntryApproved, events.EntryRefused) else ""


def clock_of_bars(journal: Reader) -> datetime | None:
    """Where a journal's clock stands that bars were played into; None for one that goes by this machine's clock."""
    state = journal.load().state
    return state.now if state.custody.capability is None and _played(journal, state, events.PricesSeen) else None


def _played(journal: Reader, state: engine.State, *kinds: type) -> bool:
    """Whether a journal whose broker nobody named has such rows, and nobody logged in: bars were played."""
    found = journal.rows(types=tuple(kind.__name__ for kind in kinds))
    return not state.custody.login and any(True for _ in found)


def refuse_other(journal: Reader, *, mode: str, analyzer: bool = False) -> None:
    """`ValueError` where a journal was kept for another account than that of a day of this mode."""
    before, now = kept_for(journal), account_kind(mode=mode, analyzer=analyzer)
    if before and before != now:
        raise ValueError(f"{journal.where}: it was kept for {before}, and this is a day of {now}; {REMEDY}: {HOW}")
