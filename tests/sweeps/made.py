"""Bars and strategies of sweeps, importable by other processes."""

from datetime import date, datetime, timedelta

import riskcore as rc
from riskcore_openalgo.lab.ema_cross import EmaCross

MINUTE = timedelta(minutes=1)
POLICY = rc.Policy(risk_per_trade="0.2", position_size_basis="margin", atr_warmup_bars=14, atr_period=5)


def series(start, day, count=120):
    """A day that swings about a price."""
    opens = datetime(2026, 11, day, 9, 15, tzinfo=rc.IST)
    closes = [start + (n % 40 if n % 40 < 20 else 40 - n % 40) + (n * day) % 7 for n in range(count)]
    return [
        rc.Bar(at=opens + n * MINUTE, open=price, high=price + 2, low=price - 2, close=price)
        for n, price in enumerate(closes)
    ]


def week():
    """Eight sessions of one share."""
    infy = rc.nse_equity("INFY", on=date(2026, 11, 16), tick="0.1")
    return {infy: [bar for day in (16, 17, 18, 19, 20, 23, 25, 26) for bar in series(1500, day)]}


def crosses(*, symbol, interval, fast=3, slow=8):
    """The same as a function that makes one."""
    return Cross(symbol=symbol, interval=interval, fast=fast, slow=slow)


class Cross(EmaCross):
    """The EMA cross with defaults that fit."""

    def __init__(self, *, symbol, interval, fast=3, slow=8):
        super().__init__(symbol=symbol, interval=interval, fast=fast, slow=slow)
