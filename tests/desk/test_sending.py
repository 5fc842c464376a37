"""A script sends what was approved: once, protected, and refused where anything has moved on since."""

from datetime import timedelta
from decimal import Decimal, getcontext, localcontext

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.caps import HardCaps
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.testing import Fault
from tests.desk.scripts import NOW, RULES, account, kind_of

pytestmark = pytest.mark.smoke  # under the older line of the SDK too


@pytest.fixture
def here(tmp_path):
    with account(tmp_path / "desk.db") as made:
        yield made


def test_what_was_approved_is_filled_and_its_stop_rests_when_send_returns(here):
    with here.desk() as desk:
        sent = here.entered(desk)
    assert (sent.status, sent.ended, sent.filled_quantity, sent.average_price) == (
        "filled",
        True,
        76,
        Decimal("1000.1"),
    )
    assert (sent.held, sent.stop, sent.target, sent.stop_rests) == (76, Decimal("988.1"), Decimal("1030.1"), True)
    [resting] = here.orders(working=True)
    assert (resting.side, resting.quantity, resting.trigger) == ("SELL", 76, Decimal("988.1"))
    told = sent.explain()
    assert told.startswith("FILLED BUY NSE:INFY: 76 of 76 filled at Rs 1000.10")
    assert "stop    Rs 988.10, rests at the broker" in told


def test_the_journal_of_a_script_is_a_runners_and_replays_to_the_letter(here):
    with here.desk() as desk:
        here.entered(desk)
        desk.exit("INFY")
    names = [type(fact).__name__ for fact in here.facts(object)]
    told = ["SignalTaken", "EntryApproved", "Acknowledged", "OrderMoved", "Filled", "Bared", "ExitApproved"]
    assert names[names.index("SignalTaken") :][: len(told)] == told
    assert names[-1] == "PositionClosed"
    with Reader(here.path) as journal:
        assert replay(journal).same


def test_the_intent_is_durable_before_the_order_is_sent(here):
    seen = []

    def look(event):
        if event.kind == "order_update" and not seen:
            seen.append([fact.order.order_id for fact in here.facts(events.EntryApproved)])

    with here.desk() as desk:
        decision = desk.decide(here.signal())
        here.broker.listen(look)
        desk.send(decision)
    assert seen == [[decision.order.order_id]]


def test_an_entry_that_nobody_fills_is_cancelled_after_its_time(here):
    here.broker.fills_by_hand = True
    with here.desk() as desk:
        sent = here.entered(desk)
    assert (sent.status, sent.filled_quantity, sent.average_price, sent.held) == ("cancelled", 0, None, 0)
    assert 10 <= here.clock.passed < 12
    assert here.orders(working=True) == []


def test_a_part_that_fills_is_protected_as_it_comes_and_the_rest_is_cancelled(here):
    here.broker.fills_by_hand = True
    covered = []

    def half_way():
        if here.clock.passed == 2.0:
            [order] = here.orders(working=True)
            here.broker.fill(order.order_id, 30, Decimal(1000))
        if here.clock.passed == 4.0:
            covered.extend(order.quantity for order in here.orders(working=True) if order.side == "SELL")

    here.clock.between = half_way
    with here.desk() as desk:
        sent = here.entered(desk)
    assert covered == [30]
    assert (sent.status, sent.filled_quantity, sent.average_price) == ("partly_filled", 30, 1000)
    assert (sent.held, sent.stop_rests) == (30, True)
    assert "PARTLY_FILLED BUY NSE:INFY: 30 of 76" in sent.explain()


def test_a_refused_order_is_rejected_with_the_brokers_words(here):
    here.broker.script(Fault("placeorder", "status", status=400, message="RMS: margin exceeds"))
    with here.desk() as desk:
        sent = here.entered(desk)
        assert (sent.status, sent.held, "RMS: margin exceeds" in sent.note) == ("rejected", 0, True)
        here.clock.passed += 1
        assert here.entered(desk).status == "filled"


