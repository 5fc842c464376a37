"""The market's facts, as literal cases: what a trader would look up, and find here."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from riskcore.tables import (
    bands,
    calendar,
    charges,
    expiries,
    freeze,
    lots,
    margins,
    phases,
    sectors,
    square_off,
    surveillance,
    ticks,
)


def plain(rows):
    """Each row as a tuple of its values: from, to, what it is about, what it says, source."""
    return [tuple(row.values()) for row in rows]


ROWS = {
    "HOURS": plain(calendar.HOURS),
    "TICKS": plain(ticks.TICKS),
    "MARGINS": plain(margins.MARGINS),
    "SQUARE_OFF": plain(square_off.SQUARE_OFF),
    "CHARGES": plain(charges.CHARGES),
    "FUNDS": plain(charges.FUNDS),
    "SETTLEMENT": plain(charges.SETTLEMENT),
    "PHASES": plain(phases.PHASES),
    "LOTS": plain(lots.LOTS),
    "BANDS": plain(bands.BANDS),
    "EXPIRIES": plain(expiries.EXPIRIES),
    "EFFECTS": plain(surveillance.EFFECTS),
}


def on(rows, day, *subject):
    """The rows that hold on a day: after the two dates they begin with the subject."""
    return [r for r in rows if r[0] <= day and (not r[1] or day <= r[1]) and r[2 : 2 + len(subject)] == subject]


def session(day):
    """What the calendar says of a day: a kind with hours, `closed` or `regular`."""
    if day in calendar.SPECIAL_SESSIONS:
        return calendar.SPECIAL_SESSIONS[day][:3]
    return "closed" if day in calendar.HOLIDAYS or date.fromisoformat(day).weekday() > 4 else "regular"


def test_every_row_names_its_source():
    """Who published it, in words."""
    tables = (module for module in (calendar.HOURS, ticks.TICKS, margins.MARGINS, square_off.SQUARE_OFF))
    tables = (*tables, charges.CHARGES, charges.FUNDS, charges.SETTLEMENT, phases.PHASES, lots.LOTS, bands.BANDS)
    sources = [row["source"] for rows in (*tables, expiries.EXPIRIES, surveillance.EFFECTS) for row in rows]
    assert len(sources) == sum(map(len, ROWS.values()))
    sources += [row[-1] for row in (*calendar.HOLIDAYS.values(), *calendar.SPECIAL_SESSIONS.values())]
    sources += [sectors.SOURCE, freeze.SOURCE]
    assert len(sources) > 100 + 162 + 17
    assert [text for text in sources if len(text.split()) < 3] == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-10-20", "regular"),
        ("2025-10-21", ("muhurat", "13:45", "14:45")),  # an afternoon: OpenAlgo's table says holiday
        ("2025-10-22", "closed"),  # OpenAlgo's table says open
        ("2025-11-01", "closed"),  # a Saturday: OpenAlgo's table has the muhurat session here
        ("2025-11-05", "closed"),  # OpenAlgo's table says open
        ("2025-11-14", "regular"),  # OpenAlgo's table says closed
        ("2026-02-01", ("budget_full_session", "09:15", "15:30")),  # a Sunday
        ("2025-02-01", ("budget_full_session", "09:15", "15:30")),
        ("2020-02-01", ("budget_full_session", "09:15", "15:30")),
        ("2024-01-20", ("full_session_saturday", "09:15", "15:30")),
        ("2024-01-21", "closed"),
        ("2024-01-22", "closed"),
        ("2024-03-02", ("disaster_recovery_short_sessions", "09:15", "12:30")),
        ("2024-05-18", ("disaster_recovery_short_sessions", None, None)),
        ("2024-11-01", ("muhurat", "18:00", "19:00")),
        ("2018-11-07", ("muhurat", "17:30", "18:30")),
        ("2016-10-30", ("muhurat", "18:30", "19:30")),
        ("2020-02-28", "regular"),
        ("2023-06-28", "regular"),  # Bakri Id was moved to the 29th
        ("2023-06-29", "closed"),
        ("2026-11-08", ("muhurat", None, None)),
        ("2026-11-24", "closed"),
        ("2026-12-25", "closed"),
    ],
)
def test_known_days(day, expected):
    """Days other calendars are known to have wrong, and the ordinary ones beside them."""
    assert session(day) == expected


def test_the_calendar_covers_eleven_years_with_162_holidays_and_17_special_sessions():
    """Holidays are weekdays; every special session and holiday lies within the calendar."""
    assert (calendar.FIRST, calendar.LAST) == ("2016-01-01", "2026-12-31")
    assert len(calendar.HOLIDAYS) == 162
    assert len(calendar.SPECIAL_SESSIONS) == 17
    assert all(date.fromisoformat(day).weekday() < 5 for day in calendar.HOLIDAYS)
    per_year = [sum(day.startswith(str(year)) for day in calendar.HOLIDAYS) for year in range(2016, 2027)]
    assert per_year == [15, 13, 16, 17, 12, 14, 13, 15, 17, 14, 16]


def test_unconfirmed_hours_say_so():
    """The one session whose hours nobody confirmed carries its low confidence in the source."""
    low = [day for day, row in calendar.SPECIAL_SESSIONS.items() if "confidence: low" in row[-1]]
    assert low == ["2026-11-08"]


@pytest.mark.parametrize(
    ("day", "group", "hours"),
    [
        ("2016-01-01", "all", ("09:15", "15:30")),
        ("2026-08-02", "all", ("09:15", "15:30")),
        ("2026-08-03", "derivatives_listed", ("09:15", "15:15")),
        ("2026-08-03", "other", ("09:15", "15:30")),
    ],
)
def test_hours_before_and_after_the_closing_auction(day, group, hours):
    """Stocks with derivatives leave continuous trading at 15:15 since 2026-08-03."""
    assert [row[5:7] for row in on(ROWS["HOURS"], day, "NSE", "EQ", group)] == [hours]


@pytest.mark.parametrize(
    ("rows", "subject"),
    [
        ("TICKS", ("NSE", "EQ", "stock")),
        ("TICKS", ("NFO", "FUT", "stock")),
        ("TICKS", ("NFO", "FUT", "index")),
        ("TICKS", ("NFO", "OPT", "all")),
        ("HOURS", ("NFO", "all", "all")),
        ("HOURS", ("BFO", "all", "all")),
        ("MARGINS", ("NSE", "EQ", "MIS")),
        ("MARGINS", ("NSE", "EQ", "CNC")),
        ("SQUARE_OFF", ("NSE", "EQ", "MIS")),
        ("SQUARE_OFF", ("NSE", "EQ", "CNC")),
        ("SQUARE_OFF", ("BSE", "EQ", "MIS")),
        ("SQUARE_OFF", ("NFO", "all", "MIS")),
        ("SQUARE_OFF", ("NFO", "all", "NRML")),
        ("SQUARE_OFF", ("CDS", "all", "MIS")),
        ("SQUARE_OFF", ("MCX", "all", "MIS")),
    ],
)
def test_every_day_of_the_calendar_has_one_row(rows, subject):
    """From the first day of the calendar to the last; charges begin later, and say why."""
    day, last = date.fromisoformat(calendar.FIRST), date.fromisoformat(calendar.LAST)
    while day <= last:
        assert len(on(ROWS[rows], day.isoformat(), *subject)) == 1, day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "bands"),
    [
        ("2024-06-09", [(None, False, "0.05")]),
        ("2024-06-10", [("250", False, "0.01"), (None, False, "0.05")]),
        ("2025-04-14", [("250", False, "0.01"), (None, False, "0.05")]),
        (
            "2025-04-15",
            [
                ("250", False, "0.01"),
                ("1000", True, "0.05"),
                ("5000", True, "0.10"),
                ("10000", True, "0.50"),
                ("20000", True, "1.00"),
                (None, False, "5.00"),
            ],
        ),
    ],
)
def test_ticks_by_date(day, bands):
    """0.05 for all, then 0.01 below 250, then six bands."""
    found = [row[5] for row in on(ROWS["TICKS"], day, "NSE", "EQ", "stock")]
    assert [[tuple(band.values()) for band in row] for row in found] == [bands]


@pytest.mark.parametrize(
    ("day", "exchange_pct"),
    [
        ("2021-03-31", None),
        ("2021-04-01", "0.00345"),
        ("2023-03-31", "0.00345"),
        ("2023-04-01", "0.00335"),
        ("2024-09-30", "0.00335"),
        ("2024-10-01", "0.00307"),
        ("2026-02-28", "0.00307"),
        ("2026-03-01", "0.00307"),
    ],
)
@pytest.mark.parametrize("product", ["MIS", "CNC"])
def test_exchange_charges_by_date(day, exchange_pct, product):
    """Nothing before 2021-04-01; since 2024-10-01 Rs 307 a crore in all, only its split has moved."""
    rows = [row for row in charges.CHARGES if (row["exchange"], row["product"]) == ("NSE", product)]
    held = [row for row in rows if row["from"] <= day and (not row["to"] or day <= row["to"])]
    assert [row["exchange_pct"] for row in held] == ([exchange_pct] if exchange_pct else [])


def test_the_charges_of_a_known_trade():
    """50 shares bought at 2,500 and sold at 2,468 on MIS, Rs 20 an order: Rs 91.0917 in all."""
    (row,) = [r for r in charges.CHARGES if (r["exchange"], r["product"], r["to"]) == ("NSE", "MIS", None)]
    pct = {name: Decimal(text) / 100 for name, text in row.items() if name.endswith("_pct")}
    bought, sold, brokerage = Decimal(50 * 2500), Decimal(50 * 2468), Decimal(40)
    exchange, sebi = (bought + sold) * pct["exchange_pct"], (bought + sold) * pct["sebi_pct"]
    tax = bought * pct["stt_buy_pct"] + sold * pct["stt_sell_pct"]
    gst = (brokerage + exchange + sebi) * pct["gst_pct"]
    total = brokerage + tax + exchange + sebi + bought * pct["stamp_buy_pct"] + gst
    assert round(total, 4) == Decimal("91.0917")


@pytest.mark.parametrize(
    ("day", "product", "window"),
    [
        ("2020-02-28", "MIS", ("09:20", "14:45", "15:15")),
        ("2026-08-02", "MIS", ("09:20", "14:45", "15:15")),
        ("2026-08-03", "MIS", ("09:20", "14:45", "15:10")),
        ("2026-08-03", "CNC", ("09:20", "14:45", None)),
    ],
)
def test_entries_and_square_off_by_date(day, product, window):
    """Flat before any broker's own square-off, and before continuous trading ends; delivery is carried."""
    assert [row[5:8] for row in on(ROWS["SQUARE_OFF"], day, "NSE", "EQ", product)] == [window]


