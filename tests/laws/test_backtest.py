"""The backtest that jumps, held to the bar-by-bar run of the core."""

from collections import Counter
from itertools import takewhile

import attrs
from hypothesis import example, given, settings, strategies as st

import riskcore as rc
from riskcore import engine, events as e
from riskcore.bar_by_bar import RESTLESS, EveryBar
from riskcore.testing.days import BREAKERS
from riskcore.testing.history import rulebooks
from riskcore.testing.strategies import policies
from riskcore.values import Later
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.columns import Columns
from tests.laws.tapes import AsArrays, tape

OPEN = {"max_position_size_percent": 100, "max_sector_exposure": 100, "max_trades_per_day": 8, "atr_warmup_bars": 5}
WIDER = {"atr_period": 5, "stop_methods": ("atr", "percent"), "stop_combine": "wider", "stop_pct": 3}
NEXT_OPEN = {"intrabar": rc.Intrabar.STOP_FIRST, "entries": rc.Entries.NEXT_OPEN}
AT_CLOSE = {"intrabar": rc.Intrabar.STOP_FIRST, "entries": rc.Entries.AT_CLOSE}
NEVER_SEEN_ON_BARS = ("max_clock_drift_s", "connection_timers", "max_orders_per_s")


def not_while_losing(context, most):
    """A rule of one's own that looks at open positions."""
    lost = -context.book.unrealised
    return rc.Finding("not_while_losing", lost <= most, "" if lost <= most else "losing", lost, most)


@st.composite
def rules(draw):
    """Policies with any trail, timer, breaker and rule there is, and a rule of one's own."""
    breakers = {name: value for name, value in draw(BREAKERS).items() if name not in NEVER_SEEN_ON_BARS}
    more = draw(st.one_of(st.just({}), rulebooks()))
    policy = draw(policies(**{**OPEN, **breakers, **more}))
    own = draw(st.sampled_from((None, None, rc.custom_rule(not_while_losing, most=50))))
    return policy if own is None else policy.with_rules(own)


def ways():
    """What is assumed of bars."""
    return st.fixed_dictionaries(
        {"intrabar": st.sampled_from(list(rc.Intrabar)), "entries": st.sampled_from(list(rc.Entries))}
    )


def both(seed, policy, how):
    """The run bar by bar, and the one that jumps: over bars, or over the columns of them."""
    made = tape(seed)
    bars = {thing: columns(series) for thing, series in made.bars.items()} if seed % 2 else made.bars
    read = {thing: tuple(Columns.of(series)) for thing, series in bars.items()}  # 88.90 in a column is 88.9
    slow = rc.simulate(read, made.strategy, policy, interval=made.interval, finer=made.finer, **how)
    fast = backtest(bars, made.answers, policy, interval=made.interval, finer=made.finer, **how)
    return slow, fast


class Stepped(EveryBar):
    """The run in which no bar passes: every one of them goes through the engine's `step`."""

    def look_ahead(self):
        """Nothing is known of the bars to come."""
        return RESTLESS


def stepped(read, strategy, policy, interval, **how):
    """`simulate`, with a step for each bar."""
    run = Stepped(policy, {thing.key: thing for thing in read}, interval=interval, **how)
    return run.play(read, strategy)


def columns(series):
    """Bars as a mapping of columns."""
    names = ("open", "high", "low", "close", "volume")
    table = {name: [float(getattr(bar, name)) for bar in series] for name in names}
    return {"at": [bar.at for bar in series], **table}


def told(facts):
    """Facts without marks, of which a jump makes fewer, and without the count of states that goes by them."""
    return [_plain(fact) for fact in facts if not isinstance(fact, e.Marked)]


def _plain(fact):
    if not isinstance(fact, e.EntryApproved):
        return fact
    return attrs.evolve(fact, order=attrs.evolve(fact.order, book_version=0))


