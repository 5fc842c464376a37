"""Files of other programs: what is understood, and what is asked for rather than guessed."""

import pytest

import riskcore as rc
from riskcore_openalgo.bar_import import take_over
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.feed import read_bars

FIRST, SECOND = "2026-11-20T09:15:00+05:30", "2026-11-20T09:16:00+05:30"
WANTED = f"timestamp,open,high,low,close,volume\n{FIRST},1500,1502.5,1499,1501,100\n{SECOND},1501,1503,1500,1502,90\n"
FORMS = {
    "a broker's history": "date,open,high,low,close,volume,oi\n"
    "{0}2026-11-20 09:15:00+05:30{1}2026-11-20 09:16:00+0530{2}",
    "date and time apart": "Date,Time,Open,High,Low,Close,Volume\n{0}20-11-2026,09:15{1}20-11-2026,09:16{2}",
    "slashes and AM": "datetime;O;H;L;C;V\n{0}20/11/2026 9:15 AM{1}20/11/2026 9:16 AM{2}",
    "a month by name": "Date,Open,High,Low,Close,Vol\n{0}20-Nov-2026 09:15{1}20-Nov-2026 09:16{2}",
    "times without a colon": "date;time;open;high;low;close;vol\n{0}2026-11-20;0915{1}2026-11-20;0916{2}",
    "brackets": "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<VOL>\n{0}20261120\t091500{1}20261120\t091600{2}",
    "UTC": "timestamp,open,high,low,close,volume\n{0}2026-11-20T03:45:00Z{1}2026-11-20T03:46:00Z{2}",
    "seconds since 1970": "time,open,high,low,close,volume\n{0}1795146300{1}1795146360{2}",
    "milliseconds": "time,open,high,low,close,volume\n{0}1795146300000{1}1795146360000{2}",
}
CELLS = ("1500,1502.5,1499,1501,100", "1501,1503,1500,1502,90")


def written(path, form):
    """The two bars in one of the forms."""
    separator = next((one for one in "\t;" if one in form), ",")
    bars = [separator + cells.replace(",", separator) + "\n" for cells in CELLS]
    if ",oi\n" in form:
        bars = [bar.replace("\n", ",0\n") for bar in bars]
    path.write_text(form.format("", *bars), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMS)
def test_each_form_comes_to_the_same_file(tmp_path, name):
    """Column by column, and read without a repair."""
    taken = take_over(written(tmp_path / "x.csv", FORMS[name]), tmp_path / "bars", symbol="infy")
    assert taken.path == tmp_path / "bars" / "INFY.csv"
    assert taken.path.read_text("utf-8") == WANTED
    read = read_bars(taken.path, symbol="INFY", interval="1m")
    assert (len(read.bars), [repair.code for repair in read.repairs]) == (2, ["missing_bars"])


def test_from_a_windows_desk(tmp_path):
    """A byte order mark, CR LF, quoted numbers with commas, spaces around names, the newest bar first."""
    lines = ["\ufeff Date , Open ,High,Low,Close,Remark", '20-11-2026 09:16,"1,501",1503,1500,1502,b']
    lines.append('20-11-2026 09:15,"1,500",1502.5,1499,1501,a')
    (tmp_path / "INFY.csv").write_bytes("\r\n".join([*lines, "", ""]).encode())
    taken = take_over(tmp_path / "INFY.csv", tmp_path / "bars")
    assert taken.path.read_text("utf-8") == WANTED.replace(",100\n", ",\n").replace(",90\n", ",\n")
    assert taken.told[1:] == ("left out: Remark", "no volume: it stays empty")
    read = read_bars(taken.path, symbol="INFY", interval="1m")
    assert [repair.code for repair in read.repairs] == ["missing_bars", "volume_missing"]


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n'])
def test_the_line_in_front_of_the_names_that_excel_wants_is_passed_over(tmp_path, first):
    """Of another separator than the commas that its prices would have."""
    source = written(tmp_path / "x.csv", FORMS["slashes and AM"])
    source.write_text(first + source.read_text("utf-8"), encoding="utf-8", newline="")
    taken = take_over(source, tmp_path / "bars", symbol="INFY")
    assert taken.path.read_text("utf-8") == WANTED


