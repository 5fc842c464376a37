"""What a policy can never do: settings that together let nothing pass, and numbers that others keep from mattering.

Each is valid alone, and a journal of before may hold it: so it is told, and never refused. Facts of the numbers; no
rule is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from riskcore.money import HUNDRED, ONE, ZERO, exact, percent_of, plain
from riskcore.policy import NET, NOTIONAL, Policy
from riskcore.policy.levels import IGNORE, PERCENT, POINTS, R
from riskcore.policy.sizing import FIXED_NOTIONAL, KELLY, REFUSE
from riskcore.policy.trailing import STEP_PERCENT, STEP_POINTS, STEP_R
from riskcore.sessions import kinds_of_session
from riskcore.signals import SELL
from riskcore.stops.combining import WIDER
from riskcore.targets import IN_PERCENT, IN_POINTS, IN_R, leg_rules

UNITS: Final = {R: IN_R, PERCENT: IN_PERCENT, POINTS: IN_POINTS}
ACCOUNT_TOO: Final = (
    "max_quantity", "max_position_size_percent", "max_notional", "risk_per_trade", "max_positions",
    "max_trades_per_day",
)  # fmt: skip
"""What a limit and the account both bound for one and the same entry."""
NOT_ABOVE: Final = (
    ("max_entries_per_symbol", "max_trades_per_day"),
    ("max_cluster_positions", "max_positions"),
    ("max_sector_net_exposure", "max_sector_exposure"),
    ("cooldown_after_loss_s", "cooldown_s"),
)
"""A setting, and the one that makes it pointless by being as strict, or stricter."""


@exact
def shut_out(policy: Policy) -> tuple[tuple[str, str], ...]:
    """What lets no entry pass, of all or of some: the field, and why, with what to write.

    A list that is `()` lets nothing pass either, and says so itself: it is none of these.

    >>> [key for key, why in shut_out(Policy(price_min=1000, max_notional=500))]
    ['max_notional']
    """
    return (*_kinds(policy), *_worth(policy), *_reward(policy), *_quantities(policy))


@exact
def never_reached(policy: Policy) -> tuple[tuple[str, str], ...]:
    """What other settings keep from ever mattering: the field, and why.

    >>> [key for key, why in never_reached(Policy(max_cluster_positions=5))]
    ['max_cluster_positions']
    """
    return (*_pointless(policy), *_looser(policy), *_beyond_the_target(policy), *_moved(policy), *_waiting(policy))


# ---------------------------------------------------------------- nothing passes


def _kinds(policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.allowed_products == ("CNC",) and policy.allowed_sides == (SELL,):
        yield "allowed_sides", "SELL of CNC alone: shares for delivery cannot be sold short; add BUY, or MIS"
    kinds = policy.allowed_sessions
    if kinds and not kinds_of_session(policy.tables).intersection(kinds):
        told = ", ".join(kinds)
        yield "allowed_sessions", f"{told}: no session is of that kind (one of the usual hours is regular); add regular"


def _worth(policy: Policy) -> Iterator[tuple[str, str]]:
    """The smallest entry that may be is worth more than the largest."""
    least, shares = _least_worth(policy), policy.min_quantity or 1
    if least is None or policy.price_min is None:
        return
    of = f"{shares} at price_min {plain(policy.price_min)}" if shares > 1 else f"one share at price_min {plain(least)}"
    for name, most in _most_worth(policy):
        if most < least:
            yield name, f"{plain(most)} rupees are less than {of}: no entry passes; raise the one, or lower the other"


def _least_worth(policy: Policy) -> Decimal | None:
    """What the smallest entry that may be is worth, in rupees; None where no price is too low."""
    return None if policy.price_min is None else policy.price_min * (policy.min_quantity or 1)


def _most_worth(policy: Policy) -> Iterator[tuple[str, Decimal]]:
    if policy.max_notional is not None:
        yield "max_notional", policy.max_notional
    if policy.sizing_method == FIXED_NOTIONAL and policy.fixed_notional is not None:
        yield "fixed_notional", policy.fixed_notional
    if policy.capital_max is not None and policy.position_size_basis == NOTIONAL:
        for name in ("max_position_size_percent", "max_sector_exposure"):
            yield name, percent_of(policy.capital_max, getattr(policy, name))


def _reward(policy: Policy) -> Iterator[tuple[str, str]]:
    """A target in per cent or points that gives too little at the nearest stop there can be."""
    name, reach, unit = _target(policy)
    near, which, whose = _nearest(policy, unit)
    if reach is None or near is None or unit == IN_R:  # in R: refused where the policy is made
        return
    ratio, least = reach / near, policy.min_risk_reward
    if ratio > least or (ratio == least and policy.risk_reward_basis != NET):
        return
    gives = f"{plain(reach)}{unit} at {which} {plain(near)} are {ratio:.2f} R"
    short = f"below min_risk_reward {plain(least)}{' after charges' if ratio == least else ''}"
    yield name, f"{gives}, {short}: next to no entry passes without {whose}; raise it"


def _target(policy: Policy) -> tuple[str, Decimal | None, str]:
    """The field that places the target, how far it reaches as a whole, and in what; None where units are mixed."""
    rules = leg_rules(policy.target_legs or ())
    if rules:
        unit = rules[0].unit
        whole = sum((rule.share * rule.reach for rule in rules), ZERO) / HUNDRED
        return "target_legs", whole if all(rule.unit == unit for rule in rules) else None, unit
    name = {R: "target_r_multiple", PERCENT: "target_pct", POINTS: "target_points"}[policy.target_method]
    return name, getattr(policy, name), UNITS[policy.target_method]


def _nearest(policy: Policy, unit: str) -> tuple[Decimal | None, str, str]:
    """How near a stop can stand in a unit, the field that says so, and what a signal would have to bring instead."""
    method, name = (PERCENT, "stop_pct") if unit == IN_PERCENT else (POINTS, "stop_points")
    least = policy.stop_least_pct if unit == IN_PERCENT else None
    own, alone = None, len(policy.stop_methods) == 1 or policy.stop_combine == WIDER
    bounded = policy.stop_greatest_atr is not None or (unit == IN_POINTS and policy.stop_greatest_pct is not None)
    if method in policy.stop_methods and alone and not bounded:
        own = getattr(policy, name)
        if policy.stop_greatest_pct is not None:
            own = min(own, policy.stop_greatest_pct)
    if own is None or (least is not None and least >= own):
        return least, "stop_least_pct", "a target of the signal's own"
    whose = "a target" if policy.signal_stop == IGNORE else "a stop or target"
    return own, name, f"{whose} of the signal's own"


def _quantities(policy: Policy) -> Iterator[tuple[str, str]]:
    least, worth = policy.min_quantity, _least_worth(policy)
    for limit in policy.limits:
        if least is not None and limit.max_quantity is not None and limit.max_quantity < least:
            what = f"max_quantity {limit.max_quantity} of {limit.title} is below min_quantity {least}"
            yield "limits", f"{what}: no entry of it passes; raise it, or deny it by name"
        if worth is not None and limit.max_notional is not None and limit.max_notional < worth:
            what = f"max_notional {plain(limit.max_notional)} of {limit.title} is below what price_min asks for"
            yield "limits", f"{what}, {plain(worth)}: no entry of it passes; raise it"


# ---------------------------------------------------------------- nothing comes to it


def _pointless(policy: Policy) -> Iterator[tuple[str, str]]:
    for name, other in NOT_ABOVE:
        value, bound = getattr(policy, name), getattr(policy, other)
        looser = value is not None and bound is not None and (value <= bound if name.endswith("_s") else value >= bound)
        if looser:
            yield name, f"{_plain(value)}: {other} {_plain(bound)} is as strict"
    if policy.max_correlation == ONE:
        yield "max_correlation", "1: no correlation is larger"
    borne = kinds_of_session(policy.tables)
    for kind in policy.allowed_sessions or ():
        if kind not in borne and borne.intersection(policy.allowed_sessions or ()):
            yield "allowed_sessions", f"{kind}: no session is of that kind (one of the usual hours is regular)"


def _looser(policy: Policy) -> Iterator[tuple[str, str]]:
    for limit in policy.limits:
        for name in ACCOUNT_TOO:
            value, whole = getattr(limit, name), getattr(policy, name)
            if value is not None and whole is not None and value > whole:
                yield "limits", f"{name} {_plain(value)} of {limit.title}: the account's is {_plain(whole)}"


def _beyond_the_target(policy: Policy) -> Iterator[tuple[str, str]]:
    """Profits at which a stop would move, where the target is nearer and takes all of the position before."""
    rules = leg_rules(policy.target_legs or ())
    name, reach, unit = _target(policy)
    if rules and reach is not None:
        reach = max(rule.reach for rule in rules)
    if reach is None:
        return
    steps = {STEP_R: IN_R, STEP_PERCENT: IN_PERCENT, STEP_POINTS: IN_POINTS}
    stepping = steps.get(policy.trail or "")
    for field, in_ in (
        ("breakeven_at_r", IN_R),
        ("profit_lock_at_r", IN_R),
        ("breakeven_at_pct", IN_PERCENT),
        ("trail_step", stepping),
        ("trail_after", stepping),
    ):
        value = getattr(policy, field)
        if in_ == unit and value is not None and value > reach:
            yield field, f"{plain(value)}{unit}: {name} takes all of a position at {plain(reach)}{unit}"


def _moved(policy: Policy) -> Iterator[tuple[str, str]]:
    """A stop in per cent that its own bounds always move."""
    if policy.stop_methods != (PERCENT,) or policy.stop_pct is None:
        return
    least, most = policy.stop_least_pct, policy.stop_greatest_pct
    if least is not None and policy.stop_pct < least:
        yield "stop_pct", f"{plain(policy.stop_pct)}: stop_least_pct moves it to {plain(least)} each time"
    if most is not None and policy.stop_pct > most:
        yield "stop_pct", f"{plain(policy.stop_pct)}: stop_greatest_pct moves it to {plain(most)} each time"


def _waiting(policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.sizing_method == KELLY and policy.kelly_fallback == REFUSE:
        few = f"with fewer than {policy.kelly_min_trades} finished trades a strategy is refused, and so never gets them"
        yield "kelly_multiplier", f"{few}; kelly_fallback: risk lets it trade until then"


def _plain(number: Decimal | int) -> str:
    return plain(Decimal(number))
