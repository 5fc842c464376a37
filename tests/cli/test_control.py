"""`riskcore control`: every act from the console, beside a runner and without one; codes and JSON for programs."""

import argparse
import json
import sqlite3
from contextlib import closing
from datetime import datetime

import pytest

import riskcore as rc
from riskcore import events
from riskcore.testing import Scenario
from riskcore_openalgo.cli import control
from riskcore_openalgo.cli.main import main, parser
from riskcore_openalgo.cli.unseen import unseen
from riskcore_openalgo.client import OrderWanted
from riskcore_openalgo.demo.day import demo_bars, demo_policy
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.inbox import Inbox, InboxRefused, folder_of
from riskcore_openalgo.runner.player import BarPlayer
from riskcore_openalgo.testing import Fault
from tests.core.test_settling import carrying
from tests.journal.told import INFY, SEEN, THIRD, entries
from tests.runner.live_days import live_day

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=rc.IST)
WHY = ("--why", "the tests", "--by", "asha")


@pytest.fixture
def console(capsys):
    """The command beside a day: exit code, output, errors."""

    def ran(day, *words, why=True):
        given = ["control", *map(str, words), "--journal", str(day.path), *(WHY if why else ())]
        code = control.run(parser().parse_args(given), clock=day.clock)
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


def test_every_act_beside_a_runner(tmp_path, console):
    """Each ends in the journal with who and why, and its exit code says what came of it."""
    with live_day(tmp_path / "live.db") as day:
        day.ready()
        assert console(day, "pause")[0] == 0
        assert day.state.book.state == "halted"
        code, said, _ = console(day, "resume")
        assert (code, "lifted operator_halted" in said) == (0, True)
        code, said, _ = console(day, "enter", "buy", "INFY", "--stop", "980")
        assert (code, said[:9]) == (0, "approved:")
        day.until(lambda: day.position is not None and day.covered(), "1000.1")
        code, said, _ = console(day, "enter", "sell", "INFY", "--stop", "1020")
        assert (code, "one_position_per_symbol" in said) == (3, True)
        code, said, _ = console(day, "tighten", "INFY", "985")
        assert (code, "the stop of NSE:INFY is now 985" in said) == (0, True)
        code, said, _ = console(day, "tighten", "INFY", "970")
        assert (code, said.startswith("refused: stop_not_tighter")) == (3, True)
        held = day.position.quantity
        assert console(day, "reduce", "NSE:INFY", 10)[0] == 0
        day.until(lambda: day.position.quantity == held - 10, 1000)
        code, said, _ = console(day, "cancel", day.state.book.resting("NSE:INFY").id)
        assert (code, "stop_protects" in said) == (3, True)
        code, said, _ = console(day, "set", "max_positions", "2")
        assert (code, "max_positions: 3 -> 2" in said, "from now on" in said) == (0, True, True)
        code, said, _ = console(day, "exit", "INFY")
        assert (code, said.startswith("taken, and not done before the broker shows it")) == (0, True)
        day.until(lambda: day.position is None, 1000)
        taken = [(fact.act, fact.by, fact.why) for fact in day.facts(events.ControlTaken)]
        assert taken == [(act, "asha", "the tests") for act in ("enter", "enter", "tighten", "reduce", "exit")]


def test_an_act_that_was_taken_while_the_database_takes_no_rows_is_not_called_untaken(tmp_path, console):
    """The exit has gone. Told that it was not taken, somebody would sell the same shares at the broker."""
    with live_day(tmp_path / "live.db") as day:
        day.entered()
        with closing(sqlite3.connect(day.path, isolation_level=None, timeout=5)) as other:
            other.execute("BEGIN IMMEDIATE")
            code, said, told = console(day, "exit", "INFY", "--wait", "4", "--json")
            found = json.loads(said)
            other.execute("ROLLBACK")
        assert (code, found["done"], found["taken"]) == (1, False, True)
        assert found["waits_as"].endswith(".taken")
        assert "TAKEN by the runner" in told
        assert "delete that file" not in told
        day.until(lambda: day.broker.truth().position("NSE:INFY") == 0, 1000)


def test_a_request_that_was_set_aside_is_told_as_that(tmp_path):
    path = tmp_path / "0001-1-ab.json"
    path.with_name("0001-1-ab.json.bad").touch()
    left = unseen(path, 4, None)
    assert (left.taken, left.waits_as) == (False, None)
    assert "set it aside as" in left.told


