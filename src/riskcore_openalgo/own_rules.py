"""Rules of the user's own: the dotted names in the configuration become functions, when something is started."""

from __future__ import annotations

from typing import Any

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.own_code import OwnCodeError, own_code


class RuleNotFoundError(ValueError):
    """A rule of the configuration that leads to no function; the message says what was looked for."""


def with_loaded_rules(policy: rc.Policy) -> rc.Policy:
    """The policy with the code of each of its own rules; rules that bring theirs are left as they are.

    Raises `RuleNotFoundError` where a name leads nowhere: nothing is started with a rule that cannot be asked.
    """
    if all(rule.ask is not None for rule in policy.rules):
        return policy
    return evolve(policy, rules=tuple(_loaded(rule) for rule in policy.rules))


def _loaded(rule: rc.CustomRule) -> rc.CustomRule:
    if rule.ask is not None:
        return rule
    module_name, _, path = rule.name.partition(":")
    try:
        found: Any = own_code(module_name, path)
    except OwnCodeError as problem:
        raise RuleNotFoundError(f"rule {rule.name}: {problem}") from problem
    if not callable(found):
        raise RuleNotFoundError(f"rule {rule.name}: {path} is no function of the context")
    return rule.with_code(found)