def test_an_order_that_waits_for_a_hand_is_told_at_once_and_settled_by_the_next_look(here):
    here.broker.semi_auto = True
    with here.desk() as desk:
        sent = here.entered(desk)
        assert (sent.status, sent.ended) == ("awaiting_approval", False)
        assert "Action Center" in sent.explain()
        here.broker.semi_auto = False
        here.broker.approve(1)
        assert desk.book().position("NSE:INFY").quantity == 76
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


def test_the_hard_caps_stand_behind_the_rules(here):
    with here.desk(caps=HardCaps(hard_max_quantity=10)) as desk:
        sent = here.entered(desk)
    assert (sent.status, "hard_max_quantity" in sent.note) == ("rejected", True)
    assert here.sent() == []


def test_entries_of_earlier_scripts_count_for_the_hard_cap_of_a_day(here):
    caps = HardCaps(hard_max_orders_per_day=1)
    with here.desk(caps=caps) as desk:
        assert here.entered(desk).status == "filled"
    with here.desk(caps=caps) as desk:
        sent = here.entered(desk, "TCS")
    assert (sent.status, "hard_max_orders_per_day" in sent.note) == ("rejected", True)


def test_an_approval_does_not_outlive_its_quote(here):
    with here.desk() as desk:
        decision = desk.decide(here.signal())
        here.clock.passed += 30.5
        kind, text = kind_of(lambda: desk.send(decision))
        assert (kind, "stale, decide again" in text) == ("stale", True)
        assert here.entered(desk).status == "filled"
    assert len(here.sent()) == 2


def test_what_the_rules_refuse_by_now_is_stale_and_leaves_the_signal_unanswered(here):
    """The clock alone can do it: here the entries of the day end between the decision and the sending."""
    here.clock.passed = 4.25 * 3600 - 2
    with here.desk() as desk:
        decision = desk.decide(here.signal(stop=990, target=1030))
        assert decision.approved, decision.explain()
        here.clock.passed += 3
        kind, text = kind_of(lambda: desk.send(decision))
        assert (kind, "no_entry_after" in text) == ("stale", True)
    assert here.sent() == []
    assert here.facts(events.SignalTaken) == []


def fewer_later(context):
    """A rule of a trader's own by which the hour counts: thirty shares, and ten from two seconds later on."""
    later = context.market.at >= NOW + timedelta(seconds=2)
    return rc.Finding("fewer_later", True, measured="fine", max_quantity=10 if later else 30)


def test_an_order_that_would_be_another_one_by_now_is_not_the_one_that_was_read(here):
    """The rules still say yes, but to fewer shares than the person saw: nothing is sent, and the next look sends it."""
    policy = rc.Policy(**RULES).with_rules(fewer_later)
    with here.desk(policy) as desk:
        decision = desk.decide(here.signal())
        assert decision.order.quantity == 30
        here.clock.passed += 3
        kind, text = kind_of(lambda: desk.send(decision))
        assert (kind, "another quantity would be sent" in text) == ("stale", True)
        assert here.sent() == []
        assert here.facts(events.SignalTaken) == []
        assert here.entered(desk).filled_quantity == 10


def test_the_same_signal_is_answered_once(here):
    with here.desk() as desk:
        signal = here.signal()
        decision = desk.decide(signal)
        desk.send(decision)
        kind, text = kind_of(lambda: desk.decide(signal))
        assert (kind, "which is filled" in text) == ("repeated", True)
        assert kind_of(lambda: desk.send(decision))[0] == "not_approved"
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


def test_approvals_of_others_are_not_sent(here):
    signal = here.signal(stop=980, target=1100)
    market = rc.Market(instrument=rc.nse_equity("INFY", on=NOW.date(), tick="0.1"), at=NOW, last=1000)
    elsewhere = rc.decide(signal, rc.Book(10_000_000), market, rc.Policy(position_size_basis="margin"))
    assert elsewhere.approved
    with here.desk() as desk:
        assert kind_of(lambda: desk.send(elsewhere))[0] == "not_approved"
        desk.decide(signal)
        assert kind_of(lambda: desk.send(elsewhere))[0] == "not_approved"
    assert here.sent() == []


