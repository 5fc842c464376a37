"""For tests of one's own rules, sizers and strategies: generated books, markets and whole days, and days told by hand.

Needs Hypothesis (`pip install "riskcore[testing]"`). No room of the core imports this one.
"""

from riskcore.testing.conformance import conforms_rule as conforms_rule, conforms_sizer as conforms_sizer
from riskcore.testing.days import Day as Day, days as days
from riskcore.testing.history import (
    closes as closes,
    finished_days as finished_days,
    outcomes as outcomes,
    rulebooks as rulebooks,
)
from riskcore.testing.scenario import Scenario as Scenario
from riskcore.testing.strategies import (
    Situation as Situation,
    bars as bars,
    books as books,
    instruments as instruments,
    markets as markets,
    policies as policies,
    prices as prices,
    signals as signals,
    situations as situations,
    trading_moments as trading_moments,
)
from riskcore.testing.trails import exit_settings as exit_settings, trail_settings as trail_settings

__all__ = [
    "Day",
    "Scenario",
    "Situation",
    "bars",
    "books",
    "closes",
    "conforms_rule",
    "conforms_sizer",
    "days",
    "exit_settings",
    "finished_days",
    "instruments",
    "markets",
    "outcomes",
    "policies",
    "prices",
    "rulebooks",
    "signals",
    "situations",
    "trading_moments",
    "trail_settings",
]
