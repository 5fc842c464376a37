"""tools/mutants.py: which functions a change touches, what counts as killed, and that written words are kept."""

from tools import mutants
from tools.mutants import Mutant

FOUND = [
    Mutant("sizing", "size", "killed", ""),
    Mutant("sizing", "size", "timeout", ""),
    Mutant("sizing", "size", "survived", "- a < b + a <= b"),
    Mutant("money", "amount", "no tests", "- return 1 + return 2"),
    Mutant("money", "whole", "not checked", "- x + y"),
]


def test_the_rates_are_of_what_was_tried():
    """A mutant without a test counts as alive; one not looked at yet counts for nothing."""
    assert {room: round(rate) for room, rate in mutants.rates(FOUND).items()} == {"money": 0, "sizing": 67}


def test_the_page_names_the_survivors_and_keeps_their_words():
    """Run again, the word beside a survivor stays; a survivor that was killed takes its word along."""
    first = mutants.page(FOUND, "")
    assert "| `sizing.size` | `- a < b + a <= b` |  |" in first
    worded = first.replace("<= b` |  |", "<= b` | the same in integers |")
    assert "| the same in integers |" in mutants.page(FOUND, worded)
    assert "the same in integers" not in mutants.page(FOUND[:2], worded)


def test_only_functions_of_mutated_files_count_as_changed(monkeypatch):
    """A changed line of a room that is not mutated names nothing."""
    diff = "+++ b/src/riskcore/money.py\n@@ -1 +120,1 @@\n+++ b/src/riskcore/events.py\n@@ -1 +50,5 @@\n"
    monkeypatch.setattr(mutants.subprocess, "run", lambda *args, **more: type("Ran", (), {"stdout": diff}))
    found = mutants.changed_functions("main")
    assert len(found) == 1
    assert found[0].startswith("riskcore.money.x_")
