"""The live feed as a runner sees it: what to watch goes in, a turn's inputs and order updates come out.

feed = LiveFeed(url, api_key, ask, mode="live", clock=clock, monotonic=time.monotonic, wake=wake)
feed.watch(["NSE:RELIANCE"])
feed.start()
...                                 # in every turn:
for event in feed.inputs(now):
    runner.offer(event)
if feed.orders_missed():
    ...                             # a gap: updates may be lost, so the books are to be read
for order in feed.order_updates():
    ...
feed.stop()
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.live_feed import prices as conflated
from riskcore_openalgo.live_feed.judge import Judge
from riskcore_openalgo.live_feed.messages import QUOTE, OrderUpdate
from riskcore_openalgo.live_feed.plausible import DEFAULTS, Limits
from riskcore_openalgo.live_feed.poller import Ask, Poller, PollTiming
from riskcore_openalgo.live_feed.prices import Prices
from riskcore_openalgo.live_feed.stream import Stream, StreamTiming
from riskcore_openalgo.live_feed.ticks import Moment, Quote, Tick
from riskcore_openalgo.live_feed.troubles import DISAGREE, STALE, STREAM_SILENT, Standing, Troubles

LIVE: Final = "live"
PAPER: Final = "paper"
DRIFT_GRAIN_S: Final = Decimal("0.5")
TENTH: Final = Decimal("0.1")
TROUBLE_OF: Final = {conflated.SILENT: STALE, conflated.STREAM_SILENT: STREAM_SILENT}


@frozen(kw_only=True)
class FreshTiming:
    """When silence is told, in seconds.

    After `stale_after_s` of open market an instrument is stale; it is looked for every `look_every_s`. One whose stream
    is silent is subscribed again every `again_every_s`; where the stream brings no price at all any more, while quotes
    move, it is connected anew. `disagreeing` is how many polled quotes in a row the stream
    must contradict before it is told that the two disagree.
    """

    stale_after_s: float = 30.0
    look_every_s: float = 1.0
    again_every_s: float = 60.0
    disagreeing: int = 3


class LiveFeed:
    """Stream, polled quotes and the conflater in one.

    `ask(keys)` brings quotes (the client's), every `poll_least_s(keys)` at most, `clock` and `monotonic` say what time
    it is. `mode` is the connection's in `ConnectionSeen`, which tells of the stream alone. Orders of the analyzer are
    taken in paper mode and left in live mode, and the other way round. `previous_close(key)` and `is_open(key, at)`
    (see `by_calendar`) must answer at once and not raise. `wake()` is called, from any thread, when something arrived.
    """

    def __init__(
        self,
        url: str,
        api_key: Callable[[], str],
        ask: Ask,
        *,
        mode: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        wake: Callable[[], None] = lambda: None,
        is_open: Callable[[str, datetime], bool] = lambda key, at: True,
        previous_close: Callable[[str], Decimal | None] = lambda key: None,
        subscription: int = QUOTE,
        stream: StreamTiming | None = None,
        poll: PollTiming | None = None,
        poll_least_s: Callable[[Collection[str]], float] = lambda keys: 0.0,
        fresh: FreshTiming | None = None,
        limits: Limits = DEFAULTS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if mode not in (LIVE, PAPER):
            raise ValueError(f"LiveFeed.mode must be live or paper, got {mode!r}")
        self.prices = Prices(is_open=is_open, limits=limits)
        self.judge = Judge(limits, previous_close)
        self._mode, self._wake, self._is_open = mode, wake, is_open
        self._monotonic, self._fresh = monotonic, fresh or FreshTiming()
        self._now: Callable[[], Moment] = lambda: Moment(clock(), monotonic())
        self._keys: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._connected: list[bool] = []
        self._up: bool | None = None
        self._drift: Decimal | None = None
        self._drift_to_tell: Decimal | None = None
        self._orders: list[rc.BrokerOrder] = []
        self._missed = False
        self._troubles, self._looked = Troubles(), float("-inf")
        self._again: dict[str, float] = {}
        self.stream = Stream(
            url,
            api_key,
            on_tick=self._tick,
            on_order=self._order,
            on_connection=self._connection,
            on_clock=self._clock_ahead,
            clock=self._now,
            mode=subscription,
            timing=stream,
            chance=chance,
        )
        self.poller = Poller(
            ask, self._to_poll, self._quote, clock=self._now, timing=poll, chance=chance, least_s=poll_least_s
        )

    def watch(self, keys: Iterable[str]) -> None:
        """Watch these instruments (`NSE:RELIANCE`) and no others; at any time."""
        wanted = tuple(dict.fromkeys(keys))
        if wanted == self._keys:
            return
        for gone in set(self._keys) - set(wanted):
            self.judge.forget(gone)
            self._again.pop(gone, None)
        self._keys = wanted
        self.prices.watch(wanted, self._now())
        self.stream.watch(wanted)

    def resume(self, latches: Iterable[rc.Latch]) -> None:
        """Take over the troubles of an earlier run from the book that was folded from its journal."""
        self._troubles.resume(latches)

    def start(self) -> None:
        """Begin to listen and to ask."""
        self.stream.start()
        self.poller.start()

    def stop(self, within_s: float = 5.0) -> bool:
        """End both threads; whether they had ended within the time, each."""
        ended = (self.stream.stop(within_s), self.poller.stop(within_s))
        return all(ended)

    def inputs(self, now: datetime) -> list[events.Input]:
        """What a turn is to take: the connection's changes, prices since the last look, troubles begun and over.

        And how far our clock is ahead of OpenAlgo's (`ClockSeen`), as the answers to the stream's pings tell it.
        """
        moment = Moment(now, self._monotonic())
        with self._lock:
            changes, self._connected = self._connected, []
            drift, self._drift_to_tell = self._drift_to_tell, None
        told: list[events.Input] = [events.ConnectionSeen(now, up, self._mode) for up in changes]
        if drift is not None:
            told.append(events.ClockSeen(now, drift))
        told += self.prices.take(moment)
        if moment.mono - self._looked >= self._fresh.look_every_s:
            self._looked = moment.mono
            told += self._troubles.now(self._troubling(moment), now)
        return told

    def price_ages(self) -> dict[str, float]:
        """Seconds since the last good price of each instrument that is watched and has one."""
        now = self._now()
        found = {key: self.prices.age(key, now) for key in self.prices.keys()}  # noqa: SIM118 - it is no mapping
        return {key: age for key, age in found.items() if age is not None}

    def order_updates(self) -> list[rc.BrokerOrder]:
        """Orders that updates told of since the last call, oldest first; the same one may be told twice."""
        with self._lock:
            told, self._orders = self._orders, []
        return told

    def orders_missed(self) -> bool:
        """Whether updates may have been missed since the last call: none is repeated after a connection was lost.

        True once after each login, the first included: nobody tells what happened before it.
        """
        with self._lock:
            missed, self._missed = self._missed, False
        return missed

    def counts(self) -> Counter[str]:
        """What was dropped, discarded, unread or failed, by reason: `stream.late`, `quotes.wrong_instrument`."""
        found: Counter[str] = Counter()
        for room, by_key in (("prices", self.prices.counts), ("quotes", self.judge.counts)):
            for (_, why), count in list(by_key.items()):
                found[f"{room}.{why}"] += count
        for room, by_reason in (("stream", self.stream.counts), ("poller", self.poller.counts)):
            for why, count in list(by_reason.items()):
                found[f"{room}.{why}"] += count
        return found

    def _tick(self, tick: Tick) -> None:
        if not self.judge.is_anothers(tick) and not self.prices.add(tick):
            self.judge.saw(tick)
            self._wake()

    def _quote(self, key: str, quote: Quote, asked: Moment, now: Moment) -> None:
        judged = self.judge.judge(key, quote, asked, now)
        if isinstance(judged, Tick) and not self.prices.add(judged):
            self._wake()

    def _order(self, update: OrderUpdate) -> None:
        if update.analyze is None or update.analyze == (self._mode == PAPER):
            with self._lock:
                self._orders.append(update.order)
        self._wake()

    def _connection(self, up: bool, why: str) -> None:  # noqa: FBT001 - the stream's callback
        with self._lock:
            if up != self._up:
                self._connected.append(up)
            self._up = up
            self._missed = self._missed or up
        self._wake()

    def _clock_ahead(self, seconds: Decimal) -> None:
        """Kept for the next turn: the first measurement, and one that is half a second from the last one told."""
        if self._drift is None or abs(seconds - self._drift) >= DRIFT_GRAIN_S:
            self._drift = seconds.quantize(TENTH)
            with self._lock:
                self._drift_to_tell = self._drift
            self._wake()

    def _to_poll(self) -> Collection[str]:
        at = self._now().at
        return [key for key in self._keys if self._is_open(key, at)]

    def _troubling(self, moment: Moment) -> dict[Standing, str]:
        """Every trouble that is found now, with its reason; what is silent is subscribed again on the way."""
        found: dict[Standing, str] = {}
        silent, quotes_move = [], False
        for stale in self.prices.stale(moment, self._fresh.stale_after_s):
            found[TROUBLE_OF[stale.why], stale.key] = str(stale)
            quotes_move = quotes_move or stale.why == conflated.STREAM_SILENT
            if moment.mono - self._again.get(stale.key, float("-inf")) >= self._fresh.again_every_s:
                self._again[stale.key] = moment.mono
                silent.append(stale.key)
        if silent and quotes_move and self.stream.silent_s(moment.mono) >= self._fresh.stale_after_s:
            self.stream.renew()  # a feed that OpenAlgo has ended comes back with a new login alone
        elif silent and self.stream.up:
            self.stream.again(silent)
        for key in self._keys:
            against = self.judge.contradicted(key)
            if against >= self._fresh.disagreeing:
                why = f"{against} polled quotes of {key} in a row are far from what the stream says"
                found[DISAGREE, key] = why
        for name, key in self._troubles.standing:
            if self._unheard(key, moment.at):
                found.setdefault((name, key), f"nothing was heard of {key} since the start")
        return found

    def _unheard(self, key: str, at: datetime) -> bool:
        """Whether an instrument should have been heard of, and was not: what an earlier run told of it still stands."""
        return key in self._keys and self.prices.last_good(key) is None and self._is_open(key, at)
