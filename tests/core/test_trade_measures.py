"""Measures of finished trades, and the fold that finds them in a day's facts."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import analytics as an, events as e
from tests.core.engine_days import SEEN, TCS, a_day, holding
from tests.core.finished_trades import START, Result, a_trade, results

D = Decimal
pytestmark = pytest.mark.smoke


# ---------------------------------------------------------------- a trade by hand


def test_a_trade_works_out_what_it_was_not_told():
    """Gross from its prices, R from its stop, the promise from its levels; charges come off."""
    long = a_trade(initial_stop=95, initial_target=115, charges=25)
    assert (long.gross, long.net, long.risk, long.r_multiple, long.planned_r) == (100, 75, 5, D("1.5"), 3)
    short = a_trade(side="SELL", initial_stop=105)
    assert (short.gross, short.r_multiple, short.planned_r) == (-100, -2, None)


def test_a_trade_without_a_stop_has_no_r():
    """Nor one whose stop stood at its entry: nothing was at risk."""
    assert a_trade().r_multiple is None
    told = a_trade(initial_stop=100, initial_target=110)
    assert (told.r_multiple, told.planned_r) == (None, None)


@pytest.mark.parametrize(("side", "made"), [("BUY", -1000), ("SELL", 1000)])
def test_an_option_that_expired_worthless_left_at_nothing(side, made):
    """All of the premium is lost by who bought it, and kept by who wrote it; 0 is the extreme, too."""
    worst = {"worst_price" if side == "BUY" else "best_price": 0}
    told = a_trade(side=side, exit_price=0, **worst)
    assert (told.gross, told.exit_price) == (made, 0)
    with pytest.raises(ValueError, match=r"Trade\.exit_price"):
        a_trade(exit_price=-1)


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"quantity": 0}, "Trade.quantity"),
        ({"side": "UP"}, "Trade.side"),
        ({"entry_price": -1}, "Trade.entry_price"),
        ({"closed_at": START - timedelta(seconds=1)}, "Trade.closed_at"),
        ({"opened_at": datetime(2026, 11, 20, 10, 0)}, "Trade.opened_at"),  # noqa: DTZ001 - what is refused
        ({"key": ""}, "Trade.key"),
    ],
)
def test_a_wrong_trade_is_refused_by_name(wrong, names):
    """Which field, and what it must be."""
    with pytest.raises(ValueError, match=names):
        a_trade(**wrong)


# ---------------------------------------------------------------- what is undefined


@pytest.mark.parametrize(
    "measure",
    [
        an.win_rate,
        an.profit_factor,
        an.average_win,
        an.average_loss,
        an.payoff_ratio,
        an.expectancy,
        an.expectancy_r,
        an.expectancy_ratio,
        an.average_planned_r,
        an.sqn,
        an.stop_slippage,
    ],
)
def test_of_no_trades_every_measure_is_undefined(measure):
    """None, never 0."""
    assert measure([]) is None


def test_without_a_loss_there_is_no_ratio_to_losses():
    """Nor a payoff, nor Kelly; the rest is known."""
    trades = results(100, 200)
    undefined = (
        an.profit_factor(trades),
        an.payoff_ratio(trades),
        an.expectancy_ratio(trades),
        an.average_loss(trades),
    )
    assert undefined == (None, None, None, None)
    assert (an.win_rate(trades), an.expectancy(trades)) == (1, 150)
    told = rc.trade_statistics(trades)
    assert (told.payoff, told.kelly, told.win_rate, told.average_win) == (None, None, 1, 150)


def test_without_a_win_the_profit_factor_is_nothing_and_kelly_is_undefined():
    """Nothing won of something lost is 0; a payoff needs a win."""
    trades = results(-1, -2)
    assert (an.profit_factor(trades), an.win_rate(trades), an.payoff_ratio(trades)) == (0, 0, None)
    assert rc.trade_statistics(trades).kelly is None


def test_the_quality_of_equal_trades_is_undefined():
    """They do not deviate. One trade alone has no deviation either."""
    assert an.sqn(results(2, 2, 2)) is None
    assert an.sqn(results(2)) is None


def test_a_scratch_is_neither_won_nor_lost():
    """It counts as a trade, and in no average of wins or of losses."""
    trades = results(100, 0, -50)
    assert (an.average_win(trades), an.average_loss(trades), an.expectancy(results(100, 0))) == (100, 50, 50)
    assert round(an.win_rate(trades), 6) == D("0.333333")


# ---------------------------------------------------------------- statistics for a sizer


def test_statistics_are_of_the_trades_with_an_r():
    """A scratch is no win and no loss; Kelly is of the decided ones: 2/3 - 1/3 / 1.5."""
    told = rc.trade_statistics([*results(1, 2, -1, 0), Result(D(500))])
    assert (told.count, told.wins, told.losses, told.scratches, told.without_risk) == (4, 2, 1, 1, 1)
    assert (told.win_rate, told.average_win, told.average_loss, told.payoff) == (D("0.5"), D("1.5"), 1, D("1.5"))
    assert (told.expectancy, round(told.kelly, 10)) == (D("0.5"), round(D(4) / 9, 10))


def test_kelly_without_an_edge_is_negative():
    """The caller bets nothing then."""
    assert rc.kelly_fraction("0.4", 1) == D("-0.2")


@pytest.mark.parametrize(
    ("win_rate", "payoff", "fraction"), [(None, 2, None), ("0.5", None, None), ("0.5", 0, None), (1, 3, 1)]
)
def test_kelly_at_its_edges(win_rate, payoff, fraction):
    """None where a part of it is undefined."""
    assert rc.kelly_fraction(win_rate, payoff) == fraction


@pytest.mark.parametrize(("win_rate", "payoff", "names"), [(45, 2, "win_rate"), (-1, 2, "win_rate"), (1, -2, "payoff")])
def test_kelly_refuses_what_is_no_rate_and_no_ratio(win_rate, payoff, names):
    """A win rate in percent, say."""
    with pytest.raises(ValueError, match=names):
        rc.kelly_fraction(win_rate, payoff)


def test_the_outcomes_of_a_book_are_trades_enough():
    """What a sizer has at hand."""
    day = a_stopped_day()
    told = rc.trade_statistics(day.book.outcomes)
    assert (told.count, told.losses, told.expectancy) == (1, 1, day.last(e.PositionClosed).r_multiple)


# ---------------------------------------------------------------- distribution, streaks


def test_the_distribution_of_r():
    """Between -2, -1, 0, 1, 2 and 3, each from its lower edge on; trades without R are not in it."""
    bins = an.r_distribution([*results("-2.5", -2, -1, "-0.5", 0, "0.99", 1, 3, 7), Result(D(1))])
    assert [part.count for part in bins] == [1, 1, 2, 2, 1, 0, 2]
    assert (bins[0].low, bins[0].high, bins[-1].low, bins[-1].high) == (None, -2, 3, None)
    with pytest.raises(ValueError, match="edges must rise"):
        an.r_distribution([], [D(1), D(1)])


def test_streaks_end_with_a_scratch():
    """Two wins, a scratch, a win, three losses."""
    told = an.streaks(results(1, 1, 0, 1, -1, -1, -1))
    assert told.runs == ((1, 2), (0, 1), (1, 1), (-1, 3))
    assert (told.longest_win, told.longest_loss, told.current) == (2, 3, -3)
    assert an.streaks([]) == an.Streaks((), 0, 0, 0)


# ---------------------------------------------------------------- from facts


def a_stopped_day(**closing):
    """50 INFY at 1,000; as low as 985 and as high as 1,010; then a span through the stop at 980, filled at 979."""
    day, _ = holding()
    day.prices("10:05", last=990, high=1010, low=985)
    day.prices("10:06", low=960, last=981, high=1020)
    (leave,) = day.sent()
    day.report("10:06:01", leave.order_id, "filled", 50, 50 * 979, **closing)
    return day


def test_a_trade_of_facts_knows_its_levels_extremes_and_slippage():
    """It was held at 960: the exit that the span asked for was filled a second later."""
    (trade,) = rc.trades_of(a_stopped_day().facts)
    assert (trade.key, trade.side, trade.quantity, trade.reason) == ("NSE:INFY", "BUY", 50, "stop")
    assert (trade.initial_stop, trade.initial_target, trade.planned_r) == (980, 1100, 5)
    assert (trade.worst_price, trade.best_price) == (960, 1020)
    assert trade.bound_by == "risk_per_trade"
    assert trade.stop_slippage == 50
    told = an.stop_slippage([trade])
    assert told == an.Slippage(1, D(50), D(50), D("0.05"), D(50))
    assert trade.r_multiple == a_stopped_day().last(e.PositionClosed).r_multiple


def test_a_fill_inside_a_span_hides_what_came_after_its_level():
    """As on bars: the stop at 980 was filled at 979 before 960 was seen; a target hides what came above it."""
    first = a_stopped_day(traded_at=datetime(2026, 11, 20, 10, 5, 30, tzinfo=rc.IST))
    (trade,) = rc.trades_of(first.facts)
    assert (trade.worst_price, trade.best_price, trade.stop_slippage) == (979, 1020, 50)
    day, _ = holding()
    day.prices("10:05", last=1090, high=1150, low=995)
    leave = day.sent()[-1].order_id
    day.report("10:05", leave, "filled", 50, 50 * 1100, traded_at=day.at("10:04"))
    (trade,) = rc.trades_of(day.facts)
    assert (trade.worst_price, trade.best_price, trade.stop_slippage) == (995, 1100, None)


def test_a_short_has_its_worst_price_above():
    """And its slippage when the stop is filled higher."""
    day = a_day()
    entry = day.enter("10:00", "SELL", last=1000, stop=1020, target=900)
    day.fill("10:00:01", entry, price=1000)
    day.prices("10:05", last=1005, high=1010, low=990)
    day.prices("10:06", last=1015, high=1040, low=1004)
    day.fill("10:06:01", day.sent()[-1].order_id, price=1022)
    (trade,) = rc.trades_of(day.facts)
    assert (trade.worst_price, trade.best_price, trade.stop_slippage) == (1040, 990, 100)


def test_a_stop_that_had_to_be_sent_again_slips_from_its_first_level():
    """The broker refused the first exit; the second, a second later, has no level of its own."""
    day, _ = holding()
    day.prices("10:05", last=979)
    (first,) = day.sent()
    day.report("10:05:00.400", first.order_id, "rejected")
    day.prices("10:05:01.500", last=970, low=965)
    second = day.sent()[-1]
    assert second.order_id != first.order_id
    day.fill("10:05:02", second.order_id, price=968)
    (trade,) = rc.trades_of(day.facts)
    assert trade.stop_slippage == 50 * 12
    assert trade.worst_price == 965


def test_a_stop_sent_again_by_the_clock_slips_from_its_first_level_too():
    """That exit has no level at all."""
    day, _ = holding()
    day.prices("10:05", last=979)
    day.report("10:05", day.sent()[-1].order_id, "rejected")
    day.time("10:05:01")
    assert day.sent()[-1].level is None
    day.fill("10:05:02", day.sent()[-1].order_id, price=970)
    assert rc.trades_of(day.facts)[0].stop_slippage == 500


def test_a_fill_at_the_moment_of_the_look_was_held_through_the_span():
    """It cannot date from inside it."""
    day, _ = holding()
    day.prices("10:06", low=960, last=981, high=1020)
    day.report("10:06", day.sent()[-1].order_id, "filled", 50, 50 * 979)
    assert rc.trades_of(day.facts)[0].worst_price == 960


def test_a_target_in_legs_is_promised_at_their_mean_and_lived_beyond_the_first():
    """Half leaves at 2 R inside a span that went higher: the other half was held there. It ends at a moved stop."""
    day = a_day(target_legs=["50% at 2R", "50% at 4R"], breakeven_at_r=2)
    entry = day.enter("10:00", last=1000, stop=980)
    day.fill("10:00:01", entry, price=1000)
    day.prices("10:05", last=1050, high=1060, low=995)
    (leg,) = day.sent()
    assert (leg.partial, leg.quantity, leg.level) == (True, 25, 1040)
    day.report("10:05", leg.order_id, "filled", 25, 25 * 1040, traded_at=day.at("10:04"))
    day.prices("10:06", last=990)
    day.fill("10:06:01", day.sent()[-1].order_id, price=990)
    (trade,) = rc.trades_of(day.facts)
    assert (trade.initial_target, trade.planned_r) == (1060, 3)
    assert (trade.best_price, trade.worst_price) == (1060, 990)
    assert trade.exit_rule == day.last(e.PositionClosed).rule != ""
    assert trade.stop_slippage == 25 * (day.sent()[-1].level - 990)


def test_a_stop_filled_in_two_parts_slips_by_both():
    """20 at 980, 30 at 978."""
    day, _ = holding()
    day.prices("10:05", last=979)
    (leave,) = day.sent()
    day.fill("10:05:01", leave.order_id, price=980, quantity=20)
    day.fill("10:05:02", leave.order_id, price=978)
    (trade,) = rc.trades_of(day.facts)
    assert (trade.stop_slippage, trade.exit_price) == (60, D("978.8"))


def test_prices_from_before_the_entry_are_not_its_extremes():
    """A look that began before the fill shows only its last price."""
    day, _ = holding()
    key = day.first.key
    before = e.PricesSeen(day.at("10:00:02"), key, D(1000), D(1040), D(985), D(1001), day.at("10:00:00"))
    day.take(before)
    assert (day.last(e.Marked).high, day.last(e.Marked).low) == (None, None)
    day.signal("10:05", "SELL", kind="exit")
    day.fill("10:05:01", day.sent()[-1].order_id, price=1002)
    (trade,) = rc.trades_of(day.facts)
    assert (trade.worst_price, trade.best_price, trade.reason) == (1000, 1002, "signal")


def test_facts_from_the_middle_of_a_trade_leave_the_rest_unknown():
    """None, not a guess."""
    facts = a_stopped_day().facts
    (trade,) = rc.trades_of([fact for fact in facts if isinstance(fact, e.PositionClosed)])
    assert (trade.worst_price, trade.initial_stop, trade.stop_slippage, trade.bound_by) == (None, None, None, "")
    assert trade.net == rc.trades_of(facts)[0].net
    told = an.excursions([trade])
    assert (told.count, told.mae_r, told.given_back_r) == (0, None, None)


def test_excursions_of_winners_and_losers():
    """In R: the winner was wrong by a half first, the loser right by 0.8."""
    won = a_trade(initial_stop=90, worst_price=95, best_price=115)
    lost = a_trade(initial_stop=90, exit_price=90, worst_price=89, best_price=108)
    assert an.excursions([lost]).given_back_r == D("1.8")
    told = an.excursions([won, lost, a_trade()])
    assert (told.count, told.mae_r, told.mfe_r) == (2, D("0.8"), D("1.15"))
    assert (told.winners_mae_r, told.losers_mfe_r, told.given_back_r) == (D("0.5"), D("0.8"), D("1.15"))


# ---------------------------------------------------------------- by what they have in common


def test_a_breakdown_by_each_name():
    """Groups by name, weekdays in the order of the week, nothing recorded under a dash."""
    monday = START + timedelta(days=3, hours=3)
    late = {"opened_at": monday, "closed_at": monday + timedelta(minutes=5)}
    trades = [a_trade(strategy="orb", reason="target"), a_trade(exit_price=95, key="NSE:Y", bound_by="lot", **late)]
    names = {by: [part.name for part in an.breakdown(trades, by)] for by in an.BY}
    assert names == {
        "symbol": ["NSE:X", "NSE:Y"],
        "strategy": ["-", "orb"],
        "rule": ["-", "lot"],
        "hour": ["10:00", "13:00"],
        "weekday": ["Monday", "Friday"],
        "reason": ["-", "target"],
        "exit_rule": ["-"],
        "side": ["BUY"],
    }
    (part,) = an.breakdown(trades, "side")
    assert (part.count, part.wins, part.net, part.win_rate, part.profit_factor) == (2, 1, 50, D("0.5"), 2)
    assert [part.name for part in an.breakdown(trades, lambda trade: trade.key[-1])] == ["X", "Y"]
    with pytest.raises(ValueError, match="by must be one of symbol"):
        an.breakdown(trades, "colour")


def test_refusals_are_counted_by_rule():
    """One symbol twice; three times a stop on the wrong side. The busiest rule first, not the first by name."""
    day = a_day()
    day.enter("10:00", **SEEN)
    day.enter("10:01", **SEEN)
    for minute in ("10:02", "10:03", "10:04"):
        day.enter(minute, last=1000, stop=1010, target=1100)
    told = an.refusals(day.facts)
    assert dict(told)["stop_methods"] == 3
    assert dict(told)["one_position_per_symbol"] == 4
    assert list(told) == sorted(told, key=lambda item: (-item[1], item[0]))
    day = a_day(day.first, TCS)
    day.enter("10:00", **SEEN)
    day.enter("10:01", **SEEN)
    for minute in ("10:02", "10:03"):
        day.enter(minute, "BUY", "TCS", last=500, stop=510, target=560)
    assert an.refusals(day.facts) == (("stop_methods", 2), ("one_position_per_symbol", 1))


def test_two_instruments_at_once_keep_their_own_extremes():
    """Marks of one say nothing of the other."""
    day, _ = holding()
    day.instruments["TCS"] = TCS
    entry = day.enter("10:01", "BUY", "TCS", last=500, stop=490, target=560)
    day.fill("10:01:01", entry, price=500)
    day.prices("10:05", "TCS", last=505, low=495)
    day.prices("10:06", last=979)
    day.fill("10:06:01", day.sent()[-1].order_id, price=980)
    (trade,) = rc.trades_of(day.facts)
    assert (trade.key, trade.worst_price) == ("NSE:INFY", 979)
