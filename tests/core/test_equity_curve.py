"""The equity curve of a day's facts: results, flows, drawdowns, exposure, and the page that tells it all."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import analytics as an, events as e
from riskcore.analytics import exposure
from riskcore.state import fold
from riskcore.table_rows import CalendarDay
from tests.core.engine_days import SEEN, TCS, a_day, holding

D = Decimal
MONDAY = date(2026, 11, 23)
pytestmark = pytest.mark.smoke


def curve(*nets, opening=1000, flows=()):
    """Sessions a day apart, with those results."""
    days, level = [], D(opening)
    for number, net in enumerate(nets):
        flow = D(dict(flows).get(number, 0))
        days.append(an.Day(session=MONDAY + timedelta(days=number), opening=level + flow, net=net, flow=flow))
        level = days[-1].closing
    return rc.EquityCurve(days)


def two_days():
    """Friday: 50 INFY stopped at 979. Monday: the same to the target at 1,100, less a rupee a share at the entry."""
    day, _ = holding()
    day.prices("10:05", last=990, high=1010, low=985)
    day.prices("10:06", low=960, last=981, high=1020)
    day.fill("10:06:01", day.sent()[-1].order_id, price=979)
    day.next_day(3)
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), day.state.carried_equity))
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1001)
    day.prices("11:00", last=1101, high=1120)
    day.fill("11:00:01", day.sent()[-1].order_id, price=1100)
    return day


# ---------------------------------------------------------------- the fold


def test_a_session_brings_what_its_trades_brought():
    """Friday loses 1,050 and charges, Monday wins 4,850 on 49 shares and pays for them."""
    day = two_days()
    made = rc.equity_curve(day.facts)
    friday, monday = made.days
    first, second = rc.trades_of(day.facts)
    assert (friday.opening, friday.net, friday.charges) == (100_000, first.net, first.charges)
    assert (monday.opening, monday.net, monday.flow) == (friday.closing, second.net, 0)
    assert made.net == first.net + second.net == day.book.equity - 100_000
    assert friday.path[-1] == friday.closing
    assert min(friday.path) < friday.opening


def test_an_open_position_is_in_the_curve_at_its_last_price():
    """And in no figure of trades; it is named."""
    day, _ = holding()
    day.prices("10:05", last=1030)
    made = rc.performance(day.facts)
    (friday,) = made.curve.days
    assert friday.net == 1500 - day.book.charges
    assert (made.trades, made.open_trades, made.win_rate) == ((), ("NSE:INFY",), None)
    assert "still open, in the equity only: NSE:INFY" in made.explain()


def test_what_is_carried_over_night_counts_where_it_happened():
    """Friday's rise is Friday's; Monday begins with it, and loses some of it. No money came or went."""
    day = a_day()
    day.fill("10:00:01", day.enter("10:00", **SEEN, product="CNC"), price=1000)
    day.prices("15:00", last=1030)
    day.next_day(3)
    day.time("09:14")
    day.take(e.EquityRead(day.at("09:15"), day.state.carried_equity))
    day.prices("09:20", last=1010)
    friday, monday = rc.equity_curve(day.facts).days
    assert friday.net == 1500 - friday.charges
    assert (monday.opening, monday.net, monday.flow) == (friday.closing, -1000, 0)


def test_money_paid_in_is_no_result():
    """The opening read is 20,000 above the last closing: a flow, and no return."""
    day, _ = holding()
    day.signal("10:05", "SELL", kind="exit")
    day.fill("10:05:01", day.sent()[-1].order_id, price=1000)
    day.next_day(3)
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), day.state.carried_equity + 20_000))
    made = rc.equity_curve(day.facts)
    assert (made.flows, made.days[1].net, made.days[1].rate) == (20_000, 0, 0)
    assert made.levels()[-1] == made.days[0].closing


def test_a_session_whose_equity_nobody_told_goes_on_from_the_last_closing():
    """Before any is known there is no figure, and the session is named."""
    day = a_day(equity=None)
    day.time("10:00")
    day.next_day(3)
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), 50_000))
    day.next_day(2)
    day.time("09:16")
    made = rc.equity_curve(day.facts)
    assert made.unknown == (date(2026, 11, 20),)
    assert [(told.opening, told.net) for told in made.days] == [(50_000, 0), (50_000, 0)]
    assert "sessions whose equity is not known, left out: 2026-11-20" in rc.performance(day.facts).explain()


def test_days_on_which_the_exchange_is_closed_are_no_sessions():
    """A runner left on over the weekend; a day without trades is one, with a result of 0."""
    day = a_day()
    for _ in range(3):
        day.next_day()
        day.time("10:00")
    assert [told.session for told in rc.equity_curve(day.facts).days] == [date(2026, 11, 20), MONDAY]


def test_a_special_session_of_the_users_own_calendar_is_one_though_nothing_moved():
    """Its hours count for exposure too, and margins of the user's own for what was taken."""
    saturday = date(2026, 11, 21)
    rows = rc.Tables(days=(CalendarDay(day=saturday, kind="special", open=time(9, 15), close=time(11, 15)),))
    days = {}
    for name, tables in (("shipped", None), ("own", rows)):
        day = a_day(tables=tables)
        day.next_day()
        day.time("10:00")
        days[name] = [told.session for told in rc.equity_curve(day.facts).days]
    assert days == {"shipped": [date(2026, 11, 20)], "own": [date(2026, 11, 20), saturday]}


