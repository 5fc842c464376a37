"""Sizes worked out by hand: the formula with charges and slippage, the other sizers, the throttle, what caps a size."""

from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.book import KEPT_OUTCOMES
from riskcore.exchange_limits import slices
from riskcore.policy.sizing import MOST_OUTCOMES

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
BULK = rc.Instrument(symbol="BULK", tick="0.05", lot_size=65, freeze_quantity=1800, sector="Index")
WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
PLAN = {"on": NOON.date(), "brokerage_pct": "0.03", "brokerage_max": 20}


def decided(book=None, thing=INFY, side="BUY", stop=None, product="MIS", strategy="", atr=10, cash=None, **policy):
    """An entry at 1,000 with a stop ten away and no entry band: 1 % of 100,000 risks 100 shares."""
    way = 1 if side == "BUY" else -1
    signal = rc.Signal(
        thing.symbol, side, at=NOON, stop=stop or 1000 - way * 10, target=1000 + way * 100, product=product,
        strategy=strategy,
    )  # fmt: skip
    seen = rc.Market(instrument=thing, at=NOON, last=1000, atr=atr, available_cash=cash)
    return rc.decide(signal, book or rc.Book(1_000_000), seen, rc.Policy(**{**WIDE, "risk_per_trade": "0.1", **policy}))


def reasons(decision):
    return [found.reason for found in decision.reasons]


def caps(decision):
    return dict(decision.size.caps)


def results(*r_multiples, strategy=""):
    """Finished trades with those results in R."""
    made = {"key": "NSE:TCS", "side": "BUY", "session": NOON.date(), "closed_at": NOON, "quantity": 1, "charges": 0}
    return tuple(rc.Outcome(gross=r, r_multiple=Decimal(str(r)), strategy=strategy, **made) for r in r_multiples)


# charges and slippage in a decision


@pytest.mark.parametrize(
    ("side", "bought", "sold", "product"),
    [("BUY", 1000, 990, "MIS"), ("BUY", 1000, 990, "CNC"), ("SELL", 1010, 1000, "MIS")],
)
def test_with_charges_the_last_share_that_fits_is_taken(side, bought, sold, product):
    """The brokerage of both orders has reached its cap; a share more would lose more than the budget."""
    decision = decided(side=side, product=product, risk_includes_charges=True)
    shares = decision.order.quantity

    def lost(quantity):
        return 10 * quantity + rc.charges(buy=bought, sell=sold, quantity=quantity, product=product, **PLAN).total

    assert decision.order.risk == lost(shares) <= decision.budget == 1000 < lost(shares + 1)
    assert shares > 1000 // lost(1)


@pytest.mark.parametrize(
    ("changes", "quantity"),
    [
        ({}, 100),
        ({"slippage_ticks": 10}, 95),
        ({"slippage_pct": "0.1"}, 90),
        ({"slippage_ticks": 10, "slippage_pct": "0.1"}, 90),
        ({"slippage_ticks": 100, "slippage_pct": "0.1"}, 66),
        ({"slippage_pct": 100}, 1),
    ],
)
def test_slippage_beyond_the_stop_is_counted(changes, quantity):
    """10 a share, and 0.50 for ten ticks or 0.99 for 0.1 % of 990; a share never loses more than its price."""
    decision = decided(**changes)
    assert decision.order.quantity == quantity
    assert decision.order.risk <= decision.budget


def test_slippage_and_charges_count_together():
    """The way out is charged at the price that slippage leaves."""
    decision = decided(risk_includes_charges=True, slippage_ticks=20)
    cost = rc.charges(buy=1000, sell=989, quantity=decision.order.quantity, **PLAN).total
    assert decision.order.risk == 11 * decision.order.quantity + cost


# the other sizers: one more cap, below the risk


