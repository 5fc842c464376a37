"""Laws of the measures (PER): what must hold of any trades, any returns and any simulated account."""

from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import accumulate, pairwise

import attrs
import pytest
from hypothesis import Phase, given, settings, strategies as st

import riskcore as rc
from riskcore import analytics as an, events as e
from riskcore.engine import State, step
from riskcore.testing import bars, days

D = Decimal
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
THING = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
RULES = rc.Policy(
    atr_period=2,
    atr_warmup_bars=2,
    max_position_size_percent=60,
    max_sector_exposure=100,
    max_trades_per_day=50,
    max_daily_loss=50,
    entry_band_pct="0.5",
    atr_interval="1m",
)
NEAR = D("1e-18")

paisa = st.decimals(min_value="-5000", max_value="5000", places=2)
prices = st.decimals(min_value="50", max_value="150", places=2)
rates = st.lists(st.decimals(min_value="-0.3", max_value="0.3", places=4), min_size=1, max_size=30)


@st.composite
def trades(draw):
    opened = FRIDAY + timedelta(minutes=draw(st.integers(0, 20_000)))
    entry = draw(prices)
    seen = [entry, draw(prices), draw(prices), exit_price := draw(prices)]
    side = draw(st.sampled_from(["BUY", "SELL"]))
    return rc.Trade(
        key=draw(st.sampled_from(["NSE:A", "NSE:B", "NSE:C"])),
        side=side,
        quantity=draw(st.integers(1, 500)),
        entry_price=entry,
        exit_price=exit_price,
        opened_at=opened,
        closed_at=opened + timedelta(minutes=draw(st.integers(0, 300))),
        charges=draw(st.decimals(min_value=0, max_value=100, places=2)),
        initial_stop=draw(st.none() | prices),
        initial_target=draw(st.none() | prices),
        worst_price=min(seen) if side == "BUY" else max(seen),
        best_price=max(seen) if side == "BUY" else min(seen),
        stop_slippage=draw(st.none() | paisa),
        strategy=draw(st.sampled_from(["", "orb", "ema"])),
        reason=draw(st.sampled_from(["stop", "target", "square_off"])),
        bound_by=draw(st.sampled_from(["risk_per_trade", "lot"])),
    )


NO_FLOWS = st.just(D(0))
several = st.lists(trades(), max_size=15)


@st.composite
def curves(draw, flows=NO_FLOWS):
    """Sessions that lose at most nine tenths of the account each, with money paid in or out between them."""
    level, made = draw(st.decimals(min_value="1000", max_value="1000000", places=2)), []
    for number in range(draw(st.integers(1, 15))):
        flow = D(0) if not made else max(draw(flows), 1 - level)
        opening = level + flow
        least, most = (round(opening * D(share), 2) for share in ("-0.9", "0.9"))
        net = draw(st.decimals(min_value=least, max_value=most, places=2))
        made.append(an.Day(session=date(2026, 1, 1) + timedelta(days=number), opening=opening, net=net, flow=flow))
        level = made[-1].closing
    return rc.EquityCurve(made)


def scaled(curve, factor):
    wanted = ("opening", "net", "flow")
    return rc.EquityCurve([attrs.evolve(d, **{name: getattr(d, name) * factor for name in wanted}) for d in curve.days])


# ---------------------------------------------------------------- the equity curve


@settings(max_examples=40)
@given(curves(), st.sampled_from([2, 10, 1000]))
def test_PER_1_a_larger_account_has_the_same_ratios(curve, factor):
    """Scaling all rupees leaves returns, drawdowns in percent and every ratio as they are."""
    made, larger = (rc.performance_of([], told) for told in (curve, scaled(curve, factor)))
    assert curve.returns == scaled(curve, factor).returns
    names = (
        "sharpe",
        "sortino",
        "omega",
        "volatility",
        "annual_return",
        "value_at_risk",
        "cumulative_return",
        "calmar",
    )
    assert all(getattr(made, name) == getattr(larger, name) for name in names)
    falls = [[(fall.pct, fall.length, fall.recovery) for fall in told.curve.drawdowns()] for told in (made, larger)]
    assert falls[0] == falls[1]
    assert larger.curve.net == made.curve.net * factor


