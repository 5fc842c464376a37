"""How a value is checked: once, when it is made, so that an invalid one cannot exist.

A class lists its checks with `checks(...)` and runs them in `__attrs_post_init__` with `settle`. A check takes
what was given and the field's full name, and returns the clean value or raises `ValueError` naming that field.
`given` marks a field as taking anything a check can read (a float for a price, say).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from attrs import fields

Check: TypeAlias = Callable[[Any, str], Any]
Checks: TypeAlias = tuple[tuple[str, str, Check], ...]


Value = TypeVar("Value")


class _Parts(NamedTuple):
    """How the fields of a class are read all at once, where each stands, and what puts each into a new value."""

    read: Callable[[Any], tuple[Any, ...]]
    places: Mapping[str, int]
    put: tuple[Callable[[Any, Any], None], ...]


def given(value: Any) -> Any:
    """The value as it was given; its check follows when all fields are in place."""
    return value


def checks(owner: str, **by_field: Check) -> Checks:
    """The checks of a class, with the names its errors will use."""
    return tuple((name, f"{owner}.{name}", check) for name, check in by_field.items())


def optional(check: Check) -> Check:
    """The same check for a field that may be None."""

    def unless_none(value: Any, name: str) -> Any:
        return None if value is None else check(value, name)

    return unless_none


def settle(value: Any, wanted: Checks) -> None:
    """Replace each listed field of a value under construction by what its check makes of it."""
    for field, name, check in wanted:
        before = getattr(value, field)
        after = check(before, name)
        if after is not before:
            object.__setattr__(value, field, after)


def changed(value: Value, **changes: Any) -> Value:
    """A copy of a frozen value with some fields replaced, unchecked: what the library works out itself.

    `attrs.evolve` checks every field again, those that stay too, and takes several times as long; whatever comes from
    outside goes through it. Raises `KeyError` for a field that the class has not.
    """
    kind: Any = type(value)
    read, places, put = _parts(kind)
    parts = [*read(value)]
    for name, part in changes.items():
        parts[places[name]] = part
    made: Value = object.__new__(kind)
    for store, part in zip(put, parts, strict=True):
        store(made, part)
    return made


@cache
def _parts(kind: type[Any]) -> _Parts:
    names = tuple(field.name for field in fields(kind))
    places = {name: place for place, name in enumerate(names)}
    return _Parts(attrgetter(*names), places, tuple(getattr(kind, name).__set__ for name in names))