@pytest.mark.parametrize(
    ("changes", "quantity", "bound_by"),
    [
        ({"sizing_method": "fixed_quantity", "fixed_quantity": 40}, 40, "fixed_quantity"),
        ({"sizing_method": "fixed_quantity", "fixed_quantity": 400}, 100, "risk_per_trade"),
        ({"sizing_method": "fixed_notional", "fixed_notional": 25_999}, 25, "fixed_notional"),
        ({"sizing_method": "fixed_notional", "fixed_notional": 250_000}, 100, "risk_per_trade"),
        ({"sizing_method": "volatility", "volatility_target_pct": "0.05"}, 50, "volatility_target_pct"),
        (
            {"sizing_method": "volatility", "volatility_target_pct": "0.05", "volatility_atr_multiple": 2},
            25,
            "volatility_target_pct",
        ),
        ({"sizing_method": "volatility", "volatility_target_pct": 1}, 100, "risk_per_trade"),
        ({"fixed_quantity": 40}, 100, "risk_per_trade"),
        ({"max_notional": 60_000}, 60, "max_notional"),
        ({"max_quantity": 60}, 60, "max_quantity"),
        ({"max_position_size_percent": 5}, 50, "max_position_size_percent"),
        ({"max_sector_exposure": 5}, 50, "max_sector_exposure"),
    ],
)
def test_a_sizer_caps_the_risk_and_never_raises_it(changes, quantity, bound_by):
    """The least of all, under the name of the setting that bound it; lifting that alone leaves the next."""
    decision = decided(**changes)
    assert (decision.order.quantity, decision.size.bound_by) == (quantity, bound_by)
    assert decision.size.next_bound == decision.size.caps[1]
    assert f"bound by {bound_by}; next: {decision.size.caps[1][0]}" in decision.explain()


def test_the_caps_can_be_had_as_formulas():
    """What the policy asks for, for whoever has no policy."""
    quantity, notional = rc.fixed_quantity_cap(quantity=40), rc.fixed_notional_cap(notional=25_999, price=1000)
    unit = rc.volatility_cap(equity=1_000_000, target_pct="0.05", atr=10, multiple=2)
    kelly = rc.kelly_cap(equity=1_000_000, kelly_multiplier="0.5", win_rate="0.5", payoff="1.002", entry=1000, stop=990)
    sized = rc.size(
        equity=1_000_000,
        risk_per_trade="0.1",
        entry=1000,
        stop=990,
        caps=[quantity, notional, unit, kelly],
    )
    assert sized.caps == (
        ("fixed_notional", 25),
        ("volatility_target_pct", 25),
        ("fixed_quantity", 40),
        ("kelly_multiplier", 49),
        ("risk_per_trade", 100),
    )
    assert unit.basis == "0.05 % of 1000000 over 2 x ATR 10"
    assert kelly.basis == "0.5 x Kelly 0.0010 of 1000000"


def test_a_cap_of_shares_says_what_it_follows_from():
    """Rs 100,000 at 2,502.50 are 39 shares and some rupees over."""
    assert rc.fixed_quantity_cap(quantity=40) == ("fixed_quantity", 40, "40 a trade")
    assert rc.fixed_notional_cap(notional=100_000, price="2502.50") == (
        "fixed_notional",
        39,
        "Rs 100000 at 2502.5",
    )


def test_a_volatility_size_needs_its_atr_though_the_signal_brings_a_stop():
    """Refused by name; by the risk alone the entry would pass."""
    target = {"sizing_method": "volatility", "volatility_target_pct": 1}
    assert reasons(decided(atr=None, **target)) == ["atr_not_ready"]
    assert decided(atr=None).approved


@pytest.mark.parametrize(
    ("capital", "atr", "multiple", "most"), [(1_000_000, 20, 1, 500), (0, 20, 1, 0), (-5, 20, 1, 0), (1999, 20, 1, 0)]
)
def test_a_volatility_cap_floors(capital, atr, multiple, most):
    """1 % of the equity over the ATR; nothing without equity."""
    assert rc.volatility_cap(equity=capital, target_pct=1, atr=atr, multiple=multiple).most == most


# Kelly


