"""docs/spec.md: the specification's pages as one, each statement with its tables and the law behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tests.spec.laws import Law, all_laws
from tests.spec.tables import MARKER, STATEMENT
from tools.docs.pages import NOTE, ROOT

PAGES: Final = ROOT / "tests" / "spec"
ORDER: Final = (
    "invariants",
    "sizing",
    "stops",
    "targets",
    "rounding",
    "limits",
    "losses",
    "exposure",
    "portfolio",
    "sessions",
    "signals",
    "states",
    "stopping",
    "account",
    "breakers",
    "trailing",
    "exits",
    "charges",
    "tables",
    "performance",
    "sameness",
    "day",
)
"""The pages in the order in which they are read; a new one that is not named here follows, by its name."""
ABOUT: Final = """\
# The specification

What riskcore does, for who trades with it. Every statement has a number. Below it stand cases: the columns in **bold**
are the answers, and each row is run against the library when the tests run (`tests/spec/`). Behind it stands a law
under the same number (`tests/laws/`): the general form, tried on thousands of generated situations."""


class Unnumbered(ValueError):
    """A statement without its law, or a law that no statement tells."""


def spec() -> str:
    """The whole page."""
    laws, stated = all_laws(), []
    parts = [NOTE, "", ABOUT, "", "| page | statements |", "|---|---|"]
    texts = {name: (PAGES / f"{name}.md").read_text(encoding="utf-8") for name in names()}
    for text in texts.values():
        title = text.partition("\n")[0]
        numbers = [number for number, _ in STATEMENT.findall(text)]
        parts.append(f"| {title.removeprefix('# ')} | {', '.join(numbers)} |")
        stated += numbers
    _agree(stated, laws)
    for text in texts.values():
        parts += ["", *_page(text, laws)]
    return _squeezed("\n".join(parts)).rstrip() + "\n"


def _squeezed(text: str) -> str:
    """No two empty lines in a row, but within code, where a formatter wants them."""
    pieces = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(one if one.startswith("```") else re.sub(r"\n{3,}", "\n\n", one) for one in pieces)


def names() -> list[str]:
    """The pages there are, those of `ORDER` first."""
    there = sorted(path.stem for path in PAGES.glob("*.md"))
    return [name for name in ORDER if name in there] + [name for name in there if name not in ORDER]


def _agree(stated: list[str], laws: dict[str, Law]) -> None:
    troubles = [
        (sorted(set(stated) - set(laws)), "stated in tests/spec without a law in tests/laws"),
        (sorted(set(laws) - set(stated)), "a law in tests/laws that no page of tests/spec states"),
        (sorted({number for number in stated if stated.count(number) > 1}), "stated twice in tests/spec"),
    ]
    found = [f"{', '.join(numbers)}: {what}" for numbers, what in troubles if numbers]
    if found:
        raise Unnumbered("; ".join(found))


def _page(text: str, laws: dict[str, Law]) -> Iterator[str]:
    """A page a level lower, without its markers, and at the end of each statement its law."""
    law: Law | None = None
    for line in text.split("\n"):
        heading = line.startswith("#")
        if heading and law is not None:
            yield from _law(law)
            law = None
        stated = STATEMENT.fullmatch(line)
        if stated:
            law = laws[stated[1]]
        if not MARKER.fullmatch(line):
            yield f"#{line}" if heading else line
    if law is not None:
        yield from _law(law)


def _law(law: Law) -> Iterator[str]:
    says = " ".join(law.says.split())
    yield f"> Law {law.number} ([{law.file}](../tests/laws/{law.file})): {law.title}. {says}"
    yield ""
