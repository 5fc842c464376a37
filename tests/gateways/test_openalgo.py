"""The live gateway: what leaves, once; what comes back; what is never sent."""

from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import engine, events
from riskcore.orders import Revision
from riskcore_openalgo.client import Budget
from riskcore_openalgo.gateways.caps import HardCaps, SentToday, entries_of
from riskcore_openalgo.testing import LETTERS, SANDBOX, SHOONYA, Fault
from tests.gateways.desks import INFY, NOW, ROW, entry, leaving, live_desk

pytestmark = pytest.mark.smoke  # under the older line of the SDK too


def test_an_entry_leaves_as_a_limit_order_and_is_known_by_the_brokers_name():
    with live_desk() as desk:
        others, report = desk.place(entry(limit=999))
        [order] = desk.broker.truth().orders
        assert others == []
        assert (report.status, report.broker_id, report.filled_quantity) == ("working", order.order_id, 0)
        assert (order.pricetype, order.price, order.quantity) == ("LIMIT", Decimal(999), 10)


def test_a_protective_stop_rests_with_its_trigger_and_its_limit():
    with live_desk() as desk:
        desk.place(entry())
        _, report = desk.place(leaving(limit=970, trigger=980))
        order = desk.order(report)
        assert (order.pricetype, order.trigger, order.price) == ("SL", Decimal(980), Decimal(970))


@pytest.mark.parametrize(("row", "sent"), [(evolve(ROW, resting="SL-M"), "SL-M"), (None, "SL")])
def test_how_a_stop_rests_the_brokers_row_says_and_where_none_is_known_it_has_a_limit(row, sent):
    with live_desk(row=row) as desk:
        desk.place(entry())
        _, report = desk.place(leaving(limit=970, trigger=980))
        assert desk.order(report).pricetype == sent


def test_slices_beyond_the_seconds_tokens_wait_as_long_as_the_approval_holds():
    """Four entries a second: the fifth waits for its token, and one whose approval ends before that is not sent."""
    now = [100.0]
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        now[0] += seconds

    with live_desk(budget=Budget(monotonic=lambda: now[0], sleep=sleep)) as desk:
        reports = [desk.place(entry())[1] for _ in range(5)]
        assert [report.status for report in reports] == ["working"] * 5
        assert waited == [1.0]
        for _ in range(3):
            desk.place(entry())
        desk.clock.passed = 5.5
        _, report = desk.place(entry())
        assert (report.status, report.error) == ("rejected", "rate_limited")
        assert waited == [1.0]


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("kind", ["timeout", "status", "drop", "null_id", "unreadable"])
def test_F20_F21_an_answer_that_says_nothing_is_unknown_and_is_never_sent_again(kind, executed):
    with live_desk(timeout_s=0.4 if kind == "timeout" else 20.0) as desk:
        desk.broker.script(Fault("placeorder", kind, executed=executed, seconds=1))
        _, report = desk.place(entry())
        assert (report.status, report.broker_id) == ("unknown", "")
        assert desk.asked("placeorder") <= 1


def test_F25_a_definite_refusal_is_a_refusal_with_its_class():
    with live_desk() as desk:
        desk.broker.script(Fault("placeorder", "too_many"))
        _, report = desk.place(entry())
        assert (report.status, report.error) == ("rejected", "rate_limited")


def test_F23_an_order_that_waits_for_approval_is_neither_taken_nor_refused():
    with live_desk() as desk:
        desk.broker.semi_auto = True
        _, report = desk.place(entry())
        assert report.status == "awaiting_approval"
        assert "Action Center" in report.note


def test_an_entry_whose_machine_slept_while_it_waited_for_its_token_is_not_sent_when_it_wakes():
    """The wait is measured by a clock that stands still meanwhile; the approval is not."""
    now = [1000.0]

    def sleep(seconds):
        now[0] += seconds
        desk.clock.passed += 7200

    with live_desk(budget=Budget(monotonic=lambda: now[0], sleep=sleep)) as desk:
        for _ in range(4):
            desk.place(entry())
        _, report = desk.place(entry())
        assert (report.status, report.error) == ("rejected", "not_sent")
        assert report.note == "not sent: the approval no longer holds"
        assert desk.asked("placeorder") == 4
        _, report = desk.place(leaving())
        assert report.status == "working"


