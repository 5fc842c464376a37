"""What an entry rests on: how its stop was found, the reward after charges, what is on its way beside it."""

from datetime import time, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.table_rows import ChargeRates
from tests.core.engine_days import ABC, INFY, TCS
from tests.core.one_trade import ADDING, NOON, TODAY, WIDE, after, decided, done, failed, held

pytestmark = pytest.mark.smoke

LOTS = rc.Instrument(symbol="BULK", tick="0.05", lot_size=10, sector="Index")


def told(decision, rule):
    """Reason, measured, limit and largest quantity of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit, found.max_quantity


def placed(side="BUY", last=1000, atr=None, bars=None, interval=None, atr_bars=None, **policy):
    """An entry whose stop and target the policy places."""
    seen = rc.Market(instrument=INFY, at=NOON, last=last, atr=atr, bars=bars, atr_interval=interval, atr_bars=atr_bars)
    return rc.decide(rc.Signal("INFY", side, at=NOON), rc.Book(100_000), seen, rc.Policy(**{**WIDE, **policy}))


# ---------------------------------------------------------------- the stop


def calm(count):
    """Bars of a range of four rupees."""
    return [
        rc.Bar(at=NOON - timedelta(minutes=5 * (count - n)), open=1000, high=1002, low=998, close=1000)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("given", "basis"),
    [
        ({"atr": 4}, "1.5 x ATR 4.0000 (given)"),
        ({"atr": 4, "atr_bars": 200}, "1.5 x ATR 4.0000 (14 of 200 bars of its interval)"),
        ({"atr": 4, "atr_bars": 200, "interval": "5m"}, "1.5 x ATR 4.0000 (14 of 200 bars of 5m)"),
        ({"bars": calm(150), "interval": "5m"}, "1.5 x ATR 4.0000 (14 of 150 bars of 5m)"),
    ],
)
def test_a_stop_by_the_atr_says_what_that_rests_on(given, basis):
    """On bars that were counted, of an interval where it was told; or it was given."""
    assert placed(**given, stop_atr_multiple="1.5").stop.basis == basis


@pytest.mark.parametrize(
    ("pct", "by_atr", "stop"), [(5, 6, 950), (7, 6, 940), (None, 6, 940), (5, None, 950), (None, None, 900)]
)
def test_of_two_greatest_distances_the_smaller_holds(pct, by_atr, stop):
    """A hundred points away by itself: five per cent are 50, six ATR of ten are 60."""
    wide = {"stop_methods": ["points"], "stop_points": 100}
    answer = placed(atr=10, **wide, stop_greatest_pct=pct, stop_greatest_atr=by_atr)
    assert answer.stop.price == stop


@pytest.mark.parametrize(("given", "bars"), [({"atr": 4, "atr_bars": 139}, 139), ({}, 0)])
def test_too_few_bars_for_an_atr_are_counted(given, bars):
    """139 of 140; where there are none, none."""
    assert told(placed(**given), "atr_warmup_bars") == ("atr_not_ready", bars, 140, None)


@pytest.mark.parametrize(("count", "missing"), [(13, True), (14, False), (15, False)])
def test_an_atr_of_fourteen_needs_fourteen_bars(count, missing):
    """With one less there is none, not for a stop and not to measure a move by."""
    settings = {"atr_warmup_bars": 14, "unusual_move_atr": 3}
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, bars=calm(count), recent_prices=[(NOON, 1000)])
    answer = rc.decide(rc.Signal("INFY", "BUY", at=NOON), rc.Book(100_000), seen, rc.Policy(**WIDE, **settings))
    assert failed(answer) == (["evidence_missing", "atr_not_ready"] if missing else [])
    assert told(answer, "unusual_move_atr")[:2] == (("evidence_missing", "ATR") if missing else ("", 0))


@pytest.mark.parametrize(
    ("side", "last", "stop", "band"),
    [
        ("BUY", "1000.03", 1000, 0),
        ("SELL", "1000.03", "1000.05", 0),
        ("BUY", 1000, 1000, "0.1"),
        ("SELL", 1000, 1000, "0.1"),
    ],
)
def test_a_stop_at_the_quote_or_at_the_limit_of_the_entry_leaves_nothing_to_measure(side, last, stop, band):
    """Quoted at 1,000.03 an entry may cost 1,000.00 at most, and a sale bring 1,000.05 at least."""
    target = 1100 if side == "BUY" else 900
    signal = rc.Signal("INFY", side, at=NOON, stop=stop, target=target)
    seen = rc.Market(instrument=INFY, at=NOON, last=last)
    answer = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**{**WIDE, "entry_band_pct": band}))
    assert failed(answer) == ["zero_risk"]
    assert {"stop_least_ticks", "min_risk_reward", "risk_per_trade"} <= set(answer.unmeasured)


def test_a_stop_at_nought_has_no_distance_to_measure():
    """It is refused for that alone."""
    answer = placed(stop_methods=["points"], stop_points=1000, target_r_multiple=3)
    assert failed(answer) == ["stop_beyond_zero"]
    assert {"stop_least_ticks", "min_risk_reward", "risk_per_trade"} <= set(answer.unmeasured)


# ---------------------------------------------------------------- the session


def test_entries_end_when_those_of_the_product_do():
    """At 14:35, with a square-off at 14:30, nothing is bought for the day; what is kept overnight is."""
    late = {"at": NOON.replace(hour=14, minute=35), "square_off_at": time(14, 30)}
    assert failed(decided(**late)) == ["after_cut_off"]
    assert decided(**late, product="CNC").approved


def test_a_day_beyond_the_calendar_is_told():
    """With where the calendar ends."""
    reason, measured, *_ = told(decided(at=NOON.replace(year=2031)), "session")
    assert reason == "calendar_unknown"
    assert measured.startswith("the calendar runs from ")


# ---------------------------------------------------------------- the reward after charges


def paid(side, value):
    """What an order of that value costs."""
    return rc.order_charges(side=side, value=value, on=TODAY, brokerage_pct="0.03", brokerage_max=20).total


@pytest.mark.parametrize("legs", [(), ("50% at 5R", "50% at 7R")])
def test_the_charges_of_a_short_are_those_of_buying_it_back(legs):
    """Sold at 1,000, bought back at the stop of 1,010 or the target: no tax on a purchase, but stamp duty."""
    points = {"stop_methods": ["points"], "stop_points": 10, "target_r_multiple": 6, "target_legs": legs}
    answer = placed("SELL", **points, max_quantity=100)
    shares = answer.order.quantity
    leaving = [(950, shares // 2), (930, shares // 2)] if legs else [(940, shares)]
    won = sum((1000 - price) * part - paid("BUY", price * part) for price, part in leaving) - paid(
        "SELL", 1000 * shares
    )
    lost = 10 * shares + paid("BUY", 1010 * shares) + paid("SELL", 1000 * shares)
    assert shares == 100
    assert answer.net_risk_reward == won / lost


FREE = rc.Tables(
    charges=(
        ChargeRates(
            exchange="NSE", segment="EQ", product="MIS", since="2026-01-01", stt_buy_pct=0, stt_sell_pct=0,
            exchange_pct=0, sebi_pct=0, stamp_buy_pct=0, gst_pct=0,
        ),
    )
)  # fmt: skip


@pytest.mark.parametrize(("least", "reasons"), [("2.5", []), ("2.51", ["risk_reward_too_low"])])
def test_where_nothing_is_charged_the_reward_after_charges_is_the_one_before(least, reasons):
    """25 rupees for ten are 2.5 R, and that is enough where 2.5 are asked for."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1025)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000)
    policy = rc.Policy(
        **WIDE,
        tables=FREE,
        brokerage_pct=0,
        brokerage_max=0,
        risk_reward_basis="net",
        min_risk_reward=least,
        target_r_multiple=3,
    )
    answer = rc.decide(signal, rc.Book(100_000), seen, policy)
    assert failed(answer) == reasons
    if answer.approved:
        assert answer.net_risk_reward == Decimal("2.5")
        assert told(answer, "risk_reward_basis") == ("", Decimal("2.5"), Decimal("2.5"), None)


