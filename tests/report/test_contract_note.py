"""Our days beside the broker's contract notes: STT and stamp duty to whole rupees are told from real differences."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.lab.report import study_of
from riskcore_openalgo.lab.report.contract_note import beside, contract_table, read_contract_notes
from tests.core.custody_days import books, held, position, stop_of, trade
from tests.core.engine_days import TCS, holding
from tests.core.test_following import BOUGHT, seen_twice, there
from tests.core.test_untold_shares import taken_for_sold
from tests.journal.told import FIRST, FOURTH, SECOND, THIRD, four_days

FACTS = four_days().facts
FRIDAY = date(2026, 11, 20)


def note_of(day):
    """The net a broker's note has: every charge exact but STT and stamp duty, which are whole rupees; in paise."""
    orders = {f.order.order_id: f.order for f in FACTS if isinstance(f, (events.EntryApproved, events.ExitApproved))}
    cash, other, stt, stamp = Decimal(0), Decimal(0), Decimal(0), Decimal(0)
    for fill in (f for f in FACTS if isinstance(f, events.Filled) and f.traded_at.date() == day):
        cost = rc.order_charges(
            side=fill.side,
            value=fill.value,
            on=day,
            product=orders[fill.order_id].product,
            brokerage_pct=Decimal("0.03"),
            brokerage_max=20,
        )
        cash += (-1 if fill.side == "BUY" else 1) * fill.value
        stt, stamp = stt + cost.stt, stamp + cost.stamp
        other += cost.total - cost.stt - cost.stamp
    whole = [tax.quantize(Decimal(1), rounding=ROUND_HALF_UP) for tax in (stt, stamp)]
    return (cash - other - sum(whole)).quantize(Decimal("0.01"))


def test_a_note_that_rounds_its_taxes_is_explained():
    """The difference is real, and all of it is rounding."""
    [day] = [day for day in beside(FACTS, {FIRST: note_of(FIRST)}) if day.day == FIRST]
    assert day.difference != 0
    assert abs(day.left) <= Decimal("0.02")
    assert day.verdict == "rounding of STT and stamp duty"


def test_a_day_is_held_to_the_policy_of_that_day():
    """A policy that changes how taxes are booked three days later changes no verdict on what went before."""
    told, _ = holding()
    told.prices("10:05", last=979)
    told.fill("10:05:01", told.sent()[-1].order_id, price=979)
    [before] = beside(told.facts, {FRIDAY: Decimal(-1100)})
    told.next_day(3)
    told.take(events.PolicyLoaded(told.at("09:16"), rc.Policy(stt_stamp_whole_rupees=True)))
    [after] = beside(told.facts, {FRIDAY: Decimal(-1100)})
    assert before.rounding != 0
    assert after == before


def test_more_than_rounding_is_said():
    """A rupee off is no rounding, although rounding alone can make more than a rupee."""
    [day] = [d for d in beside(FACTS, {FIRST: note_of(FIRST) - 1}) if d.day == FIRST]
    assert day.verdict == "DIFFERS beyond rounding"


def test_days_of_one_side_alone_are_listed():
    """A day without a note, and a note of a day without a trade."""
    other = date(2026, 11, 25)
    found = {day.day: day.verdict for day in beside(FACTS, {FIRST: note_of(FIRST), other: Decimal(5)})}
    assert found[SECOND] == found[THIRD] == found[FOURTH] == "no contract note"
    assert found[other] == "not traded by us"


def test_our_nets_are_those_of_the_account():
    """All positions of these days were closed on them: cash is the session's net."""
    study = study_of(FACTS, title="t", source="s")
    sessions = {day.session: day.net for day in study.performance.curve.days}
    assert {day.day: day.ours for day in beside(FACTS, {})} == sessions
    table = contract_table(study, {FIRST: sessions[FIRST]})
    assert [row[-1] for row in table.rows] == ["the same", *["no contract note"] * 3]


@pytest.mark.parametrize(("left", "sold"), [(0, (50, 1010)), (25, (25, 1010)), (-20, (70, 1010))])
def test_what_a_hand_sold_in_the_brokers_app_is_in_our_cash(left, sold):
    """It is on the note: a day on which all was left counted the purchase alone, 50,000 below the session's net."""
    day, _ = held()
    seen_twice(day, there(left, average=None), trades=(BOUGHT, trade("H1", "SELL", *sold)))
    if left > 0:
        day.report("10:06", stop_of(day).order_id, "cancelled", left, left * 980)
    [found] = beside(day.facts, {})
    [session] = rc.equity_curve(day.facts).days
    assert day.book.positions == ()
    assert found.ours == session.net
    assert (found.rounding is not None, found.orders) == (True, 3 if left > 0 else 2)


def test_a_sale_that_never_was_is_in_no_cash():
    """Ten shares were taken for sold, and are ours again: what is left is the purchase of fifty."""
    day, _, shown = taken_for_sold()
    for clock in ("10:10:20", "10:10:22"):
        books(day, clock, **shown, positions=(position(50),))
    assert any(isinstance(fact, events.PositionAdjusted) for fact in day.facts)
    assert [found.ours for found in beside(day.facts, {})] == [-50_000 - day.book.charges]


@pytest.mark.parametrize(("product", "cash"), [("MIS", 2_000), ("NRML", 0), ("CNC", 0)])
def test_shares_that_came_without_us_are_of_today_where_they_are_intraday(product, cash):
    """Ten TCS, sold by hand and adopted; of a product that is carried nobody tells on which day they came."""
    day, _ = held(manual_trades="adopt")
    [before] = beside(day.facts, {})
    moved = (BOUGHT, trade("H1", "SELL", 10, 200, TCS.key))
    seen_twice(day, there(50), there(-10, TCS.key, 200, product), trades=moved, instruments=(TCS,))
    [after] = beside(day.facts, {})
    assert len(day.book.positions) == 2
    assert after.ours - before.ours == cash
    assert (after.rounding, after.orders) == (before.rounding, before.orders)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ":1: the columns must be date,net; found nothing"),
        ("day,net\n", ":1: the columns must be date,net; found day,net"),
        ("date,net\n20-11-2026,5\n", ":2: '20-11-2026' is not a date"),
        ('date,net\n2026-11-20,"1,000"\n', ":2: '1,000' is not an amount"),
        ("date,net\n2026-11-20,nan\n", ":2: 'nan' is not an amount"),
        ("date,net\n2026-11-20\n", ":2: None is not an amount"),
        ("date,net\n2026-11-20,1\n2026-11-20,2\n", ":3: 2026-11-20 is there twice"),
    ],
)
def test_a_bad_file_is_told_by_line(tmp_path, text, why):
    """The place and the remedy."""
    path = tmp_path / "notes.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=why.replace("(", r"\(")):
        read_contract_notes(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [("date,net\n".encode("utf-16"), "is no text in UTF-8"), (b"date,net\n2026-11-20," + b"1" * 140_000, "is no CSV")],
)
def test_a_file_that_is_no_csv_is_named(tmp_path, content, why):
    """What a spreadsheet saves as "Unicode text" was answered with a byte and its position alone."""
    path = tmp_path / "notes.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"notes.csv: {why}"):
        read_contract_notes(path)


def test_a_spreadsheets_file_is_read(tmp_path):
    """With a mark of byte order, names in capitals, columns beside."""
    path = tmp_path / "notes.csv"
    path.write_text("\ufeffDate, Net ,segment\n2026-11-20, -1234.50,EQ\n", "utf-8")
    assert read_contract_notes(path) == {date(2026, 11, 20): Decimal("-1234.50")}
