"""Two days with a night between them: shares for delivery are carried, the books begin anew, the login is dead."""

import pytest

from riskcore_openalgo.testing.simulated.living import day_of, live_through, shrunk, total
from riskcore_openalgo.testing.simulated.nights import NIGHT, over_a_night
from riskcore_openalgo.testing.simulated.script import DAYS

HELD = range(10)
"""As many as there are profiles, twice."""


@pytest.mark.parametrize("first", HELD[::2])
def test_over_simulated_nights_all_invariants_hold(first):
    outcomes = [day_of(seed, sqlite=False, night=True) for seed in (first, first + 1)]
    assert [(outcome.seed, outcome.what) for outcome in outcomes if outcome.broken] == []
    assert total(outcomes)["fills"]


def test_the_same_seed_is_the_same_night():
    assert over_a_night(3) == over_a_night(3)
    assert live_through(over_a_night(4)) == live_through(over_a_night(4))


def test_on_most_of_them_something_is_carried_and_everything_happens_that_a_night_brings():
    nights = [over_a_night(seed) for seed in range(60)]
    assert {one.kind for night in nights for one in night.happenings if one.kind in NIGHT} == set(NIGHT) - {"settled"}
    assert all(night.day < night.last and {night.day, night.last} <= set(DAYS) for night in nights)
    bought = [one for night in nights for one in night.happenings if one.kind == "entry" and len(one.args) == 4]
    assert len(bought) > len(nights)


def test_where_a_day_is_made_small_its_night_stays_whole():
    """Without the login after it another day would fail, in the same words."""
    script = over_a_night(3)
    wanted = next(one for one in script.happenings if one.kind == "entry")
    small = shrunk(script, "it", fails=lambda day: "it" if wanted in day.happenings else "")
    assert [one for one in small.happenings if one.kind not in NIGHT] == [wanted]
    assert [one for one in small.happenings if one.kind in NIGHT] == [
        one for one in script.happenings if one.kind in NIGHT
    ]
