"""tasks.py: what it offers, when it makes an environment again, and what an old or bare Python is told."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tasks
from tools import ast_ban, embed, pins

ROOT = Path(__file__).resolve().parents[2]
VERBS = ["demo", "riskcore", "test", "check", "tables", "bench", "peers", "embed", "docs", "smoke", "simulate"]
VERBS += ["mutants", "audit", "update"]
HOSTS = ["pandas", "sdk_script", "hosted_strategy", "backtesting", "backtrader", "nautilus", "freqtrade"]
HERE = tasks.Interpreter(sys.executable, "3.12", "3.12.1 (main)")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of what an environment depends on, in a place of its own."""
    for name in tasks.INPUTS:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks, "ENVIRONMENTS", tmp_path / ".venv")
    return tmp_path


@pytest.fixture
def made_keys(monkeypatch):
    """Environments are only pretended; the keys they were made for are noted."""
    keys = []

    def pretend(environment, key):
        keys.append(key)
        environment.python.parent.mkdir(parents=True, exist_ok=True)
        environment.python.touch()
        (environment.folder / tasks.STAMP).write_text(key)

    monkeypatch.setattr(tasks, "make", pretend)
    return keys


@pytest.mark.smoke
def test_the_verbs_are_those_documented(capsys):
    """Alone it lists them, each with a line of help; the Makefile's aliases are among them."""
    assert list(tasks.VERBS) == VERBS
    assert tasks.main([]) == 0
    listed = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in listed] == VERBS
    assert all(len(line.split()) > 3 and len(line) < 110 for line in listed)
    aliases = (ROOT / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    assert set(aliases) <= set(VERBS)


@pytest.mark.smoke
def test_an_unknown_verb_is_answered_with_the_list(capsys):
    """And with exit code 2."""
    assert tasks.main(["tset"]) == 2
    printed = capsys.readouterr().out
    assert printed.startswith("unknown task: tset\n")
    assert "smoke" in printed


@pytest.mark.parametrize("name", tasks.INPUTS)
def test_the_stamp_changes_with_each_input(project, name):
    """A changed dependency or pin makes the environment again."""
    environment = tasks.Environment("dev", "dev", HERE)
    before = tasks.stamp_key(environment)
    assert tasks.stamp_key(environment) == before
    with (project / name).open("a") as file:
        file.write("# changed\n")
    assert tasks.stamp_key(environment) != before


@pytest.mark.usefixtures("project")
def test_the_stamp_changes_with_python_extra_and_place(monkeypatch):
    """A folder copied elsewhere must not run the old place's source."""
    environment = tasks.Environment("dev", "dev", HERE)
    other = HERE._replace(full="3.12.2 (main)")
    keys = {
        tasks.stamp_key(environment),
        tasks.stamp_key(environment._replace(base=other)),
        tasks.stamp_key(environment._replace(extra="test")),
    }
    monkeypatch.setattr(tasks, "ROOT", ROOT)
    keys.add(tasks.stamp_key(environment))
    assert len(keys) == 4


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="these tests are not run from an environment")
def test_an_environment_is_never_made_with_a_python_of_an_environment():
    """Who has activated `.venv/dev` would have it taken away from under the very Python that makes it anew."""
    python = Path(tasks.this_python().path)
    assert python.exists()
    assert Path(sys.prefix) not in python.parents


def test_an_environment_is_made_once(project, made_keys):
    """And again when its inputs change, when it has no stamp, or when its Python is gone."""
    environment = tasks.Environment("dev", "dev", HERE)
    tasks.made(environment)
    tasks.made(environment)
    assert len(made_keys) == 1
    (environment.folder / tasks.STAMP).unlink()
    tasks.made(environment)
    environment.python.unlink()
    tasks.made(environment)
    (project / "constraints.txt").write_text("attrs==0\n")
    tasks.made(environment)
    assert len(made_keys) == 4


def test_an_environment_broken_off_leaves_no_stamp(project, monkeypatch):
    """Ctrl-C during the install: the next run starts afresh."""
    environment = tasks.Environment("dev", "dev", HERE)
    monkeypatch.setattr(tasks, "can_make", lambda base: None)
    monkeypatch.setattr(tasks, "quiet", lambda command, failure: environment.folder.mkdir(parents=True))

    def interrupted(environment):
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tasks.made(environment)
    assert environment.folder.exists()
    assert not tasks.is_current(environment, tasks.stamp_key(environment))


@pytest.mark.usefixtures("project")
def test_a_failing_install_shows_its_last_lines():
    """What pip said last, then what failed."""
    program = "print('Collecting x'); print('ERROR: no such version'); raise SystemExit(3)"
    with pytest.raises(tasks.Trouble) as caught:
        tasks.quiet([sys.executable, "-c", program], "pip failed")
    assert "  | ERROR: no such version\n" in str(caught.value)
    assert str(caught.value).endswith("pip failed (exit code 3)")


def test_a_python_without_ensurepip_names_the_debian_package(tmp_path):
    """Debian keeps it in a package of its own."""
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    with pytest.raises(tasks.Trouble, match=r"apt install python3\.12-venv"):
        tasks.can_make(tasks.Interpreter(str(bare), "3.12", ""))


def test_a_python_that_is_not_there_is_named(capsys):
    """In a sentence, with exit code 1."""
    assert tasks.main(["smoke", "--python", "python3.99"]) == 1
    assert capsys.readouterr().out.startswith("error: no such Python: python3.99")