@pytest.mark.parametrize("words", [("control", "pause"), ("control", "stop"), ("stop",)], ids=" ".join)
def test_what_is_asked_of_a_day_of_bars_is_refused_and_waits_for_nobody(tmp_path, capsys, words):
    """Whoever plays bars looks into no inbox: the request lay there, and the next day on paper would have taken it."""
    path, bars = tmp_path / "paper.db", demo_bars()
    with Journal(path) as journal:
        player = BarPlayer(journal, demo_policy(), bars, {}, interval="1m")
        for _ in zip(range(10), player.play(), strict=False):
            pass
        assert main([*words, "--journal", str(path), "--wait", "0.1"]) == 1
    said = "".join(capsys.readouterr())
    assert "bars are played into that journal, and such a day takes no hand" in said
    assert "Ctrl-C" in said
    assert not [*folder_of(path).glob("*.json")]


def test_an_entry_that_works_is_cancelled_from_the_console(tmp_path, console):
    """The broker takes it back; what is no order of ours is refused by name."""
    with live_day(tmp_path / "live.db", policy={"entry_timeout_s": 60}) as day:
        day.ready()
        day.broker.script(Fault("placeorder", "partial", fraction=0))
        made = day.signal()
        day.until(lambda: [order.status for order in day.state.book.live_orders(entries=True)] == ["working"])
        assert console(day, "cancel", made.id)[0] == 0
        day.until(lambda: not day.state.book.live_orders(entries=True))
        assert [order.status for order in day.broker.truth().orders] == ["cancelled"]
        assert [(fact.act, fact.by) for fact in day.facts(events.ControlTaken)] == [("cancel", "asha")]
        code, said, _ = console(day, "cancel", "no-such-order")
        assert (code, said.startswith("refused: ")) == (3, True)


def test_a_cancel_that_was_asked_for_before_is_not_told_as_done(capsys):
    """An entry whose outcome nobody knew: its time was over, so that the act had no cancel of its own."""
    at = datetime(2026, 11, 30, 11, 2, tzinfo=rc.IST)
    asked = events.OperatorCancelled(at, "asha", "the tests", "alert:x")
    fact = events.ControlTaken(at, "cancel", "alert:x", "asha", "the tests")
    assert control.told(control.Outcome(5, asked, (fact,)), argparse.Namespace(json=False)) == 0
    assert capsys.readouterr().out.startswith("taken, and not done before the broker shows it")


def test_the_stop_of_the_whole_account_from_the_console(tmp_path, console):
    """What somebody else bought leaves too, only where it is asked for."""
    with live_day(tmp_path / "live.db") as day:
        day.ready()
        day.client.place(foreign(7))
        day.until(lambda: day.broker.truth().position("NSE:INFY") == 7, 1000)
        code, said, _ = console(day, "stop", "--whole-account", "--wait", "60", why=False)
        assert (code, said.splitlines()[-2:]) == (0, ["emergency stop: flat", "left: nothing"])
        assert day.broker.truth().position("NSE:INFY") == 0
        assert [fact.whole_account for fact in day.facts(events.EmergencyOrdered)] == [True]


def foreign(quantity):
    """Shares that somebody else buys, at the broker's own page."""
    return OrderWanted(
        exchange="NSE", symbol="INFY", side="BUY", quantity=quantity, product="MIS", price_type="LIMIT", price=1001
    )


def test_the_stop_and_its_end_from_the_console(tmp_path, console):
    """Flat is code 0; pressed again it is told as it stands; only the word re-arms it."""
    with live_day(tmp_path / "live.db") as day:
        day.entered()
        code, said, _ = console(day, "stop", why=False)
        assert (code, said.splitlines()[-2:]) == (0, ["emergency stop: flat", "left: nothing"])
        assert day.broker.truth().position("NSE:INFY") == 0
        code, said, _ = console(day, "stop", "--json")
        assert (code, json.loads(said)["refused"]) == (0, "already_stopped")
        assert console(day, "rearm", "--word", "please")[0] == 3
        code, said, _ = console(day, "rearm", "--word", "UNLOCK", "--json")
        assert (code, json.loads(said)["facts"]) == (0, ["Lifted"])
        assert day.state.book.state == "active"


def written(path, told):
    """A journal of a scenario."""
    with Journal(path) as journal:
        journal.append(entries(told))


