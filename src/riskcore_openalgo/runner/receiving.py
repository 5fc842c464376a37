"""The intake of a running day: its sources from the settings, and the server that takes their alerts."""

from __future__ import annotations

import contextlib
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.config import AlertSource
from riskcore_openalgo.config.loader import CREDENTIALS_FILE
from riskcore_openalgo.config.problems import ConfigurationError, Problem
from riskcore_openalgo.logs import access_log
from riskcore_openalgo.runner.alerts import AlertDesk
from riskcore_openalgo.runner.intake_child import Spec, Ticks
from riskcore_openalgo.runner.intake_process import IntakeProcess
from riskcore_openalgo.runner.receipts import Row, Seen, receipts_beside
from riskcore_openalgo.web.gate import Secret, SourceRules, Sources, networks
from riskcore_openalgo.web.mapping import FieldMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from riskcore_openalgo.config import Intake, Settings
    from riskcore_openalgo.journal import Journal
    from riskcore_openalgo.runner.runner import Runner
    from riskcore_openalgo.web.server import Server

LOG: Final = logging.getLogger("riskcore")
BARE: Final = "this source is described and has no secret: write one, or take the source out of the configuration"


def sources_of(settings: Settings) -> dict[str, SourceRules]:
    """Every source that has a secret. `ConfigurationError` for one that is described and has none: it would be lost.

    An old secret opens until its time; without a new one beside it, it is a mistake too.
    """
    webhook, described = settings.credentials.webhook, settings.system.sources
    bare = sorted({name for name in (*described, *webhook.old_secrets) if name not in webhook.secrets})
    if bare:
        raise ConfigurationError(Problem(CREDENTIALS_FILE, None, f"webhook.secrets.{name}", BARE) for name in bare)
    return {name: _rules(settings, name) for name in webhook.secrets}


def _rules(settings: Settings, name: str) -> SourceRules:
    webhook = settings.credentials.webhook
    said, old = settings.system.sources.get(name, AlertSource()), webhook.old_secrets.get(name)
    secrets = [Secret(webhook.secrets[name])] + ([] if old is None else [Secret(old.secret, old.until)])
    return SourceRules(
        secrets=tuple(secrets),
        addresses=networks(said.addresses),
        per_minute=said.per_minute,
        mapping=FieldMap(fields=said.fields, actions=said.actions, symbols=said.symbols, given=said.given),
    )


@frozen(kw_only=True)
class Receiving:
    """What an intake is opened with, beside its settings; `key` is that of an encrypted journal.

    A runner whose clock is not the machine's has the intake go by `ticks`, or by that clock as it is at the start.
    """

    runner: Runner
    journal: Journal
    sources: Sources
    tell: Callable[[str], None]
    alarm: Callable[[str], None]
    key: str | None = field(default=None, repr=False)
    ticks: Ticks | None = None


@contextlib.contextmanager
def receiving(place: Intake, given: Receiving) -> Iterator[Server | None]:
    """Take alerts of the sources (`sources_of`) for as long as the context lasts; without any nobody listens: None.

    Others may be put into their place meanwhile (`Sources.replace`).
    """
    if not given.sources.asked:
        yield None
        return
    with _beside(place, given) if place.own_process else _within(place, given) as server:
        yield server


@contextlib.contextmanager
def _within(place: Intake, given: Receiving) -> Iterator[Server]:
    """In a thread of the runner's process."""
    from riskcore_openalgo.web.intake import intake_app
    from riskcore_openalgo.web.server import serve

    app = intake_app(
        AlertDesk(given.runner).submit,
        sources=given.sources,
        clock=given.runner.clock,
        max_body_bytes=place.max_body_bytes,
        trusted_proxies=place.trusted_proxies,
        lockout_after=place.lockout_after,
        lockout_s=place.lockout_s,
        tell=given.tell,
    )
    certificate = {"certfile": place.ssl_certfile, "keyfile": place.ssl_keyfile}
    with serve(access_log(app), place.host, place.port, **certificate) as server:
        yield server


@contextlib.contextmanager
def _beside(place: Intake, given: Receiving) -> Iterator[Server]:
    """In a process of its own."""
    from riskcore_openalgo.web.server import Server

    runner, journal, sources = given.runner, given.journal, given.sources
    process = IntakeProcess(
        lambda: _spec(place, given),
        partial(runner.ask, kept=True),
        recorded=lambda row: _recorded(journal, row),
        standing=lambda: (journal.length, runner.policy.duplicate_window_s),
        tell=given.tell,
        alarm=given.alarm,
    )
    with process.open() as port:
        sources.heard_by(lambda: process.changed(sources))
        try:
            yield Server(place.host, port, secure=place.ssl_certfile is not None, process=process)
        finally:
            sources.heard_by(None)


def _recorded(journal: Journal, row: Row) -> bool:
    """Whether the journal has the input of a row; no, where it cannot be asked: the engine knows a repetition too."""
    try:
        return journal.has(row["type"], row["body"], after=row["after"])
    except Exception as problem:  # noqa: BLE001 - whatever a database says, alerts are taken all the same
        LOG.warning("the journal does not say whether it has an alert: %s", type(problem).__name__)
        return False


def _spec(place: Intake, given: Receiving) -> Spec:
    state, clock = given.runner.state, given.runner.clock
    shown = clock if isinstance(clock, Ticks) else None if clock is now_in_ist else Ticks(clock(), time.monotonic())
    return Spec(
        place=place,
        sources=given.sources.now,
        past=given.sources.past,
        receipts=receipts_beside(given.journal.inbox),
        key=given.key,
        after=given.journal.length,
        seen=Seen(tuple(state.seen), state.receipts, given.runner.policy.duplicate_window_s),
        ticks=given.ticks or shown,
    )
