"""Bars in parquet files are judged by the same checks as those in csv files."""

import pandas as pd
import pytest

from riskcore_openalgo.feed import BarFileError, read_bars, read_folder


def table(rows, start="2026-11-20 10:00", freq="1min", zone="Asia/Kolkata"):
    """As `client.history` returns it, and pandas writes it."""
    made = pd.DataFrame(rows, columns=["open", "high", "low", "close"])
    made["volume"] = 100
    made.index = pd.date_range(start, periods=len(rows), freq=freq, tz=zone, name="timestamp")
    return made


CALM = (1000.05, 1001.0, 999.0, 1000.1)


def test_a_parquet_file_gives_the_bars_of_the_csv_file(tmp_path):
    """Exact prices, and times in India."""
    made = table([CALM, CALM])
    made.to_parquet(tmp_path / "INFY.parquet")
    written = made.reset_index()
    written["timestamp"] = [moment.isoformat() for moment in written["timestamp"]]
    written.to_csv(tmp_path / "AB.csv", index=False)
    files = read_folder(tmp_path, interval="1m")
    assert sorted(files) == ["AB", "INFY"]
    assert files["INFY"].bars == files["AB"].bars
    assert str(files["INFY"].bars[0].open) == "1000.05"


def test_daily_bars_without_a_zone_are_those_of_india(tmp_path):
    """As `client.history` gives them."""
    table([CALM, (1001.0, 1002.0, 1000.0, 1001.5)], start="2026-11-19", freq="1D", zone=None).to_parquet(
        tmp_path / "INFY.parquet"
    )
    found = read_bars(tmp_path / "INFY.parquet", symbol="INFY", interval="1D")
    assert [bar.at.isoformat() for bar in found.bars] == ["2026-11-19T00:00:00+05:30", "2026-11-20T00:00:00+05:30"]


@pytest.mark.parametrize(
    ("row", "code"), [((1000, 999, 998, 1000), "high_low_not_enclosing"), ((float("nan"), 1, 1, 1), "price_missing")]
)
def test_what_is_wrong_in_a_parquet_file_is_named_by_its_row(tmp_path, row, code):
    """The same codes as of csv files."""
    table([CALM, row]).to_parquet(tmp_path / "INFY.parquet")
    with pytest.raises(BarFileError, match=code) as caught:
        read_bars(tmp_path / "INFY.parquet", symbol="INFY", interval="1m")
    assert caught.value.problems[0].line == 3


def test_what_is_no_parquet_file_is_refused(tmp_path):
    """Another kind of file, and none."""
    (tmp_path / "INFY.parquet").write_text("timestamp,open")
    for path in (tmp_path / "INFY.parquet", tmp_path / "TCS.parquet"):
        with pytest.raises(BarFileError, match="not_parquet"):
            read_bars(path, symbol=path.stem, interval="1m")
