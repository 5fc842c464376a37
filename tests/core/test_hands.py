"""What a hand may ask for: exits, cancels, a nearer stop, an entry, other settings; what is refused, and why."""

from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine import fold, in_force
from riskcore.policy import policy_hash
from riskcore.policy.changes import LOOSER, policy_changes
from tests.core.custody_days import at_broker, held
from tests.core.engine_days import INFY, SEEN, TCS, a_day
from tests.laws.test_tightening import TIGHTENINGS

KEY = "NSE:INFY"


def refusal(day, names):
    """The reason that an act was refused for, or ""."""
    return day.last(e.ControlRefused).reason if "ControlRefused" in names else ""


def exited(day, clock, quantity=None, key=KEY):
    """A hand leaves a position, or a part; the reason it is refused for, or ""."""
    return refusal(day, day.take(e.OperatorExited(day.at(clock), "asha", "news", key, quantity)))


def tightened(day, clock, stop, key=KEY):
    """A hand moves a stop; the reason it is refused for, or ""."""
    return refusal(day, day.take(e.OperatorTightened(day.at(clock), "asha", "profit", key, stop)))


def cancelled(day, clock, order_id):
    """A hand takes back an order; the reason it is refused for, or ""."""
    return refusal(day, day.take(e.OperatorCancelled(day.at(clock), "asha", "no more", order_id)))


def set_to(day, clock, word="", **settings):
    """A hand sets other settings; the reason it is refused for, or ""."""
    now = in_force(day.state, day.policy)
    wanted = attrs.evolve(now, **settings)
    base = policy_hash(now)
    return refusal(day, day.take(e.OperatorSet(day.at(clock), "asha", "calmer", wanted, base, word)))


# ---------------------------------------------------------------- exits, cancels, stops


def test_a_position_is_left_by_hand_when_its_stop_is_out_of_the_way():
    """In every trading state; who and why stands on it, and the exit says `operator`."""
    day, _ = held()
    day.take(e.OperatorHalted(day.at("10:04"), "asha", "lunch", "locked"))
    assert exited(day, "10:05") == ""
    taken = day.last(e.ControlTaken)
    assert (taken.act, taken.name, taken.by, taken.why) == ("exit", KEY, "asha", "news")
    assert exited(day, "10:05:01") == "exit_working"
    day.report("10:05:02", day.sent()[-1].order_id, "cancelled")
    assert (day.sent()[-1].reason, day.sent()[-1].quantity) == ("operator", 50)


def test_a_part_is_left_and_the_rest_stays_protected():
    """The resting stop is made smaller first; the part is on its way once."""
    day, _ = held()
    assert exited(day, "10:05", 20) == ""
    assert day.last(e.ControlTaken).act == "reduce"
    revised = day.last(e.ReviseOrder)
    assert revised.revision.quantity == 30
    day.take(e.RevisionReported(day.at("10:05:01"), revised.order_id, e.TAKEN))
    exit_ = day.sent()[-1]
    assert (exit_.quantity, exit_.partial, exit_.reason) == (20, True, "operator")
    assert exited(day, "10:05:02", 10) == "exit_working"
    day.fill("10:05:03", exit_.order_id, price=1000)
    assert day.book.position(KEY).quantity == 30


@pytest.mark.parametrize(
    ("clock", "quantity", "key", "reason"),
    [
        ("10:05", None, "NSE:TCS", "no_position"),
        ("10:05", 51, KEY, "more_than_held"),
        ("16:00", None, KEY, "market_shut"),
    ],
)
def test_an_exit_that_cannot_be_is_refused_by_name(clock, quantity, key, reason):
    """And nothing is sent for it."""
    day, _ = held()
    before = len(day.sent())
    assert exited(day, clock, quantity, key) == reason
    assert len(day.sent()) == before


def test_a_part_of_a_lot_is_refused():
    """A future leaves in whole lots."""
    day, entry = held()
    position = attrs.evolve(day.book.position(KEY), instrument=attrs.evolve(day.first, lot_size=20))
    day.state = attrs.evolve(day.state, book=day.book.with_position(day.book.position(KEY), position))
    assert exited(day, "10:05", 30) == "not_whole_lots"
    assert exited(day, "10:05:01", 40) == ""
    assert entry


