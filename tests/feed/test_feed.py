"""Bars against the calendar: sessions, intervals, gaps, jumps, copies; and whole folders of them."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import riskcore as rc
from riskcore_openalgo.feed import BarFileError, read_folder, report
from tests.feed.bars import OPENS, OPENS_2026, lines_of, repairs_of, row, session


def test_an_interval_that_is_not_the_files_refuses_it(problems):
    """Minutes read as five, or as days; five minutes as seven; days as minutes: one line, and not one a row."""
    for given, interval in ((session(), "5m"), (session(), "1D"), (session()[::5], "7m")):
        assert problems(lines_of(given), interval=interval) == [("interval_wrong", 1)]
    days = [row(0, opens=datetime(2020, 2, day, tzinfo=rc.IST)) for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)]
    assert problems(lines_of(days), interval="1m") == [("interval_wrong", 1)]
    weeks = [row(7 * 1440 * week, opens=datetime(2020, 2, 3, tzinfo=rc.IST)) for week in range(11)]
    assert problems(lines_of(weeks), interval="1D") == [("interval_wrong", 1)]


def test_an_interval_that_is_not_the_files_is_told_beside_what_else_is_wrong(tmp_path):
    """The message says which one they have."""
    (tmp_path / "INFY.csv").write_text(lines_of([*session()[::5], row(374, prices="x,101,99.5,100")]), "utf-8")
    with pytest.raises(BarFileError) as refused:
        read_folder(tmp_path, interval="7m")
    first, second = refused.value.problems
    assert (first.code, second.code) == ("interval_wrong", "number_unreadable")
    assert first.text == "bars are 5 minutes apart; give the interval they have: 5m; they were read as bars of 7m"


def test_a_few_rows_off_the_grid_are_told_one_by_one(problems):
    """Where most fit, it is not the interval."""
    odd = row(20.5)
    assert [code for code, _ in problems(lines_of([*session()[:20], odd, *session()[21:]]), interval="1m")] == [
        "off_grid"
    ]


def test_longer_bars_are_not_taken_for_shorter_ones_with_gaps(read, problems):
    """Five-minute bars read as minutes would show a price four minutes early; a thin symbol's minutes are minutes."""
    assert problems(lines_of(session()[::5]), interval="1m") == [("interval_wrong", 2)]
    assert problems(lines_of(session()[::60] + session(OPENS + timedelta(days=3))[::60]), interval="5m") == [
        ("interval_wrong", 2)
    ]
    thin = [row for minute, row in enumerate(session()) if minute % 10 in (0, 4)]
    assert repairs_of(read(lines_of([*thin, session()[7]]), interval="1m"))["missing_bars"][0] > 200
    assert repairs_of(read(lines_of(session()[:50:5]), interval="1m"))["missing_bars"][0] == 365


def test_five_minute_and_hourly_bars_count_from_the_open(read):
    """09:15, 10:15, ... and a last short bar at 15:15."""
    assert len(read(lines_of(session()[::5]), interval="5m").bars) == 75
    hourly = read(lines_of(session()[::60]), interval="1h")
    assert [f"{bar.at:%H:%M}" for bar in hourly.bars][-2:] == ["14:15", "15:15"]
    assert hourly.repairs == ()


@pytest.mark.parametrize("interval", ["", "0m", "5", "1d", "2D", "m", "5s", "\u0967m"])
def test_an_unknown_interval_is_the_callers_mistake(read, interval):
    """Named as such, not guessed."""
    with pytest.raises(ValueError, match="interval must be like"):
        read(lines_of(session()), interval=interval)


@pytest.mark.parametrize("factor", ["2.001", "0.4999"])
def test_prices_that_jump_inside_a_session_are_another_companys(problems, factor):
    """Twice or half the last close from one minute to the next: nobody trades on that."""
    price = Decimal(100) * Decimal(factor)
    rows = session(prices="100,100,100,100")
    rows[200:] = [row(minute, prices=",".join([str(price)] * 4)) for minute in range(200, 375)]
    assert problems(lines_of(rows)) == [("price_jump", 202)]


@pytest.mark.parametrize("factor", ["2", "0.5"])
def test_a_price_that_just_doubles_is_kept(read, factor):
    """The limit itself is inside."""
    price = Decimal(100) * Decimal(factor)
    rows = session(prices="100,100,100,100")
    rows[200:] = [row(minute, prices=",".join([str(price)] * 4)) for minute in range(200, 375)]
    assert len(read(lines_of(rows)).bars) == 375


@pytest.mark.parametrize("prices", ["50,50.5,49,50", "141,142,140,141"])
def test_a_gap_overnight_is_counted_and_kept(read, prices):
    """A split is no fault, and may still not go unseen."""
    following = OPENS + timedelta(days=3)
    rows = session() + session(following, prices=prices)
    file = read(lines_of(rows))
    assert repairs_of(file) == {"overnight_jump": (1, 377)}
    assert len(file.bars) == 750


