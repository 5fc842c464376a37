"""The day the engine's cases begin with: three shares, wide limits, and 50 INFY held from ten o'clock."""

from datetime import date

import riskcore as rc
from riskcore.testing import Scenario

INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="TCS")
ABC = rc.Instrument(symbol="ABC", tick="0.05", sector="ABC")
WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
SEEN = {"last": 1000, "stop": 980, "target": 1100}


def a_day(*things, day=date(2026, 11, 20), equity=100_000, **policy):
    return Scenario(rc.Policy(**{**WIDE, **policy}), *(things or (INFY,)), day=day, equity=equity)


def holding(day=date(2026, 11, 20), **policy):
    """A day on which 50 INFY were bought at 1,000 at ten, with a stop at 980 and a target at 1,100."""
    told = a_day(day=day, **policy)
    entry = told.enter("10:00", **SEEN)
    told.fill("10:00:01", entry, price=1000)
    assert told.book.positions[0].quantity == 50
    return told, entry
