"""The lines that are open to a server: none is silent for ever, sends a head without an end, or keeps others out.

uvicorn bounds how many there are, and how long one may be silent between two requests. Of one that never asked for
anything, or asks a letter at a time, it knows no end; and httptools keeps whatever comes before and behind a body.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS: Final = 256
WAIT_S: Final = 10.0
"""So long a line may be without a request: the head of one is whole by then."""
LARGEST_HEAD: Final = 65_536
"""As h11 has it."""


class Line(asyncio.Protocol):
    """Put before one of uvicorn's protocols: the line is closed where nothing is asked over it."""

    transport: Any
    cycle: Any
    connections: set[Any]
    loop: asyncio.AbstractEventLoop
    since = 0.0
    timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits for an answer at its end."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request; where there are too many lines, the one that is idle longest goes."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) >= CONNECTIONS:
            self._take_room()

    def on_response_complete(self) -> None:
        """Wait for the next one."""
        super().on_response_complete()  # type: ignore[misc]
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        if self.timer is not None:
            self.timer.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.since = self.loop.time()
        self.timer = self.loop.call_later(WAIT_S, self._waited)

    def _waited(self) -> None:
        if self.idle:
            self.transport.abort()

    def _take_room(self) -> None:
        """A true alert is sent as soon as there is a line, so that one without a request is worth less than it."""
        idle = [line for line in self.connections if line is not self and line.idle]
        if idle:
            oldest = min(idle, key=lambda line: float(line.since))
            self.connections.discard(oldest)
            oldest.transport.abort()


class H11Line(Line, H11Protocol):
    """Requests are read by h11, which bounds their heads itself."""


Lines: type[asyncio.Protocol] = H11Line
try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:
    pass
else:

    class HttpToolsLine(Line, HttpToolsProtocol):
        """Requests are read by httptools, in C."""

        parts = 0
        between = 0

        def data_received(self, data: bytes) -> None:
            """Count what comes without a whole head, a piece of a body, or an end."""
            before = self.parts
            super().data_received(data)
            self.between = self.between + len(data) if self.parts == before else 0
            if self.between > LARGEST_HEAD:
                self.transport.abort()

        def on_headers_complete(self) -> None:
            """A head is whole."""
            self.parts += 1
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            """A piece of a body came."""
            self.parts += 1
            super().on_body(body)

        def on_message_complete(self) -> None:
            """A request is whole."""
            self.parts += 1
            super().on_message_complete()

    Lines = HttpToolsLine
