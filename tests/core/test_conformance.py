"""The suites for users' own rules and sizers: what conforms passes, and each broken law is named."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.testing import conforms_rule, conforms_sizer

pytestmark = pytest.mark.smoke


def quiet_symbol(context):
    bad = context.signal.symbol == "SMALLCAP"
    return rc.Finding("quiet_symbol", not bad, "mine:quiet" if bad else "", context.signal.symbol)


def at_most_ten(context):
    return rc.Finding("at_most_ten", True, max_quantity=Decimal(10))


def near_round_numbers(context):
    """What it needs may be missing: then it fails by its own name."""
    if context.reference is None:
        return rc.Finding("near_round_numbers", False, "mine:no_quote")
    bad = context.reference % 100 == 0
    return rc.Finding("near_round_numbers", not bad, "mine:round" if bad else "", context.reference)


@pytest.mark.parametrize("rule", [quiet_symbol, at_most_ten, near_round_numbers])
def test_a_rule_that_keeps_the_laws_conforms(rule):
    """One that refuses, one that shrinks, one that must look whether its price is there."""
    conforms_rule(rule, examples=30)


def a_failure(reason="mine:no", **more):
    return lambda context: rc.Finding(more.pop("rule", "own"), False, reason, **more)


class Counting:
    """Asked again it answers differently."""

    def __init__(self):
        self.asked = 0

    def __call__(self, context):
        self.asked += 1
        return rc.Finding("counting", True, measured=self.asked)


BROKEN = [
    (lambda context: rc.Finding("own", context.reference > 0), "law 1"),
    (lambda context: True, "law 1"),
    (lambda context: rc.Finding("own", "no"), "law 1"),
    (Counting(), "law 2"),
    (a_failure("no_prefix"), "law 3"),
    (a_failure("sector_full"), "law 3"),
    (a_failure(5), "law 3"),
    (a_failure(":nothing"), "law 3"),
    (lambda context: rc.Finding("own", True, "mine:passed"), "law 3"),
    (lambda context: rc.Finding("own", True, max_quantity=Decimal(-1)), "law 4"),
    (lambda context: rc.Finding("own", True, max_quantity=1.5), "law 4"),
    (lambda context: rc.Finding("own", True, max_quantity=Decimal("NaN")), "law 4"),
    (lambda context: rc.Finding(f"own {context.signal.symbol}", True), "law 5"),
    (lambda context: rc.Finding("", True), "law 5"),
    (lambda context: rc.Finding("own", True, measured="\u20b9 5"), "law 6"),
    (lambda context: rc.Finding("own", True, measured="x" * 300), "law 6"),
]


@pytest.mark.parametrize(("rule", "law"), BROKEN)
def test_a_rule_that_breaks_a_law_is_told_which(rule, law):
    """Each of the laws that a careless rule may break."""
    with pytest.raises(AssertionError, match=law):
        conforms_rule(rule, examples=60)


def half_a_percent(**asked):
    return rc.size(risk_per_trade="0.5", **asked)


def test_a_sizer_that_keeps_the_laws_conforms():
    """A `Size` or the bare number."""
    conforms_sizer(half_a_percent, risk_per_trade="0.5")
    conforms_sizer(lambda *, lot_size, **asked: 3 * lot_size)


BROKEN_SIZERS = [
    (lambda *, equity, **asked: 1 // int(equity), "law 1"),
    (lambda **asked: 10.0, "law 3"),
    (lambda **asked: -1, "law 3"),
    (lambda *, lot_size, **asked: lot_size + 1 if lot_size > 1 else 0, "law [34]"),
    (lambda *, lot_size, **asked: 1000 * lot_size, "law 4"),
    (lambda *, equity, lot_size, **asked: 0 if equity > 1000 else lot_size, "law [45]"),
]


@pytest.mark.parametrize(("sizer", "law"), BROKEN_SIZERS)
def test_a_sizer_that_breaks_a_law_is_told_which(sizer, law):
    """Each of the laws that a careless sizer may break."""
    with pytest.raises(AssertionError, match=law):
        conforms_sizer(sizer, risk_per_trade=1)
