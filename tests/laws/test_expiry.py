"""Contracts over their expiry: bar by bar, jumping and by hand they come to the same."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import engine, events as e
from riskcore_openalgo.lab.backtests import backtest
from tests.laws.expiring import MINUTES, expiring
from tests.laws.test_backtest import held, stepped, told

HALF_AN_HOUR = timedelta(minutes=30)


def both(made, **how):
    """The run bar by bar, and the one that jumps."""
    about = {"interval": made.interval, **how}
    return (
        rc.simulate(made.bars, made.strategy, made.policy, **about),
        backtest(made.bars, made.answers, made.policy, **about),
    )


def by_hand(made, key):
    """What a contract on NIFTY is worth at its expiry; None where no bar tells."""
    things = {thing.key: thing for thing in made.bars}
    length, thing = timedelta(minutes=MINUTES[made.interval]), things[key]
    for of in ("NSE:NIFTY", key):
        day = [bar for bar in made.bars.get(things.get(of), ()) if bar.at.date() == made.closes.date()]
        last = [bar for bar in day if bar.at < made.closes][-1:]
        if thing.kind == "index" and last and last[0].at + length >= made.closes - HALF_AN_HOUR:
            close, right = last[0].close, thing.right if of != key else None
            return {None: close, "CE": max(close - 26_000, Decimal(0)), "PE": max(26_000 - close, Decimal(0))}[right]
    return None


def settled(facts):
    """What was settled, and what was told to be held on: the key, and the price of each."""
    found = [(fact.key, fact.price) for fact in facts if isinstance(fact, e.PositionAdjusted)]
    return found + [(one.subject, None) for one in facts if isinstance(one, e.Alarmed) and one.name.endswith("expiry")]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(list(rc.Entries)))
def test_BAR_11_a_contract_is_settled_alike_bar_by_bar_and_jumping(seed, entries):
    """The same facts, trades and account, each at what it was worth by hand; nothing is held that could be settled."""
    made = expiring(seed)
    slow, fast = both(made, entries=entries)
    assert told(fast.facts) == told(slow.facts)
    assert held(fast.simulation.state.book) == held(slow.state.book)
    assert fast.trades == rc.trades_of(slow.facts)
    assert engine.fold(fast.facts).book == fast.simulation.state.book
    assert stepped(made.bars, made.strategy, made.policy, made.interval, entries=entries) == slow
    assert all(price == by_hand(made, key) for key, price in settled(slow.facts))
    after = slow.state.now.date() > made.closes.date()
    left = [one.instrument.key for one in slow.state.book.positions if one.instrument.expiry]
    assert not after or all(by_hand(made, key) is None for key in left)
    assert fast.path()[1][-1] == pytest.approx(float(fast.equity), abs=0.05)


def test_BAR_12_the_tapes_of_contracts_hold_all_of_it():
    """By the index and by their own price, in the money and out of it, of both sides; and what nobody can settle."""
    met = Counter()
    for seed in range(80):
        made = expiring(seed)
        facts = rc.simulate(made.bars, made.strategy, made.policy, interval=made.interval).facts
        for fact in facts:
            if isinstance(fact, e.PositionAdjusted):
                met[fact.why] += 1
                met["worthless" if fact.price == 0 else "worth"] += 1
                met["taxed" if fact.charges else "free"] += 1
            elif isinstance(fact, e.PositionClosed) and fact.reason == "settled":
                met[fact.side] += 1
            elif isinstance(fact, e.Alarmed):
                met[fact.why.split(": ")[1][:12]] += 1
    wanted = {"settled at the close of its underlying", "worthless", "worth", "taxed", "free", "BUY", "SELL"}
    wanted |= {"settled at its own last price", "it ends in d", "the close of"}
    assert wanted <= {*met, *(name.split(":")[0] for name in met)}, met
