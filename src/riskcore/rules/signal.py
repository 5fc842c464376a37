"""The strategy validator: is the signal itself admissible, now, and is there enough seen to judge it?"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from riskcore.expiries import leave_by, leave_from
from riskcore.instruments import Instrument
from riskcore.money import HUNDRED
from riskcore.policy import Policy
from riskcore.policy.breakers import NAMES as BREAKERS
from riskcore.policy.validator import WEEKDAYS
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.rules.terms import Terms, session_for
from riskcore.sessions import CalendarUnknown, closed_by, next_session_day
from riskcore.signals import SELL, seconds
from riskcore.states import ACTIVE, ADD, AFTER_S, CONDITION, ENTER, NEXT_SESSION, OPERATOR, allows

NO_TIME: Final = timedelta(0)
HOURS: Final = frozenset(("market_closed", "before_first_entry", "after_cut_off"))
"""Reasons that the hour alone gives: `entries_next` says when they end."""


def entries_next(at: datetime, instrument: Instrument, product: str, policy: Policy) -> datetime | None:
    """When entries are next taken: later today, or in the next session; None where the calendar does not tell."""
    day: date | None = at.date()
    try:
        for _ in range(2):
            session = None if day is None else session_for(day, instrument, product, policy)
            if session is not None and session.entries_from > at:
                return session.entries_from
            day = None if day is None else next_session_day(day, instrument, tables=policy.tables)
    except CalendarUnknown:
        return None
    return None


def hours_allow(at: datetime, instrument: Instrument, product: str, policy: Policy) -> bool:
    """Whether the hour alone refuses no entry: `HOURS` name the reasons it would give."""
    try:
        session = session_for(at.date(), instrument, product, policy)
    except CalendarUnknown:
        return False
    return session is not None and session.is_open(at) and session.entries_from <= at < session.entries_until


def entry_hours(day: date, instrument: Instrument, product: str, policy: Policy) -> tuple[datetime, datetime] | None:
    """From when, and up to when, `hours_allow` on a day; None where never. Entries end before a pause."""
    try:
        session = session_for(day, instrument, product, policy)
    except CalendarUnknown:
        return None
    if session is None:
        return None
    return max(session.opens, session.entries_from), min(session.closes, session.entries_until)


def overnight_until(day: date, instrument: Instrument, policy: Policy) -> datetime | None:
    """Until when entries of what stays over night are taken on a day, so bars of a day acted on; None where never."""
    hours = entry_hours(day, instrument, "CNC" if instrument.segment == "EQ" else "NRML", policy)
    return None if hours is None else hours[1]


LASTING: Final = {OPERATOR: 0, NEXT_SESSION: 1}
"""The resets of a latch that last longest first; all others may end with the next input."""


def entries_allowed(context: Context) -> Reading:
    """The trading state of the account and of the symbol allows an entry, or an addition to what is held.

    The reason tells what lifts the gravest latch: somebody, the next session, or time and circumstance; of several
    that are as grave, that which lasts longest.
    """
    book = context.book
    if not book.latches:
        return "", ACTIVE, None, None
    key = context.market.instrument.key
    state = book.state_of(key)
    if allows(state, ENTER if book.position(key) is None else ADD):
        return "", state, None, None
    gravest = [latch for latch in book.latches if latch.state == state and latch.key in ("", key)]
    worst = min(gravest, key=lambda latch: LASTING.get(latch.resets, len(LASTING)))
    if worst.resets == NEXT_SESSION:
        return "stopped_for_session", f"{worst.name} ({worst.why})", ACTIVE, None
    if worst.resets == AFTER_S or (worst.resets == CONDITION and worst.name in BREAKERS):
        return "stopped_for_now", f"{worst.name} ({worst.why})", ACTIVE, None
    return "entries_stopped", f"{worst.name} ({worst.why})", ACTIVE, None


def session_open(context: Context) -> Reading:
    """The exchange trades continuously at this moment, by a calendar that reaches it."""
    at, terms = context.market.at, context.terms
    session = terms.session
    if session is None:
        if terms.calendar_problem is not None:
            return "calendar_unknown", terms.calendar_problem, None, None
        return "market_closed", at, closed_by(terms.day, terms.instrument, tables=terms.policy.tables), None
    return ("", at, None, None) if session.is_open(at) else ("market_closed", at, session.hours, None)


def not_too_early(context: Context) -> Reading | None:
    """Entries wait for the first minutes of the session to pass."""
    session = context.terms.session
    if session is None:
        return None
    first, at = session.entries_from, context.market.at
    return "" if at >= first else "before_first_entry", at.time(), first.time(), None


def not_too_late(context: Context) -> Reading | None:
    """Entries end at the cut-off, early enough for a stop or target to be reached before the square-off."""
    session = context.terms.session
    if session is None:
        return None
    last, at = session.entries_until, context.market.at
    return "" if at < last else "after_cut_off", at.time(), last.time(), None


def fresh(context: Context) -> Reading:
    """The signal is not older than `signal_max_age_s`."""
    age, limit = context.market.at - context.signal.at, context.policy.signal_max_age_s
    return "" if age <= seconds(limit) else "signal_stale", age, limit, None


def not_from_the_future(context: Context) -> Reading:
    """The signal's clock is not further ahead of ours than `clock_skew_s`."""
    ahead, limit = context.signal.at - context.market.at, context.policy.clock_skew_s
    if ahead <= NO_TIME:
        return "", NO_TIME, limit, None
    return "" if ahead <= seconds(limit) else "signal_from_future", ahead, limit, None


