"""How a book follows the broker's: fills told better, exits that sold too much, shares that came or went."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import corrections as c
from riskcore.book import KEPT_OUTCOMES
from riskcore.orders import Revision
from riskcore.outcomes import Outcome
from tests.core.by_hand import TEN, book, entry, held, leaving, order
from tests.core.engine_days import TCS

pytestmark = pytest.mark.smoke

D = Decimal
LATER = TEN + timedelta(minutes=1)
BOUGHT = order(entry(), "filled", 50, 50_000, broker_id="E1")
SOLD = order(leaving(), "filled", 50, 49_000, broker_id="X1")


def outcome(signal_id="a", *, key="NSE:INFY", gross=-1000, charges=40, r="-1.04"):
    return Outcome(
        key=key,
        side="BUY",
        session=TEN.date(),
        closed_at=LATER,
        quantity=50,
        gross=D(gross),
        charges=D(charges),
        r_multiple=None if r is None else D(r),
        signal_id=signal_id,
    )


# ---------------------------------------------------------------- names and revisions


def test_an_order_gets_its_name_and_its_revision_and_no_other_does():
    """An order that is not in the book changes nothing."""
    rests = order(leaving(trigger=980))
    ours = book(BOUGHT, rests)
    wish = Revision(40, D(985), D(990))
    named, asked = c.acknowledged(ours, "x", "S1"), c.revising(ours, "x", wish)
    assert [o.broker_id for o in named.orders] == ["E1", "S1"]
    assert [o.revision for o in asked.orders] == [None, wish]
    for taken, quantity in ((True, 40), (False, 50)):
        settled = c.revised(asked, "x", taken=taken).order("x")
        assert (settled.revision, settled.approved.quantity) == (None, quantity)
    assert c.acknowledged(ours, "z", "S1") is ours
    assert c.revising(ours, "z", wish) is ours
    assert c.revised(ours, "z", taken=True) is ours


# ---------------------------------------------------------------- fills worth more


def test_a_better_known_entry_changes_the_average_while_all_of_it_is_held():
    """Fifty at 1,000 cost 25 rupees more, and 2 in charges: 1,000.50 each, and nothing is realised."""
    ours = book(BOUGHT, positions=(held(charges=D(20)),), charges=20)
    after = c.revalued(ours, "a", D(25), D(2))
    (now,) = after.positions
    assert (now.average_price, now.charges, now.realised) == (D("1000.5"), 22, 0)
    assert (after.realised, after.charges, after.order("a").filled_value) == (0, 22, 50_025)


@pytest.mark.parametrize(("side", "result"), [("BUY", -25), ("SELL", 25)])
def test_once_a_part_has_left_a_better_known_entry_is_in_the_realised_result(side, result):
    """What was paid more is lost, what was received more is won; the average stays."""
    opened = order(entry(side=side), "filled", 50, 50_000)
    part = held(20, side=side, opened_quantity=50, exit_value=D(30_600), realised=D(600), charges=D(20))
    after = c.revalued(book(opened, positions=(part,), realised=600, charges=20), "a", D(25), D(2))
    (now,) = after.positions
    assert (now.average_price, now.exit_value, now.charges) == (1000, 30_600, 22)
    assert (now.realised, after.realised, after.charges) == (600 + result, 600 + result, 22)


@pytest.mark.parametrize(("side", "result"), [("SELL", 25), ("BUY", -25)])
def test_a_better_known_exit_is_in_the_realised_result_and_in_what_left(side, result):
    """Twenty of fifty left; they brought, or cost, 25 rupees more."""
    part = order(leaving(side=side, quantity=20, partial=True), "filled", 20, 19_600)
    left = held(30, side="BUY" if side == "SELL" else "SELL", opened_quantity=50, exit_value=D(19_600))
    after = c.revalued(book(part, positions=(left,)), "x", D(25), D(2))
    (now,) = after.positions
    assert (now.exit_value, now.realised, now.average_price) == (19_625, result, 1000)
    assert (now.charges, after.realised, after.order("x").filled_value) == (2, result, 19_625)


def test_the_first_exit_is_no_entry_though_nothing_had_left_before():
    """Its value is never in the average price."""
    stop = order(leaving(trigger=980), "working")
    after = c.revalued(book(stop, positions=(held(),)), "x", D(25), D(0))
    assert (after.positions[0].average_price, after.positions[0].realised) == (1000, 25)


def test_of_a_finished_trade_the_days_result_is_corrected_and_no_position():
    """What is held now is another trade's."""
    other = held(instrument=TCS, signal_id="t")
    after = c.revalued(book(SOLD, positions=(other,), realised=-1000), "x", D(25), D(2))
    assert (after.positions, after.realised, after.charges) == ((other,), -975, 2)
    ours = book(SOLD)
    assert c.revalued(ours, "z", D(25), D(2)) is ours


# ---------------------------------------------------------------- whose fill it is


def belongs(one, position, *others):
    found = c.belongs_to(one, book(one, *others, positions=() if position is None else (position,)))
    assert found is None or found is position
    return found is not None


