"""What is looked at before, or after, an order is taken: OpenAlgo's sandbox, and the exchange behind a broker."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import frozen

from riskcore_openalgo.testing.account import Account
from riskcore_openalgo.testing.market import Market, split_key
from riskcore_openalgo.testing.orders import NONE, FakeOrder

DERIVATIVES: Final = frozenset({"NFO", "BFO", "CDS", "BCD", "MCX", "NCDEX", "NCO"})
INTRADAY_LEVERAGE: Final = 5
FUTURES_LEVERAGE: Final = 10


@frozen
class Refusal:
    """Why an order was not taken: the HTTP status, the words, and the id where a rejected order was kept."""

    status: int
    message: str
    order_id: str | None = None


def margin_per_unit(market: Market, key: str, product: str, price: Decimal) -> Decimal:
    """Shares: a fifth in MIS, all in CNC; futures a tenth of the notional; options and indices the whole."""
    contract = market.contracts.get(key)
    kind = contract.kind if contract else "EQ"
    if kind == "FUT":
        return price / FUTURES_LEVERAGE
    if kind in {"CE", "PE", "INDEX"} or product != "MIS":
        return price
    return price / INTRADAY_LEVERAGE


def sandbox_refusal(market: Market, order: FakeOrder) -> str:
    """The sandbox's first complaint about an order as such; empty where it has none."""
    exchange, symbol = split_key(order.key)
    contract = market.contracts.get(order.key)
    if contract is None:
        return f"Symbol {symbol} not found on {exchange}"
    if exchange in DERIVATIVES and order.quantity % contract.lot:
        return f"Quantity must be in multiples of lot size {contract.lot}"
    if order.product == "NRML" and exchange in {"NSE", "BSE"}:
        return f"NRML product not allowed for {exchange} equity segment. Use CNC for delivery or MIS for intraday."
    if order.product == "CNC" and exchange in DERIVATIVES:
        return (
            f"CNC product not allowed for {exchange} derivatives segment. "
            "Use NRML for carryforward or MIS for intraday."
        )
    if order.asked in {"LIMIT", "SL"} and order.price <= 0 and (order.asked == "LIMIT" or order.trigger > 0):
        return f"{order.asked} orders require price"
    if order.asked in {"SL", "SL-M"} and order.trigger <= 0:
        return f"{order.asked} orders require trigger_price"
    return ""


def delivery_refusal(account: Account, order: FakeOrder) -> str:
    """CNC sells only what is there; the words of the sandbox, or nothing."""
    if order.product != "CNC" or order.side != "SELL":
        return ""
    held, delivered = account.sellable(order.key)
    if order.quantity <= held + delivered:
        return ""
    if held + delivered <= 0:
        return (
            f"Cannot sell {order.symbol} in CNC. No positions or holdings available. "
            "CNC (delivery) requires existing shares. Use MIS for intraday short selling."
        )
    return (
        f"Cannot sell {order.quantity} shares of {order.symbol} in CNC. "
        f"Only {held + delivered} shares available (Position: {held}, Holdings: {delivered})"
    )


def funds_refusal(account: Account, needed: Decimal) -> str:
    """Exactly enough is enough."""
    if needed <= account.available:
        return ""
    short = needed - account.available
    return (
        f"Insufficient funds. Required: \N{INDIAN RUPEE SIGN}{float(needed)}, "
        f"Available: \N{INDIAN RUPEE SIGN}{account.available:.2f}, Shortage: \N{INDIAN RUPEE SIGN}{short:.2f}"
    )


def exchange_rejection(market: Market, account: Account, order: FakeOrder, needed: Decimal) -> str:
    """Why the exchange, or the broker's risk desk, rejects an order that was accepted; empty where it does not."""
    contract = market.contracts.get(order.key)
    if contract is None:
        return "unknown instrument"
    if order.quantity % contract.lot:
        return f"quantity is not a multiple of the lot size {contract.lot}"
    if contract.freeze > 1 and order.quantity > contract.freeze:
        return f"quantity above the freeze quantity {contract.freeze}"
    if any(price % contract.tick for price in (order.price, order.trigger)):
        return f"price is not a multiple of the tick size {contract.tick}"
    band = market.bands.get(order.key)
    if band and any(price > 0 and not band[0] <= price <= band[1] for price in (order.price, order.trigger)):
        return f"price is outside the circuit limits {band[0]} to {band[1]}"
    if needed > account.available:
        return f"insufficient funds: {needed:.2f} needed, {account.available:.2f} available"
    return delivery_refusal(account, order)


def needed_margin(market: Market, account: Account, order: FakeOrder, last: Decimal) -> Decimal:
    """What the opening part of the order blocks: at its limit or trigger, at the last price where it has neither."""
    if order.product == "CNC" and order.side == "SELL":
        return NONE
    opening = account.opening(order.key, order.product, order.sign * order.quantity)
    price = next((price for price in (order.price, order.trigger) if price > 0), last)
    if order.asked == "MARKET":
        price = last
    return margin_per_unit(market, order.key, order.product, price) * opening
