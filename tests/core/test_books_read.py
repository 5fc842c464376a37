"""A read of the broker's books in a running day: what it settles, what it leaves open, what it must not move."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, held, position, row, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN, TCS, WIDE

D = Decimal


def entry_of(day):
    """The one entry of the day, as it was sent."""
    (entry,) = day.sent(rc.ApprovedEntry)
    return entry


def words(day, kind):
    """The latest fact of a kind, as the journal keeps it."""
    fact = day.last(kind)
    return getattr(fact, "why", None) or fact.note


# ---------------------------------------------------------------- a trade that is over, at other prices than was told


def over(day, stop, **told):
    """The trade is over, the account flat; the trade book tells S1 and E1 as given, or as they were reported."""
    rows = (row(entry_of(day), "E1", "complete"), row(stop, "S1", "complete"))
    shown = {"E1": (50, 1000), "S1": (50, 980), **told}
    trades = tuple(trade(name, "BUY" if name == "E1" else "SELL", *one) for name, one in shown.items())
    return books(day, "10:06", orders=rows, trades=trades, positions=(position(0),))


@pytest.mark.parametrize(("told", "gross"), [({"S1": (50, 990)}, 500), ({"E1": (50, 1001)}, -50)])
def test_a_finished_trade_is_booked_at_what_the_trade_book_says_it_made(told, gross):
    """The stop sold at 990, not at 980; or the entry was bought at 1,001: the day and the trade are what they were."""
    day, entry = held()
    stop = stop_of(day)
    day.fill("10:05", stop.order_id, price=980)
    before, cost = day.book.outcomes[-1], day.book.charges
    facts = over(day, stop, **told)
    assert facts[:2] == ("Revalued", "TradeCorrected")
    after, corrected = day.book.outcomes[-1], day.last(e.TradeCorrected)
    assert (corrected.at, corrected.signal_id, corrected.key) == (day.at("10:06"), entry, INFY.key)
    assert (day.book.realised, after.gross) == (-1000 + gross, before.gross + gross)
    assert after.charges - before.charges == day.book.charges - cost == corrected.charges
    assert corrected.charges == day.last(e.Revalued).charges > 0
    assert "Revalued" not in over(day, stop, **told)


@pytest.mark.parametrize(
    ("told", "prices", "worst", "slipped"),
    [({"S1": (50, 970)}, (1000, 970), 970, 500), ({"E1": (50, 1001)}, (1001, 980), 980, 0)],
)
def test_the_prices_of_a_finished_trade_are_those_that_the_trade_book_says(told, prices, worst, slipped):
    """And its worst price, its slippage and its R: those of what was told before had stayed."""
    day, _ = held()
    stop = stop_of(day)
    day.fill("10:05", stop.order_id, price=980)
    over(day, stop, **told)
    (made,) = rc.trades_of(day.facts)
    assert (made.entry_price, made.exit_price) == prices
    assert (made.exit_price - made.entry_price) * 50 == made.gross == day.book.realised
    assert (made.worst_price, made.stop_slippage) == (worst, slipped)
    assert made.r_multiple == made.net / (50 * (made.entry_price - 980))


def test_a_fill_that_is_known_better_while_its_position_is_held_is_in_the_trade():
    day, _ = held()
    true_books(day, "10:05", trades=(trade("E1", "BUY", 50, 1004),))
    day.fill("10:06", stop_of(day).order_id, price=980)
    (made,) = rc.trades_of(day.facts)
    assert (made.entry_price, made.best_price, made.gross) == (1004, 1004, -1200)


def test_where_no_schedule_tells_the_charges_a_trade_is_corrected_all_the_same():
    day, _ = held(charges_as_of="2026-08-03")
    stop = stop_of(day)
    day.fill("10:05", stop.order_id, price=980)
    day.policy = rc.Policy(**WIDE, charges_as_of="2020-01-01")
    over(day, stop, S1=(50, 990))
    assert (day.book.realised, day.last(e.TradeCorrected).charges) == (-500, 0)


def test_an_order_of_which_the_trade_book_shows_a_part_only_keeps_what_it_was_worth():
    """The rest of its rows may come with the next read."""
    day, _ = held()
    facts = true_books(day, "10:05", trades=(trade("E1", "BUY", 20, 999),))
    assert "Revalued" not in facts
    assert day.book.positions[0].average_price == 1000


# ---------------------------------------------------------------- a change of the stop that nobody answered


def trailed():
    """The stop was asked to become one at 1,000 at 10:05, and nobody answered."""
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    return day, stop_of(day)


def shown(day, clock, stop, status="trigger_pending", **more):
    """The books, in which the row of the stop is as given."""
    return true_books(day, clock, orders=(row(entry_of(day), "E1", "complete"), row(stop, "S1", status, **more)))


@pytest.mark.parametrize(("clock", "settled"), [("10:05:00.900", False), ("10:05:01", True)])
def test_a_change_that_the_book_does_not_show_after_a_second_was_not_taken_and_is_asked_again(clock, settled):
    """Until then the read may be older than the change."""
    day, stop = trailed()
    facts = shown(day, clock, stop)
    assert ("RevisionSettled" in facts) == settled
    if settled:
        fact = day.last(e.RevisionSettled)
        assert (fact.order_id, fact.taken, fact.note) == (stop.order_id, False, "the broker's book does not show it")
        assert day.book.resting(INFY.key).approved.trigger == 980
        assert len([c for c in day.commands if isinstance(c, e.ReviseOrder)]) == 2
        assert day.last(e.ReviseOrder).revision.trigger == 1000


def test_a_change_that_twice_nobody_answered_and_no_book_shows_calls_somebody_and_waits_as_a_refused_one_does():
    """Dhan's plugin tells a refusal as an error of its own: the 26th change of an order was asked for each second."""
    day, stop = trailed()
    shown(day, "10:05:01", stop)
    assert not [fact for fact in day.facts if isinstance(fact, e.Alarmed)]
    for second in range(2, 12):
        day.take(e.RevisionReported(day.at(f"10:05:{second:02}"), stop.order_id, "unsure", "internal error"))
        shown(day, f"10:05:{second:02}.500", stop)
    call = day.last(e.Alarmed)
    assert (call.name, call.subject, call.why) == (
        "revision_refused",
        stop.order_id,
        "the broker's book does not show it",
    )
    assert len([one for one in day.commands if isinstance(one, e.ReviseOrder)]) == 3
    day.take(e.RevisionReported(day.at("10:05:30"), stop.order_id, "taken"))
    assert day.last(e.AlarmOver).name == "revision_refused"