@pytest.mark.parametrize(
    ("approved", "position", "its"),
    [
        (entry(), None, False),
        (entry(), held(instrument=TCS), False),
        (entry(), held(), True),
        (entry(), held(side="SELL"), False),
        (entry(), held(strategy="double_fill"), False),
        (leaving(), held(), True),
        (leaving(side="BUY"), held(), False),
        (leaving(position_id="b"), held(), False),
        (leaving(position_id="NSE:INFY"), held(signal_id=""), True),
    ],
)
def test_an_order_belongs_to_what_it_opened_or_takes_off(approved, position, its):
    """Same instrument, the entry on its side, the exit against it and made for it."""
    assert belongs(order(approved), position) is its


@pytest.mark.parametrize(("seconds", "its"), [(-1, False), (0, True), (1, True)])
def test_an_entry_sent_before_the_one_that_opened_what_is_held_is_of_a_trade_before(seconds, its):
    """Sent, not filled: the opener was sent at ten, and filled a minute later."""
    opening = order(entry(order_id="b", signal_id="b"))
    position = held(signal_id="b", opened_at=LATER)
    one = order(entry(at=TEN + timedelta(seconds=seconds)))
    assert belongs(one, position, opening) is its


@pytest.mark.parametrize(("opened", "its"), [(TEN - timedelta(seconds=1), True), (LATER, False), (None, True)])
def test_where_the_opener_is_not_in_the_book_the_time_of_opening_counts(opened, its):
    """Carried over a night, or adopted without a time."""
    assert belongs(order(entry()), held(signal_id="old", opened_at=opened)) is its


@pytest.mark.parametrize(
    ("approved", "outcomes", "signal"),
    [
        (entry(), ("a", "b"), "a"),
        (entry(), ("b", "c", "d"), "d"),
        (entry(), (), "a"),
        (leaving(position_id="b"), ("b", "c"), "b"),
        (leaving(position_id="z"), ("b", "c"), "c"),
        (leaving(position_id="z"), (), "z"),
    ],
)
def test_the_finished_trade_of_an_order_is_its_own_else_the_latest_of_its_instrument(approved, outcomes, signal):
    """One of another instrument, later than all, is not meant."""
    done = (*(outcome(name) for name in outcomes), outcome("t", key="NSE:TCS"))
    assert c.finished_trade_of(order(approved), book(outcomes=done)) == signal


# ---------------------------------------------------------------- finished trades


def test_a_corrected_trade_has_its_r_by_its_new_result():
    """Net -1,040 was -1.04 R; 100 more and 20 more in charges are -960, and -0.96 R."""
    ours = book(outcomes=(outcome(), outcome("b")), version=7)
    after = c.corrected(ours, "a", "NSE:INFY", gross=D(100), charges=D(20))
    done = after.outcomes[0]
    assert (done.gross, done.charges, done.r_multiple) == (-900, 60, D("-0.96"))
    assert after.outcomes[1:] == ours.outcomes[1:]
    assert (after.version, after.realised, after.charges) == (8, 0, 0)


@pytest.mark.parametrize(
    ("done", "r"),
    [(outcome(r=None), None), (outcome(gross=40, r="0"), None), (outcome(gross=41, r="0.001"), D("0.101"))],
)
def test_the_r_of_a_trade_without_one_or_without_a_result_is_not_known(done, r):
    """A result of nought tells no unit of risk; one rupee does."""
    after = c.corrected(book(outcomes=(done,)), "a", "NSE:INFY", gross=D(100), charges=D(0))
    assert after.outcomes[0].r_multiple == r
    assert after.outcomes[0].gross == done.gross + 100


def test_the_latest_trade_of_that_signal_and_instrument_is_corrected():
    """The signal came twice; no other trade is touched, and where there is none, nothing is."""
    ours = book(outcomes=(outcome(), outcome(), outcome("b"), outcome(key="NSE:TCS")))
    after = c.corrected(ours, "a", "NSE:INFY", gross=D(100), charges=D(0))
    assert [done.gross for done in after.outcomes] == [-1000, -900, -1000, -1000]
    assert c.corrected(ours, "z", "NSE:INFY", gross=D(100), charges=D(0)) is ours
    assert c.corrected(ours, "b", "NSE:TCS", gross=D(100), charges=D(0)) is ours


# ---------------------------------------------------------------- sold too much


def over(quantity, price):
    return c.flipped(SOLD, quantity, D(price), LATER, D(3))


def test_shares_sold_beyond_what_was_held_are_a_short_without_a_stop():
    """Ten at 979, of the exit that oversold."""
    short = over(10, 979)
    assert (short.side, short.quantity, short.opened_quantity, short.average_price) == ("SELL", 10, 10, 979)
    assert (short.instrument, short.product, short.last) == (SOLD.approved.instrument, "MIS", 979)
    assert (short.stop, short.target, short.charges, short.opened_at) == (None, None, 3, LATER)
    assert (short.strategy, short.signal_id) == ("double_fill", "x:over")
    assert c.flipped(order(leaving(product="CNC")), 10, D(979), LATER, D(3)).product == "CNC"


