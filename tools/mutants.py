"""Change the core a bit at a time and see that a test notices: mutmut, the kill rates and the survivors.

    python tools/mutants.py                    all rooms; goes on where an earlier run was broken off
    python tools/mutants.py sizing stops       these rooms, from the start
    python tools/mutants.py --rest stops       of these rooms only what was not tried yet
    python tools/mutants.py --share 25 rules   about a quarter of their mutants, the same ones at every run
    python tools/mutants.py --again [sizing]   only the survivors of an earlier run, now with the slow tests too
    python tools/mutants.py --again --quick    only the survivors, with the quick tests alone: after some were written
    python tools/mutants.py --changed [REF]    only functions that differ from REF (main), for CI
    python tools/mutants.py --report           run nothing: print what stands, write docs/mutants.md

Exit code 1 when a room kills less than 90 % of its mutants. Run it through `python3 tasks.py mutants`.

The first look leaves out tests that take longer than a third of a second: `--again` gives them to the survivors.

mutmut leaves every decorated function alone. Ours that compute wear `@exact`, which only sets the decimal
context, so here mutmut is told to take them as well. Properties and the engine's handlers stay out of its reach.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.mutant_tests import bounded, collected_once  # noqa: E402 - run as a file, it finds its neighbour only so

CORE: Final = ROOT / "src" / "riskcore"
PAGE: Final = ROOT / "docs" / "mutants.md"
LEAST: Final = 90
QUICK: Final = 0.3
TRANSPARENT: Final = frozenset({"exact"})
UNTRIED: Final = frozenset({"not checked", "skipped"})
KILLED: Final = frozenset({"killed", "timeout", "caught by type check", "segfault"})
SURVIVED: Final = 0
HUNK: Final = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
ABOUT: Final = """\
<!-- `tasks.py mutants` writes this page; the last column is written by hand and kept -->

# Mutants

`python3 tasks.py mutants` changes the core a bit at a time (a `<` into a `<=`, a 1 into a 2) and runs the tests in
`tests/core`, `tests/laws` and `tests/spec`. A change that no test notices is a survivor: either a test is missing,
or the change makes no difference, and then the last column says why. At least 90 % must be killed in every room.

{extent}

The first look asks the tests that take no longer than a third of a second; what lives through it may be asked the slow
ones too (`--again`), but for the generated days that `pyproject.toml` leaves out. A mutant with which the tests run
fifteen times as long counts as killed. Properties, cached functions and what stands outside of functions are out of
mutmut's reach, and no figure here speaks of them."""


