"""A rule of the user's own is asked like any other, and can do no harm: what it gets wrong refuses the entry."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

from attrs import frozen

from riskcore.money import amount
from riskcore.policy.custom import CustomRule
from riskcore.reasons import Finding, Measured, Reading
from riskcore.rules.context import Context


@frozen
class Own:
    """A rule of the user's own as a row of the table has it: two of the same rule are equal."""

    rule: CustomRule

    def __call__(self, context: Context) -> Reading:
        """What it found."""
        return ask_custom(self.rule, context)


def ask_custom(rule: CustomRule, context: Context) -> Reading:
    """What the rule found, as the table's own rules answer.

    A reason without a prefix gets the rule's name as one (`no_mondays:monday`), so that it can never be taken for
    one of the catalogue's. A rule that raises, returns no `Finding`, or was not loaded fails the entry by name; one
    that passes and allows less than a lot fails it as every cap does.
    """
    if rule.ask is None:
        return _failed(rule, "it is not loaded")
    try:
        with localcontext():  # what a stranger's code does to the decimal context ends with it
            found = rule.ask(context, **dict(rule.parameters))
        return _reading(rule, found, context.market.instrument.lot_size)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises, the entry is refused by name
        return _failed(rule, _told(error))


def _reading(rule: CustomRule, found: Any, lot: int) -> Reading:
    if not isinstance(found, Finding):
        return _failed(rule, f"it returned {type(found).__name__}, not a Finding")
    passed: Any = found.passed
    if not isinstance(passed, bool):
        return _failed(rule, f"its Finding must have passed or not, True or False, got {passed!r:.60}")
    most = None if found.max_quantity is None else amount(found.max_quantity, "max_quantity")
    if found.passed and most is not None and most < lot:
        return "below_one_lot", most, rule.short, most
    reason = "" if found.passed else found.reason or "refused"
    if reason and ":" not in reason:
        reason = f"{rule.short}:{reason}"
    return reason, _measured(found.measured), _measured(found.limit), most


def _measured(value: Any) -> Measured:
    """Numbers exact, everything else as text."""
    if value is None or isinstance(value, str) or type(value) is int:
        return value
    if isinstance(value, Decimal) or type(value).__name__.startswith("float"):
        return amount(value, "measured")
    return str(value)


def _told(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - even its message is a stranger's code
        return type(error).__name__


def _failed(rule: CustomRule, why: str) -> Reading:
    return "rule_failed", f"{rule.name}: {why}", None, None
