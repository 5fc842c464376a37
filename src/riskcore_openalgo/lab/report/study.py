"""A `Study`: what a report shows, gathered once from facts and prices, wherever they came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from attrs import field, frozen

import riskcore as rc
from riskcore import events

if TYPE_CHECKING:
    from riskcore_openalgo.journal import Reader
    from riskcore_openalgo.journal.notes import Note

PADDING: Final = 12
"""So many spans of prices are shown before a trade's entry and after its exit."""


class Span(NamedTuple):
    """Prices of one instrument over a span of time, such as a bar: when it began, and what was traded in it."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class Level(NamedTuple):
    """Where a stop stood from a moment on; `rule` is the setting that moved it there ("": the entry's own)."""

    at: datetime
    price: Decimal
    rule: str


@frozen
class Story:
    """A finished trade with what happened while it was open: the path of its stop, the prices around it, the notes."""

    number: int
    trade: rc.Trade
    stops: tuple[Level, ...] = ()
    prices: tuple[Span, ...] = ()
    notes: tuple[Note, ...] = ()


@frozen
class Refusal:
    """A signal that was refused: when, what it wanted, and each (rule, reason, text) that said no."""

    at: datetime
    key: str
    side: str
    strategy: str
    failed: tuple[tuple[str, str, str], ...]


Cell: TypeAlias = str | int | Decimal | None


@frozen
class Extra:
    """A table that somebody worked out beside the study: a title, what it means, columns and rows.

    `drawing` is markup, made by the drawing functions of this room, that stands above the table.
    """

    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    drawing: str = ""


@frozen(kw_only=True)
class Study:
    """What a report shows. `performance` has all measures; `extras` are tables that were asked for beside it.

    `source` says where it comes from, `policy` is the one last in force, None where nobody told. `withheld` are entries
    that were approved and not sent: their strategy or symbol only shadows. `remarks` are sentences of its maker about
    how sure one can be of it.
    """

    title: str
    source: str
    performance: rc.Performance
    stories: tuple[Story, ...]
    refused: tuple[Refusal, ...] = ()
    approved: int = 0
    withheld: int = 0
    policy: rc.Policy | None = None
    extras: tuple[Extra, ...] = ()
    remarks: tuple[str, ...] = ()
    facts: tuple[events.Fact, ...] = field(default=(), repr=False)


def study_of(
    facts: Iterable[events.Fact],
    prices: Mapping[str, Sequence[Span]] | None = None,
    *,
    title: str,
    source: str,
    policy: rc.Policy | None = None,
    notes: Mapping[str, Sequence[Note]] | None = None,
    performance: rc.Performance | None = None,
) -> Study:
    """Gather facts, from an account's first on, and the prices of each instrument key, oldest first.

    Without prices trades are drawn by their levels alone. `notes` are by the name of the trade, the id of its
    signal (`journal.notes.named`). `performance` is that of the facts, where somebody knows more of the equity inside
    sessions than they do.
    """
    kept = tuple(facts)
    found = performance or rc.performance(kept)
    seen = {key: _Seen(spans) for key, spans in (prices or {}).items()}
    nothing, lines = _Seen(()), _stops(kept)
    stories = tuple(
        Story(
            number,
            trade,
            lines[number - 1],
            seen.get(trade.key, nothing).around(trade),
            _noted(trade, notes),
        )
        for number, trade in enumerate(found.trades, 1)
    )
    return Study(
        title=title,
        source=source,
        performance=found,
        stories=stories,
        refused=tuple(_refusal(fact) for fact in kept if isinstance(fact, events.EntryRefused)),
        approved=sum(isinstance(fact, events.EntryApproved) and fact.order.is_first for fact in kept),
        withheld=sum(isinstance(fact, events.EntryWithheld) for fact in kept),
        policy=policy or _policy(kept),
        facts=kept,
    )


def _noted(trade: rc.Trade, notes: Mapping[str, Sequence[Note]] | None) -> tuple[Note, ...]:
    if not notes:
        return ()
    from riskcore_openalgo.journal.notes import named

    return tuple(notes.get(named(trade.signal_id, trade.key, trade.closed_at.isoformat()), ()))


def study_of_journal(journal: Reader, *, title: str = "") -> Study:
    """The study of a journal: its facts, the prices it saw, its notes.

    `ValueError` for a pruned journal: its first sessions are in its archive, so that what it holds is no whole account.
    """
    from riskcore_openalgo.journal.notes import notes_of

    if journal.genesis.seq:
        raise ValueError(
            f"{journal.where}: it begins after row {journal.genesis.seq}, the rest was pruned; "
            "report from a journal that holds the whole account"
        )
    facts: list[events.Fact] = []
    prices: dict[str, list[Span]] = {}
    for row in journal.rows():
        event = row.event
        if row.kind == "fact":
            facts.append(event)
        elif isinstance(event, events.PricesSeen):
            prices.setdefault(event.key, []).append(Span(event.since, event.first, event.high, event.low, event.last))
    name = title or (journal.path.stem if journal.path else "journal")
    told: dict[str, list[Note]] = {}
    for note in notes_of(journal):
        told.setdefault(note.trade, []).append(note)
    return study_of(facts, prices, title=name, source=f"journal {_named(journal)}", notes=told)


def _named(journal: Reader) -> str:
    """The journal without its folder: a report is for showing."""
    return journal.path.name if journal.path else "on a server"


def _policy(facts: Sequence[events.Fact]) -> rc.Policy | None:
    return next((fact.policy for fact in reversed(facts) if isinstance(fact, events.PolicyChanged)), None)


def _refusal(fact: events.EntryRefused) -> Refusal:
    signal = fact.signal
    failed = tuple((found.rule, found.reason, found.text) for found in fact.findings if not found.passed)
    return Refusal(fact.at, signal.key, signal.side, signal.strategy, failed)


def _stops(facts: Iterable[events.Fact]) -> list[tuple[Level, ...]]:
    """The path of the stop of each finished trade, in the order in which they ended."""
    entries: dict[str, rc.ApprovedEntry] = {}
    open_lines: dict[str, list[Level]] = {}
    ended: list[tuple[Level, ...]] = []
    for fact in facts:
        if isinstance(fact, events.EntryApproved):
            entries[fact.order.order_id] = fact.order
        elif isinstance(fact, events.Filled):
            entry = entries.get(fact.order_id)
            if entry is not None and fact.key not in open_lines:
                open_lines[fact.key] = [Level(fact.traded_at, entry.stop, "")]
        elif isinstance(fact, events.StopMoved):
            open_lines.setdefault(fact.key, []).append(Level(fact.at, fact.after, fact.rule))
        elif isinstance(fact, events.PositionClosed):
            ended.append(tuple(open_lines.pop(fact.key, ())))
    return ended


class _Seen:
    """The prices of one instrument, to be looked up by time."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans, self._starts = spans, [span.at for span in spans]

    def around(self, trade: rc.Trade) -> tuple[Span, ...]:
        """From a little before the entry to a little after the exit; nothing where none began in between."""
        first, after = bisect_left(self._starts, trade.opened_at), bisect_right(self._starts, trade.closed_at)
        if first == after:
            return ()
        return tuple(self._spans[max(first - PADDING, 0) : after + PADDING])
