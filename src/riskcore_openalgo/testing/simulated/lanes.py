"""Lanes in simulated time: exits, entries and reads of their own, as the live runner's threads are, but in an order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from riskcore import events
from riskcore_openalgo.runner.lanes import Deliver, Ended, Evidence, Gateway, Job, answers
from riskcore_openalgo.testing.timeline import Act, Fibre, Killed, Timeline

EXITS, READS = 4, 3


class Lane:
    """A queue, and the fibres that take what waits in it, oldest first."""

    def __init__(self, time: Timeline, width: int) -> None:
        self._time, self._waiting = time, deque[Act]()
        self._idle: list[Fibre] = []
        self._fibres = [Fibre(self._run) for _ in range(width)]
        for fibre in self._fibres:
            fibre.go_on()

    def put(self, task: Act) -> None:
        """Let a task wait; it begins at this moment where a fibre is free, but not before whoever asks is done."""
        self._waiting.append(task)
        if self._idle:
            self._time.later(0, self._idle.pop(0).go_on)

    def kill(self) -> None:
        """End all fibres where they are, and forget what waits."""
        self._waiting.clear()
        for fibre in self._fibres:
            fibre.kill()

    def _run(self) -> None:
        me = Fibre.current()
        assert me is not None
        while True:
            while self._waiting:
                self._waiting.popleft()()
            self._idle.append(me)
            me.stop()


class FibreLanes:
    """As `ThreadLanes`, over fibres. `kill_at` ends the process when so many more commands were handed over.

    `look(command)` is called with each command as it is handed over; `ended(order_id)` as there.
    """

    def __init__(
        self,
        gateway: Gateway,
        evidence: Evidence,
        time: Timeline,
        *,
        look: Callable[[events.Command], None],
        ended: Ended,
    ) -> None:
        self._gateway, self._evidence, self._time, self._look, self._ended = gateway, evidence, time, look, ended
        self._exits, self._entries, self._reads = Lane(time, EXITS), Lane(time, 1), Lane(time, READS)
        self.kill_at: int | None = None

    def send(self, command: events.Command, at: object, deliver: Deliver) -> None:
        """Hand a command to its lane."""
        self._look(command)
        if self.kill_at is not None:
            self.kill_at -= 1
            if self.kill_at < 0:
                raise Killed
        if isinstance(command, events.PlaceEntry):
            lane = self._entries
        elif isinstance(command, (events.AskEquity, events.AskEvidence)):
            lane = self._reads
        else:
            lane = self._exits
        lane.put(lambda: _deliver(lambda: self._answers(command), deliver))

    def read(self, job: Job, deliver: Deliver) -> None:
        """Hand a reading to the lane of reads."""
        self._reads.put(lambda: _deliver(job, deliver))

    ask = read

    def _answers(self, command: events.Command) -> list[events.Input]:
        return answers(command, self._gateway, self._evidence, self._time(), ended=self._ended)

    def kill(self) -> None:
        """The process is gone."""
        for lane in (self._exits, self._entries, self._reads):
            lane.kill()


def _deliver(job: Callable[[], Iterable[events.Input]], deliver: Deliver) -> None:
    for event in job():
        deliver(event)
