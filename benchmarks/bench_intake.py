"""The intake under fifty senders: what an answer takes, how many alerts a second are taken, and that none is lost.

    python3 tasks.py bench benchmarks/bench_intake.py

A live day against the fake OpenAlgo, its journal in SQLite with every commit flushed; the senders are another process
of this machine. `together`: all fifty post at the same moment, once a second, as at the close of a bar. `flat out`:
each posts again as soon as it is answered. At most five trades a day, as by default: the rest is decided and refused.
Both ways of the intake are measured: a process of its own, as by default, and `own_process: false`.
Judged is that each answered receipt is in the journal and that nobody waited for
3 seconds, when TradingView gives up. The times are printed.
"""

import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import evolve

from benchmarks.live_path import POLICY, SECRET, live_path, percentile
from riskcore_openalgo.config import Intake
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.runner.receiving import Receiving, receiving
from riskcore_openalgo.web.gate import Secret, SourceRules, Sources

SYMBOLS = [f"S{n}" for n in range(10)]
SENDERS = 50
GIVES_UP_S = 3.0
SHAPES = {"together": (30, 1.0, 1), "flat out": (120, 0.0, 0)}
"""Rounds, seconds between them, whether all post at once. Flat out, a slow sync of the disk holds all fifty: with fewer
rounds, one alone would be the 99th percentile.
"""
ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def prices_moving(path):
    """A price of each symbol every half second, as the stream of a watched symbol brings them."""
    over = threading.Event()

    def move():
        while not over.wait(0.5):
            for symbol in SYMBOLS:
                path.broker.tick(symbol, 1000)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(params=[(shape, own) for shape in SHAPES for own in (True, False)])
def load(request, tmp_path, free_tcp_port):
    """The answers of fifty senders, how long all took, and the receipts in the journal."""
    shape, own = request.param
    rounds, pause_s, together = SHAPES[shape]
    sources = Sources({"tradingview": SourceRules(secrets=(Secret(SECRET),), per_minute=1_000_000)})
    with live_path(tmp_path, SYMBOLS, evolve(POLICY, max_trades_per_day=5)) as path:
        given = Receiving(
            runner=path.day.live.runner,
            journal=path.journal,
            sources=sources,
            tell=print,
            alarm=print,
        )
        with receiving(Intake(port=free_tcp_port, own_process=own), given) as server, prices_moving(path):
            words = [str(word) for word in (server.port, SENDERS, rounds, pause_s, together)]
            command = [sys.executable, "-m", "benchmarks.alert_senders", *words]
            before = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=300)
            seconds = time.perf_counter() - before
            path.wait(lambda: len(kept_in(tmp_path)) >= SENDERS * rounds, patience_s=120)
    return (
        f"{shape}, {'a process of its own' if own else 'within the runner'}",
        json.loads(done.stdout),
        seconds,
        kept_in(tmp_path),
    )


def kept_in(folder):
    """The receipts in the journal."""
    with Reader(folder / "live.db") as journal:
        return {row.event.signal.receipt for row in journal.rows(types=["SignalArrived"])}


def test_fifty_senders_lose_nothing(load, capsys):
    """Every alert is answered 200 with a receipt of its own, and each receipt is in the journal."""
    name, answers, seconds, kept = load
    taken = [row[0] for row in answers]
    accepted = {receipt for _, status, receipt in answers if status == 200}
    lost, refused = len(accepted - kept), len(answers) - len(accepted)
    at = " / ".join(f"{percentile(taken, share) * 1e3:.0f}" for share in (0.5, 0.9, 0.99, 1))
    with capsys.disabled():
        print(
            f"\n{name}: {len(answers)} alerts of {SENDERS} senders, {len(answers) / seconds:.0f} a second; answered in"
        )
        print(f"{at} ms (median / p90 / p99 / longest); {lost} lost, {refused} refused")
    assert len(accepted) == len(answers)
    assert accepted <= kept
    assert max(taken) < GIVES_UP_S
