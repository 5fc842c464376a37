"""Rules of one's own: one line to add, and nothing they do wrong lets an entry through or stops the house."""

from datetime import datetime
from decimal import Decimal, getcontext

import attrs
import pytest

import riskcore as rc
from riskcore import money

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")


def decided(*rules, **policy):
    signal = rc.Signal("INFY", "BUY", at=NOON)
    market = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10)
    return rc.decide(signal, rc.Book(100_000), market, rc.Policy(**policy).with_rules(*rules))


def no_fridays(context):
    return rc.Finding("day", context.market.at.weekday() != 4, "friday", context.market.at.strftime("%A"), "Mon-Thu")


def at_most(context, shares):
    return rc.Finding("at_most", True, measured="fine", max_quantity=shares)


def test_one_line_adds_a_rule_and_its_code_gets_a_prefix_of_its_own():
    """The finding bears the function's name, whatever the rule called itself."""
    refused = decided(no_fridays)
    assert not refused.approved
    [found] = refused.reasons
    assert (found.rule, found.reason) == ("no_fridays", "no_fridays:friday")
    assert found.text == "Friday against Mon-Thu"


def test_a_code_that_has_a_prefix_keeps_it():
    refused = decided(lambda context: rc.Finding("mine", False, "desk:closed"))
    assert [found.reason for found in refused.reasons] == ["desk:closed"]


def test_a_rule_may_shrink_the_size_and_is_named_as_what_bound_it():
    """Its largest quantity is a cap like every other; the next one is named too."""
    approved = decided(rc.custom_rule(at_most, shares=2))
    assert approved.approved
    assert (approved.order.quantity, approved.size.bound_by) == (2, "at_most")
    assert approved.size.next_bound == ("max_position_size_percent", 9)


def test_a_rule_never_enlarges_a_size():
    assert decided(rc.custom_rule(at_most, shares=10_000)).order.quantity == decided().order.quantity


def raises(context):
    raise KeyError("nothing there")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (raises, "KeyError: 'nothing there'"),
        (lambda context: None, "it returned NoneType, not a Finding"),
        (lambda context: True, "it returned bool, not a Finding"),
        (lambda context: rc.Finding("x", True, max_quantity="many"), "max_quantity must be a plain decimal number"),
        (rc.custom_rule(at_most, money=1), "unexpected keyword argument 'money'"),
        (rc.CustomRule(name="my_rules:lost"), "my_rules:lost: it is not loaded"),
    ],
)
def test_a_rule_that_goes_wrong_refuses_the_entry_by_name(rule, why):
    """The others are still asked, and say what they found."""
    refused = decided(rule, max_trades_per_day=5)
    assert not refused.approved
    assert [found.reason for found in refused.reasons] == ["rule_failed"]
    assert why in refused.reasons[0].text
    assert {"max_positions", "max_daily_loss"} <= {found.rule for found in refused.findings}


def test_what_a_rule_measured_is_kept_exact_or_as_text():
    """A float by its shortest representation, any other thing as it prints."""
    refused = decided(lambda context: rc.Finding("x", False, "no", 0.1, [1, 2]))
    assert (refused.reasons[0].measured, refused.reasons[0].limit) == (Decimal("0.1"), "[1, 2]")


def test_whole_numbers_texts_and_nothing_at_all_are_kept_as_they_are():
    """Three is three, and what was not measured is not the word None."""
    [found] = decided(lambda context: rc.Finding("x", False, "no", 3, None)).reasons
    assert (found.measured, found.limit) == (3, None)
    [found] = decided(lambda context: rc.Finding("x", False, "no", "much", Decimal("0.5"))).reasons
    assert (found.measured, found.limit) == ("much", Decimal("0.5"))


def says_no(context):
    return rc.Finding("x", False)


def test_a_rule_that_gives_no_reason_refused():
    """Under its own name."""
    assert [found.reason for found in decided(says_no).reasons] == ["says_no:refused"]


def test_a_rule_that_allows_one_lot_lets_it_through():
    """And less than one does not."""
    assert decided(rc.custom_rule(at_most, shares=1)).order.quantity == 1
    [found] = decided(rc.custom_rule(at_most, shares=0)).reasons
    assert (found.reason, found.measured, found.limit) == ("below_one_lot", 0, "at_most")


def test_the_policy_tells_its_rules_apart_by_name_parameters_and_code():
    """Its digest changes with each of them, and is the same for the same."""
    plain = rc.Policy()
    two, three = (plain.with_rules(rc.custom_rule(at_most, shares=n)) for n in (2, 3))
    again = plain.with_rules(rc.custom_rule(at_most, shares=2))
    other = plain.with_rules(attrs.evolve(two.rules[0], source="0" * 64))
    assert rc.policy_hash(two) == rc.policy_hash(again)
    assert len({rc.policy_hash(policy) for policy in (plain, two, three, other)}) == 4


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["no dots"], "must name a function as package.module:function"),
        ([no_fridays, no_fridays], "has two rules named no_fridays"),
        ([3], "a rule must be a function of the context"),
    ],
)
def test_what_is_no_rule_is_said_when_the_policy_is_made(rules, message):
    with pytest.raises(ValueError, match=message):
        rc.Policy(rules=rules)


def test_parameters_are_plain_values():
    with pytest.raises(ValueError, match="must be a name, with a number"):
        rc.custom_rule(at_most, shares=[1])


def spoils_the_context(context):
    getcontext().prec = 2
    return rc.Finding("x", True)


def test_a_rule_cannot_spoil_the_arithmetic_of_the_house():
    """What it does to the decimal context ends with it."""
    before = decided().order
    assert decided(spoils_the_context).order == before
    assert decided().order == before
    assert money.CONTEXT.prec == 28
