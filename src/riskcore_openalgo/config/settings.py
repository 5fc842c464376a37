"""What the four files come to: the policy, the user's strategies, the credentials, the system around them.

Of the policy nothing is said here; it is the core's. A value is checked by its field's converter, once, so
that an invalid one cannot exist, whether it came from a file or from a script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen

import riskcore as rc
from riskcore_openalgo.gateways.caps import HardCaps

PAPER: Final = "paper"
LIVE: Final = "live"
MODES: Final = (PAPER, LIVE)
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
DOTTED: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)[.:]([A-Za-z_]\w*)", re.ASCII)
HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
LAST_PORT: Final = 65535
MORNING: Final = (time(8, 45), time(9, 0), time(9, 10))
LARGEST_BODY: Final = 10_000_000
MOST_SECONDS: Final = 86_400
SEVERITIES: Final = ("info", "warning", "critical")


def _meta(unit: str, help_: str, **more: Any) -> dict[str, Any]:
    return {"unit": unit, "help": help_, **more}


def _symbol(value: Any) -> str:
    """An exchange symbol, as the core understands it."""
    return rc.Instrument(symbol=value, tick=1).symbol


def _name(value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError("must be a name of letters, digits, - and _, at most 40 of them")
    return value


def _function(value: Any) -> str:
    match = DOTTED.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"must name a class or function as package.module:name, got {value!r}")
    return f"{match[1]}:{match[2]}"


def _symbols(value: Any) -> tuple[str, ...]:
    symbols = tuple(_symbol(item) for item in value)
    if not symbols:
        raise ValueError("must name one symbol or more, such as [RELIANCE, INFY]")
    return symbols


def _interval(value: Any) -> str:
    """A bar interval, as the policy's own `atr_interval` checks it."""
    if value is None:
        raise ValueError("must be a bar interval such as 1m")
    return str(rc.Policy(atr_interval=value).atr_interval)


