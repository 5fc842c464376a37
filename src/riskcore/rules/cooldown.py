"""Rules that wait: after a close, after a loss, after a stop-out, after too many stop-outs.

Time is trading time of the instrument: a night, a weekend or a holiday is no wait. All read `Book.outcomes` as a
set, whatever order it is in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from riskcore.book import Outcome
from riskcore.instruments import Instrument
from riskcore.money import ZERO
from riskcore.orders import STOP_HIT
from riskcore.overrides import Tables
from riskcore.policy.limits import (
    ACCOUNT,
    ALLOWED,
    NEXT_SESSION,
    STRATEGY,
    SYMBOL,
    SYMBOL_STRATEGY,
    SYMBOL_STRATEGY_SIDE,
)
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.sessions import CalendarUnknown, session_on
from riskcore.signals import DAY, seconds

STOPPED_AT_R: Final = Decimal("-0.5")
NO_TIME: Final = timedelta(0)
MICROSECOND: Final = timedelta(microseconds=1)


def stopped_out(outcome: Outcome) -> bool:
    """Whether a trade ended as a stop-out: it lost half its initial risk or more, or its stop took it off without gain.

    A stop that left exactly nothing counts; one that locked a gain in does not.
    """
    lost = outcome.r_multiple is not None and outcome.r_multiple <= STOPPED_AT_R
    return lost or (outcome.reason == STOP_HIT and outcome.net <= ZERO)


def session_time(
    since: datetime, until: datetime, instrument: Instrument, *, enough: timedelta, tables: Tables | None = None
) -> timedelta:
    """Trading time of an instrument between two moments, counted no further than `enough`.

    Within one day it is the time on the clock. A day that the calendar does not know gives nothing.
    """
    first, last = since.date(), until.date()
    if first >= last:
        return until - since
    total, day = NO_TIME, first
    while day <= last and total < enough:
        total += _traded_on(day, since, until, instrument, tables)
        day += DAY
    return total


def has_traded(
    since: datetime, until: datetime, instrument: Instrument, *, length: timedelta, tables: Tables | None = None
) -> bool:
    """Whether so much trading time lies between two moments, as `session_time` counts it.

    It looks at the latest day first, which mostly settles it: the earlier ones can only add.
    """
    first, day = since.date(), until.date()
    if first >= day:
        return until - since >= length
    total = NO_TIME
    while day >= first and total < length:
        total += _traded_on(day, since, until, instrument, tables)
        day -= DAY
    return total >= length


def cooled_down(context: Context) -> Reading:
    """`cooldown_s` of trading have passed since the latest close in `cooldown_scope`."""
    closes = [done.closed_at for done in _within(context, context.policy.cooldown_scope)]
    return _waited(context, closes, context.policy.cooldown_s or 0, "cooling_down")


def cooled_down_after_loss(context: Context) -> Reading:
    """`cooldown_after_loss_s` of trading have passed since the latest close with a net loss; a gain changes nothing."""
    done = _within(context, context.policy.cooldown_scope)
    losses = [trade.closed_at for trade in done if trade.net < ZERO]
    return _waited(context, losses, context.policy.cooldown_after_loss_s or 0, "cooling_down_after_loss")


def may_enter_again(context: Context) -> Reading:
    """No stop-out in this session where `reentry_after_stop` locks: the symbol, or it on this strategy and side."""
    policy, today = context.policy, context.market.at.date()
    if policy.reentry_after_stop == ALLOWED:
        return "", ALLOWED, None, None
    scope = SYMBOL_STRATEGY_SIDE if policy.reentry_after_stop == NEXT_SESSION else SYMBOL
    locked = any(done.session == today and stopped_out(done) for done in _within(context, scope))
    symbol = context.signal.symbol
    return "stopped_out_today" if locked else "", symbol, policy.reentry_after_stop, None


def few_stops(context: Context) -> Reading:
    """Fewer than `max_stops` stop-outs came together in `stops_scope` within `stops_window_s`, or the lock has passed.

    The lock runs from the last of them for `stops_lock_s`; only a further stop-out starts it again, never a gain.
    With `stops_consecutive` any other close between two stop-outs starts the count afresh.
    """
    policy, at = context.policy, context.market.at
    limit, this_session = policy.max_stops or 0, at.date()
    trades = _within(context, policy.stops_scope)
    done = sorted([(trade.closed_at, not stopped_out(trade), trade.session) for trade in trades])
    run: list[datetime] = []
    counted = 0
    for closed_at, otherwise, session in done:
        if otherwise:
            run = [] if policy.stops_consecutive else run
            continue
        run.append(closed_at)
        today = session == this_session
        locked = len(run) >= limit and _still_locked(context, closed_at)
        if not (today or locked):
            continue
        together = _together(context, run)
        if locked and together >= limit:
            return "too_many_stops", together, limit, None
        if today:
            counted = max(counted, together)
    return "", counted, limit, None


def _together(context: Context, run: list[datetime]) -> int:
    """How many of a run lie within `stops_window_s` of trading before its last; without a window, on the last's day."""
    latest, window = run[-1], context.policy.stops_window_s
    if window is None:
        return sum(1 for earlier in run if earlier.date() == latest.date())
    longer, count = seconds(window) + MICROSECOND, 0
    for earlier in reversed(run):
        if not _has_traded(context, earlier, latest, longer):
            count += 1
        elif earlier.date() != latest.date():
            break  # what closed before that lies further back still
    return count


def _still_locked(context: Context, stopped_at: datetime) -> bool:
    at, lock = context.market.at, context.policy.stops_lock_s
    if lock is None:
        return stopped_at.date() == at.date()
    return not _has_traded(context, stopped_at, at, seconds(lock))


def _has_traded(context: Context, since: datetime, until: datetime, length: timedelta) -> bool:
    return has_traded(since, until, context.market.instrument, length=length, tables=context.policy.tables)


def _waited(context: Context, closes: list[datetime], wait_s: int, reason: str) -> Reading:
    if not closes:
        return "", None, wait_s, None
    market, length = context.market, seconds(wait_s)
    passed = session_time(max(closes), market.at, market.instrument, enough=length, tables=context.policy.tables)
    return "" if passed >= length else reason, passed, wait_s, None


def _within(context: Context, scope: str) -> Iterable[Outcome]:
    """The finished trades of a scope around the signal: the account, its strategy, its symbol, or parts of that."""
    outcomes, signal = context.book.outcomes, context.signal
    if scope == ACCOUNT or not outcomes:
        return outcomes
    if scope == STRATEGY:
        return [done for done in outcomes if done.strategy == signal.strategy]
    key = context.market.instrument.key
    same = [done for done in outcomes if done.key == key]
    if scope in (SYMBOL_STRATEGY, SYMBOL_STRATEGY_SIDE):
        same = [done for done in same if done.strategy == signal.strategy]
    return [done for done in same if done.side == signal.side] if scope == SYMBOL_STRATEGY_SIDE else same


def _traded_on(day: date, since: datetime, until: datetime, instrument: Instrument, tables: Tables | None) -> timedelta:
    """How long the instrument trades on one day between two moments; a day that nobody knows gives nothing."""
    try:
        hours = session_on(day, instrument, tables=tables)
    except CalendarUnknown:
        return NO_TIME
    if hours is None:
        return NO_TIME
    return max(min(until, hours.closes) - max(since, hours.opens), NO_TIME)
