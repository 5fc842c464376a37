"""Every place that sends an order or makes something durable is a failpoint, and every failpoint is known."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from riskcore_openalgo import failpoints
from riskcore_openalgo.failpoints import FAILPOINTS, VARIABLE, Armed, armed_by, reach
from tests.crash.cell import KILLED

ROOT = Path(__file__).parents[2]
SHELL = ROOT / "src/riskcore_openalgo"
ORDERS = {"place", "modify", "cancel", "place_gtt", "modify_gtt", "cancel_gtt"}
DURABLE = {"commit", "fsync", "backup", "rename", "replace", "VACUUM"}
BEGUN = {"begin", "begun"}
EXEMPT = {
    "alarms/delivery.py:move": "a cursor that is lost tells some alarms twice; no order hangs on it",
    "journal/places.py:begun": "hands its transaction to the caller, who has the failpoint",
    "journal/server.py:begun": "the same on a server",
    "journal/exporting.py:_written": "an export is for people; no day goes by it",
    "journal/pruning.py:_archived": "stopped at each of its steps in tests/journal/test_pruning.py",
    "journal/spool.py:settle": "it only syncs the folder of what was renamed, there and in the inbox",
    "journal/places.py:noting": "a note is for people: no day goes by it, and it is whole or not there",
    "journal/server.py:noting": "the same on a server",
    "config/keys.py:write_private": "no order hangs on it; what stood there stays until the new file is whole",
    "cli/reporting.py:_write": "a report is made again: what stands in its place is the one before, or whole",
    "runner/inbox.py:_write": "left at each of its steps in tests/runner/test_inbox.py",
    "runner/inbox.py:_set_aside": "moves away what is no request",
    "runner/room.py:keep_room": "bytes that say nothing: what a crash leaves of it the next start makes whole",
    "lab/sweeps/running.py:__enter__": "the trials of a sweep, killed so in tests/sweeps; no day goes by them",
    "runner/fence.py:raise_fence": "stands whole or not at all, before anything else of a takeover is done",
}
"""What needs no failpoint of its own, and why."""


def sources():
    """The shell's own modules; the fake OpenAlgo is no part of a day."""
    return [path for path in sorted(SHELL.rglob("*.py")) if "testing" not in path.parts]


def named(node):
    """A call's receiver and method: `self._calls`, `order`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return "", ""
    return ast.unparse(node.func.value), node.func.attr


def sends_or_commits(node):
    """Whether a node sends an order, begins a transaction, syncs or renames a file."""
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return any(named(item.context_expr)[1] in BEGUN for item in node.items)
    receiver, method = named(node)
    if method in ORDERS:
        return receiver.endswith("client")
    if method == "order":
        return receiver.endswith("calls")
    if method == "replace":  # a path's takes the new name and nothing else, a text's two, a moment's only names
        return receiver in {"os", "shutil"} or (len(node.args) == 1 and not node.keywords)
    return method in DURABLE


def functions(tree):
    """The functions of a module, those inside others too."""
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def own_nodes(function):
    """What stands in a function, and not in one inside it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
            waiting += ast.iter_child_nodes(node)


def reached(nodes):
    """The failpoints that are reached there."""
    calls = (node for node in nodes if isinstance(node, ast.Call))
    return [node.args[0].value for node in calls if getattr(node.func, "id", "") == "reach"]


def sites(text, where):
    """Each function that sends or commits, and how many failpoints it has."""
    found = {}
    for function in functions(ast.parse(text)):
        nodes = list(own_nodes(function))
        if any(map(sends_or_commits, nodes)):
            found[f"{where}:{function.name}"] = len(reached(nodes))
    return found


def every_site():
    """All of the shell's."""
    found = {}
    for path in sources():
        found.update(sites(path.read_text(encoding="utf-8"), path.relative_to(SHELL).as_posix()))
    return found


