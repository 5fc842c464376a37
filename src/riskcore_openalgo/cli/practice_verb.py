"""The parser of `riskcore practice`; nothing is imported here that the verb needs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from riskcore_openalgo.cli.verbs import Verbs, json_argument, lazy

SYMBOLS: Final = ("RELIANCE", "INFY", "LT")
FASTEST: Final = 30


def practice_verb(verbs: Verbs, codes: str) -> None:
    """The verb `practice`; `codes` are those of a day that is stopped."""
    verb = verbs.add_parser(
        "practice",
        help="a day in the analyzer against a fake OpenAlgo on this machine: alerts, orders, page, report",
        description="Run a whole day against a fake OpenAlgo with moving prices: no account, no market, no money.",
        epilog=f"Example: riskcore practice   (or for two minutes: riskcore practice --minutes 2)   {codes}",
    )
    verb.add_argument("--symbol", choices=SYMBOLS, default=SYMBOLS[0], help=f"what is traded (default {SYMBOLS[0]})")
    verb.add_argument(
        "--speed",
        type=_between(1, FASTEST),
        default=10,
        metavar="TIMES",
        help=f"how fast the day goes by, 1 to {FASTEST} (default 10: in ten minutes 10:15 to 11:55)",
    )
    verb.add_argument(
        "--minutes",
        type=_between(0.1, 1440),
        default=10,
        metavar="MINUTES",
        help="after so many minutes of yours it ends by itself (default 10)",
    )
    verb.add_argument(
        "--folder", type=Path, default=Path("riskcore-practice"), help="where the days are kept (a new one each time)"
    )
    json_argument(verb, ", when the day has ended")
    verb.set_defaults(run=lambda arguments: lazy("practice").run(arguments))


def _between(least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = least - 1
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least:g} to {most:g}")
        return found

    return number
