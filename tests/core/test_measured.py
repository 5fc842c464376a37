"""What the limits measure, number by number: which rule, how much, of what, in which words."""

from datetime import date, datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.breakers import approach, data, loss, sending, streak
from riskcore.breakers.drawdown import drawdown_peak
from riskcore.breakers.market import trade_age
from riskcore.breakers.measure import NOTHING, Measure, Observations
from riskcore.money import DOWN, UP, not_negative_whole, round_to_tick
from riskcore.outcomes import DayResult
from riskcore.rules.bets import pearson
from riskcore.table_rows import CalendarDay
from tests.core.one_trade import NOON, after, done, held

pytestmark = pytest.mark.smoke

INFY = rc.Instrument(symbol="INFY", tick="0.05")
TCS = rc.Instrument(symbol="TCS", tick="0.05")


def asked(measure, book, seen=NOTHING, at=NOON, **policy):
    return measure(book, seen, rc.Policy(**policy), at)


def test_positions_are_symbols_held():
    """Two of three."""
    book = rc.Book(100_000, positions=[held(INFY), held(TCS)])
    assert asked(approach.positions, book, max_positions=3) == Measure("max_positions", 2, 3, "positions")


def test_heat_is_the_way_to_the_stops_of_what_is_open():
    """Ten shares with ten rupees to their stop, of two per cent of 100,000."""
    book = rc.Book(100_000, positions=[held(INFY)])
    assert asked(approach.heat, book, max_open_risk=2) == Measure("max_open_risk", Decimal(100), Decimal(2000))


def test_an_approach_has_receded_below_nine_tenths_of_its_level():
    """Eighty per cent of a hundred: told at 80, told again only after it was below 72."""
    for used, receded in ((72, False), (71, True)):
        assert approach.has_receded(Measure("max_daily_loss", Decimal(used), Decimal(100)), Decimal(80)) is receded


def test_a_month_begins_with_its_first_day():
    """The loss of the first counts, that of the last of October does not; the first's equity is the base."""
    days = (
        rc.DayResult(session=date(2026, 10, 30), opening_equity=90_000, net=-7),
        rc.DayResult(session=date(2026, 11, 2), opening_equity=80_000, net=-500),
        rc.DayResult(session=date(2026, 11, 1), opening_equity=50_000, net=-100),
    )
    found = asked(loss.monthly_loss_measure, rc.Book(100_000, days=days), max_monthly_loss=4)
    assert found == Measure("max_monthly_loss", Decimal(600), Decimal(2000))


def test_errors_in_a_row_of_the_class_nearest_to_its_limit():
    """Two of three rejections; with none counted, nought of the limit."""
    seen = Observations(errors=(("rejected", 2),))
    found = asked(sending.order_errors, rc.Book(100_000), seen, max_order_errors=3)
    assert found == Measure("max_order_errors", 2, 3, "in a row", "", "rejected")
    assert asked(sending.order_errors, rc.Book(100_000), max_order_errors=3) == Measure(
        "max_order_errors", 0, 3, "in a row"
    )


def test_a_streak_is_counted_in_trades():
    """Two lost after one won."""
    book = after(done("2", ago=300), done(ago=200), done(ago=100))
    found = asked(streak.loss_streak, book, max_loss_streak=4)
    assert found == Measure("max_loss_streak", 2, 4, "trades lost in a row")


@pytest.mark.parametrize(("clock", "seconds"), [((12, 0), 9900), ((9, 0), None), ((16, 30), None)])
def test_data_grows_stale_only_while_the_market_is_open(clock, seconds):
    """Without a price since the open at 9:15; before it and after the close nothing is late."""
    at = datetime(2026, 11, 20, *clock, tzinfo=rc.IST)
    found = data.stale_data(held(INFY), NOTHING, rc.Policy(stale_after_s=5), at)
    assert (found and found.measured) == seconds


def test_the_age_of_a_trade_is_told_in_seconds():
    """Thirty seconds at a limit of five."""
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, traded_at=NOON.replace(hour=11, minute=59, second=30))
    assert trade_age(seen, 5).why == "30.00 s without a price at a limit of 5"


@pytest.mark.parametrize(
    ("price", "down", "up"), [("-0.07", "-0.10", "-0.05"), ("-0.10", "-0.10", "-0.10"), ("0.07", "0.05", "0.10")]
)
def test_prices_below_nought_are_rounded_down_and_up_too(price, down, up):
    """Down is towards fewer rupees, on either side of nought, and keeps the decimals of the tick."""
    tick = Decimal("0.05")
    assert str(round_to_tick(Decimal(price), tick, DOWN)) == down
    assert str(round_to_tick(Decimal(price), tick, UP)) == up