def test_a_day_on_which_something_moved_is_a_session_whatever_the_calendar_says():
    """A price of a Saturday that nobody had announced; held before the market opens, it is no exposure yet."""
    day = a_day()
    day.fill("10:00:01", day.enter("10:00", **SEEN, product="CNC"), price=1000)
    day.next_day()
    day.take(e.TimePassed(day.at("08:00")))
    day.take(e.EquityRead(day.at("08:00"), day.state.carried_equity))
    day.prices("10:00", last=1010)
    saturday = rc.equity_curve(day.facts).days[1]
    assert (saturday.session, saturday.net) == (date(2026, 11, 21), 500)


def test_what_is_held_before_the_open_is_exposed_from_the_open_on():
    """A delivery position carried into Monday, whose session began for us at eight."""
    day = a_day()
    day.fill("10:00:01", day.enter("10:00", **SEEN, product="CNC"), price=1000)
    day.next_day(3)
    day.time("08:00")
    day.take(e.EquityRead(day.at("08:00"), day.state.carried_equity))
    day.prices("10:15", last=1000)
    monday = rc.equity_curve(day.facts).days[1].exposure
    assert (monday.time_share, monday.gross) == (1, 50_000)


def test_what_was_carried_is_exposed_from_the_open_on_however_late_the_day_begins():
    """The first word of Monday comes at 14:00, as it does at 14:44 of bars of a day."""
    day = a_day()
    day.fill("10:00:01", day.enter("10:00", **SEEN, product="CNC"), price=1000)
    day.next_day(3)
    day.time("14:00")
    day.take(e.EquityRead(day.at("14:00"), day.state.carried_equity))
    day.prices("14:15", last=1000)
    monday = rc.equity_curve(day.facts).days[1].exposure
    assert (monday.time_share, monday.gross) == (1, 50_000)


def test_a_curve_goes_on_from_the_state_a_session_ended_with():
    """The second day alone is what it is in the whole."""
    day = two_days()
    starts = next(n for n, fact in enumerate(day.facts) if isinstance(fact, e.SessionOpened) and n)
    later = rc.equity_curve(day.facts[starts:], fold(day.facts[:starts]))
    assert later.days == rc.equity_curve(day.facts).days[1:]


def test_a_curve_has_one_day_a_session():
    """In rising order."""
    friday = an.Day(session=MONDAY, opening=1, net=0)
    with pytest.raises(ValueError, match="one a session"):
        rc.EquityCurve([friday, friday])


# ---------------------------------------------------------------- drawdowns


def test_a_drawdown_is_of_equity_not_of_trades():
    """Two losses of 10 % on a twentieth of the account: 1 %, not 20 %."""
    (fall,) = curve(-50, -50, opening=10_000).drawdowns()
    assert (fall.value, fall.pct, fall.length, fall.recovered) == (100, 1, 2, None)


