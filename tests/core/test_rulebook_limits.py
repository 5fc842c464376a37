"""What an account may still lose and how alike its bets may be, at the edges: weeks, open risk, correlation, scopes."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from tests.core.engine_days import ABC, INFY, TCS
from tests.core.one_trade import NOON, WIDE, after, decided, done, failed, held

pytestmark = pytest.mark.smoke


# ---------------------------------------------------------------- losses


def days(*results, first=date(2026, 11, 16), equity=100_000):
    found, worth = [], Decimal(equity)
    for number, result in enumerate(results):
        found.append(rc.DayResult(first + timedelta(days=number), worth, Decimal(result)))
        worth += result
    return tuple(found)


@pytest.mark.parametrize(
    ("results", "today", "open_loss", "reached"),
    [
        ((-2000, -2000, -1000, 0), 0, 0, True),
        ((-2000, -2000, -999, 0), 0, 0, False),
        ((-2000, -2000, -900, 0), -99, 0, False),
        ((-2000, -2000, -900, 0), -100, 0, True),
        ((-2000, -2000, -900, 0), -50, 5, True),
        ((-2000, -2000, -1000, 50), 0, 0, False),
    ],
)
def test_a_weeks_loss_is_that_of_its_sessions_today_and_what_is_open(results, today, open_loss, reached):
    """Five per cent of Monday's 100,000; at the limit is blocked."""
    position = held(TCS, last=1000 - open_loss)
    book = rc.Book(95_000, days=days(*results), realised=today, positions=[position])
    answer = decided(book, max_weekly_loss=5, max_daily_loss=5)
    assert failed(answer) == (["weekly_loss_reached"] if reached else [])


def test_last_weeks_loss_is_not_this_weeks_but_it_is_this_months():
    """Friday the 13th and Monday the 16th are of one month; 31 October is of another."""
    lost = days(-6000, first=date(2026, 11, 13))
    book = rc.Book(94_000, days=lost)
    assert decided(book, max_weekly_loss=6).approved
    found = decided(book, max_monthly_loss=6).reasons
    assert [(f.reason, f.measured, f.limit) for f in found] == [("monthly_loss_reached", Decimal(6000), Decimal(6000))]
    assert decided(rc.Book(94_000, days=days(-6000, first=date(2026, 10, 30))), max_monthly_loss=6).approved


def test_without_a_past_the_week_begins_today():
    """What is not in the book did not happen: the limit is of today's opening equity."""
    book = rc.Book(50_000, realised=-1400)
    assert decided(book, max_weekly_loss=3).approved
    assert "weekly_loss_reached" in failed(decided(rc.Book(50_000, realised=-1500), max_weekly_loss=3))
    assert decided(rc.Book(), max_weekly_loss=3).unmeasured


# ---------------------------------------------------------------- open risk


@pytest.mark.parametrize(
    ("positions", "most"),
    [
        ([], 200),
        ([held(TCS, 100)], 100),
        ([held(TCS, 100, side="SELL", stop=1010)], 100),
        ([held(TCS, 100, last=1050)], 100),
        ([held(TCS, 100, stop=1000)], 200),
        ([held(TCS, 100, stop=1020, last=1050)], 200),
        ([held(TCS, 50), held(ABC, 40, side="SELL", stop=1020)], 70),
    ],
)
def test_open_risk_is_what_lies_between_entries_and_stops(positions, most):
    """Two per cent of 100,000 at ten rupees a share, less what is open; a locked gain counts nought."""
    book = rc.Book(100_000, positions=positions)
    decision = decided(book, max_open_risk=2, max_positions=5)
    assert dict(decision.size.caps)["max_open_risk"] == most


def test_entries_on_their_way_are_at_risk_too():
    """Forty shares of TCS with twenty rupees to their stop."""
    signal = rc.Signal("TCS", "BUY", at=NOON, stop=980, target=1100)
    seen = rc.Market(instrument=TCS, at=NOON, last=1000)
    order = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**WIDE, max_quantity=40)).order
    book = rc.Book(100_000).after(order)
    assert dict(decided(book, max_open_risk=2).size.caps)["max_open_risk"] == 120


