"""What holds for every size: that it is the largest, that less never becomes more, that what binds really binds."""

from collections import Counter
from datetime import datetime
from decimal import Decimal

import attrs
import pytest
from hypothesis import Phase, assume, given, settings, strategies as st

import riskcore as rc
from riskcore.testing import situations

LONG_AGO = datetime(2024, 1, 1, 12, 0, tzinfo=rc.IST)
ROOM = {
    "max_daily_loss": 100,
    "max_weekly_loss": None,
    "max_monthly_loss": None,
    "max_positions": 5,
    "max_trades_per_day": 8,
}
PRODUCT = {"scope": "product", "name": "MIS"}
CHARGED = {"sizing_method": "kelly", "kelly_multiplier": "0.02", "kelly_min_trades": 10}

amounts = st.decimals("0.01", 5000, places=2)
lots = st.sampled_from((1, 1, 5, 65))


@st.composite
def questions(draw):
    """The arguments of a fixed fractional size, with charges that are flat, in proportion, capped or all of it."""
    entry, distance = draw(st.decimals(20, 5000, places=2)), draw(st.decimals("0.05", 19, places=2))
    flat, rate, most = (draw(st.sampled_from(values)) for values in ((0, 20, 333), ("0", "0.07", "3"), (0, 20, 900)))
    return {
        "equity": draw(st.decimals(1, 1_000_000, places=2)),
        "risk_per_trade": draw(st.sampled_from(("0.1", "1", "2.5"))),
        "entry": entry,
        "stop": entry + distance * draw(st.sampled_from((1, -1))),
        "lot_size": draw(lots),
        "charges_per_share": draw(st.sampled_from(("0", "0.31"))),
        "slippage_per_share": draw(st.sampled_from(("0", "0.05", "2"))),
        "charges": lambda shares: flat + min(shares * Decimal(rate), Decimal(most)),
    }


def lost(question, quantity):
    each = abs(question["entry"] - question["stop"])
    each += Decimal(question["charges_per_share"]) + Decimal(question["slippage_per_share"])
    return quantity * each + question["charges"](quantity)


@pytest.mark.smoke
@settings(max_examples=60)
@given(questions())
def test_SIZ_5_the_size_fits_and_a_lot_more_does_not(question):
    """Loss at the stop with slippage and charges: within the budget, and beyond it with one lot more."""
    quantity, budget = rc.size(**question).quantity, question["equity"] * Decimal(question["risk_per_trade"]) / 100
    assert quantity % question["lot_size"] == 0
    assert quantity == 0 or lost(question, quantity) <= budget
    assert lost(question, quantity + question["lot_size"]) > budget


@settings(max_examples=60)
@given(questions(), st.data())
def test_SIZ_6_less_of_anything_never_makes_it_more(question, data):
    """Less equity, less risk, a wider stop, dearer charges, more slippage, lots of a multiple, one more cap."""
    before = rc.size(**question).quantity
    charges = question["charges"]
    away = (question["stop"] - question["entry"]) * Decimal("1.01")
    tightened = data.draw(
        st.sampled_from(
            [
                {"equity": question["equity"] / 2},
                {"equity": question["equity"] - Decimal("0.01")},
                {"risk_per_trade": Decimal(question["risk_per_trade"]) - Decimal("0.01")},
                {"stop": question["entry"] + away},
                {"charges": lambda shares: charges(shares) + 1},
                {"charges": lambda shares: charges(shares) + shares},
                {"charges_per_share": Decimal(question["charges_per_share"]) + Decimal("0.01")},
                {"slippage_per_share": Decimal(question["slippage_per_share"]) + Decimal("0.01")},
                {"lot_size": question["lot_size"] * 3},
                {"caps": [("mine", data.draw(st.integers(0, 1000)))]},
            ]
        )
    )
    assert rc.size(**{**question, **tightened}).quantity <= before


