"""What can be read from the core's source: which function gives which reason, and which reads which setting.

Both follow the calls a function makes within its own module and to rules of other modules, and the properties of the
context it looks at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from riskcore.rules import table as rules
from tools.docs.pages import CODES, CORE, SETTINGS, SHELL, relative

MAKERS: Final = frozenset({"Finding", "Row", "finding_of"})
FIXED: Final = {
    "prices_on_tick": "tick",
    "quantity_in_lots": "lot",
    "risk_within": "risk",
    "_one_lot": "risk_per_trade",
}
"""Functions that are no row of the rule table, and the name their findings carry."""

UNTOLD: Final = frozenset({"testing", "policy", "tables"})


@cache
def functions(path: Path) -> Mapping[str, ast.FunctionDef]:
    """The functions of a file by name, methods too; where two share a name, the first."""
    found: dict[str, ast.FunctionDef] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, node)
    return found


def rooms(root: Path = CORE) -> list[Path]:
    """The files that may hold rules, in order."""
    return [path for path in sorted(root.rglob("*.py")) if not UNTOLD.intersection(path.relative_to(root).parts)]


@cache
def borrowed(path: Path) -> Mapping[str, ast.FunctionDef]:
    """The functions that a file imports from the rooms of rules beside it, by the name it calls them."""
    found: dict[str, ast.FunctionDef] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("riskcore.rules."):
            there = functions(CORE.parent.joinpath(*(node.module or "").split(".")).with_suffix(".py"))
            found |= {name.asname or name.name: there[name.name] for name in node.names if name.name in there}
    return found


@cache
def reached(path: Path, name: str) -> tuple[ast.FunctionDef, ...]:
    """A function and all that it calls or reads of its module, of the context and of other rules, itself first."""
    known = {**functions(CORE / "rules" / "context.py"), **borrowed(path), **functions(path)}
    for other in {home(ask)[1] for _, ask in rule_rows()} - {name}:
        known.pop(other, None)  # a rule answers for itself
    order, waiting = [], [name]
    while waiting:
        node = known.get(waiting.pop(0))
        if node is None or node in order:
            continue
        order.append(node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                waiting.append(inner.id)
            elif isinstance(inner, ast.Attribute) and getattr(inner.value, "id", "") in ("context", "self", "turn"):
                waiting.append(inner.attr)
    return tuple(order)


def codes_of(path: Path, name: str) -> list[str]:
    """The reasons a function can give, in the order of the catalogue."""
    texts = {node.value for function in reached(path, name) for node in ast.walk(function) if _is_text(node)}
    return [code for code in _in_order() if code in texts]


def _in_order() -> list[str]:
    from riskcore.reasons import CATALOGUE  # noqa: PLC0415 - a generator's only use of it

    return [reason.code for reason in CATALOGUE]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def settings_of(path: Path, name: str) -> list[str]:
    """The settings a function reads from the policy, in the policy's order."""
    read = {found for function in reached(path, name) for found in _settings_in(function)}
    return [setting for setting in SETTINGS if setting in read]


def _settings_in(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr in SETTINGS:
            owner = inner.value
            named = getattr(owner, "id", None) or getattr(owner, "attr", None)
            if named in ("policy", "self", "rules"):
                yield inner.attr


def home(function: Any) -> tuple[Path, str]:
    """The file and the name of a function of the core; of a wrapped one, its own."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    inner = getattr(function, "func", function)
    parts = inner.__module__.split(".")
    base = CORE.parent.joinpath(*parts)
    return (base / "__init__.py" if base.is_dir() else base.with_suffix(".py")), inner.__name__


@cache
def rule_rows() -> tuple[tuple[Any, Any], ...]:
    """(row, what it asks) of every table of rules: of the context first, then of the size."""
    of_the_size = ((found.row, found.ask) for found in rules.SIZE_ROWS)
    return (*((row, row.ask) for row in rules.ROWS), *of_the_size)


def givers() -> dict[str, list[str]]:
    """Reason code -> who gives it, as `rule` (file), rules first, in the order of the table and of the files."""
    found: dict[str, list[str]] = {}
    asked = set()
    for row, ask in rule_rows():
        path, name = home(ask)
        asked |= {(path, node.name) for node in reached(path, name)}
        for code in codes_of(path, name):
            _add(found, code, f"`{row.name}` ({relative(path)})")
    for path in rooms():
        for name, node in functions(path).items():
            if (path, name) not in asked:
                for rule, code in given_in(node):
                    _add(found, code, f"`{rule}` ({relative(path)})")
    return found


def _add(found: dict[str, list[str]], code: str, told: str) -> None:
    places = found.setdefault(code, [])
    if told not in places:
        places.append(told)


def given_in(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    r"""(who, code) for every reason that stands in a function: the first text of its maker, else the function.

    >>> [body] = ast.parse("def f(c):\n    return Finding('cap', False, 'sector_full')").body
    >>> list(given_in(body))
    [('cap', 'sector_full')]
    >>> [body] = ast.parse("def slot(c):\n    return 'sector_full', 1, 2, None").body
    >>> list(given_in(body))
    [('slot()', 'sector_full')]
    """
    told: dict[int, str] = {}
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in MAKERS and call.args:
            first = getattr(call.args[0], "value", None)
            if isinstance(first, str):
                told |= {id(part): first for argument in call.args[1:] for part in ast.walk(argument)}
    for part in ast.walk(function):
        if isinstance(part, ast.Constant) and part.value in CODES and not _is_docstring(function, part):
            yield told.get(id(part), FIXED.get(function.name, f"{function.name}()")), part.value


def _is_docstring(function: ast.FunctionDef, part: ast.Constant) -> bool:
    first = function.body[0]
    return isinstance(first, ast.Expr) and first.value is part


def readers() -> dict[str, list[str]]:
    """Setting -> the functions that read it themselves, as `function` (file); those of the shell too."""
    found: dict[str, list[str]] = {}
    for root in (CORE, SHELL):
        for path in rooms(root):
            for name, node in functions(path).items():
                for setting in _settings_in(node):
                    _add(found, setting, f"`{name.lstrip('_')}` ({path.relative_to(root.parent).as_posix()})")
    switches = ast.parse((CORE / "rules" / "table.py").read_text(encoding="utf-8"))
    for setting in _settings_in(switches):
        _add(found, setting, "the table of rules (riskcore/rules/table.py)")
    judged = CORE / "policy" / "__init__.py"
    for node in ast.walk(ast.parse(judged.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and node.value in SETTINGS:
            _add(found, node.value, "the checks of the policy itself")
    return found
