"""The simulated broker, and the bar-by-bar loop: a backtest for whoever has attrs alone, and the yardstick.

The same `step` decides here as in paper and live. A bar is a span of prices: an entry decided at a bar's close
can trade at the next bar's first price or not at all (a bar cannot show the ten seconds an entry may wait);
a protective level trades at the level, or at the bar's first price when that is already beyond it; where a bar
touches stop and target, the stop is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise, takewhile
from typing import Final, TypeAlias

import attrs
from attrs import frozen

from riskcore import events as e
from riskcore.engine import State, Step, step
from riskcore.instruments import Instrument
from riskcore.money import exact
from riskcore.orders import CANCELLED, FILLED, WORKING, ApprovedEntry, ApprovedExit
from riskcore.policy import Policy
from riskcore.policy.levels import SWING
from riskcore.policy.trailing import LATEST
from riskcore.rules.bets import closes_of
from riskcore.signals import BUY, Bar, Market, Signal
from riskcore.stops import atr

Strategy: TypeAlias = Callable[[Instrument, Sequence[Bar]], Signal | None]
SWING_BARS: Final = 100
"""How many of the newest bars come along as evidence where stops stand beyond swings."""
UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "D": timedelta(days=1)}


def interval_length(interval: str) -> timedelta:
    """`1m`, `5m`, `1h`, `1D` as a length of time; `ValueError` for anything else."""
    count, unit = interval[:-1], interval[-1:]
    if not (count.isascii() and count.isdecimal()) or int(count) < 1 or unit not in UNITS:
        raise ValueError(f"interval must be like 1m, 5m, 1h or 1D, got {interval!r}")
    return int(count) * UNITS[unit]


# ---------------------------------------------------------------- the broker


@frozen
class Broker:
    """An exchange and broker made of prices: working orders, and the latest span of each instrument.

    `place`, `cancel` and `see` return the next broker and the reports it sends. It fills whole orders, at the
    first price it may (`ideal`: no slippage, no refusals), and never on prices from before the order.
    """

    working: tuple[ApprovedEntry | ApprovedExit, ...] = ()
    spans: tuple[e.PricesSeen, ...] = ()

    @exact
    def place(self, order: ApprovedEntry | ApprovedExit, at: datetime) -> tuple[Broker, e.OrderReported]:
        """Accept an order. An exit from a level that the current span contains trades at once, at its reference."""
        span = self.span(order.instrument.key)
        watched = isinstance(order, ApprovedExit) and order.level is not None
        if watched and span is not None and span.low <= order.reference <= span.high:
            return self, _traded(order, order.reference, at, span.since)
        return attrs.evolve(self, working=(*self.working, order)), _status(order, WORKING, at)

    def cancel(self, order_id: str, at: datetime) -> tuple[Broker, tuple[e.OrderReported, ...]]:
        """Cancel what works under that id; an order that does not work any more reports nothing."""
        left = tuple(order for order in self.working if order.order_id != order_id)
        gone = (_status(o, CANCELLED, at) for o in self.working if o.order_id == order_id)
        return attrs.evolve(self, working=left), tuple(gone)

    @exact
    def see(self, prices: e.PricesSeen) -> tuple[Broker, tuple[e.OrderReported, ...]]:
        """Take a new span of prices of one instrument, and report what trades in it."""
        others = tuple(span for span in self.spans if span.key != prices.key)
        reports: list[e.OrderReported] = []
        left: list[ApprovedEntry | ApprovedExit] = []
        for order in self.working:
            meets = order.instrument.key == prices.key and order.at <= prices.since
            price = _price_of(order, prices) if meets else None
            if price is None:
                left.append(order)
            else:
                reports.append(_traded(order, price, prices.at, prices.since))
        return attrs.evolve(self, working=tuple(left), spans=(*others, prices)), tuple(reports)

    def span(self, key: str) -> e.PricesSeen | None:
        """The latest prices of an instrument."""
        return next((span for span in self.spans if span.key == key), None)


def _price_of(order: ApprovedEntry | ApprovedExit, prices: e.PricesSeen) -> Decimal | None:
    """What a working limit order trades at in a span, or None."""
    buys = order.side == BUY
    if prices.first <= order.limit if buys else prices.first >= order.limit:
        return prices.first
    if isinstance(order, ApprovedEntry):
        return None
    reached = prices.low <= order.limit if buys else prices.high >= order.limit
    return order.limit if reached else None


def _traded(order: ApprovedEntry | ApprovedExit, price: Decimal, at: datetime, traded_at: datetime) -> e.OrderReported:
    return e.OrderReported(at, order.order_id, FILLED, order.quantity, price * order.quantity, traded_at)


def _status(order: ApprovedEntry | ApprovedExit, status: str, at: datetime) -> e.OrderReported:
    return e.OrderReported(at, order.order_id, status, 0, Decimal(0))


# ---------------------------------------------------------------- what a bar means


def prices_of(bar: Bar, key: str, length: timedelta, *, atr: Decimal | None = None) -> e.PricesSeen:
    """A bar as conflated prices, known at its end; `atr` as it then was, where a stop trails by it."""
    return e.PricesSeen(bar.at + length, key, bar.open, bar.high, bar.low, bar.close, bar.at, atr)


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
    return atr(bars[-window:], policy.atr_period)


@exact
def evidence_from(
    instrument: Instrument, bars: Sequence[Bar], at: datetime, policy: Policy, *, bars_are: str, asked: str
) -> Market:
    """What bars alone show of an instrument at the end of the last one: its close, and the ATR.

    The ATR is of the interval `asked`; bars of another one (`bars_are`) say nothing of it, so it has no bars then.
    The newest bars themselves (`SWING_BARS`) come along only where the policy places stops by swings; when it last
    traded (the end of the last bar), the previous close and the recent prices where a rule of it needs them. A bar
    that reaches into `unusual_move_s` counts whole: its extremes may be a little older. What no bar shows, the
    spread and the price bands, stays unknown.
    """
    usable = len(bars) if bars_are == asked else 0
    length = interval_length(bars_are)
    return Market(
        instrument=instrument,
        at=at,
        last=bars[-1].close if bars else None,
        atr=atr(bars, policy.atr_period) if usable >= policy.atr_period else None,
        atr_bars=usable,
        atr_interval=asked,
        bars=tuple(bars[-SWING_BARS:]) if usable and SWING in policy.stop_methods else None,
        traded_at=min(bars[-1].at + length, at) if bars and policy.stale_after_s is not None else None,
        previous_close=None if policy.max_gap_pct is None else _previous_close(bars, at),
        recent_prices=None if policy.unusual_move_atr is None else _recent_prices(bars, at, policy, length),
    )


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
    """What a run of bars came to: the final state, every fact in order, and the broker's last state."""

    state: State
    facts: tuple[e.Fact, ...]
    broker: Broker

    @property
    def trades(self) -> tuple[e.PositionClosed, ...]:
        """The finished trades."""
        return tuple(fact for fact in self.facts if isinstance(fact, e.PositionClosed))

    @property
    @exact
    def equity(self) -> Decimal | None:
        """Equity at the end: opening equity of the last session, its net result, and what is open."""
        book = self.state.book
        return self.state.carried_equity if book.equity is None else book.equity


