"""The channels of the settings: OpenAlgo's own Telegram bot, and Apprise for the rest (mail, push, chat rooms)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from riskcore_openalgo.alarms.delivery import Channel, Quiet
from riskcore_openalgo.config.problems import ConfigurationError, Problem

if TYPE_CHECKING:
    from riskcore_openalgo.alarms.alarms import Alarms
    from riskcore_openalgo.client import Client
    from riskcore_openalgo.config import Settings
    from riskcore_openalgo.config.settings import Alerting

TELEGRAM: Final = "telegram"
MISSING: Final = 'channels under alerts: in api_credentials.yaml need Apprise: pip install "riskcore[alerts]"'
WHERE: Final = "api_credentials.yaml"


def channels_of(settings: Settings, client: Client) -> tuple[Channel, ...]:
    """The channels that are set up; `ConfigurationError` naming one whose address is none, without showing it."""
    user = settings.system.alerting.telegram_user
    found = [] if user is None else [Channel(TELEGRAM, partial(client.telegram, username=user))]
    found += [apprise_channel(name, url) for name, url in settings.credentials.alerts.channels.items()]
    return tuple(found)


def quiet_of(alerting: Alerting) -> Quiet:
    """What the settings say of when somebody is told."""
    return Quiet(
        least=alerting.least,
        since=alerting.quiet_from,
        until=alerting.quiet_until,
        repeat_s=alerting.repeat_s,
    )


def addresses(settings: Settings) -> dict[str, str]:
    """Each channel's name and where it leads; tokens are in it."""
    user = settings.system.alerting.telegram_user
    return ({} if user is None else {TELEGRAM: user}) | dict(settings.credentials.alerts.channels)


def replacing(alarms: Alarms, client: Client) -> Callable[[Settings, Settings], Callable[[], None]]:
    """What takes the channels of a changed configuration into a running day.

    Given the settings before and the wanted ones it checks the channels, and returns what puts them in force.
    `ConfigurationError` and `ImportError` as `channels_of`; then nothing has changed.
    """

    def prepare(before: Settings, wanted: Settings) -> Callable[[], None]:
        channels, was, will = channels_of(wanted, client), addresses(before), addresses(wanted)
        changed = {name for name in was if will.get(name) != was[name]}
        return partial(alarms.replace, channels, quiet=quiet_of(wanted.system.alerting), changed=changed)

    return prepare


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
