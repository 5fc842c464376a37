"""Brokers whose positions show the day's trades alone: contracts are not carried there."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.account import moved_by
from tests.core.custody_days import at_broker, books, carrying, foreign, row, stop_of, trade
from tests.core.engine_days import SEEN

FUTURE = rc.Instrument(
    symbol="NIFTY24NOV26FUT", tick="0.05", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY", lot_size=65
)
OTHER = rc.BrokerPosition(key="NSE:TCS", product="MIS", quantity=0)


def reads(day, *shown):
    for clock in ("09:16", "09:16:03", "09:16:06", "09:16:09"):
        read = rc.BrokerBooks(at=day.at(clock), orders=(foreign(),), trades=(), positions=shown, holdings=())
        day.take(e.BooksRead(day.at(clock), read))


@pytest.mark.parametrize("shown", [(OTHER,), (attrs.evolve(OTHER, key=FUTURE.key, product="NRML", quantity=-65),)])
def test_a_contract_that_the_positions_of_the_day_lack_is_held_and_keeps_its_stop(shown):
    """It was dropped from the book, and its stop taken back: 130 of a future were held by nobody."""
    day = carrying(FUTURE, broker="samco")
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S1")
    reads(day, *shown)
    assert (day.book.positions[0].quantity, day.book.resting(FUTURE.key).approved.quantity) == (130, 130)
    assert day.book.state_of(FUTURE.key) == "halted"
    assert ("positions_differ", FUTURE.key) in day.state.custody.told


@pytest.mark.parametrize(("by_hand", "differs"), [(0, []), (-65, [("suspect", 0, -195)])])
def test_what_was_carried_and_has_left_is_nobodys_where_the_positions_show_the_day_alone(by_hand, differs):
    """An emergency stop of the whole account had sold 130, took the -130 there for a short, and bought them back."""
    day = carrying(FUTURE, broker="samco")
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S1")
    day.take(e.EmergencyStopped(day.at("09:20"), "me", "enough", whole_account=True))
    day.report("09:20:00.500", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    day.report("09:20:01", out.order_id, "working", broker_id="X1")
    day.fill("09:20:02", out.order_id, price=990)
    shown = rc.BrokerPosition(key=FUTURE.key, product="NRML", quantity=-130 + by_hand, average_price=990)
    sold = rc.BrokerTrade(order_id="X1", key=FUTURE.key, side="SELL", quantity=130, price=990, product="NRML")
    more = (attrs.evolve(sold, order_id="H1", quantity=65),) if by_hand else ()
    rows = (row(out, "X1", "complete"), foreign())
    for clock in ("09:20:10", "09:20:20", "09:21:30"):
        books(day, clock, orders=rows, trades=(sold, *more), positions=(shown,), instruments=(FUTURE,))
    assert (day.sent()[-1], day.book.positions) == (out, ())
    assert [(known.kind, known.ours, known.theirs) for known in day.state.custody.mismatches] == differs


@pytest.mark.parametrize("shown", [(), (-130,)])
def test_an_exit_that_never_arrived_is_not_taken_for_filled_because_the_day_has_none_of_what_was_carried(shown):
    """It was: 130 of a future were held by nobody. Where the day has them sold, it has filled."""
    day = carrying(FUTURE, broker="samco")
    stop, there = (
        stop_of(day),
        (OTHER, *(attrs.evolve(OTHER, key=FUTURE.key, product="NRML", quantity=n) for n in shown)),
    )
    day.report("09:15:01", stop.order_id, "working", broker_id="S1")
    day.take(e.OperatorExited(day.at("09:16"), "me", "enough", FUTURE.key))
    day.report("09:16:01", stop.order_id, "cancelled")
    out = day.sent()[-1]
    day.report("09:16:06", out.order_id, "unknown")
    rows, trades = (foreign("F1"), row(stop, "S1", "cancelled")), (trade("F1", "BUY", 1, 100, "NSE:TCS"),)
    sold = attrs.evolve(trade("X1", "SELL", 130, 990, FUTURE.key), product="NRML")
    trades = (*trades, sold) if shown else trades
    for second in range(10, 60, 5):
        books(day, f"09:16:{second}", orders=rows, trades=trades, positions=there)
        day.time(f"09:16:{second}.500")
    assert [one.quantity for one in day.book.positions] == ([] if shown else [130])
    assert (day.book.order(out.order_id).status, day.sent()[-1] == out) == (
        ("filled", True) if shown else ("rejected", False)
    )


LATER = attrs.evolve(FUTURE, symbol="NIFTY29DEC26FUT")


def left_over_the_night(status, named, *, broker="samco"):
    """130 of a future that were to leave at the close of Monday; Wednesday's open, and the exit nobody saw end."""
    day = carrying(LATER, broker=broker)
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S1")
    day.take(e.OperatorExited(day.at("15:29:50"), "me", "enough", LATER.key))
    day.report("15:29:51", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    day.report("15:29:52", out.order_id, status, broker_id=named)
    day.next_day(2)
    day.time("09:15:01")
    return day, out


def morning(day, *shown, trades=()):
    """Three reads of the books of that day, in which somebody bought another share."""
    all_trades = (trade("F1", "BUY", 1, 100, "NSE:TCS"), *trades)
    for clock in ("09:15:10", "09:15:20", "09:15:30"):
        books(day, clock, orders=(foreign("F1"),), trades=all_trades, positions=(OTHER, *shown))
        day.time(f"{clock}.500")


@pytest.mark.parametrize(("status", "named"), [("working", "X1"), ("unknown", "")])
def test_an_exit_that_nobody_saw_end_before_a_night_is_not_sent_again_where_positions_are_of_the_day_alone(
    status, named
):
    """It may have filled: no book of the day tells, and the second one was a short of 130 that nobody knew of."""
    day, out = left_over_the_night(status, named)
    morning(day)
    assert (day.sent()[-1], day.book.order(out.order_id).live, day.book.positions[0].quantity) == (out, True, 130)
    assert ("unseen_before_the_night", out.order_id) in day.state.custody.told


def test_what_a_hand_sells_of_it_then_ends_it():
    day, out = left_over_the_night("working", "X1")
    sold = attrs.evolve(trade("H1", "SELL", 130, 990, LATER.key), product="NRML")
    morning(day, attrs.evolve(OTHER, key=LATER.key, product="NRML", quantity=-130), trades=(sold,))
    assert (day.sent()[-1], day.book.positions) == (out, ())


def test_it_is_to_go_again_where_the_positions_show_all_that_was_carried():
    day, out = left_over_the_night("working", "X1")
    morning(day, attrs.evolve(OTHER, key=LATER.key, product="NRML", quantity=130))
    assert (day.book.order(out.order_id).status, day.sent()[-1].quantity) == ("cancelled", 130)
    assert day.state.custody.wanted_of(LATER.key).reason == "operator"


def test_an_exit_of_what_was_carried_does_not_wait_for_shares_that_the_positions_of_the_day_lack():
    """They seemed to have left untold, and for a minute neither an exit nor a new stop was sent."""
    day = carrying(FUTURE, broker="samco")
    stop = stop_of(day)
    day.report("09:15:01", stop.order_id, "working", broker_id="S1")
    flat = attrs.evolve(OTHER, key=FUTURE.key, product="NRML")
    rows = foreign("F1"), row(stop, "S1", "trigger_pending")
    books(day, "09:16", orders=rows, trades=(trade("F1", "BUY", 1, 100, "NSE:TCS"),), positions=(flat,))
    day.take(e.OperatorExited(day.at("09:16:10"), "me", "enough", FUTURE.key))
    day.report("09:16:11", stop.order_id, "cancelled")
    assert (day.sent()[-1].quantity, day.sent()[-1].trigger) == (130, None)


@pytest.mark.parametrize(
    ("there", "sold", "moved"),
    [
        (0, 0, 0),
        (-130, 130, -130),
        (130, 0, 0),
        (0, 130, -130),
        (65, 65, -65),
        (-65, 65, -65),
        (0, 65, None),
        (60, 0, None),
    ],
)
def test_by_its_trades_a_read_shows_of_what_was_carried_the_day_alone_or_all_of_it(there, sold, moved):
    """So it is told though the row were wrong, of which nobody tried it. Where neither adds up nothing is told."""
    day = carrying(FUTURE, broker="samco")
    shown = attrs.evolve(OTHER, key=FUTURE.key, product="NRML", quantity=there)
    traded = [attrs.evolve(trade("X1", "SELL", 1, 990, FUTURE.key), product="NRML", quantity=sold)] if sold else ()
    read = rc.BrokerBooks(at=day.at("09:16"), orders=(), trades=traded, positions=(shown,), holdings=())
    assert moved_by(day.book, read, day.state.custody, day.policy, FUTURE.key, "NRML") == moved
    unread = attrs.evolve(read, trades=None)
    assert moved_by(day.book, unread, day.state.custody, day.policy, FUTURE.key, "NRML") is None


@pytest.mark.parametrize("broker", ["any", "paytm"])
def test_where_positions_show_what_was_carried_one_that_they_lack_is_gone(broker):
    """Paytm's do, as MARGIN; it sends no NRML, which had stood for that they do not: what was gone stayed held."""
    day = carrying(FUTURE, broker=broker)
    for stop in day.sent():
        day.report("09:15:01", stop.order_id, "working", broker_id="S1")
    reads(day, OTHER)
    assert day.book.positions == ()


@pytest.mark.parametrize("broker", ["samco", "pocketful", "paytm"])
def test_no_entry_is_taken_that_would_be_carried(broker):
    day = at_broker(broker=broker)
    day.enter("10:00", product="NRML", **SEEN)
    assert (day.refusal(), day.sent(rc.ApprovedEntry)) == (("not_carried",), [])
    day.enter("10:01", product="MIS", **SEEN)
    assert len(day.sent(rc.ApprovedEntry)) == 1


def test_elsewhere_it_is():
    day = at_broker(broker="any")
    day.enter("10:00", product="NRML", **SEEN)
    assert "not_carried" not in day.refusal()
