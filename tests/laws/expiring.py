"""Bars and signals of contracts over their expiry, from a seed: with and without their index, and cut short."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import riskcore as rc
from riskcore.table_rows import Margin
from tests.laws.tapes import Answers

WEEKS = (
    ((date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 25)), date(2026, 11, 23), time(15, 40)),
    ((date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)), date(2026, 6, 30), time(15, 30)),
)
"""Sessions, the one in which contracts expire, and when that closes."""
MINUTES = {"15m": 15, "1h": 60, "1D": 1440}
MARGINS = tuple(
    Margin(exchange="NFO", segment=segment, product=product, margin_pct=10, since="2016-01-01")
    for segment in ("FUT", "OPT")
    for product in ("NRML", "MIS")
)
POLICY = {
    "allowed_products": ("MIS", "NRML", "CNC"),
    "tables": rc.Tables(margins=MARGINS),
    "atr_period": 3,
    "atr_warmup_bars": 3,
    "max_position_size_percent": 100,
    "max_sector_exposure": 100,
    "default_capital": 50_000_000,
    "max_trades_per_day": 20,
    "max_positions": 5,
    "min_risk_reward": 1,
}
LEVELS = {"call": 4000, "put": 3000, "future": 520_000, "stock": 30_000, "index": 520_000, "share": 16_000}
"""Where prices begin, in ticks of 0.05."""


class Expiring(NamedTuple):
    """Bars by instrument, the answers by symbol, a policy, and the day of expiry with its close."""

    interval: str
    bars: dict[rc.Instrument, list[rc.Bar]]
    answers: dict[str, Answers]
    policy: rc.Policy
    closes: datetime

    def strategy(self, thing: rc.Instrument, seen: Any) -> rc.Signal | None:
        """All of them as one, for `simulate`."""
        return self.answers[thing.symbol].on_bar(seen)


def expiring(seed: int) -> Expiring:
    """One tape; the same seed gives the same."""
    draw = random.Random(f"expiring {seed}")  # noqa: S311 - tapes, not secrets
    days, expiry, closes = draw.choice(WEEKS)
    interval = draw.choice(tuple(MINUTES))
    kinds = draw.sample(("call", "put", "future"), draw.choice((1, 2))) + draw.sample(("stock", "index", "share"), 2)
    draw.shuffle(kinds)
    bars, answers = {}, {}
    for kind in kinds:
        thing, own = _thing(kind, days[0], expiry), [day for day in days if kind in ("index", "share") or day <= expiry]
        until = draw.choice((closes, closes, time(15, 30), time(14, 0), time(20, 0)))
        series = _bars(draw, own, MINUTES[interval], time(15, 15) if kind == "share" else until, LEVELS[kind])
        bars[thing] = series
        answers[thing.symbol] = Answers({} if kind == "index" else _answers(draw, thing, series, interval))
    policy = rc.Policy(**POLICY, expiry_exit_days=draw.choice((None, 4)), max_daily_loss=draw.choice((3, 50)))
    return Expiring(interval, bars, answers, policy, datetime.combine(expiry, closes, rc.IST))


def _thing(kind: str, day: date, expiry: date) -> rc.Instrument:
    if kind in ("call", "put"):
        right = {"call": "CE", "put": "PE"}[kind]
        return rc.option("NIFTY", expiry=expiry, strike=26_000, right=right, on=day, lot_size=65)
    if kind in ("future", "stock"):
        about = {"expiry": expiry, "on": day, "tick": "0.05", "lot_size": 65}
        return rc.future("NIFTY" if kind == "future" else "INFY", **about)
    return rc.Instrument(symbol={"index": "NIFTY", "share": "SBIN"}[kind], tick="0.05", derivatives_listed=False)


def _bars(draw: random.Random, days: Any, minutes: int, until: time, level: int) -> list[rc.Bar]:
    found, wild = [], draw.choice((20, 100))
    for day in days:
        at = datetime.combine(day, time(0) if minutes == MINUTES["1D"] else time(9, 15), rc.IST)
        while at.date() == day and at < datetime.combine(day, until, rc.IST):
            first = max(20, level + draw.randrange(-wild, wild + 1))
            level = max(20, first + draw.randrange(-wild, wild + 1))
            top, low = max(first, level) + draw.randrange(wild), max(20, min(first, level) - draw.randrange(wild))
            prices = dict(zip(("open", "high", "low", "close"), (first, top, low, level), strict=True))
            if draw.random() > 0.1 or not found:
                found.append(rc.Bar(at=at, **{name: Decimal(price) / 20 for name, price in prices.items()}))
            at += timedelta(minutes=minutes)
    return found


def _answers(draw: random.Random, thing: rc.Instrument, series: list[rc.Bar], interval: str) -> dict[int, rc.Signal]:
    told, share = {}, 0.8 if interval == "1D" else draw.choice((0.05, 0.2))
    for number, bar in enumerate(series):
        if draw.random() < share:
            side, far = draw.choice((rc.BUY, rc.SELL)), Decimal(draw.choice((1, 5, 40))) / 100
            way = 1 if side == rc.BUY else -1
            stop, target = bar.close * (1 - way * far), max(bar.close * (1 + 2 * way * far), thing.tick)
            product = draw.choice(("NRML", "NRML", "MIS")) if thing.expiry else "MIS"
            about = {"at": bar.at + timedelta(minutes=MINUTES[interval]), "bar_at": bar.at, "exchange": thing.exchange}
            levels = {"stop": round(stop, 2), "target": round(target, 2)} if draw.random() < 0.8 else {"kind": "exit"}
            told[number] = rc.Signal(thing.symbol, side, product=product, **about, **levels)
    return told
