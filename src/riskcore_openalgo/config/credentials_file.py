"""api_credentials.yaml as `riskcore credentials` writes it: its keys with their values, secrets encrypted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
from attrs import frozen

from riskcore_openalgo.config.keys import FERNET, SCRYPT, Keys, write_private
from riskcore_openalgo.config.loader import CREDENTIALS_FILE, SECTIONS, load_settings
from riskcore_openalgo.config.problems import ConfigurationError, Report
from riskcore_openalgo.config.schema import Setting, settings_of
from riskcore_openalgo.config.settings import Credentials
from riskcore_openalgo.config.yaml_reader import Node, read_yaml

HEADER: Final = (
    "# Secrets, encrypted where they say fernet: or scrypt:. Written by `riskcore credentials`, which keeps no\n"
    "# comments. Keep this file out of version control, and readable by yourself alone.\n"
)


@frozen
class Entry:
    """One secret of the file: its name (`openalgo.api_key`), and what stands there."""

    name: str
    text: str

    @property
    def encrypted(self) -> bool:
        """Whether nobody can read it without a key."""
        return self.text.startswith((FERNET, SCRYPT))


class CredentialsFile:
    """The file in a folder, read without opening anything. Raises `ConfigurationError` where it cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / CREDENTIALS_FILE
        self.content: dict[str, Any] = {}
        report = Report(CREDENTIALS_FILE, public=frozenset())
        if self.path.exists():
            node = read_yaml(self.path.read_bytes(), report)
            content = _plain(node)
            if report.problems:
                raise ConfigurationError(report.problems)
            top = content.get(SECTIONS[CREDENTIALS_FILE]) if isinstance(content, dict) else None
            self.content = top if isinstance(top, dict) else {}

    def secrets(self) -> Iterator[Entry]:
        """Every secret that is written, by name."""
        for name, _ in _secrets(Credentials):
            found = self._at(name)
            if isinstance(found, dict):
                yield from (Entry(f"{name}.{key}", str(value)) for key, value in found.items() if value)
            elif found:
                yield Entry(name, str(found))

    def check(self, name: str) -> None:
        """`ValueError` where there is no secret of that name, before anybody types one."""
        if not any(name == known or (name.startswith(f"{known}.") and many) for known, many in known_names()):
            shown = ", ".join(f"{known}.NAME" if many else known for known, many in known_names())
            raise ValueError(f"{name}: there is no such secret; the names are {shown}")

    def put(self, name: str, text: str) -> None:
        """Write one value, in memory; `ValueError` where there is no secret of that name."""
        self.check(name)
        *above, last = name.split(".", 2)
        place = self.content
        for part in above:
            if not isinstance(place.get(part), dict):
                place[part] = {}
            place = place[part]
        place[last] = text

    def write(self, *, keys: Keys) -> None:
        """Write it, and read it again: what could not be read is not left behind."""
        before = self.path.read_bytes() if self.path.exists() else None
        lines = [HEADER, f"{SECTIONS[CREDENTIALS_FILE]}:\n", *_lines(self.content, "  ")]
        write_private(self.path, "".join(lines))
        try:
            load_settings(self.path.parent, keys=keys)
        except ConfigurationError as wrong:
            if any(problem.file == CREDENTIALS_FILE for problem in wrong.problems):
                if before is None:
                    self.path.unlink()
                else:
                    write_private(self.path, before.decode("utf-8", "replace"))
                raise

    def _at(self, name: str) -> Any:
        found: Any = self.content
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found


def known_names() -> list[tuple[str, bool]]:
    """The names of all secrets, and whether there may be several under one, each with a name of its own."""
    return [(name, "example_key" in setting.metadata) for name, setting in _secrets(Credentials)]


def readable_by_others(path: Path) -> bool:
    """Whether somebody else on the machine may read a file."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & 0o077)


def _secrets(record: type, above: str = "") -> Iterator[tuple[str, Setting]]:
    for name, setting in settings_of(record).items():
        if attrs.has(setting.kind):
            yield from _secrets(setting.kind, f"{above}{name}.")
        elif setting.metadata.get("secret"):
            yield f"{above}{name}", setting


def _plain(node: Node | None) -> Any:
    if node is None:
        return {}
    if isinstance(node.value, dict):
        return {key: _plain(value) for key, value in node.value.items()}
    return None if node.value is None else node.text


def _lines(content: dict[str, Any], margin: str) -> Iterator[str]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield f"{margin}{key}:\n"
            yield from _lines(value, f"{margin}  ")
        elif value is not None:
            yield f"{margin}{key}: {json.dumps(str(value))}\n"
