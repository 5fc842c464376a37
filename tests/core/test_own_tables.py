"""A user's own tables: asked before the shipped ones, carried by the policy, written into the journal."""

from datetime import date, datetime, time

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore.exits.leaving import can_trade, square_off_due
from riskcore.policy import policy_hash
from riskcore.table_rows import (
    CalendarDay,
    ChargeRates,
    Hours,
    Listing,
    Margin,
    Phase,
    SectorOf,
    TickBand,
    Ticks,
    Window,
    Year,
)
from riskcore_openalgo.journal.codec import decode, encode

INFY = rc.Instrument(symbol="INFY", tick="0.1")
GOLD = rc.Instrument(symbol="GOLDFUT", tick=1, exchange="MCX", segment="FUT", kind="commodity", underlying="GOLD")
NSE_MIS = {"exchange": "NSE", "segment": "EQ", "product": "MIS"}
EVERYTHING = rc.Tables(
    years=(Year(calendar="equity", year=2027),),
    days=(CalendarDay(day="2026-11-08", kind="muhurat", open="18:00", close="19:15"),),
    hours=(Hours(exchange="NSE", segment="EQ", open="09:15", close="15:00", since="2026-12-01"),),
    phases=(
        Phase(exchange="NSE", segment="EQ", phase="late", open="16:00", close="17:00", stop_orders=True, since=DAY)
        for DAY in ("2026-11-01",)
    ),
    square_off=(Window(**NSE_MIS, no_entry_before="10:00", no_entry_after="close-60", since="2026-12-01"),),
    ticks=(Ticks(exchange="BSE", segment="EQ", since="2026-01-01", bands=(TickBand(tick="0.05"),)),),
    margins=(Margin(**NSE_MIS, margin_pct=25, symbol="INFY", since="2026-01-01"),),
    charges=(
        ChargeRates(
            **NSE_MIS,
            since="2026-12-01",
            stt_buy_pct=0,
            stt_sell_pct="0.05",
            exchange_pct="0.003",
            sebi_pct="0.0001",
            stamp_buy_pct="0.003",
            gst_pct=18,
        ),
    ),
    sectors=(SectorOf(symbol="INFY", sector="My bucket"),),
    surveillance=(Listing(symbol="INFY", list="ESM", since="2026-12-01"),),
    surveillance_as_of=date(2026, 11, 20),
)


def test_a_muhurat_with_hours_of_the_users_own():
    """What nobody had published is refused without the row and has a session with it."""
    day = date(2026, 11, 8)
    with pytest.raises(rc.CalendarUnknown, match="muhurat"):
        rc.session_on(day, INFY)
    session = rc.session_on(day, INFY, tables=EVERYTHING)
    assert (session.opens.time(), session.closes.time(), session.square_off.time()) == (
        time(18),
        time(19, 15),
        time(19),
    )


def test_F61_a_year_of_the_users_own_is_his_alone():
    """2027 begins where the shipped calendar ends; a day he does not name is as its weekday says."""
    assert rc.next_session_day(date(2026, 12, 31), INFY) is None
    assert rc.next_session_day(date(2026, 12, 31), INFY, tables=EVERYTHING) == date(2027, 1, 1)
    assert rc.session_on(date(2027, 1, 2), INFY, tables=EVERYTHING) is None
    closed = attrs.evolve(EVERYTHING, days=(CalendarDay(day="2027-01-26", kind="closed"),))
    assert rc.session_on(date(2027, 1, 26), INFY, tables=closed) is None
    with pytest.raises(rc.CalendarUnknown):
        rc.session_on(date(2028, 1, 3), INFY, tables=closed)


def test_the_holidays_of_commodities_can_be_given():
    """Then a day on which equity is closed is open, closed, or an evening."""
    evening = CalendarDay(calendar="commodity", day="2026-11-24", kind="evening", open="17:00", close="23:55")
    tables = rc.Tables(years=(Year(calendar="commodity", year=2026),), days=(evening,))
    assert rc.session_on(date(2026, 11, 24), GOLD, tables=tables).opens.time() == time(17)
    assert rc.session_on(date(2026, 11, 10), GOLD, tables=tables).kind == "regular"
    with pytest.raises(rc.CalendarUnknown):
        rc.session_on(date(2026, 11, 10), GOLD)


