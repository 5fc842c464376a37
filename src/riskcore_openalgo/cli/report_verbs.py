"""The parsers of `riskcore report`, `riskcore journal note` and `riskcore journal parity`."""

from __future__ import annotations

import argparse
from pathlib import Path

from riskcore_openalgo.cli.verbs import FILE_OR_URL, JSON, Verbs, json_argument, lazy, place


def report_verb(verbs: Verbs) -> None:
    """The verb `report`."""
    verb = verbs.add_parser(
        "report",
        help="a journal or a saved backtest as one page of HTML, as JSON, as CSV",
        description="Everything a journal or a saved backtest came to, as one self-contained page, as JSON, or as CSV.",
        epilog="Example: riskcore report demo.db --html demo.html --rules --bootstrap",
    )
    verb.add_argument("source", type=place, metavar="JOURNAL|RUN", help=f"{FILE_OR_URL}, or the folder of a saved run")
    verb.add_argument("--html", type=Path, metavar="FILE", help="the page; it needs no network and runs no script")
    verb.add_argument(
        "--json",
        nargs="?",
        type=Path,
        const=Path("-"),
        metavar="FILE",
        help=f"all of it as one object; without a FILE: {JSON}",
    )
    verb.add_argument(
        "--csv", type=Path, metavar="DIR", help="trades, stops, sessions, refusals, measures, one file each"
    )
    verb.add_argument("--title", default="", help="what stands above it (default: the file's name)")
    verb.add_argument("--bars", type=Path, metavar="DIR", help="of a saved run: the bars its trades are drawn on")
    verb.add_argument("--interval", help="length of those bars (default: what the run was over)")
    verb.add_argument("--contract-note", type=Path, metavar="CSV", help="the broker's daily nets: date,net")
    verb.add_argument("--rules", action="store_true", help="of a journal: what each rule cost or saved (takes a while)")
    verb.add_argument("--bootstrap", action="store_true", help="the trades in other orders, against the loss limits")
    verb.add_argument("--paths", type=_whole, default=1_000, metavar="N", help="how many orders (default 1000)")
    verb.add_argument("--seed", type=int, default=1, help="of the bootstrap (default 1)")
    verb.set_defaults(run=lambda arguments: lazy("reporting").report(arguments))


def note_verb(kinds: Verbs) -> None:
    """The verb `journal note`."""
    help_ = "a note and tags on a finished trade; without an id, the trades and their notes"
    verb = kinds.add_parser(
        "note",
        help=help_,
        description=f"{help_}. Notes are no part of the chain, and may be written while a runner runs.",
        epilog='Example: riskcore journal note demo.db SIGNAL "entered late" --tag late',
    )
    verb.add_argument("journal", type=place, metavar="FILE|URL", help=FILE_OR_URL)
    verb.add_argument("trade", nargs="?", metavar="ID", help="the id of the trade's signal, or its number in the list")
    verb.add_argument("text", nargs="?", default="", metavar="TEXT", help="what to remember")
    json_argument(verb)
    verb.add_argument("--tag", action="append", default=[], metavar="WORD", help="may be repeated")
    verb.set_defaults(run=lambda arguments: lazy("reporting").note(arguments))


def parity_verb(kinds: Verbs) -> None:
    """The verb `journal parity`."""
    help_ = "a recorded day once more through the backtest, and the cause of each difference"
    verb = kinds.add_parser(
        "parity",
        help=help_,
        description=f"{help_}: latency, slip, partial, charges, data (docs/reports.md).",
        epilog="Example: riskcore journal parity paper.db --bars bars/   Exit codes: 0 the same, 1 something differs, "
        "2 not understood, 78 configuration wrong.",
    )
    verb.add_argument("journal", type=place, metavar="FILE|URL", help=FILE_OR_URL)
    verb.add_argument("--bars", type=Path, required=True, help="folder of SYMBOL.csv files, or one such file")
    verb.add_argument("--interval", default="1m", help="length of a bar: 1m, 5m, 1h (default 1m)")
    verb.add_argument("--config", type=Path, help="folder of YAML files, for ticks and lots of instruments")
    verb.add_argument("--symbols", help="only these, separated by commas")
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("parity").parity(arguments))


def paper_arguments(verb: argparse.ArgumentParser) -> None:
    """How the paper broker behaves."""
    verb.add_argument("--profile", default="ideal", metavar="NAME", help="paper broker: ideal, steady, thin, rough")
    verb.add_argument("--faults", type=Path, metavar="JSON", help="paper broker: a script of what goes wrong")


def _whole(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000000")
    return int(text)
