"""Pieces of an exit by themselves: which prices are believed, how it is pressed, what rests, and how a trade ended."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.brokers import capability
from riskcore.exits import ladder
from riskcore.exits.confirming import Span, believed
from riskcore.exits.leaving import (
    before_the_open,
    can_trade,
    closed_elsewhere,
    expiry_due,
    failed_exit,
    failed_part,
)
from riskcore.exits.resting import can_rest, resting_stop, revision_for, stop_limit
from riskcore.orders import NEVER_ARRIVED, Revision
from riskcore.table_rows import CalendarDay
from tests.core.by_hand import TEN, book, entry, held, leaving, order
from tests.core.engine_days import INFY

pytestmark = pytest.mark.smoke

D = Decimal
RULES = rc.Policy()

# ---------------------------------------------------------------- prices that are believed


@pytest.mark.parametrize(
    ("span", "ticks", "mark", "odd", "taken"),
    [
        ((150, 160, 90, 150), 0, 100, None, (150, 160, 90, 150)),
        ((150, 150, 150, 150), 1, None, None, (150, 150, 150, 150)),
        ((150, 150, 150, 150), 1, 100, None, None),
        ((150, 151, 150, 151), 2, 100, None, (150, 151, 150, 151)),
        ((100, 150, 100, 150), 2, 100, None, None),
        ((100, 151, 99, 150), 2, 100, 149, (100, 151, 99, 150)),
        ((150, 150, 100, 100), 2, 100, None, (100, 100, 100, 100)),
        ((101, 102, 99, 101), 4, 100, None, (101, 102, 99, 101)),
        ((102, 102, 98, 102), 4, 100, None, (102, 102, 98, 102)),
        ((98, 102, 98, 98), 4, 100, None, (98, 102, 98, 98)),
        ((100, 150, 50, 101), 4, 100, None, (100, 101, 100, 101)),
    ],
)
def test_which_prices_of_a_span_are_believed_after_a_mark(span, ticks, mark, odd, taken):
    """Two per cent: a bar whole, a lone far tick not at all, an extreme where it is near the first, last or mark."""
    first, high, low, last = map(D, span)
    past = {"mark": None if mark is None else D(mark), "odd": None if odd is None else D(odd)}
    found = believed(first=first, high=high, low=low, last=last, ticks=ticks, **past, spike_pct=D(2))
    assert found == (Span(*map(D, taken)) if taken else Span(*(D(mark),) * 4, doubted=last))


@pytest.mark.parametrize(
    ("odd", "last", "taken", "doubted"),
    [(97, 94, 97, 94), (103, 106, 103, 106), (94, 97, 97, None), (97, 103, 100, 103), (97, 96, 96, None)],
)
def test_of_two_running_beyond_the_mark_the_nearer_is_believed(odd, last, taken, doubted):
    """A price that falls three per cent a tick is followed one tick behind; it was doubted for as long as it fell."""
    found = believed(
        **dict.fromkeys(("first", "high", "low", "last"), D(last)), ticks=1, mark=D(100), odd=D(odd), spike_pct=D(2)
    )
    assert found == Span(*(D(taken),) * 4, doubted=None if doubted is None else D(doubted))


# ---------------------------------------------------------------- the ladder


def tried(*statuses, filled=(), step=5):
    """A book with exits of all fifty, so many seconds apart, each as it ended ("rejected: network": with an error)."""
    made = []
    for n, text in enumerate(statuses, 1):
        (status, _, error), at = text.partition(": "), TEN + timedelta(seconds=step * n)
        ended = order(leaving(order_id=f"x{n}", at=at), status, dict(filled).get(n, 0))
        made.append(attrs.evolve(ended, error=error))
    return book(*made, positions=(held(),))


def names(found, position=None):
    return [one.id for one in ladder.tries(found, position or held())]


def test_tries_are_the_exits_of_the_position_that_ended_without_it():
    """One that works is none yet, one that filled whole left nothing to try, one that filled in part begins anew."""
    assert names(tried("cancelled", "rejected", "working")) == ["x1", "x2"]
    assert names(tried("cancelled", "cancelled", "cancelled", filled={2: 10})) == ["x2", "x3"]
    assert names(tried("cancelled", "filled", filled={2: 50})) == []


@pytest.mark.parametrize(
    "other",
    [
        entry(order_id="x9", at=TEN + timedelta(seconds=60)),
        leaving(order_id="x9", position_id="b"),
        leaving(order_id="x9", trigger=980),
        leaving(order_id="x9", at=TEN - timedelta(seconds=1)),
    ],
)
def test_what_is_no_try(other):
    """An entry, another position's exit, a stop that rested, an exit from before; those after it still count."""
    after = order(leaving(order_id="x10", at=TEN + timedelta(seconds=90)), "cancelled")
    assert names(book(order(other, "cancelled"), after, positions=(held(),))) == ["x10"]


