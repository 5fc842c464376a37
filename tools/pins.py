"""Make constraints.txt: the versions that were really installed together, on every Python we support.

    python3 tools/pins.py

For each Python a throw-away environment is made, `.[dev]` is installed without any constraint, and what pip
chose is written down. One file serves all: where the Pythons differ, the lines carry environment markers.
All supported Pythons must be present, because a file made from some of them would loosen the others unseen.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "constraints.txt"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
EXTRA = "dev,embed,docs"
# The installers belong to the interpreter, the project to nobody's constraints.
UNPINNED = frozenset({"pip", "setuptools", "wheel", "riskcore"})
HEADER = """\
# Made by tools/pins.py, not by hand: what `pip install -e .[{extra}]` chose on Python {pythons}.
# A line without a marker is the same on all of them; a newer Python takes the lines of the newest here.
"""

Versions = dict[str, dict[str, str]]
"""Package name -> Python version -> installed version."""


def main() -> int:
    """Install on every Python, merge, write; exit code 1 when a Python is missing or pip fails."""
    missing = [python for python in PYTHONS if shutil.which(f"python{python}") is None]
    if missing:
        say(f"error: not found on PATH: {', '.join('python' + python for python in missing)}")
        return 1
    found: Versions = {}
    for python in PYTHONS:
        started = time.monotonic()
        try:
            installed = installed_versions(python)
        except subprocess.CalledProcessError as error:
            say(f"error: Python {python}: {' '.join(error.cmd)}")
            say("\n".join((error.stdout + error.stderr).splitlines()[-20:]))
            return 1
        for name, version in installed.items():
            found.setdefault(name, {})[python] = version
        say(f"Python {python}: {len(installed)} packages in {time.monotonic() - started:.0f} s")
    header = HEADER.format(extra=EXTRA, pythons=", ".join(PYTHONS))
    TARGET.write_text(header + "\n".join(constraint_lines(found)) + "\n", encoding="ascii", newline="\n")
    say(f"wrote {TARGET.name}: {len(found)} packages")
    return 0


def installed_versions(python: str) -> dict[str, str]:
    """Install the extra into an environment made for the purpose; what pip says stands there."""
    with tempfile.TemporaryDirectory(prefix="pins-") as folder:
        run([f"python{python}", "-m", "venv", folder])
        inside = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        run([str(inside), "-m", "pip", "install", "--quiet", "-e", f"{ROOT}[{EXTRA}]"])
        run([str(inside), "-m", "pip", "check"])
        listed = run([str(inside), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"])
    versions = {p["name"].lower().replace("_", "-"): p["version"] for p in json.loads(listed)}
    return {name: version for name, version in versions.items() if name not in UNPINNED}


def constraint_lines(found: Versions) -> list[str]:
    """One line a package where all agree, one a run of Pythons where they do not, sorted by name.

    >>> constraint_lines({"a": {"3.10": "1", "3.11": "1"}, "b": {"3.10": "1", "3.11": "2"}})
    ['a==1', 'b==1; python_version < "3.11"', 'b==2; python_version >= "3.11"']
    """
    lines = []
    for name in sorted(found):
        runs = version_runs(found[name])
        for position, (first, version) in enumerate(runs):
            after = runs[position + 1][0] if position + 1 < len(runs) else None
            bounds = [f'python_version >= "{first}"'] if position else []
            bounds += [f'python_version < "{after}"'] if after else []
            lines.append(f"{name}=={version}" + ("; " + " and ".join(bounds) if bounds else ""))
    return lines


def version_runs(by_python: dict[str, str]) -> list[tuple[str, str]]:
    """Neighbouring Pythons with the same version, as (first Python of the run, version).

    A Python on which the package is absent ends no run: a constraint on what is not installed says nothing.

    >>> version_runs({"3.10": "1", "3.11": "2", "3.13": "2"})
    [('3.10', '1'), ('3.11', '2')]
    """
    runs: list[tuple[str, str]] = []
    for python in sorted(by_python, key=lambda text: tuple(map(int, text.split(".")))):
        if not runs or runs[-1][1] != by_python[python]:
            runs.append((python, by_python[python]))
    return runs


def run(command: list[str]) -> str:
    """What the command printed; when it fails, what it complained of is raised with it."""
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def say(line: str) -> None:
    """Progress, at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
