"""Three sessions told by hand: a finished trade, a position carried over two nights, a refusal, a new policy."""

from datetime import date, timedelta
from functools import cache

import attrs

import riskcore as rc
from riskcore import engine, events
from riskcore.testing import Scenario
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.journal.pruning import prune

INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="TCS")
SEEN = {"last": 1000, "stop": 980, "target": 1100}
FIRST, SECOND, THIRD = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)
FOURTH = THIRD + timedelta(days=3)


@cache
def three_days():
    """The scenario after its last input."""
    policy = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0, max_positions=2)
    told = Scenario(policy, INFY, TCS, day=FIRST)
    done = told.enter("10:00", **SEEN)
    told.fill("10:00:01", done, price=1000)
    told.prices("10:30", last=1105)
    told.fill("10:30:01", told.sent()[-1].order_id, price=1100)
    carried = told.enter("11:00", symbol="TCS", product="CNC", **SEEN)
    told.fill("11:00:01", carried, price=1000)
    told.prices("11:10", "TCS", last=1003)
    told.next_day()
    told.time("09:16")
    told.take(events.EquityRead(told.at("09:16:01"), told.state.carried_equity))
    told.take(events.PolicyLoaded(told.at("09:17"), attrs.evolve(policy, max_positions=1)))
    told.policy = attrs.evolve(policy, max_positions=1)
    told.prices("10:00", "TCS", last=1010)
    told.enter("10:05", **SEEN)
    told.next_day()
    told.time("09:16")
    told.take(events.EquityRead(told.at("09:16:01"), told.state.carried_equity))
    told.enter("10:05", **SEEN)
    told.prices("10:10", "TCS", last=1020)
    return told


def turns():
    """The rows of the three days, turn by turn, each with the state after it."""
    told, state, policy = three_days(), engine.State(), None
    for event in told.inputs:
        policy = event.policy if isinstance(event, events.PolicyLoaded) else policy
        made = engine.step(state, event, policy)
        state = made.state
        yield [event, *made.facts], state


def write(journal):
    """Append all of it."""
    for rows, _ in turns():
        journal.append(rows)


def four_days():
    """A trade in each of four sessions, each closed on its day."""
    policy = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0)
    told = Scenario(policy, INFY, day=FIRST)
    for day in (FIRST, SECOND, THIRD, FOURTH):
        told.day = day
        told.time("09:16")
        if told.book.opening_equity is None:
            told.take(events.EquityRead(told.at("09:16:01"), told.state.carried_equity))
        told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
        told.prices("10:30", last=1105)
        told.fill("10:30:01", told.sent()[-1].order_id, price=1100)
    return told


def half_an_account(path):
    """A journal of those days whose rows up to the second session were pruned."""
    with Journal(path) as journal:
        journal.append(entries(four_days()))
    with Journal(path, whole=True) as journal:
        prune(journal, SECOND)
    return path


def entries(told):
    """The rows of a scenario."""
    state, policy = engine.State(), told.policy
    for event in told.inputs:
        made = engine.step(state, event, policy)
        state = made.state
        yield event
        yield from made.facts
