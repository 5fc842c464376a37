"""What `riskcore bars` is asked with; apart from the verb, so that other commands need not load it."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The options that this verb alone has."""
    verb.add_argument("source", type=Path, metavar="CSV|DIR", help="a csv file; or NSE's bhavcopies in a folder")
    verb.add_argument("--to", type=Path, default=Path("bars"), metavar="DIR", help="where SYMBOL.csv goes (bars)")
    verb.add_argument("--symbol", default="", help="default: the file's name")
    verb.add_argument("--symbols", default="", metavar="A,B", help="of a folder of bhavcopies: which to take over")
    verb.add_argument("--series", default="EQ", metavar="A,B", help="of bhavcopies: which count (default EQ)")
    verb.add_argument("--interval", default="", help="length of a bar: 1m, 5m, 1h, 1D (default 1m; bhavcopies: 1D)")
    verb.add_argument("--dates", default="", choices=("ymd", "dmy", "mdy"), help="the order of day, month and year")
    verb.add_argument("--zone", default="ist", choices=("ist", "utc"), help="of times that name none (default ist)")
    verb.add_argument(
        "--bar-ends",
        action="store_true",
        help="its times are the END of each bar, or its last second (:59), not the start",
    )
    verb.add_argument("--config", type=Path, metavar="DIR", help="folder of YAML files, for a calendar of your own")
    verb.add_argument("--overwrite", action="store_true", help="replace a file that is there")
