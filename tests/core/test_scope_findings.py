"""What the limits of one symbol, strategy or product find, and rules that lack what they measure."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.rules.scoped import limited
from riskcore.rules.table import _sized_by
from riskcore.table_rows import PriceBand
from tests.core.engine_days import ABC, INFY, TCS
from tests.core.one_trade import ADDING, NOON, WIDE, after, decided, done, failed, held

pytestmark = pytest.mark.smoke

LOTS = rc.Instrument(symbol="BULK", tick="0.05", lot_size=10, sector="Index")
FUTURE = rc.Instrument(
    symbol="NIFTY30NOV26FUT", tick="0.1", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY"
)


def told(decision, rule):
    """Reason, measured, limit and largest quantity of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit, found.max_quantity


def of(scope, name, **numbers):
    return rc.Limit(scope=scope, name=name, **numbers)


def asked(*limits, book=None, **policy):
    """A purchase of INFY at 1,000 by the strategy ema, under those limits."""
    return decided(book, strategy="ema", limits=limits, **policy)


def in_lots(*limits, book=None, cash=None, **policy):
    """A purchase at 1,000 of an instrument in lots of ten, of 100,000."""
    seen = rc.Market(instrument=LOTS, at=NOON, last=1000, available_cash=cash)
    signal = rc.Signal("BULK", "BUY", at=NOON, stop=990, target=1100, strategy="ema")
    return rc.decide(signal, book or rc.Book(100_000), seen, rc.Policy(**{**WIDE, **policy, "limits": limits}))


# ---------------------------------------------------------------- how many


def test_a_symbol_may_be_added_to_though_its_scope_is_full():
    """One position is allowed, and it is this one."""
    book = rc.Book(100_000, positions=[held(INFY, strategy="ema")])
    assert asked(of("strategy", "ema", max_positions=1), book=book, **ADDING).approved


def test_a_limit_without_that_number_is_passed_over():
    """The one after it holds."""
    limits = of("symbol", "INFY", max_quantity=5), of("strategy", "ema", max_positions=1, max_exposure=1)
    book = rc.Book(100_000, positions=[held(TCS, strategy="ema")])
    assert {"limit_positions", "limit_full"} <= set(failed(asked(*limits, book=book)))


def test_a_position_of_another_symbol_is_none_of_this_symbols():
    """Nor is its loss."""
    book = rc.Book(100_000, positions=[held(TCS, last=500)])
    assert asked(of("symbol", "INFY", max_positions=1, max_daily_loss=1), book=book, max_daily_loss=50).approved
    own = rc.Book(100_000, positions=[held(INFY, last=500)])
    answer = asked(of("symbol", "INFY", max_daily_loss=1), book=own, max_daily_loss=50, **ADDING)
    assert failed(answer) == ["limit_loss"]


def test_an_entry_of_another_strategy_on_its_way_is_none_of_this_one():
    """And an exit on its way is no position."""
    signal = rc.Signal("TCS", "BUY", at=NOON, stop=990, target=1100, strategy="other")
    entry = rc.decide(
        signal, rc.Book(100_000), rc.Market(instrument=TCS, at=NOON, last=1000), rc.Policy(max_quantity=1)
    ).order
    limit = of("strategy", "ema", max_positions=1)
    assert asked(limit, book=rc.Book(100_000).after(entry)).approved
    assert failed(asked(limit, book=rc.Book(100_000).after(attrs.evolve(entry, strategy="ema")))) == ["limit_positions"]
    away = rc.exit_order(
        held(ABC), order_id="x", reason="stop", reference=Decimal(990), level=None, policy=rc.Policy(), at=NOON
    )
    assert asked(of("product", "MIS", max_positions=1), book=rc.Book(100_000).after(away)).approved


