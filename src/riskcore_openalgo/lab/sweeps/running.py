"""Running a sweep: in processes, in any executor, or in Dask; goes on where an earlier run was ended."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import json
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import riskcore as rc
from riskcore_openalgo.lab.columns import PRICES, Columns, ColumnsError
from riskcore_openalgo.lab.lengths import interval_of
from riskcore_openalgo.lab.strategy import full_name
from riskcore_openalgo.lab.sweeps.result import Sweep
from riskcore_openalgo.lab.sweeps.space import Parameters, Space, combinations, split
from riskcore_openalgo.lab.sweeps.trial import Backtest, Bars, Factory, Job, Trial, as_row, of_row, simulated
from riskcore_openalgo.own_code import own_code

if TYPE_CHECKING:
    from typing_extensions import Self

FAST: Final = "riskcore_openalgo.lab.backtests"
HEADER: Final = "riskcore_sweep"
Told = Callable[[int, int], None]


def sweep(
    space: Space,
    bars: Bars,
    strategy: Factory | str,
    policy: rc.Policy | None = None,
    *,
    interval: str | None = None,
    run: Backtest | None = None,
    samples: int | None = None,
    seed: int = 1,
    executor: Executor | None = None,
    batch: int = 4,
    workers: int | None = None,
    resume: Path | str | None = None,
    progress: bool | Told = True,
) -> Sweep:
    """Backtest every combination of a space (`combinations`), and gather the trials in the order of the grid.

    `strategy` is a class or factory called with `symbol`, `interval` and the parameters, or its dotted name; `policy`
    is what the space's settings are written over. `interval` is found from the bars where it is not given. `run` is the
    backtest: the fast one where it is there, else the core's bar-by-bar `simulated`. Trials run in `workers` processes,
    one a core unless you say. In their stead, `executor` is any other (of Dask it is `client.get_executor()`), which
    is sent `batch` combinations at a time, together with the bars. `resume` is a file: trials are added to it as they
    end, and those that are in it are not run again. `progress` draws a bar with the time left on a terminal, or calls a
    function with (done, total).

    Raises `ValueError` for a space that cannot be, and for a file that belongs to another sweep or cannot be told from
    one; `ColumnsError` for bars that cannot be traded on, and `StrategyError` for answers that are none. A combination
    that the policy or the strategy refuses is a trial with its `error`.
    """
    for name, count in (("batch", batch), ("workers", workers)):
        if count is not None and count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
    wanted = combinations(space, samples=samples, seed=seed)
    factory = _factory(strategy)
    length = _interval(bars, interval)
    first = next(iter(bars)) if isinstance(bars, Mapping) else ""
    _refuse_unknown(factory, wanted, symbol=getattr(first, "symbol", first), interval=length)
    job = Job(
        bars=bars,
        strategy=factory,
        policy=policy or rc.Policy(),
        interval=length,
        run=run or default_backtest(),
    )
    done = _Kept(Path(resume), job) if resume is not None else None
    found = {} if done is None else done.known(wanted)
    left = {place: parameters for place, parameters in enumerate(wanted) if place not in found}
    with ExitStack() as opened:
        if done is not None:
            opened.enter_context(done)
        tell = opened.enter_context(_telling(len(left), progress=progress))
        for place, trial in _run(job, left, executor or workers, batch):
            found[place] = trial
            if done is not None:
                done.keep(trial)
            tell(len(found), len(wanted))
    return Sweep(job=job, trials=tuple(found[place] for place in range(len(wanted))))


def default_backtest() -> Backtest:
    """The fast backtest where this installation has it, else the bar-by-bar one."""
    if importlib.util.find_spec(FAST) is None:
        return simulated
    found: Backtest = importlib.import_module(FAST).backtest
    return found


def _interval(bars: Bars, interval: str | None) -> str:
    """How long the bars are, as the backtest finds it; `ValueError` where they are none, or what is said is none."""
    if interval is not None:
        rc.interval_length(interval)
        return interval
    if not isinstance(bars, Mapping) or not bars:
        raise ValueError("bars are a mapping from symbols or instruments to theirs; of others give the interval too")
    return interval_of(Columns.of(table, str(getattr(thing, "symbol", thing))) for thing, table in bars.items())


def _factory(strategy: Factory | str) -> Factory:
    if not isinstance(strategy, str):
        return strategy
    module, _, name = full_name(strategy).replace(":", ".").rpartition(".")
    try:
        found: Factory = own_code(module, name)
    except ValueError as problem:
        raise ValueError(f"strategy {strategy}: {problem}; write package.module:Class") from problem
    return found


def _refuse_unknown(factory: Factory, wanted: Sequence[Parameters], **given: str) -> None:
    """Refuse a space whose parameters the strategy does not take, or that lacks one it cannot do without.

    One is made for that: by its signature alone, one that hands its parameters on takes any.
    """
    given |= split(wanted[0])[1]
    try:
        asked = inspect.signature(factory)
    except (TypeError, ValueError):  # some callables have none: they tell themselves
        return
    try:
        asked.bind(**given)
        factory(**given)
    except TypeError as problem:
        told = f"strategy {getattr(factory, '__name__', factory)}: {problem}; it is given {', '.join(given)}"
        raise ValueError(told) from None
    except Exception:  # noqa: BLE001 - values that do not go together, and whatever else: told in its trial
        return


# ---------------------------------------------------------------- executors

_JOB: list[Job] = []
"""The job of this process, where it is a worker of our own pool."""


def _begin(pickled: bytes) -> None:
    _JOB[:] = [pickle.loads(pickled)]  # noqa: S301 - from our own parent
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A pool's processes wait for ever for a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _one(parameters: Parameters) -> list[Trial]:
    return [_JOB[0].tried(parameters)]


def _several(job: Job, group: Sequence[Parameters]) -> list[Trial]:
    return [job.tried(parameters) for parameters in group]


def _run(
    job: Job, wanted: Mapping[int, Parameters], by: Executor | int | None, batch: int
) -> Iterator[tuple[int, Trial]]:
    """The trials as they end, each with its place, by an executor or so many processes.

    What a worker raised is raised here and ends it. Combinations may hold values of any kind, lists among them: it is
    their place that tells them apart.
    """
    if not wanted:
        return
    places = [*wanted]
    if by is not None and not isinstance(by, int):
        groups = [places[n : n + batch] for n in range(0, len(places), batch)]
        yield from _ended({by.submit(_several, job, [wanted[one] for one in group]): group for group in groups})
        return
    workers = min(by or os.cpu_count() or 1, len(wanted))
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(_pickled(job),)) as pool:
        yield from _ended({pool.submit(_one, wanted[place]): [place] for place in places})


def _ended(futures: Mapping[Future[list[Trial]], Sequence[int]]) -> Iterator[tuple[int, Trial]]:
    try:
        for future in as_completed(futures):
            yield from zip(futures[future], future.result(), strict=True)
    finally:
        for future in futures:
            future.cancel()


def _pickled(job: Job) -> bytes:
    try:
        return pickle.dumps(job)
    except (pickle.PicklingError, AttributeError, TypeError) as problem:
        raise ValueError(
            f"strategy, backtest and bars go to other processes, and cannot: {problem}; "
            "write the strategy in a module of its own, or give executor=ThreadPoolExecutor()"
        ) from problem


# ---------------------------------------------------------------- resuming


class _Kept:
    """The file in which trials are kept: a line that says of which sweep, then one a trial."""

    def __init__(self, path: Path, job: Job) -> None:
        self._path, self._sweep = path, _digest(job)

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        begun = self._path.exists()
        whole = self._lines() if begun else [json.dumps({HEADER: self._sweep})]
        fresh = self._path.with_name(f"{self._path.name}.new")
        with fresh.open("w", encoding="utf-8", newline="\n") as file:  # a line that was cut off goes
            file.writelines(f"{line}\n" for line in whole)
        fresh.replace(self._path)  # at once: a kill in between would leave none of the trials
        self._file = self._path.open("a", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def keep(self, trial: Trial) -> None:
        """Add a trial."""
        self._file.write(json.dumps(as_row(trial)) + "\n")
        self._file.flush()

    def known(self, wanted: Sequence[Parameters]) -> dict[int, Trial]:
        """The trials of these combinations that are in it, by the place of theirs."""
        if not self._path.exists():
            return {}
        asked = {_text(parameters): place for place, parameters in enumerate(wanted)}
        found = {}
        for number, line in enumerate(self._lines()[1:], 2):
            try:
                row = json.loads(line)
                place = asked.get(json.dumps(row["parameters"], sort_keys=True))
                if place is not None:
                    found[place] = of_row(row, wanted[place])
            except (ValueError, KeyError, TypeError, ArithmeticError) as wrong:
                raise ValueError(f"{self._path}:{number}: no trial of a sweep ({wrong}): take the line out") from None
        return found

    def _lines(self) -> list[str]:
        """The whole lines; `ValueError` where they are another sweep's."""
        text = self._path.read_text("utf-8")
        lines = text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
        try:
            told = json.loads(lines[0])[HEADER]
        except (IndexError, ValueError, KeyError, TypeError):
            raise ValueError(f"{self._path}: this is no sweep; name another file, or remove it") from None
        if told != self._sweep:
            raise ValueError(
                f"{self._path}: this is another sweep (other bars, instruments, strategy, policy or backtest); "
                "name another file"
            )
        return lines


