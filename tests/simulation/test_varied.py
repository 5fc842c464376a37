"""Days that are drawn wider: other rules, another broker's row, an operator; and what is asked of his stops."""

import pytest

from riskcore.engine import emergency
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.controls import ASKED
from riskcore_openalgo.testing.simulated.living import live_through
from riskcore_openalgo.testing.simulated.nights import script_for
from riskcore_openalgo.testing.simulated.script import Happening
from riskcore_openalgo.testing.simulated.varied import FROM_SEED, ROWS, RULES
from riskcore_openalgo.testing.simulated.wishes import WISHES

DRAWN = range(FROM_SEED, FROM_SEED + 300)


def test_days_of_lower_seeds_stay_what_they_were():
    assert script_for(FROM_SEED - 1).row == {}
    assert script_for(FROM_SEED, wide=False).row == {}
    assert script_for(FROM_SEED - 1, wide=True) != script_for(FROM_SEED - 1)


def test_every_rule_row_and_control_comes_up():
    scripts = [script_for(seed) for seed in DRAWN]
    drawn = {(name, str(value)) for script in scripts for name, value in script.policy.items()}
    assert {(name, str(value)) for group in RULES for rules in group for name, value in rules.items()} <= drawn
    assert {(name, value) for row in ROWS for name, value in row.items()} <= {
        item for script in scripts for item in script.row.items()
    }
    kinds = {one.kind for script in scripts for one in script.happenings}
    assert ASKED.keys() - WISHES.keys() - {"seen_to"} <= kinds
    usual = {name for name, fault in CATALOGUE.items() if fault.varied is not None and not fault.since}
    assert usual <= kinds
    assert not kinds & {name for name, fault in CATALOGUE.items() if fault.since}


@pytest.mark.parametrize("seed", [FROM_SEED + 1, FROM_SEED + 5])
def test_on_days_that_are_drawn_wider_all_invariants_hold(seed):
    assert live_through(script_for(seed)).what == ""


def calm(seed, kind, *args):
    """A day on which nothing goes wrong, but that somebody does this right after the third entry, and asks for more."""
    script = script_for(seed, wide=False)
    kept = [one for one in script.happenings if one.kind in ("price", "entry")]
    third = [one for one in kept if one.kind == "entry"][2]
    kept += [Happening(third.at_s + 3, kind, args), Happening(third.at_s + 4, "entry", ("ITC", "BUY", "0.9"))]
    return script.only(tuple(sorted(kept, key=lambda one: one.at_s)))


def test_an_emergency_stop_that_says_flat_too_soon_is_found(monkeypatch):
    assert live_through(calm(0, "emergency", "")).count["emergency flat"] == 1
    monkeypatch.setattr(emergency, "left_of", lambda turn, stop: ())
    assert live_through(calm(0, "emergency", "")).broken == "flat_is_flat"


def test_an_entry_that_is_approved_while_entries_are_stopped_is_found(monkeypatch):
    assert live_through(calm(0, "halted", "halted")).what == ""
    monkeypatch.setattr("riskcore.rules.signal.allows", lambda state, act: True)
    assert live_through(calm(0, "halted", "halted")).broken == "stopped_is_stopped"
