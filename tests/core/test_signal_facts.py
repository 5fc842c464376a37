"""What a signal of each kind leads to, to the letter; it concerns its own symbol, its own side, and nothing else."""

from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events as e, values
from riskcore.engine import State, react, resume, step
from riskcore.engine.closed import PutOff, all_facts
from tests.core.custody_days import ticks
from tests.core.engine_days import INFY, SEEN, TCS, a_day, holding

D = Decimal


def two(**policy):
    """A day with room for INFY and TCS."""
    return a_day(INFY, TCS, **{"risk_per_trade": "0.2", **policy})


def entered(day, clock, symbol="INFY", **more):
    """An entry that works."""
    order = day.enter(clock, symbol=symbol, **{**SEEN, **more})
    day.report(f"{clock}:01", order, "working")
    return order


def held(day, clock, symbol="INFY"):
    day.fill(f"{clock}:01", day.enter(clock, symbol=symbol, **SEEN), price=1000)


def cancels(day):
    return [(fact.order_id, fact.why) for fact in day.facts if isinstance(fact, e.CancelRequested)]


def asked(day, signal):
    return [command for command in day.commands if isinstance(command, e.AskEvidence) and command.signal == signal]


# ---------------------------------------------------------------- exits


def test_an_exit_without_a_position_takes_back_the_entries_of_its_symbol_and_says_why():
    day = two()
    infy, _ = entered(day, "10:00"), entered(day, "10:01", "TCS")
    signal = day.signal("10:02", "SELL", kind="exit")
    assert cancels(day) == [(infy, "exit signal")]
    finding = rc.Finding("position", False, "exit_without_position", "INFY")
    assert day.last(e.EntryRefused) == e.EntryRefused(day.at("10:02"), signal, (finding,), ())


def test_an_exit_beside_one_that_works_is_refused_as_that():
    day, _ = holding()
    day.signal("10:01", "SELL", kind="exit")
    signal = day.signal("10:02", "SELL", kind="exit")
    finding = rc.Finding("position", False, "exit_working", "INFY")
    assert day.last(e.EntryRefused) == e.EntryRefused(day.at("10:02"), signal, (finding,), ())


def test_a_reduction_goes_beside_the_exit_of_another_symbol():
    day = two()
    held(day, "10:00")
    held(day, "10:01", "TCS")
    day.signal("10:02", "SELL", "TCS", kind="exit")
    day.signal("10:03", "SELL", kind="exit", reduce_by=4)
    assert [(order.instrument.symbol, order.quantity, order.partial) for order in day.sent()] == [
        ("TCS", 9, False),
        ("INFY", 4, True),
    ]


@pytest.mark.parametrize("part", [{"reduce_by": 50}, {"reduce_pct": 100}])
def test_a_reduction_of_all_that_is_held_is_an_exit_of_the_whole(part):
    day, _ = holding()
    day.signal("10:01", "SELL", kind="exit", **part)
    assert [(order.quantity, order.partial) for order in day.sent()] == [(50, False)]


# ---------------------------------------------------------------- cancels


def test_a_cancel_takes_back_entries_of_its_side_and_never_an_exit():
    """Of a long position the exit sells: a cancel of sales leaves it alone."""
    day = two()
    held(day, "10:00")
    day.signal("10:01", "SELL", kind="exit")
    day.report("10:01:01", day.sent()[-1].order_id, "working")
    signal = day.signal("10:02", "SELL", kind="cancel")
    assert cancels(day) == []
    finding = rc.Finding("orders", False, "nothing_to_cancel", "INFY")
    assert day.last(e.EntryRefused) == e.EntryRefused(day.at("10:02"), signal, (finding,), ())
    tcs = entered(day, "10:03", "TCS")
    day.signal("10:03:02", "BUY", "TCS", kind="cancel")
    assert cancels(day) == [(tcs, "cancel signal")]


# ---------------------------------------------------------------- signals that only shadow, and days that begin


