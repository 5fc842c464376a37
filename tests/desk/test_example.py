"""examples/desk.py, as it stands: against the fake, by a clock of ours and by the machine's."""

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime

import pytest

import riskcore as rc
import riskcore_openalgo
from riskcore_openalgo.client import client as clients
from riskcore_openalgo.testing import SANDBOX, FakeBroker, FakeOpenAlgo
from tests.desk.scripts import KEY, NOW, ROOT, flat_bars

EXAMPLE = ROOT / "examples" / "desk.py"


@contextmanager
def openalgo(clock):
    """The fake with RELIANCE at 2,500; its address and key, as the example takes them."""
    broker = FakeBroker(clock=clock, cash=1_000_000, profile=SANDBOX)
    broker.contract("NSE:RELIANCE", tick="0.1")
    broker.quote("NSE:RELIANCE", last=2500, bid="2499.9", ask="2500.1")
    broker.bars("NSE:RELIANCE", "5m", flat_bars(NOW, 2500, 10))
    with FakeOpenAlgo(broker, key=KEY, limits=False) as server:
        yield broker, {"OPENALGO_HOST": server.host, "OPENALGO_API_KEY": KEY}


def code():
    """The example below its docstring."""
    return EXAMPLE.read_text(encoding="utf-8").split('"""')[2].lstrip("\n")


def test_the_example_buys_and_protects(tmp_path, monkeypatch, capsys):
    with openalgo(lambda: NOW) as (broker, access):
        monkeypatch.setattr(clients, "now_in_ist", lambda: NOW)
        monkeypatch.chdir(tmp_path)
        for name, value in access.items():
            monkeypatch.setenv(name, value)
        exec(compile(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE, "exec"), {})  # noqa: S102 - our own example
        told = capsys.readouterr().out
        assert told.startswith("APPROVED BUY 39 NSE:RELIANCE MIS at Rs 2,502.60 or better")
        assert "FILLED BUY NSE:RELIANCE: 39 of 39 filled at Rs 2500.00" in told
        assert "stop    Rs 2470.10, rests at the broker" in told
        assert [order.status for order in broker.truth().orders] == ["complete", "trigger pending"]


def test_the_example_runs_at_any_time_of_day(tmp_path):
    """By the machine's clock: it says what it would do, or why not."""
    with openalgo(lambda: datetime.now(rc.IST)) as (_, access):
        ran = subprocess.run(
            [sys.executable, EXAMPLE],
            check=False,
            env={**os.environ, **access},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(("APPROVED BUY", "REFUSED BUY"))
    assert KEY not in ran.stdout + ran.stderr


def test_the_readme_shows_the_example_to_the_letter():
    assert f"```python\n{code()}```" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len([line for line in code().splitlines() if line.strip()]) <= 12


@pytest.mark.smoke
def test_the_package_stays_cheap_until_a_desk_is_asked_for():
    names = "import sys, riskcore_openalgo; print(sorted({'openalgo', 'sqlalchemy', 'pandas', 'riskcore'} & set("
    told = subprocess.run([sys.executable, "-c", f"{names}sys.modules)))"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.smoke
def test_a_name_that_is_not_there_is_no_attribute():
    assert {"Client", "Desk", "DeskError"} <= set(dir(riskcore_openalgo))
    with pytest.raises(AttributeError, match="no attribute 'Broker'"):
        riskcore_openalgo.Broker  # noqa: B018
