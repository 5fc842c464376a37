"""Parity: a recorded day once more through the backtest, and where each difference in money comes from.

The recorded signals are raised again at the ends of the bars that they fell in (of the instrument on whose bar the
record has them), under the recorded policy and from the recorded equity, and `riskcore.simulate` trades the bars.
Trades are compared by the signal that opened them:

    recorded net - backtest's net = latency + slip + partial + charges + data        (rupees, exactly)

* latency: the market moved between the order's decision and its fill. For each side of the trade
  (market when it filled - market when it was decided) x shares, against the trade.
* slip: the fill beside the market at that moment.
* partial: shares that were approved and did not trade, at what each share brought in the backtest.
* charges: the difference of what was booked.
* data: the rest. The recorded prices and evidence are not the bars', and what followed from that: another size, another
  exit, a trade that only one of the two has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

import attrs
from attrs import field, frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.own_rules import with_loaded_rules

ZERO: Final = Decimal(0)
PAISA: Final = Decimal("0.01")
CAUSES: Final = ("latency", "slip", "partial", "charges", "data")
Bars: TypeAlias = Mapping[rc.Instrument, Sequence[rc.Bar]]
AnOrder: TypeAlias = rc.ApprovedEntry | rc.ApprovedExit
OnBar: TypeAlias = Callable[[rc.Instrument, Sequence[rc.Bar]], rc.Signal | None]


@frozen(kw_only=True)
class TradeBeside:
    """A trade as it was recorded and as the backtest has it; None where it is in one of them alone.

    `causes` are rupees by cause; together they are `difference`, the recorded net less the backtest's. `why` says why
    one of the two has no such trade.
    """

    signal_id: str
    key: str
    recorded: events.PositionClosed | None
    simulated: events.PositionClosed | None
    causes: Mapping[str, Decimal] = field(factory=dict)
    why: str = ""

    @property
    def difference(self) -> Decimal:
        """Rupees, recorded less simulated."""
        return _net(self.recorded) - _net(self.simulated)

    @property
    def same(self) -> bool:
        """Whether both have it, with the same shares, prices, charges and reason."""
        return self.recorded is not None and self.simulated is not None and not self.otherwise

    @property
    def otherwise(self) -> tuple[tuple[str, object, object], ...]:
        """What differs in a trade that both have: its name, as recorded, and in the backtest."""
        one, two = self.recorded, self.simulated
        if one is None or two is None:
            return ()
        names = ("quantity", "entry_price", "exit_price", "charges", "gross", "reason")
        pairs = ((name, getattr(one, name), getattr(two, name)) for name in names)
        return tuple((name, then, now) for name, then, now in pairs if then != now)


@frozen(kw_only=True)
class Parity:
    """A day beside its backtest: the trades, and how many entries were decided the same way and how many were not."""

    trades: tuple[TradeBeside, ...]
    decided_alike: int
    decided_otherwise: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether every decision and every trade is the same."""
        return not self.decided_otherwise and all(trade.same for trade in self.trades)

    def total(self, cause: str) -> Decimal:
        """Rupees of one cause over all trades."""
        return sum((trade.causes[cause] for trade in self.trades), ZERO)


def parity(journal: Reader, bars: Bars, *, interval: str) -> Parity:
    """Run a journal's signals over bars, and compare. Bars of instruments that the record never saw are left out.

    What was seen of an instrument on a day (its tick, its lot, its sector) goes before what `bars` has of it.

    Raises `ValueError` for a pruned journal, one without a policy or an equity, one whose policy changed on the way,
    and where signals fall in no bar.
    """
    if journal.genesis.seq:
        raise ValueError(
            f"{journal.where}: it begins after row {journal.genesis.seq}, the rest was pruned; "
            "compare a journal that holds the whole account, or an archive of it"
        )
    record = _Record(journal)
    # Another instrument's bars would be moments of their own: a square-off is due with the first price after it.
    known = {*record.spans, *(signal.key for signal in record.signals)}
    bars = {instrument: table for instrument, table in bars.items() if instrument.key in known}
    raised = _at_bars(record, bars, rc.interval_length(interval))
    most = max((len(group) for group in raised.values()), default=1)
    each = [_raising(raised, place) for place in range(most)]
    run = rc.simulate(bars, each, record.policy, interval=interval, listed=record.listed)
    then, now = record.answers, _answers(run.facts)
    otherwise = tuple(
        f"{signal}: recorded {then.get(signal, 'no answer')}, backtest {now.get(signal, 'no answer')}"
        for signal in sorted({*then, *now})
        if then.get(signal) != now.get(signal)
    )
    alike = sum(then[signal] == now.get(signal) for signal in then)
    return Parity(trades=tuple(_beside(record, run)), decided_alike=alike, decided_otherwise=otherwise)


