"""The backtest that jumps: the core's own run of bars, driven only with the bars at which something can happen.

Between two of them `riskcore.engine.quiet` says what would have to happen first, and a scan of the columns proves that
it does not. What is left out changes nothing but marks; those are made up for, as few as tell the same: one at each
new peak of equity, and one at the end. A float never decides: it only says that a bar need not be looked at, with a
margin that is far above what rounding can do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from attrs import evolve

import riskcore as rc
from riskcore import engine, events as e
from riskcore.engine import whole
from riskcore_openalgo.lab.averages import TrueRanges, exact_atr_at
from riskcore_openalgo.lab.columns import Columns, Seen, times
from riskcore_openalgo.lab.marking import search, touched
from riskcore_openalgo.lab.raising import Raised
from riskcore_openalgo.lab.timeline import NEVER, Timeline
from riskcore_openalgo.lab.wholes import BY_STEPS, may_be_whole, whole_trade

Certain: TypeAlias = dict[str, int]
"""Signals that the book alone refuses, in their order: the code of the bar of each, by its id."""


class Jumps(rc.BarRun):
    """A run over columns; `raised` are the signals by the code of the bar that raised them.

    `uncut` are the columns with what none of it is shown: bars of the closing auction, which tell the close of the day.
    """

    def __init__(
        self,
        policy: rc.Policy,
        series: Mapping[rc.Instrument, Columns],
        raised: Raised,
        line: Timeline,
        uncut: Mapping[rc.Instrument, Columns] | None = None,
        **how: Any,
    ) -> None:
        self.things, self.series = tuple(series), tuple(series.values())
        self.seen = [Seen(columns) for columns in self.series]
        self.ranges = [TrueRanges(columns) for columns in self.series]
        by_key = {thing.key: thing for thing in self.things}
        self.keys = tuple(by_key)
        super().__init__(policy, by_key, dict(zip(by_key, self.seen, strict=True)), **how)
        self.line, self.raised, self.codes = line, raised, raised.codes
        self.uncut = {thing.key: columns for thing, columns in (uncut or series).items()}
        self.number = {key: place for place, key in enumerate(by_key)}
        self.expiries = engine.Expiries(policy, self.length)
        self.looked_at = 0
        self.forced: Counter[str] = Counter()

    # ------------------------------------------------------------ the loop

    @engine.exact
    def play(self, begins: int | None = None) -> rc.Simulation:
        """All bars that begin at `begins` (nanoseconds) or later; None: all.

        Signals of earlier bars are not taken; averages and closes know those bars, as a live day knows its warm-up.
        """
        moment = 0 if begins is None else int(self.line.starts.searchsorted(begins))
        cursor, end = moment * self.line.width, len(self.line) * self.line.width
        if cursor < end:
            thing, place = self.line.group(moment)[0]
            self.take(e.PolicyLoaded(self.series[thing].moment(place), self.policy))
            self.spoke = False  # nothing is held: there is nothing to ask breakers of
        while cursor < end:
            cursor = self._next(cursor, end)
        self._expire(len(self.line))
        done = self.simulation()
        self.later = []  # they know this run: did it know them, only the collector of cycles would ever let go of both
        return done

    def _next(self, cursor: int, end: int) -> int:
        """Deal with the next code at which something can happen; the code after it."""
        if self.spoke and not self.broker.working:  # a moment that no order meets is one at which nothing is asked
            bar = self.line.next_bar(cursor)
            self.spoke = self._after(bar, cursor) == bar
        quiet = engine.quiet(self.state, self.policy)
        acts, why = self._acts(quiet, cursor)
        reached = touched(self, quiet, cursor, min(acts, end))
        certain, told = self._certain(cursor, reached)
        limit = min(acts, told + 1, end)
        stood, noted = self.state, len(self.facts)
        found = min(reached, limit)
        if quiet.watched:
            found = search(self, quiet, cursor, found)
        if certain := {one: code for one, code in certain.items() if code < found}:
            self._put_off(stood, cursor, certain, noted)
        if found < limit:
            return self._look(found, "a level or a limit")
        if acts <= told and acts < end:
            meets = quiet.ordered or self.broker.working
            return self._look(acts if meets else self.line.next_bar(acts), why)
        return limit if told >= end else self._told(told, min(acts, end), quiet)

    def _told(self, told: int, limit: int, quiet: engine.Quiet) -> int:
        """Deal with the signals of the code `told`, and of those after it up to `limit`; the code from which to go on.

        `quiet` is that of the state. A trade that is taken at once leaves it as it was, and what acts at `limit`.
        """
        if not may_be_whole(self, quiet):
            self._raise(told)
            return told + 1
        while True:
            after = whole_trade(self, told)
            if after == BY_STEPS:
                self._raise(told)
                return told + 1
            told = self.first_told(after)
            if self.state.book.positions or told >= limit or not engine.closed(self.state, self.policy).nowhere:
                return after

    def _look(self, code: int, why: str) -> int:
        """A moment's orders meet its bars, or a bar is taken as live prices would be."""
        moment, slot = divmod(code, self.line.width)
        self.spoke = False
        self._expire(moment)
        if slot:
            thing, place = slot - 1, self.line.place(slot - 1, code)
            self.looked_at += 1
            self.forced[why] += 1
            self.see(self._show(thing, place), last=self.line.is_last(thing, moment))
            self._raise(code)
        else:
            bars = {self._bar_after(order.instrument.key, code) for order in self.broker.working}
            for thing in [bar - code - 1 for bar in sorted(bars) if bar < code + self.line.width]:
                self.meet(self._prices(thing, self.line.place(thing, code)))
        return code + 1

    def _expire(self, moment: int) -> None:
        """Contracts whose last session is over before the bars of a moment, or at the end, come to their end."""
        if not [held for held in self.state.book.positions if held.instrument.expiry]:
            return
        begins = self._begins(moment) if moment < len(self.line) else self._begins(moment - 1) + self.length
        for event in self.expiries.due(self.state.book.positions, begins, self._last):
            now = self.state.now
            self.take(event if now is None or now <= event.at else evolve(event, at=now))

    def _begins(self, moment: int) -> datetime:
        """When the bars of a moment begin."""
        thing, place = self.line.group(moment)[0]
        return self.series[thing].moment(place)

    def _last(self, key: str, ends: datetime) -> e.PricesSeen | None:
        """The last bar of an instrument that began before a moment, one of its closing auction too; None for none."""
        columns = self.uncut.get(key)
        place = 0 if columns is None else int(columns.at.searchsorted(int(times([ends], "ends")[0])))
        return self.spanned(key, columns.moment(place - 1), columns.exact(place - 1)) if columns and place else None

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
        if signals := self.raised.at(code):
            at = self._shown(code)
            for signal in signals:
                self.signal(signal, at)

    def _shown(self, code: int) -> datetime:
        """Let a bar be the last of its instrument, and of what its signals ask for all that has ended; when it has.

        Bars of the same moment have ended too, whichever instrument comes first.
        """
        thing, moment_ends = code % self.line.width - 1, code - code % self.line.width + self.line.width
        asked = {self.number[signal.key] for signal in self.raised.at(code)} - {thing}
        for other in range(len(self.seen)) if self.policy.correlates else asked:  # closes of what else is held
            self.seen[other].ended = self.line.place(other, moment_ends)
        for other in asked:
            place = self.line.place(other, moment_ends) - 1
            if place >= 0:
                self.latest[self.keys[other]] = self._prices(other, place)
        return self._show(thing, self.line.place(thing, code)).at

    # ------------------------------------------------------------ what is refused for certain

    def _certain(self, cursor: int, limit: int) -> tuple[Certain, int]:
        """The signals of codes before `limit` that the book alone refuses, and the first code with one it may not.

        `NEVER` where there is no such one. No bar before `limit` touches a level.
        """
        at, certain = bisect_left(self.codes, cursor), Certain()
        told = self._code(at)
        if self.line.daily or told >= limit:
            return certain, told
        closed = engine.closed(self.state, self.policy)
        if closed.nowhere:
            return certain, told
        if not (closed.everywhere and self.drawn(at, at + 1) > at) and not self._refused(closed, told, certain):
            return certain, told
        last = bisect_left(self.codes, limit, at)
        if closed.everywhere:
            at = self._at_once(at, last, certain)
        while at < last and (ids := self._refused(closed, self.codes[at], certain)):
            certain.update(dict.fromkeys(ids, self.codes[at]))
            at += 1
        return certain, self._code(at)

    def first_told(self, cursor: int) -> int:
        """The first code with a signal from `cursor` on; `NEVER` where there is none."""
        return self._code(bisect_left(self.codes, cursor))

    def _code(self, at: int) -> int:
        """The code at a place of those with a signal; `NEVER` behind the last."""
        return self.codes[at] if at < len(self.codes) else NEVER

    def _at_once(self, at: int, last: int, certain: Certain) -> int:
        """Take what is drawn from the place `at` on, where nothing of it came before; the place it ends at."""
        end = self.drawn(at, last)
        new = dict(zip(self.raised.ids[at:end], self.codes[at:end], strict=True))
        if len(new) < end - at or not self.state.seen.isdisjoint(new):
            return at
        certain.update(new)
        return end

    def drawn(self, at: int, last: int) -> int:
        """Up to which place, from `at` to `last`, all signals are drawn, and none comes at an hour that refuses."""
        day = self.state.book.session
        return at if day is None else self.raised.drawn(at, last, day, self.policy)

    def _refused(self, closed: engine.Closed, code: int, certain: Certain) -> tuple[str, ...]:
        """The ids of all signals of a code, where each is refused for certain and none came before; else none."""
        signals = self.raised.at(code)
        if not all(closed.to(signal.key) for signal in signals):
            return ()
        at, things = self._moment(code), self.instruments
        ids = tuple(signal.id for signal in signals)
        refused = (engine.refuses(closed, one, at, things[one.key], self.state, self.policy) for one in signals)
        return ids if len({*ids}) == len(ids) and certain.keys().isdisjoint(ids) and all(refused) else ()

    def _put_off(self, stood: engine.State, cursor: int, certain: Certain, noted: int) -> None:
        """Take signals that are refused for certain; what each rule finds is worked out when somebody reads it.

        `stood` is the state at the code `cursor`, before any bar of theirs; `noted` how many facts there were then.
        """
        last = self._moment(max(certain.values()))
        self.put_off(noted, tuple(certain), last, *self._asked_later(stood, cursor, certain))

    def refusals(self, stood: engine.State, cursor: int, certain: Certain) -> Sequence[e.Fact]:
        """The facts of signals that are refused for certain, where `stood` is the state at the code `cursor`."""
        return engine.refusals_of(*self._asked_later(stood, cursor, certain))

    def _asked_later(self, stood: engine.State, cursor: int, certain: Certain) -> tuple[Any, Any]:
        """What `put_off` and `refusals_of` ask when somebody reads: the signals, and what the rules say of them."""
        return partial(self._signals, certain), partial(self._decided, stood, cursor, certain)

    def _moment(self, code: int) -> datetime:
        """When the bar of a code ends."""
        thing = code % self.line.width - 1
        return self._ends(thing, self.line.place(thing, code))

    def _signals(self, certain: Certain) -> Iterator[tuple[datetime, rc.Signal]]:
        """The signals that were put off, each with its moment."""
        for code in dict.fromkeys(certain.values()):
            at = self._moment(code)
            for signal in self.raised.at(code):
                yield at, signal

    @engine.exact
    def _decided(self, stood: engine.State, cursor: int, certain: Certain) -> list[rc.Refused]:
        """What the rules say of these signals: asked of another run, which starts from where this one stood."""
        other, found = copy(self), dict[str, rc.Refused]()
        other.state, other.facts, other.latest = stood, [], {}
        other.seen = [Seen(columns) for columns in self.series]
        other.bars = dict(zip(self.keys, other.seen, strict=True))
        for code in dict.fromkeys(certain.values()):
            found |= {answer.signal.id: answer for answer in other.come_to(cursor, code)}
            cursor = code + 1
        return [found[one] for one in certain]

    def come_to(self, cursor: int, code: int) -> Iterator[rc.Refused]:
        """Let the bars from `cursor` up to that of a code pass, which change marks alone, and decide on its signals."""
        quiet = engine.quiet(self.state, self.policy)
        if quiet.watched:
            search(self, quiet, cursor, code + 1)
        at = self._shown(code)
        for signal in self.raised.at(code):
            market = self.market(signal, engine.asked_interval(signal, self.policy), at)
            answer = whole.decision_on(self.state, signal, market, self.policy)
            assert isinstance(answer, rc.Refused), f"{signal.id} was certain to be refused"
            yield answer

    # ------------------------------------------------------------ what acts by itself

    def _acts(self, quiet: engine.Quiet, cursor: int) -> tuple[int, str]:
        """The first code at which something acts whatever prices do, and why; `NEVER` where nothing does."""
        line, session = self.line, self.state.book.session
        assert session is not None
        if quiet.always or self.spoke:
            return self._after(line.next_bar(cursor), cursor), quiet.always or "breakers are asked again"
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
            if each := watched.each or self._entered_amid(watched.key, cursor):
                code = self._bar_after(watched.key, cursor)
                if code < first:
                    first, why = code, each
        return first, why

    def _entered_amid(self, key: str, cursor: int) -> str:
        """Why the next bar of what is held is looked at: it began before the entry that another's signal asked for."""
        held = self.state.book.position(key) if self.broker.entries is rc.Entries.AT_CLOSE else None
        if held is None:
            return ""
        thing = self.number[key]
        columns, place = self.series[thing], self.line.place(thing, cursor)
        amid = place < len(columns) and held.entered_after(columns.moment(place))
        return "entered at its close" if amid else ""

    def _bar_after(self, key: str, cursor: int) -> int:
        thing = self.number[key]
        place = self.line.place(thing, cursor)
        return self.line.code(thing, place) if place < len(self.series[thing]) else NEVER

    def _after(self, bar: int, cursor: int) -> int:
        """The bar's code, or its moment's where that is still to come."""
        start = bar // self.line.width * self.line.width
        return start if start >= cursor else bar

    # ------------------------------------------------------------ what prices did

    def marked(self, thing: int, first: int, last: int, ended: Decimal | None = None) -> e.Marked:
        """One mark for all of an instrument's bars from `first` up to `last`, at the last close or where it `ended`."""
        columns, place = self.series[thing], last - 1
        high = columns.price("high", first + columns.high[first:last].argmax().item())
        low = columns.price("low", first + columns.low[first:last].argmin().item())
        at, close = self._ends(thing, place), columns.price("close", place) if ended is None else ended
        return e.Marked(at, self.keys[thing], close, high if high > close else None, low if low < close else None)

    def _ends(self, thing: int, place: int) -> datetime:
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
        """The ATR of an instrument's bars so far, to a millionth."""
        thing = self.number[key]
        return exact_atr_at(self.ranges[thing], self.seen[thing].ended - 1, self.policy.atr_period)
