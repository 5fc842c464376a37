"""Invariant 11: money adds up, to the paisa, over days of inputs and through the simulator."""

import decimal
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import Phase, given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore.engine import State, fold, step
from riskcore.testing import bars, days

A = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
B = rc.Instrument(symbol="ABC", tick="0.05", derivatives_listed=False)
RULES = rc.Policy(
    atr_period=2,
    atr_warmup_bars=2,
    max_position_size_percent=40,
    max_sector_exposure=100,
    max_trades_per_day=50,
    max_daily_loss=50,
    entry_band_pct="0.5",
    atr_interval="1m",
)
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
MONDAY = FRIDAY + timedelta(days=3)
PAISA = Decimal("0.01")


def cash_and_shares(facts):
    """What the fills alone say, those beyond what was held too: rupees out and in, and shares held by instrument."""
    cash, shares = Decimal(0), {}
    for fact in facts:
        if isinstance(fact, (e.Filled, e.Overfilled)):
            beyond = isinstance(fact, e.Overfilled)
            told = fact.position if beyond else fact
            key = told.instrument.key if beyond else told.key
            way = 1 if told.side == "BUY" else -1
            cash -= way * (fact.value if beyond else told.quantity * told.price) + (fact.charges or 0)
            shares[key] = shares.get(key, 0) + way * told.quantity
    return cash, shares


def adds_up(facts, state):
    """Cash of all fills plus what is held at its latest price = realised - charges + unrealised, over all sessions."""
    book = state.book
    cash, shares = cash_and_shares(facts)
    held = {p.instrument.key: (1 if p.side == "BUY" else -1) * p.quantity for p in book.positions}
    assert held == {key: quantity for key, quantity in shares.items() if quantity}
    worth = sum((held[p.instrument.key] * p.last for p in book.positions), Decimal(0))
    booked = book.realised - book.charges + book.unrealised
    starts = [n for n, fact in enumerate(facts) if isinstance(fact, e.SessionOpened)]
    for following in starts[1:]:
        evening = fold(facts[:following]).book
        booked += evening.realised - evening.charges
    assert abs(cash + worth - booked) < Decimal("1e-9")


@pytest.mark.smoke
@settings(max_examples=40)
@given(days(sessions=2))
def test_MON_1_what_the_fills_cost_is_what_the_book_says(day):
    """Over any inputs: counted from the fills alone, in cash and in shares."""
    state, facts = State(), []
    for event in day.inputs:
        taken = step(state, event, day.policy)
        state = taken.state
        facts += taken.facts
    adds_up(facts, state)


@st.composite
def plans(draw):
    """Two sessions of two instruments, and on which bars which side is wanted."""
    series = {
        thing: draw(bars(thing, start=FRIDAY, min_size=8, max_size=20, around=400))
        + draw(bars(thing, start=MONDAY, min_size=2, max_size=12, around=380))
        for thing in (A, B)
    }
    wanted = draw(st.dictionaries(st.integers(1, 25), st.sampled_from(["BUY", "SELL", "exit"]), min_size=4))
    product = draw(st.sampled_from(["MIS", "CNC"]))
    return series, wanted, product


def strategy_of(wanted, product):
    def strategy(instrument, seen):
        wish = wanted.get(len(seen))
        at = seen[-1].at + timedelta(minutes=1)
        if wish is None or (instrument is B and len(seen) % 2):
            return None
        if wish == "exit":
            return rc.Signal(instrument.symbol, "SELL", at=at, kind="exit")
        return rc.Signal(instrument.symbol, wish, at=at, product=product if wish == "BUY" else "MIS")

    return strategy


