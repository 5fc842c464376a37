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
import json
import re
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from queue import Full
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

import riskcore as rc
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.web.alerts import (
    NOT_KNOWN,
    BadAlert,
    Reading,
    ReadSignal,
    Receipt,
    any_same,
    bears,
    read_alert,
    unauthorised,
)
from riskcore_openalgo.web.body import MAX_BYTES, safe_text
from riskcore_openalgo.web.deadline import cut_off
from riskcore_openalgo.web.gate import (
    LOCKOUT_AFTER,
    LOCKOUT_S,
    LOOPBACK,
    Address,
    Gate,
    Network,
    Secret,
    SourceRules,
    Sources,
    networks,
    sender_of,
)

try:
    from riskcore_openalgo.web.server import serve
except ImportError as missing:
    raise ImportError('riskcore_openalgo.web needs Starlette and uvicorn: pip install "riskcore[runner]"') from missing

__all__ = ["Intake", "intake_app", "serve"]

Submit: TypeAlias = Callable[[Reading, str], "Future[Receipt] | asyncio.Future[Receipt]"]
Application: TypeAlias = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]
"""An ASGI application: what it is asked, how to hear more of it, how to answer."""

ANSWER_WITHIN_S: Final = 2.5
"""TradingView waits 3 seconds; what is left is the way there and back."""
DRAIN_BYTES: Final = 4_194_304
"""How much of an alert that is too large is read and thrown away, so that the sender gets to hear why."""
WORDS: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}
CLOSE: Final = {"Connection": "close"}
"""Sent where the rest of a body is not waited for: without it the server would go on reading it."""
SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
TELL_EVERY_S: Final = 60.0


def intake_app(
    submit: Submit,
    *,
    secrets: Mapping[str, str] | None = None,
    sources: Mapping[str, SourceRules] | Sources | None = None,
    clock: Callable[[], datetime],
    max_body_bytes: int = MAX_BYTES,
    answer_within_s: float = ANSWER_WITHIN_S,
    trusted_proxies: Sequence[str] = LOOPBACK,
    lockout_after: int = LOCKOUT_AFTER,
    lockout_s: float = LOCKOUT_S,
    monotonic: Callable[[], float] = time.monotonic,
    tell: Callable[[str], None] | None = None,
) -> Application:
    """The web application that reads alerts and hands each reading to `submit`, the bad ones too.

    `submit(reading, source)` must return at once (or raise `queue.Full`); the future it returns is resolved
    when the reading is in the journal. One of asyncio is the asker's own: it may be done before, as too late.
    `sources` says who may post, and how they are read; `secrets` is the short form, a secret for each source. With
    any, only these sources exist; given as `Sources`, they can be replaced while it runs. Without any, everybody who
    can reach the port can send signals. `clock` says what time it is; it must know its zone. X-Forwarded-For is
    believed of `trusted_proxies`. After `lockout_after` wrong secrets within ten minutes an address is not listened to
    for `lockout_s` seconds. `tell` is called with what somebody should know: that, and that a source sends more than it
    may.
    """
    short = {name: SourceRules(secrets=(Secret(text),)) for name, text in (secrets or {}).items()}
    declared = sources if isinstance(sources, Sources) else Sources({**(sources or {}), **short})
    check_sources(declared.now)
    gate = Gate(monotonic=monotonic, lockout_after=lockout_after, lockout_s=lockout_s)
    intake = Intake(
        submit=submit,
        sources=declared,
        clock=clock,
        max_body_bytes=min(max_body_bytes, MAX_BYTES),
        answer_within_s=answer_within_s,
        proxies=networks(trusted_proxies),
        gate=gate,
        tell=Seldom(tell, monotonic),
    )
    return intake.application


def check_sources(rules: Mapping[str, SourceRules]) -> None:
    """`ValueError` for a source whose name cannot stand in a path, or whose secret is empty."""
    for source, known in rules.items():
        if not SOURCE.fullmatch(source):
            raise ValueError(f"the source {source!r} must be letters, digits, - and _, at most 64")
        if not all(secret.text.strip() for secret in known.secrets):
            raise ValueError(f"the secret of the source {source!r} is empty; set one, or leave the source out")


class Seldom:
    """Tells the same thing once a minute at most."""

    def __init__(self, tell: Callable[[str], None] | None, monotonic: Callable[[], float]) -> None:
        self._tell, self._monotonic = tell, monotonic
        self._told: dict[str, float] = {}

    def __call__(self, about: str, text: str) -> None:
        """Say the text, unless something about the same was said within the last minute."""
        now = self._monotonic()
        if self._tell is not None and now - self._told.get(about, float("-inf")) >= TELL_EVERY_S:
            self._told = {name: at for name, at in self._told.items() if now - at < TELL_EVERY_S}
            self._told[about] = now
            self._tell(text)


