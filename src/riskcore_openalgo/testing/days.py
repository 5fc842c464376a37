"""The day rules of OpenAlgo's sandbox, applied when somebody next looks: there is no timer here.

| IST | what |
|---|---|
| 15:15 (CDS, BCD 16:45; NCDEX 17:00; MCX 23:30) | resting MIS orders cancelled, MIS positions closed at market |
| 00:00 | CNC positions become holdings |
| 03:00 | the books of the session start empty |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final, Literal, TypeAlias

import riskcore as rc

Event: TypeAlias = Literal["square_off", "deliver", "roll_over"]

SQUARE_OFF: Final = {
    **dict.fromkeys(("NSE", "BSE", "NFO", "BFO"), time(15, 15)),
    **dict.fromkeys(("CDS", "BCD"), time(16, 45)),
    "NCDEX": time(17, 0),
    "MCX": time(23, 30),
}
"""When MIS ends, by exchange; exchanges that are not here never square off."""
RESUMES: Final = time(9, 0)
ROLLS_OVER: Final = time(3, 0)
OF_A_DAY: Final[tuple[tuple[time, Event], ...]] = (
    (time(0), "deliver"),
    (ROLLS_OVER, "roll_over"),
    *((at, "square_off") for at in sorted(set(SQUARE_OFF.values()))),
)


def events_between(last: datetime, now: datetime) -> Iterator[tuple[datetime, Event, time | None]]:
    """What fell due after `last` and up to `now`, in order of time; a square-off names its time of day."""
    after, until = (moment.astimezone(rc.IST).replace(tzinfo=None) for moment in (last, now))
    day = after.date()
    while day <= until.date():
        for at, event in OF_A_DAY:
            if after < datetime.combine(day, at) <= until:
                yield datetime.combine(day, at, rc.IST), event, at if event == "square_off" else None
        day += timedelta(days=1)


def intraday_refused(exchange: str, now: datetime) -> str:
    """The words in which MIS is refused at this time of day; empty where it is not."""
    ends = SQUARE_OFF.get(exchange)
    at = now.astimezone(rc.IST).time()
    if ends is None or RESUMES <= at < ends:
        return ""
    return f"MIS orders cannot be placed after square-off time ({ends:%H:%M} IST). Trading resumes at 09:00 AM IST."