class _Run:
    """One simulation under way: the state, the broker and the bars seen so far."""

    def __init__(self, policy: Policy, interval: str) -> None:
        self.policy, self.interval, self.length = policy, interval, interval_length(interval)
        self.state, self.broker = State(), Broker()
        self.facts: list[e.Fact] = []
        self.bars: dict[str, list[Bar]] = {}
        self.instruments: dict[str, Instrument] = {}

    def take(self, event: e.Input) -> None:
        """One input, and everything its commands lead to."""
        taken: Step = step(self.state, event, self.policy)
        self.state = taken.state
        self.facts += taken.facts
        for command in taken.commands:
            for answer in self.carry_out(command, taken.state.now or event.at):
                self.take(answer)

    def trade(self, prices: e.PricesSeen) -> None:
        """Let the broker meet a span of prices, and take what it reports."""
        self.broker, reports = self.broker.see(prices)
        for report in reports:
            self.take(report)

    def see(self, prices: e.PricesSeen) -> None:
        """Take a span of prices, with the ATR at its end where a stop trails by it."""
        held = self.state.book.position(prices.key) is not None
        fresh = fresh_atr(self.bars[prices.key], self.policy, bars_are=self.interval) if held else None
        self.take(prices if fresh is None else attrs.evolve(prices, atr=fresh))

    def carry_out(self, command: e.Command, at: datetime) -> Iterator[e.Input]:
        if isinstance(command, e.AskEquity):
            known = command.last_known
            yield e.EquityRead(at, self.policy.default_capital if known is None else known)
        elif isinstance(command, e.AskEvidence):
            key = f"{command.signal.exchange}:{command.signal.symbol}"
            market = evidence_from(
                self.instruments[key], self.bars[key], at, self.policy, bars_are=self.interval, asked=command.interval
            )
            in_play = dict.fromkeys((key, *self.state.book.keys_in_play()))
            involved = {other: self.bars[other] for other in in_play if other in self.bars}
            closes = closes_of(involved, self.policy)
            yield e.EvidenceArrived(at, command.signal.id, attrs.evolve(market, closes=closes) if closes else market)
        elif isinstance(command, e.CancelOrder):
            self.broker, gone = self.broker.cancel(command.order_id, at)
            yield from gone
        elif isinstance(command, (e.PlaceEntry, e.PlaceExit)):
            self.broker, report = self.broker.place(command.order, at)
            yield report