@frozen(kw_only=True)
class Intake:
    """The handler of alerts, with what it was given."""

    submit: Submit
    sources: Sources = field(repr=False)
    clock: Callable[[], datetime]
    max_body_bytes: int
    answer_within_s: float
    proxies: tuple[Network, ...]
    gate: Gate
    tell: Seldom

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI: plain, since an alert at the end of a bar comes with fifty others, and each layer costs all of them."""
        try:
            answer = await self.answer(Asked(scope, receive))
        except Exception:
            await send_answer(send, _no(500, "intake_failed", "the alert could not be handled; the log says why"))
            raise
        await send_answer(send, answer)

    async def answer(self, asked: Asked) -> Answer:
        """What the one who asks is answered, by path and method."""
        _, first, *rest = [*asked.path.split("/", 3), ""]  # OPTIONS is asked of *, which has no slash
        if first == "webhook" and rest and rest[0]:
            if asked.method != "POST":
                return _wrong(405, "method_not_allowed", {"Allow": "POST"})
            return await self.receive(asked, rest[0], rest[1] if len(rest) > 1 else "")
        if asked.path != "/healthz":
            return _wrong(404, "not_found")
        if asked.method not in ("GET", "HEAD"):
            return _wrong(405, "method_not_allowed", {"Allow": "GET, HEAD"})
        return Answer(200, b"ok", {"Content-Type": "text/plain; charset=utf-8"})

    async def receive(self, asked: Asked, source: str, in_path: str) -> Answer:
        """Read one alert, hand it on, wait for its receipt."""
        deadline = asyncio.get_running_loop().time() + self.answer_within_s
        address = sender_of(asked.peer, asked.headers(b"x-forwarded-for"), self.proxies)
        rules = self.sources.now.get(source)
        trusted = rules is not None and rules.names(address)
        locked = 0.0 if trusted else self.gate.locked_s(address)
        if locked:
            return _later(429, "alert_locked_out", "too many alerts without the right secret came from there", locked)
        try:
            with cut_off(deadline):
                body = await asked.body(self.max_body_bytes)
        except asyncio.TimeoutError:
            return _no(408, "alert_too_slow", "the alert did not arrive in time", CLOSE)
        except HungUpError:
            return _no(400, "alert_cut_off", "the alert ended before its end")
        reading = self.judged(source, in_path, body, address)
        per_minute = None if rules is None else rules.per_minute
        turned_away = self.turned_away(reading, source, address, trusted=trusted, per_minute=per_minute)
        answer = turned_away or await self.handed_on(reading, source, deadline)
        return evolve(answer, headers={**answer.headers, **CLOSE}) if len(body) > self.max_body_bytes else answer

    def judged(self, source: str, in_path: str, body: bytes, address: Address | None) -> Reading:
        """The reading of a body: first whether it may be read at all, then what it says."""
        rules = self.sources.now.get(source)
        if rules is None and self.sources.asked:
            return unauthorised(body, self.sources.hidden(), source=source)
        if not SOURCE.fullmatch(source):
            told = "the source in the path must be letters, digits, - and _, at most 64"
            return BadAlert(404, "alert_source_invalid", told, safe_text(body))
        rules, now = rules or SourceRules(), self.clock()
        secrets, hidden = rules.valid(now), self.sources.hidden(rules)
        if not rules.takes_from(address):
            return unauthorised(body, hidden, source=source, why=f"{address} is no address of this source")
        if secrets is not None and in_path and not any_same([in_path], secrets):
            return unauthorised(body, hidden, source=source)
        if len(body) > self.max_body_bytes:
            told = f"the alert is over {self.max_body_bytes} bytes"
            if secrets is not None and not in_path and not bears(body, secrets):
                return unauthorised(body, hidden, source=source, why=f"{NOT_KNOWN}; {told}")
            return BadAlert(413, "alert_too_large", told, safe_text(body, hidden))
        asked = None if in_path else secrets
        return read_alert(body, source=source, received_at=now, secret=asked, hidden=hidden, by=rules.mapping)

    def turned_away(
        self, reading: Reading, source: str, address: Address | None, *, trusted: bool, per_minute: int | None
    ) -> Answer | None:
        """The answer to what goes no further: wrong secrets by the dozen, and more alerts than a source may send.

        What leaves goes on whatever the rate: an exit, a reversal, a cancel. An alert without the right secret has the
        same answer whether it is written down or not.
        """
        if isinstance(reading, BadAlert) and reading.status == 401:
            if not trusted and self.gate.failed(address):
                self.tell("locked", f"the intake does not listen to {address} for a while: too many wrong secrets")
            return None if self.gate.notes_wrong() else _no(reading.status, reading.reason, reading.message)
        leaves = isinstance(reading, ReadSignal) and reading.signal.kind != rc.ENTRY
        if leaves or per_minute is None or self.gate.takes(source, per_minute):
            return None
        self.tell(source, f"the source {source} sends more alerts a minute than it may (per_minute): they are refused")
        return _later(429, "alert_rate_limited", "this source has sent too many alerts; send it again later", 1)

    async def handed_on(self, reading: Reading, source: str, deadline: float) -> Answer:
        """Hand a reading on; its receipt, once that is durable."""
        known = source if SOURCE.fullmatch(source) else "unknown"
        try:
            pending = self.submit(reading, known)
        except Full:
            return _no(503, "intake_busy", "too many alerts are waiting; send it again")
        return await self.answered(pending, deadline)

    async def answered(self, pending: Future[Receipt] | asyncio.Future[Receipt], deadline: float) -> Answer:
        """The receipt as an answer; what is waited for is never cancelled, however long it takes."""
        waiting: asyncio.Future[Any] = pending if isinstance(pending, asyncio.Future) else _copied(pending)
        late = asyncio.get_running_loop().call_at(deadline, _settle, waiting, None)
        try:
            receipt = await waiting
        except asyncio.CancelledError:
            return _no(503, "intake_stopping", "the runner is stopping; send it again")
        finally:
            late.cancel()
        if receipt is None:
            return _no(503, "intake_busy", "the alert was not written down in time; send it again")
        reach("intake.answer.sending")
        return _said(receipt.status_code, receipt.body)


class HungUpError(Exception):
    """Whoever posted has gone."""


@frozen
class Answer:
    """Status, text and headers."""

    status: int
    text: bytes
    headers: Mapping[str, str] = JSON


@frozen
class Asked:
    """A request, as ASGI tells it."""

    scope: Any
    hear: Any

    @property
    def method(self) -> str:
        """GET, POST, ..."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The path, decoded."""
        return str(self.scope["path"])

    @property
    def peer(self) -> str | None:
        """The address at the other end of the line."""
        client = self.scope.get("client")
        return client[0] if client else None

    def headers(self, name: bytes) -> Iterable[str]:
        """Every header of that name, which is in lower case."""
        return [value.decode("latin-1") for known, value in self.scope["headers"] if known == name]

    async def body(self, most: int) -> bytes:
        """The body up to one byte over the limit; some of what follows is read, and forgotten."""
        kept, thrown, more = bytearray(), 0, True
        while more and thrown <= DRAIN_BYTES:
            said = await self.hear()
            if said["type"] == "http.disconnect":
                raise HungUpError
            chunk, more = said.get("body", b""), said.get("more_body", False)
            room = most + 1 - len(kept)
            kept += chunk[:room]
            thrown += len(chunk[room:])
        return bytes(kept)


