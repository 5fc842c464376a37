"""`riskcore stop --direct`: the emergency stop where the runner is dead or hung."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from collections.abc import Callable
from datetime import datetime

from riskcore.events import FLAT, STOPPING, Emergency
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.control import who
from riskcore_openalgo.cli.live import api_key_of
from riskcore_openalgo.cli.opening import key_of, reader
from riskcore_openalgo.client import Client
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.config import LIVE as MODE_LIVE, Settings, load_settings
from riskcore_openalgo.console import said_apart
from riskcore_openalgo.journal import At, Journal, JournalInUse
from riskcore_openalgo.journal.places import Place, place_of
from riskcore_openalgo.logs import InIst, Redactor
from riskcore_openalgo.runner.assembly import LIVE, assembled
from riskcore_openalgo.runner.direct import EXITS, stop_now, take_over, warm_up
from riskcore_openalgo.runner.fence import fence_of, raise_fence
from riskcore_openalgo.runner.inbox import folder_of
from riskcore_openalgo.runner.kept_for import refuse_other
from riskcore_openalgo.runner.room import make_room
from riskcore_openalgo.runner.sole_sender import account_of
from riskcore_openalgo.runner.stopping import what_is_open


def direct(arguments: argparse.Namespace, clock: Callable[[], datetime] = now_in_ist) -> int:
    """Fence the runner off, take its place, leave everything; the exit code says how far that came."""
    if arguments.config is None:
        raise ValueError("--direct needs --config: OpenAlgo's address and key stand there")
    settings = load_settings(arguments.config)
    if not arguments.analyzer and settings.system.mode != MODE_LIVE:
        raise ValueError("`mode:` in system_config.yaml is not live: for OpenAlgo's sandbox give --analyzer")
    with said_apart():
        console = logging.StreamHandler(sys.stderr)
        console.setFormatter(InIst(Redactor((*settings.credentials.secrets(), api_key_of(settings)))))
        logging.basicConfig(level=logging.WARNING, handlers=[console])
        return stop(settings, arguments, clock)


def stop(settings: Settings, arguments: argparse.Namespace, clock: Callable[[], datetime]) -> int:
    """As `direct`, with settings that were read."""
    access = settings.credentials.openalgo
    key = api_key_of(settings)
    at = arguments.journal or settings.system.journal
    freed = make_room(folder_of(at))
    place = _ours(at, analyzer=arguments.analyzer)
    by, why = who(), "emergency stop, directly"

    def tell(text: str) -> None:
        print(text, file=sys.stderr if arguments.json else sys.stdout, flush=True)

    with contextlib.ExitStack() as opened:
        client = opened.enter_context(Client(access.host, key, ws_url=access.ws_url, clock=clock))
        if freed:
            tell("the disk is full: the room that was kept for this was given free. Free some more")
        raise_fence(fence_of(place.inbox), by=by, why=why, at=clock())
        tell(f"{place.where}: the fence stands; no runner that is running now sends anything from here on")
        take_over(place, tell=tell)
        journal = opened.enter_context(Journal(at, key=key_of(at), wait_s=2.0))
        _send_from_now_on(opened, journal, account_of(client, analyzer=arguments.analyzer), tell)
        day = assembled(
            settings, client, journal, mode=LIVE, analyzer=arguments.analyzer, clock=clock, api_key=lambda: key
        )
        opened.callback(day.close)
        day.live.start()
        warm_up(day.live, lambda name: day.feed.prices.last_good(name) is not None)
        runner = day.live.runner
        ended = stop_now(
            day.live,
            runner.offer,
            runner.clock,
            by=by,
            why=why,
            whole_account=arguments.whole_account,
            fence=day.fence,
            within_s=arguments.wait,
            tell=lambda stage: tell(f"emergency stop: {stage}"),
        )
        day.inbox.stopped()  # whoever asked the runner to end has what was wanted; its next start would end at once
        return _told(arguments, ended, what_is_open(day.live.state))


def _ours(at: At, *, analyzer: bool) -> Place:
    """The journal's place; looked at before a runner is ended, for a journal of another account would leave nothing."""
    place = place_of(at, key=key_of(at))
    if place.path is not None and not place.path.is_file():
        raise FileNotFoundError(f"{place.where}: no such journal: what is ours stands there and nowhere else")
    with reader(at) as told:
        refuse_other(told, mode=LIVE, analyzer=analyzer)
    return place


def _send_from_now_on(
    opened: contextlib.ExitStack, journal: Journal, account: str, tell: Callable[[str], None]
) -> None:
    """Be the one who sends; whoever does by another journal keeps no position of this one from leaving."""
    try:
        opened.enter_context(journal.sending(account))
    except JournalInUse as problem:
        tell(f"{problem}. The emergency stop goes on")


def _told(arguments: argparse.Namespace, ended: Emergency | None, left: list[str]) -> int:
    stage = STOPPING if ended is None else ended.stage
    contrary = [] if ended is None else list(ended.contrary)
    locked = "the account stays locked: riskcore control rearm --word UNLOCK, when it has been looked at"
    open_ = "\n".join(left + contrary) or "left: nothing"
    say(arguments, {"done": stage == FLAT, "stage": stage, "left": left + contrary}, f"{open_}\n{locked}")
    return EXITS[stage]
