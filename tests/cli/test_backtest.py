"""`riskcore backtest`: days, ways to take a bar, and the run it writes."""

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

import riskcore as rc
import riskcore_openalgo
from riskcore_openalgo.cli.backtest_options import ENTRIES, INTRABAR
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.lab.run import Run

BARS = Path(riskcore_openalgo.__file__).parent / "demo" / "bars"
ASKED = ("backtest", "--bars", str(BARS), "--strategy", "ema_cross")


def test_the_options_name_every_way_to_take_a_bar():
    """They stand apart from the enums only so that other commands need not load them."""
    assert tuple(how.value for how in rc.Intrabar) == INTRABAR
    assert tuple(how.value for how in rc.Entries) == ENTRIES


def test_a_place_where_no_run_may_be_written_is_refused_before_it_is_run(tmp_path, capsys):
    """A file; the folder of the bars, whose tables would be bars to the next backtest; a folder of something else."""
    bars, other, file = tmp_path / "bars", tmp_path / "other", tmp_path / "file"
    shutil.copytree(BARS, bars)
    other.mkdir()
    (other / "letter.txt").touch()
    file.touch()
    for place, told in (
        (file, "is no folder"),
        (file / "deep" / "run", f"nothing can be written in {file}; name another folder"),
        (bars, "is where the bars are"),
        (other, "holds other files, and no run"),
    ):
        for given in (bars, bars / "INFY.csv"):
            assert main(["backtest", "--bars", str(given), "--strategy", "nope", "--out", str(place)]) == 1
            assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("*/run.json"))
    for _ in range(2):  # an earlier run is written over
        assert main([*ASKED, "--out", str(tmp_path / "run")]) == 0


def test_settings_that_need_each_other_are_set_together(capsys):
    """In either order, where the first alone would contradict the policy."""
    pair = ("--set", "stop_methods=[percent]"), ("--set", "stop_pct=1")
    for first, second in (pair, pair[::-1]):
        assert main([*ASKED, *first, *second]) == 0
    assert main([*ASKED, *pair[0]]) == 78
    assert "stop_pct: must be set, because stop_methods names percent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--from", "someday"), "is not a date"),
        (("--intrabar", "lower_timeframe"), "--finer"),
        (("--from", "2030-01-01"), "no bar is left"),
        (("--intrabar", "nonsense"), "invalid choice"),
        (("--symbols", ""), "--symbols '' names none: write --symbols INFY,TCS, or leave it out for all"),
        (("--symbols", ", ,"), "names none"),
        (("--finer", str(BARS)), "--finer is read with --intrabar lower_timeframe alone"),
        (
            ("--intrabar", "lower_timeframe", "--finer", str(BARS)),
            "--finer-interval 1m is not shorter than --interval 1m",
        ),
    ],
)
def test_what_cannot_be_run_is_told(capsys, more, told):
    """In a sentence, and without a traceback."""
    try:
        code = main([*ASKED, *more])
    except SystemExit as ended:
        code = ended.code
    assert code in (1, 2)
    assert told in capsys.readouterr().err