@pytest.mark.parametrize("kind", ["exit", "cancel"])
def test_a_shadow_takes_nothing_off_and_nothing_back(kind):
    day, _ = holding()
    signal = day.signal("10:01", "SELL", kind=kind, shadow=True)
    finding = rc.Finding("shadow", False, "shadow_only", "INFY")
    assert day.last(e.EntryRefused) == e.EntryRefused(day.at("10:01"), signal, (finding,), ())
    assert day.sent() == []


@pytest.mark.parametrize(
    ("policy", "more", "why"),
    [
        ({}, {"shadow": True}, "the signal only shadows"),
        ({"live_symbols": ["TCS"]}, {}, "INFY is not among live_symbols"),
    ],
)
def test_an_entry_that_is_not_sent_says_why(policy, more, why):
    day = a_day(**policy)
    day.look("10:00", day.signal("10:00", stop=980, target=1100, **more), last=1000)
    assert day.last(e.EntryWithheld).why == why


def test_a_signal_before_the_equity_is_known_asks_for_it_with_what_was_carried():
    day = a_day()
    day.next_day(3)
    day.time("09:16")
    before = len(day.commands)
    signal = day.signal("09:30", stop=980, target=1100)
    assert day.commands[before:] == [e.AskEquity(day.day, D(100_000)), e.AskEvidence(signal, "5m")]


# ---------------------------------------------------------------- reversals


def test_a_reversal_begins_with_the_exit_at_the_last_price_and_in_its_own_name():
    day, _ = holding()
    day.prices("10:00:30", last=990)
    signal = day.signal("10:01", "SELL", kind="reversal")
    assert day.last(e.ReversalBegun) == e.ReversalBegun(day.at("10:01"), signal.id, INFY.key)
    assert day.last(e.ExitApproved).signal_id == signal.id
    assert [(order.reason, order.reference) for order in day.sent()] == [("signal", 990)]


def test_a_reversal_takes_back_the_entries_of_its_symbol_alone():
    day = two()
    infy, _ = entered(day, "10:00"), entered(day, "10:01", "TCS")
    signal = day.signal("10:02", "SELL", kind="reversal")
    assert cancels(day) == [(infy, "reversal signal")]
    assert not asked(day, signal)
    day.report("10:02:01", infy, "cancelled")
    assert day.last(e.ReversalDue).signal_id == signal.id
    assert asked(day, signal)


def test_a_reversal_whose_exit_was_refused_goes_on_waiting():
    """Nothing is on its way, and the position is held."""
    day, _ = holding()
    signal = day.signal("10:01", "SELL", kind="reversal")
    day.report("10:01:00.100", day.sent()[-1].order_id, "rejected")
    assert day.book.live_orders() == ()
    assert not asked(day, signal)


@pytest.mark.parametrize(("symbol", "side"), [("INFY", "BUY"), ("TCS", "SELL")])
def test_a_reversal_with_nothing_of_its_symbol_against_it_is_an_entry(symbol, side):
    """What works on its own side, or in another symbol, is not against it."""
    day = two()
    levels = {} if side == "BUY" else {"stop": 1020, "target": 900}
    day.report("10:00:01", day.enter("10:00", side, symbol, **{**SEEN, **levels}), "working")
    signal = day.signal("10:02", "BUY", kind="reversal", stop=980, target=1100)
    assert asked(day, signal)
    assert not [fact for fact in day.facts if isinstance(fact, e.ReversalBegun)]


# ---------------------------------------------------------------- prices, a start, and what is only said when read


@pytest.mark.parametrize("prices", [(700, 1001), (1000, 700, 1001), (1000, 1300, 1001)])
def test_a_price_that_stands_alone_inside_a_span_takes_nothing(prices):
    """A tick of 700 or 1,300 and a sound one after it: neither the stop at 980 nor the target at 1,100 was touched."""
    day, _ = holding()
    day.prices("10:01", last=1000)
    assert ticks(day, "10:02", *prices) == ("Marked",)
    assert day.sent() == []