def test_an_exit_by_hand_takes_back_a_signal_that_waits():
    """Who wants to leave does not want to enter."""
    day, _ = held()
    waiting = day.signal("10:04:59")
    assert exited(day, "10:05") == ""
    assert day.refusal() == ("exit_came_first",)
    assert day.last(e.EntryRefused).signal == waiting


def test_an_entry_is_cancelled_by_hand_once():
    """Its end comes from the broker; a stop or the exit of a whole position is not taken back."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    assert cancelled(day, "10:00:01", entry) == ""
    assert day.last(e.CancelRequested).why == "by hand: asha"
    day.report("10:00:02", entry, "cancelled")
    assert cancelled(day, "10:00:03", entry) == "no_such_order"
    assert cancelled(day, "10:00:03", "nothing") == "no_such_order"
    day, _ = held()
    assert cancelled(day, "10:05", day.sent()[-1].order_id) == "stop_protects"
    exited(day, "10:05:01")
    day.report("10:05:02", day.sent()[-1].order_id, "cancelled")
    assert cancelled(day, "10:05:03", day.sent()[-1].order_id) == "exit_goes_on"


def test_a_stop_moves_nearer_only_and_to_the_nearer_tick():
    """Never looser, never through the price; the trail remembers that a hand moved it."""
    day, _ = held()
    assert tightened(day, "10:05", "979") == "stop_not_tighter"
    assert tightened(day, "10:05", "1000") == "stop_beyond_market"
    assert tightened(day, "10:05", "990", "NSE:TCS") == "no_position"
    assert tightened(day, "10:05", "990.01") == ""
    moved = day.last(e.StopMoved)
    assert (moved.before, moved.after, moved.rule) == (980, Decimal("990.05"), "operator")
    assert tightened(day, "10:06", "990.05") == "stop_not_tighter"
    assert day.last(e.ReviseOrder).revision.trigger == moved.after


def test_what_a_hand_asks_for_is_on_record_with_a_name_and_a_reason_also_where_it_is_refused():
    day, _ = held()
    exited(day, "10:05", 51), tightened(day, "10:05:01", "979"), cancelled(day, "10:05:02", "nothing")
    exited(day, "10:05:03", None, "NSE:TCS")
    told = [(f.act, f.name, f.by, f.why) for f in day.facts if isinstance(f, e.ControlRefused)]
    assert told == [
        ("reduce", KEY, "asha", "news"),
        ("tighten", KEY, "asha", "profit"),
        ("cancel", "nothing", "asha", "no more"),
        ("exit", "NSE:TCS", "asha", "news"),
    ]
    tightened(day, "10:05:04", "990")
    taken, moved = day.last(e.ControlTaken), day.last(e.StopMoved)
    assert (taken.act, taken.name, taken.by, taken.why) == ("tighten", KEY, "asha", "profit")
    assert moved.position_id == day.book.positions[0].id
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    cancelled(day, "10:00:01", entry)
    taken = day.last(e.ControlTaken)
    assert (taken.act, taken.name, taken.by, taken.why) == ("cancel", entry, "asha", "no more")


def test_as_many_shares_as_are_held_are_all_of_it():
    """No part: at the price of now, and what it leaves behind would be tried again."""
    day, _ = held(broker="paper", rests=False)
    day.prices("10:04", last=990)
    assert exited(day, "10:05", 50) == ""
    (out,) = day.sent()
    assert (out.quantity, out.partial, out.reference) == (50, False, 990)


def test_all_of_it_leaves_by_hand_while_a_part_is_on_its_way():
    day, _ = held(broker="paper", rests=False)
    exited(day, "10:05", 20)
    assert exited(day, "10:05:01", 10) == "exit_working"
    assert exited(day, "10:05:02") == ""
    assert sum(order.quantity for order in day.sent()) == 50


def test_a_hand_leaves_one_position_while_another_leaves():
    day = a_day(INFY, TCS, max_trades_per_day=5)
    for symbol in ("INFY", "TCS"):
        day.fill("10:00:01", day.enter("10:00", symbol=symbol, **SEEN), price=1000)
    assert exited(day, "10:05", None, TCS.key) == ""
    assert exited(day, "10:05:01", 20) == ""
    assert [order.instrument.symbol for order in day.sent()] == ["TCS", "INFY"]


def test_a_signal_that_a_hand_takes_back_says_which_hand():
    day, _ = held()
    day.signal("10:04:59")
    exited(day, "10:05")
    (found,) = day.last(e.EntryRefused).findings
    assert (found.rule, found.passed, found.measured, found.limit) == ("position", False, "INFY", "asha")


@pytest.mark.parametrize(
    ("stop", "reason"), [("1010", ""), ("990.05", ""), ("990", "stop_beyond_market"), ("1020", "stop_not_tighter")]
)
def test_the_stop_of_a_short_moves_down_and_not_onto_the_price(stop, reason):
    """Short from 1,000, its stop at 1,020, the price at 990: whoever asks for it."""
    for by_hand in (True, False):
        day = a_day()
        day.fill("10:00:01", day.enter("10:00", "SELL", last=1000, stop=1020, target=900), price=1000)
        day.prices("10:04", last=990)
        if by_hand:
            assert tightened(day, "10:05", stop) == reason
        else:
            day.take(e.TightenStop(day.at("10:05"), KEY, Decimal(stop), "mine"))
        assert day.book.positions[0].stop == (1020 if reason else Decimal(stop))


@pytest.mark.parametrize(
    ("stop", "key", "reason"),
    [("995", KEY, "stop_beyond_market"), ("979", KEY, "stop_not_tighter"), ("985", "NSE:TCS", "no_position")],
)
def test_a_wish_of_a_strategy_for_a_nearer_stop_that_is_not_granted_is_on_record(stop, key, reason):
    """Long from 1,000, the price at 990."""
    day, _ = held(broker="paper", rests=False)
    day.prices("10:04", last=990)
    day.take(e.TightenStop(day.at("10:05"), key, Decimal(stop), "mine"))
    kept = day.last(e.StopKept)
    assert (kept.key, kept.stop, kept.by, kept.reason) == (key, Decimal(stop), "mine", reason)
    assert day.book.positions[0].stop == 980


def test_a_stop_that_a_strategy_moved_is_on_record_with_where_it_stood():
    day, _ = held(broker="paper", rests=False)
    day.take(e.TightenStop(day.at("10:05"), KEY, Decimal(985), "mine"))
    moved = day.last(e.StopMoved)
    assert (moved.position_id, moved.before, moved.after) == (day.book.positions[0].id, 980, 985)
    assert moved.rule == "mine"


def test_an_entry_by_hand_is_decided_on_like_any_other():
    """A signal of the source `operator`; a rule that says no says it to a hand too."""
    day = a_day(max_positions=1)
    signal = rc.Signal("INFY", "BUY", at=day.at("10:00"), source="operator", stop=980, target=1100)
    names = day.take(e.OperatorEntered(day.at("10:00"), "asha", "my view", signal))
    assert names == ("ControlTaken", "SignalTaken")
    assert "EntryApproved" in day.look("10:00:01", signal, last=1000)
    other = attrs.evolve(signal, at=day.at("10:01"), side="SELL", stop=1020, target=900)
    day.take(e.OperatorEntered(day.at("10:01"), "asha", "the other view", other))
    day.look("10:01", other, last=1000)
    assert day.refusal()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda at: e.OperatorExited(at, "", "news", KEY), "by"),
        (lambda at: e.OperatorExited(at, "asha", "news", KEY, 0), "quantity"),
        (lambda at: e.OperatorTightened(at, "asha", "profit", KEY, -1), "stop"),
        (lambda at: e.OperatorCancelled(at, "asha", " ", "id"), "why"),
        (lambda at: e.EmergencyStopped(at, "asha", ""), "why"),
        (lambda at: e.OperatorEntered(at, "asha", "view", rc.Signal("INFY", "BUY", at=at)), "signal"),
    ],
)
def test_an_act_that_says_too_little_is_no_input(make, name):
    """It is refused where it is made, by the name of the field."""
    with pytest.raises(ValueError, match=name):
        make(a_day().at("10:00"))


# ---------------------------------------------------------------- settings


def lost(day):
    """The day is in loss: the open position stands below its entry."""
    day.prices("10:04", last=990)


def test_a_tighter_setting_holds_at_once_even_in_loss():
    """What changed, who and why stands in a fact; the rules of the very next input are the new ones."""
    day, _ = held()
    lost(day)
    assert set_to(day, "10:05", max_positions=1) == ""
    adjusted = day.last(e.PolicyAdjusted)
    assert (adjusted.changes, adjusted.by) == ((("max_positions", "3", "1"),), "asha")
    assert in_force(day.state, day.policy).max_positions == 1
    assert day.state.policy_hash == policy_hash(in_force(day.state, day.policy))


def test_F55_a_loosening_in_loss_needs_the_word_and_waits_for_the_next_session():
    """Nothing of it holds today, even where a part of it is tighter; without a loss it holds at once."""
    day, _ = held()
    day.prices("10:02", last=1010)
    assert set_to(day, "10:03", max_positions=4) == ""
    lost(day)
    assert set_to(day, "10:05", max_positions=5, max_trades_per_day=4) == "loosening_unconfirmed"
    assert set_to(day, "10:05", "CONFIRM", max_positions=5, max_trades_per_day=4) == ""
    assert day.last(e.PolicyScheduled).changes == (("max_positions", "4", "5"), ("max_trades_per_day", "5", "4"))
    for clock in ("10:05:01", "15:00"):
        day.time(clock)
        assert in_force(day.state, day.policy).max_positions == 4
    day.restart()
    day.next_day(3)
    names = day.time("09:00")
    assert names.index("SessionOpened") < names.index("PolicyChanged") < names.index("PolicyAdjusted")
    assert in_force(day.state, day.policy).max_positions == 5
    assert day.state.control.next_policy is None


def test_what_was_not_looked_at_is_not_set():
    """Somebody else set something meanwhile; and a value that is there already is told."""
    day = a_day()
    wish = e.OperatorSet(day.at("10:00"), "asha", "calmer", rc.Policy(max_positions=1), policy_hash(day.policy))
    assert set_to(day, "10:00", max_positions=2) == ""
    assert refusal(day, day.take(wish)) == "policy_moved_on"
    assert set_to(day, "10:01", max_positions=2) == "nothing_changes"


def test_a_setting_of_a_hand_stays_until_another_file_is_loaded():
    """A restart loads the same file again, and changes nothing; another file rules alone."""
    day = a_day()
    set_to(day, "10:00", max_positions=2)
    set_to(day, "10:00:30", max_trades_per_day=3)
    assert day.take(e.PolicyLoaded(day.at("10:01"), day.policy)) == ()
    assert in_force(day.state, day.policy).max_positions == 2
    assert fold(day.facts).control == day.state.control
    other = attrs.evolve(day.policy, risk_per_trade=2)
    assert day.take(e.PolicyLoaded(day.at("10:02"), other)) == ("PolicyChanged",)
    assert in_force(day.state, other) == other


def test_a_rule_of_ones_own_keeps_its_code_under_a_setting_of_a_hand():
    """The journal has its name and digest; its code comes with the loaded policy."""

    def never(context):
        return rc.Finding("never", False, "never", 1, 0)

    day = a_day(rules=(rc.custom_rule(never),))
    bare = attrs.evolve(day.policy.rules[0], ask=None)
    wish = attrs.evolve(day.policy, max_positions=2, rules=(bare,))
    day.take(e.OperatorSet(day.at("10:00"), "asha", "calmer", wish, policy_hash(day.policy)))
    day.enter("10:01", **SEEN)
    assert "never:never" in day.refusal()


@pytest.mark.parametrize("name", sorted(LOOSER.keys() & TIGHTENINGS.keys()))
def test_what_the_laws_call_a_tightening_is_none_of_the_loosenings(name):
    """And back again it is one, where anything changed."""
    before = rc.Policy()
    after = attrs.evolve(before, **TIGHTENINGS[name](before))
    assert not any(change.looser for change in policy_changes(before, after) if change.key == name)
    assert all(change.looser for change in policy_changes(after, before) if change.key == name)
