"""A finished trade as analytics sees it, and the fold of facts that finds them all.

What the final fact of a trade does not hold is gathered on the way: the levels and the binding rule from its
approval, the extremes from fills and marks, the slippage from the fills of the exits that a level asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import attrs
from attrs import field, frozen

from riskcore import events as e
from riskcore.money import ZERO, amount, count, exact, not_negative, positive
from riskcore.orders import STOP_HIT, TARGET_HIT, ApprovedEntry, ApprovedExit, Revision
from riskcore.sessions import in_ist
from riskcore.signals import BUY, side_text, sign
from riskcore.values import checks, given, optional, settle


@frozen(kw_only=True)
class Trade:
    """A finished trade.

    `gross` is worked out from the prices where it is not given, `r_multiple` from `initial_stop`: net / (|entry -
    initial stop| x quantity), None without one. `exit_price` is 0 of an option that expired worthless. `worst_price`
    and `best_price` are the extremes seen while it was open. `stop_slippage` is in rupees, above 0 when it left worse
    than its stop asked; None: no stop took it off, or it is not known. `initial_target` of a target in legs is their
    mean, weighted by quantity. `bound_by` is the rule that set its size, `exit_rule` the setting that placed the stop
    or the deadline it left by ("": its own levels, or none). Whatever was not recorded is None.
    """

    key: str
    side: str = field(converter=given)
    quantity: int = field(converter=given)
    entry_price: Decimal = field(converter=given)
    exit_price: Decimal = field(converter=given)
    opened_at: datetime = field(converter=given)
    closed_at: datetime = field(converter=given)
    charges: Decimal = field(default=ZERO, converter=given)
    gross: Decimal = field(default=None, converter=given)
    initial_stop: Decimal | None = field(default=None, converter=given)
    initial_target: Decimal | None = field(default=None, converter=given)
    r_multiple: Decimal | None = field(default=None, converter=given)
    worst_price: Decimal | None = field(default=None, converter=given)
    best_price: Decimal | None = field(default=None, converter=given)
    stop_slippage: Decimal | None = field(default=None, converter=given)
    strategy: str = ""
    reason: str = ""
    bound_by: str = ""
    exit_rule: str = ""
    signal_id: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _TRADE)
        if self.closed_at < self.opened_at:
            raise ValueError(f"Trade.closed_at must not be before opened_at, got {self.closed_at} < {self.opened_at}")
        self._work_out()

    @exact
    def _work_out(self) -> None:
        told: Decimal | None = self.gross
        if told is None:
            moved = sign(self.side) * (self.exit_price - self.entry_price)
            object.__setattr__(self, "gross", moved * self.quantity)
        risk = self.risk
        if self.r_multiple is None and risk:
            object.__setattr__(self, "r_multiple", (self.gross - self.charges) / (risk * self.quantity))

    @property
    @exact
    def net(self) -> Decimal:
        """Rupees, after charges."""
        return self.gross - self.charges

    @property
    @exact
    def risk(self) -> Decimal | None:
        """Initial risk a share, 1 R: |entry - initial stop|; None without a stop."""
        return None if self.initial_stop is None else abs(self.entry_price - self.initial_stop)

    @property
    @exact
    def planned_r(self) -> Decimal | None:
        """The R:R its levels promised at the price paid: |target - entry| / |entry - stop|; None without both."""
        if self.initial_target is None or not self.risk:
            return None
        return abs(self.initial_target - self.entry_price) / self.risk


@exact
def trades_of(facts: Iterable[e.Fact]) -> tuple[Trade, ...]:
    """The finished trades of a run of facts, in the order they ended; open positions are no trades yet.

    What a double fill made is a trade of its own, and one whose shares left without us ends when that was seen. What is
    known better later (`TradeCorrected`) is in its trade. Facts that begin in the middle of a trade leave what they do
    not show of it None.
    """
    open_trades: dict[str, _Open] = {}
    orders: dict[str, _Ordered] = {}
    asked: dict[str, Revision] = {}
    finished: list[_Finished] = []
    better: e.Revalued | None = None
    for fact in facts:
        if isinstance(fact, (e.EntryApproved, e.ExitApproved)):
            orders[fact.order.order_id] = _ordered(fact, open_trades)
        elif isinstance(fact, e.RevisionRequested):
            asked[fact.order_id] = fact.revision
        elif isinstance(fact, e.RevisionSettled):
            _revised(fact, orders, asked)
        elif isinstance(fact, e.Filled):
            _filled(fact, orders.get(fact.order_id), open_trades)
        elif isinstance(fact, (e.Marked, e.PositionAdjusted)) and fact.key in open_trades:
            open_trades[fact.key].told(fact)
        elif isinstance(fact, e.PositionClosed):
            began = open_trades.pop(fact.key, None)
            finished.append((_finished(fact, began), began))
        elif isinstance(fact, e.Revalued):
            better = fact
            _revalued(fact, [*open_trades.values(), *(began for _, began in finished)])
        elif isinstance(fact, e.TradeCorrected):
            _correct(finished, fact, better, orders)
    return tuple([trade for trade, _ in finished])


_Ordered = tuple[ApprovedEntry | ApprovedExit, str, Decimal | None]
"""An order, the rule that bound its size (entries), and the stop that asked for it (exits)."""


class _Open:
    """A trade under way: how it began, its fills, and the prices seen since.

    The latest span is kept apart until the next one or a fill, which may date from inside it (on bars it does).
    """

    def __init__(self, entry: ApprovedEntry, bound_by: str, fact: e.Filled) -> None:
        self.entry, self.bound_by = entry, bound_by
        self.seen: tuple[Decimal, Decimal] | None = None
        self.span: tuple[datetime, Decimal, Decimal] | None = None
        self.stop: Decimal | None = None
        self.fills = {fact.order_id: [(fact.quantity, fact.price)]}
        self.slipped: dict[str, Decimal] = {}

    @property
    def extremes(self) -> tuple[Decimal, Decimal]:
        """The highest and the lowest price that it was held at, filled at, or left at."""
        prices = [price for fills in self.fills.values() for _, price in fills]
        return max(*prices, *(self.seen or prices)), min(*prices, *(self.seen or prices))

    @property
    def slippage(self) -> Decimal | None:
        """What its stops lost, in rupees; None where none took it off."""
        return sum(self.slipped.values(), ZERO) if self.slipped else None

    def told(self, fact: e.Marked | e.PositionAdjusted) -> None:
        """Prices that were seen; or the one at which shares left without an order of ours, after all of those."""
        if isinstance(fact, e.Marked):
            self.marked(fact)
        elif fact.price is not None:
            self.settle()
            self.span = fact.at, fact.price, fact.price
            self.settle()

    def marked(self, fact: e.Marked) -> None:
        self.settle()
        high = fact.last if fact.high is None else fact.high
        low = fact.last if fact.low is None else fact.low
        self.span = fact.at, high, low

    def settle(self) -> None:
        if self.span is not None:
            _, high, low = self.span
            known = self.seen or (high, low)
            self.seen, self.span = (max(known[0], high), min(known[1], low)), None

    def cut(self, order: ApprovedExit, price: Decimal, high: Decimal, low: Decimal) -> tuple[Decimal, Decimal]:
        """What of a span was lived through; of one whose first price lay beyond the level, that price alone."""
        if order.level is None or order.partial:
            return high, low
        if order.trigger is None and price == order.reference != order.level:
            return price, price
        from_above = (self.entry.side == BUY) is (order.reason != TARGET_HIT)
        return (high, max(low, order.level)) if from_above else (min(high, order.level), low)

    def filled(self, order: ApprovedEntry | ApprovedExit, fact: e.Filled, stop: Decimal | None) -> None:
        """A fill that dates from inside the latest span left at its level: what lies beyond was not lived through."""
        if self.span is not None and fact.traded_at < self.span[0] and isinstance(order, ApprovedExit):
            self.span = (fact.at, *self.cut(order, fact.price, *self.span[1:]))
        self.settle()
        self.fills.setdefault(fact.order_id, []).append((fact.quantity, fact.price))
        if stop is not None:
            worse = sign(self.entry.side) * (stop * fact.quantity - fact.value)
            self.slipped[fact.order_id] = self.slipped.get(fact.order_id, ZERO) + worse

    def revalued(self, fact: e.Revalued) -> None:
        """What a fill was taken to be worth is known better: the difference is in the order's last one."""
        fills = self.fills[fact.order_id]
        quantity, price = fills[-1]
        fills[-1] = quantity, price + fact.value / quantity
        if fact.order_id in self.slipped:
            self.slipped[fact.order_id] -= sign(self.entry.side) * fact.value