def test_the_trades_of_a_product_are_summed_by_their_product():
    """1,100 lost in MIS and a thousand in delivery: each has a limit of its own."""
    carried = attrs.evolve(done(result=-1000, strategy="MIS"), product="CNC")
    book = after(done(result=-1100, strategy="ema"), carried)
    answer = asked(of("product", "MIS", max_daily_loss=1), book=book)
    assert told(answer, "limits.max_daily_loss") == ("limit_loss", "product MIS: Rs 1,100.00", 1000, None)


# ---------------------------------------------------------------- how much


@pytest.mark.parametrize(
    ("numbers", "rule", "answer"),
    [
        ({"max_quantity": 10}, "limits.max_quantity", ("", 10, "max_quantity of strategy ema", 10)),
        ({"max_quantity": 9}, "limits.max_quantity", ("below_one_lot", 9, "max_quantity of strategy ema", 9)),
        ({"max_exposure": 10}, "limits.max_exposure", ("", 0, 10_000, 10)),
        ({"max_exposure": "10.05"}, "limits.max_exposure", ("", 0, 10_050, 10)),
        ({"max_exposure": "9.99"}, "limits.max_exposure", ("limit_full", "Rs 0.00 of strategy ema", 9_990, 9)),
        ({"max_notional": 10_000}, "limits.max_notional", ("", 10_000, 10_000, 10)),
        ({"risk_per_trade": "0.1"}, "limits.risk_per_trade", ("", 10, "risk_per_trade of strategy ema", 10)),
        (
            {"risk_per_trade": "0.099"},
            "limits.risk_per_trade",
            ("below_one_lot", 0, "risk_per_trade of strategy ema", 0),
        ),
    ],
)
def test_a_limit_of_exactly_one_lot_lets_one_lot_through(numbers, rule, answer):
    """Ten shares at 1,000 with ten rupees to the stop; a little less is none."""
    assert told(in_lots(of("strategy", "ema", **numbers)), rule) == answer


def test_of_several_limits_of_exposure_the_one_with_the_least_room_is_told():
    """Of equal ones the first; what is held of the symbol counts for the symbol."""
    book = rc.Book(100_000, positions=[held(INFY, 4, strategy="ema"), held(TCS, 2, strategy="ema")])
    strategy, symbol = of("strategy", "ema", max_exposure=10), of("symbol", "INFY", max_exposure=8)
    for limits in ((strategy, symbol), (symbol, strategy)):
        answer = asked(*limits, book=book, **ADDING)
        assert told(answer, "limits.max_exposure")[3] == 4
    product = of("product", "MIS", max_exposure="6.5")
    full = asked(symbol, product, strategy, book=book, **ADDING)
    assert told(full, "limits.max_exposure")[1] == "Rs 6,000.00 of product MIS"
    equal = asked(of("product", "MIS", max_exposure=6), of("strategy", "ema", max_exposure=6), book=book, **ADDING)
    assert told(equal, "limits.max_exposure")[1] == "Rs 6,000.00 of product MIS"
    first = asked(of("strategy", "ema", max_exposure=6), of("product", "MIS", max_exposure=6), book=book, **ADDING)
    assert told(first, "limits.max_exposure")[1] == "Rs 6,000.00 of strategy ema"


@pytest.mark.parametrize(
    ("settings", "rule", "answer"),
    [
        ({"max_sector_exposure": 10}, "max_sector_exposure", ("", 0, 10_000, 10)),
        ({"max_sector_exposure": "10.05"}, "max_sector_exposure", ("", 0, 10_050, 10)),
        ({"max_sector_exposure": "9.99"}, "max_sector_exposure", ("sector_full", 0, 9_990, 9)),
        ({"max_position_size_percent": "10.05"}, "max_position_size_percent", ("", 10_000, 10_050, 10)),
        ({"max_position_size_percent": "9.99"}, "max_position_size_percent", ("position_too_large", 10_000, 9_990, 9)),
        ({"cash": 10_100}, "funds", ("", 10_100, 2000, 50)),
        ({"cash": 2000}, "funds", ("", 2000, 2000, 10)),
        ({"cash": 1999}, "funds", ("insufficient_funds", 1999, 2000, 9)),
    ],
)
def test_the_accounts_own_limits_let_exactly_one_lot_through_too(settings, rule, answer):
    """By value of 10,000 a lot, by margin of 2,000; what is left over makes no share."""
    assert told(in_lots(**settings), rule) == answer


