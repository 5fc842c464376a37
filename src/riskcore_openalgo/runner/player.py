"""Historical bars through the runner, in lockstep with bar time: the paper day of the demo and of `paper --bars`.

The clock is the bars'. Orders on their way meet a moment's bars first, then each bar is taken, its strategies
are asked, and everything that follows is settled before the next. Bars the journal has already are not taken
again: that is how a killed day goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.lab.strategy import OnBar
from riskcore_openalgo.runner.lanes import InlineLanes
from riskcore_openalgo.runner.runner import Runner

AfterBar = Callable[[rc.Instrument, Sequence[rc.Bar]], None]


class BarEvidence:
    """What can be known of an account and its instruments from bars alone."""

    def __init__(self, policy: rc.Policy, interval: str, listed: rc.Listed | None = None) -> None:
        self.policy, self.interval, self._listed = policy, interval, listed
        self.bars: dict[str, list[rc.Bar]] = {}
        self.instruments: dict[str, rc.Instrument] = {}

    def equity(self, command: events.AskEquity, at: datetime) -> events.EquityRead:
        """What the last session ended with, else the policy's default capital."""
        known = command.last_known
        return events.EquityRead(at, self.policy.default_capital if known is None else known)

    def market(self, signal: rc.Signal, interval: str, at: datetime) -> rc.Market | None:
        """The last close and the ATR (none on another interval than the bars'), and the closes correlations need."""
        instrument = self.instruments.get(signal.key)
        if instrument is None:
            return None
        bars = self.bars[instrument.key]
        instrument = instrument if self._listed is None else self._listed(instrument, at.date())
        seen = rc.evidence_from(instrument, bars, at, self.policy, bars_are=self.interval, asked=interval)
        closes = rc.closes_of(self.bars, self.policy)
        return attrs.evolve(seen, closes=closes) if closes else seen


