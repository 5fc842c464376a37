"""Equity on bars is that of what was lived through: what a bar does after a position has left it is not its result."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine import fold

D = Decimal
OPENS = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
THING = rc.Instrument(symbol="X", tick="0.05", sector="Z")
MINUTES = timedelta(minutes=5)
FLAT = (1000, 1001, 999, 1000)


def lived(bar, after=None, **policy):
    """40 shares for 1,000 at 11:00, stop 980, target 1,100 where none is said; the bar at 11:20 is this one."""
    rows = [FLAT] * 25 + [bar] + [after or (bar[3],) * 4] * 4
    bars = [
        rc.Bar(at=OPENS + n * MINUTES, open=row[0], high=row[1], low=row[2], close=row[3]) for n, row in enumerate(rows)
    ]
    target = None if "target_legs" in policy else 1100

    def enter(thing, seen):
        if len(seen) == 21:
            return rc.Signal("X", "BUY", at=seen[-1].at + MINUTES, stop=980, target=target)
        return None

    rules = rc.Policy(
        max_position_size_percent=100, max_sector_exposure=100, atr_warmup_bars=14, entry_band_pct="0.5", **policy
    )
    return rc.simulate({THING: bars}, enter, rules, interval="5m")


@pytest.mark.parametrize(
    ("bar", "left_at"),
    [
        ((1000, 1160, 999, 1150), 1100),  # the target, and far beyond it at the close
        ((1000, 1001, 940, 945), 980),  # the stop
        ((960, 965, 940, 945), 960),  # a gap through the stop
    ],
)
def test_a_bar_that_takes_all_off_is_marked_at_the_level(bar, left_at):
    run = lived(bar)
    (fill,) = [fact for fact in run.facts if isinstance(fact, e.Filled)][1:]
    mark = [fact for fact in run.facts if isinstance(fact, e.Marked)][-1]
    assert (fill.price, mark.last) == (left_at, left_at)
    (day,) = rc.equity_curve(run.facts).days
    gross = 40 * (left_at - 1000)
    assert min(day.path) >= 100_000 + min(gross, 0) - day.charges
    assert max(day.path) <= 100_000 + max(gross, 0)
    assert run.state.book.peak_equity == max(D(100_000), *day.path)


@pytest.mark.parametrize(
    ("bar", "policy"),
    [((1000, 1001, 940, 945), {"max_daily_loss": "1.5"}), ((1000, 1160, 999, 1150), {"max_drawdown": "1.5"})],
)
def test_no_breaker_acts_on_what_never_was(bar, policy):
    """A loss of 0.84 % is no 1.5; an account that only rose has no drawdown."""
    run = lived(bar, **policy)
    assert run.state.book.latches == ()
    assert len(run.trades) == 1


def test_what_a_leg_leaves_behind_is_worth_the_close():
    """Twenty left at 1,030; the bar closed at 998, below what they were bought for."""
    run = lived((1000, 1040, 996, 998), after=(998, 999, 997, 998), target_legs=["50% at 1.5R", "50% at 5R"])
    fills = [fact for fact in run.facts if isinstance(fact, e.Filled)]
    assert [(fill.quantity, fill.price) for fill in fills] == [(40, 1000), (20, 1030)]
    (held,) = run.state.book.positions
    assert held.last == 998
    (day,) = rc.equity_curve(run.facts).days
    assert day.closing == 100_000 + 20 * 30 - 20 * 2 - day.charges == run.equity


def test_so_it_is_right_after_its_fill():
    run = lived((1000, 1040, 996, 998), target_legs=["50% at 1.5R", "50% at 5R"])
    at = next(n for n, fact in enumerate(run.facts) if isinstance(fact, e.Filled) and fact.quantity == 20)
    (held,) = fold(run.facts[: at + 1]).book.positions
    assert (held.quantity, held.last) == (20, 998)


@pytest.mark.parametrize(
    ("bar", "left_at", "worst", "best"),
    [
        ((960, 1090, 955, 1080), 960, 960, 1001),  # a gap through the stop, then a rally
        ((1120, 1125, 985, 990), 1120, 999, 1120),  # a gap through the target, then a crash
        ((1000, 1001, 940, 945), 980, 980, 1001),
        ((1000, 1160, 999, 1150), 1100, 999, 1100),
    ],
)
def test_of_a_bar_that_opens_beyond_a_level_its_open_alone_was_lived_through(bar, left_at, worst, best):
    """The rally after the gap was told as the best price of a trade that had left before it."""
    (trade,) = rc.trades_of(lived(bar).facts)
    assert (trade.exit_price, trade.worst_price, trade.best_price) == (left_at, worst, best)
