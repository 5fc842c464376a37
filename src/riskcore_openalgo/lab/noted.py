"""What is to be known of a run of bars beside its figures: odd bars, halts that nobody lifted, nights held over.

Each function answers with sentences, which are the run's notes; none where there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from attrs import evolve

import riskcore as rc
from riskcore import engine
from riskcore.engine.clock import ENTRY_TIMEOUT
from riskcore.engine.overnight import PRICE_JUMPED
from riskcore.engine.settling import AT_OWN
from riskcore_openalgo.lab.columns import IST_AHEAD, SECOND, Columns
from riskcore_openalgo.lab.no_shares import OPTIONS, SHARES, indices_of, spellings_of
from riskcore_openalgo.lab.timeline import Timeline, date_of

GAP_UP, GAP_DOWN = 1.4, 0.7
ALWAYS: Final = (0, 1 << 62)
REGULAR: Final = "regular"
PAISA_AWAY: Final = 1e-3
"""So far from whole paise, in paise, no rounding of a float leads."""
OPERATOR: Final = "operator"
"""`Latch.resets` of what a hand alone lifts."""


def notes_of(
    simulation: rc.Simulation,
    series: Mapping[rc.Instrument, Columns],
    policy: rc.Policy,
    line: Timeline,
    facts: Sequence[rc.events.Fact],
) -> tuple[str, ...]:
    """All of them, the gravest first. `facts` are at least those of trades that went by steps."""
    return (
        *halts_of(simulation),
        *expired_of(simulation, facts),
        *indices_of(simulation, series),
        *spellings_of(series, policy),
        *days_of(series, policy, daily=line.daily),
        *(() if line.daily else (*grids_of(series, line.length), *holes_of(series, policy, line.length))),
        *nights_of(simulation, facts),
        *missed_of(facts, policy),
        *candles_of(policy, line.length),
        *fractions_of(series),
        *gaps_of(series),
    )


def halts_of(simulation: rc.Simulation) -> Iterator[str]:
    """A line for each halt that stood at the end and that a hand alone lifts: no entry passed it, to the last bar."""
    for latch in sorted(simulation.state.book.latches, key=lambda latch: latch.at):
        if latch.resets == OPERATOR:
            remedy = "correct the bars, or set overnight_move_pct: null" if latch.name == PRICE_JUMPED else ""
            yield (
                f"{latch.key or 'all symbols'}: no entry from {latch.at:%Y-%m-%d} to the end, stopped by {latch.name} "
                f"({latch.why}); somebody has to lift it, and nobody does in a backtest{remedy and ': ' + remedy}"
            )


def expired_of(simulation: rc.Simulation, facts: Sequence[rc.events.Fact]) -> Iterator[str]:
    """A line for each contract that is held beyond its expiry, and one where some were settled at their own last price.

    `facts` are at least those of trades that went by steps; no other is settled.
    """
    now = simulation.state.now
    for held in simulation.state.book.positions:
        thing = held.instrument
        if now is None or thing.expiry is None or now.date() < thing.expiry:
            continue
        if rc.settles_by_delivery(thing):
            why = "it ends in shares, which no backtest delivers (expiry_exit_days: 0, or an exit of the strategy)"
        elif not engine.settles_in_cash(thing):
            why = "what settles it is not known here; leave it before, by an exit of the strategy"
        elif thing.has_expired(now.date()):
            why = f"no bar tells the close that settles it; give bars of {thing.underlying} beside it"
        else:
            why = "the bars end before its session does, so that it is not settled"
        yield f"{thing.key}: expires on {thing.expiry}, and is held to the end at its last price: {why}"
    own = [fact.key for fact in facts if isinstance(fact, rc.events.PositionAdjusted) and fact.why == AT_OWN]
    if own:
        yield (
            f"{len(own)} contracts were settled at their own last price, the first {own[0]}: there are no bars of "
            "their underlying up to the close, which is what settles them; give them beside"
        )


def grids_of(series: Mapping[rc.Instrument, Columns], length: int) -> Iterator[str]:
    """One line where bars of symbols mostly begin at different minutes; `length` of one in nanoseconds."""
    begins: dict[int, tuple[int, str]] = {}
    alike: dict[int, tuple[rc.Instrument, Columns]] = {}  # often all have the very same moments
    for thing, table in series.items():
        alike.setdefault(id(table.at), (thing, table))
    for thing, table in alike.values() if len(alike) > 1 else ():
        phases, counts = np.unique((table.at + IST_AHEAD) % length, return_counts=True)
        begins.setdefault(phases.item(counts.argmax()), (table.at.item(0), thing.key))
    if len(begins) > 1:
        told = " and ".join(f"{key} {_minute_of(at)}" for at, key in list(begins.values())[:2])
        yield (
            f"bars begin at different minutes, the first {told}: a bar of one symbol ends within that of another, "
            "and an entry for the next open is given up there before it trades; give bars that begin together"
        )


def holes_of(series: Mapping[rc.Instrument, Columns], policy: rc.Policy, length: int) -> Iterator[str]:
    """One line where bars are missing between others of their day; `length` of one in nanoseconds.

    A share that did not trade has none, so that it is no error. Days of odd hours are left out, which may have a pause.
    """
    total, holes, plain = 0, [], dict[tuple[int, str], bool]()
    for thing, table in series.items():
        days = table.days
        missing: npt.NDArray[np.int64] = np.where(np.diff(days) == 0, np.diff(table.at) // length - 1, 0)
        after = np.flatnonzero(missing)
        odd, firsts = np.unique(days[after], return_index=True)  # days only rise
        counts = np.add.reduceat(missing[after], firsts) if after.size else firsts
        for day, first, count in zip(odd.tolist(), firsts.tolist(), counts.tolist(), strict=True):
            if (day, thing.exchange) not in plain:
                plain[day, thing.exchange] = _regular(day, thing, policy)
            if plain[day, thing.exchange]:
                total += count
                holes.append((table.at.item(after.item(first)) + length, thing.key))
    if holes:
        at, key = min(holes)
        yield (
            f"{total} bars are missing amid their days, the first {key} {_minute_of(at)}: nothing is seen there, "
            "and no stop or target is met (a share that did not trade has no bar)"
        )


def fractions_of(series: Mapping[rc.Instrument, Columns]) -> Iterator[str]:
    """One line where shares close at fractions of a paisa, at which none trades: prices that somebody worked out.

    Adjusted ones, say, or floats of half the length. They are traded at as they stand.
    """
    odd = []
    for thing, table in series.items():
        if thing.segment == SHARES:
            paise = table.close * 100
            away = np.flatnonzero(np.abs(paise - np.round(paise)) > PAISA_AWAY)
            odd += [(away.size, thing.key, table, away.item(0))] if away.size else []
    if odd:
        _, key, table, place = odd[0]
        yield (
            f"{sum(count for count, *_ in odd)} bars close at fractions of a paisa, the first {key} "
            f"{table.moment(place):%Y-%m-%d %H:%M} at {table.price('close', place)}: these are adjusted or rounded "
            "prices, and not those at which shares traded; sizes and charges are those of the prices as they are"
        )


def _minute_of(at: int) -> str:
    return f"{datetime.fromtimestamp(at / SECOND, rc.IST):%Y-%m-%d %H:%M}"


def _regular(day: int, thing: rc.Instrument, policy: rc.Policy) -> bool:
    try:
        session = rc.session_on(date_of(day), thing, tables=policy.tables)
    except rc.CalendarUnknown:
        return False
    return session is not None and session.kind == REGULAR


def gaps_of(series: Mapping[rc.Instrument, Columns]) -> tuple[str, ...]:
    """Opens far from the close of the day before, one line each: a split, a bonus, or another company's prices.

    More than 1.4 times that close, or less than 0.7; such a gap is traded through as it stands. Of options nothing is
    told: a premium moves so far in any week.
    """
    told = []
    for thing, table in series.items():
        if thing.segment == OPTIONS:
            continue
        moved = table.open[1:] / table.close[:-1]
        far = np.flatnonzero((moved > GAP_UP) | (moved < GAP_DOWN))
        days = table.days if far.size else far
        odd = far[days[far + 1] > days[far]]
        told += [
            f"{thing.key} {table.moment(place + 1):%Y-%m-%d}: open {table.open[place + 1]:g} after a close of "
            f"{table.close[place]:g}: a split, a bonus or another company; the bars are taken as they are"
            for place in odd.tolist()
        ]
    return tuple(told)


def days_of(series: Mapping[rc.Instrument, Columns], policy: rc.Policy, *, daily: bool) -> tuple[str, ...]:
    """A line where bars stand on days on which the exchange was closed, and one where they stand outside its hours.

    Bars of a day stand at any hour of it.
    """
    hours: dict[tuple[int, str], tuple[int, int] | None] = {}
    closed: dict[int, str] = {}
    outside: list[tuple[int, str]] = []
    seen: set[tuple[int, str]] = set()
    for thing, table in series.items():
        kind = str(engine.hours_key(thing))
        if (id(table.at), kind) in seen:  # often all have the very same moments
            continue
        seen.add((id(table.at), kind))
        days = table.days
        begins = np.diff(days, prepend=-1) > 0
        own, plain = days[begins].tolist(), evolve(thing, derivatives_listed=False)  # with its closing auction
        for day in own:
            if (day, kind) not in hours:
                hours[day, kind] = _hours(day, plain, policy)
            if hours[day, kind] is None:
                closed.setdefault(day, thing.key)
        if not daily:
            bounds = np.array([hours[day, kind] or ALWAYS for day in own], dtype=np.int64)[np.cumsum(begins) - 1]
            late = table.at[(table.at < bounds[:, 0]) | (table.at >= bounds[:, 1])]
            outside += [(at, thing.key) for at in late.tolist()]
    return (*_closed_days(closed), *_outside_hours(outside))


def _closed_days(closed: Mapping[int, str]) -> Iterator[str]:
    if closed:
        day, key = min(closed.items())
        yield (
            f"bars on {len(closed)} days on which the exchange was closed, the first {key} {date_of(day)}: "
            "orders fill on them, and averages count them; correct them, or take them out"
        )


def _outside_hours(outside: Sequence[tuple[int, str]]) -> Iterator[str]:
    if outside:
        at, key = min(outside)
        yield (
            f"{len(outside)} bars begin outside the hours of trading, the first {key} {_minute_of(at)}: entries "
            "are refused there; look at their time zone (times without one are taken as Indian)"
        )


def nights_of(simulation: rc.Simulation, facts: Sequence[rc.events.Fact]) -> tuple[str, ...]:
    """One line where intraday positions (MIS) were held over a night, which no broker allows.

    `facts` are at least those of trades that went by steps; no other is held over a night.
    """
    late = {closed.signal_id for closed in simulation.trades if closed.opened_at.date() < closed.closed_at.date()}
    if not late:
        return ()
    orders = (fact.order for fact in facts if isinstance(fact, rc.events.EntryApproved))
    intraday = {order.signal_id for order in orders if order.product == "MIS"} & late
    if not intraday:
        return ()
    told = (
        f"{len(intraday)} of {len(simulation.trades)} trades are intraday (MIS) and were held over a night, for no bar "
        "shows the square-off of their day (on daily bars give signals the product CNC)"
    )
    return (told,)


def missed_of(facts: Sequence[rc.events.Fact], policy: rc.Policy) -> Iterator[str]:
    """One line where entries that were approved found no price within their limit. `facts` are those of `nights_of`."""
    taken_back = (fact for fact in facts if isinstance(fact, rc.events.CancelRequested))
    missed = {fact.order_id for fact in taken_back if fact.why == ENTRY_TIMEOUT}
    if missed:
        missed -= {fact.order_id for fact in facts if isinstance(fact, rc.events.Filled)}
    if missed:
        yield (
            f"approved entries that did not trade: {len(missed)}; the next bar opened beyond their limit, which is "
            f"entry_band_pct {policy.entry_band_pct} % from the close they were decided on, or was missing"
        )


def candles_of(policy: rc.Policy, length: int) -> Iterator[str]:
    """One line where candles are counted that are shorter than the bars; `length` of a bar in nanoseconds."""
    if int(rc.interval_length(policy.trail_interval).total_seconds()) * SECOND >= length:
        return
    counted = [] if policy.time_stop_bars is None else [f"time_stop_bars {policy.time_stop_bars}"]
    if policy.trail_on == "bar" and policy.moves_stops:
        counted.append("trail_on bar")
    if counted:
        yield (
            f"{' and '.join(counted)}: candles are those of trail_interval, {policy.trail_interval}, and not these "
            "longer bars; where bars are meant, set trail_interval to the length of one"
        )


def _hours(day: int, thing: rc.Instrument, policy: rc.Policy) -> tuple[int, int] | None:
    """When a day's trading begins and ends, in nanoseconds; None: the exchange is closed.

    All times where the calendar cannot tell.
    """
    try:
        session = rc.session_on(date_of(day), thing, tables=policy.tables)
    except rc.CalendarUnknown:
        return ALWAYS
    if session is None:
        return None
    return int(session.opens.timestamp()) * SECOND, int(session.closes.timestamp()) * SECOND
