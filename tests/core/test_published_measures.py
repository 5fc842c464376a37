"""What others have published of performance measures: to the digits they print."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import analytics as an
from tests.core.finished_trades import results

D = Decimal
pytestmark = pytest.mark.smoke


def spread(mean, deviation, count):
    """`count` results with that mean and that deviation (ddof = 1): half of them above it, half below."""
    assert count % 2 == 0
    away = D(deviation) * (D(count - 1) / count).sqrt()
    return results(*[D(mean) + away, D(mean) - away] * (count // 2))


def published(riskcore_data, name):
    rows = json.loads((riskcore_data / "worked/examples.json").read_text(encoding="utf-8"), parse_float=D)
    return next(row for row in rows if row["name"] == name)


def returns_of(example):
    """Its returns; a leading "no return" is left out, as empyrical leaves it out of means."""
    return [D(value) for value in example["inputs"]["returns"] if value is not None]


def close(found, example, key):
    return abs(found - D(example["expected"][key])) <= D(example.get("tolerance", "1e-8"))


# ---------------------------------------------------------------- empyrical's own test vectors


@pytest.mark.parametrize(
    ("name", "measure", "key"),
    [
        ("sharpe/mixed_daily", an.sharpe, "sharpe"),
        ("sharpe/positive_daily", an.sharpe, "sharpe"),
        ("sortino/mixed_daily", an.sortino, "sortino"),
        ("sortino/monthly", an.sortino, "sortino"),
        ("downside_risk/mixed_daily", an.downside_deviation, "downside_risk"),
        ("annual_volatility/mixed_daily", an.volatility, "annual_volatility"),
        ("cagr/one_return", an.annual_return, "cagr"),
    ],
)
def test_measures_of_returns_are_those_of_empyricals_tests(riskcore_data, name, measure, key):
    """Sharpe, Sortino, volatility, downside deviation, growth a year."""
    example = published(riskcore_data, name)
    periods = example["inputs"]["periods_per_year"]
    assert close(measure(returns_of(example), periods=periods), example, key)


@pytest.mark.parametrize("name", ["annual_return/mixed_daily", "calmar/mixed_daily"])
def test_growth_a_year_counts_every_period(riskcore_data, name):
    """The vector counts its leading period without a return as one of nine, which for us is a return of 0."""
    example = published(riskcore_data, name)
    rates = [D(value or 0) for value in example["inputs"]["returns"]]
    assert close(an.annual_return(rates), published(riskcore_data, "annual_return/mixed_daily"), "annual_return")
    if name.startswith("calmar"):
        assert close(an.calmar(rates, an.deepest(an.drawdowns(compounded(rates))).pct / 100), example, "calmar")


def compounded(rates, start=1):
    levels = [D(start)]
    for rate in rates:
        levels.append(levels[-1] * (1 + rate))
    return levels


@pytest.mark.parametrize(("name", "measure"), [("sharpe/flat", an.sharpe), ("sortino/no_losses", an.sortino)])
def test_what_is_infinite_there_is_undefined_here(riskcore_data, name, measure):
    """A ratio over nothing."""
    example = published(riskcore_data, name)
    assert "inf" in example["expected"].values()
    assert measure(returns_of(example)) is None


def test_cumulative_returns(riskcore_data):
    """Return by return."""
    example = published(riskcore_data, "cum_returns/mixed")
    rates = returns_of(example)
    for count, wanted in enumerate(example["expected"]["cumulative"][1:], 1):
        assert abs(an.cumulative_return(rates[:count]) - D(wanted)) <= D(example["tolerance"])


@pytest.mark.parametrize("name", ["max_drawdown/mixed", "max_drawdown/negative"])
def test_drawdowns_of_returns(riskcore_data, name):
    """The start counts as a peak."""
    example = published(riskcore_data, name)
    fall = an.deepest(an.drawdowns(compounded([D(value or 0) for value in example["inputs"]["returns"]])))
    assert close(-fall.pct / 100, example, "max_drawdown")


def test_no_drawdown_of_nothing(riskcore_data):
    """Of no curve, and of one that only rises."""
    for rates in published(riskcore_data, "max_drawdown/empty_and_one")["inputs"]["cases"]:
        assert an.drawdowns(compounded(rates)) == ()


def test_drawdowns_of_equity(riskcore_data):
    """YCharts: 150,000 to 80,000 is 46.67 %. CaptainCalculator: 75,000 to 50,000 is 33.3 %."""
    first = published(riskcore_data, "max_drawdown/ycharts")
    fall = an.deepest(an.drawdowns([D(value) for value in first["inputs"]["equity"]]))
    assert close(-fall.pct, first, "max_drawdown_percent")
    assert (fall.peak, fall.low) == (first["expected"]["peak"], first["expected"]["trough"])
    second = published(riskcore_data, "max_drawdown/captaincalculator")
    fall = an.deepest(an.drawdowns([D(second["inputs"]["peak"]), D(second["inputs"]["trough"])]))
    assert close(-fall.pct, second, "max_drawdown_percent")


def test_value_at_risk(riskcore_data):
    """At three cutoffs."""
    example = published(riskcore_data, "value_at_risk/simple")
    found = [an.value_at_risk(returns_of(example), D(cutoff)) for cutoff in example["inputs"]["cutoffs"]]
    assert found == [D(value) for value in example["expected"]["var"]]


# ---------------------------------------------------------------- trades


def test_expectancy_and_profit_factor_of_ten_trades(riskcore_data):
    """Investopedia's ten trades: six win 2,400 in all, four lose 1,200."""
    example = published(riskcore_data, "expectancy/ratio_form")["expected"]
    trades = results(*[400] * 6, *[-300] * 4)
    assert an.win_rate(trades) == D(example["win_rate"])
    assert (an.average_win(trades), an.average_loss(trades)) == (example["average_win"], example["average_loss"])
    assert an.expectancy_ratio(trades) == D(example["expectancy_per_unit_risk"])
    assert an.expectancy(trades) == 120
    assert an.profit_factor(trades) == published(riskcore_data, "profit_factor/definition")["expected"]["profit_factor"]


