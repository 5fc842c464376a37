"""What the rules of size say: measured, against which limit, and the most they allow, worked out by hand."""

from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from tests.core.engine_days import ABC, INFY, TCS
from tests.core.one_trade import NOON, WIDE, decided, done, failed, held

pytestmark = pytest.mark.smoke

LOTS = rc.Instrument(symbol="BULK", tick="0.05", lot_size=10, sector="Index")
FUTURE = rc.Instrument(
    symbol="NIFTY30NOV26FUT", tick="0.1", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY", sector="IT"
)


def told(decision, rule):
    """Reason, measured, limit and largest quantity of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit, found.max_quantity


def in_lots(book=None, **policy):
    """As `decided`, of an instrument in lots of ten, and without a stop of the signal's where `atr` is given."""
    atr, bars = policy.pop("atr", None), policy.pop("atr_bars", None)
    stop = {} if policy.pop("bare", None) else {"stop": 990, "target": 1100}
    seen = rc.Market(instrument=LOTS, at=NOON, last=1000, atr=atr, atr_bars=bars)
    return rc.decide(
        rc.Signal("BULK", "BUY", at=NOON, **stop), book or rc.Book(100_000), seen, rc.Policy(**{**WIDE, **policy})
    )


FIXED = {"sizing_method": "fixed_quantity"}
WORTH = {"sizing_method": "fixed_notional"}
UNIT = {"sizing_method": "volatility", "volatility_target_pct": 1}


@pytest.mark.parametrize(
    ("rule", "settings", "reason", "measured", "most"),
    [
        ("fixed_quantity", {**FIXED, "fixed_quantity": 40}, "", 40, 40),
        ("fixed_quantity", {**FIXED, "fixed_quantity": 10}, "", 10, 10),
        ("fixed_quantity", {**FIXED, "fixed_quantity": 9}, "below_one_lot", 9, 9),
        ("fixed_notional", {**WORTH, "fixed_notional": 40_999}, "", 40, 40),
        ("fixed_notional", {**WORTH, "fixed_notional": 9_999}, "below_one_lot", 9, 9),
        ("volatility_target_pct", {**UNIT, "atr": 25}, "", 40, 40),
        ("volatility_target_pct", {**UNIT, "atr": 101}, "below_one_lot", 9, 9),
    ],
)
def test_a_sizer_tells_how_many_under_its_own_name(rule, settings, reason, measured, most):
    """Exactly one lot of ten is enough; one share less is not."""
    assert told(in_lots(**settings), rule) == (reason, measured, rule, most)


@pytest.mark.parametrize(("wanted", "reason"), [(40, ""), (9, "below_one_lot")])
def test_what_a_signal_asks_for_is_a_cap_under_its_own_name(wanted, reason):
    """Below a lot of ten nothing can be sent."""
    wish = rc.Signal("BULK", "BUY", at=NOON, stop=990, target=1100, quantity=wanted)
    seen = rc.Market(instrument=LOTS, at=NOON, last=1000)
    answer = rc.decide(wish, rc.Book(100_000), seen, rc.Policy(**WIDE, signal_quantity="cap"))
    assert told(answer, "signal_quantity") == (reason, wanted, "signal_quantity", wanted)


@pytest.mark.parametrize(("bars", "counted"), [(5, 5), (None, 0)])
def test_a_volatility_size_tells_how_many_bars_there_were(bars, counted):
    """Five of 140; of an ATR that nobody gave, none."""
    atr = None if bars is None else 25
    answer = in_lots(**UNIT, atr=atr, atr_bars=bars)
    assert told(answer, "volatility_target_pct") == ("atr_not_ready", counted, 140, None)


KELLY = {"sizing_method": "kelly", "kelly_multiplier": "0.01", "kelly_min_trades": 40}


