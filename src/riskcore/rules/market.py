"""Rules about the market of one symbol at this moment: its spread, bands, gap, moves and last trade.

What such a rule needs and was not seen refuses the entry by name (`evidence_missing`).
"""

from __future__ import annotations

from riskcore.breakers.market import band_distance, gap, recent_range, spread, trade_age, unusual_move
from riskcore.breakers.measure import Measure
from riskcore.exchange_limits import price_band
from riskcore.money import percent_of
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.signals import seconds


def spread_fair(context: Context) -> Reading | None:
    """The spread is below `max_spread_pct` per cent of the middle price."""
    most = context.policy.max_spread_pct
    if most is None or context.reference is None:
        return None
    return _reading(spread(context.market, most), "spread_too_wide", "bid and ask")


def clear_of_bands(context: Context) -> Reading | None:
    """The reference price stands more than `near_band_pct` per cent of itself from both price bands.

    Where the bands themselves were not seen they are the tables' about the previous close (`price_band`): a dynamic
    band that has slid since is wider, so that this errs to the side of refusing.
    """
    most, price, market = context.policy.near_band_pct, context.reference, context.market
    if most is None or price is None:
        return None
    bands = market.bands
    if bands is None and market.previous_close is not None:
        on, tables = market.at.date(), context.policy.tables
        bands = price_band(market.instrument, market.previous_close, on=on, tables=tables)
    away = None if bands is None else band_distance(bands, price)
    if away is None:
        return "evidence_missing", "price bands", None, None
    limit = percent_of(price, most)
    return "" if away > limit else "near_band", away, limit, None


def gap_small(context: Context) -> Reading | None:
    """The reference price is less than `max_gap_pct` per cent of the previous close away from it."""
    most, price = context.policy.max_gap_pct, context.reference
    if most is None or price is None:
        return None
    return _reading(gap(context.market, price, most), "gap_too_wide", "the previous close")


def move_usual(context: Context) -> Reading | None:
    """Prices of the last `unusual_move_s` seconds lie within less than `unusual_move_atr` ATR."""
    most, price, market = context.policy.unusual_move_atr, context.reference, context.market
    if most is None or price is None:
        return None
    if not market.recent_prices or not context.atr:
        return "evidence_missing", "recent prices" if context.atr else "ATR", None, None
    width = recent_range(market.recent_prices, market.at, context.policy.unusual_move_s)
    return _reading(unusual_move(width, price, context.atr, most), "unusual_move", "recent prices")


def traded_lately(context: Context) -> Reading | None:
    """The instrument traded less than `stale_after_s` seconds ago, nor in the future beyond `clock_skew_s`."""
    most, market = context.policy.stale_after_s, context.market
    if most is None or context.reference is None:
        return None
    if market.traded_at is not None and market.traded_at - market.at > seconds(context.policy.clock_skew_s):
        return "data_stale", market.at - market.traded_at, most, None
    return _reading(trade_age(context.market, most), "data_stale", "the time of the last trade")


def _reading(found: Measure | None, reason: str, needed: str) -> Reading:
    if found is None:
        return "evidence_missing", needed, None, None
    return reason if found.tripped else "", found.measured, found.limit, None
