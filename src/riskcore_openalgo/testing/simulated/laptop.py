"""The machine on which a simulated process runs: it may be suspended, with all that the process was about to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from riskcore_openalgo.testing.timeline import Timeline


class Laptop:
    """Its lid may be shut: nothing of the process goes on until it is open again, when the wall clock has jumped.

    The monotonic clock stands still meanwhile, as that of Linux does.
    """

    def __init__(self, time: Timeline) -> None:
        self._time = time
        self._shut_at: datetime | None = None
        self._opens = time.now
        self._slept = timedelta(0)

    @property
    def asleep_s(self) -> float:
        """For how many more seconds it is suspended; 0 where it is not."""
        return max((self._opens - self._time.now).total_seconds(), 0.0)

    def suspend(self, seconds: float) -> None:
        """Shut the lid for so long; one that is shut stays so."""
        if not self.asleep_s:
            self._wake()
            self._shut_at, self._opens = self._time.now, self._time.now + timedelta(seconds=seconds)

    def monotonic(self) -> float:
        """Seconds since the start, without those in which it slept."""
        if not self.asleep_s:
            self._wake()
        asleep = self._slept + (timedelta(0) if self._shut_at is None else self._time.now - self._shut_at)
        return self._time.monotonic() - asleep.total_seconds()

    def _wake(self) -> None:
        if self._shut_at is not None:
            self._slept += self._opens - self._shut_at
            self._shut_at = None
