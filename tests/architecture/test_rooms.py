"""The rooms of the core stand in docs/architecture.md in the order of their imports; what it points to is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE, SHELL = ROOT / "src" / "riskcore", ROOT / "src" / "riskcore_openalgo"
BOTH_WAYS = {("breakers", "rules"), ("rules", "pretrade")}
"""A limit's approach is measured by what a rule measures; the last look stands in the table of the rules."""


def section(heading):
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return text.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]


def rooms_in_order():
    rows = [line.split("|")[1] for line in section("The rooms of the core").splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)(?:\.py|/)`", row)]


def room_of(module):
    """The state's room is three files."""
    return "state" if module.startswith("state_") else module


def files_of_rooms():
    for path in sorted(CORE.iterdir()):
        if path.suffix == ".py" and path.stem != "__init__":
            yield room_of(path.stem), [path]
        elif (path / "__init__.py").is_file():
            yield path.name, sorted(path.rglob("*.py"))


def imported(path):
    """The rooms that a file imports, when it is loaded or later."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "riskcore":
            yield from (room_of(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("riskcore."):
            yield room_of(node.module.split(".")[1])


def test_every_room_of_the_core_has_its_place():
    assert sorted(rooms_in_order()) == sorted({room for room, _ in files_of_rooms()})


def test_a_room_of_the_core_imports_what_stands_above_it():
    places = {name: place for place, name in enumerate(rooms_in_order())}
    used = {(room, other) for room, files in files_of_rooms() for file in files for other in imported(file)}
    assert {(room, other) for room, other in used if places.get(other, -1) > places[room]} == BOTH_WAYS


def test_what_one_looks_for_is_where_the_page_says():
    named = re.findall(r"`([\w./]+(?:\.py|\.yaml|/))`", section("Where is ...?"))
    assert len(named) > 50
    assert [name for name in named if not any((folder / name).exists() for folder in (CORE, SHELL))] == []
