"""The four files as `riskcore init` writes them: every key with its default, its help and its unit.

What is off by default stands there commented out, with an example: delete `# ` and it is on. The text is made
from the same classes the loader reads by, so that it cannot fall behind them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from riskcore_openalgo.config.keys import KEY_FILE
from riskcore_openalgo.config.loader import (
    CREDENTIALS_FILE,
    RISK_FILE,
    RULES_FILE,
    SECTIONS,
    SYSTEM_FILE,
    policy_settings,
    strategy_setting,
)
from riskcore_openalgo.config.problems import ConfigurationError, Problem
from riskcore_openalgo.config.schema import Setting, settings_of
from riskcore_openalgo.config.settings import Credentials, System

IGNORE_FILE: Final = ".gitignore"
IGNORED: Final = f"{CREDENTIALS_FILE}\n{KEY_FILE}\n.env\n*.db*\n/logs/\n"
"""What must not come into version control: secrets and what opens them, journals, logs."""
REMARK_COLUMN: Final = 46
OWNER_ONLY: Final = 0o600
EVERYBODY: Final = 0o666

HEADERS: Final = {
    RISK_FILE: "How much may be risked. Percentages are percent: 1 means 1 %.",
    RULES_FILE: "What may be traded, when, and by which strategies of your own. Times are IST.",
    CREDENTIALS_FILE: "Secrets. Keep this file out of version control, and readable by yourself alone.",
    SYSTEM_FILE: "The machine around the rules.",
}
ADVICE: Final = "Each value is the default, so any line may be left out. Delete `# ` before a key to use it."


MORE: Final = "# Every other setting is at its default: riskcore init FOLDER writes all of them, commented."
EVERYBODYS: Final = (
    "default_capital",
    "risk_per_trade",
    "max_daily_loss",
    "max_trades_per_day",
    "max_positions",
    "max_position_size_percent",
    "position_size_basis",
    "min_risk_reward",
)


def write_defaults(folder: Path) -> list[Path]:
    """Write the four files and a `.gitignore` that keeps the credentials out of git; the paths written.

    Makes the folder. Writes nothing at all, and raises `ConfigurationError`, when one of the files is there
    already: what somebody wrote is never overwritten.
    """
    folder = Path(folder)
    texts = {file: default_text(file) for file in SECTIONS} | {IGNORE_FILE: IGNORED}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = [file for file in texts if os.path.lexists(folder / file)]
        if there:
            raise ConfigurationError(Problem(file, None, "", _in_the_way(folder)) for file in there)
        return [_write_new(folder / file, text) for file, text in texts.items()]
    except OSError as error:
        problem = Problem(str(error.filename or folder), None, "", f"cannot be written: {error.strerror}")
        raise ConfigurationError([problem]) from error


def write_minimal(folder: Path) -> list[Path]:
    """Write one file with the settings that everybody chooses; the rest stays at its defaults. The path written.

    As `write_defaults` it overwrites nothing, and raises `ConfigurationError` where the file is there already.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(folder / RISK_FILE):
            raise ConfigurationError([Problem(RISK_FILE, None, "", _in_the_way(folder))])
        return [_write_new(folder / RISK_FILE, minimal_text())]
    except OSError as error:
        problem = Problem(str(error.filename or folder), None, "", f"cannot be written: {error.strerror}")
        raise ConfigurationError([problem]) from error


def minimal_text() -> str:
    """The text of that one file."""
    settings = {name: setting for name, setting in policy_settings(RISK_FILE).items() if name in EVERYBODYS}
    return "\n".join([f"# {HEADERS[RISK_FILE]}", MORE, f"{SECTIONS[RISK_FILE]}:", *_lines(settings, "  ")]) + "\n"


def default_text(file: str) -> str:
    """The text of one of the four files: ASCII, LF line ends."""
    if file in (RISK_FILE, RULES_FILE):
        settings: Mapping[str, Setting] = policy_settings(file)
        settings = {**settings, "strategies": strategy_setting()} if file == RULES_FILE else settings
    else:
        settings = settings_of(System if file == SYSTEM_FILE else Credentials)
    lines = [f"# {HEADERS[file]}", f"# {ADVICE}", f"{SECTIONS[file]}:", *_lines(settings, "  ")]
    return "\n".join(lines) + "\n"


def _write_new(path: Path, text: str) -> Path:
    """Write a file that is not there yet; the credentials for their owner's eyes only, from the first byte."""
    mode = OWNER_ONLY if path.name == CREDENTIALS_FILE else EVERYBODY
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, mode), "wb") as opened:
        opened.write(text.encode("ascii"))
    return path


def _in_the_way(folder: Path) -> str:
    return f"is there already in {folder}; move it away, or name another folder (nothing was written)"


def _lines(settings: Mapping[str, Setting], margin: str) -> Iterator[str]:
    """The lines of a section; `margin` is what they begin with, `# ` included where commented out."""
    for name, setting in settings.items():
        if attrs.has(setting.kind):
            yield f"{margin}{name}:"
            yield from _lines(settings_of(setting.kind), f"{margin}  ")
        elif setting.kind is Mapping and "example_key" in setting.metadata:
            yield from _mapping_lines(setting, _commented(margin))
        elif attrs.has(setting.item):
            yield from _list_lines(setting, _commented(margin))
        else:
            begin = _commented(margin) if setting.default in (None, ()) else margin
            yield _line(f"{begin}{name}: {setting.example}", setting)


def _mapping_lines(setting: Setting, margin: str) -> Iterator[str]:
    yield _line(f"{margin}{setting.name}:", setting)
    key = f"{margin}  {setting.metadata['example_key']}:"
    if attrs.has(setting.item):
        yield key
        yield from _lines(settings_of(setting.item), f"{margin}    ")
    else:
        yield f"{key} {setting.example}"


def _list_lines(setting: Setting, margin: str) -> Iterator[str]:
    yield _line(f"{margin}{setting.name}:", setting)
    for at, line in enumerate(_lines(settings_of(setting.item), f"{margin}    ")):
        yield line if at else line.replace(f"{margin}    ", f"{margin}  - ", 1)


def _commented(margin: str) -> str:
    return margin if "#" in margin else f"{margin}# "


def _line(text: str, setting: Setting) -> str:
    return f"{text:<{REMARK_COLUMN}}  # {setting.remark}"
