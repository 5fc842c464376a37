"""The edges of leaving: time stops over nights and under the policy's own hours, break-even to the tick."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.costs import policy_charges
from riskcore.exits.breakeven import breakeven_price
from riskcore.exits.timing import candle_close, candle_length, time_stop_at, time_stop_due

pytestmark = pytest.mark.smoke

SHARE = rc.Instrument(symbol="INFY", tick="0.05")
CLOSING = datetime(2026, 11, 19, 15, 5, tzinfo=rc.IST)
FRIDAY = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)


def held(side="BUY", **more):
    given = {"average_price": 1000, "quantity": 100, "opened_quantity": 100, "opened_at": CLOSING, "product": "CNC"}
    return rc.Position(instrument=SHARE, side=side, **{**given, **more})


@pytest.mark.parametrize(
    ("bars", "ends"),
    [
        (1, CLOSING.replace(minute=10)),
        (2, CLOSING.replace(minute=15)),
        (3, FRIDAY.replace(minute=20)),
        (5, FRIDAY.replace(minute=30)),
        (74, FRIDAY.replace(hour=15, minute=15)),
    ],
)
def test_candles_go_on_counting_over_the_night(bars, ends):
    """Two are left of Thursday at 15:05 on five-minute candles; Friday has 72, until the closing auction."""
    policy = rc.Policy(time_stop_bars=bars, trail_interval="5m")
    assert time_stop_at(held(), FRIDAY.date(), policy) == (ends, "time_stop_bars")


def test_an_entry_of_the_closing_auction_counts_from_the_next_open():
    """Of Thursday nothing is left at 15:20, and nothing is owed."""
    policy = rc.Policy(time_stop_bars=1, trail_interval="5m")
    late = held(opened_at=CLOSING.replace(minute=20))
    assert time_stop_at(late, FRIDAY.date(), policy) == (FRIDAY.replace(minute=20), "time_stop_bars")


def test_a_time_stop_before_the_square_off_follows_the_policys_own():
    """A square-off at 14:30 and ten minutes before it: due from 14:20 on."""
    policy = rc.Policy(time_stop_before_square_off_min=10, square_off_at=time(14, 30))
    position = held(product="MIS", opened_at=FRIDAY)
    due = FRIDAY.replace(hour=14, minute=20)
    assert time_stop_at(position, due.date(), policy) == (due, "time_stop_before_square_off_min")
    assert time_stop_due(position, due, policy) == "time_stop_before_square_off_min"
    assert time_stop_due(position, due - timedelta(seconds=1), policy) is None


def test_the_lengths_of_candles():
    """As they are written in the policy."""
    assert candle_length("5m") == timedelta(minutes=5)
    assert candle_length("1h") == timedelta(hours=1)


def test_a_candle_closes_at_the_last_price_that_reached_up_to_its_end():
    """Prices from 9:19 to 9:20 end with the close; of prices after it, the one before them was."""
    position = held(product="MIS", opened_at=FRIDAY, last=990)
    policy = rc.Policy(trail_interval="5m")
    end = FRIDAY.replace(minute=20)
    before = end - timedelta(seconds=30)
    assert candle_close(position, Decimal(995), since=before, at=end, policy=policy) == 995
    assert candle_close(position, Decimal(995), since=end, at=end + timedelta(seconds=1), policy=policy) == 990
    assert candle_close(position, Decimal(995), since=before, at=end - timedelta(seconds=1), policy=policy) is None


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize("tick", ["0.01", "0.05", "0.5"])
def test_break_even_is_the_nearest_tick_that_pays_for_the_trade(side, tick):
    """The open result there covers the charges booked and the charges of leaving; a tick nearer it does not."""
    way = 1 if side == "BUY" else -1
    share = rc.Instrument(symbol="INFY", tick=tick)
    position = rc.Position(
        instrument=share, side=side, quantity=100, average_price=1000, charges=Decimal(23), opened_quantity=100
    )
    policy, step = rc.Policy(), Decimal(tick)

    def pays(price):
        out = "SELL" if side == "BUY" else "BUY"
        leaving = policy_charges(share, "MIS", out, price * 100, FRIDAY.date(), policy).total
        return way * (price - 1000) * 100 >= 23 + leaving

    price = breakeven_price(position, policy, FRIDAY.date())
    assert pays(price)
    assert not pays(price - way * step)
    assert price % step == 0
