"""Breakers on the market of one symbol, asked for each entry: spread, price band, gap, move, age of the last trade.

They latch nothing: the next look may be better. Each is None where what it needs was not seen, and the entry is then
refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from riskcore.breakers.data import seconds
from riskcore.breakers.measure import Measure
from riskcore.money import exact, percent_of
from riskcore.signals import Market


@exact
def spread(market: Market, most: Decimal) -> Measure | None:
    """Ask less bid in rupees, against `most` per cent of the middle between them."""
    if market.bid is None or market.ask is None:
        return None
    return Measure("max_spread_pct", market.ask - market.bid, percent_of((market.ask + market.bid) / 2, most))


@exact
def band_distance(bands: tuple[Decimal, Decimal], price: Decimal) -> Decimal:
    """Rupees from `price` to the nearer of the price bands (lower, upper), below zero beyond it."""
    lower, upper = bands
    return min(price - lower, upper - price)


@exact
def gap(market: Market, price: Decimal, most: Decimal) -> Measure | None:
    """Rupees between `price` and the previous close, either way, against `most` per cent of that close."""
    if market.previous_close is None:
        return None
    return Measure("max_gap_pct", abs(price - market.previous_close), percent_of(market.previous_close, most))


@exact
def unusual_move(width: tuple[Decimal, Decimal] | None, price: Decimal, atr: Decimal, most: Decimal) -> Measure:
    """The range of recent prices (`recent_range`), `price` included, in rupees, against `most` ATR."""
    high, low = width or (price, price)
    return Measure("unusual_move_atr", max(high, price) - min(low, price), atr * most)


def trade_age(market: Market, most: int) -> Measure | None:
    """Seconds since the last trade of the instrument, against `most`."""
    if market.traded_at is None:
        return None
    return Measure("stale_after_s", seconds(market.at - market.traded_at), most, "s without a price")


def recent_range(
    prices: Iterable[tuple[datetime, Decimal]], at: datetime, within_s: int
) -> tuple[Decimal, Decimal] | None:
    """(highest, lowest) of the prices of the `within_s` seconds up to `at`, or None where there were none."""
    first = at - timedelta(seconds=within_s)
    inside = [price for moment, price in prices if first <= moment <= at]
    return (max(inside), min(inside)) if inside else None
