"""Where a stop starts: the methods, their composites, and the one function that owns the ATR."""

from riskcore.stops.combining import (
    TIGHTER as TIGHTER,
    WIDER as WIDER,
    clamped_stop as clamped_stop,
    combined_stop as combined_stop,
)
from riskcore.stops.methods import (
    Stop as Stop,
    atr_stop as atr_stop,
    given_stop as given_stop,
    level_stop as level_stop,
    percent_stop as percent_stop,
    points_stop as points_stop,
    rupee_stop as rupee_stop,
    swing_stop as swing_stop,
)
from riskcore.stops.ranges import atr as atr, swings as swings, true_ranges as true_ranges
