"""The backtest that jumps: the core's own run of bars, driven only with the bars at which something can happen.

Between two of them `riskcore.engine.quiet` says what would have to happen first, and a scan of the columns proves that
it does not. What is left out changes nothing but marks; those are made up for, as few as tell the same: one at each
new peak of equity, and one at the end. A float never decides: it only says that a bar need not be looked at, with a
margin that is far above what rounding can do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate, chain, pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

import riskcore as rc
from riskcore import engine, events as e
from riskcore_openalgo.lab.averages import Floats, wilder_atr
from riskcore_openalgo.lab.columns import Columns, Seen
from riskcore_openalgo.lab.timeline import NEVER, Timeline

MARGIN: Final = 1e-11
"""How far from a level, as a part of it, a float must be for its bar to be left out."""
FIRST_LOOK: Final = 64
INFINITE: Final = float("inf")
GRAIN: Final = Decimal("0.000001")
FORGETS: Final = 46
"""So many periods on, a Wilder average has forgotten its seed to 1e-20."""


class Held(NamedTuple):
    """A position between two codes: its instrument, its bars, and its result as floats."""

    thing: int
    first: int
    last: int
    way: int
    quantity: int
    average: float
    watched: engine.Watched
    position: rc.Position


class Jumps(rc.BarRun):
    """A run over columns; `raised` are the signals by the code of the bar that raised them."""

    def __init__(
        self,
        policy: rc.Policy,
        series: Mapping[rc.Instrument, Columns],
        raised: Mapping[int, Sequence[rc.Signal]],
        line: Timeline,
        **how: Any,
    ) -> None:
        self.things, self.series = tuple(series), tuple(series.values())
        self.seen = [Seen(columns) for columns in self.series]
        by_key = {thing.key: thing for thing in self.things}
        self.keys = tuple(by_key)
        super().__init__(policy, by_key, dict(zip(by_key, self.seen, strict=True)), **how)
        self.line, self.raised, self.codes = line, raised, sorted(raised)
        self.number = {key: place for place, key in enumerate(by_key)}
        self.looked_at = 0
        self.forced: Counter[str] = Counter()
        self._atr: dict[int, Floats] = {}

    # ------------------------------------------------------------ the loop

    def play(self) -> rc.Simulation:
        """All bars, from the first to the last."""
        end = len(self.line) * self.line.width
        if end:
            thing, place = self.line.group(0)[0]
            self.take(e.PolicyLoaded(self.series[thing].moment(place), self.policy))
            self.spoke = False  # nothing is held: there is nothing to ask breakers of
        cursor = 0
        while cursor < end:
            cursor = self._next(cursor, end)
        return self.simulation()

    def _next(self, cursor: int, end: int) -> int:
        """Deal with the next code at which something can happen; the code after it."""
        quiet = engine.quiet(self.state, self.policy)
        acts, why = self._acts(quiet, cursor)
        at = bisect_left(self.codes, cursor)
        told = self.codes[at] if at < len(self.codes) else NEVER
        limit = min(acts, told + 1, end)
        if quiet.watched and not quiet.always:
            found = self._search(quiet, cursor, limit)
            if found < limit:
                return self._look(found, "a level or a limit")
        if acts <= told and acts < end:
            return self._look(acts, why)
        if told < end:
            self._raise(told)
        return limit

    def _look(self, code: int, why: str) -> int:
        """A moment's orders meet its bars, or a bar is taken as live prices would be."""
        moment, slot = divmod(code, self.line.width)
        self.spoke = False
        if slot:
            thing = slot - 1
            place = self.line.place(thing, code)
            self.looked_at += 1
            self.forced[why] += 1
            self.see(self._show(thing, place))
            self._raise(code)
        else:
            working = {order.instrument.key for order in self.broker.working}
            for thing, place in self.line.group(moment) if working else ():
                if self.things[thing].key in working:
                    self.meet(self._prices(thing, place))
        return code + 1

    def _show(self, thing: int, place: int) -> e.PricesSeen:
        self.seen[thing].ended = place + 1
        prices = self._prices(thing, place)
        self.latest[prices.key] = prices
        return prices

    def _prices(self, thing: int, place: int) -> e.PricesSeen:
        """`span` of a bar, without the bar itself where it would have to be made."""
        columns = self.series[thing]
        if self.line.daily:
            return self.span(self.things[thing], columns.bar(place))
        return self.spanned(self.keys[thing], columns.moment(place), columns.exact(place))

    def _raise(self, code: int) -> None:
        """The signals of a bar, which has ended."""
        signals = self.raised.get(code)
        if signals is None:
            return
        thing = code % self.line.width - 1
        prices = self._show(thing, self.line.place(thing, code))
        if self.policy.correlates:  # the closes of what else is held are looked at too
            for other, seen in enumerate(self.seen):
                seen.ended = self.line.place(other, code + 1)
        for signal in signals:
            self.signal(signal, prices.at)

    # ------------------------------------------------------------ what acts by itself

    def _acts(self, quiet: engine.Quiet, cursor: int) -> tuple[int, str]:
        """The first code at which something acts whatever prices do, and why; `NEVER` where nothing does."""
        line, session = self.line, self.state.book.session
        assert session is not None
        if quiet.always or self.spoke:
            return self._after(line.next_bar(cursor), cursor), quiet.always or "a breaker has spoken"
        timed = NEVER if quiet.until is None else line.from_moment(quiet.until, cursor // line.width)
        day = line.next_day(session)
        time = min(timed, day)
        if time <= cursor // line.width * line.width:
            time = self._after(line.next_bar(cursor), cursor)
        first, why = time, "a new session" if day <= timed else "time"
        for key in quiet.ordered:
            code = self._after(self._bar_after(key, cursor), cursor)
            if code < first:
                first, why = code, "an order is on its way"
        for watched in quiet.watched:
            if watched.each:
                code = self._bar_after(watched.key, cursor)
                if code < first:
                    first, why = code, watched.each
        return first, why

    def _bar_after(self, key: str, cursor: int) -> int:
        thing = self.number[key]
        place = self.line.place(thing, cursor)
        return self.line.code(thing, place) if place < len(self.series[thing]) else NEVER

    def _after(self, bar: int, cursor: int) -> int:
        """The bar's code, or its moment's where that is still to come."""
        start = bar // self.line.width * self.line.width
        return start if start >= cursor else bar

    # ------------------------------------------------------------ what prices do

    def _search(self, quiet: engine.Quiet, first: int, limit: int) -> int:
        """The code of the first bar that touches a level or moves the result out of bounds; else `limit`.

        What is held is marked up to there.
        """
        spans = []
        for watched in quiet.watched:
            thing = self.number[watched.key]
            low, high = self.line.place(thing, first), self.line.place(thing, limit)
            hit = _touch(self.series[thing], low, high, watched)
            if hit < high:
                limit = self.line.code(thing, hit)
            spans.append((watched, thing, low))
        held = [one for span in spans if (one := self._held(*span, limit)) is not None]
        return self._within(quiet, held, limit) if held else limit

    def _held(self, watched: engine.Watched, thing: int, first: int, limit: int) -> Held | None:
        """What is held of an instrument, where it has bars from number `first` up to a code."""
        last, position = self.line.place(thing, limit), self.state.book.position(watched.key)
        if first >= last or position is None:
            return None
        way, average = 1 if position.side == rc.BUY else -1, float(position.average_price)
        return Held(thing, first, last, way, position.quantity, average, watched, position)

    def _within(self, quiet: engine.Quiet, held: list[Held], limit: int) -> int:
        """Mark what is held, to the first bar that moves the day's result out of its bounds, whose code is returned."""
        book = self.state.book
        assert book.opening_equity is not None
        now, margin = float(book.net_realised + book.unrealised), self._margin(held)
        top = float(book.session_peak if book.session_peak is not None else book.opening_equity)
        top -= float(book.opening_equity)
        floor = -INFINITE if quiet.floor is None else float(quiet.floor)
        ceiling = INFINITE if quiet.ceiling is None else float(quiet.ceiling)
        low, high = _bounds(held, now)
        if low - margin > floor and high + margin < min(ceiling, top):
            self._mark(held, limit)
            return limit
        codes, results = self._results(held, now)
        if min(results) <= floor + margin or max(results) > ceiling - margin:
            out = (place for place, one in enumerate(results) if one <= floor + margin or one > ceiling - margin)
            at = next(out)
            limit, codes, results = codes[at], codes[:at], results[:at]
        if results and max(results) > top - margin:
            for peak in _peaks(results, margin):
                self._mark(held, codes[peak] + 1)
                held = self._left(held, codes[peak] + 1)
        self._mark(held, limit)
        return limit

    def _margin(self, held: list[Held]) -> float:
        """What the result must be away from a bound, in rupees, to be sure that it is on this side of it."""
        book = self.state.book
        worth = sum(one.quantity * one.average for one in held) + abs(float(book.opening_equity or 0))
        return 1e-6 + worth * MARGIN

    def _results(self, held: list[Held], now: float) -> tuple[Sequence[int], list[float]]:
        """The code of every bar of what is held, in order, and the day's result after each."""
        codes = [self.line.codes(one.thing, one.first, one.last) for one in held]
        moved = []
        for one in held:
            last = one.average if one.position.last is None else float(one.position.last)
            closes, each = self.series[one.thing].close[one.first : one.last].tolist(), one.way * one.quantity
            moved.append([(close - last) * each for close in closes])
        if len(held) == 1:
            return codes[0], [now + result for result in moved[0]]
        steps = [[after - before for before, after in pairwise((0.0, *each))] for each in moved]
        together = sorted(zip(chain(*codes), chain(*steps), strict=True))
        return [code for code, _ in together], [now + made for made in accumulate(step for _, step in together)]

    def _mark(self, held: list[Held], limit: int) -> None:
        """Mark each held instrument with its bars before `limit`: what lowers equity first."""
        due = []
        for one in held:
            last = min(self.line.place(one.thing, limit), one.last)
            if last > one.first:
                known = one.position.last or one.position.average_price
                close = self.series[one.thing].price("close", last - 1)
                due.append((one.way * (close - known) * one.quantity, one, last, close))
        if len(due) > 1:
            due.sort(key=itemgetter(0))
        for _, one, last, close in due:
            self._note(one, last, close)

    def _left(self, held: list[Held], limit: int) -> list[Held]:
        """What still has bars after it was marked up to a code."""
        left = []
        for one in held:
            first = max(self.line.place(one.thing, limit), one.first)
            if first < one.last:
                position = self.state.book.position(one.watched.key) or one.position
                left.append(one._replace(first=first, position=position))
        return left

    def _note(self, one: Held, last: int, close: Decimal) -> None:
        """One mark for all of a position's bars up to `last`."""
        columns, place = self.series[one.thing], last - 1
        highs, lows = columns.high[one.first : last].tolist(), columns.low[one.first : last].tolist()
        high = columns.price("high", one.first + highs.index(max(highs)))
        low = columns.price("low", one.first + lows.index(min(lows)))
        at = self._ends(one.thing, place)
        mark = e.Marked(at, one.watched.key, close, high if high > close else None, low if low < close else None)
        self.mark(mark)

    def _ends(self, thing: int, place: int) -> Any:
        """When a bar ends, as `span` has it."""
        if self.line.daily:
            return self.span(self.things[thing], self.series[thing].bar(place)).at
        return self.series[thing].moment(place) + self.length

    # ------------------------------------------------------------ evidence

    def close(self, key: str) -> Decimal | None:
        """The close of an instrument's last bar, without the bar."""
        thing = self.number[key]
        ended = self.seen[thing].ended
        return self.series[thing].price("close", ended - 1) if ended else None

    def average(self, key: str) -> Decimal:
        """The ATR of an instrument's bars so far, to a millionth: by floats, and exactly where those are in doubt."""
        thing = self.number[key]
        columns, period = self.series[thing], self.policy.atr_period
        if thing not in self._atr:
            self._atr[thing] = wilder_atr(columns.high, columns.low, columns.close, period)
        place = self.seen[thing].ended - 1
        value = self._atr[thing].item(place)
        steps = value * 1e6
        if abs(steps % 1 - 0.5) > 1e-4 + columns.close.item(place) * 1e-7:  # a hundred times what rounding can do
            return Decimal(round(steps)).scaleb(-6)
        bars = self.seen[thing]
        return rc.atr(bars[-min(len(bars), (FORGETS + 1) * period) :], period)


def _touch(columns: Columns, first: int, last: int, watched: engine.Watched) -> int:
    """The first bar whose low is at or under `below` or whose high is at or over `above`; `last` where none is."""
    below = -INFINITE if watched.below is None else float(watched.below) * (1 + MARGIN)
    above = INFINITE if watched.above is None else float(watched.above) * (1 - MARGIN)
    width = FIRST_LOOK
    while first < last:
        end = min(first + width, last)
        lows, highs = columns.low[first:end].tolist(), columns.high[first:end].tolist()
        if min(lows) <= below or max(highs) >= above:
            return next(first + at for at in range(end - first) if lows[at] <= below or highs[at] >= above)
        first, width = end, width * 4
    return last


def _bounds(held: list[Held], now: float) -> tuple[float, float]:
    """Between which results the day stays while no position touches a level of its own."""
    low = high = now
    for one in held:
        last = one.average if one.position.last is None else float(one.position.last)
        below = -INFINITE if one.watched.below is None else float(one.watched.below)
        above = INFINITE if one.watched.above is None else float(one.watched.above)
        ends = sorted((one.way * (below - last) * one.quantity, one.way * (above - last) * one.quantity))
        low, high = low + min(ends[0], 0), high + max(ends[1], 0)
    return low, high


def _peaks(results: list[float], margin: float) -> list[int]:
    """The places of the highest result, and of those that a float cannot tell from it."""
    least, seen, places = max(results) - margin, set[float](), []
    for place, result in enumerate(results):
        if result >= least and result not in seen:
            seen.add(result)
            places.append(place)
    return places