@settings(max_examples=40)
@given(curves(flows=paisa))
def test_PER_2_the_sessions_and_the_flows_are_the_change_of_equity(curve):
    """To the paisa; and no drawdown exceeds 100 %, whatever was paid in or out."""
    first, last = curve.days[0], curve.days[-1]
    assert last.closing - first.opening == curve.net + curve.flows
    for fall in curve.drawdowns():
        assert 0 < fall.pct <= 100
        assert fall.began < fall.trough <= fall.last <= len(curve.days)


@settings(max_examples=40)
@given(curves(flows=paisa))
def test_PER_17_the_largest_drawdown_is_the_most_rupees_that_were_lost(curve):
    """From any moment to a later one, whatever was paid in or out; percent are of the level at the peak."""
    results = [D(0), *accumulate(day.net for day in curve.days)]
    lost = max(before - after for n, before in enumerate(results) for after in results[n:])
    largest = curve.largest_drawdown
    assert (0 if largest is None else largest.value) == lost
    for fall in (*curve.drawdowns(), *([largest] if largest else [])):
        assert fall.value == results[fall.began] - results[fall.trough]
        assert (fall.peak, fall.low) == (curve.levels()[fall.began], curve.levels()[fall.trough])


@settings(max_examples=40)
@given(rates)
def test_PER_3_levels_without_flows_are_the_equity_itself(returns):
    """And compound to the cumulative return."""
    level, made = D(1000), []
    for number, rate in enumerate(returns):
        made.append(an.Day(session=date(2026, 1, 1) + timedelta(days=number), opening=level, net=level * rate))
        level = made[-1].closing
    curve = rc.EquityCurve(made)
    assert curve.levels() == (made[0].opening, *(day.closing for day in made))
    assert abs(curve.levels()[-1] / 1000 - 1 - an.cumulative_return(returns)) < NEAR


@settings(max_examples=40)
@given(st.lists(st.decimals(min_value=1, max_value=1000, places=2), min_size=1, max_size=40))
def test_PER_4_every_step_is_at_the_peak_or_in_one_drawdown(levels):
    """Spells do not overlap; the deepest is what comparing every pair of values finds."""
    falls = an.drawdowns(levels)
    for before, after in pairwise(falls):
        assert before.recovered is not None
        assert before.recovered <= after.began
    under = {n for fall in falls for n in range(fall.began + 1, fall.last + (fall.recovered is None))}
    assert under == {n for n, level in enumerate(levels) if level < max(levels[: n + 1])}
    pairs = [(levels[i] - levels[j]) / levels[i] for i in range(len(levels)) for j in range(i, len(levels))]
    worst = an.deepest(falls)
    assert abs((worst.pct / 100 if worst else 0) - max(pairs)) < NEAR


# ---------------------------------------------------------------- series of returns


@settings(max_examples=40)
@given(rates, st.randoms(use_true_random=False))
def test_PER_5_the_order_of_the_days_does_not_matter_to_ratios(returns, chance):
    """Sharpe, Sortino, Omega, volatility and growth; the drawdown does know the order."""
    mixed = list(returns)
    chance.shuffle(mixed)
    for measure in (an.sharpe, an.sortino, an.omega, an.volatility, an.annual_return, an.value_at_risk):
        first, second = measure(returns), measure(mixed)
        assert (first is None) == (second is None)
        assert first is None or abs(first - second) <= NEAR * max(1, abs(first))


@settings(max_examples=40)
@given(rates, st.sampled_from([D("0.5"), D(2), D(3)]))
def test_PER_6_more_of_the_same_stake_is_the_same_quality(returns, factor):
    """All returns times a factor: Sharpe, Sortino and Omega stay, volatility grows by it."""
    more = [value * factor for value in returns]
    for measure in (an.sharpe, an.sortino, an.omega):
        first, second = measure(returns), measure(more)
        assert (first is None) == (second is None)
        assert first is None or abs(first - second) <= NEAR * max(1, abs(first))
    if len(returns) > 1:
        assert abs(an.volatility(more) - an.volatility(returns) * factor) < NEAR


