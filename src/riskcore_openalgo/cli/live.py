"""`riskcore live`, `shadow` and `paper`: a day amid a live market, from a configuration folder."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from types import FrameType
from typing import Any, Final

from riskcore_openalgo.alarms.channels import replacing
from riskcore_openalgo.cli.opening import key_of, paper_of
from riskcore_openalgo.cli.watching import refuse_plain, reloading, trusting, unsafe, watched
from riskcore_openalgo.client import Client, ReadFailed
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.config import (
    LIVE as MODE_LIVE,
    ConfigurationError,
    Problem,
    Settings,
    load_settings,
    no_entries,
    unmet_limits,
)
from riskcore_openalgo.config.loader import SYSTEM_FILE
from riskcore_openalgo.console import said_apart
from riskcore_openalgo.journal import At, Journal
from riskcore_openalgo.journal.locks import is_here
from riskcore_openalgo.journal.synced import refuse_synced
from riskcore_openalgo.logs import Redactor, access_log, logging_to
from riskcore_openalgo.metrics import Metrics
from riskcore_openalgo.runner.assembly import LIVE, PAPER, SHADOW, Day, assembled
from riskcore_openalgo.runner.inbox import folder_of
from riskcore_openalgo.runner.intake_child import SIGNALS
from riskcore_openalgo.runner.kept_for import refuse_other
from riskcore_openalgo.runner.making_way import make_way
from riskcore_openalgo.runner.receiving import Receiving, receiving, sources_of
from riskcore_openalgo.runner.reloading import Swaps
from riskcore_openalgo.runner.room import keep_room, make_room
from riskcore_openalgo.runner.sole_sender import account_of, sole_sender
from riskcore_openalgo.runner.stopping import UNSETTLED, ending, what_is_open, wind_down
from riskcore_openalgo.web.control.app import control_app
from riskcore_openalgo.web.control.board import Banner, Board
from riskcore_openalgo.web.control.doors import Doors
from riskcore_openalgo.web.gate import Sources
from riskcore_openalgo.web.names import asked_locally
from riskcore_openalgo.web.server import Server, serve

KEY_VARIABLE: Final = "OPENALGO_API_KEY"
APPROVAL: Final = "  approvals  OpenAlgo's order mode must be Auto: in Semi-Auto stops and exits wait for a hand"
"""Its API does not tell which it is, so that whoever starts is told each time."""
WIDTH: Final = 78
INBOX_EVERY_S: Final = 0.5
SWITCH_S: Final = 0.001
"""A turn or an order that comes back from the disk waits so long at most for a thread that reads books or quotes."""


def live(arguments: argparse.Namespace) -> int:
    """Trade at the broker, or in OpenAlgo's analyzer."""
    settings = load_settings(arguments.config)
    if not arguments.analyzer and settings.system.mode != MODE_LIVE:
        told = (
            "real orders need `mode: live`; for OpenAlgo's sandbox give --analyzer, and to send nothing at all use "
            "`riskcore shadow` or `riskcore paper`"
        )
        raise ConfigurationError([Problem(SYSTEM_FILE, None, "mode", told)])
    return run(settings, arguments, mode=LIVE, analyzer=arguments.analyzer)


def shadow(arguments: argparse.Namespace) -> int:
    """Live prices and account; orders are withheld."""
    return run(load_settings(arguments.config), arguments, mode=SHADOW, analyzer=False)


def paper(arguments: argparse.Namespace) -> int:
    """Live prices, paper money."""
    if arguments.json:
        raise ValueError("--json goes with --bars; of a day under way, ask riskcore status JOURNAL --json")
    if arguments.set:
        raise ValueError("--set goes with --bars; of a day under way, use riskcore control set KEY VALUE")
    if arguments.parameter:
        raise ValueError("--parameter goes with --bars; on a day under way strategies are those of trading_rules.yaml")
    return run(load_settings(arguments.config), arguments, mode=PAPER, analyzer=False)


