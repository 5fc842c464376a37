"""Two days with a night between them: shares for delivery are carried, the books begin anew, the login is dead."""

from datetime import datetime, time, timedelta

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.testing.simulated.catalogue import LATER_SEEDS
from riskcore_openalgo.testing.simulated.living import day_of, live_through, shrunk, total
from riskcore_openalgo.testing.simulated.nights import NIGHT, market_is_open, over_a_night, script_for
from riskcore_openalgo.testing.simulated.script import DAYS, MUHURAT
from riskcore_openalgo.testing.simulated.store import DiskStore, MemoryStore

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
    usual = set(NIGHT) - {"settled", "given", "backed_up", "restored"}
    assert {one.kind for night in nights for one in night.happenings if one.kind in NIGHT} == usual
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


def test_of_higher_seeds_several_nights_follow_one_another_and_bring_more():
    """Week ends, the holiday of the 24th and the evening of Diwali; contracts expire on any of them but the last."""
    runs = [script_for(seed, night=True) for seed in range(LATER_SEEDS, LATER_SEEDS + 60)]
    assert {one.kind for run in runs for one in run.happenings if one.kind in NIGHT} == set(NIGHT) - {"bonus"}
    lengths = {len([one for one in run.happenings if one.kind == "delivered"]) for run in runs}
    assert lengths == {0, 2, 3}
    expired = {run.expires - run.day for run in runs if any(one.kind == "settled" for one in run.happenings)}
    assert len(expired) > 1
    assert all(run.day <= run.expires < run.last for run in runs)
    assert any("part_of_positions" in run.faults() for run in runs)
    assert script_for(LATER_SEEDS - 1, night=True).expires is None


def test_on_the_evening_of_diwali_things_happen_while_its_session_lasts():
    runs = [script_for(seed, night=True) for seed in range(LATER_SEEDS, LATER_SEEDS + 60)]
    runs = [run for run in runs if run.day <= MUHURAT]
    assert all(run.last > MUHURAT and not run.profile.sandbox for run in runs)
    for run in (run for run in runs if run.expires > MUHURAT or "settled" not in {one.kind for one in run.happenings}):
        moments = [(run.opens + timedelta(seconds=one.at_s), one.kind) for one in run.happenings]
        asked = [at.time() for at, kind in moments if at.date() == MUHURAT and kind == "entry"]
        assert asked
        assert time(18, 5) <= min(asked) <= max(asked) < time(18, 20)
        assert len({at.date() for at, kind in moments if kind == "entry"}) > 2
    assert market_is_open(datetime(2026, 11, 8, 18, 30, tzinfo=rc.IST), "NFO:NIFTY29DEC26FUT")
    assert not market_is_open(datetime(2026, 11, 8, 19, 0, tzinfo=rc.IST), "NFO:NIFTY29DEC26FUT")
    assert not market_is_open(datetime(2026, 11, 8, 10, 0, tzinfo=rc.IST), "NSE:TCS")
    assert not market_is_open(datetime(2026, 11, 10, 10, 0, tzinfo=rc.IST), "NSE:TCS")
    assert market_is_open(datetime(2026, 11, 20, 15, 35, tzinfo=rc.IST), "NFO:NIFTY29DEC26FUT")


@pytest.mark.parametrize("seed", [LATER_SEEDS + 9])
def test_over_several_nights_and_with_a_journal_from_a_backup_all_invariants_hold(seed):
    script = script_for(seed, night=True)
    assert any(one.kind == "restored" for one in script.happenings)
    assert live_through(script).what == ""


def test_a_journal_that_is_restored_is_what_it_was(tmp_path):
    for store in (MemoryStore(), DiskStore(tmp_path / "day.db")):
        first, second = (events.TimePassed(datetime(2026, 11, 20, hour, tzinfo=rc.IST)) for hour in (10, 11))
        store.append([first])
        store.back_up()
        store.append([second])
        store.restore()
        assert list(store.inputs()) == [first]
        store.append([second])
        again = store.load().state
        store.died()
        assert (store.length, store.load().state) == (2, again)
        store.close()
