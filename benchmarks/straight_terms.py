"""The few terms that both halves of `straight_line` share."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

ZERO, ONE, HUNDRED, PAISA = Decimal(0), Decimal(1), Decimal(100), Decimal("0.01")
GRAIN, HALF_R = Decimal("0.000001"), Decimal("-0.5")
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECTORS = ("max_sector_exposure", "max_sector_net_exposure", "max_unknown_sector_exposure")


def paisa(value):
    return value.quantize(PAISA, ROUND_HALF_UP)


def seconds(length):
    whole, rest = divmod(length, SECOND)
    return whole if not rest else (Decimal(length // MICROSECOND) / 1_000_000).quantize(Decimal("0.001"))


def clock(moment):
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
