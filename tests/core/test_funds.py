"""The broker's money against ours, what explains a difference, and a broker that shows nothing at all."""

from datetime import date
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, position, stop_of, true_books
from tests.core.engine_days import INFY, SEEN, a_day

D = Decimal


def money(day, clock, available, realised=0):
    """The broker tells of its money; nothing is used as margin."""
    return day.take(e.FundsSeen(day.at(clock), available, 0, realised))


def lines(day):
    """What the last comparison explains, by name."""
    return {line.what: line.amount for line in day.last(e.FundsCompared).lines}


def moved(day, clock, amount, why="paid in"):
    return day.take(e.FundsMoved(day.at(clock), "asha", why, amount))


# ---------------------------------------------------------------- whose day the money is of


def test_money_that_is_of_the_day_before_is_no_opening_equity():
    """A broker's funds tell yesterday's result until its day has begun: at midnight that was left out."""
    day = at_broker(broker="zerodha")
    day.next_day(3)
    day.time("00:00")
    assert day.take(e.EquityRead(day.at("00:00:01"), D(100_000))) == ()
    assert money(day, "00:05", 100_000, realised=-500) == ()
    asked = len(day.commands)
    assert day.take(e.EquityRead(day.at("07:59:59"), D(100_000))) == ()
    assert money(day, "08:00", 99_500) == ()
    assert day.commands[asked:] == [e.AskEquity(day.day, day.state.carried_equity)]
    assert day.take(e.EquityRead(day.at("08:00:01"), D(99_500))) == ("EquityKnown",)
    assert day.book.opening_equity == 99_500
    assert money(day, "08:05", 99_500) == ()
    assert len(day.commands) == asked + 1


def test_money_that_cannot_be_read_asks_for_no_equity():
    day = at_broker(broker="zerodha")
    day.next_day(3)
    day.time("08:30")
    asked = len(day.commands)
    assert day.take(e.FundsSeen(day.at("08:31"), None)) == ()
    assert len(day.commands) == asked


def test_a_balance_in_debit_is_one_too():
    """What futures lost was not paid up yet, or a premium was received: reading the money failed all day."""
    day = at_broker()
    day.take(e.FundsSeen(day.at("10:00"), available=-5_000, used=105_000, realised=0))
    assert day.state.custody.told == frozenset()
    day.take(e.FundsSeen(day.at("10:01"), available=105_000, used=-4_000, realised=0))
    assert day.last(e.FundsCompared).unexplained == 1_000


# ---------------------------------------------------------------- what explains a difference


def test_a_balance_that_our_trades_do_not_explain_is_told_once():
    day = at_broker()
    seen = e.FundsSeen(day.at("10:00"), available=90_000, used=10_000, realised=0)
    assert day.take(seen) == ()
    other = attrs.evolve(seen, available=95_000)
    assert day.take(other) == ("FundsCompared", "Alarmed")
    assert day.take(other) == ()
    assert day.take(seen) == ("FundsCompared", "AlarmOver")


def test_money_that_an_operator_declares_is_a_line_and_the_rest_rings():
    """5,000 paid in explains 5,000; of 7,000 the 2,000 left ring, with the line beside them."""
    day = at_broker()
    assert money(day, "10:00", 105_000) == ("FundsCompared", "Alarmed")
    assert moved(day, "10:01", 5000) == ("FundsExplained",)
    assert money(day, "10:02", 105_000) == ("FundsCompared", "AlarmOver")
    assert lines(day) == {"moved": 5000}
    assert day.last(e.FundsCompared).unexplained == 0
    money(day, "10:03", 107_000)
    assert day.last(e.Alarmed).why == (
        "Rs 2,000.00 of the broker's balance are not explained by our trades; explained are moved 5,000.00"
    )
    assert day.state.custody.balance.unexplained == 2000


def test_a_withdrawal_is_below_nought_and_several_add_up():
    day = at_broker()
    moved(day, "10:00", -3000, "rent")
    moved(day, "10:01", 1000, "back again")
    money(day, "10:02", 98_000)
    assert day.last(e.FundsCompared).unexplained == 0
    assert [line.why for line in day.state.custody.moved] == ["asha: rent", "asha: back again"]


