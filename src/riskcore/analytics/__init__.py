"""Performance of finished trades and of the equity curve: one family of measures a file.

Every measure is a pure function in Decimal with its formula in its docstring; what is undefined is None, never 0.
`riskcore.performance(facts)` gives all of them at once; `docs/analytics.md` lists them.
"""

from riskcore.analytics.drawdown import (
    Drawdown as Drawdown,
    deepest as deepest,
    drawdowns as drawdowns,
    longest as longest,
)
from riskcore.analytics.equity import Day as Day, EquityCurve as EquityCurve, equity_curve as equity_curve
from riskcore.analytics.excursion import (
    Excursions as Excursions,
    adverse as adverse,
    adverse_r as adverse_r,
    excursions as excursions,
    favourable as favourable,
    favourable_r as favourable_r,
)
from riskcore.analytics.exposure import Exposure as Exposure
from riskcore.analytics.grouping import BY as BY, Part as Part, breakdown as breakdown, refusals as refusals
from riskcore.analytics.returns import (
    annual_return as annual_return,
    calmar as calmar,
    cumulative_return as cumulative_return,
    downside_deviation as downside_deviation,
    omega as omega,
    sharpe as sharpe,
    sortino as sortino,
    value_at_risk as value_at_risk,
    volatility as volatility,
)
from riskcore.analytics.statistics import (
    TradeStatistics as TradeStatistics,
    trade_statistics as trade_statistics,
)
from riskcore.analytics.summary import (
    Performance as Performance,
    performance as performance,
    performance_of as performance_of,
)
from riskcore.analytics.trade import Trade as Trade, trades_of as trades_of
from riskcore.analytics.trades import (
    Holding as Holding,
    RBin as RBin,
    Slippage as Slippage,
    Streaks as Streaks,
    average_loss as average_loss,
    average_planned_r as average_planned_r,
    average_win as average_win,
    best_trade as best_trade,
    breakeven_win_rate as breakeven_win_rate,
    expectancy as expectancy,
    expectancy_r as expectancy_r,
    expectancy_ratio as expectancy_ratio,
    holding as holding,
    payoff_ratio as payoff_ratio,
    profit_factor as profit_factor,
    r_distribution as r_distribution,
    r_multiples as r_multiples,
    sqn as sqn,
    stop_slippage as stop_slippage,
    streaks as streaks,
    win_rate as win_rate,
    worst_trade as worst_trade,
)
from riskcore.sizers import kelly_fraction as kelly_fraction
