"""Reading an alert: the text that TradingView, or anybody, posts becomes a signal or a named problem.

    reading = read_alert(body, source="tradingview", received_at=now, secret="...")
    # ReadSignal(signal, receipt_id) or BadAlert(status, reason, message, safe_body)

Which field means what is declared: `mapping.NAMES`, or a source's own `FieldMap`. That decides what the sender MEANT,
never whether it may be traded: what to make of a quantity, and whether a price is plausible, are the core's questions.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

import riskcore as rc
from riskcore_openalgo.web import body as bodies
from riskcore_openalgo.web.body import (
    Secrets,
    Unreadable,
    canonical,
    safe_text,
    secret_like,
    shown,
    strict_object,
    unsecret,
    without,
)
from riskcore_openalgo.web.kinds import asked_of, context_of
from riskcore_openalgo.web.mapping import PLAIN, SIDES, FieldMap, Fields
from riskcore_openalgo.web.reading import NUMBER, is_number, moment_of, text_of, value_of
from riskcore_openalgo.web.symbols import named_in

SECRET_FIELDS: Final = ("secret", "key", "passphrase")
SECRET_OF_BROKEN: Final = re.compile(
    r'"(?:secret|key|passphrase)"[ \t\r\n]{0,20}:[ \t\r\n]{0,20}("[^"\\]*(?:\\.[^"\\]*)*")', re.DOTALL | re.IGNORECASE
)
"""The secret of an alert that is no JSON: what is broken stands elsewhere in it."""
SHORTEST: Final = 8
"""A secret of fewer letters is none, and may stand in a symbol: an exit must not be refused for it."""
INTERVAL: Final = re.compile(r"([1-9][0-9]{0,3})(m|min|h|H|)")
TOLD: Final[Mapping[str, Callable[[Fields, str], Any]]] = {
    "timenow": moment_of,
    "time": moment_of,
    "bar_time": moment_of,
    "strategy": text_of,
}
CORE_FIELD: Final = re.compile(r"Signal\.([a-z_]+)")
MOST_LEVELS: Final = 20
LONGEST_MESSAGE: Final = 200
LONGEST_NAME: Final = 40
MOST_NAMED: Final = 12
UNAUTHORISED: Final = "alert_unauthorised"
NOT_KNOWN: Final = "the secret is wrong or missing, or there is no such source"


@frozen
class ReadSignal:
    """An alert that is a signal, and the id under which its receipt is kept."""

    signal: rc.Signal
    receipt_id: str


@frozen
class BadAlert:
    """An alert that is no signal: the answer to give, and what may be kept of the body.

    `detail` is what the journal says instead of `message`, where the sender must not hear it; `receipt` the id under
    which it is kept.
    """

    status: int
    reason: str
    message: str
    safe_body: str
    detail: str = ""
    receipt: str = ""


Reading: TypeAlias = ReadSignal | BadAlert


@frozen
class Receipt:
    """The answer to an alert, given once its receipt is durable."""

    status_code: int
    body: dict[str, Any]


def read_alert(
    body: bytes, *, source: str, received_at: datetime, secret: Secrets, hidden: Secrets = None, by: FieldMap = PLAIN
) -> Reading:
    """The alert as a signal, or why it is none; never an exception, whatever the bytes.

    Who does not show the secret is not told what is wrong: a stranger's rubbish is one more alert without it.
    `secret` is what the body must carry in `secret`, `key` or `passphrase` (one of several, while a new one takes the
    place of an old one); None asks for nothing. `hidden` are secrets that must not be kept either. The signal's `at` is
    when the alert was raised (`_raised_at`). Without a `time` or `bar_time` its `bar_at` stays None: a bar time that
    nobody sent would make two signals one.
    """
    if received_at.utcoffset() is None:
        raise ValueError(f"received_at must have a time zone, got {received_at!r}")
    blanked = (*_several(secret), *_several(hidden))
    known = secret is None
    try:
        text = bodies.text_of(body)
        content = strict_object(text)
        known = known or _authorised(content, _several(secret))
        if not known:
            return unauthorised(body, blanked, source=source)
        receipt = receipt_id(source, canonical(content, blanked))
        plain = unsecret(content, [one for one in blanked if len(one) >= SHORTEST])
        return ReadSignal(_unsecret(_signal(Fields(plain, by), source, received_at, receipt), blanked), receipt)
    except Unreadable as bad:
        told = without(bad.message, blanked)
        if not known and not bears(body, _several(secret)):
            return unauthorised(body, blanked, source=source, why=f"{NOT_KNOWN}; {told}")
        kept = safe_text(body, blanked)
        return BadAlert(bad.status, bad.reason, told, kept, receipt=receipt_id(source, kept))


def unauthorised(body: bytes, secret: Secrets = None, *, source: str = "", why: str = NOT_KNOWN) -> BadAlert:
    """The one answer to a wrong secret, a missing one, an unknown source and a strange address: it says not which.

    The journal has `why`.
    """
    told, kept = "the alert is not authorised", safe_text(body, secret)
    return BadAlert(401, UNAUTHORISED, told, kept, f"{told}: {why}", receipt_id(source, kept))


def same_secret(given: str, wanted: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing about either, nor about their lengths."""
    one, other = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (given, wanted))
    return hmac.compare_digest(one, other)


