"""`riskcore doctor` on the times of a day: what the policy's own and those of the tables come to."""

from datetime import date

import pytest

import riskcore as rc
from riskcore_openalgo.doctor import limits

FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)


def test_times_that_hold_are_told_as_they_come_out():
    """Of the next day of usual hours, where the exchange is closed today."""
    for day in (FRIDAY, SATURDAY):
        found = limits.times(rc.Policy(square_off_at="14:30", no_entry_after="14:00"), day)
        assert found.status == "ok"
        assert "other shares: entries 09:20 to 14:00, off at 14:30" in found.found
    assert limits.times(rc.Policy(), FRIDAY).status == "ok"
    early = limits.times(rc.Policy(time_stop_before_square_off_min=60, entry_windows=["09:15-11:00"]), FRIDAY)
    assert (early.status, "other shares: entries 09:20 to 14:10, off at 14:10" in early.found) == ("ok", True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"square_off_at": "02:30"},
            "square_off_at 02:30 is not used for other shares: they trade from 09:15 to 15:30",
        ),
        ({"square_off_at": "15:45"}, "square_off_at 15:45 is not used for shares with derivatives"),
        ({"no_entry_before": "15:00"}, "no entry ever passes: none before 15:00, none from 14:45 on"),
        ({"no_entry_after": "09:10"}, "no entry ever passes: none before 09:20, none from 09:10 on"),
        ({"square_off_at": "09:16"}, "no entry ever passes: none before 09:20, none from 09:16 on"),
        ({"time_stop_before_square_off_min": 400}, "no entry ever passes: none before 09:20, none from 08:30 on"),
        ({"entry_windows": ["02:00-03:00"]}, "entry_windows 02:00-03:00: entries pass from 09:20 to 14:45 alone"),
        ({"entry_windows": ["10:00-11:00", "14:45-15:15"]}, "entry_windows 14:45-15:15: entries pass from 09:20"),
        ({"entry_windows": ["09:00-09:20"]}, "entry_windows 09:00-09:20: entries pass from 09:20 to 14:45 alone"),
    ],
)
def test_times_that_are_not_used_or_let_nothing_pass_are_named(given, says):
    """Half past two is 14:30: written as 02:30 it was taken without a word, and not used."""
    found = limits.times(rc.Policy(**given), FRIDAY)
    assert (found.status, says in found.found) == ("warn", True), found
    assert "14:30" in found.remedy


def test_where_the_calendar_ends_no_time_is_made_up():
    assert limits.times(rc.Policy(square_off_at="02:30"), date(2100, 1, 1)).status == "ok"


def test_every_limit_that_is_off_is_told():
    """Those whose names do not begin with max_ were left out, so that nobody was told that they are off."""
    off = limits.switched_off(rc.Policy()).found
    for name in (
        "max_drawdown",
        "stale_after_s",
        "near_band_pct",
        "unusual_move_atr",
        "cooldown_s",
        "connection_timers",
    ):
        assert name in off
    assert "stale_after_s" not in limits.switched_off(rc.Policy(stale_after_s=30)).found
