"""The verbs of `riskcore journal`, and what several verbs have in common: places, days, the inbox.

Nothing is imported here that a verb needs: help and errors come at once.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no other name

JSON: Final = "one object on standard output, for a program; money as exact text in rupees"
FILE_OR_URL: Final = "journal file, or postgresql://USER@HOST/DATABASE"
EPILOG: Final = (
    "Exit codes: 0 done (verify: it holds; reconcile: nothing differs), 1 not, 2 not understood. "
    "RISKCORE_JOURNAL_KEY holds the key of an encrypted journal."
)
TABLES: Final = ("decisions", "orders", "fills", "trades", "alerts", "journal")


def lazy(name: str) -> Any:
    """A group's module, imported when its verb is called; without a library, what to install."""
    from importlib import import_module

    try:
        return import_module(f"riskcore_openalgo.cli.{name}")
    except ModuleNotFoundError as missing:
        raise ImportError(f'the command line needs {missing.name}: pip install "riskcore[runner]"') from missing


def place(text: str) -> Path | str:
    """A journal's place: the address of a server stays text."""
    return text if "://" in text else Path(text)


def day(text: str) -> date:
    """A date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-20") from None


def seconds(text: str) -> float:
    """A number of seconds to wait."""
    try:
        wait = float(text)
    except ValueError:
        wait = -1
    if not 0 <= wait <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 86400")
    return wait


def json_argument(verb: argparse.ArgumentParser, more: str = "") -> None:
    """The one way to ask for an answer that a program reads (`cli/answers.py`)."""
    verb.add_argument("--json", action="store_true", help=f"{JSON}{more}")


def inbox_arguments(verb: argparse.ArgumentParser, *, wait_s: int) -> None:
    """Where the runner's inbox is, and how long to wait for it."""
    verb.add_argument("--inbox", type=Path, metavar="FOLDER", help="the runner's inbox (default: the journal's own)")
    verb.add_argument("--wait", type=seconds, default=wait_s, metavar="SECONDS", help=f"default {wait_s}")


def journal_verbs(verbs: Verbs) -> None:
    """The group `journal`."""
    from riskcore_openalgo.cli.report_verbs import note_verb, parity_verb

    group = verbs.add_parser(
        "journal",
        help="read, prove, export, prune, replay, reconcile a journal",
        description="What can be done with a journal.",
        epilog=EPILOG,
    )
    kinds: Verbs = group.add_subparsers(dest="journal_verb", metavar="VERB", required=True)
    show = _verb(kinds, "show", "decisions, trades and the day's result", "show demo.db", "journal", "show")
    show.add_argument("--rows", action="store_true", help="every input and fact, one a line")
    _verify(kinds)
    _replay(kinds)
    _export(kinds)
    _prune(kinds)
    _reconcile(kinds)
    _signal(kinds)
    note_verb(kinds)
    parity_verb(kinds)


def _verb(
    kinds: Verbs, name: str, help_: str, example: str, module: str, function: str, *, codes: str = ""
) -> argparse.ArgumentParser:
    told = f"   Exit codes: {codes}, 2 not understood, 78 configuration wrong." if codes else ""
    verb = kinds.add_parser(name, help=help_, description=help_, epilog=f"Example: riskcore journal {example}{told}")
    verb.add_argument("journal", type=place, metavar="FILE|URL", help=FILE_OR_URL)
    json_argument(verb)

    def run(arguments: argparse.Namespace) -> int:
        return int(getattr(lazy(module), function)(arguments))

    verb.set_defaults(run=run)
    return verb


def _verify(kinds: Verbs) -> None:
    help_ = "prove that no row was changed, and name the first that was; a journal, an archive or a jsonl export"
    example = "verify live.db --archive live.rows-1-4711.db"
    codes = "0 every chain holds, 1 one does not or cannot be read"
    verb = _verb(kinds, "verify", help_, example, "journal", "verify", codes=codes)
    verb.add_argument(
        "--archive", type=place, action="append", default=[], metavar="FILE", help="what was pruned, oldest first"
    )


def _replay(kinds: Verbs) -> None:
    help_ = "feed the recorded inputs to the engine again and compare the facts, byte for byte; or ask another policy"
    example = "replay demo.db --policy stricter.yaml --mode decisions"
    codes = "0 the same facts (with --policy: it was asked), 1 a difference, or a journal that cannot be read"
    verb = _verb(kinds, "replay", help_, example, "journal", "replay", codes=codes)
    verb.add_argument("--policy", type=Path, metavar="YAML", help="another policy: a file, or a folder of settings")
    verb.add_argument(
        "--mode",
        choices=("decisions", "resimulate"),
        help="with --policy: each signal on the recorded state, or prices and signals through the paper broker",
    )
    verb.add_argument("--all", action="store_true", help="decisions: those that stay the same too")


def _export(kinds: Verbs) -> None:
    help_ = "write tables as csv, jsonl or parquet; money as exact text in rupees"
    verb = _verb(kinds, "export", help_, "export demo.db --to out --since 2020-02-28", "keeping", "export")
    verb.add_argument("--to", type=Path, required=True, metavar="DIR|FILE", help="a folder, or a file for one table")
    verb.add_argument("--format", choices=("csv", "jsonl", "parquet"), help="default: as the file ends, else csv")
    verb.add_argument("--table", choices=TABLES, action="append", default=[], help="default: all; may be repeated")
    verb.add_argument("--since", type=day, metavar="DATE", help="from this day on")
    verb.add_argument("--until", type=day, metavar="DATE", help="up to and with this day")
    verb.add_argument("--overwrite", action="store_true", help="replace files that are there")


def _prune(kinds: Verbs) -> None:
    help_ = "move old sessions into an archive; what open positions and live orders need stays"
    verb = _verb(kinds, "prune", help_, "prune live.db --before 2026-10-01", "keeping", "prune")
    verb.add_argument("--before", type=day, required=True, metavar="DATE", help="the first day that stays")
    verb.add_argument("--archive", type=Path, metavar="FILE", help="where to (default: beside the journal)")


def _reconcile(kinds: Verbs) -> None:
    help_ = "what differs between our book and the broker's, as last read; and take it as it is"
    example = 'reconcile live.db --accept --by asha --why "sold by hand"'
    codes = "0 nothing differs, 1 something does, or was not accepted"
    verb = _verb(kinds, "reconcile", help_, example, "reconciling", "reconcile", codes=codes)
    verb.add_argument("--accept", action="store_true", help="the broker's account is right as it is")
    verb.add_argument("--by", metavar="NAME", help="with --accept: who says so")
    verb.add_argument("--why", metavar="TEXT", help="with --accept: why")
    inbox_arguments(verb, wait_s=10)


def _signal(kinds: Verbs) -> None:
    help_ = "what became of an alert or a signal: decision, orders, fills, exit, result"
    verb = kinds.add_parser(
        "signal",
        help=help_,
        description=help_,
        epilog="Example: riskcore journal signal 4f0c9a31d2b7e856   (what the intake answered)",
    )
    verb.add_argument("id", metavar="ID", help="the receipt that the intake answered, or the id of a signal")
    verb.add_argument("--journal", type=place, metavar="FILE|URL", help=f"{FILE_OR_URL} (default: the configuration's)")
    verb.add_argument("--config", type=Path, help="folder of YAML files, for the journal's name")
    json_argument(verb, ", every step with the journal's own row")
    verb.set_defaults(run=lambda arguments: lazy("signals").signal(arguments))
