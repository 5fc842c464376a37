"""The same trades by what they have in common: symbol, strategy, binding rule, hour, weekday, reason, side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from attrs import frozen

from riskcore import events as e
from riskcore.analytics.trade import Trade
from riskcore.analytics.trades import expectancy, expectancy_r, profit_factor, win_rate
from riskcore.money import ZERO, exact

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNNAMED: Final = "-"


@frozen(kw_only=True)
class Part:
    """The trades of one group: how many, and what they brought. Parts add up to the whole in counts and rupees."""

    name: str
    count: int
    wins: int
    net: Decimal
    charges: Decimal
    win_rate: Decimal | None
    expectancy: Decimal | None
    expectancy_r: Decimal | None
    profit_factor: Decimal | None


BY: Final[Mapping[str, Callable[[Trade], str]]] = {
    "symbol": lambda trade: trade.key,
    "strategy": lambda trade: trade.strategy,
    "rule": lambda trade: trade.bound_by,
    "hour": lambda trade: f"{trade.opened_at:%H}:00",
    "weekday": lambda trade: WEEKDAYS[trade.opened_at.weekday()],
    "reason": lambda trade: trade.reason,
    "exit_rule": lambda trade: trade.exit_rule,
    "side": lambda trade: trade.side,
}
"""What trades are grouped by. Hour and weekday are of the entry, in IST; `rule` is the one that set the size,
`exit_rule` the setting that placed the stop or the deadline the trade left by."""


@exact
def breakdown(trades: Iterable[Trade], by: str | Callable[[Trade], str]) -> tuple[Part, ...]:
    """Group trades by a name of `BY` or by a function of one's own; groups in the order of their names.

    Weekdays come in the order of the week; trades for which nothing was recorded stand under "-". `ValueError` for a
    name that is not in `BY`.
    """
    if not callable(by) and by not in BY:
        raise ValueError(f"by must be one of {', '.join(BY)} or a function of a trade, got {by!r}")
    name_of = by if callable(by) else BY[by]
    groups: dict[str, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(name_of(trade) or UNNAMED, []).append(trade)
    names = [day for day in WEEKDAYS if day in groups] if by == "weekday" else sorted(groups)
    return tuple(_part(name, groups[name]) for name in names)


def refusals(facts: Iterable[e.Fact]) -> tuple[tuple[str, int], ...]:
    """How often each rule said no to an entry: (rule, times), the busiest first, then by name.

    A refusal that several rules share counts for each of them.
    """
    counts: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, e.EntryRefused):
            for rule in sorted({found.rule for found in fact.findings if not found.passed}):
                counts[rule] = counts.get(rule, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _part(name: str, trades: Sequence[Trade]) -> Part:
    return Part(
        name=name,
        count=len(trades),
        wins=sum(1 for trade in trades if trade.net > 0),
        net=sum((trade.net for trade in trades), ZERO),
        charges=sum((trade.charges for trade in trades), ZERO),
        win_rate=win_rate(trades),
        expectancy=expectancy(trades),
        expectancy_r=expectancy_r(trades),
        profit_factor=profit_factor(trades),
    )
