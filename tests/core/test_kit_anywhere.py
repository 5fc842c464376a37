"""The kit for users' own tests holds its laws under `python -O`, and computes the same under any decimal context."""

import decimal
import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal, getcontext
from pathlib import Path

import pytest
from hypothesis import given, settings

import riskcore as rc
from riskcore import money
from riskcore.testing import Scenario, conforms_rule, conforms_sizer, days, situations
from tests.core.engine_days import INFY, TCS
from tests.core.test_conformance import BROKEN, BROKEN_SIZERS, half_a_percent, near_round_numbers

ROOT = Path(__file__).parents[2]
WITHOUT_ASSERTIONS = """
from riskcore.testing import conforms_rule, conforms_sizer
from tests.core.test_conformance import BROKEN, BROKEN_SIZERS
def told(ask, law):
    try:
        ask()
    except AssertionError as broken:
        return str(broken)
    return f"conforms, though it breaks {law}"
print(__debug__)
for rule, law in BROKEN:
    print(told(lambda: conforms_rule(rule, examples=60), law))
for sizer, law in BROKEN_SIZERS:
    print(told(lambda: conforms_sizer(sizer, risk_per_trade=1), law))
"""
STRANGE = [
    decimal.Context(prec=3, rounding=decimal.ROUND_UP),
    decimal.Context(prec=28, traps=[decimal.Inexact, decimal.Rounded, decimal.FloatOperation]),
]


def test_the_laws_hold_where_assertions_are_switched_off():
    """`python -O` leaves every `assert` out; each broken law is named all the same."""
    done = subprocess.run(
        [sys.executable, "-O", "-c", WITHOUT_ASSERTIONS], cwd=ROOT, text=True, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    debug, *said = done.stdout.splitlines()
    assert (debug, len(said)) == ("False", len(BROKEN) + len(BROKEN_SIZERS))
    assert [line for line in said if "(law " not in line] == []


@pytest.fixture(params=STRANGE, ids=["three digits", "nothing inexact"])
def strange(request):
    """A host whose own decimal context would change results, or refuse them."""
    before = getcontext()
    decimal.setcontext(request.param.copy())
    yield
    decimal.setcontext(before)


@pytest.mark.usefixtures("strange")
def test_a_day_told_by_hand_books_what_was_paid():
    day = Scenario(rc.Policy(max_position_size_percent=100, max_sector_exposure=100), INFY)
    order = day.enter("10:00", last="1000.35", stop="980", target="1100")
    day.fill("10:00:01", order, price="1000.35")
    (held,) = day.book.positions
    assert held.quantity > 9
    assert day.book.order(order).filled_value == money.exact(lambda: held.quantity * Decimal("1000.35"))()


@pytest.mark.usefixtures("strange")
def test_a_sizer_or_a_rule_that_keeps_the_laws_conforms_anywhere():
    conforms_sizer(half_a_percent, risk_per_trade="0.5", examples=40)
    conforms_rule(near_round_numbers, examples=20)


@pytest.mark.usefixtures("strange")
def test_what_is_drawn_is_drawn_anywhere():
    """Prices on the tick, books from their orders, and days that a step takes."""

    @settings(max_examples=25, database=None, derandomize=True)
    @given(situations(), days(max_size=10))
    def drawn(situation, day):
        decided = rc.decide(*situation)
        assert decided.explain()
        assert len(day.inputs) >= 2

    drawn()


def test_a_precision_that_a_rule_or_a_sizer_sets_ends_with_it():
    """They are strangers to the kit as they are to `decide`."""

    def rule(context):
        getcontext().prec = 3
        return rc.Finding("own", True)

    def sizer(**asked):
        getcontext().prec = 3
        return 3 * asked["lot_size"]

    before = getcontext().prec
    conforms_rule(rule, examples=5)
    conforms_sizer(sizer, examples=5)
    assert (money.CONTEXT.prec, getcontext().prec) == (28, before)


def test_an_order_that_nobody_knows_cannot_fill():
    """An assertion would be left out with all others."""
    day = Scenario(rc.Policy(), INFY, TCS)
    with pytest.raises(ValueError, match="no order x in the book"):
        day.fill("10:00", "x", price=1)
    assert day.at("10:00") == datetime(2026, 11, 20, 10, tzinfo=rc.IST)