class _Record:
    """What a journal says of a day: its signals, answers, orders, fills, prices and trades."""

    def __init__(self, journal: Reader) -> None:
        self.signals: list[rc.Signal] = []
        self.raised_on: dict[str, str] = {}
        self._last_shown: dict[datetime, str] = {}
        self._last_seen: dict[datetime, str] = {}
        self.orders: dict[str, AnOrder] = {}
        self.fills: dict[str, list[events.Filled]] = {}
        self.spans: dict[str, list[events.PricesSeen]] = {}
        self.trades: list[events.PositionClosed] = []
        self.facts: list[events.Fact] = []
        self._seen: dict[tuple[str, date], rc.Instrument] = {}
        opening: Decimal | None = None
        policies: list[rc.Policy] = []
        for row in journal.rows():
            event = row.event
            if row.kind == "fact":
                self._fact(event)
            elif isinstance(event, events.SignalArrived):
                self.signals.append(event.signal)
                self._raised(event.signal)
            elif isinstance(event, (events.PricesSeen, events.BarsShown)):
                self._shown(event)
            elif isinstance(event, events.EvidenceArrived):
                seen = event.market.instrument
                self._seen[seen.key, event.market.at.date()] = seen
            elif isinstance(event, events.PolicyLoaded):
                policies.append(event.policy)
            elif isinstance(event, events.EquityRead) and opening is None:
                opening = event.equity
        if len({rc.policy_hash(policy) for policy in policies}) != 1 or opening is None:
            raise ValueError(f"{journal.where}: parity needs one policy and an opening equity; the journal has others")
        self.policy = attrs.evolve(with_loaded_rules(policies[0]), default_capital=opening)
        self.answers = _answers(self.facts)

    def listed(self, instrument: rc.Instrument, day: date, /) -> rc.Instrument:
        """The instrument as it was seen on a day; as it is given where nobody looked at it then."""
        return self._seen.get((instrument.key, day), instrument)

    def _shown(self, event: events.PricesSeen | events.BarsShown) -> None:
        if isinstance(event, events.BarsShown):
            self._last_shown[event.bars[-1].at] = event.key
            return
        self.spans.setdefault(event.key, []).append(event)
        self._last_seen[event.since] = event.key

    def _raised(self, signal: rc.Signal) -> None:
        """On which instrument's bar: the last that was shown; a day that is played from bars has them as prices."""
        if signal.bar_at is not None and not signal.receipt:  # an alert is raised on no bar of the day's
            shown = self._last_shown or self._last_seen
            self.raised_on[signal.id] = shown.get(signal.bar_at, signal.key)

    def _fact(self, fact: events.Fact) -> None:
        self.facts.append(fact)
        if isinstance(fact, (events.EntryApproved, events.ExitApproved)):
            self.orders[fact.order.order_id] = fact.order
        elif isinstance(fact, events.Filled):
            self.fills.setdefault(fact.order_id, []).append(fact)
        elif isinstance(fact, events.PositionClosed):
            self.trades.append(fact)

    def sides(self, trade: events.PositionClosed) -> Iterator[tuple[AnOrder, events.Filled]]:
        """Each fill of a trade with its order, entries and exits."""
        for order_id, order in self.orders.items():
            position = order.signal_id if isinstance(order, rc.ApprovedEntry) else order.position_id
            if position == trade.signal_id and order.instrument.key == trade.key:
                for fill in self.fills.get(order_id, ()):
                    yield order, fill

    def decided_at(self, order: AnOrder) -> Decimal | None:
        """The market when an order was decided, as an ideal broker would fill it; None where nothing was seen."""
        if isinstance(order, rc.ApprovedExit) and order.level is not None:
            return order.reference
        later = (span.first for span in self.spans.get(order.instrument.key, ()) if span.since >= order.at)
        return next(later, None)

    def market_at(self, order: AnOrder, fill: events.Filled) -> Decimal | None:
        """The market when a fill was made: at once it is the one that was decided on."""
        if fill.traded_at < order.at:
            return self.decided_at(order)
        spans = [span for span in self.spans.get(fill.key, ()) if span.since <= fill.traded_at]
        return spans[-1].first if spans else None


