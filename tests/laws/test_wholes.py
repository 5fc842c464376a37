"""Trades that are taken at once, held to the steps of the engine."""

from collections import Counter
from unittest.mock import patch

import attrs
from hypothesis import example, given, settings, strategies as st

import riskcore as rc
from riskcore import engine
from riskcore.engine import whole
from riskcore.engine.whole import is_plain
from riskcore.testing.strategies import policies
from riskcore_openalgo.lab import jumping
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.wholes import BY_STEPS
from tests.laws.tapes import AsArrays, tape
from tests.laws.test_backtest import OPEN

PLAIN = {**OPEN, "atr_period": 5, "max_positions": 3, "max_trades_per_day": 8}
ADDING = {"max_positions": 1, "one_position_per_symbol": False, "risk_per_trade": "0.25", "risk_includes_charges": True}
LIMITS = st.fixed_dictionaries(
    {
        "max_positions": st.sampled_from((1, 1, 2, 3)),
        "max_trades_per_day": st.sampled_from((1, 3, 8)),
        "one_position_per_symbol": st.sampled_from((True, True, False)),
        "risk_per_trade": st.sampled_from(("0.25", 1)),
        "max_daily_loss": st.sampled_from((1, 1, 3)),
        "max_drawdown": st.sampled_from((None, None, "0.5", 3)),
        "max_give_back_pct": st.sampled_from((None, None, 50)),
        "give_back_after_pct": st.sampled_from(("0.1", 1)),
        "max_weekly_loss": st.sampled_from((None, None, 3)),
        "approaching_pct": st.sampled_from((33, 50, 80, None)),
        "exit_band_pct": st.sampled_from(("0.5", 1)),
        "atr_warmup_bars": st.sampled_from((5, 5, 15)),
        "cooldown_after_loss_s": st.sampled_from((None, None, 900)),
        "max_stops": st.sampled_from((None, None, 2)),
    }
)
"""Limits under which trades are left alone, and on which some of them run all the same."""


@st.composite
def plain_policies(draw):
    """Policies that move no stop, end nothing by time and count no trades lost in a row."""
    policy = draw(policies(**{**PLAIN, "target_legs": (), **draw(LIMITS)}))
    return policy if draw(st.booleans()) else attrs.evolve(policy, risk_includes_charges=True)


def run_of(seed, policy, *, arrays=False, at_once=True, intrabar=rc.Intrabar.STOP_FIRST):
    """The backtest of a tape, its plain trades taken at once or by steps; and how many were, or were refused so."""
    made, taken = tape(seed), Counter()
    answers = {name: AsArrays(one.known, made.interval) if arrays else one for name, one in made.answers.items()}

    def counted(run, *asked):
        after = whole_trade(run, *asked) if at_once else BY_STEPS
        taken["by steps" if after == BY_STEPS else "at once"] += 1
        return after

    whole_trade = jumping.whole_trade
    with patch.object(jumping, "whole_trade", counted):
        done = backtest(made.bars, answers, policy, interval=made.interval, finer=made.finer, intrabar=intrabar)
    return done, taken["at once"]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), plain_policies(), st.booleans(), st.sampled_from(list(rc.Intrabar)))
@example(1198817, rc.Policy(**{**PLAIN, **ADDING}), True, rc.Intrabar.STOP_FIRST)
def test_BAR_8_a_trade_that_is_taken_at_once_is_the_one_that_the_steps_take(seed, policy, arrays, intrabar):
    """The same trades, facts, marks and findings, and the same state, to which the facts fold."""
    steps, none = run_of(seed, policy, arrays=arrays, at_once=False, intrabar=intrabar)
    at_once, _ = run_of(seed, policy, arrays=arrays, intrabar=intrabar)
    assert none == 0
    assert at_once.simulation.trades == steps.simulation.trades
    assert at_once.simulation.state == steps.simulation.state
    assert at_once.simulation.ambiguous == steps.simulation.ambiguous
    assert at_once.facts == steps.facts
    untold = {"number": 0, "now": None}  # an input that leads to no fact moves them too
    assert attrs.evolve(engine.fold(at_once.facts), **untold) == attrs.evolve(at_once.simulation.state, **untold)


def test_BAR_9_the_tapes_hold_trades_that_are_taken_at_once():
    """By stops and targets, of both sides, at a new peak of equity, and beside signals that were refused meanwhile."""
    seen, at_once = Counter(), 0
    for seed in range(300):
        policy = rc.Policy(**{**PLAIN, "max_positions": 1 + seed % 2})
        with patch.object(jumping.Jumps, "take_at_once", _noting(seen)):
            _, taken = run_of(seed, policy, arrays=seed % 3 == 0)
        at_once += taken
    assert at_once > 200
    wanted = {("stop", "BUY"), ("stop", "SELL"), ("target", "BUY"), ("target", "SELL"), "a gap", "a peak", "others"}
    assert wanted <= set(seen), seen
    assert min(seen[one] for one in wanted) > 1, seen


def test_the_tapes_hold_trades_whose_entry_alone_is_taken_at_once():
    """Those that are held over a night, say: their exits go by steps."""
    seen, begun = Counter(), whole.begun

    def noted(held, policy):
        told = begun(held, policy)
        seen.update(["by steps" if told is None else held.position.side])
        return told

    with patch.object(whole, "begun", noted):
        for seed in range(100):
            run_of(seed, rc.Policy(**{**PLAIN, "max_positions": 1 + seed % 2}), arrays=seed % 3 == 0)
    assert min(seen[side] for side in ("BUY", "SELL")) > 5, seen


def _noting(seen):
    take = jumping.Jumps.take_at_once

    def noted(run, state, closed, facts):
        before = run.state
        seen.update([(closed.reason, closed.side)])
        exits = state.book.orders[-1].approved
        seen.update(["a gap"] if exits.reference != exits.level else [])
        seen.update(["a peak"] if state.book.session_peak != before.book.session_peak else [])
        seen.update(["others"] if len(state.seen) > len(before.seen) + 1 else [])
        take(run, state, closed, facts)

    return noted


def test_the_policies_of_the_law_leave_trades_alone():
    """So that it holds what it says; and the mission's own policy does."""
    assert is_plain(rc.Policy())
    assert all(is_plain(rc.Policy(**{**PLAIN, "max_positions": most, "approaching_pct": 80})) for most in (1, 2, 3))
