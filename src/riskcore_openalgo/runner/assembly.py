"""The parts of a live day put together from settings: for `live`, `shadow` and `paper`, over one client.

| mode | prices and bars | orders | money | books compared |
|---|---|---|---|---|
| live | OpenAlgo | OpenAlgo, live or its analyzer | the account's | yes |
| shadow | OpenAlgo | withheld: what they would have come to is recorded | the account's, as it opened | no |
| paper | OpenAlgo | simulated | `default_capital` | no |
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.alarms import Alarms, Quiet
from riskcore_openalgo.alarms.channels import channels_of
from riskcore_openalgo.client import Client, InstrumentCache, Quote, ReadFailed
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.config import Settings
from riskcore_openalgo.gateways.caps import SentToday, entries_of
from riskcore_openalgo.gateways.mode import ModeGuard
from riskcore_openalgo.gateways.openalgo import OpenAlgoGateway
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.live_feed import LiveFeed, by_calendar
from riskcore_openalgo.live_feed.live import LIVE as FEED_LIVE, PAPER as FEED_PAPER
from riskcore_openalgo.runner.account import Account
from riskcore_openalgo.runner.bar_watch import BarWatch, Watched
from riskcore_openalgo.runner.daily import Daily
from riskcore_openalgo.runner.evidence import LiveEvidence, PaperMoney
from riskcore_openalgo.runner.history import History, bars_for
from riskcore_openalgo.runner.inbox import Inbox
from riskcore_openalgo.runner.lanes import Gateway
from riskcore_openalgo.runner.live import Live, Parts
from riskcore_openalgo.runner.mornings import Mornings
from riskcore_openalgo.runner.ports import Seldom, Together
from riskcore_openalgo.runner.pulse import Pulse
from riskcore_openalgo.runner.strategies import OnBar, load_strategy, named
from riskcore_openalgo.runner.threads import ThreadLanes

LIVE: Final = "live"
SHADOW: Final = "shadow"
PAPER: Final = "paper"
MODES: Final = (LIVE, SHADOW, PAPER)
SANDBOX: Final = "sandbox"
NO_BROKER: Final = "paper"
INBOX_EVERY: Final = timedelta(seconds=0.2)


@frozen(kw_only=True)
class Day:
    """A live day that was put together, with what a command line shows of it. `close` ends its threads."""

    live: Live
    alarms: Alarms
    inbox: Inbox
    wake: threading.Event
    close: Callable[[], None]


def assembled(
    settings: Settings,
    client: Client,
    journal: Journal,
    *,
    mode: str,
    analyzer: bool = False,
    clock: Callable[[], datetime] = now_in_ist,
    monotonic: Callable[[], float] = time.monotonic,
    api_key: Callable[[], str],
    watchers: tuple[Callable[[events.Fact], None], ...] = (),
) -> Day:
    """Everything a day needs, not started yet. `api_key` is asked for by the price stream at each login.

    `watchers` see each fact.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    return _Assembly(settings, client, journal, mode, analyzer, clock, monotonic, api_key, watchers).day()


