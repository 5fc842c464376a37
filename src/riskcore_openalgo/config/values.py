"""Nodes of a file become checked values: first what YAML holds there, then what the field's check says.

Every function notes what is wrong in the report and returns `WRONG`, so that the rest is still looked at and
all problems come at once. A check's sentence is taken over as it is: the rules are its own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

import attrs

from riskcore_openalgo.config.problems import Problem, Report
from riskcore_openalgo.config.schema import Setting, settings_of
from riskcore_openalgo.config.yaml_reader import MOST_DIGITS, NUMBER, WRONG, Node

NUMBERS: Final = (int, Decimal)
SEALED: Final = ("fernet:", "scrypt:")
"""What an encrypted secret begins with."""
PLAIN: Final = "stands there in plain text: `riskcore credentials encrypt` mends that"
LONGEST_SHOWN: Final = 40
GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]+)?")
BASED: Final = re.compile(r"0[xXoObB][0-9A-Fa-f]{1,16}")

Belongs: TypeAlias = Callable[[str], "str | None"]


def read_record(record: type, node: Node, report: Report, path: str = "", elsewhere: Belongs | None = None) -> Any:
    """An instance of an attrs class from a mapping; nothing written is the class's defaults."""
    if node.value is None:
        node = Node(node.line, {})
    settings = settings_of(record)
    values = read_fields(settings, node, report, path, elsewhere)
    if values is WRONG:
        return WRONG
    missing = [name for name, setting in settings.items() if setting.required and name not in values]
    for name in missing:
        report.add(node.line, joined(path, name), f"is missing; write {name}: {settings[name].example}")
    if missing or WRONG in values.values():
        return WRONG
    try:
        return record(**values)
    except ValueError as wrong:  # each key is right alone, and together they are not
        report.add(node.line, path, _sentence(str(wrong), None, node))
        return WRONG


def read_fields(
    settings: Mapping[str, Setting],
    node: Node,
    report: Report,
    path: str = "",
    elsewhere: Belongs | None = None,
) -> Any:
    """The written keys of a mapping: name -> value, `WRONG` for those that are; unknown keys are problems."""
    if not isinstance(node.value, dict):
        _refuse_shape("keys with their values, indented below it", node, report, path)
        return WRONG
    values = {}
    for key, entry in node.value.items():
        name = joined(path, report.name(key))
        if key in settings:
            values[key] = read_value(settings[key], entry, report, name)
        else:
            report.add(entry.line, name, unknown_key(key, settings, elsewhere))
    return values


def read_value(setting: Setting, node: Node, report: Report, path: str) -> Any:
    """The checked value of one key, or `WRONG`."""
    if node.value is WRONG:
        return WRONG
    if node.value is None and not setting.may_be_empty:
        report.add(node.line, path, f"has no value; write {_wanted(setting)}, or delete the line")
        return WRONG
    if attrs.has(setting.kind):
        return read_record(setting.kind, node, report, path)
    if node.value is None:
        return _converted(setting, None if setting.optional else setting.default, node, report, path)
    if setting.kind is tuple:
        return _read_list(setting, node, report, path)
    if setting.kind is Mapping:
        return _read_mapping(setting, node, report, path)
    if not _is_scalar_of(setting, node, report, path):
        return WRONG
    value = _scalar_value(setting, node)
    if "secret" in setting.metadata and isinstance(value, str) and value:
        value = _opened(value, node, report, path)
    return value if value is WRONG else _converted(setting, value, node, report, path)


def _opened(value: str, node: Node, report: Report, path: str) -> Any:
    """A secret as it is: what is encrypted is opened, what is not is noted as plain."""
    if not value.startswith(SEALED):
        report.plain.append(Problem(report.file, node.line, path, PLAIN))
        return value
    try:
        return value if report.unlock is None else report.unlock(value)
    except ValueError as wrong:
        report.add(node.line, path, str(wrong))
        return WRONG