def held(book):
    """A book without that count."""
    orders = [
        attrs.evolve(order, approved=attrs.evolve(order.approved, book_version=0)) if order.is_entry else order
        for order in book.orders
    ]
    return attrs.evolve(book, version=0, orders=tuple(orders))


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), rules(), ways())
@example(242, rc.Policy(**OPEN, atr_period=5, one_position_per_symbol=False, max_correlation="0.1"), NEXT_OPEN)
@example(2909, rc.Policy(**WIDER), NEXT_OPEN)
@example(101, rc.Policy(**OPEN, atr_period=5), AT_CLOSE)
def test_BAR_1_what_is_left_out_changes_nothing(seed, policy, how):
    """The same decisions, fills, stops, latches, trades and results, and the same account at the end."""
    slow, fast = both(seed, policy, how)
    assert told(fast.facts) == told(slow.facts)
    assert fast.simulation.ambiguous == slow.ambiguous
    assert held(fast.simulation.state.book) == held(slow.state.book)
    assert fast.trades == rc.trades_of(slow.facts)
    assert fast.equity == slow.equity


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), rules(), ways())
def test_BAR_2_the_facts_of_a_jump_fold_to_its_own_book(seed, policy, how):
    """Fewer marks tell the same peaks, extremes and results."""
    _, fast = both(seed, policy, how)
    assert engine.fold(fast.facts).book == fast.simulation.state.book


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), rules(), ways(), st.integers(1, 9))
def test_BAR_3_a_backtest_never_looks_ahead(seed, policy, how, tenths):
    """Without the bars after a moment, all that was told up to it is the same."""
    made = tape(seed)
    moments = sorted({bar.at for series in made.bars.values() for bar in series})
    last = max(moments[len(moments) * tenths // 10], *(series[0].at for series in made.bars.values()))  # all have one
    early = {thing: [bar for bar in series if bar.at <= last] for thing, series in made.bars.items()}
    about = {"interval": made.interval, "finer": made.finer, **how}
    whole = backtest(made.bars, made.answers, policy, **about)
    part = backtest({thing: series for thing, series in early.items() if series}, made.answers, policy, **about)
    ends = last + rc.interval_length(made.interval)
    assert told(part.facts) == list(takewhile(lambda fact: fact.at <= ends, told(whole.facts)))


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), rules(), ways())
@example(37500, rc.Policy(atr_period=5, atr_warmup_bars=140), NEXT_OPEN)
def test_BAR_5_a_bar_that_passes_is_one_that_a_step_would_only_have_marked(seed, policy, how):
    """Every fact, every mark among them, and the whole state are those of a run that steps through each bar."""
    made = tape(seed)
    read = {thing: tuple(series) for thing, series in made.bars.items()}
    about = {"interval": made.interval, "finer": made.finer, **how}
    passed = rc.simulate(read, made.strategy, policy, **about)
    walked = stepped(read, made.strategy, policy, **about)
    assert passed.facts == walked.facts
    assert passed == walked


def test_BAR_4_the_tapes_hold_all_of_it():
    """Approvals, refusals by own rules, trails, breakers, doubtful bars of each kind; and most bars are left out."""
    seen, bars, left = Counter(), 0, 0
    losing = rc.custom_rule(not_while_losing, most=5)
    for seed in range(40):
        policy = rc.Policy(
            **OPEN,
            atr_period=5,
            max_daily_loss=1,
            breakeven_at_r=1,
            max_give_back_pct=50,
            give_back_after_pct="0.1",
            max_drawdown=6,
            one_position_per_symbol=False,
            rules=[losing],
        )
        _, fast = both(seed, policy, {"intrabar": list(rc.Intrabar)[seed % 5], "entries": list(rc.Entries)[seed % 2]})
        seen.update(type(fact).__name__ for fact in fast.facts)
        seen.update(found.reason for row in fast.refused for found in row.reasons)
        seen.update({f"{fast.intrabar.value} doubt": fast.in_doubt.bars})
        bars, left = bars + fast.jumped.bars, left + fast.jumped.left_out
    wanted = {"EntryApproved", "EntryRefused", "Filled", "StopMoved", "Latched", "Approaching", "PositionClosed"}
    assert wanted <= set(seen)
    assert "not_while_losing:losing" in seen
    assert all(seen[f"{how.value} doubt"] for how in rc.Intrabar), seen
    assert left > bars / 2


