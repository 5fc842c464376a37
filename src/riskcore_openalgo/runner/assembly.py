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
from typing import Final

from attrs import evolve, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.alarms import Alarms
from riskcore_openalgo.alarms.channels import channels_of, quiet_of
from riskcore_openalgo.client import Client, InstrumentCache, Quote
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.config import Settings
from riskcore_openalgo.gateways.caps import CappedPaper, SentToday, entries_of
from riskcore_openalgo.gateways.mode import ModeGuard
from riskcore_openalgo.gateways.openalgo import OpenAlgoGateway
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab.strategy import Own, own_strategy
from riskcore_openalgo.live_feed import LiveFeed, by_calendar
from riskcore_openalgo.live_feed.live import LIVE as FEED_LIVE, PAPER as FEED_PAPER
from riskcore_openalgo.portfolio import SANDBOX
from riskcore_openalgo.runner.account import Account
from riskcore_openalgo.runner.bar_watch import BarWatch, Watched, most_of
from riskcore_openalgo.runner.clock_back import NAME as CLOCK_BACK, ClockBack
from riskcore_openalgo.runner.daily import Daily
from riskcore_openalgo.runner.evidence import LiveEvidence, PaperMoney
from riskcore_openalgo.runner.fence import Fence, fence_of
from riskcore_openalgo.runner.history import History, bars_for
from riskcore_openalgo.runner.inbox import Inbox
from riskcore_openalgo.runner.known import SYMBOL_UNKNOWN, Known
from riskcore_openalgo.runner.lanes import Gateway
from riskcore_openalgo.runner.ledger import Ledger
from riskcore_openalgo.runner.live import Live, Parts
from riskcore_openalgo.runner.mornings import Mornings
from riskcore_openalgo.runner.ports import Seldom, Together
from riskcore_openalgo.runner.pulse import Pulse
from riskcore_openalgo.runner.schedule import Schedule
from riskcore_openalgo.runner.settling import Settling
from riskcore_openalgo.runner.threads import ThreadLanes
from riskcore_openalgo.runner.tick_bars import TickBars

LIVE: Final = "live"
SHADOW: Final = "shadow"
PAPER: Final = "paper"
MODES: Final = (LIVE, SHADOW, PAPER)

NO_BROKER: Final = "paper"
INBOX_EVERY: Final = timedelta(seconds=0.2)


