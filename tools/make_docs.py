"""Write the pages of docs/ that only repeat what stands elsewhere: reasons, settings, the rooms, the specification.

    python tools/make_docs.py           rewrite what has changed
    python tools/make_docs.py --check   exit 1, naming each page that no longer matches

Which rule gives a reason and which reads a setting is read from the source. A reason that nothing gives, a setting
that nothing reads, a statement without a law and a law without a statement are refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.docs import commands, pages, reasons, rooms, rulebook, source, spec, states  # noqa: E402 - found from the project's root

DOCS: Final = ROOT / "docs"


class Dead(ValueError):
    """A reason of the catalogue that no rule gives."""


def reason_codes() -> str:
    """The page of the catalogue; refused where nothing gives one of its reasons."""
    given = source.givers()
    dead = sorted(pages.CODES - set(given))
    if dead:
        raise Dead(f"nothing gives the reason {', '.join(dead)}: take it out of riskcore.CATALOGUE")
    return reasons.reason_codes(given)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "cli.md": commands.commands,
    "reason-codes.md": reason_codes,
    "policy-keys.md": reasons.policy_keys,
    "rooms.md": rooms.rooms,
    "rulebook.md": rulebook.rulebook,
    "spec.md": spec.spec,
    "states.md": states.trading_states,
}


def main(arguments: Sequence[str] | None = None, docs: Path = DOCS) -> int:
    """Rewrite the pages, or with --check say which have drifted; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a page has drifted")
    checking = parser.parse_args(arguments).check
    troubles = []
    for name, make in PAGES.items():
        try:
            text = make()
        except ValueError as refused:
            troubles.append(f"docs/{name}: {refused}")
            continue
        if same(docs / name, text):
            continue
        if checking:
            troubles.append(f"docs/{name} does not match the code; run: python tools/make_docs.py")
        else:
            (docs / name).write_bytes(text.encode("ascii"))
    print(*troubles, sep="\n", end="\n" if troubles else "", file=sys.stderr)
    return 1 if troubles else 0


def same(path: Path, text: str) -> bool:
    """Whether the page is there and says just that; a checkout with other line ends is the same page."""
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
