"""Faults that were found and mended: each with its smallest example, so that it stays mended."""

import decimal
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.testing import Scenario

pytestmark = pytest.mark.smoke

INFY = rc.Instrument(symbol="INFY", tick="0.05")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
SEEN = {"last": 1000, "stop": 980, "target": 1100}


def holding(**policy):
    day = Scenario(rc.Policy(**{**WIDE, **policy}), INFY)
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    return day


def test_an_entry_of_yesterday_refused_today_does_not_break_the_counter():
    """Of unknown outcome over night; the report of its refusal makes today's trades -1, and step raises."""
    day = Scenario(rc.Policy(**WIDE), INFY)
    entry = day.enter("14:40", **SEEN)
    day.report("14:40:05", entry, "unknown")
    day.next_day(3)
    day.time("09:00")
    day.report("09:01", entry, "rejected")
    assert day.book.trades_today == 0


def test_a_signal_repeated_next_morning_while_its_order_lives_does_not_raise():
    """A long signal_max_age_s, a symbol that may be added to, and an order of unknown outcome."""
    rules = rc.Policy(**WIDE, one_position_per_symbol=False, signal_max_age_s=200_000, max_quantity=10)
    day = Scenario(rules, INFY, day=date(2026, 11, 19))
    signal = day.signal("14:00", stop=980)
    day.look("14:00", signal, last=1000)
    day.next_day()
    day.time("09:16")
    day.take(e.EquityRead(day.at("09:16"), Decimal(100_000)))
    assert day.take(e.SignalArrived(day.at("09:30"), signal)) == ("SignalRepeated",)
    day.look("09:30", signal, last=1000)


