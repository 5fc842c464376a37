"""Holidays and trading hours as OpenAlgo tells them. The core's own calendar comes first; this is for what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from attrs import evolve, frozen

import riskcore as rc
from riskcore_openalgo.client import fields
from riskcore_openalgo.client.failures import UNKNOWN, ReadFailed
from riskcore_openalgo.client.reply import plain_words

ALL_DAY: Final = "CRYPTO"
"""The exchange that opens at midnight: by it one sees what time zone the server takes for India's."""


@frozen
class Window:
    """An exchange's trading hours of one day, in IST."""

    exchange: str
    start: datetime
    end: datetime


@frozen(kw_only=True)
class Holiday:
    """A day on which exchanges are closed, or open at other hours.

    `doubts` are hours that were told for another day than this one, and left out (an old list of muhurat trading).
    """

    day: date
    name: str
    kind: str
    closed: tuple[str, ...]
    open: tuple[Window, ...]
    doubts: tuple[str, ...] = ()


def holidays(data: Any) -> tuple[Holiday, ...]:
    """The holidays of a year; none at all for a year that OpenAlgo does not know."""
    return tuple(_holiday(number, row) for number, row in _rows("holidays", data))


def timings(data: Any, day: date) -> tuple[Window, ...]:
    """The hours of a day; none at all where everything is closed.

    OpenAlgo makes its figures from wall times in the time zone its process runs in, which is not always India's. It is
    seen from the exchange that opens at midnight; where that is not told, the figures are taken as they are.
    """
    found = [_window("timings", number, row) for number, row in _rows("timings", data)]
    midnight = datetime.combine(day, time(), tzinfo=rc.IST)
    late = next((window.start - midnight for window in found if window.exchange == ALL_DAY), timedelta())
    return tuple(evolve(window, start=window.start - late, end=window.end - late) for window in found)


def _rows(what: str, data: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if not isinstance(data, list):
        raise ReadFailed(what, f"data must be a list of rows, got {type(data).__name__}", UNKNOWN)
    for number, row in enumerate(data, 1):
        if not isinstance(row, Mapping):
            raise ReadFailed(what, f"row {number} is no row but a {type(row).__name__}", UNKNOWN)
        yield number, row


def _holiday(number: int, row: Mapping[str, Any]) -> Holiday:
    day = fields.day_of(row.get("date"))
    if day is None:
        raise ReadFailed("holidays", f"row {number}: date is missing or is no day", UNKNOWN)
    closed, opened = row.get("closed_exchanges"), row.get("open_exchanges")
    if not isinstance(closed, list) or not isinstance(opened, list):
        raise ReadFailed("holidays", f"row {number}: closed_exchanges or open_exchanges is missing", UNKNOWN)
    windows = _windows(number, opened)
    return Holiday(
        day=day,
        name=plain_words(fields.text(row.get("description"))),
        kind=fields.text(row.get("holiday_type")),
        closed=tuple(fields.text(name) for name in closed),
        open=tuple(window for window in windows if window.start.date() == day),
        doubts=tuple(
            f"{window.exchange} at {window.start:%Y-%m-%d %H:%M}" for window in windows if window.start.date() != day
        ),
    )


def _windows(number: int, rows: Sequence[Any]) -> tuple[Window, ...]:
    return tuple(_window("holidays", number, row) for row in rows if isinstance(row, Mapping))


def _window(what: str, number: int, row: Mapping[str, Any]) -> Window:
    start, end = fields.from_epoch_ms(row.get("start_time")), fields.from_epoch_ms(row.get("end_time"))
    exchange = fields.text(row.get("exchange"))
    if not exchange or start is None or end is None:
        raise ReadFailed(what, f"row {number}: exchange, start_time or end_time is missing", UNKNOWN)
    return Window(exchange, start, end)