@pytest.fixture
def alone(tmp_path, capsys):
    """The command on a journal that nobody runs."""
    told = Scenario(rc.Policy(max_position_size_percent=100, max_sector_exposure=100), INFY, day=THIRD)
    written(tmp_path / "live.db", told)

    def ran(*words, wait=("--wait", "0")):
        code = main(["control", *words, "--journal", str(tmp_path / "live.db"), *wait])
        said = capsys.readouterr()
        return code, said.out, said.err

    ran.path, ran.told = tmp_path / "live.db", told
    return ran


def test_without_a_runner_what_sends_nothing_is_done_at_once(alone, capsys):
    """A pause, a setting and the stop of a flat account; the next start finds them."""
    assert alone("pause", *WHY)[0] == 0
    assert alone("set", "max_positions", "2", *WHY)[0] == 0
    with Reader(alone.path) as journal:
        state = journal.load().state
        assert (state.book.state, journal.policy().max_positions) == ("halted", 2)
    code, said, _ = alone("stop", wait=())  # nobody is waited for: the default would be 90 s
    assert (code, "emergency stop: stopping" in said) == (6, True)
    assert "the next start looks at the broker and ends the stop" in said
    with Reader(alone.path) as journal:
        assert journal.load().state.book.state == "locked"
    assert main(["status", str(alone.path)]) == 0
    assert "emergency  stopping: our positions, by " in capsys.readouterr().out


def test_without_a_runner_what_needs_one_says_so(alone):
    """And the stop waits for the next start, while the remedy for now is named."""
    code, _, said = alone("exit", "INFY", *WHY)
    assert (code, "no runner writes to this journal; start it" in said) == (1, True)
    told = alone.told
    told.enter("10:00", **SEEN)
    alone.path.unlink()
    written(alone.path, told)
    code, _, said = alone("stop")
    assert (code, "riskcore stop --direct" in said) == (1, True)
    (waiting,) = folder_of(alone.path).iterdir()
    assert "EmergencyStopped" in waiting.read_text(encoding="ascii")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("set", "max_position", "2", *WHY), 78, "did you mean max_positions?"),
        (("set", "max_positions", "two", *WHY), 78, "must be a whole number"),
        (("tighten", "IN FY", "980", *WHY), 2, "is no symbol such as NSE:INFY"),
        (("tighten", "INFY.NS", "980", *WHY), 2, "is no symbol such as NSE:INFY"),
        (("tighten", "INFY", "much", *WHY), 2, "must be rupees such as 1490.50"),
        (("reduce", "INFY", "1.5", *WHY), 2, "whole number of shares"),
        (("pause", "--why", " "), 2, "must say something"),
    ],
)
def test_nonsense_is_answered_with_what_to_write(alone, words, code, said):
    """And nothing is written."""
    with Reader(alone.path) as journal:
        before = journal.length
    found, _, err = alone(*words)
    assert (found, said in err) == (code, True), err
    with Reader(alone.path) as journal:
        assert journal.length == before


def test_what_is_not_taken_in_time_waits_and_is_named(alone):
    """Somebody holds the journal and never looks into its inbox."""
    with Journal(alone.path):
        code, said, err = alone("pause", "--json", *WHY)
    assert (code, json.loads(said)["done"]) == (1, False)
    assert "the request waits as" in err
    assert Inbox(folder_of(alone.path)).waits(next(folder_of(alone.path).iterdir()))


