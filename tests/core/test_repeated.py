"""The same alert again: without a bar time it is known by the text it came in, for a while, and over a restart."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.engine_days import INFY, TCS, a_day, holding

TEXT = "the same text"


def sent(day, clock, **more):
    """The facts that a signal without a bar time led to."""
    before = len(day.facts)
    day.signal(clock, receipt=TEXT, **more)
    return [type(fact).__name__ for fact in day.facts[before:]]


def test_F01_the_same_alert_twice_within_a_second_and_again_after_a_restart_is_one_signal():
    """The repetition names the first one; the journal has all three."""
    day = a_day()
    first = day.signal("10:00:00", receipt=TEXT)
    assert sent(day, "10:00:01") == ["SignalRepeated"]
    day.restart()
    assert sent(day, "10:00:02") == ["SignalRepeated"]
    assert day.last(e.SignalRepeated).signal_id == first.id
    assert sum(isinstance(event, e.SignalArrived) for event in day.inputs) == 3
    assert day.state.pending == (first,)


@pytest.mark.parametrize(("clock", "taken"), [("10:00:30", False), ("10:00:31", True)])
def test_past_the_window_the_same_words_are_another_signal(clock, taken):
    """`duplicate_window_s` is 30: an alert once a bar of one minute is never taken for its predecessor."""
    day = a_day()
    day.signal("10:00", receipt=TEXT)
    assert ("SignalTaken" in sent(day, clock)) is taken


def test_with_a_bar_time_the_bar_decides_and_not_the_words():
    """Two bars are two signals, within the window too; one bar is one signal, long past it."""
    day = a_day(signal_max_age_s=9000)
    day.signal("10:00", receipt=TEXT, bar_at=day.at("09:55"))
    assert "SignalTaken" in sent(day, "10:00:05", bar_at=day.at("10:00"))
    assert sent(day, "10:20", bar_at=day.at("09:55")) == ["SignalRepeated"]


def test_without_a_receipt_nothing_is_told_apart_but_the_moment():
    """A script's own signals: one a second, as ever."""
    day = a_day()
    day.signal("10:00:00")
    day.signal("10:00:00")
    day.signal("10:00:01")
    assert [type(fact).__name__ for fact in day.facts].count("SignalTaken") == 2


def test_an_exit_in_the_same_words_leaves_again_what_was_entered_again():
    """A repetition must not keep anybody in; one that finds nothing to leave is told as what it is."""
    day, _ = holding()
    assert sent(day, "10:05:00", side="SELL", kind="exit")[:2] == ["SignalTaken", "ExitApproved"]
    assert sent(day, "10:05:01", side="SELL", kind="exit") == ["SignalRepeated"]
    leaving = day.last(e.ExitApproved).order
    day.fill("10:05:02", leaving.order_id, price=1000)
    assert day.book.positions == ()
    order = day.enter("10:05:10", last=1000, atr=10)
    assert sent(day, "10:05:11", side="SELL", kind="exit")[0] == "SignalTaken"
    assert day.last(e.CancelRequested).order_id == order


def out_again():
    """50 INFY of which an exit in these words, at 10:05, took all off; TCS is known too."""
    day = a_day(INFY, TCS, max_trades_per_day=5)
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=980, target=1100), price=1000)
    sent(day, "10:05:00", side="SELL", kind="exit")
    day.fill("10:05:02", day.sent()[-1].order_id, price=1000)
    return day


def test_an_exit_in_the_same_words_takes_off_what_is_held_again():
    day = out_again()
    day.fill("10:05:11", day.enter("10:05:10", last=1000, stop=980, target=1100), price=1000)
    assert sent(day, "10:05:12", side="SELL", kind="exit")[:2] == ["SignalTaken", "ExitApproved"]


def test_an_exit_in_the_same_words_takes_back_what_waits_to_enter_again():
    day = out_again()
    waiting = day.signal("10:05:10")
    assert sent(day, "10:05:11", side="SELL", kind="exit")[:2] == ["SignalTaken", "EntryRefused"]
    assert waiting not in day.state.pending


def test_an_exit_in_the_same_words_is_a_repetition_whatever_goes_on_in_another_symbol():
    """An entry works there, another waits."""
    day = out_again()
    day.enter("10:05:10", symbol="TCS", last=1000, stop=980, target=1100)
    day.signal("10:05:11", symbol="TCS")
    assert sent(day, "10:05:12", side="SELL", kind="exit") == ["SignalRepeated"]


def test_an_exit_in_the_same_words_takes_off_what_is_held_again_while_another_symbol_leaves():
    day = out_again()
    for symbol, clock in (("TCS", "10:05:09"), ("INFY", "10:05:10")):
        day.fill(clock, day.enter(clock, symbol=symbol, last=1000, stop=980, target=1100), price=1000)
    day.signal("10:05:11", "SELL", "TCS", kind="exit")
    assert sent(day, "10:05:12", side="SELL", kind="exit")[:2] == ["SignalTaken", "ExitApproved"]


def test_an_exit_of_the_side_that_is_held_moves_nothing_and_is_a_repetition():
    """It is to buy back a short, and we are long."""
    day, _ = holding()
    assert sent(day, "10:05:00", side="BUY", kind="exit") == ["SignalTaken", "EntryRefused"]
    assert sent(day, "10:05:01", side="BUY", kind="exit") == ["SignalRepeated"]


def test_one_with_a_bar_time_repeats_none_without_in_the_same_words():
    day = a_day()
    day.signal("10:00", receipt=TEXT)
    assert "SignalTaken" in sent(day, "10:00:05", bar_at=day.at("09:55"))


def test_receipts_are_forgotten_after_an_hour():
    """So the state stays small however many alerts come."""
    day = a_day(duplicate_window_s=3600)
    for clock in ("10:00", "10:30", "11:01"):
        day.signal(clock, receipt=clock)
    assert [row[0] for row in day.state.receipts] == ["10:30", "11:01"]


def test_F05_what_a_sender_asks_for_is_never_the_size_and_at_most_a_cap():
    """With `signal_quantity: cap` it can make the order smaller; nothing makes it larger."""
    sized = {}
    for policy in ("ignore", "cap"):
        for quantity in (None, 0, 3, 4_000_000):
            day = a_day(signal_quantity=policy)
            day.enter("10:00", last=1000, atr=10, quantity=quantity)
            answer = day.last(e.EntryApproved if day.book.orders else e.EntryRefused)
            sized[policy, quantity] = getattr(answer, "bound_by", ""), getattr(answer, "order", None)
    usual = sized["ignore", None][1].quantity
    assert usual > 3
    assert all(sized["ignore", quantity][1].quantity == usual for quantity in (0, 3, 4_000_000))
    assert sized["cap", 0] == ("", None)
    assert (sized["cap", 3][0], sized["cap", 3][1].quantity) == ("signal_quantity", 3)
    assert sized["cap", 4_000_000][1].quantity == sized["cap", None][1].quantity == usual


@pytest.mark.parametrize("quantity", [-1, 1.5, "many", True])
def test_a_quantity_that_is_none_is_refused_where_the_signal_is_made(quantity):
    with pytest.raises(ValueError, match=r"Signal\.quantity"):
        rc.Signal("INFY", "BUY", at=a_day().at("10:00"), quantity=quantity)


def test_a_window_is_at_most_an_hour():
    with pytest.raises(ValueError, match="duplicate_window_s must be at most 3600"):
        rc.Policy(duplicate_window_s=3601)
