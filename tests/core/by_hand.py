"""Orders, and books that hold them, made by hand: what no engine was asked for."""

from datetime import datetime, timedelta
from decimal import Decimal

import riskcore as rc
from riskcore.orders import Order
from tests.core.engine_days import INFY

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
PRICES = ("reference", "limit", "stop", "target", "risk", "level", "trigger")


def entry(**more):
    """50 INFY to be bought at 1,000 at most, approved at ten as `a`."""
    given = {"order_id": "a", "signal_id": "a", "instrument": INFY, "side": "BUY", "quantity": 50, "product": "MIS"}
    given |= {"reference": 1000, "limit": 1000, "stop": 980, "target": 1100, "risk": 1000, "strategy": "s"}
    given |= {"at": TEN, "valid_until": TEN + timedelta(minutes=5), "book_version": 0, **more}
    return rc.ApprovedEntry(**_exact(given))


def leaving(**more):
    """All 50 of `a` to be sold at 975 or better, approved a minute later as `x`; with a `trigger` it rests."""
    given = {"order_id": "x", "position_id": "a", "instrument": INFY, "side": "SELL", "quantity": 50, "product": "MIS"}
    given |= {"reference": 980, "limit": 975, "reason": "stop", "level": 980, "at": TEN + timedelta(minutes=1), **more}
    return rc.ApprovedExit(**_exact(given))


def order(approved, status="working", filled=0, value=0, broker_id=""):
    """What is known of one of them."""
    return Order(
        approved=approved, status=status, filled_quantity=filled, filled_value=Decimal(str(value)), broker_id=broker_id
    )


def held(quantity=50, **more):
    """50 INFY held from ten on, as `a` opened it."""
    given = {"side": "BUY", "average_price": 1000, "opened_quantity": quantity, "opened_at": TEN, "signal_id": "a"}
    return rc.Position(**{"instrument": INFY, "quantity": quantity, "strategy": "s", **given, **more})


def book(*orders, positions=(), **more):
    """A book of 100,000 with orders and positions, on the day of `TEN`."""
    return rc.Book(100_000, session=TEN.date(), orders=orders, positions=positions, **more)


def _exact(given):
    return {
        name: Decimal(str(value)) if name in PRICES and value is not None else value for name, value in given.items()
    }
