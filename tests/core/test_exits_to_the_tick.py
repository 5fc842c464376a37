"""Exits at their edges: break-even to the paisa, the close of a candle, a book that follows a price."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.costs import policy_charges
from riskcore.exits.breakeven import breakeven_price
from riskcore.exits.timing import candle_close

pytestmark = pytest.mark.smoke

SHARE = rc.Instrument(symbol="INFY", tick="0.05")
TEN = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
POINTS = {"trail": "points", "trail_by": 5}


def held(side="BUY", **more):
    given = {"average_price": 1000, "quantity": 100, "opened_quantity": 100, "stop": 980 if side == "BUY" else 1020}
    return rc.Position(instrument=SHARE, side=side, **{**given, "opened_at": TEN, **more})


# ---------------------------------------------------------------- break-even


def leaving(position, price):
    """What leaving with all of it at a price costs, to the paisa."""
    side = "SELL" if position.side == "BUY" else "BUY"
    value = Decimal(price) * position.quantity
    return round(policy_charges(SHARE, "MIS", side, value, TEN.date(), rc.Policy()).total, 2)


@pytest.mark.parametrize(("side", "price"), [("BUY", 1001), ("SELL", 999)])
def test_a_price_that_pays_for_the_charges_to_the_paisa_loses_nothing(side, price):
    """A rupee a share on a thousand, of which leaving there leaves so much for what was paid; a paisa more does not."""
    start = held(side, quantity=1000, opened_quantity=1000)
    paid = 1000 - leaving(start, price)
    way = 1 if side == "BUY" else -1
    assert breakeven_price(attrs.evolve(start, charges=paid), rc.Policy(), TEN.date()) == price
    dearer = attrs.evolve(start, charges=paid + Decimal("0.01"))
    assert breakeven_price(dearer, rc.Policy(), TEN.date()) == price + way * Decimal("0.05")


def test_a_dearer_exit_than_at_the_entry_is_paid_for_too():
    """By the charges of leaving at 1,000 it would be 1,001; leaving at 1,001 costs some paise more: a tick further."""
    start = held(quantity=1000, opened_quantity=1000)
    paid = 1000 - leaving(start, 1000)
    assert leaving(start, 1001) > leaving(start, 1000)
    assert breakeven_price(attrs.evolve(start, charges=paid), rc.Policy(), TEN.date()) == Decimal("1001.05")


def test_a_short_of_a_share_for_a_few_paise_breaks_even_nowhere_below_a_tick():
    """Its charges are more than all it can fall; the price stays one that exists."""
    cheap = held("SELL", average_price="0.10", quantity=1, opened_quantity=1, stop=1, charges=Decimal(50))
    assert breakeven_price(cheap, rc.Policy(), TEN.date()) == Decimal("0.05")


# ---------------------------------------------------------------- candles


def test_over_a_night_the_last_candle_of_the_day_before_is_the_one_that_ended():
    """Looked at last on Thursday at 15:05; Friday's first candle runs until 9:20, Thursday's last ended at 15:15."""
    thursday = TEN.replace(day=19, hour=15, minute=5)
    early = TEN.replace(hour=9, minute=16)
    position = held(product="CNC", opened_at=thursday, last=990)
    policy = rc.Policy(trail_interval="5m")
    assert candle_close(position, Decimal(995), since=early, at=early, policy=policy) == 990
    looked = attrs.evolve(position, trail=rc.Trail(seen_at=TEN.replace(hour=9, minute=15)))
    assert candle_close(looked, Decimal(995), since=early, at=early, policy=policy) is None


@pytest.mark.parametrize(("last", "close"), [(990, 990), (None, 995)])
def test_a_position_that_nobody_looked_at_has_the_close_of_the_latest_candle(last, close):
    """Made by hand, without a time of entry: the price before it, or this one where there is none."""
    position = held(opened_at=None, last=last)
    found = candle_close(position, Decimal(995), since=TEN, at=TEN, policy=rc.Policy(trail_interval="5m"))
    assert found == close


def test_a_close_that_is_told_is_taken_as_it_is():
    """Within a candle of five minutes: 1,020 closed one, whatever the calendar says; without it nothing did."""
    policy = rc.Policy(**POINTS, trail_on="bar")
    at = TEN + timedelta(minutes=1)
    told = rc.advance(held(), rc.Price("NSE:INFY", 1030, at, close=1020), policy)
    assert (told.stop, told.trail.best_close) == (1015, 1020)
    assert rc.advance(held(), rc.Price("NSE:INFY", 1030, at), policy).stop == 980


def test_on_ticks_no_candle_is_looked_up():
    """Where every price moves the stop, the trail remembers no close but one that was told."""
    seen = rc.Price("NSE:INFY", 1030, TEN + timedelta(minutes=6))
    assert rc.advance(held(), seen, rc.Policy(**POINTS)).trail.best_close is None


def test_the_first_price_after_a_candle_closes_it_where_none_was_before():
    """Bought at ten by hand, first looked at six minutes later: 1,030 is the close there is."""
    seen = rc.Price("NSE:INFY", 1030, TEN + timedelta(minutes=6))
    now = rc.advance(held(), seen, rc.Policy(**POINTS, trail_on="bar"))
    assert (now.stop, now.trail.best_close) == (1025, 1030)


# ---------------------------------------------------------------- a book that follows


def test_a_book_knows_which_setting_moved_the_stop():
    """And a position without a stop gets none where nothing trails."""
    seen = rc.Price("NSE:INFY", 1030, TEN)
    moved = rc.trailed(rc.Book(100_000, positions=[held()]), seen, rc.Policy(**POINTS)).positions[0]
    assert (moved.stop, moved.trail.rule) == (1025, "trail")
    bare = rc.Book(100_000, positions=[held(stop=None)])
    assert rc.trailed(bare, seen, rc.Policy()) == bare.after(seen)
    assert bare.after(seen).positions[0].stop is None
