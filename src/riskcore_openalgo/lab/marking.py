"""What prices do to what is held: the first bar that touches a level or moves the day out of bounds, and the marks."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.lab.searching import INFINITE, MARGIN, Held, bounds, peaks, results_of, touch

if TYPE_CHECKING:
    from riskcore_openalgo.lab.jumping import Jumps


def search(run: Jumps, quiet: engine.Quiet, first: int, limit: int) -> int:
    """The code of the first bar that moves the day's result out of its bounds; else `limit`.

    What is held is marked up to there. No bar before `limit` touches a level, and `quiet` is that of the state.
    """
    both = zip(quiet.watched, run.state.book.positions, strict=True)
    held = [one for watched, position in both if (one := _held(run, watched, position, first, limit)) is not None]
    return _within(run, quiet, held, limit) if held else limit


def touched(run: Jumps, quiet: engine.Quiet, first: int, limit: int) -> int:
    """The code of the first bar that touches a level, else `limit`."""
    for watched in quiet.watched:
        thing = run.number[watched.key]
        low, high = run.line.place(thing, first), run.line.place(thing, limit)
        hit = touch(run.series[thing], low, high, watched)
        if hit < high:
            limit = run.line.code(thing, hit)
    return limit


def _held(run: Jumps, watched: engine.Watched, position: rc.Position, first: int, limit: int) -> Held | None:
    """What is held of an instrument, where it has bars from one code up to another."""
    thing = run.number[watched.key]
    low, last = run.line.place(thing, first), run.line.place(thing, limit)
    if low >= last:
        return None
    way, average = 1 if position.side == rc.BUY else -1, float(position.average_price)
    return Held(thing, low, last, way, position.quantity, average, watched, position)


def _within(run: Jumps, quiet: engine.Quiet, held: list[Held], limit: int) -> int:
    """Mark what is held, to the first bar that moves the day's result out of its bounds, whose code is returned."""
    book = run.state.book
    assert book.opening_equity is not None
    now, margin = float(book.came_to()), _margin(book, held)
    top = float(book.session_peak if book.session_peak is not None else book.opening_equity)
    top -= float(book.opening_equity)
    floor = -INFINITE if quiet.floor is None else float(quiet.floor)
    ceiling = INFINITE if quiet.ceiling is None else float(quiet.ceiling)
    low, high = bounds(held, now)
    if low - margin > floor and high + margin < min(ceiling, top):
        _mark(run, held, limit)
        return limit
    codes, results = results_of(held, now, run.line, run.series)
    if min(results) <= floor + margin or max(results) > ceiling - margin:
        out = (place for place, one in enumerate(results) if one <= floor + margin or one > ceiling - margin)
        at = next(out)
        limit, codes, results = codes[at], codes[:at], results[:at]
    if results and max(results) > top - margin:
        for peak in peaks(results, margin):
            _mark(run, held, codes[peak] + 1)
            held = _left(run, held, codes[peak] + 1)
    _mark(run, held, limit)
    return limit


def _margin(book: rc.Book, held: list[Held]) -> float:
    """What the result must be away from a bound, in rupees, to be sure that it is on this side of it."""
    worth = sum([one.quantity * one.average for one in held]) + abs(float(book.opening_equity or 0))
    return 1e-6 + worth * MARGIN


def _mark(run: Jumps, held: list[Held], limit: int) -> None:
    """Mark each held instrument with its bars before `limit`: what lowers equity first."""
    due = []
    for one in held:
        last = min(run.line.place(one.thing, limit), one.last)
        if last > one.first:
            known = one.position.last or one.position.average_price
            close = run.series[one.thing].price("close", last - 1)
            due.append((one.way * (close - known) * one.quantity, one, last, close))
    if len(due) > 1:
        due.sort(key=itemgetter(0))
    for _, one, last, close in due:
        run.mark(run.marked(one.thing, one.first, last, close))


def _left(run: Jumps, held: list[Held], limit: int) -> list[Held]:
    """What still has bars after it was marked up to a code."""
    left = []
    for one in held:
        first = max(run.line.place(one.thing, limit), one.first)
        if first < one.last:
            position = run.state.book.position(one.watched.key) or one.position
            left.append(one._replace(first=first, position=position))
    return left
