"""One signal's whole story, out of a journal: alert, validation, decision with every finding, orders, fills, exit, P&L.

with Reader(path) as journal:
for step in story(journal, "4f0c9a...").steps:
print(step.at, step.what, *step.lines)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from attrs import define, field, frozen

import riskcore as rc
from riskcore import events as e
from riskcore_openalgo.journal.chain import FACT, Row
from riskcore_openalgo.journal.reader import Reader

ARRIVALS: Final = (e.SignalArrived.__name__, e.AlertRefused.__name__)
OF_ORDERS: Final = tuple(
    kind.__name__ for kind in (e.Acknowledged, e.OrderMoved, e.OrderFailed, e.CancelRequested, e.Filled)
)
OF_SIGNALS: Final = tuple(
    kind.__name__
    for kind in (
        e.SignalTaken,
        e.SignalRepeated,
        e.EntryRefused,
        e.EntryWithheld,
        e.ReversalBegun,
        e.ReversalDue,
        e.EntryApproved,
        e.ExitApproved,
        e.StopMoved,
        e.PositionClosed,
        e.TradeCorrected,
    )
)


@frozen
class Step:
    """One thing that happened: the row of the journal, when, what in a word, and what there is to say of it."""

    seq: int
    at: datetime
    what: str
    lines: tuple[str, ...]
    body: str = field(repr=False)


@frozen
class Story:
    """What the journal has of a receipt or a signal; no steps where it knows neither."""

    name: str
    signals: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def ending(self) -> str:
        """How it ended, or that it has not."""
        return self.steps[-1].what if self.steps else "unknown"


def story(journal: Reader, name: str) -> Story:
    """The story of the receipt, or of the signal, of that name."""
    arrived = [row for row in journal.rows(types=ARRIVALS) if named(row.event, name)]
    ids = {row.event.signal.id for row in arrived if isinstance(row.event, e.SignalArrived)}
    trail = _Trail(ids)
    steps = [_step(row) for row in arrived]
    if arrived and ids:
        wanted = (*OF_SIGNALS, *OF_ORDERS)
        found = journal.rows(FACT, after=arrived[0].seq, types=wanted)
        steps += [_step(row) for row in found if trail.leads_to(row.event)]
    return Story(name, tuple(sorted(ids)), tuple(sorted(steps, key=lambda step: step.seq)))


def named(event: Any, name: str) -> bool:
    """Whether an alert that arrived has that receipt, or that id."""
    if isinstance(event, e.AlertRefused):
        return bool(event.receipt == name)
    return name in (event.signal.id, event.signal.receipt)


@define
class _Trail:
    """Which facts belong to the signals: theirs, those of their orders, and those of the positions they opened."""

    ids: set[str]
    orders: set[str] = field(factory=set)
    left: set[str] = field(factory=set)

    def leads_to(self, fact: Any) -> bool:
        """Whether a fact belongs to the story; an order that does is followed from here on."""
        if isinstance(fact, e.EntryApproved):
            return self._follows(fact.signal.id in self.ids, fact.order.order_id)
        if isinstance(fact, e.ExitApproved):
            ours = fact.signal_id in self.ids or fact.order.position_id in self.ids
            if ours:
                self.left.add(fact.order.position_id)
            return self._follows(ours, fact.order.order_id)
        if isinstance(fact, (e.SignalTaken, e.EntryRefused, e.EntryWithheld)):
            return fact.signal.id in self.ids
        if isinstance(fact, (e.ReversalBegun, e.ReversalDue)):
            return fact.signal_id in self.ids
        if isinstance(fact, e.StopMoved):
            return fact.position_id in self.ids
        if isinstance(fact, (e.SignalRepeated, e.PositionClosed, e.TradeCorrected)):
            return fact.signal_id in self.ids or fact.signal_id in self.left
        return fact.order_id in self.orders

    def _follows(self, ours: bool, order_id: str) -> bool:  # noqa: FBT001 - the one thing it is about
        if ours:
            self.orders.add(order_id)
        return ours


def _step(row: Row) -> Step:
    event = row.event
    what, tell = TOLD[type(event)]
    return Step(row.seq, event.at, what, tuple(tell(event)), row.body)


# ---------------------------------------------------------------- in words


def _arrived(event: e.SignalArrived) -> list[str]:
    signal = event.signal
    asked = f"{signal.kind} {signal.side} {signal.exchange}:{signal.symbol} {signal.product}"
    prices = [f"{name} {value}" for name in ("price", "stop", "target") if (value := getattr(signal, name)) is not None]
    bar = "" if signal.bar_at is None else f", bar of {signal.bar_at:%Y-%m-%d %H:%M}"
    return [
        f"from {signal.source}{f', strategy {signal.strategy}' if signal.strategy else ''}, signal {signal.id}",
        ", ".join([asked, *prices]),
        f"raised {signal.at:%H:%M:%S}{bar}" + (f"; {signal.note}" if signal.note else ""),
        *([f"context {', '.join(f'{name}={value}' for name, value in signal.context)}"] if signal.context else []),
        *([f"receipt {signal.receipt}"] if signal.receipt else []),
    ]


def _refused_alert(event: e.AlertRefused) -> list[str]:
    return [f"from {event.source}: {event.reason}: {event.detail}", f"it said: {event.body}"]


def _findings(findings: Sequence[rc.Finding], unmeasured: Sequence[str] = ()) -> list[str]:
    lines = [f"{'ok  ' if found.passed else 'FAIL'} {found.rule}: {found.text}" for found in findings]
    return lines + [f"?    {name}: not measured, for what it needs is missing" for name in unmeasured]


def _refused(fact: e.EntryRefused) -> list[str]:
    until = [] if fact.until is None else [f"entries are next taken at {fact.until:%Y-%m-%d %H:%M}; send it again then"]
    return _findings(fact.findings, fact.unmeasured) + until


def _approved(fact: e.EntryApproved | e.EntryWithheld) -> list[str]:
    order = fact.order
    said = f"order {order.order_id}: {order.side} {order.quantity} {order.instrument.key}, limit {order.limit}, "
    return [
        f"{said}stop {order.stop}, target {order.target}, at risk Rs {order.risk}, size bound by {fact.bound_by}",
        *_off_tick(fact.signal, order),
        *_findings(fact.findings),
    ]


def _off_tick(signal: rc.Signal, order: rc.ApprovedEntry) -> list[str]:
    """Prices of the signal that the exchange would not take, and what became of each."""
    tick = order.instrument.tick
    stands = {"price": order.limit, "stop": order.stop, "target": order.target}
    told = [
        (name, price, stands[name])
        for name in stands
        if (price := getattr(signal, name)) is not None and price % tick != 0
    ]
    return [
        f"note: the signal's {name} {price} is no multiple of the tick {tick}: "
        + ("compared with the quote alone, the limit is ours" if name == "price" else _rounded(price, stood, tick))
        for name, price, stood in told
    ]


def _rounded(price: Decimal, stood: Decimal | None, tick: Decimal) -> str:
    if stood is None or abs(stood - price) >= tick:
        return "the policy's own stands instead"
    return f"rounded {'up' if stood > price else 'down'} to {stood}"


def _withheld(fact: e.EntryWithheld) -> list[str]:
    would, *findings = _approved(fact)
    return [f"not sent: {fact.why}; it would have been {would}", *findings]


def _leaves(fact: e.ExitApproved) -> list[str]:
    order = fact.order
    resting = "" if order.trigger is None else f", rests until {order.trigger}"
    why = f"for {order.reason}" + (f" ({order.rule})" if order.rule else "")
    what = f"order {order.order_id}: {order.side} {order.quantity} {order.instrument.key}, limit {order.limit}"
    return [what, f"{why}{resting}"]


def _filled(fact: e.Filled) -> list[str]:
    cost = "charges unknown" if fact.charges is None else f"charges Rs {fact.charges}"
    return [f"order {fact.order_id}: {fact.side} {fact.quantity} at {_price(fact.price)}, {cost}"]


def _closed(fact: e.PositionClosed) -> list[str]:
    r_multiple = "R unknown" if fact.r_multiple is None else f"{fact.r_multiple:+.2f} R"
    prices = f"in at {_price(fact.entry_price)}, out at {_price(fact.exit_price)} by {fact.reason}"
    result = f"gross Rs {fact.gross:.2f} - charges Rs {fact.charges:.2f} = net Rs {fact.net:.2f}, {r_multiple}"
    return [f"{fact.side} {fact.quantity} {fact.key}: {prices}", result]


def _price(price: Decimal) -> str:
    return f"{price:.2f}"


Tell = Callable[[Any], list[str]]
TOLD: Final[dict[type, tuple[str, Tell]]] = {
    e.SignalArrived: ("arrived", _arrived),
    e.AlertRefused: ("not a signal", _refused_alert),
    e.SignalTaken: ("valid", lambda fact: ["taken; what is seen of the market was asked for"]),
    e.SignalRepeated: ("duplicate", lambda fact: [f"of {fact.signal_id}; nothing is done"]),
    e.EntryRefused: ("refused", _refused),
    e.EntryWithheld: ("withheld", _withheld),
    e.ReversalBegun: (
        "reversing",
        lambda fact: [f"what is held of {fact.key} leaves first; the entry is decided when it is gone"],
    ),
    e.ReversalDue: ("flat", lambda fact: ["nothing is held any more: the entry is decided now"]),
    e.EntryApproved: ("approved", _approved),
    e.ExitApproved: ("leaving", _leaves),
    e.StopMoved: ("stop moved", lambda fact: [f"from {fact.before} to {fact.after} by {fact.rule}"]),
    e.PositionClosed: ("closed", _closed),
    e.TradeCorrected: ("corrected", lambda fact: [f"gross Rs {fact.gross:+}, charges Rs {fact.charges:+}"]),
    e.Acknowledged: ("at the broker", lambda fact: [f"order {fact.order_id} is its {fact.broker_id}"]),
    e.OrderMoved: (
        "order moved",
        lambda fact: [f"order {fact.order_id}: {fact.status}" + (f", {fact.note}" if fact.note else "")],
    ),
    e.OrderFailed: ("order failed", lambda fact: [f"order {fact.order_id}: {fact.error}, {fact.why}"]),
    e.CancelRequested: ("cancelling", lambda fact: [f"order {fact.order_id}: {fact.why}"]),
    e.Filled: ("filled", _filled),
}
