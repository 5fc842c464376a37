"""The intake of a running day: its sources from the settings, and the server that takes their alerts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from riskcore_openalgo.config import AlertSource
from riskcore_openalgo.config.loader import CREDENTIALS_FILE
from riskcore_openalgo.config.problems import ConfigurationError, Problem
from riskcore_openalgo.logs import access_log
from riskcore_openalgo.runner.alerts import AlertDesk
from riskcore_openalgo.web.gate import Secret, SourceRules, Sources, networks
from riskcore_openalgo.web.mapping import FieldMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskcore_openalgo.config import Settings
    from riskcore_openalgo.runner.runner import Runner
    from riskcore_openalgo.web.server import Server

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


@contextlib.contextmanager
def receiving(
    settings: Settings, runner: Runner, tell: Callable[[str], None], sources: Sources
) -> Iterator[Server | None]:
    """Take alerts of `sources` (`sources_of`) for as long as the context lasts; None, and nobody listens, without any.

    Others may be put into their place meanwhile (`Sources.replace`).
    """
    place = settings.system.intake
    if not sources.asked:
        yield None
        return
    from riskcore_openalgo.web.intake import intake_app
    from riskcore_openalgo.web.server import serve

    app = intake_app(
        AlertDesk(runner).submit,
        sources=sources,
        clock=runner.clock,
        max_body_bytes=place.max_body_bytes,
        trusted_proxies=place.trusted_proxies,
        lockout_after=place.lockout_after,
        lockout_s=place.lockout_s,
        tell=tell,
    )
    with serve(
        access_log(app), place.host, place.port, certfile=place.ssl_certfile, keyfile=place.ssl_keyfile
    ) as server:
        yield server