def test_a_drawdown_knows_its_length_and_when_it_was_regained():
    """From 1,100 down to 900 in two sessions, back in two: four sessions, two of recovery; a second one is open."""
    first, second = curve(100, -150, -50, 120, 90, 0, -10).drawdowns()
    assert (first.peak, first.low, first.value, first.began, first.trough) == (1100, 900, 200, 1, 3)
    assert (first.length, first.recovery, round(first.pct, 2)) == (4, 2, D("18.18"))
    assert (second.length, second.recovery, second.recovered) == (1, None, None)
    assert an.longest([first, second]) is an.deepest([second, first]) is first


def test_touching_the_peak_again_ends_a_drawdown():
    """At the peak one is not below it; a flat top begins at its last session."""
    (fall,) = curve(0, 0, -10, 10).drawdowns()
    assert (fall.began, fall.trough, fall.recovered, fall.length) == (2, 3, 4, 2)


def test_a_recovery_begins_at_the_first_of_equal_lows():
    """Two sessions at the low count."""
    (fall,) = curve(-10, 0, 10).drawdowns()
    assert (fall.trough, fall.recovery, fall.length) == (1, 2, 3)


def test_a_drawdown_below_an_equity_of_nothing_has_no_percentage():
    """Nor is it the deepest of any."""
    (fall,) = curve(-10, opening=0).drawdowns()
    assert (fall.value, fall.pct) == (10, None)
    assert an.deepest([fall]) is None


def test_money_paid_out_is_no_drawdown():
    """Half of it goes; the rest loses a tenth: 10 %."""
    told = curve(0, -50, flows={1: -500}.items())
    (fall,) = told.drawdowns()
    assert (fall.pct, told.levels()[-1]) == (10, 900)


def test_inside_a_session_it_may_fall_deeper():
    """Down to 990 and back to 1,005 within the day."""
    told = rc.EquityCurve([an.Day(session=MONDAY, opening=1000, net=5, path=(D(990), D(1005)))])
    assert told.drawdowns() == ()
    (inside,) = told.drawdowns(intraday=True)
    assert (inside.value, inside.pct) == (10, 1)
    assert rc.performance_of([], told).intraday_drawdown == inside


# ---------------------------------------------------------------- exposure


def test_exposure_is_weighed_by_the_time_it_was_held():
    """50,000 held for a quarter of an hour of a session of six hours: INFY leaves the market at 15:15."""
    day, _ = holding()
    day.signal("10:15:01", "SELL", kind="exit")
    day.fill("10:15:01", day.sent()[-1].order_id, price=1000)
    day.time("15:30")
    (told,) = rc.equity_curve(day.facts).days
    share = D(15) / 360
    found = told.exposure
    assert round(found.gross, 6) == round(50_000 * share, 6)
    assert round(found.time_share, 9) == round(share, 9)
    assert (found.net, round(found.margin, 6)) == (found.gross, round(found.gross / 5, 6))
    assert (found.peak_gross, found.peak_margin) == (50_000, 10_000)


def test_a_short_counts_against_a_long():
    """Gross adds them, net takes one from the other; delivery takes its whole value of the capital."""
    day = a_day(rc.Instrument(symbol="INFY", tick="0.05", sector="IT"), TCS, equity=200_000)
    day.fill("10:00:01", day.enter("10:00", **SEEN, product="CNC"), price=1000)
    day.fill("10:01:01", day.enter("10:01", "SELL", "TCS", last=500, stop=510, target=440), price=500)
    day.prices("10:30", last=1000)
    (told,) = rc.equity_curve(day.facts).days
    long, short = (position.value for position in day.book.positions)
    assert long > 0 < short
    assert told.exposure.peak_gross == long + short
    assert told.exposure.peak_margin == long + short / 5
    # The day still runs: from 09:15 to the last price at 10:30, INFY held for 1,799 seconds of it, TCS for 1,739.
    assert round(told.exposure.gross * 4500, 6) == long * 1799 + short * 1739
    assert round(told.exposure.net * 4500, 6) == long * 1799 - short * 1739


