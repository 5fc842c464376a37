"""What a fill and a round trip cost: brokerage, taxes and fees by the dated table of the day.

All components are exact; only a booked total is rounded, to the paisa. Source of the rates: `tables/charges.py`,
each row with its own. Options are charged on their premium. The brokerage is the user's plan, so it is an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from typing import Any

from attrs import evolve, frozen

from riskcore.instruments import CALL, FUT, OPT, Instrument
from riskcore.money import (
    HUNDRED,
    ONE,
    ZERO,
    exact,
    not_negative,
    not_negative_whole,
    percent_of,
    positive,
    to_paisa,
    whole,
)
from riskcore.overrides import Tables, first_on, rows
from riskcore.policy import Policy
from riskcore.signals import BUY, SELL, side_text
from riskcore.table_checks import FUNDS
from riskcore.table_rows import ChargeRates, FundTax, SettlementRates
from riskcore.values import of_the_same


class ChargesUnknown(LookupError):
    """No schedule of charges covers that exchange, segment, product and day."""


@frozen
class Charges:
    """Charges in rupees, unrounded; `total` is their sum. `dp` is the depository's charge on a delivery sale."""

    brokerage: Decimal
    stt: Decimal
    exchange: Decimal
    sebi: Decimal
    stamp: Decimal
    gst: Decimal
    dp: Decimal = ZERO

    @property
    @exact
    def total(self) -> Decimal:
        """Sum of the components, unrounded."""
        return self.brokerage + self.stt + self.exchange + self.sebi + self.stamp + self.gst + self.dp

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
            self.dp + other.dp,
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
    kind: str = "stock",
    brokerage_pct: Any,
    brokerage_max: Any,
    brokerage_flat: Any = None,
    dp_charge: Any = 0,
    stt_stamp_whole_rupees: bool = False,
    tables: Tables | None = None,
) -> Charges:
    """Charges of one executed order of `value` rupees (of a contract: price x quantity; of an option: its premium).

    brokerage = min(value x brokerage_pct / 100, brokerage_max), or `brokerage_flat` where it is given; stt, exchange,
    sebi and stamp are percentages of the value (stt and stamp by side); dp = `dp_charge` on a delivery sale; gst is a
    percentage of brokerage + exchange + sebi + dp. `stt_stamp_whole_rupees` rounds STT and stamp duty to whole rupees,
    halves up, as contract notes do for a day. `kind` is that of the instrument: STT of a fund that trades like a share
    (`etf`, `etf_without_stt`) is not that of a share.

    Raises `ChargesUnknown` when no dated row covers the order.
    """
    worth, side = not_negative(value, "value"), side_text(side, "side")
    rates = _rates(on, exchange, segment, product, kind, tables)
    if brokerage_flat is not None:
        brokerage = not_negative(brokerage_flat, "brokerage_flat")
    else:
        by_value = percent_of(worth, not_negative(brokerage_pct, "brokerage_pct"))
        brokerage = min(by_value, not_negative(brokerage_max, "brokerage_max"))
    delivered = product == "CNC" and side == SELL and worth > 0
    dp = not_negative(dp_charge, "dp_charge") if delivered else ZERO
    return _charged(rates, side, worth, brokerage, dp, whole_rupees=stt_stamp_whole_rupees)


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
    kind: str = "stock",
    brokerage_pct: Any,
    brokerage_max: Any,
    brokerage_flat: Any = None,
    dp_charge: Any = 0,
    stt_stamp_whole_rupees: bool = False,
    tables: Tables | None = None,
) -> Charges:
    """Charges of a round trip: `quantity` bought at `buy` and sold at `sell`, one order each; see `order_charges`.

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
            kind=kind,
            brokerage_pct=brokerage_pct,
            brokerage_max=brokerage_max,
            brokerage_flat=brokerage_flat,
            dp_charge=dp_charge,
            stt_stamp_whole_rupees=stt_stamp_whole_rupees,
            tables=tables,
        )
        for side, price, name in ((BUY, buy, "buy"), (SELL, sell, "sell"))
    ]
    return both[0].plus(both[1])


@exact
def policy_charges(
    instrument: Instrument, product: str, side: str, value: Decimal, on: date, policy: Policy
) -> Charges:
    """`order_charges` with the brokerage plan, the tables and the `charges_as_of` of a policy.

    The plan: `brokerage_flat` for every order where it is set; else `brokerage_options_flat` for options; else
    `brokerage_delivery_pct` (delivery) or `brokerage_pct`, at most `brokerage_max`.
    """
    return tariff(instrument, product, on, policy).charges(side, value)


@frozen
class Tariff:
    """What orders of one segment, kind and product cost on a day under a policy: the rates, and its brokerage plan.

    Without a `flat` the brokerage is `percent` of the value, at most `most`; `dp` is charged on a sale.
    """

    rates: ChargeRates
    flat: Decimal | None
    percent: Decimal
    most: Decimal
    dp: Decimal
    whole_rupees: bool

    def charges(self, side: str, value: Decimal) -> Charges:
        """The charges of one order of so many rupees."""
        dp = self.dp if side == SELL and value > 0 else ZERO
        return _charged(self.rates, side, value, self._brokerage(value), dp, whole_rupees=self.whole_rupees)

    def total(self, side: str, value: Decimal) -> Decimal:
        """`charges(side, value).total`, for who asks often and needs no parts."""
        if self.whole_rupees or self.dp:
            return self.charges(side, value).total
        rates, brokerage = self.rates, self._brokerage(value)
        fee, sebi = value * rates.exchange_pct / HUNDRED, value * rates.sebi_pct / HUNDRED
        gst = (brokerage + fee + sebi) * rates.gst_pct / HUNDRED
        if side == SELL:
            return brokerage + value * rates.stt_sell_pct / HUNDRED + fee + sebi + gst
        stt, stamp = value * rates.stt_buy_pct / HUNDRED, value * rates.stamp_buy_pct / HUNDRED
        return brokerage + stt + fee + sebi + stamp + gst

    def _brokerage(self, value: Decimal) -> Decimal:
        return min(percent_of(value, self.percent), self.most) if self.flat is None else self.flat


def tariff(instrument: Instrument, product: str, on: date, policy: Policy) -> Tariff:
    """What orders in the instrument cost on a day under a policy; `ChargesUnknown` where no schedule covers it."""
    day = policy.charges_as_of or on
    return _tariffs(policy)(instrument.exchange, instrument.segment, instrument.kind, product, day)


def require_schedule(instrument: Instrument, product: str, on: date, policy: Policy) -> date:
    """The day whose schedule charges an order of today; `ChargesUnknown` where none covers it."""
    tariff(instrument, product, on, policy)
    return policy.charges_as_of or on


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
    plan = tariff(instrument, product, on, policy)
    whole_order = to_paisa(plan.total(side, value_after))
    if value_before == 0:
        return whole_order
    return whole_order - to_paisa(plan.total(side, value_before))


def settles_by_delivery(instrument: Instrument) -> bool:
    """Whether the contract ends in shares: futures and options on single stocks do, on an index they do not."""
    return instrument.segment in (FUT, OPT) and instrument.kind == "stock"


@exact
def settlement_stt(
    instrument: Instrument,
    *,
    side: str,
    quantity: Any,
    settlement_price: Any,
    on: date,
    tables: Tables | None = None,
) -> Decimal:
    """STT in rupees on a contract that is still held (`side` BUY) or owed (SELL) when it expires.

    On a stock it ends in delivery: 0.1 % of the value delivered from both sides, at the settlement price for a future
    and at the strike for an option in the money. On an index, in cash: the holder of an option in the money pays on
    its intrinsic value, |settlement price - strike| x quantity; a future and the writer of an option pay nothing more.
    An option out of the money ends without tax. That tax is many times what a sale before expiry costs.

    Raises `ValueError` for what is no contract, `ChargesUnknown` when no dated row covers the day.

    >>> from datetime import date
    >>> from riskcore.instruments import option
    >>> day = date(2026, 11, 23)
    >>> call = option("NIFTY", expiry=day, strike=26000, right="CE", on=day)
    >>> settlement_stt(call, side="BUY", quantity=65, settlement_price=26_200, on=day)
    Decimal('19.50')
    """
    side, count = side_text(side, "side"), not_negative_whole(quantity, "quantity")
    price = positive(settlement_price, "settlement_price")
    if instrument.segment not in (FUT, OPT):
        raise ValueError(f"settlement_stt: {instrument.key} is no future and no option, so it never expires")
    rates = _settlement(on, instrument.exchange, tables)
    if instrument.segment == FUT:
        return percent_of(price * count, rates.stt_delivery_pct) if settles_by_delivery(instrument) else ZERO
    if instrument.strike is None or instrument.right is None:
        raise ValueError(f"settlement_stt: {instrument.key} has no strike or no right; make it with riskcore.option")
    intrinsic = price - instrument.strike if instrument.right == CALL else instrument.strike - price
    if intrinsic <= 0:
        return ZERO
    if settles_by_delivery(instrument):
        return percent_of(instrument.strike * count, rates.stt_delivery_pct)
    return percent_of(intrinsic * count, rates.stt_exercise_pct) if side == BUY else ZERO


@of_the_same
@lru_cache(maxsize=64)
def _tariffs(policy: Policy) -> Callable[[str, str, str, str, date], Tariff]:
    """The tariffs of a policy, each worked out once."""
    return lru_cache(maxsize=1024)(partial(_tariff, policy))


def _tariff(policy: Policy, exchange: str, segment: str, kind: str, product: str, day: date) -> Tariff:
    delivered, flat, percent = product == "CNC", policy.brokerage_flat, policy.brokerage_pct
    if flat is None and segment == OPT:
        flat = policy.brokerage_options_flat
    if delivered and policy.brokerage_delivery_pct is not None:
        percent = policy.brokerage_delivery_pct
    dp = policy.dp_charge if delivered else ZERO
    rates = _rates(day, exchange, segment, product, kind, policy.tables)
    return Tariff(rates, flat, percent, policy.brokerage_max, dp, policy.stt_stamp_whole_rupees)


def _charged(
    rates: ChargeRates, side: str, worth: Decimal, brokerage: Decimal, dp: Decimal, *, whole_rupees: bool
) -> Charges:
    stt = percent_of(worth, rates.stt_buy_pct if side == BUY else rates.stt_sell_pct)
    fee = percent_of(worth, rates.exchange_pct)
    sebi = percent_of(worth, rates.sebi_pct)
    stamp = percent_of(worth, rates.stamp_buy_pct) if side == BUY else ZERO
    gst = percent_of(brokerage + fee + sebi + dp, rates.gst_pct)
    if whole_rupees:
        stt, stamp = (tax.quantize(ONE, rounding=ROUND_HALF_UP) for tax in (stt, stamp))
    return Charges(brokerage, stt, fee, sebi, stamp, gst, dp)


@lru_cache(maxsize=4096)
def _rates(on: date, exchange: str, segment: str, product: str, kind: str, tables: Tables | None) -> ChargeRates:
    row: ChargeRates | None = first_on(rows("charges", tables), on, exchange, segment, product)
    if row is None:
        raise ChargesUnknown(
            f"no schedule of charges for {exchange} {segment} {product} on {on.isoformat()}; "
            "set charges_as_of to a day the tables cover"
        )
    if kind not in FUNDS:
        return row
    tax: FundTax | None = first_on(rows("funds", tables), on, kind, product)
    if tax is None:
        raise ChargesUnknown(f"no transaction tax of funds ({kind}, {product}) on {on.isoformat()}")
    return evolve(row, stt_buy_pct=tax.stt_buy_pct, stt_sell_pct=tax.stt_sell_pct)


@lru_cache(maxsize=256)
def _settlement(on: date, exchange: str, tables: Tables | None) -> SettlementRates:
    row: SettlementRates | None = first_on(rows("settlement", tables), on, exchange)
    if row is None:
        raise ChargesUnknown(f"no rates of settlement at expiry for {exchange} on {on.isoformat()}")
    return row
