"""Files as people really have them: recorded bars from outside the repository, clean ones and dirty ones."""

import pytest

from riskcore_openalgo.feed import BarFileError, read_bars, read_folder

CLEAN_FOLDERS = [
    ("intraday_1min_2016", "1m", 9, 6750),
    ("intraday_1min_20200228", "1m", 3, 375),
    ("intraday_5min_2024_03_04", "5m", 5, 1425),
    ("intraday_5min_2025_01", "5m", 1, 1725),
    ("intraday_5min_2026_05_06", "5m", 8, 1650),
]


def codes_of(file):
    return {repair.code: repair.count for repair in file.repairs}


@pytest.mark.parametrize(("folder", "interval", "symbols", "bars"), CLEAN_FOLDERS)
def test_clean_recordings_need_no_repair(riskcore_data, folder, interval, symbols, bars):
    """Every bar is read, and nothing is called a fault, not even an index without volume."""
    files = read_folder(riskcore_data / folder, interval=interval, repair=False)
    assert len(files) == symbols
    assert {len(file.bars) for file in files.values()} == {bars}


def test_two_missing_bars_are_found(riskcore_data):
    """SBIN of May 2024 lacks two of 75 bars on the 31st, and has no bar of the Saturday drill."""
    file = read_folder(riskcore_data / "intraday_5min_2024_05", interval="5m")["SBIN"]
    assert (len(file.bars), codes_of(file)) == (1648, {"missing_bars": 2})


def test_a_muhurat_session_is_known(riskcore_data):
    """SBIN and RELIANCE of autumn 2025 have the special hour of 2025-10-21, complete."""
    files = read_folder(riskcore_data / "intraday_5min_2025H2", ["SBIN", "RELIANCE"], interval="5m")
    assert [codes_of(file) for file in files.values()] == [{}, {}]


def test_bars_outside_the_muhurat_hour_refuse_the_file(riskcore_data):
    """The NIFTY recording has five: the index was computed before and after."""
    with pytest.raises(BarFileError) as refused:
        read_bars(riskcore_data / "intraday_5min_2025H2/NIFTY.csv", symbol="NIFTY", interval="5m")
    assert [(p.line, p.code) for p in refused.value.problems] == [
        (line, "outside_session") for line in (2852, 2853, 2854, 2855, 2868)
    ]


def test_the_recorded_closing_auction_is_dropped(riskcore_data):
    """15 bars, 842,771 shares at another price in the last of them: nobody could have traded there."""
    path = riskcore_data / "closing_auction/RELIANCE_1min_2026-09-11_tail.csv"
    file = read_bars(path, symbol="RELIANCE", interval="1m")
    assert codes_of(file) == {"closing_auction": 15, "missing_bars": 335}
    assert str(file.bars[-1].close) == "1263.0"


@pytest.mark.parametrize("symbol", ["RELIANCE", "YESBANK"])
def test_dirty_daily_bars_are_refused_and_then_cleaned(riskcore_data, tmp_path, symbol):
    """Special sessions stand on the wrong days: refused. Without those five rows the holiday copies go."""
    path = riskcore_data / f"daily_dirty_as_found/{symbol}.csv"
    with pytest.raises(BarFileError) as refused:
        read_bars(path, symbol=symbol, interval="1D")
    assert {problem.code for problem in refused.value.problems} == {"closed_day"}
    wrong = {problem.line for problem in refused.value.problems}
    assert len(wrong) == 5
    lines = path.read_text().splitlines()
    cleaned = tmp_path / path.name
    cleaned.write_text("\n".join(line for at, line in enumerate(lines, start=1) if at not in wrong) + "\n")
    found = codes_of(read_bars(cleaned, symbol=symbol, interval="1D"))
    assert found["holiday_copy"] == 79
    assert found["session_copy"] == 1  # 2021-11-04 had a muhurat session; its own row stands a day late
    assert found["missing_sessions"] > 20


def test_daily_bars_with_splits_are_counted(riskcore_data):
    """The two bonus issues of RELIANCE, 2017 and 2024, stand in the repairs; the bars stay as they are."""
    file = read_bars(riskcore_data / "daily_nse_raw/RELIANCE.csv", symbol="RELIANCE", interval="1D")
    assert codes_of(file) == {"calendar_unknown": 1, "missing_sessions": 8, "overnight_jump": 2}


def test_an_index_older_than_the_calendar_is_kept_and_said(riskcore_data):
    """2,023 days before 2016 (and one drill since) that no calendar judges."""
    file = read_bars(riskcore_data / "daily_index/NIFTY50.csv", symbol="NIFTY50", interval="1D")
    assert (len(file.bars), codes_of(file)["calendar_unknown"]) == (4636, 2023)


def test_adjusted_prices_are_not_taken_for_traded_ones(riskcore_data):
    """A file with adj_close has other prices than were traded: refused by the column's name."""
    with pytest.raises(BarFileError, match="header_wrong: unknown column 'adj_close'"):
        read_bars(riskcore_data / "daily_yahoo_adjusted/TCS.csv", symbol="TCS", interval="1D")
