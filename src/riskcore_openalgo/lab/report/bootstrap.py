"""What the same trades could have done to the account in another order: against the daily-loss and drawdown limits.

Each path draws trades from those that happened, with replacement, in sessions of as many trades as the recorded ones
had, and lets the equity follow. In the second table they are only put in another order: every trade comes once, so that
the end is the recorded one and what changes is the way there. Where money was paid in or out a result counts in
proportion, as equity would have run without it. Trades are taken as independent, which trades of one day are not
quite: the tails are a little too thin. (B. Efron, Bootstrap methods, Annals of Statistics 7, 1979.)
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.lab.report.study import Extra, Study

PATHS: Final = 1_000
LEAST_TRADES: Final = 5
QUANTILES: Final = (5, 50, 95)
ONE: Final = Decimal(1)


@frozen
class Drawn:
    """What the paths came to, in percent: final return, deepest fall after a trade, worst session, one value a path.

    Each sorted.
    """

    returns: tuple[float, ...]
    drawdowns: tuple[float, ...]
    worst_sessions: tuple[float, ...]

    def share_beyond(self, values: Sequence[float], limit: Decimal) -> float:
        """The share of paths in percent whose value is at the limit or beyond it."""
        return 100 * sum(value >= float(limit) for value in values) / len(values)


def drawn(
    nets: Sequence[float], sessions: Sequence[int], opening: float, *, paths: int, seed: int, replace: bool
) -> Drawn:
    """Draw paths: `nets` in rupees, `sessions` how many trades each session had, `opening` equity in rupees.

    A drawdown is of equity after each trade, from its highest so far; a session's loss is of its own opening equity.
    The same seed gives the same paths on every machine. `ValueError` for no trades, no paths, or sessions that do not
    add up to the trades.
    """
    if paths < 1 or not nets or sum(sessions) != len(nets) or opening <= 0:
        raise ValueError("paths must be at least 1, opening above 0, and sessions must add up to the trades")
    chance = random.Random(seed)  # noqa: S311 - a study, no secret
    found = []
    for _ in range(paths):
        order = chance.choices(nets, k=len(nets)) if replace else chance.sample(nets, len(nets))
        found.append(_walk(order, sessions, opening))
    returns, falls, losses = zip(*found, strict=True)
    return Drawn(tuple(sorted(returns)), tuple(sorted(falls)), tuple(sorted(losses)))


def _walk(order: Sequence[float], sessions: Sequence[int], opening: float) -> tuple[float, float, float]:
    equity = top = opening
    deepest = worst = 0.0
    at = 0
    for count in sessions:
        began = equity
        for net in order[at : at + count]:
            equity += net
            top = max(top, equity)
            deepest = max(deepest, (top - equity) / top * 100)
            worst = max(worst, (began - equity) / began * 100 if began > 0 else 0.0)
        at += count
    return (equity / opening - 1) * 100, deepest, worst


def quantile(values: Sequence[float], pct: int) -> float:
    """The value below which `pct` percent of sorted values lie, the nearer one (rank = pct / 100 x (n - 1)).

    >>> quantile([1.0, 2.0, 3.0], 50)
    2.0
    """
    return values[round(pct / 100 * (len(values) - 1))]


def bootstrap_tables(study: Study, *, paths: int = PATHS, seed: int = 1) -> tuple[Extra, ...]:
    """Both tables for a report; a sentence alone of fewer than five trades, or from no equity."""
    trades, days = study.performance.trades, study.performance.curve.days
    if len(trades) < LEAST_TRADES or not days:
        return _nothing(f"{len(trades)} finished trades are too few to draw from; at least {LEAST_TRADES} are needed.")
    if days[0].opening <= 0:
        return _nothing("Equity at the start was not above 0: no path is a percentage of it.")
    policy = study.policy or rc.Policy()
    counts = Counter(trade.closed_at.date() for trade in trades)
    sessions = [counts[day] for day in sorted(counts)]
    nets, opening = _nets(study.performance), float(days[0].opening)
    made = []
    for title, replace in (("Trades drawn again", True), ("The same trades in other orders", False)):
        found = drawn(nets, sessions, opening, paths=paths, seed=seed, replace=replace)
        way = "drawn with replacement" if replace else "each once, in another order"
        about = f"{rc.grouped(paths, 0)} paths of {len(trades)} trades, {way}; seed {seed}. Percent of equity."
        made.append(
            Extra(
                title, about, ("measure", "5 %", "median", "95 %", "limit", "paths that reach it"), _rows(found, policy)
            )
        )
    return tuple(made)


def _nets(of: rc.Performance) -> list[float]:
    """What each trade would have brought without money paid in or out: in proportion, as the curve's levels are."""
    days, levels = of.curve.days, of.curve.levels()
    shares = {
        day.session: level / day.opening
        for day, level in zip(days, levels, strict=False)
        if day.opening > 0 and level > 0
    }
    return [float(trade.net * shares.get(trade.closed_at.date(), ONE)) for trade in of.trades]


def _nothing(why: str) -> tuple[Extra, ...]:
    return (Extra("The same trades in other orders", why, ("trades",), ()),)


def _rows(found: Drawn, policy: rc.Policy) -> tuple[tuple[str | Decimal | None, ...], ...]:
    told = (
        ("return", found.returns, None),
        ("deepest fall, trade by trade", found.drawdowns, policy.max_drawdown),
        ("worst session's loss", found.worst_sessions, policy.max_daily_loss),
    )
    return tuple(
        (
            name,
            *(Decimal(f"{quantile(values, pct):.2f}") for pct in QUANTILES),
            limit,
            None if limit is None else f"{found.share_beyond(values, limit):.1f} %",
        )
        for name, values, limit in told
    )