def test_open_risk_that_is_full_leaves_nothing_and_a_stop_that_is_missing_refuses_by_name():
    """Rs 2,000 in use of 2,000."""
    full = decided(rc.Book(100_000, positions=[held(TCS, 200)]), max_open_risk=2)
    assert [(f.reason, f.measured, f.limit) for f in full.reasons] == [("open_risk_full", Decimal(2000), Decimal(2000))]
    bare = rc.Book(100_000, positions=[held(TCS, stop=None)])
    for rule in ({"max_open_risk": 2}, {"daily_loss_worst_case": True}):
        found = decided(bare, **rule).reasons
        assert [(f.reason, f.measured) for f in found] == [("stop_missing", "NSE:TCS")]
    assert decided(bare).approved


# ---------------------------------------------------------------- correlation


UP, DOWN, OWN = [100, 103, 101, 106] * 10, [100, 97, 99, 94] * 10, [100, 101, 104, 102, 103] * 8


@pytest.mark.parametrize(
    ("side", "other_side", "moves", "passes"),
    [
        ("BUY", "BUY", UP, False),
        ("SELL", "SELL", UP, False),
        ("BUY", "SELL", UP, True),
        ("SELL", "BUY", UP, True),
        ("BUY", "BUY", DOWN, True),
        ("BUY", "SELL", DOWN, False),
        ("SELL", "BUY", DOWN, False),
        ("BUY", "BUY", OWN, True),
    ],
)
def test_the_same_bet_is_what_wins_and_loses_together(side, other_side, moves, passes):
    """Long A and short B are one bet where A and B move against each other; a hedge passes."""
    stop = 990 if other_side == "BUY" else 1010
    book = rc.Book(100_000, positions=[held(TCS, side=other_side, stop=stop)])
    closes = {"NSE:INFY": UP, "NSE:TCS": moves}
    assert failed(decided(book, side=side, closes=closes, max_correlation="0.7")) == (
        [] if passes else ["too_correlated"]
    )


def test_a_correlation_at_the_limit_passes_and_shrinkage_draws_it_below():
    """1 against 1; 1 shrunk by a tenth against 0.9, and against a millionth less."""
    book = rc.Book(100_000, positions=[held(TCS)])
    closes = {"NSE:INFY": UP, "NSE:TCS": UP}
    assert decided(book, closes=closes, max_correlation=1).approved
    assert decided(book, closes=closes, max_correlation="0.9", correlation_shrinkage="0.1").approved
    assert not decided(book, closes=closes, max_correlation="0.899999", correlation_shrinkage="0.1").approved


def test_a_cluster_is_more_than_its_pairs():
    """TCS moves with INFY, ABC with TCS alone: the three are one cluster, limited in number and in value."""
    a = [100, 102, 100, 102, 100, 102, 100, 102] * 5
    b = [100, 102, 100, 102, 101, 101, 101, 101] * 5
    c = [101, 101, 101, 101, 100, 102, 100, 102] * 5
    book = rc.Book(100_000, positions=[held(TCS), held(ABC)])
    closes = {"NSE:INFY": b, "NSE:TCS": a, "NSE:ABC": c}
    assert rc.return_correlation([Decimal(n) for n in b], [Decimal(n) for n in c], window=60) < Decimal("0.2")
    policy = {"closes": closes, "cluster_correlation": "0.6"}
    assert decided(book, **policy, max_cluster_positions=3).approved
    assert failed(decided(book, **policy, max_cluster_positions=2)) == ["cluster_crowded"]
    assert decided(book, **{**policy, "cluster_correlation": "0.99"}, max_cluster_positions=1).approved
    caps = dict(decided(book, **policy, max_cluster_exposure=30).size.caps)
    assert caps["max_cluster_exposure"] == 10
    assert failed(decided(book, **policy, max_cluster_exposure=20)) == ["cluster_full"]