def test_the_first_change_after_one_that_was_taken_may_be_lost_once_and_calls_nobody():
    day, stop = trailed()
    day.take(e.RevisionReported(day.at("10:05:00.200"), stop.order_id, "taken"))
    day.prices("10:06", last=1030)
    shown(day, "10:06:02", stop, trigger=1000)
    assert not [fact for fact in day.facts if isinstance(fact, e.Alarmed)]


def test_a_change_that_the_book_shows_was_taken():
    day, stop = trailed()
    wish = day.last(e.ReviseOrder).revision
    shown(day, "10:05:00.500", stop, trigger=wish.trigger, price=wish.limit)
    fact = day.last(e.RevisionSettled)
    assert (fact.taken, fact.note) == (True, "the broker's book shows it")
    assert day.book.resting(INFY.key).approved.trigger == 1000


@pytest.mark.parametrize("part", [{"quantity": 40}, {"trigger": 990}, {"price": 960}])
def test_a_row_that_differs_in_one_part_of_the_change_does_not_show_it(part):
    day, stop = trailed()
    wish = day.last(e.ReviseOrder).revision
    shown(day, "10:05:02", stop, **{"trigger": wish.trigger, "price": wish.limit, **part})
    assert day.last(e.RevisionSettled).taken is False


def test_a_row_that_tells_neither_price_nor_trigger_shows_a_change_by_its_quantity():
    day, stop = trailed()
    shown(day, "10:05:02", stop, trigger=None, price=None)
    assert day.last(e.RevisionSettled).taken is True


