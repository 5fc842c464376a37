"""What a setting is written with in the tests that write one alone."""

TRAIL = "trail: step_points\n  trail_step: 2"
COMPANIONS = {
    "trail": "trail_step: 2",
    "trail_by": TRAIL,
    "trail_step": "trail: step_points",
    "trail_after": TRAIL,
    "profit_lock_at_r": "profit_lock_pct: 50",
    "profit_lock_pct": "profit_lock_at_r: 1",
    "stops_window_s": "max_stops: 3",
    "stops_lock_s": "max_stops: 3",
}
"""What a setting cannot be without."""
