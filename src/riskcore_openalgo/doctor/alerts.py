"""The intake as a sender meets it: whether it answers, and what it says to a sample alert."""

from __future__ import annotations

import http.client
import json
import ssl
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from riskcore_openalgo.config import Settings
from riskcore_openalgo.doctor.check import Check, fail, ok, warn

TIMEOUT_S: Final = 3.0
"""After so long TradingView gives up."""
SAMPLE_SYMBOL: Final = "RISKCORETEST"
"""No exchange has it, and nothing of it is held: an exit of it is taken, journalled, and refused by name."""
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask for one who listens everywhere
TROUBLES: Final = (OSError, http.client.HTTPException, ValueError)


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
    except TROUBLES as problem:
        remedy = "start riskcore live, shadow or paper; from outside: the proxy or tunnel (docs/tradingview.md)"
        return warn("intake", f"nobody answers at {where} ({type(problem).__name__})", remedy)
    if (status, text) != (200, "ok"):
        return fail("intake", f"{where} answers {status}: that is another program", "give one of the two another port")
    return ok("intake", f"answers at {where}")


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
        answer = json.loads(text)
    except TROUBLES as problem:
        return fail("send_alert", f"{where}: {type(problem).__name__}", "start the runner, and ask `riskcore doctor`")
    if status != http.client.OK:
        return fail("send_alert", f"{where} answers {status}: {answer.get('message')}", "see docs/tradingview.md")
    told = f"{answer.get('status')}, receipt {answer.get('receipt')}"
    return ok("send_alert", f"{told}; its story: riskcore journal signal {answer.get('receipt')}")


def _asked(where: str, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    parts = urlsplit(where)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{where!r} is no address such as https://alerts.example.org")
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if parts.hostname in ("127.0.0.1", "::1", "localhost"):  # its certificate names the host that others see
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, f"{parts.path}{path}", body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read(4096).decode("utf-8", "replace")
    finally:
        connection.close()
