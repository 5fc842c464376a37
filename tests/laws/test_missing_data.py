"""Invariant 2: what is missing refuses by its name, and never becomes a value."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import assume, given, settings, strategies as st

import riskcore as rc
from riskcore.testing import situations


def without_quote(signal, book, market, policy):
    return signal, book, attrs.evolve(market, last=None, bid=None, ask=None), policy


def with_an_old_quote(signal, book, market, policy):
    old = market.at - timedelta(seconds=policy.quote_max_age_s, milliseconds=1)
    return signal, book, attrs.evolve(market, quote_at=old), policy


def without_equity(signal, book, market, policy):
    return signal, attrs.evolve(book, opening_equity=None), market, policy


def without_atr(signal, book, market, policy):
    assume(signal.stop is None)
    return signal, book, attrs.evolve(market, atr=None, bars=None), policy


def with_an_atr_of_nought(signal, book, market, policy):
    assume(signal.stop is None)
    return signal, book, attrs.evolve(market, atr=0, bars=None), policy


def with_one_bar_too_few(signal, book, market, policy):
    assume(signal.stop is None)
    few = attrs.evolve(market, atr=market.atr or 1, bars=None, atr_bars=policy.atr_warmup_bars - 1)
    return signal, book, few, policy


def moved(days):
    """By whole weeks: the weekday, which a policy may not allow, stays."""

    def at_another_day(signal, book, market, policy):
        seen = {"at": market.at + days, "quote_at": market.quote_at + days}
        rolled = attrs.evolve(book, session=seen["at"].date())
        return attrs.evolve(signal, at=signal.at + days), rolled, attrs.evolve(market, **seen), policy

    return at_another_day


def without_a_margin_rate(signal, book, market, policy):
    everything = attrs.evolve(policy, allowed_products=("MIS", "CNC", "NRML"))
    return attrs.evolve(signal, product="NRML"), book, market, everything


def without_charges(signal, book, market, policy):
    return signal, book, market, attrs.evolve(policy, charges_as_of="2020-02-28")


REMOVALS = [
    (without_quote, "quote_missing"),
    (with_an_old_quote, "quote_stale"),
    (without_equity, "equity_unknown"),
    (without_atr, "atr_not_ready"),
    (with_an_atr_of_nought, "atr_not_ready"),
    (with_one_bar_too_few, "atr_not_ready"),
    (moved(timedelta(weeks=143)), "calendar_unknown"),
    (moved(timedelta(weeks=-1429)), "calendar_unknown"),
    (without_a_margin_rate, "margin_unknown"),
    (without_charges, "charges_unknown"),
]


@pytest.mark.smoke
@given(situations(faulty=False), st.sampled_from(REMOVALS))
def test_MIS_1_an_entry_that_lacks_one_thing_is_refused_by_the_name_of_that_thing(situation, removal):
    """Take an approved situation and remove its quote, equity, ATR, calendar, margin rate or charges."""
    remove, reason = removal
    assume(reason != "atr_not_ready" or "atr" in situation.policy.stop_methods)
    assume(rc.decide(*situation).approved)
    decision = rc.decide(*remove(*situation))
    assert not decision.approved
    named = {found.reason for found in decision.reasons}
    assert reason in named
    if reason in ("calendar_unknown", "margin_unknown"):
        named -= {"calendar_unknown", "margin_unknown", "charges_unknown"}
    if reason == "calendar_unknown":  # trading time cannot be counted without one
        named -= {"cooling_down", "cooling_down_after_loss"}
    assert named <= {reason}


@settings(max_examples=50)
@given(situations())
def test_MIS_2_a_rule_that_could_not_be_asked_never_counts_as_passed(situation):
    """An answer with anything unmeasured is a refusal."""
    decision = rc.decide(*situation)
    assert not (decision.approved and getattr(decision, "unmeasured", ()))