@settings(max_examples=60)
@given(questions(), st.sampled_from((2, 10, 83, 1000)))
def test_SIZ_7_the_size_of_the_currency_does_not_matter(question, factor):
    """Equity, prices, slippage and charges in a currency worth 1/factor: the same size."""
    charges = question["charges"]
    money = ("equity", "entry", "stop", "charges_per_share", "slippage_per_share")
    scaled = {name: Decimal(question[name]) * factor for name in money}
    large = {**question, **scaled, "charges": lambda shares: charges(shares) * factor}
    assert rc.size(**large) == rc.size(**question)


@settings(max_examples=60)
@given(questions(), st.decimals(-1_000_000, 0, places=2), amounts)
def test_SIZ_8_without_equity_there_is_no_size(question, equity, atr):
    """At zero and below: no formula gives a share."""
    assert rc.size(**{**question, "equity": equity}).quantity == 0
    assert rc.volatility_cap(equity=equity, target_pct=1, atr=atr, multiple=1).most == 0
    prices = {"entry": question["entry"], "stop": question["stop"]}
    assert rc.kelly_cap(equity=equity, kelly_multiplier=1, win_rate="0.9", payoff=3, **prices).most == 0


@settings(max_examples=60)
@given(questions())
def test_SIZ_9_a_short_is_as_large_as_the_long_in_its_mirror(question):
    """The stop as far on the other side: the same size."""
    mirrored = {**question, "stop": 2 * question["entry"] - question["stop"]}
    assert rc.size(**mirrored) == rc.size(**question)


def outcomes(*r_multiples, strategy):
    made = {"key": "NSE:X", "side": "BUY", "quantity": 1, "charges": Decimal(0), "strategy": strategy}
    made |= {"session": LONG_AGO.date(), "closed_at": LONG_AGO}
    return tuple(rc.Outcome(gross=Decimal(str(r)), r_multiple=Decimal(str(r)), **made) for r in r_multiples)


NUMBERS = {
    "slippage_ticks": st.integers(1, 20),
    "slippage_pct": st.sampled_from(("0.1", "1")),
    "max_notional": st.integers(100, 50_000),
    "max_quantity": st.integers(1, 200),
    "max_slices": st.integers(1, 3),
    "signal_quantity": st.sampled_from(("ignore", "cap")),
    "max_sector_net_exposure": st.sampled_from((5, 20, 60)),
    "max_unknown_sector_exposure": st.sampled_from((1, 2, 60)),
    "throttle_from_pct": st.sampled_from((1, 5)),
    "limits": st.sampled_from(
        (
            (rc.Limit(**PRODUCT, max_quantity=7),),
            (
                rc.Limit(**PRODUCT, max_position_size_percent=5),
                rc.Limit(scope="strategy", name="e", max_quantity=3),
            ),
            (rc.Limit(**PRODUCT, max_notional=700),),
            (rc.Limit(**PRODUCT, max_exposure=2),),
            (rc.Limit(**PRODUCT, risk_per_trade="0.05"),),
        )
    ),
}
METHODS = st.sampled_from(
    (
        {},
        {},
        {"sizing_method": "fixed_quantity", "fixed_quantity": 9},
        {"sizing_method": "fixed_notional", "fixed_notional": 4000},
        {"sizing_method": "volatility", "volatility_target_pct": "0.2"},
        CHARGED,
    )
)


@st.composite
def crowded(draw):
    """Situations under which any sizer, any cap and any scale of the risk may bind, on a book with a history."""
    signal, book, market, policy = draw(situations(faulty=False))
    policy = attrs.evolve(policy, **ROOM, **draw(METHODS), **draw(st.fixed_dictionaries({}, optional=NUMBERS)))
    frozen = attrs.evolve(market.instrument, freeze_quantity=draw(st.sampled_from((None, 20, 100))))
    past = outcomes(*([1.5, -1] * 6), strategy=signal.strategy)
    peak = book.equity * draw(st.sampled_from((1, Decimal("1.02"), Decimal("1.1"))))
    return signal, attrs.evolve(book, outcomes=past, peak_equity=peak), attrs.evolve(market, instrument=frozen), policy


def approved(situation):
    decision = rc.decide(*situation)
    assume(decision.approved)
    return decision


