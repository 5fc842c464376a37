"""The laws behind the statements: their numbers, read from the tests' names."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

LAWS = Path(__file__).resolve().parents[1] / "laws"
NAMED = re.compile(r"test_([A-Z]{3})_(\d+)_(.+)")


class Law(NamedTuple):
    """A Hypothesis property: its number, its file and name, and what it says of itself."""

    number: str
    file: str
    name: str
    says: str

    @property
    def title(self):
        """What the test's name says."""
        return NAMED.fullmatch(self.name)[3].replace("_", " ")


@cache
def all_laws(folder=LAWS):
    """Number -> law, in the order of the files; two of one number are refused."""
    found = {}
    for path in sorted(folder.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            named = NAMED.fullmatch(node.name) if isinstance(node, ast.FunctionDef) else None
            if named:
                number = f"{named[1]}-{named[2]}"
                if number in found:
                    raise ValueError(f"two laws have the number {number}: {found[number].name} and {node.name}")
                found[number] = Law(number, path.name, node.name, ast.get_docstring(node) or "")
    return found


def laws(laws, invariant=""):
    """A table that names laws: how many of them there are, and which are missing."""
    known = all_laws()
    missing = [number for number in laws.split(", ") if number not in known]
    return {"held_by": len(laws.split(", ")) - len(missing), "missing": ", ".join(missing) or None}