def test_symbols_may_bear_their_exchange(capsys):
    """As the tables that a run prints name them."""
    assert main([*ASKED, "--symbols", "NSE:INFY,LT", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bars"]["count"] == 2 * 375


def test_finer_bars_of_a_folder_may_be_of_more_symbols(tmp_path):
    finer = ("--intrabar", "lower_timeframe", "--finer", str(BARS))
    for symbol in ("INFY", "LT"):
        rows = (BARS / f"{symbol}.csv").read_text("utf-8").splitlines()
        (tmp_path / f"{symbol}.csv").write_text("\n".join([rows[0], *rows[1::5]]) + "\n", "utf-8")
    asked = ("backtest", "--bars", str(tmp_path), "--interval", "5m", "--strategy", "ema_cross")
    assert main([*asked, *finer]) == 0


def daily(folder, *days):
    """A file of daily bars, one for each of these days."""
    rows = [f"{day}T00:00:00+05:30,1000,1010,990,{1000 + number},5" for number, day in enumerate(days)]
    path = folder / "INFY.csv"
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n", "utf-8")
    return "backtest", "--bars", str(path), "--interval", "1D", "--strategy", "ema_cross"


def test_bars_older_than_the_tables_are_traded_from_a_later_day(tmp_path, capsys):
    """An instrument is as of the first day that is traded; without one in the tables the remedy is told."""
    asked = daily(tmp_path, "2007-09-17", "2007-09-18", "2026-06-01", "2026-06-02")
    assert main([*asked]) == 1
    assert "INFY: no tick table for NSE EQ on 2007-09-17; trade later days alone (--from)" in capsys.readouterr().err
    assert main([*asked, "--from", "2026-06-01"]) == 0


def test_what_each_rule_cost_is_printed_and_kept_for_the_report(tmp_path, capsys):
    """The table stands in the answer, in JSON, and in the report of the saved run; the next run there takes it away."""
    out, more = tmp_path / "out", ["--set", "charges_as_of=2026-04-02", "--set", "atr_warmup_bars=60"]
    assert main([*ASKED, *more, "--rules", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "What each rule cost or saved\nThe same bars and signals once more: " in told
    names = "atr_warmup_bars ", "max_position_size_percent "
    rows = [next(line for line in told.splitlines() if line.startswith(name)) for name in names]
    assert "no setting switches it off" in rows[0]
    assert rows[1].endswith(("saved money", "cost money", "changed nothing"))
    assert main(["report", str(out), "--html", str(tmp_path / "run.html")]) == 0
    assert "What each rule cost or saved" in (tmp_path / "run.html").read_text("utf-8")
    capsys.readouterr()
    assert main(["report", str(out)]) == 0
    assert rows[1] in capsys.readouterr().out
    assert main([*ASKED, *more, "--rules", "--json"]) == 0
    kept = {row["rule off"]: row for row in json.loads(capsys.readouterr().out)["rules"]}
    assert kept["atr_warmup_bars"]["net"] is None
    assert f"{float(kept['max_position_size_percent']['net']):,.2f}" in rows[1]
    (out / "rules.json").write_text('{"rows": 3}')
    assert main(["report", str(out)]) == 1
    assert "rules.json: not what a backtest wrote" in capsys.readouterr().err
    assert main([*ASKED, *more, "--out", str(out)]) == 0
    assert not (out / "rules.json").exists()


@pytest.mark.parametrize(
    ("verb", "told"), [("backtest", "stopped\n"), ("paper", "stopped; start again with the same journal to go on\n")]
)
def test_what_is_stopped_says_how_it_goes_on(monkeypatch, capsys, verb, told):
    """A backtest has no journal; it was told to start again with the same one."""

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("riskcore_openalgo.cli.bars.load_settings", stopped)
    monkeypatch.setattr("riskcore_openalgo.cli.backtesting.prepared", stopped)
    assert main([verb, *ASKED[1:]]) == 130
    assert capsys.readouterr().err == told


def test_what_is_still_open_completes_the_sum(tmp_path, capsys):
    """Equity is the capital, the results of the trades, and what is open: each of them stands in the answer."""
    rows = ["timestamp,open,high,low,close,volume"]
    for at, price in (("10:00", 1000), ("10:01", 1000), ("10:02", 1004), ("10:03", 1003)):
        rows.append(f"2026-11-20T{at}:00+05:30,{price},{price + 1},{price - 1},{price},100")
    (tmp_path / "INFY.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "always.py").write_text(
        "import riskcore as rc\n"
        "def buys(bars, *, symbol, interval):\n"
        "    return rc.Signal(symbol, 'BUY', at=bars[-1].at + rc.interval_length(interval), stop=990)\n"
    )
    asked = ["backtest", "--bars", str(tmp_path / "INFY.csv"), "--strategy", "always:buys"]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        assert main([*asked, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert main(asked) == 0
    (held,) = told["open"]
    assert (held["entry"], held["last"], held["stop"]) == ("1000", "1003", "990.00")
    assert Decimal(held["result"]) < 3 * held["quantity"]  # less the charges of its entry
    assert Decimal(told["equity"]) == Decimal(told["capital"]) + Decimal(held["result"])
    line = f"still open: BUY {held['quantity']} NSE:INFY at 1000.00, last 1003.00: Rs {held['result']} so far"
    assert line in capsys.readouterr().out


def test_a_run_is_written_where_asked(tmp_path, capsys):
    """Whole, and readable."""
    out = tmp_path / "out"
    assert main([*ASKED, "--out", str(out)]) == 0
    assert "left out" in capsys.readouterr().out
    run = Run.load(out)
    assert json.loads((out / "run.json").read_text())["trades"] == len(run.trades)
    assert run.refused


def test_a_run_without_trades_says_which_settings_refused_them(capsys):
    """The rule most often met first, with the remedy of its first refusal; for a program too."""
    assert main([*ASKED, "--symbols", "INFY"]) == 0
    said = capsys.readouterr().out
    assert re.search(
        r"refused by charges_as_of, \d+ times; the first: no schedule .*; set charges_as_of to a day", said
    )
    assert main([*ASKED, "--symbols", "INFY", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["refused_by"][0]
    assert (told["rule"], "set charges_as_of" in told["first"]) == ("charges_as_of", True)


def test_a_setting_can_be_given_for_one_run(capsys):
    """So that a file of one day has trades without a configuration folder; it holds over the files."""
    assert main([*ASKED, "--json"]) == 0
    none = json.loads(capsys.readouterr().out)
    given = ["--set", "atr_warmup_bars=60", "--set", "charges_as_of = 2026-08-03", "--set", "risk_per_trade=0.1"]
    assert main([*ASKED, *given, "--json"]) == 0
    some = json.loads(capsys.readouterr().out)
    assert (none["trades"], bool(some["trades"])) == ([], True)


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ("max_position", 1, "write KEY=VALUE"),
        ("max_positons=2", 78, "max_positions"),
        ("max_positions=many", 78, "max_positions"),
        ("rules=[x:y]", 78, "trading_rules.yaml"),
    ],
)
def test_a_setting_that_is_none_is_told_with_the_remedy(capsys, given, code, told):
    """As in a file."""
    assert main([*ASKED, "--set", given]) == code
    assert told in capsys.readouterr().err


def test_a_parameter_can_be_given_to_the_strategy_of_the_command_line(capsys):
    """As it stands in trading_rules.yaml: a number is a number, a word a word."""
    told = []
    for more in ((), ("--parameter", "fast=3", "--parameter", "slow = 5"), ("--parameter", "product=CNC")):
        assert main([*ASKED, *more, "--json"]) == 0
        told.append([one["signal_id"] for one in json.loads(capsys.readouterr().out)["refused"]])
    assert len(told[1]) > len(told[0])
    assert told[2] == told[0]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("fast",), "--parameter fast: write KEY=VALUE"),
        (("product=BO",), "product must be one of MIS, CNC"),
        (("quick=3",), "quick"),
    ],
)
def test_a_parameter_that_is_none_is_told(capsys, more, told):
    """By its name, and without a traceback."""
    assert main([*ASKED, "--parameter", *more]) == 1
    assert told in capsys.readouterr().err


def test_a_parameter_needs_the_strategy_it_is_for(tmp_path, capsys):
    """Those of the configuration have their own; on a day under way nothing is given by hand."""
    bars = ("--bars", str(BARS), "--parameter", "fast=3")
    assert main(["backtest", *bars]) == 1
    assert "--parameter is for the strategy of --strategy" in capsys.readouterr().err
    assert main(["init", str(tmp_path / "config")]) == 0
    assert main(["paper", "--config", str(tmp_path / "config"), "--parameter", "fast=3"]) == 1
    assert "--parameter goes with --bars" in capsys.readouterr().err


def test_bars_are_played_whatever_the_mode_of_the_day_is(tmp_path, capsys):
    """A configuration for real money backtests as it is: bars send nothing."""
    (tmp_path / "system_config.yaml").write_text("system:\n  mode: live\n", encoding="utf-8")
    assert main([*ASKED, "--config", str(tmp_path)]) == 0
    assert "equity Rs" in capsys.readouterr().out


def test_of_a_day_under_way_nothing_is_set_on_the_command_line(tmp_path, capsys):
    """There it is an operator's act, and journalled as one."""
    assert main(["init", str(tmp_path / "config")]) == 0
    assert main(["paper", "--config", str(tmp_path / "config"), "--set", "max_positions=2"]) == 1
    assert "riskcore control set" in capsys.readouterr().err


@pytest.mark.parametrize("amount", ["abc", "-5", "0", "NaN", "Infinity", "1,00,000"])
def test_a_capital_that_is_no_amount_is_refused_without_a_traceback(tmp_path, capsys, amount):
    """Exit code 2, and what an amount looks like."""
    with pytest.raises(SystemExit) as left:
        main(["backtest", "--bars", str(tmp_path), "--capital=" + amount])
    assert left.value.code == 2
    assert "is not an amount of rupees above 0, such as 100000" in capsys.readouterr().err


def test_a_file_of_another_symbol_than_was_asked_for_is_refused(tmp_path, capsys):
    """It was read, and the wish passed over in silence."""
    (tmp_path / "INFY.csv").write_text("timestamp,open,high,low,close,volume\n", "utf-8")
    assert main(["backtest", "--bars", str(tmp_path / "INFY.csv"), "--symbols", "TCS"]) == 1
    assert "is the file of INFY, and --symbols asks for TCS; give a folder" in capsys.readouterr().err
