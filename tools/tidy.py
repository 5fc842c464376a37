"""Is the source tidy: sizes that can be read at a sitting, names that say something, nothing of one machine.

    python3 tools/tidy.py [project root]

Looks at every file that is, or is about to be, in the repository. A breach is printed as `file:line: what`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES_MAX = 399
BODY_LINES_MAX = 39
EMPTY_NAMES = frozenset({"helper", "helpers", "manager", "managers", "misc", "util", "utils"})
# The one file that may look beside the repository: it tells the tests where CI keeps its market data.
KNOWS_THE_NEIGHBOURS = ".ci/run"
SKIPPED_FOLDERS = frozenset({".git", ".venv", "__pycache__", "build", "dist", "mutants", "node_modules"})

NEIGHBOURS = re.compile(r"\.\./s[h]ared")
LINE_RULES = (
    (re.compile(r"(?<![\w.~}])/(?:r[o]ot|w[o]rk|h[o]me)(?![\w.-])"), "absolute path of one machine"),
    (re.compile(r"py[p]i\.org|python[h]osted\.org"), "address of a package registry"),
    (re.compile(r"(?i)(?:index[-_]url|find-links)\b.{0,3}https?:"), "address of a package index"),
    (NEIGHBOURS, "path beside the repository"),
    (re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE), "conflict marker"),
)


class Finding(NamedTuple):
    """One breach: where, and what is wrong."""

    line: int
    message: str


def main(arguments: list[str]) -> int:
    """Check every file of the project; 1 when anything was found."""
    root = Path(arguments[0]).resolve() if arguments else ROOT
    found = [(name, finding) for name in file_names(root) for finding in checked(root, name)]
    lines = [f"{name}:{finding.line}: {finding.message}" for name, finding in found]
    if lines:
        print("\n".join(lines))
    return 1 if lines else 0


def file_names(root: Path) -> list[str]:
    """Tracked files and those git does not ignore; without git, all but the folders tools make."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        found = (path for path in root.rglob("*") if path.is_file())
        names = {path.relative_to(root) for path in found}
        return sorted(name.as_posix() for name in names if not SKIPPED_FOLDERS.intersection(name.parts))
    return sorted({name for name in listed.split("\0") if name and (root / name).is_file()})


def checked(root: Path, name: str) -> list[Finding]:
    """All that is wrong with one file; bytes that are no text are left alone."""
    content = (root / name).read_bytes()
    if b"\0" in content[:8192]:
        return []
    text = content.decode("utf-8", "replace")
    findings = text_findings(text, name)
    if name.endswith(".py"):
        findings += name_findings(name) + size_findings(text) + class_findings(text)
    return sorted(findings)


def text_findings(text: str, name: str) -> list[Finding]:
    """Lines that hold for one machine only, or that a merge left behind."""
    rules = [rule for rule in LINE_RULES if name != KNOWS_THE_NEIGHBOURS or rule[0] is not NEIGHBOURS]
    rules = [rule for rule in rules if rule[0].search(text)]  # most files have nothing of the kind in any line
    return [
        Finding(number, f"{what}: {match.group().strip()}")
        for number, line in enumerate(text.splitlines() if rules else (), 1)
        for pattern, what in rules
        if (match := pattern.search(line))
    ]


def name_findings(name: str) -> list[Finding]:
    """Modules and packages called after nothing in particular."""
    parts = Path(name).with_suffix("").parts
    empty = [part for part in parts if part in EMPTY_NAMES]
    return [Finding(1, f"a module called {part} says nothing: name what it does") for part in empty]


def size_findings(text: str) -> list[Finding]:
    """Files and functions too long to be read at a sitting; generated tables are not read but looked up."""
    lines = text.splitlines()
    if lines and "generated" in lines[0].lower():
        return []
    findings = []
    if len(lines) > FILE_LINES_MAX:
        findings.append(Finding(len(lines), f"{len(lines)} lines: a file has under {FILE_LINES_MAX + 1}"))
    for node in ast.walk(parsed(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and body_lines(node) > BODY_LINES_MAX:
            message = f"{node.name}() has {body_lines(node)} lines: a body has under {BODY_LINES_MAX + 1}"
            findings.append(Finding(node.lineno, message))
    return findings


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def class_findings(text: str) -> list[Finding]:
    """Classes that manage, whatever that is."""
    return [
        Finding(node.lineno, f"class {node.name}: say what it does, not that it manages")
        for node in ast.walk(parsed(text))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Manager")
    ]


@lru_cache(maxsize=1)  # two rules look at the tree of a file
def parsed(text: str) -> ast.Module:
    """The tree, or an empty one: what does not parse is for ruff to report."""
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