@settings(max_examples=40)
@given(rates)
def test_PER_7_turned_round_losses_are_gains(returns):
    """Sharpe changes its sign; Omega becomes one over itself."""
    turned = [-value for value in returns]
    sharpe, other = an.sharpe(returns), an.sharpe(turned)
    assert sharpe == (None if other is None else -other)
    if an.omega(returns) and an.omega(turned):
        assert abs(an.omega(returns) * an.omega(turned) - 1) < NEAR


# ---------------------------------------------------------------- trades


@attrs.frozen
class Result:
    net: Decimal
    r_multiple: Decimal | None


results = st.lists(st.builds(Result, paisa, st.none() | st.decimals(min_value=-5, max_value=10, places=2)), max_size=25)


@settings(max_examples=40)
@given(results)
def test_PER_8_turned_round_the_profit_factor_is_one_over_itself(told):
    """And so is the payoff; expectancy changes its sign."""
    turned = [Result(-trade.net, trade.r_multiple) for trade in told]
    for measure in (an.profit_factor, an.payoff_ratio):
        first, second = measure(told), measure(turned)
        if first and second:
            assert abs(first * second - 1) < NEAR
    if told:
        assert an.expectancy(turned) == -an.expectancy(told)


@settings(max_examples=40)
@given(results)
def test_PER_9_streaks_and_bins_hold_every_trade_once(told):
    """Lengths add up to the number of trades; neighbours differ; the bins hold all that have an R."""
    found = an.streaks(told)
    assert sum(length for _, length in found.runs) == len(told)
    assert all(a[0] != b[0] for a, b in pairwise(found.runs))
    assert max(found.longest_win, found.longest_loss) <= len(told)
    assert sum(part.count for part in an.r_distribution(told)) == len(an.r_multiples(told))


@settings(max_examples=40)
@given(results)
def test_PER_10_expectancy_is_won_by_the_winners_and_lost_by_the_losers(told):
    """Win rate x average win - loss rate x average loss; Kelly has the sign of the expectancy in R."""
    if told:
        losses = D(sum(1 for trade in told if trade.net < 0)) / len(told)
        won = an.win_rate(told) * (an.average_win(told) or 0)
        lost = losses * (an.average_loss(told) or 0)
        assert abs(an.expectancy(told) - (won - lost)) < D("1e-15")
    found = rc.trade_statistics(told)
    assert found.count + found.without_risk == len(told)
    assert found.count == found.wins + found.losses + found.scratches
    if found.kelly is not None and abs(found.kelly) > NEAR:
        assert (found.kelly > 0) == (found.expectancy > 0)
        assert found.kelly <= 1


@settings(max_examples=40)
@given(several)
def test_PER_11_the_parts_add_up_to_the_whole(told):
    """By every name: trades, wins, rupees and charges."""
    made = rc.performance_of(told)
    for name, parts in made.parts:
        assert len({part.name for part in parts}) == len(parts), name
        assert sum(part.count for part in parts) == len(told)
        assert sum(part.wins for part in parts) == sum(1 for trade in told if trade.net > 0)
        assert sum((part.net for part in parts), D(0)) == made.net == made.gross - made.charges
        assert sum((part.charges for part in parts), D(0)) == made.charges
    assert made.explain().isascii()


@settings(max_examples=40)
@given(trades())
def test_PER_12_a_trade_ends_between_its_extremes(told):
    """MAE and MFE are never below 0, and enclose what a share made."""
    made = (told.gross / told.quantity).quantize(D("1e-9"))
    assert 0 <= an.adverse(told) >= -made
    assert 0 <= an.favourable(told) >= made


# ---------------------------------------------------------------- whole accounts


