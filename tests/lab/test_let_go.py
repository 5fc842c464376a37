"""What becomes of a run that has ended: nothing of it waits for Python's collector of cycles, nor is looked through."""

import gc
import weakref

import pytest

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest, uncollected
from riskcore_openalgo.lab.jumping import Jumps
from tests.laws.tapes import AsArrays, tape

WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "atr_warmup_bars": 5, "atr_period": 5}


@pytest.fixture(autouse=True)
def _as_it_was():
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.parametrize("read", [False, True])
def test_a_run_that_nobody_holds_is_gone_at_once(monkeypatch, read):
    """It made no cycle, though facts were put off and some trades were taken at once."""
    runs, play = [], Jumps.play
    monkeypatch.setattr(Jumps, "play", lambda run, *given: runs.append(weakref.ref(run)) or play(run, *given))
    made = tape(3)
    arrays = {symbol: AsArrays(answers.known, made.interval) for symbol, answers in made.answers.items()}
    gc.disable()
    done = backtest(made.bars, arrays, rc.Policy(**WIDE, max_positions=1), interval=made.interval)
    assert done.simulation.facts.waits
    assert runs[0]() is not None
    if read:
        assert any(fact.findings for fact in done.approved)
    del done
    assert runs[0]() is None


def test_what_a_run_made_is_not_new_to_the_collector():
    """Else its first look would be through all of it."""
    gc.collect()
    with uncollected():
        kept = [[] for _ in range(20_000)]
    assert gc.get_count()[0] < len(kept) / 2
    assert gc.isenabled()


def test_what_a_host_has_frozen_stays_frozen():
    gc.freeze()
    frozen = gc.get_freeze_count()
    with uncollected():
        pass
    assert gc.get_freeze_count() > frozen / 2  # a few of them are let go of at any time
