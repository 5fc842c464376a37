"""What the finished trades say of the next one: win rate, payoff and the Kelly fraction, in R.

A trade is anything with a `net` result in rupees and an `r_multiple` (net result over initial risk, None where
the trade had no stop): an outcome of the book, or a `Trade`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from attrs import frozen

from riskcore.analytics.samples import mean
from riskcore.money import exact
from riskcore.sizers import edge_of, kelly_fraction


class Result(Protocol):
    """A finished trade as far as most measures need it."""

    @property
    def net(self) -> Decimal:
        """Rupees, after charges."""

    @property
    def r_multiple(self) -> Decimal | None:
        """Net result over initial risk; None without a stop at entry."""


@frozen(kw_only=True)
class TradeStatistics:
    """The trades with an initial risk, in R. None where undefined.

    `count` = wins + losses + scratches (a result of exactly 0); `without_risk` counts the trades left out for want
    of a stop at entry. `win_rate` = wins / count. `average_win` and `average_loss` are in R and both positive;
    `payoff` = average win / average loss; `expectancy` = mean R. `kelly` is `kelly_fraction` of the decided trades,
    wins / (wins + losses): a scratch neither pays nor costs. It may be negative: no edge.
    """

    count: int
    wins: int
    losses: int
    scratches: int
    without_risk: int
    win_rate: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None
    payoff: Decimal | None
    expectancy: Decimal | None
    kelly: Decimal | None


@exact
def trade_statistics(trades: Iterable[Result]) -> TradeStatistics:
    """Fold finished trades into `TradeStatistics`; of a window, give the window: `trade_statistics(trades[-50:])`.

    Results are in R (net / initial risk); a share of trades is 0 to 1. What needs more trades than there are is None.
    """
    told = tuple(trades)
    edge = edge_of(told)
    every = [trade.r_multiple for trade in told]
    results = [r for r in every if r is not None]
    wins = [r for r in results if r > 0]
    losses = [-r for r in results if r < 0]
    average_win, average_loss = mean(wins), mean(losses)
    return TradeStatistics(
        count=len(results),
        wins=len(wins),
        losses=len(losses),
        scratches=len(results) - len(wins) - len(losses),
        without_risk=len(every) - len(results),
        win_rate=Decimal(len(wins)) / len(results) if results else None,
        average_win=average_win,
        average_loss=average_loss,
        payoff=edge.payoff,
        expectancy=mean(results),
        kelly=kelly_fraction(edge.win_rate, edge.payoff),
    )
