"""Everything at once: `performance(facts)` measures trades and equity curve, and `explain()` prints it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from attrs import frozen

from riskcore import events as e
from riskcore.analytics import returns as of_returns, trades as of_trades
from riskcore.analytics.drawdown import Drawdown, deepest, longest
from riskcore.analytics.equity import EquityCurve, equity_curve
from riskcore.analytics.excursion import Excursions, excursions
from riskcore.analytics.explaining import explained
from riskcore.analytics.grouping import BY, Part, breakdown, refusals
from riskcore.analytics.returns import SESSIONS
from riskcore.analytics.statistics import TradeStatistics, trade_statistics
from riskcore.analytics.trade import Trade, trades_of
from riskcore.money import HUNDRED, ZERO, amount, count, exact
from riskcore.values import Later


@frozen(kw_only=True)
class Performance:
    """An account's performance: each figure as the function of its name defines it, None where undefined.

    `trades` are the finished ones, `open_trades` the instruments still held: they are in the equity curve, at their
    last price, and in no figure of trades. `uncharged_fills` counts fills without a schedule of charges, which stand
    at no charges. `parts` holds the breakdowns by name (`grouping.BY`), `refused` the entries each rule refused.

    `drawdown` is the deepest in percent between the ends of sessions, `intraday_drawdown` the same with the equity
    inside them, as far as it was recorded, `largest_drawdown` the one of most rupees. Growth is None where a session
    without a return (its opening was 0 or less) had a result.
    """

    trades: tuple[Trade, ...]
    curve: EquityCurve
    open_trades: tuple[str, ...]
    uncharged_fills: int

    net: Decimal
    gross: Decimal
    charges: Decimal
    statistics: TradeStatistics
    win_rate: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None
    best_trade: Decimal | None
    worst_trade: Decimal | None
    payoff_ratio: Decimal | None
    profit_factor: Decimal | None
    expectancy: Decimal | None
    expectancy_r: Decimal | None
    expectancy_ratio: Decimal | None
    average_planned_r: Decimal | None
    r_distribution: tuple[of_trades.RBin, ...]
    sqn: Decimal | None
    streaks: of_trades.Streaks
    holding: of_trades.Holding | None
    stop_slippage: of_trades.Slippage | None
    excursions: Excursions

    cumulative_return: Decimal | None
    annual_return: Decimal | None
    volatility: Decimal | None
    sharpe: Decimal | None
    sortino: Decimal | None
    omega: Decimal | None
    calmar: Decimal | None
    value_at_risk: Decimal | None
    drawdown: Drawdown | None
    longest_drawdown: Drawdown | None
    largest_drawdown: Drawdown | None
    intraday_drawdown: Drawdown | None
    exposure_pct: Decimal | None
    utilisation_pct: Decimal | None
    peak_utilisation_pct: Decimal | None
    time_in_market_pct: Decimal | None

    parts: tuple[tuple[str, tuple[Part, ...]], ...]
    refused: Sequence[tuple[str, int]]

    def by(self, name: str) -> tuple[Part, ...]:
        """The breakdown by a name of `grouping.BY`; `ValueError` for another."""
        found = dict(self.parts).get(name)
        if found is None:
            raise ValueError(f"name must be one of {', '.join(BY)}, got {name!r}")
        return found

    @exact
    def explain(self) -> str:
        """All of it as a page of ASCII text; a figure that is undefined says so."""
        return explained(self)


def performance(facts: Iterable[e.Fact], *, risk_free_pct: Any = 0, periods: int = SESSIONS) -> Performance:
    """Measure an account's facts, from its first on (`simulate(...).facts`, or a journal's).

    `risk_free_pct` is a year's risk-free return in percent (6.5 is 6.5 %); a session's is that / 100 / periods, and
    also what Sortino and Omega require. `periods` is sessions a year. `ValueError` for a rate that is no number or
    periods below 1.
    """
    kept = tuple(facts)
    return _measured(
        trades_of(kept),
        equity_curve(kept),
        risk_free_pct=risk_free_pct,
        periods=periods,
        open_trades=_open_trades(kept),
        uncharged=sum(1 for fact in kept if isinstance(fact, (e.Filled, e.Overfilled)) and fact.charges is None),
        refused=Later(partial(refusals, kept)),
    )


def performance_of(
    trades: Iterable[Trade], curve: EquityCurve | None = None, *, risk_free_pct: Any = 0, periods: int = SESSIONS
) -> Performance:
    """The same of trades and an equity curve made by hand; without a curve its figures are None."""
    return _measured(
        tuple(trades),
        curve or EquityCurve(),
        risk_free_pct=risk_free_pct,
        periods=periods,
        open_trades=(),
        uncharged=0,
        refused=(),
    )


@exact
def _measured(
    trades: tuple[Trade, ...],
    curve: EquityCurve,
    *,
    risk_free_pct: Any,
    periods: int,
    open_trades: tuple[str, ...],
    uncharged: int,
    refused: Sequence[tuple[str, int]],
) -> Performance:
    a_year = count(periods, "periods")
    risk_free = amount(risk_free_pct, "risk_free_pct") / HUNDRED / a_year
    return Performance(
        trades=trades,
        curve=curve,
        open_trades=open_trades,
        uncharged_fills=uncharged,
        parts=tuple((name, breakdown(trades, name)) for name in BY),
        refused=refused,
        **_of_trades(trades),
        **_of_curve(curve, risk_free, a_year),
    )


def _of_trades(trades: tuple[Trade, ...]) -> dict[str, Any]:
    return {
        "net": sum((trade.net for trade in trades), ZERO),
        "gross": sum((trade.gross for trade in trades), ZERO),
        "charges": sum((trade.charges for trade in trades), ZERO),
        "statistics": trade_statistics(trades),
        "win_rate": of_trades.win_rate(trades),
        "average_win": of_trades.average_win(trades),
        "average_loss": of_trades.average_loss(trades),
        "best_trade": of_trades.best_trade(trades),
        "worst_trade": of_trades.worst_trade(trades),
        "payoff_ratio": of_trades.payoff_ratio(trades),
        "profit_factor": of_trades.profit_factor(trades),
        "expectancy": of_trades.expectancy(trades),
        "expectancy_r": of_trades.expectancy_r(trades),
        "expectancy_ratio": of_trades.expectancy_ratio(trades),
        "average_planned_r": of_trades.average_planned_r(trades),
        "r_distribution": of_trades.r_distribution(trades),
        "sqn": of_trades.sqn(trades),
        "streaks": of_trades.streaks(trades),
        "holding": of_trades.holding(trades),
        "stop_slippage": of_trades.stop_slippage(trades),
        "excursions": excursions(trades),
    }


def _of_curve(curve: EquityCurve, risk_free: Decimal, periods: int) -> dict[str, Any]:
    rates, spells = curve.returns, curve.drawdowns()
    worst = deepest(spells)
    share = worst.pct / HUNDRED if worst is not None and worst.pct is not None else None
    whole = () if any(day.rate is None and day.net for day in curve.days) else rates
    return {
        "cumulative_return": of_returns.cumulative_return(whole),
        "annual_return": of_returns.annual_return(whole, periods),
        "volatility": of_returns.volatility(rates, periods),
        "sharpe": of_returns.sharpe(rates, risk_free, periods),
        "sortino": of_returns.sortino(rates, risk_free, periods),
        "omega": of_returns.omega(rates, risk_free),
        "calmar": of_returns.calmar(whole, share, periods),
        "value_at_risk": of_returns.value_at_risk(rates),
        "drawdown": worst,
        "longest_drawdown": longest(spells),
        "largest_drawdown": curve.largest_drawdown,
        "intraday_drawdown": deepest(curve.drawdowns(intraday=True)),
        "exposure_pct": curve.exposure_pct,
        "utilisation_pct": curve.utilisation_pct,
        "peak_utilisation_pct": curve.peak_utilisation_pct,
        "time_in_market_pct": curve.time_in_market_pct,
    }


def _open_trades(facts: Sequence[e.Fact]) -> tuple[str, ...]:
    """Instruments with fills after their last trade ended, in the order they were opened."""
    held: dict[str, None] = {}
    for fact in facts:
        if isinstance(fact, e.Filled):
            held.setdefault(fact.key)
        elif isinstance(fact, e.Overfilled):
            held.setdefault(fact.position.instrument.key)
        elif isinstance(fact, e.PositionAdjusted) and fact.position is not None:
            held.setdefault(fact.key)
        elif isinstance(fact, e.PositionClosed):
            held.pop(fact.key, None)
    return tuple(held)
