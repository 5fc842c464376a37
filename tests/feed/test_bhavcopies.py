"""NSE's bhavcopies: each of its forms, what counts of a day, and what is refused rather than guessed."""

import json
import zipfile

import pytest

from riskcore_openalgo.bhavcopies import take_over_days
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.feed import read_bars

HEAD = "timestamp,open,high,low,close,volume\n"
OLD = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,\n"
FULL = (
    "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, "
    "TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER\n"
)
UDIFF = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,"
    "FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,"
    "ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4\n"
)


def old(day, prices="100,102,99,101", volume="5000", symbol="INFY", series="EQ"):
    """A line of the form until July 2024, which ends in a comma."""
    return f"{symbol},{series},{prices},101.1,98,{volume},500000.5,{day},77,INE000000000,\n"


def full(day, prices="100,102,99,101", volume="5000", symbol="INFY", series="EQ"):
    """A line of the form with deliveries, which has a space after each comma."""
    first, high, low, close = prices.split(",")
    return f"{symbol}, {series}, {day}, 98, {first}, {high}, {low}, 101.1, {close}, 100.5, {volume}, 5.02, 77, -, -\n"


def udiff(day, prices="100,102,99,101", volume="5000", symbol="INFY", series="EQ", segment="CM", exchange="NSE"):
    """A line of the form since July 2024."""
    named = f"{day},{day},{segment},{exchange},STK,1,INE000000000,{symbol},{series},,,,,A COMPANY"
    return f"{named},{prices},101.1,98,,101,,,{volume},500000.50,77,F1,1,,,,,\n"


@pytest.fixture
def days(tmp_path):
    """A folder for bhavcopies, which a test fills by `days / name`."""
    folder = tmp_path / "days"
    folder.mkdir()
    return folder


def bars(folder, symbol="INFY"):
    """The lines written for a symbol, without the first."""
    text = (folder / f"{symbol}.csv").read_text("utf-8")
    assert text.startswith(HEAD)
    return text[len(HEAD) :].splitlines()


def test_the_three_forms_come_to_one_file_in_the_order_of_their_days(days, tmp_path):
    """Whatever the files are called; what is in a zip file too; read as daily bars without a problem."""
    (days / "a.csv").write_text(UDIFF + udiff("2024-07-09", "103,104,102,103.5", "7000"), "utf-8")
    (days / "b.csv").write_text(FULL + full("08-Jul-2024", "101,103,100,102.5", "6000"), "utf-8")
    with zipfile.ZipFile(days / "c.zip", "w") as packed:
        packed.writestr("cm05JUL2024bhav.csv", OLD + old("05-JUL-2024"))
    (days / "readme.txt").write_text("not looked at", "utf-8")
    (taken,) = take_over_days(days, tmp_path / "bars", symbols=["infy"])
    assert (taken.symbol, taken.bars) == ("INFY", 3)
    assert taken.told == ("prices as traded: no split or bonus is worked in",)
    assert bars(tmp_path / "bars") == [
        "2024-07-05T00:00:00+05:30,100,102,99,101,5000",
        "2024-07-08T00:00:00+05:30,101,103,100,102.5,6000",
        "2024-07-09T00:00:00+05:30,103,104,102,103.5,7000",
    ]
    read = read_bars(taken.path, symbol="INFY", interval="1D")
    assert (len(read.bars), read.repairs) == (3, ())


def test_the_first_series_that_is_asked_for_counts(days, tmp_path):
    """A share goes to trade for trade (BE) and comes back; a bond of the same name is none of it."""
    lines = [udiff("2024-07-08"), udiff("2024-07-09", "90,91,89,90", series="BE"), udiff("2024-07-10")]
    bond = udiff("2024-07-08", "1000,1000,1000,1000", series="N1")
    (days / "a.csv").write_text(UDIFF + bond + "".join(lines), "utf-8")
    (taken,) = take_over_days(days, tmp_path / "one", symbols=["INFY"])
    assert (taken.bars, taken.told[0]) == (2, "days left out, in series BE: 1")
    (taken,) = take_over_days(days, tmp_path / "two", symbols=["INFY"], series=["EQ", "BE"])
    assert [line.split(",")[1] for line in bars(tmp_path / "two")] == ["100", "90", "100"]
    (days / "b.csv").write_text(UDIFF + udiff("2024-07-08", "1,1,1,1", series="BE"), "utf-8")
    take_over_days(days, tmp_path / "both", symbols=["INFY"], series=["EQ", "BE"])
    assert [line.split(",")[1] for line in bars(tmp_path / "both")] == ["100", "90", "100"]
    with pytest.raises(ValueError, match="INFY: not in series SM, but in BE, EQ, N1: say --series BE, EQ, N1"):
        take_over_days(days, tmp_path / "three", symbols=["INFY"], series=["SM"])