@pytest.mark.parametrize("amount", [0, "0.00", "NaN", "Infinity"])
def test_money_that_moved_is_rupees_and_not_nought(amount):
    with pytest.raises(ValueError, match="FundsMoved"):
        e.FundsMoved(at_broker().at("10:00"), "asha", "nothing", amount)


@pytest.mark.parametrize(("told", "line"), [(0, {"realised": 1_000}), (1_000, {})])
def test_a_result_that_the_broker_does_not_tell_as_realised_may_be_in_its_balance(told, line):
    """Some plugins tell 0.00 all day: each result rang until the next morning."""
    day, _ = held(balance_tolerance=50)
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    day.fill("10:10:02", day.sent()[-1].order_id, price=1020)
    assert (day.book.realised, day.book.positions) == (1_000, ())
    money(day, "10:11", 101_000, realised=told)
    assert not line or lines(day) == line
    assert day.state.custody.told == frozenset()
    assert money(day, "10:13", 101_100 + 100)[-1] == "Alarmed"


@pytest.mark.parametrize(("booked", "line", "rest"), [(0, None, 0), ("-8", "-8", 0), ("-200", None, "-200")])
def test_charges_explain_what_they_come_to_and_no_more(booked, line, rest):
    """A broker takes them at once, or by its contract note: what is missing beyond them is not explained."""
    day, _ = held(balance_tolerance="0.01")
    charges = day.book.charges
    assert charges > 8
    money(day, "10:05", 100_000 + D(booked))
    found = day.last(e.FundsCompared) if booked else None
    assert (found is not None) == bool(booked)
    if found is not None:
        assert lines(day) == {"charges": D(line) if line else -charges}
        assert found.unexplained == (0 if line else D(rest) + charges)


def test_shares_for_delivery_that_were_sold_may_be_paid_later():
    """The broker's balance lacks up to what they brought; lacking more rings."""
    day = a_day(balance_tolerance=1)
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    day.prices("10:05", last=979)
    day.fill("10:05:01", day.sent()[-1].order_id, price=979)
    charges = day.book.charges
    money(day, "10:06", 100_000 - 40_000)
    assert lines(day) == {"realised": -1_050, "charges": -charges, "settlement": -38_950 + charges}
    money(day, "10:07", 100_000 - 50_000)
    assert day.last(e.FundsCompared).unexplained == 0
    assert money(day, "10:08", 100_000 - 50_200)[-1] == "Alarmed"


def test_an_option_that_was_bought_explains_its_premium():
    call = rc.option("NIFTY", expiry=date(2026, 11, 24), strike=26_000, right="CE", on=date(2026, 11, 20))
    day = a_day(call, equity=1_000_000, allowed_products=["NRML"])
    entry = day.enter("10:00", exchange="NFO", product="NRML", last=100, stop=90, target=130)
    day.fill("10:00:01", entry, price=100)
    held_now = day.book.positions[0]
    money(day, "10:01", 1_000_000 - held_now.value)
    assert lines(day)["premium"] + lines(day).get("charges", 0) == -held_now.value
    assert day.last(e.FundsCompared).unexplained == 0


def test_the_result_of_what_is_open_may_be_in_the_balance_before_it_is_realised():
    day, _ = held()
    day.prices("10:05", last=1020)
    money(day, "10:06", 101_000)
    assert lines(day) == {"unrealised": 1000}
    money(day, "10:07", 99_000)
    assert "unrealised" not in lines(day)


def test_the_ledger_is_the_sessions_and_comes_back_after_a_restart():
    day = at_broker()
    moved(day, "10:00", 5000)
    money(day, "10:01", 106_000)
    before = day.state
    day.restart()
    assert (day.state.custody.moved, day.state.custody.balance) == (before.custody.moved, before.custody.balance)
    day.next_day(3)
    day.time("09:16")
    assert (day.state.custody.moved, day.state.custody.balance) == ((), None)


# ---------------------------------------------------------------- a broker that shows nothing at all


def no_money(day, clock):
    """The answer about money had nothing in it."""
    return day.take(e.FundsSeen(day.at(clock), None))


