"""What an account has: its funds, and the margin that orders would need."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

from attrs import astuple, evolve, frozen

import riskcore as rc
from riskcore_openalgo.client import fields
from riskcore_openalgo.client.failures import UNKNOWN, ReadFailed


@frozen
class Funds:
    """The account in rupees, as the broker tells it. `realised_today` is before charges at some brokers.

    What `available_cash` means differs: `of_broker` gives the same money in the one meaning.
    """

    available_cash: Decimal
    used_margin: Decimal
    collateral: Decimal
    realised_today: Decimal
    unrealised: Decimal

    def of_broker(self, capability: rc.Capability, *, collateral_counts: bool = False) -> Funds:
        """`available_cash` as what can still be spent, and `realised_today` as far as it is in there.

        The collateral is in it, if it counts. So available cash + used margin - realised today is what the day
        began with. Where a broker's cash is that already (`cash_is_balance`), the margin in use is taken off
        it, and the result of the day is not in it. Nor is it where that stands apart (`result_apart`).
        """
        exact, cash, realised = Context(prec=28), self.available_cash, self.realised_today
        if capability.cash_is_balance:
            cash, realised = exact.subtract(cash, self.used_margin), Decimal(0)
        if capability.result_apart:
            realised = Decimal(0)
        if collateral_counts:
            cash = exact.add(cash, self.collateral)
        return evolve(self, available_cash=cash, realised_today=realised)


@frozen
class MarginNeeded:
    """The margin that orders would need together, in rupees; SPAN and exposure where the broker tells them apart."""

    total: Decimal
    span: Decimal | None
    exposure: Decimal | None


def funds(data: Any) -> Funds:
    """The funds; `ReadFailed` naming the field that is missing. An empty answer is no account without money.

    Nor is one of noughts alone: plugins answer so where the broker's answer is an error, as that to a dead login is.
    """
    row = mapping("funds", data)
    found = Funds(
        available_cash=fields.number_in(row, "funds", "availablecash"),
        used_margin=fields.number_in(row, "funds", "utiliseddebits"),
        collateral=fields.number_in(row, "funds", "collateral"),
        realised_today=fields.number_in(row, "funds", "m2mrealized"),
        unrealised=fields.number_in(row, "funds", "m2munrealized"),
    )
    if not any(astuple(found)):
        raise ReadFailed("funds", "every figure is 0: so plugins answer where the broker gave an error", UNKNOWN)
    return found


def margin(data: Any) -> MarginNeeded:
    """The margin; `ReadFailed` where the total is missing."""
    row = mapping("margin", data)
    return MarginNeeded(
        total=fields.number_in(row, "margin", "total_margin_required"),
        span=fields.amount(row.get("span_margin")),
        exposure=fields.amount(row.get("exposure_margin")),
    )


def mapping(what: str, data: Any) -> Mapping[str, Any]:
    """The `data` of a reply as a row with something in it; `ReadFailed` for anything else."""
    if not isinstance(data, Mapping):
        raise ReadFailed(what, f"data must be an object, got {type(data).__name__}", UNKNOWN)
    if not data:
        raise ReadFailed(
            what, "data is empty: the broker gave nothing, which is not the same as nothing there", UNKNOWN
        )
    return data
