"""One trade that the rules of the portfolio are asked about, and the pasts it may have."""

from datetime import datetime, timedelta
from decimal import Decimal

import riskcore as rc
from tests.core.engine_days import INFY

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
TODAY = NOON.date()
WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
ADDING = {"one_position_per_symbol": False}


def decided(book=None, *, at=NOON, side="BUY", strategy="", product="MIS", price=None, closes=(), **policy):
    """A trade of INFY at 1,000 with a stop ten rupees away: a hundred shares are one per cent of 100,000."""
    way = 1 if side == "BUY" else -1
    levels = {"stop": 1000 - 10 * way, "target": 1000 + 100 * way}
    signal = rc.Signal("INFY", side, at=at, strategy=strategy, product=product, price=price, **levels)
    seen = rc.Market(instrument=INFY, at=at, last=1000, closes=closes)
    return rc.decide(signal, book or rc.Book(100_000), seen, rc.Policy(**{**WIDE, **policy}))


def failed(decision):
    return [] if decision.approved else [found.reason for found in decision.reasons]


def done(r="-1", *, ago=60, at=None, key="NSE:INFY", side="BUY", strategy="", reason="stop", result=None):
    closed = at or NOON - timedelta(seconds=ago)
    return rc.Outcome(
        key=key,
        side=side,
        session=closed.date(),
        closed_at=closed,
        quantity=10,
        gross=Decimal(result if result is not None else 100 * Decimal(r)),
        charges=Decimal(0),
        r_multiple=None if r is None else Decimal(r),
        reason=reason,
        strategy=strategy,
    )


def after(*outcomes, **more):
    return rc.Book(100_000, outcomes=outcomes, **more)


def held(thing, quantity=10, *, side="BUY", stop=990, average=1000, last=1000, **more):
    return rc.Position(
        instrument=thing, side=side, quantity=quantity, average_price=average, stop=stop, last=last, **more
    )
