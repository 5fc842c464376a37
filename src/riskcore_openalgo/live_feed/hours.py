"""When an instrument's market is open, for the freshness of its prices: by the calendar of the core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import riskcore as rc


def by_calendar(
    instruments: Mapping[str, rc.Instrument], *, tables: rc.Tables | None = None
) -> Callable[[str, datetime], bool]:
    """A function `is_open(key, at)`: whether continuous trading runs, by the tables or the user's own `tables`.

    Where nobody can tell, as on a day beyond the calendar or for what is not in `instruments`, it says yes: a silence
    told in vain costs an entry, one that is not told a stop. `instruments` may grow later.
    """

    def is_open(key: str, at: datetime) -> bool:
        instrument = instruments.get(key)
        if instrument is None:
            return True
        try:
            session = rc.session_on(at.date(), instrument, tables=tables)
        except rc.CalendarUnknown:
            return True
        return session is not None and session.is_open(at)

    return is_open
