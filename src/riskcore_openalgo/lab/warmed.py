"""A backtest that trades from a moment on, and knows the bars before it, as a live day knows those of its warm-up."""

from __future__ import annotations

import riskcore as rc
from riskcore import events as e
from riskcore_openalgo.lab.jumping import Jumps


class Warmed(Jumps):
    """A run whose columns may begin before what it trades: strategies, averages and closes know what was before."""

    def play_from(self, begins: int | None) -> rc.Simulation:
        """All bars that begin at `begins` (nanoseconds) or later, None: all. Signals of earlier bars are not taken."""
        moment = 0 if begins is None else int(self.line.starts.searchsorted(begins))
        if not moment:
            return self.play()
        thing, place = self.line.group(moment)[0]
        self.take(e.PolicyLoaded(self.series[thing].moment(place), self.policy))
        self.spoke = False  # nothing is held: there is nothing to ask breakers of
        cursor, end = moment * self.line.width, len(self.line) * self.line.width
        while cursor < end:
            cursor = self._next(cursor, end)
        done = self.simulation()
        self.later = []
        return done
