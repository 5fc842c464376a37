"""Rules that remember and compare: no order of the past matters, waiting helps, likeness is fair."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import assume, given, settings, strategies as st

import riskcore as rc
from riskcore.rules.bets import connected
from riskcore.testing import rulebooks, situations

FEW = settings(max_examples=60)
COUNTERS = {
    "cooldown_s": 1800,
    "cooldown_after_loss_s": 1800,
    "reentry_after_stop": "symbol_next_session",
    "max_stops": 2,
    "max_entries_per_symbol": 2,
    "max_weekly_loss": 10,
    "max_monthly_loss": 10,
    "max_open_risk": 3,
    "daily_loss_worst_case": True,
    "worst_case_over": "shrink",
    "max_correlation": Decimal("0.5"),
    "max_cluster_positions": 2,
    "max_cluster_exposure": 40,
    "limits": (
        rc.Limit(scope="product", name="MIS", max_positions=2, max_trades_per_day=3, max_daily_loss=2),
        rc.Limit(scope="strategy", name="ema", max_positions=2, max_trades_per_day=3, max_daily_loss=2),
    ),
}
closes = st.lists(st.integers(50, 150).map(Decimal), min_size=3, max_size=40)


def shuffled(draw, values):
    return tuple(draw(st.permutations(values)))


@FEW
@given(situations(), st.data(), st.booleans())
def test_CNT_5_no_order_of_what_is_remembered_matters(situation, data, consecutive):
    """Positions, orders, finished trades, sessions and closes in any order give the same findings and the same size."""
    signal, book, market, policy = situation
    policy = attrs.evolve(policy, **{**COUNTERS, "stops_consecutive": consecutive})
    mixed = attrs.evolve(
        book,
        positions=shuffled(data.draw, book.positions),
        orders=shuffled(data.draw, book.orders),
        outcomes=shuffled(data.draw, book.outcomes),
        days=shuffled(data.draw, book.days),
    )
    seen = attrs.evolve(market, closes=shuffled(data.draw, market.closes))
    one, other = rc.decide(signal, book, market, policy), rc.decide(signal, mixed, seen, policy)
    assert (one.approved, told(one)) == (other.approved, told(other))


def told(decision):
    """Findings without the names of which of several missing things was met first."""
    found = [(f.rule, f.passed, f.reason, f.max_quantity) for f in decision.findings]
    return [row if row[2] not in ("stop_missing", "margin_unknown") else row[:3] for row in found]


@FEW
@given(situations(), st.integers(0, 3000))
def test_CNT_6_waiting_never_starts_a_cooldown(situation, seconds):
    """What a cooldown or the lock of a guard lets pass now, it lets pass later in the session."""
    signal, book, market, policy = situation
    policy = attrs.evolve(policy, cooldown_s=1800, cooldown_after_loss_s=600, max_stops=2, stops_lock_s=900)
    later = market.at + timedelta(seconds=seconds)
    assume(later.date() == market.at.date())
    waiting = {"cooldown_s", "cooldown_after_loss_s", "max_stops"}
    now = rc.decide(signal, book, market, policy)
    then = rc.decide(attrs.evolve(signal, at=later), book, attrs.evolve(market, at=later, quote_at=later), policy)
    free = {found.rule for found in now.findings if found.passed} & waiting
    assert free <= {found.rule for found in then.findings if found.passed}


@FEW
@given(
    situations(), st.integers(1, 5000), st.sampled_from(("cooldown_after_loss_s", "max_stops", "reentry_after_stop"))
)
def test_CNT_7_a_gain_locks_nothing(situation, ago, rule):
    """One more finished trade with a gain never turns a pass of the rules about losses into a refusal."""
    signal, book, market, policy = situation
    policy = attrs.evolve(policy, **{rule: COUNTERS[rule]}, stops_lock_s=1800)
    closed = market.at - timedelta(seconds=ago)
    gain = rc.Outcome(
        key=market.instrument.key,
        side=signal.side,
        session=closed.date(),
        closed_at=closed,
        quantity=1,
        gross=Decimal(1),
        charges=Decimal(0),
        r_multiple=Decimal(1),
        reason="stop",
        strategy=signal.strategy,
    )
    more = attrs.evolve(book, outcomes=(*book.outcomes, gain))
    before, after = (rc.decide(signal, known, market, policy) for known in (book, more))
    found = {f.rule: f.passed for f in before.findings}
    assert {f.rule: f.passed for f in after.findings}[rule] >= found[rule]


@FEW
@given(situations())
def test_CNT_8_an_approval_keeps_what_the_rules_of_the_portfolio_promise(situation):
    """Open risk, the worst end of the day and the cluster, worked out from the book with the order in it."""
    signal, book, market, policy = situation
    policy = attrs.evolve(policy, max_open_risk=3, daily_loss_worst_case=True, worst_case_over="shrink")
    decision = rc.decide(signal, book, market, policy)
    assume(decision.approved)
    with_it = book.after(decision.order)
    base = decision.context.base
    assert open_risk(with_it) <= base * 3 / 100
    worst = open_risk(attrs.evolve(with_it, positions=())) - book.net_realised
    for held in book.positions:
        way = 1 if held.side == "BUY" else -1
        worst -= min(way * (held.stop - held.average_price) * held.quantity, held.unrealised)
    assert worst < book.opening_equity * policy.max_daily_loss / 100


def open_risk(book):
    """Sum over positions and entries on their way of what lies between entry and stop, never less than nought each."""
    at_risk = [(p.side, p.average_price, p.stop, p.quantity) for p in book.positions]
    at_risk += [
        (o.approved.side, o.approved.limit, o.approved.stop, o.open_quantity) for o in book.live_orders(entries=True)
    ]
    away = (((price - stop) if side == "BUY" else (stop - price), quantity) for side, price, stop, quantity in at_risk)
    return sum((max(distance, Decimal(0)) * quantity for distance, quantity in away), Decimal(0))


@FEW
@given(situations(faulty=False), rulebooks())
def test_CNT_9_a_rule_that_is_off_says_nothing_and_one_more_never_helps(situation, rules):
    """Switching rules on adds findings, takes none away, and raises no quantity."""
    signal, book, market, policy = situation
    plain = attrs.evolve(policy, **dict.fromkeys(OFF, None), **OFF_WORDS)
    stricter = attrs.evolve(plain, **{**rules, "worst_case_over": "shrink"})
    before, after = rc.decide(signal, book, market, plain), rc.decide(signal, book, market, stricter)
    assert {f.rule for f in before.findings} - {"tick", "lot", "risk", "risk_reward_basis"} <= {
        f.rule for f in after.findings
    }
    assert quantity(after) <= quantity(before)


OFF = (
    *("denied_symbols", "allowed_sessions", "allowed_weekdays", "entry_windows", "price_min", "price_max"),
    *("max_price_drift_pct", "max_entries_per_symbol", "cooldown_s", "cooldown_after_loss_s", "max_stops"),
    *("max_weekly_loss", "max_monthly_loss", "max_open_risk", "max_correlation"),
    *("max_cluster_positions", "max_cluster_exposure"),
)
OFF_WORDS = {"reentry_after_stop": "allowed", "daily_loss_worst_case": False, "limits": ()}


def quantity(decision):
    return decision.order.quantity if decision.approved else 0


@pytest.mark.smoke
@given(closes, closes, st.integers(2, 40), st.sampled_from(("0", "0.25", "1")))
def test_LIK_1_correlation_is_symmetric_and_between_minus_one_and_one(first, second, window, shrinkage):
    """And shrinkage only draws it towards nought."""
    one = rc.return_correlation(first, second, window=window, shrinkage=Decimal(shrinkage))
    assert one == rc.return_correlation(second, first, window=window, shrinkage=Decimal(shrinkage))
    whole = rc.return_correlation(first, second, window=window)
    assert (one is None) == (whole is None)
    if whole is not None:
        assert -1 <= whole <= 1
        assert abs(one) <= abs(whole)
        assert one * whole >= 0


@given(closes, closes, st.sampled_from((2, 5, 100)), st.sampled_from((1, 3, 1000)))
def test_LIK_2_the_unit_of_the_prices_does_not_matter(first, second, times_one, times_other):
    """A split, a consolidation or another currency changes no correlation."""
    plain = rc.return_correlation(first, second, window=60)
    other = [price * times_one for price in first], [price * times_other for price in second]
    assert rc.return_correlation(*other, window=60) == plain


@given(closes)
def test_LIK_3_a_series_moves_wholly_with_itself(series):
    """Where it moves at all."""
    assert rc.return_correlation(series, series, window=60) in (None, Decimal(1))


@given(st.integers(1, 7), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))), st.permutations(range(7)))
def test_LIK_4_a_cluster_does_not_depend_on_the_order_of_its_members(count, links, order):
    """The same members under other numbers, and each member of a cluster has the same one."""

    def linked(one, other):
        return (one, other) in links or (other, one) in links

    cluster = connected(0, count, linked)
    assert all(connected(member, count, linked) == cluster for member in cluster)
    place = [number for number in order if number < count]
    moved = connected(place.index(0), count, lambda one, other: linked(place[one], place[other]))
    assert sorted(place[member] for member in moved) == list(cluster)


@given(
    st.integers(1, 7), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))), st.integers(0, 6), st.integers(0, 6)
)
def test_LIK_5_one_more_link_never_makes_a_cluster_smaller(count, links, one, other):
    """A lower threshold links more, so it only tightens."""

    def by(known):
        return lambda a, b: (a, b) in known or (b, a) in known

    assert set(connected(0, count, by(links))) <= set(connected(0, count, by(links | {(one, other)})))


@FEW
@given(situations())
def test_LIK_6_both_sides_turned_make_the_same_bets(situation):
    """Selling what would be bought, against positions turned round too, has the same correlations and clusters."""
    signal, book, market, policy = situation
    policy = attrs.evolve(policy, max_correlation="0.5", max_cluster_positions=2, one_position_per_symbol=True)
    assume(not book.live_orders())
    turned = attrs.evolve(book, positions=tuple(attrs.evolve(p, side=flip(p.side)) for p in book.positions))
    there = attrs.evolve(signal, side=flip(signal.side), product="MIS")
    names = ("max_correlation", "max_cluster_positions")
    here = {f.rule: f for f in rc.decide(signal, book, market, policy).findings if f.rule in names}
    back = {f.rule: f for f in rc.decide(there, turned, market, policy).findings if f.rule in names}
    assert here == back


def flip(side):
    return "SELL" if side == "BUY" else "BUY"