@pytest.mark.parametrize(("reference", "refused"), [("19.9", True), ("20", False), (500, False), (501, True)])
def test_a_known_price_tells_another_company(problems, read, reference, refused):
    """The file's median close is 100: more than five times the reference, or less than a fifth, is refused."""
    if refused:
        assert problems(lines_of(session()), reference_price=reference) == [("another_company", 2)]
    else:
        assert read(lines_of(session()), reference_price=reference).repairs == ()


@pytest.mark.parametrize("reference", ["0", -5, "NaN"])
def test_a_reference_price_must_be_a_price(read, reference):
    """Or nothing would be compared with it."""
    with pytest.raises(ValueError, match="reference_price must be a price above 0"):
        read(lines_of(session()), reference_price=reference)


def test_two_bars_of_one_minute_refuse_the_file_unless_they_are_the_same(problems, read):
    """Which price was it? A word-for-word copy is dropped, and counted."""
    rows = session()
    other = row(1, prices="100.1,101,99.5,100")
    assert problems(lines_of([*rows[:2], other, *rows[2:]])) == [("same_moment_twice", 4)]
    file = read(lines_of([*rows[:2], rows[1], *rows[2:], rows[5]]))
    assert len(file.bars) == 375
    assert repairs_of(file)["duplicate_rows"] == (2, 4)


def test_rows_out_of_order_are_sorted_and_counted(read):
    """Newest first is what some vendors write; each row that goes back in time counts."""
    file = read(lines_of(reversed(session())))
    assert file.bars == read(lines_of(session())).bars
    assert repairs_of(file) == {"unsorted": (374, 3)}


def test_missing_minutes_are_counted_and_never_filled(read):
    """Three in the middle, the last two: five bars fewer, five counted."""
    rows = session()
    file = read(lines_of(rows[:10] + rows[13:373]))
    assert len(file.bars) == 370
    assert repairs_of(file) == {"missing_bars": (5, 12)}
    assert "09:25" in file.repairs[0].example
    assert all(bar.at.minute != 25 for bar in file.bars[:20])


def test_a_session_missing_between_others_is_counted(read):
    """Monday 2020-03-02 is not there; the weekend before it is no gap."""
    rows = session() + session(OPENS + timedelta(days=4))
    assert repairs_of(read(lines_of(rows))) == {"missing_sessions": (1, 377)}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (list(reversed(session())), "unsorted"),
        ([*session(), session()[5]], "duplicate_rows"),
        (session()[1:], "missing_bars"),
        ([*session()[:5], "", *session()[5:]], "blank_lines"),
        ([row(0, volume=""), *session()[1:]], "volume_missing"),
        (session() + session(OPENS + timedelta(days=4)), "missing_sessions"),
        (session(OPENS_2026), "closing_auction"),
    ],
)
def test_repairs_can_be_forbidden(problems, rows, code):
    """With repair=False each of them refuses the file by its own name."""
    assert code in [found for found, _ in problems(lines_of(rows), repair=False)]


def test_a_clean_file_needs_no_repair(read):
    """repair=False refuses repairs, not files."""
    assert len(read(lines_of(session()), repair=False).bars) == 375


def test_the_closing_auction_is_no_continuous_trading(read):
    """Since 2026-08-03 a stock with derivatives stops at 15:15; the flat bars after it are dropped, counted."""
    file = read(lines_of(session(OPENS_2026)))
    assert f"{file.bars[-1].at:%H:%M}" == "15:14"
    assert repairs_of(file) == {"closing_auction": (15, 362)}


def test_without_derivatives_there_is_no_closing_auction(read):
    """Such a stock trades to 15:30; so did every stock the day before the change."""
    assert len(read(lines_of(session(OPENS_2026)), symbol="NODERIVS").bars) == 375
    assert len(read(lines_of(session(datetime(2026, 7, 31, 9, 15, tzinfo=rc.IST)))).bars) == 375


def test_a_day_the_calendar_cannot_judge_is_kept_and_counted(read, problems):
    """2012 lies before the calendar: the bars stay, the days are counted, the grid still holds."""
    old = datetime(2012, 3, 5, 9, 15, tzinfo=rc.IST)
    rows = session(old) + session(old + timedelta(days=1))
    assert repairs_of(read(lines_of(rows))) == {"calendar_unknown": (2, 2)}
    rows[7] = rows[7].replace(":00+05:30", ":07+05:30")
    assert problems(lines_of(rows)) == [("off_grid", 9)]


def test_on_such_a_day_the_first_bar_gives_the_grid_by_its_minute(problems):
    """Its seconds are its own fault, not that of all the others."""
    rows = session(datetime(2012, 3, 5, 9, 15, tzinfo=rc.IST))
    rows[0] = rows[0].replace(":00+05:30", ":07+05:30")
    assert problems(lines_of(rows)) == [("off_grid", 2)]


def test_the_hours_of_another_exchange_are_not_taken_from_this_one(read):
    """The calendar does not know NCDEX: its bars are kept, and their days are counted as not judged."""
    assert "calendar_unknown" in repairs_of(read(lines_of(session()), exchange="NCDEX"))


