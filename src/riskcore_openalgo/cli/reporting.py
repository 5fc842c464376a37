"""`riskcore report` and `riskcore journal note`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from unicodedata import category

import attrs
from sqlalchemy import select

import riskcore as rc
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.opening import key_of, telling
from riskcore_openalgo.cli.tables import beside, table
from riskcore_openalgo.feed import read_bars, read_folder
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.notes import Note, add_note, named, names_of, notes_of
from riskcore_openalgo.journal.tables import TRADES
from riskcore_openalgo.lab.report import Extra, Span, Study, as_json, page, study_of_journal, write_csv
from riskcore_openalgo.lab.report.bootstrap import bootstrap_tables
from riskcore_openalgo.lab.report.contract_note import contract_table, read_contract_notes
from riskcore_openalgo.lab.report.counterfactual import counterfactual_table
from riskcore_openalgo.lab.report.saved import is_run, kept_rules, span_of, study_of_saved_run, traded

STANDARD_OUTPUT: Final = Path("-")
_BY_END: Final = select(TRADES).order_by(TRADES.c.seq)


def report(arguments: argparse.Namespace) -> int:
    """Write what was asked for; without a file to write, the measures are printed."""
    source, extras = arguments.source, list[Extra]()
    if isinstance(source, Path) and source.is_dir():
        study, extras = _of_run(source, arguments), kept_rules(source)
    else:
        study, extras = _of_journal(arguments)
    if arguments.contract_note is not None:
        extras.append(contract_table(study, read_contract_notes(arguments.contract_note)))
    if arguments.bootstrap:
        extras += bootstrap_tables(study, paths=arguments.paths, seed=arguments.seed)
    whole = attrs.evolve(study, extras=tuple(extras))
    written = _write(whole, arguments)
    if arguments.json == STANDARD_OUTPUT:
        print(as_json(whole, in_ascii=True), end="")
    elif written:
        print(*written, sep="\n")
    else:
        print(whole.performance.explain(), *whole.remarks, sep="\n")
        for extra in extras:
            print(f"\n{extra.title}\n{beside(extra)}")
    return 0


def _of_run(folder: Path, arguments: argparse.Namespace) -> Study:
    if not is_run(folder):
        raise ValueError(f"{folder}: no saved run (run.json and facts.jsonl); riskcore backtest --out writes one")
    if arguments.rules:
        raise ValueError("--rules resimulates a journal; of a backtest: riskcore backtest --rules --out DIR")
    prices = _prices(folder, arguments.bars, arguments.interval) if arguments.bars else {}
    return study_of_saved_run(folder, prices, title=arguments.title)


def _of_journal(arguments: argparse.Namespace) -> tuple[Study, list[Extra]]:
    if arguments.bars is not None:
        raise ValueError("--bars is for a saved run; a journal has the prices it saw")
    with telling(arguments.source) as journal:
        journal.check()
        study = study_of_journal(journal, title=arguments.title)
        return study, [counterfactual_table(journal)] if arguments.rules else []


def _prices(folder: Path, path: Path, interval: str | None) -> Mapping[str, Sequence[Span]]:
    """The bars of what a run traded, of the length it was over where none is given."""
    symbols, length, tables = traded(folder)
    if path.is_file():
        found = {path.stem: read_bars(path, symbol=path.stem, interval=interval or length, tables=tables)}
    else:
        found = read_folder(path, symbols, interval=interval or length, tables=tables)
    return {f"NSE:{symbol}": [span_of(bar) for bar in file.bars] for symbol, file in found.items()}


def _write(study: Study, arguments: argparse.Namespace) -> list[Path]:
    """What takes the place of something else is refused before anything is written."""
    files = [
        (path, content)
        for path, content in ((arguments.html, page), (arguments.json, as_json))
        if path is not None and path != STANDARD_OUTPUT
    ]
    for path, content in files:
        _refuse_loss(path, arguments.source, b"<!DOCTYPE html>" if content is page else b"{")
    tables = [] if arguments.csv is None else write_csv(study, arguments.csv)
    for path, content in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_text(content(study), encoding="utf-8", errors="backslashreplace", newline="\n")
        part.replace(path)
    return [*(path for path, _ in files), *tables]


def _refuse_loss(path: Path, source: Any, begins: bytes) -> None:
    """`ValueError` where a report would take the place of what it is made of, or of a file that is no report."""
    if isinstance(source, Path) and source.resolve() in (path.resolve(), path.resolve().parent):
        raise ValueError(f"{path}: belongs to what the report is of; give it a name elsewhere")
    if path.is_dir():
        raise ValueError(f"{path}: is a folder; name a file for the report")
    if path.is_file() and path.stat().st_size and not path.read_bytes()[: len(begins)] == begins:
        raise ValueError(f"{path}: is there, and is no such report: nothing was written; give another name")


def note(arguments: argparse.Namespace) -> int:
    """Keep a note; or list the trades with theirs."""
    at = arguments.journal
    with telling(at) as journal:
        ids = names_of(journal)
        if arguments.trade is None:
            if arguments.text or arguments.tag:
                raise ValueError("say which trade: its number in the list, or the id of its signal")
            trades = _trades(journal)
            say(arguments, {"trades": trades}, _listed(trades))
            return 0
    trade = arguments.trade
    if trade.isdecimal() and trade not in ids:
        if not 1 <= int(trade) <= len(ids):
            raise LookupError(f"there is no trade number {trade}; the journal has {len(ids)} finished trades")
        trade = ids[int(trade) - 1]
    made = Note(trade, datetime.now(rc.IST), arguments.text, tuple(arguments.tag))
    add_note(at, made, key=key_of(at))
    say(arguments, {"trade": trade, "text": made.text, "tags": made.tags}, f"noted on {trade}")
    return 0


def _trades(journal: Reader) -> list[dict[str, Any]]:
    notes: dict[str, list[Note]] = {}
    for one in notes_of(journal):
        notes.setdefault(one.trade, []).append(one)
    found = [(row, named(row.signal_id, row.key, row.closed_at)) for row in journal.select(_BY_END)]
    return [
        {"number": number, "opened_at": row.opened_at, "key": row.key, "side": row.side, "signal_id": row.signal_id}
        | {"id": name, "notes": notes.get(name, [])}
        for number, (row, name) in enumerate(found, 1)
    ]


def _listed(trades: list[dict[str, Any]]) -> str:
    rows = [
        (str(one["number"]), one["opened_at"][:16], one["key"], one["side"], one["id"], _noted(one["notes"]))
        for one in trades
    ]
    return table(("#", "opened", "symbol", "side", "id", "notes"), rows) if rows else "no finished trade"


def _noted(notes: Sequence[Note]) -> str:
    told = " | ".join(" ".join([one.text, *(f"#{tag}" for tag in one.tags)]).strip() for one in notes)
    return "".join(" " if category(letter) == "Cc" else letter for letter in told)  # a row is one line
