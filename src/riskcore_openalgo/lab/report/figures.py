"""The measures of a report as rows of text: what each is called, what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore.analytics.explaining import fallen_pct, remarks as left_out, span_text

UNDEFINED: Final = "undefined"
HUNDRED: Final = Decimal(100)
SECOND: Final = timedelta(seconds=1)


@frozen
class Figure:
    """One measure: its group, its name, its value as it is (None: undefined), and its unit.

    Units: `Rs` rupees, `share` a share of 1 shown in percent, `%` percent, `R`, `count`, `s` seconds shown as a
    time, "" a plain ratio.
    """

    group: str
    name: str
    value: Decimal | int | None
    unit: str

    @property
    def said(self) -> str:
        """The value for a person."""
        return said(self.value, self.unit)


def said(value: Decimal | int | None, unit: str) -> str:
    """A value with its unit; undefined where there is none.

    >>> said(Decimal("0.5"), "share"), said(Decimal("-1234.5"), "Rs"), said(None, "R")
    ('50.00 %', '-Rs 1,234.50', 'undefined')
    """
    if value is None:
        return UNDEFINED
    if unit == "s":
        return span_text(timedelta(seconds=int(value)))
    if unit == "count":
        return rc.grouped(value, 0)
    if unit == "share":
        return f"{rc.grouped(value * HUNDRED)} %"
    if unit == "Rs":
        return f"{'-' if value < 0 else ''}Rs {rc.grouped(abs(Decimal(value)))}"
    return f"{rc.grouped(value)} {unit}".rstrip()


def figures(of: rc.Performance) -> tuple[Figure, ...]:
    """All measures of a performance, in the order in which they are read."""
    return (*_results(of), *_trades(of), *_equity(of), *_exposure(of))


def _results(of: rc.Performance) -> Iterator[Figure]:
    yield Figure("Result", "Net result of the trades", of.net, "Rs")
    yield Figure("Result", "Gross result", of.gross, "Rs")
    yield Figure("Result", "Charges", of.charges, "Rs")
    yield Figure("Result", "Expectancy a trade", of.expectancy, "Rs")
    yield Figure("Result", "Expectancy in R", of.expectancy_r, "R")
    yield Figure("Result", "Expectancy / average loss", of.expectancy_ratio, "")
    yield Figure("Result", "Profit factor", of.profit_factor, "")
    yield Figure("Result", "Payoff ratio", of.payoff_ratio, "")


def _trades(of: rc.Performance) -> Iterator[Figure]:
    held = of.holding
    yield Figure("Trades", "Finished trades", len(of.trades), "count")
    yield Figure("Trades", "Still open", len(of.open_trades), "count")
    yield Figure("Trades", "Win rate", of.win_rate, "share")
    yield Figure("Trades", "Average win", of.average_win, "Rs")
    yield Figure("Trades", "Average loss", of.average_loss, "Rs")
    yield Figure("Trades", "Best trade", of.best_trade, "Rs")
    yield Figure("Trades", "Worst trade", of.worst_trade, "Rs")
    yield Figure("Trades", "Held on average", None if held is None else held.average // SECOND, "s")
    yield Figure("Trades", "Held at most", None if held is None else held.longest // SECOND, "s")
    yield Figure("Trades", "Average planned R", of.average_planned_r, "R")
    yield Figure("Trades", "SQN", of.sqn, "")
    yield Figure("Trades", "Longest run of wins", of.streaks.longest_win, "count")
    yield Figure("Trades", "Longest run of losses", of.streaks.longest_loss, "count")
    yield Figure("Trades", "Stop slippage a trade", of.stop_slippage.average if of.stop_slippage else None, "Rs")
    yield Figure("Trades", "MAE", of.excursions.mae_r, "R")
    yield Figure("Trades", "MFE", of.excursions.mfe_r, "R")
    yield Figure("Trades", "MAE of the winners", of.excursions.winners_mae_r, "R")
    yield Figure("Trades", "MFE of the losers", of.excursions.losers_mfe_r, "R")
    yield Figure("Trades", "Given back before the exit", of.excursions.given_back_r, "R")


def _equity(of: rc.Performance) -> Iterator[Figure]:
    days, largest, longest = of.curve.days, of.largest_drawdown, of.longest_drawdown
    nothing = Decimal(0) if days else None
    yield Figure("Equity", "Sessions", len(days), "count")
    yield Figure("Equity", "At the start", days[0].opening if days else None, "Rs")
    yield Figure("Equity", "At the end", days[-1].closing if days else None, "Rs")
    yield Figure("Equity", "Paid in and out", of.curve.flows if days else None, "Rs")
    yield Figure("Equity", "Return", of.cumulative_return, "share")
    yield Figure("Equity", "Return a year", of.annual_return, "share")
    yield Figure("Equity", "Volatility a year", of.volatility, "share")
    yield Figure("Equity", "Sharpe ratio", of.sharpe, "")
    yield Figure("Equity", "Sortino ratio", of.sortino, "")
    yield Figure("Equity", "Calmar ratio", of.calmar, "")
    yield Figure("Equity", "Omega ratio", of.omega, "")
    yield Figure("Equity", "Value at risk, 5 %", of.value_at_risk, "share")
    yield Figure("Equity", "Deepest drawdown", fallen_pct(of), "%")
    yield Figure("Equity", "Deepest inside sessions", fallen_pct(of, inside=True), "%")
    yield Figure("Equity", "Largest drawdown", largest.value if largest else nothing, "Rs")
    yield Figure("Equity", "Longest drawdown, sessions", longest.length if longest else 0 if days else None, "count")


def _exposure(of: rc.Performance) -> Iterator[Figure]:
    yield Figure("Exposure", "Held, of equity", of.exposure_pct, "%")
    yield Figure("Exposure", "Capital used", of.utilisation_pct, "%")
    yield Figure("Exposure", "Capital used at most", of.peak_utilisation_pct, "%")
    yield Figure("Exposure", "Time in the market", of.time_in_market_pct, "%")


def remarks(of: rc.Performance) -> tuple[str, ...]:
    """What the figures leave out, in sentences."""
    return tuple(f"{line[0].upper()}{line[1:]}." for line in left_out(of))
