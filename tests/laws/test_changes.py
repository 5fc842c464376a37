"""A change of policy: what tightens is known as tightening, and what loosens waits while the day is in loss."""

import attrs
import pytest
from hypothesis import assume, given, strategies as st

import riskcore as rc
from riskcore import engine, events as e
from riskcore.policy import changes
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
    names = [*changes.LESS, *changes.MORE, *changes.FEWER, *changes.WIDER, *changes.ON, *changes.SAYS]
    assert len(names) == len(set(names))
    assert set(names) <= {field.name for field in attrs.fields(rc.Policy)}
