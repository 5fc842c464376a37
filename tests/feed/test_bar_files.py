"""A bar file as text: what is read, what refuses it, and that nothing is ever invented."""

import hashlib
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

import riskcore as rc
from riskcore_openalgo.bar_files import Ledger
from riskcore_openalgo.feed import BarFileError, digest, read_bars
from tests.feed.bars import HEADER, OPENS, lines_of, repairs_of, row, session


def test_a_clean_session_is_read_as_it_stands(read):
    """Every bar, in order, to the last digit, with nothing to repair."""
    file = read(lines_of(session()))
    assert (file.symbol, len(file.bars), file.repairs) == ("INFY", 375, ())
    assert file.bars[0] == rc.Bar(at=OPENS, open="100.05", high="101", low="99.5", close="100", volume=10)
    assert file.bars[-1].at == OPENS + timedelta(minutes=374)


def test_a_price_never_passes_through_a_binary_float(read):
    """2940.6001 stays 2940.6001, and 0.1 with thirty digits stays so too."""
    exact = "2940.600100000000000000000001"
    rows = session()
    rows[0] = row(0, prices=f"{exact},{exact},2940,2941".replace("2941", "2940.5"))
    rows[1:] = [row(minute, prices="2940,2941,2939,2940") for minute in range(1, 375)]
    assert read(lines_of(rows)).bars[0].open == Decimal(exact)


@pytest.mark.parametrize(
    "content",
    [
        ("\ufeff" + lines_of(session())).encode(),
        lines_of(session()).replace("\n", "\r\n").encode(),
        lines_of(session()).rstrip("\n").encode(),
        lines_of(session()).replace("timestamp,open", "Timestamp, OPEN").encode(),
        lines_of(session()).replace("T", " ").replace(" imestamp", "Timestamp").encode(),
        lines_of([f"{line},77" for line in session()], f"{HEADER},oi").encode(),
    ],
    ids=["byte order mark", "CRLF", "no last line end", "capitals in the header", "space for T", "oi"],
)
def test_what_spreadsheets_and_vendors_do_to_a_file_is_no_fault(read, content):
    """The same bars come out, and nothing is called a repair."""
    file = read(content)
    assert file == read(lines_of(session()))
    assert file.repairs == ()


def test_spaces_around_a_value_say_nothing(read):
    """As some spreadsheets write them; a volume of spaces is a missing one."""
    rows = [line.replace(",", " , ") for line in session()]
    rows[9] = rows[9].rsplit(",", 1)[0] + ",  "
    file = read(lines_of(rows))
    assert repairs_of(file) == {"volume_missing": (1, 11)}
    assert file.bars[10:] == read(lines_of(session())).bars[10:]


def test_a_time_of_another_zone_is_the_same_moment(read):
    """03:45Z is 09:15 in India."""
    utc = [line.replace("+05:30", "Z") for line in session(OPENS - timedelta(hours=5, minutes=30))]
    assert read(lines_of(utc)).bars == read(lines_of(session())).bars


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_file"),
        ("\n\n", "empty_file"),
        (HEADER + "\n", "no_bars"),
        (lines_of(session()).split("\n", 1)[1], "header_missing"),
        (lines_of(session(), "timestamp,open,high,low,last,volume"), "header_wrong"),
        (lines_of(session(), "timestamp,open,high,low,close"), "header_wrong"),
        (lines_of([f"{line},9" for line in session()], f"{HEADER},adj_close"), "header_wrong"),
        (lines_of([f"{line},9" for line in session()], f"{HEADER},close"), "header_wrong"),
        (lines_of(session()).encode("utf-16"), "not_utf8"),
        (lines_of(session()).encode() + b"\xff\xfe", "not_utf8"),
        (lines_of(['"unfinished', *session()]), "not_csv"),
    ],
)
def test_a_file_that_is_no_bar_file_says_so(problems, content, code):
    """One named reason for the whole file."""
    assert problems(content)[0][0] == code