def test_a_part_of_kelly_is_risked():
    """Half won, 1.1 R for 1 R: f* = 0.5 - 0.5 / 1.1 = 4.55 %; a hundredth of it is 454 rupees of a million."""
    book = rc.Book(1_000_000, outcomes=results(*[1.1, -1] * 20))
    decision = decided(book, sizing_method="kelly", kelly_multiplier="0.01", kelly_min_trades=40)
    assert (decision.order.quantity, decision.size.bound_by) == (45, "kelly_multiplier")
    found = next(found for found in decision.findings if found.rule == "kelly_multiplier")
    assert found.max_quantity == 45


def test_kelly_never_risks_more_than_risk_per_trade():
    """Nine of ten won: half of Kelly would be 40 % of the equity."""
    book = rc.Book(1_000_000, outcomes=results(*([2] * 9 + [-1]) * 4))
    decision = decided(book, sizing_method="kelly")
    assert (decision.order.quantity, decision.size.bound_by) == (100, "risk_per_trade")


@pytest.mark.parametrize(
    ("trades", "changes", "answer"),
    [
        ([1.1, -1] * 14 + [1], {}, ["kelly_not_ready"]),
        ([1.1, -1] * 14 + [1], {"kelly_fallback": "risk"}, []),
        ([], {}, ["kelly_not_ready"]),
        ([1] * 40, {}, ["kelly_not_ready"]),
        ([-1] * 40, {}, ["kelly_not_ready"]),
        ([1, -1] * 20, {}, ["kelly_no_edge"]),
        ([1, -1.2] * 20, {}, ["kelly_no_edge"]),
        ([1, -1.2] * 20, {"kelly_fallback": "risk"}, ["kelly_no_edge"]),
        ([1.1, -1] * 20, {"kelly_multiplier": "0.0001"}, ["below_one_lot"]),
    ],
)
def test_kelly_without_enough_trades_or_without_an_edge_refuses_by_name(trades, changes, answer):
    """Falling back to risk_per_trade only where the policy says so, and never past a negative edge."""
    decision = decided(rc.Book(1_000_000, outcomes=results(*trades)), sizing_method="kelly", **changes)
    assert decision.approved == (not answer)
    if answer:
        assert reasons(decision) == answer
    else:
        assert (decision.order.quantity, decision.size.bound_by) == (100, "risk_per_trade")


def test_kelly_looks_at_the_strategy_of_the_signal_alone():
    """Another's trades are another's edge; trades without a stop at entry have no R and do not count."""
    bare = [attrs.evolve(done, r_multiple=None) for done in results(*[1] * 40, strategy="ema")]
    book = rc.Book(1_000_000, outcomes=(*results(*[1.1, -1] * 20), *bare))
    assert decided(book, sizing_method="kelly").approved
    assert reasons(decided(book, strategy="ema", sizing_method="kelly")) == ["kelly_not_ready"]


def test_kelly_may_ask_for_as_many_trades_as_the_book_keeps():
    """And for no more: it would never be ready."""
    assert MOST_OUTCOMES == KEPT_OUTCOMES
    with pytest.raises(ValueError, match="at most 500"):
        rc.Policy(kelly_min_trades=501)


def test_the_edge_of_trades_is_folded_in_r():
    """Three won of five decided, 2 R for 1 R; the even one counts among the trades alone."""
    edge = rc.edge_of(results(1, 2, 3, -1, -1, 0))
    assert edge == rc.Edge(6, Decimal("0.6"), Decimal(2))
    assert rc.kelly_fraction(edge.win_rate, edge.payoff) == Decimal("0.4")


def test_a_trade_without_an_initial_risk_is_passed_over():
    """The one before it and the one after it count."""
    bare = attrs.evolve(results(1)[0], r_multiple=None)
    assert rc.edge_of([*results(2), bare, *results(-1)]) == rc.Edge(2, Decimal("0.5"), Decimal(2))


