"""What may be written: read off the attrs classes, so that no rule and no default is said twice.

A class's field is a setting: its name is the key, its type says what YAML must hold there, its check (in the
metadata, as the core has it, or the converter) judges the value, and its unit and help go into the files that
`riskcore init` writes.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from riskcore_openalgo.config.yaml_reader import is_text_for_all

EXAMPLES: Final[Mapping[Any, str]] = {
    bool: "true",
    int: "100",
    Decimal: "100000",
    str: "5m",
    date: "2026-08-03",
    time: '"15:10"',
    tuple: "[RELIANCE, INFY]",
}
CLOCK_TIME: Final = re.compile(r"\b\d\d:\d\d\b")
BARE: Final = re.compile(r"(?!:)[\w./:-]*[\w/]", re.ASCII)


@frozen(kw_only=True)
class Setting:
    """One key: what it holds, what holds when it is not written, and who checks it.

    `kind` is the type without None, a bare `tuple` or `Mapping` when it holds `item`s. A `default` of
    `attrs.NOTHING` means that the key must be written.
    """

    name: str
    kind: Any
    item: Any = None
    optional: bool = False
    default: Any
    convert: Callable[[Any], Any]
    metadata: Mapping[str, Any]

    @property
    def required(self) -> bool:
        """Whether a file without the key is wrong."""
        return self.default is attrs.NOTHING

    @property
    def may_be_empty(self) -> bool:
        """Whether the key may stand without a value: where None means off, and above commented lines."""
        return self.optional or self.kind is Mapping or attrs.has(self.kind) or attrs.has(self.item)

    @property
    def example(self) -> str:
        """A value as it could be written: the default, else one that the field's own words give."""
        if "example" in self.metadata:
            return str(self.metadata["example"])
        if self.default not in (None, attrs.NOTHING, (), {}):
            return written(self.default)
        if str(self.metadata.get("unit", "")).startswith("%"):
            return "5"
        shown = CLOCK_TIME.search(self.metadata.get("help", "")) if self.kind is time else None
        if shown:
            return f'"{shown.group()}"'
        return "" if attrs.has(self.item) else EXAMPLES.get(self.kind, "")

    @property
    def remark(self) -> str:
        """Help and unit in one line, as written behind the value."""
        return f"{self.metadata.get('help', '')} ({self.metadata.get('unit', '')})"


@functools.cache
def settings_of(record: type) -> Mapping[str, Setting]:
    """Every field of an attrs class as a setting, by name, in the order of the class."""
    hints = get_type_hints(record)
    written_down = (field for field in attrs.fields(record) if not field.metadata.get("not_written"))
    return {field.name: _setting(field, hints[field.name]) for field in written_down}


def written(value: Any) -> str:
    """A default as YAML that this room, and any other reader of YAML, takes for the same value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(written(item) for item in value)}]"
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (int, date)):
        return str(value)
    text = value.as_posix() if isinstance(value, Path) else str(value)
    return text if BARE.fullmatch(text) and is_text_for_all(text) else json.dumps(text)


def _setting(field: attrs.Attribute[Any], hint: Any) -> Setting:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    optional = NoneType in get_args(hint)
    kind = kinds[0] if optional else hint
    item = None
    if get_origin(kind) is not None:
        parts = get_args(kind)
        item = parts[0] if get_origin(kind) is tuple else parts[1]
        kind = tuple if get_origin(kind) is tuple else Mapping
    if field.metadata.get("mapping"):
        kind, item = Mapping, Any
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        default = default.factory()
    return Setting(
        name=field.name,
        kind=kind,
        item=item,
        optional=optional,
        default=default,
        convert=_check_of(field),
        metadata=field.metadata,
    )


def _check_of(field: attrs.Attribute[Any]) -> Callable[[Any], Any]:
    check = field.metadata.get("check")
    if check is not None:
        return lambda value: check(value, field.name)
    return cast("Callable[[Any], Any]", field.converter or _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value