def test_a_path_that_is_no_file_says_so(tmp_path):
    """Neither a missing file nor a folder is a traceback from the system."""
    with pytest.raises(BarFileError, match=r"gone\.csv:1: not_found: "):
        read_bars(tmp_path / "gone.csv", symbol="INFY", interval="1m")
    with pytest.raises(BarFileError, match=r":1: is_a_folder: "):
        read_bars(tmp_path, symbol="INFY", interval="1m")


@pytest.mark.parametrize(
    ("prices", "code"),
    [
        ("0,101,99,100", "price_not_positive"),
        ("100,101,0.00,100", "price_not_positive"),
        ("100,101,-99,100", "price_not_positive"),
        ("nan,101,99,100", "not_a_number"),
        ("100,inf,99,100", "not_a_number"),
        ("100,101,-Infinity,100", "not_a_number"),
        ("100,101,99,None", "not_a_number"),
        ("100,,99,100", "price_missing"),
        ("100,1e3,99,100", "number_unreadable"),
        ("100,1_01,99,100", "number_unreadable"),
        ("100,\u0967\u0966\u0967,99,100", "number_unreadable"),
        (f"100,{'9' * 5000},99,100", "number_unreadable"),
        ("100,99,101,100", "high_below_low"),
        ("100,100.9,99,101", "high_low_not_enclosing"),
        ("98.9,101,99,100", "high_low_not_enclosing"),
    ],
)
def test_a_price_that_cannot_be_one_refuses_the_file(problems, prices, code):
    """By its reason, at its line: line 3 is the second bar."""
    rows = session()
    rows[1] = row(1, prices=prices)
    assert (code, 3) in problems(lines_of(rows))


@pytest.mark.parametrize(
    ("volume", "code"),
    [("-1", "volume_negative"), ("1.5", "volume_unreadable"), ("many", "volume_unreadable")],
)
def test_a_volume_that_cannot_be_one_refuses_the_file(problems, volume, code):
    """Negative, broken or in words."""
    rows = session()
    rows[1] = row(1, volume=volume)
    assert problems(lines_of(rows))[0] == (code, 3)


@pytest.mark.parametrize(
    ("stamp", "code"),
    [
        ("2020-02-28T09:16:00", "timestamp_without_zone"),
        ("2020-02-28 09:16", "timestamp_without_zone"),
        ("28-02-2020 09:16", "timestamp_unreadable"),
        ("1582861560", "timestamp_unreadable"),
        ("2020-02-30T09:16:00+05:30", "timestamp_unreadable"),
        ("2020-W09-5T09:16:00+05:30", "timestamp_unreadable"),
        ("9999-12-31T23:59:59Z", "timestamp_unreadable"),
        ("2020-02-28T09:16:00+99:00", "timestamp_unreadable"),
        ("2020-02-28T09:16:30+05:30", "off_grid"),
        ("2020-02-28T09:14:00+05:30", "outside_session"),
        ("2020-02-28T15:30:00+05:30", "outside_session"),
        ("2020-02-29T09:16:00+05:30", "closed_day"),
        ("2020-02-21T09:16:00+05:30", "closed_day"),
    ],
)
def test_a_time_at_which_no_bar_can_be_refuses_the_file(problems, stamp, code):
    """No zone, no such day, not on the grid, not in the session, a Saturday, a holiday (Mahashivratri)."""
    rows = session()
    rows[1] = rows[1].replace("2020-02-28T09:16:00+05:30", stamp)
    assert (code, 3) in problems(lines_of(rows))


def test_blank_lines_and_missing_volumes_are_repaired_and_counted(read):
    """A line of nothing, or of commas only; a volume that is not there is 0."""
    rows = session()
    rows[3] = row(3, volume="")
    file = read(lines_of([*rows[:2], "", *rows[2:], ",,,,,", "  "]))
    assert repairs_of(file) == {"blank_lines": (3, 4), "volume_missing": (1, 6)}
    assert file.bars[3].volume == 0


