"""How a market table is written: as literals, laid out as the formatter would lay them out. Used by make_tables.py."""

from __future__ import annotations

import textwrap
from typing import Any, Final

from tools.table_readers import Row

WIDTH: Final = 110


def literal(value: Any, *, named: bool = True) -> Any:
    """What a checked source holds, as plain literals: a row keeps its field names, except within a mapping."""
    if isinstance(value, Row):
        kept = {k: literal(v) for k, v in value.items() if k not in ("note", "gap_before")}
        return kept if named else tuple(kept.values())
    if isinstance(value, dict):
        return {k: literal(v, named=False) for k, v in value.items()}
    return tuple(literal(v) for v in value) if isinstance(value, list) else value


def inline(value: Any) -> str:
    """A literal on one line, as ruff would write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(k)}: {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        return f"({', '.join(map(inline, value))}{',' * (len(value) == 1)})"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def render(value: Any, pad: int, taken: int) -> str:
    """A literal as ruff would lay it out, when `taken` more columns of its first line are in use."""
    line, inner = inline(value), " " * (pad + 4)
    if pad + taken + len(line) <= WIDTH:
        return line
    if isinstance(value, str):
        room = WIDTH - len(inner) - (2 if len(inner + value) + 2 <= WIDTH else 3)
        chunks = textwrap.wrap(value, room, break_long_words=False, break_on_hyphens=False)
        parts = [inline(chunk + " ") for chunk in chunks[:-1]] + [inline(chunks[-1])]
    elif isinstance(value, dict):
        parts = [f"{inline(k)}: {render(v, len(inner), len(inline(k)) + 3)}," for k, v in value.items()]
    else:
        parts = [f"{render(v, len(inner), 1)}," for v in value]
    left, right = "{}" if isinstance(value, dict) else "()"
    return "\n".join([left, *(inner + part for part in parts), " " * pad + right])