def test_kelly_tells_how_many_under_its_own_name():
    """f* = 0.5 - 0.5 / 1.1; a hundredth of it of 1,000,000 is 454 rupees, at ten a share."""
    past = [done(r) for r in ("1.1", "-1") * 20]
    answer = decided(rc.Book(1_000_000, outcomes=past), **KELLY)
    assert told(answer, "kelly_multiplier") == ("", 45, "kelly_multiplier", 45)


@pytest.mark.parametrize(
    ("settings", "rule"), [(KELLY, "kelly_multiplier"), ({"throttle_from_pct": 5}, "throttle_from_pct")]
)
def test_what_needs_the_equity_is_not_measured_without_it(settings, rule):
    """The rule that misses it refuses by its own name."""
    book = rc.Book(outcomes=[done(r) for r in ("1.1", "-1") * 20], peak_equity=100_000)
    answer = decided(book, **settings)
    assert rule in answer.unmeasured
    assert "equity_unknown" in failed(answer)


THROTTLE = {"throttle_from_pct": 5, "throttle_to_pct": 10, "throttle_least_pct": 1, "max_daily_loss": 50}


@pytest.mark.parametrize(("peak", "reason"), [(0, "peak_unknown"), (-1, "peak_unknown"), (1, "")])
def test_a_peak_of_nought_or_less_is_no_peak(peak, reason):
    """Nothing can be measured from it; from a rupee one can."""
    assert told(decided(rc.Book(100_000, peak_equity=peak), **THROTTLE), "throttle_from_pct")[0] == reason


@pytest.mark.parametrize(("least", "reason", "most"), [(1, "", 1), ("0.9", "throttled", 0)])
def test_a_throttle_that_leaves_one_share_lets_it_through(least, reason, most):
    """1 % of 90,000 is 900, a hundredth of it nine: a share of nine rupees at risk; less is none."""
    book = rc.Book(100_000, realised=-10_000, peak_equity=100_000)
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=991, target=1100)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000)
    policy = rc.Policy(**{**WIDE, **THROTTLE, "throttle_least_pct": least, "confirm_small": True})
    assert told(rc.decide(signal, book, seen, policy), "throttle_from_pct") == (reason, 10, 5, most)


def test_a_throttle_without_a_stop_is_not_measured():
    """There is no loss of one share yet."""
    answer = in_lots(rc.Book(100_000, peak_equity=100_000), bare=True, throttle_from_pct=5)
    assert "throttle_from_pct" in answer.unmeasured
    assert "atr_not_ready" in failed(answer)


@pytest.mark.parametrize(
    ("most", "reason", "shares"), [(10_000, "", 10), (10_999, "", 10), (9_999, "order_too_large", 9)]
)
def test_the_value_of_an_entry_is_measured_by_the_lot(most, reason, shares):
    """Ten shares of 1,000; at the limit passes."""
    answer = told(in_lots(max_notional=most), "max_notional")
    assert answer == (reason, Decimal(10_000), Decimal(most), shares)


@pytest.mark.parametrize(
    ("freeze", "answer"),
    [
        (None, ("", "no freeze quantity", 3, None)),
        (25, ("", 60, "max_slices", 60)),
        (10, ("", 30, "max_slices", 30)),
        (9, ("below_one_lot", 0, "max_slices", 0)),
    ],
)
def test_what_the_slices_hold_is_told(freeze, answer):
    """Three of whole lots of ten."""
    thing = attrs.evolve(LOTS, freeze_quantity=freeze)
    signal = rc.Signal("BULK", "BUY", at=NOON, stop=990, target=1100)
    seen = rc.Market(instrument=thing, at=NOON, last=1000)
    answer_ = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**WIDE, max_slices=3))
    assert told(answer_, "max_slices") == answer


