"""Trades told by hand: what the engine does, input by input."""

from datetime import date
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.orders import ApprovedEntry
from tests.core.engine_days import SEEN, a_day, holding

pytestmark = pytest.mark.smoke


def test_a_whole_trade_from_signal_to_flat():
    """Signal, evidence, entry, fill, price, stop, fill: and the trade that came of it."""
    day = a_day()
    signal = day.signal("10:00", stop=980, target=1100)
    assert isinstance(day.commands[-1], e.AskEvidence)
    assert day.commands[-1].interval == "5m"
    assert day.look("10:00:01", signal, last=1000) == ("EntryApproved",)
    (entry,) = day.sent(ApprovedEntry)
    assert (entry.order_id, entry.quantity, day.book.trades_today) == (signal.id, 50, 1)
    assert day.report("10:00:02", signal.id, "working") == ("OrderMoved",)
    assert day.fill("10:00:03", signal.id, price=1000) == ("Filled",)
    assert day.prices("10:05", last=990) == ("Marked",)
    assert day.book.unrealised == -500
    assert day.prices("10:06", low=979, last=981) == ("Marked", "ExitApproved")
    (leave,) = day.sent()
    assert (leave.side, leave.quantity, leave.reason, leave.level) == ("SELL", 50, "stop", 980)
    assert (leave.reference, leave.limit) == (980, Decimal("975.10"))
    assert day.fill("10:06:01", leave.order_id, price=980) == ("Filled", "PositionClosed")
    trade = day.last(e.PositionClosed)
    assert (trade.quantity, trade.entry_price, trade.exit_price, trade.reason) == (50, 1000, 980, "stop")
    assert (trade.gross, trade.charges) == (-1000, day.book.charges)
    cost = rc.charges(buy=1000, sell=980, quantity=50, on=day.day, brokerage_pct=0.03, brokerage_max=20).total
    assert abs(trade.charges - cost) < Decimal("0.01")
    assert trade.r_multiple == (trade.gross - trade.charges) / 1000
    assert (day.book.positions, day.book.realised) == ((), -1000)


def test_an_entry_that_waits_too_long_is_cancelled_and_still_counts():
    """entry_timeout_s after the approval; once; cancelled unfilled it was one of the day's trades."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    assert day.time("10:00:09") == ()
    assert day.time("10:00:10") == ("CancelRequested",)
    assert day.time("10:00:11") == ()
    assert day.report("10:00:12", entry, "cancelled") == ("OrderMoved",)
    assert (day.book.trades_today, day.book.live_orders()) == (1, ())


def test_a_rejected_entry_gives_its_trade_back():
    """The next signal may take the only trade there is."""
    day = a_day(max_trades_per_day=1)
    entry = day.enter("10:00", **SEEN)
    assert day.report("10:00:01", entry, "rejected") == ("OrderMoved",)
    assert day.book.trades_today == 0
    again = day.enter("10:01", **SEEN)
    assert day.book.order(again).live


def test_F31_an_entry_filled_in_part_leaves_by_its_stop_with_what_it_has():
    """40 of 50, then the stop: 40 leave, and the rest of the entry is cancelled first."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=40)
    assert day.prices("10:00:02", last=975) == ("Marked", "CancelRequested", "ExitApproved")
    (leave,) = day.sent()
    assert leave.quantity == 40
    assert [type(command) for command in day.commands[-2:]] == [e.CancelOrder, e.PlaceExit]


def test_a_rejected_exit_is_followed_by_a_new_one_after_a_second():
    """A new order with a new id, for the same reason, at the price of the moment."""
    day, _ = holding()
    day.prices("10:05", last=979)
    (first,) = day.sent()
    assert day.report("10:05:00.400", first.order_id, "rejected") == ("OrderMoved",)
    assert day.time("10:05:00.900") == ()
    assert day.time("10:05:01") == ("ExitApproved",)
    _, second = day.sent()
    assert second.order_id != first.order_id
    assert (second.quantity, second.reason, second.level, second.reference) == (50, "stop", None, 979)


def test_each_refused_exit_is_followed_after_its_own_second():
    """The pause counts from the latest, not from the first, and doubles with each refusal."""
    day, _ = holding()
    day.prices("10:05", last=979)
    day.report("10:05", day.sent()[-1].order_id, "rejected")
    day.time("10:05:05")
    day.report("10:05:05", day.sent()[-1].order_id, "rejected")
    assert day.time("10:05:06.900") == ()
    assert day.time("10:05:07") == ("ExitApproved",)
    assert len({order.order_id for order in day.sent()}) == len(day.sent()) == 3


def test_an_exit_the_market_has_run_away_from_is_cancelled_and_sent_again():
    """Once its limit is out of reach of all prices since; the next stands where the price is, and reaches further."""
    day, _ = holding()
    day.prices("10:05", last=979)
    (first,) = day.sent()
    assert first.limit == Decimal("974.10")
    assert day.prices("10:05:02", last=974.10) == ("Marked",)
    assert day.prices("10:05:03", last=974) == ("Marked", "CancelRequested")
    assert day.report("10:05:04", first.order_id, "cancelled") == ("OrderMoved", "ExitApproved"), "not a second later"
    assert day.time("10:05:05") == ()
    assert day.sent()[-1].limit == Decimal("964.25")