_Finished = tuple[Trade, "_Open | None"]


def _ordered(fact: e.EntryApproved | e.ExitApproved, open_trades: dict[str, _Open]) -> _Ordered:
    if isinstance(fact, e.EntryApproved):
        return fact.order, fact.bound_by, None
    under_way = open_trades.get(fact.order.instrument.key)
    if under_way is None or fact.order.reason != STOP_HIT:
        return fact.order, "", None
    # An exit sent again after a refusal may have no level of its own: the stop that asked for the first still counts.
    under_way.stop = under_way.stop if fact.order.level is None else fact.order.level
    return fact.order, "", under_way.stop


def _revised(fact: e.RevisionSettled, orders: dict[str, _Ordered], asked: dict[str, Revision]) -> None:
    """A resting stop that was moved asks at its new level from then on."""
    new, (order, bound_by, stop) = asked.pop(fact.order_id, None), orders.get(fact.order_id, (None, "", None))
    if fact.taken and new is not None and isinstance(order, ApprovedExit):
        moved = attrs.evolve(order, limit=new.limit, trigger=new.trigger, level=new.trigger)
        orders[fact.order_id] = moved, bound_by, None if stop is None else new.trigger


def _filled(fact: e.Filled, known: _Ordered | None, open_trades: dict[str, _Open]) -> None:
    under_way = open_trades.get(fact.key)
    if known is None:
        open_trades.pop(fact.key, None)
        return
    order, bound_by, stop = known
    if under_way is None and isinstance(order, ApprovedEntry):
        open_trades[fact.key] = _Open(order, bound_by, fact)
    elif under_way is not None:
        under_way.filled(order, fact, stop)


