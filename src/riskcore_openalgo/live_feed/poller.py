"""Quotes asked for every few seconds, beside the stream: a second source, and the only one while the stream is down."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from attrs import frozen

from riskcore_openalgo.live_feed.ticks import Moment, MomentClock, Quote

Ask: TypeAlias = Callable[[Collection[str]], Mapping[str, "Quote | Exception"]]
"""Asks for the quotes of several instruments; an instrument that failed has its exception, or is missing."""


@frozen(kw_only=True)
class PollTiming:
    """The times of a poller, in seconds.

    `every_s` is from one round to the next, made up to `jitter` of itself shorter by chance, so that several programs
    do not ask in step. After rounds that failed altogether it doubles, up to `longest_s`.
    """

    every_s: float = 2.0
    jitter: float = 0.2
    longest_s: float = 30.0

    def wait_s(self, failures: int, chance: float) -> float:
        """How long to wait after so many failed rounds in a row; `chance` is from 0 to 1."""
        doubled: float = self.every_s * 2.0 ** min(failures, 30)
        return min(doubled, max(self.longest_s, self.every_s)) * (1 - self.jitter * chance)


class Poller:
    """One thread that asks for the quotes of `keys()`, and hands each over as `on_quote(key, quote, asked, now)`.

    `least_s(keys)` is the least time between two rounds. `asked` is the moment before the question: no answer is known
    to be newer. `counts` tells what failed: `no_answer` a question that raised, `missing` and `refused` instruments
    without a quote, `callback_failed`.
    """

    def __init__(
        self,
        ask: Ask,
        keys: Callable[[], Collection[str]],
        on_quote: Callable[[str, Quote, Moment, Moment], Any],
        *,
        clock: MomentClock,
        timing: PollTiming | None = None,
        chance: Callable[[], float] = random.random,
        least_s: Callable[[Collection[str]], float] = lambda keys: 0.0,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.failures = 0
        self._ask, self._keys, self._on_quote = ask, keys, on_quote
        self._clock, self._timing, self._chance, self._least_s = clock, timing or PollTiming(), chance, least_s
        self._last: Collection[str] = ()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; a poller is started once."""
        if self._thread is not None:
            raise RuntimeError("the poller was started before; make another one")
        self._thread = threading.Thread(target=self._run, name="live-feed-poller", daemon=True)
        self._thread.start()

    def stop(self, within_s: float = 5.0) -> bool:
        """End the thread, after the question it may be asking; whether it had ended within the time."""
        self._stopping.set()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(within_s)
        return not thread.is_alive()

    def round(self) -> None:
        """Ask once for all."""
        keys = self._last = self._keys()
        if not keys:
            return
        asked = self._clock()
        try:
            answers = self._ask(keys)
        except Exception:  # noqa: BLE001 - a client that fails is asked again, whatever it was
            self.counts["no_answer"] += 1
            self.failures += 1
            return
        now, good = self._clock(), 0
        for key in keys:
            quote = answers.get(key)
            if quote is None or isinstance(quote, Exception):
                self.counts["missing" if quote is None else "refused"] += 1
                continue
            good += 1
            try:
                self._on_quote(key, quote, asked, now)
            except Exception:  # noqa: BLE001 - one quote that cannot be handled must not end the polling
                self.counts["callback_failed"] += 1
        self.failures = 0 if good else self.failures + 1

    def pause_s(self) -> float:
        """How long to wait after the last round: no shorter than whoever answers allows for as many instruments."""
        return max(self._timing.wait_s(self.failures, self._chance()), self._least_s(self._last))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.round()
            except Exception:  # noqa: BLE001 - a fault of the caller's keys must not end the polling
                self.counts["failed"] += 1
                self.failures += 1
            self._stopping.wait(self.pause_s())
