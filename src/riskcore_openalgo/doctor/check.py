"""One check: its name, how it stands, what was found, and what to do about it."""

from __future__ import annotations

from typing import Final

from attrs import frozen

OK: Final = "ok"
WARN: Final = "warn"
FAIL: Final = "fail"


@frozen
class Check:
    """What was looked at. `remedy` is "" where nothing is to be done."""

    name: str
    status: str
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Check:
    """All is well."""
    return Check(name, OK, found)


def warn(name: str, found: str, remedy: str) -> Check:
    """It works, and may not tomorrow; or it could not be found out."""
    return Check(name, WARN, found, remedy)


def fail(name: str, found: str, remedy: str) -> Check:
    """It does not work."""
    return Check(name, FAIL, found, remedy)
