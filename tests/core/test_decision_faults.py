"""Faults of the decision that were found and mended: each with its smallest example, so that it stays mended."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.policy.custom import FIXED
from riskcore.pretrade import LAST_LOOK
from riskcore.rules.table import ROWS, SIZE_ROWS
from tests.core.engine_days import INFY
from tests.core.one_trade import NOON, WIDE, after, decided, failed, held

pytestmark = pytest.mark.smoke

SBIN = attrs.evolve(INFY, symbol="SBIN")


def today(hour, minute):
    return datetime(2026, 11, 20, hour, minute, tzinfo=rc.IST)


@pytest.mark.parametrize(
    ("at", "times", "answer"),
    [
        (today(13, 59), {"square_off_at": "14:00"}, []),
        (today(14, 0), {"square_off_at": "14:00"}, ["after_cut_off"]),
        (today(14, 30), {"square_off_at": "14:00"}, ["after_cut_off"]),
        (today(15, 9), {"no_entry_after": "15:14"}, []),
        (today(15, 10), {"no_entry_after": "15:14"}, ["after_cut_off"]),
        (today(14, 9), {"time_stop_before_square_off_min": 60}, []),
        (today(14, 10), {"time_stop_before_square_off_min": 60}, ["after_cut_off"]),
        (today(13, 30), {"time_stop_before_square_off_min": 30, "square_off_at": "14:00"}, ["after_cut_off"]),
        (today(11, 0), {"time_stop_before_square_off_min": 600}, ["after_cut_off"]),
        (today(14, 44), {"time_stop_before_square_off_min": 25}, []),
    ],
)
def test_no_entry_comes_at_or_after_the_square_off(at, times, answer):
    """One of the two times is the policy's and the other the table's, so that no contradiction between fields shows."""
    assert failed(decided(at=at, **times)) == answer


def test_what_is_carried_over_night_ends_with_its_own_cut_off():
    """A product that nobody squares off has no other end of its entries."""
    times = {"no_entry_after": today(15, 12).time(), "leave_before_min": 60}
    session = rc.session_on(date(2026, 11, 20), INFY, "CNC", **times)
    assert session.square_off is None
    assert session.entries_until == today(15, 12)


def test_a_correlation_limit_of_nought_is_a_limit():
    """0 is not "off": it allows hedges and what does not move along, and nothing else."""
    book = after(positions=(held(SBIN),))
    alike = {"NSE:INFY": [100 + n % 3 for n in range(40)], "NSE:SBIN": [100 + n % 3 + n % 7 for n in range(40)]}
    assert failed(decided(book, closes=alike, max_correlation=0)) == ["too_correlated"]
    assert decided(book, side="SELL", closes=alike, max_correlation=0).approved


def less_than_a_lot(context, most=0):
    return rc.Finding("most", passed=True, max_quantity=Decimal(most))


@pytest.mark.parametrize(("most", "lot"), [(0, 1), ("0.5", 1), (64, 65)])
@pytest.mark.parametrize("basis", ["gross", "net"])
def test_a_rule_of_ones_own_that_leaves_less_than_a_lot_refuses_by_name(most, lot, basis):
    """After charges, a size of nothing was divided by."""
    rules = rc.Policy(**WIDE, risk_reward_basis=basis, target_r_multiple=9)
    rules = rules.with_rules(rc.custom_rule(less_than_a_lot, most=most))
    seen = rc.Market(instrument=attrs.evolve(INFY, lot_size=lot), at=NOON, last=1000)
    decision = rc.decide(rc.Signal("INFY", "BUY", at=NOON, stop=990), rc.Book(1_000_000), seen, rules)
    assert [(found.rule, found.reason) for found in decision.reasons] == [("less_than_a_lot", "below_one_lot")]


def test_an_atr_that_fades_to_nothing_caps_by_volatility_no_more_and_raises_nothing():
    """A thousand bars without a move leave an ATR of 1e-33, and more shares than 28 digits can count."""
    still = [rc.Bar(at=NOON, open=1000, high=1001, low=1000, close=1000)]
    still += [rc.Bar(at=NOON, open=1000, high=1000, low=1000, close=1000)] * 1000
    assert Decimal(0) < rc.atr(still) < Decimal("1e-32")
    rules = rc.Policy(**WIDE, sizing_method="volatility", volatility_target_pct="0.5", atr_interval="1m")
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, bars=still)
    decision = rc.decide(rc.Signal("INFY", "BUY", at=NOON, stop=990), rc.Book(100_000), seen, rules)
    assert decision.approved
    assert decision.size.bound_by == "risk_per_trade"


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ({}, 100_000),
        ({"max_sector_exposure": 5}, 50_000),
        ({"max_notional": 50_000}, 50_000),
        ({"sizing_method": "fixed_notional", "fixed_notional": 50_000}, 50_000),
        ({"limits": (rc.Limit(scope="symbol", name="INFY", max_notional=50_000),)}, 50_000),
        ({"limits": (rc.Limit(scope="symbol", name="INFY", max_exposure=5),)}, 50_000),
    ],
)
def test_a_sale_is_worth_what_is_sold_at_the_quote(side, limits, most):
    """The limit of a sale lies below the quote: measured there, 1,001 shares at 100 were within 100,000."""
    way = 1 if side == "BUY" else -1
    signal = rc.Signal("INFY", side, at=NOON, stop=100 - way, target=100 + 10 * way)
    seen = rc.Market(instrument=INFY, at=NOON, last=100)
    order = rc.decide(signal, rc.Book(1_000_000), seen, rc.Policy(entry_band_pct=1, **limits)).order
    assert order.quantity * max(order.limit, order.reference) <= most
    assert order.quantity == most // max(order.limit, order.reference)
    working = rc.Book(1_000_000).after(order)
    again = rc.decide(attrs.evolve(signal, note="2", bar_at=NOON), working, seen, rc.Policy(**WIDE))
    assert not again.approved


def test_a_working_sale_takes_its_margin_at_the_quote():
    """100 sold at 1,000 with a limit of 990 take 20,000 of margin, not 19,800; 200 are left for a share of 1,005."""
    rules = rc.Policy(**{**WIDE, "entry_band_pct": 1}, max_quantity=100, max_daily_loss=99, risk_per_trade=90)
    rules = attrs.evolve(rules, position_size_basis="margin")
    seen = rc.Market(instrument=INFY, at=NOON, last=1000)
    first = rc.decide(rc.Signal("INFY", "SELL", at=NOON, stop=1010, target=900), rc.Book(20_200), seen, rules)
    assert (first.order.quantity, first.order.limit) == (100, 990)
    other = rc.Market(instrument=SBIN, at=NOON, last=1005)
    second = rc.decide(
        rc.Signal("SBIN", "SELL", at=NOON, stop=1010, target=900), rc.Book(20_200).after(first.order), other, rules
    )
    assert "insufficient_funds" in failed(second)


def test_the_brokers_cash_is_not_spent_twice():
    """Three entries in one moment, on one reading of 25,000: what the first reserved is not there for the second."""
    book, taken = rc.Book(1_000_000), []
    for symbol in ("A1", "A2", "A3"):
        thing = attrs.evolve(INFY, symbol=symbol)
        seen = rc.Market(instrument=thing, at=NOON, last=1000, available_cash=25_000)
        decision = rc.decide(rc.Signal(symbol, "BUY", at=NOON, stop=990, target=1100), book, seen, rc.Policy())
        if decision.approved:
            book = book.after(decision.order)
            taken.append(decision.order.quantity * decision.order.limit / 5)
    assert len(taken) == 2
    assert sum(taken) <= 25_000
    first = book.orders[0].id
    known = book.moved(first, "working")
    assert decided_on_cash(known, 30_000).approved
    assert failed(decided_on_cash(known.moved(book.orders[1].id, "unknown"), 5_000)) == ["insufficient_funds"]


def decided_on_cash(book, cash):
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, available_cash=cash)
    return rc.decide(rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100), book, seen, rc.Policy())


def test_a_book_of_another_session_does_not_know_this_ones_equity():
    """What yesterday made would be this day's to lose: 3,000 gained, and then 5,900 lost, is within 3 %."""
    today_, before = NOON.date(), date(2026, 11, 19)
    assert decided(rc.Book(100_000, session=today_)).approved
    assert failed(decided(rc.Book(100_000, session=before, realised=3000))) == ["equity_unknown"]
    rolled = rc.Book(100_000, session=before, realised=3000).next_session(today_)
    assert failed(decided(rolled)) == ["equity_unknown"]
    assert decided(rolled.opened(Decimal(103_000))).approved


