"""Bars and signals of several instruments over a few days, from a seed: gaps, missing bars, both sides, exits."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.signals_at import SignalsAt

DAYS = (
    (date(2026, 8, 3), date(2026, 8, 4), date(2026, 8, 5)),
    (date(2025, 10, 20), date(2025, 10, 21), date(2025, 10, 23)),
)
MINUTES = {"1m": 1, "5m": 5, "15m": 15}
Bars = dict[rc.Instrument, list[rc.Bar]]


class Answers(NamedTuple):
    """A strategy whose answers stand already: by the number of the bar."""

    known: dict[int, rc.Signal]

    def on_bar(self, bars: Any) -> rc.Signal | None:
        return self.known.get(len(bars) - 1)

    def signals(self, bars: Any) -> dict[int, rc.Signal]:
        return {place: signal for place, signal in self.known.items() if place < len(bars)}


class AsArrays:
    """The largest part of a tape's answers that a column of signals can tell, as one."""

    def __init__(self, known: dict[int, rc.Signal], interval: str) -> None:
        groups: dict[Any, dict[int, rc.Signal]] = {}
        for place, one in known.items():
            alike = one.symbol, one.kind, one.product, one.strategy, one.stop is None, one.target is None
            groups.setdefault(alike, {})[place] = one
        self.known = max(groups.values(), key=len, default={})
        self.interval = interval

    def on_bar(self, bars: Any) -> rc.Signal | None:
        return self.known.get(len(bars) - 1)

    def signals(self, bars: Any) -> Any:
        rows = list(self.known.values())
        if not rows:
            return {}
        first = rows[0]
        prices = {
            name: [float(getattr(one, name)) for one in rows]
            for name in ("stop", "target")
            if getattr(first, name) is not None
        }
        about = {"kind": first.kind, "product": first.product, "strategy": first.strategy, **prices}
        sides = [one.side for one in rows]
        return SignalsAt(bars, list(self.known), first.symbol, sides, interval=self.interval, **about)


class Tape(NamedTuple):
    """Bars by instrument, the finer ones within them by key, and the answers by symbol."""

    interval: str
    bars: dict[rc.Instrument, list[rc.Bar]]
    finer: dict[str, list[rc.Bar]]
    answers: dict[str, Answers]

    def strategy(self, thing: rc.Instrument, seen: Any) -> rc.Signal | None:
        """All of them as one, for `simulate`."""
        return self.answers[thing.symbol].on_bar(seen)


def tape(seed: int) -> Tape:
    """One tape; the same seed gives the same."""
    draw = random.Random(seed)  # noqa: S311 - tapes, not secrets
    interval, days = draw.choice(tuple(MINUTES)), draw.choice(DAYS)
    bars, finer, answers = {}, {}, {}
    for number in range(draw.choice((1, 1, 2, 3))):
        thing = rc.Instrument(
            symbol=f"AB{number}",
            tick=draw.choice(("0.05", "0.10")),
            sector=draw.choice(("Power", None)),
            lot_size=draw.choice((1, 1, 5)),
            freeze_quantity=draw.choice((None, None, 30)),
            derivatives_listed=draw.random() < 0.5,
        )
        small = _bars(draw, thing.tick, days, MINUTES[interval])
        told, kept = _answers(draw, thing, small[0], interval), _kept(thing, small[0])
        bars[thing], finer[thing.key] = [small[0][place] for place in kept], small[1]
        answers[thing.symbol] = Answers({number: told[place] for number, place in enumerate(kept) if place in told})
    _cross(random.Random(f"crossed {seed}"), bars, answers, interval)  # noqa: S311 - tapes, not secrets
    return Tape(interval, bars, finer, answers)


def _kept(thing: rc.Instrument, series: list[rc.Bar]) -> list[int]:
    """The numbers of the bars that are not of the closing auction, which no backtest takes."""
    sessions = {bar.at.date(): rc.session_on(bar.at.date(), thing) for bar in series}
    known = [sessions[bar.at.date()] for bar in series]
    return [place for place, one in enumerate(known) if one is None or series[place].at < one.closes]


