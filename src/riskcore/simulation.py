"""A backtest under way: what bars mean to the engine, and what each step of a run over them does.

The same `step` decides here as in paper and live. A bar is a span of prices: an entry decided at a bar's close
can trade at the next bar's first price or not at all (a bar cannot show the ten seconds an entry may wait);
a protective level trades at the level, or at the bar's first price when that is already beyond it; where a bar
touches stop and target, the stop is assumed. `Entries` and `Intrabar` name what else may be assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cache, partial
from heapq import merge
from itertools import takewhile
from operator import itemgetter
from typing import Final

from attrs import field, frozen

from riskcore import events as e
from riskcore.engine import SPOKE, State, Step, put_off, step
from riskcore.engine.closed import Answers, PutOff, all_facts
from riskcore.exits.leaving import before_the_open
from riskcore.exits.timing import UNITS, candle_length
from riskcore.instruments import Instrument
from riskcore.intrabar import Ambiguous, Entries, Intrabar, finer_of, in_doubt, lived_through, path_through
from riskcore.listing import Listed
from riskcore.money import FLOAT_GRAIN, exact
from riskcore.policy import Policy
from riskcore.policy.levels import SWING
from riskcore.policy.trailing import LATEST
from riskcore.rules.bets import closes_of
from riskcore.rules.signal import overnight_until
from riskcore.sessions import IST, in_ist
from riskcore.signals import DAY, Bar, Market, Signal, taken_now
from riskcore.simulated_broker import Broker
from riskcore.state import applied
from riskcore.stops.ranges import RunningAtr, average_true_range
from riskcore.values import Later, changed, made

SWING_BARS: Final = 100
"""How many of the newest bars come along as evidence where stops stand beyond swings."""
LONGEST_COUNT: Final = 4


@cache
def interval_length(interval: str) -> timedelta:
    """`1m`, `5m`, `1h`, `1D` as a length of time. Raises `ValueError` for anything else.

    >>> interval_length("5m")
    datetime.timedelta(seconds=300)
    """
    text = f"{interval}"
    count, unit = text[:-1], text[-1:]
    plain = count.isascii() and count.isdecimal() and len(count) <= LONGEST_COUNT
    if not plain or int(count) < 1 or unit not in UNITS:
        raise ValueError(f"interval must be like 1m, 5m, 1h or 1D, got {interval!r}")
    return candle_length(text)


# ---------------------------------------------------------------- what a bar means


def daily_end(instrument: Instrument, day: datetime, policy: Policy) -> datetime:
    """When a daily bar is acted on: in the last second in which its session takes entries for delivery.

    Its close is taken to be known then. Where the calendar does not tell, at 15:29:59.
    """
    until = overnight_until(day.date(), instrument, policy)
    return (until or datetime.combine(day.date(), time(15, 30), IST)) - timedelta(seconds=1)


def prices_of(bar: Bar, key: str, length: timedelta, *, atr: Decimal | None = None) -> e.PricesSeen:
    """A bar as conflated prices, known at its end (start + `length`); prices and `atr` are rupees a share.

    `atr` is the one of that moment, where a stop trails by it, else None.
    """
    return _span(bar.at, (bar.open, bar.high, bar.low, bar.close), key, length, atr=atr)


def _span(
    began: datetime, prices: tuple[Decimal, ...], key: str, length: timedelta, *, atr: Decimal | None = None
) -> e.PricesSeen:
    first, high, low, last = prices
    return made(
        e.PricesSeen,
        at=began + length,
        key=key,
        first=first,
        high=high,
        low=low,
        last=last,
        since=began,
        atr=atr,
        ticks=0,
        sources=(),
        more=False,
    )


@exact
def fresh_atr(bars: Sequence[Bar], policy: Policy, *, bars_are: str) -> Decimal | None:
    """The ATR that a trailing stop follows after the last of these bars, or None.

    None where the policy trails by no ATR or by the entry's own, where the bars are not of `atr_interval` (if that
    is set), and where they are fewer than `atr_warmup_bars`. Worked out over the last `atr_warmup_bars`, or ten
    periods if that is more: what lies before changes it by less than 1e-4 of its value.
    """
    follows = policy.trails_on_atr and policy.trail_atr == LATEST
    if not follows or policy.atr_interval not in (None, bars_are) or len(bars) < policy.atr_warmup_bars:
        return None
    window = max(policy.atr_warmup_bars, 10 * policy.atr_period)
    return average_true_range(bars[-window:], policy.atr_period)


@exact
def evidence_from(
    instrument: Instrument,
    bars: Sequence[Bar],
    at: datetime,
    policy: Policy,
    *,
    bars_are: str,
    asked: str,
    atr: Callable[[], Decimal] | None = None,
    close: Decimal | None = None,
) -> Market:
    """What bars alone show of an instrument at the end of the last one: its close, and the ATR.

    The ATR is of the interval `asked`; bars of another one (`bars_are`) say nothing of it, so it has no bars then. It
    is told to a millionth of a rupee; `atr` works it out for who has it at hand, and must say what `riskcore.atr` of
    these bars does. So does `close` with that of the last bar. The newest bars (`SWING_BARS`) come along only
    where the policy places stops by swings; when it last traded (the end of the last bar), the previous close and the
    recent prices where a rule of it needs them. A bar that reaches into `unusual_move_s` counts whole: its extremes may
    be a little older. What no bar shows, the spread and bands that have slid, stays unknown.
    """
    usable = len(bars) if bars_are == asked else 0
    length = interval_length(bars_are)
    return made(
        Market,
        instrument=instrument,
        at=in_ist(at, "at"),
        last=bars[-1].close if close is None and bars else close,
        bid=None,
        ask=None,
        quote_at=None,
        atr=_measured(bars, policy, atr) if usable >= policy.atr_period else None,
        atr_bars=usable,
        atr_interval=asked,
        bars=tuple(bars[-SWING_BARS:]) if usable and SWING in policy.stop_methods else None,
        available_cash=None,
        traded_at=min(bars[-1].at + length, at) if bars and policy.stale_after_s is not None else None,
        band_low=None,
        band_high=None,
        cash_unknown=False,
        margins=(),
        closes=(),
        previous_close=_previous_close(bars, at) if _asks_the_day_before(policy) else None,
        recent_prices=None if policy.unusual_move_atr is None else _recent_prices(bars, at, policy, length),
    )


def _asks_the_day_before(policy: Policy) -> bool:
    return policy.max_gap_pct is not None or policy.near_band_pct is not None


def _measured(bars: Sequence[Bar], policy: Policy, atr: Callable[[], Decimal] | None) -> Decimal:
    value = average_true_range(bars, policy.atr_period) if atr is None else atr()
    return value.quantize(FLOAT_GRAIN)


def _previous_close(bars: Sequence[Bar], at: datetime) -> Decimal | None:
    """The close of the last bar of an earlier day, or None."""
    return next((bar.close for bar in reversed(bars) if bar.at.date() < at.date()), None)


def _recent_prices(
    bars: Sequence[Bar], at: datetime, policy: Policy, length: timedelta
) -> tuple[tuple[datetime, Decimal], ...]:
    """The extremes of the bars that reach into the last `unusual_move_s`, oldest first, each at its bar's end."""
    first = at - timedelta(seconds=policy.unusual_move_s)
    inside = takewhile(lambda bar: bar.at + length > first, reversed(bars))
    return tuple((min(bar.at + length, at), price) for bar in [*inside][::-1] for price in (bar.high, bar.low))


