"""The simulated broker: an exchange made of prices, for backtests and paper."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from riskcore import events as e
from riskcore.intrabar import Entries
from riskcore.money import ZERO, exact
from riskcore.orders import CANCELLED, FILLED, WORKING, ApprovedEntry, ApprovedExit
from riskcore.overrides import Tables
from riskcore.policy import Policy
from riskcore.sessions import CONTINUOUS, CalendarUnknown, phase_at
from riskcore.signals import BUY, DAY, seconds
from riskcore.stale_reads import INTRADAY
from riskcore.values import changed, made


@frozen(slots=False)
class Broker:
    """An exchange and broker made of prices: working orders, and the latest span of each instrument.

    `place`, `cancel` and `see` return the next broker and the reports it sends. It fills whole orders, at the
    first price it may (`ideal`: no slippage, no refusals), and never on prices from before the order; with `entries`
    at the close, an entry trades at once, at the last price of the span it was decided on. An entry meets no span that
    began `patience` or more after it (bars were missing): live it would have been taken back; None: it waits on.
    """

    working: tuple[ApprovedEntry | ApprovedExit, ...] = ()
    spans: tuple[e.PricesSeen, ...] = ()
    entries: Entries = Entries.NEXT_OPEN
    patience: timedelta | None = None

    @classmethod
    def of_bars(cls, length: timedelta, policy: Policy, entries: Entries = Entries.NEXT_OPEN) -> Broker:
        """One that meets bars of a length: an entry waits `entry_timeout_s` for one, or for that of the next day."""
        return cls(entries=entries, patience=None if length >= DAY else seconds(policy.entry_timeout_s))

    @exact
    def place(
        self, order: ApprovedEntry | ApprovedExit, at: datetime, *, tables: Tables | None = None
    ) -> tuple[Broker, e.OrderReported]:
        """Accept an order. An exit from a level that the current span contains trades at once, at its reference.

        So does an intraday one, at the close, where continuous trading has ended with the bar that it was decided on:
        within the bar it would have left, and no later one comes. `tables` are the user's own market facts.
        """
        span = self.span(order.instrument.key)
        if span is not None and isinstance(order, ApprovedExit):
            if order.level is not None and span.low <= order.reference <= span.high:
                return self, _traded(order, order.reference, at, span.since)
            if _is_last_chance(order, span, at, tables) and _may_trade_at(order, span.last):
                return self, _traded(order, span.last, at, at)
        elif span is not None and self.entries is Entries.AT_CLOSE and _may_trade_at(order, span.last):
            return self, _traded(order, span.last, at, at)
        return changed(self, working=(*self.working, order)), _status(order, WORKING, at)

    def cancel(self, order_id: str, at: datetime) -> tuple[Broker, tuple[e.OrderReported, ...]]:
        """Cancel what works under that id; an order that does not work any more reports nothing."""
        left = tuple(order for order in self.working if order.order_id != order_id)
        gone = (_status(o, CANCELLED, at) for o in self.working if o.order_id == order_id)
        return changed(self, working=left), tuple(gone)

    @exact
    def see(self, prices: e.PricesSeen) -> tuple[Broker, tuple[e.OrderReported, ...]]:
        """Take a new span of prices of one instrument, and report what trades in it."""
        others = [span for span in self.spans if span.key != prices.key]
        reports: list[e.OrderReported] = []
        left: list[ApprovedEntry | ApprovedExit] = []
        for order in self.working:
            meets = order.instrument.key == prices.key and self._is_there(order, prices.since)
            price = _price_of(order, prices) if meets else None
            if price is None:
                left.append(order)
            else:
                reports.append(_traded(order, price, prices.at, prices.since))
        return changed(self, working=tuple(left), spans=(*others, prices)), tuple(reports)

    def _is_there(self, order: ApprovedEntry | ApprovedExit, since: datetime) -> bool:
        """Whether an order works when a span begins: it was made before, and was not given up meanwhile."""
        given_up = self.patience is not None and since - order.at >= self.patience
        return order.at <= since and not (given_up and isinstance(order, ApprovedEntry))

    def shown(self, prices: e.PricesSeen) -> Broker:
        """The next broker, which knows these prices; nothing that works trades in them."""
        if self.span(prices.key) is prices:
            return self
        others = [span for span in self.spans if span.key != prices.key]
        return changed(self, spans=(*others, prices))

    def span(self, key: str) -> e.PricesSeen | None:
        """The latest prices of an instrument."""
        for span in self.spans:
            if span.key == key:
                return span
        return None


def _price_of(order: ApprovedEntry | ApprovedExit, prices: e.PricesSeen) -> Decimal | None:
    """What a working limit order trades at in a span, or None."""
    if _may_trade_at(order, prices.first) or _is_from_before_the_night(order, prices):
        return prices.first
    if isinstance(order, ApprovedEntry):
        return None
    reached = prices.low <= order.limit if order.side == BUY else prices.high >= order.limit
    return order.limit if reached else None


def _is_from_before_the_night(order: ApprovedEntry | ApprovedExit, prices: e.PricesSeen) -> bool:
    """Whether an exit meets the first bar of a later session than its own: it leaves where that one opens.

    Its order ended with its session. Live the next one goes at the first price of the morning, and is priced by it; a
    bar is seen at its end alone, when the day is over. A bar of one price is a tick, or a share at its circuit, where
    nothing leaves.
    """
    if not isinstance(order, ApprovedExit) or order.at.date() >= prices.since.date():
        return False
    return not prices.ticks and prices.low < prices.high


def _is_last_chance(order: ApprovedExit, span: e.PricesSeen, at: datetime, tables: Tables | None) -> bool:
    """Whether an intraday exit comes at the end of a bar with which its session ended."""
    if order.product != INTRADAY or span.ticks or span.at != at:
        return False
    try:
        return phase_at(at, order.instrument, tables=tables) != CONTINUOUS
    except CalendarUnknown:
        return False


def _may_trade_at(order: ApprovedEntry | ApprovedExit, price: Decimal) -> bool:
    return price <= order.limit if order.side == BUY else price >= order.limit


def _traded(order: ApprovedEntry | ApprovedExit, price: Decimal, at: datetime, traded_at: datetime) -> e.OrderReported:
    return _report(order, FILLED, at, order.quantity, price * order.quantity, traded_at)


def _status(order: ApprovedEntry | ApprovedExit, status: str, at: datetime) -> e.OrderReported:
    return _report(order, status, at, 0, ZERO, None)


def _report(
    order: ApprovedEntry | ApprovedExit,
    status: str,
    at: datetime,
    quantity: int,
    value: Decimal,
    traded_at: datetime | None,
) -> e.OrderReported:
    return made(
        e.OrderReported,
        at=at,
        order_id=order.order_id,
        status=status,
        filled_quantity=quantity,
        filled_value=value,
        traded_at=traded_at,
        note="",
        error="",
        broker_id="",
    )