def test_no_time_counts_twice_where_prices_are_not_told_in_its_order():
    """A backtest tells the last price of one share at 11:20, and then that of another at 11:15."""
    at = {clock: datetime(2026, 11, 20, *map(int, clock.split(":")), tzinfo=rc.IST) for clock in ("11:00", "11:20")}
    early = at["11:20"] - timedelta(minutes=5)
    held = [exposure.Held(when, D(100), D(100), D(20)) for when in (at["11:00"], at["11:20"], early)]
    gone = exposure.Held(early + timedelta(minutes=15), D(0), D(0), D(0))
    found = exposure.exposure_of([*held, gone], at["11:00"], at["11:00"] + timedelta(hours=1))
    assert (found.time_share, found.gross) == (D("0.5"), 50)


def test_capital_utilisation_is_margin_over_equity():
    """A fifth of the value at 20 % margin."""
    made = rc.performance(two_days().facts)
    assert round(made.exposure_pct, 6) == round(made.utilisation_pct * 5, 6)
    assert round(made.peak_utilisation_pct, 2) == D("10.91")
    assert D(0) < made.time_in_market_pct < 100


def test_without_facts_exposure_is_not_known():
    """None, not 0."""
    made = rc.performance_of([], curve(1, 2))
    assert (made.exposure_pct, made.utilisation_pct, made.peak_utilisation_pct) == (None, None, None)


# ---------------------------------------------------------------- all of it


def test_a_performance_of_nothing_is_undefined():
    """Every figure is None; the page prints."""
    made = rc.performance([])
    figures = ("sharpe", "sortino", "omega", "calmar", "volatility", "annual_return", "cumulative_return", "drawdown")
    assert [getattr(made, name) for name in figures] == [None] * len(figures)
    assert made.explain().isascii()
    assert "undefined" in made.explain()
    assert made.net == 0


def test_the_figures_of_returns_are_those_of_the_curve():
    """With a year's risk-free return in percent, shared out over its sessions."""
    told = curve(10, -5, 20, 0)
    made = rc.performance_of([], told, risk_free_pct="6.3")
    assert made.sharpe == an.sharpe(told.returns, D("6.3") / 100 / 252)
    assert made.omega == an.omega(told.returns, D("6.3") / 100 / 252)
    assert made.sortino == an.sortino(told.returns, D("6.3") / 100 / 252)
    assert made.calmar == an.calmar(told.returns, made.drawdown.pct / 100)
    assert len(told.returns) == 4
    with pytest.raises(ValueError, match="periods"):
        rc.performance_of([], told, periods=0)


def test_equal_returns_do_not_deviate_however_their_mean_is_rounded():
    """The mean of these eight differs from each in the last digit; a ratio to that noise would be any number."""
    assert an.sharpe([D("2.366379310344827586206896552")] * 8) is None


def test_omega_is_about_the_required_return():
    """Above it by 5 and 3 %, below by 2 %."""
    assert an.omega([D("0.04"), D("0.02"), D("-0.03")], D("-0.01")) == 4


def test_everything_lost_is_a_return_of_minus_one():
    """More than everything has no growth a year."""
    assert an.annual_return([D("-1"), D("0.5")]) == -1
    assert an.annual_return([D("-1.5")]) is None


def test_the_page_tells_both_days():
    """In ASCII, with the fall, its lowest session and its end, and the breakdowns."""
    page = rc.performance(two_days().facts).explain()
    assert page.isascii()
    for line in (
        "win rate                  50.00 %",
        "stop slippage             Rs 50.00 a trade (0.05 R), worst Rs 50.00",
        "planned R:R               4.86",
        "2 sessions, lowest 2026-11-20, regained 2026-11-23",
        "by strategy",
    ):
        assert line in page
    assert rc.performance(two_days().facts).by("reason")[0].name == "stop"
    with pytest.raises(ValueError, match="name must be one of"):
        rc.performance([]).by("colour")


def test_fills_without_a_schedule_of_charges_are_counted():
    """They stand at no charges, and the page says so."""
    facts = [attrs.evolve(fact, charges=None) if isinstance(fact, e.Filled) else fact for fact in holding()[0].facts]
    made = rc.performance(facts)
    assert made.uncharged_fills == 1
    assert "fills whose charges are not known, counted at none: 1" in made.explain()