def test_a_backtest_brings_the_closes_that_correlations_need():
    """Two alike shares, a strategy that wants both: the second is refused for its likeness, not for want of closes."""
    opens, minute = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST), timedelta(minutes=1)
    bars = [
        rc.Bar(at=opens + n * minute, open=p, high=p + 3, low=p - 3, close=p)
        for n, p in enumerate([1000, 1002, 1001, 1004] * 20)
    ]

    def both(instrument, seen):
        wanted = len(seen) == (60 if instrument == INFY else 64)
        return rc.Signal(instrument.symbol, "BUY", at=seen[-1].at + minute, stop=900, target=1500) if wanted else None

    def run(**policy):
        return rc.simulate({INFY: bars, TCS: bars}, both, rc.Policy(**WIDE, **policy))

    held_keys = [position.instrument.symbol for position in run(max_correlation="0.7").state.book.positions]
    assert held_keys == ["INFY"]
    assert len(run().state.book.positions) == 2
    refusals = [fact for fact in run(max_correlation="0.7").facts if type(fact).__name__ == "EntryRefused"]
    assert [f.reason for f in refusals[0].findings if not f.passed] == ["too_correlated"]


# ---------------------------------------------------------------- limits of one scope


@pytest.mark.parametrize(
    ("limit", "book", "told"),
    [
        (
            {"scope": "strategy", "name": "ema", "max_positions": 1},
            rc.Book(100_000, positions=[held(TCS, strategy="ema")]),
            ("limits.max_positions", "strategy ema: 1", 1),
        ),
        (
            {"scope": "product", "name": "MIS", "max_positions": 2},
            rc.Book(100_000, positions=[held(TCS), held(ABC)]),
            ("limits.max_positions", "product MIS: 2", 2),
        ),
        (
            {"scope": "strategy", "name": "ema", "max_daily_loss": 1},
            after(done(result=-600, strategy="ema"), done(result=-400, strategy="ema", key="NSE:TCS")),
            ("limits.max_daily_loss", "strategy ema: Rs 1,000.00", Decimal(1000)),
        ),
        (
            {"scope": "symbol", "name": "INFY", "max_daily_loss": 1},
            after(done(result=-1100), done("1", result=50, reason="target")),
            ("limits.max_daily_loss", "symbol INFY: Rs 1,050.00", Decimal(1000)),
        ),
    ],
)
def test_a_limit_of_one_scope_says_its_name(limit, book, told):
    """The rule names the number to edit, the text its scope and name."""
    found = decided(book, strategy="ema", limits=[rc.Limit(**limit)]).reasons
    assert [(f.rule, f.measured, f.limit) for f in found] == [told]


def test_a_limit_of_another_scope_is_none_of_the_entrys_business():
    """Another strategy's positions, yesterday's losses, another symbol's trades."""
    book = after(done(result=-5000, strategy="other"), positions=[held(TCS, strategy="other")])
    limits = [
        rc.Limit(scope="strategy", name="other", max_positions=1, max_daily_loss=1),
        rc.Limit(scope="symbol", name="TCS", max_trades_per_day=1),
        rc.Limit(scope="strategy", name="ema", max_positions=1, max_daily_loss=1, max_trades_per_day=1),
    ]
    assert decided(book, strategy="ema", limits=limits).approved
    old = after(done(result=-5000, strategy="ema", at=NOON - timedelta(days=1)))
    assert decided(old, strategy="ema", limits=limits).approved


def test_the_open_loss_of_a_strategy_counts_and_so_do_its_trades():
    """Ninety rupees a share lost on ten of TCS, and Rs 100 paid in charges."""
    position = held(TCS, last=910, strategy="ema", charges=Decimal(100))
    loss = [rc.Limit(scope="strategy", name="ema", max_daily_loss=1)]
    found = decided(rc.Book(100_000, positions=[position]), strategy="ema", limits=loss).reasons
    assert [f.measured for f in found] == ["strategy ema: Rs 1,000.00"]
    first = decided(strategy="ema", at=NOON - timedelta(minutes=1), max_quantity=1).order
    book = rc.Book(100_000).after(first).moved(first.order_id, "cancelled")
    trades = [rc.Limit(scope="strategy", name="ema", max_trades_per_day=1)]
    found = decided(book, strategy="ema", limits=trades).reasons
    assert [(f.reason, f.measured) for f in found] == [("limit_trades", "strategy ema: 1")]
    assert decided(book, strategy="other", limits=trades).approved
