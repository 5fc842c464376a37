"""What a policy comes to: the risk that is really taken, its times, limits that can never bind, limits that are off.

These are sentences about a policy, worked out from its numbers alone; no rule is asked and none is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import attrs

import riskcore as rc
from riskcore_openalgo.config import Settings, no_entries, unmet_limits
from riskcore_openalgo.doctor.check import Check, fail, ok, warn

STOPS_PCT: Final = tuple(map(Decimal, ("0.5", "1", "2", "5")))
HUNDRED: Final = Decimal(100)
SHARES: Final = {"shares with derivatives": True, "other shares": False}
"""Their hours differ since the closing auction."""
REGULAR: Final = "regular"
LOOK_DAYS: Final = 15
LIMITS_TOO: Final = (
    "throttle_from_pct", "cooldown_s", "cooldown_after_loss_s", "stale_after_s", "near_band_pct", "unusual_move_atr",
    "connection_timers",
)  # fmt: skip
"""Limits whose names do not say that they are any."""
LISTS: Final = (*(f.name for f in attrs.fields(rc.Policy) if f.name.startswith("allowed_")), "entry_windows")


def largest_pct(policy: rc.Policy, on: date) -> Decimal:
    """How much of the sizing base one intraday position in a liquid share may be worth, in percent."""
    most = policy.max_position_size_percent
    if policy.position_size_basis != "margin":
        return most
    share = rc.Instrument(symbol="ANY", tick="0.05")
    margin = rc.margin_pct(share, "MIS", on=on, side=rc.BUY, tables=policy.tables)
    return most if not margin else most * HUNDRED / margin


def effective_pct(policy: rc.Policy, stop_pct: Decimal, on: date) -> Decimal:
    """The most that a trade can lose at a stop so many percent away, in percent of the sizing base."""
    return min(policy.risk_per_trade, largest_pct(policy, on) * stop_pct / HUNDRED)


def effective_risk(policy: rc.Policy, on: date) -> Check:
    """What is risked, where the position cap binds before the risk does: for the usual stops."""
    binds_from = policy.risk_per_trade * HUNDRED / largest_pct(policy, on)
    told = ", ".join(
        f"{_plain(effective_pct(policy, stop, on))} % at a stop {_plain(stop)} % away" for stop in STOPS_PCT
    )
    said = f"{told}; risk_per_trade {_plain(policy.risk_per_trade)} % is reached from {_plain(binds_from)} % on"
    if binds_from > STOPS_PCT[-1]:
        remedy = (
            "it is the safer way; to risk what risk_per_trade says, raise max_position_size_percent, or basis margin"
        )
        return warn("effective_risk", said, remedy)
    return ok("effective_risk", said)


def never_bind(policy: rc.Policy, on: date) -> Check:
    """Limits that others keep from ever being reached."""
    found = [*_idle(policy, on), *(f"{key} {why}" for key, why in rc.never_reached(policy))]
    if not found:
        return ok("never_bind", "each limit that is on can be reached")
    return warn("never_bind", "; ".join(found), "nothing is wrong; tighten what should bind, or know that it will not")


def _idle(policy: rc.Policy, on: date) -> Iterator[str]:
    most, each = policy.max_positions, largest_pct(policy, on)
    widest = policy.stop_greatest_pct
    risk = policy.risk_per_trade if widest is None else effective_pct(policy, widest, on)
    if widest is not None and risk < policy.risk_per_trade:
        yield f"risk_per_trade: no stop is wider than {_plain(widest)} %, and there the position cap binds first"
    if policy.max_trades_per_day < most:
        yield f"max_positions {most}: no more than {policy.max_trades_per_day} trades a day"
    if most * each <= policy.max_sector_exposure:
        yield (
            f"max_sector_exposure {_plain(policy.max_sector_exposure)} %: {most} positions are worth at most "
            f"{_plain(most * each)} %"
        )
    if policy.max_trades_per_day * risk < policy.max_daily_loss:
        yield (
            f"max_daily_loss {_plain(policy.max_daily_loss)} %: {policy.max_trades_per_day} trades lose at most "
            f"{_plain(policy.max_trades_per_day * risk)} % at their stops (a gap can lose more)"
        )
    if policy.max_open_risk is not None and most * risk <= policy.max_open_risk:
        yield f"max_open_risk {_plain(policy.max_open_risk)} %: {most} positions risk at most {_plain(most * risk)} %"


def times(policy: rc.Policy, on: date) -> Check:
    """The times of an intraday day of shares as they come out, where the policy's and the tables' meet."""
    found: dict[str, None] = {}
    told = []
    for which, listed in SHARES.items():
        share = rc.Instrument(symbol="ANY", tick="0.05", derivatives_listed=listed)
        session = _regular_session(policy, share, on)
        if session is None:
            continue
        enter, until, flat = session.entries_from, session.entries_until, session.square_off
        early = policy.time_stop_before_square_off_min
        if until <= enter:
            found[f"no entry ever passes: none before {enter:%H:%M}, none from {until:%H:%M} on"] = None
        for window in policy.entry_windows or ():
            if until > enter and not (window[:5] < f"{until:%H:%M}" and window[6:] > f"{enter:%H:%M}"):
                found[f"entry_windows {window}: entries pass from {enter:%H:%M} to {until:%H:%M} alone"] = None
        wanted = policy.square_off_at
        if wanted is not None and flat is not None and flat.time() != wanted:
            of = f"square_off_at {wanted:%H:%M} is not used for {which}"
            found[f"{of}: they trade from {session.hours}, and leave at {flat:%H:%M}"] = None
        leaves = "" if flat is None else f", off at {flat - timedelta(minutes=early or 0):%H:%M}"
        told.append(f"{which}: entries {enter:%H:%M} to {until:%H:%M}{leaves}")
    if found:
        return warn("times", "; ".join(found), 'times are of 24 hours ("14:30"), in trading_rules.yaml')
    return ok("times", "; ".join(told) or f"no session is known after {on}")


def _regular_session(policy: rc.Policy, share: rc.Instrument, on: date) -> rc.Session | None:
    """The next session of usual hours, of those that are known."""
    own = {name: getattr(policy, name) for name in ("no_entry_before", "no_entry_after", "square_off_at")}
    own["leave_before_min"] = policy.time_stop_before_square_off_min
    for day in (on + timedelta(days=n) for n in range(LOOK_DAYS)):
        try:
            session = rc.session_on(day, share, **own, tables=policy.tables)
        except rc.CalendarUnknown:
            return None
        if session is not None and session.kind == REGULAR:
            return session
    return None


def entries(settings: Settings) -> Check:
    """What lets no entry pass; a list of nothing says so itself, and may be meant."""
    found = no_entries(settings)
    if found:
        return fail("entries", "; ".join(found), "change one of the two that contradict each other, or take it out")
    empty = [name for name in LISTS if getattr(settings.policy, name) == ()]
    if empty:
        told = f"{', '.join(empty)}: [] names none, so that no entry passes"
        return warn("entries", told, "where none is not meant, name what may be entered")
    return ok("entries", "no setting keeps all entries out")


def names(settings: Settings) -> Check:
    """Limits of a symbol or strategy whose name nothing that is configured bears, and numbers that nothing reads."""
    found = unmet_limits(settings)
    if not found:
        return ok(
            "limit_names", "each limit of a strategy or symbol has a name that is configured, or may be in an alert"
        )
    return warn(
        "limit_names",
        "; ".join(found),
        "correct its name under limits:, or the method that would read it; or take it out",
    )


def switched_off(policy: rc.Policy) -> Check:
    """Limits for which the policy has no number."""
    names = [
        field.name
        for field in attrs.fields(rc.Policy)
        if (field.name.startswith("max_") or field.name in LIMITS_TOO) and getattr(policy, field.name) in (None, ())
    ]
    if not names:
        return ok("off", "no limit is off")
    return ok("off", f"without a number, so off: {', '.join(names)} (docs/policy-keys.md says what each would do)")


def _plain(number: Decimal) -> str:
    return f"{number.quantize(Decimal('0.01')).normalize():f}"