def test_the_budget_of_a_rupee_is_a_rupee():
    """All of it at ten paise a share are ten shares; the rupee pays for two of them."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop="0.40", target=1)
    seen = rc.Market(instrument=INFY, at=NOON, last="0.50")
    answer = rc.decide(signal, rc.Book(1), seen, rc.Policy(**WIDE, risk_per_trade=100, max_daily_loss=100))
    assert (answer.budget, answer.order.quantity, dict(answer.size.caps)["risk_per_trade"]) == (1, 2, 10)


def test_what_could_not_be_measured_hides_no_cap_behind_it():
    """No ATR bounds the stop of the signal, and still an entry for Rs 10,000 is too small for fifty shares."""
    answer = decided(stop_greatest_atr=5, max_notional=10_000, min_quantity=50)
    assert "stop_greatest_atr" in answer.unmeasured
    assert told(answer, "min_quantity") == ("below_min_quantity", 10, 50, None)


def test_the_largest_quantity_is_told():
    """Under its own name, a lot or less than one."""
    assert told(in_lots(max_quantity=10), "max_quantity") == ("", 10, "max_quantity", 10)
    assert told(in_lots(max_quantity=9), "max_quantity") == ("below_one_lot", 9, "max_quantity", 9)


# ---------------------------------------------------------------- value and margin


@pytest.mark.parametrize("rule", ["max_sector_net_exposure", "max_unknown_sector_exposure", "max_cluster_exposure"])
def test_exposure_is_not_measured_without_equity(rule):
    """Nor is it taken for nought."""
    thing = attrs.evolve(INFY, sector="") if rule == "max_unknown_sector_exposure" else INFY
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    closes = {"NSE:INFY": [100, 103, 101, 106] * 10}
    seen = rc.Market(instrument=thing, at=NOON, last=1000, closes=closes)
    answer = rc.decide(signal, rc.Book(), seen, rc.Policy(**WIDE, **{rule: 20}))
    assert rule in answer.unmeasured


BY_MARGIN = {"position_size_basis": "margin", "max_sector_net_exposure": 50, "max_positions": 9}


def test_a_future_whose_margin_nobody_knows_is_told_by_its_key():
    """Held, or with an entry on its way: the net exposure of its sector cannot be measured."""
    book = rc.Book(100_000, positions=[held(FUTURE, product="NRML")])
    told_ = told(decided(book, **BY_MARGIN), "max_sector_net_exposure")
    assert told_ == ("margin_unknown", FUTURE.key, None, None)
    known = decided(rc.Book(1_000_000), max_quantity=1).order
    on_its_way = attrs.evolve(known, instrument=FUTURE, product="NRML", order_id="other", signal_id="other")
    answer = decided(rc.Book(100_000).after(on_its_way), **BY_MARGIN)
    assert told(answer, "max_sector_net_exposure") == ("margin_unknown", FUTURE.key, None, None)


def test_an_exit_on_its_way_reserves_no_cash():
    """10,000 carry fifty shares at a margin of 200, whatever else is being sold."""
    position = held(ABC, 20)
    away = rc.exit_order(
        position, order_id="x", reason="stop", reference=Decimal(1000), level=None, policy=rc.Policy(), at=NOON
    )
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, available_cash=10_000)
    for book in (rc.Book(100_000, positions=[position]), rc.Book(100_000, positions=[position]).after(away)):
        answer = rc.decide(signal, book, seen, rc.Policy(**WIDE))
        assert told(answer, "funds")[3] == 50


def test_what_is_added_to_a_position_crowds_no_cluster():
    """Two bets that move together where one is allowed: another share of either is no third."""
    up = [100, 103, 101, 106] * 10
    book = rc.Book(100_000, positions=[held(INFY), held(TCS)])
    settings = {"max_cluster_positions": 1, "cluster_correlation": "0.7", "closes": {"NSE:INFY": up, "NSE:TCS": up}}
    added = decided(book, one_position_per_symbol=False, **settings)
    assert told(added, "max_cluster_positions") == ("", 2, 1, None)
    other = decided(rc.Book(100_000, positions=[held(TCS)]), **settings)
    assert told(other, "max_cluster_positions") == ("cluster_crowded", 2, 1, None)
