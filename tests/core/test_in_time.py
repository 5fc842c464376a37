"""What the clock and the prices bring to exits and entries that work, and with which words they are taken back."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import held, position, row, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN, TCS, a_day, holding

D = Decimal


def both(**policy):
    """50 INFY and 49 TCS from ten o'clock; nothing rests."""
    day = a_day(INFY, TCS, **policy)
    for symbol in ("INFY", "TCS"):
        day.fill("10:00:01", day.enter("10:00", symbol=symbol, **SEEN), price=1000)
    return day


def taken_back(day):
    """(order, why) of every order that was to be cancelled."""
    return [(fact.order_id, fact.why) for fact in day.facts if isinstance(fact, e.CancelRequested)]


# ---------------------------------------------------------------- entries


def test_an_entry_that_waits_too_long_is_taken_back_under_the_name_of_its_limit():
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    day.time("10:00:10")
    assert taken_back(day) == [(entry, "entry_timeout_s")]


def test_trouble_with_one_symbol_takes_back_the_entries_of_that_one_alone():
    day = a_day(INFY, TCS)
    first, other = day.enter("10:00", **SEEN), day.enter("10:00:01", symbol="TCS", **SEEN)
    day.take(e.TroubleSeen(day.at("10:00:02"), "prices_stale", "silent for 90 s", INFY.key))
    assert taken_back(day) == [(first, "entries are stopped: prices_stale")]
    assert day.book.order(other).live


def test_the_clock_asks_of_one_symbol_alone_while_bars_of_the_same_moment_follow():
    """A level that a later bar of that minute reached was reached before its end."""
    day = both()
    for symbol, more in (("INFY", True), ("TCS", False)):
        before = len(day.sent())
        prices = [D(1000)] * 4
        day.take(e.PricesSeen(day.at("15:10"), f"NSE:{symbol}", *prices, since=day.at("15:09"), more=more))
        assert [(order.instrument.symbol, order.reason) for order in day.sent()[before:]] == [(symbol, "square_off")]


# ---------------------------------------------------------------- a fill beyond the limit


def bought(price, share=INFY, **policy):
    """50 bought at so much, their limit at 1,000 and the stop at 980: 1,000 rupees are approved."""
    day = a_day(share, **policy)
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=price)
    alarms = [(fact.name, fact.subject, fact.why) for fact in day.facts if isinstance(fact, e.Alarmed)]
    return entry, alarms, [(order.quantity, order.partial) for order in day.sent()]


def test_a_fill_one_tick_beyond_its_limit_is_told():
    entry, alarms, sent = bought("1000.05")
    assert alarms == [("fill_beyond_limit", entry, "filled at 1000.0500, its limit was 1000.00")]
    assert sent == []


@pytest.mark.parametrize(("price", "sent"), [("1000.20", []), ("1000.25", [(1, True)])])
def test_a_risk_of_exactly_what_is_allowed_beyond_the_approved_stays_and_one_share_too_many_leaves(price, sent):
    """One per cent: 50 x 20.20 is 1,010; 50 x 20.25 is more, and 49 of them are within 1,000."""
    assert bought(price, over_risk_pct=1)[2] == sent


def test_where_no_lot_is_within_the_risk_approved_all_of_it_leaves_as_a_whole():
    """One lot of fifty at 1,010 risks 1,500."""
    entry, alarms, sent = bought(1010, rc.Instrument(symbol="INFY", tick="0.05", sector="IT", lot_size=50))
    assert sent == [(50, False)]
    why = "no lot of it is within the risk approved: all of it is taken off again"
    assert alarms[-1] == ("over_risk", entry, why)


def test_shares_too_many_are_told_by_their_number():
    entry, alarms, sent = bought(1010)
    assert sent == [(17, True)]
    assert alarms[-1] == ("over_risk", entry, "17 shares beyond the risk approved are taken off again")


@pytest.mark.parametrize(("lot", "part"), [(1, 15), (50, 50)])
def test_what_is_too_much_leaves_at_the_price_of_the_last_fill(lot, part):
    """20 at 1,000 and 30 at 1,014: 1,008.40 in the mean, of which 35 are within 1,000 rupees."""
    day = a_day(rc.Instrument(symbol="INFY", tick="0.05", sector="IT", lot_size=lot))
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=20)
    day.fill("10:00:02", entry, price=1014)
    (out,) = day.sent()
    assert (out.reason, out.quantity, out.reference) == ("over_risk", part, day.book.positions[0].last)
    assert day.book.positions[0].last == 1014


def test_shares_that_are_added_to_what_another_signal_opened_are_told_of_and_stay():
    """Their risk is not that of the position, whose stop another signal chose."""
    day = a_day(one_position_per_symbol=False, max_trades_per_day=5)
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    more = day.enter("10:01", **SEEN)
    day.fill("10:01:01", more, price=1010)
    assert [(fact.name, fact.subject) for fact in day.facts if isinstance(fact, e.Alarmed)] == [
        ("fill_beyond_limit", more)
    ]
    assert day.sent() == []


# ---------------------------------------------------------------- exits


