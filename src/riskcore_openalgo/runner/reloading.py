"""A changed configuration taken into a running day: read, checked, compared, journalled, in force between decisions.

The files are looked at once a second. What changed is read only when it has stood still for a look, so that a file is
not read while it is being written; a file that became empty or went away is taken for half written. On any error the
old configuration stays, and an alarm names place and remedy. A policy becomes an input of the runner, which may keep a
looser one back (see `riskcore.engine.policies`); a new OpenAlgo key is used from the next call on, the secrets of alert
sources from the next alert on, passwords of the control page from the next login on, channels of alerts from the next
alert on. Hard caps and all else that is
built at the start need a restart, and that is told. What is told of a secret is whose it is, never the secret.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import attrs
from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.alarms.channels import addresses, quiet_of
from riskcore_openalgo.config import Settings, load_settings, no_entries, unmet_limits
from riskcore_openalgo.config.problems import ConfigurationError
from riskcore_openalgo.config.table_files import files_of, table_of
from riskcore_openalgo.own_rules import RuleNotFoundError, with_loaded_rules
from riskcore_openalgo.runner.receiving import sources_of
from riskcore_openalgo.web.gate import SourceRules

LOOK_S: Final = 1.0
SHOWN: Final = 8
CAPS: Final = "hard caps"


class Tell(Protocol):
    """How somebody is told: `Alarms.tell`."""

    def __call__(self, text: str, *, name: str = ..., subject: str = ...) -> None:
        """Tell a text under a name."""


@frozen(kw_only=True)
class Swaps:
    """What else can be replaced in a running day, each by a call; None: it is not there, and needs a restart.

    `key` is given a new OpenAlgo key, `sources` those of alerts, `users` the passwords of the control page; `learn` the
    secrets that must be kept out of the log, before any of them is in use. `channels` is given the settings before and
    the wanted ones, refuses them where they cannot be (`ConfigurationError`, `ImportError`), and returns what puts
    the channels in force.
    """

    key: Callable[[str], None] = lambda key: None
    sources: Callable[[Mapping[str, SourceRules]], None] | None = None
    users: Callable[[Mapping[str, str]], None] | None = None
    channels: Callable[[Settings, Settings], Callable[[], None]] | None = None
    learn: Callable[[tuple[str, ...]], None] = lambda secrets: None


NOTHING: Final = Swaps()


class Reloader:
    """Watches the files of a configuration folder for one runner. `look` is one look; `start` looks in a thread."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        offer: Callable[[events.Input], None],
        state: Callable[[], engine.State],
        tell: Tell,
        swaps: Swaps = NOTHING,
        plain_allowed: bool = True,
    ) -> None:
        self.settings, self.reloads, self.refusals = settings, 0, 0
        self._folder, self._clock, self._offer, self._state, self._tell = folder, clock, offer, state, tell
        self._swaps, self._plain_allowed = swaps, plain_allowed
        self._seen = self._stamped()
        # A runner takes a while from its settings to here: what was changed meanwhile is a change too.
        self._stamp: tuple[Any, ...] | None = self._seen if _are_as_read(settings) else None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look once a second, in a thread."""
        self._thread = threading.Thread(target=self._run, name="riskcore-reload", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def look(self) -> None:
        """One look: take what has changed and stood still since the last one; offer again what waited for a session."""
        stamp, before = self._stamped(), self._seen
        self._seen = stamp
        if stamp != self._stamp and stamp == before:
            self._stamp = stamp
            self._take()
        self._offer_again()

    def _run(self) -> None:
        while not self._ending.wait(LOOK_S):
            try:
                self.look()
            except Exception as problem:  # noqa: BLE001 - the old configuration stays, whatever happened
                self._refuse(f"it could not be looked at: {type(problem).__name__}")

    def _take(self) -> None:
        try:
            wanted = load_settings(self._folder)
            wanted = attrs.evolve(wanted, policy=with_loaded_rules(wanted.policy))
            sources, channels = sources_of(wanted), self._channels(wanted)
        except (ConfigurationError, RuleNotFoundError, OSError, ImportError) as wrong:
            self._refuse(str(wrong))
            return
        gone = [path.name for path in self._lost(wanted)]
        if gone:
            self._refuse(f"{', '.join(gone)}: empty, or gone: half written? Write it whole, or restart riskcore")
        elif wanted.plain_secrets and not self._plain_allowed:
            self._refuse("\n".join(map(str, wanted.plain_secrets)))
        else:
            self._apply(wanted, sources, channels)

    def _channels(self, wanted: Settings) -> Callable[[], None] | None:
        """What puts other channels in force; None where they are the same, or nobody can."""
        same = _told_as(wanted) == _told_as(self.settings)
        return None if same or self._swaps.channels is None else self._swaps.channels(self.settings, wanted)

    def _apply(self, wanted: Settings, sources: Mapping[str, SourceRules], channels: Callable[[], None] | None) -> None:
        before, self.settings = self.settings, wanted
        self._swaps.learn(wanted.credentials.secrets())
        told = self._swapped(before, wanted, sources)
        if channels is not None:
            channels()
            told.append(f"alert channels: {_differ(addresses(before), addresses(wanted)) or 'when they are told'}")
        changes = rc.policy_changes(before.policy, wanted.policy)
        if changes:
            self._offer(events.PolicyLoaded(self._clock(), wanted.policy))
            looser = any(one.looser for one in changes)
            told.append("policy: " + _said(changes) + ("; while the day is in loss all of it waits" if looser else ""))
            told += self._undone(changes, wanted.policy)
        later = needs_a_restart(before, wanted, self._swaps)
        if later:
            told.append(f"only after a restart: {', '.join(later)}")
        if told:
            for found in (no_entries, unmet_limits):
                told += [each for each in found(wanted) if each not in found(before)]
            self.reloads += 1
            self._tell("; ".join(told), name="configuration_changed", subject=str(self.reloads))

    def _undone(self, changes: tuple[rc.Change, ...], wanted: rc.Policy) -> list[str]:
        """What a hand had set or scheduled and this file does not: the file rules alone from now on, there too."""
        by_hand, told = self._state().control, []
        if rc.policy_hash(wanted) == by_hand.base:
            return []
        named = {one.key for one in changes}
        for what, policy in (("set", by_hand.policy), ("scheduled", by_hand.next_policy)):
            differs = () if policy is None else rc.policy_changes(policy, wanted)
            found = tuple(one for one in differs if one.key not in named)
            told += [f"{what} by hand, and as the files say again: {_said(found)}"] if found else []
        return told

    def _swapped(self, before: Settings, wanted: Settings, sources: Mapping[str, SourceRules]) -> list[str]:
        """Replace what can be; what was, in words that hold no secret."""
        told, swaps = [], self._swaps
        key = wanted.credentials.openalgo.api_key
        if key and key != before.credentials.openalgo.api_key:
            swaps.key(key)
            told.append("another OpenAlgo key is in use")
        alerts = _differ(sources_of(before), sources)
        if alerts and swaps.sources is not None:
            swaps.sources(sources)
            told.append(f"sources of alerts: {alerts}")
        users = _differ(before.credentials.control.users, wanted.credentials.control.users)
        if users and swaps.users is not None:
            swaps.users(wanted.credentials.control.users)
            told.append(f"passwords of the control page: {users}")
        return told

    def _offer_again(self) -> None:
        """A looser policy that was confirmed comes with the next session, if it is still what the files say."""
        state = self._state()
        held, session = state.held_policy, state.book.session
        if held is None or not held.confirmed or session is None or held.session is None or session <= held.session:
            return
        if rc.policy_hash(self.settings.policy) == held.policy_hash:
            self._offer(events.PolicyLoaded(self._clock(), self.settings.policy))

    def _refuse(self, why: str) -> None:
        self.refusals += 1
        lines = why.split("\n")
        more = f" (and {len(lines) - SHOWN} more)" if len(lines) > SHOWN else ""
        text = f"the old configuration stays: {'; '.join(lines[:SHOWN])}{more}"
        self._tell(text, name="configuration_refused", subject=str(self.refusals))

    def _lost(self, wanted: Settings) -> list[Path]:
        """Files that became empty, or went away; not a table whose folder has another file of it by now."""
        read = {table_of(source.path) for source in wanted.sources if source.sha256}
        emptied = [source.path for source in self.settings.sources if source.sha256 and _emptied(source.path)]
        return [path for path in emptied if path.exists() or table_of(path) not in read]

    def _stamped(self) -> tuple[Any, ...]:
        """What tells that a file is another: when it was written, and its size; of the four, and of all tables."""
        known = {source.path for source in self.settings.sources}
        known.update(files_of(self._folder, self.settings.system.tables))
        return tuple((str(path), *_stat(path)) for path in sorted(known))


def _are_as_read(settings: Settings) -> bool:
    """Whether each file is what the settings were read from."""
    return all(_digest(source.path) == source.sha256 for source in settings.sources)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def needs_a_restart(before: Settings, after: Settings, swaps: Swaps = NOTHING) -> list[str]:
    """What differs between two configurations and is built once, at the start, or has nobody who could replace it."""
    names = [field.name for field in attrs.fields(type(before.system))]
    differ = [name for name in names if getattr(before.system, name) != getattr(after.system, name)]
    if swaps.sources is not None and "sources" in differ:
        differ.remove("sources")
    if swaps.channels is not None and "alerting" in differ and _at_the_start(before) == _at_the_start(after):
        differ.remove("alerting")
    found = [CAPS if name == "hard_caps" else f"system.{name}" for name in differ]
    if before.strategies != after.strategies:
        found.append("strategies")
    one, other = before.credentials, after.credentials
    if one.webhook != other.webhook and swaps.sources is None:
        found.append("secrets of the webhook (no source had one at the start)")
    if one.control != other.control and swaps.users is None:
        found.append("passwords of the control page (it is not served)")
    if one.alerts.channels != other.alerts.channels and swaps.channels is None:
        found.append("alert channels")
    if one.alerts.heartbeat_url != other.alerts.heartbeat_url:
        found.append("heartbeat_url")
    if (one.openalgo.host, one.openalgo.ws_url) != (other.openalgo.host, other.openalgo.ws_url):
        found.append("the address of OpenAlgo")
    return found


def _told_as(settings: Settings) -> tuple[Any, ...]:
    """Who is told, and when: what channels are made of."""
    return addresses(settings), quiet_of(settings.system.alerting)


def _at_the_start(settings: Settings) -> Any:
    """What of `alerting` is looked at once, at the start."""
    usual = type(settings.system.alerting)()
    told = ("telegram_user", "least", "quiet_from", "quiet_until", "repeat_s")
    return attrs.evolve(settings.system.alerting, **{name: getattr(usual, name) for name in told})


def _differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Whose entry is new, another or gone; never what it is."""
    said = [f"{name} added" for name in after if name not in before]
    said += [f"{name} changed" for name in after if name in before and after[name] != before[name]]
    said += [f"{name} removed" for name in before if name not in after]
    return ", ".join(said)


def _said(changes: tuple[rc.Change, ...]) -> str:
    shown = [_change(one) for one in changes[:SHOWN]]
    return ", ".join(shown) + (f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else "")


def _change(one: rc.Change) -> str:
    """One setting; of the tables, which may have thousands of rows, that they are others."""
    values = "" if one.key == "tables" else f" {one.before} -> {one.after}"
    return f"{one.key}{values}{' (looser)' if one.looser else ''}"


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size


def _emptied(path: Path) -> bool:
    return _stat(path)[1] <= 0
