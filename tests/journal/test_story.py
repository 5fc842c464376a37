"""`riskcore journal signal ID`: a signal's whole story, out of a real journal."""

import json
from datetime import timedelta

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.story import story
from tests.runner.test_runner import Bench, alert


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "journal.db")
    yield made
    made.journal.close()


def bought(bench):
    """An alert that came twice, was bought, and left at its target; its receipt."""
    text = '{"symbol": "SBIN", "action": "buy", "interval": "5", "time": "2026-11-20T05:00:00Z", "qty": 7}'
    answer = alert(text, bench)
    alert(text, bench)
    bench.prices(800, 801)
    bench.prices(805, 815.5)
    return answer.body


def test_a_trade_is_told_from_its_alert_to_its_result(bench):
    """By the receipt and by the signal's id alike; every finding of the decision is in it."""
    answer = bought(bench)
    with Reader(bench.journal.path) as journal:
        told = story(journal, answer["receipt"])
        assert story(journal, answer["signal"]).steps == told.steps
    assert [step.what for step in told.steps] == [
        "arrived",
        "valid",
        "approved",
        "order moved",
        "arrived",
        "duplicate",
        "filled",
        "leaving",
        "filled",
        "closed",
    ]
    assert told.signals == (answer["signal"],)
    approved = told.steps[2].lines
    assert "size bound by" in approved[0]
    assert sum(line.startswith("ok  ") for line in approved) > 25
    assert any("asked for qty '7'" in line for line in told.steps[0].lines)
    assert "by target" in told.steps[-1].lines[0]
    assert " = net Rs " in told.steps[-1].lines[1]


def test_F08_prices_off_the_tick_are_told_with_what_became_of_each(bench):
    """The price is compared, and not traded at; a stop and a target are rounded, and it says which way."""
    answer = alert('{"symbol": "SBIN", "action": "buy", "price": 800.01, "stop": 795.02, "target": 830.03}', bench)
    plain = alert('{"symbol": "INFY", "action": "buy", "price": 800.1}', bench)
    with Reader(bench.journal.path) as journal:
        told = story(journal, answer.body["receipt"]).steps[2]
        assert not [line for line in story(journal, plain.body["receipt"]).steps[2].lines if line.startswith("note")]
    notes = [line for line in told.lines if line.startswith("note: ")]
    order = json.loads(told.body)["order"]
    assert notes[0] == (
        "note: the signal's price 800.01 is no multiple of the tick 0.05: compared with the quote alone, "
        "the limit is ours"
    )
    for name, note, way in (("stop", notes[1], "up"), ("target", notes[2], "down")):
        assert note.endswith(f"is no multiple of the tick 0.05: rounded {way} to {order[name]}")


def test_the_story_of_an_exit_signal_ends_with_the_trade_that_it_ended(bench):
    bought_at = alert('{"symbol": "SBIN", "action": "buy"}', bench).body["signal"]
    bench.prices(800, 801)
    left = alert('{"symbol": "SBIN", "action": "sell", "position_size": 0}', bench).body["receipt"]
    bench.prices(801, 800.5)
    with Reader(bench.journal.path) as journal:
        told = story(journal, left)
        assert [step.what for step in told.steps][:3] == ["arrived", "valid", "leaving"]
        assert told.ending == "closed"
        assert story(journal, bought_at).ending == "closed"


def test_what_a_signal_brought_beside_it_is_told(bench):
    answer = alert('{"symbol": "SBIN", "action": "buy", "context": {"setup": "gap", "score": 3}}', bench)
    with Reader(bench.journal.path) as journal:
        [arrived, *_] = story(journal, answer.body["receipt"]).steps
    assert "context setup=gap, score=3" in arrived.lines


def test_a_refusal_says_which_rule_failed_and_what_could_not_be_measured(bench):
    bench.price = None
    answer = alert('{"symbol": "SBIN", "action": "buy"}', bench).body
    with Reader(bench.journal.path) as journal:
        told = story(journal, answer["receipt"])
    lines = told.steps[-1].lines
    assert told.ending == "refused"
    assert any(line.startswith("FAIL quote_max_age_s: ") for line in lines)
    assert "?    stop_methods: not measured, for what it needs is missing" in lines


def test_a_reversal_is_told_from_the_leaving_of_what_was_held_to_its_own_decision(bench):
    """First flat, then the other way."""
    bench.signal()
    bench.prices(800, 801)
    turned = rc.Signal("SBIN", "SELL", at=bench.now, kind=rc.REVERSAL)
    bench.runner.offer(events.SignalArrived(bench.now, turned))
    bench.runner.settle()
    bench.prices(801, 800.5)
    with Reader(bench.journal.path) as journal:
        told = [step.what for step in story(journal, turned.id).steps]
    assert told[:4] == ["arrived", "valid", "reversing", "leaving"]
    assert told.index("closed") < told.index("flat") < told.index("approved")


def test_an_entry_that_only_shadows_is_told_with_what_it_would_have_been(bench):
    """`live_symbols` names others."""
    bench.runner.offer(events.PolicyLoaded(bench.now, rc.Policy(position_size_basis="margin", live_symbols=["INFY"])))
    shadow = bench.signal()
    with Reader(bench.journal.path) as journal:
        told = story(journal, shadow)
    assert told.ending == "withheld"
    assert told.steps[-1].lines[0].startswith("not sent: ")
    assert "it would have been order" in told.steps[-1].lines[0]


def test_a_refusal_by_the_hour_says_when_entries_are_taken_again(bench):
    bench.now = bench.now.replace(hour=14, minute=50)
    late = bench.signal()
    with Reader(bench.journal.path) as journal:
        told = story(journal, late)
    assert told.steps[-1].lines[-1] == "entries are next taken at 2026-11-23 09:20; send it again then"


def test_what_was_no_signal_is_told_too(bench):
    answer = alert("buy SBIN, please", bench).body
    with Reader(bench.journal.path) as journal:
        told = story(journal, answer["receipt"])
    assert [step.what for step in told.steps] == ["not a signal"]
    assert told.steps[0].lines[-1] == "it said: buy SBIN, please"


def test_another_signals_orders_are_not_in_it(bench):
    first = alert('{"symbol": "SBIN", "action": "buy"}', bench).body
    bench.price = 800
    bench.now += timedelta(seconds=1)
    alert('{"symbol": "INFY", "action": "buy"}', bench)
    with Reader(bench.journal.path) as journal:
        assert not any("INFY" in line for step in story(journal, first["receipt"]).steps for line in step.lines)


def test_the_command_prints_it_as_text_and_as_json(bench, capsys):
    """And exits with 1 where the journal knows no such id."""
    receipt = bought(bench)["receipt"]
    asked = ["journal", "signal", receipt, "--journal", str(bench.journal.path)]
    assert main(asked) == 0
    text = capsys.readouterr().out
    assert text.isascii()
    assert text.endswith("so far: closed\n")
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["id"], told["ending"]) == (receipt, "closed")
    assert told["steps"][0]["event"]["signal"]["receipt"] == receipt
    assert main(["journal", "signal", "nothing", "--journal", str(bench.journal.path)]) == 1
    assert "no alert has the receipt nothing" in capsys.readouterr().err