def test_BAR_6_an_answer_that_is_put_off_is_the_one_that_a_decision_gives():
    """Trades used up, places taken, a symbol held, entries stopped: what each rule found is the same, read later."""
    seen, put_off, refused = Counter(), 0, 0
    limits = [{"max_positions": 1}, {"max_trades_per_day": 1}, {}, {"max_loss_streak": 1, "max_positions": 2}]
    for seed in range(40):
        policy = rc.Policy(**{**OPEN, "atr_period": 5, "max_correlation": "0.5", **limits[seed % 4]})
        slow, fast = both(seed, policy, NEXT_OPEN)
        answers = [fact for fact in fast.facts if isinstance(fact, e.EntryRefused)]
        later = [fact for fact in answers if type(fact.findings) is Later]
        assert told(fast.facts) == told(slow.facts)
        seen.update(found.reason for fact in later for found in fact.findings if not found.passed)
        put_off, refused = put_off + len(later), refused + len(answers)
    assert {"too_many_positions", "too_many_trades", "symbol_held", "stopped_for_session"} <= set(seen), seen
    assert put_off > refused / 5


def as_arrays(seed, policy, how):
    """The run bar by bar that is given each signal, and the one that is given columns of them."""
    made = tape(seed)
    drawn = {symbol: AsArrays(answers.known, made.interval) for symbol, answers in made.answers.items()}
    slow = rc.simulate(
        {thing: tuple(series) for thing, series in made.bars.items()},
        lambda thing, seen: drawn[thing.symbol].on_bar(seen),
        policy,
        interval=made.interval,
        finer=made.finer,
        **how,
    )
    return slow, backtest(made.bars, drawn, policy, interval=made.interval, finer=made.finer, **how)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), rules(), ways())
def test_BAR_7_signals_told_as_arrays_are_those_that_were_told_one_by_one(seed, policy, how):
    """The same facts, the same account, the same signals known at the end; also where nobody has read any fact yet."""
    slow, fast = as_arrays(seed, policy, how)
    assert fast.simulation.trades == slow.trades
    assert held(fast.simulation.state.book) == held(slow.state.book)
    assert fast.simulation.state.seen == slow.state.seen
    assert told(fast.facts) == told(slow.facts)


def test_the_tapes_hold_signals_of_another_instrument():
    """Approved and refused, at a bar beside theirs and where the other's last one is older; and all of a column."""
    seen = Counter()
    for seed in range(60):
        made = tape(seed)
        led = [(own, signal) for own, answers in made.answers.items() for signal in answers.known.values()]
        foreign = {signal.id for own, signal in led if signal.symbol != own}
        columns = [(own, AsArrays(answers.known, made.interval).known) for own, answers in made.answers.items()]
        seen.update("a column" for own, known in columns for one in [*known.values()][:1] if one.symbol != own)
        moments = {thing.symbol: {bar.at for bar in series} for thing, series in made.bars.items()}
        _, fast = both(seed, rc.Policy(**OPEN, atr_period=5), {**NEXT_OPEN, "entries": list(rc.Entries)[seed % 2]})
        for fact in fast.facts:
            if isinstance(fact, (e.EntryApproved, e.EntryRefused)) and fact.signal.id in foreign:
                seen.update([(type(fact), fact.signal.bar_at in moments[fact.signal.symbol])])
    ways = {(kind, beside) for kind in (e.EntryApproved, e.EntryRefused) for beside in (True, False)}
    assert {*ways, "a column"} <= set(seen), seen
    assert min(seen.values()) > 5, seen
