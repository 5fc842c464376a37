"""One changed setting, as a hand types it: checked as a file is, and put into a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

import riskcore as rc
from riskcore_openalgo.config.loader import RISK_FILE, RULES_FILE, policy_settings
from riskcore_openalgo.config.problems import ConfigurationError, Problem, Report
from riskcore_openalgo.config.schema import Setting
from riskcore_openalgo.config.values import read_fields, unknown_key
from riskcore_openalgo.config.yaml_reader import read_yaml

PLACE: Final = "set"
IN_FILES: Final = frozenset(("rules", "tables"))
"""What brings code or tables with it is changed in its file alone."""


def settable() -> dict[str, Setting]:
    """Every setting that a hand may change, by its key."""
    found = {**policy_settings(RISK_FILE), **policy_settings(RULES_FILE)}
    return {name: setting for name, setting in found.items() if name not in IN_FILES}


def changed(policy: rc.Policy, key: str, text: str) -> rc.Policy:
    """The policy with one setting written as in its YAML file; "" switches it off, where it can be.

    Raises `ConfigurationError`, naming the key and the remedy, for an unknown key, a value that its check refuses, or
    one that contradicts another setting.
    """
    return all_changed(policy, {key: text})


def all_changed(policy: rc.Policy, given: Mapping[str, str]) -> rc.Policy:
    """The same with several settings, which are there together: one may need another."""
    values: dict[str, Any] = {}
    for key, text in given.items():
        values |= _read(key, text)
    wanted = {field.name: getattr(policy, field.name) for field in attrs.fields(rc.Policy)} | values
    contradictions = rc.contradictions(wanted)
    if contradictions:
        raise ConfigurationError(Problem(PLACE, None, name, what) for name, what in contradictions)
    return attrs.evolve(policy, **values)


def _read(key: str, text: str) -> Mapping[str, Any]:
    """The value of one setting, under its key."""
    known = settable()
    if key not in known:
        in_file = f"is changed in {RULES_FILE}, and not by hand" if key in IN_FILES else unknown_key(key, known)
        raise ConfigurationError([Problem(PLACE, None, key, in_file)])
    if len(text.splitlines()) > 1:
        raise ConfigurationError([Problem(PLACE, None, key, "must be written in one line")])
    report = Report(PLACE)
    node = read_yaml(f"{key}: {text}\n".encode(), report)
    values = {} if node is None else read_fields({key: known[key]}, node, report)
    if report.problems or not isinstance(values, dict) or key not in values:
        problems = report.problems or [Problem(PLACE, None, key, "is no value")]
        raise ConfigurationError(Problem(PLACE, None, found.key or key, found.what) for found in problems)
    return values
