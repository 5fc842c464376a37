"""Notes and tags on trades: what a person writes beside the journal, in a table that is no part of its chain.

Notes change nothing of what the journal proves; they may be written while a runner writes the journal, and are never
read by anything that decides. The table is made with the first note.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import DBAPIError

from riskcore_openalgo.journal.places import At, place_of
from riskcore_openalgo.journal.reader import Reader
from riskcore_openalgo.journal.tables import TRADES, Said
from riskcore_openalgo.journal.troubles import JournalInUse, TableMissing

NOTES: Final = Table(
    "notes",
    MetaData(),  # not among the journal's own tables: a journal without it is whole
    Column("number", Integer, primary_key=True),
    Column("at", Said, nullable=False),
    Column("trade", Said, nullable=False),
    Column("text", Said, nullable=False),
    Column("tags", Said, nullable=False),
)
LONGEST: Final = 2_000


@frozen
class Note:
    """A note on a trade: its name (`named`), when it was written, the text, the tags."""

    trade: str
    at: datetime
    text: str
    tags: tuple[str, ...] = ()


def named(signal_id: str, key: str, closed_at: str) -> str:
    """What a note calls a trade: the id of its signal; of one that no signal of ours opened, instrument and end."""
    return signal_id or f"{key} {closed_at}"


def names_of(journal: Reader) -> list[str]:
    """The names of the finished trades, in the order in which they ended."""
    found = journal.select(select(TRADES.c.signal_id, TRADES.c.key, TRADES.c.closed_at).order_by(TRADES.c.seq))
    return [named(*row) for row in found]


def add_note(place: At, note: Note, *, key: str | None = None) -> None:
    """Keep a note on a finished trade of a journal.

    Raises `ValueError` for a note without text and tags, a text that is too long, a tag with a comma or a space in it,
    `LookupError` for a trade that the journal does not have, and `JournalInUse` where nothing could be written.
    """
    _check(note)
    with Reader(place, key=key) as journal:
        if note.trade not in names_of(journal):
            raise LookupError(f"{journal.where}: no finished trade {note.trade!r}; `riskcore journal note` lists them")
    home = place_of(place, key=key)
    row = {"at": note.at.isoformat(), "trade": note.trade, "text": note.text, "tags": ",".join(note.tags)}
    try:
        with home.noting() as connection:
            NOTES.create(connection, checkfirst=True)
            connection.execute(insert(NOTES).values(row))
    except DBAPIError as problem:
        raise JournalInUse(f"{home.where}: the note was not kept, try again: {problem.orig}") from problem


def notes_of(journal: Reader) -> Sequence[Note]:
    """The notes of a journal, oldest first; none where nobody has written one."""
    try:
        rows = journal.select(select(NOTES).order_by(NOTES.c.number))
    except TableMissing:  # no note was ever written
        return ()
    return [
        Note(row.trade, datetime.fromisoformat(row.at), row.text, tuple(filter(None, row.tags.split(","))))
        for row in rows
    ]


def _check(note: Note) -> None:
    if not note.text.strip() and not note.tags:
        raise ValueError("a note needs a text or a tag")
    if len(note.text) > LONGEST:
        raise ValueError(f"a note has at most {LONGEST} characters, this one has {len(note.text)}")
    for tag in note.tags:
        if not tag or "," in tag or any(sign.isspace() for sign in tag):
            raise ValueError(f"a tag is one word without a comma, got {tag!r}")
