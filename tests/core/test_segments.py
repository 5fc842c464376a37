"""Sessions of every segment: hours by date, winter in the United States, nights, pauses, auctions, the unknown."""

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.tables import calendar

pytestmark = pytest.mark.smoke

INFY = rc.Instrument(symbol="INFY", tick="0.05")
SMALL = rc.Instrument(symbol="SMALL", tick="0.05", derivatives_listed=False)
BSE = rc.Instrument(symbol="INFY", tick="0.05", exchange="BSE")
NIFTY = rc.Instrument(symbol="NIFTYFUT", tick="0.1", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY")
SENSEX = rc.Instrument(symbol="SENSEXCE", tick="0.05", exchange="BFO", segment="OPT", kind="index")
USDINR = rc.Instrument(symbol="USDINR", tick="0.0025", exchange="CDS", segment="FUT", kind="currency")
GOLD = rc.Instrument(symbol="GOLDFUT", tick=1, exchange="MCX", segment="FUT", kind="commodity", underlying="GOLD")
COTTON = rc.Instrument(symbol="COTTONFUT", tick=1, exchange="MCX", segment="FUT", kind="commodity", underlying="COTTON")


def clock(moment):
    return None if moment is None else f"{moment:%H:%M}"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=rc.IST)


@pytest.mark.parametrize(
    ("day", "thing", "product", "opens", "closes", "first", "until", "flat"),
    [
        ("2026-07-31", BSE, "MIS", "09:15", "15:30", "09:20", "14:45", "15:15"),
        ("2026-08-03", BSE, "MIS", "09:15", "15:15", "09:20", "14:45", "15:10"),
        ("2026-07-31", NIFTY, "MIS", "09:15", "15:30", "09:20", "14:45", "15:15"),
        ("2026-08-03", NIFTY, "MIS", "09:15", "15:40", "09:20", "14:45", "15:30"),
        ("2026-08-03", NIFTY, "NRML", "09:15", "15:40", "09:20", "14:45", None),
        ("2026-08-03", SENSEX, "MIS", "09:15", "15:40", "09:20", "14:45", "15:30"),
        ("2026-02-01", NIFTY, "MIS", "09:15", "15:30", "09:20", "14:45", "15:15"),  # a budget Sunday
        ("2026-11-20", USDINR, "MIS", "09:00", "17:00", "09:05", "16:00", "16:30"),
        ("2026-10-30", GOLD, "MIS", "09:00", "23:30", "09:05", "22:25", "22:55"),
        ("2026-11-02", GOLD, "MIS", "09:00", "23:55", "09:05", "22:50", "23:20"),  # US winter time from 1 November
        ("2026-11-02", GOLD, "NRML", "09:00", "23:55", "09:05", "22:50", None),
        ("2025-10-21", NIFTY, "MIS", "13:45", "14:45", "13:50", "14:00", "14:30"),  # muhurat in the afternoon
    ],
)
def test_F62_the_hours_of_every_segment(day, thing, product, opens, closes, first, until, flat):
    """Cash with derivatives ends at 15:15, contracts go on to 15:40; the night of commodities follows New York."""
    session = rc.session_on(date.fromisoformat(day), thing, product)
    found = (session.opens, session.closes, session.entries_from, session.entries_until, session.square_off)
    assert tuple(clock(moment) for moment in found) == (opens, closes, first, until, flat)


@pytest.mark.parametrize(
    ("day", "closes"),
    [  # what circulars and announcements say of the first and last days
        ("2019-11-01", "23:30"),
        ("2019-11-04", "23:55"),
        ("2022-03-11", "23:55"),
        ("2022-03-14", "23:30"),
        ("2023-11-03", "23:30"),
        ("2023-11-06", "23:55"),
        ("2024-03-07", "23:55"),
        ("2024-03-11", "23:30"),
        ("2025-03-07", "23:55"),
        ("2025-03-10", "23:30"),
    ],
)
def test_the_commodity_close_moves_on_the_days_the_exchange_announced(day, closes):
    """MCX/TRD/675/2023, Angel One 2024, Mint 2022-03-11, Alice Blue 2019, the press of March 2025."""
    assert clock(rc.session_on(date.fromisoformat(day), GOLD, "NRML").closes) == closes


