"""Whether a position is due, was left standing, or ended; and what its legs and its trail do at their edges."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.exits.leaving import can_trade, failed_exit, square_off_due
from riskcore.exits.legs import touched_legs
from riskcore.exits.timing import candle_close, time_stop_at, time_stop_due
from riskcore.exits.trailing import trailed_stop
from riskcore.table_rows import Window
from tests.core.engine_days import holding

pytestmark = pytest.mark.smoke

SHARE = rc.Instrument(symbol="INFY", tick="0.05")
TEN = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
TODAY = TEN.date()
UNKNOWN = datetime(2031, 1, 6, 10, 0, tzinfo=rc.IST)


def held(side="BUY", **more):
    given = {"average_price": 1000, "quantity": 50, "opened_quantity": 50, "stop": 980 if side == "BUY" else 1020}
    given |= {"instrument": SHARE, "opened_at": TEN}
    return rc.Position(side=side, **{**given, **more})


# ---------------------------------------------------------------- due, or in the way of nobody


def test_on_a_day_that_no_calendar_knows_nothing_is_due_and_everything_trades():
    """Levels stay on watch, and an exit is tried."""
    assert not square_off_due(held(), UNKNOWN, rc.Policy())
    assert can_trade(held(), UNKNOWN, rc.Policy())


def test_a_product_without_times_of_its_own_trades_as_far_as_anybody_knows():
    """At four in the afternoon a share held for intraday does not."""
    evening = TEN.replace(hour=16)
    assert not can_trade(held(), evening, rc.Policy())
    assert can_trade(held(product="NRML"), evening, rc.Policy())


def left_standing(position, asked_at):
    """Whether an exit of the position, asked for at that moment and rejected, is told as failed."""
    exit_ = rc.exit_order(
        position, order_id="x", reason="stop", reference=Decimal(980), level=None, policy=rc.Policy(), at=asked_at
    )
    book = rc.Book(100_000, positions=[position]).after(exit_).moved("x", "rejected")
    return failed_exit(book, position) == exit_


@pytest.mark.parametrize(("seconds", "failed"), [(-1, False), (0, True), (1, True)])
def test_an_exit_that_failed_is_this_positions_from_its_entry_on(seconds, failed):
    """One before the entry took off what was held before."""
    assert left_standing(held(), TEN + timedelta(seconds=seconds)) is failed


def test_of_a_position_without_a_time_of_entry_every_exit_counts():
    """Adopted from the broker's book, say."""
    assert left_standing(held(opened_at=None), TEN)


def test_an_exit_says_nothing_of_a_rule_or_a_part_unless_it_is_told():
    """All that is held, for the entry's own stop."""
    order = rc.exit_order(
        held(), order_id="x", reason="stop", reference=Decimal(980), level=None, policy=rc.Policy(), at=TEN
    )
    assert (order.quantity, order.rule, order.partial) == (50, "", False)


def test_a_finished_trade_knows_its_signal_its_strategy_and_its_time():
    """Bought a second after ten, gone a second after half past."""
    told, entry = holding()
    told.prices("10:30", last=979)
    told.fill("10:30:01", told.sent()[-1].order_id, price=979)
    closed, order = told.last(e.PositionClosed), told.book.order(entry).approved
    assert (closed.signal_id, closed.strategy) == (order.signal_id, order.strategy)
    assert closed.signal_id
    assert (closed.opened_at, closed.closed_at) == (told.at("10:00:01"), told.at("10:30:01"))


# ---------------------------------------------------------------- legs


PLAN = (rc.TargetLeg(Decimal(1010), 25), rc.TargetLeg(Decimal(1020), 15), rc.TargetLeg(Decimal(1030), 10))


def test_seven_shares_share_out_a_plan_of_fifty():
    """Half of seven is three, eight tenths are five, and the last takes the rest."""
    assert [leg.quantity for leg in rc.scaled_legs(PLAN, 7)] == [3, 2, 2]


def test_the_legs_of_a_contract_are_whole_lots():
    """35 of lots of five: 15, 10 and the rest."""
    lots = held(quantity=35, opened_quantity=35, legs=PLAN, instrument=attrs.evolve(SHARE, lot_size=5))
    assert [leg.quantity for leg in rc.open_legs(lots)] == [15, 10, 10]


def test_a_leg_that_has_left_is_no_leg_to_come():
    """Twenty-five of fifty are gone, then thirty: of the second leg ten are left."""
    for quantity, left in ((25, [(1020, 15), (1030, 10)]), (20, [(1020, 10), (1030, 10)])):
        assert [(leg.price, leg.quantity) for leg in rc.open_legs(held(quantity=quantity, legs=PLAN))] == left


def test_a_short_that_opens_beyond_its_leg_leaves_at_the_better_price():
    """Planned at 990, opened at 985: at 985; opened at 995 and fallen: at 990."""
    plan = (rc.TargetLeg(Decimal(990), 30), rc.TargetLeg(Decimal(980), 20))
    short = held("SELL", legs=plan)
    for first, reference in ((985, 985), (995, 990)):
        found = touched_legs(short, first=Decimal(first), high=Decimal(995), low=Decimal(984))
        assert (found.quantity, found.reference, found.level) == (30, reference, 990)


