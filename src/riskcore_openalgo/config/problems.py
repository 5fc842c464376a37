"""What is wrong with a configuration: each problem with its place and its remedy, all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from attrs import define, field, frozen

EXIT_CONFIGURATION: Final = 78
"""What the command line exits with when it refuses to start (EX_CONFIG of sysexits.h)."""

MOST_PROBLEMS: Final = 200
"""Shown of one file. Past that it is not a configuration with mistakes, but another file."""

HIDDEN: Final = "(not shown)"


@frozen
class Problem:
    """One thing that is wrong, and what to write instead: `file:line: key: what`, in one line of ASCII."""

    file: str
    line: int | None
    key: str
    what: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        text = ": ".join(part for part in (place, self.key, self.what) if part)
        return "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in text)


class ConfigurationError(Exception):
    """The configuration cannot be used. Its text is one problem a line, sorted by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


@define
class Report:
    """Collects what is wrong in one file.

    `public` is given for a file of secrets: then no value enters a message, and of the keys only these, since
    a missing space (`api_key:abc`) makes a key out of a secret. `unlock` opens an encrypted secret, and raises
    `ValueError` where it cannot; `plain` collects the places of those that are not encrypted.
    """

    file: str
    public: frozenset[str] | None = None
    problems: list[Problem] = field(factory=list)
    unlock: Callable[[str], str] | None = None
    plain: list[Problem] = field(factory=list)

    @property
    def full(self) -> bool:
        """Whether further problems are no longer told one by one."""
        return len(self.problems) > MOST_PROBLEMS

    def add(self, line: int | None, key: str, what: str) -> None:
        """Note one problem; past `MOST_PROBLEMS` only that there are more."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(self.file, line, key, what))
        elif not self.full:
            self.problems.append(Problem(self.file, line, "", "more is wrong from here on; mend the above first"))

    def name(self, key: str) -> str:
        """A key of the user's as it may be shown."""
        return key if self.public is None or key in self.public else HIDDEN

    def got(self, shown: str) -> str:
        """The end of a sentence that says what was found; nothing in a file of secrets."""
        return f", got {shown}" if self.public is None else ""
