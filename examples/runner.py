"""A paper day of your own: copy this file, change the strategy, point it at your bars.

To run it: `pip install "riskcore[runner]"`, then `python runner.py FOLDER_OF_CSV_FILES`.
"""

import sys
from pathlib import Path

import riskcore as rc
from riskcore_openalgo.cli import tables
from riskcore_openalgo.feed import read_folder
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.player import BarPlayer

INTERVAL = "1m"
POLICY = rc.Policy(position_size_basis="margin", charges_as_of="2026-08-03")


def breakout(symbol):
    """Buy when a bar closes above the highest high of the 30 bars before it."""

    def on_bar(bars):
        if len(bars) > 30 and bars[-1].close > max(bar.high for bar in bars[-31:-1]):
            ends = bars[-1].at + rc.interval_length(INTERVAL)
            return rc.Signal(symbol, "BUY", at=ends, bar_at=bars[-1].at, interval=INTERVAL, strategy="breakout")
        return None

    return on_bar


if len(sys.argv) != 2:
    raise SystemExit("python runner.py FOLDER_OF_CSV_FILES")
files = read_folder(Path(sys.argv[1]), interval=INTERVAL)
bars = {rc.nse_equity(s, on=f.bars[0].at.date(), last_month_close=f.bars[0].open): f.bars for s, f in files.items()}
strategies = {instrument.key: [breakout(instrument.symbol)] for instrument in bars}
journal = Journal(Path("paper.db"))
for _ in BarPlayer(journal, POLICY, bars, strategies, interval=INTERVAL).play():
    pass
print(tables.decisions(journal), tables.trades(journal), tables.result(journal), sep="\n\n")
