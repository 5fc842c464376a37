"""The control page over HTTP: one page, a state that it polls, and the operator's acts, each a POST that is journalled.

Nothing changes by a GET. An act needs the session's cookie, its token, and a number used once; it is answered when it
is durable, with what came of it. No page here loads anything from elsewhere, and its own scripts alone may run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from attrs import define

import riskcore as rc
from riskcore import events
from riskcore_openalgo.config import ConfigurationError
from riskcore_openalgo.config.changing import changed
from riskcore_openalgo.runner.hands import Hand, requested
from riskcore_openalgo.runner.runner import Answer
from riskcore_openalgo.web.control.board import Board
from riskcore_openalgo.web.control.doors import Doors, LoggedIn, Session
from riskcore_openalgo.web.deadline import cut_off

try:
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
    from starlette.routing import Route
except ImportError as missing:
    raise ImportError('riskcore_openalgo.web needs Starlette and uvicorn: pip install "riskcore[runner]"') from missing

Ask: TypeAlias = Callable[[events.Input, Answer], "Future[Any]"]
COOKIE: Final = "riskcore_control"
TOKEN: Final = "x-control-token"  # noqa: S105 - the name of a header
LARGEST: Final = 65_536
ANSWER_S: Final = 5.0
BODY_S: Final = 10.0
RECORDED: Final = 200
"""So many refusals of strangers are journalled by one run; what comes after is a flood, and no news."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
FILES: Final = {"control.css": "text/css", "control.js": "text/javascript"}
UNWRITTEN: Final = (
    "taken, and not written down (the journal takes nothing): exits, cancels and what stops entries hold while this "
    "runner runs, and entries are not sent. Do not do it again at the broker: look at what is open"
)
HUNG: Final = "not written down in time: it may still be taken. If the runner hangs: riskcore stop --direct"