@settings(max_examples=40)
@given(plans())
def test_MON_2_a_simulated_account_adds_up_to_the_paisa(plan):
    """Equity at the end - at the start = results of finished trades - their charges + what is open."""
    series, wanted, product = plan
    run = rc.simulate(series, strategy_of(wanted, product), RULES)
    adds_up(list(run.facts), run.state)
    open_net = sum((p.unrealised + p.realised - p.charges for p in run.state.book.positions), Decimal(0))
    closed = sum((trade.gross - trade.charges for trade in run.trades), Decimal(0))
    change = run.equity - RULES.default_capital
    assert abs(change - closed - open_net) < Decimal("1e-9")
    assert change.quantize(PAISA) == (closed + open_net).quantize(PAISA)


def test_MON_3_the_plans_do_trade():
    """Else the laws of the simulator would hold of nothing: a good part of the plans open and close trades."""
    counts = []

    @settings(max_examples=40, phases=[Phase.generate], database=None, derandomize=True)
    @given(plans())
    def simulated(plan):
        series, wanted, product = plan
        counts.append(len(rc.simulate(series, strategy_of(wanted, product), RULES).trades))

    simulated()
    assert sum(count > 0 for count in counts) >= len(counts) // 4


@settings(max_examples=40)
@given(plans(), st.integers(3, 25), st.integers(1, 50))
def test_SIM_1_the_simulator_never_looks_ahead(plan, known, jump):
    """Every bar after the first `known` of each instrument changed: no fact up to then differs."""
    series, wanted, product = plan
    until = min(bars_[min(known, len(bars_)) - 1].at for bars_ in series.values()) + timedelta(minutes=1)

    def other(bar):
        if bar.at < until:
            return bar
        moved = {name: getattr(bar, name) + jump for name in ("open", "high", "low", "close")}
        return attrs.evolve(bar, **moved)

    changed = {thing: [other(bar) for bar in bars_] for thing, bars_ in series.items()}
    first, second = (rc.simulate(data, strategy_of(wanted, product), RULES) for data in (series, changed))
    assert [f for f in first.facts if f.at <= until] == [f for f in second.facts if f.at <= until]


@settings(max_examples=40)
@given(plans())
def test_SIM_2_a_simulated_fill_is_a_price_the_bar_had(plan):
    """Between the bar's low and high; an entry at its open and never beyond its limit."""
    series, wanted, product = plan
    run = rc.simulate(series, strategy_of(wanted, product), RULES)
    by_start = {(thing.key, bar.at): bar for thing, bars_ in series.items() for bar in bars_}
    entries = {f.order.order_id: f.order for f in run.facts if isinstance(f, e.EntryApproved)}
    for fact in run.facts:
        if isinstance(fact, e.Filled):
            bar = by_start[fact.key, fact.traded_at]
            assert bar.low <= fact.price <= bar.high
            if fact.order_id in entries:
                order = entries[fact.order_id]
                assert fact.price == bar.open
                assert fact.price <= order.limit if order.side == "BUY" else fact.price >= order.limit


@settings(max_examples=30)
@given(plans())
def test_SIM_3_a_simulation_repeats_itself(plan):
    """The same bars, strategy and policy: the same facts; folded, the same state."""
    series, wanted, product = plan
    first, second = (rc.simulate(series, strategy_of(wanted, product), RULES) for _ in range(2))
    assert repr(first.facts) == repr(second.facts)
    assert fold(first.facts).book == first.state.book


def test_SIM_4_the_hosts_decimal_context_changes_no_simulated_fill():
    """Value and charges of a fill of 413 shares at 2,400.05, under six digits too."""
    at = [FRIDAY + timedelta(minutes=n) for n in range(5)]
    series = {A: [rc.Bar(at=t, open="2400.05", high="2401", low="2399", close="2400.05") for t in at]}
    rules = attrs.evolve(RULES, max_position_size_percent=100, default_capital=1_000_000)
    here = rc.simulate(series, strategy_of({3: "BUY"}, "MIS"), rules)
    assert any(isinstance(fact, e.Filled) for fact in here.facts)
    with decimal.localcontext(decimal.Context(prec=6)):
        there = rc.simulate(series, strategy_of({3: "BUY"}, "MIS"), rules)
    assert here.facts == there.facts