# ---------------------------------------------------------------- the loop


@frozen
class Simulation:
    """What a run of bars came to: the final state, every fact in order, and the broker's last state.

    `trades` are the facts of trades that have ended; `ambiguous` are the bars that reached both stop and target of a
    position.
    """

    state: State
    facts: Sequence[e.Fact]
    broker: Broker
    ambiguous: tuple[Ambiguous, ...] = ()
    trades: tuple[e.PositionClosed, ...] = field(kw_only=True)

    @trades.default
    def _trades(self) -> tuple[e.PositionClosed, ...]:
        return _finished(self.facts)

    @property
    @exact
    def equity(self) -> Decimal | None:
        """Equity at the end: opening equity of the last session, its net result, and what is open."""
        book = self.state.book
        return self.state.carried_equity if book.equity is None else book.equity


def _finished(facts: Iterable[e.Fact]) -> tuple[e.PositionClosed, ...]:
    return tuple(fact for fact in facts if isinstance(fact, e.PositionClosed))


class BarRun:
    """One simulation under way: the state, the broker, the bars seen so far, and what each step of the loop does.

    `riskcore.bar_by_bar` asks it for every bar. Whoever knows that bars change nothing may leave them out, and tells it
    of the others in their order: `meet` for each bar of a moment, then for each bar `see` and its signals. `spoke` says
    that a breaker has spoken since it was last set to False: `engine.quiet` may not be asked then.
    """

    def __init__(
        self,
        policy: Policy,
        instruments: Mapping[str, Instrument],
        bars: Mapping[str, Sequence[Bar]],
        *,
        interval: str,
        intrabar: Intrabar = Intrabar.STOP_FIRST,
        entries: Entries = Entries.NEXT_OPEN,
        finer: Mapping[str, Sequence[Bar]] | None = None,
        listed: Listed | None = None,
    ) -> None:
        self.policy, self.interval, self.length = policy, interval, interval_length(interval)
        self.instruments, self.bars, self.intrabar, self.finer = instruments, bars, Intrabar(intrabar), finer or {}
        self.state, self.listed, self.broker = State(), listed, Broker.of_bars(self.length, policy, Entries(entries))
        self.facts: list[e.Fact] = []
        self.later: list[PutOff] = []
        self.whole: list[tuple[int, e.PositionClosed]] = []
        self.ambiguous: list[Ambiguous] = []
        self.latest: dict[str, e.PricesSeen] = {}
        self.spoke = False
        self.averages: dict[str, RunningAtr] = {}

    def span(self, instrument: Instrument, bar: Bar) -> e.PricesSeen:
        """A bar as the prices that were seen at its end; a daily one within its session."""
        prices = prices_of(bar, instrument.key, self.length)
        return changed(prices, at=daily_end(instrument, bar.at, self.policy)) if self.length >= DAY else prices

    def spanned(self, key: str, began: datetime, prices: tuple[Decimal, ...]) -> e.PricesSeen:
        """`span` of a bar within a day, from its open, high, low and close: for who has no bars, and checked those."""
        return _span(began, prices, key, self.length)

    def take(self, event: e.Input) -> None:
        """One input, and everything its commands lead to."""
        taken: Step = step(self.state, event, self.policy)
        self.state = taken.state
        self.facts += taken.facts
        self.spoke = self.spoke or not SPOKE.isdisjoint(map(type, taken.facts))
        for command in taken.commands:
            for answer in self.carry_out(command, taken.state.now or event.at):
                self.take(answer)

    def meet(self, prices: e.PricesSeen) -> None:
        """Let orders on their way meet a span of prices, and take what the broker reports."""
        self.latest[prices.key] = prices
        working = self.broker.working
        if working and any(order.instrument.key == prices.key for order in working):
            self.broker, reports = self.broker.see(prices)
            for report in reports:
                self.take(report)

    def put_off(
        self,
        since: int,
        ids: Sequence[str],
        last: datetime,
        signals: Callable[[], Iterable[tuple[datetime, Signal]]],
        decide: Callable[[], Answers],
    ) -> None:
        """Take signals that the book alone refuses, as `engine.put_off` does.

        Their facts lie among those from `since` on, after one of the same moment.
        """
        self.state, facts = put_off(self.state, ids, last, signals, decide)
        self.later.append(PutOff(since, len(self.facts), facts))

    def take_at_once(self, state: State, closed: e.PositionClosed, facts: Sequence[e.Fact]) -> None:
        """Take a trade that was worked out beside `step` from its signal to its exit: `engine.whole`."""
        self.state, noted = state, len(self.facts)
        self.whole.append((noted, closed))
        self.later.append(PutOff(noted, noted, facts))

    @exact
    def mark(self, mark: e.Marked) -> None:
        """A mark that was worked out beside `step`: that of bars which were left out."""
        self.facts.append(mark)
        self.state = applied(self.state, mark)

    def shown(self, key: str) -> e.PricesSeen | None:
        """The latest prices of an instrument, if any were seen."""
        return self.latest.get(key)

    def see(self, prices: e.PricesSeen, *, last: bool = True) -> None:
        """Take a span, the `last` of its moment or not, with the ATR where a stop trails by it; in doubt, in pieces."""
        for part in self.parts(prices):
            if part is not prices:
                self.latest[part.key] = part
            fresh, more = self.fresh(part.key), not last and bool(self.state.book.positions)
            self.take(changed(part, atr=fresh, more=more) if more or fresh is not None else part)

    def parts(self, prices: e.PricesSeen) -> tuple[e.PricesSeen, ...]:
        """The bar itself, or what it is taken as where it reached both stop and target of what is held."""
        book = self.state.book
        held = book.position(prices.key) if book.positions else None
        prices = prices if held is None else lived_through(held, prices)
        if held is None or not in_doubt(held, prices) or not all(o.takes_part for o in book.leaving(prices.key)):
            return (prices,)
        if before_the_open(held.instrument, prices.at, self.policy):
            return (prices,)
        series = self.finer.get(prices.key, ()) if self.intrabar is Intrabar.LOWER_TIMEFRAME else ()
        finer = finer_of(held, prices, series, self.bars[prices.key][-1].at, self.length) if series else ()
        self.ambiguous.append(Ambiguous(prices.at, prices.key, held.id, told=bool(finer)))
        return path_through(held, prices, self.intrabar, finer)

    def signal(self, signal: Signal, at: datetime) -> None:
        """Take a signal that was raised on a bar which ended at `at`. None comes before its bar has ended."""
        self.take(e.SignalArrived(at, taken_now(signal, at, self.length)))

    def fresh(self, key: str) -> Decimal | None:
        """The ATR that the stop of what is held follows."""
        if not self.state.book.positions or self.state.book.position(key) is None:
            return None
        return fresh_atr(self.bars[key], self.policy, bars_are=self.interval)

    def average(self, key: str) -> Decimal:
        """The ATR of an instrument's bars so far."""
        running = self.averages.setdefault(key, RunningAtr(self.policy.atr_period))
        return running.upto(self.bars[key])

    def close(self, key: str) -> Decimal | None:
        """The close of an instrument's last bar, None before the first."""
        return self.bars[key][-1].close if self.bars[key] else None

    def market(self, signal: Signal, interval: str, at: datetime) -> Market:
        """What the bars so far show of a signal's instrument."""
        key = signal.key
        thing = self.instruments[key]
        seen = evidence_from(
            thing if self.listed is None else self.listed(thing, at.date()),
            self.bars[key],
            at,
            self.policy,
            bars_are=self.interval,
            asked=interval,
            atr=lambda: self.average(key),
            close=self.close(key),
        )
        if not self.policy.correlates:
            return seen
        in_play = dict.fromkeys((key, *self.state.book.keys_in_play()))
        involved = {other: self.bars[other] for other in in_play if other in self.bars}
        return changed(seen, closes=closes_of(involved, self.policy))

    def carry_out(self, command: e.Command, at: datetime) -> Iterator[e.Input]:
        """What comes back of a command."""
        if isinstance(command, e.AskEquity):
            known = command.last_known
            yield e.EquityRead(at, self.policy.default_capital if known is None else known)
        elif isinstance(command, e.AskEvidence):
            market = self.market(command.signal, command.interval, at)
            yield e.EvidenceArrived(at, command.signal.id, market)
        elif isinstance(command, e.CancelOrder):
            self.broker, gone = self.broker.cancel(command.order_id, at)
            yield from gone
        elif isinstance(command, (e.PlaceEntry, e.PlaceExit)):
            latest = self.shown(command.order.instrument.key)
            broker = self.broker if latest is None else self.broker.shown(latest)
            self.broker, report = broker.place(command.order, at, tables=self.policy.tables)
            yield report

    def simulation(self) -> Simulation:
        """What it came to; facts that were put off are made when somebody reads any."""
        facts = Later(partial(all_facts, self.facts, self.later)) if self.later else tuple(self.facts)
        return Simulation(self.state, facts, self.broker, tuple(self.ambiguous), trades=self._trades())

    def _trades(self) -> tuple[e.PositionClosed, ...]:
        """The finished trades in order, those that were taken at once among them."""
        if not self.whole:
            return _finished(self.facts)
        by_steps = ((at, fact) for at, fact in enumerate(self.facts) if isinstance(fact, e.PositionClosed))
        return tuple([fact for _, fact in merge(self.whole, by_steps, key=itemgetter(0))])