@pytest.mark.parametrize(("live_symbols", "shadow"), [(("TCS",), False), (("INFY",), True)])
def test_what_is_to_be_decided_and_withheld_is_not_sent_and_leaves_no_trace(here, live_symbols, shadow):
    """A symbol that is not live yet, or a signal that only shadows: the remedy is named, and nothing is recorded."""
    with here.desk(rc.Policy(**RULES, live_symbols=live_symbols)) as desk:
        decision = desk.decide(here.signal(shadow=shadow))
        assert decision.approved
        kind, text = kind_of(lambda: desk.send(decision))
        assert (kind, "add the symbol to live_symbols" in text) == ("not_approved", True)
    assert (here.sent(), here.facts(events.SignalTaken)) == ([], [])


def bare_tables():
    """A broker at which no stop can rest."""
    row = {"since": NOW.date().replace(year=2021), "broker": "stub", "resting": "none", "empty_proves": True}
    return rc.Tables(brokers=[rc.Capability(**row)])


def test_where_no_stop_can_rest_nothing_is_sent_unless_somebody_looks_after_it(here):
    policy = rc.Policy(position_size_basis="margin", tables=bare_tables())
    with here.desk(policy) as desk:
        decision = desk.decide(here.signal())
        kind, text = kind_of(lambda: desk.send(decision))
        assert (kind, "desk.watch()" in text, "stub" in text) == ("no_stop_rests", True, True)
        assert here.sent() == []
        sent = desk.send(decision, adopted_by_runner=True)
        assert (sent.status, sent.stop_rests) == ("filled", False)
        assert "DOES NOT REST" in sent.explain()
        assert here.entered(desk, "TCS", stays_to_watch=True).status == "filled"
    assert here.sent() == [("BUY", "LIMIT"), ("BUY", "LIMIT")]


def test_a_broker_that_is_not_known_takes_no_entry(here):
    """Nobody knows what its money means, nor whether a stop can rest there."""
    here.broker.script(Fault("ping", "status", times=0))
    with here.desk() as desk:
        decision = desk.decide(here.signal())
        assert not decision.approved
        assert "equity" in {found.rule for found in decision.reasons}
        kind, _ = kind_of(lambda: desk.send(decision))
        assert kind == "not_approved"
    assert here.sent() == []


def test_a_journal_that_was_given_open_stays_open(here):
    with Journal(here.path) as journal:
        with here.desk(journal=journal) as desk:
            assert here.entered(desk).status == "filled"
        assert journal.length > 20


def test_who_ends_a_script_while_its_entry_works_leaves_no_order_behind(tmp_path):
    """It would have filled later, with nobody there to protect a share."""
    with account(tmp_path / "journal.db") as there, there.desk() as desk:
        decision = desk.decide(there.signal())
        there.broker.quote("NSE:INFY", last=1010, bid="1009.9", ask="1010.1")
        waits = iter(range(100))

        def ends():
            if next(waits) == 1:
                raise KeyboardInterrupt

        there.clock.between = ends
        with pytest.raises(KeyboardInterrupt):
            desk.send(decision)
        there.clock.between = lambda: None
        assert [order.status for order in there.broker.truth().orders] == ["cancelled"]
        assert desk.book().live_orders() == ()


# ---------------------------------------------------------------- above the freeze quantity


def sliced(here):
    """An INFY of which one order may have 30 shares; nothing fills by itself."""
    here.broker.contract("NSE:INFY", tick="0.1", freeze=30)
    here.broker.fills_by_hand = True


def buys(here, **where):
    return [order for order in here.orders(**where) if order.side == "BUY"]


def test_the_slices_of_an_entry_are_told_as_the_entry(here):
    here.broker.contract("NSE:INFY", tick="0.1", freeze=30)
    with here.desk() as desk:
        sent = here.entered(desk)
    assert (sent.status, sent.quantity, sent.filled_quantity, sent.held) == ("filled", 76, 76, 76)
    assert (sent.average_price, sent.stop_rests) == (Decimal("1000.1"), True)
    assert sent.broker_id == ", ".join(order.order_id for order in buys(here))
    assert "FILLED BUY NSE:INFY: 76 of 76 filled at Rs 1000.10" in sent.explain()