# ---------------------------------------------------------------- the mode


def test_F24_an_entry_is_not_sent_into_the_other_mode():
    with live_desk() as desk:
        desk.broker.analyzer = True
        [trouble], report = desk.place(entry())
        assert isinstance(trouble, events.TroubleSeen)
        assert (trouble.name, report.status, report.error) == ("other_mode", "rejected", "not_sent")
        assert desk.asked("placeorder") == 0


def test_F24_an_exit_waits_while_the_mode_is_the_other_and_goes_when_it_is_right():
    with live_desk() as desk:
        desk.place(entry())
        desk.broker.analyzer = True
        desk.clock.passed += 10
        [_], report = desk.place(leaving())
        assert report.note.startswith("not sent: OpenAlgo is in analyze mode")
        desk.broker.analyzer = False
        desk.clock.passed += 10
        others, report = desk.place(leaving())
        assert (others, report.status) == ([], "working")


def test_F24_an_order_that_the_other_mode_took_says_so_at_once_and_no_entry_follows_it():
    """The switch was thrown within the five seconds for which the mode was known."""
    with live_desk() as desk:
        desk.place(entry(limit=999))
        desk.broker.analyzer = True
        [trouble], report = desk.place(entry(limit=998))
        assert (trouble.name, report.status) == ("other_mode", "working")
        [_], refused = desk.place(entry(limit=997))
        assert refused.note.startswith("not sent: OpenAlgo is in analyze mode")
        assert desk.asked("placeorder") == 2


def test_F24_a_mode_that_was_the_other_for_one_order_alone_does_not_halt_entries_for_the_day():
    """The reader of the account, who tells the end of it, had never seen its beginning."""
    with live_desk() as desk:
        desk.account.books()
        desk.clock.passed += 6
        desk.broker.analyzer = True
        [trouble], _ = desk.place(entry())
        desk.broker.analyzer = False
        [over, _] = desk.account.books()
        assert (type(over), over.name) == (events.TroubleOver, trouble.name)
        assert [type(event) for event in desk.account.books()] == [events.BooksRead]


def test_an_exit_goes_although_the_mode_cannot_be_read_and_an_entry_does_not():
    with live_desk() as desk:
        desk.place(entry())
        desk.clock.passed += 10
        desk.broker.script(Fault("analyzer", "status", times=0))
        _, refused = desk.place(entry())
        assert "could not be read" in refused.note
        _, sent = desk.place(leaving())
        assert sent.status == "working"


def test_the_mode_is_asked_once_for_orders_of_the_same_moment():
    with live_desk() as desk:
        desk.place(entry(limit=999))
        desk.place(entry(limit=998))
        assert desk.asked("analyzer") == 1
        desk.clock.passed += 5.1
        desk.place(entry(limit=997))
        assert desk.asked("analyzer") == 2


def test_a_sandbox_that_was_asked_for_is_the_right_mode():
    with live_desk(profile=SANDBOX, mode="analyze") as desk:
        others, report = desk.place(entry())
        assert (others, report.status) == ([], "working")


# ---------------------------------------------------------------- hard caps


@pytest.mark.parametrize(
    ("caps", "why"),
    [
        ({"hard_max_order_value": 10_000}, "hard_max_order_value: 10010 is above 10000"),
        ({"hard_max_quantity": 9}, "hard_max_quantity: 10 is above 9"),
        ({"hard_max_orders_per_day": 1}, "hard_max_orders_per_day: 2 is above 1"),
    ],
)
def test_what_is_above_a_hard_cap_is_never_sent_and_exits_pass(caps, why):
    with live_desk(caps=HardCaps(**caps), sent=SentToday(NOW.date(), 1)) as desk:
        _, report = desk.place(entry())
        assert report.note == f"not sent: {why}"
        assert desk.asked("placeorder") == 0
        _, sent = desk.place(leaving(quantity=1000))
        assert sent.status != "rejected" or "hard_max" not in sent.note