def unknown_key(key: str, known: Iterable[str], elsewhere: Belongs | None = None) -> str:
    """What to say of a key that is not among the `known`: where it belongs, or what was perhaps meant."""
    place = elsewhere(key) if elsewhere else None
    if place:
        return place
    guess = key.lower().replace("-", "_").replace(" ", "_")[:LONGEST_SHOWN]
    near = difflib.get_close_matches(guess, list(known), n=1)
    return f"unknown key; did you mean {near[0]}?" if near else "unknown key; delete it"


def joined(path: str, key: str) -> str:
    """`intake` and `port` -> `intake.port`."""
    return f"{path}.{key}" if path else key


def shown(node: Node) -> str:
    """What stands in the file, short enough for a message."""
    if isinstance(node.value, (list, dict)):
        return "a list" if isinstance(node.value, list) else "a mapping"
    text = node.text if len(node.text) <= LONGEST_SHOWN else f"{node.text[:LONGEST_SHOWN]}..."
    return text or "nothing" if _is_plain_value(node) else repr(text)


def plain_number(text: str) -> str | None:
    """The plain decimal number that `1e3`, `0x10`, `010`, `1_000`, `1,00,000` or `5 %` stands for, if any."""
    bare = text.strip().rstrip("% ")
    if BASED.fullmatch(bare):
        bare = _based(bare)
    if GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    try:
        number = Decimal(bare)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) >= MOST_DIGITS:
        return None
    plain = f"{number:f}"
    return plain if NUMBER.fullmatch(plain) else None


def _based(text: str) -> str:
    try:
        return str(int(text, 0))
    except ValueError:
        return text


def _is_plain_value(node: Node) -> bool:
    return not node.quoted and not isinstance(node.value, str)


def _wanted(setting: Setting) -> str:
    kinds = {bool: "true or false", int: "a whole number", Decimal: "a number", tuple: "a list"}
    what = kinds.get(setting.kind, "text")
    return what if setting.kind is bool or not setting.example else f"{what} such as {setting.example}"


def _is_scalar_of(setting: Setting, node: Node, report: Report, path: str) -> bool:
    """Whether YAML holds the kind of scalar the setting wants; else the problem is noted."""
    if isinstance(node.value, (list, dict)):
        _refuse_shape(_wanted(setting), node, report, path)
        return False
    if setting.kind in NUMBERS:
        return _is_number(setting, node, report, path)
    if setting.kind is bool and not isinstance(node.value, bool):
        quoted = node.quoted and node.text in ("true", "false")
        remedy = f"{node.text} without quotes" if quoted else "true or false"
        report.add(node.line, path, f"must be true or false{report.got(shown(node))}; write {remedy}")
        return False
    return _is_ascii(setting, node, report, path)


def _is_number(setting: Setting, node: Node, report: Report, path: str) -> bool:
    if isinstance(node.value, NUMBERS) and not isinstance(node.value, bool):
        return True
    got = shown(node)
    if node.quoted and NUMBER.fullmatch(node.text):
        what = f"is text because of the quotes; write {node.text} without quotes"
    elif isinstance(node.value, str) and sum(letter.isdigit() for letter in node.text) > MOST_DIGITS:
        what = f"has more than {MOST_DIGITS} digits; write {_wanted(setting)}"
    elif isinstance(node.value, str) and plain_number(node.text) is not None:
        what = f"{got} is not a plain decimal number; write {plain_number(node.text)}"
    else:
        what = f"must be {_wanted(setting)}{report.got(got)}"
        what += "; leave it empty to switch it off" if setting.optional else ""
    report.add(node.line, path, what)
    return False


def _is_ascii(setting: Setting, node: Node, report: Report, path: str) -> bool:
    if node.text.isascii() or setting.metadata.get("any_script"):
        return True
    report.add(node.line, path, f"must be written in ASCII letters and digits{report.got(shown(node))}")
    return False


def _scalar_value(setting: Setting, node: Node) -> Any:
    """The value for the check. A secret of digits only is the digits as written."""
    if "secret" in setting.metadata and not isinstance(node.value, bool):
        return node.text
    return node.value


