"""tools/mutants.py: which functions a change touches, what counts as killed, and that written words are kept.

And docs/mutants.md itself: no room below the least rate, no survivor without a word.
"""

import inspect
import re
from argparse import Namespace
from datetime import date

from riskcore import expiries, future, money, overrides
from riskcore.expiries import leave_by
from tools import mutants
from tools.mutant_tests import forget, quick
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


def test_the_page_says_what_was_not_run():
    """A room of several files is summed up; a file of which nothing was tried has no rate, and no survivors."""
    found = [*FOUND, Mutant("rules.count", "ask", "killed", ""), Mutant("rules.loss", "ask", "not checked", "")]
    lines = mutants.page(found, "").splitlines()
    assert "| `rules` | 2 | 1 | 1 | 100.0 % |" in lines
    assert "| `rules.loss` | 1 | 0 | 0 | not run |" in lines
    assert [line for line in lines if line.startswith("| `rules.loss.ask`")] == []


def test_the_page_says_how_much_was_run():
    """Of one room only a part, or all of it."""
    assert "\nNot every mutant was run: 1 of 2 of `money`; the others whole.\n" in mutants.page(FOUND, "")
    assert "\nEvery mutant of these rooms was run.\n" in mutants.page(FOUND[:4], "")


def test_a_share_is_the_same_at_every_run_and_grows_by_more():
    """A tenth stands in every fifth, and all of it in the whole."""
    names = [f"riskcore.sizing.x_size__mutmut_{number}" for number in range(1000)]
    tenth, fifth, whole = (
        {name for name in names if mutants.chosen(Namespace(again=False, rest=False, share=share))(name, None)}
        for share in (10, 20, 100)
    )
    assert tenth < fifth < whole == set(names)
    assert 60 < len(tenth) < 140


def test_the_rest_was_not_tried_and_again_means_survivors():
    """1 is mutmut's code of a killed mutant, 0 of a survivor, None of one it did not try."""
    rest = mutants.chosen(Namespace(again=False, rest=True, share=100))
    again = mutants.chosen(Namespace(again=True, rest=False, share=100))
    assert [rest("x", code) for code in (None, 0, 1)] == [True, False, False]
    assert [again("x", code) for code in (None, 0, 1)] == [False, True, False]


def test_the_quick_tests_come_first_and_the_quickest_of_the_slow_alone():
    """So that no mutant is without a test."""
    seconds = {"a": 0.2, "b": 9, "c": 0.1, "d": 5}
    assert quick(seconds, seconds, 0.3) == ["c", "a"]
    assert quick(["b", "d"], seconds, 0.3) == ["d"]


def test_a_file_that_a_broken_run_left_empty_is_made_anew(tmp_path):
    """One that is empty in the source too stays."""
    for folder, text in ((tmp_path, "x = 1\n"), (tmp_path / "mutants", "")):
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "cut.py").write_text(text, encoding="utf-8")
        (folder / "src" / "__init__.py").write_text("", encoding="utf-8")
    mutants.mend(tmp_path / "mutants", tmp_path)
    assert [path.name for path in (tmp_path / "mutants" / "src").iterdir()] == ["__init__.py"]


def test_what_the_code_as_it_is_left_in_a_cache_is_forgotten():
    """But the rows of the shipped tables are kept."""
    leave_by(future("INFY", expiry=date(2026, 12, 29), on=date(2026, 12, 1), tick="0.1", lot_size=400), 4)
    assert expiries._sessions_before.cache_info().currsize > 0
    rows = overrides.shipped.cache_info().currsize
    assert rows > 0
    forget()
    assert (expiries._sessions_before.cache_info().currsize, overrides.shipped.cache_info().currsize) == (0, rows)


def test_only_functions_of_mutated_files_count_as_changed(monkeypatch):
    """A changed line of a room that is not mutated names nothing."""
    line = inspect.getsourcelines(money.whole)[1] + 1
    diff = f"+++ b/src/riskcore/money.py\n@@ -1 +{line},1 @@\n+++ b/src/riskcore/events.py\n@@ -1 +50,5 @@\n"
    monkeypatch.setattr(mutants.subprocess, "run", lambda *args, **more: type("Ran", (), {"stdout": diff}))
    found = mutants.changed_functions("main")
    assert len(found) == 1
    assert found[0].startswith("riskcore.money.x_whole")


# ---------------------------------------------------------------- the page that was written


ROOMS = {
    *(
        "money",
        "rounding",
        "sizing",
        "sizers",
        "stops",
        "targets",
        "decision",
        "pretrade",
        "breakers",
        "exits",
        "rules",
    ),
    *("orders", "reconcile", "corrections", "custody", "broker_books", "brokers", "expiries", "engine", "stale_reads"),
    *("account", "said_once"),
}


def rated(text):
    """Room -> per cent killed, as the first table of a page says."""
    first = text.partition("| file |")[0]
    return {name: float(rate) for name, rate in re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) % \|$", first, re.MULTILINE)}


def survivors(text):
    """Function -> the word beside each change of it that no test notices; every row of the last table has one."""
    rows = text.partition("## Survivors")[2].splitlines()[4:]
    found = [(row, re.fullmatch(r"\| `([^|]*)` \| `.*` \|(.*)\|", row)) for row in rows]
    assert [row for row, match in found if match is None] == []
    return [(match[1], match[2].strip()) for _, match in found]


def test_the_rows_of_a_page_are_read():
    """A page of one survivor without a word, of which one room's half was killed."""
    page = mutants.page([*FOUND, FOUND[2]], "")
    assert rated(page) == {"money": 0.0, "sizing": 50.0}
    assert survivors(page) == [("sizing.size", ""), ("money.amount", "")]


def test_every_room_of_the_page_kills_at_least_what_the_tool_asks():
    """And no room is missing."""
    found = rated(mutants.PAGE.read_text(encoding="ascii"))
    assert set(found) == ROOMS
    assert {room: rate for room, rate in found.items() if rate < mutants.LEAST} == {}


def test_every_survivor_of_the_page_has_a_word():
    """The last column says why the change makes no difference."""
    found = survivors(mutants.PAGE.read_text(encoding="ascii"))
    assert found
    assert [function for function, word in found if not word] == []


def test_the_mutated_files_are_the_rooms_of_the_page():
    """pyproject.toml names them; each pattern is a file or a folder that is there."""
    patterns = mutants.only_mutated()
    assert {
        pattern.removeprefix("src/riskcore/").partition("/")[0].removesuffix(".py") for pattern in patterns
    } == ROOMS
    assert [pattern for pattern in patterns if not any(mutants.ROOT.glob(pattern))] == []