# ---------------------------------------------------------------- beside it


def entry(thing, quantity, stop=980):
    signal = rc.Signal(thing.symbol, "BUY", at=NOON, stop=stop, target=1100)
    seen = rc.Market(instrument=thing, at=NOON, last=1000)
    return rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**WIDE, max_quantity=quantity)).order


def test_every_entry_on_its_way_is_at_risk():
    """Forty of TCS and ten of ABC with twenty rupees each to their stops are a thousand of two thousand."""
    book = rc.Book(100_000).after(entry(TCS, 40)).after(entry(ABC, 10))
    assert told(decided(book, max_open_risk=2), "max_open_risk") == ("", 1000, 2000, 100)


@pytest.mark.parametrize(("limit", "reason", "most"), [("0.1", "", 10), ("0.099", "open_risk_full", 0)])
def test_open_risk_for_exactly_one_lot_lets_one_lot_through(limit, reason, most):
    """Ten shares with ten rupees to their stop are a hundred of 100,000."""
    signal = rc.Signal("BULK", "BUY", at=NOON, stop=990, target=1100)
    seen = rc.Market(instrument=LOTS, at=NOON, last=1000)
    answer = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**WIDE, max_open_risk=limit))
    assert told(answer, "max_open_risk") == (reason, 0, 1000 * Decimal(limit), most)


