"""The recorded exchanges, as they lie in tests/recorded."""

import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "recorded"
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def rows(file):
    """Every row of a file."""
    return json.loads((FOLDER / f"{file}.json").read_text(encoding="utf-8"))


def exchanges(file):
    """The rows that are one request and one answer over HTTP."""
    return [
        row
        for row in rows(file)
        if "path" in (row.get("request") or {}) and row.get("http_status") and "response" in row
    ]
