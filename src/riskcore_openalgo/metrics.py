"""What a runner measures of itself, for Prometheus: what `/metrics` says, and docs/metrics.md lists.

Counters and histograms follow facts and calls; gauges are read off the runner at the moment of the scrape, in the
scraper's thread: all that is read is an immutable state, or a number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

import riskcore as rc
from riskcore import engine, events

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

MISSING: Final = 'metrics need prometheus-client: pip install "riskcore[runner]"'
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
KEPT: Final = 1000
STATES: Final = ("active", "reducing", "halted", "locked", "waiting_for_login")


@frozen
class Known:
    """One metric: its name, what kind it is, what it says, and its labels."""

    name: str
    kind: str
    says: str
    labels: tuple[str, ...] = ()


GAUGES: Final = (
    Known("riskcore_up", "gauge", "1 while the runner turns (a turn within the last 30 s)"),
    Known("riskcore_state", "gauge", "1 for the trading state that holds", ("state",)),
    Known("riskcore_latches", "gauge", "latches that stand", ("name",)),
    Known("riskcore_seconds_since_turn", "gauge", "seconds since the runner's last turn"),
    Known("riskcore_seconds_since_quote", "gauge", "seconds since the last good price of a symbol", ("symbol",)),
    Known("riskcore_seconds_since_tick", "gauge", "seconds since the last good price of any symbol"),
    Known("riskcore_seconds_since_books", "gauge", "seconds since the broker's books could last be read"),
    Known("riskcore_seconds_since_ack", "gauge", "seconds since OpenAlgo last named an order of ours"),
    Known("riskcore_unprotected_seconds", "gauge", "how long a position has had no stop at the broker", ("symbol",)),
    Known("riskcore_queue_depth", "gauge", "inputs that wait for the next turn"),
    Known("riskcore_intake_up", "gauge", "1 while the intake's own process listens"),
    Known("riskcore_intake_restarts", "gauge", "times that process ended by itself in this run"),
    Known("riskcore_lane_depth", "gauge", "tasks that wait in a lane", ("lane",)),
    Known("riskcore_alert_backlog", "gauge", "alerts that wait in memory for a channel", ("channel",)),
    Known("riskcore_alert_failures", "gauge", "rounds in which a channel took nothing, in a row", ("channel",)),
    Known("riskcore_heartbeat_failures", "gauge", "calls of heartbeat_url in vain, in a row"),
    Known("riskcore_connected", "gauge", "1 while the price stream stands"),
    Known("riskcore_journal_rows", "gauge", "rows of the journal"),
    Known("riskcore_journal_trouble", "gauge", "1 while the journal's database takes no rows"),
    Known("riskcore_equity_rupees", "gauge", "equity now: opening, realised, charges and open result"),
    Known("riskcore_realised_rupees", "gauge", "today's realised result after charges"),
    Known("riskcore_unrealised_rupees", "gauge", "open result at the latest prices"),
    Known("riskcore_charges_rupees", "gauge", "today's charges"),
    Known("riskcore_exposure_rupees", "gauge", "value of all positions at the latest prices"),
    Known("riskcore_positions", "gauge", "open positions"),
    Known("riskcore_live_orders", "gauge", "orders that may still fill", ("kind",)),
    Known("riskcore_trades_today", "gauge", "entries sent today and not refused unfilled"),
    Known("riskcore_limit_used_pct", "gauge", "how much of a limit is in use, in per cent", ("rule",)),
    Known("riskcore_limit_left", "gauge", "distance to a limit, in the unit of the limit", ("rule",)),
)
COUNTERS: Final = (
    Known("riskcore_signals_total", "counter", "signals taken", ("kind",)),
    Known("riskcore_alerts_dropped_total", "counter", "alerts that were no signal", ("reason",)),
    Known("riskcore_entries_total", "counter", "entries approved"),
    Known("riskcore_refusals_total", "counter", "signals refused, by the first reason", ("reason",)),
    Known("riskcore_exits_total", "counter", "exits sent", ("reason",)),
    Known("riskcore_fills_total", "counter", "fills", ("side",)),
    Known("riskcore_trades_total", "counter", "finished trades", ("result",)),
    Known("riskcore_net_rupees_won_total", "counter", "net result of the trades that won"),
    Known("riskcore_net_rupees_lost_total", "counter", "net loss of the trades that did not win"),
    Known("riskcore_order_errors_total", "counter", "orders refused, or of unknown outcome", ("error",)),
    Known("riskcore_alarms_total", "counter", "alarms", ("name",)),
    Known("riskcore_latched_total", "counter", "times entries were stopped", ("name",)),
    Known("riskcore_unprotected_seconds_total", "counter", "seconds that positions had no stop at the broker"),
    Known("riskcore_disconnects_total", "counter", "times the price stream was lost"),
    Known("riskcore_api_calls_total", "counter", "calls of OpenAlgo", ("call", "result")),
)
READ: Final = (
    Known("riskcore_alerts_missed_total", "counter", "alerts that found no room while the journal took none"),
    Known("riskcore_prices_unused_total", "counter", "prices and messages of the feed that were not used", ("reason",)),
)
"""Counters that others count: read at a scrape."""
HISTOGRAMS: Final = (
    Known("riskcore_decision_seconds", "histogram", "from a signal taken to its answer, evidence included"),
    Known("riskcore_ack_seconds", "histogram", "from a signal taken to OpenAlgo's name for its entry"),
    Known("riskcore_api_seconds", "histogram", "how long a call of OpenAlgo took", ("call",)),
)
METRICS: Final = (*GAUGES, *COUNTERS, *READ, *HISTOGRAMS)


@frozen(kw_only=True)
class Seen:
    """Where the gauges look: each is asked at a scrape."""

    clock: Callable[[], datetime]
    state: Callable[[], engine.State]
    policy: Callable[[], rc.Policy]
    turned_at: Callable[[], datetime | None]
    price_ages: Callable[[], Mapping[str, float]] = dict
    prices_unused: Callable[[], Mapping[str, int]] = dict
    books_at: Callable[[], datetime | None] = lambda: None
    queue: Callable[[], int] = lambda: 0
    intake: Callable[[], tuple[bool, int] | None] = lambda: None
    lanes: Callable[[], Mapping[str, int]] = dict
    channels: Callable[[], Iterable[Any]] = tuple
    heartbeat: Callable[[], int | None] = lambda: None
    journal: Callable[[], tuple[int, str]] = lambda: (0, "")


class Metrics:
    """The metrics of one runner, in a registry of their own. `watch` and `called` count; `text` is a scrape."""

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
        except ImportError as missing:
            raise ImportError(MISSING) from missing
        self.registry: CollectorRegistry = CollectorRegistry()
        self._made: dict[str, Any] = {}
        for one in COUNTERS:
            self._made[one.name] = Counter(one.name, one.says, one.labels, registry=self.registry)
        for one in HISTOGRAMS:
            self._made[one.name] = Histogram(one.name, one.says, one.labels, buckets=SECONDS, registry=self.registry)
        ProcessCollector(registry=self.registry)
        self.intake_of: Callable[[], tuple[bool, int] | None] = lambda: None
        self._seen: Seen | None = None
        self._acked: datetime | None = None
        self._begun: OrderedDict[str, datetime] = OrderedDict()
        self._asked: OrderedDict[str, datetime] = OrderedDict()

    def look_at(self, seen: Seen) -> None:
        """Read the gauges there from now on."""
        first, self._seen = self._seen is None, seen
        if first:
            self.registry.register(self)  # a collector is whatever has `collect`

    def intake(self) -> tuple[bool, int] | None:
        """Whether the intake's own process listens, and how often it ended by itself; None where there is none."""
        return self.intake_of()

    def text(self) -> bytes:
        """A scrape, in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)

    def called(self, call: str, seconds: float, taken: bool) -> None:  # noqa: FBT001 - a callback of the client
        """A call of OpenAlgo."""
        self._made["riskcore_api_calls_total"].labels(call, "ok" if taken else "failed").inc()
        self._made["riskcore_api_seconds"].labels(call).observe(seconds)

    def watch(self, fact: events.Fact) -> None:
        """Count a fact."""
        counted = _counted(fact)
        if counted is not None:
            name, labels, by = counted
            made = self._made[name]
            (made.labels(*labels) if labels else made).inc(by)
        self._time(fact)
        if isinstance(fact, events.PositionClosed):
            net = float(fact.net)
            self._made[f"riskcore_net_rupees_{'won' if net > 0 else 'lost'}_total"].inc(abs(net))

    def collect(self) -> Iterator[Any]:
        """The gauges, for the registry."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        seen = self._seen
        if seen is None:
            return
        values = gauges(seen, self._acked)
        for one in GAUGES:
            family = GaugeMetricFamily(one.name, one.says, labels=one.labels)
            for labels, value in values.get(one.name, ()):
                family.add_metric(labels, value)
            yield family
        read: dict[str, list[Sample]] = {
            "riskcore_alerts_missed_total": [((), sum(delivery.missed for delivery in seen.channels()))],
            "riskcore_prices_unused_total": [((reason,), count) for reason, count in seen.prices_unused().items()],
        }
        for one in READ:
            counter = CounterMetricFamily(one.name, one.says, labels=one.labels)
            for labels, value in read[one.name]:
                counter.add_metric(labels, value)
            yield counter

    def _time(self, fact: events.Fact) -> None:
        if isinstance(fact, events.SignalTaken) and fact.signal.kind == rc.ENTRY:
            for begun in (self._begun, self._asked):
                begun[fact.signal.id] = fact.at
                while len(begun) > KEPT:
                    begun.popitem(last=False)
        elif isinstance(fact, (events.EntryApproved, events.EntryRefused)):
            self._took("riskcore_decision_seconds", self._asked.pop(fact.signal.id, None), fact.at)
            if isinstance(fact, events.EntryRefused):
                self._begun.pop(fact.signal.id, None)
        elif isinstance(fact, events.Acknowledged):
            self._acked = fact.at
            self._took("riskcore_ack_seconds", self._begun.pop(fact.order_id, None), fact.at)

    def _took(self, name: str, began: datetime | None, at: datetime) -> None:
        if began is not None:
            self._made[name].observe((at - began).total_seconds())