def test_a_trade_in_the_future_is_no_fresh_one():
    """A clock that is wrong by two hours must not make old data look new; within `clock_skew_s` it may be."""
    for ahead, answer in ((5, []), (6, ["data_stale"]), (7200, ["data_stale"])):
        assert failed(looked(traded_at=NOON + timedelta(seconds=ahead), stale_after_s=30)) == answer


def test_no_prices_are_no_sign_of_a_quiet_market():
    """An empty list is what a feed gives that has just begun."""
    assert failed(looked(recent_prices=(), atr=10, unusual_move_atr=3)) == ["evidence_missing"]
    assert looked(recent_prices=((NOON, 1000),), atr=10, unusual_move_atr=3).approved


def looked(*, unusual_move_atr=None, stale_after_s=None, **more):
    rules = rc.Policy(**WIDE, unusual_move_atr=unusual_move_atr, stale_after_s=stale_after_s)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, **more)
    return rc.decide(rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100), rc.Book(100_000), seen, rules)


@pytest.mark.parametrize("name", ["max_positions", "risk_per_trade", "state", "funds"])
def test_a_rule_of_ones_own_never_bears_the_name_of_one_of_ours(name):
    """Its findings and its cap could not be told from ours."""
    with pytest.raises(ValueError, match=f"rules: has one named {name}, as a rule of ours is"):
        rc.Policy(rules=(rc.CustomRule(name=f"mine:{name}"),))


