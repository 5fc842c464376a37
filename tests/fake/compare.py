"""What differs between a recorded answer and the fake's: keys, JSON types, and words modulo numbers."""

import ast
import json
import re

WORDS = frozenset({"message", "error", "rejection_reason"})
EXACT = frozenset(
    {"status", "mode", "order_status", "action", "pricetype", "price_type", "product", "trigger_type", "type", "code"}
)
QUOTED = re.compile(r"HTTP (?P<code>\d+): (?P<body>\{.*\})\n?", re.DOTALL)
"""An answer inside one of the SDK's error texts."""
NUMBER = re.compile(r"GTT-\d+-[0-9a-f]+|\d+(?:[.,]\d+)*")


def kind(value):
    """The JSON type; whole numbers and others are told apart."""
    return {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict", type(None): "null"}[
        type(value)
    ]


def differences(recorded, ours, where="$"):
    """One line for each difference; none is a match."""
    if kind(recorded) != kind(ours):
        return [f"{where}: {kind(recorded)} was recorded, {kind(ours)} is answered ({ours!r:.80})"]
    name = where.rpartition(".")[2]
    if isinstance(recorded, dict):
        found = [f"{where}: without {key}" for key in sorted(recorded.keys() - ours.keys(), key=str)]
        found += [f"{where}: with {key}" for key in sorted(ours.keys() - recorded.keys(), key=str)]
        common = [key for key in recorded if key in ours]
        return found + [line for key in common for line in differences(recorded[key], ours[key], f"{where}.{key}")]
    if isinstance(recorded, list):
        return _lists([item for item in recorded if not _summary(item)], ours, where)
    if isinstance(recorded, str) and name in WORDS and _words(recorded) != _words(ours):
        return [f"{where}: {recorded!r} was recorded, {ours!r} is answered"]
    if isinstance(recorded, str) and name in EXACT and recorded != ours:
        return [f"{where}: {recorded!r} was recorded, {ours!r} is answered"]
    return []


def _lists(recorded, ours, where):
    """Each recorded row is like one of ours, and each of ours like one recorded."""
    found = []
    for mine, other, verb in ((recorded, ours, "recorded"), (ours, recorded, "answered")):
        for item in mine:
            pair = (lambda a, b: (a, b)) if verb == "recorded" else (lambda a, b: (b, a))
            least = min(
                (differences(*pair(item, like), f"{where}[]") for like in other), key=len, default=["nothing like it"]
            )
            found += [f"{verb} alone: {line}" for line in least]
    return sorted(set(found))


def _summary(item):
    """`... 375 rows in all`: the recording was cut there."""
    return isinstance(item, str) and item.startswith("...")


def _words(text):
    if quoted := QUOTED.fullmatch(text):
        try:
            body = json.loads(quoted["body"])
        except ValueError:
            return text
        return quoted["code"], {
            name: _words(value) if isinstance(value, str) else value for name, value in body.items()
        }
    if text.startswith("{"):
        return ast.literal_eval(text)
    return NUMBER.sub("#", text)
