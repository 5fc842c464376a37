"""The alert intake over HTTP: `POST /webhook/{source}`, answered once the receipt is durable.

    app = intake_app(runner.submit, secrets={"tradingview": "..."}, clock=clock)
    with serve(app, "127.0.0.1", 5055) as server:
        ...                                     # http://127.0.0.1:5055/webhook/tradingview

TradingView gives up after 3 seconds and may then send again, so the answer waits for the journal and for
nothing else: what becomes of the signal is decided later. Nothing here writes a log line of its own, and the
access log is off, since a secret may stand in the path.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from queue import Full
from typing import Any, Final, TypeAlias

from attrs import frozen

from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.web.alerts import (
    BadAlert,
    Reading,
    Receipt,
    read_alert,
    same_secret,
    unauthorised,
)
from riskcore_openalgo.web.body import MAX_BYTES, safe_text

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp
except ImportError as missing:
    raise ImportError('riskcore_openalgo.web needs Starlette and uvicorn: pip install "riskcore[runner]"') from missing

Submit: TypeAlias = Callable[[Reading, str], "Future[Receipt]"]

ANSWER_WITHIN_S: Final = 2.5
"""TradingView waits 3 seconds; what is left is the way there and back."""
DRAIN_BYTES: Final = 4_194_304
"""How much of an alert that is too large is read and thrown away, so that the sender gets to hear why."""
START_WITHIN_S: Final = 5.0
STOP_WITHIN_S: Final = 2.0
TICK_S: Final = 0.005
CONNECTIONS: Final = 256
CLOSE: Final = {"Connection": "close"}
"""Sent where the rest of a body is not waited for: without it the server would go on reading it."""
SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def intake_app(
    submit: Submit,
    *,
    secrets: Mapping[str, str],
    clock: Callable[[], datetime],
    max_body_bytes: int = MAX_BYTES,
    answer_within_s: float = ANSWER_WITHIN_S,
) -> Starlette:
    """The web application that reads alerts and hands each reading to `submit`, the bad ones too.

    `submit(reading, source)` must return at once (or raise `queue.Full`); the future it returns is resolved
    when the reading is in the journal.
    `secrets` holds the secret of each source: with any, only these sources exist. Without any, everybody who
    can reach the port can send signals. `clock` says what time it is; it must know its zone.
    """
    for source, secret in secrets.items():
        if not SOURCE.fullmatch(source):
            raise ValueError(f"the source {source!r} must be letters, digits, - and _, at most 64")
        if not secret.strip():
            raise ValueError(f"the secret of the source {source!r} is empty; set one, or leave the source out")
    intake = Intake(submit, dict(secrets), clock, min(max_body_bytes, MAX_BYTES), answer_within_s)
    app = Starlette(
        routes=[
            Route("/webhook/{source}", intake.receive, methods=["POST"]),
            Route("/webhook/{source}/{secret:path}", intake.receive, methods=["POST"]),
            Route("/healthz", _healthy, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return app


@frozen
class Intake:
    """The handler of alerts, with what it was given."""

    submit: Submit
    secrets: dict[str, str]
    clock: Callable[[], datetime]
    max_body_bytes: int
    answer_within_s: float

    async def receive(self, request: Request) -> Response:
        """Read one alert, hand it on, wait for its receipt."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.answer_within_s
        source, in_path = request.path_params["source"], request.path_params.get("secret", "")
        try:
            body = await asyncio.wait_for(self.body_of(request), self.answer_within_s)
        except asyncio.TimeoutError:
            return _no(408, "alert_too_slow", "the alert did not arrive in time", CLOSE)
        except ClientDisconnect:
            return _no(400, "alert_cut_off", "the alert ended before its end")
        reading = self.judged(source, in_path, body)
        known = source if SOURCE.fullmatch(source) else "unknown"
        try:
            pending = self.submit(reading, known)
        except Full:
            return _no(503, "intake_busy", "too many alerts are waiting; send it again")
        answer = await self.answered(pending, deadline - loop.time())
        if len(body) > self.max_body_bytes:
            answer.headers.update(CLOSE)
        return answer

    async def body_of(self, request: Request) -> bytes:
        """The body up to one byte over the limit; some of what follows is read, and forgotten."""
        kept, thrown = bytearray(), 0
        async for chunk in request.stream():
            room = self.max_body_bytes + 1 - len(kept)
            kept += chunk[:room]
            thrown += len(chunk[room:])
            if thrown > DRAIN_BYTES:
                break
        return bytes(kept)

    def judged(self, source: str, in_path: str, body: bytes) -> Reading:
        """The reading of a body: first whether it may be read at all, then what it says."""
        secret = self.secrets.get(source)
        if self.secrets and secret is None:
            return unauthorised(body)
        if not SOURCE.fullmatch(source):
            told = "the source in the path must be letters, digits, - and _, at most 64"
            return BadAlert(404, "alert_source_invalid", told, safe_text(body))
        if secret is not None and in_path and not same_secret(in_path, secret):
            return unauthorised(body, secret)
        if len(body) > self.max_body_bytes:
            told = f"the alert is over {self.max_body_bytes} bytes"
            return BadAlert(413, "alert_too_large", told, safe_text(body, secret))
        asked = None if in_path else secret
        return read_alert(body, source=source, received_at=self.clock(), secret=asked)

    async def answered(self, pending: Future[Receipt], seconds: float) -> Response:
        """The receipt as an answer; the runner's future is never cancelled, however long it takes."""
        waiting = asyncio.wrap_future(pending)
        done, _ = await asyncio.wait([waiting], timeout=max(seconds, 0))
        if not done:
            waiting.add_done_callback(_heard)
            return _no(503, "intake_busy", "the alert was not written down in time; send it again")
        if waiting.cancelled():
            return _no(503, "intake_stopping", "the runner is stopping; send it again")
        receipt = waiting.result()
        reach("intake.answer.sending")
        return JSONResponse(receipt.body, receipt.status_code)


@frozen
class Server:
    """A running server: where it listens."""

    host: str
    port: int
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@contextlib.contextmanager
def serve(app: ASGIApp, host: str, port: int, *, tls: Sequence[Any] = ()) -> Iterator[Server]:
    """Run `app` in a thread of its own for as long as the context lasts; port 0 takes a free one.

    The port is bound before anything starts, so that a port in use is an `OSError` here. No signal handler is
    installed: stopping is the caller's business, and takes at most 2 seconds. `tls` are the files of a certificate and
    of its key: then https is served.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=1,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="intake", daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield Server(host, listening.getsockname()[1], "https" if tls else "http")
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


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _refused(_request: Request, error: Exception) -> Response:
    """A wrong path or method, in the same form as every other answer."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    reason = "method_not_allowed" if status == 405 else "not_found"
    return _no(status, reason, "alerts are posted to /webhook/{source}", headers)


async def _failed(_request: Request, _error: Exception) -> Response:
    return _no(500, "intake_failed", "the alert could not be handled; the log says why")


def _no(status: int, reason: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body: dict[str, Any] = {"status": "error", "reason": reason, "message": message}
    return JSONResponse(body, status, headers=headers)


def _heard(late: asyncio.Future[Receipt]) -> None:
    """Take note of a late failure, so that the event loop does not complain of it."""
    if not late.cancelled():
        late.exception()
