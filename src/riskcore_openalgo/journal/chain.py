"""The rows of a journal and the chain that holds them: each row's hash covers the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from attrs import field, frozen

from riskcore import events
from riskcore_openalgo.journal.codec import VERSIONS, decode, encode

INPUT: Final = "input"
FACT: Final = "fact"
CHANGED: Final = "its content does not match its hash: it was changed after it was written"


class Mark(NamedTuple):
    """A place in a chain: the number of a row and its hash."""

    seq: int
    hash: str

    @classmethod
    def read(cls, text: str) -> Mark:
        """The mark that `str` wrote."""
        seq, _, hash_ = text.partition(" ")
        return cls(int(seq), hash_)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


GENESIS: Final = Mark(0, "0" * 64)
"""Before the first row of a journal that was never pruned."""


@frozen
class Row:
    """One line of the journal."""

    seq: int
    kind: str
    type: str
    version: int
    at: str
    body: str
    hash: str
    written: Any = field(default=None, eq=False, repr=False)
    """What the body was made of, where that is at hand: the same as what can be read from the body again."""

    @property
    def event(self) -> Any:
        """The input or fact itself."""
        return decode(self.type, self.version, self.body) if self.written is None else self.written

    @property
    def columns(self) -> dict[str, Any]:
        """What stands in the table, by the names of its columns."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "type": self.type,
            "version": self.version,
            "at": self.at,
            "body": self.body,
            "hash": self.hash,
        }

    @property
    def mark(self) -> Mark:
        """Where it stands."""
        return Mark(self.seq, self.hash)

    def follows(self, before: str) -> bool:
        """Whether its hash is the one it must have after that hash."""
        return self.hash == _hash(before, self.kind, self.type, self.version, self.at, self.body)


class Break(Exception):
    """Where a chain does not hold: the row, and what is wrong with it."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"row {seq}: {why}")
        self.seq, self.why = seq, why


def chained(rows: Iterable[Row], after: Mark) -> Iterator[Row]:
    """The rows one by one, each looked at: `Break` at the first that does not follow the one before it."""
    before, expected = after.hash, after.seq + 1
    for row in rows:
        if row.seq != expected:
            raise Break(expected, f"is missing (the next one found is {row.seq})")
        if not row.follows(before):
            raise Break(row.seq, CHANGED)
        before, expected = row.hash, expected + 1
        yield row


def row_of(entry: events.Input | events.Fact, after: Mark) -> Row:
    """An input or fact as the row that follows."""
    name = type(entry).__name__
    kind = FACT if isinstance(entry, events.FACTS) else INPUT
    version, at, body = VERSIONS[name], entry.at.isoformat(), encode(entry)
    hash_ = _hash(after.hash, kind, name, version, at, body)
    return Row(after.seq + 1, kind, name, version, at, body, hash_, entry)


def _hash(before: str, kind: str, type_name: str, version: int, at: str, body: str) -> str:
    """SHA-256 over the previous hash and everything in the row, unambiguously joined."""
    text = json.dumps([before, kind, type_name, version, at, body], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