def test_an_exit_of_the_moment_of_the_entry_counts_and_so_do_all_where_no_entry_is_known():
    """A position that was adopted has no time."""
    at_once = book(order(leaving(at=TEN), "cancelled"))
    assert names(at_once) == names(at_once, held(opened_at=None)) == ["x"]


def test_slices_of_one_exit_are_one_try_and_a_refused_one_stands_for_it():
    """Sent in one moment."""
    for statuses, stands in ((("cancelled", "rejected"), "x2"), (("rejected", "cancelled"), "x1")):
        assert names(tried(*statuses, step=0)) == [stands]
    assert ladder.refusals(tried("cancelled", "rejected", step=0), held()) == 1


@pytest.mark.parametrize("error", sorted(NEVER_ARRIVED))
def test_an_exit_that_never_got_to_the_broker_is_no_try_and_lengthens_no_pause(error):
    """No token, no login, no connection: the market has said nothing yet. A broker's own refusals do count."""
    unsent = f"rejected: {error}"
    book_ = tried("rejected", unsent, unsent)
    assert names(book_) == ["x1"]
    assert (ladder.refusals(book_, held()), ladder.unsent(book_, held())) == (1, 2)
    assert ladder.pause(tried(*[unsent] * 9), held(), RULES) == timedelta(seconds=1)
    assert ladder.band_pct(tried(*[unsent] * 9), held(), rc.Policy()) == rc.Policy().exit_band_pct
    assert ladder.refusals(tried("rejected: no_funds", "rejected"), held()) == 2
    assert names(tried("cancelled", unsent, step=0)) == ["x1"]
    assert names(tried(unsent, "cancelled", step=0)) == ["x2"]


@pytest.mark.parametrize(
    ("statuses", "refused", "seconds"),
    [
        ((), 0, 1),
        (("cancelled",), 0, 1),
        (("rejected",), 1, 1),
        (("rejected", "rejected"), 2, 2),
        (("rejected",) * 3, 3, 4),
        (("rejected",) * 6, 6, 32),
        (("rejected",) * 7, 7, 60),
        (("rejected",) * 20, 20, 60),
        (("rejected", "cancelled", "rejected"), 1, 1),
        (("rejected", "cancelled"), 0, 1),
    ],
)
def test_after_each_refusal_in_a_row_the_pause_doubles_up_to_a_minute(statuses, refused, seconds):
    """A try that was only cancelled ends the row."""
    assert ladder.refusals(tried(*statuses), held()) == refused
    assert ladder.pause(tried(*statuses), held(), RULES) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("statuses", "further", "band", "last"),
    [
        ((), 0, "0.5", False),
        ((), 1, "1", False),
        (("cancelled",), 0, "1", False),
        (("cancelled",), 1, "2", False),
        (("cancelled",) * 2, 0, "2", True),
        (("cancelled",) * 3, 0, "2", True),
        (("cancelled",) * 40, 0, "2", True),
        (("cancelled", "rejected"), 0, "0", True),
    ],
)
def test_each_try_stands_twice_as_far_beyond_the_price_up_to_the_greatest(statuses, further, band, last):
    """Half a per cent at first, two at most; after a refusal at the price itself."""
    found = tried(*statuses)
    assert ladder.band_pct(found, held(), RULES, further=further) == D(band)
    assert ladder.at_last_step(found, held(), RULES) is last


def test_more_than_twenty_tries_double_no_further():
    """A millionth of a per cent at first: the number stays one that can be told."""
    fine = rc.Policy(exit_band_pct="0.000001", exit_max_band_pct=99, confirm_small=True)
    assert ladder.band_pct(tried(*["cancelled"] * 19), held(), fine) == D("0.524288")
    assert ladder.band_pct(tried(*["cancelled"] * 20), held(), fine) == D("1.048576")
    assert ladder.band_pct(tried(*["cancelled"] * 25), held(), fine) == D("1.048576")


# ---------------------------------------------------------------- stops that rest


@pytest.mark.parametrize(("side", "out", "limit"), [("BUY", "SELL", "970.20"), ("SELL", "BUY", "1030.20")])
def test_a_resting_stop_sells_what_it_covers_within_its_band(side, out, limit):
    """Trigger at the stop, one per cent beyond it at most; it remembers who placed the stop."""
    position = held(side=side, stop=980 if side == "BUY" else 1020, product="CNC", trail=rc.Trail(rule="trail"))
    found = resting_stop(position, 30, order_id="s", policy=rc.Policy(stop_band_pct=1), at=TEN)
    assert (found.order_id, found.position_id, found.side, found.quantity) == ("s", "a", out, 30)
    assert (found.trigger, found.level, found.reference) == (position.stop,) * 3
    assert (found.limit, found.reason, found.rule) == (D(limit), "stop", "trail")
    assert (found.instrument, found.product, found.at, found.partial) == (position.instrument, "CNC", TEN, False)