def _text(parameters: Parameters) -> str:
    """A combination as it stands in the file."""
    return json.dumps({name: repr(value) for name, value in parameters}, sort_keys=True)


def _digest(job: Job) -> str:
    """What must be the same for trials to be those of one sweep."""
    made = hashlib.sha256()
    told = f"{_dotted(job.strategy)}|{_dotted(job.run)}|{job.interval}|{rc.policy_hash(job.policy)}"
    made.update(told.encode())
    for thing, series in job.bars.items() if isinstance(job.bars, Mapping) else [("", job.bars)]:
        made.update(repr(thing).encode())  # with its tick and its lot
        for part in _parts(series):
            made.update(part)
    return made.hexdigest()


def _parts(series: Any) -> Iterator[bytes]:
    """The bars of one instrument as bytes: the same for the same bars, however they lie in memory."""
    try:
        table = Columns.of(series)
    except ColumnsError:  # a backtest of one's own may take bars of another kind
        yield pickle.dumps(series)
        return
    yield from (column.tobytes() for column in (table.at, *map(table.floats, PRICES), table.volume))


def _dotted(of: Any) -> str:
    """The name of a function or class; of what has none, a `partial` say, what it would travel as.

    The text of such an object holds its address, and is another in each process. `ValueError` for what was made inside
    a function, where one name stands for several: what it took along from there would not be told apart.
    """
    name = getattr(of, "__qualname__", None)
    if name is not None and "<" in name:
        raise ValueError(
            f"resume: {of.__module__}.{name} was made inside a function or is a lambda, and by its name alone nobody "
            "can tell whose trials these are: define it at the top of a module, and give it values by functools.partial"
        )
    if name is not None and not hasattr(of, "__self__"):
        return f"{of.__module__}:{name}"
    try:
        return hashlib.sha256(pickle.dumps(of)).hexdigest()
    except Exception:  # noqa: BLE001 - whatever somebody's object raises: it cannot travel, and has no other name
        return repr(of)


class _Telling(ExitStack):
    """What is called after each trial."""

    def __init__(self, tell: Told) -> None:
        super().__init__()
        self.tell = tell

    def __call__(self, done: int, total: int) -> None:
        self.tell(done, total)


def _telling(left: int, *, progress: bool | Told) -> _Telling:
    if progress is False or (progress is True and not left):
        return _Telling(lambda done, total: None)
    if callable(progress):
        return _Telling(progress)
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("sweep"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console, disable=not console.is_terminal)
    task = bar.add_task("sweep", total=None)
    made = _Telling(lambda done, total: bar.update(task, completed=done, total=total))
    made.enter_context(bar)
    return made
