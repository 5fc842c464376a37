"""The core alone: `pip install .` into an empty environment brings attrs and nothing else, and decides there.

    python tools/bare_install.py

Exit code 1 when another package comes along, when `examples/decide.py` does not approve, or when a room of the
shell cannot say what to install.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NEEDED = {"attrs", "riskcore"}
TOOLS = {"pip", "setuptools", "wheel"}
SHELL = (
    ("import riskcore_openalgo.journal", 'pip install "riskcore[openalgo]"'),
    ("from riskcore_openalgo.lab import backtest", 'pip install "riskcore[openalgo]"'),
    ("import riskcore_openalgo.client", 'pip install "riskcore[openalgo]"'),
    ("import riskcore_openalgo.config", 'pip install "riskcore[openalgo]"'),
    ("import riskcore_openalgo.web.intake", 'pip install "riskcore[runner]"'),
    ("import riskcore_openalgo.web.server", 'pip install "riskcore[runner]"'),
)
VERBS = ("demo", "init", "report x.db", "status x.db", "journal show x.db")


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the bare environment, away from the repository."""
    strangers = ("PYTHONPATH", "PYTHONHOME")
    clean = {name: value for name, value in os.environ.items() if name not in strangers}
    return subprocess.run(
        [str(python), *arguments], capture_output=True, text=True, check=False, cwd=python.parent, env=clean
    )


def main() -> int:
    """Install, list, decide; 0 when all is as promised."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
        pins = str(ROOT / "constraints.txt")
        installed = run(python, "-m", "pip", "install", "-q", "-c", pins, str(ROOT))
        if installed.returncode:
            print(installed.stderr[-2000:])
            return 1
        return report(python)


def report(python: Path) -> int:
    """What is there, what the example says, and what the shell says it needs."""
    listed = run(python, "-m", "pip", "list", "--format", "freeze").stdout.split()
    packages = {line.partition("==")[0] for line in listed} - TOOLS
    decided = run(python, str(ROOT / "examples" / "decide.py"))
    print(f"installed: {', '.join(sorted(packages))}; the example says: {decided.stdout.partition(chr(10))[0]}")
    wrong = [] if packages == NEEDED else [f"expected {sorted(NEEDED)}"]
    if not decided.stdout.startswith("APPROVED"):
        wrong.append(f"examples/decide.py: {decided.stderr[-500:]}")
    for room, told in SHELL:
        if told not in run(python, "-c", room).stderr:
            wrong.append(f"{room} does not say: {told}")
    wrong += [
        f"riskcore {verb} does not say what to install"
        for verb in VERBS
        if 'pip install "riskcore[' not in run(python, "-m", "riskcore_openalgo", *verb.split()).stderr
    ]
    for line in wrong:
        print(f"bare install: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