@pytest.mark.parametrize("cut", [3, 8, 20, 45])
def test_a_file_that_ends_inside_a_row_is_refused(problems, cut):
    """A download that broke off."""
    text = lines_of(session())
    assert problems(text[:-cut])[0] == ("truncated_last_line", 376)


def test_a_cut_price_in_the_last_column_cannot_hide(problems):
    """Where a price stands last, a file without its last line end is refused: 754.0 may have been 7540.0."""
    rows = [",".join([line.rsplit(",", 1)[0].rsplit(",", 1)[0], "10", "100"]) for line in session()]
    text = lines_of(rows, "timestamp,open,high,low,volume,close")
    assert problems(text[:-1])[0][0] == "truncated_last_line"


def test_all_problems_of_a_file_come_at_once_and_at_most_twenty_are_shown(write):
    """In the order of their lines, each with file, line and reason; the rest is counted."""
    rows = session()
    rows[0:50:2] = [row(minute, prices="0,1,1,1") for minute in range(0, 50, 2)]
    path = write(lines_of(rows))
    with pytest.raises(BarFileError) as refused:
        read_bars(path, symbol="INFY", interval="1m")
    shown = str(refused.value).splitlines()
    assert len(refused.value.problems) == 25
    assert len(shown) == 21
    assert shown[0].startswith(f"{path}:2: price_not_positive: Bar.open must be above 0, got '0'")
    assert shown[-1] == "... and 5 more problems"
    assert isinstance(refused.value, ValueError)


def test_the_digest_is_that_of_the_bytes(write):
    """So that a byte order mark or another line end is another file."""
    path = write(b"\xef\xbb\xbfa\r\n")
    assert digest(path) == hashlib.sha256(b"\xef\xbb\xbfa\r\n").hexdigest()


def test_the_example_of_a_repair_is_the_one_nearest_the_top(tmp_path):
    """Checks run in their own order; a reader looks from the top."""
    ledger = Ledger(tmp_path)
    for line in (9, 4, 7):
        ledger.repair("x", line, f"at {line}")
    [found] = ledger.settle(repair=True)
    assert (found.count, found.first_line, found.example) == (3, 4, "at 4")


CELLS = st.sampled_from(
    ["", " ", "100", "100.05", "0", "-1", "nan", "1e5", "\u0967", "9" * 400, '"', "'", "\x00", "\ud7ff", "x", ","]
) | st.text(max_size=6)
STAMPS = st.sampled_from(
    [f"2020-02-28T09:{minute:02}:00+05:30" for minute in range(15, 25)]
    + ["2020-02-28T09:15:00", "2020-02-29T09:15:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"]
)
ROWS = st.tuples(STAMPS | CELLS, CELLS, CELLS, CELLS, CELLS, CELLS).map(",".join)
FILES = st.lists(ROWS | CELLS, max_size=8).map(lambda rows: lines_of(rows).encode("utf-8", "replace"))


@given(content=FILES | st.binary(max_size=200), interval=st.sampled_from(["1m", "5m", "1D"]), repair=st.booleans())
def test_any_bytes_are_bars_or_a_named_error(tmp_path_factory, content, interval, repair):
    """No file brings any other exception, and what is read is in order and inside its day's grid."""
    path = tmp_path_factory.mktemp("any") / "INFY.csv"
    path.write_bytes(content)
    bars, problems = (), ()
    try:
        bars = read_bars(path, symbol="INFY", interval=interval, repair=repair).bars
    except BarFileError as refused:
        problems = refused.problems
    assert bool(bars) != bool(problems)
    assert all(problem.code and problem.text.isascii() for problem in problems)
    moments = [bar.at for bar in bars]
    assert moments == sorted(set(moments))