def test_F29_a_broker_that_shows_nothing_at_all_needs_a_login_and_is_good_as_soon_as_it_shows_something():
    """Shoonya's token is dead: three empty reads of everything; the shares are still ours, and nothing is concluded."""
    day, _ = held(broker="shoonya")
    true_books(day, "10:04")
    no_money(day, "10:05")
    for second in (1, 2):
        books(day, f"10:05:0{second}")
        assert day.book.state == "active"
    books(day, "10:05:03")
    assert day.book.state == "waiting_for_login"
    assert day.book.latch("login").why.startswith("the broker shows nothing at all")
    assert day.book.position(INFY.key).quantity == 50
    for second in (4, 5, 6):
        assert "Latched" not in books(day, f"10:05:{second:02}")
    facts = true_books(day, "10:06")
    assert facts[:2] == ("AnswersEmpty", "LoginChanged")
    assert day.book.state == "active"


def test_F29_money_that_is_shown_again_is_a_good_login_and_the_next_books_open_the_gate():
    """A flat account, whose books are empty by right."""
    day = at_broker(broker="shoonya")
    no_money(day, "10:05")
    for second in (1, 2, 3):
        books(day, f"10:05:0{second}")
    assert day.book.state == "waiting_for_login"
    assert money(day, "10:06", 100_000) == ("AnswersEmpty", "LoginChanged")
    assert "Lifted" in books(day, "10:06:03")


def test_F29_after_a_restart_the_gate_does_not_open_on_empty_books():
    """The shell, which could read them, says that the login is good."""
    day = at_broker(broker="shoonya")
    no_money(day, "10:05")
    for second in (1, 2, 3):
        books(day, f"10:05:0{second}")
    day.restart()
    why = {"reconciled": False, "by": "riskcore", "why": "the books could be read"}
    day.take(e.LoginSeen(day.at("10:06"), good=True, **why))
    books(day, "10:06:01")
    assert (day.book.state, day.state.custody.login) == ("waiting_for_login", "bad")


@pytest.mark.parametrize(
    ("broker", "funds", "shown"),
    [
        ("zerodha", None, {}),
        ("shoonya", 100_000, {}),
        ("shoonya", None, {"orders": (foreign(),)}),
        ("shoonya", None, {"positions": (position(1, "NSE:TCS"),)}),
        ("shoonya", None, {"positions": None}),
    ],
)
def test_F29_where_anything_speaks_against_it_no_login_is_asked_for(broker, funds, shown):
    """A broker whose empty books prove something; money that was read; a book with a row; one unread, but holdings."""
    day = at_broker(broker=broker)
    day.take(e.FundsSeen(day.at("10:05"), funds))
    for second in range(10, 20):
        books(day, f"10:05:{second}", **shown)
    assert day.book.latch("login") is None


# ---------------------------------------------------------------- what is compared, and how exactly


@pytest.mark.parametrize("missing", ["available", "used", "realised"])
def test_a_broker_that_tells_a_part_of_its_money_is_not_compared(missing):
    day = at_broker()
    told = {"available": 50_000, "used": 0, "realised": 0, missing: None}
    assert not {"FundsCompared", "Alarmed"} & set(day.take(e.FundsSeen(day.at("10:00"), **told)))


def test_before_the_opening_equity_is_known_there_is_nothing_to_compare():
    day = a_day(equity=None)
    assert money(day, "09:17", 100_000) == ()


def test_what_the_broker_has_realised_is_taken_off_for_we_count_from_the_opening():
    """Rs 500 were won elsewhere, and are in what can be spent: at the opening it was 100,000."""
    day = at_broker()
    assert money(day, "10:00", 100_500, 500) == ()
    money(day, "10:01", 100_500, -500)
    assert (day.last(e.FundsCompared).theirs, day.last(e.FundsCompared).unexplained) == (101_000, 1000)


def test_at_the_tolerance_itself_nothing_is_told_and_a_paisa_beyond_it_is():
    day = at_broker(balance_tolerance=100)
    assert money(day, "10:00", 100_100) == ()
    assert money(day, "10:01", "100100.01") == ("FundsCompared", "Alarmed")
    assert day.last(e.Alarmed).why == "Rs 100.01 of the broker's balance are not explained by our trades"
    assert money(day, "10:02", "100200.01") == ()
    assert money(day, "10:03", "100200.02") == ("FundsCompared",)


def test_of_several_lines_the_call_names_each():
    day = at_broker()
    moved(day, "10:00", 1000)
    moved(day, "10:01", 2000)
    money(day, "10:02", 107_000)
    assert day.last(e.Alarmed).why.endswith("; explained are moved 1,000.00, moved 2,000.00")
