"""Orders for a paper broker: INFY at 1,000, at ten o'clock."""

from datetime import timedelta
from decimal import Decimal

import riskcore as rc
from tests.gateways.desks import INFY, NOW

TEN = NOW.replace(hour=10, minute=0)


def an_entry(quantity, *, order_id="a", limit=Decimal(1001), instrument=INFY):
    """A purchase at 1,000, worth 1,001 at most."""
    return rc.ApprovedEntry(
        order_id=order_id,
        signal_id=order_id,
        instrument=instrument,
        side="BUY",
        quantity=quantity,
        product="MIS",
        reference=Decimal(1000),
        limit=limit,
        stop=Decimal(980),
        target=Decimal(1050),
        risk=Decimal(20 * quantity),
        strategy="",
        at=TEN,
        valid_until=TEN + timedelta(minutes=1),
        book_version=1,
    )


def an_exit(quantity, *, order_id="x", limit=Decimal(990), level=None, reference=Decimal(1000)):
    """A sale of what was bought."""
    return rc.ApprovedExit(
        order_id=order_id,
        position_id="a",
        instrument=INFY,
        side="SELL",
        quantity=quantity,
        product="MIS",
        reference=reference,
        limit=limit,
        reason="stop",
        level=level,
        at=TEN,
    )
