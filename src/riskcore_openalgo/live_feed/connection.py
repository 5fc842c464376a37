"""One WebSocket connection: opened, asked, listened to, cut off. Whoever holds it decides when it is dead.

It stands on websocket-client, which both lines of the SDK bring. The socket is dialled here, so that another thread can
cut it off at any moment, even while it is being opened. No proxy of the environment is used, no redirection followed.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

try:
    import websocket
except ImportError as missing:
    raise ImportError(
        'riskcore_openalgo.live_feed needs websocket-client: pip install "riskcore[openalgo]"'
    ) from missing

PORTS: Final = {"ws": 80, "wss": 443}
TEXT, BINARY, CLOSE = websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY, websocket.ABNF.OPCODE_CLOSE


class Down(Exception):
    """The connection is not there, or not any more; the message says why."""


class Connection:
    """A WebSocket to one address; used by one thread, cut off by any.

    Errors are `Down`, and name nothing that was sent.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(f"the address of the WebSocket must be like ws://127.0.0.1:8765, got {url!r}")
        self.url = url
        self._host, self._port = parts.hostname, parts.port or PORTS[parts.scheme]
        self._secure = parts.scheme == "wss"
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False
        self._web: Any = websocket.WebSocket()

    def open(self, within_s: float) -> None:
        """Dial and shake hands; each step may take `within_s`."""
        try:
            dialled = self._dial(within_s)
            if self._secure:
                dialled = self._hold(ssl.create_default_context().wrap_socket(dialled, server_hostname=self._host))
            self._web.connect(self.url, socket=dialled, timeout=within_s, redirect_limit=0)
        except (OSError, ValueError, websocket.WebSocketException) as problem:
            self.close()
            raise Down(f"no connection to {self._host}:{self._port}: {_told(problem)}") from None

    def send(self, request: Mapping[str, Any]) -> None:
        """Send one request."""
        try:
            self._web.send(json.dumps(request))
        except (OSError, websocket.WebSocketException) as problem:
            raise Down(f"nothing can be sent: {_told(problem)}") from None

    def receive(self, within_s: float) -> str | bytes | None:
        """The next message; "" for a sign of life that says nothing; None where none came within `within_s`."""
        try:
            self._web.settimeout(within_s)
            kind, frame = self._web.recv_data_frame(True)
        except websocket.WebSocketTimeoutException:
            return None
        except (OSError, ValueError, websocket.WebSocketException) as problem:
            raise Down(f"the connection was lost: {_told(problem)}") from None
        if kind == CLOSE:
            raise Down(f"the server closed the connection{_reason(frame.data)}")
        return bytes(frame.data) if kind in (TEXT, BINARY) else ""

    def cut(self) -> None:
        """End it from another thread: whatever waits in it returns at once."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket, without a farewell that a frozen peer would not hear."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        self._web.shutdown()

    def _dial(self, within_s: float) -> socket.socket:
        problem: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM):
            made = self._hold(socket.socket(family, kind, protocol))
            made.settimeout(within_s)
            try:
                made.connect(address)
            except OSError as failed:
                problem = failed
                made.close()
            else:
                return made
        raise problem or OSError("the name leads nowhere")

    def _hold(self, made: socket.socket) -> socket.socket:
        """Keep the socket where `cut` finds it; one that was cut before it was there is closed at once."""
        with self._lock:
            self._socket = made
            if self._cut:
                made.close()
                raise OSError("stopped")
        return made


def _told(problem: Exception) -> str:
    """What happened, on one line; a handshake that was answered with a page does not bring the page along."""
    return (str(problem) or type(problem).__name__).splitlines()[0][:200]


def _reason(data: bytes) -> str:
    if len(data) < 2:
        return ""
    words = data[2:].decode("utf-8", "replace")
    return f": {int.from_bytes(data[:2], 'big')} {words}".rstrip()
