"""The bar-by-bar loop: a backtest for whoever has attrs alone, and the yardstick of every faster one.

Every bar is looked at, in the order of time. Of most, `riskcore.engine.quiet` says beforehand that they change nothing
but marks: those are known at a glance, by their extremes, and marked; every other one is taken by `step`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from itertools import pairwise
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from riskcore import events as e
from riskcore.engine import Expiries, quiet
from riskcore.engine.passing import Passing
from riskcore.instruments import Instrument, an_instrument
from riskcore.intrabar import Entries, Intrabar
from riskcore.listing import Listed
from riskcore.policy import Policy
from riskcore.sessions import IST
from riskcore.signals import BARS, DAY, Bar, Signal
from riskcore.simulation import BarRun, Simulation
from riskcore.values import changed

Strategy: TypeAlias = Callable[[Instrument, Sequence[Bar]], Signal | None]
EARLIEST: Final = datetime(1, 1, 2, tzinfo=IST)


@frozen
class Calm:
    """What `quiet` says, made ready to be held against bars: those that begin `before` a moment may pass.

    `passing` marks what is held with them; None where nothing is held or on its way.
    """

    before: datetime
    passing: Passing | None = None


RESTLESS: Final = Calm(EARLIEST)


class EveryBar(BarRun):
    """A run that is shown every bar: orders meet those of a moment, then each is acted on, and then its signals."""

    def __init__(self, policy: Policy, instruments: Mapping[str, Instrument], **how: Any) -> None:
        self.ended: dict[str, list[Bar]] = {key: [] for key in instruments}
        super().__init__(policy, instruments, self.ended, **how)
        self._expiries = Expiries(policy, self.length)
        self._calm: Calm | None = None
        self._group: Sequence[tuple[Instrument, Bar]] = ()
        self._passed, self._passed_at = 0, EARLIEST

    def play(self, bars: Mapping[Instrument, Sequence[Bar]], strategies: Strategy | Sequence[Strategy]) -> Simulation:
        """All bars, from the first to the last; `simulate` says what of."""
        each, begun = _several(strategies), False
        for instrument, series in bars.items():
            _rising(instrument, series)
        if self.length >= DAY:
            bars = {instrument: _from_midnight(instrument, series) for instrument, series in bars.items()}
        for moment, group in moments(bars):
            if not begun:
                self.take(e.PolicyLoaded(moment, self.policy))
                begun = True
            self._expire(moment)
            self._end(group)
            for instrument, bar in group:
                key = instrument.key
                ended = self.ended[key]
                if not self._passes(key, bar):
                    self._act_on(key)
                for strategy in each:
                    signal = strategy(instrument, ended)
                    if signal is not None:
                        self.signal(self._of_these(signal), self.span(instrument, bar).at)
        if begun:
            self._expire(moment + self.length)
        return self.simulation()

    def _expire(self, begins: datetime) -> None:
        """Contracts whose last session is over before bars begin come to their end."""
        for event in self._expiries.due(self.state.book.positions, begins, self._last):
            self._settle()
            now = self.state.now
            self.take(event if now is None or now <= event.at else evolve(event, at=now))

    def _last(self, key: str, ends: datetime) -> e.PricesSeen | None:
        """The last bar of an instrument, where there is any: none that was seen by now began when a contract ended."""
        return self.shown(key) if key in self.ended else None

    def _of_these(self, signal: Any) -> Signal:
        """What a strategy answered, if it is a signal of an instrument that has bars here."""
        if not isinstance(signal, Signal):
            raise ValueError(f"a strategy must return a riskcore.Signal or None, got {signal!r:.60}")
        if signal.key not in self.instruments:
            there = ", ".join(self.instruments)
            raise ValueError(f"a strategy must return signals of what has bars ({there}), got one of {signal.key}")
        return signal

    def _end(self, group: Sequence[tuple[Instrument, Bar]]) -> None:
        """The bars of a moment have ended; orders that were there before it meet them."""
        self._group = group
        for instrument, bar in group:
            self.ended[instrument.key].append(bar)
        working = {order.instrument.key for order in self.broker.working}
        for instrument, _ in group if working else ():
            if instrument.key in working:
                prices = self.shown(instrument.key)
                assert prices is not None
                self.meet(prices)

    def _passes(self, key: str, bar: Bar) -> bool:
        """Whether a bar, which has ended, marks what is held at most; it is done with then."""
        calm = self.look_ahead() if self._calm is None else self._calm
        if bar.at >= calm.before:
            return False
        passing = calm.passing
        if passing is not None and key in passing.minded:
            mark = passing.mark(key, bar, bar.at + self.length)
            if mark is None:
                return False
            self.facts.append(mark)
        self._passed += 1
        self._passed_at = bar.at
        return True

    def _act_on(self, key: str) -> None:
        """One bar of the moment, which has ended and may do something."""
        self._settle()
        prices = self.shown(key)
        assert prices is not None
        self.spoke = False
        self.see(prices, last=self._group[-1][0].key == key)

    def shown(self, key: str) -> e.PricesSeen | None:
        """The latest prices of an instrument; those of a bar are made when somebody asks for them."""
        known = self.latest.get(key)
        last = next((bar for instrument, bar in self._group if instrument.key == key), None)
        if last is None and self.ended[key]:  # no bar of this moment: the last one, which may have passed unseen
            last = self.ended[key][-1]
        if last is not None and (known is None or known.since < last.at):
            known = self.latest[key] = self.span(self.instruments[key], last)
        return known

    def take(self, event: e.Input) -> None:
        """One input; what passed before it is counted first."""
        self._settle()
        super().take(event)

    def simulation(self) -> Simulation:
        """What it came to."""
        self._settle()
        return super().simulation()

    def look_ahead(self) -> Calm:
        """What the bars from here on may be held against, until one of them does something."""
        self._calm = RESTLESS
        session = self.state.book.session
        if self.spoke or self.length >= DAY or session is None:
            return RESTLESS
        found = quiet(self.state, self.policy)
        if not found.always:
            ends = datetime.combine(session, time(0), IST) + DAY
            if found.until is not None:
                ends = min(ends, found.until)
            minds = found.watched or found.ordered
            self._calm = Calm(ends - self.length, Passing(self.state, found) if minds else None)
        return self._calm

    def _settle(self) -> None:
        """Let the state be that after the bars that passed: inputs like any other, counted, and time goes on."""
        calm, self._calm = self._calm, None
        if self._passed:
            state, at, passing = self.state, self._passed_at + self.length, None if calm is None else calm.passing
            assert state.now is not None
            number, now = state.number + self._passed, max(state.now, at)
            self.state = changed(state, number=number, now=now) if passing is None else passing.after(number, now)
            self._passed = 0


def simulate(
    bars: Mapping[Instrument, Sequence[Bar]],
    strategies: Strategy | Sequence[Strategy],
    policy: Policy,
    *,
    interval: str = "1m",
    intrabar: Intrabar = Intrabar.STOP_FIRST,
    entries: Entries = Entries.NEXT_OPEN,
    finer: Mapping[str, Sequence[Bar]] | None = None,
    listed: Listed | None = None,
) -> Simulation:
    """Run one strategy or several over bars, bar by bar; bars of one moment in the mapping's order.

    Orders on their way meet a moment's bars first (they were there when it began), then the bars are acted on.

    Each `strategy(instrument, bars)` sees the instrument's bars up to and including the one that has just ended,
    oldest first, and may return a signal for it; it never sees further. Opening equity is `policy.default_capital`.
    `finer` are bars of a shorter interval by instrument key, for `Intrabar.LOWER_TIMEFRAME`. `listed` says how an
    instrument is listed on a day, where that changes over the bars (`listed_by_month`): so is an entry of that day.
    Daily bars are acted on within their session, by `daily_end`; each is shown as one from midnight. Raises
    `ValueError` for bars of one instrument that are not in strictly rising time, and for a signal of one that has none.
    """
    if not isinstance(bars, Mapping):
        raise ValueError(f"simulate: bars must be a mapping {{instrument: bars, oldest first}}, got {bars!r:.60}")
    if not isinstance(policy, Policy):
        raise ValueError(f"simulate: policy must be a riskcore.Policy, such as Policy(), got {policy!r:.60}")
    by_key = {an_instrument(thing, "simulate: each key of bars").key: thing for thing in bars}
    run = EveryBar(policy, by_key, interval=interval, intrabar=intrabar, entries=entries, finer=finer, listed=listed)
    return run.play(bars, strategies)


def moments(
    bars: Mapping[Instrument, Sequence[Bar]],
) -> Iterator[tuple[datetime, list[tuple[Instrument, Bar]]]]:
    """(moment, [(instrument, bar), ...]) in the order of time, those of one moment in the order of the instruments."""
    if len(bars) == 1:  # nothing to bring together: the bars are in their order
        ((only, single),) = bars.items()
        return ((bar.at, [(only, bar)]) for bar in single)
    by_time: dict[datetime, list[tuple[Instrument, Bar]]] = {}
    for instrument, series in bars.items():
        for bar in series:
            by_time.setdefault(bar.at, []).append((instrument, bar))
    return ((at, by_time[at]) for at in sorted(by_time))


def _several(strategies: Any) -> Sequence[Strategy]:
    if callable(strategies):
        return (strategies,)
    each = tuple(strategies) if isinstance(strategies, Iterable) else (strategies,)
    if not all(map(callable, each)):
        raise ValueError(f"strategies must be a function (instrument, bars) or several, got {strategies!r:.60}")
    return each


def _from_midnight(instrument: Instrument, series: Sequence[Bar]) -> Sequence[Bar]:
    """Bars of a day, each from the midnight of its date on, at whatever hour of it they were stamped."""
    days = [evolve(bar, at=datetime.combine(bar.at.date(), time(0), IST)) for bar in series]
    _rising(instrument, days)
    return days


def _rising(instrument: Instrument, series: Sequence[Bar]) -> None:
    BARS(series, f"bars of {instrument.key}")
    for before, bar in pairwise(series):
        if bar.at <= before.at:
            raise ValueError(
                f"{instrument.key}: the bar at {bar.at.isoformat()} does not come after "
                f"{before.at.isoformat()}; sort the bars and drop duplicates"
            )
