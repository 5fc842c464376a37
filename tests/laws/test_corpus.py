"""The laws are worth something only if entries do pass, and every refusal occurs: one situation for each reason."""

from collections import Counter
from decimal import Decimal
from itertools import combinations

import attrs
import pytest
from hypothesis import Phase, given, settings

import riskcore as rc
from riskcore import events as e
from riskcore.engine import State, step
from riskcore.pretrade import pretrade
from riskcore.reasons import PRECEDENCE
from riskcore.testing import days, situations
from tests.laws.corpus import CORPUS, ENGINE_ONLY, LAST_LOOK, NOON, decided, seen


@pytest.mark.smoke
def test_COR_1_without_a_difference_the_corpus_is_approved():
    """So each row below is refused for its own difference."""
    assert decided({}).approved


@pytest.mark.smoke
@pytest.mark.parametrize("reason", CORPUS)
def test_COR_2_every_reason_occurs(reason):
    """Its row is refused by that reason, with a sentence that shows what was measured and a word on waiting."""
    decision = decided(CORPUS[reason])
    assert not decision.approved
    found = next(found for found in decision.reasons if found.reason == reason)
    assert "{" not in found.text
    assert found.text in decision.explain()
    assert found.clears in {"now", "today", "next session", "operator", "never"}


@pytest.mark.smoke
@pytest.mark.parametrize("reason", sorted(set(CORPUS) - {"calendar_unknown", "market_closed", "margin_unknown"}))
def test_COR_3_one_difference_is_one_reason(reason):
    """No row but those of another day or product is refused for anything else."""
    assert [found.reason for found in decided(CORPUS[reason]).reasons] == [reason]


@pytest.mark.smoke
def test_COR_4_the_corpus_and_the_catalogue_name_the_same_reasons():
    """Some are the engine's; three only a wrong program could reach: the last look has them."""
    assert set(CORPUS) | ENGINE_ONLY | LAST_LOOK == {reason.code for reason in rc.CATALOGUE}
    assert not set(CORPUS) & (ENGINE_ONLY | LAST_LOOK)


def together(first, second):
    """Two differences as one, or None where both are of the same value and cannot be put together."""
    joined = {**first, **second}
    for part in set(first) & set(second):
        base = {"signal": rc.Signal("INFY", "BUY", at=NOON), "book": rc.Book(100_000), "market": seen()}
        usual = {**base, "policy": rc.Policy()}[part]
        changes = [
            {
                f.name: getattr(value, f.name)
                for f in attrs.fields(type(value))
                if getattr(value, f.name) != getattr(usual, f.name)
            }
            for value in (first[part], second[part])
        ]
        if set(changes[0]) & set(changes[1]):
            return None
        try:
            joined[part] = attrs.evolve(usual, **changes[0], **changes[1])
        except ValueError:
            return None
    return joined


@pytest.mark.smoke
def test_COR_8_of_two_reasons_at_once_the_first_in_the_catalogue_is_reported():
    """Every two rows that can stand together: where both are named, the one that comes first in it comes first."""
    both = 0
    for first, second in combinations(CORPUS, 2):
        changes = together(CORPUS[first], CORPUS[second])
        if changes is None:
            continue
        codes = [found.reason for found in getattr(decided(changes), "reasons", ())]
        assert codes == sorted(codes, key=PRECEDENCE.__getitem__)
        if first in codes and second in codes:
            both += 1
            assert min(first, second, key=PRECEDENCE.__getitem__) == next(c for c in codes if c in (first, second))
    assert both >= 100


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"limit": Decimal("1000.02")}, "price_off_tick"),
        ({"stop": Decimal("984.99")}, "price_off_tick"),
        ({"target": Decimal(0)}, "price_off_tick"),
        ({"quantity": 0}, "quantity_off_lot"),
        ({"legs": (rc.TargetLeg(Decimal("1020.01"), 9),)}, "price_off_tick"),
        ({"legs": (rc.TargetLeg(Decimal(1020), 1), rc.TargetLeg(Decimal(1040), 9))}, "quantity_off_lot"),
        ({"risk": Decimal("1000.01")}, "over_risk_budget"),
        ({"stop": Decimal(1001)}, "over_risk_budget"),
    ],
)
def test_COR_5_the_last_look_refuses_what_a_wrong_program_would_send(wrong, reason):
    """Prices off the tick, no whole lot, more risk than the budget, a stop on the winning side."""
    order = attrs.evolve(decided({}).order, **wrong)
    assert [found[0] for found in pretrade(order, Decimal(1000)) if found[0]] == [reason]
    assert not any(found[0] for found in pretrade(decided({}).order, Decimal(1000)))


def test_COR_6_three_in_ten_situations_are_approved():
    """A suite that "refuse everything" would satisfy is worthless; the generated refusals are of many kinds."""
    answers, reasons, bounds = Counter(), Counter(), Counter()

    @settings(max_examples=200, phases=[Phase.generate], database=None, derandomize=True)
    @given(situations())
    def asked(situation):
        decision = rc.decide(*situation)
        answers[decision.approved] += 1
        if decision.approved:
            bounds[decision.size.bound_by] += 1
        else:
            reasons.update(found.reason for found in decision.reasons)

    asked()
    assert answers[True] >= 0.3 * sum(answers.values())
    assert answers[False] >= 20
    assert len(reasons) >= 8
    assert len(bounds) >= 3


def test_COR_7_the_generated_days_know_every_fact_and_every_command():
    """In 400 days: signals taken, repeated and refused, entries, fills, exits, latches, clocks that run back.

    No broker's books are read in them: the facts of those are told day by day (tests/core/test_custody.py, CUS_1).
    """
    facts, commands = Counter(), Counter()

    @settings(max_examples=400, phases=[Phase.generate], database=None, derandomize=True)
    @given(days())
    def lived(day):
        state = State()
        for event in day.inputs:
            taken = step(state, event, day.policy)
            state = taken.state
            facts.update(type(fact) for fact in taken.facts)
            commands.update(type(command) for command in taken.commands)

    lived()
    beside = ("orders", "hands", "money")  # at a broker, by hand, and of its money: days of their own
    elsewhere = tuple(f"riskcore.events.{name}" for name in beside)
    by_books = {e.SharesLacking}  # of a position, by a broker's books: tests/core/test_lacking.py
    by_files = {e.PolicyHeld, e.PolicyConfirmed, e.Noticed, e.AlarmAcknowledged}  # POL-1 to POL-4, tests/alarms
    assert set(facts) >= {fact for fact in e.FACTS if fact.__module__ not in elsewhere} - by_files - by_books
    assert {e.AskEquity, e.AskEvidence, e.PlaceEntry, e.PlaceExit, e.CancelOrder} == set(commands)
    assert facts[e.EntryApproved] >= 40
