"""What became of a request in a runner's inbox that the journal does not show in time: it waits, or it was taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from attrs import frozen

from riskcore_openalgo.runner.inbox import ASKED, BAD, TAKEN

ACTED: Final = (
    "TAKEN by the runner, and not in its journal within {:g} s (its database takes no rows, or is slow): an exit, a "
    "cancel or a stop is done or under way, an entry is not sent. Do not do it a second time, here or at the broker; "
    "look at the broker's own page"
)


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


def unseen(path: Path, wait_s: float) -> Unseen:
    """Of a request that was put as `path`, and that the journal did not show within `wait_s`."""
    taken, bad = path.with_suffix(TAKEN), path.with_name(f"{path.stem}{ASKED}{BAD}")
    if path.exists():
        said = f"NOT taken within {wait_s:g} s: the request waits as {path}; delete that file to withdraw it"
        return Unseen(said, taken=False, waits_as=path)
    if bad.exists():
        return Unseen(f"NOT taken: the runner could not read it, and set it aside as {bad}", taken=False, waits_as=None)
    return Unseen(ACTED.format(wait_s), taken=True, waits_as=taken if taken.exists() else None)
