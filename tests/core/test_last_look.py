"""The order that a decision hands out: how long it holds, what it was made on, and the last look at it."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.pretrade import pretrade

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05", lot_size=10)
SEEN = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10)
BUDGET = Decimal(1000)


def approved(side="BUY", book=None, **policy):
    wide = {"entry_band_pct": 0, "max_position_size_percent": 100, "max_sector_exposure": 100}
    answer = rc.decide(
        rc.Signal("INFY", side, at=NOON), book or rc.Book(100_000), SEEN, rc.Policy(**{**wide, **policy})
    )
    assert answer.approved, answer.explain()
    return answer


def looked(side="BUY", **changed):
    """The reasons of the last look at an order of 20 shares at 1,000 with a stop 20 rupees away, changed."""
    away = 20 if side == "BUY" else -20
    sound = {"limit": Decimal(1000), "stop": Decimal(1000 - away), "target": Decimal(1000 + 2 * away)}
    order = attrs.evolve(approved(side).order, **{**sound, "quantity": 20, "risk": Decimal(400), **changed})
    return [found[0] for found in pretrade(order, BUDGET) if found[0]]


def leg(quantity, price=1040):
    return rc.TargetLeg(Decimal(str(price)), quantity)


def test_an_order_holds_as_long_as_its_quote_may_be_old_and_names_its_state():
    """Three seconds from the moment of the price; made on the book's own version."""
    order = approved(book=rc.Book(100_000, version=7), quote_max_age_s=3).order
    assert (order.at, order.valid_until, order.book_version) == (NOON, NOON + timedelta(seconds=3), 7)


def test_findings_in_rupees_are_told_to_the_paisa():
    """What is measured is exact inside; its finding is money, and the last look's risk is too."""
    found = {finding.rule: finding for finding in approved(risk_per_trade="0.3333333").findings}
    assert found["risk"].limit == Decimal("333.33")


def test_an_approval_tells_the_next_limit_only_where_there_is_one():
    """Between several caps the next is named; of one cap there is none to name."""
    decision = approved()
    name, most = decision.size.next_bound
    assert f"; next: {name} ({most})\n" in decision.explain()
    alone = attrs.evolve(decision, size=rc.Size(70, "risk_per_trade", (("risk_per_trade", 70),)))
    assert "  size    70, bound by risk_per_trade\n" in alone.explain().replace(
        f"  size    {decision.order.quantity},", "  size    70,"
    )


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_sound_order_passes(side):
    """In one piece, and in legs of whole lots."""
    assert looked(side) == []
    assert looked(side, legs=(leg(10), leg(10))) == []
    assert looked(side, quantity=10) == []


@pytest.mark.parametrize(
    ("side", "changed", "reason"),
    [
        ("BUY", {"limit": Decimal("1000.01")}, "price_off_tick"),
        ("BUY", {"stop": Decimal("980.01")}, "price_off_tick"),
        ("BUY", {"target": Decimal("1040.01")}, "price_off_tick"),
        ("BUY", {"target": Decimal(0)}, "price_off_tick"),
        ("BUY", {"legs": (leg(10, "1020.01"), leg(10))}, "price_off_tick"),
        ("BUY", {"target": Decimal("1040.01"), "legs": (leg(10), leg(10))}, "price_off_tick"),
        ("BUY", {"quantity": 0}, "quantity_off_lot"),
        ("BUY", {"quantity": 25}, "quantity_off_lot"),
        ("BUY", {"legs": (leg(10),)}, "quantity_off_lot"),
        ("BUY", {"legs": (leg(15), leg(5))}, "quantity_off_lot"),
        ("BUY", {"legs": (leg(20), leg(0))}, "quantity_off_lot"),
        ("BUY", {"risk": Decimal("1000.01")}, "over_risk_budget"),
        ("BUY", {"stop": Decimal(1000)}, "over_risk_budget"),
        ("SELL", {"stop": Decimal(1000)}, "over_risk_budget"),
        ("SELL", {"stop": Decimal(980)}, "over_risk_budget"),
    ],
)
def test_the_last_look_refuses_an_order_by_what_is_wrong_with_it(side, changed, reason):
    """A price between ticks or at zero, parts that are no lots or not the whole, a stop that stops nothing."""
    assert looked(side, **changed) == [reason]


def test_the_whole_budget_may_be_risked_and_a_cheap_share_be_traded():
    """At the limits, nothing is wrong."""
    assert looked(risk=BUDGET) == []
    cheap = {"limit": Decimal("0.90"), "stop": Decimal("0.80"), "target": Decimal("0.95")}
    assert looked(**cheap) == []
