"""The body of an alert: bytes to one strict JSON object, or to text that may be kept.

Anybody can post anything. So size and depth are bounded before the parser sees the text, a key that stands
twice is refused (which of the two was meant?), and so is what JSON does not know: NaN, Infinity, numbers
beyond any price. What is kept of a refused body has no secret in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 20
MAX_DIGITS: Final = 40
SAFE_LENGTH: Final = 2_000
BLANK: Final = "***"

TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
LONG_EXPONENT: Final = re.compile(r"[eE][+-]?[0-9]{3}")
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
ESCAPED: Final = re.compile(r"\\u00([2-7][0-9a-fA-F])")
SECRET_WORDS: Final = ("secret", "apikey", "passphrase", "password", "token")
# Bounded repeats only: the text is a stranger's, and must not make the search slow.
SECRET_IN_TEXT: Final = re.compile(
    r"""((?:secret|api[ _-]?key|passphrase|password|token|(?<![a-z])key)[\w-]{0,20}["'\u2019\u201d]?"""
    r"""\s{0,20}[:=]\s{0,20})"""
    r"""(?:"[^"\\]*(?:\\.[^"\\]*)*"?|'[^']*'?|[\u2018\u201c][^\u2019\u201d]*|[\[{].*|[^\s,;&}\]]+)""",
    re.DOTALL | re.IGNORECASE,
)


Secrets: TypeAlias = str | Sequence[str] | None


class Unreadable(Exception):
    """An alert that is no signal: the HTTP status to answer, the reason code, and what is wrong."""

    def __init__(self, reason: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


def text_of(body: bytes) -> str:
    """The body as text, or `Unreadable`."""
    if len(body) > MAX_BYTES:
        raise Unreadable("alert_too_large", f"the alert is over {MAX_BYTES} bytes", status=413)
    try:
        text = body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Unreadable("alert_not_utf8", f"byte {error.start} of the alert is not UTF-8") from None
    if not text.strip():
        raise Unreadable("alert_empty", "the alert has no text; paste the message into the alert")
    return text


def strict_object(text: str) -> dict[str, Any]:
    """The one JSON object that the text is, its keys in lower case; numbers are int or Decimal."""
    return _unique([(key.lower(), value) for key, value in _parsed(text).items()])


def canonical(content: dict[str, Any], secret: Secrets = None) -> str:
    """The same text for the same content, however it was spaced and ordered; secrets blanked."""
    return CANONICAL.encode(_blanked(content, _longest_first(secret)))


def unsecret(content: dict[str, Any], secret: Secrets) -> dict[str, Any]:
    """The content without the secret in any of its texts: who writes it into the wrong field has it kept nowhere."""
    found: dict[str, Any] = _blanked(content, _longest_first(secret), by_name=False)
    return found


def safe_text(body: bytes, secret: Secrets = None) -> str:
    """What may be kept of a body: at most 2,000 characters, secrets blanked, unprintable bytes replaced.

    Blanked are the values of fields that look secret, wherever they stand, and `secret` itself, or each of several.
    """
    try:
        text = json.dumps(_blanked(_parsed(text_of(body)), _longest_first(secret)), default=float)
    except Unreadable:
        text = _blanked_text(body[:MAX_BYTES].decode("utf-8", "replace"), secret)
    return CONTROL.sub("\ufffd", text)[:SAFE_LENGTH]


def shown(value: object) -> str:
    """A value of the alert for a message: ASCII, and short."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = value if isinstance(value, str) else str(value)
    return ascii(text if len(text) <= MAX_DIGITS else text[:MAX_DIGITS] + "...")


def without(text: str, secret: Secrets) -> str:
    """The text without the secret itself, or any of several; the longest first, as one may stand in another."""
    return _cleaned(text, _longest_first(secret)) if text else text


def _cleaned(text: str, secrets: tuple[str, ...]) -> str:
    for one in secrets:
        text = text.replace(one, BLANK)
    return text


def _longest_first(secret: Secrets) -> tuple[str, ...]:
    return _ordered((secret,) if isinstance(secret, str) else tuple(secret or ()))


@lru_cache(maxsize=64)
def _ordered(secrets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(filter(None, dict.fromkeys(secrets)), key=len, reverse=True))


def _parsed(text: str) -> dict[str, Any]:
    if _is_too_deep(text):
        raise Unreadable("alert_too_deep", f"the alert is nested deeper than {MAX_DEPTH}")
    try:
        value = STRICT.decode(text)
    except ValueError as error:
        told = f"the alert is not JSON: {error}" if isinstance(error, json.JSONDecodeError) else "not JSON"
        raise Unreadable("alert_not_json", told) from None
    if not isinstance(value, dict):
        raise Unreadable("alert_not_an_object", 'the alert must be one JSON object: {"symbol": ...}')
    return value


def _is_too_deep(text: str) -> bool:
    """Whether objects and lists stand within each other more than `MAX_DEPTH` deep."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    depth = 0
    for token in TOKEN.findall(text):
        if token in ("{", "["):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif token in ("}", "]"):
            depth -= 1
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Unreadable("alert_duplicate_key", f"the key {shown(key)} stands twice")
        found[key] = value
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Unreadable("alert_number_invalid", f"a number of {len(text)} characters")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS or LONG_EXPONENT.search(text):
        raise Unreadable("alert_number_invalid", f"{shown(text)} is beyond any price")
    return Decimal(text)


def _no_constant(text: str) -> Any:
    raise Unreadable("alert_number_invalid", f"{text} is not a number; check the plots in the message")


@lru_cache(maxsize=1024)
def secret_like(name: str) -> bool:
    """Whether the name of a field says that a secret stands in it."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return plain == "key" or any(word in plain for word in SECRET_WORDS)


def _blanked(value: Any, secrets: tuple[str, ...], *, by_name: bool = True) -> Any:
    """The same without these secrets, of which the longest is the first, and without what is one by its name."""
    if isinstance(value, str):
        return _cleaned(value, secrets)
    if isinstance(value, dict):
        return {
            _cleaned(name, secrets): BLANK
            if by_name and secret_like(name)
            else _blanked(content, secrets, by_name=by_name)
            for name, content in value.items()
        }
    return [_blanked(item, secrets, by_name=by_name) for item in value] if isinstance(value, list) else value


def _blanked_text(text: str, secret: Secrets) -> str:
    """The same for a text that is no JSON, where a field is only guessed: rather too much than too little."""
    plain = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    secrets = (secret,) if isinstance(secret, str) else tuple(secret or ())
    plain = without(plain, [*(json.dumps(one)[1:-1] for one in secrets), *secrets])
    return SECRET_IN_TEXT.sub(rf"\g<1>{BLANK}", plain)


STRICT: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_decimal, parse_constant=_no_constant
)
CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)
"""Made once: fifty alerts come at the same moment."""
