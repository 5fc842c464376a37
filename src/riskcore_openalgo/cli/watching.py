"""What stands around a live day beside trading: the log, metrics and health, the sign of life, the reload of files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from riskcore_openalgo.alarms.heartbeat import Heartbeat
from riskcore_openalgo.client import Client
from riskcore_openalgo.config import ConfigurationError, Settings
from riskcore_openalgo.logs import access_log
from riskcore_openalgo.metrics import Metrics, Seen, healthy
from riskcore_openalgo.runner.assembly import Day
from riskcore_openalgo.runner.reloading import Reloader, Swaps
from riskcore_openalgo.web.names import asked_locally
from riskcore_openalgo.web.server import serve
from riskcore_openalgo.web.watch import watch_app

if TYPE_CHECKING:
    from riskcore_openalgo.journal import Journal

CA_VARIABLES: Final = ("SSL_CERT_FILE", "WEBSOCKET_CLIENT_CA_BUNDLE")
"""Where the two clients of OpenAlgo look for who vouches for its https and wss."""
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]", "::1")


@contextlib.contextmanager
def trusting(settings: Settings, folder: Path | None) -> Iterator[None]:
    """Have OpenAlgo's https and wss vouched for by `ca_file`, for as long as the context lasts."""
    wanted = settings.credentials.openalgo.ca_file
    if wanted is None:
        yield
        return
    path = wanted if folder is None or wanted.is_absolute() else folder / wanted
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; ca_file under openalgo: in api_credentials.yaml names it")
    before = {name: os.environ.get(name) for name in CA_VARIABLES}
    os.environ.update(dict.fromkeys(CA_VARIABLES, str(path)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def refuse_plain(settings: Settings, *, real: bool) -> None:
    """With real money no secret stands in plain text; `ConfigurationError` with the line of each that does."""
    if real and settings.plain_secrets:
        raise ConfigurationError(settings.plain_secrets)


def unsafe(settings: Settings) -> list[str]:
    """What somebody on the network could read or reach, in words for the banner."""
    found, access, intake = [], settings.credentials.openalgo, settings.system.intake
    if access.host.startswith("http://") and not access.host.removeprefix("http://").startswith(LOOPBACK):
        found.append(f"OpenAlgo at {access.host} without https: whoever is on the way reads the key")
    if intake.host not in LOOPBACK and intake.ssl_certfile is None:
        found.append(f"alerts are taken at {intake.host} without https: put a proxy with TLS before it")
    page = settings.system.control
    if settings.credentials.control.users and page.host not in LOOPBACK and not page.secure:
        found.append(f"the control page is served at {page.host} without https: whoever is on the way reads passwords")
    if settings.system.metrics.host not in LOOPBACK:
        found.append(f"/metrics at {settings.system.metrics.host} shows the account to whoever can reach it")
    return found


@contextlib.contextmanager
def watched(settings: Settings, day: Day, client: Client, journal: Journal, metrics: Metrics) -> Iterator[None]:
    """Metrics and health on their port, and the sign of life, for as long as the context lasts."""
    live, place, beating = day.live, settings.system.metrics, list[Heartbeat]()
    seen = Seen(
        clock=live.runner.clock,
        state=lambda: live.state,
        policy=lambda: live.runner.policy,
        turned_at=lambda: live.turned_at,
        price_ages=live.price_ages,
        prices_unused=live.prices_unused,
        books_at=live.books_at,
        queue=lambda: live.transport.waiting,
        intake=metrics.intake,
        lanes=live.lanes_waiting,
        channels=lambda: day.alarms.deliveries,
        heartbeat=lambda: beating[0].failures if beating else None,
        journal=lambda: (journal.length, journal.trouble),
    )
    metrics.look_at(seen)
    client.observe(metrics.called)
    with contextlib.ExitStack() as opened:
        url, every_s = settings.credentials.alerts.heartbeat_url, settings.system.alerting.heartbeat_s
        if url:
            beating.append(Heartbeat(url, every_s, lambda: healthy(seen)[0], day.alarms.tell))
            opened.callback(beating[0].close)
        if place.port is not None:
            app = access_log(asked_locally(watch_app(metrics, lambda: healthy(seen)), place.host))
            try:
                server = opened.enter_context(serve(app, place.host, place.port))
            except (OSError, RuntimeError) as problem:  # nothing is traded by it: the day goes on without
                day.alarms.tell(f"no metrics at {place.host}:{place.port}: {problem}", name="metrics_not_served")
            else:
                print(f"metrics: {server.url}/metrics, {server.url}/healthz", flush=True)
        yield


@contextlib.contextmanager
def reloading(
    settings: Settings,
    folder: Path | None,
    day: Day,
    *,
    swaps: Swaps,
    real: bool,
) -> Iterator[None]:
    """Take changed files into the day, for as long as the context lasts."""
    if folder is None or not settings.system.reload:
        yield
        return
    runner = day.live.runner
    watcher = Reloader(
        folder,
        settings,
        clock=runner.clock,
        offer=runner.offer,
        state=lambda: day.live.state,
        tell=day.alarms.tell,
        swaps=swaps,
        plain_allowed=not real,
    )
    watcher.start()
    try:
        yield
    finally:
        watcher.close()