def test_muhurat_bars_are_held_to_muhurat_hours(read, problems):
    """13:45 to 14:45 on 2025-10-21."""
    opens = datetime(2025, 10, 21, 13, 45, tzinfo=rc.IST)
    assert read(lines_of(session(opens, 60))).repairs == ()
    assert problems(lines_of(session(opens, 61))) == [("outside_session", 62)]


def test_a_daily_row_on_a_holiday_that_repeats_the_session_before_is_dropped(read, problems):
    """Vendors fill holidays with the last row; a row of its own on such a day is a problem."""
    days = [datetime(2020, 2, day, tzinfo=rc.IST) for day in (19, 20, 21, 24)]  # the 21st: Mahashivratri
    prices = ["100,101,99,100", "100,102,99,101", "100,102,99,101", "101,103,100,102"]
    rows = [row(0, opens=day, prices=price) for day, price in zip(days, prices, strict=True)]
    file = read(lines_of(rows), interval="1D")
    assert [bar.at for bar in file.bars] == [days[0], days[1], days[3]]
    assert repairs_of(file) == {"holiday_copy": (1, 4)}
    rows[2] = row(0, opens=days[2], prices="100,102,99,100")
    assert problems(lines_of(rows), interval="1D") == [("closed_day", 4)]


@pytest.mark.parametrize(("volume", "bars"), [("10", 1), ("0", 2)])
def test_a_daily_row_that_repeats_a_session_to_the_share_is_dropped(read, volume, bars):
    """Nobody trades the same number of shares at the same four prices; without volume it may be a quiet day."""
    days = [datetime(2020, 2, day, tzinfo=rc.IST) for day in (19, 20)]
    file = read(lines_of([row(0, opens=day, volume=volume) for day in days]), interval="1D")
    assert len(file.bars) == bars
    assert repairs_of(file) == ({} if bars == 2 else {"session_copy": (1, 3)})


def test_a_folder_is_read_by_file_name_in_order(tmp_path, write):
    """SYMBOL.csv is SYMBOL, in any spelling of the ending; what is no csv file is passed over."""
    for name in ("TCS.csv", "INFY.CSV", "M&M.csv", "notes.txt"):
        write(lines_of(session()), name)
    (tmp_path / "old.csv").mkdir()
    files = read_folder(tmp_path, interval="1m")
    assert list(files) == ["INFY", "M&M", "TCS"]
    assert files["M&M"].symbol == "M&M"
    assert list(read_folder(tmp_path, ["TCS", "INFY"], interval="1m")) == ["INFY", "TCS"]


@pytest.mark.parametrize(
    ("names", "symbols", "code"),
    [
        (["notes.txt"], None, "no_csv_files"),
        (["INFY.csv"], ["TCS"], "symbol_missing"),
        (["INFY.csv", "INFY.CSV"], None, "symbol_twice"),
        (["infosys ltd.csv"], None, "symbol_wrong"),
    ],
)
def test_a_folder_that_does_not_fit_says_why(tmp_path, write, names, symbols, code):
    """Before anything in it is traded."""
    for name in names:
        write(lines_of(session()), name)
    if len(list(tmp_path.iterdir())) < len(names):
        pytest.skip("this file system does not tell capitals apart")
    with pytest.raises(BarFileError, match=f":1: {code}: "):
        read_folder(tmp_path, symbols, interval="1m")


def test_a_missing_folder_says_so(tmp_path):
    """Not an empty result."""
    with pytest.raises(BarFileError, match="not_found: there is no such folder"):
        read_folder(tmp_path / "gone", interval="1m")


def test_the_problems_of_all_files_of_a_folder_come_at_once(tmp_path, write):
    """Each under its own name; and a reference price reaches its own file only."""
    write(lines_of(session()), "INFY.csv")
    write(lines_of([row(0, prices="0,1,1,1"), *session()[1:]]), "TCS.csv")
    with pytest.raises(BarFileError) as refused:
        read_folder(tmp_path, interval="1m", reference_prices={"INFY": "1"})
    assert [(Path(problem.file).name, problem.code) for problem in refused.value.problems] == [
        ("INFY.csv", "another_company"),
        ("TCS.csv", "price_not_positive"),
    ]


def test_the_report_tells_what_was_repaired_in_ascii(tmp_path, write):
    """A line a symbol, a line a kind of repair, with the first example."""
    write(lines_of(session()), "INFY.csv")
    write(lines_of([*session()[1:], ""]), "TCS.csv")
    told = report(read_folder(tmp_path, interval="1m"))
    assert told.isascii()
    assert told.splitlines() == [
        "INFY: 375 bars, 2020-02-28 09:15 to 2020-02-28 15:29, nothing to repair",
        "TCS: 374 bars, 2020-02-28 09:16 to 2020-02-28 15:29, with repairs:",
        "  blank_lines: 1 (line 376: an empty line, passed over)",
        "  missing_bars: 1 (line 2: 1 of 375 bars missing, the first at 2020-02-28T09:15:00+05:30; not filled)",
    ]
