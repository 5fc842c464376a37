"""`riskcore stop`: ask the runner of a journal to end, and wait until it has given back the writer's lock."""

from __future__ import annotations

import argparse
import time
from datetime import datetime
from pathlib import Path

import riskcore as rc
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
    if arguments.whole_account or arguments.analyzer or arguments.json:
        raise ValueError("--whole-account, --analyzer and --json go with --direct")
    place = place_of(arguments.journal or load_settings(arguments.config).system.journal)
    if place.path is not None and not place.path.is_file():
        raise FileNotFoundError(f"{place.where}: no such journal; name the one of the runner with --journal")
    holder = place.holder()
    if holder is None:
        print(f"{place.where}: no runner writes to it; there is nothing to stop")
        return 0
    inbox = Inbox(arguments.inbox or place.inbox)
    path = inbox.put_stop(at=datetime.now(rc.IST), by=who(), flatten=arguments.flatten)
    first = "leave every position, and then to end" if arguments.flatten else "end"
    print(f"{place.where}: asked {holder or 'the runner'} to {first}", flush=True)
    return _waited(place, holder, path, arguments.wait)


def _waited(place: Place, holder: str, path: Path, wait_s: float) -> int:
    give_up = time.monotonic() + wait_s
    while True:
        now = place.holder()
        if now is None:
            ended_by_itself = path.exists()
            path.unlink(missing_ok=True)  # else the next start would end at once
            print(f"{place.where}: stopped" + (", without having read the request" if ended_by_itself else ""))
            return 0
        if now not in ("", holder) and not path.exists():
            print(f"{place.where}: stopped, and {now} has started since")
            return 1
        if time.monotonic() >= give_up:
            waits = f"; the request waits as {path}, delete that file to withdraw it" if path.exists() else ""
            print(f"{place.where}: {now or 'a runner'} still runs after {wait_s:g} s{waits}")
            return 1
        time.sleep(POLL_S)