def _read_list(setting: Setting, node: Node, report: Report, path: str) -> Any:
    if not isinstance(node.value, list):
        example = f"a list such as [{node.text[:LONGEST_SHOWN]}]" if isinstance(node.value, str) else _wanted(setting)
        _refuse_shape(example if report.public is None else _wanted(setting), node, report, path)
        return WRONG
    items = [_read_item(setting, item, report, f"{path}[{at}]") for at, item in enumerate(node.value, 1)]
    return WRONG if WRONG in items else _converted(setting, tuple(items), node, report, path)


def _read_item(setting: Setting, node: Node, report: Report, path: str) -> Any:
    """One item of a list. Text is checked alone first, so that a wrong one is found in its own line."""
    if node.value is WRONG:
        return WRONG
    if attrs.has(setting.item):
        if "one_line" in setting.metadata and isinstance(node.value, str):
            node = Node(node.line, {setting.metadata["one_line"]: node})
        return read_record(setting.item, node, report, path)
    if not isinstance(node.value, str):
        report.add(node.line, path, f"must be text{report.got(shown(node))}; put it in double quotes if it is meant")
        return WRONG
    if not _is_ascii(setting, node, report, path):
        return WRONG
    return WRONG if _converted(setting, (node.value,), node, report, path) is WRONG else node.value


def _read_mapping(setting: Setting, node: Node, report: Report, path: str) -> Any:
    """A mapping whose keys the user makes up: each name checked, each value read as the item it is."""
    if not isinstance(node.value, dict):
        _refuse_shape("keys with their values, indented below it", node, report, path)
        return WRONG
    values = {}
    for key, entry in node.value.items():
        name = joined(path, report.name(key))
        named = _converted(_item_of(setting, "key"), key, Node(entry.line, key, key, quoted=True), report, name)
        value = _read_entry(setting, entry, report, name)
        values[key] = WRONG if named is WRONG else value
    return WRONG if WRONG in values.values() else _converted(setting, values, node, report, path)


def _read_entry(setting: Setting, node: Node, report: Report, path: str) -> Any:
    if node.value is WRONG:
        return WRONG
    if setting.item is Any:
        return _bare_value(node)
    if attrs.has(setting.item):
        return read_record(setting.item, node, report, path)
    return read_value(_item_of(setting, "item"), node, report, path)


def _item_of(setting: Setting, part: str) -> Setting:
    """What the metadata says of a mapping's keys ("key") or values ("item"), as a setting of its own."""
    check = setting.metadata.get(part, str)
    return Setting(name=part, kind=str, default=attrs.NOTHING, convert=check, metadata=setting.metadata)


def _bare_value(node: Node) -> Any:
    """A value of which nothing is known: as YAML has it, lists as tuples."""
    if isinstance(node.value, list):
        items = tuple(_bare_value(item) for item in node.value)
        return WRONG if WRONG in items else items
    if isinstance(node.value, dict):
        entries = {key: _bare_value(entry) for key, entry in node.value.items()}
        return WRONG if WRONG in entries.values() else entries
    return node.value


def _converted(setting: Setting, value: Any, node: Node, report: Report, path: str) -> Any:
    try:
        return setting.convert(value)
    except ValueError as wrong:
        report.add(node.line, path, _sentence(str(wrong), value, node))
        return WRONG


def _sentence(message: str, value: Any, node: Node) -> str:
    """A check's message without the name, which stands before it, with the value as it was written."""
    first, _, rest = message.partition(" ")
    if rest.startswith(("must ", "is ")) and first.replace(".", "_").isidentifier():
        message = rest
    return message.replace(repr(value), node.text) if isinstance(value, (bool, Decimal)) else message


def _refuse_shape(wanted: str, node: Node, report: Report, path: str) -> None:
    if node.value is not WRONG:
        report.add(node.line, path, f"must be {wanted}{report.got(shown(node))}")
