"""docs/rulebook.md: every rule, level, sizer, charge and breaker with its settings, defaults, units, edges, reasons.

Nothing is listed by hand. Rules come from `rules/table.py`, formulas from the public functions of the rooms below,
settings from the policy's metadata, reasons and readers from the source. A setting that nothing reads is an error.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import riskcore as rc
from riskcore import policy
from riskcore.reasons import REASONS
from tools.docs.pages import CORE, NOTE, SETTINGS, first_line, prose, relative, settings_table, table
from tools.docs.source import codes_of, home, readers, rule_rows, settings_of

ABOUT: Final = """\
What the desk can do, read from the code. A setting's name is the YAML key, the field of `riskcore.Policy`, the id of
its rule and the name in a refusal. Percentages are percent (1 is 1 %); `(empty)` switches a setting off. Of several
reasons the one that comes first in [reason-codes.md](reason-codes.md) is reported, and all are kept."""
ROOMS: Final = (
    ("Stops", ("stops",)),
    ("Targets", ("targets",)),
    ("Trailing and exits", ("exits", "trailing")),
    ("Sizing", ("sizing", "sizers")),
    ("Charges", ("costs", "charges")),
    ("Circuit breakers and trading states", ("breakers", "states")),
    ("Sessions", ("sessions",)),
)
"""Where the formulas stand: a heading, and the rooms below it that there are."""


class Unread(ValueError):
    """A setting that nothing reads: a key that changes nothing when it is changed."""


def rulebook() -> str:
    """The whole page."""
    read = readers()
    unread = [name for name in SETTINGS if name not in read]
    if unread:
        raise Unread(f"nothing reads the setting {', '.join(unread)}: take it out, or have a rule read it")
    lines = [NOTE, "", "# The rulebook", "", ABOUT, "", "## Rules: may this entry happen?", ""]
    lines += ["In the order in which they are asked; every one is asked, and every answer is kept."]
    for row, ask in rule_rows():
        lines += ["", *_rule(row, ask)]
    for heading, rooms in ROOMS:
        lines += _formulas(heading, rooms)
    lines += _settings(read)
    return _spaced(lines)


def _rule(row: Any, ask: Any) -> Iterator[str]:
    path, name = home(ask)
    yield f"### {row.name}"
    yield ""
    for paragraph in prose(ask):
        yield from (paragraph, "")
    off = "" if row.on(rc.Policy()) else " Off by default."
    sets = getattr(row.on, "__name__", "") == "always"
    when = "Always asked." if sets else f"Asked where its setting says so.{off}"
    yield f"{when} In `{relative(path)}`."
    yield from _parameters([row.name, *settings_of(path, name)])
    codes = codes_of(path, name)
    if codes:
        yield ""
        yield from reasons_table(codes)


def _parameters(names: Iterable[str]) -> Iterator[str]:
    known = [name for name in SETTINGS if name in set(names)]
    if known:
        yield ""
        yield from settings_table(known)


def reasons_table(codes: Iterable[str]) -> Iterator[str]:
    """The reasons of a rule: code, sentence, whether waiting helps."""
    rows = ((f"`{code}`", REASONS[code].template, REASONS[code].clears) for code in codes)
    return table(("reason", "sentence", "waiting helps"), rows)


def _formulas(heading: str, rooms: Iterable[str]) -> list[str]:
    found = [entry for room in rooms for module in modules(room) for entry in public(module)]
    lines = ["", f"## {heading}"] if found else []
    for name, thing in found:
        path, inner = home(thing) if not inspect.isclass(thing) else (Path(inspect.getfile(thing)), thing.__name__)
        lines += ["", f"### {name}", "", f"`{called(thing)}`", ""]
        for paragraph in prose(thing):
            lines += [paragraph, ""]
        lines += [f"In `{relative(path)}`."]
        if not inspect.isclass(thing):
            lines += [*_parameters(settings_of(path, inner))]
            codes = codes_of(path, inner)
            lines += ["", *reasons_table(codes)] if codes else []
    return lines


def modules(room: str) -> list[Any]:
    """A room's modules: itself, and those below it; none where there is no such room."""
    if not ((CORE / room).is_dir() or (CORE / f"{room}.py").is_file()):
        return []
    top = importlib.import_module(f"riskcore.{room}")
    below = pkgutil.iter_modules(getattr(top, "__path__", ()), f"{top.__name__}.")
    return [top, *(importlib.import_module(found.name) for found in below)]


def public(module: Any) -> list[tuple[str, Any]]:
    """The functions and classes a module defines and names without an underscore, as they stand in it."""
    own = [
        (name, thing)
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and getattr(thing, "__module__", "") == module.__name__
        and (inspect.isfunction(thing) or inspect.isclass(thing))
    ]
    return [(name, thing) for name, thing in own if first_line(thing)]


def called(thing: Any) -> str:
    """How it is called: the signature without types."""
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return thing.__name__
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    text = str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))
    return re.sub(r"Decimal\('([^']*)'\)", r"\1", re.sub(r"<[^>]*>", "...", f"{thing.__name__}{text}"))


def _settings(read: dict[str, list[str]]) -> list[str]:
    lines = ["", "## All settings, and who reads them", ""]
    lines += ["Every one changes some answer (`tests/laws/test_keys.py`, KEY-1 in [spec.md](spec.md))."]
    for group in policy.Policy.__mro__[1:]:
        names = [field.name for field in getattr(group, "__attrs_attrs__", ()) if field.name in SETTINGS]
        if names:
            lines += ["", f"### {first_line(group).rstrip('.')}", "", *settings_table(names), ""]
            lines += [f"- `{name}` is read by {'; '.join(read[name])}" for name in names]
    return lines


def _spaced(lines: Iterable[str]) -> str:
    """One empty line where there are several, ASCII throughout."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return text.encode("ascii", "replace").decode().rstrip() + "\n"