@pytest.mark.parametrize(
    ("day", "before", "at"), [(date(2020, 2, 28), "15:14:59", "15:15"), (date(2026, 8, 3), "15:09:59", "15:10")]
)
def test_F62_intraday_positions_leave_at_the_square_off_of_their_day(day, before, at):
    """15:15 in 2020; 15:10 since the closing auction, before continuous trading ends at 15:15."""
    told, _ = holding(day=day, charges_as_of="2026-08-03")
    assert told.time(before) == ()
    assert told.time(at) == ("ExitApproved",)
    assert told.sent()[-1].reason == "square_off"


def test_a_position_carried_over_night_leaves_at_the_next_open():
    """Not before it; a delivery position stays."""
    for product, leaves in (("MIS", ("ExitApproved",)), ("CNC", ())):
        day = a_day()
        entry = day.enter("10:00", **SEEN, product=product)
        day.fill("10:00:01", entry, price=1000)
        day.next_day(3)
        assert day.time("09:14:59") == ("SessionOpened",)
        assert day.time("09:15") == leaves


def test_a_signal_sent_twice_is_one_signal():
    """Also after a restart; what identifies it is its moment, symbol, side, source and strategy."""
    day = a_day()
    signal = day.signal("10:00")
    again = e.SignalArrived(day.at("10:00:01"), signal)
    assert day.take(again) == ("SignalRepeated",)
    day.restart()
    assert day.take(again) == ("SignalRepeated",)
    assert len([command for command in day.commands if isinstance(command, e.AskEvidence)]) == 1


def test_F06_an_exit_signal_without_a_position_is_refused_and_sells_nothing():
    """Flat, or held on the side of the signal."""
    day = a_day()
    day.signal("10:00", "SELL", kind="exit")
    assert day.refusal() == ("exit_without_position",)
    day, _ = holding()
    day.signal("10:05", "BUY", kind="exit")
    assert day.refusal() == ("exit_without_position",)
    assert day.sent() == []


def test_an_exit_signal_takes_the_position_off_once():
    """A second one finds the exit on its way."""
    day, _ = holding()
    day.signal("10:05", "SELL", kind="exit")
    assert day.sent()[-1].reason == "signal"
    day.signal("10:06", "SELL", kind="exit")
    assert day.refusal() == ("exit_working",)
    assert len(day.sent()) == 1


def test_an_exit_signal_calls_back_an_entry_that_still_works():
    """Nothing is held yet: the entry is cancelled."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    day.signal("10:00:02", "SELL", kind="exit")
    assert day.last(e.CancelRequested).order_id == entry


def test_F32_a_fill_after_the_cancel_still_counts():
    """The position is held with its levels."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    day.time("10:00:10")
    day.report("10:00:11", entry, "cancelled")
    assert day.report("10:00:12", entry, "filled", 50, 50_000) == ("Filled",)
    assert (day.book.positions[0].quantity, day.book.positions[0].stop) == (50, 980)
    assert day.book.order(entry).status == "filled"


def test_F37_a_gap_through_the_stop_loses_more_than_one_r():
    """It leaves at the price there was, and the loss is booked as it fell."""
    day, _ = holding()
    day.prices("10:05", first=930, last=935, high=940)
    (leave,) = day.sent()
    assert (leave.reference, leave.level) == (930, 980)
    day.fill("10:05:01", leave.order_id, price=930)
    assert day.last(e.PositionClosed).gross == -3500
    assert day.last(e.PositionClosed).r_multiple < Decimal("-3.5")


def test_a_new_position_is_not_taken_off_for_the_exit_of_the_one_before():
    """Stopped out and entered again in the same moment, as on one bar: the second stays until its own stop."""
    day, _ = holding()
    day.prices("10:05", last=979)
    day.fill("10:05", day.sent()[0].order_id, price=979)
    again = day.enter("10:05", last=979, stop=960, target=1100)
    day.fill("10:05", again, price=979)
    assert day.time("10:06") == ()
    assert day.prices("10:10", last=970) == ("Marked",)
    assert len(day.sent()) == 1


def test_an_equity_that_could_not_be_read_is_asked_for_again_with_the_next_signal():
    """Funds that gave no answer at the open would else refuse every entry of the day."""
    day = a_day(equity=None)
    asked = [c for c in day.commands if isinstance(c, e.AskEquity)]
    first = day.enter("10:00", **SEEN)
    assert (day.book.order(first), day.refusal()[0]) == (None, "equity_unknown")
    again = [c for c in day.commands if isinstance(c, e.AskEquity)]
    assert again == asked * 2
    day.take(e.EquityRead(day.at("10:01"), Decimal(100_000)))
    second = day.enter("10:02", **SEEN)
    assert day.book.order(second) is not None
    assert [c for c in day.commands if isinstance(c, e.AskEquity)] == again


def test_only_what_was_a_trouble_is_over_with_it():
    """A login, a breaker and a contradiction in the book are lifted in their own ways alone."""
    day = a_day()
    day.take(e.LoginSeen(day.at("09:20"), good=False, reconciled=False, by="shell", why="the token"))
    day.take(e.OperatorHalted(day.at("09:21"), "asha", "lunch"))
    for name in ("login", "operator_halted"):
        day.take(e.TroubleOver(day.at("09:22"), name))
    day.take(e.TroubleSeen(day.at("09:23"), "feed", "silent"))
    day.take(e.TroubleOver(day.at("09:24"), "feed"))
    assert [latch.name for latch in day.book.latches] == ["login", "operator_halted"]
