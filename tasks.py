#!/usr/bin/env python3
"""The project's tasks, for whoever has Python 3.10 and nothing else: `python3 tasks.py` lists them.

Each task makes the environment it needs below `.venv` the first time, and again when pyproject.toml, constraints.txt
or the Python changes. Only the standard library and plain pip are used, so that it works from a fresh clone, in cmd.exe
and PowerShell too. It must parse on Python 3.6, so that an old Python gets a sentence instead of a traceback.
"""

import sys

if sys.version_info < (3, 10):
    sys.exit("error: riskcore needs Python 3.10 or newer; this is Python {}.{}".format(*sys.version_info))

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
ENVIRONMENTS, STAMP, INPUTS = ROOT / ".venv", "riskcore.stamp", ("pyproject.toml", "constraints.txt")
UNPINNED = ("embed-freqtrade", "embed-nautilus", "peers")  # they name versions of their own
PIP_LINES_SHOWN, PROGRESS_EVERY_S = 25, 10
SHARED = ("-n", "auto", "--dist", "worksteal")  # among all cores, a file's tests mostly together
STRANGERS = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")

# import-linter has no `-m` form, and a console script would need another path on Windows.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run(['--no-logo'])"
STEPS = (
    ("ruff check", ("-m", "ruff", "check", "--quiet", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("mypy", ("-m", "mypy")),
    ("mypy examples", ("-m", "mypy", "examples/decide.py", "examples/desk.py")),
    ("import contracts", ("-c", LINT_IMPORTS)),
    ("source bans", ("tools/ast_ban.py",)),
    ("tidy", ("tools/tidy.py",)),
    ("tables", ("tools/make_tables.py", "--check")),
    ("docs", ("tools/make_docs.py", "--check")),
    ("bare install", ("tools/bare_install.py",)),
    ("secrets", ("tools/no_secrets.py",)),
)


class Trouble(Exception):
    """What stops a task, as a sentence for the person at the keyboard."""


class Interpreter(NamedTuple):
    """A Python to make environments with: where it is, its short version, and all it says of its build."""

    path: str
    short: str
    full: str


class Environment(NamedTuple):
    """One folder below `.venv`: the project in editable form with one extra, under one Python."""

    name: str
    extra: str
    base: Interpreter

    @property
    def folder(self) -> Path:
        """Where it stands."""
        return ENVIRONMENTS / self.name

    @property
    def python(self) -> Path:
        """Its own interpreter."""
        return self.folder.joinpath(*(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


# --- the tasks


def demo(args: list) -> int:
    """One real trading day on paper, through the runner (demo --help: its options)."""
    return riskcore(["demo", *args])


def riskcore(args: list) -> int:
    """The command line in the demo's environment (riskcore --help: its verbs)."""
    return hand_over([str(made(Environment("demo", "runner", this_python()))), "-m", "riskcore_openalgo", *args])


def test(args: list) -> int:
    """The tests, on all cores; or those that pytest is told of (test -k sizing)."""
    return in_dev("-m", "pytest", *(args or SHARED))


def check(args: list) -> int:
    """Lint, types, architecture, tables, one tape and tests (check --no-tests: all but the last)."""
    parser = argparse.ArgumentParser(prog="tasks.py check", description="Other options go to pytest.")
    parser.add_argument("--no-tests", action="store_true", help="all but the tests")
    options, rest = parser.parse_known_args(args)
    python = made(Environment("dev", "dev", this_python()))
    steps = (*STEPS, ("one tape", ("tools/one_tape.py", *other_environments())))
    steps += () if options.no_tests else (("tests", ("-m", "pytest", *(rest or SHARED))),)
    return report([run_step(name, [str(python), *command]) for name, command in steps])


def other_environments() -> list:
    """The oldest and the newest other Python there is, with the project installed (RISKCORE_PYTHONS names them)."""
    usual, found = os.pathsep.join(["python3.10", "python3.14", "python3.13", "python3.12"]), {}
    for name in (os.environ.get("RISKCORE_PYTHONS") or usual).split(os.pathsep):
        with contextlib.suppress(Trouble):
            python = other_python(name)
            found.setdefault(python.short, python)
    by_age = sorted(found.keys() - {this_python().short}, key=lambda short: int(short.split(".")[1]))
    ends = [found[short] for short in dict.fromkeys(by_age[:1] + by_age[-1:])]
    return [str(made(Environment("smoke-" + base.short, "test", base))) for base in ends]


def tables(args: list) -> int:
    """Make the market tables again from their YAML sources (tables --check: only compare)."""
    return in_dev("tools/make_tables.py", *args)


def bench(args: list) -> int:
    """The benchmarks, or one file of them; what follows goes to pytest (bench benchmarks/bench_live.py)."""
    named = any(Path(each.split("::")[0]).exists() for each in args if not each.startswith("-"))
    return in_dev("-m", "pytest", *(() if named else ("benchmarks",)), *args)


def peers(args: list) -> int:
    """Backtests beside others' (peers --share 0.05), or decisions (peers decisions); needs 3.12."""
    module, *rest = ["bench_peers", *args[1:]] if args[:1] == ["decisions"] else ["compare", *args]
    return in_dev("-m", f"benchmarks.{module}", *rest, name="peers")


def embed(args: list) -> int:
    """The rules inside other programs, examples/embed (embed in_pandas: that one)."""
    return hand_over([sys.executable, "tools/embed.py", *args], ROOT)


def docs(args: list) -> int:
    """The documentation as a site, in .venv/site; a warning is an error."""
    return in_dev("-m", "sphinx", "-W", "--keep-going", "-q", "docs", str(ENVIRONMENTS / "site"), *args, name="docs")


def smoke(args: list) -> int:
    """The tests marked smoke under another Python (smoke --python python3.10)."""
    parser = argparse.ArgumentParser(prog="tasks.py smoke", description="Other options go to pytest.")
    parser.add_argument("--python", required=True, help="a command or a path, such as python3.10")
    options, rest = parser.parse_known_args(args)
    base = other_python(options.python)
    python = str(made(Environment("smoke-" + base.short, "test", base)))
    return hand_over([python, "-m", "pytest", "-m", "smoke", *(rest or SHARED)], ROOT)


def simulate(args: list) -> int:
    """Days of the live runner in a simulated market, resumable (simulate --days 500, --seed S)."""
    return in_dev("-m", "riskcore_openalgo.testing.simulated", *args)


def mutants(args: list) -> int:
    """Change the core a bit at a time: does a test notice? (mutants --changed: what differs from main)."""
    return in_dev("tools/mutants.py", *args, name="audit")


def audit(args: list) -> int:
    """Search for inputs that break sizing, rounding and limits, with a solver (audit --seconds 60)."""
    return in_dev("tools/audit.py", *args, name="audit")


def update(args: list) -> int:
    """Renew the pins on all Pythons, and audit them (update --audit-only: the second alone)."""
    return in_dev("tools/update.py", *args, name="audit")


TASKS = (demo, riskcore, test, check, tables, bench, peers, embed, docs, smoke, simulate, mutants, audit, update)
VERBS = {task.__name__: task for task in TASKS}


# --- running


def in_dev(*command: str, name: str = "dev") -> int:
    """Run in the developers' environment (or the auditors'), from the project's root."""
    return hand_over([str(made(Environment(name, name, this_python()))), *command], ROOT)


def hand_over(command: list, folder: Path | None = None) -> int:
    """Become the command where the system can, so that a signal, or a kill, meets the task itself."""
    os.chdir(folder or ".")
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, clean_environ())
    return call(command)


def call(command: list) -> int:
    """Run the command and wait. Ctrl-C reaches it from the console; it gets the time to close its books."""
    child = subprocess.Popen(command, env=clean_environ())
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            code = child.wait()
            return code if code >= 0 else 128 - code


def run_step(name: str, command: list) -> tuple:
    """One step of `check`, as (name, exit code, seconds); a failure stops no other step."""
    say("== " + name)
    started = time.monotonic()
    os.chdir(ROOT)
    return name, call(command), time.monotonic() - started


def report(results: list, task: str = "check") -> int:
    """The table at the end of `check` and `embed`: every step, its verdict and its seconds."""
    say("")
    for name, code, seconds in results:
        say(f"{name:<20}{'ok' if code == 0 else 'FAILED':<8}{seconds:7.1f} s")
    failed = ", ".join(name for name, code, _ in results if code != 0)
    say(f"{task}: " + ("FAILED: " + failed if failed else "all passed"))
    return int(bool(failed))


def clean_environ() -> dict:
    """The user's environment without other Pythons' packages; RISKCORE_COMMAND says how the command line was called."""
    kept = {name: os.environ[name] for name in os.environ if name not in STRANGERS}
    launcher = "py" if os.name == "nt" else "python3"
    return {**kept, "RISKCORE_COMMAND": f"{launcher} {sys.argv[0] or 'tasks.py'} riskcore"}


def say(line: str) -> None:
    """A line at once, in plain ASCII: consoles differ."""
    print(line.encode("ascii", "replace").decode(), flush=True)


# --- environments and interpreters


def made(environment: Environment) -> Path:
    """The environment's interpreter; the environment is made first when it is missing, half made or stale."""
    key = stamp_key(environment)
    if not is_current(environment, key):
        with only_one(environment.name):
            if not is_current(environment, key):
                make(environment, key)
    return environment.python


def stamp_key(environment: Environment) -> str:
    """A digest of all the environment depends on; the place too, for an editable install points there."""
    texts = [text.encode() for text in (str(ROOT), environment.extra, environment.base.full)]
    files = [(ROOT / name).read_bytes() for name in INPUTS]
    return hashlib.sha256(b"\0".join([*texts, *files])).hexdigest()


def is_current(environment: Environment, key: str) -> bool:
    """True if it was finished, for this key: the stamp is the last thing written."""
    with contextlib.suppress(OSError):
        return (environment.folder / STAMP).read_text(encoding="ascii") == key and environment.python.exists()
    return False


@contextlib.contextmanager
def only_one(name: str):
    """Hold the environment's lock, so that two first runs at once do not build into one folder."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    with open(ENVIRONMENTS / (name + ".lock"), "a+b") as handle:
        if not try_lock(handle):
            say(f"waiting: another tasks.py is making .venv/{name}")
            while not try_lock(handle):
                time.sleep(0.5)
        yield


def try_lock(handle) -> bool:
    """Take the lock if it is free; the system gives it back when the process ends, however it ends."""
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def make(environment: Environment, key: str) -> None:
    """Make the environment from nothing: an old or half-made one could hide a missing dependency."""
    started = time.monotonic()
    say(f"making .venv/{environment.name} for Python {environment.base.short}: once, a minute or so")
    can_make(environment.base)
    remove(environment)
    say("  an empty environment ...")
    quiet([environment.base.path, "-m", "venv", str(environment.folder)], "making the environment failed")
    install(environment)
    (environment.folder / STAMP).write_text(key, encoding="ascii")
    say(f"  ready in {time.monotonic() - started:.0f} s")


def can_make(base: Interpreter) -> None:
    """Debian and Ubuntu keep venv's other half, ensurepip, in a package of its own."""
    if subprocess.run([base.path, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode != 0:
        raise Trouble(
            f"{base.path} cannot make environments: its venv or ensurepip module is missing. "
            f"On Debian or Ubuntu: sudo apt install python{base.short}-venv"
        )


def remove(environment: Environment) -> None:
    """Take an old environment away, its stamp first, so that a half-removed one is never taken for whole."""
    try:
        (environment.folder / STAMP).unlink(missing_ok=True)
        if environment.folder.exists():
            shutil.rmtree(environment.folder)
    except OSError as error:
        raise Trouble(f"cannot remove the old .venv/{environment.name} (is it in use?): {error}") from None


def install(environment: Environment) -> None:
    """Put the project and its extra in, at the pinned versions."""
    pins = [] if environment.extra in UNPINNED else ["-c", "constraints.txt"]
    wanted = [*pins, "-e", f".[{environment.extra}]"]
    say("  pip install " + " ".join(wanted) + " ...")
    pip = [str(environment.python), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    quiet([*pip, *wanted], "pip failed")


def quiet(command: list, failure: str) -> None:
    """Run without its output but for a sign of life; when it fails, its last lines tell why."""
    last = deque(maxlen=PIP_LINES_SHOWN)
    found, started, spoken = 0, time.monotonic(), time.monotonic()
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    with subprocess.Popen(command, cwd=ROOT, env=clean_environ(), **pipe) as child:
        for line in child.stdout:
            last.append(line.rstrip())
            found += line.startswith("Collecting ")
            if line.startswith("Installing collected packages: "):
                say(f"  installing {line.count(',') + 1} packages ...")
            elif time.monotonic() - spoken > PROGRESS_EVERY_S:
                spoken = time.monotonic()
                say(f"  {spoken - started:.0f} s: {found} packages found ...")
    if child.returncode != 0:
        raise Trouble("".join(f"  | {line}\n" for line in last) + f"{failure} (exit code {child.returncode})")


def this_python() -> Interpreter:
    """The Python this file runs under; not that of an environment, which may be one of ours and be made anew."""
    path = getattr(sys, "_base_executable", None) or sys.executable
    return Interpreter(path, "{}.{}".format(*sys.version_info), sys.version)


def other_python(name: str) -> Interpreter:
    """The Python of that name or path, asked for its version and true place."""
    probe = "import sys; print(sys.executable); print('%d.%d' % sys.version_info[:2]); print(sys.version)"
    try:
        command = [shutil.which(name) or name, "-c", probe]
        answer = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    except (OSError, subprocess.CalledProcessError):
        raise Trouble(f"no such Python: {name} (give a command on PATH or a full path)") from None
    path, short, full = answer.split("\n", 2)
    if tuple(map(int, short.split("."))) < (3, 10):
        raise Trouble(f"{name} is Python {short}; riskcore needs 3.10 or newer")
    return Interpreter(path, short, full.rstrip("\n"))


# --- the command line


def listing() -> str:
    """All tasks with a line of help each."""
    return "\n".join(["python3 tasks.py TASK [options]", *(f"  {v:<9}{t.__doc__}" for v, t in VERBS.items())])


def main(argv: list) -> int:
    """Run one task; 2 when there is none of that name, 1 when something stood in its way."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        say(listing())
        return 0
    if argv[0] not in VERBS:
        say(f"unknown task: {argv[0]}\n" + listing())
        return 2
    try:
        return VERBS[argv[0]](argv[1:])
    except Trouble as trouble:
        say(f"error: {trouble}" if "\n" not in str(trouble) else str(trouble))
        return 1
    except KeyboardInterrupt:
        say("stopped; what was half made is made again next time")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