def test_the_names_without_a_setting_are_those_of_the_table():
    """The list of fixed checks is complete: each row of the table is one of them, a setting, or one of `limits`."""
    settings = {f.name for f in attrs.fields(rc.Policy)}
    names = {row.name for row in (*ROWS, *LAST_LOOK)} | {found.row.name for found in SIZE_ROWS}
    assert {name for name in names - settings if not name.startswith("limits.")} | {"position"} == set(FIXED)


@pytest.mark.parametrize("name", ["signal_max_age_s", "quote_max_age_s", "clock_skew_s", "cooldown_s", "time_stop_min"])
def test_a_length_of_time_has_an_end(name):
    """Such a policy was valid, and every decision under it raised an OverflowError."""
    with pytest.raises(ValueError, match=f"{name}: must be at most 31622400"):
        rc.Policy(**{name: 10**14})


def test_a_tick_is_at_least_that_of_the_finest_contract():
    """Below, a share of next to nothing divided an amount into more digits than there are."""
    assert rc.Instrument(symbol="USDINR", tick="0.0025", exchange="CDS").tick == Decimal("0.0025")
    with pytest.raises(ValueError, match=r"Instrument.tick must be at least 0.0001"):
        rc.Instrument(symbol="INFY", tick=Decimal("1e-17"))


def test_a_session_too_short_for_entries_has_none_and_its_times_stay_in_order():
    """A disaster recovery test of 45 minutes: the cut-off, 45 minutes before its end, came before the first entry."""
    found = rc.session_on(date(2024, 3, 2), INFY)
    assert found.opens < found.entries_from == found.entries_until < found.square_off
