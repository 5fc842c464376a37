"""Nights between an exit and its end: what was to leave still leaves, and what filled unseen is settled first."""

from datetime import date
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, stop_of
from tests.core.engine_days import INFY, SEEN, a_day

CALL = rc.Instrument(
    symbol="NIFTY24DEC2626000CE",
    tick="0.05",
    exchange="NFO",
    segment="OPT",
    kind="index",
    underlying="NIFTY",
    expiry=date(2026, 12, 24),
    strike=26000,
    right="CE",
)
WORDS = {"symbol": CALL.symbol, "exchange": "NFO", "product": "NRML"}


def delivery(broker):
    """50 INFY for delivery at 1,000, stop 980; it rests where it can."""
    day = at_broker(broker=broker)
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    if broker != "paper":
        day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    return day


def sent_today(day):
    """The exits that do not rest of the scenario's day, as (clock, reason, quantity)."""
    return [
        (f"{o.at:%H:%M:%S}", o.reason, o.quantity) for o in day.sent() if o.trigger is None and o.at.date() == day.day
    ]


# ---------------------------------------------------------------- exits that did not get off


@pytest.mark.parametrize("broker", ["paper", "sandbox"])
@pytest.mark.parametrize("restarts", [False, True])
def test_an_exit_that_was_refused_until_the_close_goes_with_the_next_open(broker, restarts):
    """At a circuit, or sent after the close: the orders of a day end with it, and the wish to leave does not."""
    day = delivery(broker)
    day.signal("15:13", "SELL", kind="exit", product="CNC")
    if broker != "paper":
        day.report("15:13:01", stop_of(day).order_id, "cancelled")
    day.report("15:14:59.900", day.sent()[-1].order_id, "rejected", note="lower circuit")
    day.time("15:40")
    day.next_day(3)
    day.time("08:30")
    wish = day.state.custody.wanted_of(INFY.key)
    assert (wish.reason, wish.part, wish.rule, wish.at) == ("signal", None, "", day.at("08:30"))
    if restarts:
        day.restart()
    day.time("09:14:59")
    assert sent_today(day) == []
    day.time("09:15")
    day.time("09:15:00.500")
    assert sent_today(day) == [("09:15:00", "signal", 50)]
    day.fill("09:15:01", day.sent()[-1].order_id, price=1001)
    day.time("09:20")
    assert (day.book.positions, len(sent_today(day))) == ((), 1)


@pytest.mark.parametrize("broker", ["paper", "sandbox"])
def test_an_exit_signal_after_the_close_goes_with_the_next_open(broker):
    """Strategies on bars of a day speak after it: the broker refuses, and over a holiday it still waits."""
    day = delivery(broker)
    if broker != "paper":
        day.report("15:30", stop_of(day).order_id, "cancelled")
    day.signal("15:45", "SELL", kind="exit", product="CNC")
    day.report("15:45:01", day.sent()[-1].order_id, "rejected", note="the market is closed")
    day.next_day(1)
    day.time("10:00")
    day.next_day(2)
    day.time("09:15")
    assert sent_today(day) == [("09:15:00", "signal", 50)]


def test_a_reduction_that_was_refused_at_the_close_takes_its_part_in_the_morning():
    """The rest gets its stop."""
    day = delivery("sandbox")
    day.signal("15:13", "SELL", kind="exit", product="CNC", reduce_by=20)
    day.take(e.RevisionReported(day.at("15:13:01"), stop_of(day).order_id, e.TAKEN))
    part = day.sent()[-1].order_id
    day.report("15:13:02", part, "working", broker_id="X1")
    day.report("15:14:59.900", part, "rejected", 5, 5000)
    day.next_day(3)
    day.time("08:30")
    wish = day.state.custody.wanted_of(INFY.key)
    assert (wish.reason, wish.part, wish.at) == ("signal", 15, day.at("08:30"))
    day.time("09:15")
    assert sent_today(day) == [("09:15:00", "signal", 15)]
    assert (stop_of(day).at, stop_of(day).quantity) == (day.at("09:15"), 30)


