"""What grows in a running day: `python -m benchmarks.bench_soak [--minutes 12]`, on Linux.

A practice day at thirty times its pace, in a process of its own with the runner, the intake, the stream and the fake
OpenAlgo in it; and each minute what its processes hold: resident memory, threads, open files. Judged by nobody.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import NamedTuple

SPEED = 30
EVERY_S = 60.0


class Held(NamedTuple):
    """What a process holds, with those it has started."""

    megabytes: int
    threads: int
    files: int


def processes(pid: int) -> Iterator[Path]:
    """Of a process and all below it, their folders in /proc."""
    place = Path(f"/proc/{pid}")
    yield place
    for thread in (place / "task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from processes(int(child))


def held(pid: int) -> Held:
    """Summed over a process and all below it."""
    found = [_held(place) for place in processes(pid)]
    return Held(*map(sum, zip(*found, strict=True)))


def _held(place: Path) -> Held:
    told = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
    files = sum(1 for _ in (place / "fd").iterdir())
    return Held(int(told["VmRSS"].split()[0]) // 1024, int(told["Threads"]), files)


def main() -> int:
    """The table, and what was gained from its first line to its last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--minutes", type=int, default=12, help="of yours; the market's day has 375 in 12.5 (default 12)"
    )
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        asked = ["practice", "--speed", str(SPEED), "--minutes", str(minutes), "--folder", folder]
        command = [sys.executable, "-m", "riskcore_openalgo", *asked]
        seen: list[Held] = []
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as day:
            for minute in range(1, minutes):
                sleep(EVERY_S)
                if day.poll() is not None:
                    break
                seen.append(held(day.pid))
                print(f"{minute * SPEED} minutes of the market: {seen[-1]}", flush=True)
        if len(seen) > 1:
            first, last = seen[0], seen[-1]
            print(", ".join(f"{name} {b - a:+}" for name, a, b in zip(Held._fields, first, last, strict=True)))
    return day.returncode


if __name__ == "__main__":
    sys.exit(main())
