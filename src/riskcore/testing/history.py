"""What decisions remember (finished trades and sessions, closes), and the rules that read it, off by default."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from riskcore.book import DayResult, Outcome
from riskcore.money import ZERO, exact
from riskcore.orders import SIGNAL_EXIT, SQUARE_OFF, STOP_HIT, TARGET_HIT
from riskcore.policy import Limit
from riskcore.signals import SIDES
from riskcore.testing.drawing import Draw, chosen, st

RESULTS: Final = tuple(Decimal(r) for r in ("-1.1", "-1.1", "-0.5", "-0.2", "0", "0.4", "2.5"))
SESSIONS_BACK: Final = (0, 0, 0, 0, 1, 4)

_LIMITS: Final = (
    {"scope": "product", "name": "MIS", "max_positions": 2, "max_daily_loss": 1},
    {"scope": "strategy", "name": "ema", "max_trades_per_day": 2, "max_daily_loss": 2},
    {"scope": "symbol", "name": "INFY", "max_positions": 1, "max_trades_per_day": 1},
)
_VALIDATOR: Final[dict[str, tuple[Any, ...]]] = {
    "denied_symbols": (("INFY",), ("SMALLCAP", "ABC")),
    "allowed_sessions": (("regular",), ("regular", "muhurat"), ("muhurat",)),
    "allowed_weekdays": (("mon", "tue", "wed", "thu", "fri"), ("mon", "fri", "sun")),
    "entry_windows": (("09:15-11:30", "12:30-20:00"), ("09:20-14:45",)),
    "price_min": (50, 300),
    "price_max": (900, 500),
    "max_price_drift_pct": (1, 20),
}
_HISTORY: Final[dict[str, tuple[Any, ...]]] = {
    "max_entries_per_symbol": (1, 3),
    "cooldown_s": (60, 1800, 30_000),
    "cooldown_after_loss_s": (60, 1800, 30_000),
    "cooldown_scope": ("symbol_strategy", "symbol_strategy_side"),
    "reentry_after_stop": ("next_session", "symbol_next_session"),
    "max_stops": (1, 2, 3),
    "stops_scope": ("strategy", "symbol", "symbol_strategy_side"),
    "stops_consecutive": (True,),
}
_RISK: Final[dict[str, tuple[Any, ...]]] = {
    "daily_loss_worst_case": (True,),
    "worst_case_over": ("shrink",),
    "max_weekly_loss": (10,),
    "max_monthly_loss": (10,),
    "max_open_risk": (1, 3, "0.2"),
    "limits": tuple((Limit(**limit),) for limit in _LIMITS),
}
_LIKENESS: Final[dict[str, tuple[Any, ...]]] = {
    "max_correlation": ("0.1", "0.5", "0.95"),
    "max_cluster_positions": (1, 2),
    "max_cluster_exposure": (1, 10, 40),
    "cluster_correlation": ("0.2", "0.6"),
    "correlation_shrinkage": ("0.1", "0.5"),
}
KINDS: Final = (_VALIDATOR, _HISTORY, _HISTORY, _RISK, _LIKENESS)


@st.composite
@exact
def rulebooks(draw: Draw, *, likeness: bool = True, most: int = 4) -> dict[str, Any]:
    """Settings of rules that are off by default: of the validator's, those with a memory, of risk, or of correlation.

    Up to `most` of one kind at once, so that each has something to say; without `likeness` none of correlation.
    """
    known = chosen(draw, KINDS if likeness else KINDS[:-1])
    names = tuple(known)
    places = draw(st.lists(st.integers(0, len(names) - 1), min_size=1, max_size=most, unique=True))
    return {names[place]: chosen(draw, known[names[place]]) for place in places}


@st.composite
@exact
def outcomes(draw: Draw, at: datetime, keys: Sequence[str], *, most: int = 4) -> tuple[Outcome, ...]:
    """Finished trades of those instruments before `at`, of this session and earlier ones, oldest first."""
    found = [
        _outcome(
            at=at,
            key=chosen(draw, keys),
            side=chosen(draw, SIDES),
            back=chosen(draw, SESSIONS_BACK),
            seconds=chosen(draw, (1, 60, 400, 1700, 5000)),
            result=chosen(draw, RESULTS),
            reason=chosen(draw, (STOP_HIT, STOP_HIT, TARGET_HIT, SIGNAL_EXIT, SQUARE_OFF)),
            strategy=chosen(draw, ("", "ema")),
        )
        for _ in range(draw(st.integers(0, most)))
    ]
    return tuple(sorted(found, key=lambda done: done.closed_at))


def _outcome(
    *, at: datetime, key: str, side: str, back: int, seconds: int, result: Decimal, reason: str, strategy: str
) -> Outcome:
    closed = at - timedelta(days=back, seconds=seconds)
    return Outcome(
        key=key,
        side=side,
        session=closed.date(),
        closed_at=closed,
        quantity=10,
        gross=result * 300,
        charges=ZERO,
        r_multiple=result,
        reason=reason,
        strategy=strategy,
    )


@st.composite
@exact
def finished_days(draw: Draw, at: datetime, equity: Decimal, *, most: int = 4) -> tuple[DayResult, ...]:
    """Sessions before the day of `at`, oldest first, each with up to 8 % lost or 4 % gained."""
    back = draw(st.lists(st.integers(1, 12), max_size=most, unique=True))
    return tuple(
        DayResult(at.date() - timedelta(days=day), equity, equity * chosen(draw, (-8, -5, -1, 0, 2, 4)) / 100)
        for day in sorted(back, reverse=True)
    )


@st.composite
@exact
def closes(draw: Draw, keys: Sequence[str], *, faulty: bool = True) -> tuple[tuple[str, tuple[Decimal, ...]], ...]:
    """Forty closes of each instrument, some alike, some against each other; with `faulty`, some too few or still."""
    kinds = (*range(5),) * 4 + ((5, 6, 7) if faulty else ())
    found = [(key, _series(chosen(draw, kinds))) for key in keys]
    return tuple((key, series) for key, series in found if series)


def _series(kind: int) -> tuple[Decimal, ...]:
    """A series by its kind: three moves of their own, one against the first, one near it; still, short, missing."""
    moves: dict[int, Any] = {
        0: lambda at: 100 + at * 7 % 11,
        1: lambda at: 100 + at * 5 % 13,
        2: lambda at: 100 + at * 3 % 7,
        3: lambda at: 120 - at * 7 % 11,
        4: lambda at: 100 + at * 7 % 11 + at % 3,
        5: lambda at: 100,
    }
    length = {6: 12, 7: 0}.get(kind, 40)
    return tuple(Decimal(moves.get(kind, moves[0])(at)) for at in range(length))
