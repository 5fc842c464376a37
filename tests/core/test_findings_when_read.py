"""The findings of a decision are made when they are read, and are then what they always were: a tuple of findings."""

import pickle
from decimal import ROUND_UP, Context, Decimal, getcontext, localcontext

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.reasons import Findings, finding_of
from tests.core.one_trade import NOON, decided


def test_they_equal_the_tuple_of_the_same_findings():
    """Whichever side of the comparison they stand on, and in a set."""
    decision = decided()
    made = tuple(finding_of(row.name, found, row.unit) for row, found in decision.answers if found is not None)
    assert decision.findings == made
    assert made == decision.findings
    assert decision.findings == decision.findings
    assert decision.findings != made[1:]
    assert {decision.findings, made} == {made}
    assert repr(decision.findings) == repr(made)
    assert (len(decision.findings), decision.findings[0], decision.findings[1:3]) == (len(made), made[0], made[1:3])


def test_they_are_the_same_under_the_context_of_whoever_reads_them():
    """Money to the paisa needs more digits than a host may have set."""
    decision = decided()
    before = tuple(decision.findings)
    with localcontext() as host:
        host.prec = 3
        assert tuple(decided().findings) == before
        assert getcontext().prec == 3


def test_they_travel_as_a_tuple():
    """Made when it is sent, for whoever reads it has no rules."""
    decision = decided()
    fact = e.EntryApproved(NOON, decision.signal, decision.order, decision.size.bound_by, decision.findings)
    assert isinstance(fact.findings, Findings)
    assert pickle.loads(pickle.dumps(fact)) == fact  # noqa: S301 - ours


def of_ones_own(context):
    return rc.Finding("of_ones_own", context.market.last > 0, "free", context.market.last, 0)


NET = {"risk_reward_basis": "net", "target_r_multiple": 4, "min_quantity": 2}


OWN = {"rules": rc.Policy().with_rules(of_ones_own).rules}


@pytest.mark.parametrize("policy", [{}, NET, {"sizing_method": "kelly"}, OWN], ids=["usual", "net", "kelly", "own"])
def test_a_decision_travels_with_all_that_was_found(policy):
    """To another process, of a sweep say: yes or no, the rules of the table and those of one's own."""
    answers = [decided(**policy), decided(book=rc.Book(100_000, trades_today=9), **policy)]
    for decision in answers:
        there = pickle.loads(pickle.dumps(decision))  # noqa: S301 - ours
        assert (there, there.explain()) == (decision, decision.explain())


def test_what_is_told_is_the_same_under_the_context_of_whoever_asks():
    """Three digits are none for a lakh: the answer could not be printed; and rounding up shows other rupees."""
    yes, no = decided(), decided(book=rc.Book(100_000.0, realised="-123456.785"))
    assert (yes.approved, no.approved) == (True, False)
    measure = rc.Measure("max_daily_loss", Decimal("123456.785"), Decimal(3000))
    for tell in (yes.explain, no.explain, lambda: [found.text for found in no.reasons], lambda: measure.why):
        usual = tell()
        with localcontext(Context(prec=3, rounding=ROUND_UP)):
            assert tell() == usual


def test_an_amount_comes_in_whole_under_any_context():
    """Its size is looked at, and not rounded to three digits before."""
    with localcontext(Context(prec=3, rounding=ROUND_UP)):
        assert rc.Book("999999999999999.99").equity == Decimal("999999999999999.99")
