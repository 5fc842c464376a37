"""Rules of the user's own: a dotted name, parameters, and a digest of the code that is meant."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import CodeType
from typing import Any, Final

from attrs import evolve, field, fields, frozen

from riskcore.policy.kinds import RULES, list_of, meta
from riskcore.values import given, settle

DOTTED: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_<][\w.<>]*", re.ASCII)
FIXED: Final = (
    *("state", "session", "signal", "surveillance", "equity", "cash", "exit", "opposite", "margin", "funds"),
    *("position", "tick", "lot", "risk"),
)
"""Checks of ours that no setting names."""
KINDS: Final = (bool, int, Decimal, str, type(None))


def _name(value: Any, name: str) -> str:
    text = value
    if isinstance(text, str) and ":" not in text:
        text = ":".join(text.rsplit(".", 1))
    if not isinstance(text, str) or not DOTTED.fullmatch(text):
        raise ValueError(f"{name} must name a function as package.module:function, got {value!r}")
    return text


def _parameters(value: Any, name: str) -> tuple[tuple[str, Any], ...]:
    pairs = tuple(value.items()) if isinstance(value, Mapping) else tuple((key, entry) for key, entry in value)
    for key, entry in pairs:
        finite = not isinstance(entry, Decimal) or entry.is_finite()
        if not (isinstance(key, str) and key.isidentifier() and isinstance(entry, KINDS) and finite):
            raise ValueError(f"{name}: {key} must be a name, with a number, a text, true or false; got {entry!r}")
    return tuple(sorted(pairs, key=lambda pair: pair[0]))


@frozen(kw_only=True)
class CustomRule:
    """One rule of the user's own: `ask(context, **parameters) -> Finding`.

    `name` is its dotted name, `package.module:function`; its findings bear the last part. `source` is a digest of
    its code, so that a journal tells which version decided. `ask` is the function itself: not
    journalled, and None where a journal was read back and nobody has loaded it (entries are then refused,
    `rule_failed`).
    """

    name: str = field(
        converter=given,
        metadata=meta(_name, "package.module:function", "what is asked") | {"example": "my_rules:no_mondays"},
    )
    parameters: tuple[tuple[str, Any], ...] = field(
        default=(),
        converter=given,
        metadata=meta(_parameters, "mapping", "handed to it by name") | {"mapping": True, "example": "{shares: 100}"},
    )
    source: str = field(default="", metadata={"not_written": True})
    ask: Callable[..., Any] | None = field(
        default=None, repr=False, hash=False, metadata={"not_written": True, "code": True}
    )

    def __attrs_post_init__(self) -> None:
        settle(self, tuple((f.name, f"CustomRule.{f.name}", f.metadata["check"]) for f in fields(CustomRule)[:2]))

    @property
    def short(self) -> str:
        """What its findings are called."""
        return self.name.rpartition(":")[2].rpartition(".")[2]

    def with_code(self, ask: Callable[..., Any]) -> CustomRule:
        """The same rule with the function that its name stands for, and the digest of that."""
        return evolve(self, ask=ask, source=code_digest(ask))


def custom_rule(ask: Callable[..., Any], **parameters: Any) -> CustomRule:
    """A function of the context as a rule; `parameters` are handed to it by name at every decision."""
    if not callable(ask):
        raise ValueError(f"a rule must be a function of the context that returns a Finding, got {ask!r}")
    kind = ask if hasattr(ask, "__qualname__") else type(ask)
    name = f"{kind.__module__}:{kind.__qualname__}".replace(".<locals>", "")
    return CustomRule(name=name, parameters=parameters, ask=ask, source=code_digest(ask))


def code_digest(ask: Callable[..., Any]) -> str:
    """SHA-256 of a function's compiled code, its names and constants; "" for what Python code does not make up.

    The same source gives another digest under another Python version.
    """
    code = getattr(ask, "__code__", None) or getattr(type(ask).__call__, "__code__", None)
    return hashlib.sha256(_written(code).encode("utf-8")).hexdigest() if isinstance(code, CodeType) else ""


def _written(code: CodeType) -> str:
    inner = [_constant(c) for c in code.co_consts]
    return "\n".join((code.co_code.hex(), *code.co_names, *code.co_varnames, *inner))


def _constant(value: Any) -> str:
    """A constant in the same words in every process: the order of a set hangs on how its texts hash there."""
    if isinstance(value, CodeType):
        return _written(value)
    if isinstance(value, frozenset):
        return f"frozenset({{{', '.join(sorted(map(_constant, value)))}}})" if value else repr(value)
    if isinstance(value, tuple) and any(isinstance(one, (frozenset, tuple)) for one in value):
        return f"({', '.join(map(_constant, value))})"
    return repr(value)


def _rule(value: Any, name: str) -> CustomRule:
    if isinstance(value, CustomRule):
        return value
    return CustomRule(name=value) if isinstance(value, str) else custom_rule(value)


@frozen(kw_only=True, slots=False)
class CustomSettings:
    """Rules of the user's own."""

    rules: tuple[CustomRule, ...] = field(
        default=(),
        converter=given,
        metadata=meta(list_of(_rule), "package.module:function", "rules of your own, asked after all others", RULES)
        | {"one_line": "name", "example": "[my_rules:no_mondays]"},
    )


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Two rules whose findings would bear the same name: of the user's own, or one of those and one of ours."""
    names = [rule.short for rule in values.get("rules", ())]
    twice = [
        ("rules", f"has two rules named {name}: rename one") for name in sorted(set(names)) if names.count(name) > 1
    ]
    ours = [name for name in dict.fromkeys(names) if name in values or name in FIXED]
    return twice + [("rules", f"has one named {name}, as a rule of ours is: rename it") for name in ours]