def stopped_out(decision, policy):
    """What the order loses at its stop with the slippage and the charges that the policy counts, by quantity."""
    order = decision.order
    way = 1 if order.side == "BUY" else -1
    slip = max(
        order.instrument.tick * (policy.slippage_ticks or 0), order.stop * (policy.slippage_pct or Decimal(0)) / 100
    )
    leave = max(order.stop - way * slip, Decimal(0))

    def loss(quantity):
        found = abs(order.limit - leave) * quantity
        if policy.risk_includes_charges:
            plan = {"brokerage_pct": policy.brokerage_pct, "brokerage_max": policy.brokerage_max}
            bought, sold = (order.limit, leave) if order.side == "BUY" else (leave, order.limit)
            day = {"on": order.at.date(), "product": order.product}
            found += rc.charges(buy=bought, sell=sold, quantity=quantity, **day, **plan).total
        return found

    return loss


@pytest.mark.smoke
@settings(max_examples=60)
@given(crowded())
def test_SIZ_10_the_risk_of_an_order_is_within_the_budget_by_every_method(situation):
    """risk_per_trade is above every sizer; where it binds, a lot more would lose more, to the last paisa of charges."""
    decision = approved(situation)
    policy, order, loss = situation[3], decision.order, stopped_out(decision, situation[3])
    assert order.risk == loss(order.quantity) <= decision.budget
    if decision.size.bound_by == "risk_per_trade":
        assert loss(order.quantity + order.instrument.lot_size) > decision.budget
    if policy.sizing_method == "kelly":
        fraction = rc.kelly_fraction("0.5", "1.5")
        assert loss(order.quantity) <= decision.context.base * policy.kelly_multiplier * fraction


LIFTED = {
    "max_position_size_percent": {"max_position_size_percent": 100},
    "max_sector_exposure": {"max_sector_exposure": 100},
    "max_sector_net_exposure": {"max_sector_net_exposure": None},
    "max_unknown_sector_exposure": {"max_unknown_sector_exposure": None},
    "max_open_risk": {"max_open_risk": None},
    "max_quantity": {"max_quantity": None},
    "max_notional": {"max_notional": None},
    "max_slices": {"max_slices": 10},
    "throttle_from_pct": {"throttle_from_pct": None},
    "signal_quantity": {"signal_quantity": "ignore"},
    "fixed_quantity": {"sizing_method": "risk"},
    "fixed_notional": {"sizing_method": "risk"},
    "volatility_target_pct": {"sizing_method": "risk"},
    "kelly_multiplier": {"sizing_method": "risk"},
}
LIMITS = ("max_quantity", "max_position_size_percent", "max_notional", "max_exposure", "risk_per_trade")
SCALED = "throttle_from_pct"
LIFTED |= {f"limits.{name}": {"limits": ()} for name in LIMITS}


@settings(max_examples=60)
@given(crowded())
def test_SIZ_11_lifting_what_binds_gives_what_binds_next(situation):
    """The next bound, or what the lifted one allows now; the throttle scales what is left of the others."""
    signal, book, market, policy = situation
    before = approved(situation).size
    assume(before.bound_by in LIFTED and before.next_bound is not None)
    after = approved((signal, book, market, attrs.evolve(policy, **LIFTED[before.bound_by]))).size
    now = dict(after.caps)
    rest = {**dict(before.caps[1:]), **{name: now[name] for name in (before.bound_by, SCALED) if name in now}}
    assert after.quantity == min(rest.values())
    assert after.quantity >= before.quantity


def test_SIZ_12_most_of_them_bind_in_some_decision():
    """A law of binding limits that few limits ever took part in would be worth little."""
    bounds = Counter()

    @settings(max_examples=200, phases=[Phase.generate], database=None, derandomize=True)
    @given(crowded())
    def asked(situation):
        decision = rc.decide(*situation)
        if decision.approved:
            bounds[decision.size.bound_by] += 1

    asked()
    assert set(bounds) <= set(LIFTED) | {"risk_per_trade", "funds"}
    assert len(bounds) >= 9


