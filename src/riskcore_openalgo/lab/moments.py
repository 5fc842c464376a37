"""When bars began: times as they are given, in columns or in an index, read as nanoseconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import riskcore as rc

TIMES: Final = ("at", "timestamp", "time", "datetime", "date")
"""What the column of times may be called, in small letters."""
SECOND: Final = 1_000_000_000
DAY: Final = 86_400 * SECOND
IST_AHEAD: Final = 19_800 * SECOND
MISSING: Final = np.iinfo(np.int64).min
"""What a missing time (NaT) is as a whole number."""
YEAR_2000: Final = 946_684_800 * SECOND
"""No bar is older: a whole number below it counts seconds or milliseconds, or rows."""
UNITS: Final = {"us": 10**3, "ms": 10**6, "s": 10**9}
"""Nanoseconds in what else a whole number may count, the smallest first."""
CLOCK: Final = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?")
DATED: Final = len("2026-11-20")


class ColumnsError(ValueError):
    """Bars that cannot be traded on; the message says of what, where, and what to do."""


def when_of(known: Mapping[str, Any], name: str) -> Any:
    """The times of a table by its columns' names; None where it has none.

    A time of day alone is that of the date beside it.
    """
    told = [column for column in TIMES if column in known]
    if not told or told[0] != "time" or not _are_clocks(known["time"]):
        return known[told[0]] if told else None
    if "datetime" in told:
        return known["datetime"]
    if "date" not in told:
        raise ColumnsError(f"{name}: the column time holds times of day alone: give their dates too, in a column date")
    clocks = [str(clock).strip() for clock in known["time"]]
    pairs = zip(known["date"], clocks, strict=True)
    return [f"{str(day)[:DATED]}T{clock.zfill(8 if clock.count(':') > 1 else 5)}" for day, clock in pairs]


def _are_clocks(values: Any) -> bool:
    first = next(iter(values), None)
    return isinstance(first, time) or (isinstance(first, str) and CLOCK.fullmatch(first.strip()) is not None)


def times(given: Any, name: str) -> npt.NDArray[np.int64]:
    """Moments as nanoseconds since 1970 (UTC): datetimes, text, whole nanoseconds; without a zone they are IST.

    `ColumnsError` where one is missing, or is none.
    """
    found = _times(given, name)
    gone = np.flatnonzero(found == MISSING)
    if gone.size:
        raise ColumnsError(f"{name}: the time of bar number {gone[0]} is missing (NaT): give it, or take the bar out")
    return found


def _times(given: Any, name: str) -> npt.NDArray[np.int64]:
    if hasattr(given, "tz"):  # a pandas index of times
        naive = given if given.tz is None else given.tz_convert("UTC").tz_localize(None)
        return _since_1970(naive, indian=given.tz is None)
    if hasattr(getattr(given, "dt", None), "tz"):  # a pandas column of times
        zone = given.dt.tz
        column = given if zone is None else given.dt.tz_convert("UTC").dt.tz_localize(None)
        return _since_1970(column, indian=zone is None)
    array = np.asarray(given)
    if np.issubdtype(array.dtype, np.datetime64):
        return _since_1970(array, indian=True)
    if np.issubdtype(array.dtype, np.integer):
        if array.size and array.min() < YEAR_2000:
            unit = next((unit for unit, ahead in UNITS.items() if int(array.min()) * ahead >= YEAR_2000), "s")
            raise ColumnsError(
                f"{name}: whole numbers are nanoseconds since 1970, got {array.min()}; give datetimes (of these: "
                f"pandas.to_datetime(numbers, unit={unit!r}, utc=True))"
            )
        return array.astype(np.int64)
    try:
        moments = [one if isinstance(one, datetime) else datetime.fromisoformat(str(one)) for one in array.tolist()]
        return np.array([nanoseconds(one) for one in moments], dtype=np.int64)
    except ValueError as wrong:
        raise ColumnsError(f"{name}: {wrong}; give datetimes, or ISO 8601 text") from None


def _since_1970(naive: Any, *, indian: bool) -> npt.NDArray[np.int64]:
    """Times without a zone, of India or else UTC, as nanoseconds; a missing one stays what it is."""
    found: npt.NDArray[np.int64] = np.asarray(naive, dtype="datetime64[ns]").astype(np.int64)
    return np.where(found == MISSING, MISSING, found - IST_AHEAD) if indian else found


def nanoseconds(moment: datetime) -> int:
    """A moment as nanoseconds since 1970; one without a zone is Indian."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=rc.IST)
    whole = int(aware.replace(microsecond=0).timestamp())
    return whole * SECOND + aware.microsecond * 1000