def test_F10_a_quote_off_the_tick_is_answered_and_does_not_raise():
    """30.01 on a tick of 0.05: the limit is rounded to 30.00, where the stop of 29.96 is rounded to."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=29.96)
    decision = rc.decide(
        signal, rc.Book(100_000), rc.Market(instrument=INFY, at=NOON, last=30.01), rc.Policy(entry_band_pct=0)
    )
    assert [found.reason for found in decision.reasons] == ["zero_risk"]


def test_F32_a_late_fill_of_the_first_exit_does_not_leave_the_second_too_large():
    """50 held, exit cancelled, second exit of 50 sent, then 10 of the first turn out filled: 50 would sell 10 short."""
    day = holding()
    day.prices("10:05", last=979)
    day.report("10:05:01", day.sent()[0].order_id, "cancelled")
    day.time("10:05:02")
    day.report("10:05:03", day.sent()[0].order_id, "cancelled", 10, 9_790)
    day.time("10:05:04")
    live = [o for o in day.book.live_orders(entries=False) if o.id not in day.state.cancelling]
    assert sum(o.open_quantity for o in live) <= day.book.positions[0].quantity == 40


def test_evidence_that_arrives_late_is_a_stale_quote():
    """Seen at 10:00:00, here at 10:00:50: the quote is 50 seconds old when it is decided on."""
    day = Scenario(rc.Policy(**WIDE), INFY)
    signal = day.signal("10:00", stop=980)
    seen = rc.Market(instrument=INFY, at=day.at("10:00"), last=1000)
    day.take(e.EvidenceArrived(day.at("10:00:50"), signal.id, seen))
    assert "quote_stale" in day.refusal()


def test_a_rejected_exit_is_not_repeated_within_the_second_by_prices():
    """At a lower circuit each price would send another order (invariant 7: a new intent after a pause)."""
    day = holding()
    day.prices("10:05", last=979)
    day.report("10:05:00.100", day.sent()[0].order_id, "rejected")
    day.prices("10:05:00.200", last=979)
    assert len(day.sent()) == 1


def test_the_zone_of_a_fills_time_does_not_matter():
    """The same moment told in New York is the day before there: the position would leave at once."""
    day = Scenario(rc.Policy(**WIDE), INFY)
    entry = day.enter("09:30", **SEEN)
    new_york = day.at("09:30:01").astimezone(timezone(timedelta(hours=-5)))
    day.report("09:30:01", entry, "filled", 50, 50_000, traded_at=new_york)
    assert day.time("09:30:02") == ()


def test_shares_that_came_in_while_the_exit_was_on_its_way_leave_too():
    """10 held, exit signal for 10, 5 more filled before the cancel arrived: they stay until a level or the evening."""
    day = Scenario(rc.Policy(**WIDE), INFY)
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=10)
    day.signal("10:00:05", "SELL", kind="exit")
    day.fill("10:00:06", entry, price=1000, quantity=5)
    day.fill("10:00:07", day.sent()[0].order_id, price=1000)
    day.time("10:00:09")
    assert [order.quantity for order in day.sent()] == [10, 5]


def test_F62_a_square_off_after_the_close_of_the_session_is_not_taken():
    """15:20 for a stock that leaves continuous trading at 15:15: nothing could be sold there."""
    session = rc.session_on(date(2026, 8, 3), INFY, square_off_at=time(15, 20))
    assert session.square_off < session.closes


def test_one_position_a_symbol_does_not_mend_the_position_cap():
    """Invariant 4: the finding max_position_size_percent fails without the rule, and passes with it."""
    held = rc.Position(instrument=INFY, side="BUY", quantity=10, average_price=1000)
    world = rc.Signal("INFY", "BUY", at=NOON), rc.Book(100_000, positions=[held])
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10)
    for one in (False, True):
        decision = rc.decide(*world, seen, rc.Policy(one_position_per_symbol=one))
        assert "max_position_size_percent" in {found.rule for found in decision.reasons}


@pytest.mark.parametrize("side", ["buy", "Buy"])
def test_the_charges_of_a_purchase_do_not_depend_on_capitals(side):
    """Elsewhere either case is a side; here "buy" is charged as a sale, with STT and without stamp duty."""
    plan = {"value": 100_000, "on": NOON.date(), "brokerage_pct": 0, "brokerage_max": 0}
    assert rc.order_charges(side=side, **plan) == rc.order_charges(side="BUY", **plan)


@pytest.mark.parametrize(
    "look",
    [
        lambda cost, book: cost.total,
        lambda cost, book: book.net_realised,
        lambda cost, book: book.unrealised,
        lambda cost, book: book.positions[0].value,
    ],
    ids=["Charges.total", "Book.net_realised", "Book.unrealised", "Position.value"],
)
def test_what_a_value_says_of_itself_does_not_depend_on_the_hosts_context(look):
    """Six digits: Rs 4,436.36504 would be Rs 4,436.37."""
    plan = {"on": NOON.date(), "brokerage_pct": 0.03, "brokerage_max": 20}
    cost = rc.charges(buy=2500, sell=2468, quantity=5000, **plan)
    held = rc.Position(instrument=INFY, side="BUY", quantity=777, average_price="1234.55", last="2345.65")
    book = rc.Book(100_000, realised="123456.78", charges="0.01", positions=[held])
    here = look(cost, book)
    with decimal.localcontext(decimal.Context(prec=6)):
        assert look(cost, book) == here


def test_an_absurd_number_is_refused_where_it_comes_in():
    """1e27 rupees as a float is finite; 28 digits could not keep its paise."""
    for absurd in (1e27, 10**15, "1000000000000000"):
        with pytest.raises(ValueError, match=r"Market\.last must be below"):
            rc.Market(instrument=INFY, at=NOON, last=absurd)


def test_an_array_is_a_number_only_where_it_holds_one():
    """Of more it is refused by the field's name, as everything else is."""
    numpy = pytest.importorskip("numpy")
    assert rc.Book(numpy.array(2500.5)).opening_equity == Decimal("2500.5")
    with pytest.raises(ValueError, match=r"Book\.opening_equity"):
        rc.Book(numpy.array([1.5, 2.5]))


def test_F32_a_late_report_in_between_leaves_no_trace_in_the_value():
    """3 shares for 30.10, then 6 for 60.20; heard in the other order the first says nothing new."""

    def told(*reports):
        day = Scenario(rc.Policy(**{**WIDE, "max_quantity": 6}), INFY)
        entry = day.enter("10:00", last=11, stop=9, target=20)
        for filled, value in reports:
            day.report("10:00:01", entry, "filled", filled, value)
        return day.book.order(entry).filled_value

    assert told((3, "30.10"), (6, "60.20")) == told((6, "60.20"), (3, "30.10")) == Decimal("60.20")


def test_F36_a_failed_exit_is_not_repeated_after_the_close():
    """Rejected at 15:14, closed at 15:15: it waits for the next session instead of an order a second all night."""
    day = holding()
    day.prices("15:14", last=979)
    day.report("15:14:01", day.sent()[0].order_id, "rejected")
    for second in range(10, 20):
        day.time(f"15:20:{second}")
    assert len(day.sent()) == 1
    day.next_day(3)
    day.time("09:15:01")
    assert len(day.sent()) == 2


def test_a_quote_from_the_future_is_no_fresh_quote():
    """Within the clock skew it passes; beyond it somebody's clock is wrong."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=980, target=1100)
    for ahead, refused in ((5, False), (6, True)):
        seen = rc.Market(instrument=INFY, at=NOON, last=1000, quote_at=NOON + timedelta(seconds=ahead))
        decision = rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**WIDE))
        assert ("quote_stale" in {found.reason for found in decision.findings}) is refused