@pytest.mark.parametrize("thing", [USDINR, GOLD])
@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("2026-11-24", "unknown"),  # equity is closed: the evening may or may not be open
        ("2025-10-21", "unknown"),  # muhurat
        ("2026-02-01", "unknown"),  # a budget Sunday
        ("2026-11-22", "closed"),
        ("2026-11-20", "open"),
        ("2027-01-04", "unknown"),
    ],
)
def test_F61_of_currency_and_commodity_holidays_nobody_has_a_source(thing, day, known):
    """A day on which equity is closed is refused by name, not taken for a holiday and not for a session."""
    moment = date.fromisoformat(day)
    if known == "unknown":
        with pytest.raises(rc.CalendarUnknown):
            rc.session_on(moment, thing, "NRML")
    else:
        assert (rc.session_on(moment, thing, "NRML") is not None) == (known == "open")


def test_the_hours_of_farm_products_are_unknown():
    """Cotton ends at 21:00 and others at 17:00: never taken to trade into the night."""
    with pytest.raises(rc.CalendarUnknown, match="no trading hours for MCX"):
        rc.session_on(date(2026, 11, 20), COTTON, "NRML")


def test_a_disaster_recovery_saturday_has_a_pause():
    """2024-03-02: 09:15 to 10:00 and 11:30 to 12:30; entries keep their distance from the first end."""
    session = rc.session_on(date(2024, 3, 2), INFY)
    assert [clock(m) for m in (session.opens, session.closes, *session.pause)] == ["09:15", "12:30", "10:00", "11:30"]
    wanted = {"09:20": True, "09:59": True, "10:00": False, "11:29": False, "11:30": True, "12:30": False}
    assert {t: session.is_open(at(f"2024-03-02 {t}")) for t in wanted} == wanted
    assert session.entries_until <= session.entries_from
    assert clock(session.square_off) == "09:45"


def test_a_contract_has_no_session_after_its_expiry():
    """On the day of expiry it has one."""
    made = rc.option("NIFTY", expiry=date(2026, 11, 23), strike=26000, right="CE", on=date(2026, 11, 20))
    assert rc.session_on(date(2026, 11, 23), made, "NRML") is not None
    assert rc.session_on(date(2026, 11, 25), made, "NRML") is None


@pytest.mark.parametrize(
    ("moment", "thing", "phase", "stops"),
    [
        ("2026-08-03 09:14:59", INFY, "pre_open", False),
        ("2026-08-03 15:14:59", INFY, "continuous", True),
        ("2026-08-03 15:15:00", INFY, "closing_auction", False),
        ("2026-08-03 15:34:59", INFY, "closing_auction", False),
        ("2026-08-03 15:35:00", INFY, "closed", False),
        ("2026-08-03 15:50:00", INFY, "post_close", False),
        ("2026-08-03 15:15:00", SMALL, "continuous", True),
        ("2026-08-03 15:39:59", NIFTY, "continuous", True),
        ("2026-07-31 15:29:59", INFY, "continuous", True),
        ("2026-07-31 15:40:00", INFY, "post_close", False),
        ("2026-09-11 09:10:00", INFY, "closed", False),  # the new pre-open timings are not known
        ("2026-11-22 11:00:00", INFY, "closed", False),
        ("2024-03-02 10:30:00", INFY, "closed", False),
    ],
)
def test_F62_no_stop_rests_in_the_closing_auction(moment, thing, phase, stops):
    """A stop that rests at 15:15 must be taken for dead; shares without derivatives and contracts trade on."""
    assert rc.phase_at(at(moment), thing) == phase
    assert rc.stops_rest(at(moment), thing) is stops


def test_F62_an_intraday_exit_at_15_20_comes_too_late_for_these_shares():
    """The square-off lies before the auction on every regular day since, whatever the policy asks for later."""
    day = date(2026, 8, 3)
    late = rc.session_on(day, INFY, square_off_at=time(15, 20))
    assert late.square_off < late.closes == at("2026-08-03 15:15")


