"""How much something matters to people, and what is said of it.

| severity | means |
|---|---|
| critical | somebody must look now; passes quiet hours, and is repeated until it is over or acknowledged |
| warning | something is not as it should be |
| info | what happened |
| detail | what became of each wish: the log has it, a channel only where it asks for it |
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

CRITICAL: Final = "critical"
WARNING: Final = "warning"
INFO: Final = "info"
DETAIL: Final = "detail"
SEVERITIES: Final = (DETAIL, INFO, WARNING, CRITICAL)
"""The mildest first."""


@frozen
class Told:
    """Words for people. `key` is what it is about: the same key again within a while is the same thing told twice."""

    severity: str
    title: str
    text: str
    key: str

    @property
    def line(self) -> str:
        """Title and text in one line of ASCII."""
        return " ".join(f"{self.title}: {self.text}".split()).encode("ascii", "replace").decode("ascii")

    @property
    def is_detail(self) -> bool:
        """Whether the log alone has it, where nobody asked for more."""
        return self.severity == DETAIL
