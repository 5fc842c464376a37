"""`backtest(bars, strategy, policy)`: the whole policy over historical bars, of one symbol or many, in one call.

run = backtest({"INFY": frame}, EmaCross, rc.Policy(), capital=100_000)
print(run.explain())
run.save("out")
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeVar

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.auctions import without_auctions
from riskcore_openalgo.lab.columns import PRICES, Columns, ColumnsError, times
from riskcore_openalgo.lab.jumping import Jumps
from riskcore_openalgo.lab.lengths import interval_of, refuse_coarse, refuse_other
from riskcore_openalgo.lab.no_shares import why_no_share
from riskcore_openalgo.lab.noted import notes_of
from riskcore_openalgo.lab.raising import raised_by
from riskcore_openalgo.lab.run import Jumped, Run, kept_pct
from riskcore_openalgo.lab.served import keys_of, refuse_differing, refuse_unserved, strategies_of
from riskcore_openalgo.lab.timeline import Timeline

NSE: Final = "NSE"
DAY: Final = timedelta(days=1)
FROZEN: Final = gc.get_freeze_count()
"""So much was frozen before anybody could: Python 3.12 does that itself."""
Choice = TypeVar("Choice", bound=Enum)


def backtest(
    bars: Any,
    strategy: Any,
    policy: rc.Policy,
    *,
    capital: Any = None,
    symbol: str = "",
    interval: str | None = None,
    first: date | datetime | str | None = None,
    last: date | datetime | str | None = None,
    intrabar: rc.Intrabar = rc.Intrabar.STOP_FIRST,
    entries: rc.Entries = rc.Entries.NEXT_OPEN,
    finer: Mapping[str, Any] | None = None,
    instruments: Iterable[rc.Instrument] = (),
    listed: rc.Listed | None = None,
    notes: Sequence[str] = (),
    check: bool = False,
) -> Run:
    """Run a strategy over bars under a policy, and say what came of it.

    `bars` are those of one `symbol`, or a mapping from symbols (or `rc.Instrument`s) to theirs; each a DataFrame as
    `client.history` returns it, a mapping of arrays (`at, open, high, low, close, volume`), or riskcore bars.
    `strategy` is a class or factory called for each symbol with `symbol` and `interval`, a dotted name of one, a
    mapping by symbol, or, for one symbol, `on_bar(bars)` or an object with it. Signals of a class that bear no name of
    a strategy bear that of the class, for limits and reports by strategy. `capital` in rupees takes the place of the
    policy's `default_capital`. `interval` (1m, 5m, 1h, 1D) is found from the bars where it is not given. Only bars that
    begin on or after `first` and before `last` (a date counts whole, ISO text will do) are traded; those before `first`
    are the warm-up of strategies and averages. `finer` are bars of a shorter interval by symbol, for
    `rc.Intrabar.LOWER_TIMEFRAME`. `instruments` say what the tables do not: a tick, a lot, a sector. `listed` says how
    an instrument is listed on a day; where it is left out, symbols alone have the ticks that the tables tell for each
    day (`rc.listed_by_month`), and what was given as an instrument has its own throughout.
    With `check`, what each strategy's `signals(bars)` says of the first 300 bars of each symbol is compared with what
    its `on_bar` says of them, as the commands do, and a difference is a `StrategyError`: up to 300 more calls a symbol.

    Raises `ColumnsError` for bars that cannot be traded on, `StrategyError` for a strategy that cannot be used.
    """
    if not isinstance(policy, rc.Policy):
        raise ValueError(f"policy must be a riskcore.Policy, got {policy!r:.60}")
    rules = policy if capital is None else evolve(policy, default_capital=capital)
    intrabar, entries = _one_of(rc.Intrabar, intrabar), _one_of(rc.Entries, entries)
    begins, given = _moment(first), _by_symbol(bars, symbol)
    known = _columns(given, None, _moment(last, end=True))
    length = interval or interval_of(known.values())
    refuse_other(known.values(), length)
    if rc.interval_length(length) >= DAY:
        known = {name: table.from_midnight() for name, table in known.items()}
    columns = _columns(known, begins, None)
    own = tuple(instruments)
    named = _instruments(columns, own, rules)
    series, auctions = without_auctions(uncut := {thing: known[name] for name, thing in named.items()}, rules, length)
    traded = {thing: table.between(begins, None) for thing, table in series.items()}
    refuse_unserved(strategy, given)
    line = Timeline(list(series.values()), rc.interval_length(length))
    if check:
        refuse_differing(strategy, series, length)
    raised = raised_by([strategies_of(strategy, thing, length, len(series)) for thing in series], series, line)
    how: dict[str, Any] = {"interval": length, "intrabar": intrabar, "entries": entries}
    by_tables = {thing: series[thing] for name, thing in named.items() if thing not in (name, *own)}
    if listed is None and by_tables:
        listed = rc.listed_by_month(by_tables, tables=rules.tables)
    within = _finer(finer, series, line.length, asked=intrabar is rc.Intrabar.LOWER_TIMEFRAME)
    run = Jumps(rules, series, raised, line, uncut, listed=listed, finer=within, **how)
    with uncollected():
        simulation = run.play(begins)
    total = sum(map(len, traded.values()))
    return Run(
        policy=rules,
        **how,
        instruments=tuple(traded),
        simulation=simulation,
        jumped=Jumped(total, total - run.looked_at, tuple(run.forced.most_common())),
        bars=tuple(traded.values()),
        notes=(*notes, *auctions, *notes_of(simulation, traded, rules, line, run.facts)),
        buy_and_hold_pct=kept_pct(traded.values()),
    )


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's collector of cycles: a run makes none, and its many values would be looked through for them.

    Nor are they after it, as what is new: they are put to what has been there for long, unless the host has frozen
    something, which that would thaw.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            if gc.get_freeze_count() <= FROZEN:
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _columns(given: Mapping[Any, Any], first: int | None, last: int | None) -> dict[Any, Columns]:
    """What of each table lies between two moments; symbols of which nothing does are left out."""
    cut = {name: Columns.of(table, _name(name)).between(first, last) for name, table in given.items()}
    kept = {name: table for name, table in cut.items() if len(table)}
    if not kept:
        raise ColumnsError("no bar is left to trade on: check the dates and the files")
    return kept


def _by_symbol(bars: Any, symbol: str) -> Mapping[Any, Any]:
    """The tables by symbol or instrument."""
    columnar = isinstance(bars, Mapping) and {str(name).lower() for name in bars} >= set(PRICES)
    if isinstance(bars, Mapping) and not columnar:
        if not bars:
            raise ColumnsError("no bars at all: give a DataFrame, or a mapping from symbols to them")
        _refuse_unanswered(bars)
        plain = [_plain(name) for name in bars]
        if len(set(plain)) < len(plain):
            raise ColumnsError(f"an instrument is there twice: {', '.join(map(_name, bars))}")
        return dict(zip(plain, bars.values(), strict=True))
    if not symbol:
        raise ColumnsError("these bars are one symbol's, and it is not said which: give symbol='INFY' or the like")
    return {_plain(symbol): bars}


def _plain(named: Any) -> Any:
    """A symbol without `NSE:` before it; `ColumnsError` for another exchange, which a name alone does not tell."""
    exchange, colon, symbol = named.partition(":") if isinstance(named, str) else ("", "", "")
    if not colon:
        return named
    if exchange != NSE:
        raise ColumnsError(
            f"{named}: a name stands for a share at NSE; give the instrument itself instead: "
            f"{{rc.Instrument(symbol={symbol!r}, exchange={exchange!r}, tick=...): bars}}"
        )
    return symbol


def _refuse_unanswered(bars: Mapping[Any, Any]) -> None:
    """`ColumnsError` for what OpenAlgo answers where it has no history: a dict with a message in the place of bars."""
    for name, given in {"": bars, **bars}.items():
        if isinstance(given, Mapping) and isinstance(given.get("message"), str) and "status" in given:
            of = f"{_name(name)}: " if name else ""
            raise ColumnsError(f"{of}these are no bars, but an answer without any: {given['message']}")


def _name(named: Any) -> str:
    return named.symbol if isinstance(named, rc.Instrument) else str(named)


def _read(text: str) -> date:
    """A date such as 2026-11-20, or a date and time."""
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-11-20") else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"first and last are days such as 2026-11-20, or moments, got {text!r}") from None


def _moment(when: date | datetime | str | None, *, end: bool = False) -> int | None:
    """A bound in nanoseconds; a date counts from its first moment, or, as an end, up to its last."""
    if when is None:
        return None
    if isinstance(when, str):
        when = _read(when)
    if not isinstance(when, date):
        raise ValueError(f"first and last are a date or a datetime, got {when!r}")
    if not isinstance(when, datetime):
        whole = datetime(when.year, when.month, when.day, tzinfo=rc.IST)
        when = whole + timedelta(days=1) if end else whole
    return int(times([when], "first, last")[0])


def _instruments(
    columns: Mapping[Any, Columns], instruments: Iterable[rc.Instrument], policy: rc.Policy
) -> dict[Any, rc.Instrument]:
    """The instrument of each table; `ColumnsError` where two of them are one."""
    things = {thing.symbol: thing for thing in instruments}
    named = {name: _instrument(name, table, things, policy) for name, table in columns.items()}
    if len(set(named.values())) < len(named):
        raise ColumnsError(f"an instrument is there twice: {', '.join(map(_name, columns))}")
    return named


def _instrument(named: Any, table: Columns, things: Mapping[str, rc.Instrument], policy: rc.Policy) -> rc.Instrument:
    """What was given, else from the tables as of the first bar's day, whose open stands for last month's close."""
    if isinstance(named, rc.Instrument):
        return named
    if named in things:
        return things[named]
    first, odd = table.bar(0), why_no_share(str(named))
    if odd is not None:
        raise ColumnsError(f"{odd}: give the instrument (instruments=[rc.future(...)], or rc.Instrument(...))")
    try:
        return rc.nse_equity(str(named), on=first.at.date(), last_month_close=first.open, tables=policy.tables)
    except LookupError as unknown:
        raise ColumnsError(
            f"{named}: {unknown}; trade later days alone (first=), or give its tick "
            f"(instruments=[rc.Instrument(symbol={str(named)!r}, tick=...)])"
        ) from None


def _one_of(kind: type[Choice], given: Choice | str) -> Choice:
    """The choice itself, or by its name."""
    try:
        return kind(given)
    except ValueError:
        told = ", ".join(one.value for one in kind)
        raise ValueError(f"{kind.__name__.lower()} is one of {told}, got {given!r}") from None


def _finer(
    finer: Mapping[str, Any] | None, series: Iterable[rc.Instrument], length: int, *, asked: bool
) -> dict[str, Sequence[rc.Bar]]:
    """The finer bars by key; `ColumnsError` for those of a symbol that the run has not."""
    odd = (finer or {}).keys() - keys_of(series).keys()
    if odd:
        raise ColumnsError(
            f"finer bars of {', '.join(sorted(map(str, odd)))}, of which there are no others in this run"
        )
    found: dict[str, Sequence[rc.Bar]] = {}
    for thing in series:
        table = (finer or {}).get(thing.symbol, (finer or {}).get(thing.key))
        if table is not None:
            found[thing.key] = columns = Columns.of(table, thing.symbol)
            refuse_coarse(columns, length)
    if asked and not found:
        raise ColumnsError("intrabar='lower_timeframe' needs finer bars: give finer={symbol: bars}")
    return found