@pytest.mark.parametrize(
    ("caps", "why"),
    [
        ({"hard_max_order_value": 20_000}, "hard_max_order_value: 30030 is above 20000"),
        ({"hard_max_quantity": 20}, "hard_max_quantity: 30 is above 20"),
    ],
)
def test_a_slice_is_held_against_the_caps_as_the_whole_entry_it_is_a_part_of(caps, why):
    """Three slices of ten are an entry of thirty: cutting it up gets no more past a cap."""
    with live_desk(caps=HardCaps(**caps)) as desk:
        _, report = desk.place(evolve(entry(), of_quantity=30))
        assert report.note == f"not sent: {why}"
        assert desk.asked("placeorder") == 0


def test_each_entry_that_goes_counts_and_no_exit_does():
    with live_desk(caps=HardCaps(hard_max_orders_per_day=2)) as desk:
        orders = entry(limit=999), leaving(), entry(limit=998), leaving(), entry(limit=997)
        notes = [desk.place(order)[1].note for order in orders]
        assert notes == ["", "", "", "", "not sent: hard_max_orders_per_day: 3 is above 2"]


def test_the_count_of_a_session_begins_anew_and_survives_a_restart():
    sent = SentToday(NOW.date(), 3)
    sent.add(NOW.date())
    assert sent.on(NOW.date()) == 4
    assert sent.on(NOW.date().replace(day=24)) == 0
    approved = events.EntryApproved(NOW, _signal(), entry(), "risk_per_trade", ())
    book = engine.fold([events.SessionOpened(NOW, NOW.date()), approved]).book
    assert entries_of(book, NOW.date()) == 1


@pytest.mark.parametrize("value", [0, -1, True, "many", 2.5])
def test_a_cap_that_is_no_number_of_shares_is_refused(value):
    with pytest.raises((ValueError, ArithmeticError)):
        HardCaps(hard_max_quantity=value)


def _signal():
    return rc.Signal("INFY", "BUY", at=NOW)


# ---------------------------------------------------------------- cancels and changes


def test_a_cancel_reads_the_book_cancels_and_reads_again():
    with live_desk() as desk:
        _, report = desk.place(entry(limit=990))
        [seen] = desk.cancel(report)
        assert seen.books.order(report.broker_id).status == "cancelled"
        assert seen.books.trades == ()
        assert seen.books.positions is None


def test_what_has_filled_is_not_cancelled_and_the_books_tell_how_much():
    with live_desk() as desk:
        _, report = desk.place(entry())
        [seen] = desk.cancel(report)
        assert desk.asked("cancelorder") == 0
        assert seen.books.order(report.broker_id).status == "complete"
        assert len(seen.books.trades) == 1


def test_a_cancel_of_an_order_without_a_name_sends_nothing():
    with live_desk() as desk:
        assert [type(event) for event in desk.gateway.cancel(events.CancelOrder("x"), NOW)] == [events.BooksRead]
        assert desk.asked("cancelorder") == 0


def test_what_the_book_does_not_show_is_cancelled_by_its_name_where_the_engine_has_found_it_absent():
    """So is one that is missing in a book with nothing in it: some brokers' plugins tell an error so."""
    with live_desk() as desk:
        _, other = desk.place(entry(limit=980))
        _, report = desk.place(entry(limit=990))
        desk.broker.venue.account.unlisted.add(report.broker_id)
        desk.cancel(report)
        assert desk.asked("cancelorder") == 0
        absent = events.CancelOrder(report.order_id, report.broker_id, absent=True)
        [seen] = desk.gateway.cancel(absent, NOW)
        assert seen.books.order(report.broker_id) is None
        assert desk.order(report).status == "cancelled"
        desk.broker.venue.account.unlisted.add(other.broker_id)
        desk.cancel(other)
        assert desk.order(other).status == "cancelled"


@pytest.mark.parametrize(("failures", "status", "asked"), [(1, "cancelled", 2), (2, "open", 2)])
def test_a_cancel_by_name_that_fails_is_sent_once_more(failures, status, asked):
    """No book will show that the order works still; and what the broker has never heard of is asked for twice alone."""
    with live_desk() as desk:
        _, report = desk.place(entry(limit=990))
        desk.broker.venue.account.unlisted.add(report.broker_id)
        desk.broker.script(Fault("cancelorder", "status", times=failures))
        desk.gateway.cancel(events.CancelOrder(report.order_id, report.broker_id, absent=True), NOW)
        assert (desk.order(report).status, desk.asked("cancelorder")) == (status, asked)