def side_allowed(terms: Terms) -> Reading:
    """The side may be entered at all."""
    side, allowed = terms.side, terms.policy.allowed_sides
    return "" if side in allowed else "side_not_allowed", side, allowed, None


def symbol_allowed(terms: Terms) -> Reading:
    """The symbol is one of `allowed_symbols`, where that is set."""
    symbol, allowed = terms.instrument.symbol, terms.policy.allowed_symbols or ()
    return "" if symbol in allowed else "symbol_not_allowed", symbol, allowed, None


def symbol_not_denied(terms: Terms) -> Reading:
    """The symbol is none of `denied_symbols`."""
    symbol, denied = terms.instrument.symbol, terms.policy.denied_symbols or ()
    return "" if symbol not in denied else "symbol_denied", symbol, None, None


def session_allowed(terms: Terms) -> Reading | None:
    """The session is of one of the kinds in `allowed_sessions` (regular, muhurat, ...)."""
    if terms.session is None:
        return None
    kind, allowed = terms.session.kind, terms.policy.allowed_sessions or ()
    return "" if kind in allowed else "session_not_allowed", kind, allowed, None


def weekday_allowed(terms: Terms) -> Reading:
    """The day of the week is one of `allowed_weekdays`."""
    today, allowed = WEEKDAYS[terms.day.weekday()], terms.policy.allowed_weekdays or ()
    return "" if today in allowed else "weekday_not_allowed", today, allowed, None


def within_windows(context: Context) -> Reading:
    """The time of day lies in one of `entry_windows`, from their first minute up to, not including, their last."""
    clock, windows = context.market.at.isoformat()[11:16], context.policy.entry_windows or ()
    passed = any(window[:5] <= clock < window[6:] for window in windows)
    return "" if passed else "outside_entry_windows", context.market.at.time(), windows, None


def not_repeated(context: Context) -> Reading:
    """No order of this session and no open position came of this very signal."""
    orders, positions = context.book.orders, context.book.positions
    if not orders and not positions:
        return "", "new", None, None
    signal = context.signal
    side, symbol, name = signal.side, signal.symbol, signal.id
    for order in orders:
        entry = order.approved
        if entry.order_id == name and entry.side == side and entry.instrument.symbol == symbol:
            return "signal_repeated", name, None, None
    for position in positions:
        if position.signal_id == name and position.side == side and position.instrument.symbol == symbol:
            return "signal_repeated", name, None, None
    return "", "new", None, None


def far_from_expiry(context: Context) -> Reading:
    """A stock future or option is not entered from the moment on at which a position in it would be left.

    That is the square-off `expiry_exit_days` trading days before its expiry. Everything else passes.
    """
    instrument, at, policy = context.market.instrument, context.market.at, context.policy
    days = policy.expiry_exit_days
    day = None if days is None or instrument.expiry is None else leave_by(instrument, days, tables=policy.tables)
    if day is None or days is None:
        return "", instrument.symbol, None, None
    moment = leave_from(instrument, days, square_off_at=policy.square_off_at, tables=policy.tables)
    passed = at.date() < day if moment is None else at < moment
    return "" if passed else "expiry_near", instrument.symbol, moment or day, None


def price_high_enough(context: Context) -> Reading | None:
    """The quote is not below `price_min`."""
    price, least = context.reference, context.policy.price_min
    if price is None or least is None:
        return None
    return "" if price >= least else "price_too_low", price, least, None


def price_low_enough(context: Context) -> Reading | None:
    """The quote is not above `price_max`."""
    price, most = context.reference, context.policy.price_max
    if price is None or most is None:
        return None
    return "" if price <= most else "price_too_high", price, most, None


def price_near_the_quote(context: Context) -> Reading | None:
    """The price that the signal was raised at is within `max_price_drift_pct` of the quote; a price must be told.

    drift = |signal.price - quote| / quote x 100.
    """
    quote, price, limit = context.reference, context.signal.price, context.policy.max_price_drift_pct
    if quote is None or limit is None:
        return None
    if price is None:
        return "signal_price_missing", context.signal.symbol, limit, None
    away = abs(price - quote) * HUNDRED
    return "" if away <= limit * quote else "price_drifted", away / quote, limit, None


def product_allowed(terms: Terms) -> Reading:
    """The product is allowed, and a delivery sale is never a short."""
    product, allowed = terms.product, terms.policy.allowed_products
    if product not in allowed:
        return "product_not_allowed", product, allowed, None
    if product == "CNC" and terms.side == SELL:
        return "short_not_allowed", f"{terms.instrument.symbol} CNC", allowed, None
    return "", product, allowed, None


def quote_fresh(context: Context) -> Reading:
    """There is a quote, not older than `quote_max_age_s`, nor from the future beyond `clock_skew_s`."""
    limit = context.policy.quote_max_age_s
    if context.reference is None:
        return "quote_missing", context.signal.symbol, limit, None
    age = context.market.quote_age()
    passed = -seconds(context.policy.clock_skew_s) <= age <= seconds(limit)
    return "" if passed else "quote_stale", age, limit, None