@pytest.mark.parametrize(("one", "said"), [(True, "INFY"), (False, "off")])
def test_whether_a_symbol_may_be_added_to_is_told(one, said):
    """By the symbol where it must be free, and that nobody asks where it need not."""
    assert told(decided(one_position_per_symbol=one), "one_position_per_symbol") == ("", said, None, None)


def test_an_exit_on_its_way_is_no_position():
    """Of something that is held no more."""
    away = rc.exit_order(
        held(ABC), order_id="x", reason="stop", reference=Decimal(990), level=None, policy=rc.Policy(), at=NOON
    )
    assert told(decided(rc.Book(100_000).after(away), max_positions=1), "max_positions") == ("", 0, 1, None)


def test_an_exit_on_its_way_takes_no_room_of_its_sector():
    """Ten of INFY are held, and they are being sold: ten are counted, not twenty and not none."""
    position = held(INFY)
    away = rc.exit_order(
        position, order_id="x", reason="stop", reference=Decimal(1000), level=None, policy=rc.Policy(), at=NOON
    )
    for book in (rc.Book(100_000, positions=[position]), rc.Book(100_000, positions=[position]).after(away)):
        answer = decided(book, max_sector_exposure=20, **ADDING)
        assert told(answer, "max_sector_exposure") == ("", 10_000, 20_000, 10)


@pytest.mark.parametrize(
    ("numbers", "reason"), [({"max_trades_per_day": 1}, "limit_trades"), ({"max_daily_loss": 1}, "limit_loss")]
)
def test_a_limit_that_sets_no_such_number_hides_none_that_does(numbers, reason):
    """The strategy's stands behind the symbol's."""
    limits = [rc.Limit(scope="symbol", name="INFY", max_quantity=50), rc.Limit(scope="strategy", name="ema", **numbers)]
    sent = decided(strategy="ema", at=NOON - timedelta(minutes=1), max_quantity=1).order
    book = after(done(result=-1000, strategy="ema")).after(sent).moved(sent.order_id, "cancelled")
    assert failed(decided(book, strategy="ema", limits=limits)) == [reason]


@pytest.mark.parametrize(("price", "drift"), [(1020, 2), (980, 2), (1010, None)])
def test_how_far_the_price_drifted_is_told_in_per_cent_of_the_quote(price, drift):
    """Twenty rupees of a thousand are two."""
    answer = decided(price=price, max_price_drift_pct=1)
    assert told(answer, "max_price_drift_pct")[:2] == (("price_drifted", drift) if drift else ("", 1))
