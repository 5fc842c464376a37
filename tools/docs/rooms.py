"""The page of the rooms: every file of the source, with the first line of what it says of itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.docs.pages import CORE, NOTE, SHELL, table

ABOUT: Final = """\
Each file with the first line of its docstring, each room with that of its `__init__.py`. How the rooms work together,
and where to look for what, is told in [architecture.md](architecture.md)."""


def rooms() -> str:
    """The page: the core's rooms, then the shell's."""
    lines = [NOTE, "", "# Every file, room by room", "", ABOUT]
    for package in (CORE, SHELL):
        for folder in sorted({path.parent for path in package.rglob("*.py")}):
            lines += ["", f"## `{folder.relative_to(package.parent).as_posix()}`", ""]
            lines += [first_line(folder / "__init__.py"), "", *table(("file", "what it is"), files(folder))]
    return "\n".join(lines) + "\n"


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """The modules of one room."""
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield f"`{path.name}`", first_line(path)


def first_line(path: Path) -> str:
    """The first line of a module's docstring; `ValueError`, naming the module, where it has none."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if told is None:
        raise ValueError(f"{path.name} has no docstring")
    return told.splitlines()[0]