def test_who_never_won_and_who_always_did_have_a_kelly_fraction_too():
    """Half of the capital against the odds of 2 for 1, and all of it for them."""
    assert rc.kelly_fraction(0, 2) == Decimal("-0.5")
    assert rc.kelly_fraction(1, 2) == 1


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: rc.kelly_fraction("1.2", 1), "from 0 to 1"),
        (lambda: rc.kelly_fraction("0.5", -1), "payoff"),
        (lambda: rc.kelly_cap(**KELLY, kelly_multiplier=2), "at most 1"),
        (lambda: rc.kelly_cap(**{**KELLY, "payoff": 0}, kelly_multiplier="0.5"), "no size"),
        (lambda: rc.kelly_cap(**{**KELLY, "stop": 1000}, kelly_multiplier="0.5"), "at the entry"),
        (lambda: rc.throttled_pct(drawdown_pct=1, from_pct=5, to_pct=5, least_pct=0), "must be below"),
        (lambda: rc.throttled_pct(drawdown_pct=1, from_pct=5, to_pct=9, least_pct=101), "at most 100"),
    ],
)
def test_the_sizers_refuse_nonsense(call, match):
    """By name."""
    with pytest.raises(ValueError, match=match):
        call()


KELLY = {"equity": 100_000, "win_rate": "0.6", "payoff": 1, "entry": 1000, "stop": 990}


# the throttle


@pytest.mark.parametrize(
    ("realised", "quantity", "bound_by"),
    [
        (0, 100, "risk_per_trade"),
        (-50_000, 95, "risk_per_trade"),
        (-100_000, 54, "throttle_from_pct"),
        (-150_000, 17, "throttle_from_pct"),
        (-900_000, 2, "throttle_from_pct"),
    ],
)
def test_the_deeper_the_drawdown_the_less_is_risked(realised, quantity, bound_by):
    """Of 0.1 % of what is left of a million: all of it to 5 %, six tenths at 10 %, a fifth from 15 % on."""
    book = rc.Book(1_000_000, realised=realised, peak_equity=1_000_000)
    throttle = {"throttle_from_pct": 5, "throttle_to_pct": 15, "throttle_least_pct": 20}
    decision = decided(book, max_daily_loss=100, **throttle)
    assert (decision.order.quantity, decision.size.bound_by) == (quantity, bound_by)


def test_a_throttle_to_nothing_refuses():
    """By its own name, and a peak that nobody knows too."""
    throttle = {"throttle_from_pct": 5, "throttle_to_pct": 10, "throttle_least_pct": 0, "max_daily_loss": 50}
    book = rc.Book(1_000_000, realised=-100_000, peak_equity=1_000_000)
    assert reasons(decided(book, **throttle)) == ["throttled"]
    assert reasons(decided(rc.Book(1_000_000), **throttle)) == ["peak_unknown"]
    assert decided(rc.Book().opened(Decimal(1_000_000)), **throttle).approved


def test_the_throttle_scales_what_would_be_risked_otherwise():
    """Kelly's budget or a limit's, where that is the smaller one."""
    book = rc.Book(1_000_000, realised=-100_000, peak_equity=1_000_000, outcomes=results(*[1.1, -1] * 20))
    throttle = {"throttle_from_pct": 5, "throttle_to_pct": 15, "throttle_least_pct": 0, "max_daily_loss": 50}
    limit = rc.Limit(scope="symbol", name="INFY", risk_per_trade="0.05")
    assert caps(decided(book, limits=[limit], **throttle))["throttle_from_pct"] == 22
    kelly = {"sizing_method": "kelly", "kelly_multiplier": "0.01"}
    assert caps(decided(book, **kelly, **throttle))["throttle_from_pct"] == 20


@pytest.mark.parametrize(("drawdown", "left"), [(0, 100), (5, 100), ("7.5", 75), (10, 50), (11, 50), (100, 50)])
def test_the_throttle_is_a_straight_line(drawdown, left):
    """From 100 % at 5 down to 50 % at 10; down to 100 % is none at all."""
    assert rc.throttled_pct(drawdown_pct=drawdown, from_pct=5, to_pct=10, least_pct=50) == left
    assert rc.throttled_pct(drawdown_pct=drawdown, from_pct=5, to_pct=10, least_pct=100) == 100


# least quantity, lots, slices


