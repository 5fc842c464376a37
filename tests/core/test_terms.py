"""What follows from the terms of an entry alone is worked out once for each of them, and never told of others."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from riskcore.rules.asking import asking
from riskcore.rules.context import look
from riskcore.rules.table import ROWS
from riskcore.rules.terms import terms_of
from riskcore.table_rows import Listing
from tests.core.engine_days import INFY
from tests.core.one_trade import NOON, WIDE

OTHER = rc.Instrument(symbol="TCS", tick="0.05", series="BE")
LISTED = rc.Tables(surveillance=[Listing(symbol="INFY", list="ASM", stage="LT4", since=NOON.date())])
PLAIN, STRICT = (
    rc.Policy(**{**WIDE, **keys})
    for keys in (
        {},
        {
            "allowed_sides": ["SELL"],
            "allowed_symbols": ["TCS"],
            "denied_symbols": ["INFY"],
            "allowed_sessions": ["muhurat"],
            "allowed_weekdays": ["mon"],
            "allowed_products": ["CNC"],
            "tables": LISTED,
        },
    )
)
SITUATIONS = [
    (side, product, thing, at, policy)
    for side in ("BUY", "SELL")
    for product in ("MIS", "CNC")
    for thing in (INFY, OTHER)
    for at in (NOON, NOON + timedelta(days=1), NOON + timedelta(days=3), NOON.replace(year=2040))
    for policy in (PLAIN, STRICT)
]


def asked_for(side, product, thing, at, policy):
    """The four values of a decision."""
    signal = rc.Signal(thing.symbol, side, at=at, product=product, stop=990 if side == "BUY" else 1010)
    return signal, rc.Book(100_000), rc.Market(instrument=thing, at=at, last=1000), policy


@pytest.mark.parametrize("order", [SITUATIONS, SITUATIONS[::-1], SITUATIONS[::3] + SITUATIONS[1::3]])
def test_a_rule_of_the_terms_says_what_it_says_when_it_is_asked_anew(order):
    """Whatever was decided before: of another side, product, instrument, day or policy."""
    for situation in order:
        asked = asked_for(*situation)
        context, answers = look(*asked), rc.decide(*asked).answers
        fresh = attrs.evolve(context.terms)
        told = {row.name: found for row, found in answers if row.of_terms}
        assert told == {row.name: row.ask(fresh) for row, _ in answers if row.of_terms}
        terms, (side, product, thing, at, policy) = context.terms, situation
        assert (terms.side, terms.product, terms.instrument, terms.day) == (side, product, thing, at.date())
        assert terms.policy is policy


def test_the_same_terms_are_the_very_same_as_long_as_they_are_asked_for():
    signal, _, market, policy = asked_for("BUY", "MIS", INFY, NOON, PLAIN)
    first = terms_of(signal, market, policy)
    later = attrs.evolve(signal, at=NOON + timedelta(minutes=5)), attrs.evolve(market, at=NOON + timedelta(minutes=5))
    assert terms_of(*later, policy) is first
    assert terms_of(attrs.evolve(signal, side="SELL"), market, policy) is not first
    assert terms_of(signal, market, policy) is not first
    assert terms_of(signal, market, policy) == first


def test_answers_that_are_kept_are_not_changed_by_a_decision():
    """Each decision has a list of its own: the next one finds the answers of the terms as they were."""
    asked = asked_for("BUY", "MIS", INFY, NOON, PLAIN)
    terms = look(*asked).terms
    before, passed = asking(PLAIN).settled(terms)
    kept = list(before)
    rc.decide(*asked)
    after, still = asking(PLAIN).settled(terms)
    assert (after, still) == (kept, passed)
    assert [place for place, found in enumerate(kept) if found is not None] == [
        place for place, row in enumerate(asking(PLAIN).rows) if row.of_terms
    ]


def test_a_rule_of_the_terms_caps_no_size():
    """Caps are gathered in the order of the table, from the rules that are asked every time."""
    for situation in SITUATIONS:
        terms = look(*asked_for(*situation)).terms
        found = [row.ask(terms) for row in ROWS if row.of_terms and row.on(terms.policy)]
        assert all(reading is None or reading[3] is None for reading in found)
