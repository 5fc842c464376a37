"""How a value is checked: once, when it is made, so that an invalid one cannot exist.

A class lists its checks with `checks(...)` and runs them in `__attrs_post_init__` with `settle`. A check takes
what was given and the field's full name, and returns the clean value or raises `ValueError` naming that field.
`given` marks a field as taking anything a check can read (a float for a price, say).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any, Final, TypeAlias, TypeVar, overload

Check: TypeAlias = Callable[[Any, str], Any]
Checks: TypeAlias = tuple[tuple[str, str, Check], ...]


Value = TypeVar("Value")
Key = TypeVar("Key")
Answer = TypeVar("Answer")
Item = TypeVar("Item")
_SPARE: Final[set[Check]] = set()
"""The checks that `optional` made: None passes them, and most fields that may be None are."""
_bare: Final = object.__new__
_put: Final = object.__setattr__


def of_the_same(function: Callable[[Key], Answer]) -> Callable[[Key], Answer]:
    """The same function, which answers who asks of the very value it was last asked of without looking at it.

    For what follows from a policy: one alone is in use nearly always, and is large to compare with an equal one.
    """
    last: list[tuple[Any, Any]] = [(_bare, None)]

    @wraps(function)
    def ask(key: Key) -> Answer:
        known, answer = last[0]
        if known is not key:
            answer = function(key)
            last[0] = key, answer
        found: Answer = answer
        return found

    return ask


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

    _SPARE.add(unless_none)
    return unless_none


def several(value: Any, name: str) -> tuple[Any, ...]:
    """Several values in a row, as a tuple."""
    return value if type(value) is tuple else tuple(value)


def several_of(kind: type, remedy: str) -> Check:
    """The check of several values of one class in a row, as a tuple; `remedy` shows one of them."""
    plain = {kind}

    def each_is(value: Any, name: str) -> tuple[Any, ...]:
        is_row = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
        found = several(value, name) if is_row else ()
        if not is_row or not ({*map(type, found)} <= plain or all(isinstance(one, kind) for one in found)):
            raise ValueError(f"{name} must be a list of riskcore.{kind.__name__}, such as {remedy}, got {value!r:.60}")
        return found

    return each_is


def of_kind(kind: type, remedy: str) -> Check:
    """The check of one value of a class; `remedy` shows how one is made."""

    def is_one(value: Any, name: str) -> Any:
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be a riskcore.{kind.__name__}, such as {remedy}, got {value!r:.60}")
        return value

    return is_one


def text(value: Any, name: str) -> str:
    """Text, and nothing that only looks like it when it is shown."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, got {value!r:.60}")
    return value


def texts(value: Any, name: str) -> tuple[str, ...]:
    """Several texts in a row, as a tuple; one text is not read letter by letter."""
    if type(value) is tuple and not value:
        return value
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ValueError(f"{name} must be a list of texts, got {value!r:.60}")
    return tuple([text(one, name) for one in value])


def settle(value: Any, wanted: Checks) -> None:
    """Replace each listed field of a value under construction by what its check makes of it."""
    for field, name, check in wanted:
        before = getattr(value, field)
        if before is None and check in _SPARE:
            continue
        after = check(before, name)
        if after is not before:
            _put(value, field, after)


def made(kind: type[Value], whole: dict[str, Any] | None = None, /, **named: Any) -> Value:
    """A value of a class without slots, of all its fields, unchecked: for parts that the library has checked already.

    They come by name, or as a `whole` dict that nobody else keeps. The one other way round the checks beside `changed`;
    whatever comes from outside is made by its class. Raises `KeyError` where a field is missing.
    """
    parts = named if whole is None else whole
    if len(parts) != len(kind.__attrs_attrs__):  # type: ignore[attr-defined]
        raise KeyError(f"{kind.__name__} is made of all its fields, got {sorted(parts)}")
    value = _bare(kind)
    _put(value, "__dict__", parts)
    return value


def changed(value: Value, /, **changes: Any) -> Value:
    """A copy of a frozen value with some fields replaced, unchecked: what the library works out itself.

    `attrs.evolve` checks every field again, those that stay too, and takes ten times as long; whatever comes from
    outside goes through it. The class has no slots (`frozen(slots=False)`), so that a copy is that of one dict, and
    keeps nothing in its values but its fields. Raises `KeyError` for a field that the class has not.
    """
    known = value.__dict__
    parts = known | changes
    if len(parts) != len(known):
        raise KeyError(f"{type(value).__name__} has no field {sorted(changes.keys() - known.keys())}")
    made: Value = _bare(type(value))
    _put(made, "__dict__", parts)
    return made


class Later(Sequence[Item]):
    """A tuple that is made when somebody first reads it: it equals one, and is kept, hashed and sent as one.

    For what is on record of every decision, and mostly never read. `make` is called once, under any context.
    """

    __slots__ = ("_made", "_make")
    _make: Callable[[], Iterable[Item]] | None
    _made: tuple[Item, ...]

    def __init__(self, make: Callable[[], Iterable[Item]]) -> None:
        self._make = make

    @property
    def waits(self) -> bool:
        """Whether nobody has read it yet."""
        return self._make is not None

    @property
    def all(self) -> tuple[Item, ...]:
        """The tuple that it is equal to."""
        if self._make is not None:
            self._made = tuple(self._make())
            self._make = None
        return self._made

    @overload
    def __getitem__(self, place: int) -> Item: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        return self.all[place]

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.all)

    def __eq__(self, other: object) -> bool:
        return self.all == (other.all if isinstance(other, Later) else other)

    def __hash__(self) -> int:
        return tuple.__hash__(self.all)

    def __repr__(self) -> str:
        return repr(self.all)

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self.all,)