@pytest.mark.parametrize("first", [0, 1, 2])
def test_send_stays_until_every_slice_has_ended_and_what_filled_is_covered(here, first):
    """It returned once the first had filled, and nobody took back or protected the others."""
    sliced(here)

    def one_fills():
        if here.clock.passed == 1.0:
            order = buys(here)[first]
            here.broker.fill(order.order_id, order.quantity, Decimal(1000))

    here.clock.between = one_fills
    with here.desk() as desk:
        sent = here.entered(desk)
    filled = (30, 30, 16)[first]
    assert (sent.status, sent.quantity, sent.filled_quantity) == ("partly_filled", 76, filled)
    assert (sent.average_price, sent.held, sent.stop_rests) == (1000, filled, True)
    assert 10 <= here.clock.passed < 12
    assert [(order.side, order.quantity) for order in here.orders(working=True)] == [("SELL", filled)]


@pytest.mark.parametrize(("arrived", "filled"), [(True, 76), (False, 46)])
def test_a_slice_of_unknown_outcome_is_waited_for(here, arrived, filled):
    here.broker.contract("NSE:INFY", tick="0.1", freeze=30)
    here.broker.script(Fault("placeorder", "status", status=500, after=1, executed=arrived))
    with here.desk() as desk:
        sent = here.entered(desk)
    assert sent.filled_quantity == sent.held == filled
    assert (sent.status, sent.stop_rests) == ("filled" if arrived else "partly_filled", True)
    assert sum(order.quantity for order in buys(here)) == filled


def test_a_slice_that_is_refused_leaves_the_entry_partly_filled(here):
    here.broker.contract("NSE:INFY", tick="0.1", freeze=30)
    here.broker.script(Fault("placeorder", "status", status=400, message="RMS: margin exceeds", after=1))
    with here.desk() as desk:
        sent = here.entered(desk)
    assert (sent.status, sent.filled_quantity, "RMS: margin exceeds" in sent.note) == ("partly_filled", 46, True)


def test_who_ends_a_script_while_slices_work_leaves_none_behind_and_what_filled_protected(here):
    """One of them could not be taken back at once, and filled: it was waited for where it was the first alone."""
    sliced(here)
    calls = iter(range(100))

    def ends():
        first, second, _ = buys(here)
        call = next(calls)
        if call == 0:
            here.broker.fill(first.order_id, 30, Decimal(1000))
            here.broker.script(Fault("cancelorder", "status", times=0, where={"orderid": second.order_id}))
            raise KeyboardInterrupt
        if call == 2:
            here.broker.fill(second.order_id, 30, Decimal(1000))

    here.clock.between = ends
    with here.desk() as desk, pytest.raises(KeyboardInterrupt):
        here.entered(desk)
    assert [order.status for order in buys(here)] == ["complete", "complete", "cancelled"]
    stops = [order.quantity for order in here.orders(working=True) if order.side == "SELL"]
    assert sum(stops) == 60


def test_who_ends_a_script_while_its_slices_are_sent_leaves_none_behind(here, monkeypatch):
    sliced(here)

    def ends(name, about=()):
        if name == "runner.commands.between" and buys(here):
            monkeypatch.undo()
            raise KeyboardInterrupt

    with here.desk() as desk:
        decision = desk.decide(here.signal())
        monkeypatch.setattr("riskcore_openalgo.runner.runner.reach", ends)
        with pytest.raises(KeyboardInterrupt):
            desk.send(decision)
    assert [order.status for order in buys(here)] == ["cancelled"]


def test_a_script_that_reckons_in_four_digits_sends_and_reads_as_any_other(here):
    """Its trades could not be read (`InvalidOperation`), and its tables had other prices than its facts."""
    with localcontext() as script, here.desk() as desk:
        script.prec = 4
        sent = here.entered(desk)
        assert script.prec == getcontext().prec == 4
    assert (sent.status, sent.average_price) == ("filled", Decimal("1000.1"))
    with Reader(here.path) as journal:
        books = [row.event.books for row in journal.rows("input") if isinstance(row.event, events.BooksRead)]
    assert any(read.trades for read in books)
    assert not any(read.unread for read in books)
