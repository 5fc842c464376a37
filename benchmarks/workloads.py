"""The workloads of the comparison with other backtesters: bars and signals from fixed seeds, the same for everyone.

W1: one symbol, 1,000,000 one-minute bars. Long at the next open after EMA 20 crosses above EMA 50 (not before bar 60,
and only when flat); stop 1.5 ATR 14 below the signal's close, target 2.5 times that distance above it; as many shares
as 1 % of equity risks, and 10 % of equity buys at most; 10,000,000 in cash; no costs.
W2: 50 symbols of 20,000 bars; the same rule, one purse, at most 3 positions, 3 % loss a day, 5 entries a day.
W3: W2 without the cap of 10 %, and 1 % loss a day.

Prices move in ticks of 0.05 around a start, with clusters of volatility and a weak pull back; every peer is given the
same arrays, its indicators among them, so that only the run itself is compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

TICK, MINUTES, CASH = 0.05, 375, 10_000_000
W1_SEED, W2_SEED = 20260101, 7000
FAST, SLOW, PERIOD, WARM_UP = 20, 50, 14, 60
FIRST_DAY = np.datetime64("2016-01-04", "D")
"""From the first year of the calendar on: only the dates of the bars hang on it."""
MINUTE_NS, OPEN_NS = 60 * 10**9, (3 * 3600 + 45 * 60) * 10**9


class Bars(NamedTuple):
    """Arrays of one symbol, or with a column a symbol: start in ns (UTC), prices, volume, ATR, and where it signals."""

    at: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    atr: np.ndarray
    up: np.ndarray


def w1(count: int = 1_000_000) -> Bars:
    """The bars of W1, or fewer of the same kind (other bars: the seed fills arrays of that length)."""
    return Bars(moments(count), *_series(count, W1_SEED, 2500.0))


def w2(count: int = 20_000, symbols: int = 50) -> Bars:
    """The bars of W2 (and W3), a column a symbol."""
    each = [
        _series(count, W2_SEED + number, 2500.0 * (0.8 + 0.4 * (number * 37 % 50) / 50)) for number in range(symbols)
    ]
    return Bars(moments(count), *(np.stack(columns, axis=1) for columns in zip(*each, strict=True)))


def kept(name: str, made: Bars, folder: Path) -> Path:
    """The workload in a file that every peer reads."""
    path = folder / f"{name}.npz"
    np.savez(path, **made._asdict())
    return path


def read(path: Path | str) -> Bars:
    """What `kept` wrote."""
    with np.load(path) as stored:
        return Bars(**{name: stored[name] for name in Bars._fields})


def moments(count: int) -> np.ndarray:
    """375 minutes a day from 09:15 in India, on weekdays that follow each other; ns since 1970 (UTC)."""
    days = np.busday_offset(FIRST_DAY, np.arange(-(-count // MINUTES)), roll="forward").astype("datetime64[ns]")
    starts = days.astype(np.int64)[:, None] + OPEN_NS + np.arange(MINUTES) * MINUTE_NS
    return starts.ravel()[:count]


def _series(count: int, seed: int, start: float) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)
    width = 6e-4 * np.exp(_decaying(draw.standard_normal(count) * 0.05, 0.995) * 0.6)
    shock = draw.standard_t(5, count) * np.sqrt(3 / 5)
    close = start * np.exp(_decaying(width * shock, 0.99995))
    opens = np.full(count, start)
    opens[1:] = close[:-1] * np.exp(draw.standard_normal(count - 1) * width[1:] * 0.15)
    top = np.maximum(opens, close) * np.exp(np.abs(draw.standard_normal(count)) * width * 0.5)
    bottom = np.minimum(opens, close) * np.exp(-np.abs(draw.standard_normal(count)) * width * 0.5)
    opens, close, top, bottom = (_on_tick(prices) for prices in (opens, close, top, bottom))
    top, bottom = np.maximum(top, np.maximum(opens, close)), np.minimum(bottom, np.minimum(opens, close))
    volume = (draw.integers(100, 20_000, count) * (1 + np.abs(shock))).astype(np.int64).astype(np.float64)
    return opens, top, bottom, close, volume, *_signals(top, bottom, close)


def _decaying(steps: np.ndarray, kept_part: float) -> np.ndarray:
    """x[i] = x[i-1] x kept_part + steps[i], one after the other: the digits are part of the workload."""
    told, value = np.empty(len(steps)), 0.0
    for place, step in enumerate(steps.tolist()):
        value = kept_part * value + step
        told[place] = value
    return told


def _on_tick(prices: np.ndarray) -> np.ndarray:
    return np.round(np.round(prices / TICK) * TICK, 2)


def _smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    told, value = np.empty(len(values)), float(values[0])
    for place, one in enumerate(values.tolist()):
        value = value + weight * (one - value)
        told[place] = value
    return told


def _signals(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fast, slow = _smoothed(close, 2.0 / (FAST + 1)), _smoothed(close, 2.0 / (SLOW + 1))
    before = np.concatenate((close[:1], close[:-1]))
    ranges = np.maximum(high - low, np.maximum(np.abs(high - before), np.abs(low - before)))
    atr, value = np.empty(len(ranges)), float(ranges[:PERIOD].mean())
    for place, one in enumerate(ranges.tolist()):
        if place >= PERIOD:
            value = value + (one - value) / PERIOD
        atr[place] = value
    up = np.zeros(len(close), dtype=bool)
    up[1:] = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1])
    up[:WARM_UP] = False
    return atr, up
