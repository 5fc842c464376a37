"""What the four files come to: the policy, the user's strategies, the credentials, the system around them.

Of the policy nothing is said here; it is the core's. A value is checked by its field's converter, once, so
that an invalid one cannot exist, whether it came from a file or from a script.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

import riskcore as rc
from riskcore_openalgo.config import checks
from riskcore_openalgo.config.checks import PAPER, meta
from riskcore_openalgo.config.control_page import ControlAccess, ControlPage
from riskcore_openalgo.config.intake import AlertSource, Intake, OldSecret
from riskcore_openalgo.config.problems import Problem
from riskcore_openalgo.gateways.caps import HardCaps

MORNING: Final = (time(8, 45), time(9, 0), time(9, 10))


@frozen(kw_only=True)
class Strategy:
    """A strategy of the user's own: a class or function that is called once for each of its symbols.

    What that call returns is then called after each bar. The name is looked up when the strategy is made, not
    here: reading a configuration runs nobody's code.
    """

    name: str = field(
        converter=checks.name, metadata=meta("name", "appears in each of its signals", example="ema_cross")
    )
    function: str = field(
        converter=checks.function,
        metadata=meta("package.module:name", "what is called", example="riskcore_openalgo.lab.ema_cross:EmaCross"),
    )
    symbols: tuple[str, ...] = field(
        converter=checks.symbols,
        metadata=meta("list", "what it watches: shares at NSE, or EXCHANGE:SYMBOL", example="[RELIANCE, INFY]"),
    )
    interval: str = field(
        default="1m", converter=checks.interval, metadata=meta("1m, 5m, ...", "length of its bars", example="1m")
    )
    live: bool = field(
        default=True,
        converter=checks.flag,
        metadata=meta("true/false", "false: decided on and recorded, nothing is sent", example="false"),
    )
    bars: str = field(
        default="ticks",
        converter=checks.bars_made_of,
        metadata=meta("ticks/history", "what its bars of a live day are made of", example="history"),
    )
    parameters: Mapping[str, Any] = field(
        factory=dict,
        converter=checks.copied,
        metadata=meta("mapping", "handed to it by name", example="{fast: 9, slow: 21}"),
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """The instruments it watches, each with its exchange: `NSE:RELIANCE`."""
        return tuple(symbol if ":" in symbol else f"NSE:{symbol}" for symbol in self.symbols)


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
        converter=checks.http_address,
        metadata=meta("http://host:port", "where OpenAlgo answers"),
    )
    api_key: str | None = field(
        default=None,
        repr=False,
        converter=checks.api_key,
        metadata=meta("text", "made on OpenAlgo's page API Key", example=checks.OPENALGO_EXAMPLE, secret=True),
    )
    ws_url: str | None = field(
        default=None,
        converter=checks.ws_address,
        metadata=meta("ws://host:port", "its price stream; empty: beside host", example="ws://127.0.0.1:8765"),
    )
    ca_file: Path | None = field(
        default=None,
        converter=checks.optional_path,
        metadata=meta("path", "who vouches for its https, where that is an authority of your own", example="ca.pem"),
    )


@frozen(kw_only=True)
class Webhook:
    """Who may post alerts to the intake: a secret for each source, so that one can be withdrawn alone."""

    secrets: Mapping[str, str] = field(
        factory=dict,
        repr=False,
        converter=checks.secrets,
        metadata=meta(
            "text",
            "one for each source of alerts",
            example=checks.SOURCE_EXAMPLE,
            example_key="tradingview",
            key=checks.name,
            item=checks.secret,
            secret=True,
        ),
    )
    old_secrets: Mapping[str, OldSecret] = field(
        factory=dict,
        repr=False,
        converter=checks.old_secrets,
        metadata=meta(
            "by source", "the secret before this one, while both open", example_key="tradingview", key=checks.name
        ),
    )


@frozen(kw_only=True)
class AlertChannels:
    """Where alerts go beside OpenAlgo's Telegram. The addresses hold tokens: they are secrets."""

    channels: Mapping[str, str] = field(
        factory=dict,
        repr=False,
        converter=checks.secrets,
        metadata=meta(
            "Apprise URL",
            "one for each channel; needs the extra alerts",
            example=checks.CHANNEL_EXAMPLE,
            example_key="phone",
            key=checks.name,
            item=checks.secret,
            secret=True,
        ),
    )
    heartbeat_url: str | None = field(
        default=None,
        repr=False,
        converter=checks.beat,
        metadata=meta(
            "http(s)://...",
            "called while all is well: whoever answers there raises the alarm when that ends",
            example=checks.BEAT_EXAMPLE,
            secret=True,
        ),
    )