def test_hours_windows_and_phases_of_the_users_own():
    """`close-60` is an hour before the user's own close."""
    session = rc.session_on(date(2026, 12, 1), INFY, tables=EVERYTHING)
    assert [m.time() for m in (session.closes, session.entries_from, session.entries_until)] == [
        time(15),
        time(10),
        time(14),
    ]
    assert session.square_off is None
    late = datetime(2026, 11, 20, 16, 30, tzinfo=rc.IST)
    assert (rc.phase_at(late, INFY, tables=EVERYTHING), rc.phase_at(late, INFY)) == ("late", "closed")
    assert rc.stops_rest(late, INFY, tables=EVERYTHING)


def test_ticks_sectors_and_margins_of_the_users_own():
    """An exchange the shipped table lacks, a bucket, a symbol's own margin."""
    assert (
        rc.tick_for(100, on=date(2026, 11, 20), exchange="BSE", tables=EVERYTHING) == EVERYTHING.ticks[0].bands[0].tick
    )
    assert rc.sector_of("INFY", tables=EVERYTHING) == "My bucket"
    assert rc.sector_of("TCS", tables=EVERYTHING) == "Information Technology"
    day = date(2026, 11, 20)
    assert rc.margin_pct(INFY, "MIS", on=day, tables=EVERYTHING) == 25
    assert rc.margin_pct(INFY, "MIS", on=day) == 20
    assert rc.margin_pct(INFY, "MIS", on=date(2026, 12, 1), tables=EVERYTHING) == 100  # surveillance


def test_a_decision_reads_the_tables_of_its_policy():
    """Hours and margins of a policy's tables decide; the same signal without them is approved."""
    at = datetime(2026, 12, 1, 9, 45, tzinfo=rc.IST)
    signal = rc.Signal("INFY", "BUY", at=at)
    seen = rc.Market(instrument=INFY, at=at, last=1500, atr=10)
    plain = rc.decide(signal, rc.Book(1_000_000), seen, rc.Policy())
    mine = rc.decide(signal, rc.Book(1_000_000), seen, rc.Policy(tables=EVERYTHING))
    assert plain.approved
    assert not mine.approved
    assert "before_first_entry" in [finding.reason for finding in mine.findings]


def test_exits_read_the_tables_of_the_policy_too():
    """Flat an hour before the user's own close; nothing to sell once that close is past."""
    at = datetime(2026, 12, 1, 15, 5, tzinfo=rc.IST)
    held = rc.Position(instrument=INFY, side="BUY", quantity=1, average_price=1500, opened_at=at)
    window = Window(
        **NSE_MIS, no_entry_before="10:00", no_entry_after="12:00", square_off="close-90", since="2026-12-01"
    )
    policy = rc.Policy(tables=attrs.evolve(EVERYTHING, square_off=(window,)))
    early = at.replace(hour=13, minute=30)
    assert square_off_due(held, early, policy)
    assert not square_off_due(held, early, rc.Policy())
    assert can_trade(held, early, policy)
    assert not can_trade(held, at, policy)
    assert can_trade(held, at, rc.Policy())


def test_the_tables_are_part_of_the_policy_and_of_its_hash():
    """Two policies that differ in one row are two policies; equal rows are one."""
    other = attrs.evolve(EVERYTHING, sectors=())
    again = attrs.evolve(EVERYTHING)
    hashes = [policy_hash(rc.Policy(tables=tables)) for tables in (None, EVERYTHING, other, again)]
    assert len(set(hashes)) == 3
    assert hashes[1] == hashes[3]
    assert hash(rc.Policy(tables=EVERYTHING)) == hash(rc.Policy(tables=again))


def test_a_policy_with_tables_survives_the_journal():
    """Every row comes back as it was, to the type."""
    at = datetime(2026, 11, 20, 9, 0, tzinfo=rc.IST)
    names = {field.name for field in attrs.fields(events.PolicyChanged)}
    given = {"at": at, "policy": rc.Policy(tables=EVERYTHING), "by": "x", "why": "x", "hash": "x"}
    changed = events.PolicyChanged(**{name: given.get(name, "x") for name in names})
    back = decode("PolicyChanged", 1, encode(changed))
    assert back == changed
    assert back.policy.tables == EVERYTHING
    assert type(back.policy.tables.square_off[0]) is Window


def test_a_day_is_looked_up_once_for_each_subject():
    """What was found is kept: the same value, and no equal one, comes back."""
    day, policy = date(2026, 11, 20), rc.Policy(tables=EVERYTHING)
    for ask in (
        lambda: rc.session_on(day, INFY, "MIS", tables=policy.tables),
        lambda: rc.margin_pct(INFY, "MIS", on=day, tables=policy.tables),
    ):
        assert ask() is ask()
