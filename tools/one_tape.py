"""One tape, one journal: the demo day must end in the same chain head wherever it is played.

    python tools/one_tape.py [OTHER_PYTHON ...]

Plays it under two hash seeds, two time zones and two locales with this Python, and once with every other one
given (each must have the project installed). Exit code 1, with all heads, when any two differ; in CI also when
Python 3.10 is not among them.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

CONDITIONS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "1", "TZ": "America/New_York", "LC_ALL": "C.UTF-8"},
)
OLDEST = "3.10"


def head(python: str, condition: dict[str, str], folder: Path) -> tuple[int, str]:
    """Rows and chain head of the day, played by `python` under these environment variables."""
    journal = folder / "day.db"
    command = [python, "-m", "riskcore_openalgo", "demo", "--journal", str(journal)]
    played = subprocess.run(command, env={**os.environ, **condition}, capture_output=True, text=True, check=False)
    if played.returncode != 0:
        raise SystemExit(f"one tape: {python} could not play the day:\n{played.stderr[-2000:]}")
    with closing(sqlite3.connect(journal)) as connection:
        rows, last = connection.execute("SELECT count(*), max(seq) FROM journal").fetchone()
        found = connection.execute("SELECT hash FROM journal WHERE seq = ?", (last,)).fetchone()[0]
    return rows, found


def version(python: str) -> str:
    """The version of an interpreter, such as 3.10."""
    probe = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", probe], capture_output=True, text=True, check=True).stdout.strip()


def main(others: list[str]) -> int:
    """Play under every condition; 0 when all heads are one."""
    runs = [(sys.executable, condition) for condition in CONDITIONS] + [(other, CONDITIONS[0]) for other in others]
    heads = {}
    for python, condition in runs:
        with tempfile.TemporaryDirectory() as folder:
            rows, found = head(python, condition, Path(folder))
        name = f"Python {version(python)}, " + ", ".join(f"{key}={value}" for key, value in condition.items())
        heads[name] = found
        print(f"{found[:16]}  {rows} rows  {name}", flush=True)
    if len(set(heads.values())) != 1:
        print("one tape: the heads differ; something in a decision depends on the machine")
        return 1
    if os.environ.get("CI") and not any(name.startswith(f"Python {OLDEST},") for name in heads):
        print(f"one tape: Python {OLDEST} is missing, and CI may not do without it")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
