"""`riskcore backtest`: days, ways to take a bar, and the run it writes."""

import json
import re
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


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--from", "someday"), "is not a date"),
        (("--intrabar", "lower_timeframe"), "--finer"),
        (("--from", "2030-01-01"), "no bar is left"),
        (("--intrabar", "nonsense"), "invalid choice"),
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
