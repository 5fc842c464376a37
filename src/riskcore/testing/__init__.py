"""For tests of one's own rules, sizers and strategies: generated books, markets and whole days, and days told by hand.

Needs Hypothesis (`pip install "riskcore[testing]"`). No room of the core imports this one.
"""

from riskcore.testing.days import Day as Day
from riskcore.testing.days import days as days
from riskcore.testing.history import closes as closes
from riskcore.testing.history import finished_days as finished_days
from riskcore.testing.history import outcomes as outcomes
from riskcore.testing.history import rulebooks as rulebooks
from riskcore.testing.scenario import Scenario as Scenario
from riskcore.testing.strategies import Situation as Situation
from riskcore.testing.strategies import bars as bars
from riskcore.testing.strategies import books as books
from riskcore.testing.strategies import instruments as instruments
from riskcore.testing.strategies import markets as markets
from riskcore.testing.strategies import policies as policies
from riskcore.testing.strategies import prices as prices
from riskcore.testing.strategies import signals as signals
from riskcore.testing.strategies import situations as situations
from riskcore.testing.strategies import trading_moments as trading_moments

__all__ = [
    "Day",
    "Scenario",
    "Situation",
    "bars",
    "books",
    "closes",
    "days",
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
]
