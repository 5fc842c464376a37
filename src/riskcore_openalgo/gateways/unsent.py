"""What is reported of an order that never left: a definite refusal, by ourselves."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from riskcore import events

NOT_SENT: Final = "not_sent"


def not_sent(order_id: str, at: datetime, why: str) -> events.OrderReported:
    """The report of an order that was not sent, and why."""
    return events.OrderReported(at, order_id, "rejected", 0, Decimal(0), note=f"not sent: {why}", error=NOT_SENT)
