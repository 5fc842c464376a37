"""What a setting of the system may hold: a check takes what was written, and returns the value or says what is wrong.

A message repeats no secret, and no address: people paste keys into the wrong line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import riskcore as rc
from riskcore_openalgo.lab.strategy import SHORT_NAMES

PAPER: Final = "paper"
LIVE: Final = "live"
MODES: Final = (PAPER, LIVE)
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
DOTTED: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[.:]([A-Za-z_]\w*)", re.ASCII)
HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
ENVIRONMENT: Final = re.compile(r"\$[A-Z_][A-Z0-9_]*|\$\{[^}]*\}|%[A-Za-z_]\w*%")
SHARES: Final = ("stock", "etf", "etf_without_stt")
LAST_PORT: Final = 65535
LARGEST_BODY: Final = 10_000_000
MOST_SECONDS: Final = 86_400
LEVELS: Final = ("debug", "info", "warning", "error")
SEVERITIES: Final = ("detail", "info", "warning", "critical")


OPENALGO_EXAMPLE: Final = "put-the-key-here"
SOURCE_EXAMPLE: Final = "put-a-long-random-text-here"
OLD_EXAMPLE: Final = "the-old-text"
CHANNEL_EXAMPLE: Final = "put-an-apprise-url-here"
BEAT_EXAMPLE: Final = "https://heartbeat.example/put-your-id-here"
MAKE_ONE: Final = 'make one of your own: python -c "import secrets; print(secrets.token_urlsafe(24))"'
EXAMPLES: Final[Mapping[str, str]] = {
    OPENALGO_EXAMPLE: "write the key that OpenAlgo's page API Key shows",
    SOURCE_EXAMPLE: MAKE_ONE,
    "the-long-random-text": MAKE_ONE,
    OLD_EXAMPLE: "write the one that was before, or leave old_secrets out",
    CHANNEL_EXAMPLE: "write the channel's own address, or leave it out",
    BEAT_EXAMPLE: "write the address that the service gave you, or leave it out",
}
"""The secrets of the template and of the pages, which everybody can read, and what to write instead."""


def meta(unit: str, help_: str, **more: Any) -> dict[str, Any]:
    """A field's unit and help, and what else is known of it."""
    return {"unit": unit, "help": help_, **more}


def symbol(value: Any) -> str:
    """An exchange symbol, as the core understands it."""
    return rc.Instrument(symbol=value, tick=1).symbol


def symbol_or_key(value: Any) -> str:
    """A symbol, or EXCHANGE:SYMBOL."""
    exchange, colon, bare = value.rpartition(":") if isinstance(value, str) else ("", "", value)
    return rc.Instrument(symbol=bare, exchange=exchange, tick=1).key if colon else symbol(bare)


def name(value: Any) -> str:
    """A name of letters, digits, - and _."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError("must be a name of letters, digits, - and _, at most 40 of them")
    return value


def function(value: Any) -> str:
    """A class or function, as package.module:name; or the short name of one that comes with the library."""
    match = DOTTED.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        return f"{match[1]}:{match[2]}"
    if isinstance(value, str) and value in SHORT_NAMES:
        return value
    ours = ", ".join(SHORT_NAMES)
    raise ValueError(f"must name a class or function as package.module:name, or be one of ours ({ours}), got {value!r}")


def symbols(value: Any) -> tuple[str, ...]:
    """One symbol or more, of shares at NSE; of anything else as EXCHANGE:SYMBOL."""
    symbols = tuple(dict.fromkeys(symbol_or_key(item).removeprefix("NSE:") for item in value))
    if not symbols:
        raise ValueError("must name one symbol or more, such as [RELIANCE, INFY]")
    return symbols


def interval(value: Any) -> str:
    """A bar interval, as the policy's own `atr_interval` checks it."""
    if value is None:
        raise ValueError("must be a bar interval such as 1m")
    return str(rc.Policy(atr_interval=value).atr_interval)


def copied(value: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping of its own."""
    return dict(value)


def text(value: Any) -> str:
    """Text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be text, got {value!r}")
    return value


def port(value: Any) -> int:
    """A port."""
    return whole_up_to(LAST_PORT, value)


def body_size(value: Any) -> int:
    """Bytes of an alert."""
    return whole_up_to(LARGEST_BODY, value)


def whole_up_to(most: int, value: Any) -> int:
    """A whole number from 1 up to `most`."""
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"must be a whole number from 1 to {most}, got {value!r}")
    return value


def one_of(words: Sequence[str], value: Any) -> str:
    """One of these words."""
    if value not in words:
        raise ValueError(f"must be one of {', '.join(words)}, got {value!r}")
    return str(value)


def mode(value: Any) -> str:
    """Where orders go."""
    return one_of(MODES, value)


def path(value: Any) -> Path:
    """The path of a file."""
    if not isinstance(value, (str, Path)) or not str(value).strip() or "://" in str(value) or "\0" in str(value):
        raise ValueError(f"must be the path of a file, got {value!r}")
    if str(value).partition("/")[0] == "~":
        raise ValueError(f"begins with ~, which is not filled in here; write the whole path, got {str(value)!r}")
    return Path(value)


def journal(value: Any) -> Path:
    """The path of a journal, which has a name."""
    found = path(value)
    if not found.name:
        raise ValueError(f"must be the path of a file such as journal/riskcore.db, got {value!r}")
    return found


def optional_path(value: Any) -> Path | None:
    """The path of a file, or none."""
    if value == "":
        raise ValueError("must be a path; for none leave the value empty, without quotes")
    return None if value is None else path(value)


