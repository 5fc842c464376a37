"""What `riskcore backtest` is asked with; apart from the verb, so that other commands need not load it."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from riskcore_openalgo.cli.verbs import day

INTRABAR: Final = ("stop_first", "target_first", "nearest_extreme", "skip", "lower_timeframe")
ENTRIES: Final = ("next_open", "at_close")


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The options that this verb alone has."""
    verb.add_argument(
        "--from",
        dest="first",
        type=day,
        metavar="DAY",
        help="the first day that is traded: 2026-04-01; bars before it are the warm-up",
    )
    verb.add_argument("--to", dest="last", type=day, metavar="DAY", help="the last day that is traded")
    verb.add_argument("--out", type=Path, metavar="DIR", help="write the run there: run.json, facts.jsonl and tables")
    verb.add_argument("--rules", action="store_true", help="what each rule cost or saved: a run more for each of them")
    verb.add_argument("--capital", type=_rupees, metavar="RUPEES", help="opening equity (default: default_capital)")
    verb.add_argument(
        "--intrabar",
        choices=INTRABAR,
        default=INTRABAR[0],
        help="what a bar is taken for that reaches stop and target (default stop_first)",
    )
    verb.add_argument(
        "--entries",
        choices=ENTRIES,
        default=ENTRIES[0],
        help="when an entry trades (default next_open)",
    )
    verb.add_argument("--finer", type=Path, metavar="DIR", help="bars of a shorter interval, for lower_timeframe")
    verb.add_argument("--finer-interval", default="1m", help="the length of those (default 1m)")


def _rupees(text: str) -> Decimal:
    try:
        told = Decimal(text)
    except InvalidOperation:
        told = Decimal("NaN")
    if not told.is_finite() or told <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of rupees above 0, such as 100000")
    return told