@pytest.mark.parametrize(("stop", "quantity"), [(None, 50), (980, 0), (980, 51)])
def test_no_stop_rests_without_a_level_or_beyond_what_is_held(stop, quantity):
    """It says so by name."""
    given = {"order_id": "s", "policy": RULES, "at": TEN}
    with pytest.raises(ValueError, match=rf"^NSE:INFY: no stop, or {quantity} is not within what is held$"):
        resting_stop(held(stop=stop), quantity, **given)
    assert resting_stop(held(stop=980), 50, **given).quantity == 50
    assert resting_stop(held(stop=980), 1, **given).quantity == 1


def test_the_limit_of_a_resting_stop_is_at_least_a_tick():
    """However wide its band."""
    assert stop_limit(held(), D("0.10"), rc.Policy(stop_band_pct=90)) == D("0.05")


def test_a_resting_stop_is_changed_only_where_it_is_not_what_it_must_be():
    """To cover forty at 990: what it has filled counts beside them."""
    resting = order(leaving(trigger=980, quantity=50), filled=10)
    position, policy = held(40, stop=990), rc.Policy(stop_band_pct=1)
    assert revision_for(position, resting, 40, policy) == Revision(50, D("980.10"), D(990))
    assert revision_for(held(40, stop=980), resting, 40, policy) is None
    assert revision_for(held(40, stop=980), resting, 30, policy) == Revision(40, D("970.20"), D(980))
    assert revision_for(held(40), resting, 40, policy) is None


def test_a_stop_rests_where_broker_and_exchange_take_it_and_there_is_one():
    """Within the hours of the exchange; on a day that no calendar knows it is tried."""
    takes, takes_none = (capability(name, on=date(2026, 11, 20)) for name in ("zerodha", "paper"))
    position = held(stop=980)
    unknown = datetime(2031, 1, 6, 10, 0, tzinfo=rc.IST)
    assert can_rest(position, takes, TEN, RULES)
    assert can_rest(position, takes, unknown, RULES)
    assert not can_rest(position, takes_none, unknown, RULES)
    assert not can_rest(position, None, TEN, RULES)
    assert not can_rest(held(), takes, unknown, RULES)
    assert not can_rest(position, takes, TEN.replace(hour=18), RULES)
    shut = rc.Tables(days=(CalendarDay(day="2026-11-20", kind="closed"),))
    assert not can_rest(position, takes, TEN, rc.Policy(tables=shut))


# ---------------------------------------------------------------- when one may leave, and what failed


SHUT = rc.Policy(tables=rc.Tables(days=(CalendarDay(day="2026-11-20", kind="closed"),)))
UNKNOWN = datetime(2031, 1, 6, 10, 0, tzinfo=rc.IST)


def test_before_the_open_is_until_a_quarter_past_nine_of_a_day_that_has_a_session():
    """By the calendar of the policy; of a day that no calendar knows nobody can say so."""
    auction = TEN.replace(hour=9, minute=14, second=59)
    assert before_the_open(INFY, auction, RULES)
    assert not before_the_open(INFY, auction + timedelta(seconds=1), RULES)
    assert not before_the_open(INFY, auction, SHUT)
    assert not before_the_open(INFY, UNKNOWN.replace(hour=3), RULES)


def test_it_is_sold_in_the_hours_of_its_exchange_by_the_calendar_of_the_policy():
    """Not on a day that is closed there."""
    assert can_trade(held(), TEN, RULES)
    assert not can_trade(held(), TEN, SHUT)
    assert can_trade(held(), UNKNOWN, SHUT)


STOCK = rc.future("INFY", expiry=date(2026, 12, 29), on=date(2026, 12, 1), tick="0.05", lot_size=10)
DUE = datetime(2026, 12, 22, 15, 30, tzinfo=rc.IST)


