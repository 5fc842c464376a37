"""The tests of one mutant, quickly: the suite is collected once, and each mutant's process runs its part of it.

mutmut starts pytest anew for every mutant, which collects for longer than most of our tests run. Here the parent
collects, and the forked process of a mutant runs the items themselves, the quickest first, up to the first failure.
A test that takes longer than `longest` seconds is left out: most mutants die of a quick one, and the few that live
would each pay for all the slow ones. `tools/mutants.py --again` asks those few once more, with every test.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

PASSED: Final = 0
FAILED: Final = 1
TIMES: Final = 15
TOUCHED: Final = "MUTANT_UNDER_TEST"
ROWS: Final = frozenset({"riskcore.overrides", "riskcore.table_checks"})
"""Modules whose caches stay: the rows of the shipped tables, which take longer to make than most tests."""


class Suite:
    """The items of a pytest session that stays open."""

    def __init__(self, arguments: Iterable[str]) -> None:
        """Collect what the arguments name, in the folder of the mutants."""
        from _pytest.config import _prepareconfig  # noqa: PLC0415 - pytest.main would close the session again
        from _pytest.main import Session  # noqa: PLC0415

        config = _prepareconfig([*arguments, "-q", "--rootdir=.", "--capture=no", "--tb=no"])
        config._do_configure()  # noqa: SLF001
        self.session: Any = Session.from_config(config)
        config.hook.pytest_sessionstart(session=self.session)
        config.hook.pytest_collection(session=self.session)
        self.items = {item.nodeid: item for item in self.session.items}

    def failed(self, tests: Iterable[str]) -> int:
        """1 when one of the tests fails, else 0: to be called in a process of its own."""
        forget()
        wanted = [self.items[name] for name in tests if name in self.items]
        for item, after in zip(wanted, [*wanted[1:], None], strict=True):
            self.session.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.session.testsfailed:
                return FAILED
        return PASSED


def forget() -> None:
    """Empty the caches of the library, or what the code as it is left there would answer in the place of a mutant."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "riskcore" and name not in ROWS:
            for value in vars(module).values():
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


def quick(tests: Iterable[str], durations: Mapping[str, float], longest: float) -> list[str]:
    """The tests that take no longer; where all do, the quickest of them.

    >>> quick(["a", "b", "c"], {"a": 0.1, "b": 9, "c": 0.3}, 0.3), quick(["b"], {"b": 9}, 0.3)
    (['a', 'c'], ['b'])
    """
    ordered = sorted(tests, key=lambda name: (durations.get(name, 0), name))
    return [name for name in ordered if durations.get(name, 0) <= longest] or ordered[:1]


def collected_once(runner: Any, longest: float) -> Any:
    """Mutmut's pytest runner, with `run_tests` over one collected suite."""

    class Quick(runner):  # type: ignore[misc]
        suite: Suite | None = None

        def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
            from mutmut.state import state  # noqa: PLC0415

            here = Path.cwd()
            os.chdir("mutants")
            try:
                if self.suite is None:
                    self.suite = silently(
                        Suite, [*self._pytest_add_cli_args_test_selection, *self._pytest_add_cli_args]
                    )
                if mutant_name:
                    return self.suite.failed(tests)
                asked = quick(list(tests) or list(self.suite.items), state().duration_by_test, longest)
                return forked(self.suite.failed, asked)
            finally:
                os.chdir(here)

    return Quick


def bounded(runner: Any, longest: float) -> Any:
    """Mutmut's forking runner, with the quick tests only and the time those may take: an endless loop ends soon."""

    class Bounded(runner):  # type: ignore[misc]
        def submit(self, mutant_name: str, tests: list[str], cpu_time_limit: int, estimated_time: float) -> None:
            from mutmut.state import state  # noqa: PLC0415

            durations = state().duration_by_test
            asked = quick(tests, durations, longest)
            seconds = sum(durations.get(name, 0) for name in asked)
            super().submit(mutant_name, asked, min(cpu_time_limit, int(TIMES * (seconds + 1))), seconds)

    return Bounded


def silently(made: Any, *arguments: Any) -> Any:
    """Call it while both streams lead nowhere; pytest's reporter keeps the stream it began with."""
    streams = sys.stdout, sys.stderr
    asked = os.environ.pop(TOUCHED, None)
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - the reporter writes on
    try:
        return made(*arguments)
    finally:
        sys.stdout, sys.stderr = streams
        if asked is not None:
            os.environ[TOUCHED] = asked


def forked(asked: Any, tests: Iterable[str]) -> int:
    """The answer of a process of its own: the session stays as it was."""
    child = os.fork()
    if child == 0:
        answer = FAILED
        try:
            answer = asked(tests)
        finally:
            os._exit(answer)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
