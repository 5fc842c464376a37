"""Does an order trade at this market, and at what price? One function for every profile, without memory."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from riskcore_openalgo.testing.market import Quote
from riskcore_openalgo.testing.orders import OPEN, TRIGGER_PENDING, FakeOrder
from riskcore_openalgo.testing.profile import Profile


@frozen
class Match:
    """What a market does to an order: its next status, and the price it trades at, if it does."""

    status: str
    price: Decimal | None = None


def first_status(pricetype: str) -> str:
    """Where an order of this type starts."""
    return TRIGGER_PENDING if pricetype in {"SL", "SL-M"} else OPEN


def match(
    order: FakeOrder, quote: Quote, profile: Profile, *, resting: bool, band: tuple[Decimal, Decimal] | None
) -> Match:
    """One look at the market; `resting` where the order was there before it.

    The sandbox tests limits against the last price and fills nothing while that lies outside the day range. A
    broker tests them against bid and ask, and fills no sale at the lower circuit and no purchase at the upper.
    """
    if quote.last <= 0 or (profile.sandbox and not quote.coherent) or _locked(order, quote, profile, band):
        return Match(order.status)
    triggered = order.status == OPEN
    if not triggered:
        if not _reached(order.side, quote.last, order.trigger):
            return Match(order.status)
        resting = False
    at_once = quote.touch(order.side) if profile.fills_at_touch else quote.last
    if order.pricetype == "MARKET":
        return Match(OPEN, quote.touch(order.side))
    if order.pricetype == "SL-M":
        return Match(OPEN, at_once)
    if not _within(order.side, at_once, order.price):
        return Match(OPEN)
    return Match(OPEN, order.price if resting and order.pricetype == "LIMIT" else at_once)


def _reached(side: str, last: Decimal, trigger: Decimal) -> bool:
    return last >= trigger if side == "BUY" else last <= trigger


def _within(side: str, price: Decimal, limit: Decimal) -> bool:
    return price <= limit if side == "BUY" else price >= limit


def _locked(order: FakeOrder, quote: Quote, profile: Profile, band: tuple[Decimal, Decimal] | None) -> bool:
    if band is None or profile.sandbox:
        return False
    lower, upper = band
    return quote.last <= lower if order.side == "SELL" else quote.last >= upper