def test_a_request_that_finds_no_room_on_the_disk_names_the_ways_that_need_none(alone):
    """The system's own line, "No space left on device", would not tell what to do with a position."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(alone.path):
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        try:
            with pytest.raises(InboxRefused) as refused:
                Inbox(folder_of(alone.path)).put_stop(at=NOON, by="asha")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "the request cannot be written (File too large), and nothing was asked" in str(refused.value)
    assert "The control page needs no file; riskcore stop --direct" in str(refused.value)
    assert list(folder_of(alone.path).glob("*.stop")) == []


def test_a_status_says_whether_a_runner_is_there_and_what_waits_for_one(tmp_path, capsys):
    """Its figures alone look the same whether or not somebody watches the target."""
    path = tmp_path / "live.db"

    def told():
        assert main(["status", str(path)]) == 0
        text = capsys.readouterr().out
        assert main(["status", str(path), "--json"]) == 0
        return text, json.loads(capsys.readouterr().out)["runner"]

    with live_day(path) as day:
        day.entered()
        text, runner = told()
        assert f"runner     {runner}\n" in text
        assert "process" in runner
    text, runner = told()
    assert (runner, "runner     none writes to this journal: targets, trails and the square" in text) == (None, True)


def test_a_position_on_paper_rests_at_no_broker_and_the_status_says_so(tmp_path, capsys):
    with live_day(tmp_path / "paper.db", mode="paper") as day:
        day.ready()
        day.signal()
        day.until(lambda: day.position is not None, "1000.1")
    assert main(["status", str(tmp_path / "paper.db")]) == 0
    text = capsys.readouterr().out
    assert "on paper" in text
    assert "for 0" not in text


def test_what_a_runner_refuses_of_a_confirmation_is_the_answer_and_the_exit_code(tmp_path, capsys):
    """It was answered "taken" with code 0, and whoever typed a hash that nothing waits for thought it was confirmed."""
    said = ["--by", "asha", "--why", "meant", "--journal", str(tmp_path / "live.db")]
    with live_day(tmp_path / "live.db") as day:
        day.ready()
        assert main(["config", "confirm", "0123456789ab", *said]) == 1
        assert "refused: no_such_policy: no policy of that hash is kept back" in capsys.readouterr().out
        assert day.facts(events.ControlRefused)[-1].reason == "no_such_policy"


def test_only_what_stands_is_acknowledged(tmp_path, capsys):
    """A slip in the name was answered "taken", and the alarm went on; the runner takes what stands, once."""
    said = ["--by", "asha", "--why", "seen", "--journal", str(tmp_path / "live.db")]

    def ack(*words):
        code = main(["alerts", "ack", *words, *said, "--json"])
        return code, json.loads(capsys.readouterr().out)

    with live_day(tmp_path / "live.db") as day:
        day.ready()
        nothing = {"done": False, "refused": "not_standing", "standing": []}
        assert ack("operator_halted") == (1, nothing)
        assert main(["control", "pause", *said]) == 0
        stands = {**nothing, "standing": ["operator_halted"]}
        capsys.readouterr()
        assert ack("operator_halt") == ack("operator_halted", "--subject", "NSE:INFY") == (1, stands)
        assert main(["alerts", "ack", "operator_halt", *said]) == 1
        told = "operator_halt does not stand, or was acknowledged already; standing now: operator_halted"
        assert capsys.readouterr().out == f"refused: not_standing: {told}\n"
        assert not day.facts(events.AlarmAcknowledged)
        assert ack("operator_halted") == (0, {"done": True, "refused": ""})
        assert [fact.name for fact in day.facts(events.AlarmAcknowledged)] == ["operator_halted"]
        assert ack("operator_halted") == (1, nothing)


def test_a_graver_latch_is_refused_with_what_to_type(alone):
    assert alone("pause", *WHY)[0] == 0
    alone("stop")
    code, said, _ = alone("resume", *WHY)
    assert (code, "refused: graver_stands" in said, "riskcore control rearm" in said) == (3, True, True)


def test_a_reason_that_is_no_text_is_refused_before_anything_is_asked_for(capsys, tmp_path):
    """The control page could not show it, and showed nothing for as long as it stood."""
    Journal(tmp_path / "a.db").close()
    assert main(["control", "pause", "--why", "caf\udce9", "--journal", str(tmp_path / "a.db")])
    assert "bytes that are no text" in capsys.readouterr().err


def test_without_a_runner_a_contract_that_expired_on_paper_is_settled(alone):
    """At what somebody says that it was worth: no broker stands behind it, and nothing is to be sent."""
    day, thing = carrying("dollar")
    alone.path.unlink()
    written(alone.path, day)
    code, _, said = alone("settle", thing.key, "much", *WHY)
    assert (code, "the price must be rupees" in said) == (2, True)
    code, said, _ = alone("settle", thing.key, "0", *WHY)
    assert (code, said.startswith("refused: worth_nothing")) == (3, True)
    code, said, _ = alone("settle", thing.key, "85.25", *WHY)
    assert (code, f"{thing.key} has left at 85.25: Rs -5,737.50" in said) == (0, True)
    with Reader(alone.path) as journal:
        assert journal.load().state.book.positions == ()
        assert replay(journal).same
    code, said, _ = alone("settle", thing.key, "85.25", "--json", *WHY)
    assert (code, json.loads(said)["refused"]) == (3, "no_position")