def test_what_is_on_its_way_yet_is_left_to_the_books_of_the_new_day():
    """One exit and no second: the order may have filled before the close."""
    day = delivery("sandbox")
    day.signal("15:13", "SELL", kind="exit", product="CNC")
    day.report("15:13:01", stop_of(day).order_id, "cancelled")
    day.report("15:13:02", day.sent()[-1].order_id, "working", broker_id="X1")
    day.next_day(3)
    day.time("09:15")
    assert (sent_today(day), day.state.custody.wanted) == ([], ())


def test_a_position_that_nobody_asked_to_leave_stays_and_so_does_one_whose_leg_failed():
    """A leg of the target goes when its price is there again."""
    day = at_broker(broker="paper", target_legs=["50% at 1R", "50% at 4R"])
    day.fill("10:00:01", day.enter("10:00", product="CNC", last=1000, stop=980), price=1000)
    day.prices("15:14:59", last=1021)
    day.report("15:14:59.900", day.sent()[-1].order_id, "rejected")
    day.next_day(3)
    day.time("09:15")
    assert (sent_today(day), day.book.positions[0].quantity) == ([], 50)


# ---------------------------------------------------------------- orders of which a day did not tell the end


def contracts(thing=CALL, **policy):
    """A day of an option that is carried over nights, at a broker where stops rest."""
    day = a_day(thing, equity=10_000_000, max_quantity=50, allowed_products=["NRML"], **policy)
    day.take(e.BrokerSeen(day.at("09:17"), rc.capability("sandbox", on=day.day)))
    return day


def bought(day, clock="10:00"):
    """50 of the option at 1,000, stop 980: the entry."""
    signal = day.signal(clock, stop=980, target=1100, **WORDS)
    day.look(clock, signal, last=1000, atr=10)
    return day.sent(rc.ApprovedEntry)[-1].order_id


def left_at_the_close(status, **more):
    """The same held, with an exit that was sent just before the close."""
    day = contracts()
    entry = bought(day)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.signal("15:29:50", "SELL", kind="exit", **WORDS)
    day.report("15:29:51", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1].order_id
    day.report("15:29:56", out, status, **more)
    day.next_day(3)
    day.time("08:30")
    return day, out


def shows(day, clock, quantity, **more):
    """A read of the morning: an empty order book, and so many of the option."""
    there = rc.BrokerPosition(key=CALL.key, product="NRML", quantity=quantity, average_price=1000 if quantity else None)
    shown = {"orders": (), "trades": (), "positions": (there,), "holdings": (), **more}
    return day.take(e.BooksRead(day.at(clock), rc.BrokerBooks(at=day.at(clock), **shown)))


UNKNOWN, WORKED = ("unknown", {}), ("working", {"broker_id": "X1"})


@pytest.mark.parametrize(("status", "more"), [UNKNOWN, WORKED])
def test_inv7_an_exit_that_filled_unseen_before_the_night_is_not_sent_again(status, more):
    """The position is gone: a second sale would open a short one. It is taken for its fill by the second read."""
    day, out = left_at_the_close(status, **more)
    shows(day, "09:14:57", 0)
    day.time("09:15")
    assert day.book.order(out).live
    shows(day, "09:15:03", 0)
    day.time("09:15:05")
    assert (sent_today(day), day.book.positions) == ([], ())
    assert day.book.order(out).status == "filled"
    assert ("presumed_filled", out) in day.state.custody.told


@pytest.mark.parametrize(("status", "more"), [UNKNOWN, WORKED])
def test_one_that_did_not_fill_is_sent_again_at_the_open(status, more):
    day, out = left_at_the_close(status, **more)
    shows(day, "09:14:57", 50)
    day.time("09:15")
    assert not day.book.order(out).live
    assert sent_today(day) == [("09:15:00", "signal", 50)]


@pytest.mark.parametrize(("status", "more"), [UNKNOWN, WORKED])
def test_of_one_that_filled_in_part_the_rest_is_sent_again(status, more):
    """20 of 50 are left there: 30 filled, and the order has ended with its session."""
    day, out = left_at_the_close(status, **more)
    for clock in ("09:14:50", "09:14:54", "09:14:57"):
        shows(day, clock, 20)
    day.time("09:15:01")
    assert day.book.order(out).filled_quantity == 30
    assert sent_today(day) == [("09:15:01", "signal", 20)]


def test_while_positions_are_not_read_nothing_is_known_of_it():
    day, out = left_at_the_close("unknown")
    for clock in ("09:14:57", "09:15", "09:15:03"):
        shows(day, clock, 0, positions=None)
    day.time("09:15:05")
    assert (day.book.order(out).status, sent_today(day)) == ("unknown", [])


