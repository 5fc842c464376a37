"""The intake as a sender meets it, and who waits for a sign of life: whether they answer, and what."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from riskcore_openalgo.alarms.heartbeat import call
from riskcore_openalgo.config import Settings
from riskcore_openalgo.doctor.check import Check, fail, ok, warn

TIMEOUT_S: Final = 3.0
"""After so long TradingView gives up."""
SAMPLE_SYMBOL: Final = "RISKCORETEST"
"""No exchange has it, and nothing of it is held: an exit of it is taken, journalled, and refused by name."""
HOST: Final = re.compile(r"[a-z0-9._:-]+")
ANOTHER: Final = "give one of the two another port"
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask for one who listens everywhere
UNSAID: Final = (OSError, http.client.HTTPException)
"""Nobody is there, or nobody who speaks HTTP."""


class NoAddress(ValueError):
    """What was given is no address that can be asked."""


def address(settings: Settings, public: str | None = None) -> str:
    """Where the intake is asked: as given, else as the configuration has it, on this machine."""
    if public is not None:
        return public.rstrip("/")
    place = settings.system.intake
    host = EVERYWHERE.get(place.host, place.host)
    return f"http{'s' if place.ssl_certfile else ''}://{f'[{host}]' if ':' in host else host}:{place.port}"


def reachable(where: str) -> Check:
    """Whether the intake answers there."""
    try:
        status, text = _asked(where, "GET", "/healthz")
    except NoAddress as problem:
        return fail("intake", str(problem), "give --url the address that TradingView is given, without a path")
    except UNSAID as problem:
        remedy = "start riskcore live, shadow or paper; from outside: the proxy or tunnel (docs/tradingview.md)"
        return warn("intake", f"nobody answers at {where} ({type(problem).__name__})", remedy)
    if (status, text) != (200, "ok"):
        return fail("intake", f"{where} answers {status}: that is another program", ANOTHER)
    return ok("intake", f"answers at {where}")


def heartbeat(settings: Settings) -> Iterator[Check]:
    """Whether somebody answers the sign of life, which is given once; nothing where none is set up."""
    url = settings.credentials.alerts.heartbeat_url
    if url is None:
        return
    wrong = call(url)
    remedy = "see heartbeat_url under alerts: in api_credentials.yaml; until then nobody would notice a dead runner"
    yield fail("heartbeat", wrong, remedy) if wrong else ok("heartbeat", "heartbeat_url answers")


def sample(now: datetime, secret: str) -> dict[str, Any]:
    """An alert that goes the whole way and can trade nothing: the exit of a symbol that nobody holds."""
    return {
        "secret": secret,
        "symbol": SAMPLE_SYMBOL,
        "action": "sell",
        "close_position": True,
        "strategy": "doctor",
        "timenow": now.isoformat(timespec="seconds"),
    }


def send_sample(settings: Settings, now: datetime, where: str, source: str | None = None) -> Check:
    """Post the sample to the running intake, as the first source or the one named."""
    secrets = settings.credentials.webhook.secrets
    name = source or next(iter(secrets), None)
    if name is None or name not in secrets:
        return fail("send_alert", f"there is no secret of {name or 'any source'}", "webhook: in api_credentials.yaml")
    body = json.dumps(sample(now, secrets[name]))
    try:
        status, text = _asked(where, "POST", f"/webhook/{quote(name)}", body)
    except (NoAddress, *UNSAID) as problem:
        told = str(problem) if isinstance(problem, NoAddress) else f"{where}: {type(problem).__name__}"
        return fail("send_alert", told, "start the runner, and ask `riskcore doctor`")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return fail("send_alert", f"{where} answers {status}, and no receipt: that is another program", ANOTHER)
    if status != http.client.OK:
        return fail("send_alert", f"{where} answers {status}: {answer.get('message')}", "see docs/tradingview.md")
    told = f"{answer.get('status')}, receipt {answer.get('receipt')}"
    return ok("send_alert", f"{told}; its story: riskcore journal signal {answer.get('receipt')}")


def _asked(where: str, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    host, port, secure, before = _place(where)
    if secure:
        context = ssl.create_default_context()
        if host in ("127.0.0.1", "::1", "localhost"):  # its certificate names the host that others see
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request(method, f"{before}{path}", body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read(4096).decode("utf-8", "replace")
    finally:
        connection.close()


def _place(where: str) -> tuple[str, int | None, bool, str]:
    """Host, port, whether by HTTPS, and the path before ours; `NoAddress` for a text that is none."""
    try:
        parts = urlsplit(where)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host):
        raise NoAddress(f"{where!a} is no address such as https://alerts.example.org")
    return host, port, parts.scheme == "https", parts.path