def simulate(
    bars: Mapping[Instrument, Sequence[Bar]],
    strategies: Strategy | Sequence[Strategy],
    policy: Policy,
    *,
    interval: str = "1m",
) -> Simulation:
    """Run one strategy or several over bars, bar by bar; bars of one moment in the mapping's order.

    Orders on their way meet a moment's bars first (they were there when it began), then the bars are acted on.

    Each `strategy(instrument, bars)` sees the instrument's bars up to and including the one that has just ended,
    oldest first, and may return a signal for it; it never sees further. Opening equity is `policy.default_capital`.
    Raises `ValueError` for bars of one instrument that are not in strictly rising time.
    """
    run = _Run(policy, interval)
    each: Sequence[Strategy] = (strategies,) if callable(strategies) else tuple(strategies)
    for instrument, series in bars.items():
        _rising(instrument, series)
        run.instruments[instrument.key], run.bars[instrument.key] = instrument, []
    for moment, group in moments(bars):
        if run.state.now is None:
            run.take(e.PolicyLoaded(moment, policy))
        spans = [(instrument, bar, prices_of(bar, instrument.key, run.length)) for instrument, bar in group]
        for _, _, prices in spans:
            run.trade(prices)
        for instrument, bar, prices in spans:
            run.bars[instrument.key].append(bar)
            run.see(prices)
            for strategy in each:
                signal = strategy(instrument, run.bars[instrument.key])
                if signal is not None:
                    run.take(e.SignalArrived(prices.at, signal))
    return Simulation(run.state, tuple(run.facts), run.broker)


def moments(
    bars: Mapping[Instrument, Sequence[Bar]],
) -> Iterator[tuple[datetime, list[tuple[Instrument, Bar]]]]:
    """All bars in the order of time, those of one moment together in the order of the instruments given."""
    by_time: dict[datetime, list[tuple[Instrument, Bar]]] = {}
    for instrument, series in bars.items():
        for bar in series:
            by_time.setdefault(bar.at, []).append((instrument, bar))
    return ((at, by_time[at]) for at in sorted(by_time))


def _rising(instrument: Instrument, series: Sequence[Bar]) -> None:
    for before, bar in pairwise(series):
        if bar.at <= before.at:
            raise ValueError(
                f"{instrument.key}: the bar at {bar.at.isoformat()} does not come after "
                f"{before.at.isoformat()}; sort the bars and drop duplicates"
            )