async def send_answer(send: Any, answer: Answer) -> None:
    """Give the answer, as ASGI wants it."""
    headers = {**answer.headers, "Content-Length": str(len(answer.text))}
    pairs = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.text})


def _said(status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    text = WORDS.encode(content).encode("utf-8", "backslashreplace")
    return Answer(status, text, {**JSON, **headers} if headers else JSON)


def _no(status: int, reason: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return _said(status, {"status": "error", "reason": reason, "message": message}, headers)


def _wrong(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A wrong path or method, in the same form as every other answer."""
    return _no(status, reason, "alerts are posted to /webhook/{source}", headers)


def _later(status: int, reason: str, message: str, seconds: float) -> Answer:
    return _no(status, reason, message, {**CLOSE, "Retry-After": str(max(round(seconds), 1))})


def _copied(pending: Future[Receipt]) -> asyncio.Future[Any]:
    """A future of this event loop that becomes what the other does; to settle or to cancel it does nothing to that."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Any] = loop.create_future()

    def tell(done: Future[Receipt]) -> None:
        with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile, and nobody waits any more
            loop.call_soon_threadsafe(_settle, waiting, done)

    pending.add_done_callback(tell)
    return waiting


def _settle(waiting: asyncio.Future[Any], done: Future[Receipt] | None) -> None:
    """Let it be what the other became, or None where that comes too late; nothing where nobody waits any more."""
    if waiting.done():
        return
    if done is None:
        waiting.set_result(None)
    elif done.cancelled():
        waiting.cancel()
    elif problem := done.exception():
        waiting.set_exception(problem)
    else:
        waiting.set_result(done.result())
