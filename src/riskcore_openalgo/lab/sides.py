"""What the shipped strategies share: how a side to trade becomes a signal, bar by bar or over all bars at once.

A strategy of yours needs none of this: a function `on_bar(bars)` is enough ([docs/strategies.md]).
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import riskcore as rc
from riskcore_openalgo.lab.strategy import newer

KINDS: Final = (rc.ENTRY, rc.REVERSAL)
PRODUCTS: Final = ("MIS", "CNC", "NRML")
Judge: TypeAlias = Callable[[rc.Bar], str | None]
"""Takes one bar after the other; the side to trade after each, or None."""


class Sides:
    """The signals of one symbol: dated at the end of the bar that raised them, at its close.

    `kind` is "entry", or "reversal" where a signal also closes what is held the other way. `product` is MIS, which
    leaves before the session ends, or CNC, which stays over night and cannot be sold short: what bars of a day
    need. NRML stays over night with a future or an option.
    """

    def __init__(
        self,
        *,
        symbol: str,
        interval: str,
        name: str,
        source: str = "own",
        kind: str = "entry",
        product: str = "MIS",
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
        if product not in PRODUCTS:
            raise ValueError(f"product must be one of {', '.join(PRODUCTS)}, got {product!r}")
        self._about: dict[str, Any] = {"interval": interval, "strategy": name, "source": source, "kind": kind}
        self._about["product"] = product
        self._symbol, self._bar_length = symbol, rc.interval_length(interval)

    def signal(self, bar: rc.Bar, side: str | None) -> rc.Signal | None:
        """The signal of a bar, if it has a side."""
        if side is None:
            return None
        return rc.Signal(
            self._symbol, side, at=bar.at + self._bar_length, price=bar.close, bar_at=bar.at, **self._about
        )

    def _told(self, bars: Sequence[rc.Bar], turns: Iterable[tuple[int, str]]) -> tuple[rc.Signal | None, ...]:
        """An answer for each bar; only those that have one are looked at."""
        told: list[rc.Signal | None] = [None] * len(bars)
        for place, side in turns:
            told[place] = self.signal(bars[place], side)
        return tuple(told)


class BarByBar(Sides, abc.ABC):
    """A strategy that takes each bar once and remembers what it needs; `judge()` makes one that remembers nothing."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self._judge: Judge | None = None
        self._last: datetime | None = None

    @abc.abstractmethod
    def judge(self) -> Judge:
        """A judge of bars from the first one on."""

    def __call__(self, bars: Sequence[rc.Bar]) -> rc.Signal | None:
        """The same as `on_bar`: an instance is a plain function too."""
        return self.on_bar(bars)

    def on_bar(self, bars: Sequence[rc.Bar]) -> rc.Signal | None:
        """Take the bars that are newer than the last one taken, wherever those shown begin; answer the last."""
        if self._judge is None:
            self._judge = self.judge()
        signal = None
        for bar in newer(bars, self._last):
            signal = self.signal(bar, self._judge(bar))
            self._last = bar.at
        return signal

    @abc.abstractmethod
    def turns(self, columns: Any) -> Iterable[tuple[int, str]]:
        """What `judge()` would say of all the bars of some `Columns`, by number, worked out in columns of floats."""

    def signals(self, bars: Sequence[rc.Bar]) -> tuple[rc.Signal | None, ...]:
        """The answers to all of these bars, judged from the first of them on.

        Columns that would only make their bars when looked at are judged as columns, to the same answers.
        """
        if getattr(bars, "lazy", False):
            return self._told(bars, self.turns(bars))
        judge = self.judge()
        return tuple(self.signal(bar, judge(bar)) for bar in bars)


class AllAtOnce(Sides, abc.ABC):
    """A strategy of whole columns, as the indicator libraries have them; after a bar it answers with the last row."""

    @abc.abstractmethod
    def sides(self, bars: Sequence[rc.Bar]) -> Sequence[str | None]:
        """The side to trade after each bar, or None, by that bar and those before it."""

    def on_bar(self, bars: Sequence[rc.Bar]) -> rc.Signal | None:
        """The answer to the last bar."""
        return self.signal(bars[-1], self.sides(bars)[-1]) if bars else None

    def signals(self, bars: Sequence[rc.Bar]) -> tuple[rc.Signal | None, ...]:
        """The answers to all of these bars."""
        sides = self.sides(bars) if bars else ()
        return self._told(bars, ((place, side) for place, side in enumerate(sides) if side is not None))


def crossings(above: Sequence[bool | None]) -> list[str | None]:
    """BUY where something came to be above, SELL where it ceased to be; None where either is not known.

    >>> crossings([None, False, True, True, False])
    [None, None, 'BUY', None, 'SELL']
    """
    found: list[str | None] = [None] * len(above)
    for place in range(1, len(above)):
        before, now = above[place - 1], above[place]
        if before is not None and now is not None and now != before:
            found[place] = rc.BUY if now else rc.SELL
    return found


def column(bars: Sequence[rc.Bar], name: str) -> list[float]:
    """One column of bars as floats: a strategy's view may be inexact, what is decided from it is not."""
    floats = getattr(bars, "floats", None)
    return floats(name).tolist() if floats is not None else [float(getattr(bar, name)) for bar in bars]
