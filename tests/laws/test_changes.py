"""A change of policy: what tightens is known as tightening, and what loosens waits while the day is in loss."""

from datetime import date

import attrs
import pytest
from hypothesis import assume, given, strategies as st

import riskcore as rc
from riskcore import engine, events as e
from riskcore.policy import changes
from riskcore.table_rows import CalendarDay
from riskcore.testing import Scenario, situations
from tests.laws.test_tightening import TIGHTENINGS

KNOWN = {name for name in TIGHTENINGS if name in changes.LOOSER}
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")


@pytest.mark.smoke
@given(situations(), st.sampled_from(sorted(KNOWN)))
def test_POL_1_what_tightens_is_known_as_tightening_and_its_reverse_as_loosening(situation, name):
    """The tightenings of TIG-1, one at a time: the setting is not among the looser ones, and taking it back is."""
    policy = situation[3]
    asked = TIGHTENINGS[name](policy)
    assume(asked.keys() == {name})
    tighter = attrs.evolve(policy, **asked)
    assume(tighter != policy)
    forth, back = rc.loosened(policy, tighter), rc.loosened(tighter, policy)
    assert (forth, back) in (((), (name,)), ((name,), ()))
    before, after = getattr(policy, name), getattr(tighter, name)
    if before is None or after is None:
        assert (forth, back) == ((), (name,))


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1000, 1005, 995]), st.booleans(), st.integers(0, 3))
def test_POL_2_in_loss_what_loosens_waits_for_a_confirmation_and_the_next_session(before, after, last, confirmed, days):
    """A looser policy is in force at once out of loss; in loss only when confirmed, and not in that session."""
    day = Scenario(rc.Policy(max_positions=before, entry_band_pct=0), INFY)
    order = day.enter("10:00", last=1000, stop=980, target=1100)
    day.fill("10:00:01", order, price=1000)
    day.prices("10:05", last=last)
    other = attrs.evolve(day.policy, max_positions=after)
    in_loss = day.book.net_realised + day.book.unrealised < 0
    facts = day.take(e.PolicyLoaded(day.at("10:06"), other))
    held = in_loss and after > before
    assert facts == (() if after == before else ("PolicyHeld",) if held else ("PolicyChanged",))
    if confirmed and held:
        asked = e.ConfirmPolicy(day.at("10:07"), "asha", "meant", rc.policy_hash(other)[:12])
        assert day.take(asked) == ("PolicyConfirmed",)
        assert day.take(e.PolicyLoaded(day.at("10:08"), other)) == ()
    if held:
        day.next_day(days)
        later = e.PolicyLoaded(day.at("11:00"), other)
        made = engine.step(day.state, later, day.policy)
        taken = engine.in_force(made.state, day.policy, later) == other
        assert taken == (confirmed and days > 0)


@given(situations(), situations())
def test_POL_3_every_setting_that_differs_is_told_and_no_other(one, other):
    """What two policies differ in, and nothing else; the same one differs in nothing."""
    before, after = one[3], other[3]
    told = {change.key for change in rc.policy_changes(before, after)}
    assert told == {f.name for f in attrs.fields(rc.Policy) if getattr(before, f.name) != getattr(after, f.name)}
    assert rc.policy_changes(before, before) == ()
    assert set(rc.loosened(before, after)) <= told


def test_POL_4_every_name_of_a_direction_is_a_setting_and_stands_once():
    """A setting that was renamed fails here; so does one with two directions."""
    names = [
        *changes.LESS,
        *changes.MORE,
        *changes.LONGER,
        *changes.EARLIER,
        *changes.LATER,
        *changes.FEWER,
        *changes.WIDER,
    ]
    names += [*changes.ON, *changes.SAYS, *changes.FACTS]
    assert len(names) == len(set(names))
    assert set(names) <= {field.name for field in attrs.fields(rc.Policy)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"no_entry_after": "15:09"}),
        ({}, {"no_entry_before": "09:16"}),
        ({"max_stops": 2}, {"max_stops": 2, "stops_lock_s": 60}),
        ({"max_stops": 2}, {"max_stops": 2, "stops_window_s": 60}),
        (
            {"sizing_method": "kelly", "kelly_fallback": "risk", "kelly_min_trades": 10},
            {"sizing_method": "kelly", "kelly_fallback": "risk", "kelly_min_trades": 100},
        ),
    ],
)
def test_what_stands_in_for_nothing_at_all_may_be_tighter_than_what_is_written(before, after):
    """An empty time is that of the tables, an empty lock the whole session: in loss these let entries pass at once."""
    assert rc.loosened(rc.Policy(**before), rc.Policy(**after)) == (list(after)[-1],)


@pytest.mark.parametrize(
    "tighter", [{"no_entry_after": "14:45"}, {"no_entry_after": "11:00"}, {"no_entry_before": "10:00"}]
)
def test_a_time_that_is_stricter_than_every_markets_own_is_no_loosening(tighter):
    """Nor is a lock or a window that becomes the whole session."""
    assert rc.loosened(rc.Policy(), rc.Policy(**tighter)) == ()
    assert rc.loosened(rc.Policy(**tighter), rc.Policy()) == tuple(tighter)
    locked = rc.Policy(max_stops=2, stops_lock_s=60, stops_window_s=60)
    assert rc.loosened(locked, rc.Policy(max_stops=2)) == ()


def test_what_the_market_is_is_in_force_at_once_though_the_day_is_in_loss():
    """A list that denies MIS would never have come: each day has another, and a confirmed one is of the day before."""
    listed = rc.Tables(days=(CalendarDay(day=date(2026, 11, 24), kind="closed"),))
    day = Scenario(rc.Policy(entry_band_pct=0), INFY)
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=980, target=1100), price=1000)
    day.prices("10:05", last=990)
    assert day.take(e.PolicyLoaded(day.at("10:06"), attrs.evolve(day.policy, tables=listed))) == ("PolicyChanged",)
