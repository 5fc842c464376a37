"""The findings of a decision are made when they are read, and are then what they always were: a tuple of findings."""

import pickle
from decimal import getcontext, localcontext

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
    """Rules are functions, which no pickle takes; a fact with its findings goes through both ways."""
    decision = decided()
    fact = e.EntryApproved(NOON, decision.signal, decision.order, decision.size.bound_by, decision.findings)
    assert isinstance(fact.findings, Findings)
    assert pickle.loads(pickle.dumps(fact)) == fact  # noqa: S301 - ours
