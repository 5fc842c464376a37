"""Faults of the decision that were found and mended: each with its smallest example, so that it stays mended."""

from datetime import date, datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from tests.core.engine_days import INFY
from tests.core.one_trade import NOON, WIDE, after, decided, failed, held

pytestmark = pytest.mark.smoke

SBIN = attrs.evolve(INFY, symbol="SBIN")


def today(hour, minute):
    return datetime(2026, 11, 20, hour, minute, tzinfo=rc.IST)


@pytest.mark.parametrize(
    ("at", "times", "answer"),
    [
        (today(13, 59), {"square_off_at": "14:00"}, []),
        (today(14, 0), {"square_off_at": "14:00"}, ["after_cut_off"]),
        (today(14, 30), {"square_off_at": "14:00"}, ["after_cut_off"]),
        (today(15, 9), {"no_entry_after": "15:14"}, []),
        (today(15, 10), {"no_entry_after": "15:14"}, ["after_cut_off"]),
    ],
)
def test_no_entry_comes_at_or_after_the_square_off(at, times, answer):
    """One of the two times is the policy's and the other the table's, so that no contradiction between fields shows."""
    assert failed(decided(at=at, **times)) == answer


def test_what_is_carried_over_night_ends_with_its_own_cut_off():
    """A product that nobody squares off has no other end of its entries."""
    session = rc.session_on(date(2026, 11, 20), INFY, "CNC", no_entry_after=today(15, 12).time())
    assert session.square_off is None
    assert session.entries_until == today(15, 12)


def test_a_correlation_limit_of_nought_is_a_limit():
    """0 is not "off": it allows hedges and what does not move along, and nothing else."""
    book = after(positions=(held(SBIN),))
    alike = {"NSE:INFY": [100 + n % 3 for n in range(40)], "NSE:SBIN": [100 + n % 3 + n % 7 for n in range(40)]}
    assert failed(decided(book, closes=alike, max_correlation=0)) == ["too_correlated"]
    assert decided(book, side="SELL", closes=alike, max_correlation=0).approved


def less_than_a_lot(context, most=0):
    return rc.Finding("most", passed=True, max_quantity=Decimal(most))


@pytest.mark.parametrize(("most", "lot"), [(0, 1), ("0.5", 1), (64, 65)])
@pytest.mark.parametrize("basis", ["gross", "net"])
def test_a_rule_of_ones_own_that_leaves_less_than_a_lot_refuses_by_name(most, lot, basis):
    """After charges, a size of nothing was divided by."""
    rules = rc.Policy(**WIDE, risk_reward_basis=basis, target_r_multiple=9)
    rules = rules.with_rules(rc.custom_rule(less_than_a_lot, most=most))
    seen = rc.Market(instrument=attrs.evolve(INFY, lot_size=lot), at=NOON, last=1000)
    decision = rc.decide(rc.Signal("INFY", "BUY", at=NOON, stop=990), rc.Book(1_000_000), seen, rules)
    assert [(found.rule, found.reason) for found in decision.reasons] == [("less_than_a_lot", "below_one_lot")]


def test_an_atr_that_fades_to_nothing_caps_by_volatility_no_more_and_raises_nothing():
    """A thousand bars without a move leave an ATR of 1e-33, and more shares than 28 digits can count."""
    still = [rc.Bar(at=NOON, open=1000, high=1001, low=1000, close=1000)]
    still += [rc.Bar(at=NOON, open=1000, high=1000, low=1000, close=1000)] * 1000
    assert Decimal(0) < rc.atr(still) < Decimal("1e-32")
    rules = rc.Policy(**WIDE, sizing_method="volatility", volatility_target_pct="0.5", atr_interval="1m")
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, bars=still)
    decision = rc.decide(rc.Signal("INFY", "BUY", at=NOON, stop=990), rc.Book(100_000), seen, rules)
    assert decision.approved
    assert decision.size.bound_by == "risk_per_trade"