def run(
    settings: Settings,
    arguments: argparse.Namespace,
    *,
    mode: str,
    analyzer: bool,
    clock: Callable[[], datetime] = now_in_ist,
) -> int:
    """One day until somebody stops it; the exit code says how things stood then."""
    real = mode == LIVE and not analyzer
    refuse_plain(settings, real=real)
    keys = [api_key_of(settings)]
    sources = Sources(sources_of(settings))
    access, broker, metrics = settings.credentials.openalgo, paper_of(arguments), Metrics()
    redactor = Redactor((*settings.credentials.secrets(), *keys))
    with said_apart(), contextlib.ExitStack() as opened:
        opened.enter_context(logging_to(settings.system.logging, redactor))
        opened.enter_context(trusting(settings, arguments.config))
        client = opened.enter_context(Client(access.host, keys[-1], ws_url=access.ws_url, clock=clock))
        place = with_room_at(arguments.journal or settings.system.journal)
        if mode == LIVE:
            opened.enter_context(sole_sender(client, analyzer=analyzer))
            refuse_synced(place)
        journal = opened.enter_context(kept(place, mode=mode, analyzer=analyzer))
        cut_off = sends(opened, journal, client, analyzer=analyzer) if mode == LIVE else ""
        print(banner(settings, client, journal, mode=mode, analyzer=analyzer), flush=True)
        how: dict[str, Any] = {"mode": mode, "analyzer": analyzer, "clock": clock, "paper": broker}
        day = assembled(settings, client, journal, api_key=lambda: keys[-1], watchers=(metrics.watch,), **how)
        opened.callback(day.close)
        if cut_off:
            day.alarms.tell(cut_off, name="sender_not_ended")
        asked = Asked(day, flatten=arguments.flatten)
        opened.enter_context(stopped_by_signals(asked))
        day.live.start()
        opened.enter_context(watched(settings, day, client, journal, metrics))
        opened.enter_context(intake(settings, day, journal, sources, metrics))
        doors = opened.enter_context(control_page(settings, day, client, mode=mode, analyzer=analyzer))
        swaps = swappable(client, keys, sources, doors, redactor, day)
        opened.enter_context(reloading(settings, arguments.config, day, swaps=swaps, real=real))
        make_way(SWITCH_S)
        day.live.run(asked)
        fenced = day.fence.shut()
        if fenced:
            shut_out(day, fenced)
            return UNSETTLED
        code = end(day, flatten=asked.flatten)
        day.inbox.stopped()
        return code


def with_room_at(place: At) -> At:
    """The place; where its disk is full, the room that was kept there is given free before anything is opened."""
    make_room(folder_of(place))
    return place


@contextlib.contextmanager
def kept(place: At, *, mode: str, analyzer: bool) -> Iterator[Journal]:
    """The journal to go on with, and room beside it; one that was kept for another account is refused."""
    with Journal(place, key=key_of(place)) as journal:
        refuse_other(journal, mode=mode, analyzer=analyzer)
        keep_room(journal.inbox)
        yield journal


def sends(opened: contextlib.ExitStack, journal: Journal, client: Client, *, analyzer: bool) -> str:
    """Be the one who sends for the account; what to say of a sender on another machine that did not end in order."""
    before = opened.enter_context(journal.sending(account_of(client, analyzer=analyzer)))
    if not before or is_here(before):
        return ""
    return (
        f"{before} sent for this account before, and did not end in order. If it still runs, it is cut off from "
        "the journal: it sends no entry, but it sends exits until it hears from the database. Make sure it has ended"
    )


def shut_out(day: Day, why: str) -> None:
    """Say that another has taken the account over. Nothing is sent any more, so nothing is wound down."""
    day.alarms.tell(why, name="taken_over")
    day.live.turn()
    print(f"stopped: {why}", flush=True)


def swappable(
    client: Client, keys: list[str], sources: Sources, doors: Doors | None, redactor: Redactor, day: Day
) -> Swaps:
    """What a changed configuration replaces in a running day beside its policy."""

    def rekey(key: str) -> None:
        client.rekey(key)
        keys.append(key)

    return Swaps(
        key=rekey,
        sources=sources.replace if sources.asked else None,
        users=None if doors is None else doors.replace,
        channels=replacing(day.alarms, client),
        learn=redactor.learn,
    )


class Asked:
    """Whether somebody wants the day to end: a signal, or a request in the runner's inbox (`riskcore stop`)."""

    def __init__(self, day: Day, *, flatten: bool) -> None:
        self.flatten = flatten
        self._day, self._event, self._looked = day, threading.Event(), float("-inf")

    def set(self) -> None:
        """Ask for it."""
        self._event.set()
        self._day.wake.set()

    def is_set(self) -> bool:
        """Whether it was asked for; the inbox is looked into twice a second."""
        if not self._event.is_set() and time.monotonic() - self._looked >= INBOX_EVERY_S:
            self._looked = time.monotonic()
            request = self._day.inbox.stop_request()
            if request is not None:
                print(f"asked to stop by {request.by}, at {request.at:%Y-%m-%d %H:%M:%S}", flush=True)
                self.flatten = self.flatten or request.flatten
            if request is not None or self._day.fence.shut():
                self.set()
        return self._event.is_set()


def end(day: Day, *, flatten: bool) -> int:
    """Wind down, and say what is open. Stops that nobody could look at lately are not known to rest."""
    runner = day.live.runner
    wind_down(day.live, runner.offer, runner.clock, flatten=flatten)
    for line in what_is_open(day.live.state):
        print(line)
    print(day.live.latency.told())
    code, words = ending(day.live.state, day.live.unknown_at_the_end(runner.clock()))
    print(f"stopped: {words}", flush=True)
    return code