def _cross(draw: random.Random, bars: Bars, answers: dict[str, Answers], interval: str) -> None:
    """Let some signals, or all of an instrument's, be of another one: pairs, followers, an index that leads."""
    for thing, series in bars.items():
        others = [other for other in bars if other != thing]
        share = draw.choice((0, 0, 0.4, 1)) if others else 0
        other = draw.choice(others) if share == 1 else None  # of one alone: they can be told as a column
        for place, one in answers[thing.symbol].known.items():
            if draw.random() < share:
                led = other or draw.choice(others)
                last = next((bar for bar in reversed(bars[led]) if bar.at <= series[place].at), bars[led][0])
                made = _signal(draw, led, last, interval)
                answers[thing.symbol].known[place] = evolve(made, at=one.at, bar_at=one.bar_at)


def _bars(draw: random.Random, tick: Decimal, days: Any, minutes: int) -> tuple[list[rc.Bar], list[rc.Bar]]:
    """Bars of so many minutes, and the four quarters of each."""
    level, wild, whole, parts = draw.randrange(1500, 4000), draw.choice((6, 25, 60)), [], []
    for day in days:
        at = datetime(day.year, day.month, day.day, 9, 15, tzinfo=rc.IST) + timedelta(
            minutes=draw.choice((0, 0, 60, -10))
        )
        level = max(300, level + draw.randrange(-80, 81))
        for _ in range(draw.choice((15, 60))):
            at += timedelta(minutes=minutes if draw.random() < 0.05 else 0)
            if at.hour * 60 + at.minute >= 15 * 60 + 30:
                break
            quarters = []
            for part in range(4):
                first = max(200, level + draw.randrange(-4, 5))
                level = max(200, first + draw.randrange(-wild, wild + 1))
                edge = draw.randrange(0, wild)
                rows = first, max(first, level) + edge, min(first, level) - edge // 2, level
                quarters.append(_bar(at + timedelta(seconds=15 * minutes * part), tick, rows))
            parts += quarters
            whole.append(_joined(quarters))
            at += timedelta(minutes=minutes)
    return whole, parts


def _bar(at: datetime, tick: Decimal, rows: tuple[int, int, int, int]) -> rc.Bar:
    first, high, low, last = (max(one, 1) * tick for one in rows)
    return rc.Bar(at=at, open=first, high=high, low=low, close=last, volume=100)


def _joined(parts: list[rc.Bar]) -> rc.Bar:
    high, low = max(bar.high for bar in parts), min(bar.low for bar in parts)
    return rc.Bar(at=parts[0].at, open=parts[0].open, high=high, low=low, close=parts[-1].close, volume=400)


def _answers(draw: random.Random, thing: rc.Instrument, bars: list[rc.Bar], interval: str) -> dict[int, rc.Signal]:
    found, rate = {}, draw.choice((0.03, 0.15))
    for place, bar in enumerate(bars):
        if draw.random() < rate:
            found[place] = _signal(draw, thing, bar, interval)
    return found


def _signal(draw: random.Random, thing: rc.Instrument, bar: rc.Bar, interval: str) -> rc.Signal:
    side = draw.choice(("BUY", "SELL"))
    steps = draw.choice((draw.randrange(3, 12), draw.randrange(12, 80)))
    away = steps * thing.tick * (1 if side == "BUY" else -1)
    own = {"stop": bar.close - away, "target": draw.choice((None, bar.close + 3 * away))}
    wanted = own if draw.random() < 0.6 and min(bar.close - away, bar.close + 3 * away) > 0 else {}
    return rc.Signal(
        thing.symbol,
        side,
        at=bar.at + timedelta(minutes=MINUTES[interval]),
        bar_at=bar.at,
        kind=draw.choice(("entry",) * 6 + ("exit",)),
        product=draw.choice(("MIS", "CNC")) if side == "BUY" else "MIS",
        interval=interval,
        strategy=draw.choice(("", "ema")),
        **wanted,
    )
