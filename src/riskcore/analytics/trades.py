"""Measures of finished trades, in rupees and in R. Open trades are never among them.

Unless it says otherwise a function takes anything with a `net` result and an `r_multiple`; results are after charges.
A trade wins with a net result above 0, loses below 0, and is a scratch at exactly 0. Measures in R leave out trades
without a stop at entry, for they have no R.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any, Final

from attrs import frozen

from riskcore.analytics.samples import deviation, mean
from riskcore.analytics.statistics import Result
from riskcore.analytics.trade import Trade
from riskcore.money import ONE, ZERO, exact, not_negative

Results = Sequence[Result]
EDGES: Final = tuple(Decimal(edge) for edge in (-2, -1, 0, 1, 2, 3))
SQN_TRADES_MAX: Final = 100


@exact
def win_rate(trades: Results) -> Decimal | None:
    """Wins / trades, a share from 0 to 1; scratches are no wins. None of no trades."""
    return Decimal(len(_gains(trades))) / len(trades) if trades else None


@exact
def profit_factor(trades: Results) -> Decimal | None:
    """Rupees won / rupees lost: sum of net > 0 over |sum of net < 0|. None where nothing was lost."""
    lost = sum(_pains(trades), ZERO)
    return sum(_gains(trades), ZERO) / lost if lost else None


def average_win(trades: Results) -> Decimal | None:
    """Mean net result of the wins, in rupees; None without a win."""
    return mean(_gains(trades))


def average_loss(trades: Results) -> Decimal | None:
    """Mean net result of the losses in rupees, as a positive number; None without a loss."""
    return mean(_pains(trades))


@exact
def payoff_ratio(trades: Results) -> Decimal | None:
    """Average win / average loss in rupees: the R:R that was realised. None without a win or without a loss."""
    win, loss = average_win(trades), average_loss(trades)
    return None if win is None or loss is None else win / loss


def expectancy(trades: Results) -> Decimal | None:
    """What a trade brought on average, in rupees: sum of net / trades.

    The same as win rate x average win - loss rate x average loss. None of no trades.
    """
    return mean([trade.net for trade in trades])


def expectancy_r(trades: Results) -> Decimal | None:
    """What a trade brought on average, in R: mean of `r_multiple`, the average R realised. None without any R."""
    return mean(r_multiples(trades))


@exact
def expectancy_ratio(trades: Results) -> Decimal | None:
    """Expectancy for each rupee of an average loss: expectancy / average loss; None without a loss.

    Without scratches it is (1 + average win / average loss) x win rate - 1.
    """
    middle, loss = expectancy(trades), average_loss(trades)
    return None if middle is None or loss is None else middle / loss


@exact
def breakeven_win_rate(payoff: Any) -> Decimal:
    """The win rate below which trades of this payoff lose: 1 / (1 + payoff). `ValueError` for a negative payoff.

    >>> breakeven_win_rate(3)
    Decimal('0.25')
    """
    return ONE / (ONE + not_negative(payoff, "payoff"))


def average_planned_r(trades: Iterable[Trade]) -> Decimal | None:
    """Mean R:R the levels promised at the price paid (`Trade.planned_r`); None where no trade had both levels."""
    return mean([planned for trade in trades if (planned := trade.planned_r) is not None])


def r_multiples(trades: Results) -> tuple[Decimal, ...]:
    """The R of each trade that has one, in order."""
    return tuple(r for trade in trades if (r := trade.r_multiple) is not None)


@frozen
class RBin:
    """How many trades ended at `low` <= R < `high`; None: without bound on that side."""

    low: Decimal | None
    high: Decimal | None
    count: int


@exact
def r_distribution(trades: Results, edges: Sequence[Decimal] = EDGES) -> tuple[RBin, ...]:
    """Trades by their R, between rising edges (default -2, -1, 0, 1, 2, 3) and beyond the outer two.

    `ValueError` where edges are missing or do not rise.
    """
    if not edges or list(edges) != sorted(set(edges)):
        raise ValueError(f"edges must rise, each above the one before, got {tuple(edges)}")
    found = r_multiples(trades)
    sides = [None, *edges, None]
    return tuple(
        RBin(low, high, sum(1 for r in found if (low is None or r >= low) and (high is None or r < high)))
        for low, high in pairwise(sides)
    )


@exact
def sqn(trades: Results) -> Decimal | None:
    """System Quality Number: sqrt(n) x mean(R) / deviation(R), with n counted as 100 at most.

    None of fewer than two trades with an R, and when all have the same. Source: V. Tharp, The Definitive Guide to
    Position Sizing, 2008; the cap keeps many trades from passing for good ones.
    """
    found = r_multiples(trades)
    middle, spread = mean(found), deviation(found)
    if middle is None or not spread:
        return None
    return Decimal(min(len(found), SQN_TRADES_MAX)).sqrt() * middle / spread


@frozen
class Streaks:
    """Runs of wins (+), losses (-) and scratches (0) in the order the trades ended.

    `runs` holds (sign, length) of each; `longest_win` and `longest_loss` the longest of each kind, 0 without one;
    `current` the length of the last run, negative for losses, 0 for scratches.
    """

    runs: tuple[tuple[int, int], ...]
    longest_win: int
    longest_loss: int
    current: int


def streaks(trades: Results) -> Streaks:
    """The runs of wins and losses. A scratch ends either."""
    signs = [(trade.net > 0) - (trade.net < 0) for trade in trades]
    runs = tuple((kind, len(list(run))) for kind, run in groupby(signs))
    wins, losses = ([length for kind, length in runs if kind == wanted] for wanted in (1, -1))
    last, length = runs[-1] if runs else (0, 0)
    return Streaks(runs, max(wins, default=0), max(losses, default=0), last * length)


def best_trade(trades: Results) -> Decimal | None:
    """The largest net result of a trade, in rupees; None of no trades."""
    return max((trade.net for trade in trades), default=None)


def worst_trade(trades: Results) -> Decimal | None:
    """The least net result of a trade, in rupees: the largest loss where there is one. None of no trades."""
    return min((trade.net for trade in trades), default=None)


@frozen
class Holding:
    """How long trades were held from entry to exit, by the clock: nights and closed days count.

    On bars an entry or exit has the start of its bar, so that a trade within one bar was held for no time.
    """

    average: timedelta
    shortest: timedelta
    longest: timedelta


def holding(trades: Sequence[Trade]) -> Holding | None:
    """Mean, least and most of closed_at - opened_at; None of no trades."""
    spans = [trade.closed_at - trade.opened_at for trade in trades]
    if not spans:
        return None
    return Holding(sum(spans, timedelta()) / len(spans), min(spans), max(spans))


@frozen
class Slippage:
    """What stops cost beyond their level, in rupees; above 0: worse than asked.

    `count` trades a stop took off, what they cost in all, on average (also in R), and the worst.
    """

    count: int
    total: Decimal
    average: Decimal
    average_r: Decimal | None
    worst: Decimal


@exact
def stop_slippage(trades: Iterable[Trade]) -> Slippage | None:
    """Fills of stops against the level that asked for them: sign x (level - fill) x quantity.

    None where no stop took a trade off, or none of it is known.
    """
    stopped = [trade for trade in trades if trade.stop_slippage is not None]
    costs = [cost for trade in stopped if (cost := trade.stop_slippage) is not None]
    average = mean(costs)
    if average is None:
        return None
    in_r = [cost / (risk * trade.quantity) for trade, cost in zip(stopped, costs, strict=True) if (risk := trade.risk)]
    return Slippage(len(costs), sum(costs, ZERO), average, mean(in_r), max(costs))


def _gains(trades: Results) -> list[Decimal]:
    return [trade.net for trade in trades if trade.net > 0]


def _pains(trades: Results) -> list[Decimal]:
    return [-trade.net for trade in trades if trade.net < 0]