@contextlib.contextmanager
def intake(settings: Settings, day: Day, journal: Journal, sources: Sources, metrics: Metrics) -> Iterator[None]:
    """The intake of alerts, where a source of them has a secret; without its port the day goes on for what is held."""
    place, tell = settings.system.intake, day.alarms.tell
    given = Receiving(
        runner=day.live.runner,
        journal=journal,
        sources=sources,
        tell=tell,
        alarm=lambda text: tell(text, name="alerts_not_taken"),
        key=key_of(journal.path or journal.where),
    )
    with contextlib.ExitStack() as opened:
        try:
            server = opened.enter_context(receiving(place, given))
        except OSError as problem:
            print(f"NO alerts are taken: {place.host}:{place.port}: {problem}", flush=True)
            day.alarms.tell(f"no alerts at {place.host}:{place.port}: {problem}", name="alerts_not_taken")
        else:
            metrics.intake_of = _seen_of(server)
            if server is None:
                print("no alerts are taken: no source has a secret under webhook: in api_credentials.yaml", flush=True)
            else:
                print(f"alerts: {server.url}/webhook/SOURCE, of {', '.join(sources.now)}", flush=True)
        yield


def _seen_of(server: Server | None) -> Callable[[], tuple[bool, int] | None]:
    """Whether the intake's own process listens, and how often it ended by itself; None where there is none."""
    process = None if server is None else server.process
    return lambda: None if process is None else (process.up, process.restarts)


@contextlib.contextmanager
def control_page(settings: Settings, day: Day, client: Client, *, mode: str, analyzer: bool) -> Iterator[Doors | None]:
    """The control page, where somebody has a password; a port that is taken does not keep the day from running."""
    users, place = settings.credentials.control.users, settings.system.control
    if not users:
        print("no control page: nobody has a password (riskcore control password NAME makes one)", flush=True)
        yield None
        return
    runner, journal = day.live.runner, day.inbox.folder.with_suffix("").name
    broker, _ = known_of(client)
    banner_ = Banner(
        mode=mode,
        analyzer=analyzer,
        real_money=mode == LIVE and not analyzer,
        broker=broker,
        openalgo=client.host,
        journal=journal,
    )
    board = Board(day, banner_, runner.clock, lambda: runner.journal.trouble)
    doors = Doors(users, session_s=place.session_min * 60)
    app = control_app(board, runner.ask, doors, clock=runner.clock, https=place.secure, tell=day.alarms.tell)
    named = app if place.secure else asked_locally(app, place.host)
    with contextlib.ExitStack() as opened:
        try:
            server = opened.enter_context(
                serve(access_log(named), place.host, place.port, certfile=place.ssl_certfile, keyfile=place.ssl_keyfile)
            )
        except OSError as problem:
            print(f"NO control page: {place.host}:{place.port}: {problem}; riskcore control works", flush=True)
            day.alarms.tell(
                f"no control page at {place.host}:{place.port}: {problem}; riskcore control works",
                name="page_not_served",
            )
            yield None
            return
        print(f"control page: {server.url}/{', behind a proxy with https' if place.https else ''}", flush=True)
        yield doors


@contextlib.contextmanager
def stopped_by_signals(stop: Asked) -> Iterator[None]:
    """Ctrl-C, a polite kill and the closing of a console all ask for the same end."""

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, asked) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def banner(settings: Settings, client: Client, journal: Journal, *, mode: str, analyzer: bool) -> str:
    """What is about to run: mode, broker, analyzer, whether real money can move, and what bounds it."""
    broker, seen = known_of(client)
    real = mode == LIVE and not analyzer
    policy = settings.policy
    where = {LIVE: "to the broker" if real else "to OpenAlgo's analyzer (sandbox)"}.get(mode, "nowhere: withheld")
    caps = settings.system.hard_caps
    limits = (
        f"{policy.risk_per_trade} % at risk a trade, {policy.max_positions} positions, "
        f"{policy.max_trades_per_day} trades a day, {policy.max_daily_loss} % loss a day"
    )
    capped = (caps.hard_max_order_value, caps.hard_max_quantity, caps.hard_max_orders_per_day)
    value, quantity, orders = ("none" if cap is None else cap for cap in capped)
    return "\n".join(
        (
            "=" * WIDTH,
            f"  riskcore {mode.upper()}{' (ANALYZER)' if analyzer else ''}",
            f"  {'REAL MONEY: orders go to the broker' if real else 'no real money can move'}",
            "=" * WIDTH,
            f"  orders     {where}",
            f"  OpenAlgo   {client.host}, broker {broker}, now in {seen} mode",
            f"  rules      {limits}",
            f"  hard caps  order value {value}, quantity {quantity}, orders a day {orders}",
            f"  journal    {journal.where} ({journal.length} rows)",
            *((APPROVAL,) if mode == LIVE else ()),
            *(f"  UNSAFE     {what}" for what in unsafe(settings)),
            *(f"  NO ENTRY   {what}" for what in no_entries(settings)),
            *(f"  NO LIMIT   {what}" for what in unmet_limits(settings)),
            "=" * WIDTH,
        )
    )


def api_key_of(settings: Settings) -> str:
    """The API key: the environment's before that of the files; "" where neither has one."""
    return os.environ.get(KEY_VARIABLE) or settings.credentials.openalgo.api_key or ""


def known_of(client: Client) -> tuple[str, str]:
    """Broker and mode of OpenAlgo, as far as it answers now."""
    try:
        mode = client.mode()
    except ReadFailed as problem:
        return "unknown", f"an unknown ({problem.why})"
    try:
        return client.broker() or "unknown", mode
    except ReadFailed:
        return "unknown", mode