@frozen
class _Assembly:
    settings: Settings
    client: Client
    journal: Journal
    mode: str
    analyzer: bool
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    api_key: Callable[[], str]
    watchers: tuple[Callable[[events.Fact], None], ...] = ()

    def day(self) -> Day:
        """Put it together."""
        policy, client, standing = self.settings.policy, self.client, Standing(self.settings.policy)
        alerting = self.settings.system.alerting
        wake, opened, alarms, known = threading.Event(), ExitStack(), self._alarms(), self._known()
        opened.callback(alarms.close)
        inbox = Inbox(self.journal.inbox, self.journal, tell=partial(alarms.tell, name="request_refused"))
        history = History(client, bars=bars_for(policy))
        guard = ModeGuard(client, "analyze" if self.analyzer else "live", monotonic=self.monotonic)
        account, feed = self._account(guard, known.cache), self._feed(wake, known)
        evidence = self._evidence(account, known, history, feed, standing)
        paper = None if self.mode == LIVE else PaperGateway()
        gateway: Gateway = self._gateway(guard) if paper is None else paper
        lanes = ThreadLanes(gateway, evidence, clock=self.clock, failed=partial(_failed, alarms))
        parts = Parts(
            journal=self.journal,
            policy=policy,
            lanes=lanes,
            feed=feed,
            bars=BarWatch(history, known.instrument, standing.policy, self.clock, self._strategies()),
            alarms=alarms,
            mornings=Mornings(alerting.login_times),
            daily=Daily(alerting.summary_at, alerting.login_times, alerting.calendar_days),
            clock=self.clock,
            wake=wake,
            watched=self.settings.system.watch,
            account=account if self.mode == LIVE else None,
            paper=paper,
            capability=None if self.mode == LIVE else rc.capability(NO_BROKER, on=self.clock().date()),
            watchers=self.watchers,
            timers=Together(Pulse(standing.state), Seldom(inbox, INBOX_EVERY)),
        )
        opened.callback(lanes.close)
        opened.callback(feed.stop)
        live = standing.of(Live(parts))
        alarms.through(live.runner.offer)
        return Day(live=live, alarms=alarms, inbox=inbox, wake=wake, close=opened.close)

    def _evidence(
        self, account: Account, known: Known, history: History, feed: LiveFeed, standing: Standing
    ) -> LiveEvidence:
        return LiveEvidence(
            self.client,
            money=PaperMoney(standing.policy) if self.mode == PAPER else account,
            instruments=known.cache,
            history=history,
            prices=feed.prices,
            policy=standing.policy,
            held=standing.held,
            clock=self.clock,
        )

    def _known(self) -> Known:
        tables, given = self.settings.policy.tables, self.settings.system.instruments
        return Known(InstrumentCache(self.client, tables=tables, given=given), self.clock)

    def _account(self, guard: ModeGuard, instruments: InstrumentCache) -> Account:
        return Account(
            self.client,
            guard=guard,
            clock=self.clock,
            instruments=instruments,
            broker=SANDBOX if self.analyzer else None,
            tables=self.settings.policy.tables,
        )

    def _gateway(self, guard: ModeGuard) -> OpenAlgoGateway:
        today = self.clock().date()
        sent = SentToday(today, entries_of(self.journal.load().state.book, today))
        caps = self.settings.system.hard_caps
        return OpenAlgoGateway(self.client, guard=guard, clock=self.clock, caps=caps, sent=sent)

    def _feed(self, wake: threading.Event, known: Known) -> LiveFeed:
        client, tables = self.client, self.settings.policy.tables
        in_paper = self.analyzer or self.mode != LIVE

        def ask(keys: Iterable[str]) -> Mapping[str, Quote | Exception]:
            known.learn(keys)
            return client.quotes(keys, at=self.clock())

        return LiveFeed(
            client.ws_url,
            self.api_key,
            ask,
            mode=FEED_PAPER if in_paper else FEED_LIVE,
            clock=self.clock,
            monotonic=self.monotonic,
            wake=wake.set,
            is_open=by_calendar(known.found, tables=tables),
        )

    def _alarms(self) -> Alarms:
        alerting = self.settings.system.alerting
        return Alarms(
            self.journal,
            channels_of(self.settings, self.client),
            clock=self.clock,
            cursors=self.journal.inbox.with_suffix(".alerts"),
            quiet=Quiet(
                least=alerting.least,
                since=alerting.quiet_from,
                until=alerting.quiet_until,
                repeat_s=alerting.repeat_s,
            ),
        )

    def _strategies(self) -> Mapping[Watched, Sequence[OnBar]]:
        made: dict[Watched, list[OnBar]] = {}
        for strategy in self.settings.strategies:
            for symbol in strategy.symbols:
                on_bar = load_strategy(
                    strategy.function, symbol=symbol, interval=strategy.interval, parameters=strategy.parameters
                )
                made.setdefault((f"NSE:{symbol}", strategy.interval), []).append(named(on_bar, strategy.name))
        return made


class Standing:
    """How things stand in a runner that is not made yet when its parts are: they ask here."""

    def __init__(self, policy: rc.Policy) -> None:
        self._policy = policy
        self._live: Live | None = None

    def of(self, live: Live) -> Live:
        """Ask this one from now on."""
        self._live = live
        return live

    def policy(self) -> rc.Policy:
        """The policy in force."""
        return self._policy if self._live is None else self._live.runner.policy

    def state(self) -> engine.State:
        """The engine's state by now."""
        return engine.State() if self._live is None else self._live.state

    def held(self) -> list[rc.Instrument]:
        """The instruments of what is held."""
        return [position.instrument for position in self.state().book.positions]


class Known:
    """Instruments by their keys, as far as they were looked up; `found` grows and is read by other threads."""

    def __init__(self, cache: InstrumentCache, clock: Callable[[], datetime]) -> None:
        self.found: dict[str, rc.Instrument] = {}
        self.cache, self._clock = cache, clock

    def instrument(self, key: str) -> rc.Instrument:
        """The instrument of a key as of today; `ReadFailed` where nobody knows it."""
        made = self.cache.instrument(*split_key(key), self._clock().date())
        self.found[key] = made
        return made

    def learn(self, keys: Iterable[str]) -> None:
        """Look up those that are not known yet; what cannot be known now is left."""
        for key in keys:
            if key not in self.found:
                try:
                    self.instrument(key)
                except ReadFailed:
                    continue


def _failed(alarms: Alarms, lane: str, problem: Exception) -> None:
    alarms.tell(f"a task of the lane of {lane} failed: {type(problem).__name__}: {_words(problem)}")


def _words(problem: Any) -> str:
    return str(problem).splitlines()[0][:200] if str(problem) else ""