@pytest.mark.parametrize(
    ("set_up", "of_what", "policy", "answer"),
    [
        (limited, "max_quantity", rc.Policy(limits=[of("symbol", "INFY", max_quantity=5)]), True),
        (limited, "max_quantity", rc.Policy(limits=[of("symbol", "INFY", max_notional=5)]), False),
        (limited, "max_quantity", rc.Policy(), False),
        (_sized_by, "kelly", rc.Policy(sizing_method="kelly"), True),
        (_sized_by, "kelly", rc.Policy(), False),
    ],
)
def test_a_rule_of_limits_or_of_a_sizer_is_on_where_the_policy_says_so(set_up, of_what, policy, answer):
    """Some limit has that number; that sizer was chosen."""
    assert set_up(of_what)(policy) is answer


def test_a_symbols_exposure_is_that_of_the_symbol():
    """Four of ten are held; a future whose margin nobody knows is told by its key where margin is limited."""
    book = rc.Book(100_000, positions=[held(INFY, 4), held(TCS, 5)])
    answer = asked(of("symbol", "INFY", max_exposure=10), book=book, **ADDING)
    assert told(answer, "limits.max_exposure") == ("", 4000, 10_000, 6)
    unknown = rc.Book(100_000, positions=[held(FUTURE, strategy="ema", product="NRML")])
    answer = asked(of("strategy", "ema", max_exposure=10), book=unknown, position_size_basis="margin")
    assert told(answer, "limits.max_exposure") == ("margin_unknown", FUTURE.key, None, None)


# ---------------------------------------------------------------- what is lacking


BY_MARGIN = {"position_size_basis": "margin", "max_positions": 9, "max_unknown_sector_exposure": 50}


@pytest.mark.parametrize("rule", ["max_sector_exposure", "max_sector_net_exposure", "max_unknown_sector_exposure"])
def test_without_equity_not_even_an_unknown_margin_is_told(rule):
    """The future held would be named where there were a base to measure it by."""
    thing = attrs.evolve(INFY, sector="") if rule == "max_unknown_sector_exposure" else INFY
    future = attrs.evolve(FUTURE, sector=thing.sector)
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    seen = rc.Market(instrument=thing, at=NOON, last=1000)
    policy = rc.Policy(**BY_MARGIN, max_sector_net_exposure=50)
    positions = [held(future, product="NRML")]
    assert rule in rc.decide(signal, rc.Book(positions=positions), seen, policy).unmeasured
    assert told(rc.decide(signal, rc.Book(100_000, positions=positions), seen, policy), rule)[0] == "margin_unknown"


LIMITS = (of("strategy", "ema", max_notional=50_000, max_exposure=50, max_position_size_percent=50, risk_per_trade=1),)
QUOTED = {
    "max_spread_pct": 1,
    "near_band_pct": 1,
    "max_gap_pct": 1,
    "unusual_move_atr": 3,
    "stale_after_s": 60,
    "price_min": 10,
    "price_max": 9999,
    "max_price_drift_pct": 1,
    "max_notional": 50_000,
}