# ---------------------------------------------------------------- time


def test_on_a_monday_morning_fridays_last_candle_is_the_one_that_ended():
    """Saturday and Sunday have none."""
    friday, monday = TEN.replace(hour=15, minute=5), datetime(2026, 11, 23, 9, 16, tzinfo=rc.IST)
    position = held(product="CNC", opened_at=friday, last=990)
    assert candle_close(position, Decimal(995), since=monday, at=monday, policy=rc.Policy()) == 990


def test_delivery_has_no_square_off_to_leave_before():
    """Ten minutes before none is never."""
    policy = rc.Policy(time_stop_before_square_off_min=10)
    assert time_stop_at(held(product="CNC"), TODAY, policy) is None
    assert time_stop_at(held(product="MIS"), TODAY, policy) is not None


def test_a_time_stop_reads_the_tables_of_the_policy():
    """A square-off of the user's own at half past twelve."""
    window = {"exchange": "NSE", "segment": "EQ", "product": "MIS", "since": "2026-01-01"}
    row = Window(**window, no_entry_before="09:20", no_entry_after="12:00", square_off="12:30")
    policy = rc.Policy(time_stop_before_square_off_min=10, tables=rc.Tables(square_off=(row,)))
    found = time_stop_at(held(), TODAY, policy)
    assert found == (datetime.combine(TODAY, time(12, 20), rc.IST), "time_stop_before_square_off_min")


@pytest.mark.parametrize(
    ("settings", "after_s", "rule"),
    [
        ({"time_stop_min": 15, "time_stop_bars": 15}, 900, "time_stop_min"),
        ({"time_stop_min": 15, "time_stop_bars": 15, "time_stop_before_square_off_min": 15}, 900, "time_stop_min"),
        ({}, 9000, None),
    ],
)
def test_time_stops_of_the_same_number_are_still_time_stops(settings, after_s, rule):
    """Fifteen minutes, fifteen candles and fifteen minutes before the square-off: the first of them."""
    policy = rc.Policy(**settings)
    assert time_stop_due(held(), TEN + timedelta(seconds=after_s), policy) == rule
    assert time_stop_due(held(), TEN + timedelta(seconds=899), policy) is None


# ---------------------------------------------------------------- the trail


def trail(best, **more):
    return held(trail=rc.Trail(best=best, entry_atr=10), **more)


@pytest.mark.parametrize(
    ("position", "settings", "found"),
    [
        (held(), {"trail": "points", "trail_by": 5}, None),
        (trail(1030, quantity=0), {"trail": "points", "trail_by": 5}, None),
        (trail(1030), {}, None),
        (trail(1030), {"trail": "points", "trail_by": 5}, (1025, "trail")),
        (trail(1010), {"trail": "points", "trail_by": 5, "trail_after": 10}, (1005, "trail")),
        (trail(1010), {"breakeven_at_pct": 1, "breakeven_covers_charges": False}, (1000, "breakeven_at_pct")),
    ],
)
def test_a_trail_needs_a_best_price_something_held_and_a_setting(position, settings, found):
    """And says which setting it was."""
    assert trailed_stop(position, rc.Policy(**settings), TODAY) == found


@pytest.mark.parametrize(
    ("by", "found"), [("9.50", ("0.50", "trail")), ("9.95", ("0.05", "trail")), (10, None), (11, None)]
)
def test_no_trail_puts_a_stop_at_nought_or_below(by, found):
    """Ten rupees is the best price so far; half a rupee is a price, nought is none."""
    cheap = trail(10, average_price=10, stop=None)
    wanted = None if found is None else (Decimal(found[0]), found[1])
    assert trailed_stop(cheap, rc.Policy(trail="points", trail_by=by), TODAY) == wanted


@pytest.mark.parametrize(
    ("lock", "found"),
    [
        (50, (1020, "trail")),
        (51, (Decimal("1020.40"), "profit_lock_pct")),
        (49, (1020, "trail")),
    ],
)
def test_of_several_earned_stops_the_tightest_is_taken_and_of_equal_ones_the_first(lock, found):
    """40 gained: 20 points behind is 1,020, and so is half of the gain; 51 % of it are 40 paise more."""
    position = trail(1040, initial_stop=980)
    policy = rc.Policy(trail="points", trail_by=20, profit_lock_at_r=1, profit_lock_pct=lock)
    assert trailed_stop(position, policy, TODAY) == found


def test_the_day_of_the_charges_is_the_day_asked_about():
    """Without a schedule for it the entry itself is break-even."""
    policy = rc.Policy(breakeven_at_r=1)
    position = trail(1040, initial_stop=980)
    assert trailed_stop(position, policy, date(2019, 1, 2)) == (1000, "breakeven_at_r")
    assert trailed_stop(position, policy, TODAY)[0] > 1000