class Mutant(NamedTuple):
    """One change of the source, and what became of it."""

    room: str
    function: str
    status: str
    change: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, print the rates, write the page; 1 when a room is below 90 %."""
    parser = argparse.ArgumentParser(prog="tasks.py mutants", description="Mutation tests of the core.")
    parser.add_argument("rooms", nargs="*", help="sizing, stops, rules.count ...; none: all, going on where it stopped")
    parser.add_argument("--rest", action="store_true", help="only what was not tried yet")
    parser.add_argument("--again", action="store_true", help="only what survived, with the slow tests too")
    parser.add_argument("--quick", action="store_true", help="the slow tests stay left out")
    parser.add_argument("--share", type=int, default=100, metavar="PERCENT", help="so many of the mutants")
    parser.add_argument("--changed", nargs="?", const="main", metavar="REF", help="functions that differ from REF")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="tests run side by side")
    parser.add_argument("--report", action="store_true", help="run nothing")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    names = [f"riskcore.{room}.*" for room in options.rooms]
    if options.changed:
        names = changed_functions(options.changed)
        if not names:
            print(f"mutants: no function of the core differs from {options.changed}")
            return 0
    if not options.report:
        every = names or (["riskcore.*"] if options.again else [])
        run(every, options.jobs, chosen(options), float("inf") if options.again and not options.quick else QUICK)
    found = mutants(names)
    print("\n".join(report(found)))
    if not options.changed:
        PAGE.write_text(page(mutants([])), encoding="ascii", newline="\n")
    return 0 if all(rate >= LEAST for rate in rates(found).values()) else 1


def chosen(options: argparse.Namespace) -> Callable[[str, int | None], bool]:
    """Whether a mutant, known by its name and what became of it before, is to be tried.

    >>> asked = chosen(argparse.Namespace(again=True, rest=False, share=100))
    >>> asked("riskcore.money.x_plain__mutmut_1", 0), asked("riskcore.money.x_plain__mutmut_2", 1)
    (True, False)
    """

    def asked(name: str, before: int | None) -> bool:
        if (options.again and before != SURVIVED) or (options.rest and before is not None):
            return False
        return zlib.crc32(name.encode()) % 100 < options.share

    return asked


def run(names: Sequence[str], jobs: int, asked: Callable[[str, int | None], bool], longest: float) -> None:
    """Mutmut over the names (all: none) that are asked for, in this process."""
    os.environ["RISKCORE_HYPOTHESIS"] = "mutants"
    os.environ.pop("CI", None)
    from mutmut import __main__ as mutmut  # noqa: PLC0415 - the audit environment has it, and --help needs none of it
    from mutmut.workers import isolation  # noqa: PLC0415

    mend(ROOT / "mutants", ROOT)
    found = mutmut.collect_source_file_mutation_data

    def wanted(*, mutant_names: Sequence[str]) -> tuple[list[Any], Any]:
        tried, files = found(mutant_names=mutant_names)
        return [mutant for mutant in tried if asked(mutant[1], mutant[2])], files

    mutmut.collect_source_file_mutation_data = wanted
    isolation.PytestRunner = collected_once(isolation.PytestRunner, longest)
    isolation.ForkRunner = bounded(isolation.ForkRunner, longest)
    take_in_transparent()
    try:
        mutmut._run(tuple(names), jobs)  # noqa: SLF001
    except SystemExit as gone:
        if gone.code:
            raise


def mend(made: Path, root: Path) -> None:
    """Take away the files that a run which was broken off left empty among the mutants: they are made anew."""
    for path in (made / "src").rglob("*.py"):
        source = root / path.relative_to(made)
        if not path.stat().st_size and source.is_file() and source.stat().st_size:
            path.unlink()


def take_in_transparent() -> None:
    """Have mutmut mutate functions that wear `@exact` too."""
    import libcst  # noqa: PLC0415
    from mutmut.mutation import file_mutation  # noqa: PLC0415

    visitor = file_mutation.MutationVisitor
    left_alone = visitor._skip_node_and_children  # noqa: SLF001

    def skipped(self: Any, node: Any) -> bool:
        worn = node.decorators if isinstance(node, libcst.FunctionDef) else ()
        if len(worn) == 1 and getattr(worn[0].decorator, "value", None) in TRANSPARENT:
            return False
        return bool(left_alone(self, node))

    visitor._skip_node_and_children = skipped  # noqa: SLF001


def changed_functions(ref: str) -> list[str]:
    """The functions of the core that hold a line which differs from `ref`, as mutmut's patterns."""
    told = subprocess.run(
        [shutil.which("git") or "git", "diff", "--unified=0", "--no-color", ref, "--", "src/riskcore"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    wanted = []
    for file, lines in changed_lines(told).items():
        path = ROOT / file
        if path.is_file() and any(fnmatch(file, pattern) for pattern in only_mutated()):
            module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
            wanted += [f"{module}.{name}*" for name in functions_at(path.read_text(encoding="utf-8"), lines)]
    return wanted


def only_mutated() -> list[str]:
    """The files that pyproject.toml has mutated, as patterns."""
    try:
        import tomllib  # noqa: PLC0415 - Python 3.10 has it not
    except ModuleNotFoundError:
        import tomli as tomllib  # type: ignore[no-redef]  # noqa: PLC0415 - there pytest brings this one
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns: list[str] = settings["tool"]["mutmut"]["only_mutate"]
    return patterns


def changed_lines(diff: str) -> dict[str, set[int]]:
    r"""File -> the lines that are new or different in it, from a diff without context.

    >>> changed_lines("+++ b/x.py\n@@ -1 +2,2 @@\n-a\n+b\n+c\n")
    {'x.py': {2, 3}}
    """
    found: dict[str, set[int]] = {}
    file = ""
    for line in diff.splitlines():
        if line.startswith("+++ "):
            file = line.removeprefix("+++ b/")
        hunk = HUNK.match(line)
        if hunk:
            first, count = int(hunk[1]), int(hunk[2] or 1)
            found.setdefault(file, set()).update(range(first, first + max(count, 1)))
    return found


def functions_at(text: str, lines: set[int]) -> list[str]:
    r"""Mutmut's names of the functions and methods that hold one of the lines.

    >>> functions_at("def f():\n    return 1\nclass A:\n    def g(self):\n        return 2\n", {2, 5})
    ['x_f', 'x\u01c1A\u01c1g']
    """
    tree = ast.parse(text)
    owners = [("", tree), *((node.name, node) for node in tree.body if isinstance(node, ast.ClassDef))]
    return [
        f"x_{node.name}" if not owner else f"x\u01c1{owner}\u01c1{node.name}"
        for owner, holder in owners
        for node in holder.body
        if isinstance(node, ast.FunctionDef) and lines.intersection(range(node.lineno, (node.end_lineno or 0) + 1))
    ]


def mutants(names: Sequence[str]) -> list[Mutant]:
    """Every mutant that was made, of the functions named (all: none), with its status."""
    from mutmut.stats import status_by_exit_code  # noqa: PLC0415

    found = []
    for meta in sorted((ROOT / "mutants").rglob("*.py.meta")):
        file = meta.relative_to(ROOT / "mutants").as_posix().removesuffix(".meta")
        for name, code in json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            if not names or any(fnmatch(name, wanted) for wanted in names):
                found.append(_mutant(name, str(status_by_exit_code[code]), file))
    return found


def _mutant(name: str, status: str, file: str) -> Mutant:
    room, _, rest = name.removeprefix("riskcore.").rpartition(".")
    function = rest.partition("__mutmut_")[0].removeprefix("x_").removeprefix("x\u01c1").replace("\u01c1", ".")
    return Mutant(room, function, status, "" if status in KILLED | UNTRIED else _change(name, file))


def _change(name: str, file: str) -> str:
    from mutmut.mutation.diff_apply import get_diff_for_mutant  # noqa: PLC0415

    lines = get_diff_for_mutant(name, path=Path(file)).splitlines()
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return " ".join(f"{line[0]} {line[1:].strip()}" for line in changed)


class Score(NamedTuple):
    """What became of the mutants of a file or a room."""

    made: int
    tried: int
    killed: int

    @property
    def rate(self) -> float | None:
        """Per cent killed of what was tried; None where nothing was."""
        return 100 * self.killed / self.tried if self.tried else None

    def row(self, name: str) -> str:
        """A row of the page."""
        rate = "not run" if self.rate is None else f"{self.rate:.1f} %"
        return f"| {name} | {self.made} | {self.tried} | {self.killed} | {rate} |"


def scores(found: Iterable[Mutant], *, whole: bool = False) -> dict[str, Score]:
    """File (or, `whole`, the room it stands in) -> its score; a mutant without a test counts as alive."""
    counts: dict[str, Counter[str]] = {}
    for mutant in found:
        counted = counts.setdefault(mutant.room.partition(".")[0] if whole else mutant.room, Counter())
        counted["made"] += 1
        counted["tried"] += mutant.status not in UNTRIED
        counted["killed"] += mutant.status in KILLED
    return {name: Score(n["made"], n["tried"], n["killed"]) for name, n in sorted(counts.items())}


def rates(found: Iterable[Mutant]) -> dict[str, float]:
    """Room -> per cent killed of what was tried."""
    return {room: score.rate for room, score in scores(found, whole=True).items() if score.rate is not None}


def report(found: Sequence[Mutant]) -> list[str]:
    """A line a file, and every survivor."""
    lines = [
        f"{name:<28}{score.made:>5} mutants {score.tried:>5} tried "
        + ("not run" if score.rate is None else f"{score.rate:6.1f} % killed")
        for name, score in scores(found).items()
    ]
    alive = [mutant for mutant in found if mutant.status not in KILLED | UNTRIED]
    return [*lines, f"{len(alive)} survived", *(f"  {m.room}.{m.function} [{m.status}]: {m.change}" for m in alive)]


def page(found: Sequence[Mutant], before: str | None = None) -> str:
    """docs/mutants.md: the rates, and the survivors with the word that was written beside them."""
    if before is None:
        before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    words = words_in(before)
    lines = [ABOUT.format(extent=extent(found))]
    for title, whole in (("room", True), ("file", False)):
        lines += ["", f"| {title} | mutants | tried | killed | rate |", "|---|---|---|---|---|"]
        lines += [score.row(f"`{name}`") for name, score in scores(found, whole=whole).items()]
    lines += ["", "## Survivors", "", "| function | change | why it may live |", "|---|---|---|"]
    alive = (m for m in found if m.status not in KILLED | UNTRIED)
    survivors = dict.fromkeys((f"`{m.room}.{m.function}`", cell(m.change)) for m in alive)
    lines += [f"| {function} | {change} | {words.get((function, change), '')} |" for function, change in survivors]
    return "\n".join(lines).encode("ascii", "backslashreplace").decode() + "\n"


def extent(found: Iterable[Mutant]) -> str:
    """How much of the rooms was run: all of it, or of which only a part."""
    part = {name: score for name, score in scores(found, whole=True).items() if score.tried < score.made}
    if not part:
        return "Every mutant of these rooms was run."
    short = ", ".join(f"{score.tried} of {score.made} of `{name}`" for name, score in part.items())
    return f"Not every mutant was run: {short}; the others whole."


def cell(change: str) -> str:
    """A change as a table's cell."""
    return "`" + change.replace("|", "\\|").replace("`", "'") + "`"


def words_in(text: str) -> Mapping[tuple[str, str], str]:
    r"""What was written beside the survivors of an earlier page.

    >>> words_in("| `sizing.size` | `- a + b` | makes no difference |\n")
    {('`sizing.size`', '`- a + b`'): 'makes no difference'}
    """
    rows = (re.fullmatch(r"\| (`[^|]*`) \| (`.*`) \| (.*) \|", line) for line in text.splitlines())
    return {(row[1], row[2]): row[3].strip() for row in rows if row}


if __name__ == "__main__":
    sys.exit(main())
