"""Every setting as one frozen, checked value; the mission's numbers are the defaults.

A field's name is also the YAML key, the rule's id and the name in a finding, so that a refusal tells which
line to edit. The field's metadata holds its check, and what the commented configuration is written from
(unit, help, file). One file a group of settings; each says for itself what contradicts what in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs
from attrs import fields, frozen

from riskcore.calling import told_by_name
from riskcore.money import plain
from riskcore.policy import breakers, custody, custom, levels, limits, scoped, sizing, trailing, validator
from riskcore.policy.breakers import BreakerSettings
from riskcore.policy.custody import CustodySettings
from riskcore.policy.custom import CustomRule as CustomRule, CustomSettings, custom_rule as custom_rule
from riskcore.policy.kinds import RISK as RISK, RULES as RULES, SMALLEST_PERCENT
from riskcore.policy.levels import GROSS as GROSS, NET as NET, LevelSettings
from riskcore.policy.limits import LimitSettings
from riskcore.policy.orders import OrderSettings
from riskcore.policy.scoped import Limit as Limit, ScopedSettings
from riskcore.policy.sizing import MARGIN as MARGIN, NOTIONAL as NOTIONAL, SizingSettings
from riskcore.policy.trailing import TrailSettings
from riskcore.policy.validator import ValidatorSettings
from riskcore.values import settle

Contradictions: TypeAlias = Callable[[dict[str, Any]], list[tuple[str, str]]]


@told_by_name
@frozen(kw_only=True, cache_hash=True)  # what follows from a policy is worked out once for each: see `rules.table`
class Policy(
    ScopedSettings,
    CustomSettings,
    ValidatorSettings,
    CustodySettings,
    OrderSettings,
    BreakerSettings,
    LimitSettings,
    TrailSettings,
    LevelSettings,
    SizingSettings,
):
    """The rules of one account. Percent fields are percent (1 is 1 %), never ratios.

    A percentage below 0.05 is refused unless `confirm_small` is set, because 0.01 was nearly always meant as
    1 %. Every other contradiction between two fields is refused too; the message names both.
    """

    def __attrs_post_init__(self) -> None:
        settle(self, tuple((f.name, f.name, f.metadata["check"]) for f in fields(Policy)))
        problems = contradictions({f.name: getattr(self, f.name) for f in fields(Policy)})
        if problems:
            raise ValueError("; ".join(f"{key}: {what}" for key, what in problems))

    def with_rules(self, *rules: CustomRule | Callable[..., Any]) -> Policy:
        """The policy with rules of one's own: functions `(context) -> Finding`, or `custom_rule(f, limit=3)`."""
        added = (rule if isinstance(rule, CustomRule) else custom_rule(rule) for rule in rules)
        return attrs.evolve(self, rules=(*self.rules, *added))


LONGEST: Final = 31_622_400
"""Seconds of the longest year; no length of time in a policy is longer."""
_GROUPS: Final[tuple[Contradictions, ...]] = (
    limits.contradictions,
    validator.contradictions,
    levels.contradictions,
    breakers.contradictions,
    trailing.contradictions,
    scoped.contradictions,
    sizing.contradictions,
    custom.contradictions,
    custody.contradictions,
)


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong between fields that are each right alone: a list of (field, what and what to write).

    >>> contradictions({"max_positions": 3})
    []


    `values` may lack fields (those that were wrong on their own); only what is there is compared.
    """
    found = [] if values.get("confirm_small") else _small_percentages(values)
    found += _endless_times(values)
    return found + [problem for group in _GROUPS for problem in group(values)]


def _small_percentages(values: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name in (f.name for f in fields(Policy) if not f.metadata["small"]):
        value = values.get(name)
        if value is not None and 0 < value < SMALLEST_PERCENT:
            meant = plain(value * 100)
            what = f"{plain(value)} means {plain(value)} %: write {meant} for {meant} %"
            found.append((name, f"{what}, or set confirm_small: true if it is meant"))
    return found


def _endless_times(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Lengths of time that no calendar holds, nor a date added to them."""
    lengths = ((name, values.get(name)) for name in (f.name for f in fields(Policy)) if name.endswith(("_s", "_min")))
    what = f"must be at most {LONGEST}"
    return [(name, what) for name, value in lengths if isinstance(value, (int, Decimal)) and value > LONGEST]


def policy_hash(policy: Policy) -> str:
    """SHA-256 of every setting, in field order: equal for equal policies on every machine.

    >>> len(policy_hash(Policy())), policy_hash(Policy()) == policy_hash(Policy(max_positions=3))
    (64, True)
    """
    if not isinstance(policy, Policy):
        raise ValueError(f"policy_hash: policy must be a riskcore.Policy, got {policy!r:.60}")
    lines = (f"{f.name}={setting_text(getattr(policy, f.name))}" for f in fields(Policy))
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def setting_text(value: Any) -> str:
    """A setting as text: the same for equal values on every machine; the code of a rule is not in it."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return ",".join(setting_text(item) for item in value)
    if attrs.has(type(value)):
        told = (f for f in fields(type(value)) if not f.metadata.get("code"))
        return "{" + ",".join(f"{f.name}={setting_text(getattr(value, f.name))}" for f in told) + "}"
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
