"""The settings of the control page: where it listens, and who may log in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from riskcore_openalgo.config import checks
from riskcore_openalgo.config.checks import meta
from riskcore_openalgo.web.control.passwords import checked_hash

LONGEST_SESSION: Final = 24 * 60
NOBODY: Final = f"scrypt$16384$8$1${'A' * 22}==${'A' * 43}="
"""A line of the right form, for the example: the hash of no password that anybody knows."""


def _minutes(value: Any) -> int:
    return checks.whole_up_to(LONGEST_SESSION, value)


def _users(value: Mapping[str, str]) -> dict[str, str]:
    return {checks.name(name): checked_hash(line) for name, line in value.items()}


@frozen(kw_only=True)
class ControlPage:
    """Where the control page is served while a runner runs; without a user it is not served at all."""

    host: str = field(default="127.0.0.1", converter=checks.host, metadata=meta("address", "who can reach the page"))
    port: int = field(default=8781, converter=checks.port, metadata=meta("port", "where it listens"))
    https: bool = field(
        default=False, converter=checks.flag, metadata=meta("true/false", "a proxy in front of it speaks HTTPS")
    )
    session_min: int = field(default=480, converter=_minutes, metadata=meta("minutes", "a login holds for so long"))
    ssl_certfile: Path | None = field(
        default=None,
        converter=checks.optional_path,
        metadata=meta("path", "certificate chain in PEM: speak HTTPS; empty: HTTP", example="tls/fullchain.pem"),
    )
    ssl_keyfile: Path | None = field(
        default=None,
        converter=checks.optional_path,
        metadata=meta("path", "its key, where that is another file", example="tls/privkey.pem"),
    )

    def __attrs_post_init__(self) -> None:
        checks.with_certificate(self.ssl_certfile, self.ssl_keyfile)

    @property
    def secure(self) -> bool:
        """Whether browsers speak HTTPS with it, itself or a proxy."""
        return self.https or self.ssl_certfile is not None


@frozen(kw_only=True)
class ControlAccess:
    """Who may log in to the control page: a password's hash for each name."""

    users: Mapping[str, str] = field(
        factory=dict,
        repr=False,
        converter=_users,
        metadata=meta(
            "text",
            "what `riskcore control password NAME` prints",
            example=NOBODY,
            example_key="asha",
            key=checks.name,
            item=checked_hash,
            secret=True,
        ),
    )