def _revalued(fact: e.Revalued, trades: Iterable[_Open | None]) -> None:
    for trade in trades:
        if trade is not None and fact.order_id in trade.fills:
            trade.revalued(fact)
            return


def _finished(fact: e.PositionClosed, began: _Open | None) -> Trade:
    made = Trade(
        key=fact.key,
        side=fact.side,
        quantity=fact.quantity,
        entry_price=fact.entry_price,
        exit_price=fact.exit_price,
        opened_at=min(fact.opened_at, fact.closed_at),
        closed_at=fact.closed_at,
        charges=fact.charges,
        gross=fact.gross,
        r_multiple=fact.r_multiple,
        strategy=fact.strategy,
        reason=fact.reason,
        signal_id=fact.signal_id,
        exit_rule=fact.rule,
    )
    if began is None:
        return made
    return attrs.evolve(
        made,
        initial_stop=began.entry.stop,
        initial_target=_promised(began.entry),
        bound_by=began.bound_by,
        **_gathered(fact.side, began),
    )


def _gathered(side: str, began: _Open) -> dict[str, Any]:
    """What the fills of a trade tell of it."""
    high, low = began.extremes
    worst, best = (low, high) if side == BUY else (high, low)
    return {"worst_price": worst, "best_price": best, "stop_slippage": began.slippage}


def _correct(
    finished: list[_Finished], fact: e.TradeCorrected, better: e.Revalued | None, orders: dict[str, _Ordered]
) -> None:
    """Its prices, its slippage and its R follow the result: the price of the side that the order was on, where told."""
    for place in reversed(range(len(finished))):
        trade, began = finished[place]
        if (trade.key, trade.signal_id) != (fact.key, fact.signal_id):
            continue
        told: dict[str, Any] = {} if began is None else _gathered(trade.side, began)
        known = None if better is None else orders.get(better.order_id)
        if better is not None and known is not None:
            name = "entry_price" if known[0].side == trade.side else "exit_price"
            told[name] = getattr(trade, name) + better.value / trade.quantity
        told["r_multiple"] = None if trade.initial_stop is not None else trade.r_multiple
        gross, charges = trade.gross + fact.gross, trade.charges + fact.charges
        finished[place] = attrs.evolve(trade, gross=gross, charges=charges, **told), began
        return


def _promised(entry: ApprovedEntry) -> Decimal:
    if not entry.legs:
        return entry.target
    return sum((leg.quantity * leg.price for leg in entry.legs), ZERO) / sum(leg.quantity for leg in entry.legs)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a text such as NSE:RELIANCE, got {value!r}")
    return value


_TRADE: Final = checks(
    "Trade",
    key=_text,
    side=side_text,
    quantity=count,
    entry_price=positive,
    exit_price=not_negative,
    opened_at=in_ist,
    closed_at=in_ist,
    charges=amount,
    gross=optional(amount),
    initial_stop=optional(positive),
    initial_target=optional(positive),
    r_multiple=optional(amount),
    worst_price=optional(not_negative),
    best_price=optional(not_negative),
    stop_slippage=optional(amount),
)