@frozen(kw_only=True)
class Credentials:
    """What must stay secret: in no repr, no message, no log."""

    openalgo: OpenAlgoAccess = field(factory=OpenAlgoAccess)
    webhook: Webhook = field(factory=Webhook)
    control: ControlAccess = field(factory=ControlAccess)
    alerts: AlertChannels = field(factory=AlertChannels)

    def secrets(self) -> tuple[str, ...]:
        """Every secret there is, for whoever must keep them out of a text."""
        single = (self.openalgo.api_key, self.alerts.heartbeat_url)
        old = (one.secret for one in self.webhook.old_secrets.values())
        several = (*self.webhook.secrets.values(), *old, *self.control.users.values(), *self.alerts.channels.values())
        return tuple(secret for secret in (*single, *several) if secret)


@frozen(kw_only=True)
class Watching:
    """Where `/metrics` and `/healthz` are served; to this machine alone unless told otherwise."""

    host: str = field(default="127.0.0.1", converter=checks.host, metadata=meta("address", "who can reach it"))
    port: int | None = field(
        default=8782,
        converter=checks.optional_port,
        metadata=meta("port", "where it listens; empty: it is not served"),
    )


@frozen(kw_only=True)
class Logging:
    """The log of a runner."""

    folder: Path | None = field(
        default=Path("logs"),
        converter=checks.optional_path,
        metadata=meta("path", "where files go; empty: none is written"),
    )
    level: str = field(
        default="info", converter=checks.level, metadata=meta("debug/info/warning/error", "the mildest kept")
    )
    json: bool = field(
        default=False, converter=checks.flag, metadata=meta("true/false", "one JSON object a line in the files")
    )
    rotate_mb: int = field(
        default=20,
        converter=checks.megabytes,
        metadata=meta("MB", "a file is closed at that size, and at midnight"),
    )
    keep_days: int = field(default=30, converter=checks.days, metadata=meta("days", "older files are deleted"))


@frozen(kw_only=True)
class InstrumentGiven:
    """What the user says of a symbol; what is None comes from the shipped tables or from OpenAlgo."""

    tick: Decimal | None = field(
        default=None, converter=checks.tick, metadata=meta("rupees", "price step", example="0.05")
    )
    lot_size: int | None = field(
        default=None, converter=checks.lot_size, metadata=meta("shares", "quantity step", example="1")
    )
    sector: str | None = field(
        default=None,
        converter=checks.optional_text,
        metadata=meta("text", "bucket of the sector limit", example="Energy"),
    )
    derivatives_listed: bool | None = field(
        default=None,
        converter=checks.listed,
        metadata=meta("true/false", "futures or options exist on it", example="true"),
    )
    kind: str | None = field(
        default=None,
        converter=checks.kind,
        metadata=meta("text", "stock, etf (of Indian shares) or etf_without_stt: what is charged", example="etf"),
    )


@frozen(kw_only=True)
class Alerting:
    """Who is told what must be looked at now, beside the log."""

    telegram_user: str | None = field(
        default=None,
        converter=checks.optional_text,
        metadata=meta("OpenAlgo user", "told through OpenAlgo's own Telegram bot", example="asha"),
    )
    login_times: tuple[time, ...] = field(
        default=MORNING,
        converter=checks.clock_times,
        metadata=meta("list of times", "when to say on a trading day that a login is needed", item=checks.clock_time),
    )
    least: str = field(
        default="info",
        converter=checks.severity,
        metadata=meta(
            "detail/info/warning/critical",
            "the mildest that is told to channels; detail: refusals too; the log has all",
        ),
    )
    quiet_from: time | None = field(
        default=None,
        converter=checks.optional_clock_time,
        metadata=meta('IST "HH:MM"', "from then on only what is critical is told; the rest waits", example='"22:00"'),
    )
    quiet_until: time | None = field(
        default=None,
        converter=checks.optional_clock_time,
        metadata=meta('IST "HH:MM"', "until then", example='"07:00"'),
    )
    repeat_s: int = field(
        default=300,
        converter=checks.seconds,
        metadata=meta("seconds", "the same is not told again sooner; a critical one that stands is told again then"),
    )
    heartbeat_s: int = field(
        default=60,
        converter=checks.seconds,
        metadata=meta("seconds", "how often heartbeat_url is called while all is well"),
    )
    summary_at: time | None = field(
        default=time(15, 45),
        converter=checks.optional_clock_time,
        metadata=meta('IST "HH:MM"', "when the day is summed up; empty: never"),
    )
    calendar_days: int = field(
        default=30,
        converter=checks.days,
        metadata=meta("days", "so long before the market calendar ends it is told each trading day"),
    )

    def __attrs_post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet_from and quiet_until belong together: write both, or neither")


