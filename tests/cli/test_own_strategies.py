"""A strategy of one's own on the command line: what goes wrong in it is a sentence, over bars and on paper alike."""

import sys
from decimal import localcontext

import pytest

from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal import Reader
from tests.cli.test_backtest import BARS

MINE = """
import riskcore as rc


def signal(bars, symbol, interval):
    ends = bars[-1].at + rc.interval_length(interval)
    return rc.Signal(symbol, "BUY", at=ends, bar_at=bars[-1].at, interval=interval)


def raises(bars, *, symbol, interval):
    return bars[-1].nothing


def text(bars, *, symbol, interval):
    return "BUY"


class Ahead:
    def __init__(self, *, symbol, interval):
        self.symbol, self.interval = symbol, interval

    def on_bar(self, bars):
        return signal(bars, self.symbol, self.interval) if bars[-1].close > bars[-1].open else None

    def signals(self, bars):
        told = [self.on_bar(bars[: n + 1]) for n in range(len(bars))]
        return [*told[1:], None]


class Ticks:
    def __init__(self, *, symbol, interval):
        pass

    def on_bar(self, bars):
        return None

    def on_tick(self, prices):
        return None
"""


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Runs a verb with one of the strategies; the exit code."""
    (tmp_path / "mine_of_a_test.py").write_text(MINE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(verb, name):
        journal = ("--journal", str(tmp_path / "paper.db")) if verb == "paper" else ()
        given = ("--bars", str(BARS), "--symbols", "INFY", "--strategy", f"mine_of_a_test:{name}", *journal)
        return main([verb, *given])

    return run


@pytest.mark.parametrize("verb", ["backtest", "paper"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "raises",
            "bar of 2020-02-28 09:15: AttributeError: 'Bar' object has no attribute 'nothing' (mine_of_a_test.py",
        ),
        ("text", "bar of 2020-02-28 09:15: it answered 'BUY', not a Signal or None"),
        ("Ahead", "signals(bars) says"),
    ],
)
def test_what_goes_wrong_in_it_is_a_sentence(asked, capsys, verb, name, said):
    """The strategy, the symbol, the bar, the error and its line; no traceback."""
    assert asked(verb, name) == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("riskcore: ")]
    assert line.startswith(f"riskcore: strategy {name} for INFY, bar of ")
    assert said in line


def test_bars_ask_nobody_between_them_and_that_is_said(asked, capsys):
    assert asked("backtest", "Ticks") == 0
    assert "strategy Ticks: on_tick is not asked" in capsys.readouterr().err


ODD = """
from decimal import getcontext
from riskcore_openalgo.lab.ema_cross import EmaCross

if DIGITS:
    getcontext().prec = DIGITS


class Odd(EmaCross):
    def on_bar(self, bars):
        if DIGITS:
            getcontext().prec = DIGITS
        return super().on_bar(bars)
"""


def test_a_strategy_that_reckons_in_three_digits_trades_on_paper_as_any_other(tmp_path, monkeypatch, capsys):
    """The paper broker filled at 1341 what it fills at 1341.75, and the tables and the console said so."""
    monkeypatch.syspath_prepend(tmp_path)
    heads, told = [], []
    for digits in (0, 3):
        (tmp_path / "odd_digits.py").write_text(ODD.replace("DIGITS", str(digits)), encoding="utf-8")
        journal = tmp_path / f"{digits}.db"
        given = ("--bars", str(BARS), "--symbols", "RELIANCE", "--profile", "rough", "--journal", str(journal))
        settings = ("--set", "atr_warmup_bars=20", "--set", "charges_as_of=2026-08-03")
        with localcontext():
            assert main(["paper", *given, *settings, "--strategy", "odd_digits:Odd"]) == 0
        del sys.modules["odd_digits"]
        with Reader(journal) as read:
            heads.append(read.head)
        told.append([line for line in capsys.readouterr().out.splitlines() if "db" not in line])
    assert heads[0] == heads[1]
    assert told[0] == told[1]
    assert any("APPROVED" in line for line in told[0])
