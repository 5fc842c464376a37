"""What became of a request in a runner's inbox that the journal does not show in time: it waits, or it was taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from attrs import frozen

from riskcore_openalgo.journal import Reader
from riskcore_openalgo.runner.inbox import ASKED, BAD, TAKEN
from riskcore_openalgo.runner.kept_for import clock_of_bars

ACTED: Final = (
    "TAKEN by the runner, and not in its journal within {:g} s (its database takes no rows, or is slow): an exit, a "
    "cancel or a stop is done or under way, an entry is not sent. Do not do it a second time, here or at the broker; "
    "look at the broker's own page"
)

PLAYED: Final = "bars are played into that journal, and such a day takes no hand"
"""Whoever plays bars looks into no inbox; a request that stayed there would be taken by a day that comes much later."""


@frozen
class Unseen:
    """The words for whoever asked; `taken` says that the runner has it, and `waits_as` is the file that is left."""

    told: str
    taken: bool
    waits_as: Path | None

    @property
    def content(self) -> dict[str, Any]:
        """The same for a program."""
        return {"done": False, "taken": self.taken, "waits_as": self.waits_as, "told": self.told}


def withdrawn(path: Path, journal: Reader) -> bool:
    """Whether a request that nobody took was taken back, for nobody looks there: bars are played into the journal."""
    try:
        if not path.exists() or clock_of_bars(journal) is None:
            return False
    except (OSError, ValueError, RuntimeError):  # of what cannot be read nothing is known
        return False
    path.unlink(missing_ok=True)
    return True


def unseen(path: Path, wait_s: float, journal: Reader) -> Unseen:
    """Of a request that was put as `path`, and that the journal did not show within `wait_s`."""
    if withdrawn(path, journal):
        said = f"NOT taken: {PLAYED}; nothing waits. Do it when that day has ended, or was stopped with Ctrl-C"
        return Unseen(said, taken=False, waits_as=None)
    taken, bad = path.with_suffix(TAKEN), path.with_name(f"{path.stem}{ASKED}{BAD}")
    if path.exists():
        said = f"NOT taken within {wait_s:g} s: the request waits as {path}; delete that file to withdraw it"
        return Unseen(said, taken=False, waits_as=path)
    if bad.exists():
        return Unseen(f"NOT taken: the runner could not read it, and set it aside as {bad}", taken=False, waits_as=None)
    return Unseen(ACTED.format(wait_s), taken=True, waits_as=taken if taken.exists() else None)
