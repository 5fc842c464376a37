"""A web application served in a thread of its own, for as long as a context lasts."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attrs import frozen

try:
    import uvicorn
    from starlette.types import ASGIApp

    from riskcore_openalgo.web.lines import CONNECTIONS, Lines
except ImportError as missing:
    raise ImportError('riskcore_openalgo.web needs Starlette and uvicorn: pip install "riskcore[runner]"') from missing

START_WITHIN_S: Final = 5.0
STOP_WITHIN_S: Final = 2.0
TICK_S: Final = 0.005
BACKLOG: Final = 256


@frozen
class Server:
    """A running server: where it listens."""

    host: str
    port: int
    secure: bool = False
    process: Any = None
    """What watches over it, where it is a process of its own."""

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http{'s' if self.secure else ''}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@contextlib.contextmanager
def serve(
    app: ASGIApp, host: str, port: int, *, certfile: Path | None = None, keyfile: Path | None = None
) -> Iterator[Server]:
    """Run `app` in a thread of its own for as long as the context lasts; port 0 takes a free one.

    With a certificate (`certfile`, a chain in PEM; `keyfile` where the key is not in it) it speaks HTTPS alone.
    The port is bound before anything starts, so that a port in use is an `OSError` here. No signal handler is
    installed: stopping is the caller's business, and takes at most 2 seconds.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Whoever connects inherits it. asyncio sets it itself only where a socket names TCP as its protocol; without it the
    # body of an answer, which is written after its head, waits up to 40 ms for the other end to acknowledge the head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Lines,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose word is taken for where a request comes from is the gate's to say
        ssl_certfile=certfile,
        ssl_keyfile=keyfile,
        backlog=BACKLOG,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="intake", daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield Server(host, listening.getsockname()[1], secure=certfile is not None)
    finally:
        _stop(server, thread)
        listening.close()


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    give_up = time.monotonic() + START_WITHIN_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > give_up:
            raise RuntimeError("the web server did not start; the log says why")
        time.sleep(TICK_S)


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(STOP_WITHIN_S)
    if thread.is_alive():
        server.force_exit = True
