"""An entry that was taken for lost may yet be carried out: its symbol takes no other for a while."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign
from tests.core.engine_days import INFY, SEEN, TCS, a_day


def lost(*things, **policy):
    """An entry of ten o'clock that three books did not show; taken for lost at 10:00:09."""
    day = a_day(*things, **policy)
    day.take(e.BrokerSeen(day.at("09:17"), at_broker().state.custody.capability))
    day.report("10:00:01", day.enter("10:00", **SEEN), "unknown")
    for second in (6, 7, 8, 9):
        books(day, f"10:00:{second:02}", orders=(foreign(),))
    assert day.state.custody.lost
    return day


@pytest.mark.parametrize(("clock", "side"), [("10:00:10", "SELL"), ("10:00:29", "BUY")])
@pytest.mark.parametrize("product", ["MIS", "CNC"])
def test_for_half_a_minute_no_other_entry_of_its_symbol_is_taken(clock, side, product):
    """The broker would net the two, or hold both: of one product or of two."""
    day = lost()
    levels = SEEN if side == "BUY" else {"last": 1000, "stop": 1020, "target": 900}
    signal = day.enter(clock, side, product=product, **levels)
    (found,) = day.last(e.EntryRefused).findings
    assert (day.last(e.EntryRefused).signal.id, found.reason, found.rule) == (signal, "symbol_working", "lost")
    assert len(day.sent(rc.ApprovedEntry)) == 1


def test_after_that_one_is_taken_and_of_another_symbol_at_once():
    day = lost(INFY, TCS)
    day.enter("10:00:10", symbol="TCS", **SEEN)
    day.enter("10:00:30", **SEEN)
    assert [order.instrument.symbol for order in day.sent(rc.ApprovedEntry)] == ["INFY", "TCS", "INFY"]


def test_how_long_is_the_time_in_which_a_row_may_be_an_order():
    day = lost(unknown_match_s=20)
    day.enter("10:00:20", **SEEN)
    assert len(day.sent(rc.ApprovedEntry)) == 2