def receipt_id(source: str, content: str) -> str:
    """The receipt's id: the same for the same content from the same source, sent again; no secret is in `content`."""
    return hashlib.sha256(f"{source}\n{content}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _several(secret: Secrets) -> tuple[str, ...]:
    return (secret,) if isinstance(secret, str) else tuple(secret or ())


def _authorised(content: Mapping[str, Any], secrets: tuple[str, ...]) -> bool:
    given = [content[name] for name in SECRET_FIELDS if isinstance(content.get(name), str)]
    return any_same(given, secrets)


def bears(body: bytes, secrets: Sequence[str]) -> bool:
    """Whether a body that cannot be read has one of the secrets in its field all the same: its sender is known."""
    found = SECRET_OF_BROKEN.findall(body.decode("utf-8", "replace"))
    return any_same([text for text in map(_unquoted, found) if text is not None], secrets)


def _unquoted(text: str) -> str | None:
    try:
        return str(json.loads(text))
    except ValueError:
        return None


def any_same(given: Iterable[str], secrets: Sequence[str]) -> bool:
    """Whether one of those given is one of the secrets; all are compared, so that the time tells nothing."""
    return sum(same_secret(text, secret) for text in given for secret in secrets) > 0


def _unsecret(signal: rc.Signal, secrets: tuple[str, ...]) -> rc.Signal:
    """The signal without a secret in the texts that the journal keeps: somebody wrote it into the wrong field."""
    kept: dict[str, Any] = {"strategy": without(signal.strategy, secrets), "note": without(signal.note, secrets)}
    context = tuple({without(name, secrets): without(text, secrets) for name, text in signal.context}.items())
    same = (signal.strategy, signal.note, signal.context) == (*kept.values(), context)
    return signal if same else evolve(signal, **kept, context=context)


def _signal(fields: Fields, source: str, received_at: datetime, receipt: str) -> rc.Signal:
    side = _side(fields)
    exchange, symbol = named_in(fields)
    asked = asked_of(fields, side)
    enters = asked.kind in (rc.ENTRY, rc.REVERSAL)
    told, unreadable = _told(fields, enters=enters)
    time, bar_time = told["time"], told["bar_time"]
    raised_at = _raised_at(fields, received_at, told["timenow"], time, bar_time)
    try:
        made = rc.Signal(
            symbol,
            side,
            at=raised_at,
            kind=asked.kind,
            exchange=exchange,
            product=text_of(fields, "product") or "MIS",
            strategy=told["strategy"] or "",
            source=f"alert:{source}",
            bar_at=bar_time or time,
            note="; ".join(filter(None, (_note(fields), *unreadable))),
            quantity=_quantity(fields),
            receipt=receipt,
            reduce_by=asked.reduce_by,
            reduce_pct=asked.reduce_pct,
            **(_entry_terms(fields) if enters else {}),
        )
    except ValueError as error:
        named = CORE_FIELD.match(str(error))
        reason = f"alert_{named[1] if named else 'signal'}_invalid"
        why = str(error).encode("ascii", "backslashreplace").decode("ascii")
        raise Unreadable(reason, why[:LONGEST_MESSAGE]) from None
    return made if enters else _remembering(made, fields)


def _told(fields: Fields, *, enters: bool) -> tuple[dict[str, Any], list[str]]:
    """The alert's times and its strategy; and what of them cannot be read and is not used, in words.

    Only an entry is refused for it: an exit is not waited with for how its time or its strategy's name is written.
    """
    told: dict[str, Any] = {}
    unreadable = []
    for name, read in TOLD.items():
        try:
            told[name] = read(fields, name)
        except Unreadable as bad:
            if enters:
                raise
            told[name] = None
            unreadable.append(f"not used: {bad.message}")
    return told, unreadable


def _raised_at(
    fields: Fields, received_at: datetime, timenow: datetime | None, time: datetime | None, bar_time: datetime | None
) -> datetime:
    """When the alert was raised: by `timenow`; by `time` beside a `bar_time`; else at the end of its bar.

    TradingView's `time` is its bar's START: by it alone, every alert of a 5-minute chart would be five minutes old.
    A bar that has not ended yet (an alert raised within it) gives the time of arrival. Without an interval nothing
    is known of the bar's end, and `time` is taken as it stands: the older moment is the stricter.
    """
    if timenow is not None or (time is not None and bar_time is not None):
        return timenow or time or received_at
    start = time or bar_time
    try:
        length = rc.interval_length(_interval(fields) or "")
    except (ValueError, Unreadable):
        return time or received_at
    if start is None:
        return received_at
    return start + max(min(received_at - start, length), timedelta(0))


def _entry_terms(fields: Fields) -> dict[str, Any]:
    """What only an entry needs. An exit reads none of it: a broken price must not keep anybody in."""
    prices = {name: value_of(fields, name) for name in ("price", "stop", "target")}
    return {"interval": _interval(fields), "levels": _levels(fields), "context": context_of(fields), **prices}


def _remembering(leaving: rc.Signal, fields: Fields) -> rc.Signal:
    """An exit or a cancel with its context; one that is broken, or too long, is left out."""
    try:
        return evolve(leaving, context=context_of(fields))
    except (Unreadable, ValueError):
        return leaving


def _levels(fields: Fields) -> tuple[str, ...]:
    """Prices of support and resistance, with spaces between them: a comma might be one of thousands."""
    value = value_of(fields, "levels")
    found = () if value is None else tuple(str(value).split())
    if isinstance(value, bool) or len(found) > MOST_LEVELS or not all(map(NUMBER.fullmatch, found)):
        told = f'the levels {shown(value)} are not at most {MOST_LEVELS} prices such as "2440 2475.5"'
        raise Unreadable("alert_levels_invalid", told)
    return found


def _side(fields: Fields) -> str:
    action = text_of(fields, "action")
    if action is None:
        raise Unreadable("alert_action_missing", 'no "action"; write "buy" or "sell"')
    words = {**SIDES, **fields.by.actions}
    if action.upper() not in words:
        told = (
            f'the action {shown(action)} is neither "buy" nor "sell"; write one of them (with "kind": "exit" for an '
            "exit), or name your word under actions of the source"
        )
        raise Unreadable("alert_action_unknown", told)
    return words[action.upper()]


def _interval(fields: Fields) -> str | None:
    """TradingView's "5", "60" and "D", and the plain "5m", "1h" and "1D"."""
    value = value_of(fields, "interval")
    if value is None:
        return None
    text = str(value)
    found = INTERVAL.fullmatch(text)
    if text.upper() in ("D", "1D"):
        return "1D"
    if found is None or isinstance(value, bool):
        raise Unreadable("alert_interval_unknown", f'the interval {shown(value)} is not like "5", "60" or "D"')
    if found[2] in ("h", "H"):
        return f"{found[1]}h"
    hours, minutes = divmod(int(found[1]), 60)
    return f"{found[1]}m" if minutes else f"{hours}h"


def _note(fields: Fields) -> str:
    """The sender's quantities, for the record, as the size is the core's to find; and what nobody reads."""
    asked = [f"{name} {shown(value)}" for name, value in fields.of("quantity").items()]
    unread = [ascii(name[:LONGEST_NAME])[1:-1] for name in fields.unread() if not secret_like(name)]
    more = len(unread) - MOST_NAMED
    named = ", ".join(unread[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    told = (f"asked for {', '.join(asked)}" if asked else "", f"not read: {named}" if unread else "")
    return "; ".join(filter(None, told))


def _quantity(fields: Fields) -> int | None:
    """The least quantity asked for, in whole shares; what is no number of shares is 0, and None where nothing is."""
    asked = fields.of("quantity").values()
    return min((_whole_shares(value) for value in asked), default=None)


def _whole_shares(value: Any) -> int:
    return max(int(Decimal(str(value))), 0) if is_number(value) else 0
