"""Run the examples of examples/embed, all or those named, each in the environment its host needs.

python3 tasks.py embed
python3 tasks.py embed in_pandas in_backtrader
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import tasks  # noqa: E402 - found from the project's root


def main(names: Sequence[str]) -> int:
    """Run them; 1 where one failed, or there is none of that name."""
    found = {path.stem: path for path in sorted((ROOT / "examples" / "embed").glob("in_*.py"))}
    strange = [name for name in names if name not in found]
    if strange:
        tasks.say(f"error: no such example: {', '.join(strange)} (there are {', '.join(found)})")
        return 1
    return tasks.report([tasks.run_step(name, command(found[name])) for name in names or found], "embed")


def command(example: Path) -> list[str]:
    """How one is run: a host whose own versions are its own affair has an environment of its own."""
    own = "embed-" + example.stem.partition("_")[2]
    name = own if f"\n{own} = [" in (ROOT / "pyproject.toml").read_text(encoding="utf-8") else "embed"
    return [str(tasks.made(tasks.Environment(name, name, tasks.this_python()))), "-W", "ignore", str(example)]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except tasks.Trouble as trouble:
        sys.exit(f"error: {trouble}")
