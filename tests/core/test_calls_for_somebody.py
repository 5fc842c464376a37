"""Who is called, and with which words: a position nobody sees, an exit that does not fill, a login that is gone."""

import pytest

from riskcore import events as e
from tests.core.custody_days import at_broker, held, leaving, stop_of, ticks
from tests.core.engine_days import INFY, SEEN, TCS, a_day

SILENT = "silent for 90 s"


def stale(day, clock, why=SILENT):
    return day.take(e.TroubleSeen(day.at(clock), "prices_stale", why, INFY.key))


def back(day, clock):
    return day.take(e.TroubleOver(day.at(clock), "prices_stale", INFY.key))


def told(day, name):
    """The words of the alarms of a name."""
    return [fact.why for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == name]


# ---------------------------------------------------------------- a position nobody sees


def test_F43_a_silent_feed_of_a_held_symbol_calls_somebody_until_prices_come():
    day, _ = held()
    assert stale(day, "10:05") == ("Latched", "Alarmed")
    (why,) = told(day, "held_without_prices")
    assert (
        why == "50 are held, and silent for 90 s; its stop at 980.00 rests at the broker, target and trail stand still"
    )
    assert day.time("10:06") == ()
    assert back(day, "10:07") == ("Lifted",)
    assert day.time("10:07:59") == ()
    assert day.time("10:08") == ("AlarmOver",)


def test_F43_a_feed_that_comes_and_goes_is_one_outage_with_one_call_and_one_end():
    """Half a minute of silence, ten seconds of prices, for ten minutes: nobody is called twenty times."""
    day, _ = held()
    for minute in range(5, 15):
        stale(day, f"10:{minute:02}")
        back(day, f"10:{minute:02}:50")
    assert len(told(day, "held_without_prices")) == 1
    assert not [fact for fact in day.facts if isinstance(fact, e.AlarmOver)]
    assert day.time("10:15:50") == ("AlarmOver",)
    assert stale(day, "10:20") == ("Latched", "Alarmed")
    assert len(told(day, "held_without_prices")) == 2


def test_F43_the_call_ends_with_the_position_without_a_wait():
    day, _ = held()
    stale(day, "10:05")
    back(day, "10:05:10")
    day.fill("10:05:20", stop_of(day).order_id, price=979)
    assert ("held_without_prices", INFY.key) not in day.state.custody.told
    assert day.state.custody.seen_again == ()


def test_F43_of_a_symbol_that_is_not_held_nobody_is_called():
    day = at_broker()
    assert stale(day, "10:05") == ("Latched",)


def test_F43_a_fill_in_a_silent_symbol_is_told_and_that_nothing_rests_for_it():
    """The entry was on its way when the feed fell silent; on paper no stop rests."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    assert stale(day, "10:00:01") == ("Latched", "CancelRequested")
    assert "Alarmed" in day.fill("10:00:02", entry, price=1000)
    assert told(day, "held_without_prices")[0].endswith("nothing takes it off while its price is not seen")


def test_F43_the_breaker_on_stale_prices_calls_somebody_too_and_a_closed_market_is_not_stale():
    day = a_day(stale_after_s=60)
    day.fill("10:00:01", day.enter("10:00", **SEEN, seen={"traded_at": day.at("10:00")}), price=1000)
    day.prices("10:01", last=1001)
    assert "Alarmed" in day.time("10:02:30")
    assert ("held_without_prices", INFY.key) in day.state.custody.told
    day.prices("10:03", last=1001)
    assert ("held_without_prices", INFY.key) in day.state.custody.told
    day.prices("10:03:30", last=1001)
    day.time("10:04")
    assert ("held_without_prices", INFY.key) not in day.state.custody.told


def test_F43_at_the_close_the_call_is_over():
    """Held overnight: nobody sees a price, and nobody need."""
    day = at_broker()
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    stale(day, "15:10")
    assert ("held_without_prices", INFY.key) in day.state.custody.told
    assert "AlarmOver" in day.time("16:00")


# ---------------------------------------------------------------- an exit that is refused


def refused(day, clock):
    """The exit on its way, if there is one, is refused; how many were sent by now."""
    last = day.sent()[-1]
    if day.book.order(last.order_id).live:
        day.report(clock, last.order_id, "rejected", note="circuit")
    return len(day.sent())


def long_refused():
    """An exit that was refused at 979 for four minutes: the next try is the best part of a minute away."""
    day, _ = leaving()
    for second in range(1, 250):
        clock = f"10:{5 + second // 60:02}:{second % 60:02}"
        refused(day, clock)
        day.time(clock)
    return day, refused(day, "10:09:10")


@pytest.mark.parametrize(("last", "tries"), [("979.05", 0), (975, 0), (974, 1), (984, 1), (940, 1)])
def test_F36_an_exit_that_waits_after_refusals_goes_when_the_price_leaves_the_circuit(last, tries):
    """The band was set anew, or trade came back from it: half a per cent either way, and one try for each move."""
    day, before = long_refused()
    for second in range(12, 22):
        ticks(day, f"10:09:{second:02}", last, last)
        after = refused(day, f"10:09:{second:02}.500")
    assert after - before == tries


# ---------------------------------------------------------------- a login that is gone


def test_F30_the_call_for_a_login_names_the_stops_that_still_rest():
    day, _ = held()
    lost = e.LoginSeen(day.at("11:00"), good=False, reconciled=False, by="riskcore", why="Invalid openalgo apikey")
    day.take(lost)
    assert day.book.latch("login").why == (
        "Invalid openalgo apikey; at that time still resting at the broker: SELL 50 NSE:INFY at 980.00"
    )
    assert day.take(lost) == ()


def test_F30_a_stop_of_which_nobody_knows_is_not_named():
    day, _ = held(rests=False)
    day.report("10:00:02", stop_of(day).order_id, "unknown", note="timeout")
    day.take(e.LoginSeen(day.at("11:00"), good=False, reconciled=False, by="riskcore", why="gone"))
    assert day.book.latch("login").why == "gone"


def test_F43_the_stop_of_another_symbol_covers_nothing_of_a_silent_one():
    day, _ = held()
    day.instruments["TCS"] = TCS
    entry = day.enter("10:01", symbol="TCS", **SEEN)
    day.fill("10:01:01", entry, price=1000)
    day.report("10:01:02", stop_of(day).order_id, "rejected", note="margin")
    day.take(e.TroubleSeen(day.at("10:05"), "prices_stale", SILENT, TCS.key))
    (why,) = told(day, "held_without_prices")
    assert why.endswith("no stop rests at the broker for all of it: nothing takes it off while its price is not seen")
