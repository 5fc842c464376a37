"""Where a stop starts: the methods, their composites, and the one function that owns the ATR."""

from riskcore.stops.combining import TIGHTER as TIGHTER
from riskcore.stops.combining import WIDER as WIDER
from riskcore.stops.combining import clamped_stop as clamped_stop
from riskcore.stops.combining import combined_stop as combined_stop
from riskcore.stops.methods import Stop as Stop
from riskcore.stops.methods import atr_stop as atr_stop
from riskcore.stops.methods import given_stop as given_stop
from riskcore.stops.methods import level_stop as level_stop
from riskcore.stops.methods import percent_stop as percent_stop
from riskcore.stops.methods import points_stop as points_stop
from riskcore.stops.methods import rupee_stop as rupee_stop
from riskcore.stops.methods import swing_stop as swing_stop
from riskcore.stops.ranges import atr as atr
from riskcore.stops.ranges import swings as swings
from riskcore.stops.ranges import true_ranges as true_ranges
