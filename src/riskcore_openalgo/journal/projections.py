"""What a fact means for the projections: the changes that keep them equal to the journal.

Each change is a statement and the values for it. The statements are made once, so that SQLAlchemy compiles each once,
and the same change of many facts goes to the database as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final, TypeAlias

from sqlalchemy import Insert, Update, bindparam, case, func, insert, select, update

from riskcore import events as e
from riskcore_openalgo.journal.tables import ALERTS, DECISIONS, FILLS, ORDERS, TRADES, Whole

E4: Final = Decimal(10_000)
CONTEXT: Final = Context(prec=28)
"""Rows are written in a host's thread too, and under its own context they would be other rows."""
Change: TypeAlias = tuple[Insert | Update, dict[str, Any]]

ALERT: Final = insert(ALERTS)
DECISION: Final = insert(DECISIONS)
ORDER: Final = insert(ORDERS)
FILL: Final = insert(FILLS)
TRADE: Final = insert(TRADES)

_OF_ORDER: Final = ORDERS.c.order_id == bindparam("of")
MOVED: Final = update(ORDERS).where(_OF_ORDER).values(status=bindparam("to"))
COUNTED: Final = (
    update(ORDERS).where(_OF_ORDER).values(filled_quantity=ORDERS.c.filled_quantity + bindparam("more", type_=Whole))
)
FULL: Final = update(ORDERS).where(_OF_ORDER & (ORDERS.c.filled_quantity == ORDERS.c.quantity)).values(status="filled")

_LAST_FILL: Final = select(func.max(FILLS.c.seq)).where(FILLS.c.order_id == bindparam("of")).scalar_subquery()
REVALUED: Final = (
    update(FILLS)
    .where(FILLS.c.seq == _LAST_FILL)
    .values(
        price_e4=FILLS.c.price_e4 + bindparam("value_e4", type_=Whole) // FILLS.c.quantity,
        charges_paise=FILLS.c.charges_paise + bindparam("charged", type_=Whole),
    )
)
_EACH_E4: Final = bindparam("value_e4", type_=Whole) // TRADES.c.quantity
_SIDE: Final = select(ORDERS.c.side).where(_OF_ORDER).scalar_subquery()
_ITS_TRADE: Final = (
    select(func.min(TRADES.c.seq))
    .where((ORDERS.c.order_id == bindparam("of")) & (TRADES.c.key == ORDERS.c.key) & (TRADES.c.seq > ORDERS.c.seq))
    .correlate(None)
    .scalar_subquery()
)
"""The trade that an order was part of, once it is over: the first of the instrument that ended after the order."""
REPRICED: Final = (
    update(TRADES)
    .where(TRADES.c.seq == _ITS_TRADE)
    .values(
        entry_e4=TRADES.c.entry_e4 + case((TRADES.c.side == _SIDE, _EACH_E4), else_=0),
        exit_e4=TRADES.c.exit_e4 + case((TRADES.c.side != _SIDE, _EACH_E4), else_=0),
    )
)
_SAME_TRADE: Final = (TRADES.c.key == bindparam("of")) & (TRADES.c.signal_id == bindparam("signal"))
_LAST_TRADE: Final = select(func.max(TRADES.c.seq)).where(_SAME_TRADE).scalar_subquery()
CORRECTED: Final = (
    update(TRADES)
    .where(TRADES.c.seq == _LAST_TRADE)
    .values(
        gross_paise=TRADES.c.gross_paise + bindparam("gained", type_=Whole),
        charges_paise=TRADES.c.charges_paise + bindparam("charged", type_=Whole),
    )
)


def changes_of(seq: int, event: Any) -> Iterator[Change]:
    """What one journalled event changes in the projections, in order."""
    make = _PROJECT.get(type(event))
    if make is not None:
        yield from make(seq, event)


def _e4(price: Decimal) -> int:
    return int(CONTEXT.multiply(price, E4).to_integral_value(rounding=ROUND_HALF_EVEN))


def _paise(money: Decimal) -> int:
    return int(CONTEXT.multiply(money, Decimal(100)).to_integral_value(rounding=ROUND_HALF_EVEN))


def _signal_arrived(seq: int, event: e.SignalArrived) -> Iterator[Change]:
    signal = event.signal
    if signal.source.startswith("alert:"):
        yield (
            ALERT,
            {
                "seq": seq,
                "at": event.at.isoformat(),
                "source": signal.source,
                "signal_id": signal.id,
                "outcome": "accepted",
            },
        )


def _alert_refused(seq: int, event: e.AlertRefused) -> Iterator[Change]:
    yield (
        ALERT,
        {"seq": seq, "at": event.at.isoformat(), "source": event.source, "signal_id": None, "outcome": event.reason},
    )


def _entry_refused(seq: int, fact: e.EntryRefused) -> Iterator[Change]:
    failed = [found for found in fact.findings if not found.passed]
    yield (
        DECISION,
        dict(
            **_decision(seq, fact),
            approved=0,
            reason=",".join(found.reason for found in failed) or "unmeasured",
            text="; ".join(f"{found.rule}: {found.text}" for found in failed),
        ),
    )


def _entry_withheld(seq: int, fact: e.EntryWithheld) -> Iterator[Change]:
    """A decision whose order was not sent, with what would have gone."""
    order = fact.order
    yield (
        DECISION,
        dict(
            **_decision(seq, fact),
            approved=0,
            reason="withheld",
            text=f"withheld: {fact.why}",
            quantity=order.quantity,
            limit_e4=_e4(order.limit),
            stop_e4=_e4(order.stop),
            target_e4=_e4(order.target),
            bound_by=fact.bound_by,
        ),
    )


