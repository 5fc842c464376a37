"""What must not matter: direction, the size of the currency, the host's decimal context, how a number is written."""

import decimal
from datetime import datetime
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore.engine import State, step
from riskcore.testing import days, policies, prices, situations

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
THING = rc.Instrument(symbol="INFY", tick="0.05")


@given(prices(THING.tick, low=100, high=2000), st.integers(1, 300), policies(entry_band_pct=0, min_risk_reward=1))
def test_INV_1_a_short_is_a_long_in_the_mirror(price, steps, policy):
    """With no entry band, stop and target mirrored at the quote: the same quantity for the same risk and reward."""
    away = steps * THING.tick

    def asked(side, way):
        signal = rc.Signal("INFY", side, at=NOON, stop=price - way * away, target=price + way * away * 3)
        return rc.decide(signal, rc.Book(1_000_000), rc.Market(instrument=THING, at=NOON, last=price), policy)

    long, short = asked("BUY", 1), asked("SELL", -1)
    if policy.risk_includes_charges:
        assert long.approved == short.approved
    elif long.approved:
        assert (long.size, long.stop.distance, long.target.risk_reward) == (
            short.size,
            short.stop.distance,
            short.target.risk_reward,
        )
    else:
        assert [found.reason for found in long.reasons] == [found.reason for found in short.reasons]


def times(factor, value, *names):
    """The value with the rupee amounts of those fields multiplied."""
    found = {name: getattr(value, name) for name in names}
    return attrs.evolve(value, **{name: amount * factor for name, amount in found.items() if amount is not None})


def scaled(factor, signal, book, market, policy):
    """The same situation in a currency worth 1/factor."""

    def thing(instrument):
        return times(factor, instrument, "tick")

    def order(known):
        levels = ("reference", "limit", "stop", "target", "risk") if known.is_entry else ("reference", "limit", "level")
        approved = times(factor, known.approved, *levels)
        approved = attrs.evolve(approved, instrument=thing(approved.instrument))
        return attrs.evolve(times(factor, known, "filled_value"), approved=approved)

    def position(held):
        amounts = ("average_price", "stop", "target", "last", "initial_stop", "realised", "charges", "exit_value")
        return attrs.evolve(times(factor, held, *amounts), instrument=thing(held.instrument))

    def bar(seen):
        return times(factor, seen, "open", "high", "low", "close")

    account = attrs.evolve(
        times(factor, book, "opening_equity", "realised", "charges", "session_peak", "peak_equity"),
        outcomes=tuple(times(factor, done, "gross", "charges") for done in book.outcomes),
        days=tuple(times(factor, day, "opening_equity", "net") for day in book.days),
        positions=tuple(map(position, book.positions)),
        orders=tuple(map(order, book.orders)),
    )
    view = attrs.evolve(
        times(factor, market, "last", "bid", "ask", "atr", "available_cash"),
        instrument=thing(market.instrument),
        bars=None if market.bars is None else tuple(map(bar, market.bars)),
        closes=tuple((key, tuple(close * factor for close in series)) for key, series in market.closes),
    )
    rules = times(factor, policy, "capital_max", "brokerage_max", "default_capital", "price_min", "price_max")
    rules = times(factor, rules, "stop_points", "stop_risk_rupees", "target_points")
    return times(factor, signal, "stop", "target", "price"), account, view, rules


@pytest.mark.smoke
@given(situations(), st.sampled_from([2, 5, 10, 100]))
def test_INV_2_the_size_of_the_currency_does_not_matter(situation, factor):
    """All rupee amounts, the tick among them, multiplied: the same reasons, or the same quantity."""
    plain, large = rc.decide(*situation), rc.decide(*scaled(factor, *situation))
    assert plain.approved == large.approved
    if plain.approved:
        assert plain.size == large.size
        assert plain.order.risk * factor == large.order.risk
        assert plain.order.stop * factor == large.order.stop
    else:
        assert [found.reason for found in plain.reasons] == [found.reason for found in large.reasons]


@given(situations())
def test_INV_3_the_hosts_decimal_context_changes_no_decision(situation):
    """Six digits, rounded down: the same answer to the last digit, and the same text."""
    here = rc.decide(*situation)
    with decimal.localcontext(decimal.Context(prec=6, rounding=decimal.ROUND_DOWN)):
        there = rc.decide(*situation)
        told = there.explain()
    assert here == there
    assert here.explain() == told


@settings(max_examples=40)
@given(days())
def test_INV_4_the_hosts_decimal_context_changes_no_fact(day):
    """A whole day under six digits gives the same facts, in every digit."""
    here = run(day)
    with decimal.localcontext(decimal.Context(prec=6, rounding=decimal.ROUND_DOWN)):
        there = run(day)
    assert repr(here) == repr(there)


def run(day):
    state, facts = State(), []
    for event in day.inputs:
        taken = step(state, event, day.policy)
        state = taken.state
        facts += taken.facts
    return facts


@given(
    st.decimals(100, 5000, places=2),
    st.decimals("0.5", 50, places=3),
    st.decimals(1000, 1_000_000, places=2),
    st.sampled_from(["0.1", "0.3", "1.1", "2.3"]),
)
def test_INV_5_floats_decide_as_the_decimals_they_look_like(price, value, equity, risk):
    """2470.05 as float, as text and as Decimal: one answer, equal in every field."""
    thing = {kind: rc.Instrument(symbol="INFY", tick=kind("0.05")) for kind in (Decimal, float, str)}
    answers = [
        rc.decide(
            rc.Signal("INFY", "BUY", at=NOON),
            rc.Book(kind(str(equity))),
            rc.Market(instrument=thing[kind], at=NOON, last=kind(str(price)), atr=kind(str(value))),
            rc.Policy(risk_per_trade=kind(risk)),
        )
        for kind in (Decimal, float, str)
    ]
    assert answers[0] == answers[1] == answers[2]
