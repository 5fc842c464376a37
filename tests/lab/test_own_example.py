"""The user's own strategy under examples/: it runs as it says, and its lines of YAML load and make strategies."""

import subprocess
import sys
from pathlib import Path

from riskcore_openalgo.config import load_settings
from riskcore_openalgo.lab.strategy import own_strategy

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "strategies"


def test_the_script_checks_its_strategy():
    run = subprocess.run([sys.executable, "my_dips.py"], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("none of them from the future\n")
    assert not run.stdout.startswith("0 ")


def test_its_lines_of_yaml_are_read_and_each_strategy_is_made(tmp_path, monkeypatch):
    (tmp_path / "trading_rules.yaml").write_bytes((FOLDER / "trading_rules.yaml").read_bytes())
    settings = load_settings(tmp_path)
    monkeypatch.syspath_prepend(FOLDER)
    dips, breakout = settings.strategies
    assert settings.policy.live_symbols == ("INFY",)
    assert (dips.live, dips.bars) == (True, "ticks")
    assert (breakout.live, breakout.bars) == (False, "history")
    for one in settings.strategies:
        for symbol in one.symbols:
            made = own_strategy(one.name, one.function, symbol=symbol, interval=one.interval, parameters=one.parameters)
            assert made.symbol == symbol
