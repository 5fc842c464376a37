"""The study: the path of each stop, the prices around each trade, the notes; and the same as JSON and CSV."""

import csv
import json
from decimal import Decimal
from itertools import pairwise

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore.testing import Scenario
from riskcore_openalgo import lab
from riskcore_openalgo.demo.day import INTERVAL, demo_bars, demo_policy
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.codec import encode
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.report import Extra, as_json, page, study_of, study_of_journal, write_csv
from riskcore_openalgo.lab.report.saved import is_run, span_of, study_of_run, study_of_saved_run, traded
from riskcore_openalgo.lab.run import Run
from tests.journal.told import INFY, SEEN, THIRD, half_an_account
from tests.report.pages import Elements

TRAILS = rc.Policy(
    max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0, trail="percent", trail_by=1
)


def trailed():
    """A stop that follows twice, and is hit where it then stands."""
    told = Scenario(TRAILS, INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
    told.prices("10:10", last=1010)
    told.prices("10:20", last=1030)
    told.prices("10:30", last=1015)
    told.fill("10:30:01", told.sent()[-1].order_id, price=1015)
    return told


def test_the_path_of_a_stop_is_that_of_the_facts():
    """It begins where the entry put it, each step is a StopMoved, and it never loosens."""
    told = trailed()
    [story] = study_of(told.facts, title="t", source="s").stories
    moved = [fact for fact in told.facts if isinstance(fact, events.StopMoved)]
    assert len(moved) == 2
    assert [(level.price, level.rule) for level in story.stops] == [
        (Decimal(980), ""),
        *((fact.after, fact.rule) for fact in moved),
    ]
    assert all(before.price < after.price for before, after in pairwise(story.stops))
    assert story.trade.initial_stop == 980


def test_a_journal_gives_its_prices(demo_journal):
    """Each trade of the demo has the bars around it, from before its entry to after its exit."""
    with Reader(demo_journal) as journal:
        study = study_of_journal(journal)
    assert len(study.stories) == 5
    for story in study.stories:
        assert story.prices[0].at < story.trade.opened_at <= story.trade.closed_at <= story.prices[-1].at
        inside = [span for span in story.prices if story.trade.opened_at <= span.at < story.trade.closed_at]
        assert min(span.low for span in inside) <= story.trade.entry_price <= max(span.high for span in inside)
    assert study.policy is not None
    assert study.source == "journal demo.db"


def test_a_pruned_journal_is_refused(tmp_path):
    """A part of an account has no equity curve from its first day on: it is said, and nothing is shown."""
    with Reader(half_an_account(tmp_path / "j.db")) as journal, pytest.raises(ValueError, match="the rest was pruned"):
        study_of_journal(journal)


def test_json_has_what_the_measures_have(demo_journal):
    """Amounts are exact text, and add up to the account's."""
    with Reader(demo_journal) as journal:
        study = study_of_journal(journal)
    told = json.loads(as_json(study))
    assert told["riskcore_report"] == 1
    assert sum(Decimal(row["net"]) for row in told["trades"]) == study.performance.net
    assert sum(Decimal(row["net"]) for row in told["sessions"]) == study.performance.curve.net
    assert len({(row["at"], row["key"]) for row in told["refusals"]}) == 42
    measures = {row["name"]: row["value"] for row in told["measures"]}
    assert (measures["Finished trades"], measures["Largest drawdown"]) == (5, "0")


def test_csv_has_the_same_rows_and_no_formulas(tmp_path):
    """A strategy named like a formula stays text in a spreadsheet; numbers stay numbers, negative ones too."""
    told = Scenario(TRAILS, INFY, day=THIRD)
    told.look("10:00", told.signal("10:00", strategy="=1+1", stop=980, target=1100), last=1000)
    told.fill("10:00:01", told.sent(rc.ApprovedEntry)[-1].order_id, price=1000)
    told.prices("10:30", last=970)
    told.fill("10:30:01", told.sent()[-1].order_id, price=970)
    study = study_of(told.facts, title="t", source="s")
    extra = Extra("more", "", ("what", "how many"), (("@x", 3), ("y", None)))
    written = write_csv(study_with(study, extra), tmp_path / "out")
    names = ["measures", "sessions", "trades", "stops", "refusals", "extra-1"]
    assert [path.name for path in written] == [f"{name}.csv" for name in names]
    [row] = rows(tmp_path / "out" / "trades.csv")
    assert row["strategy"] == "'=1+1"
    assert Decimal(row["net"]) == study.performance.net < 0
    assert rows(tmp_path / "out" / "extra-1.csv") == [
        {"what": "'@x", "how many": "3"},
        {"what": "y", "how many": ""},
    ]


def test_tables_of_another_report_do_not_stay_beside_those_of_this_one(tmp_path):
    """A contract note laid beside an older report's bootstrap would be taken for one report."""
    study = study_of(trailed().facts, title="t", source="s")
    extra = Extra("more", "", ("what", "how many"), (("x", None),))
    write_csv(study_with(study, extra, extra), tmp_path)
    (tmp_path / "extra-notes.csv").write_text("mine\n", "utf-8")
    write_csv(study_with(study, extra), tmp_path)
    assert [path.name for path in sorted(tmp_path.glob("extra-*"))] == ["extra-1.csv", "extra-notes.csv"]


@pytest.mark.parametrize(
    ("name", "columns"), [("trades", "seq,session"), ("trades", "opened_at,closed_at"), ("stops", "signal_id,key")]
)
def test_tables_of_something_else_stay(tmp_path, name, columns):
    """An export of a journal and a saved run have tables of the same names; nothing is written beside them either."""
    study = study_of(trailed().facts, title="t", source="s")
    other = tmp_path / f"{name}.csv"
    other.write_text(f"{columns}\n1,2\n", "utf-8")
    with pytest.raises(ValueError, match=f"{name}.csv: is there, and is no table of a report: name another folder"):
        write_csv(study, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [other.name]
    assert other.read_text("utf-8") == f"{columns}\n1,2\n"


def test_half_a_letter_in_a_name_ends_no_table(tmp_path):
    """The page and the JSON have it as an escape, and so has the table."""
    study = study_of(trailed().facts, title="t", source="s")
    write_csv(study_with(study, Extra("more", "", ("what",), (("\ud800",),))), tmp_path)
    assert rows(tmp_path / "extra-1.csv") == [{"what": "\\ud800"}]


def study_with(study, *extras):
    """The study with tables beside it."""
    return attrs.evolve(study, extras=extras)


def rows(path):
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def saved(folder, told, **about):
    """A run as a backtest saves it."""
    folder.mkdir()
    lines = [
        json.dumps({"type": type(fact).__name__, "version": fact.VERSION, "body": json.loads(encode(fact))})
        for fact in told.facts
    ]
    (folder / "facts.jsonl").write_text("\n".join(lines), "utf-8")
    shown = {"format": "riskcore-run", "version": 1, "interval": "1m", "facts": len(told.facts), "notes": ["a gap"]}
    shown |= {"intrabar": "skip", "jumped": {"bars": 9, "left_out": 3, "reasons": [["time", 6]]}}
    shown |= {"in_doubt": {"bars": 1, "trades": 1, "share_pct": "12.50"}, **about}
    (folder / "run.json").write_text(json.dumps(shown), "utf-8")
    return folder


def test_a_backtest_and_what_it_was_saved_to_give_the_same_study(tmp_path):
    """A real run: its trades are drawn on its own columns; its folder is read as it was written."""
    bars = {thing: series for thing, series in demo_bars().items() if thing.symbol in ("INFY", "LT")}
    run = lab.backtest(bars, EmaCross, demo_policy(), interval=INTERVAL)
    study = study_of_run(run)
    assert (study.policy, study.source) == (run.policy, "backtest")
    assert [story.trade for story in study.stories] == list(run.trades) != []
    for story in study.stories:
        inside = [span for span in story.prices if story.trade.opened_at <= span.at < story.trade.closed_at]
        assert min(span.low for span in inside) <= story.trade.entry_price <= max(span.high for span in inside)
    assert study.performance == run.performance
    folder = run.save(tmp_path / "run")
    assert is_run(folder)
    prices = {thing.key: [span_of(bar) for bar in series] for thing, series in bars.items()}
    saved_one = study_of_saved_run(folder, prices)
    assert saved_one.stories == study.stories
    assert saved_one.performance == study.performance
    assert saved_one.remarks == study.remarks == run.remarks
    assert saved_one.source == f"backtest over {INTERVAL} bars"
    assert Elements(page(saved_one)).faults == []


def test_a_saved_run_gives_the_study_of_its_facts(tmp_path):
    """Read back, a run tells what it told before."""
    told = trailed()
    folder = saved(tmp_path / "run", told)
    assert is_run(folder)
    found = study_of_saved_run(folder)
    assert found.performance == study_of_run(told).performance
    assert found.source == "backtest over 1m bars"
    assert found.remarks == (
        "bars 9, of which 33.3 % could change nothing and were left out; looked at most for: time (6)",
        "in doubt (skip): 1 bars, 1 trades, 12.50 % P&L",
        "a gap",
    )


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"facts": 99}, "cut off"),
        ({"version": 2}, "of version 1"),
        ({"format": "x"}, "this is no riskcore-run"),
        ({"jumped": None}, "not what a backtest wrote"),
        ({"in_doubt": {}}, "not what a backtest wrote"),
    ],
)
def test_a_run_that_is_not_whole_is_refused(tmp_path, about, why):
    """Nothing is shown of a run that was cut off or is another program's."""
    with pytest.raises(ValueError, match=why):
        study_of_saved_run(saved(tmp_path / "run", trailed(), **about))