def test_a_whole_number_of_nought_or_more():
    """Named where it is not."""
    assert not_negative_whole("0", "buffer") == 0
    for wrong, message in ((-1, "^buffer must be 0 or more, got -1$"), ("0.5", "^buffer must be a whole number")):
        with pytest.raises(ValueError, match=message):
            not_negative_whole(wrong, "buffer")


def test_a_series_that_does_not_move_has_no_correlation():
    """Neither with one that does, nor with another of its kind."""
    flat, moving = [Decimal(5)] * 3, [Decimal(n) for n in (1, 2, 4)]
    assert pearson(flat, moving) is pearson(moving, flat) is pearson(flat, flat) is None


def test_the_atr_is_one_of_fourteen_bars_where_nothing_is_said():
    """Wilder's own length: the true ranges 1 to 20, in this order, tell 13, 14 and 15 apart."""
    bars = [rc.Bar(at=NOON, open=100, high=100 + n, low=100, close=100) for n in range(1, 21)]
    assert rc.atr(bars) == rc.atr(bars, 14) != rc.atr(bars, 15)


def test_a_locked_profit_names_its_setting():
    """In the trail of the position, as a break-even does."""
    position = rc.Position(
        instrument=INFY, side="BUY", quantity=10, average_price=1000, stop=980, initial_stop=980, opened_at=NOON
    )
    policy = rc.Policy(profit_lock_at_r=1, profit_lock_pct=60)
    moved = rc.advance(position, rc.Price("NSE:INFY", 1020, NOON), policy)
    assert (moved.stop, moved.trail.rule) == (1012, "profit_lock_pct")


PEAKS = [
    DayResult(date(2026, 11, 17), Decimal(100_000), Decimal(0), Decimal(130_000)),
    DayResult(date(2026, 11, 18), Decimal(100_000), Decimal(0), None),
    DayResult(date(2026, 11, 19), Decimal(100_000), Decimal(0), Decimal(120_000)),
]


@pytest.mark.parametrize(
    ("basis", "sessions", "peak", "early"),
    [
        ("session", 4, 100_000, None),
        ("rolling", 1, 100_000, None),
        ("rolling", 2, 120_000, None),
        ("rolling", 3, 120_000, None),
        ("rolling", 4, 130_000, None),
        ("all_time", 4, 140_000, 140_000),
    ],
)
def test_the_peak_is_of_this_session_of_the_latest_or_of_all(basis, sessions, peak, early):
    """One of three earlier sessions never saw its equity; before this one saw it, only the peak of all is known."""
    policy = rc.Policy(drawdown_basis=basis, drawdown_sessions=sessions)
    book = rc.Book(100_000, days=PEAKS, session_peak=100_000, peak_equity=140_000)
    assert drawdown_peak(book, policy) == peak
    assert drawdown_peak(attrs.evolve(book, session_peak=None), policy) == early


@pytest.mark.parametrize(("sessions", "peak"), [(1, 100_000), (2, 120_000), (3, 130_000)])
def test_a_weekend_that_a_runner_was_left_on_for_is_no_session_of_the_rolling_peak(sessions, peak):
    """Thursday, Friday, and two days that count equity too: on Monday the peak of three sessions was Saturday's."""
    tops = ((19, 130_000), (20, 120_000), (21, 99_000), (22, 99_000))
    days = [DayResult(date(2026, 11, day), Decimal(100_000), Decimal(0), Decimal(top)) for day, top in tops]
    book = rc.Book(100_000, days=days, session_peak=100_000)
    assert drawdown_peak(book, rc.Policy(drawdown_basis="rolling", drawdown_sessions=sessions)) == peak


def test_a_day_that_ones_own_table_shuts_is_no_session_of_the_rolling_peak_either():
    """Friday is one by the calendar, and none by the table: Thursday's peak is one of two sessions then."""
    tops = ((19, 130_000), (20, 120_000))
    days = [DayResult(date(2026, 11, day), Decimal(100_000), Decimal(0), Decimal(top)) for day, top in tops]
    book = rc.Book(100_000, days=days, session_peak=100_000)
    policy = rc.Policy(drawdown_basis="rolling", drawdown_sessions=2)
    shut = rc.Tables(days=(CalendarDay(day="2026-11-20", kind="closed"),))
    assert drawdown_peak(book, policy) == 120_000
    assert drawdown_peak(book, attrs.evolve(policy, tables=shut)) == 130_000
