"""The two ways round the checks of a value, `changed` and `made`, and what follows from a value and is kept by it."""

from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import values
from riskcore.book import Price
from riskcore.states import Latch

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
PRICE = {"key": "NSE:INFY", "last": Decimal(100), "at": NOON, "high": None, "low": None, "close": None, "atr": None}


def test_a_changed_value_is_another_and_the_old_one_stays():
    """Equal to what `attrs.evolve` makes, of the same class, and as frozen."""
    book = rc.Book(100_000)
    after = values.changed(book, realised=Decimal(-5), version=3)
    assert after == attrs.evolve(book, realised=-5, version=3)
    assert (book.realised, book.version) == (0, 0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        after.version = 4


def test_a_field_that_the_class_has_not_is_refused():
    """A mistyped name would be lost without a word."""
    with pytest.raises(KeyError, match=r"Book has no field \['realized'\]"):
        values.changed(rc.Book(100_000), realized=Decimal(1))


def test_a_value_made_unchecked_is_the_one_that_its_class_makes():
    """Of all its fields: one that is missing is refused, as one too many is."""
    assert values.made(Price, **PRICE) == Price(**PRICE)
    for wrong in ({**PRICE, "volume": 1}, {name: PRICE[name] for name in ("key", "last", "at")}):
        with pytest.raises(KeyError, match="Price is made of all its fields"):
            values.made(Price, **wrong)


def test_what_follows_from_a_value_is_asked_once_while_it_is_the_same_one():
    """The very value is answered from before; an equal one is another question."""
    asked = []
    named = values.of_the_same(lambda latch: asked.append(latch) or latch.name)
    first, equal = (Latch("a", "halted", NOON, "operator", "for a test") for _ in range(2))
    assert [named(first), named(first), named(equal), named(first)] == ["a"] * 4
    assert [one is first for one in asked] == [True, False, True]


def test_equal_tables_of_two_policies_are_one():
    """What is kept by them is found without comparing their rows."""
    made = [rc.Policy(tables=rc.Tables(surveillance=[])) for _ in range(2)]
    assert made[0].tables is made[1].tables
