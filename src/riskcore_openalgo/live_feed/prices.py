"""Prices from any thread, conflated for each turn: first, highest, lowest and last, so that no stop is missed.

Time runs forward in them: a price older than the last one is dropped, and so is one that was told before. What was
accepted says how fresh an instrument is. An instrument is stale where its market is open and nothing new was heard of
it, or where its stream is silent while polled quotes show that it trades; a closed market is never stale.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import Factory, define, frozen

from riskcore import events
from riskcore_openalgo.live_feed.plausible import DEFAULTS, Limits, is_old
from riskcore_openalgo.live_feed.ticks import POLL, STREAM, Moment, Tick

OLD: Final = "old"
LATE: Final = "late"
DUPLICATE: Final = "duplicate"
NOT_WATCHED: Final = "not_watched"

SILENT: Final = "silent"
STREAM_SILENT: Final = "stream_silent"


@frozen
class Stale:
    """An instrument that is not fresh: for how long, and whether all of its sources are silent or its stream alone."""

    key: str
    why: str
    age_s: float

    def __str__(self) -> str:
        what = "nothing new" if self.why == SILENT else "nothing new from the stream, while polled quotes move,"
        return f"{what} of {self.key} for {self.age_s:.0f} s of open market"


@define
class _Span:
    """The prices of one instrument since the last look."""

    first: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    began: datetime
    sources: set[str]
    ticks: int = 1

    def take(self, tick: Tick) -> None:
        price = tick.price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.last = price
        self.sources.add(tick.source)
        self.ticks += 1


@define
class _Symbol:
    """One instrument: its span, its newest prices (with a stamp: of each source), and since when its silence counts."""

    watched_at: float
    span: _Span | None = None
    told: datetime | None = None
    newest: Tick | None = None
    streamed: Tick | None = None
    heard: Tick | None = None
    traded_at: float | None = None
    open_at: float | None = None
    stamped: dict[str, Tick] = Factory(dict)
    ahead: dict[str, Tick] = Factory(dict)


class Prices:
    """The prices of the watched instruments since the last look, and how fresh each is.

    `is_open(key, at)` says whether an instrument trades at that moment; without it every moment counts as open.
    `counts` tells, for an instrument and a reason, how many prices were dropped.
    """

    def __init__(
        self, *, is_open: Callable[[str, datetime], bool] = lambda key, at: True, limits: Limits = DEFAULTS
    ) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._is_open, self._limits = is_open, limits
        self._symbols: dict[str, _Symbol] = {}
        self._news: dict[str, _Symbol] = {}
        self._lock = threading.Lock()

    def watch(self, keys: Iterable[str], now: Moment) -> None:
        """Watch these instruments and no others; what was known of one that stays is kept."""
        with self._lock:
            before = self._symbols
            self._symbols = {key: before.get(key) or _Symbol(now.mono) for key in keys}
            self._news = {key: symbol for key, symbol in self._news.items() if key in self._symbols}

    def add(self, tick: Tick) -> str:
        """Take a price, from any thread; "" where it was accepted, else why it was dropped."""
        with self._lock:
            symbol = self._symbols.get(tick.key)
            dropped = NOT_WATCHED if symbol is None else self._dropped(symbol, tick)
            if symbol is None or dropped:
                self.counts[tick.key, dropped] += 1
                return dropped
            self._accept(symbol, tick)
            return ""

    def take(self, now: Moment) -> list[events.PricesSeen]:
        """What was accepted since the last look, one span an instrument; nothing for those without news."""
        with self._lock:
            news, self._news = self._news, {}
            return [_told(key, symbol, now.at) for key, symbol in news.items() if symbol.span is not None]

    def keys(self) -> tuple[str, ...]:
        """The instruments that are watched."""
        with self._lock:
            return tuple(self._symbols)

    def last_good(self, key: str) -> Tick | None:
        """The newest accepted price of an instrument, from whichever source."""
        with self._lock:
            symbol = self._symbols.get(key)
            return None if symbol is None else symbol.newest

    def age(self, key: str, now: Moment) -> float | None:
        """Seconds since the newest accepted price; None where there is none yet."""
        newest = self.last_good(key)
        return None if newest is None else max(now.mono - newest.mono, 0.0)

    def stale(self, now: Moment, after_s: float) -> tuple[Stale, ...]:
        """What is not fresh after so many seconds of open market.

        The seconds of an instrument count from its newest price, from its being watched, or from the look that first
        found its market open, whichever is latest; so it is to be asked every second or so.
        """
        with self._lock:
            symbols = list(self._symbols.items())
        looked = [(key, symbol, self._is_open(key, now.at)) for key, symbol in symbols]
        with self._lock:
            found = [self._staleness(key, symbol, is_open, now, after_s) for key, symbol, is_open in looked]
        return tuple(one for one in found if one is not None)

    def _dropped(self, symbol: _Symbol, tick: Tick) -> str:
        """Why a price is not taken, or ""."""
        before, odd, made_at = symbol.stamped.get(tick.source), symbol.ahead.get(tick.source), tick.made_at
        if made_at is not None and before is not None and before.made_at is not None and made_at < before.made_at:
            return LATE
        if any(known is not None and (made_at, tick.price) == (known.made_at, known.price) for known in (before, odd)):
            return DUPLICATE
        if tick.source == STREAM:
            heard, symbol.heard = symbol.heard, tick
            if is_old(tick, heard, self._limits):
                return OLD
        newest = symbol.newest
        return LATE if newest is not None and tick.mono < newest.mono else ""

    def _accept(self, symbol: _Symbol, tick: Tick) -> None:
        symbol.newest = tick
        if tick.made_at is not None:
            ahead = (tick.made_at - tick.at).total_seconds() > self._limits.ahead_s
            (symbol.ahead if ahead else symbol.stamped)[tick.source] = tick
        if tick.source == STREAM:
            symbol.streamed = tick
        elif tick.traded:
            symbol.traded_at = tick.mono
        if symbol.span is None:
            price = tick.price
            symbol.span = _Span(price, price, price, price, tick.at, {tick.source})
            self._news[tick.key] = symbol
        else:
            symbol.span.take(tick)

    def _staleness(self, key: str, symbol: _Symbol, is_open: bool, now: Moment, after_s: float) -> Stale | None:  # noqa: FBT001
        if not is_open:
            symbol.open_at = None
            return None
        if symbol.open_at is None:
            symbol.open_at = now.mono
        since = max(symbol.watched_at, symbol.open_at)
        heard = since if symbol.newest is None else max(since, symbol.newest.mono)
        if now.mono - heard >= after_s:
            return Stale(key, SILENT, now.mono - heard)
        streamed = since if symbol.streamed is None else max(since, symbol.streamed.mono)
        trades = symbol.traded_at is not None and symbol.traded_at > streamed
        return Stale(key, STREAM_SILENT, now.mono - streamed) if trades and now.mono - streamed >= after_s else None


def _told(key: str, symbol: _Symbol, at: datetime) -> events.PricesSeen:
    """The span as an input, and its end as the beginning of the next; neither lies before what was told already.

    It ends at the look itself: a price that came a moment later is in it, and does not run ahead of the caller's clock.
    """
    span = symbol.span
    assert span is not None
    since = min(span.began, at) if symbol.told is None else symbol.told
    end = max(at, since)
    symbol.span, symbol.told = None, end
    sources = tuple(source for source in (POLL, STREAM) if source in span.sources)
    return events.PricesSeen(
        end, key, span.first, span.high, span.low, span.last, since, ticks=span.ticks, sources=sources
    )
