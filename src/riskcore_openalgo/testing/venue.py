"""The order desk of one mode: takes orders, matches them, changes and ends them. Its caller holds the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time
from decimal import Decimal
from typing import Final

from attrs import evolve, frozen

import riskcore as rc
from riskcore_openalgo.testing.account import Account
from riskcore_openalgo.testing.checks import (
    Refusal,
    delivery_refusal,
    exchange_rejection,
    funds_refusal,
    needed_margin,
    sandbox_refusal,
)
from riskcore_openalgo.testing.days import SQUARE_OFF, events_between, intraday_refused
from riskcore_openalgo.testing.fault import Fault
from riskcore_openalgo.testing.market import Market, split_key
from riskcore_openalgo.testing.matching import first_status, match
from riskcore_openalgo.testing.orders import CANCELLED, COMPLETE, NONE, OPEN, REJECTED, FakeOrder, FakePosition, paise
from riskcore_openalgo.testing.profile import Profile, protected_price

SQUARES_OFF: Final = "AUTO_SQUARE_OFF"
"""The strategy on exits that OpenAlgo's sandbox places itself."""


@frozen(kw_only=True)
class OrderRequest:
    """What is asked for: `pricetype` MARKET, LIMIT, SL or SL-M; prices 0 where they do not belong."""

    key: str
    side: str
    quantity: int
    product: str = "MIS"
    pricetype: str = "MARKET"
    price: Decimal = NONE
    trigger: Decimal = NONE
    strategy: str = ""


@frozen
class Placed:
    """What became of a request: an id, or a refusal (which may carry the id of the rejected order it left)."""

    order_id: str | None = None
    refusal: Refusal | None = None
    filled_at_once: bool = False


