"""The moments of a trading day at which something is due: APScheduler wakes the runner there, and does nothing else.

| moment | when | what then happens in the turn |
|---|---|---|
| token_check | each of `alerting.login_times` | the broker's books are read, which shows whether the login is good |
| pre_open | `PRE_OPEN` before the open | time passes: a new session begins in the book |
| bar_close | the end of each bar that a strategy watches (`bar_ends`) | bars are taken, strategies asked |
| square_off | when positions leave by the calendar or the policy | exits |
| end_of_day | the end of the session | what is due at its end |

A job enqueues one `TimePassed`. What is due is never kept here: every deadline is worked out from the engine's state
and the calendar, so a moment that is missed costs nothing but the time until the next pulse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from attrs import define, field, frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.runner.bar_ends import ends_on
from riskcore_openalgo.runner.tick_bars import DAY

TOKEN_CHECK: Final = "token_check"  # noqa: S105 - a moment's name
PRE_OPEN_NAME: Final = "pre_open"
BAR_CLOSE: Final = "bar_close"
SQUARE_OFF: Final = "square_off"
END_OF_DAY: Final = "end_of_day"
PRE_OPEN: Final = timedelta(minutes=15)
NEEDED: Final = 'a live day needs APScheduler: pip install "riskcore[runner]"'


@frozen(order=True)
class Moment:
    """When, and what for."""

    at: datetime
    name: str


@define
class Schedule:
    """Wakes a runner at the moments of each day. `clock` is the runner's, which need not be the machine's.

    `policy()` is asked for the calendar and the square-off in force when a day is planned; `intervals` are those of
    the bars that strategies watch.
    """

    _clock: Callable[[], datetime]
    _policy: Callable[[], rc.Policy]
    _intervals: tuple[str, ...] = ()
    _login_times: tuple[time, ...] = ()
    _scheduler: Any = field(default=None, init=False)
    _offer: Callable[[events.Input], None] = field(default=lambda event: None, init=False)
    _check: Callable[[], None] = field(default=lambda: None, init=False)

    def start(self, offer: Callable[[events.Input], None], check_token: Callable[[], None]) -> None:
        """Plan today and every day after it. `offer` takes what is enqueued; `check_token` has the books read soon."""
        try:
            from apscheduler.schedulers.background import BackgroundScheduler
        except ImportError as missing:
            raise ImportError(NEEDED) from missing
        self._offer, self._check = offer, check_token
        self._scheduler = BackgroundScheduler(timezone=rc.IST, daemon=True)
        self._scheduler.start()
        self._plan()

    def stop(self) -> None:
        """End its thread; what was planned is forgotten.

        The jobs leave first: a scheduler that is shut down while it takes its due jobs no longer finds the one it has
        just started, and its thread ends in a traceback.
        """
        if self._scheduler is not None:
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def planned(self) -> list[Moment]:
        """What is still to come today."""
        now = self._clock()
        return [moment for moment in self.moments(now.date()) if moment.at > now]

    def moments(self, day: date) -> list[Moment]:
        """The moments of a day in order, each once; none on a day without trading, or beyond the calendar."""
        found: set[Moment] = set()
        policy = self._policy()
        for listed in (False, True):
            share = rc.Instrument(symbol="ANY", tick="0.05", derivatives_listed=listed)
            try:
                session = rc.session_on(day, share, square_off_at=policy.square_off_at, tables=policy.tables)
            except rc.CalendarUnknown:
                continue
            if session is not None:
                found |= set(_of_session(session)) | {
                    Moment(ends, BAR_CLOSE)
                    for interval in self._intervals
                    for ends in ends_on(day, share, interval, policy)
                }
                found |= {Moment(datetime.combine(day, at, rc.IST), TOKEN_CHECK) for at in self._login_times}
        return sorted(found)

    def come(self, moment: Moment) -> None:
        """A moment has come: time is enqueued, and with a check of the token the books are to be read."""
        if moment.name == TOKEN_CHECK:
            self._check()
        self._offer(events.TimePassed(self._clock()))

    def _plan(self) -> None:
        """A job for each moment of today that is still to come, and one that plans tomorrow."""
        now = self._clock()
        for moment in self.planned():
            self._at(moment.at - now, self.come, moment)
        tomorrow = datetime.combine(now.date() + DAY, time(0, 0, 5), rc.IST)
        self._at(tomorrow - now, self._plan)

    def _at(self, wait: timedelta, job: Callable[..., None], *about: Moment) -> None:
        """A job after so long by the machine's clock, late rather than never."""
        when = datetime.now(rc.IST) + wait
        self._scheduler.add_job(job, "date", run_date=when, args=about, misfire_grace_time=None)


def _of_session(session: rc.Session) -> Iterable[Moment]:
    yield Moment(session.opens - PRE_OPEN, PRE_OPEN_NAME)
    if session.square_off is not None:
        yield Moment(session.square_off, SQUARE_OFF)
    yield Moment(session.closes, END_OF_DAY)
