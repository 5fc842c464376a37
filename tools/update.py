"""`tasks.py update`: renew the pins on every Python, then ask whether anything pinned is known to be vulnerable.

    python3 tools/update.py [--audit-only]

Pins that a Python of this machine cannot install are skipped by their markers. Needs the network, and takes minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "constraints.txt"


def main(arguments: list[str]) -> int:
    """Renew, then audit; the exit code of what failed first."""
    parser = argparse.ArgumentParser(prog="tasks.py update")
    parser.add_argument("--audit-only", action="store_true", help="change no pin")
    options = parser.parse_args(arguments)
    if not options.audit_only:
        renewed = subprocess.run([sys.executable, str(ROOT / "tools/pins.py")], check=False).returncode
        if renewed:
            return renewed
    return audited(PINS.read_text(encoding="ascii"))


def audited(pins: str) -> int:
    """Ask for each pin; every version of every Python, one line of markers at a time."""
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        worst = 0
        for number, text in enumerate(rounds(pins)):
            path = Path(folder) / f"round-{number}.txt"
            path.write_text(text, encoding="ascii")
            command = ["-m", "pip_audit", "--requirement", str(path), "--no-deps", "--disable-pip"]
            worst = max(worst, subprocess.run([sys.executable, *command], check=False).returncode)
    return worst


def rounds(pins: str) -> list[str]:
    r"""The pins without their markers, so that each version is asked for, and no package stands twice in a round.

    >>> rounds("a==1\nb==1; python_version < '3.11'\nb==2\n")
    ['a==1\nb==1\n', 'b==2\n']
    """
    found: list[dict[str, str]] = []
    for line in pins.splitlines():
        pin = line.partition(";")[0].strip()
        asked = any(pin in known.values() for known in found)
        if pin and not pin.startswith("#") and not asked:
            name = pin.partition("==")[0]
            at = next((number for number, known in enumerate(found) if name not in known), len(found))
            if at == len(found):
                found.append({})
            found[at][name] = pin
    return ["".join(f"{pin}\n" for pin in known.values()) for known in found]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