@pytest.mark.parametrize(
    ("at", "settings", "due"),
    [
        (DUE, {}, True),
        (DUE - timedelta(seconds=1), {}, False),
        (DUE - timedelta(days=1), {}, False),
        (DUE + timedelta(hours=4), {}, False),
        (DUE.replace(day=23, hour=9, minute=14), {}, False),
        (DUE.replace(day=23, hour=9, minute=15), {}, True),
        (DUE.replace(hour=14), {"square_off_at": "14:00"}, True),
        (DUE.replace(hour=13), {"square_off_at": "14:00"}, False),
        (DUE, {"expiry_exit_days": None}, False),
        (DUE, {"expiry_exit_days": 3}, False),
        (DUE, {"tables": rc.Tables(days=(CalendarDay(day="2026-12-22", kind="closed"),))}, False),
        (DUE.replace(day=21), {"tables": rc.Tables(days=(CalendarDay(day="2026-12-28", kind="closed"),))}, True),
    ],
)
def test_a_stock_future_is_due_from_the_square_off_of_its_day_on_while_it_trades(at, settings, due):
    """Four sessions before its expiry."""
    position = held(10, instrument=STOCK, product="NRML")
    assert expiry_due(position, at, rc.Policy(**settings)) is due


def test_a_contract_beyond_the_calendar_is_due_on_its_day_and_a_share_never():
    """No calendar tells the square-off of that day."""
    late = attrs.evolve(STOCK, expiry=date(2027, 1, 26))
    at = datetime(2027, 1, 20, 9, 0, tzinfo=rc.IST)
    assert expiry_due(held(10, instrument=late), at, RULES)
    assert not expiry_due(held(10, instrument=late), at - timedelta(days=1), RULES)
    assert not expiry_due(held(), DUE, RULES)


PART = {"order_id": "p", "partial": True, "quantity": 20}


@pytest.mark.parametrize(
    ("approved", "status", "filled", "failed"),
    [
        (leaving(**PART), "cancelled", 0, True),
        (leaving(**PART), "rejected", 19, True),
        (leaving(**PART), "filled", 20, False),
        (leaving(**PART), "working", 0, False),
        (leaving(**{**PART, "partial": False}), "cancelled", 0, False),
        (leaving(**PART, position_id="b"), "cancelled", 0, False),
        (entry(order_id="p"), "cancelled", 0, False),
    ],
)
def test_a_part_failed_that_ended_before_all_of_it_had_left(approved, status, filled, failed):
    """One of this position."""
    found = failed_part(book(order(approved, status, filled)), held())
    assert found == (approved if failed else None)


def test_of_several_parts_that_failed_the_latest_is_told():
    """Three of them."""
    made = [leaving(**{**PART, "order_id": name}) for name in "pqr"]
    assert failed_part(book(*(order(one, "cancelled") for one in made)), held()) == made[-1]


@pytest.mark.parametrize(
    ("approved", "status", "failed"),
    [
        (leaving(), "cancelled", True),
        (leaving(), "working", False),
        (leaving(**PART), "cancelled", False),
        (leaving(trigger=980), "cancelled", False),
        (leaving(position_id="b"), "cancelled", False),
        (entry(), "cancelled", False),
    ],
)
def test_an_exit_failed_that_ended_while_the_position_is_held(approved, status, failed):
    """Of all of it; a stop that rested is none, nor is a part."""
    assert failed_exit(book(order(approved, status)), held()) == (approved if failed else None)


def test_of_several_exits_that_failed_the_latest_is_told():
    """Three of them."""
    made = [leaving(order_id=name) for name in "pqr"]
    assert failed_exit(book(*(order(one, "cancelled") for one in made)), held()) == made[-1]


# ---------------------------------------------------------------- how it ended


def test_a_trade_that_ended_without_an_order_of_ours():
    """Thirty of fifty went for 1,010 each; twenty had brought 20,600, 600 more than they cost."""
    rest = held(30, opened_quantity=50, realised=D(600), charges=D(20), exit_value=D(20_600), initial_stop=D(980))
    later = TEN + timedelta(minutes=5)
    found = closed_elsewhere(later, rest, price=D(1010), realised=D(300), charges=D(5))
    assert (found.at, found.closed_at, found.opened_at) == (later, later, TEN)
    assert (found.signal_id, found.key, found.side, found.strategy) == ("a", "NSE:INFY", "BUY", "s")
    assert (found.quantity, found.entry_price, found.exit_price) == (50, 1000, 1018)
    assert (found.gross, found.charges, found.r_multiple) == (900, 25, D("0.875"))
    assert (found.reason, found.rule) == ("closed_elsewhere", "")


def test_one_that_was_adopted_began_when_it_ended_and_was_what_is_held():
    """Nobody knows more."""
    adopted = held(30, opened_quantity=0, opened_at=None)
    found = closed_elsewhere(TEN, adopted, price=D(1010), realised=D(300), charges=D(0))
    assert (found.opened_at, found.quantity, found.exit_price, found.r_multiple) == (TEN, 30, 1010, None)
