"""Backtests side by side: riskcore and its peers on W1, W2 and W3, each in an environment of its own.

    python3.12 tasks.py peers                      # all of it: hours on a small machine
    python3.12 tasks.py peers --share 0.05         # a twentieth of the bars of each workload

Peers run in turn, `--rounds` times; each process runs twice, so that the second run is a warm one. CPU seconds count,
for wall time says what else the machine was doing. A peer that cannot be installed, or cannot run a workload, is
named with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import workloads

ROOT = Path(__file__).resolve().parents[1]
WANTED = {
    "backtesting": ("backtesting==0.6.6",),
    "vectorbt": ("vectorbt==1.2.0",),
    "backtrader": ("backtrader==1.9.78.123", "pandas<3"),
    "nautilus_trader": ("nautilus_trader==1.231.0",),
    "freqtrade": ("freqtrade==2026.9",),
    "freqtrade_protections": ("freqtrade==2026.9",),
}
LIVES_WITH = {"freqtrade_protections": "freqtrade"}
OURS = ("riskcore", "riskcore_charges", "riskcore_bar_by_bar")
TIMEOUT_S = 3600


def main() -> int:
    """Measure, print the table, and write it where asked."""
    parser = argparse.ArgumentParser(prog="tasks.py peers", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="what part of each workload's bars is run")
    parser.add_argument("--rounds", type=int, default=3, help="how often each peer runs")
    parser.add_argument("--workloads", default="w1,w2,w3", help="which, separated by commas")
    parser.add_argument("--peers", default=",".join((*OURS, *WANTED)), help="which, separated by commas")
    parser.add_argument("--out", type=Path, help="write every run there, as JSON lines")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in options.workloads.split(","):
        path = _file(name, options.share)
        for number in range(options.rounds):
            for peer in options.peers.split(","):
                rows += [{**row, "round": number} for row in _measured(peer, name, path, rows)]
                print(f"  {name} round {number + 1}: {peer}", file=sys.stderr, flush=True)
    if options.out is not None:
        options.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(table(rows))
    return 0


def _file(name: str, share: float) -> Path:
    folder = ROOT / ".venv" / "workloads"
    folder.mkdir(parents=True, exist_ok=True)
    made = workloads.w1(int(1000000 * share)) if name == "w1" else workloads.w2(int(20000 * share))
    return workloads.kept(name, made, folder)


def _measured(peer: str, name: str, path: Path, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs of one process, or one row that says why there are none; what cannot once is not tried again."""
    if any("cannot" in row and (row["peer"], row["workload"]) == (peer, name) for row in known):
        return []
    python = _environment(peer)
    if python.startswith("cannot"):
        return [{"peer": peer, "workload": name, "cannot": python}]
    if peer not in OURS and name == "w3":
        return [{"peer": peer, "workload": name, "cannot": "no peer is asked to run W3"}]
    command = [python, "-m", "benchmarks.peers.worker", peer, name, str(path), "2"]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")]) if peer in OURS else str(ROOT)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            check=False,
            cwd=ROOT,
            timeout=TIMEOUT_S,
            env={**os.environ, "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired:
        return [{"peer": peer, "workload": name, "cannot": f"it took more than {TIMEOUT_S} s"}]
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not told:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return [{"peer": peer, "workload": name, "cannot": f"it failed: {last[:160]}"}]
    return told


def _environment(peer: str) -> str:
    """The peer's own Python, made the first time; or `cannot ...`."""
    if peer in OURS:
        return sys.executable
    folder = ROOT / ".venv" / f"peer-{LIVES_WITH.get(peer, peer)}"
    python = folder.joinpath(*(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "numpy", *WANTED[peer]]
        done = subprocess.run(pip, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["pip said nothing"]
            return f"cannot be installed: {lines[-1][:160]}"
        (folder / "installed").write_text("yes\n", encoding="utf-8")
    return str(python)


def table(rows: list[dict[str, Any]]) -> str:
    """The medians as a Markdown table, and below it who could not and why."""
    lines = [
        "| workload | who | CPU s, warm | bars/s | CPU s from a cold start | peak MB | trades | equity at the end |",
        "|---|---|---|---|---|---|---|---|",
        *_medians(rows),
    ]
    cannot = dict.fromkeys(f"- {row['workload']} {row['peer']}: {row['cannot']}" for row in rows if "cannot" in row)
    return "\n".join([*lines, "", *cannot])


def _medians(rows: list[dict[str, Any]]) -> Iterator[str]:
    for name, peer in dict.fromkeys((row["workload"], row["peer"]) for row in rows if "cpu_s" in row):
        mine = [row for row in rows if (row["workload"], row["peer"]) == (name, peer) and "cpu_s" in row]
        warm = statistics.median(row["cpu_s"] for row in mine if row["run"] == max(one["run"] for one in mine))
        cold = statistics.median(row["cold_s"] for row in mine if row["run"] == 0)
        peak = statistics.median(row["peak_mb"] for row in mine)
        last = mine[-1]
        yield (
            f"| {name} | {peer} | {warm:.2f} | {last['bars'] / warm:,.0f} | {cold:.1f} | {peak:.0f} "
            f"| {last['trades']:,} | {last['equity']:,.2f} |"
        )


if __name__ == "__main__":
    sys.exit(main())
