"""What a policy has asked, and in which order: put together once for each policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from riskcore.policy import NET, Policy
from riskcore.pretrade import LAST_LOOK
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.rules.table import Ask, Row, asked, asked_later, asked_of_size
from riskcore.rules.terms import Terms
from riskcore.sizing import Size
from riskcore.values import of_the_same

Settled: TypeAlias = tuple[list[Reading | None], bool]
"""The answers that follow from the terms, each at its place and None at all others; and whether they pass."""
NET_REWARD: Final = Row("risk_reward_basis", asked_later)


class Asking(NamedTuple):
    """The rules of a decision. `rows` are all of them in the order of their answers, the last look's at the end.

    `settled` answers for those that look at the terms alone, once for each terms; the others are asked every time:
    `of_context` with their places and names, then `of_size`.
    """

    rows: tuple[Row, ...]
    settled: Callable[[Terms], Settled]
    of_context: tuple[tuple[int, str, Ask], ...]
    of_size: tuple[Callable[[Context, Size], Reading], ...]


@of_the_same
@lru_cache(maxsize=256)
def asking(policy: Policy) -> Asking:
    """What a policy has asked; the same policy gives the same."""
    return asking_of(asked(policy), policy)


def asking_of(rows: Iterable[Row], policy: Policy) -> Asking:
    """The same with these rules in the place of the table's, of those that are asked before there is a size."""
    first, of_size = tuple(rows), asked_of_size(policy)
    net = (NET_REWARD,) if policy.risk_reward_basis == NET else ()
    of_terms = [(place, row) for place, row in enumerate(first) if row.of_terms]
    of_context = [(place, row.name, row.ask) for place, row in enumerate(first) if not row.of_terms]

    @of_the_same
    def settled(terms: Terms) -> Settled:
        readings: list[Reading | None] = [None] * len(first)
        for place, row in of_terms:
            readings[place] = row.ask(terms)
        found = [readings[place] for place, _ in of_terms]
        return readings, all(reading is not None and not reading[0] for reading in found)

    everything = (*first, *(found.row for found in of_size), *net, *LAST_LOOK)
    return Asking(everything, settled, tuple(of_context), tuple(found.ask for found in of_size))