def test_contracts_and_days_without_a_trade_are_no_bars(days, tmp_path):
    """Another segment or exchange is not read; prices of 0 or - on a day without volume are left out, and told."""
    rows = [udiff("2024-07-08"), udiff("2024-07-08", "1,1,1,1", segment="FO")]
    rows.append(udiff("2024-07-08", "1,1,1,1", exchange="BSE"))
    (days / "a.csv").write_text(UDIFF + "".join(rows), "utf-8")
    (days / "b.csv").write_text(FULL + full("09-Jul-2024", "-,-,-,-", "0"), "utf-8")
    (days / "c.csv").write_text(OLD + old("10-JUL-2024", "0.00,0.00,0.00,98", "0") + "\n", "utf-8")
    (taken,) = take_over_days(days, tmp_path / "bars", symbols=["INFY"])
    assert (taken.bars, taken.told[0]) == (1, "days left out, without a trade: 2")


def test_two_files_of_one_day_are_one_day_where_they_agree(days, tmp_path):
    """100 and 100.00 are the same; another close is refused with both names, and nothing is written."""
    (days / "a.csv").write_text(UDIFF + udiff("2024-07-08", "100.00,102.00,99.00,101.00"), "utf-8")
    (days / "b.csv").write_text(FULL + full("08-Jul-2024"), "utf-8")
    take_over_days(days, tmp_path / "bars", symbols=["INFY"])
    assert len(bars(tmp_path / "bars")) == 1
    (days / "b.csv").write_text(FULL + full("08-Jul-2024", "100,102,99,101.5"), "utf-8")
    with pytest.raises(ValueError, match=r"a\.csv and .*b\.csv differ on INFY of 2024-07-08"):
        take_over_days(days, tmp_path / "others", symbols=["INFY"])
    assert not (tmp_path / "others").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "date,open,high,low,close\n2024-07-08,1,1,1,1\n", "no bhavcopy of NSE's shares"),
        ("a.csv", "", "no bhavcopy of NSE's shares"),
        ("a.csv", OLD + "INFY,EQ,100,102\n", r"line 2 ends too soon"),
        ("a.csv", OLD + old("2024/07/05"), r"line 2: '2024/07/05' is no day"),
        ("a.csv", OLD + old("05-JUL-2024", symbol="TCS"), r"none of its 1 files has INFY"),
        ("a.zip", "no zip file", "no zip file of a csv file"),
        ("a.txt", OLD, "no csv and no zip file in it"),
    ],
)
def test_what_is_refused(days, tmp_path, name, text, said):
    """By the file's name and with what to do."""
    (days / name).write_text(text, "utf-8")
    with pytest.raises(ValueError, match=said):
        take_over_days(days, tmp_path / "bars", symbols=["INFY"])
    assert not (tmp_path / "bars").exists()


def test_on_the_command_line(days, tmp_path, capsys):
    """Several symbols at once, checked as a backtest reads them; nothing is written over without being asked."""
    (days / "a.csv").write_text(UDIFF + udiff("2024-07-08") + udiff("2024-07-08", symbol="TCS"), "utf-8")
    asked = ["bars", str(days), "--symbols", "INFY, tcs", "--to", str(tmp_path / "bars")]
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["written"], one["read"]) for one in told["files"]] == [(1, 1), (1, 1)]
    assert bars(tmp_path / "bars", "TCS") == bars(tmp_path / "bars", "INFY")
    assert main(asked) != 0
    assert "INFY.csv is there already" in capsys.readouterr().err
    assert main([*asked, "--overwrite"]) == 0
    assert "--interval 1D --strategy ema_cross" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--symbols INFY,TCS says what to take"),
        (["--symbols", "INFY", "--interval", "5m"], "bhavcopies have daily bars"),
        (["--symbols", "INFY", "--dates", "dmy"], "can be read in one way alone"),
    ],
)
def test_options_that_do_not_fit_a_folder(days, capsys, options, said):
    """Told, not passed over."""
    assert main(["bars", str(days), *options]) != 0
    assert said in capsys.readouterr().err


def test_a_file_has_one_symbol(tmp_path, capsys):
    """`--symbols` is for folders."""
    (tmp_path / "INFY.csv").write_text(HEAD + "2026-11-20T09:15:00+05:30,1,1,1,1,1\n", "utf-8")
    assert main(["bars", str(tmp_path / "INFY.csv"), "--symbols", "INFY"]) != 0
    assert "one file has one symbol" in capsys.readouterr().err
