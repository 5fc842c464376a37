"""Prices and quotes, made short."""

from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.live_feed import STREAM, Moment, StreamTiming, Tick

NINE = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
KEY = "NSE:RELIANCE"
QUICK = StreamTiming(
    ping_every_s=0.05,
    dead_after_s=5,
    listen_s=0.01,
    connect_s=2,
    login_s=2,
    first_wait_s=0.01,
    longest_wait_s=0.05,
    settled_s=10,
    refused_wait_s=0.05,
)


@frozen
class AQuote:
    """What a client's quote has."""

    key: str = KEY
    last: Decimal | None = Decimal(1400)
    bid: Decimal | None = Decimal("1399.95")
    ask: Decimal | None = Decimal("1400.05")
    open: Decimal | None = Decimal(1400)
    high: Decimal | None = Decimal(1428)
    low: Decimal | None = Decimal(1372)
    previous_close: Decimal | None = Decimal(1400)
    volume: int | None = 1_234_567


def quote(last, **more):
    """A quote whose day's range holds its price, and whose volume is its own unless it is given."""
    price = Decimal(str(last))
    figures = {"high": max(price, Decimal(1428)), "low": min(price, Decimal(1372)), "bid": price, "ask": price}
    return AQuote(last=price, **{**figures, **more})


def moment(seconds=0.0):
    """So many seconds after half past ten, by both clocks."""
    return Moment(NINE + timedelta(seconds=seconds), 1000.0 + seconds)


def tick(price, seconds=0.0, source=STREAM, key=KEY, made_s=None, **more):
    """A price that came so many seconds after half past ten, and was made at `made_s`."""
    at, mono = moment(seconds)
    made = None if made_s is None else NINE + timedelta(seconds=made_s)
    return Tick(key, Decimal(str(price)), source, at, mono, made, **more)