@frozen(kw_only=True)
class System:
    """The machine around the policy: mode, journal, intake, and symbols that the tables do not know."""

    mode: str = field(default=PAPER, converter=checks.mode, metadata=meta("paper/live", "where orders go"))
    journal: Path = field(
        default=Path("journal/riskcore.db"),
        converter=checks.journal,
        metadata=meta("path", "every input and every fact; seen from where riskcore is started", any_script=True),
    )
    tables: Path | None = field(
        default=None,
        converter=checks.optional_path,
        metadata=meta("path", "market tables of your own, a folder or a file; seen from this file", example="tables"),
    )
    watch: tuple[str, ...] = field(
        default=(),
        converter=checks.watched,
        metadata=meta("list", "instruments whose prices are kept fresh for alerts", example="[NSE:RELIANCE, INFY]"),
    )
    hard_caps: HardCaps = field(factory=HardCaps)
    collateral_counts: bool = field(
        default=False,
        converter=checks.flag,
        metadata=meta("true/false", "what the broker lends on pledged shares is equity, and can be spent"),
    )
    sources: Mapping[str, AlertSource] = field(
        factory=dict,
        converter=checks.copied,
        metadata=meta("by source", "how its alerts are read and bounded", example_key="tradingview", key=checks.name),
    )
    control: ControlPage = field(factory=ControlPage)
    intake: Intake = field(factory=Intake)
    alerting: Alerting = field(factory=Alerting)
    metrics: Watching = field(factory=Watching)
    logging: Logging = field(factory=Logging)
    reload: bool = field(
        default=True,
        converter=checks.flag,
        metadata=meta("true/false", "take a changed policy or key into a running day"),
    )
    instruments: Mapping[str, InstrumentGiven] = field(
        factory=dict,
        converter=checks.copied,
        metadata=meta("by symbol", "what the tables lack", example_key="RELIANCE", key=checks.symbol),
    )

    def __attrs_post_init__(self) -> None:
        places = {"intake": (self.intake.host, self.intake.port), "control": (self.control.host, self.control.port)}
        if self.metrics.port is not None:
            places["metrics"] = self.metrics.host, self.metrics.port
        for name, other in itertools.combinations(places, 2):
            if places[name] == places[other]:
                what = f"{name}.port and {other}.port are both {places[name][1]}"
                raise ValueError(f"{what}, where one of them alone can listen; give each its own")


@frozen
class Source:
    """One of the four files as it was read: where, and the SHA-256 of its bytes (None: it is not there)."""

    path: Path
    sha256: str | None


@frozen(kw_only=True)
class Settings:
    """Everything a desk or a runner is started with. `Settings()` is what empty files come to.

    `plain_secrets` are the places of secrets that anybody who can read the file can read.
    """

    policy: rc.Policy = field(factory=rc.Policy)
    strategies: tuple[Strategy, ...] = field(
        default=(), converter=_strategies, metadata=meta("list", "strategies of your own")
    )
    credentials: Credentials = field(factory=Credentials)
    system: System = field(factory=System)
    sources: tuple[Source, ...] = ()
    plain_secrets: tuple[Problem, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The instruments that are watched, or that a strategy looks at, each once: `NSE:RELIANCE`."""
        looked_at = (key for strategy in self.strategies for key in strategy.keys)
        return tuple(dict.fromkeys((*self.system.watch, *looked_at)))