def test_without_a_quote_nothing_is_measured_by_it():
    """The entry is refused for the quote, and each of these says that it could not be asked."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100, strategy="ema", price=1000)
    seen = rc.Market(
        instrument=INFY, at=NOON, atr=10, previous_close=1000, band_low=900, band_high=1100, traded_at=NOON,
        recent_prices=[(NOON, 1000)],
    )  # fmt: skip
    answer = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**QUOTED, limits=LIMITS))
    assert failed(answer) == ["quote_missing"]
    of_limits = {f"limits.{name}" for name in ("max_notional", "max_exposure", "max_position_size_percent")}
    assert set(QUOTED) | of_limits | {"limits.risk_per_trade"} <= set(answer.unmeasured)


def test_without_equity_no_limit_of_a_scope_is_measured_by_it():
    """Its value and its risk are per cents of that."""
    answer = asked(*LIMITS, book=rc.Book())
    assert {"limits.max_exposure", "limits.max_position_size_percent", "limits.risk_per_trade"} <= set(
        answer.unmeasured
    )


def test_a_stop_on_the_wrong_side_has_no_distance_to_measure():
    """It is refused for that alone; its bounds and the reward cannot be asked."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=1010, target=1100)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10)
    bounds = {"stop_least_pct": 1, "stop_greatest_pct": 5, "stop_greatest_atr": 5}
    answer = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**bounds))
    assert failed(answer) == ["stop_wrong_side"]
    assert {*bounds, "stop_least_ticks", "min_risk_reward"} <= set(answer.unmeasured)


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (900, 1100, ("", 100, 50, None)),
        (949, 1100, ("", 51, 50, None)),
        (950, 1100, ("near_band", 50, 50, None)),
        (900, 1049, ("near_band", 49, 50, None)),
    ],
)
def test_a_price_stands_clear_of_its_bands(low, high, answer):
    """More than five per cent of itself from the nearer of the two."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, band_low=low, band_high=high)
    assert told(rc.decide(signal, rc.Book(100_000), seen, rc.Policy(near_band_pct=5)), "near_band_pct") == answer


def test_the_buffer_beyond_a_swing_may_be_measured_in_atr():
    """The low of 95 is the swing, one and a half of an ATR of two below it is 92."""
    rows = [(98, 103), (97, 102), (95, 101), (96, 104), (97, 105)]
    bars = [
        rc.Bar(at=NOON - timedelta(minutes=5 * (6 - n)), open=100, high=high, low=low, close=100)
        for n, (low, high) in enumerate(rows)
    ]
    seen = rc.Market(instrument=INFY, at=NOON, last=100, atr=2, bars=bars)
    policy = rc.Policy(
        **WIDE, stop_methods=["swing"], stop_swing_bars=1, stop_buffer_ticks=0, stop_buffer_atr="1.5", min_risk_reward=1
    )
    answer = rc.decide(rc.Signal("INFY", "BUY", at=NOON), rc.Book(100_000), seen, policy)
    assert answer.order.stop == 92


def test_charges_that_nobody_knows_are_told_with_what_is_missing():
    """Shares in a product that is for contracts have no schedule."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100, product="NRML")
    seen = rc.Market(instrument=INFY, at=NOON, last=1000)
    answer = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(allowed_products=["NRML"]))
    reason, measured, *_ = told(answer, "charges_as_of")
    assert reason == "charges_unknown"
    assert measured.startswith("no schedule of charges for NSE EQ NRML on 2026-11-20")


def test_bands_that_were_not_seen_are_those_of_the_policys_own_tables():
    """The daily list of bands comes from the user: 2 % about a previous close of 1,000."""
    signal = rc.Signal("SMALL", "BUY", at=NOON, stop=980, target=1100)
    small = rc.Instrument(symbol="SMALL", tick="0.05", derivatives_listed=False)
    seen = rc.Market(instrument=small, at=NOON, last=1000, previous_close=1000)
    listed = rc.Tables(bands=(PriceBand(exchange="NSE", symbol="SMALL", band_pct=2, since="2026-11-20"),))
    answers = [
        told(rc.decide(signal, rc.Book(100_000), seen, rc.Policy(near_band_pct=1, **tables)), "near_band_pct")
        for tables in ({}, {"tables": listed})
    ]
    assert answers == [("evidence_missing", "price bands", None, None), ("", 20, 10, None)]