def _entry_approved(seq: int, fact: e.EntryApproved) -> Iterator[Change]:
    """One decision, of the whole quantity, and an order for each of its slices."""
    order = fact.order
    if order.is_first:
        yield (
            DECISION,
            dict(
                **_decision(seq, fact),
                approved=1,
                reason="",
                text=f"{len(fact.findings)} checks passed",
                quantity=order.whole,
                limit_e4=_e4(order.limit),
                stop_e4=_e4(order.stop),
                target_e4=_e4(order.target),
                bound_by=fact.bound_by,
            ),
        )
    yield _order(seq, fact.at.isoformat(), order, "entry", "signal")


def _exit_approved(seq: int, fact: e.ExitApproved) -> Iterator[Change]:
    yield _order(seq, fact.at.isoformat(), fact.order, "exit", fact.order.reason)


def _decision(seq: int, fact: e.EntryRefused | e.EntryWithheld | e.EntryApproved) -> dict[str, Any]:
    signal = fact.signal
    return {
        "seq": seq,
        "at": fact.at.isoformat(),
        "signal_id": signal.id,
        "source": signal.source,
        "strategy": signal.strategy,
        "key": signal.key,
        "side": signal.side,
    }


def _order(seq: int, at: str, order: Any, kind: str, reason: str) -> Change:
    return ORDER, {
        "order_id": order.order_id,
        "seq": seq,
        "at": at,
        "kind": kind,
        "key": order.instrument.key,
        "side": order.side,
        "quantity": order.quantity,
        "limit_e4": _e4(order.limit),
        "reason": reason,
        "status": "intended",
        "filled_quantity": 0,
    }


def _order_moved(seq: int, fact: e.OrderMoved) -> Iterator[Change]:
    yield MOVED, {"of": fact.order_id, "to": fact.status}


def _filled(seq: int, fact: e.Filled) -> Iterator[Change]:
    yield (
        FILL,
        {
            "seq": seq,
            "at": fact.traded_at.isoformat(),
            "session": fact.at.date().isoformat(),
            "order_id": fact.order_id,
            "key": fact.key,
            "side": fact.side,
            "quantity": fact.quantity,
            "price_e4": _e4(fact.price),
            "charges_paise": None if fact.charges is None else _paise(fact.charges),
        },
    )
    yield from _counted(fact.order_id, fact.quantity)


def _overfilled(seq: int, fact: e.Overfilled) -> Iterator[Change]:
    """Shares beyond what was held are a fill of the same order, and a trade of their own when they are off again."""
    made = fact.position
    yield (
        FILL,
        {
            "seq": seq,
            "at": (made.opened_at or fact.at).isoformat(),
            "session": fact.at.date().isoformat(),
            "order_id": fact.order_id,
            "key": made.instrument.key,
            "side": made.side,
            "quantity": made.quantity,
            "price_e4": _e4(CONTEXT.divide(fact.value, Decimal(made.quantity))),
            "charges_paise": None if fact.charges is None else _paise(fact.charges),
        },
    )
    yield from _counted(fact.order_id, made.quantity)


def _counted(order_id: str, quantity: int) -> Iterator[Change]:
    """So many more of an order traded."""
    yield COUNTED, {"of": order_id, "more": quantity}
    yield FULL, {"of": order_id}


def _revalued(seq: int, fact: e.Revalued) -> Iterator[Change]:
    """The difference in money is told in the price of the order's last fill, and of its trade, spread over shares."""
    value_e4 = _e4(fact.value)
    yield REVALUED, {"of": fact.order_id, "value_e4": value_e4, "charged": _paise(fact.charges)}
    yield REPRICED, {"of": fact.order_id, "value_e4": value_e4}


def _corrected(seq: int, fact: e.TradeCorrected) -> Iterator[Change]:
    """A finished trade's result and charges; its R stays as it was told."""
    gained, charged = _paise(fact.gross), _paise(fact.charges)
    yield CORRECTED, {"of": fact.key, "signal": fact.signal_id, "gained": gained, "charged": charged}


def _closed(seq: int, fact: e.PositionClosed) -> Iterator[Change]:
    yield (
        TRADE,
        {
            "seq": seq,
            "session": fact.at.date().isoformat(),
            "signal_id": fact.signal_id,
            "strategy": fact.strategy,
            "key": fact.key,
            "side": fact.side,
            "quantity": fact.quantity,
            "opened_at": fact.opened_at.isoformat(),
            "closed_at": fact.closed_at.isoformat(),
            "entry_e4": _e4(fact.entry_price),
            "exit_e4": _e4(fact.exit_price),
            "reason": fact.reason,
            "gross_paise": _paise(fact.gross),
            "charges_paise": _paise(fact.charges),
            "r_multiple": None if fact.r_multiple is None else f"{fact.r_multiple:.4f}",
        },
    )


_PROJECT: Final[dict[type, Callable[[int, Any], Iterator[Change]]]] = {
    e.SignalArrived: _signal_arrived,
    e.AlertRefused: _alert_refused,
    e.EntryRefused: _entry_refused,
    e.EntryWithheld: _entry_withheld,
    e.EntryApproved: _entry_approved,
    e.ExitApproved: _exit_approved,
    e.OrderMoved: _order_moved,
    e.Filled: _filled,
    e.Overfilled: _overfilled,
    e.Revalued: _revalued,
    e.TradeCorrected: _corrected,
    e.PositionClosed: _closed,
}

PROJECTED: Final = frozenset(kind.__name__ for kind in _PROJECT)
"""Names of the events that change a projection."""