def test_the_bars_of_the_closing_auction_agree(riskcore_data):
    """After 15:14 of 2026-09-11 nothing trades until the one print of 15:29."""
    path = riskcore_data / "closing_auction" / "RELIANCE_1min_2026-09-11_tail.csv"
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    traded = {line[0][11:16] for line in lines if float(line[5]) > 0}
    stock = rc.nse_equity("RELIANCE", on=date(2026, 9, 11), tick="0.1")
    for text in sorted(traded):
        assert rc.phase_at(at(f"2026-09-11 {text}"), stock) in {"continuous", "closing_auction"}
    assert not {t for t in traded if "15:15" <= t < "15:29"}


def test_F17_the_counters_of_a_night_session_stay_with_their_day():
    """From 09:00 to 23:55 in India the session date is one, across 00:00 UTC (05:30 in India) it is another's."""
    session = rc.session_on(date(2026, 11, 19), GOLD, "NRML")
    moment = session.opens
    while moment < session.closes:
        assert rc.session_date(moment.astimezone(timezone.utc)) == date(2026, 11, 19)
        moment += timedelta(minutes=5)
    assert rc.session_date(datetime(2026, 11, 19, 23, 59, tzinfo=timezone.utc)) == date(2026, 11, 20)
    assert rc.session_date(datetime(2026, 11, 20, 0, 1, tzinfo=timezone.utc)) == date(2026, 11, 20)


def test_F17_a_muhurat_evening_counts_for_its_own_day():
    """18:00 to 19:00 on 2024-11-01, told in UTC, in New York and in India."""
    session = rc.session_on(date(2024, 11, 1), INFY)
    for zone in (timezone.utc, timezone(timedelta(hours=-4)), rc.IST):
        assert rc.session_date(session.opens.astimezone(zone)) == date(2024, 11, 1)


def test_F17_five_trades_of_a_night_are_five_trades_of_one_session():
    """The book counts by the exchange's day: a sixth entry in the same night is refused, whatever the UTC day."""
    book = rc.Book(10_000_000, session=date(2026, 11, 19), trades_today=5)
    margins = (rows("Margin", exchange="MCX", segment="FUT", product="MIS", margin_pct="10", since="2026-01-01"),)
    charges = (rows("ChargeRates", **RATES, exchange="MCX", segment="all", product="all", since="2026-01-01"),)
    policy = rc.Policy(allowed_products=("MIS",), tables=rc.Tables(margins=margins, charges=charges))
    moment = datetime(2026, 11, 19, 17, 10, tzinfo=timezone.utc)  # 22:40 in India
    seen = rc.Market(instrument=GOLD, at=moment, last=100, atr=1)
    signal = rc.Signal("GOLDFUT", "BUY", at=moment, exchange="MCX")
    assert "too_many_trades" in [finding.reason for finding in rc.decide(signal, book, seen, policy).findings]
    fresh = rc.decide(signal, rc.Book(10_000_000, session=date(2026, 11, 19)), seen, policy)
    assert "too_many_trades" not in [finding.reason for finding in fresh.findings]
    assert fresh.approved


RATES = {
    "stt_buy_pct": 0,
    "stt_sell_pct": Decimal("0.01"),
    "exchange_pct": Decimal("0.0021"),
    "sebi_pct": Decimal("0.0001"),
    "stamp_buy_pct": Decimal("0.002"),
    "gst_pct": 18,
}


def rows(kind, **fields):
    """A row of a user's own table."""
    import riskcore.table_rows as made  # noqa: PLC0415

    return getattr(made, kind)(**fields)


@pytest.mark.parametrize("year", range(2016, 2027))
def test_every_day_of_the_calendar_has_an_answer_or_a_name(year):
    """Open, closed, or unknown by name: no day of any segment raises anything else."""
    day, unknown = date(year, 1, 1), 0
    while day.year == year:
        for thing, product in ((INFY, "MIS"), (NIFTY, "NRML"), (USDINR, "NRML"), (GOLD, "MIS")):
            try:
                session = rc.session_on(day, thing, product)
            except rc.CalendarUnknown:
                unknown += thing is INFY
            else:
                assert session is None or session.opens.date() == session.closes.date() == day
        day += timedelta(days=1)
    wanted = [d for d, row in calendar.SPECIAL_SESSIONS.items() if d.startswith(str(year)) and row[1] is None]
    assert unknown == len(wanted)
