"""Polled quotes as they come, each judged by what is known by then; what is believed becomes a price."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final

from attrs import define, field

from riskcore_openalgo.live_feed.plausible import (
    DEFAULTS,
    FAR_FROM_STREAM,
    WRONG_INSTRUMENT,
    Doubt,
    Known,
    Limits,
    agree,
    naming,
    near,
    plausible,
    same,
)
from riskcore_openalgo.live_feed.ticks import POLL, STREAM, Moment, Quote, Tick

UNCHANGED: Final = "unchanged"
CLOSES_KEPT: Final = 2


@define
class _Symbol:
    """What is known of one instrument, today."""

    day: date
    stream: Tick | None = None
    last: Decimal | None = None
    accepted: Quote | None = None
    closes: tuple[Decimal, ...] = ()
    doubted: Quote | None = None
    agreeing: int = 0
    contradicted: int = 0
    other: Tick | None = None


@define
class Judge:
    """Judges quotes one after the other; each instrument by itself, and anew each day.

    `previous_close(key)` may say the previous close from elsewhere (yesterday's bar), which names an instrument at its
    first quote. `counts` tells, for an instrument and a reason, how many quotes were discarded, and streamed prices of
    another instrument; reasons are `DOUBTS` and `unchanged` (the last one told again, which is no doubt). From any
    thread.
    """

    _limits: Limits = DEFAULTS
    previous_close: Callable[[str], Decimal | None] = lambda key: None
    counts: Counter[tuple[str, str]] = field(factory=Counter, init=False)
    _symbols: dict[str, _Symbol] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def saw(self, tick: Tick) -> None:
        """Remember a streamed price, which later quotes are compared with."""
        if tick.source != STREAM:
            return
        with self._lock:
            known = self._of(tick.key, tick.at.date())
            if known.stream is None:
                self._learn(known, naming(tick.previous_close, tick.price, self._limits))
            known.stream, known.last = tick, tick.price

    def is_anothers(self, tick: Tick) -> bool:
        """Whether a streamed price is another instrument's: far from the last one, and under another previous close.

        Two such prices would confirm each other. A close that is told otherwise near the last price is no name: streams
        differ in what they call so. Where nothing else comes for `other_stream_s`, it is believed. Counted, if it is.
        """
        with self._lock:
            known, limits = self._of(tick.key, tick.at.date()), self._limits
            close, last = naming(tick.previous_close, tick.price, limits), known.last
            ours = any(near(one, close, limits.close_slack_pct) for one in known.closes) if close else True
            if ours or not known.closes or last is None or near(tick.price, last, limits.from_stream_pct):
                known.other = None
                return False
            known.other = known.other or tick
            if tick.mono - known.other.mono >= limits.other_stream_s:
                self._learn(known, close)
                return False
            self.counts[tick.key, WRONG_INSTRUMENT] += 1
            return True

    def judge(self, key: str, quote: Quote, asked: Moment, now: Moment) -> Tick | Doubt | None:
        """The price of a quote of `key` that was asked for at `asked`, or why it is discarded.

        None where it only repeats the one accepted before: it says nothing new, and nothing of when it was made.
        """
        with self._lock:
            known = self._of(key, now.at.date())
            doubt = plausible(quote, self._known(known, now.mono), self._limits)
            known.contradicted = known.contradicted + 1 if doubt is not None and doubt.why == FAR_FROM_STREAM else 0
            if known.accepted is not None and same(quote, known.accepted):
                self.counts[key, UNCHANGED] += 1
                return None
            if doubt is not None and not self._settled(known, quote, doubt):
                self.counts[key, doubt.why] += 1
                return doubt
            if doubt is not None or not known.closes:
                self._learn(known, naming(quote.previous_close, quote.last, self._limits))
            return self._accept(key, known, quote, asked)

    def contradicted(self, key: str) -> int:
        """How many quotes in a row the stream has contradicted, those that only repeat one among them."""
        with self._lock:
            known = self._symbols.get(key)
            return 0 if known is None else known.contradicted

    def forget(self, key: str) -> None:
        """Know nothing of an instrument any more."""
        with self._lock:
            self._symbols.pop(key, None)

    def _of(self, key: str, day: date) -> _Symbol:
        known = self._symbols.get(key)
        if known is None or known.day != day:
            close = self.previous_close(key)
            known = self._symbols[key] = _Symbol(day, closes=() if close is None else (close,))
        return known

    def _known(self, known: _Symbol, mono: float) -> Known:
        stream = known.stream
        if stream is None:
            return Known(last=known.last, closes=known.closes)
        return Known(stream=stream.price, stream_age_s=mono - stream.mono, last=known.last, closes=known.closes)

    def _settled(self, known: _Symbol, quote: Quote, doubt: Doubt) -> bool:
        """Whether as many quotes agree by now as this doubt needs."""
        needed = self._limits.needed(doubt.why)
        if needed is None:
            return False
        if known.doubted is not None and same(quote, known.doubted):
            return False
        agrees = known.doubted is not None and agree(quote, known.doubted, self._limits)
        known.doubted, known.agreeing = quote, known.agreeing + 1 if agrees else 1
        return known.agreeing >= needed

    def _accept(self, key: str, known: _Symbol, quote: Quote, asked: Moment) -> Tick:
        before, price = known.accepted, quote.last
        assert price is not None
        traded = before is None or (before.last, before.volume) != (price, quote.volume)
        known.accepted, known.last, known.doubted = quote, price, None
        known.agreeing = 0
        return Tick(key, price, POLL, asked.at, asked.mono, traded=traded)

    def _learn(self, known: _Symbol, close: Decimal | None) -> None:
        """One more previous close that is the instrument's own."""
        if close and not any(near(close, other, self._limits.close_slack_pct) for other in known.closes):
            known.closes = (close, *known.closes)[:CLOSES_KEPT]