def test_each_exit_has_a_number_of_its_own_for_the_day():
    """Entries and stops that rested are not counted among them."""
    day, _ = held()
    at = day.book.positions[0].id
    day.signal("10:05", "SELL", kind=rc.EXIT)
    wish = day.state.custody.wanted_of(INFY.key)
    assert (wish.at, wish.reason) == (day.at("10:05"), "signal")
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    day.report("10:05:02", day.sent()[-1].order_id, "rejected")
    day.time("10:05:03")
    day.report("10:05:03.100", stop_of(day).order_id, "cancelled")
    numbers = [order.order_id for order in day.sent() if order.trigger is None]
    assert numbers == [f"{at}:exit:20261120.1", f"{at}:exit:20261120.2"]


def test_an_exit_that_no_signal_and_no_setting_asked_for_names_none():
    day, _ = holding()
    day.prices("10:05", last=1101)
    assert (day.last(e.ExitApproved).signal_id, day.sent()[0].rule) == ("", "")
    day, _ = holding()
    day.signal("10:05", "SELL", kind=rc.EXIT)
    assert day.sent()[0].rule == ""


def test_what_still_works_to_enter_is_taken_back_for_the_exit_and_says_so():
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=40)
    day.prices("10:00:02", last=975)
    assert taken_back(day) == [(entry, "the position is leaving")]


def test_a_part_that_is_on_its_way_is_taken_back_for_all_of_it_and_says_so():
    day, _ = holding()
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=20)
    day.signal("10:05:01", "SELL", kind=rc.EXIT)
    part, rest = day.sent()
    assert taken_back(day) == [(part.order_id, "all of the position is leaving")]
    assert (part.quantity, rest.quantity) == (20, 30)


def test_where_the_part_on_its_way_is_all_that_is_left_nothing_else_is_asked():
    """20 of 50 are on their way when somebody sells the other 30 by hand."""
    day, _ = held()
    (entry,) = day.sent(rc.ApprovedEntry)
    stop = stop_of(day)
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=20)
    day.take(e.RevisionReported(day.at("10:05:00.100"), stop.order_id, "taken"))
    part = day.sent()[-1]
    day.report("10:05:00.200", part.order_id, "working", broker_id="P1")
    rows = (
        row(entry, "E1", "complete"),
        row(stop, "S1", "trigger_pending", quantity=30),
        row(part, "P1"),
    )
    trades = (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 30, 1000))
    for clock in ("10:05:02", "10:05:02.500"):
        true_books(day, clock, orders=rows, trades=trades, positions=(position(20),))
    assert day.book.positions[0].quantity == 20
    day.signal("10:05:02.600", "SELL", kind=rc.EXIT)
    assert part.order_id not in [order_id for order_id, _ in taken_back(day)]


def test_a_failed_exit_is_repeated_under_the_rule_that_asked_for_the_first():
    day, _ = holding(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    day.prices("10:06", last=999)
    first = day.sent()[-1]
    assert first.rule
    day.report("10:06:00.100", first.order_id, "rejected")
    day.time("10:06:01.100")
    assert [(order.reason, order.rule) for order in day.sent()] == [("stop", first.rule)] * 2


def test_a_leg_whose_exit_was_refused_is_tried_again_after_a_second():
    """20 of 50 at twice the risk; the price stays there."""
    day = a_day(target_legs=("40% at 2R", "60% at 5R"))
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=980), price=1000)
    day.prices("10:05", last=1041)
    day.report("10:05:00.100", day.sent()[0].order_id, "rejected")
    for clock, tries in (("10:05:00.999", 1), ("10:05:01", 2)):
        day.prices(clock, last=1041)
        assert [(order.quantity, order.partial) for order in day.sent()] == [(20, True)] * tries


def test_at_the_square_off_a_position_leaves_though_another_is_leaving_already():
    day = both()
    day.signal("15:00", "SELL", kind=rc.EXIT)
    day.report("15:00:00.100", day.sent()[-1].order_id, "working")
    day.time("15:20")
    assert {order.instrument.symbol for order in day.sent()} == {"INFY", "TCS"}


def test_an_exit_that_rests_is_taken_back_once_for_its_next_step():
    """By the price of its own symbol: TCS stands at half of it."""
    day = both()
    day.prices("10:04", "TCS", last=985)
    day.prices("10:05", last=979)
    out = day.sent()[-1]
    day.report("10:05:00.100", out.order_id, "working")
    day.time("10:05:03")
    assert taken_back(day) == [(out.order_id, "exit_step_s")]


