"""Values a host makes itself: what would be heard by no rule, or hide a stop, is refused where it is made."""

from datetime import date, datetime
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.outcomes import DayResult, Outcome
from tests.core.engine_days import SEEN, a_day

D = Decimal
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
DONE = {
    "key": "NSE:INFY", "side": "BUY", "session": date(2026, 11, 20), "closed_at": NOW, "quantity": 50,
    "gross": -1000, "charges": "40.5",
}  # fmt: skip


@pytest.mark.parametrize("key", ["INFY", "nse:infy", None, 5])
def test_a_latch_on_what_is_no_instrument_would_stop_nothing(key):
    with pytest.raises(ValueError, match=r'Latch\.key must be exchange and symbol such as "NSE:RELIANCE", or ""'):
        rc.Latch("pause", "halted", at=NOW, by="asha", why="news", key=key)


def test_a_latch_is_lifted_in_a_way_there_is():
    with pytest.raises(ValueError, match=r"Latch\.resets must be one of next_session, after_s, operator, condition"):
        rc.Latch("pause", "halted", at=NOW, by="asha", why="news", resets="tomorrow")
    assert rc.Latch("pause", "halted", at=NOW, by="asha", why="news", key="NSE:M&M").key == "NSE:M&M"


def test_an_outcome_is_taken_in_any_numbers_and_kept_exact():
    done = Outcome(**DONE)
    assert (done.gross, done.net, done.r_multiple) == (D(-1000), D("-1040.5"), None)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": "INFY"}, "Outcome.key must be exchange and symbol"),
        ({"side": "long"}, "Outcome.side must be one of BUY, SELL"),
        ({"session": "2026-11-20"}, "Outcome.session must be a date such as"),
        ({"session": NOW}, "Outcome.session must be a date such as"),
        ({"closed_at": datetime(2026, 11, 20)}, "Outcome.closed_at must be a datetime with a time zone"),  # noqa: DTZ001
        ({"gross": float("nan")}, "Outcome.gross must be a finite number"),
        ({"quantity": 0}, "Outcome.quantity must"),
    ],
)
def test_an_outcome_that_no_rule_would_hear_of_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Outcome(**{**DONE, **wrong})


def test_so_is_a_finished_session():
    assert DayResult(date(2026, 11, 20), 100_000, "-12.5").net == D("-12.5")
    with pytest.raises(ValueError, match=r"DayResult\.session must be a date"):
        DayResult("2026-11-20", 100_000, 0)
    with pytest.raises(ValueError, match=r"DayResult\.net must be a finite number"):
        DayResult(date(2026, 11, 20), 100_000, D("NaN"))


def test_a_span_whose_extremes_do_not_enclose_it_would_hide_a_stop():
    """High and low were given the wrong way round."""
    day = a_day()
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    with pytest.raises(ValueError, match="PricesSeen of NSE:INFY: high 950 and low 1001 must enclose first 1000 and"):
        e.PricesSeen(day.at("10:05"), "NSE:INFY", D(1000), D(950), D(1001), D(960), day.at("10:04"))


def test_what_was_paid_for_a_fill_is_what_its_shares_cost():
    """The broker tells an average price, rounded, and the value of the trades beside it."""
    order = rc.decide(
        rc.Signal("INFY", "BUY", at=NOW), rc.Book(100_000),
        rc.Market(instrument=rc.Instrument(symbol="INFY", tick="0.05"), at=NOW, last=1500, atr=10), rc.Policy(),
    ).order  # fmt: skip
    book = rc.Book(100_000).after(order)
    for _ in range(2):
        book = book.after(rc.Fill(order.order_id, 3, price="1500.33", at=NOW, value=4501))
    (held,) = book.positions
    leave = rc.exit_order(held, order_id="x", reason="s", reference=D(1500), level=None, policy=rc.Policy(), at=NOW)
    book = book.after(leave).after(rc.Fill("x", 6, price="1500.33", at=NOW, value=9002))
    assert book.realised.quantize(D("0.00000001")) == 0


@pytest.mark.parametrize("how", list(rc.Intrabar))
def test_what_is_assumed_of_a_bar_may_be_told_by_name(how):
    bars = [
        rc.Bar(at=datetime(2026, 11, 20, 9, 15 + n, tzinfo=rc.IST), open=9, high=9, low=9, close=9) for n in range(3)
    ]
    thing = rc.Instrument(symbol="INFY", tick="0.05")
    by_name = rc.simulate({thing: bars}, lambda *_: None, rc.Policy(), interval="1m", intrabar=how.value)
    assert by_name == rc.simulate({thing: bars}, lambda *_: None, rc.Policy(), interval="1m", intrabar=how)
    with pytest.raises(ValueError, match="is not a valid"):
        rc.simulate({thing: bars}, lambda *_: None, rc.Policy(), interval="1m", intrabar="best")
    with pytest.raises(ValueError, match="is not a valid"):
        rc.simulate({thing: bars}, lambda *_: None, rc.Policy(), interval="1m", entries="someday")
