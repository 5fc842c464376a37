"""How OpenAlgo reads a request: fields, and its words for what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from attrs import frozen

Errors: TypeAlias = "dict[Any, Any]"
"""Field -> list of complaints, or the errors of a nested request."""

MISSING: Final = "Missing data for required field."
UNKNOWN: Final = "Unknown field."
EXCHANGES: Final = (
    "NSE", "NFO", "CDS", "BSE", "BFO", "BCD", "MCX", "NCDEX", "NCO",
    "NSE_INDEX", "BSE_INDEX", "MCX_INDEX", "GLOBAL_INDEX", "CRYPTO",
)  # fmt: skip
INTERVALS: Final = (
    "1s", "5s", "10s", "15s", "30s", "45s", "1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m",
    "1h", "2h", "3h", "4h", "D", "W", "M", "Q", "Y",
)  # fmt: skip
TRUE: Final = frozenset({True, "1", "true", "True", "TRUE", "on", "On", "ON", "yes", "Yes", "YES", "t", "T", "y", "Y"})
FALSE: Final = frozenset(
    {False, "0", "false", "False", "FALSE", "off", "Off", "OFF", "no", "No", "NO", "f", "F", "n", "N"}
)


class Wrong(ValueError):
    """One field is not as it should be; the complaint is in OpenAlgo's words, or nested."""

    def __init__(self, complaint: str | Errors) -> None:
        super().__init__(str(complaint))
        self.complaint = complaint


Reader: TypeAlias = Callable[[Any], Any]


@frozen
class Field:
    """How one field is read: `default` stands for a missing one unless it is required, for null if it is nullable."""

    read: Reader
    required: bool = True
    default: Any = None
    nullable: bool = False

    def value_of(self, given: Any) -> Any:
        """The value read."""
        if given is None and self.nullable:
            return self.default
        if given is None:
            raise Wrong("Field may not be null.")
        return self.read(given)


@frozen
class Schema:
    """A request's fields in the order in which complaints are made; `open_ended` ignores unknown ones."""

    fields: Mapping[str, Field]
    open_ended: bool = False

    def load(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
        """The values read, and every complaint."""
        values: dict[str, Any] = {}
        errors: Errors = {}
        for name, described in self.fields.items():
            if name not in body:
                if described.required:
                    errors[name] = [MISSING]
                values[name] = described.default
                continue
            try:
                values[name] = described.value_of(body[name])
            except Wrong as wrong:
                errors[name] = wrong.complaint if isinstance(wrong.complaint, dict) else [wrong.complaint]
        if not self.open_ended:
            errors.update({name: [UNKNOWN] for name in body if name not in self.fields})
        return values, errors


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise Wrong("Not a valid string.")
    return value


def key(value: Any) -> str:
    """The API key."""
    if not 1 <= len(text(value)) <= 256:
        raise Wrong("Length must be between 1 and 256.")
    return text(value)


def choice(*allowed: str) -> Reader:
    """One of these words."""

    def read(value: Any) -> str:
        if value not in allowed:
            raise Wrong(f"Must be one of: {', '.join(allowed)}.")
        return str(value)

    return read


def number(value: Any) -> float:
    """A JSON number or a numeric text."""
    if isinstance(value, bool):
        raise Wrong("Not a valid number.")
    try:
        read = float(value)
    except (TypeError, ValueError):
        raise Wrong("Not a valid number.") from None
    if not math.isfinite(read):
        raise Wrong("Special numeric values (nan or infinity) are not permitted.")
    return read


def quantity(value: Any) -> int:
    """A positive whole number: `"1.0"` passes as 1."""
    read = number(value)
    if read <= 0:
        raise Wrong("Quantity must be a positive number.")
    if not read.is_integer():
        raise Wrong(f"Fractional quantity ({read:g}) is not allowed for non-crypto exchanges.")
    return int(read)


def any_quantity(value: Any) -> int:
    """Of a smart order: 0 passes."""
    read = number(value)
    if read < 0:
        raise Wrong("Quantity must be a non-negative number.")
    return int(read)


def price(value: Any) -> float:
    """Not negative."""
    read = number(value)
    if read < 0:
        raise Wrong("Price must be a non-negative number.")
    return read


def trigger(value: Any) -> float:
    """Not negative."""
    read = number(value)
    if read < 0:
        raise Wrong("Trigger price must be a non-negative number.")
    return read


def whole(value: Any) -> int:
    """An integer, as number or text."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Wrong("Not a valid integer.") from None


def boolean(value: Any) -> bool:
    """Many words mean yes and no; the text "off" is a no."""
    try:
        if value in TRUE:
            return True
        if value in FALSE:
            return False
    except TypeError:
        pass
    raise Wrong("Not a valid boolean.")


def day(value: Any) -> date:
    """`2026-11-23`."""
    try:
        return date.fromisoformat(text(value))
    except ValueError:
        raise Wrong("Not a valid date.") from None


def rows(schema: Schema, *, least: int = 0, most: int = 0, words: str = "") -> Reader:
    """A list of requests of their own; `words` complain about their number."""

    def read(value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise Wrong("Not a valid list.")
        if len(value) < least or (most and len(value) > most):
            raise Wrong(words)
        loaded = [schema.load(item if isinstance(item, dict) else {}) for item in value]
        if errors := {index: error for index, (_, error) in enumerate(loaded) if error}:
            raise Wrong(errors)
        return [values for values, _ in loaded]

    return read
