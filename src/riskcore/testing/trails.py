"""Generated ways of a stop to move, of a position to run out of time, and of a target to come in parts."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from riskcore.testing.drawing import st

TRAILS: Final[tuple[dict[str, Any], ...]] = (
    {"trail": "percent", "trail_by": "1"},
    {"trail": "percent", "trail_by": "0.5", "trail_after": "1", "trail_on": "bar", "trail_interval": "1m"},
    {"trail": "points", "trail_by": "2.03"},
    {"trail": "points", "trail_by": "1", "trail_after": "3"},
    {"trail": "atr", "trail_by": "1.5"},
    {"trail": "atr", "trail_by": "1", "trail_after": "1", "trail_atr": "entry"},
    {"trail": "chandelier", "trail_by": "3"},
    {"trail": "chandelier", "trail_by": "0.7", "trail_on": "bar", "trail_interval": "5m"},
    {"trail": "step_percent", "trail_step": "1", "trail_by": "0.5"},
    {"trail": "step_points", "trail_step": "2"},
    {"trail": "step_r", "trail_step": "1"},
    {"trail": "step_r", "trail_step": "0.5", "trail_by": "0.25", "trail_after": "1"},
)
"""Every kind of trail, some armed later, some on candles alone."""

GUARDS: Final[tuple[dict[str, Any], ...]] = (
    {"breakeven_at_r": "0.5"},
    {"breakeven_at_pct": "1", "breakeven_covers_charges": False, "breakeven_buffer_ticks": 2},
    {"profit_lock_at_r": "0.5", "profit_lock_pct": "50"},
    {"breakeven_at_r": "1", "breakeven_buffer_ticks": 1, "profit_lock_at_r": "2", "profit_lock_pct": "80"},
)
TIMES: Final[tuple[dict[str, Any], ...]] = (
    {"time_stop_min": 30},
    {"time_stop_bars": 3},
    {"time_stop_before_square_off_min": 20},
)
LEGS: Final[tuple[dict[str, Any], ...]] = (
    {"target_legs": ["50% at 2R", "50% at 4R"]},
    {"target_legs": ["40% at 1R", "30% at 3R", "30% at 5R"]},
)
NOTHING: Final[tuple[dict[str, Any], ...]] = ({},)


@cache
def trail_settings() -> st.SearchStrategy[dict[str, Any]]:
    """Settings that move a stop: a trail, a break-even, a profit lock, or a trail and one of those."""
    both = st.tuples(st.sampled_from(TRAILS), st.sampled_from(NOTHING + GUARDS))
    return st.one_of(both.map(_merged), st.sampled_from(GUARDS))


@cache
def exit_settings() -> st.SearchStrategy[dict[str, Any]]:
    """How a position may leave: half of them as by default, the others with a trail, a time stop, legs."""
    some = st.sampled_from(NOTHING * 3 + TIMES), st.sampled_from(NOTHING * 2 + LEGS)
    return st.one_of(st.just({}), st.tuples(trail_settings(), *some).map(_merged))


def _merged(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}