@settings(max_examples=60)
@given(
    st.decimals(0, 100, places=2),
    st.decimals(0, 100, places=2),
    st.decimals(0, 49, places=2),
    st.decimals(50, 100, places=2),
    st.decimals(0, 100, places=2),
)
def test_SIZ_13_the_throttle_stays_between_its_bounds_and_never_rises(one, other, first, last, least):
    """All of the risk up to the first, the least from the last on, and never more in a deeper drawdown."""
    line = {"from_pct": first, "to_pct": last, "least_pct": least}
    nearer, deeper = (rc.throttled_pct(drawdown_pct=drawdown, **line) for drawdown in sorted((one, other)))
    assert least <= deeper <= nearer <= 100
    assert rc.throttled_pct(drawdown_pct=first, **line) == 100
    assert rc.throttled_pct(drawdown_pct=last, **line) == least


@settings(max_examples=60)
@given(st.lists(st.decimals(-3, 5, places=2), max_size=30), st.randoms(use_true_random=False))
def test_SIZ_14_an_edge_is_that_of_the_trades_in_any_order(results, random):
    """Kelly's fraction is at most the share won, and has the sign of what was won."""
    shuffled = results[:]
    random.shuffle(shuffled)
    edge = rc.edge_of(outcomes(*results, strategy=""))
    assert edge == rc.edge_of(outcomes(*shuffled, strategy=""))
    fraction = rc.kelly_fraction(edge.win_rate, edge.payoff)
    if fraction is None:
        assert all(r >= 0 for r in results) or all(r <= 0 for r in results)
    else:
        assert fraction <= edge.win_rate <= 1
        total = sum(results)
        assert abs(total) < Decimal("1e-6") or (fraction > 0) == (total > 0)


TIGHTER = {
    "slippage_ticks": lambda p: (p.slippage_ticks or 1) * 2,
    "slippage_pct": lambda p: (p.slippage_pct or Decimal("0.1")) * 2,
    "signal_quantity": lambda p: "cap",
    "fixed_quantity": lambda p: max((p.fixed_quantity or 2) // 2, 1),
    "fixed_notional": lambda p: (p.fixed_notional or 5000) / 2,
    "volatility_target_pct": lambda p: (p.volatility_target_pct or 1) * Decimal("0.5"),
    "volatility_atr_multiple": lambda p: p.volatility_atr_multiple * 2,
    "kelly_multiplier": lambda p: p.kelly_multiplier / 2,
    "kelly_min_trades": lambda p: p.kelly_min_trades + 5,
    "throttle_from_pct": lambda p: (p.throttle_from_pct or 2) / Decimal(2),
    "throttle_to_pct": lambda p: p.throttle_to_pct / 2,
    "throttle_least_pct": lambda p: p.throttle_least_pct / 2,
    "max_notional": lambda p: (p.max_notional or 5000) / Decimal(2),
    "max_quantity": lambda p: max((p.max_quantity or 100) // 2, 1),
    "max_slices": lambda p: max(p.max_slices // 2, 1),
    "max_sector_net_exposure": lambda p: (p.max_sector_net_exposure or 20) / Decimal(2),
    "max_unknown_sector_exposure": lambda p: (p.max_unknown_sector_exposure or 20) / Decimal(2),
    "risk_includes_charges": lambda p: True,
    "risk_per_trade": lambda p: p.risk_per_trade / 2,
    "limits": lambda p: (rc.Limit(**PRODUCT, max_quantity=1, risk_per_trade="0.05"), *p.limits)[:1],
}


@settings(max_examples=60)
@given(crowded(), st.sampled_from(sorted(TIGHTER)))
def test_SIZ_15_tightening_a_number_of_the_sizers_never_raises_the_quantity(situation, name):
    """Whatever else binds; and what failed does not pass."""
    signal, book, market, policy = situation
    assume(name != "limits" or not policy.limits)
    before = rc.decide(*situation)
    after = rc.decide(signal, book, market, attrs.evolve(policy, **{name: TIGHTER[name](policy)}))
    assert (after.order.quantity if after.approved else 0) <= (before.order.quantity if before.approved else 0)
    failed = {found.rule for found in before.findings if not found.passed}
    assert not failed & {found.rule for found in after.findings if found.passed}