def control_app(
    board: Board,
    ask: Ask,
    doors: Doors,
    *,
    clock: Callable[[], datetime],
    https: bool = False,
    tell: Callable[..., None] | None = None,
) -> Starlette:
    """The application. `ask(input, answer)` hands an act to the runner; `https`: the cookie goes over TLS alone.

    `tell(text, name=..., subject=...)` hears that an address was locked out: somebody guesses passwords.
    """
    page = ControlApp(board, ask, doors, clock, https, tell)
    app = Starlette(
        routes=[
            Route("/", page.home, methods=["GET"]),
            Route("/login", page.login_form, methods=["GET"]),
            Route("/login", page.login, methods=["POST"]),
            Route("/logout", page.logout, methods=["POST"]),
            Route("/api/state", page.state, methods=["GET"]),
            Route("/api/settings", page.settings, methods=["GET"]),
            Route("/api/change", page.change, methods=["GET"]),
            Route("/api/act/{act}", page.act, methods=["POST"]),
            Route("/favicon.ico", _no_icon, methods=["GET"]),
            Route("/static/{name}", page.static, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return app


@define
class ControlApp:
    """The handlers, with what they were given."""

    board: Board
    ask: Ask
    doors: Doors
    clock: Callable[[], datetime]
    https: bool
    tell: Callable[..., None] | None = None
    recorded: int = 0

    # ------------------------------------------------------------ coming in

    async def home(self, request: Request) -> Response:
        """The page, for who is logged in."""
        if self._session(request) is None:
            return RedirectResponse("/login", 303, HEADERS)
        return HTMLResponse(_file("control.html"), headers=HEADERS)

    async def login_form(self, request: Request) -> Response:
        """The form, with what proves that it came from here."""
        return self._form("", 200)

    async def login(self, request: Request) -> Response:
        """A name and a password become a session, or a sentence."""
        fields = await self._fields(request)
        address = request.client.host if request.client else "unknown"
        if fields is None or not self._same_origin(request) or not self.doors.is_form(fields.get("form", "")):
            self._record(address, "forged_form")
            return self._form("The form was too old, or did not come from here. Try again.", 403)
        user, password = fields.get("user", ""), fields.get("password", "")
        found = await asyncio.to_thread(self.doors.login, user, password, address)
        if isinstance(found, LoggedIn):
            self._record(found.user, "login", address)
            answer = RedirectResponse("/", 303, HEADERS)
            answer.set_cookie(COOKIE, found.cookie, httponly=True, samesite="strict", secure=self.https, path="/")
            return answer
        if not found.wait_s or found.locked:
            self._record(address, "locked_out" if found.locked else "login_refused", "a wrong name or password")
        if found.locked and self.tell is not None:
            self.tell(f"{address} is locked out: too many wrong passwords", name="page_locked", subject=address)
        if found.wait_s:
            minutes = int(found.wait_s // 60) + 1
            return self._form(f"Too many wrong tries: this address is locked out for {minutes} min.", 429)
        return self._form("Wrong name or password.", 403)

    async def logout(self, request: Request) -> Response:
        """End the session."""
        session = self._session(request)
        if session is None or not self._proven(request, session):
            return _no(403, "forged", "log in again")
        self.doors.logout(session)
        self._record(session.user, "logout")
        answer = _json({"done": True})
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=self.https)
        return answer

    # ------------------------------------------------------------ looking

    async def state(self, request: Request) -> Response:
        """Everything that the page shows."""
        session = self._session(request)
        if session is None:
            return _no(401, "no_session", "log in")
        shown = self.board.shown()
        return _json({**shown, "user": session.user, "token": self.doors.token(session)})

    async def settings(self, request: Request) -> Response:
        """The settings that can be changed."""
        return _no(401, "no_session", "log in") if self._session(request) is None else _json(self.board.settings())

    async def change(self, request: Request) -> Response:
        """What a setting would change, without changing it."""
        if self._session(request) is None:
            return _no(401, "no_session", "log in")
        key, value = request.query_params.get("key", ""), request.query_params.get("value", "")
        policy = self.board.day.live.runner.policy
        try:
            wanted = changed(policy, key, value)
        except (ValueError, ConfigurationError) as wrong:
            return _no(400, "not_valid", str(wrong))
        found = [[c.key, c.before, c.after, c.looser] for c in rc.policy_changes(policy, wanted)]
        return _json({"changes": found})

    async def static(self, request: Request) -> Response:
        """The style and the script."""
        name = request.path_params["name"]
        if name not in FILES:
            return _no(404, "not_found", "there is no such file")
        return Response(_file(name), media_type=FILES[name], headers=HEADERS)

    # ------------------------------------------------------------ acting

    async def act(self, request: Request) -> Response:
        """One act of the operator's, answered when it is durable."""
        session = self._session(request)
        if session is None:
            return _no(401, "no_session", "log in")
        given = await self._given(request)
        if not self._proven(request, session) or given is None:
            self._record(session.user, "forged_act", request.path_params["act"][:40])
            return _no(403, "forged", "this request did not come from the page; load it again")
        if not self.doors.first_time(session, str(given.get("once", ""))):
            return _no(409, "repeated", "this request was sent before; nothing was done")
        try:
            event = self._event(request.path_params["act"], given, session)
        except (ValueError, ConfigurationError) as wrong:
            return _no(400, "not_valid", str(wrong))
        return await self._done(event)

    def _event(self, act: str, given: Mapping[str, Any], session: Session) -> events.Input:
        why = given.get("why")
        if not isinstance(why, str) or not why.strip():
            raise ValueError("say why: it stands in the journal")
        policy = self.board.day.live.runner.policy
        return requested(act, given, Hand(by=session.user, why=why, at=self.clock(), policy=policy))

    async def _done(self, event: events.Input) -> Response:
        waiting = asyncio.wrap_future(self.ask(event, _answer))
        done, _ = await asyncio.wait([waiting], timeout=ANSWER_S)
        if not done:
            waiting.add_done_callback(lambda late: None if late.cancelled() else late.exception())
            return _no(503, "not_in_time", HUNG)
        found: dict[str, Any] = waiting.result()
        return _json(found, 200 if found["done"] else 409)

    # ------------------------------------------------------------ who, and from where

    def _session(self, request: Request) -> Session | None:
        return self.doors.session(request.cookies.get(COOKIE, ""))

    def _proven(self, request: Request, session: Session) -> bool:
        return self._same_origin(request) and self.doors.is_token(session, request.headers.get(TOKEN, ""))

    def _same_origin(self, request: Request) -> bool:
        """Whether it comes from a page of this server, as far as the browser tells; who tells nothing may be it."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        schemes = ("https",) if self.https else ("http", "https")
        own = [f"{scheme}://{request.headers.get('host', '')}" for scheme in schemes]
        return site in ("same-origin", "none") and (origin is None or origin in own)

    def _record(self, by: str, act: str, detail: str = "") -> None:
        """Put it into the journal; strangers not without an end."""
        known = act in ("login", "logout")
        if not known:
            self.recorded += 1
        if known or self.recorded <= RECORDED:
            self.ask(events.OperatorSeen(self.clock(), by[:64] or "unknown", act, detail), _answer)

    def _form(self, said: str, status: int) -> Response:
        text = _file("login.html").replace("FORM_TOKEN", self.doors.form()).replace("SAID", said)
        return HTMLResponse(text, status, HEADERS)

    async def _fields(self, request: Request) -> dict[str, str] | None:
        body = await _body(request)
        if body is None or "urlencoded" not in request.headers.get("content-type", ""):
            return None
        try:
            found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=10)
        except ValueError:
            return None
        return {name: values[0] for name, values in found.items()}

    async def _given(self, request: Request) -> dict[str, Any] | None:
        body = await _body(request)
        if body is None or request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def _answer(facts: tuple[events.Fact, ...], kept: bool) -> dict[str, Any]:  # noqa: FBT001 - the runner's callback
    """What came of an act. One that could not be written down was taken all the same: exits go without a journal."""
    refused = next((fact.reason for fact in facts if isinstance(fact, events.ControlRefused)), "")
    if refused:
        return {"done": False, "reason": refused, "why": events.CONTROL_REFUSALS.get(refused, refused)}
    if not kept:
        return {"done": False, "reason": "not_written_down", "why": UNWRITTEN}
    return {"done": True, "facts": [type(fact).__name__ for fact in facts]}


async def _body(request: Request) -> bytes | None:
    """The body, where it is not too large and not too slow."""
    found = bytearray()
    try:
        with cut_off(asyncio.get_running_loop().time() + BODY_S):
            async for chunk in request.stream():
                found += chunk
                if len(found) > LARGEST:
                    return None
    except (asyncio.TimeoutError, ClientDisconnect):
        return None
    return bytes(found)


@lru_cache(maxsize=8)
def _file(name: str) -> str:
    return (resources.files(__package__) / "files" / name).read_text(encoding="utf-8")


class _InAscii(JSONResponse):
    """JSON whose texts may hold what UTF-8 cannot: a journal may hold such a reason."""

    def render(self, content: Any) -> bytes:
        """The bytes of an answer."""
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def _json(content: Any, status: int = 200) -> JSONResponse:
    return _InAscii(content, status, headers=HEADERS)


def _no(status: int, reason: str, why: str) -> JSONResponse:
    return _json({"done": False, "reason": reason, "why": why}, status)


async def _no_icon(_request: Request) -> Response:
    """Browsers ask for one; there is none, and that is no error."""
    return Response(status_code=204, headers=HEADERS)


async def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _no(status, "method_not_allowed" if status == 405 else "not_found", "there is nothing here")


async def _failed(_request: Request, _error: Exception) -> Response:
    return _no(500, "failed", "the page has failed; the log says why. riskcore control does not need it")
