"""Own strategies asked on a live day: what one raises is told, not raised; so is one that is slow, or not warm yet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from attrs import define, field

from riskcore import events
from riskcore_openalgo.lab.strategy import OnBar, Own

SLOW_S: Final = 1.0
"""Ten times the aim: what is asked after it waits, and its own signals come late."""
HANGS: Final = timedelta(seconds=30)
REPEAT: Final = timedelta(minutes=15)
"""The same of the same strategy is told again after so long at the earliest, however often it happens."""


class Tell(Protocol):
    """How somebody is told: `Alarms.tell`."""

    def __call__(self, text: str, *, name: str = ..., subject: str = ...) -> None:
        """Tell a text under a name."""


def logged(text: str, *, name: str = "", subject: str = "") -> None:
    """Where there are no alarms, the log is told."""
    logging.getLogger("riskcore").warning("%s: %s", name, text)


@define
class Asking:
    """Asks strategies, and tells what is wrong with them."""

    _tell: Tell
    _clock: Callable[[], datetime]
    _monotonic: Callable[[], float]
    _told: dict[tuple[str, str], datetime] = field(factory=dict, init=False)
    _at_work: dict[str, tuple[OnBar, datetime]] = field(factory=dict, init=False)

    def of(self, asked: Iterable[tuple[OnBar, Callable[[Any], Any]]], shown: Any) -> Iterator[events.SignalArrived]:
        """The signals of each that is asked, as they come; one that raises gives none, and the others are asked."""
        for one, ask in asked:
            began = self._monotonic()
            self._at_work[_who(one)] = one, self._clock()
            try:
                signal = ask(shown)
            except Exception as problem:  # noqa: BLE001 - somebody's code; the day goes on
                self.say(one, "strategy_failed", " ".join(str(problem).split())[:400])
                continue
            finally:
                self._at_work.pop(_who(one), None)
            took = self._monotonic() - began
            if took > SLOW_S:
                self.say(one, "strategy_slow", f"{_who(one)} took {took:.1f} s; those after it waited")
            if signal is not None:
                yield events.SignalArrived(self._clock(), signal)

    def warm(self, one: OnBar, count: int, interval: str) -> bool:
        """Whether a strategy has as many bars before it as it says that it needs; one that has not is not asked."""
        needs = one.warm_up if isinstance(one, Own) else 0
        if count >= needs:
            return True
        text = f"{_who(one)} is not asked: it needs {needs} bars of {interval} (warm_up), and OpenAlgo has {count}"
        self.say(one, "strategy_waits", text)
        return False

    def waited(self, now: datetime) -> None:
        """Tell of those that were asked long ago and have not answered yet."""
        for one, since in tuple(self._at_work.values()):
            if now - since > HANGS:
                text = f"{_who(one)} was asked at {since:%H:%M:%S} and has not answered; those after it wait"
                self.say(one, "strategy_slow", text)

    def say(self, one: OnBar, name: str, text: str) -> None:
        """Tell it, but for what was told of the strategy a short while ago."""
        key, now = (name, _who(one)), self._clock()
        if key not in self._told or now - self._told[key] >= REPEAT:
            self._told[key] = now
            self._tell(text, name=name, subject=_who(one))


def _who(one: OnBar) -> str:
    return one.who if isinstance(one, Own) else "a strategy"