def _copied(value: Mapping[str, Any]) -> dict[str, Any]:
    return dict(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be text, got {value!r}")
    return value


def _port(value: Any) -> int:
    return _whole_up_to(LAST_PORT, value)


def _body_size(value: Any) -> int:
    return _whole_up_to(LARGEST_BODY, value)


def _whole_up_to(most: int, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"must be a whole number from 1 to {most}, got {value!r}")
    return value


def _mode(value: Any) -> str:
    if value not in MODES:
        raise ValueError(f"must be one of {', '.join(MODES)}, got {value!r}")
    return str(value)


def _path(value: Any) -> Path:
    if not isinstance(value, (str, Path)) or not str(value).strip() or "://" in str(value) or "\0" in str(value):
        raise ValueError(f"must be the path of a file, got {value!r}")
    return Path(value)


def _optional_path(value: Any) -> Path | None:
    return None if value is None else _path(value)


def _host(value: Any) -> str:
    if not isinstance(value, str) or not HOST.fullmatch(value):
        raise ValueError(f"must be an address of this machine such as 127.0.0.1, got {value!r}")
    return value


def _http_address(value: Any) -> str:
    return _address(value, ("http", "https"))


def _ws_address(value: Any) -> str | None:
    return None if value is None else _address(value, ("ws", "wss"))


def _address(value: Any, schemes: tuple[str, ...]) -> str:
    """An address of OpenAlgo. The message does not repeat it: people paste keys into the wrong line."""
    if not isinstance(value, str) or not _is_address(value, schemes):
        raise ValueError(f"must be an address such as {schemes[0]}://127.0.0.1:5000, without user, path or query")
    return value.rstrip("/")


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = re.fullmatch(r"[!-~]+", value) is not None and "@" not in parts.netloc and not parts.path.strip("/")
    return plain and port_is_fine and parts.scheme in schemes and bool(parts.hostname) and not set("?#") & set(value)


def _secret(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be text; write the secret in double quotes")
    if value != value.strip():
        raise ValueError("begins or ends with a space; delete the space")
    return value


def _api_key(value: Any) -> str | None:
    return None if value is None else _secret(value)


def _secrets(value: Mapping[str, str]) -> dict[str, str]:
    return {_name(source): _secret(secret) for source, secret in value.items()}


def _beat(value: Any) -> str | None:
    """An address to call. The message does not repeat it: it holds a token."""
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"https?://[!-~]+", value):
        raise ValueError("must be an address such as https://heartbeat.example/put-your-id-here")
    return value


def _severity(value: Any) -> str:
    if value not in SEVERITIES:
        raise ValueError(f"must be one of {', '.join(SEVERITIES)}, got {value!r}")
    return str(value)


def _optional_time(value: Any) -> time | None:
    return None if value is None else _time(value)


def _seconds(value: Any) -> int:
    return _whole_up_to(MOST_SECONDS, value)


def _days(value: Any) -> int:
    return _whole_up_to(365, value)


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _watched(value: Any) -> tuple[str, ...]:
    """Instruments as EXCHANGE:SYMBOL, or a symbol of NSE alone."""
    found = []
    for item in value:
        exchange, _, symbol = str(item).rpartition(":")
        found.append(f"{exchange or 'NSE'}:{_symbol(symbol)}")
    return tuple(dict.fromkeys(found))


def _time(value: Any) -> time:
    return value if isinstance(value, time) else time.fromisoformat(str(value))


def _times(value: Any) -> tuple[time, ...]:
    return tuple(sorted(_time(item) for item in value))


def _tick(value: Any) -> Decimal | None:
    return None if value is None else rc.Instrument(symbol="X", tick=value).tick


def _lot_size(value: Any) -> int | None:
    return None if value is None else rc.Instrument(symbol="X", tick=1, lot_size=value).lot_size


def _sector(value: Any) -> str | None:
    return None if value is None else _text(value)


def _listed(value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {value!r}")
    return value


@frozen(kw_only=True)
class Strategy:
    """A strategy of the user's own: a class or function that is called once for each of its symbols.

    What that call returns is then called after each bar. The name is looked up when the strategy is made, not
    here: reading a configuration runs nobody's code.
    """

    name: str = field(converter=_name, metadata=_meta("name", "appears in each of its signals", example="ema_cross"))
    function: str = field(
        converter=_function,
        metadata=_meta("package.module:name", "what is called", example="riskcore_openalgo.lab.ema_cross:EmaCross"),
    )
    symbols: tuple[str, ...] = field(
        converter=_symbols, metadata=_meta("list", "what it watches", example="[RELIANCE, INFY]")
    )
    interval: str = field(
        default="1m", converter=_interval, metadata=_meta("1m, 5m, ...", "length of its bars", example="1m")
    )
    parameters: Mapping[str, Any] = field(
        factory=dict,
        converter=_copied,
        metadata=_meta("mapping", "handed to it by name", example="{fast: 9, slow: 21}"),
    )


def _strategies(value: Iterable[Strategy]) -> tuple[Strategy, ...]:
    strategies = tuple(value)
    names = [strategy.name for strategy in strategies]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two strategies are named {twice[0]}; give each a name of its own")
    return strategies


@frozen(kw_only=True)
class OpenAlgoAccess:
    """Where OpenAlgo answers, and the key it asks for."""

    host: str = field(
        default="http://127.0.0.1:5000",
        converter=_http_address,
        metadata=_meta("http://host:port", "where OpenAlgo answers"),
    )
    api_key: str | None = field(
        default=None,
        repr=False,
        converter=_api_key,
        metadata=_meta("text", "made on OpenAlgo's page API Key", example="put-the-key-here", secret=True),
    )
    ws_url: str | None = field(
        default=None,
        converter=_ws_address,
        metadata=_meta("ws://host:port", "its price stream; empty: beside host", example="ws://127.0.0.1:8765"),
    )


@frozen(kw_only=True)
class Webhook:
    """Who may post alerts to the intake: a secret for each source, so that one can be withdrawn alone."""

    secrets: Mapping[str, str] = field(
        factory=dict,
        repr=False,
        converter=_secrets,
        metadata=_meta(
            "text",
            "one for each source of alerts",
            example="put-a-long-random-text-here",
            example_key="tradingview",
            key=_name,
            item=_secret,
            secret=True,
        ),
    )


@frozen(kw_only=True)
class AlertChannels:
    """Where alerts go beside OpenAlgo's Telegram. The addresses hold tokens: they are secrets."""

    channels: Mapping[str, str] = field(
        factory=dict,
        repr=False,
        converter=_secrets,
        metadata=_meta(
            "Apprise URL",
            "one for each channel; needs the extra alerts",
            example="put-an-apprise-url-here",
            example_key="phone",
            key=_name,
            item=_secret,
            secret=True,
        ),
    )
    heartbeat_url: str | None = field(
        default=None,
        repr=False,
        converter=_beat,
        metadata=_meta(
            "http(s)://...",
            "called while all is well: whoever answers there raises the alarm when that ends",
            example="https://heartbeat.example/put-your-id-here",
            secret=True,
        ),
    )


@frozen(kw_only=True)
class Credentials:
    """What must stay secret: in no repr, no message, no log."""

    openalgo: OpenAlgoAccess = field(factory=OpenAlgoAccess)
    webhook: Webhook = field(factory=Webhook)
    alerts: AlertChannels = field(factory=AlertChannels)

    def secrets(self) -> tuple[str, ...]:
        """Every secret there is, for whoever must keep them out of a text."""
        single = (self.openalgo.api_key, self.alerts.heartbeat_url)
        several = (*self.webhook.secrets.values(), *self.alerts.channels.values())
        return tuple(secret for secret in (*single, *several) if secret)


@frozen(kw_only=True)
class Intake:
    """Where alerts are posted to."""

    host: str = field(default="127.0.0.1", converter=_host, metadata=_meta("address", "who can reach the intake"))
    port: int = field(default=8780, converter=_port, metadata=_meta("port", "where it listens"))
    max_body_bytes: int = field(
        default=65536,
        converter=_body_size,
        metadata=_meta("bytes", "a larger alert is refused"),
    )


@frozen(kw_only=True)
class InstrumentGiven:
    """What the user says of a symbol; what is None comes from the shipped tables or from OpenAlgo."""

    tick: Decimal | None = field(default=None, converter=_tick, metadata=_meta("rupees", "price step", example="0.05"))
    lot_size: int | None = field(
        default=None, converter=_lot_size, metadata=_meta("shares", "quantity step", example="1")
    )
    sector: str | None = field(
        default=None,
        converter=_sector,
        metadata=_meta("text", "bucket of the sector limit", example="Energy"),
    )
    derivatives_listed: bool | None = field(
        default=None,
        converter=_listed,
        metadata=_meta("true/false", "futures or options exist on it", example="true"),
    )


@frozen(kw_only=True)
class Alerting:
    """Who is told what must be looked at now, beside the log."""

    telegram_user: str | None = field(
        default=None,
        converter=_optional_text,
        metadata=_meta("OpenAlgo user", "told through OpenAlgo's own Telegram bot", example="asha"),
    )
    login_times: tuple[time, ...] = field(
        default=MORNING,
        converter=_times,
        metadata=_meta("list of times", "when to say on a trading day that a login is needed", item=_time),
    )
    least: str = field(
        default="info",
        converter=_severity,
        metadata=_meta("info/warning/critical", "the mildest that is told to channels; the log has all"),
    )
    quiet_from: time | None = field(
        default=None,
        converter=_optional_time,
        metadata=_meta('IST "HH:MM"', "from then on only what is critical is told; the rest waits", example='"22:00"'),
    )
    quiet_until: time | None = field(
        default=None,
        converter=_optional_time,
        metadata=_meta('IST "HH:MM"', "until then", example='"07:00"'),
    )
    repeat_s: int = field(
        default=300,
        converter=_seconds,
        metadata=_meta("seconds", "the same is not told again sooner; a critical one that stands is told again then"),
    )
    heartbeat_s: int = field(
        default=60,
        converter=_seconds,
        metadata=_meta("seconds", "how often heartbeat_url is called while all is well"),
    )
    summary_at: time | None = field(
        default=time(15, 45),
        converter=_optional_time,
        metadata=_meta('IST "HH:MM"', "when the day is summed up; empty: never"),
    )
    calendar_days: int = field(
        default=30,
        converter=_days,
        metadata=_meta("days", "so long before the market calendar ends it is told each trading day"),
    )

    def __attrs_post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet_from and quiet_until belong together: write both, or neither")


@frozen(kw_only=True)
class System:
    """The machine around the policy: mode, journal, intake, and symbols that the tables do not know."""

    mode: str = field(default=PAPER, converter=_mode, metadata=_meta("paper/live", "where orders go"))
    journal: Path = field(
        default=Path("journal/riskcore.db"),
        converter=_path,
        metadata=_meta("path", "every input and every fact; seen from where riskcore is started", any_script=True),
    )
    tables: Path | None = field(
        default=None,
        converter=_optional_path,
        metadata=_meta("path", "market tables of your own, a folder or a file; seen from this file", example="tables"),
    )
    watch: tuple[str, ...] = field(
        default=(),
        converter=_watched,
        metadata=_meta("list", "instruments whose prices are kept fresh for alerts", example="[NSE:RELIANCE, INFY]"),
    )
    hard_caps: HardCaps = field(factory=HardCaps)
    intake: Intake = field(factory=Intake)
    alerting: Alerting = field(factory=Alerting)
    instruments: Mapping[str, InstrumentGiven] = field(
        factory=dict,
        converter=_copied,
        metadata=_meta("by symbol", "what the tables lack", example_key="RELIANCE", key=_symbol),
    )


@frozen
class Source:
    """One of the four files as it was read: where, and the SHA-256 of its bytes (None: it is not there)."""

    path: Path
    sha256: str | None


@frozen(kw_only=True)
class Settings:
    """Everything a desk or a runner is started with. `Settings()` is what empty files come to."""

    policy: rc.Policy = field(factory=rc.Policy)
    strategies: tuple[Strategy, ...] = field(
        default=(), converter=_strategies, metadata=_meta("list", "strategies of your own")
    )
    credentials: Credentials = field(factory=Credentials)
    system: System = field(factory=System)
    sources: tuple[Source, ...] = ()