def test_the_answer_to_a_change_that_nobody_asked_for_moves_nothing():
    day, _ = held()
    for order_id in (stop_of(day).order_id, "nobody's"):
        assert day.take(e.RevisionReported(day.at("10:05"), order_id, "taken")) == ("StrayReport",)
        stray = day.last(e.StrayReport)
        assert (stray.at, stray.order_id) == (day.at("10:05"), order_id)
        assert stray.why == "no change was asked of this order"


@pytest.mark.parametrize(
    ("note", "why"), [("too near", "too near"), ("", "the broker refused to change the resting stop")]
)
def test_a_change_that_the_broker_refuses_calls_somebody_and_leaves_the_stop_as_it_was(note, why):
    day, stop = trailed()
    assert day.take(e.RevisionReported(day.at("10:05:00.500"), stop.order_id, "refused", note))[0] == "RevisionSettled"
    fact, call = day.last(e.RevisionSettled), day.last(e.Alarmed)
    assert (fact.order_id, fact.taken, fact.note) == (stop.order_id, False, note)
    assert (call.name, call.subject, call.why) == ("revision_refused", stop.order_id, why)
    assert day.book.resting(INFY.key).approved.trigger == 980


# ---------------------------------------------------------------- a stop that somebody else touched


def test_a_stop_that_somebody_else_made_smaller_is_told_of_and_made_whole_again():
    day, _ = held()
    stop = stop_of(day)
    shown(day, "10:05", stop, quantity=30)
    call, asked = day.last(e.Alarmed), day.last(e.ReviseOrder)
    assert (call.name, call.subject) == ("stop_changed", stop.order_id)
    assert call.why == "the broker's book shows the resting stop as 30 at 980.00, not as 50 at 980.00"
    assert (asked.order_id, asked.revision) == (stop.order_id, rc.orders.Revision(50, stop.limit, stop.trigger))
    assert words(day, e.RevisionRequested) == "somebody else changed it"


def test_a_stop_that_the_broker_does_not_change_back_is_taken_back_and_another_comes():
    """Of as many changes as a broker takes of one order none is left: it rests for more than is held, say."""
    day, _ = held()
    stop = stop_of(day)
    shown(day, "10:05", stop, quantity=100)
    day.take(e.RevisionReported(day.at("10:05:00.100"), stop.order_id, "refused", "no more changes"))
    assert not [one for one in day.commands if isinstance(one, e.CancelOrder)]
    shown(day, "10:05:02", stop, quantity=100)
    assert (day.last(e.CancelOrder).order_id, day.last(e.AlarmOver).name) == (stop.order_id, "revision_refused")
    assert day.last(e.CancelRequested).why == "somebody else changed it, and the broker does not change it back"
    assert len([one for one in day.commands if isinstance(one, e.ReviseOrder)]) == 1
    day.report("10:05:03", stop.order_id, "cancelled")
    another = day.sent()[-1]
    assert (another.quantity, another.trigger) == (50, 980)
    assert another.order_id != stop.order_id


def test_a_change_that_the_broker_takes_and_does_not_do_is_asked_once_more_and_then_another_stop_comes():
    """Angel's plugin tells no trigger when it changes an order: each change was taken, and asked for again for ever."""
    day, _ = held()
    stop = stop_of(day)
    for at in ("10:05", "10:05:03"):
        shown(day, at, stop, trigger=970)
        if at == "10:05":
            day.take(e.RevisionReported(day.at("10:05:00.100"), stop.order_id, "taken", ""))
    assert len([one for one in day.commands if isinstance(one, e.ReviseOrder)]) == 1
    assert day.last(e.CancelOrder).order_id == stop.order_id
    day.report("10:05:04", stop.order_id, "cancelled")
    assert (day.sent()[-1].quantity, day.sent()[-1].trigger) == (50, 980)