def test_F11_less_than_one_lot_is_refused_and_never_rounded_up():
    """64 shares of risk, a lot of 65: nothing; one rupee a share less at risk and it is one lot."""
    refused = decided(thing=BULK, risk_per_trade="0.064")
    assert reasons(refused) == ["below_one_lot"]
    assert decided(thing=BULK, risk_per_trade="0.065").order.quantity == 65
    assert rc.size(equity=100_000, risk_per_trade=1, entry=1000, stop=990, lot_size=101).quantity == 0


@pytest.mark.parametrize(("least", "answer"), [(100, []), (101, ["below_min_quantity"])])
def test_a_size_below_the_least_quantity_is_refused_and_never_made_larger(least, answer):
    """100 shares of risk."""
    decision = decided(min_quantity=least)
    assert decision.approved == (not answer)
    assert reasons(decision) == answer if answer else decision.order.quantity == 100


def test_the_freeze_quantity_and_the_slices_cap_a_size():
    """27 lots a slice, three slices, one trade."""
    decision = decided(thing=BULK, book=rc.Book(100_000_000), max_slices=3)
    assert (decision.order.quantity, decision.size.bound_by) == (3 * 27 * 65, "max_slices")
    assert slices(decision.order.quantity, BULK) == (1755, 1755, 1755)
    assert rc.Book(100_000_000).after(decision.order).trades_today == 1
    tight = attrs.evolve(BULK, freeze_quantity=64)
    assert reasons(decided(thing=tight, book=rc.Book(100_000_000))) == ["below_one_lot"]


# the base


def test_F13_the_second_trade_of_the_day_is_sized_as_the_first():
    """Cash shrinks as margin is used; the sizing base is the defined equity and does not."""
    first = decided(rc.Book(1_000_000), cash=1_000_000)
    book = rc.Book(1_000_000).after(first.order).after(rc.Fill(first.order.order_id, 100, 1000, NOON))
    other = rc.Instrument(symbol="TCS", tick="0.05", sector="Other")
    second = decided(book, thing=other, cash=980_000)
    assert first.order.quantity == second.order.quantity == 100
    assert first.budget == second.budget == 1000


@pytest.mark.parametrize(
    ("equity", "percent", "stop", "quantity"),
    [
        (0.1 + 0.2, 100, 999.9, 3),
        ("0.3", 100, "999.9", 3),
        ("0.29", 100, "999.9", 2),
        (99_999.99, 2, 998, 999),
        ("99999.99", 2, "998", 999),
        (100_000.0, 2, 998.0, 1000),
    ],
)
def test_F14_a_size_is_exact(equity, percent, stop, quantity):
    """0.1 + 0.2 as a float is read as 0.3; 2 % of 99,999.99 is a fiftieth of a paisa less than 2,000."""
    assert rc.size(equity=equity, risk_per_trade=percent, entry=1000, stop=stop).quantity == quantity


def test_F14_three_losses_of_one_per_cent_reach_a_limit_of_three():
    """At the limit is blocked; a paisa less is not."""
    for lost, answer in ((-3000, ["daily_loss_reached"]), ("-2999.99", [])):
        decision = decided(rc.Book(100_000, realised=lost), max_daily_loss=3, risk_per_trade=1)
        assert decision.approved == (not answer)
        assert answer == (reasons(decision) if answer else [])
    thirds = rc.Book("99999.99", realised=-3 * Decimal("999.9999"))
    assert reasons(decided(thirds, max_daily_loss=3)) == ["daily_loss_reached"]


def test_no_quotient_is_rounded_up_to_a_share():
    """A cap a hair below a whole share in the 28th digit allows the share before it."""
    hair = Decimal("899.9999999999999999999999999")
    assert rc.size(equity=hair, risk_per_trade=1, entry=10, stop=7).quantity == 2
    for equity, most in ((hair, 8), (900, 9)):
        lifted = {"risk_per_trade": 1, "position_size_basis": "margin", "stop": 999}
        assert caps(decided(rc.Book(equity), **lifted))["risk_per_trade"] == most
