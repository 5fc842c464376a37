"""Four files in one folder become `Settings`, or one `ConfigurationError` with all that is wrong in them."""

from __future__ import annotations

import difflib
import functools
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
from attrs import frozen

import riskcore as rc
from riskcore_openalgo.config.keys import Keys
from riskcore_openalgo.config.problems import ConfigurationError, Problem, Report
from riskcore_openalgo.config.schema import Setting, settings_of
from riskcore_openalgo.config.settings import Credentials, Settings, Source, System
from riskcore_openalgo.config.table_files import read_tables
from riskcore_openalgo.config.values import read_fields, read_record, unknown_key
from riskcore_openalgo.config.yaml_reader import LARGEST_FILE, WRONG, Node, read_yaml

RISK_FILE: Final = "risk_management.yaml"
RULES_FILE: Final = "trading_rules.yaml"
CREDENTIALS_FILE: Final = "api_credentials.yaml"
SYSTEM_FILE: Final = "system_config.yaml"
SECTIONS: Final = {
    RISK_FILE: "risk_management",
    RULES_FILE: "trading_rules",
    CREDENTIALS_FILE: "api_credentials",
    SYSTEM_FILE: "system",
}
"""The four files, each with its one top key. The policy's fields name theirs in their metadata."""

NEAR_NAME: Final = 0.85
WORD: Final = re.compile(r"\w+")


@frozen
class Section:
    """One file as read: what stands under its top key (no keys if it is not there), and what is wrong."""

    file: str
    node: Node
    report: Report
    source: Source | None = None


def load_settings(folder: Path | None = None, *, keys: Keys | None = None) -> Settings:
    """The settings in `folder`, or the defaults without one. A file that is not there is its defaults; one must be.

    `keys` open encrypted secrets; by default they are looked for where `riskcore credentials` keeps them.

    Raises `ConfigurationError` with every problem of all files when there is one. Secrets are in no message.
    """
    if folder is None:
        return Settings()
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigurationError([Problem(str(folder), None, "", _no_folder(folder))])
    misnamed = _misnamed_files(folder)
    sections = {file: _read_section(folder, file) for file in SECTIONS}
    sections[CREDENTIALS_FILE].report.unlock = (keys or Keys(folder)).opened
    policy_values = _policy_values(sections)
    parts: dict[str, Any] = {
        "strategies": policy_values.pop("strategies", ()),
        "credentials": _record(Credentials, sections[CREDENTIALS_FILE]),
        "system": _record(System, sections[SYSTEM_FILE]),
    }
    _note_contradictions(policy_values, sections)
    system = parts["system"]
    own = read_tables(folder, None if system is WRONG else system.tables)
    problems = misnamed + [problem for section in sections.values() for problem in section.report.problems]
    problems += own.problems
    if problems:
        raise ConfigurationError(problems)
    sources = tuple(section.source for section in sections.values() if section.source)
    policy = rc.Policy(**policy_values, tables=own.tables)
    plain = tuple(sections[CREDENTIALS_FILE].report.plain)
    return Settings(policy=policy, sources=(*sources, *own.sources), plain_secrets=plain, **parts)


def load_policy(path: Path) -> rc.Policy:
    """The policy of one file, which may hold `risk_management:` and `trading_rules:` both, or of a folder of settings.

    Raises `ConfigurationError` with every problem; what the file does not write is its default.
    """
    if path.is_dir():
        return load_settings(path).policy
    read = _read_file(path, Report(path.name))
    report, named = read.report, dict(read.node.value) if isinstance(read.node.value, dict) else {}
    both = (RISK_FILE, RULES_FILE)
    if read.source is not None and not named and read.node.value is not WRONG:
        report.add(read.node.line, "", f"must begin with `{SECTIONS[RISK_FILE]}:` or `{SECTIONS[RULES_FILE]}:`")
    sections = {}
    for file in both:
        node = named.pop(SECTIONS[file], None)
        own = Node(1, {}) if node is None else Node(node.line, {SECTIONS[file]: node})
        sections[file] = Section(file, _under_top_key(own, file, report), report)
    for key, entry in named.items():
        report.add(entry.line, report.name(key), unknown_key(key, [SECTIONS[file] for file in both], _belongs))
    values = _policy_values(sections)
    values.pop("strategies", None)
    _note_contradictions(values, sections)
    if report.problems:
        raise ConfigurationError(report.problems)
    return rc.Policy(**values)


def policy_settings(file: str) -> dict[str, Setting]:
    """The policy's fields that are written in one of the files, in the policy's order."""
    section = SECTIONS[file]
    return {name: s for name, s in settings_of(rc.Policy).items() if s.metadata["file"] == section}


def strategy_setting() -> Setting:
    """The key under which own strategies stand in the trading rules."""
    return settings_of(Settings)["strategies"]


def _no_folder(folder: Path) -> str:
    if folder.exists():
        return "is no folder; name the folder that holds the four files"
    return "there is no such folder; name the one that holds the four files, or make it with `riskcore init`"


def _read_section(folder: Path, file: str) -> Section:
    report = Report(file, public=_public_names() if file == CREDENTIALS_FILE else None)
    path = folder / file
    if not os.path.lexists(path):
        return Section(file, Node(1, {}), report, Source(path, None))
    read = _read_file(path, report)
    node = read.node if read.source is None else _under_top_key(read.node, file, report)
    return Section(file, node, report, read.source)


