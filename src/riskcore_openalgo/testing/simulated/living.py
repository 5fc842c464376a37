"""One simulated day from its script to its outcome; and a day that failed, made as small as it will go."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

from riskcore_openalgo.testing.simulated.checks import Broken
from riskcore_openalgo.testing.simulated.nights import NIGHT, script_for
from riskcore_openalgo.testing.simulated.room import Room
from riskcore_openalgo.testing.simulated.script import Happening, Script
from riskcore_openalgo.testing.simulated.store import DiskStore, MemoryStore


@frozen(kw_only=True)
class Outcome:
    """How a day ended: `broken` is the invariant that did not hold ("" where all did), `what` was seen of it."""

    seed: int
    broken: str = ""
    what: str = ""
    happened: int = 0
    turns: int = 0
    restarts: int = 0
    count: dict[str, int] = field(factory=dict)


def live_through(script: Script, *, sqlite: bool = False) -> Outcome:
    """Live a day; an error inside the program is an outcome too."""
    with tempfile.TemporaryDirectory() as folder:
        store = DiskStore(Path(folder) / "day.db") if sqlite else MemoryStore()
        try:
            return _lived(script, store)
        finally:
            store.close()


def day_of(seed: int, *, sqlite: bool, only: str = "", night: bool = False, contracts: bool | None = None) -> Outcome:
    """The outcome of a seed's day, as `script_for` has it."""
    return live_through(script_for(seed, only, night=night, contracts=contracts), sqlite=sqlite)


def _lived(script: Script, store: MemoryStore) -> Outcome:
    room = Room(script, store)
    broken = what = ""
    try:
        room.run()
    except Broken as problem:
        broken, what = problem.name, str(problem)
    except Exception as problem:  # noqa: BLE001 - whatever it was, the day has failed, and is to be made small
        broken, what = type(problem).__name__, "".join(traceback.format_exception(problem))
    return Outcome(
        seed=script.seed,
        broken=broken,
        what=what,
        happened=room.happened,
        turns=room.turns,
        restarts=room.restarts,
        count=dict(room.checks.count),
    )


def shrunk(
    script: Script,
    broken: str,
    *,
    within_s: float = 60.0,
    fails: Callable[[Script], str] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Script:
    """The day with as little in it as still breaks the same invariant: pieces are left out, ever smaller ones.

    A night stays whole: without the login after it, say, another day would fail. It stops where no single thing can
    go, or when the time is over.
    """
    fails = fails or (lambda day: live_through(day).broken)
    ends, kept = monotonic() + within_s, script.happenings
    size = len(kept) // 2
    while size and monotonic() < ends:
        smaller = _without_a_piece(script, kept, size, broken, fails, lambda: monotonic() < ends)
        if smaller is None:
            size //= 2
        else:
            kept = smaller
            size = min(size, len(kept) // 2)
    return script.only(kept)


def _without_a_piece(
    script: Script,
    kept: tuple[Happening, ...],
    size: int,
    broken: str,
    fails: Callable[[Script], str],
    goes_on: Callable[[], bool],
) -> tuple[Happening, ...] | None:
    """What is left when every piece of that size that can go has gone; None where none could."""
    began, start = len(kept), 0
    while start < len(kept) and goes_on():
        piece = kept[start : start + size]
        staying = tuple(one for one in piece if one.kind in NIGHT)
        fewer = kept[:start] + staying + kept[start + size :]
        if len(staying) < len(piece) and fails(script.only(fewer)) == broken:
            kept, start = fewer, start + len(staying)
        else:
            start += size
    return kept if len(kept) < began else None


def total(outcomes: list[Outcome]) -> Counter[str]:
    """What was counted on all days together."""
    counted: Counter[str] = Counter()
    for outcome in outcomes:
        counted.update(outcome.count)
    return counted
