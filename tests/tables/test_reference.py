"""Where the recorded market data is at hand, the tables agree with it."""

import csv
import json
from datetime import date, timedelta

import pytest

from riskcore.tables import calendar, freeze, sectors, ticks


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def checked_calendar(riskcore_data):
    """The calendar that was checked against the exchange's own bars."""
    return json.loads((riskcore_data / "reference" / "nse_calendar.json").read_text(encoding="utf-8"))


def test_holidays_agree_with_the_checked_calendar(checked_calendar):
    """The same days, and the same names where it has one."""
    theirs = {row["date"]: row["description"] for row in checked_calendar["weekday_holidays"]}
    assert sorted(calendar.HOLIDAYS) == sorted(theirs)
    assert {d: n for d, n in theirs.items() if n} == {d: calendar.HOLIDAYS[d][0] for d, n in theirs.items() if n}


def test_special_sessions_agree_with_the_checked_calendar(checked_calendar):
    """The same days and kinds, and the same hours where it has confirmed ones."""
    theirs = {row["date"]: row for row in checked_calendar["special_sessions"]}
    assert sorted(calendar.SPECIAL_SESSIONS) == sorted(theirs)
    for day, (kind, opens, closes, *_) in calendar.SPECIAL_SESSIONS.items():
        assert kind == theirs[day]["kind"]
        if "open" in theirs[day] and "NOT confirmed" not in theirs[day].get("note", ""):
            assert (opens, closes) == (theirs[day]["open"], theirs[day]["close"])


def test_the_exchange_traded_on_our_session_days_and_on_no_other(riskcore_data):
    """Ten years of NSE daily bars of one stock; its manifest names the eight sessions the file lacks."""
    days = {row["timestamp"][:10] for row in read_csv(riskcore_data / "daily_nse_raw" / "RELIANCE.csv")}
    lacking = {"2016-10-30", "2022-08-08", "2023-11-12", "2024-03-02", "2025-02-01", "2026-02-01"}
    lacking |= {"2026-08-17", "2026-08-18"}
    day, sessions = date.fromisoformat(min(days)), set()
    while day.isoformat() <= max(days):
        text = day.isoformat()
        if text in calendar.SPECIAL_SESSIONS or (day.weekday() < 5 and text not in calendar.HOLIDAYS):
            sessions.add(text)
        day += timedelta(days=1)
    assert sessions ^ days == lacking


def test_muhurat_2025_ran_as_long_as_the_table_says(riskcore_data):
    """The 5-minute bars of SBIN begin at the open and end five minutes before the close."""
    bars = read_csv(riskcore_data / "intraday_5min_2025H2" / "SBIN.csv")
    times = sorted(row["timestamp"][11:16] for row in bars if row["timestamp"].startswith("2025-10-21"))
    assert calendar.SPECIAL_SESSIONS["2025-10-21"][1:3] == ("13:45", "14:45")
    assert (times[0], times[-1]) == ("13:45", "14:40")


def test_sectors_agree_with_the_constituents(riskcore_data):
    """The industry of each of the five hundred, by the index file; that of the fifty says the same."""
    files = [f"nifty{number}_constituents_2026-08-15.csv" for number in (500, 50)]
    large, small = (
        {row["symbol"]: row["industry"] for row in read_csv(riskcore_data / "reference" / name)} for name in files
    )
    assert large == sectors.SECTORS
    assert small.items() <= large.items()
    assert set(small) <= set(freeze.DERIVATIVES_LISTED)


def test_freeze_quantities_agree_with_the_list(riskcore_data):
    """All 213 of them."""
    rows = read_csv(riskcore_data / "reference" / "fo_quantity_freeze.csv")
    assert {row["symbol"]: int(row["vol_freeze_qty"]) for row in rows} == freeze.FREEZE_QUANTITY


def test_ticks_agree_with_the_measured_rules(riskcore_data):
    """The same dates, borders and steps as were measured on the prices of 500 stocks."""
    text = (riskcore_data / "reference" / "market_rules.json").read_text(encoding="utf-8")
    rules = json.loads(text)["tick_size_rules_nse_equity"]
    theirs = [[(band.get("price_below", band.get("price_upto")), band["tick"]) for band in r["bands"]] for r in rules]
    cash = [row for row in ticks.TICKS if row["exchange"] == "NSE"]
    ours = [[(b["upper"] and float(b["upper"]), float(b["tick"])) for b in row["bands"]] for row in cash]
    assert ours == theirs
    assert [row["to"] for row in cash] == [rule["to"] for rule in rules]