def test_F20_an_entry_that_filled_unseen_before_the_night_gets_its_stop_in_the_morning():
    """It was settled as never arrived, and its shares stood at the broker as somebody else's, without a stop."""
    day = contracts()
    entry = bought(day, "14:40")
    day.report("14:40:05", entry, "unknown")
    day.next_day(3)
    day.time("08:30")
    shows(day, "09:15", 50)
    shows(day, "09:15:03", 50)
    assert (stop_of(day).quantity, stop_of(day).trigger) == (50, 980)
    assert day.book.order(entry).status == "filled"


@pytest.mark.parametrize(("there", "rests"), [(0, []), (8, [8]), (20, [20]), (None, [20])])
def test_a_stop_that_filled_unseen_before_the_night_beside_an_entry_that_worked_on_does_not_come_again(there, rests):
    """Orders and trades are out since: an entry can only have added to what is not there, so it is gone."""
    day = contracts()
    entry = bought(day, "14:40")
    day.report("14:40:01", entry, "working", 20, 20_000, broker_id="E1")
    day.report("14:40:02", stop_of(day).order_id, "working", broker_id="S1")
    day.next_day(3)
    day.time("08:30")
    positions = {"positions": None} if there is None else {}
    for clock in ("09:14:50", "09:14:54"):
        shows(day, clock, there or 0, orders=None, trades=None, **positions)
    day.time("09:15:01")
    today = [order.quantity for order in day.sent(rc.ApprovedExit) if order.at.date() == day.day]
    assert today == rests
    assert (day.book.position(CALL.key) is None) == (there == 0)


def test_shares_that_were_accepted_as_not_ours_are_no_fill_of_it():
    day, out = left_at_the_close("unknown")
    beside = e.DifferencesTaken(day.at("08:31"), "me", "mine", (), ((CALL.key, -50),))
    day.facts.append(beside)
    day.restart()
    shows(day, "09:14:57", 0)
    day.time("09:15:01")
    assert not day.book.order(out).live
    assert sent_today(day) == [("09:15:01", "signal", 50)]


def test_an_entry_for_delivery_of_which_nobody_saw_the_end_calls_somebody():
    """What it bought stands among the holdings, beside whatever else is there: only the owner can tell."""
    day = at_broker()
    entry = day.enter("14:40", product="CNC", **SEEN)
    day.report("14:40:05", entry, "unknown")
    day.next_day(3)
    held = (rc.BrokerHolding(key=INFY.key, quantity=50, average_price=Decimal(1000)),)
    read = rc.BrokerBooks(at=day.at("09:20"), orders=(), trades=(), positions=(), holdings=held)
    day.take(e.BooksRead(day.at("09:20"), read))
    assert day.book.order(entry).status == "rejected"
    assert ("unseen_before_the_night", entry) in day.state.custody.told


# ---------------------------------------------------------------- contracts that expired over the night


@pytest.mark.parametrize("broker", ["sandbox", "shoonya"])
@pytest.mark.parametrize("known", [True, False])
def test_a_contract_that_expired_over_the_night_is_gone_and_gets_no_stop(broker, known):
    """The exchange settled it. A book without a row of it was no proof at some brokers: it was held for ever."""
    day = a_day(CALL, day=date(2026, 12, 23), equity=10_000_000, max_quantity=50, allowed_products=["NRML"])
    day.take(e.BrokerSeen(day.at("09:17"), rc.capability(broker, on=day.day)))
    entry = bought(day)
    day.fill("10:00:01", entry, price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    for clock in ("09:15", "15:39"):
        day.next_day(clock == "09:15")
        day.prices(clock, last=1010)
    assert (day.day, stop_of(day).at) == (CALL.expiry, day.at("09:15"))
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S2")
    day.next_day(4)
    sent = len(day.sent())
    day.time("09:15")
    assert len(day.sent()) == sent
    for clock in ("09:15:01", "09:15:04"):
        shows(day, clock, 0, **({} if known else {"positions": ()}))
    day.time("09:15:05")
    assert (day.book.positions, len(day.sent())) == ((), sent)
    closed = day.last(e.PositionClosed)
    assert (closed.exit_price, closed.gross) == (1010, 500)
