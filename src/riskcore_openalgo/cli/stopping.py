"""`riskcore stop`: ask the runner of a journal to end, and wait until it has given back the writer's lock."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path

import riskcore as rc
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.control import who
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.journal.places import Place, place_of
from riskcore_openalgo.runner.inbox import Inbox

POLL_S = 0.2


def stop(arguments: argparse.Namespace) -> int:
    """0: nothing runs on this journal any more. 1: something still does, when the time is up. --direct: see there."""
    if arguments.direct:
        from riskcore_openalgo.cli.direct import direct

        return direct(arguments)
    if arguments.whole_account or arguments.analyzer:
        raise ValueError("--whole-account and --analyzer go with --direct")
    place = place_of(arguments.journal or load_settings(arguments.config).system.journal)
    if place.path is not None and not place.path.is_file():
        raise FileNotFoundError(f"{place.where}: no such journal; name the one of the runner with --journal")
    holder = place.holder()
    if holder is None:
        return _told(arguments, 0, f"{place.where}: no runner writes to it; there is nothing to stop")
    inbox = Inbox(arguments.inbox or place.inbox)
    path = inbox.put_stop(at=datetime.now(rc.IST), by=who(), flatten=arguments.flatten)
    first = "leave every position, and then to end" if arguments.flatten else "end"
    asked = f"{place.where}: asked {holder or 'the runner'} to {first}"
    print(asked, file=sys.stderr if arguments.json else sys.stdout, flush=True)
    return _told(arguments, *_waited(place, holder, path, arguments.wait))


def _told(arguments: argparse.Namespace, code: int, text: str, waits_as: Path | None = None) -> int:
    say(arguments, {"done": code == 0, "told": text, "waits_as": waits_as}, text)
    return code


def _waited(place: Place, holder: str, path: Path, wait_s: float) -> tuple[int, str, Path | None]:
    """Exit code, words, and the request where it still waits."""
    give_up = time.monotonic() + wait_s
    while True:
        now = place.holder()
        if now is None:
            ended_by_itself = path.exists()
            path.unlink(missing_ok=True)  # else the next start would end at once
            unread = ", without having read the request" if ended_by_itself else ""
            return 0, f"{place.where}: stopped{unread}", None
        if now not in ("", holder) and not path.exists():
            return 1, f"{place.where}: stopped, and {now} has started since", None
        if time.monotonic() >= give_up:
            left = path if path.exists() else None
            waits = f"; the request waits as {path}, delete that file to withdraw it" if left else ""
            return 1, f"{place.where}: {now or 'a runner'} still runs after {wait_s:g} s{waits}", left
        time.sleep(POLL_S)