Sample = tuple[tuple[str, ...], float]


def gauges(seen: Seen, acked: datetime | None = None) -> dict[str, list[Sample]]:
    """Every gauge that has a value now; what is not known has none."""
    now, state, ages = seen.clock(), seen.state(), seen.price_ages()
    book, custody, turned = state.book, state.custody, seen.turned_at()
    rows, trouble = seen.journal()
    value = sum((abs(p.quantity) * (p.last or p.average_price) for p in book.positions), Decimal(0))
    latches: dict[str, int] = {}
    for latch in book.latches:
        latches[latch.name] = latches.get(latch.name, 0) + 1
    found: dict[str, list[Sample]] = {
        "riskcore_up": _one(float(healthy(seen)[0])),
        "riskcore_state": [((name,), float(book.state == name)) for name in STATES],
        "riskcore_latches": [((name,), float(count)) for name, count in sorted(latches.items())],
        "riskcore_seconds_since_turn": _age(now, turned),
        "riskcore_seconds_since_quote": [((key,), age) for key, age in sorted(ages.items())],
        "riskcore_seconds_since_tick": _one(min(ages.values())) if ages else [],
        "riskcore_seconds_since_books": _age(now, seen.books_at()),
        "riskcore_seconds_since_ack": _age(now, acked),
        "riskcore_unprotected_seconds": [((key,), _since(now, at)) for key, at in custody.bare],
        "riskcore_queue_depth": _one(seen.queue()),
        **_intake(seen.intake()),
        "riskcore_lane_depth": [((lane,), float(depth)) for lane, depth in sorted(seen.lanes().items())],
        "riskcore_alert_backlog": [((one.name,), float(one.backlog)) for one in seen.channels()],
        "riskcore_alert_failures": [((one.name,), float(one.failures)) for one in seen.channels()],
        "riskcore_heartbeat_failures": [] if (vain := seen.heartbeat()) is None else _one(vain),
        "riskcore_connected": _one(state.observed.lost_at is None),
        "riskcore_journal_rows": _one(rows),
        "riskcore_journal_trouble": _one(bool(trouble)),
        "riskcore_equity_rupees": [] if book.equity is None else _one(book.equity),
        "riskcore_realised_rupees": _one(book.net_realised),
        "riskcore_unrealised_rupees": _one(book.unrealised),
        "riskcore_charges_rupees": _one(book.charges),
        "riskcore_exposure_rupees": _one(value),
        "riskcore_positions": _one(len(book.positions)),
        "riskcore_live_orders": _live_orders(book),
        "riskcore_trades_today": _one(book.trades_today),
    }
    levels = engine.limits_in_use(state, seen.policy(), now)
    found["riskcore_limit_used_pct"] = [((level.rule,), float(level.used_pct)) for level in levels]
    found["riskcore_limit_left"] = [((level.rule,), float(level.left)) for level in levels]
    return found