def test_what_follows_the_verb_goes_through(monkeypatch):
    """To pytest, to the demo, to the tables."""
    handed = []
    monkeypatch.setattr(tasks, "other_environments", list)
    monkeypatch.setattr(tasks, "made", lambda environment: Path(environment.name))
    monkeypatch.setattr(tasks, "hand_over", lambda command, folder=None: handed.append(command) or 0)
    assert tasks.main(["test", "-k", "sizing"]) == 0
    assert tasks.main(["demo", "--help"]) == 0
    assert tasks.main(["tables", "--check"]) == 0
    assert handed == [
        ["dev", "-m", "pytest", "-k", "sizing"],
        ["demo", "-m", "riskcore_openalgo", "demo", "--help"],
        ["dev", "tools/make_tables.py", "--check"],
    ]


def test_each_host_runs_in_the_environment_it_needs(monkeypatch, capsys):
    """All of them unless some are named; one that is not there is named."""
    called = []
    monkeypatch.setattr(tasks, "made", lambda environment: Path(environment.name))
    monkeypatch.setattr(tasks.os, "chdir", lambda folder: None)
    monkeypatch.setattr(tasks, "call", lambda command: called.append((command[0], Path(command[-1]).stem)) or 0)
    assert embed.main([]) == 0
    assert set(called) == {("embed", f"in_{host}") for host in HOSTS[:5]} | {
        ("embed-nautilus", "in_nautilus"),
        ("embed-freqtrade", "in_freqtrade"),
    }
    capsys.readouterr()
    assert embed.main(["in_excel"]) == 1
    assert capsys.readouterr().out.startswith("error: no such example: in_excel (there are in_backtesting, ")


def test_check_runs_every_step_and_tells_which_failed(monkeypatch, capsys):
    """One failure stops no other step; the exit code is 1."""
    called = []
    monkeypatch.setattr(tasks, "made", lambda environment: Path("python"))
    monkeypatch.setattr(tasks.os, "chdir", lambda folder: None)
    monkeypatch.setattr(tasks, "call", lambda command: called.append(command) or int(command[-1] == "mypy"))
    assert tasks.main(["check", "-x"]) == 1
    assert len(called) == len(tasks.STEPS) + 2
    assert called[-1] == ["python", "-m", "pytest", "-x"]
    assert capsys.readouterr().out.endswith("check: FAILED: mypy\n")
    assert tasks.main(["check", "--no-tests"]) == 1
    assert not any("pytest" in command for command in called[len(tasks.STEPS) + 2 :])


@pytest.mark.smoke
def test_an_old_python_can_read_the_file_up_to_its_complaint():
    """The syntax is 3.6's throughout, and the check stands before all that needs more."""
    tree = ast.parse((ROOT / "tasks.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    kinds = [type(node).__name__ for node in tree.body[:3]]
    assert kinds == ["Expr", "Import", "If"]


def test_tasks_uses_the_standard_library_only():
    """It runs before anything is installed."""
    tree = ast.parse((ROOT / "tasks.py").read_text(encoding="utf-8"))
    modules = {name.split(".")[0] for name in ast_ban.imported_names(tree).values()}
    assert modules <= set(sys.stdlib_module_names)


def test_the_constraints_hold_versions_and_no_address():
    """Where packages come from is the business of whoever installs them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="ascii").splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    assert len(pinned) > 40
    assert not any(mark in line for line in lines for mark in ("://", "@", "--"))
    assert all(line.partition(";")[0].strip().count("==") == 1 for line in pinned)


def test_every_declared_library_of_the_developers_is_pinned():
    """Else two clones of one day would differ."""
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    for name in ("attrs", "openalgo", "pandas", "sqlalchemy", "starlette", "hypothesis", "pytest", "mypy"):
        assert f'"{name}>=' in declared
        assert name in pinned


def test_pins_merge_into_one_file_with_markers():
    """A line a package where all Pythons agree, one a run of Pythons where they do not."""
    found = {
        "numpy": {"3.10": "2.2", "3.11": "2.4", "3.12": "2.5", "3.13": "2.5"},
        "attrs": dict.fromkeys(("3.10", "3.11", "3.12", "3.13"), "26.1"),
        "tomli": {"3.10": "2.5"},
    }
    assert pins.constraint_lines(found) == [
        "attrs==26.1",
        'numpy==2.2; python_version < "3.11"',
        'numpy==2.4; python_version >= "3.11" and python_version < "3.12"',
        'numpy==2.5; python_version >= "3.12"',
        "tomli==2.5",
    ]


def test_bench_runs_what_is_named_or_all(monkeypatch):
    """A file or one of its tests alone, and everything where nothing is named; options say nothing of that."""
    asked = []
    monkeypatch.setattr(tasks, "in_dev", lambda *command: asked.append(command[2:]))
    monkeypatch.chdir(ROOT)
    live = "benchmarks/bench_live.py"
    for args in ([live], [f"{live}::test_alert_to_order", "-x"], ["-k", "step"], []):
        tasks.bench(args)
    assert asked == [(live,), (f"{live}::test_alert_to_order", "-x"), ("benchmarks", "-k", "step"), ("benchmarks",)]


def test_every_benchmark_can_be_collected():
    """Without the libraries of the peers, which have an environment of their own."""
    command = [sys.executable, "-m", "pytest", "benchmarks", "--collect-only", "-q", "-p", "no:cacheprovider"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    listed = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout
    assert "benchmarks/bench_live.py::test_alert_to_order" in listed.stdout


def test_no_tool_bears_the_name_of_a_module_of_python():
    """A tool that is run as a file finds its neighbours first: one called secrets kept NumPy from being imported."""
    names = {path.stem for path in (ROOT / "tools").glob("*.py")}
    assert names
    assert not names & set(sys.stdlib_module_names)