def test_an_exit_that_sold_too_much_has_filled_more_and_the_rest_is_held_the_other_way():
    """Of an order for sixty, fifty filled when ten more come in: the short, its charges, and the order whole."""
    oversold = order(leaving(quantity=60), "working", 50, 49_000)
    tcs = held(instrument=TCS, signal_id="t")
    ours = book(oversold, positions=(tcs,), charges=20)
    after = c.overfilled(ours, "x", over(10, 979), D(9790), D(3))
    now = after.order("x")
    assert (now.filled_quantity, now.filled_value, now.status) == (60, 58_790, "filled")
    assert after.positions == (tcs, over(10, 979))
    assert after.charges == 23
    assert c.overfilled(ours, "x", over(10, 979), D(9790), None).charges == 20
    assert c.overfilled(ours, "z", over(10, 979), D(9790), D(3)) is ours


def test_an_exit_that_may_fill_more_works_on_after_it_sold_too_much():
    """Fifty of a hundred, ten of them too many."""
    oversold = order(leaving(quantity=100), "working", 40, 39_200)
    now = c.overfilled(book(oversold), "x", over(10, 979), D(9790), D(3)).order("x")
    assert (now.filled_quantity, now.filled_value, now.status) == (50, 48_990, "working")


def test_what_is_sold_too_much_a_second_time_joins_the_short_of_the_first():
    """Ten at 979 and thirty at 975: forty at 976."""
    oversold = order(leaving(quantity=90), "working", 60, 58_790)
    tcs = held(instrument=TCS, signal_id="t")
    ours = book(oversold, positions=(over(10, 979), tcs))
    after = c.overfilled(ours, "x", over(30, 975), D(29_250), D(3))
    joined = attrs.evolve(over(10, 979), quantity=40, opened_quantity=40, average_price=D(976), charges=D(6))
    assert after.positions == (tcs, joined)


# ---------------------------------------------------------------- shares that came or went


def test_a_position_that_was_closed_elsewhere_is_a_finished_trade():
    """Twenty of fifty had left for 600 and cost 20; the rest went for -100 and cost 5."""
    rest = held(30, opened_quantity=50, realised=D(600), charges=D(20), initial_stop=D(980), product="CNC")
    done = c.outcome_elsewhere(rest, realised=D(-100), charges=D(5), book=book(), at=LATER)
    assert (done.key, done.side, done.quantity, done.product) == ("NSE:INFY", "BUY", 50, "CNC")
    assert (done.gross, done.charges, done.r_multiple) == (500, 25, D("0.475"))
    assert (done.reason, done.strategy, done.signal_id) == ("closed_elsewhere", "s", "a")
    assert (done.session, done.closed_at) == (TEN.date(), LATER)


def test_it_is_of_the_books_session_else_of_the_day_it_was_closed():
    """A book that knows no session."""
    nowhere = attrs.evolve(book(), session=None)
    tomorrow = LATER + timedelta(days=1)
    given = {"realised": D(0), "charges": D(0), "at": tomorrow}
    assert c.outcome_elsewhere(held(), book=nowhere, **given).session == tomorrow.date()
    assert c.outcome_elsewhere(held(), book=book(), **given).session == TEN.date()


def adjusted(ours, position, *, outcome=None, realised=0, charges=0):
    return c.adjusted(ours, "NSE:INFY", position, realised=D(realised), charges=D(charges), outcome=outcome)


def test_shares_that_left_take_the_position_and_leave_the_others():
    """With what they brought and cost, and the trade that ended by it."""
    tcs = held(instrument=TCS, signal_id="t")
    ours = book(positions=(held(), tcs), realised=600, charges=20, outcomes=(outcome("z"),), version=7)
    after = adjusted(ours, None, outcome=outcome(), realised=-100, charges=5)
    assert (after.positions, after.realised, after.charges, after.version) == ((tcs,), 500, 25, 8)
    assert after.outcomes == (outcome("z"), outcome())
    fewer = adjusted(ours, held(20))
    assert fewer.positions == (tcs, held(20))
    assert fewer.outcomes == ours.outcomes


def test_a_gain_that_came_without_us_raises_the_peak_of_the_session():
    """By what was realised, after charges."""
    ours = rc.Book(100_000, positions=(held(),)).peaked()
    after = adjusted(ours, None, outcome=outcome(), realised=500, charges=5)
    assert (ours.session_peak, after.session_peak) == (100_000, 100_495)


def test_only_the_latest_outcomes_are_kept():
    """The oldest goes."""
    ours = book(outcomes=tuple(outcome(str(n)) for n in range(KEPT_OUTCOMES)))
    kept = adjusted(ours, None, outcome=outcome("new")).outcomes
    assert (len(kept), kept[0].signal_id, kept[-1].signal_id) == (KEPT_OUTCOMES, "1", "new")
