"""Whatever happens to a position in whatever order: nothing is sold twice, all is covered, what is to leave leaves."""

from itertools import product

import pytest

from tests.core.interleaved import HAPPENINGS, STARTS, Interleaved, Wrong


def lived(start, *words, **about):
    """What was wrong after these words, or ""."""
    position = Interleaved(**about).begin(start)
    try:
        for word in words:
            position.happens(word)
        position.settles()
    except Wrong as why:
        return f"{start}, {', '.join(words)}: {why}"
    return ""


@pytest.mark.parametrize("start", STARTS)
def test_any_one_happening_in_any_state(start):
    """A long one in one order, and a short one in slices."""
    for (side, freeze), word in product((("BUY", None), ("SELL", 25)), HAPPENINGS):
        assert lived(start, word, side=side, freeze=freeze) == ""


@pytest.mark.parametrize("start", ["held", "in part"])
def test_any_two_happenings_one_after_the_other(start):
    for first, second in product(HAPPENINGS, repeat=2):
        assert lived(start, first, second) == ""


FOUND = [
    ("held", 21, ["place refused", "reduce", "cancel lost", "exit"]),
    ("held", 25, ["line down", "prices 1101"]),
    ("reducing", None, ["prices 979", "prices 1030", "reduce"]),
    ("reducing", None, ["prices 990", "cancel lost", "time", "time", "books"]),
]


@pytest.mark.parametrize(("start", "freeze", "words"), FOUND)
def test_what_longer_ones_have_shown(start, freeze, words):
    assert lived(start, *words, freeze=freeze) == ""