def cheap(side):
    """A share of ten rupees; what is held of it leaves by its stop at 10:05, and the exit works."""
    share = rc.Instrument(symbol="PENNY", tick="0.01")
    stop, target, through = (D("9.80"), 11, D("9.79")) if side == "BUY" else (D("10.20"), 9, D("10.21"))
    day = a_day(share)
    day.fill("10:00:01", day.enter("10:00", side, last=10, stop=stop, target=target), price=10)
    day.prices("10:05", last=through)
    out = day.sent()[-1]
    day.report("10:05:00.100", out.order_id, "working")
    return day, out


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_the_next_step_of_a_cheap_share_is_a_few_paise_further_and_is_taken(side):
    day, out = cheap(side)
    day.time("10:05:03")
    assert taken_back(day) == [(out.order_id, "exit_step_s")]
    day.report("10:05:03.100", out.order_id, "cancelled")
    day.time("10:05:04.100")
    further = day.sent()[-1].limit - out.limit
    assert 0 < (-further if side == "BUY" else further) < D("0.10")


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_exit_without_a_further_step_stays_and_calls_somebody(side):
    """A band that is as wide as it may get: a new order at the same price would lose its place in the queue."""
    day = a_day(exit_band_pct=1, exit_max_band_pct=1)
    away = 1 if side == "BUY" else -1
    entry = day.enter("10:00", side, last=1000, stop=1000 - 20 * away, target=1000 + 100 * away)
    day.fill("10:00:01", entry, price=1000)
    day.prices("10:05", last=1000 - 21 * away)
    out = day.sent()[-1]
    day.report("10:05:00.100", out.order_id, "working")
    assert day.time("10:05:03") == ("Alarmed",)
    assert day.last(e.Alarmed).why == (
        "the exit has worked 3 s, and no step of its ladder is left; 50 shares have been without a stop for 3 s"
    )
    assert taken_back(day) == []


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize(("beyond", "gone"), [(0, False), ("0.05", True), ("-0.05", False)])
def test_an_exit_from_whose_limit_the_price_has_run_away_is_taken_back(side, beyond, gone):
    """All of the prices since are worse than its limit; one at the limit could have filled it."""
    away = 1 if side == "BUY" else -1
    day = a_day()
    entry = day.enter("10:00", side, last=1000, stop=1000 - 20 * away, target=1000 + 100 * away)
    day.fill("10:00:01", entry, price=1000)
    day.prices("10:05", last=1000 - 21 * away)
    out = day.sent()[-1]
    day.report("10:05:00.100", out.order_id, "working")
    best = out.limit - away * D(beyond)
    worse = best - away
    day.prices("10:05:01", first=worse, last=worse, high=max(best, worse), low=min(best, worse))
    assert taken_back(day) == ([(out.order_id, "the price has run away from the exit limit")] if gone else [])


def test_prices_of_the_moment_an_exit_was_sent_say_nothing_of_it():
    """It cannot have been there for them."""
    day, _ = holding()
    day.prices("10:05", last=979)
    day.prices("10:05", last=960)
    assert taken_back(day) == []
    day.prices("10:05:00.001", last=960)
    assert taken_back(day) == [(day.sent()[0].order_id, "the price has run away from the exit limit")]


def test_the_price_of_another_symbol_presses_no_exit():
    """INFY has come back above where its exit stands; TCS is far below it."""
    day = a_day(INFY, TCS)
    for symbol, stop in (("INFY", 980), ("TCS", 930)):
        seen = {"last": 1000, "stop": stop, "target": 1300}
        day.fill("10:00:01", day.enter("10:00", symbol=symbol, **seen), price=1000)
    day.prices("10:04", "TCS", last=940)
    day.prices("10:05", last=979)
    day.report("10:05:00.100", day.sent()[-1].order_id, "working")
    day.prices("10:05:01", last=990)
    day.time("10:05:03")
    assert taken_back(day) == []


# ---------------------------------------------------------------- a stop that follows the candles


def test_a_candle_that_ended_within_a_look_closed_with_its_last_price():
    """The look began in the candle and reaches past its end."""
    day = a_day(trail="points", trail_by=20, trail_on="bar", trail_interval="5m")
    day.fill("10:01", day.enter("10:00:59", **SEEN), price=1000)
    day.prices("10:04", last=1030)
    span = (D(1030), D(1031), D(1014), D(1015))
    day.take(e.PricesSeen(day.at("10:05:01"), INFY.key, *span, day.at("10:04:30")))
    assert (day.last(e.Marked).close, day.book.positions[0].stop) == (1015, 995)


def test_where_the_stop_follows_each_price_no_candle_is_measured():
    day = a_day(trail="points", trail_by=20, trail_interval="5m")
    day.fill("10:01", day.enter("10:00:59", **SEEN), price=1000)
    day.prices("10:06", last=1012)
    assert (day.last(e.Marked).close, day.book.positions[0].stop) == (None, 992)


def test_a_stop_that_follows_candles_moves_with_the_close_of_one_and_not_within_it():
    """Five minutes each, twenty points behind: the close is the last price before the end, whatever came within."""
    day = a_day(trail="points", trail_by=20, trail_on="bar", trail_interval="5m")
    day.fill("10:01", day.enter("10:00:59", **SEEN), price=1000)
    told = (
        ("10:04", 1012, 980),
        ("10:05", 1013, 992),
        ("10:07", 1030, 992),
        ("10:08", 1015, 992),
        ("10:10", 1017, 995),
    )
    for clock, price, stop in told:
        day.prices(clock, last=price)
        assert day.book.positions[0].stop == stop
    moved = day.last(e.StopMoved)
    assert (moved.key, moved.position_id) == (INFY.key, day.book.positions[0].id)
    assert (moved.before, moved.after) == (992, 995)
