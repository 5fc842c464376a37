"""The settings of the control page: where it listens, and who may log in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from riskcore_openalgo.web.control.passwords import checked_hash

HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
LONGEST_SESSION: Final = 24 * 60
LAST_PORT: Final = 65535
NOBODY: Final = f"scrypt$16384$8$1${'A' * 22}==${'A' * 43}="
"""A line of the right form, for the example: the hash of no password that anybody knows."""


def _meta(unit: str, help_: str, **more: Any) -> dict[str, Any]:
    return {"unit": unit, "help": help_, **more}


def _host(value: Any) -> str:
    if not isinstance(value, str) or not HOST.fullmatch(value):
        raise ValueError(f"must be an address of this machine such as 127.0.0.1, got {value!r}")
    return value


def _port(value: Any) -> int:
    return _whole(value, LAST_PORT)


def _minutes(value: Any) -> int:
    return _whole(value, LONGEST_SESSION)


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"must be a whole number from 1 to {most}, got {value!r}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {value!r}")
    return value


def user_name(value: Any) -> str:
    """The name of a user: it stands in the journal beside all he does."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError("must be a name of letters, digits, - and _, at most 40 of them")
    return value


def _users(value: Mapping[str, str]) -> dict[str, str]:
    return {user_name(name): checked_hash(line) for name, line in value.items()}


@frozen(kw_only=True)
class ControlPage:
    """Where the control page is served while a runner runs; without a user it is not served at all."""

    host: str = field(default="127.0.0.1", converter=_host, metadata=_meta("address", "who can reach the page"))
    port: int = field(default=8781, converter=_port, metadata=_meta("port", "where it listens"))
    https: bool = field(
        default=False, converter=_flag, metadata=_meta("true/false", "a proxy in front of it speaks HTTPS")
    )
    session_min: int = field(default=480, converter=_minutes, metadata=_meta("minutes", "a login holds for so long"))


@frozen(kw_only=True)
class ControlAccess:
    """Who may log in to the control page: a password's hash for each name."""

    users: Mapping[str, str] = field(
        factory=dict,
        repr=False,
        converter=_users,
        metadata=_meta(
            "text",
            "what `riskcore control password NAME` prints",
            example=NOBODY,
            example_key="asha",
            key=user_name,
            item=checked_hash,
            secret=True,
        ),
    )
