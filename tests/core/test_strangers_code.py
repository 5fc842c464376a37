"""What a host's own functions, numbers and rules do to the decimal context, or get wrong, harms nobody else."""

import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal, getcontext

import pytest
from attrs import define, frozen

import riskcore as rc

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05")
SIGNAL = rc.Signal("INFY", "BUY", at=NOW)
MARKET = rc.Market(instrument=INFY, at=NOW, last=1500, atr=10)


def decided(policy):
    return rc.decide(SIGNAL, rc.Book(100_000), MARKET, policy)


def careless(value):
    """A stranger's code that sets the precision, and leaves it so."""
    getcontext().prec = 3
    return value


class Number:
    def __float__(self):
        return careless(2500.0)


@frozen
class Traded:
    @property
    def r_multiple(self):
        return careless(Decimal("1.23456"))


@pytest.mark.parametrize(
    "act",
    [
        lambda: rc.size(equity=100_000, risk_per_trade=1, entry=2500, stop=2470, charges=lambda quantity: careless(20)),
        lambda: rc.size(equity=100_000, risk_per_trade=1, entry=Number(), stop=2470),
        lambda: rc.edge_of([Traded(), Traded()]),
    ],
    ids=["charges", "number", "trade"],
)
def test_a_precision_that_strange_code_sets_ends_with_it(act):
    """Neither that call nor any other is worked out in three digits."""
    before, wanted = getcontext().prec, decided(rc.Policy()).order
    act()
    assert getcontext().prec == before
    assert decided(rc.Policy()).order == wanted
    held = rc.Position(instrument=INFY, side="BUY", quantity=777, average_price="1234.55", last="1240.05")
    assert rc.Book(100_000, positions=[held], realised="1.37").equity == Decimal("104274.87")


def test_the_results_of_a_hosts_trades_are_added_up_in_full():
    assert rc.edge_of([Traded(), Traded()]) == rc.Edge(2, Decimal(1), None)


@define
class Cap:
    """Not hashable, as classes with fields that change are not."""

    most: int

    def __call__(self, context):
        return rc.Finding("cap", True, max_quantity=Decimal(self.most))


def test_a_rule_that_cannot_be_hashed_is_asked_like_any_other():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Cap(2))
    assert decided(rc.Policy().with_rules(Cap(2))).order.quantity == 2


@pytest.mark.parametrize("passed", ["no", float("nan"), 1, None])
def test_a_rule_that_says_neither_true_nor_false_refuses(passed):
    def own(context):
        return rc.Finding("own", passed)

    refused = decided(rc.Policy().with_rules(own))
    (why,) = [found.text for found in refused.findings if found.reason == "rule_failed"]
    assert f"must have passed or not, True or False, got {passed!r}" in why


def test_an_error_that_cannot_even_be_shown_refuses():
    class Shy(Exception):
        def __str__(self):
            raise RuntimeError("not me")

    def own(context):
        raise Shy

    refused = decided(rc.Policy().with_rules(own))
    assert next(found.text for found in refused.findings if found.reason == "rule_failed").endswith(": Shy")


def test_a_parameter_that_is_no_number_is_refused_where_it_is_given():
    with pytest.raises(ValueError, match="size must be a name, with a number"):
        rc.custom_rule(lambda context, size: rc.Finding("own", True), size=Decimal("sNaN"))


DIGEST = """
import riskcore as rc
def rule(context):
    return rc.Finding("rule", context.signal.symbol not in {"INFY", "TCS", "SBIN", "LT"} or "x" in ({1, 2}, ("y", "z")))
print(rc.policy_hash(rc.Policy().with_rules(rule)))
"""


def test_a_rule_has_the_same_digest_in_every_process():
    """The order of a set of texts is another in each: a restart would take the rule for a changed one."""
    told = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={**os.environ, "PYTHONHASHSEED": str(seed)}, text=True,
            capture_output=True, check=True,
        ).stdout
        for seed in range(4)
    }  # fmt: skip
    assert len(told) == 1