@pytest.mark.parametrize("text", ["[]", "3", "null"])
def test_json_that_is_no_object_is_no_run(tmp_path, text):
    """Told as what it is, by the report and by `Run.load`."""
    folder = saved(tmp_path / "run", trailed())
    (folder / "run.json").write_text(text, "utf-8")
    for read in (study_of_saved_run, traded, Run.load):
        with pytest.raises(ValueError, match=r"run\.json"):
            read(folder)


def test_only_what_traded_needs_bars(tmp_path):
    """Of the instruments of a run, those that have fills."""
    things = [{"exchange": "NSE", "symbol": symbol} for symbol in ("TCS", "INFY")]
    assert traded(saved(tmp_path / "run", trailed(), instruments=things)) == (("INFY",), "1m", None)


@pytest.mark.parametrize("about", [{"instruments": 3}, {"instruments": [{}]}])
def test_instruments_that_are_none_are_told(tmp_path, about):
    """Where the bars of what was traded are looked for."""
    with pytest.raises(ValueError, match="not what a backtest wrote"):
        traded(saved(tmp_path / "run", trailed(), **about))


def test_a_bad_line_of_a_run_is_named(tmp_path):
    """File and line."""
    folder = saved(tmp_path / "run", trailed())
    with (folder / "facts.jsonl").open("a", encoding="utf-8") as file:
        file.write("\nnonsense")
    with pytest.raises(ValueError, match=r"facts\.jsonl:\d+: "):
        study_of_saved_run(folder)