def test_one_that_shows_again_as_it_should_be_is_calm_and_may_be_changed_back_another_time():
    day, _ = held()
    stop = stop_of(day)
    shown(day, "10:05", stop, trigger=970)
    day.take(e.RevisionReported(day.at("10:05:00.100"), stop.order_id, "taken", ""))
    shown(day, "10:05:03", stop)
    assert (day.last(e.AlarmOver).name, day.last(e.AlarmOver).subject) == ("stop_changed", stop.order_id)
    shown(day, "10:30", stop, trigger=970)
    assert len([one for one in day.commands if isinstance(one, e.ReviseOrder)]) == 2
    assert not [one for one in day.commands if isinstance(one, e.CancelOrder)]


def test_a_stop_that_is_tighter_at_the_broker_is_ours_from_now_on():
    """A hand moved it, or we did and no journal took it: it is not loosened. A looser one is set back."""
    day, _ = held()
    stop = stop_of(day)
    shown(day, "10:05", stop, trigger=990, price=985)
    moved, asked, settled = day.last(e.StopMoved), day.last(e.RevisionRequested), day.last(e.RevisionSettled)
    held_now = day.book.positions[0].id
    assert moved == e.StopMoved(day.at("10:05"), INFY.key, held_now, D(980), D(990), "stop_changed")
    theirs = rc.orders.Revision(50, D(985), D(990))
    why = "the broker's book shows a tighter stop"
    facts = [one for one in day.facts if isinstance(one, e.RevisionRequested)]
    assert facts[0] == e.RevisionRequested(day.at("10:05"), stop.order_id, theirs, why)
    assert (settled.taken, settled.note) == (True, "the broker's book shows it")
    assert asked.order_id == stop.order_id
    assert day.book.positions[0].stop == 990
    assert day.book.resting(INFY.key).approved.trigger == 990
    assert day.last(e.Alarmed).name == "stop_changed"
    asked = [one.revision.trigger for one in day.commands if isinstance(one, e.ReviseOrder)]
    assert set(asked) <= {990}  # its limit may be set anew
    day, _ = held()
    shown(day, "10:05", stop_of(day), trigger=990, price=None)
    assert day.book.resting(INFY.key).approved.limit == stop.limit  # the row tells none
    day, _ = held()
    shown(day, "10:05", stop_of(day), trigger=990, price=985, quantity=30)
    assert day.book.positions[0].stop == 980
    assert day.last(e.ReviseOrder).revision.quantity == 50
    day, _ = held()
    stop = stop_of(day)
    shown(day, "10:05", stop, trigger=970, price=965)
    assert day.book.positions[0].stop == 980
    assert day.last(e.ReviseOrder).revision.trigger == 980


def test_a_row_of_a_word_that_nobody_knows_tells_nothing_of_the_stop():
    """Nor does one that tells no trigger."""
    day, _ = held()
    for clock, more in (("10:05", {"status": "other", "trigger": 900}), ("10:05:05", {"trigger": None, "price": 900})):
        assert "Alarmed" not in shown(day, clock, stop_of(day), **more)


def test_a_read_that_began_at_the_very_moment_a_change_was_settled_says_nothing_of_it():
    day, stop = trailed()
    day.take(e.RevisionReported(day.at("10:05:01"), stop.order_id, "taken"))
    assert "Alarmed" not in shown(day, "10:05:01", stop)
    assert "Alarmed" in shown(day, "10:05:01.001", stop)


@pytest.mark.parametrize(("clock", "again"), [("10:10:00.900", False), ("10:10:01", True)])
def test_a_cancel_that_the_book_does_not_show_is_asked_again_after_a_second(clock, again):
    """The target was touched: the exit waits until the stop is gone."""
    day, _ = held()
    stop = stop_of(day)
    day.prices("10:10", last=1101)
    assert ("CancelRequested" in shown(day, clock, stop)) == again
    if again:
        fact, asked = day.last(e.CancelRequested), day.last(e.CancelOrder)
        assert (fact.order_id, fact.why) == (stop.order_id, "the broker's book still shows it")
        assert (asked.order_id, asked.broker_id) == (stop.order_id, "S1")
        assert len([c for c in day.commands if isinstance(c, e.CancelOrder)]) == 2


# ---------------------------------------------------------------- the gate


