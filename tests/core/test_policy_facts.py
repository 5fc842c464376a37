"""Another policy, by a file or by a hand, to the letter: what is kept back and confirmed, and what is journalled."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine import fold, in_force, step
from riskcore.policy import policy_hash
from tests.core.engine_days import SEEN, WIDE, a_day

WHO = ("asha", "meant")


def in_loss(product="CNC", **policy):
    """50 INFY for delivery, carried at Rs 500 below what was paid."""
    day = a_day(**policy)
    day.fill("10:00:01", day.enter("10:00", product=product, **SEEN), price=1000)
    day.prices("10:01", last=990)
    return day


def looser(day, **more):
    return attrs.evolve(day.policy, **{"max_positions": 4, "max_trades_per_day": 6, **more})


def loaded(day, clock, policy):
    return day.take(e.PolicyLoaded(day.at(clock), policy))


def confirmed(day, clock, text):
    return day.take(e.ConfirmPolicy(day.at(clock), *WHO, text))


def wanted(day, clock, word="", base=None, **settings):
    now = in_force(day.state, day.policy)
    base = policy_hash(now) if base is None else base
    return day.take(e.OperatorSet(day.at(clock), *WHO, attrs.evolve(now, **settings), base, word))


# ---------------------------------------------------------------- a file


def test_a_looser_file_in_loss_is_kept_back_by_its_hash_and_told_until_it_is_confirmed():
    day = in_loss()
    other, digest = looser(day), policy_hash(looser(day))
    for clock in ("10:02", "10:03"):
        assert loaded(day, clock, other) == ("PolicyHeld",)
        assert day.last(e.PolicyHeld) == e.PolicyHeld(day.at(clock), digest, ("max_positions", "max_trades_per_day"))
    assert confirmed(day, "10:04", digest[:12]) == ("PolicyConfirmed",)
    assert day.last(e.PolicyConfirmed) == e.PolicyConfirmed(day.at("10:04"), *WHO, digest)
    assert confirmed(day, "10:05", digest) == ()
    assert loaded(day, "10:06", other) == ()


def test_a_file_that_is_kept_back_unconfirmed_waits_though_the_loss_is_over():
    day = in_loss()
    loaded(day, "10:02", looser(day))
    day.prices("10:03", last=1010)
    assert loaded(day, "10:04", looser(day)) == ("PolicyHeld",)
    assert loaded(day, "10:05", looser(day, max_positions=5)) == ("PolicyChanged",)


def test_another_looser_file_is_told_and_takes_the_place_of_a_confirmed_one():
    day = in_loss()
    loaded(day, "10:02", looser(day))
    confirmed(day, "10:03", policy_hash(looser(day)))
    other = looser(day, max_positions=5)
    assert loaded(day, "10:04", other) == ("PolicyHeld",)
    assert confirmed(day, "10:05", policy_hash(looser(day)))[0] == "ControlRefused"
    assert confirmed(day, "10:06", policy_hash(other)) == ("PolicyConfirmed",)


@pytest.mark.parametrize("confirm", [True, False])
def test_what_was_confirmed_comes_into_force_in_the_next_session_though_that_one_is_in_loss_too(confirm):
    day = in_loss()
    other = looser(day)
    loaded(day, "10:02", other)
    if confirm:
        confirmed(day, "10:03", policy_hash(other))
    day.next_day(3)
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), 100_000))
    day.prices("09:20", last=985)
    assert loaded(day, "09:30", other) == (("PolicyChanged",) if confirm else ("PolicyHeld",))
    if confirm:
        assert day.last(e.PolicyChanged) == e.PolicyChanged(day.at("09:30"), other, policy_hash(other))


@pytest.mark.parametrize("held_back", [True, False])
def test_a_confirmation_of_what_is_not_kept_back_is_refused_by_its_hash(held_back):
    day = in_loss()
    if held_back:
        loaded(day, "10:02", looser(day))
    assert confirmed(day, "10:03", "0" * 12) == ("ControlRefused",)
    said = ("confirm", "0" * 12, *WHO, "no_such_policy")
    assert day.last(e.ControlRefused) == e.ControlRefused(day.at("10:03"), *said)


def test_for_a_caller_that_keeps_no_policy_the_loaded_one_is_taken():
    """There is nothing to compare it with, though the day is in loss."""
    day = in_loss()
    made = step(day.state, e.PolicyLoaded(day.at("10:02"), looser(day)), attrs.evolve(day.policy, max_positions=1))
    assert [type(fact) for fact in made.facts] == [e.PolicyChanged]


def test_the_policy_that_is_in_force_holds_from_its_own_load_on():
    """A process that starts steps with another one until then: what that one lets go is latched again at once."""
    day = a_day(max_clock_drift_s=2)
    day.take(e.ClockSeen(day.at("10:00"), 3))
    made = step(day.state, e.PolicyLoaded(day.at("10:01"), day.policy), rc.Policy(**WIDE))
    assert [type(fact) for fact in made.facts] == [e.Lifted, e.Latched]


# ---------------------------------------------------------------- a hand


def test_settings_that_are_refused_name_every_key_they_would_change():
    day = in_loss()
    wanted(day, "10:02", max_positions=4, max_trades_per_day=6)
    said = ("set", "max_positions, max_trades_per_day", *WHO, "loosening_unconfirmed")
    assert day.last(e.ControlRefused) == e.ControlRefused(day.at("10:02"), *said)


def test_settings_that_wait_for_the_next_session_say_whose_they_are():
    day = in_loss()
    wanted(day, "10:02", "CONFIRM", max_positions=4)
    changes, other = (("max_positions", "3", "4"),), attrs.evolve(day.policy, max_positions=4)
    assert day.last(e.PolicyScheduled) == e.PolicyScheduled(day.at("10:02"), *WHO, changes, other)
    day.next_day(3)
    day.time("09:16")
    at, base = day.at("09:16"), policy_hash(day.policy)
    told = ("riskcore", "scheduled for this session", changes, other, base)
    assert day.last(e.PolicyChanged) == e.PolicyChanged(at, other, policy_hash(other))
    assert day.last(e.PolicyAdjusted) == e.PolicyAdjusted(at, *told)


@pytest.mark.parametrize("then", [{"max_positions": 4}, {"risk_per_trade": "0.5"}])
def test_what_is_scheduled_stays_so_when_another_setting_comes(then):
    """A second loosening joins it; what holds at once holds in it too. It went without a word."""
    day = in_loss()
    wanted(day, "10:02", "CONFIRM", max_trades_per_day=6)
    wanted(day, "10:03", "CONFIRM", **then)
    both = {"max_trades_per_day": 6, **then}
    assert day.state.control.next_policy == attrs.evolve(day.policy, **both)
    day.next_day(3)
    day.time("09:16")
    assert day.last(e.PolicyChanged).policy == attrs.evolve(day.policy, **both)
    assert day.state.control.next_policy is None


def test_a_setting_that_contradicts_what_is_scheduled_is_refused_by_name():
    """Each alone is right; together no stop could be placed between them."""
    day = in_loss(stop_least_pct="0.5", stop_greatest_pct=3)
    wanted(day, "10:02", "CONFIRM", stop_greatest_pct=2, max_positions=4)
    assert wanted(day, "10:03", "CONFIRM", stop_least_pct="2.5") == ("ControlRefused",)
    assert day.last(e.ControlRefused).reason == "contradicts_scheduled"
    assert day.state.control.next_policy.max_positions == 4


def test_settings_that_hold_at_once_say_whose_they_are_and_on_top_of_what():
    day = in_loss()
    wanted(day, "10:02", max_positions=2)
    changes, other = (("max_positions", "3", "2"),), attrs.evolve(day.policy, max_positions=2)
    adjusted = e.PolicyAdjusted(day.at("10:02"), *WHO, changes, other, policy_hash(day.policy))
    assert day.last(e.PolicyAdjusted) == adjusted


# ---------------------------------------------------------------- a version that has a setting more


def of_an_older_version(day):
    """Its state by facts of a version with a setting less, which gave the same policies other hashes."""
    return fold(
        attrs.evolve(fact, policy_hash=fact.policy_hash[::-1]) if isinstance(fact, e.PolicyChanged)
        else attrs.evolve(fact, base=fact.base[::-1]) if isinstance(fact, e.PolicyAdjusted)
        else fact
        for fact in day.facts
    )  # fmt: skip


def test_a_looser_file_in_loss_is_kept_back_after_an_update_too():
    """It came into force at once: the policy of the journal did not have the hash that stands there."""
    day = in_loss()
    state = of_an_older_version(day)
    made = step(state, e.PolicyLoaded(day.at("10:02"), looser(day)), in_force(state, day.policy))
    assert [type(fact).__name__ for fact in made.facts] == ["PolicyHeld"]


def test_a_setting_of_a_hand_stays_after_an_update_too():
    """The file under it was taken for another one, and so what a hand had tightened was gone."""
    day = a_day()
    wanted(day, "10:00", max_trades_per_day=2)
    wanted(day, "10:01", max_positions=1)
    state = of_an_older_version(day)
    before = in_force(state, day.policy)
    event = e.PolicyLoaded(day.at("10:02"), day.policy)
    made = step(state, event, before)
    assert made.facts == ()
    after = in_force(made.state, before, event)
    assert (after.max_trades_per_day, after.max_positions) == (2, 1)
