"""Search for inputs that break what is promised of sizing, rounding and limits: CrossHair, a solver, not chance.

    python tools/audit.py                   every promise of tests/audit/, 20 s each
    python tools/audit.py --seconds 120     look longer
    python tools/audit.py lots budget       only those promises

Exit code 1 when a counter-example was found or a promise could not be looked at. Run it through
`python3 tasks.py audit`. A promise that is "confirmed" holds for all inputs its types allow; one for which "nothing
was found" was looked at for its time, along as many paths as fitted into it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
PROMISES: Final = ROOT / "tests" / "audit" / "promises.py"
SECONDS: Final = 20
CONFIRMED: Final = "Confirmed over all paths"
GRACE_S: Final = 60


class Verdict(NamedTuple):
    """What was found of one promise: a word, and the counter-example or the trouble."""

    promise: str
    word: str
    detail: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether the promise stands."""
        return self.word in ("confirmed", "nothing found")


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at every promise in turn, a process each; 1 when one is broken."""
    parser = argparse.ArgumentParser(prog="tasks.py audit", description="Search for counter-examples with CrossHair.")
    parser.add_argument("promises", nargs="*", help="names of functions in tests/audit/promises.py; none: all")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"a promise (default {SECONDS})")
    options = parser.parse_args(arguments)
    known = promises(PROMISES.read_text(encoding="utf-8"))
    strange = sorted(set(options.promises) - set(known))
    if strange:
        parser.error(f"no such promise: {', '.join(strange)}; there are {', '.join(known)}")
    verdicts = []
    for promise in options.promises or known:
        verdict = look(promise, options.seconds)
        verdicts.append(verdict)
        print(f"{promise:<36}{verdict.word:<16}{verdict.seconds:6.1f} s", flush=True)
        if verdict.detail:
            print(f"    {verdict.detail}", flush=True)
    broken = [verdict.promise for verdict in verdicts if not verdict.good]
    print(f"audit: {'FAILED: ' + ', '.join(broken) if broken else f'{len(verdicts)} promises stand'}")
    return 1 if broken else 0


def promises(text: str) -> list[str]:
    r"""The functions with a postcondition, in order.

    >>> promises('def a(x):\n    \"\"\"post: True\"\"\"\ndef _b(x):\n    return x\n')
    ['a']
    """
    import ast  # noqa: PLC0415 - read once

    functions = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return [node.name for node in functions if "post:" in (ast.get_docstring(node) or "")]


def look(promise: str, seconds: int) -> Verdict:
    """CrossHair on one promise, for at most so many seconds."""
    started = time.monotonic()
    command = [
        *(sys.executable, "-m", "crosshair", "check", f"tests.audit.promises.{promise}"),
        *("--analysis_kind", "PEP316", "--report_all", "--per_condition_timeout", str(seconds)),
        *("--per_path_timeout", str(max(seconds // 4, 1))),
    ]
    try:
        ran = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds * 4 + GRACE_S
        )
    except subprocess.TimeoutExpired:
        return Verdict(
            promise, "nothing found", "the solver was stopped: it had not given up", time.monotonic() - started
        )
    return judged(promise, ran.returncode, ran.stdout + ran.stderr, time.monotonic() - started)


def judged(promise: str, code: int, said: str, seconds: float) -> Verdict:
    """What CrossHair's words and exit code mean.

    >>> judged("lots", 0, "promises.py:3: info: Confirmed over all paths.", 2.0).word
    'confirmed'
    >>> judged("lots", 0, "promises.py:3: info: Not confirmed.", 2.0).word
    'nothing found'
    >>> judged("lots", 1, "promises.py:3: error: false when calling lots(0)", 2.0)[1:3]
    ('BROKEN', 'false when calling lots(0)')
    """
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    if errors:
        return Verdict(promise, "BROKEN", "; ".join(errors), seconds)
    if code != 0 or not lines:
        return Verdict(promise, "NOT LOOKED AT", "; ".join(lines[-2:]) or "crosshair said nothing", seconds)
    return Verdict(promise, "confirmed" if CONFIRMED in said else "nothing found", "", seconds)


if __name__ == "__main__":
    sys.exit(main())