def test_a_start_asks_for_the_equity_that_is_not_known_and_for_nothing_that_is():
    assert resume(State(), rc.Policy()) == ()
    day = a_day()
    assert resume(day.state, day.policy) == ()
    day.next_day(3)
    day.time("09:16")
    assert resume(day.state, day.policy) == (e.AskEquity(day.day, D(100_000)),)


def test_an_input_without_a_zone_is_refused_by_the_name_of_its_time():
    naive = datetime(2026, 11, 20, 10, 0)  # noqa: DTZ001 - it is what is refused
    with pytest.raises(ValueError, match=r"^TimePassed.at must"):
        e.TimePassed(naive)
    parts = dict.fromkeys(("first", "high", "low", "last"), D(9)) | {
        "atr": None,
        "ticks": 0,
        "sources": (),
        "more": False,
    }
    unchecked = values.made(e.PricesSeen, at=naive, key="NSE:INFY", since=naive, **parts)
    with pytest.raises(ValueError, match=r"^at must"):
        step(State(), unchecked, rc.Policy())


def test_react_tells_what_step_does():
    day = a_day()
    signal = rc.Signal("INFY", "BUY", at=day.at("10:00"))
    told = e.SignalArrived(day.at("10:00"), signal)
    made = step(day.state, told, day.policy)
    assert react(day.state, told, day.policy) == (made.facts, made.commands)
    assert [type(fact) for fact in made.facts] == [e.SignalTaken]
    assert [type(command) for command in made.commands] == [e.AskEvidence]


def test_facts_that_were_put_off_stand_in_their_places():
    """Each part between its two places, by its moments; of one moment, those that were put off come last."""
    day = a_day()
    known = [e.SessionOpened(day.at(f"10:0{minute}"), day.day) for minute in range(6)]
    first = [e.AlertDropped(day.at(clock), "web", "x") for clock in ("10:01", "10:02:30")]
    second = [e.AlertDropped(day.at("10:04:30"), "web", "y")]
    told = list(all_facts(known, [PutOff(1, 3, first), PutOff(4, 5, second)]))
    assert told == [*known[:2], first[0], known[2], first[1], *known[3:5], second[0], known[5]]


def test_what_the_book_knows_is_no_new_signal_though_another_session_has_begun():
    """Its order lives on from yesterday."""
    day = two()
    order = entered(day, "10:00")
    assert day.book.order(order).live
    wish = day.inputs[-3].signal
    shut = engine.Closed(frozenset(), there=True, elsewhere=True)
    over = attrs.evolve(day.state, seen=frozenset())
    assert not engine.refuses(shut, wish, day.at("10:05"), INFY, over, day.policy)
    assert engine.refuses(shut, attrs.evolve(wish, at=day.at("10:04")), day.at("10:05"), INFY, over, day.policy)


def test_where_only_what_is_in_play_is_closed_a_signal_is_asked_for_its_own_symbol():
    day, _ = holding()
    shut = engine.Closed(frozenset((INFY.key,)), there=True, elsewhere=False)
    at = day.at("10:05")
    wishes = [rc.Signal(thing.symbol, "BUY", at=at) for thing in (INFY, TCS)]
    assert [engine.refuses(shut, wish, at, INFY, day.state, day.policy) for wish in wishes] == [True, False]


@pytest.mark.parametrize(("now", "last", "then"), [("10:06", "10:05", "10:06"), ("10:04", "10:05", "10:05")])
def test_time_does_not_run_back_for_what_is_put_off(now, last, then):
    day = a_day()
    day.time(now)
    after, _ = engine.put_off(day.state, ["a"], day.at(last), lambda: iter(()), tuple)
    assert after.now == day.at(then)
    fresh, _ = engine.put_off(State(), ["a"], day.at(last), lambda: iter(()), tuple)
    assert fresh.now == day.at(last)