def _read_file(path: Path, report: Report) -> Section:
    """A file as it stands; without a source where it cannot be read."""
    wrong = Section(path.name, Node(1, WRONG), report)
    try:
        if path.exists() and not path.is_file():
            report.add(None, "", "is no file; write it as a text file")
            return wrong
        with path.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        report.add(None, "", f"cannot be read: {error.strerror}")
        return wrong
    node = read_yaml(data, report) or Node(1, None)
    return Section(path.name, node, report, Source(path, hashlib.sha256(data).hexdigest()))


def _under_top_key(node: Node, file: str, report: Report) -> Node:
    """What stands under the file's top key. All that stands beside it is a problem."""
    top = SECTIONS[file]
    if node.value is None:
        return Node(1, {})
    if node.value is WRONG:
        return node
    if not isinstance(node.value, dict):
        report.add(node.line, "", f"must begin with `{top}:` and hold its keys indented below it")
        return Node(node.line, WRONG)
    for key, entry in node.value.items():
        if key != top:
            report.add(entry.line, report.name(key), unknown_key(key, [top], _belongs))
    found: Node = node.value.get(top, Node(1, {}))
    if found.value is None:
        return Node(found.line, {})
    if not isinstance(found.value, dict) and found.value is not WRONG:
        report.add(found.line, top, "must hold keys with their values, indented below it")
        return Node(found.line, WRONG)
    return found


def _policy_values(sections: Mapping[str, Section]) -> dict[str, Any]:
    """Every policy field that is right on its own, written or by default; with them `strategies`, if written."""
    values: dict[str, Any] = {}
    for file in (RISK_FILE, RULES_FILE):
        section, settings = sections[file], policy_settings(file)
        if section.node.value is WRONG:
            continue
        known = settings | ({"strategies": strategy_setting()} if file == RULES_FILE else {})
        written = read_fields(known, section.node, section.report, elsewhere=_belongs)
        values |= {name: setting.default for name, setting in settings.items()} | written
    return {name: value for name, value in values.items() if value is not WRONG}


def _record(record: type, section: Section) -> Any:
    return read_record(record, section.node, section.report, elsewhere=_belongs)


def _note_contradictions(values: dict[str, Any], sections: Mapping[str, Section]) -> None:
    """What the policy says of fields that are each right alone, at the line that was written.

    When the field itself is not written, its default contradicts a field that is: that one's line is named.
    """
    places: dict[str, tuple[Report, int]] = {}
    for section in (sections[RISK_FILE], sections[RULES_FILE]):
        keys = section.node.value if isinstance(section.node.value, dict) else {}
        known = policy_settings(section.file)
        places |= {name: (section.report, entry.line) for name, entry in keys.items() if name in known}
    for name, what in rc.contradictions(values):
        if name not in values:  # it is wrong on its own, and that is said already
            continue
        named = next((key for key in (name, *WORD.findall(what)) if key in places), None)
        report, line = places[named] if named else (sections[RISK_FILE].report, None)
        note = "" if named == name else f" ({name} is not written: this is its default)"
        report.add(line, name, f"{what}{note}")


def _misnamed_files(folder: Path) -> list[Problem]:
    """Files that were surely meant to be one of the four, or none at all, that would be passed over in silence."""
    try:
        names = sorted(path.name for path in folder.iterdir())
        missing = [file for file in SECTIONS if not os.path.lexists(folder / file)]
    except OSError as error:
        return [Problem(str(folder), None, "", f"cannot be read: {error.strerror}")]
    problems = []
    for name in names:
        plain = name.lower().removesuffix(".txt")
        if plain.endswith((".yaml", ".yml")):
            near = difflib.get_close_matches(plain, missing, n=1, cutoff=NEAR_NAME)
            problems += [Problem(name, None, "", f"is not read; did you mean {file}?") for file in near]
    if len(missing) == len(SECTIONS) and not problems:
        none = f"holds none of the four files ({', '.join(SECTIONS)}), and all limits would be the defaults; "
        remedy = "name the folder that holds them, or write them with `riskcore init`"
        problems.append(Problem(str(folder), None, "", none + remedy))
    return problems


@functools.cache
def _places() -> Mapping[str, str]:
    """Every known key -> the section and file it is written in."""
    places = dict(reversed(tuple(_places_below(SYSTEM_FILE, "", settings_of(System)))))  # the first of a name
    places.update(_places_below(CREDENTIALS_FILE, "", settings_of(Credentials)))
    for file in (RULES_FILE, RISK_FILE):
        places.update(_places_below(file, "", policy_settings(file)))
    return {"strategies": f"`{SECTIONS[RULES_FILE]}:` in {RULES_FILE}", **places}


def _places_below(file: str, path: str, settings: Mapping[str, Setting]) -> Iterator[tuple[str, str]]:
    for name, setting in settings.items():
        yield name, f"`{SECTIONS[file]}:`{path} in {file}"
        if attrs.has(setting.kind):
            yield from _places_below(file, f"{path} `{name}:`", settings_of(setting.kind))


def _belongs(key: str) -> str | None:
    """Where a key belongs that is written in another place."""
    for file, top in SECTIONS.items():
        if key == top:
            return f"belongs into {file}, at the left margin"
    place = _places().get(key)
    return f"belongs under {place}, indented" if place else None


@functools.cache
def _public_names() -> frozenset[str]:
    """The keys that may be shown in a file of secrets: those that are ours."""
    return frozenset(_places()) | frozenset(SECTIONS.values())
