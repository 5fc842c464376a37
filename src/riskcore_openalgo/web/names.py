"""By which names a server on the loopback is asked: not by one that a stranger's page could bear.

A page of evil.example may have that name lead to 127.0.0.1 a moment later (DNS rebinding). For the browser what listens
here is then the page's own origin, to be read and to be posted to; the Host that it sends still says evil.example.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

NOBODYS: Final = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
"""Ends of names that nobody can register."""
MISDIRECTED: Final = 421
TOLD: Final = b"there is nothing here by that name: ask for 127.0.0.1, or have a proxy with HTTPS in front"


def asked_locally(app: Any, host: str) -> Any:
    """The ASGI application, where it listens on the loopback answered to this machine's own names alone."""
    if not is_loopback(host):
        return app

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        named = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"host"]
        if all(is_ours(one) for one in named):
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(TOLD)).encode("ascii"))]
        await send({"type": "http.response.start", "status": MISDIRECTED, "headers": headers})
        await send({"type": "http.response.body", "body": TOLD})

    return answered


def is_loopback(host: str) -> bool:
    """Whether an address to listen at is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_ours(host: str) -> bool:
    """Whether a Host header names an address, this machine, or what no public name service can lead here.

    >>> [is_ours(one) for one in ("127.0.0.1:8781", "[::1]:8781", "localhost", "desk.lan", "evil.example", "")]
    [True, True, True, True, False, True]
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if "." not in name or name.endswith(NOBODYS):
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False
