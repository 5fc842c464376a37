"""The channels of the settings: OpenAlgo's own Telegram bot, and Apprise for the rest (mail, push, chat rooms)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from riskcore_openalgo.alarms.delivery import Channel
from riskcore_openalgo.config.problems import ConfigurationError, Problem

if TYPE_CHECKING:
    from riskcore_openalgo.client import Client
    from riskcore_openalgo.config import Settings

TELEGRAM: Final = "telegram"
MISSING: Final = 'channels under alerts: in api_credentials.yaml need Apprise: pip install "riskcore[alerts]"'
WHERE: Final = "api_credentials.yaml"


def channels_of(settings: Settings, client: Client) -> tuple[Channel, ...]:
    """The channels that are set up; `ConfigurationError` naming one whose address is none, without showing it."""
    user = settings.system.alerting.telegram_user
    found = [] if user is None else [Channel(TELEGRAM, partial(client.telegram, username=user))]
    found += [apprise_channel(name, url) for name, url in settings.credentials.alerts.channels.items()]
    return tuple(found)


def apprise_channel(name: str, url: str) -> Channel:
    """A channel over Apprise."""
    try:
        import apprise
    except ImportError as missing:
        raise ImportError(MISSING) from missing
    sender = apprise.Apprise()
    if not sender.add(url):
        what = "Apprise knows no such address; its documentation lists them (it is not shown here: it holds a token)"
        raise ConfigurationError([Problem(WHERE, None, f"alerts.channels.{name}", what)])
    return Channel(name, lambda text: bool(sender.notify(body=text)))