class BarPlayer:
    """A paper day: journal, simulated broker and runner, played bar by bar."""

    def __init__(
        self,
        journal: Journal,
        policy: rc.Policy,
        bars: Mapping[rc.Instrument, Sequence[rc.Bar]],
        strategies: Mapping[str, Sequence[OnBar]],
        *,
        interval: str,
        watch: Callable[[events.Fact], None] | None = None,
        paper: PaperGateway | None = None,
        listed: rc.Listed | None = None,
    ) -> None:
        self._bars, self._strategies = bars, strategies
        self._length: timedelta = rc.interval_length(interval)
        self._evidence = BarEvidence(policy, interval, listed)
        alike = rc.BarRun(policy, {}, {}, interval=interval)
        self._seen_as, self._gateway = alike.span, paper or PaperGateway()
        self._gateway.wait(alike.broker.patience)
        self._now = min(series[0].at for series in bars.values() if series)
        self._recorded, self._stands = _recorded(journal), journal.load().state.now
        self._expiries = engine.Expiries(policy, self._length, _expired(journal))
        self._where = journal.where
        for instrument in bars:
            self._evidence.instruments[instrument.key] = instrument
            self._evidence.bars[instrument.key] = []
        self.runner = Runner(
            journal=journal,
            policy=policy,
            lanes=InlineLanes(self._gateway, self._evidence),
            clock=lambda: self._now,
            watch=watch,
        )

    def play(self, after_bar: AfterBar | None = None) -> Iterator[datetime]:
        """Play the bars the journal lacks; yields the time after each moment, for a progress bar.

        Raises `ValueError`, and writes nothing, where the journal's clock has passed a bar that comes next.
        """
        self._refuse_the_past()
        self._catch_up()
        self.runner.start()
        self._settle_orders()
        self._repeat_last_bars(after_bar)
        for moment, group in rc.moments(self._bars):
            new = [(i, bar) for i, bar in group if self._is_new(i, bar)]
            if new:
                self._expire(moment)
                self._moment(new, after_bar)
            yield moment + self._length
        self._expire(self._ends())

    def _is_new(self, instrument: rc.Instrument, bar: rc.Bar) -> bool:
        last = self._recorded.get(instrument.key)
        return last is None or bar.at > last

    def _refuse_the_past(self) -> None:
        """A bar from before the journal's clock is taken at that clock: no stop or square-off of its day would act."""
        for instrument, series in self._bars.items():
            bar = next((bar for bar in series if self._is_new(instrument, bar)), None)
            if bar is not None and self._stands is not None and self._seen_as(instrument, bar).at < self._stands:
                raise ValueError(
                    f"{self._where}: its clock stands at {self._stands:%Y-%m-%d %H:%M:%S}, and the next bar of "
                    f"{instrument.key} began {bar.at:%Y-%m-%d %H:%M}, before it. Nothing was played; play these bars "
                    "into a journal of their own: --journal NAME"
                )

    def _moment(self, group: Sequence[tuple[rc.Instrument, rc.Bar]], after_bar: AfterBar | None) -> None:
        spans = [(instrument, bar, self._seen_as(instrument, bar)) for instrument, bar in group]
        self._now = max(self._now, spans[0][2].at)
        for _, _, prices in spans:
            for report in self._gateway.see(prices):
                self.runner.offer(report)
            self.runner.settle()
        for instrument, bar, _ in spans:
            self._evidence.bars[instrument.key].append(bar)
        for instrument, _, prices in spans:
            more = instrument is not spans[-1][0] and bool(self.runner.state.book.positions)
            self.runner.offer(self._with_atr(attrs.evolve(prices, more=more)))
            self.runner.settle()
            self._signals(instrument, after_bar)

    def _ends(self) -> datetime:
        """When the last of the bars ends."""
        return max(series[-1].at for series in self._bars.values() if series) + self._length

    def _expire(self, begins: datetime) -> None:
        """Contracts whose last session is over before bars begin come to their end."""
        for event in self._expiries.due(self.runner.state.book.positions, begins, self._last):
            stands = self.runner.state.now or event.at
            self._now = max(self._now, stands, event.at)
            self.runner.offer(attrs.evolve(event, at=max(stands, event.at)))
            self.runner.settle()

    def _last(self, key: str, ends: datetime) -> events.PricesSeen | None:
        """The last bar of an instrument, where there is any: none that was seen by now began when a contract ended."""
        bars = self._evidence.bars.get(key)
        return self._seen_as(self._evidence.instruments[key], bars[-1]) if bars else None

    def _with_atr(self, prices: events.PricesSeen) -> events.PricesSeen:
        """The prices with the ATR at their end, where a stop trails by it."""
        if self.runner.state.book.position(prices.key) is None:
            return prices
        bars, seen = self._evidence.bars[prices.key], self._evidence
        fresh = rc.fresh_atr(bars, seen.policy, bars_are=seen.interval)
        return prices if fresh is None else attrs.evolve(prices, atr=fresh)

    def _signals(self, instrument: rc.Instrument, after_bar: AfterBar | None) -> None:
        bars = self._evidence.bars[instrument.key]
        for on_bar in self._strategies.get(instrument.key, ()):
            signal = on_bar(bars)
            if signal is not None:
                self.runner.offer(events.SignalArrived(self._now, engine.taken_now(signal, self._now, self._length)))
                self.runner.settle()
        if after_bar is not None:
            after_bar(instrument, bars)

    def _catch_up(self) -> None:
        """Show strategies and evidence the bars an earlier run took, and rebuild the broker's book from the journal."""
        for instrument, series in self._bars.items():
            last = self._recorded.get(instrument.key)
            if last is not None:
                taken = [bar for bar in series if bar.at <= last]
                self._evidence.bars[instrument.key] += taken
                self._now = max([self._now, *(self._seen_as(instrument, bar).at for bar in taken[-1:])])
        self._gateway.rebuild(row.event for row in self.runner.journal.rows())

    def _settle_orders(self) -> None:
        """Ask the broker about every order that was on its way when the journal ended."""
        for order in self.runner.state.book.live_orders():
            report = self._gateway.latest(order.id)
            if report is not None:
                self.runner.offer(report)
        self.runner.settle()

    def _repeat_last_bars(self, after_bar: AfterBar | None) -> None:
        """The last bar taken may have raised a signal that was not: raise it again (a known one is recognised)."""
        for instrument in self._bars:
            if self._evidence.bars[instrument.key]:
                self._signals(instrument, after_bar)


def has_all(journal: Reader, bars: Mapping[rc.Instrument, Sequence[rc.Bar]]) -> bool:
    """Whether a journal holds every one of these bars: the day is finished."""
    recorded = _recorded(journal)
    return all(not series or recorded.get(instrument.key) == series[-1].at for instrument, series in bars.items())


def _recorded(journal: Reader) -> dict[str, datetime]:
    """The start of the last bar taken of each instrument."""
    last: dict[str, datetime] = {}
    for row in journal.rows("input"):
        if row.type == events.PricesSeen.__name__:
            last[row.event.key] = row.event.since
    return last


def _expired(journal: Reader) -> set[str]:
    """The contracts of which a journal has that they expired."""
    return {row.event.key for row in journal.rows("input") if row.type == events.ContractExpired.__name__}