@pytest.mark.parametrize("price", ["250,50", "1250,5", "1,25,50", "12,50.5"])
def test_a_decimal_comma_is_refused_by_name_and_never_read_as_hundreds(tmp_path, price):
    """All prices of such a file would be a hundred times too high, and look right."""
    text = f"date;open;high;low;close;volume\n2026-11-20 09:15;{';'.join([price] * 4)};100\n"
    (tmp_path / "INFY.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"INFY.csv: bar 1: '{price}' has a comma .* write it with a decimal point"):
        take_over(tmp_path / "INFY.csv", tmp_path / "bars")
    assert not (tmp_path / "bars/INFY.csv").exists()


def test_the_end_of_a_bar_becomes_its_start(tmp_path):
    text = WANTED.replace("T09:16", "T09:17").replace("T09:15", "T09:16")
    (tmp_path / "INFY.csv").write_text(text, encoding="utf-8")
    taken = take_over(tmp_path / "INFY.csv", tmp_path / "bars", ends_after=rc.interval_length("1m"))
    assert taken.path.read_text("utf-8") == WANTED


HEADER = "Date,Open,High,Low,Close\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + "05-11-2026 09:15,1,2,1,2\n", "can be read in more than one way; say --dates dmy or --dates mdy"),
        (HEADER + "26-11-20,1,2,1,2\n26-11-23,1,2,1,2\n", "more than one way; say --dates ymd or --dates dmy"),
        (
            "Date,Open,High,Low,Close,close\n20-11-2026,1,2,1,2,3\n",
            "two columns are called 'Close'; leave one of them out",
        ),
        (HEADER + "yesterday,1,2,1,2\n", r"'yesterday' \(bar 1\) is no time that can be read; such as 2026-11-20"),
        ("Date,Open,High,Last\n20-11-2026,1,2,1\n", "no column for low, close"),
        (HEADER + "20-11-2026,1,2\n", "line 2 has fewer cells than the first line"),
        (HEADER, "no line of bars"),
        ("", "no line of bars"),
    ],
)
def test_what_is_not_understood_is_asked_for(tmp_path, text, said):
    """And nothing is written."""
    (tmp_path / "INFY.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        take_over(tmp_path / "INFY.csv", tmp_path / "bars")
    assert not (tmp_path / "bars").exists()


def test_days_that_decide_each_other_need_no_question(tmp_path):
    """A 20th cannot be a month: the whole file is read as day, month, year. Said aloud, the other way is taken."""
    (tmp_path / "INFY.csv").write_text(HEADER + "05-11-2026,1,2,1,2\n20-11-2026,1,2,1,2\n", encoding="utf-8")
    taken = take_over(tmp_path / "INFY.csv", tmp_path / "bars")
    assert [line[:10] for line in taken.path.read_text("utf-8").splitlines()[1:]] == ["2026-11-05", "2026-11-20"]
    (tmp_path / "SBIN.csv").write_text(HEADER + "26-11-20 09:15,1,2,1,2\n", encoding="utf-8")
    taken = take_over(tmp_path / "SBIN.csv", tmp_path / "bars", dates="ymd")
    assert taken.path.read_text("utf-8").splitlines()[1][:16] == "2026-11-20T09:15"
    (tmp_path / "TCS.csv").write_text(HEADER + "05-11-2026,1,2,1,2\n", encoding="utf-8")
    taken = take_over(tmp_path / "TCS.csv", tmp_path / "bars", dates="mdy")
    assert taken.path.read_text("utf-8").splitlines()[1][:10] == "2026-05-11"


def test_nothing_is_written_over(tmp_path):
    """Unless it is said."""
    source = written(tmp_path / "x.csv", FORMS["UTC"])
    take_over(source, tmp_path / "bars", symbol="INFY")
    with pytest.raises(FileExistsError, match="--overwrite"):
        take_over(source, tmp_path / "bars", symbol="INFY")
    assert take_over(source, tmp_path / "bars", symbol="INFY", overwrite=True).bars == 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_another_encoding_is_named_with_the_remedy(tmp_path, encoding):
    """Excel's "Unicode text" is UTF-16; both readers say so."""
    text = ("\ufeff" if encoding == "utf-16-le" else "") + WANTED.replace("volume", "volum\u00e9")
    (tmp_path / "INFY.csv").write_bytes(text.encode(encoding))
    said = "it is UTF-16; save the file as UTF-8" if encoding != "cp1252" else "is not UTF-8; save the file as UTF-8"
    with pytest.raises(ValueError, match=said):
        take_over(tmp_path / "INFY.csv", tmp_path / "bars")
    with pytest.raises(ValueError, match=said):
        read_bars(tmp_path / "INFY.csv", symbol="INFY", interval="1m")


def test_a_file_of_several_symbols_is_refused(tmp_path):
    """They became one symbol's bars, the column left out; with one symbol throughout it is."""
    rows = ["Symbol,Date,Open,High,Low,Close", "INFY,2026-11-20 09:15,1,2,1,2", "TCS,2026-11-20 09:16,1,2,1,2"]
    source = tmp_path / "two.csv"
    source.write_text("\n".join(rows) + "\n", "utf-8")
    with pytest.raises(ValueError, match=r"bars of 2 symbols \(INFY, TCS\), by its column 'Symbol': one file each"):
        take_over(source, tmp_path / "bars")
    source.write_text("\n".join(rows).replace("TCS", "INFY") + "\n", "utf-8")
    assert take_over(source, tmp_path / "bars", symbol="INFY").bars == 2


def test_bars_that_end_with_the_session_say_how_they_are_taken_over(tmp_path):
    """Stamped at their end, the last of a day stands at its close."""
    source = tmp_path / "INFY.csv"
    for day, last in (("2026-07-20", "15:30"), ("2026-11-20", "15:30")):
        rows = [f"{day}T{clock}:00+05:30,1,2,1,2,5" for clock in ("15:14", last)]
        source.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n", "utf-8")
        with pytest.raises(ValueError, match="take them over by riskcore bars --bar-ends"):
            read_bars(source, symbol="INFY", interval="1m")


def test_times_that_are_the_last_second_of_their_bars_are_ends(tmp_path):
    """Some vendors write them so; a minute of another second among them says that they are none."""
    source = tmp_path / "INFY.csv"
    for last, first_told in (("09:16:59", "2026-11-20T09:15:00+05:30"), ("09:17:00", "2026-11-20T09:14:59+05:30")):
        rows = [f"2026-11-20,{clock},1,2,1,2,5" for clock in ("09:15:59", last)]
        source.write_text("\n".join(["Date,Time,Open,High,Low,Close,Volume", *rows]) + "\n", "utf-8")
        taken = take_over(source, tmp_path / "bars", ends_after=rc.interval_length("1m"), overwrite=True)
        assert taken.path.read_text("utf-8").splitlines()[1].split(",")[0] == first_told


def test_minutes_that_stand_at_their_last_second_say_how_they_are_taken_over(tmp_path):
    source = tmp_path / "INFY.csv"
    rows = [f"2026-11-20T{clock}:59+05:30,1,2,1,2,5" for clock in ("09:15", "09:16")]
    source.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n", "utf-8")
    with pytest.raises(ValueError, match="last second of their bars, take them over by riskcore bars --bar-ends"):
        read_bars(source, symbol="INFY", interval="1m")


def test_a_file_that_was_written_and_cannot_be_traded_on_says_how_to_go_on(tmp_path, capsys):
    """The lines told are those of the written file, which stands in the way of the next try."""
    source, to = written(tmp_path / "x.csv", FORMS["seconds since 1970"]), tmp_path / "bars"
    words = ["bars", str(source), "--symbol", "INFY", "--to", str(to)]
    assert main([*words, "--interval", "5m"]) == 1
    err = capsys.readouterr().err
    assert "INFY.csv:3: off_grid" in err
    assert f"{to / 'INFY.csv'} was written as {source} has it: correct {source}" in err
    assert "give --overwrite" in err
    assert main([*words, "--interval", "1m", "--overwrite"]) == 0
