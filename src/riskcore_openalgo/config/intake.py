"""The settings of the alert intake: where it listens, who may post, and how a source's alerts are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

import riskcore as rc
from riskcore_openalgo.config import checks
from riskcore_openalgo.config.checks import meta
from riskcore_openalgo.web.gate import LOCKOUT_AFTER, LOCKOUT_S, PER_MINUTE, networks
from riskcore_openalgo.web.mapping import NAMES, SIDES

FIELD: Final = re.compile(r"[a-z0-9_ -]+(?:\.[a-z0-9_ -]+)*")
MOST_PER_MINUTE: Final = 1_000_000
MOST_TRIES: Final = 1_000
LONGEST_LOCKOUT_S: Final = 86_400
LONGEST: Final = 64
TRUSTED: Final = ("127.0.0.1", "::1")


def _rate(value: Any) -> int:
    return checks.whole_up_to(MOST_PER_MINUTE, value)


def _tries(value: Any) -> int:
    return checks.whole_up_to(MOST_TRIES, value)


def _lockout(value: Any) -> int:
    return checks.whole_up_to(LONGEST_LOCKOUT_S, value)


def _addresses(value: Iterable[str]) -> tuple[str, ...]:
    given = tuple(value)
    networks(given)
    return given


def _moment(value: Any) -> datetime:
    """A day, or a time of it, in IST unless it says otherwise."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError('must be a moment such as "2026-12-01" or "2026-12-01T09:00"') from None
    return found if found.tzinfo is not None else found.replace(tzinfo=rc.IST)