def _answers(facts: Sequence[events.Fact]) -> dict[str, str]:
    """What was said to each entry signal: the shares, or the reasons."""
    found: dict[str, str] = {}
    for fact in facts:
        if isinstance(fact, events.EntryApproved) and fact.order.is_first:
            found[fact.signal.id] = f"approved {fact.order.whole}"
        elif isinstance(fact, events.EntryWithheld):
            found[fact.signal.id] = f"withheld {fact.order.whole}"
        elif isinstance(fact, events.EntryRefused):
            failed = sorted({one.reason for one in fact.findings if not one.passed} | set(fact.unmeasured))
            found[fact.signal.id] = f"refused {','.join(failed)}"
    return found


def _at_bars(record: _Record, bars: Bars, length: timedelta) -> dict[tuple[str, datetime], list[rc.Signal]]:
    """The signals by instrument and by the bar at whose end they are raised: the first that ends no earlier.

    It is a bar of the instrument whose bar raised it, which may be another than the signal's.
    """
    signals = record.signals
    found: dict[tuple[str, datetime], list[rc.Signal]] = {}
    series = {instrument.key: table for instrument, table in bars.items()}
    missing = sorted({signal.symbol for signal in signals if signal.key not in series})
    if missing:
        raise ValueError(f"no bars of {', '.join(missing)}, of which the journal holds signals: give theirs too")
    lost = []
    for signal in signals:
        raising = record.raised_on.get(signal.id, signal.key)
        key = raising if raising in series else signal.key
        bar = _bar_of(signal, series[key], length)
        if bar is None:
            lost.append(f"{signal.id} at {signal.at.isoformat()}")
            continue
        moved = attrs.evolve(signal, at=bar.at + length, bar_at=signal.bar_at or signal.at)
        found.setdefault((key, bar.at), []).append(moved)
    if lost:
        raise ValueError(f"{len(lost)} signals fall in no bar, the first {lost[0]}: give the bars of the whole day")
    return found


def _bar_of(signal: rc.Signal, series: Sequence[rc.Bar], length: timedelta) -> rc.Bar | None:
    return next((bar for bar in series if signal.at <= bar.at + length < signal.at + length * 2), None)


def _raising(raised: Mapping[tuple[str, datetime], Sequence[rc.Signal]], place: int) -> OnBar:
    def on_bar(instrument: rc.Instrument, seen: Sequence[rc.Bar]) -> rc.Signal | None:
        group = raised.get((instrument.key, seen[-1].at), ())
        return group[place] if place < len(group) else None

    return on_bar


def _beside(record: _Record, run: rc.Simulation) -> Iterator[TradeBeside]:
    then = {trade.signal_id: trade for trade in record.trades}
    now = {trade.signal_id: trade for trade in run.trades}
    simulated = _answers(run.facts)
    for signal_id in dict.fromkeys([*then, *now]):
        one, two = then.get(signal_id), now.get(signal_id)
        told = one or two
        assert told is not None
        made = TradeBeside(signal_id=signal_id, key=told.key, recorded=one, simulated=two)
        if one is not None and two is not None:
            yield attrs.evolve(made, causes=_causes(record, one, two))
            continue
        answers = simulated if two is None else record.answers
        where = "the backtest" if two is None else "the record"
        why = f"{where}: {answers.get(signal_id, 'no answer')}"
        yield attrs.evolve(made, why=why, causes={**dict.fromkeys(CAUSES, ZERO), "data": made.difference})


def _causes(record: _Record, then: events.PositionClosed, now: events.PositionClosed) -> dict[str, Decimal]:
    latency = slip = ZERO
    approved = filled = 0
    seen: set[str] = set()
    for order, fill in record.sides(then):
        decided, market = record.decided_at(order), record.market_at(order, fill)
        way = -1 if fill.side == rc.BUY else 1
        if decided is not None and market is not None:
            latency += way * (market - decided) * fill.quantity
            slip += way * (fill.value - market * fill.quantity)
        if isinstance(order, rc.ApprovedEntry):
            filled += fill.quantity
            approved += 0 if order.order_id in seen else order.quantity
            seen.add(order.order_id)
    partial = (now.gross / now.quantity * (filled - approved)).quantize(PAISA) if filled < approved else ZERO
    charges = now.charges - then.charges
    rest = _net(then) - _net(now) - latency - slip - partial - charges
    return dict(zip(CAUSES, (latency, slip, partial, charges, rest), strict=True))


def _net(trade: events.PositionClosed | None) -> Decimal:
    return ZERO if trade is None else trade.net