def test_a_short_session_keeps_the_distances_of_an_ordinary_day():
    """Entries from 5 minutes after the open until 45 before the close, flat 15 before the close."""
    assert square_off.SHORT_SESSION_MINUTES == (5, 45, 15)


@pytest.mark.parametrize(
    ("day", "product", "percent", "sure"),
    [
        ("2020-02-28", "MIS", "20", False),
        ("2021-08-31", "MIS", "20", False),
        ("2021-09-01", "MIS", "20", True),
        ("2020-02-28", "CNC", "100", True),
    ],
)
def test_margins_by_date(day, product, percent, sure):
    """The floor of 20 % is sure since the peak margin rule, and the stricter guess before it."""
    (row,) = on(ROWS["MARGINS"], day, "NSE", "EQ", product)
    assert row[5] == percent
    assert ("confidence: low" not in row[6]) == sure


def test_sectors_and_derivatives():
    """Five hundred stocks with their industry; an index is no stock."""
    assert sectors.AS_OF == "2026-08-15"
    assert len(sectors.SECTORS) == 500
    assert sectors.SECTORS["RELIANCE"] == "Oil Gas & Consumable Fuels"
    assert sectors.SECTORS["M&M"] == "Automobile and Auto Components"
    assert freeze.AS_OF == "2025-12-20"
    assert freeze.INDICES == ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTY", "NIFTYNXT50")
    assert (*freeze.INDICES, *freeze.DERIVATIVES_LISTED) == tuple(freeze.FREEZE_QUANTITY)
    assert (freeze.FREEZE_QUANTITY["NIFTY"], freeze.FREEZE_QUANTITY["RELIANCE"]) == (1800, 15000)