def with_certificate(certfile: Path | None, keyfile: Path | None) -> None:
    """`ValueError` for the key of a certificate that is not named."""
    if keyfile is not None and certfile is None:
        raise ValueError("a ssl_keyfile needs its ssl_certfile; give both, or none")


def host(value: Any) -> str:
    """An address of this machine."""
    if not isinstance(value, str) or not HOST.fullmatch(value):
        raise ValueError(f"must be an address of this machine such as 127.0.0.1, got {value!r}")
    return value


def http_address(value: Any) -> str:
    """An address over http or https."""
    return address(value, ("http", "https"))


def ws_address(value: Any) -> str | None:
    """An address of a price stream, or none."""
    return None if value is None else address(value, ("ws", "wss"))


def address(value: Any, schemes: tuple[str, ...]) -> str:
    """An address of OpenAlgo. The message does not repeat it: people paste keys into the wrong line."""
    if not isinstance(value, str) or not is_address(value, schemes):
        raise ValueError(f"must be an address such as {schemes[0]}://127.0.0.1:5000, without user, path or query")
    return value.rstrip("/")


def is_address(value: str, schemes: tuple[str, ...]) -> bool:
    """Whether it is one, and nothing more."""
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = re.fullmatch(r"[!-~]+", value) is not None and "@" not in parts.netloc and not parts.path.strip("/")
    return plain and port_is_fine and parts.scheme in schemes and bool(parts.hostname) and not set("?#") & set(value)


def secret(value: Any) -> str:
    """A secret, without a space at its ends."""
    if not isinstance(value, str) or not value:
        raise ValueError("must be text; write the secret in double quotes")
    if value != value.strip():
        raise ValueError("begins or ends with a space; delete the space")
    if ENVIRONMENT.fullmatch(value):  # it would be the secret itself, for everybody to guess
        raise ValueError("names a variable, which is not filled in here; write the secret itself")
    return not_the_example(value)


def not_the_example(value: str) -> str:
    """A secret that is none of the examples: whoever reads the template would know it."""
    if value in EXAMPLES:
        raise ValueError(f"is the example, which everybody can read; {EXAMPLES[value]}")
    return value


def api_key(value: Any) -> str | None:
    """A key, or none."""
    return None if value is None else secret(value)


def secrets(value: Mapping[str, str]) -> dict[str, str]:
    """A secret for each name."""
    return {name(source): secret(text) for source, text in value.items()}


def old_secrets(value: Mapping[str, Any]) -> dict[str, Any]:
    """The secret before for each name."""
    return {name(source): old for source, old in value.items()}


def beat(value: Any) -> str | None:
    """An address to call. The message does not repeat it: it holds a token."""
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"https?://[!-~]+", value) or not _has_a_host(value):
        raise ValueError(f"must be an address such as {BEAT_EXAMPLE}")
    return not_the_example(value)


def _has_a_host(address: str) -> bool:
    """Whether an address names a host, and a port that is one where it names any."""
    try:
        there = urlsplit(address)
        return bool(there.hostname) and there.port != 0
    except ValueError:  # of a port that is no number
        return False


def optional_port(value: Any) -> int | None:
    """A port, or none."""
    return None if value is None else port(value)


def level(value: Any) -> str:
    """A level of the log."""
    return one_of(LEVELS, value)


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {value!r}")
    return value


def megabytes(value: Any) -> int:
    """Megabytes."""
    return whole_up_to(10_000, value)


def severity(value: Any) -> str:
    """How grave."""
    return one_of(SEVERITIES, value)


def optional_clock_time(value: Any) -> time | None:
    """A time of day, or none."""
    return None if value is None else clock_time(value)


def seconds(value: Any) -> int:
    """Seconds, a day of them at most."""
    return whole_up_to(MOST_SECONDS, value)


def days(value: Any) -> int:
    """Days, a year of them at most."""
    return whole_up_to(365, value)


def optional_text(value: Any) -> str | None:
    """Text, or none."""
    return None if value is None else text(value)


def watched(value: Any) -> tuple[str, ...]:
    """Instruments as EXCHANGE:SYMBOL, or a symbol of NSE alone."""
    found = []
    for item in value:
        exchange, _, rest = str(item).rpartition(":")
        found.append(f"{exchange or 'NSE'}:{symbol(rest)}")
    return tuple(dict.fromkeys(found))


def clock_time(value: Any) -> time:
    """A time of day in India, as the policy's own times are written: hours and minutes, without a zone."""
    try:
        found = rc.Policy(square_off_at=value).square_off_at
    except ValueError:
        found = None
    if found is None:
        told = 'must be a time of day in IST such as "15:45", without seconds and without a zone'
        raise ValueError(f"{told}, got {str(value)!r:.40}")
    return found


def clock_times(value: Any) -> tuple[time, ...]:
    """Times of day, the earliest first."""
    return tuple(sorted(clock_time(item) for item in value))


def bars_made_of(value: Any) -> str:
    """What the bars of a live day are made of."""
    if value not in ("ticks", "history"):
        raise ValueError(f"must be ticks or history, got {value!r}")
    return str(value)


def tick(value: Any) -> Decimal | None:
    """A price step, or none."""
    return None if value is None else rc.Instrument(symbol="X", tick=value).tick


def lot_size(value: Any) -> int | None:
    """A quantity step, or none."""
    return None if value is None else rc.Instrument(symbol="X", tick=1, lot_size=value).lot_size


def kind(value: Any) -> str | None:
    """What trades like a share: one, or a fund; or none."""
    return None if value is None else one_of(SHARES, value)


def listed(value: Any) -> bool | None:
    """True, false, or not known."""
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {value!r}")
    return value
