"""A journal of paper, of the sandbox or of a broker is gone on with for the same alone."""

import argparse
from pathlib import Path

import pytest
from attrs import evolve

from riskcore_openalgo.cli.direct import stop
from riskcore_openalgo.cli.live import run
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.client import Client
from riskcore_openalgo.config import Credentials, OpenAlgoAccess, Settings
from riskcore_openalgo.desk import Desk, DeskError
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.runner.assembly import LIVE, PAPER, SHADOW
from riskcore_openalgo.runner.fence import fence_of
from riskcore_openalgo.runner.kept_for import kept_for, refuse_other
from riskcore_openalgo.testing import SANDBOX
from tests.runner.live_days import KEY, live_day

DAYS = {
    "paper money": {"mode": PAPER},
    "sandbox": {"mode": LIVE, "analyzer": True, "profile": SANDBOX},
    "a broker": {"mode": LIVE},
}
BARS = Path(__file__).parents[2] / "src/riskcore_openalgo/demo/bars"


def kept(path, **how):
    """The settings of a day that bought, and ended with what it holds."""
    with live_day(path, **how) as day:
        day.ready()
        day.signal(product="CNC")
        day.until(lambda: day.position is not None, "1000.1")
        return evolve(
            day._settings, credentials=Credentials(openalgo=OpenAlgoAccess(host=day.server.host, api_key=KEY))
        )


@pytest.mark.parametrize("before", DAYS)
def test_a_journal_says_what_it_was_kept_for(tmp_path, before):
    kept(tmp_path / "live.db", **DAYS[before])
    with Reader(tmp_path / "live.db") as journal:
        assert kept_for(journal) == before
        for now, how in DAYS.items():
            about = {name: value for name, value in how.items() if name != "profile"}
            if now == before:
                refuse_other(journal, **about)
            else:
                with pytest.raises(ValueError, match=f"kept for {before}, and this is a day of {now}; .*--journal"):
                    refuse_other(journal, **about)


def test_paper_shares_never_become_those_of_a_day_with_real_money(tmp_path, monkeypatch):
    """The same configuration for paper, then for live, names the same journal: its shares are at no broker."""
    path = tmp_path / "live.db"
    settings = kept(path, **DAYS["paper money"])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    arguments = argparse.Namespace(journal=path, flatten=False, config=None)
    with Reader(path) as journal:
        rows = journal.length
    with pytest.raises(ValueError, match="kept for paper money, and this is a day of a broker"):
        run(settings, arguments, mode=LIVE, analyzer=False)
    run_past = argparse.Namespace(journal=path, analyzer=False, whole_account=False, wait=1.0, json=False)
    with pytest.raises(ValueError, match="kept for paper money"):
        stop(settings, run_past, clock=lambda: None)
    assert not fence_of(path.with_name("live.db.inbox")).exists(), "a runner must not be ended for a wrong journal"
    with (
        Client(settings.credentials.openalgo.host, KEY) as client,
        Desk(client, path, mode="live") as desk,
        pytest.raises(DeskError, match=r"other_account: .* kept for paper money"),
    ):
        desk.book()
    with Reader(path) as journal:
        assert journal.length == rows


def test_paper_and_shadow_are_both_on_paper_and_a_new_journal_is_anybodys(tmp_path):
    kept(tmp_path / "live.db", mode=SHADOW)
    with Reader(tmp_path / "live.db") as journal:
        refuse_other(journal, mode=PAPER)
    assert Settings().system.journal  # one name for every mode, unless it is said otherwise


def test_bars_are_played_on_paper_and_into_no_other_journal(tmp_path, capsys):
    bars = ["paper", "--bars", str(BARS / "INFY.csv"), "--interval", "1m", "--strategy", "ema_cross"]
    bars += ["--set", "charges_as_of=2026-11-20", "--journal"]
    played, live = tmp_path / "paper.db", tmp_path / "live.db"
    assert main([*bars, str(played)]) == 0
    with Reader(played) as journal, pytest.raises(ValueError, match="kept for paper money, and this is a day of a bro"):
        refuse_other(journal, mode=LIVE)
    kept(live, **DAYS["a broker"])
    capsys.readouterr()
    assert main([*bars, str(live)]) == 1
    assert "kept for a broker, and this is a day of paper money" in capsys.readouterr().err
    assert main(["demo", "--journal", str(live), "--json"]) == 1
    assert "kept for a broker" in capsys.readouterr().err
