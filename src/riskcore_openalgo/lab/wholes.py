"""Trades that nothing else touches, taken at once: where in the columns one begins, and where it ends.

`riskcore.engine.whole` decides and books; here its bars are found. Whatever is not plain (another day, a second
instrument that may trade meanwhile, a bar that reached stop and target) goes by steps, as every trade could.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import riskcore as rc
from riskcore import engine, events as e
from riskcore.engine import whole
from riskcore.engine.quiet import results_between
from riskcore_openalgo.lab.columns import Columns
from riskcore_openalgo.lab.searching import touch

if TYPE_CHECKING:
    from riskcore_openalgo.lab.jumping import Certain, Jumps

BY_STEPS: Final = -1
"""In the place of a code: this one is not to be taken at once."""


class Found(NamedTuple):
    """The bars of a trade: its instrument, and the numbers of the bars of its fill, its exit and its best close."""

    thing: int
    fill: int
    exit: int
    best: int


def may_be_whole(run: Jumps, quiet: engine.Quiet) -> bool:
    """Whether trades may be taken at once from here on; `quiet` is that of the state.

    One that is leaves it so: what is looked at here is moved by steps alone.
    """
    plain = run.broker.entries is rc.Entries.NEXT_OPEN and not run.line.daily
    return plain and whole.is_alone(quiet, run.state, run.policy)


def whole_trade(run: Jumps, told: int) -> int:
    """Take the trade of the signal at the code `told`; the code from which the run goes on, or `BY_STEPS`.

    A signal that is refused is taken too, for it was decided on; of a trade that ends by steps, the entry alone. It is
    to be asked where `may_be_whole`.
    """
    thing, signals = told % run.line.width - 1, () if _is_followed(run, told) else run.raised.at(told)
    if len(signals) != 1 or run.things[thing].key != signals[0].key:
        return BY_STEPS
    place, columns = run.line.place(thing, told), run.series[thing]
    run.seen[thing].ended = place + 1
    at = columns.moment(place) + run.length
    market = run.market(signals[0], engine.asked_interval(signals[0], run.policy), at)
    decision = whole.decided(run.state, signals[0], market, run.policy)
    if decision is None:
        return BY_STEPS
    if isinstance(decision, rc.Refused):
        run.state, facts = whole.refused(run.state, decision, at)
        run.facts += facts
        return told + 1
    return _entered(run, decision, told, place + 1)


def _entered(run: Jumps, decision: rc.Approved, told: int, fill: int) -> int:
    """Fill the entry where the next bar opens, which is to follow at once."""
    line, thing = run.line, told % run.line.width - 1
    columns = run.series[thing]
    if fill == columns.at.size or line.code(thing, fill) != told + line.width:
        return BY_STEPS
    if columns.at.item(fill) != columns.at.item(fill - 1) + line.length:
        return BY_STEPS
    ends, bounds = decision.order.at + run.length, results_between(run.state, run.policy)
    held = whole.entered(run.state, decision, columns.price("open", fill), ends, bounds, run.policy)
    if held is None:
        return BY_STEPS
    after = _left(run, held, thing, fill)
    return _begun(run, held, told, fill) if after == BY_STEPS else after


def _begun(run: Jumps, held: whole.Entered, told: int, fill: int) -> int:
    """Take the entry alone, where the exit goes by steps; the code right after the fill, or `BY_STEPS`."""
    line, thing, key = run.line, told % run.line.width - 1, held.position.instrument.key
    filled = line.code(thing, fill) // line.width * line.width
    begun = whole.begun(held, run.policy) if run.first_told(told + 1) > filled else None
    if begun is None:
        return BY_STEPS
    run.state, facts = begun
    run.facts += facts
    columns = run.series[thing]
    run.latest[key] = prices = run.spanned(key, columns.moment(fill), columns.exact(fill))
    run.broker = run.broker.shown(prices)
    return filled + 1


def _left(run: Jumps, held: whole.Entered, thing: int, fill: int) -> int:
    """Find the bar that touches a level, before anything else acts, and take the trade."""
    line, columns, position = run.line, run.series[thing], held.position
    first, session = line.code(thing, fill), run.state.book.session
    assert session is not None
    limit = min(line.next_day(session), line.ends * line.width)
    if held.until is not None:
        limit = min(limit, line.from_moment(held.until, first // line.width))
    last, long = line.place(thing, limit), position.side == rc.BUY
    levels = (position.stop, position.target) if long else (position.target, position.stop)
    hit = touch(columns, fill, last, engine.Watched(position.instrument.key, *levels))
    code = line.code(thing, hit) if hit < last else limit
    others = _refused_meanwhile(run, first, code, held.signal.id) if hit < last else None
    if others is None:
        return BY_STEPS
    before, best = _before(columns, fill, hit, long=long)
    prices = run.spanned(position.instrument.key, columns.moment(hit), columns.exact(hit))
    trade = whole.left(held, prices, before, tuple(others), run.policy)
    if trade is None:
        return BY_STEPS
    _take(run, trade, Found(thing, fill, hit, best), others, prices)
    return code


def _before(columns: Columns, fill: int, hit: int, *, long: bool) -> tuple[whole.Before | None, int]:
    """What the bars from the fill up to the exit came to, and which of them ended best."""
    if fill == hit:
        return None, fill
    closes = columns.close[fill:hit]
    least, most = fill + closes.argmin().item(), fill + closes.argmax().item()
    best, worst = (most, least) if long else (least, most)
    return whole.Before(columns.price("close", best), columns.price("close", worst), best == hit - 1), best


def _is_followed(run: Jumps, told: int) -> bool:
    """Whether another signal comes before the entry has filled, or with it, that may be taken too."""
    return not _refuses_others(run) and run.first_told(told + 1) <= told + run.line.width


def _refuses_others(run: Jumps) -> bool:
    """Whether one position is enough for no entry to be taken beside it."""
    policy = run.policy
    return policy.one_position_per_symbol and (run.line.count == 1 or policy.max_positions == 1)


def _refused_meanwhile(run: Jumps, first: int, code: int, signal_id: str) -> Certain | None:
    """The signals from that of `signal_id` on, to the exit at `code`, all refused for certain; None where one is not.

    `first` is the bar of the fill: before it nothing is held yet.
    """
    codes = run.codes
    at = bisect_left(codes, first - run.line.width + 1)
    last = bisect_left(codes, code, at)
    if at == last:
        return {}
    if not _refuses_others(run) or codes[at] < first or run.drawn(at, last) < last:
        return None
    new = dict(zip(run.raised.ids[at:last], codes[at:last], strict=True))
    unknown = len(new) == last - at and run.state.seen.isdisjoint(new)
    return new if unknown and signal_id not in new else None


def _take(run: Jumps, trade: whole.Left, found: Found, others: Certain, prices: e.PricesSeen) -> None:
    meanwhile = partial(_refusals, run, found, others)
    facts = whole.facts_of(trade, partial(_marks, run, trade, found), meanwhile, run.policy)
    run.take_at_once(trade.state, trade.closed, facts)
    run.latest[prices.key] = prices
    run.looked_at += 1
    run.forced["a level or a limit"] += 1


def _marks(run: Jumps, trade: whole.Left, found: Found) -> Iterator[e.Marked]:
    """One up to the session's highest equity, where a bar before the exit has it; one up to the exit; its own."""
    ends = (found.best + 1, found.exit) if trade.peaked else (found.exit,)
    first = found.fill
    for end in (*ends, found.exit + 1):
        if first < end:
            yield run.marked(found.thing, first, end, trade.order.reference if end > found.exit else None)
        first = end


def _refusals(run: Jumps, found: Found, others: Certain, stood: engine.State) -> Iterable[e.Fact]:
    return run.refusals(stood, run.line.code(found.thing, found.fill), others) if others else ()