class Venue:
    """One mode's order desk over its own account."""

    def __init__(
        self,
        account: Account,
        profile: Profile,
        market: Market,
        clock: Callable[[], datetime],
        tell: Callable[[FakeOrder], None],
    ) -> None:
        self.account, self.profile = account, profile
        self.by_hand = False
        self.data_fails = ""
        self._market, self._clock, self._tell = market, clock, tell
        self._made = self._triggers_made = 0

    # ------------------------------------------------------------------- placing
    def place(
        self, request: OrderRequest, fault: Fault | None = None, *, closes: bool = False, order_id: str = ""
    ) -> Placed:
        """Take an order, or refuse it; what is marketable fills before this returns. `order_id` is its id, if any."""
        last, order = self._last(request), self._order(request, order_id or self.next_id())
        order = evolve(order, margin=needed_margin(self._market, self.account, order, last))
        if self.profile.validates and not closes and (refused := self._refused(order, last)):
            return Placed(refusal=Refusal(400, refused))
        if self.profile.sandbox:
            kept = (
                order.price if request.pricetype in {"LIMIT", "SL"} else last if request.pricetype == "MARKET" else NONE
            )
            order = evolve(order, price=paise(kept), trigger=paise(order.trigger))
        rejected = self._rejected(order, fault, closes=closes)
        self.account.orders[order.order_id] = order
        if rejected and self.profile.sandbox and fault is None:
            self._end(order, REJECTED, rejected)
            return Placed(refusal=Refusal(400, rejected, order.order_id))
        self._tell(order)
        if rejected:
            if not (fault and fault.seconds):
                self._end(order, REJECTED, rejected)
        elif not self.by_hand:
            self._match(order, resting=False, at_most=self._part(order, fault))
        return Placed(order.order_id, None, self.account.orders[order.order_id].filled > 0)

    def _refused(self, order: FakeOrder, last: Decimal) -> str:
        if complaint := sandbox_refusal(self._market, order):
            return complaint
        opening = self.account.opening(order.key, order.product, order.sign * order.quantity)
        if order.product == "MIS" and opening and (late := intraday_refused(order.exchange, self._clock())):
            return late
        if order.asked == "MARKET" and (last <= 0 or (self.data_fails and opening != 0)):
            return (
                f"Cannot place MARKET order for {order.symbol} - unable to fetch current price. "
                "Please try again later or use LIMIT order with a specific price."
            )
        return "" if delivery_refusal(self.account, order) else funds_refusal(self.account, order.margin)

    def _rejected(self, order: FakeOrder, fault: Fault | None, *, closes: bool) -> str:
        if fault is not None and fault.kind == "reject_later":
            return fault.message or "RMS: rejected"
        if self.profile.sandbox:
            return "" if closes else delivery_refusal(self.account, order)
        if not self.profile.rejects_later:
            return ""
        return exchange_rejection(self._market, self.account, order, order.margin)

    def _part(self, order: FakeOrder, fault: Fault | None) -> int:
        """How much may fill at once: whole lots of the scripted fraction."""
        if fault is None:
            return order.quantity
        contract, part = self._market.contracts.get(order.key), int(order.quantity * fault.fraction)
        return part - part % contract.lot if contract else part

    def _order(self, request: OrderRequest, order_id: str) -> FakeOrder:
        """The order as the broker will have it."""
        pricetype, price = request.pricetype, request.price
        last, contract = self._last(request), self._market.contracts.get(request.key)
        option, tick = bool(contract and contract.option), self._market.tick_of(request.key)
        if pricetype == "MARKET" and self.profile.market_as_limit and last > 0:
            pricetype, price = "LIMIT", protected_price(last, request.side, option=option, tick=tick)
        elif pricetype == "SL-M" and self.profile.stop_market_as_stop:
            pricetype, price = "SL", protected_price(last or request.trigger, request.side, option=option, tick=tick)
        elif pricetype in {"MARKET", "SL-M"}:
            price = NONE
        return FakeOrder(
            order_id=order_id,
            key=request.key,
            side=request.side,
            quantity=request.quantity,
            product=request.product,
            asked=request.pricetype,
            pricetype=pricetype,
            price=price,
            trigger=request.trigger if request.pricetype in {"SL", "SL-M"} else NONE,
            strategy=request.strategy,
            at=self._clock(),
            status=first_status(pricetype),
        )

    def _last(self, request: OrderRequest) -> Decimal:
        """The price known to this mode: of the market, or of the position while data calls fail."""
        if not self.data_fails:
            return self._market.quote(request.key).last
        row = self.account.positions.get((request.key, request.product))
        return row.ltp if row else NONE

    # ------------------------------------------------------------------ matching
    def check(self, key: str | None = None) -> None:
        """Match all working orders, of one symbol or of all, then the resting triggers."""
        if self.by_hand:
            return
        for order in list(self.account.orders.values()):
            if order.working and key in {None, order.key}:
                self._match(order, resting=True)
        for gtt in list(self.account.gtts.values()):
            last = self._market.quote(gtt.key).last
            hit = next((leg for leg in gtt.legs if last > 0 and leg.crossed(last)), None)
            if hit and key in {None, gtt.key}:
                del self.account.gtts[gtt.trigger_id]
                request = OrderRequest(
                    key=gtt.key, side=gtt.side, quantity=gtt.quantity, product=gtt.product,
                    pricetype=gtt.pricetype, price=hit.limit, strategy=gtt.strategy,
                )  # fmt: skip
                self.place(request, closes=True)

    def _match(self, order: FakeOrder, *, resting: bool, at_most: int | None = None) -> None:
        if self.data_fails:
            return
        band = self._market.bands.get(order.key)
        met = match(order, self._market.quote(order.key), self.profile, resting=resting, band=band)
        if met.price is None:
            if met.status != order.status:
                self._keep(evolve(order, status=met.status))
            return
        quantity = order.left if at_most is None else min(at_most, order.left)
        if self.profile.partials:
            quantity = min(quantity, self._market.depth.get(order.key, quantity))
        if quantity:
            self.fill(evolve(order, status=OPEN), quantity, met.price)

    def fill(self, order: FakeOrder, quantity: int, price: Decimal) -> None:
        """Trade so many shares of it at this price."""
        at = self._clock()
        price = paise(price) if self.profile.sandbox else price
        self._tell(self.account.fill(order, quantity, price, self._trade_id(at), at))

    # ------------------------------------------------------------ changing, ending
    def modify(self, order_id: str, quantity: int, price: Decimal, trigger: Decimal) -> Refusal | None:
        """Change quantity and prices, and nothing else whatever was asked; the sandbox matches at the next check."""
        order = self.account.orders.get(order_id)
        if order is None or not order.working:
            return self._not_there(order, order_id, "modify")
        changed = evolve(order, quantity=quantity)
        if self.profile.sandbox:
            price, trigger = paise(price), paise(trigger)
        if order.pricetype in {"LIMIT", "SL"} and price > 0:
            changed = evolve(changed, price=price)
        if order.pricetype in {"SL", "SL-M"} and trigger > 0:
            changed = evolve(changed, trigger=trigger)
        needed = needed_margin(self._market, self.account, changed, self._market.quote(order.key).last)
        self.account.orders[order_id] = evolve(changed, margin=needed)
        if not (self.profile.sandbox or self.by_hand):
            self._match(self.account.orders[order_id], resting=False)
        return None

    def cancel(self, order_id: str) -> Refusal | None:
        """Take back what has not traded."""
        order = self.account.orders.get(order_id)
        if order is None or not order.working:
            return self._not_there(order, order_id, "cancel")
        self._end(order, CANCELLED)
        return None

    def _not_there(self, order: FakeOrder | None, order_id: str, verb: str) -> Refusal:
        if self.profile.sandbox:
            if order is None:
                return Refusal(404, f"Order {order_id} not found")
            return Refusal(400, f"Cannot {verb} order in {order.status} status")
        return Refusal(400, f"Failed to {verb} order: {'not found' if order is None else 'not open'}")

    def _end(self, order: FakeOrder, status: str, reason: str = "") -> None:
        self._tell(self.account.end(order, status, reason))

    def end(self, order: FakeOrder, status: str, reason: str = "") -> None:
        """Cancel or reject from the broker's side."""
        self._end(order, status, reason)

    def _keep(self, order: FakeOrder) -> None:
        self.account.orders[order.order_id] = order
        self._tell(order)

    # ------------------------------------------------------------------ positions
    def open_rows(self, product: str | None = None) -> Iterator[FakePosition]:
        """Rows with a quantity."""
        yield from (row for row in list(self.account.rows()) if row.quantity and product in {None, row.product})

    def close(self, row: FakePosition, strategy: str) -> Placed:
        """Send the market order that would flatten a row; resting orders stay."""
        request = OrderRequest(
            key=row.key,
            side="SELL" if row.quantity > 0 else "BUY",
            quantity=abs(row.quantity),
            product=row.product,
            strategy=SQUARES_OFF if self.profile.sandbox else strategy,
        )
        return self.place(request, closes=True)

    def pass_time(self, since: datetime, now: datetime) -> None:
        """Square-off, delivery and rollover, each as it fell due."""
        for at, event, end in events_between(since, now):
            if event == "deliver":
                self.account.deliver(at.date())
            elif event == "roll_over":
                self.account.roll_over(at)
            elif end is not None:
                self._square_off(end)

    def _square_off(self, end: time) -> None:
        """The end of MIS on the exchanges that end then: resting orders cancelled, positions closed at market."""
        for order in list(self.account.orders.values()):
            if order.working and order.product == "MIS" and SQUARE_OFF.get(order.exchange) == end:
                self._end(order, CANCELLED)
        for row in self.open_rows("MIS"):
            if SQUARE_OFF.get(split_key(row.key)[0]) == end:
                self.close(row, SQUARES_OFF)

    def value(self) -> None:
        """Bring the position book's prices up to date; while data calls fail it keeps the old ones, unmarked."""
        if not self.data_fails:
            self.account.value({key: quote.last for key, quote in self._market.quotes.items()})

    # ------------------------------------------------------------------------ ids
    def next_id(self) -> str:
        """The id of a new order."""
        self._made += 1
        at = self._clock().astimezone(rc.IST)
        if self.profile.sandbox:
            # 14 digits, unique, and not in the order of time: 57203917 has no factor in common with 10**8.
            return f"{at:%y%m%d}{self._made * 57_203_917 % 10**8:08d}"
        if self.profile.ids == "letters":
            return f"00N{at:%y%m%d}Kq{self._made * 57_203_917 % 10**8:08x}"
        return f"{at:%y%m%d}{at:%H%M%S}{self._made:04d}"

    def next_trigger_id(self) -> str:
        """The id of a new resting trigger."""
        self._triggers_made += 1
        return f"GTT-{self._clock().astimezone(rc.IST):%y%m%d}-{self._triggers_made * 2_246_822_519 % 2**32:08x}"

    def _trade_id(self, at: datetime) -> str:
        at = at.astimezone(rc.IST)
        return f"TRADE-{at:%Y%m%d-%H%M%S}-{(len(self.account.trades) + 1) * 2_654_435_761 % 2**32:08x}"

    def statistics(self) -> dict[str, int]:
        """How many orders of the session are in which state."""
        shown = self.account.visible()
        count = {
            "total_buy_orders": sum(order.side == "BUY" for order in shown),
            "total_sell_orders": sum(order.side == "SELL" for order in shown),
            "total_completed_orders": sum(order.status == COMPLETE for order in shown),
            "total_open_orders": sum(order.status == OPEN for order in shown),
            "total_rejected_orders": sum(order.status == REJECTED for order in shown),
        }
        if self.profile.sandbox:
            pending = sum(order.status == "trigger pending" for order in shown)
            return {**count, "total_trigger_pending_orders": pending}
        return count
