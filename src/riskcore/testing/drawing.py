"""How values are drawn within a composite: Hypothesis itself, and a choice that costs little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

try:
    from hypothesis import strategies
except ImportError as missing:
    raise ImportError('riskcore.testing needs Hypothesis: pip install "riskcore[testing]"') from missing

st = strategies
Draw: TypeAlias = Callable[["st.SearchStrategy[Any]"], Any]
Choice = TypeVar("Choice")


def chosen(draw: Draw, choices: Sequence[Choice]) -> Choice:
    """One of the choices, the first where an example is made small.

    As `sampled_from`, which is made and checked anew for each draw within a composite: a third of a law's time.
    """
    return choices[draw(st.integers(0, len(choices) - 1))]
