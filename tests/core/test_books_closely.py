"""What a read of the books proves, at its edges: one share, one minute, a book that is missing, an order of before."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.account import may_have_filled, there_but_for
from riskcore.custody import Beside, Custody
from riskcore.reconcile import adrift, differences
from riskcore.stale_reads import is_stale
from tests.core import custody_days
from tests.core.by_hand import TEN, book, entry, held, order
from tests.core.custody_days import at_broker, books, exit_unknown, foreign, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN
from tests.core.test_books_read import shown as as_it_was, trailed
from tests.core.test_carried import carried, holdings
from tests.core.test_positions_compared import ZERODHA, read, shown
from tests.core.test_untold import entered, read as read_without_trades

FILLED = order(entry(), "filled", 50, 50_000, broker_id="E1")
BOUGHT = trade("E1", "BUY", 50, 1000)


def test_what_the_day_traded_need_not_be_all_that_is_held_where_it_may_be_carried():
    """Twenty of today beside thirty of yesterday: the trades do not leave fifty, and say nothing against none."""
    today = order(entry(product="NRML", quantity=20), "filled", 20, 20_000, broker_id="E1")
    ours = book(today, positions=(held(product="NRML"),))
    found = differences(ours, read(trades=(trade("E1", "BUY", 20, 1000),)), ZERODHA)
    assert [(m.kind, m.ours, m.theirs) for m in found] == [("gone", 50, 0)]


@pytest.mark.parametrize(("seconds", "stale"), [(59, True), (60, False)])
def test_for_a_minute_no_shares_were_moved_to_another_product(seconds, stale):
    ours = book(FILLED, positions=(held(opened_at=TEN),))
    seen = read(shown(50, product="CNC"), trades=(BOUGHT,), at=TEN + timedelta(seconds=seconds))
    assert is_stale(ours, seen, INFY.key) is stale


def test_where_the_trades_were_not_read_nothing_contradicts_the_positions():
    """Not even in the minute after the entry."""
    ours = book(FILLED, positions=(held(opened_at=TEN),))
    assert not is_stale(ours, read(shown(50, product="CNC"), trades=None), INFY.key)


def test_how_many_are_there_but_for_others_is_not_known_where_the_positions_were_not_read():
    assert there_but_for(book(positions=(held(),)), read(positions=None), INFY.key, "MIS", 5) is None
    assert there_but_for(book(positions=(held(),)), read(shown(55)), INFY.key, "MIS", 0) == 55


@pytest.mark.parametrize(("side", "there", "beside", "may"), [("BUY", 1, 0, True), ("SELL", -1, 0, True),
                         ("BUY", 6, 5, True), ("BUY", 5, 5, False), ("BUY", 0, 0, False), ("BUY", -1, 0, False),
                         ("SELL", 1, 0, False)])  # fmt: skip
def test_a_single_share_its_way_may_be_what_an_order_filled(side, there, beside, may):
    order_ = order(entry(side=side, product="NRML"), "unknown")
    custody = Custody(beside=(Beside(INFY.key, beside),)) if beside else Custody()
    assert may_have_filled(order_, book(order_), read(shown(there, product="NRML")), custody, rc.Policy()) is may


def test_an_order_of_before_that_the_book_shows_is_not_adrift():
    """One that it does not show may have filled, and nobody knows."""
    before = order(entry(at=TEN - timedelta(days=1)), "working", broker_id="E1")
    ours = attrs.evolve(book(before), session=TEN.date())
    assert adrift(ours, read(orders=(row(before.approved, "E1"),))) == ()
    assert adrift(ours, read(orders=(foreign(),))) == (before,)


def test_what_was_taken_for_its_fill_need_not_stand_in_the_trade_book():
    """The trades can be read again, and lack it; that a hand has sold the shares since is believed all the same."""
    day, first = entered()
    shown_ = row(first, "E1", "complete")
    read_without_trades(day, "10:00:10", shown_, there=(position(50),))
    rows = shown_, row(stop_of(day), "S1", "trigger_pending")
    day.report("10:00:11", stop_of(day).order_id, "working", broker_id="S1")
    for second in range(20, 26):
        books(day, f"10:00:{second}", orders=(*rows, foreign()), trades=(), positions=(position(0),))
    assert day.book.position(INFY.key) is None


def test_a_change_that_is_taken_in_the_end_calls_nobody_any_more():
    day, stop = trailed()
    day.take(e.RevisionReported(day.at("10:05:00.500"), stop.order_id, "refused", "too near"))
    day.prices("10:06", last=1060)
    asked = day.last(e.ReviseOrder)
    assert not [fact for fact in day.facts if isinstance(fact, e.AlarmOver)]
    day.take(e.RevisionReported(day.at("10:06:01"), asked.order_id, "taken"))
    over = day.last(e.AlarmOver)
    assert (over.name, over.subject) == ("revision_refused", stop.order_id)


@pytest.mark.parametrize(("product", "told"), [("CNC", True), ("MIS", False)])
def test_an_entry_for_delivery_that_nobody_saw_end_before_a_night_calls_somebody(product, told):
    """Shares that it filled unseen stand among the holdings, where nothing tells whose they are."""
    day = at_broker(broker="zerodha")
    day.report("10:00:05", day.enter("10:00", product=product, **SEEN), "unknown")
    day.next_day(3)
    day.time("08:30")
    books(day, "09:16", orders=(foreign(),))
    calls = {fact.name: fact.why for fact in day.facts if isinstance(fact, e.Alarmed)}
    why = "nobody saw what it filled before the night: look at the holdings"
    assert calls.get("unseen_before_the_night") == (why if told else None)


def test_an_exit_of_delivery_that_nobody_saw_end_before_a_night_calls_nobody_for_that():
    """What it sold is missing among the holdings, which tells it."""
    day = carried(broker="zerodha", opened="09:15")
    day.prices("09:16", last=940)
    out = day.sent()[-1]
    day.report("09:16:05", out.order_id, "unknown")
    day.next_day(1)
    day.time("08:30")
    books(day, "09:16", orders=(foreign(),), holdings=holdings(50))
    assert "unseen_before_the_night" not in {fact.name for fact in day.facts if isinstance(fact, e.Alarmed)}
    assert not day.book.order(out.order_id).live


def test_an_order_book_that_is_empty_all_of_a_sudden_proves_no_order_absent():
    """The entry of the day stood in it: it is no true read, though trades and positions are."""
    day, out = exit_unknown()
    for second in range(10, 40):
        books(day, f"10:10:{second}", orders=(), trades=(BOUGHT,), positions=(position(50),))
    assert day.book.order(out.order_id).status == "unknown"


def test_a_change_that_is_on_its_way_is_waited_for():
    """Kotak shows `modify pending` for a second or more: a stop that trailed was told refused, and waited ten."""
    day, stop = trailed()
    day.prices("10:05:00.050", last=1030)
    day.take(e.RevisionReported(day.at("10:05:00.100"), stop.order_id, "taken"))
    day.take(e.RevisionReported(day.at("10:05:00.200"), stop.order_id, "unsure", "the book shows it other"))
    for second in range(1, 5):
        assert "RevisionSettled" not in as_it_was(day, f"10:05:0{second}", stop, status="other")
    assert "RevisionSettled" in as_it_was(day, "10:05:04.500", stop, trigger=1000)
    assert [one.revision.trigger for one in day.commands if isinstance(one, e.ReviseOrder)] == [1000, 1010, 1010]
    assert not [fact for fact in day.facts if isinstance(fact, e.Alarmed)]


def test_one_that_stays_under_a_word_that_nobody_knows_calls_somebody():
    day, stop = trailed()
    for second in range(1, 12):
        day.take(e.RevisionReported(day.at(f"10:05:{second:02}"), stop.order_id, "unsure", "the book shows it other"))
        as_it_was(day, f"10:05:{second:02}.500", stop, status="other")
    assert day.last(e.Alarmed).name == "revision_refused"


def test_a_part_leaves_though_the_stop_cannot_be_made_smaller_and_the_refusal_comes_as_an_error():
    """At Dhan: the change was asked for again and again, and the part waited for good."""
    day, _ = custody_days.held()
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=20)
    stop = stop_of(day)
    for second in range(1, 12):
        day.take(e.RevisionReported(day.at(f"10:05:{second:02}"), stop.order_id, "unsure", "internal error"))
        as_it_was(day, f"10:05:{second:02}.500", stop)
    assert [one.order_id for one in day.commands if isinstance(one, e.CancelOrder)] == [stop.order_id]
    day.report("10:05:12", stop.order_id, "cancelled")
    assert sorted(order.quantity for order in day.sent()[-2:]) == [20, 30]


def test_a_read_without_trades_does_not_begin_the_count_of_what_is_gone_again():
    """Beside a trade book that is slow, every second read has none: shares that were sold by hand were never missed."""
    day, _ = custody_days.held()
    day.prices("10:10", last=1101)
    first, stop = day.sent(rc.ApprovedEntry)[0], stop_of(day)
    rows = (row(first, "E1", "complete"), row(stop, "S1", "trigger_pending"))
    bought = trade("E1", "BUY", 50, 1000)
    by_hand = rc.BrokerOrder(
        id="H1", key=INFY.key, side="SELL", quantity=50, product="MIS", status="complete", price_type="MARKET"
    )
    sold = trade("H1", "SELL", 50, 1100)
    for second, trades in ((14, (bought, sold)), (18, None), (22, (bought, sold))):
        books(day, f"10:10:{second}", orders=(*rows, by_hand), trades=trades, positions=(position(0),))
    assert day.book.position(INFY.key) is None