def test_what_was_never_named_is_not_cancelled_by_its_name():
    with live_desk() as desk:
        assert [type(event) for event in desk.gateway.cancel(events.CancelOrder("x", absent=True), NOW)] == [
            events.BooksRead
        ]
        assert desk.asked("cancelorder") == 0


def test_what_the_book_shows_ended_after_all_is_not_cancelled_by_its_name():
    with live_desk() as desk:
        _, report = desk.place(entry())
        [seen] = desk.gateway.cancel(events.CancelOrder(report.order_id, report.broker_id, absent=True), NOW)
        assert seen.books.order(report.broker_id).status == "complete"
        assert desk.asked("cancelorder") == 0


def revised(desk, report, **wish):
    command = events.ReviseOrder(report.order_id, Revision(**wish), report.broker_id)
    return list(desk.gateway.revise(command, desk.clock.wall()))


def test_a_resting_stop_is_changed_in_place():
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        [told] = revised(desk, stop, quantity=10, limit=Decimal(980), trigger=Decimal(990))
        order = desk.order(stop)
        assert told.outcome == events.TAKEN
        assert (order.quantity, order.price, order.trigger) == (10, 980, 990)


@pytest.mark.parametrize(("kind", "outcome"), [("forbidden", events.REFUSED), ("status", events.UNSURE)])
def test_a_change_that_was_not_taken_says_so_or_says_that_it_does_not_know(kind, outcome):
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.script(Fault("modifyorder", kind))
        told, seen = revised(desk, stop, quantity=6, limit=Decimal(980), trigger=Decimal(990))
        assert told.outcome == outcome
        assert seen.books.order(stop.broker_id).trigger == 980


def test_a_stop_that_is_gone_cannot_be_changed_and_nobody_says_that_it_was():
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.cancel_by_broker(stop.broker_id)
        told, _ = revised(desk, stop, quantity=6, limit=Decimal(980), trigger=Decimal(990))
        assert (told.outcome, desk.asked("modifyorder")) == (events.UNSURE, 0)


def test_what_the_other_mode_shows_is_never_taken_for_ours():
    """Our stop rests in the live book; somebody switches the analyzer on, whose book is empty."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.analyzer = True
        assert [event.name for event in desk.cancel(stop)] == ["other_mode"]
        assert desk.asked("cancelorder") == 0, "an empty book of the other mode is no book that came with nothing in it"
        told = revised(desk, stop, quantity=6, limit=Decimal(980), trigger=Decimal(990))
        assert [type(event) for event in told] == [events.TroubleSeen, events.RevisionReported]


def test_shoonya_takes_the_same_orders():
    with live_desk(profile=SHOONYA) as desk:
        _, report = desk.place(entry(limit=999))
        assert report.status == "working"
        [seen] = desk.cancel(report)
        assert seen.books.order(report.broker_id).status == "cancelled"
        assert INFY.key == seen.books.order(report.broker_id).key


@pytest.mark.parametrize("how", ["zeros", "case"])
def test_an_order_that_the_book_shows_under_its_id_written_otherwise_is_cancelled_and_changed_under_its_name(how):
    """The book did not show it, and nothing was sent: an exit waited for the stop's cancel until the form was back."""
    with live_desk(profile=LETTERS) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.script(Fault("orderbook", "respelled", message=how, times=2))
        [told] = revised(desk, stop, quantity=10, limit=Decimal(980), trigger=Decimal(990))
        assert (told.outcome, desk.order(stop).trigger) == (events.TAKEN, 990)
        desk.cancel(stop)
        assert desk.order(stop).status == "cancelled"


def test_an_order_that_was_named_by_a_row_written_otherwise_is_cancelled_under_the_id_that_the_book_shows_now():
    with live_desk(profile=LETTERS) as desk:
        _, report = desk.place(entry(limit=990))
        desk.cancel(evolve(report, broker_id=report.broker_id.swapcase()))
        assert desk.order(report).status == "cancelled"
        assert desk.asked("cancelorder") == 2
