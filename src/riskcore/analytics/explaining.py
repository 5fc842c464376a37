"""`Performance` as a page of ASCII text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from riskcore.analytics.drawdown import Drawdown
from riskcore.analytics.grouping import Part
from riskcore.analytics.trades import RBin
from riskcore.money import HUNDRED, ZERO, exact, rupees, to_paisa
from riskcore.reasons import in_ascii

if TYPE_CHECKING:
    from riskcore.analytics.summary import Performance

UNDEFINED: Final = "undefined"
SHOWN: Final = ("symbol", "strategy", "rule", "hour", "weekday", "reason", "exit_rule")
NAMES: Final = 24
FIGURES: Final = 15


@exact
def explained(of: Performance) -> str:
    """The page: trades, risk and reward, equity, exposure, then the breakdowns."""
    lines = [*_trades(of), *_r(of), *_equity(of), *_exposure(of), *_told_beside(of)]
    for name in SHOWN:
        lines += _parts(name, of.by(name))
    if of.refused:
        lines += ["", "entries refused by rule", *(_line(rule, str(times)) for rule, times in of.refused)]
    return "\n".join(map(in_ascii, lines))


def _trades(of: Performance) -> Iterator[str]:
    streaks = of.streaks
    yield "TRADES"
    yield _line("finished", str(len(of.trades)))
    yield _line("net result", _money(of.net))
    yield _line("gross, charges", f"{_money(of.gross)}, {_money(of.charges)}")
    yield _line("win rate", _share(of.win_rate))
    yield _line("average win, loss", f"{_money(of.average_win)}, {_money(of.average_loss)}")
    yield _line("best, worst trade", f"{_money(of.best_trade)}, {_money(of.worst_trade)}")
    yield _line("payoff ratio", _figure(of.payoff_ratio))
    yield _line("profit factor", _figure(of.profit_factor))
    yield _line("expectancy a trade", _money(of.expectancy))
    yield _line("longest win, loss streak", f"{streaks.longest_win}, {streaks.longest_loss}")
    held = of.holding
    yield _line("held, at most", UNDEFINED if held is None else f"{span_text(held.average)}, {span_text(held.longest)}")


def _r(of: Performance) -> Iterator[str]:
    slippage, seen = of.stop_slippage, of.excursions
    yield ""
    yield "IN R"
    yield _line("planned R:R", _figure(of.average_planned_r))
    yield _line("realised", _r_text(of.expectancy_r))
    yield _line("distribution", ", ".join(_bin(part) for part in of.r_distribution if part.count) or UNDEFINED)
    yield _line("SQN", _figure(of.sqn))
    yield _line("Kelly fraction", _figure(of.statistics.kelly))
    if slippage is None:
        yield _line("stop slippage", UNDEFINED)
    else:
        average = f"{_money(slippage.average)} a trade ({_r_text(slippage.average_r)}), worst {_money(slippage.worst)}"
        yield _line("stop slippage", average)
    yield _line("MAE, MFE", f"{_r_text(seen.mae_r)}, {_r_text(seen.mfe_r)}")
    yield _line("MAE of winners", _r_text(seen.winners_mae_r))
    yield _line("MFE of losers", _r_text(seen.losers_mfe_r))


def _equity(of: Performance) -> Iterator[str]:
    days = of.curve.days
    yield ""
    yield "EQUITY"
    yield _line("sessions", f"{len(days)}, {days[0].session} to {days[-1].session}" if days else "0")
    if days:
        yield _line("from, to", f"{_money(days[0].opening)}, {_money(days[-1].closing)}")
    yield _line("return, a year", f"{_share(of.cumulative_return)}, {_share(of.annual_return)}")
    yield _line("volatility", _share(of.volatility))
    yield _line("Sharpe, Sortino", f"{_figure(of.sharpe)}, {_figure(of.sortino)}")
    yield _line("Calmar, Omega", f"{_figure(of.calmar)}, {_figure(of.omega)}")
    yield _line("value at risk (5 %)", _share(of.value_at_risk))
    yield _line("deepest drawdown", _spell(of.drawdown, of) if of.drawdown else _unfallen(of))
    yield _line("longest drawdown", _spell(of.longest_drawdown, of) if of.longest_drawdown else "none")
    inside = of.intraday_drawdown
    told = _unfallen(of, inside=True) if inside is None else f"{_pct(inside.pct)}, {_money(inside.value)}"
    yield _line("deepest inside sessions", told)


def _exposure(of: Performance) -> Iterator[str]:
    yield ""
    yield "EXPOSURE"
    yield _line("average of equity", _pct(of.exposure_pct))
    yield _line("capital used, peak", f"{_pct(of.utilisation_pct)}, {_pct(of.peak_utilisation_pct)}")
    yield _line("time in the market", _pct(of.time_in_market_pct))


def remarks(of: Performance) -> tuple[str, ...]:
    """What the figures leave out, a line each."""
    told = []
    if of.open_trades:
        told.append(f"still open, in the equity only: {', '.join(of.open_trades)}")
    if of.statistics.without_risk:
        told.append(f"trades without a stop at entry, in no figure in R: {of.statistics.without_risk}")
    if of.uncharged_fills:
        told.append(f"fills whose charges are not known, counted at none: {of.uncharged_fills}")
    if of.curve.unknown:
        told.append(f"sessions whose equity is not known, left out: {', '.join(map(str, of.curve.unknown))}")
    return tuple(told)


def _told_beside(of: Performance) -> tuple[str, ...]:
    told = remarks(of)
    return ("", *told) if told else ()


def _parts(name: str, parts: tuple[Part, ...]) -> Iterator[str]:
    if not parts:
        return
    yield ""
    heads = ("trades", "won", "net", "a trade", "R a trade")
    yield f"{'by ' + name:<{NAMES}}" + "".join(f"{head:>{FIGURES}}" for head in heads)
    for part in parts:
        each = (
            str(part.count),
            _share(part.win_rate),
            _money(part.net),
            _money(part.expectancy),
            _r_text(part.expectancy_r),
        )
        yield f"{part.name:<{NAMES}}" + "".join(f"{text:>{FIGURES}}" for text in each)


def span_text(span: timedelta) -> str:
    """A time for a person: days and hours, or hours and minutes; whole minutes, rounded down.

    >>> span_text(timedelta(days=3, hours=2)), span_text(timedelta(minutes=95)), span_text(timedelta(seconds=30))
    ('3 d 2 h', '1 h 35 min', '0 min')
    """
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    if span.days:
        return f"{span.days} d {hours - 24 * span.days} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def fallen_pct(of: Performance, *, inside: bool = False) -> Decimal | None:
    """The deepest drawdown in percent, or the one inside sessions; 0 where equity is known and never fell.

    None where there is no equity, and where it fell from peaks of 0 or less alone.
    """
    spell = of.intraday_drawdown if inside else of.drawdown
    if spell is not None:
        return spell.pct
    immeasurable = any(fall.pct is None for fall in of.curve.drawdowns(intraday=inside))
    return None if immeasurable or not of.curve.days else ZERO


def _unfallen(of: Performance, *, inside: bool = False) -> str:
    """Of no drawdown: that there was none, or that it has no percentage."""
    return UNDEFINED if fallen_pct(of, inside=inside) is None and of.curve.days else "none"


def _spell(spell: Drawdown, of: Performance) -> str:
    sessions = [of.curve.days[0].session, *(day.session for day in of.curve.days)]
    back = f"regained {sessions[spell.recovered]}" if spell.recovered is not None else "not regained yet"
    fall = f"{_pct(spell.pct)}, {_money(spell.value)}"
    return f"{fall}, {spell.length} sessions, lowest {sessions[spell.trough]}, {back}"


def _bin(part: RBin) -> str:
    if part.low is None:
        return f"below {part.high}R: {part.count}"
    if part.high is None:
        return f"{part.low}R and more: {part.count}"
    return f"{part.low} to {part.high}R: {part.count}"


def _line(name: str, text: str) -> str:
    return f"{name:<{NAMES}}  {text}"


def _money(value: Decimal | None) -> str:
    return UNDEFINED if value is None else rupees(to_paisa(value))


def _share(value: Decimal | None) -> str:
    return _pct(None if value is None else value * HUNDRED)


def _pct(value: Decimal | None) -> str:
    return UNDEFINED if value is None else f"{value:.2f} %"


def _figure(value: Decimal | None) -> str:
    return UNDEFINED if value is None else f"{value:.2f}"


def _r_text(value: Decimal | None) -> str:
    return UNDEFINED if value is None else f"{value:.2f} R"