def healthy(seen: Seen) -> tuple[bool, str]:
    """Whether the runner turns; and in a word why not."""
    turned = seen.turned_at()
    if turned is None:
        return False, "the runner has not turned yet"
    age = _since(seen.clock(), turned)
    return age <= 30.0, f"the last turn was {age:.0f} s ago"


def _intake(found: tuple[bool, int] | None) -> dict[str, list[Sample]]:
    return {} if found is None else {"riskcore_intake_up": _one(found[0]), "riskcore_intake_restarts": _one(found[1])}


def _live_orders(book: rc.Book) -> list[Sample]:
    kinds = {"entry": 0, "exit": 0, "stop": 0}
    for order in book.live_orders():
        kinds["entry" if order.is_entry else "stop" if order.rests else "exit"] += 1
    return [((kind,), float(count)) for kind, count in kinds.items()]


def _counted(fact: events.Fact) -> tuple[str, tuple[str, ...], float] | None:
    """The counter of a fact, its labels, and by how much it grows."""
    match fact:
        case events.SignalTaken():
            return "riskcore_signals_total", (fact.signal.kind,), 1
        case events.AlertDropped():
            return "riskcore_alerts_dropped_total", (fact.reason,), 1
        case events.EntryApproved():
            return ("riskcore_entries_total", (), 1) if fact.order.is_first else None
        case events.EntryRefused():
            failed = [found.reason for found in fact.findings if not found.passed]
            return "riskcore_refusals_total", (failed[0] if failed else "unmeasured",), 1
        case events.ExitApproved():
            return None if fact.order.trigger is not None else ("riskcore_exits_total", (fact.order.reason,), 1)
        case events.Filled():
            return "riskcore_fills_total", (fact.side,), 1
        case events.PositionClosed():
            return "riskcore_trades_total", ("won" if fact.gross > fact.charges else "lost",), 1
    return _counted_troubles(fact)


def _counted_troubles(fact: events.Fact) -> tuple[str, tuple[str, ...], float] | None:
    match fact:
        case events.OrderMoved() if fact.status in ("rejected", "unknown"):
            return "riskcore_order_errors_total", (fact.status,), 1
        case events.Alarmed():
            return "riskcore_alarms_total", (fact.name,), 1
        case events.Latched():
            return "riskcore_latched_total", (fact.latch.name,), 1
        case events.Covered():
            return "riskcore_unprotected_seconds_total", (), float(fact.seconds)
        case events.ConnectionStaged() if fact.stage == "lost":
            return "riskcore_disconnects_total", (), 1
    return None


def _one(value: Any) -> list[Sample]:
    return [((), float(value))]


def _since(now: datetime, at: datetime) -> float:
    return max((now - at).total_seconds(), 0.0)


def _age(now: datetime, at: datetime | None) -> list[Sample]:
    return [] if at is None else _one(_since(now, at))