@pytest.mark.parametrize(
    ("name", "label", "wins", "trades", "expectancy"),
    [
        ("expectancy/tradinghabits_60", None, 6, 10, 80),
        ("expectancy/trader_signs", "A", 8, 10, -120),
        ("expectancy/trader_signs", "B", 3, 10, -50),
        ("expectancy/trader_signs", "C", 9, 20, 575),
    ],
)
def test_published_expectancies(riskcore_data, name, label, wins, trades, expectancy):
    """A win rate alone says nothing."""
    inputs = published(riskcore_data, name)["inputs"]
    inputs = inputs if label is None else inputs[label]
    assert D(wins) / trades == D(inputs["win_rate"])
    told = results(*[inputs["average_win"]] * wins, *[-inputs["average_loss"]] * (trades - wins))
    assert an.expectancy(told) == expectancy


def test_the_win_rate_that_breaks_even(riskcore_data):
    """At 2 to 1: a third."""
    example = published(riskcore_data, "breakeven_win_rate/rr_2")
    found = an.breakeven_win_rate(example["inputs"]["reward_risk"]) * 100
    assert close(found, example, "breakeven_win_rate_percent")


def test_the_system_quality_number_of_tradersync():
    """tradersync.com/support/system-quality-number-sqn: 50 trades of 100 on average, deviation 250: 2.83."""
    assert round(an.sqn(spread(100, 250, 50)), 2) == D("2.83")


def test_the_system_quality_number_counts_a_hundred_trades_at_most():
    """Tharp's cap: of 400 trades the factor is 10, not 20."""
    assert abs(an.sqn(spread(1, 2, 400)) - 5) < D("1e-20")


@pytest.mark.parametrize(("wins", "payoff", "fraction"), [("0.5", 2, "0.25"), ("0.4", 2, "0.1")])
def test_the_kelly_fractions_of_a_course(wins, payoff, fraction):
    """deltax.trade/academy/lesson/the-kelly-criterion: a quarter, and a tenth."""
    assert rc.kelly_fraction(wins, payoff) == D(fraction)


# ---------------------------------------------------------------- excursions


def a_trade(**told):
    start = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
    usual = {"key": "NSE:X", "side": "BUY", "quantity": 1, "opened_at": start, "closed_at": start + timedelta(hours=1)}
    return rc.Trade(**{**usual, **told})


def test_the_excursion_of_traderplanet():
    """traderplanet.com, article 587: in at 10, stop at 8, sold for 5 more, 8.50 at worst: MAE 1.5, or 0.75 R."""
    told = a_trade(entry_price=10, exit_price=15, initial_stop=8, worst_price="8.50", best_price=15)
    assert (an.adverse(told), an.adverse_r(told)) == (D("1.5"), D("0.75"))


def test_the_excursion_of_theforexgeek():
    """theforexgeek.com/maximum-adverse-excursion: in at 100, stop at 90, 94 at worst: 60 % of the risk."""
    told = a_trade(entry_price=100, exit_price=101, initial_stop=90, worst_price=94, best_price=101)
    assert (an.adverse(told), an.adverse_r(told)) == (6, D("0.6"))


def test_the_excursions_of_a_short_of_tradersync():
    """tradersync.com/mfe-and-mae-metrics: 2,000 at 4.72 that met 5.18 and 4.645: 920 against, 150 for.

    The page calls the trade long; its figures are a short's.
    """
    told = a_trade(side="SELL", quantity=2000, entry_price="4.72", exit_price=5, worst_price="5.18", best_price="4.645")
    assert an.adverse(told) * told.quantity == 920
    assert an.favourable(told) * told.quantity == 150


def test_a_short_that_was_never_ahead_has_no_excursion_below_nothing():
    """100 less 100.0 the other way round is minus nothing to a decimal, and was printed so."""
    same = dict.fromkeys(("entry_price", "worst_price", "best_price"), "100.0")
    told = a_trade(side="SELL", exit_price=101, initial_stop=101, **same)
    for found in (an.adverse, an.favourable, an.adverse_r, an.favourable_r):
        assert f"{found(told):f}" == "0"