@frozen(kw_only=True)
class Day:
    """A live day that was put together, with what a command line and a page show of it. `close` ends its threads."""

    live: Live
    feed: LiveFeed
    fence: Fence
    ledger: Ledger
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
    paper: PaperGateway | None = None,
    watchers: tuple[Callable[[events.Fact], None], ...] = (),
) -> Day:
    """Everything a day needs, not started yet. `api_key` is asked for by the price stream at each login.

    `paper` is the broker of a day whose orders are withheld, the ideal one where it is not given. `watchers` see each
    fact.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    return _Assembly(
        settings, client, journal, mode, analyzer, clock, monotonic, api_key, paper or PaperGateway(), watchers
    ).day()


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
    paper: PaperGateway
    watchers: tuple[Callable[[events.Fact], None], ...] = ()

    def day(self) -> Day:
        """Put it together."""
        standing, alerting = Standing(self._policy()), self.settings.system.alerting
        wake, opened, known = threading.Event(), ExitStack(), self._known(alarms := self._alarms())
        opened.callback(alarms.close)
        inbox = self._inbox(alarms)
        fence, ledger = self._fence(), Ledger(self.journal, standing.state)
        history = self._history(strategies := self._strategies())
        guard = ModeGuard(self.client, "analyze" if self.analyzer else "live", monotonic=self.monotonic)
        account, feed = self._account(guard, known.cache), self._feed(wake, known)
        evidence = self._evidence(account, known, history, feed, standing)
        paper = None if self.mode == LIVE else self.paper
        gateway = self._gateway(guard, standing, fence, account) if paper is None else self._capped(paper)
        lanes, schedule = self._lanes(gateway, evidence, standing, alarms), self._schedule(standing, strategies)
        parts = Parts(
            journal=self.journal,
            policy=standing.policy(),
            lanes=lanes,
            feed=feed,
            bars=self._bars(history, known, standing, strategies, alarms),
            alarms=alarms,
            mornings=Mornings(alerting.login_times),
            daily=Daily(alerting.summary_at, alerting.login_times, alerting.calendar_days),
            clock=self.clock,
            wake=wake,
            watched=self.settings.system.watch,
            account=account if self.mode == LIVE else None,
            paper=paper,
            capability=None if self.mode == LIVE else rc.capability(NO_BROKER, on=self.clock().date()),
            schedule=schedule,
            settling=None if self.mode == LIVE else Settling(self.client, self.clock),
            watchers=(ledger.watch, ClockBack(partial(alarms.tell, name=CLOCK_BACK)).watch, *self.watchers),
            timers=Together(Pulse(standing.state), Seldom(inbox, INBOX_EVERY)),
        )
        for end in (lanes.close, feed.stop, schedule.stop):
            opened.callback(end)
        live = standing.of(Live(parts))
        alarms.through(live.runner.offer)
        return Day(
            live=live, feed=feed, fence=fence, ledger=ledger, alarms=alarms, inbox=inbox, wake=wake, close=opened.close
        )

    def _inbox(self, alarms: Alarms) -> Inbox:
        told = partial(alarms.tell, name="request_refused")
        return Inbox(self.journal.inbox, self.journal, tell=told, other_clock=self.clock is not now_in_ist)

    def _fence(self) -> Fence:
        return Fence(fence_of(self.journal.inbox), self.journal.taken)

    def _lanes(self, gateway: Gateway, evidence: LiveEvidence, standing: Standing, alarms: Alarms) -> ThreadLanes:
        return ThreadLanes(
            gateway,
            evidence,
            clock=self.clock,
            ended=standing.ended,
            at_hand=evidence.at_hand,
            failed=alarms.lane_failed,
        )

    def _policy(self) -> rc.Policy:
        """The settings'; `live_symbols` is for orders that are really sent."""
        policy = self.settings.policy
        return policy if self.mode == LIVE else evolve(policy, live_symbols=None)

    def _history(self, strategies: Mapping[Watched, Sequence[Own]]) -> History:
        """Deep enough for every strategy, and for the ATR."""
        longest = [most_of(interval, [own.warm_up for own in owns]) for (_, interval), owns in strategies.items()]
        wanted = max([bars_for(self.settings.policy), *longest])
        return History(self.client, bars=wanted, tables=self.settings.policy.tables)

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
            book=lambda: standing.state().book,
            clock=self.clock,
        )

    def _bars(
        self,
        history: History,
        known: Known,
        standing: Standing,
        strategies: Mapping[Watched, Sequence[Own]],
        alarms: Alarms,
    ) -> BarWatch:
        ticks = TickBars(known.hours(self.settings.policy.tables))
        return BarWatch(history, known.instrument, standing.policy, self.clock, strategies, ticks, alarms.tell)

    def _schedule(self, standing: Standing, strategies: Mapping[Watched, Sequence[Own]]) -> Schedule:
        intervals = tuple(dict.fromkeys(interval for _, interval in strategies))
        return Schedule(self.clock, standing.policy, intervals, self.settings.system.alerting.login_times)

    def _known(self, alarms: Alarms) -> Known:
        tables, given = self.settings.policy.tables, self.settings.system.instruments
        return Known(
            InstrumentCache(self.client, tables=tables, given=given),
            self.clock,
            named=self.settings.named,
            tell=partial(alarms.tell, name=SYMBOL_UNKNOWN),
        )

    def _account(self, guard: ModeGuard, instruments: InstrumentCache) -> Account:
        return Account(
            self.client,
            guard=guard,
            clock=self.clock,
            instruments=instruments,
            broker=SANDBOX if self.analyzer else None,
            tables=self.settings.policy.tables,
            collateral_counts=self.settings.system.collateral_counts,
        )

    def _sent(self) -> SentToday:
        today = self.clock().date()
        return SentToday(today, entries_of(self.journal.load().state.book, today))

    def _capped(self, paper: PaperGateway) -> Gateway:
        return CappedPaper(paper, self.settings.system.hard_caps, self._sent())

    def _gateway(self, guard: ModeGuard, standing: Standing, fence: Fence, account: Account) -> Gateway:
        return OpenAlgoGateway(
            self.client,
            guard=guard,
            clock=self.clock,
            caps=self.settings.system.hard_caps,
            sent=self._sent(),
            row=lambda: standing.state().custody.capability,
            fence=fence.shut,
            ended=account.has_ended,
        )

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
            poll_least_s=client.poll_pause_s,
        )

    def _alarms(self) -> Alarms:
        return Alarms(
            self.journal,
            channels_of(self.settings, self.client),
            clock=self.clock,
            cursors=self.journal.inbox.with_suffix(".alerts"),
            quiet=quiet_of(self.settings.system.alerting),
            label="ANALYZER" if self.analyzer else "" if self.mode == LIVE else self.mode.upper(),
        )

    def _strategies(self) -> Mapping[Watched, Sequence[Own]]:
        made: dict[Watched, list[Own]] = {}
        for strategy in self.settings.strategies:
            for key in strategy.keys:
                own = own_strategy(
                    strategy.name,
                    strategy.function,
                    symbol=key,
                    interval=strategy.interval,
                    parameters=strategy.parameters,
                    bars=strategy.bars,
                    shadow=self.mode == LIVE and not strategy.live,
                )
                made.setdefault((key, strategy.interval), []).append(own)
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

    def ended(self, order_id: str) -> bool:
        """Whether an order of ours has come to its end in the book."""
        order = self.state().book.order(order_id)
        return order is not None and not order.live
