"""What README and docs show that is no Python: blocks of commands, and whatever else stands in a fixed font.

A block that is not run bears its reason in the line above it, `<!-- not run: REASON -->`, which no reader sees. Pages
that are read as they are on GitHub bear it in `ELSEWHERE`.
"""

import re
import shlex
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("cli.md", "rulebook.md", "spec.md", "policy-keys.md", "reason-codes.md", "mutants.md")
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in GENERATED),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
)
KNOWN = ("python", "yaml", "json", "sql", "{toctree}", "{include}")
"""Languages of blocks that are no commands: test_readme.py, test_journal_page.py and test_commands.py have them."""
SHELL = ("", "text", "sh", "bash", "console")
MARK = re.compile(r"<!-- not run: (.+) -->")
MAKES_ONE = "it makes an environment of its own: CI runs it"
ELSEWHERE = {
    ("README.md", "python3 tasks.py demo"): MAKES_ONE,
    ("CONTRIBUTING.md", "python3 tasks.py test -k sizing"): MAKES_ONE,
    ("reliability.md", "python3 tasks.py simulate --days 500"): MAKES_ONE,
    ("reliability.md", "python3 tasks.py test tests/crash"): MAKES_ONE,
    ("tradingview.md", "alerts.example.org {"): "the settings of another program, Caddy",
}


@frozen
class Block:
    """Lines in a fixed font: where they stand, their language, why they are not run ("" where they are)."""

    page: str
    line: int
    language: str
    lines: tuple[str, ...]
    reason: str = ""
    after: str = ""

    @property
    def is_output(self):
        """What the Python block right before it prints, or a query; other tests compare it."""
        return self.language == "text" and self.after in ("python", "sql")

    @property
    def commands(self):
        """Each command, without the prompt and without what is said about it, with the output that is stated."""
        prompted = any(line.startswith("$ ") for line in self.lines)
        found = []
        for line in filter(str.strip, self.lines):
            if prompted and not line.startswith("$ "):
                found[-1][1].append(line)
            else:
                said = re.split(r"\s{3,}(?=[^\s-])|\s+#\s", line.removeprefix("$ ").strip())[0]
                found.append((said, []))
        return [(said, tuple(output)) for said, output in found]


def blocks(path):
    """All blocks of a page, fenced and indented."""
    lines, found, number, after = path.read_text(encoding="utf-8").split("\n"), [], 0, ""
    while number < len(lines):
        fence = re.match(r"( *)```(\S*)", lines[number])
        indented = lines[number].startswith("    ") and not lines[number - 1].strip()
        if not fence and not indented:
            after = "" if lines[number].strip() else after
            number += 1
            continue
        first = number + bool(fence)
        end = first
        while end < len(lines) and not _ends(lines[end], fenced=bool(fence)):
            end += 1
        body = [line.removeprefix(fence[1] if fence else "    ") for line in lines[first:end]]
        mark = next((MARK.search(line) for line in reversed(lines[:number]) if line.strip()), None)
        language = fence[2] if fence else ""
        made = Block(path.name, number + 1, language, tuple(body), mark[1] if mark else "", after)
        elsewhere = "" if made.reason or not body else ELSEWHERE.get((path.name, made.commands[0][0]), "")
        found.append(Block(path.name, number + 1, language, tuple(body), made.reason or elsewhere, after))
        after, number = language, end + bool(fence)
    return found


def _ends(line, *, fenced):
    return bool(re.match(r" *```\s*$", line)) if fenced else bool(line.strip()) and not line.startswith("    ")


def shell_blocks(path):
    """Those that are commands, or that somebody could take for some."""
    return [block for block in blocks(path) if block.language in SHELL and not block.is_output]


def words_of(command):
    """A command as the shell hands it over."""
    return shlex.split(command)
