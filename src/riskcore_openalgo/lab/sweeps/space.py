"""The space of a sweep: which settings take which values, as a grid or as a random draw from it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

import riskcore as rc

POLICY: Final = "policy."
STRATEGY: Final = "strategy."
Space: TypeAlias = Mapping[str, Sequence[Any]]
Parameters: TypeAlias = tuple[tuple[str, Any], ...]


def combinations(space: Space, *, samples: int | None = None, seed: int = 1) -> tuple[Parameters, ...]:
    """All combinations of a space, or `samples` of them drawn without repetition; always in the order of the grid.

    A name is `policy.FIELD` or `strategy.PARAMETER`; a plain name is a field of the policy. Raises `ValueError` for an
    empty space, for a name that is no field, and for values that are no list or that come twice.

    >>> combinations({"max_positions": [1, 2], "strategy.fast": [5]})
    ((('policy.max_positions', 1), ('strategy.fast', 5)), (('policy.max_positions', 2), ('strategy.fast', 5)))
    """
    if not isinstance(space, Mapping):
        raise ValueError(f"the space is a mapping from settings to lists of values, got {space!r:.60}")
    axes = {full(name): _values(name, values) for name, values in space.items()}
    if not axes:
        raise ValueError("the space is empty: give settings with lists of values, such as {'max_positions': [1, 2, 3]}")
    if len(axes) < len(space):
        raise ValueError(f"a setting is there twice: {', '.join(space)}")
    if samples is not None and (not hasattr(samples, "__index__") or samples < 1):
        raise ValueError(f"samples must be a whole number, 1 or more, got {samples!r}")
    size = math.prod(len(values) for values in axes.values())
    if samples is None or samples >= size:
        return tuple(tuple(zip(axes, chosen, strict=True)) for chosen in itertools.product(*axes.values()))
    places = random.Random(seed).sample(range(size), samples)  # noqa: S311 - a draw that can be made again
    return tuple(_at(axes, place) for place in sorted(places))


def full(name: str) -> str:
    """The name with its prefix; `ValueError` where it is no setting."""
    if name.startswith(STRATEGY) and name != STRATEGY:
        return name
    told = name.removeprefix(POLICY)
    if told not in attrs.fields_dict(rc.Policy):
        raise ValueError(f"{name!r} is no field of the policy; a parameter of the strategy is written strategy.{told}")
    return POLICY + told


def split(parameters: Parameters) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is the policy's, and what is the strategy's."""
    policy = {name.removeprefix(POLICY): value for name, value in parameters if name.startswith(POLICY)}
    strategy = {name.removeprefix(STRATEGY): value for name, value in parameters if name.startswith(STRATEGY)}
    return policy, strategy


def _values(name: str, values: Any) -> tuple[Any, ...]:
    values = values.tolist() if hasattr(values, "tolist") else values  # an array, a Series: plain numbers
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence) or not values:
        raise ValueError(f"{name}: give a list of values, got {values!r}")
    if len({repr(value) for value in values}) < len(values):
        raise ValueError(f"{name}: a value is there twice: {values!r}")
    return tuple(values)


def _at(axes: Mapping[str, Sequence[Any]], place: int) -> Parameters:
    """The combination at a place of the grid, without making the grid."""
    found = []
    for name, values in reversed(list(axes.items())):
        place, which = divmod(place, len(values))
        found.append((name, values[which]))
    return tuple(reversed(found))