def test_the_books_are_told_to_agree_once_a_day():
    day, _ = held(max_trades_per_day=5)
    assert "Reconciled" in true_books(day, "10:05")
    assert true_books(day, "10:06") == ()
    day.fill("10:07", stop_of(day).order_id, price=980)
    day.next_day(3)
    assert "Reconciled" in books(day, "09:20", positions=())
    assert "Reconciled" not in books(day, "09:21", positions=())


def test_the_gate_that_opens_says_by_whom_and_why():
    day, _ = held()
    for second, good in enumerate((False, True)):
        day.take(e.LoginSeen(day.at(f"10:01:0{second}"), good=good, reconciled=False, by="shell", why="start"))
    true_books(day, "10:02")
    lifted = day.last(e.Lifted)
    assert (lifted.by, lifted.why) == ("riskcore", "the login is good, and the books agree")


def test_what_an_operator_accepts_is_on_record_with_a_name_and_a_reason():
    day, _ = held()
    for clock in ("10:05", "10:05:03"):
        true_books(day, clock, positions=(position(75),))
    day.take(e.DifferencesAccepted(day.at("10:06"), "asha", "bought 25 by hand"))
    taken, lifted = day.last(e.DifferencesTaken), day.last(e.Lifted)
    assert (taken.by, taken.why) == ("asha", "bought 25 by hand")
    assert (taken.accepted, taken.beside) == ((), ((INFY.key, 25),))
    assert (lifted.by, lifted.why, lifted.key) == ("asha", "bought 25 by hand", INFY.key)


# ---------------------------------------------------------------- shares that are there without us


@pytest.mark.parametrize(("there", "side", "refused"), [(30, "BUY", True), (75, "SELL", True), (75, "BUY", False)])
def test_F48_what_the_broker_held_beyond_ours_stays_when_ours_are_sold(there, side, refused):
    """30 of our 50 were there, or 75: when our stop has sold 50 the account is 20 short, or 25 long.

    An entry against those would be netted by the broker.
    """
    day, _ = held(differing_reads=5, max_trades_per_day=5)
    true_books(day, "10:05", positions=(position(there),))
    day.fill("10:05:01", stop_of(day).order_id, price=980)
    assert day.book.position(INFY.key) is None
    assert day.state.custody.held_without_us(INFY.key) == there - 50
    levels = SEEN if side == "BUY" else {"last": 1000, "stop": 1020, "target": 900}
    day.enter("10:06", side, **levels)
    assert len(day.sent(rc.ApprovedEntry)) == (1 if refused else 2)
    assert not refused or day.refusal() == ("held_against",)


def test_F47_where_errors_come_as_nothing_an_empty_position_book_takes_nothing_off():
    day, _ = held(broker="shoonya", differing_reads=1)
    true_books(day, "10:05", positions=())
    assert [(m.kind, m.ours, m.theirs) for m in day.state.custody.mismatches] == [("suspect", 50, 0)]
    assert day.book.positions[0].quantity == 50


def test_F47_a_read_that_hides_what_we_hold_and_shows_what_is_somebody_elses_counts_that_once():
    """5 TCS short before and after; of INFY nothing is shown."""
    day, _ = held(broker="shoonya", differing_reads=3)
    short = position(-5, key=TCS.key)
    true_books(day, "10:05", positions=(position(50), short))
    true_books(day, "10:05:01", positions=(short,))
    assert day.state.custody.held_without_us(TCS.key) == -5
    true_books(day, "10:05:02", orders=(), trades=(), positions=())
    assert day.state.custody.held_without_us(TCS.key) == -5
    assert len(day.state.custody.mismatches) == 2


def test_F47_where_errors_come_as_nothing_shares_of_an_earlier_day_are_not_gone_by_an_empty_book():
    """No trade of today speaks for them."""
    day = at_broker(broker="shoonya")
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    day.next_day(3)
    day.time("09:20")
    day.report("09:20:01", stop_of(day).order_id, "working", broker_id="S2")
    books(day, "09:21")
    assert [(m.kind, m.ours, m.theirs) for m in day.state.custody.mismatches] == [("suspect", 50, 0)]