def test_every_send_and_every_commit_is_a_failpoint():
    """A new one without fails here: a place that is never killed is a place nobody knows."""
    without = sorted(site for site, count in every_site().items() if not count and site not in EXEMPT)
    assert without == [], f"no failpoint in {', '.join(without)}: reach() one before and after it, or say why not"


def test_nothing_is_exempt_that_is_not_there():
    """An exemption outlives its reason otherwise."""
    assert EXEMPT.keys() <= {site for site, count in every_site().items() if not count}


@pytest.mark.parametrize(
    "line",
    [
        "self._client.place(wanted)",
        "client.cancel(shown)",
        "self._calls.order('placeorder')",
        "connection.commit()",
        "with engine.begin() as connection: pass",
        "with self._guard, self._place.begun(writer): pass",
        "os.fsync(file)",
        "os.replace(one, other)",
        "part.replace(copy)",
    ],
)
def test_the_search_sees_what_it_is_to_see(line):
    """Each way to send and to commit is found, and is not where a failpoint is."""
    assert sites(f"def f():\n    {line}", "x.py") == {"x.py:f": 0}
    assert sites(f"def f():\n    reach('a')\n    {line}", "x.py") == {"x.py:f": 1}


@pytest.mark.parametrize("line", ["text.replace('a', 'b')", "at.replace(second=0)", "gateway.cancel(command, at)"])
def test_the_search_sees_nothing_else(line):
    """A text, a moment, and the interface behind which the real thing is."""
    assert sites(f"def f():\n    {line}", "x.py") == {}


def test_every_failpoint_is_known_and_stands_somewhere():
    """A name that is spelled otherwise would never be armed."""
    used = set()
    for path in sources():
        used.update(reached(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
    assert used == set(FAILPOINTS)


def test_the_page_has_every_failpoint():
    """In the same order, with the same words."""
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| (.+) \|$", page, re.MULTILINE)
    assert [row for row in rows if row[0] in FAILPOINTS] == list(FAILPOINTS.items())


def test_nothing_is_armed_unless_the_process_was_started_so(monkeypatch):
    """Neither here nor by setting the variable now."""
    monkeypatch.setenv(VARIABLE, "gateway.place.sent")
    assert failpoints._armed is None
    reach("gateway.place.sent")


@pytest.mark.parametrize(
    ("wish", "problem"),
    [("gateway.place.snet", "there is no failpoint"), ("gateway.place.sent:0", "no count"), ("spool.synced:x", "no")],
)
def test_a_wish_that_makes_no_sense_stops_the_start(wish, problem):
    """Rather than a day that is believed to be armed."""
    with pytest.raises(ValueError, match=problem):
        armed_by({VARIABLE: wish})


def test_only_the_place_the_subject_and_the_count_that_were_named_end_a_process(monkeypatch):
    """Another name, another subject, an earlier time: it goes on."""
    ended = []
    monkeypatch.setattr(failpoints, "end", lambda: ended.append(1))
    armed = armed_by({VARIABLE: "journal.rows.put@int:2"})
    assert isinstance(armed, Armed)
    for name, about in (("journal.rows.writing", (1,)), ("journal.rows.put", ("a",)), ("journal.rows.put", (1,))):
        armed.met(name, about)
    assert not ended
    armed.met("journal.rows.put", ("a", 1))
    armed.met("journal.rows.put", (1,))
    assert ended == [1]


def test_a_process_that_was_started_so_is_killed_there_and_runs_no_handler():
    """As by a power cut: what stands in `finally` does not happen."""
    program = (
        "from riskcore_openalgo.failpoints import reach\n"
        "try:\n    reach('spool.synced')\n    print('once', flush=True)\n    reach('spool.synced')\n"
        "finally:\n    print('never', flush=True)\n"
    )
    environ = {**os.environ, VARIABLE: "spool.synced:2"}
    run = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.split()) == (KILLED, ["once"])
    assert "will be killed at spool.synced:2" in run.stderr
