"""What a fill and a round trip cost: brokerage, taxes and fees by the dated table of the day.

All components are exact; only a booked total is rounded, to the paisa. Source of the rates: `tables/charges.py`,
each row with its own. The brokerage is the user's plan, so it is an argument.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from attrs import frozen

from riskcore.instruments import Instrument, covers
from riskcore.money import ZERO, exact, not_negative, percent_of, positive, to_paisa, whole
from riskcore.policy import Policy
from riskcore.signals import BUY, SELL, side_text
from riskcore.tables import charges as table


class ChargesUnknown(LookupError):
    """No schedule of charges covers that exchange, segment, product and day."""


@frozen
class Charges:
    """Charges in rupees, unrounded; `total` is their sum."""

    brokerage: Decimal
    stt: Decimal
    exchange: Decimal
    sebi: Decimal
    stamp: Decimal
    gst: Decimal

    @property
    @exact
    def total(self) -> Decimal:
        """Sum of the six components, unrounded."""
        return self.brokerage + self.stt + self.exchange + self.sebi + self.stamp + self.gst

    @exact
    def plus(self, other: Charges) -> Charges:
        """Component by component, with another order's charges."""
        return Charges(
            self.brokerage + other.brokerage,
            self.stt + other.stt,
            self.exchange + other.exchange,
            self.sebi + other.sebi,
            self.stamp + other.stamp,
            self.gst + other.gst,
        )


@exact
def order_charges(
    *,
    side: str,
    value: Any,
    on: date,
    product: str = "MIS",
    exchange: str = "NSE",
    segment: str = "EQ",
    brokerage_pct: Any,
    brokerage_max: Any,
) -> Charges:
    """Charges of one executed order of `value` rupees.

    brokerage = min(value x brokerage_pct / 100, brokerage_max); stt, exchange, sebi and stamp are percentages
    of the value (stt and stamp by side); gst is a percentage of brokerage + exchange + sebi.

    Raises `ChargesUnknown` when no dated row covers the order.
    """
    worth, side = not_negative(value, "value"), side_text(side, "side")
    row = _row(on, exchange, segment, product)
    brokerage = min(
        percent_of(worth, not_negative(brokerage_pct, "brokerage_pct")),
        not_negative(brokerage_max, "brokerage_max"),
    )
    stt = percent_of(worth, Decimal(row["stt_buy_pct" if side == BUY else "stt_sell_pct"]))
    fee = percent_of(worth, Decimal(row["exchange_pct"]))
    sebi = percent_of(worth, Decimal(row["sebi_pct"]))
    stamp = percent_of(worth, Decimal(row["stamp_buy_pct"])) if side == BUY else ZERO
    gst = percent_of(brokerage + fee + sebi, Decimal(row["gst_pct"]))
    return Charges(brokerage, stt, fee, sebi, stamp, gst)


@exact
def charges(
    *,
    buy: Any,
    sell: Any,
    quantity: Any,
    on: date,
    product: str = "MIS",
    exchange: str = "NSE",
    segment: str = "EQ",
    brokerage_pct: Any,
    brokerage_max: Any,
) -> Charges:
    """Charges of a round trip: `quantity` bought at `buy` and sold at `sell`, one order each.

    >>> from datetime import date
    >>> cost = charges(buy=2500, sell=2468, quantity=50, on=date(2026, 8, 3), brokerage_pct=0.03, brokerage_max=20)
    >>> round(cost.total, 4)
    Decimal('91.0917')
    """
    count = whole(quantity, "quantity")
    both = [
        order_charges(
            side=side,
            value=positive(price, name) * count,
            on=on,
            product=product,
            exchange=exchange,
            segment=segment,
            brokerage_pct=brokerage_pct,
            brokerage_max=brokerage_max,
        )
        for side, price, name in ((BUY, buy, "buy"), (SELL, sell, "sell"))
    ]
    return both[0].plus(both[1])


@exact
def policy_charges(
    instrument: Instrument, product: str, side: str, value: Decimal, on: date, policy: Policy
) -> Charges:
    """`order_charges` with the plan and the `charges_as_of` of a policy."""
    return order_charges(
        side=side,
        value=value,
        on=policy.charges_as_of or on,
        product=product,
        exchange=instrument.exchange,
        segment=instrument.segment,
        brokerage_pct=policy.brokerage_pct,
        brokerage_max=policy.brokerage_max,
    )


@exact
def charge_for_more(
    instrument: Instrument,
    product: str,
    side: str,
    *,
    value_before: Decimal,
    value_after: Decimal,
    on: date,
    policy: Policy,
) -> Decimal:
    """What one more fill of the same order costs, to the paisa.

    The order's charge on its whole value so far, less what its earlier fills were charged; so that the parts
    add up to the order's own charge, the brokerage cap included.
    """
    whole_order = to_paisa(policy_charges(instrument, product, side, value_after, on, policy).total)
    if value_before == 0:
        return whole_order
    return whole_order - to_paisa(policy_charges(instrument, product, side, value_before, on, policy).total)


def _row(on: date, exchange: str, segment: str, product: str) -> dict[str, str]:
    for row in table.CHARGES:
        wanted = (row["exchange"], row["segment"], row["product"]) == (exchange, segment, product)
        if wanted and covers(row["from"], row["to"] or None, on):
            return row
    raise ChargesUnknown(
        f"no schedule of charges for {exchange} {segment} {product} on {on.isoformat()}; "
        "set charges_as_of to a day the tables cover"
    )
