"""Findings that were never read are journalled, and come back, like any others."""

import riskcore as rc
from riskcore import events as e
from riskcore.reasons import Findings
from riskcore_openalgo.journal.codec import decode, encode
from tests.core.one_trade import NOON, decided


def test_what_was_not_read_is_journalled_as_a_tuple():
    """Of an approval and of a refusal."""
    yes, no = decided(), decided(denied_symbols=["INFY"])
    order, bound_by = yes.order, yes.size.bound_by
    for fact in (
        e.EntryApproved(NOON, yes.signal, order, bound_by, yes.findings),
        e.EntryRefused(NOON, no.signal, no.findings, no.unmeasured, no.until),
    ):
        assert isinstance(fact.findings, Findings)
        again = decode(type(fact).__name__, 1, encode(fact))
        assert again == fact
        assert type(again.findings) is tuple
        assert all(isinstance(found, rc.Finding) for found in again.findings)