def _fields(value: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Our field -> the source's names for it, one or a list."""
    found = {}
    for name, theirs in value.items():
        if name not in NAMES:
            raise ValueError(f"the field {name} is not read; these are: {', '.join(sorted(NAMES))}")
        wanted = tuple(str(one).lower() for one in (theirs if isinstance(theirs, tuple) else (theirs,)))
        if not wanted or not all(FIELD.fullmatch(one) for one in wanted):
            raise ValueError(f"the field {name} must be a name in the alert, or a list of them, dotted in an object")
        found[name] = wanted
    return found


def _words(value: Mapping[str, Any]) -> dict[str, str]:
    """The source's words -> BUY or SELL."""
    wrong = next((word for word, side in value.items() if str(side).upper() not in SIDES), None)
    if wrong is not None:
        raise ValueError(f"the word {wrong} must mean buy or sell, such as {{long: buy, short: sell}}")
    _once(value)
    return {str(word).upper(): SIDES[str(side).upper()] for word, side in value.items()}


def _symbols(value: Mapping[str, Any]) -> dict[str, str]:
    """The source's symbols -> the exchange's, or EXCHANGE:SYMBOL where that is not what the source says."""
    _once(value)
    return {str(theirs).upper(): checks.symbol_or_key(ours) for theirs, ours in value.items()}


def _product(text: str) -> None:
    """`ValueError` for a product that is none: every alert of the source would be answered with 400."""
    try:
        rc.Signal("ANY", "BUY", at=_moment("2026-01-01"), product=text)
    except ValueError as wrong:
        raise ValueError(f"the {str(wrong).removeprefix('Signal.')}") from None


def _once(names: Iterable[str]) -> None:
    """`ValueError` for names that differ in their capitals alone, which say nothing in an alert."""
    folded = [str(name).upper() for name in names]
    twice = next((name for name in folded if folded.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the name {twice} is there twice, with other capitals, which do not count; keep one of them")


def _given(value: Mapping[str, Any]) -> dict[str, str]:
    """Our field -> what holds where the source sends nothing for it."""
    for name, text in value.items():
        if name not in NAMES:
            raise ValueError(f"the field {name} is not read; these are: {', '.join(sorted(NAMES))}")
        if name == "context":
            raise ValueError("the field context is what an alert itself brings; say under fields: what it is called")
        if isinstance(text, (tuple, dict, bool)) or not 0 < len(str(text)) <= LONGEST or not str(text).isascii():
            raise ValueError(f"the field {name} must be plain text of at most {LONGEST} characters")
    if "product" in value:
        _product(str(value["product"]))
    return {name: str(text) for name, text in value.items()}


@frozen(kw_only=True)
class OldSecret:
    """The secret that a source had before, and until when it still opens: time to change it where alerts are made."""

    secret: str = field(
        repr=False,
        converter=checks.secret,
        metadata=meta("text", "the old one", example=checks.OLD_EXAMPLE, secret=True),
    )
    until: datetime = field(
        converter=_moment,
        metadata=meta("moment in IST", "from then on it opens no more", example='"2026-12-01T09:00"'),
    )


@frozen(kw_only=True)
class AlertSource:
    """A source of alerts: where it sends from, how much, and what it calls things."""

    addresses: tuple[str, ...] = field(
        default=(),
        converter=_addresses,
        metadata=meta(
            "list", "alerts come from these addresses or ranges alone; empty: any", example="[192.0.2.10, 10.8.0.0/16]"
        ),
    )
    per_minute: int = field(
        default=PER_MINUTE,
        converter=_rate,
        metadata=meta("alerts a minute", "more entries are refused; exits are always taken"),
    )
    fields: Mapping[str, tuple[str, ...]] = field(
        factory=dict,
        converter=_fields,
        metadata=meta(
            "our field: its name", "what it calls a field", mapping=True, example="{symbol: [instrument, order.name]}"
        ),
    )
    actions: Mapping[str, str] = field(
        factory=dict,
        converter=_words,
        metadata=meta(
            "its word: buy/sell", "its words for the two sides", mapping=True, example="{long: buy, short: sell}"
        ),
    )
    symbols: Mapping[str, str] = field(
        factory=dict,
        converter=_symbols,
        metadata=meta("its symbol: ours", "what it calls a symbol", mapping=True, example="{RELI: RELIANCE}"),
    )
    given: Mapping[str, str] = field(
        factory=dict,
        converter=_given,
        metadata=meta("our field: value", "what it does not send", mapping=True, example="{exchange: NSE}"),
    )


@frozen(kw_only=True)
class Intake:
    """Where alerts are posted to, and who is believed there."""

    host: str = field(default="127.0.0.1", converter=checks.host, metadata=meta("address", "who can reach the intake"))
    port: int = field(default=8780, converter=checks.port, metadata=meta("port", "where it listens"))
    max_body_bytes: int = field(
        default=65_536,
        converter=checks.body_size,
        metadata=meta("bytes", "a larger alert is refused"),
    )
    own_process: bool = field(
        default=True,
        converter=checks.flag,
        metadata=meta("true/false", "read alerts in a process of its own: no alert waits for a decision"),
    )
    trusted_proxies: tuple[str, ...] = field(
        default=TRUSTED,
        converter=_addresses,
        metadata=meta("list", "their X-Forwarded-For says where an alert comes from"),
    )
    lockout_after: int = field(
        default=LOCKOUT_AFTER,
        converter=_tries,
        metadata=meta("alerts", "so many with a wrong secret within 10 minutes lock their address out"),
    )
    lockout_s: int = field(default=int(LOCKOUT_S), converter=_lockout, metadata=meta("seconds", "for so long"))
    ssl_certfile: Path | None = field(
        default=None,
        converter=checks.optional_path,
        metadata=meta("path", "certificate chain in PEM: speak HTTPS; empty: HTTP", example="tls/fullchain.pem"),
    )
    ssl_keyfile: Path | None = field(
        default=None,
        converter=checks.optional_path,
        metadata=meta("path", "its key, where that is another file", example="tls/privkey.pem"),
    )

    def __attrs_post_init__(self) -> None:
        checks.with_certificate(self.ssl_certfile, self.ssl_keyfile)
