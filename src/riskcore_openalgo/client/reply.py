"""What the SDK gives back, read: it never raises, and hides the server's answer to an error in a sentence."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from riskcore_openalgo.client.failures import NETWORK, NO_FUNDS, NO_LOGIN, RATE_LIMITED, REJECTED, UNKNOWN

WORDS_LONGEST: Final = 300
SECRET_SHORTEST: Final = 8
"""A shorter text is no key of OpenAlgo's, and would be found in every second word."""
NUMBERS: Final = (bool, int, float, type(None))
HTTP_ERROR: Final = re.compile(r"HTTP (\d{3}): (.*)", re.DOTALL)
REFUSALS: Final = frozenset((400, 401, 403, 404, 429))
"""With these OpenAlgo itself, or the broker behind it, says no. What a proxy says in their place is no such answer."""
SENT_ANYWAY: Final = frozenset(("timeout_error", "json_error", "unknown_error", "http_error"))
NO_FUNDS_WORDS: Final = re.compile(
    r"insufficient (?:fund|margin|balance|cash|limit)"
    r"|(?:fund|margin|balance)s? (?:is |are )?(?:insufficient|not sufficient|short)"
    r"|margin (?:shortfall|exceed)|not enough (?:fund|margin|balance|cash)|shortage:",
    re.IGNORECASE,
)
# A plugin whose call fails tells, with status 500, what its HTTP client said: "Client error '403 Forbidden' for url".
NO_LOGIN_WORDS: Final = re.compile(
    r"session.{0,20}(?:expired|invalid)|(?:expired|invalid).{0,20}(?:session|token|login)|token.{0,20}(?:expired|invalid)"
    r"|not logged in|invalid openalgo apikey|re-?login|incorrect `?api_key`? or `?access_token"
    r"|\b(?:401 unauthorized|403 forbidden|http error 401)\b|^(?:http \d{3}: )?unauthori[sz]ed\W*$"
    r"|(?:could not|not|failed to) authenticate|authentication failed",
    re.IGNORECASE,
)
STUMBLED_OVER: Final = {"positionbook": "HTTP 500: 'list' object has no attribute 'get'"}
"""What a plugin of the XTS family says (wisdom's does not) where the broker answers with no book: in the morning, when
it has no position ("Data Not Available"), and to any error. It means no more than an empty book does elsewhere."""
NOT_IN_THIS_MODE: Final = re.compile(r"semi-auto mode", re.IGNORECASE)


@frozen
class Reply:
    """One answer. `body` is the server's own JSON as far as there was any, `code` its HTTP status where that is known.

    `kind` is the SDK's class of an error, "" for a success; `words` say for people what was wrong; `spoken` is whether
    OpenAlgo itself said it, in JSON, rather than whatever stands in front of it.
    """

    ok: bool
    body: Mapping[str, Any]
    words: str = ""
    code: int | None = None
    kind: str = ""
    spoken: bool = False

    @property
    def definite(self) -> bool:
        """Whether an error is a refusal: nothing was done, and nothing will be."""
        if self.kind in ("connection_error", "validation_error"):
            return True  # it never left this machine
        if self.code == 200 and self.kind == "api_error":
            return True
        return self.code in REFUSALS and self.spoken

    @property
    def passing(self) -> bool:
        """Whether a read may be answered if asked again."""
        if self.code is not None and self.code != 200:
            return self.code == 429 or self.code >= 500 or not self.spoken
        return self.kind in ("connection_error", *SENT_ANYWAY)

    @property
    def error(self) -> str:
        """The class of an error."""
        if self.code == 429:
            return RATE_LIMITED
        if NO_FUNDS_WORDS.search(self.words):
            return NO_FUNDS
        if self.code in (401, 403) and not NOT_IN_THIS_MODE.search(self.words):
            return NO_LOGIN
        if NO_LOGIN_WORDS.search(self.words):
            return NO_LOGIN
        if self.kind in ("connection_error", "timeout_error") or (self.kind == "http_error" and self.code is None):
            return NETWORK
        return REJECTED if self.definite else UNKNOWN


def read_reply(raw: Any, secret: str) -> Reply:
    """The reply in whatever an SDK call returned; the key is taken out of every text in it."""
    if not isinstance(raw, Mapping):
        return Reply(ok=False, body={}, words=f"the SDK returned a {type(raw).__name__}", kind="unknown_error")
    body = without(raw, secret)
    code = body.get("code") if type(body.get("code")) is int else None
    kind = body.get("error_type") if isinstance(body.get("error_type"), str) else ""
    if body.get("status") == "success" and not kind and (code is None or code < 400):
        return Reply(ok=True, body=body)
    if not kind and code is not None:  # the newer methods keep the server's body and note its status in it
        return Reply(ok=False, body=body, words=said(body), code=code, kind="http_error", spoken="message" in body)
    return _failed(body, code, kind)


def empty_if_stumbled(method: str, reply: Reply) -> Reply:
    """The same, or an empty book where a plugin stumbled over an answer without one."""
    return Reply(ok=True, body={"data": []}) if reply.words == STUMBLED_OVER.get(method) else reply


def _failed(body: Mapping[str, Any], code: int | None, kind: str) -> Reply:
    message = body.get("message")
    parts = HTTP_ERROR.fullmatch(message) if isinstance(message, str) and kind == "http_error" else None
    if parts is None:
        return Reply(ok=False, body={}, words=said(body), code=code, kind=kind or "json_error")
    inner = _json_object(parts[2])
    words = f"HTTP {parts[1]}: {said(inner) if inner else plain_words(parts[2]) or 'no text'}"
    return Reply(ok=False, body=inner, words=words, code=int(parts[1]), kind=kind, spoken="message" in inner)


def _json_object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def said(body: Mapping[str, Any]) -> str:
    """The message of a body for people: text, an object of fields, or the repr of one."""
    message = body.get("message")
    if isinstance(message, str) and message.lstrip().startswith("{"):
        try:
            message = ast.literal_eval(message)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return plain_words(message)
    if message in (None, "", {}, []):
        return "no message"
    return plain_words(_flat(message))


def _flat(message: Any, depth: int = 0) -> str:
    if isinstance(message, Mapping) and depth < 8:
        return "; ".join(f"{name}: {_flat(value, depth + 1)}" for name, value in message.items())
    if isinstance(message, (list, tuple)) and depth < 8:
        return " ".join(_flat(value, depth + 1) for value in message)
    return str(message)


def plain_words(text: str) -> str:
    """Foreign text as it may stand in a log: one line, ASCII, not too long."""
    line = " ".join(text[: WORDS_LONGEST * 4].replace("\N{INDIAN RUPEE SIGN}", "Rs ").split())
    line = line.encode("ascii", "backslashreplace").decode("ascii")
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= WORDS_LONGEST else f"{line[: WORDS_LONGEST - 3]}..."


def without(value: Any, secret: str) -> Any:
    """The same value with the key taken out of every text in it."""
    return value if len(secret) < SECRET_SHORTEST else _without(value, secret)


def _without(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, "***") if secret in value else value
    if isinstance(value, NUMBERS):  # asked before what takes longer to ask: most of a book are words and numbers
        return value
    if isinstance(value, Mapping):
        return {_without(name, secret): _without(item, secret) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(item, secret) for item in value]
    return value
