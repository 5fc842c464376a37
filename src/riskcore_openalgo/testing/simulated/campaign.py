"""`python3 tasks.py simulate`: many days, one after the other or several at once; what was done is not done again."""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from attrs import asdict

import riskcore as rc
import riskcore_openalgo
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.living import Outcome, live_through, shrunk, total
from riskcore_openalgo.testing.simulated.nights import script_for
from riskcore_openalgo.testing.simulated.script import Script

LEAST_APPROVED_PCT = 30
MANY = 300
"""From so many days on every fault of the catalogue must have struck."""
SHOWN = 40
CONTRACTS = {"all": True, "none": False}
STUCK_S = 300.0
"""A day that takes so long is stuck: a lock is held across a wait. Its process ends, and says where it stood."""


def say(text: str) -> None:
    """A line for whoever waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(given: list[str] | None = None) -> int:
    """Run what was asked for; 1 where a day failed, or the days were not worth much."""
    options = _parser().parse_args(given)
    script = partial(script_for, only=options.only, night=options.night, contracts=CONTRACTS.get(options.contracts))
    if options.seed is not None:
        return _one(script(options.seed), sqlite=options.sqlite)
    seeds = range(options.first, options.first + options.days)
    kept = _state_file(options)
    done = _known(kept)
    left = [seed for seed in seeds if seed not in done]
    say(f"{len(seeds)} days, of which {len(seeds) - len(left)} are done")
    began = time.monotonic()
    day = partial(_watched_day, script, sqlite=options.sqlite)
    with kept.open("a", encoding="utf-8") as state:
        for number, outcome in enumerate(_lived(left, options.jobs, day), 1):
            done[outcome.seed] = outcome
            state.write(json.dumps(asdict(outcome)) + "\n")
            state.flush()
            _progress(number, len(left), outcome, began, _asked(options))
    outcomes = [done[seed] for seed in seeds]
    return judged(outcomes, options.only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tasks.py simulate", description=__doc__)
    parser.add_argument("--days", type=int, default=500, help="how many days (500)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed (0)")
    parser.add_argument("--seed", type=int, help="one day alone; where it fails it is made small")
    parser.add_argument("--only", default="", choices=CATALOGUE, metavar="FAULT", help="days with this fault alone")
    parser.add_argument("--night", action="store_true", help="two days each, with a night between them")
    parser.add_argument("--contracts", choices=CONTRACTS, help="contracts on all of them or on none: else on a fourth")
    parser.add_argument("--sqlite", action="store_true", help="with a journal in a real SQLite file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--state", type=Path, default=Path(".simulated"), help="folder of what is done (.simulated)")
    return parser


def _asked(options: argparse.Namespace) -> str:
    """The options that make a seed another day."""
    said = [f"--only {options.only}"] if options.only else []
    said += ["--night"] if options.night else []
    said += [f"--contracts {options.contracts}"] if options.contracts else []
    return "".join(f" {one}" for one in said)


def _watched_day(script: Callable[[int], Script], seed: int, *, sqlite: bool) -> Outcome:
    faulthandler.dump_traceback_later(STUCK_S, exit=True, file=sys.__stderr__ or sys.stderr)
    try:
        return live_through(script(seed), sqlite=sqlite)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _quiet() -> None:
    """In a process of its own: days are judged by their facts, and what hundreds of them log is read by nobody."""
    logging.getLogger("riskcore").setLevel(logging.CRITICAL)


def _lived(seeds: list[int], jobs: int, day: Callable[[int], Outcome]) -> Iterator[Outcome]:
    if jobs <= 1 or len(seeds) < 2:
        yield from map(day, seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_quiet) as pool:
        yield from pool.map(day, seeds, chunksize=4)


def _one(script: Script, *, sqlite: bool) -> int:
    """A day by itself, shown; one that fails is made small and shown as what is left of it."""
    outcome = live_through(script, sqlite=sqlite)
    traded, wrong = ", ".join(one.symbol for one in script.traded), ", ".join(script.faults())
    say(f"seed {script.seed}: {script.day}, {script.profile.name}, {script.policy}; {traded}; faults: {wrong}")
    for name, number in sorted(outcome.count.items()):
        say(f"{number:7} {name}")
    if not outcome.broken:
        say(f"all held: {outcome.happened} things happened, {outcome.turns} turns, {outcome.restarts} restarts")
        return 0
    say(f"BROKEN {outcome.what}")
    small = shrunk(script, outcome.broken)
    say(f"made small: {len(small.happenings)} of {len(script.happenings)} things that happen are enough")
    for one in small.happenings[-SHOWN:]:
        say(f"    {one.at_s:10.3f} s  {one.kind} {' '.join(map(str, one.args))}")
    say(f"    ends in: {live_through(small).what}")
    return 1


def _state_file(options: argparse.Namespace) -> Path:
    """Where the days of this very code are noted down: other code has to live them anew."""
    digest = hashlib.sha256()
    for package in (rc, riskcore_openalgo):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(path.read_bytes())
    options.state.mkdir(parents=True, exist_ok=True)
    contracts = options.contracts and f"contracts_{options.contracts}"
    told = "sqlite" if options.sqlite else "memory", options.night and "night", contracts, options.only
    kind = "-".join(filter(None, told))
    return Path(options.state) / f"{kind}-{digest.hexdigest()[:16]}.jsonl"


def _known(path: Path) -> dict[int, Outcome]:
    """What was done before; a line that a kill cut short is done again."""
    found: dict[int, Outcome] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                outcome = Outcome(**json.loads(line))
            except (ValueError, TypeError):
                continue
            found[outcome.seed] = outcome
    return found


def _progress(number: int, of: int, outcome: Outcome, began: float, again: str) -> None:
    if outcome.broken:
        say(f"FAILED seed {outcome.seed}: {outcome.what.strip().splitlines()[-1]}")
        say(f"    play it again: python3 tasks.py simulate --seed {outcome.seed}{again}")
    if number % 25 == 0 or number == of:
        each_s = (time.monotonic() - began) / number
        left = timedelta(seconds=round(each_s * (of - number)))
        say(f"{number} of {of} days, {each_s:.2f} s a day, {left} left")


def judged(outcomes: list[Outcome], only: str = "") -> int:
    """The sums of all days, and whether they are good: all faults must have struck, or the `only` one."""
    failed = [outcome.seed for outcome in outcomes if outcome.broken]
    counted = total(outcomes)
    asked, approved = counted["entries asked for"], counted["entries approved"]
    for name, number in sorted(counted.items()):
        say(f"{number:9} {name}")
    problems = [f"{len(failed)} days failed: {', '.join(map(str, failed[:SHOWN]))}"] if failed else []
    if approved * 100 < asked * LEAST_APPROVED_PCT:
        problems.append(
            f"only {approved} of {asked} well-formed entries were approved: days that refuse all prove nothing"
        )
    unheard = [name for name in CATALOGUE if only in ("", name) and not counted[f"fault {name}"]]
    if len(outcomes) >= MANY and unheard:
        problems.append(f"these faults never struck: {', '.join(unheard)}")
    _least(outcomes)
    say("\n".join(problems) if problems else f"{len(outcomes)} days: all held")
    return 1 if problems else 0


def _least(outcomes: Iterable[Outcome]) -> None:
    happened = [outcome.happened for outcome in outcomes if not outcome.broken]
    if happened:
        say(f"{min(happened)} to {max(happened)} things happened in a day, {sum(happened)} in all")