@settings(max_examples=25)
@given(days(sessions=2))
def test_PER_13_any_inputs_make_a_performance(day):
    """Nothing raises; sessions add up; every finished trade is found once, its result unchanged.

    What a double fill made was asked for by nobody: it has no levels.
    """
    state, facts = State(), []
    for event in day.inputs:
        taken = step(state, event, day.policy)
        state = taken.state
        facts += taken.facts
    made = rc.performance(facts)
    closed = [fact for fact in facts if isinstance(fact, e.PositionClosed)]
    assert [trade.net for trade in made.trades] == [fact.gross - fact.charges for fact in closed]
    assert sorted(made.open_trades) == sorted(position.instrument.key for position in state.book.positions)
    for trade in [trade for trade in made.trades if not trade.signal_id.endswith(":over")]:
        assert trade.worst_price is not None
        assert trade.initial_stop is not None
    if state.book.equity is not None and made.curve.days and made.curve.days[-1].session == state.book.session:
        assert abs(made.curve.days[-1].closing - state.book.equity) < NEAR
    assert made.explain().isascii()


@st.composite
def plans(draw):
    """Two sessions of bars, and on which of them which side is wanted."""
    series = draw(bars(THING, start=FRIDAY, min_size=8, max_size=20, around=400))
    series += draw(bars(THING, start=FRIDAY + timedelta(days=3), min_size=2, max_size=12, around=390))
    return series, draw(st.dictionaries(st.integers(2, 25), st.sampled_from(["BUY", "SELL"]), min_size=4))


def run(plan):
    series, wanted = plan

    def strategy(instrument, seen):
        side = wanted.get(len(seen))
        return side and rc.Signal(instrument.symbol, side, at=seen[-1].at + timedelta(minutes=1), product="MIS")

    return rc.simulate({THING: series}, strategy, RULES)


@settings(max_examples=25)
@given(plans())
def test_PER_14_the_curve_of_a_simulation_is_its_account(plan):
    """Sessions add up to the change of equity; trades to it, less what is open; extremes enclose the prices."""
    told = run(plan)
    made = rc.performance(told.facts)
    change = told.equity - RULES.default_capital
    assert abs(made.curve.net - change) < NEAR
    assert made.curve.flows == 0
    still = sum((p.unrealised + p.realised - p.charges for p in told.state.book.positions), D(0))
    assert abs(made.net + still - change) < NEAR
    for trade in made.trades:
        low, high = sorted([trade.worst_price, trade.best_price])
        assert low <= min(trade.entry_price, trade.exit_price) + NEAR
        assert high >= max(trade.entry_price, trade.exit_price) - NEAR
        if trade.reason == "stop" and trade.stop_slippage == 0:
            assert trade.worst_price == trade.exit_price == trade.initial_stop


def test_PER_15_the_plans_do_trade():
    """Else the laws above would hold of nothing: many plans finish trades, by stops too."""
    reasons = []

    @settings(max_examples=30, phases=[Phase.generate], database=None, derandomize=True)
    @given(plans())
    def simulated(plan):
        reasons.append({trade.reason for trade in rc.performance(run(plan).facts).trades})

    simulated()
    assert sum(1 for found in reasons if found) >= 10
    assert sum(1 for found in reasons if "stop" in found) >= 5


@pytest.mark.smoke
def test_PER_16_the_host_s_own_decimal_context_changes_nothing():
    """A host that rounds to six digits gets the same page."""
    trade = rc.Trade(
        key="NSE:X",
        side="BUY",
        quantity=3,
        entry_price="123.45",
        exit_price="133.35",
        opened_at=FRIDAY,
        closed_at=FRIDAY,
        initial_stop="120.10",
    )
    curve = rc.EquityCurve(
        [an.Day(session=date(2026, 1, n), opening=1000 + n, net=D(n) / 7 * (-1) ** n) for n in range(1, 6)]
    )
    usual = rc.performance_of([trade], curve)
    with localcontext() as host:
        host.prec = 6
        assert rc.performance_of([trade], curve) == usual
        assert rc.performance_of([trade], curve).explain() == usual.explain()
