"""What a wrong call is told: the argument it does not have and the nearest that it has, before anything is computed.

Python names the argument, and no more. Looking for a better word costs only the call that was wrong.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

Class = TypeVar("Class", bound=type)
TAKES_ANY: Final = 0x04 | 0x08
"""The flags of a code object that takes *args or **kwargs: nothing is unknown to it."""
SHOWN: Final = 30
"""So many arguments are listed where none is near."""


def told_by_name(kind: Class) -> Class:
    """The class; an argument that it does not have is named, with the nearest that it has."""
    changed: Any = kind
    made = changed.__init__

    @functools.wraps(made)
    def told(self: Any, *args: Any, **given: Any) -> None:
        try:
            made(self, *args, **given)
        except TypeError:
            better = wrong_call(made, kind.__name__, (self, *args), given)
            if better is None:
                raise
            raise better from None

    changed.__init__ = told
    return kind


def wrong_call(
    function: Callable[..., Any], name: str, args: tuple[Any, ...], given: Mapping[str, Any]
) -> TypeError | None:
    """What is wrong with the arguments of a call, in words; None where they fit, and the trouble lies elsewhere."""
    code: Any = getattr(function, "__code__", None)
    if code is None or code.co_flags & TAKES_ANY:
        return None
    by_place = code.co_varnames[: code.co_argcount]
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    known = [one for one in names if one != "self"]
    for one in given:
        if one not in names:
            return TypeError(f"{name}: there is no argument {one!r}; {meant(one, known)}")
    if len(args) > len(by_place):
        shown = ", ".join(f"{one}=..." for one in known[:3])
        return TypeError(f"{name}: give arguments by their names: {name}({shown}{', ...' if known[3:] else ''})")
    return None


def meant(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or all there are where none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    there = sorted(known)
    parts = [one for one in there if name in one.split("_")]
    near = list(dict.fromkeys([*parts, *get_close_matches(name, there, n=2)]))
    if near:
        return f"did you mean {' or '.join(near[:2])}?"
    return f"there are {', '.join(there)}" if len(there) <= SHOWN else "help(...) lists those there are"
