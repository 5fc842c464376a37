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
from riskcore_openalgo.cli.opening import key_of, reader, untold
from riskcore_openalgo.cli.unseen import PLAYED, withdrawn
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.journal import At
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.runner.inbox import Inbox
from riskcore_openalgo.runner.last_look import unread
from riskcore_openalgo.runner.stopping import FLAT, UNSETTLED, ending, what_is_open

POLL_S = 0.2
DIRECT = "riskcore stop --direct leaves them without a runner"


def stop(arguments: argparse.Namespace) -> int:
    """Nothing runs any more, and 0: nothing is open, 3: what is held has stops, 4: something is not known or covered.

    1: something still runs when the time is up. --direct: see there.
    """
    if arguments.direct:
        from riskcore_openalgo.cli.direct import direct

        return direct(arguments)
    if arguments.whole_account or arguments.analyzer:
        raise ValueError("--whole-account and --analyzer go with --direct")
    at = arguments.journal or load_settings(arguments.config).system.journal
    place = place_of(at)
    if place.path is not None and not place.path.is_file():
        raise FileNotFoundError(f"{place.where}: no such journal; name the one of the runner with --journal")
    holder = place.holder()
    if holder is None:
        return _stands(arguments, at, f"{place.where}: no runner writes to it; there is nothing to stop")
    inbox = Inbox(arguments.inbox or place.inbox)
    path = inbox.put_stop(at=datetime.now(rc.IST), by=who(), flatten=arguments.flatten)
    first = "leave every position, and then to end" if arguments.flatten else "end"
    asked = f"{place.where}: asked {holder or 'the runner'} to {first}"
    print(asked, file=sys.stderr if arguments.json else sys.stdout, flush=True)
    ended, said, left = _waited(at, holder, path, arguments.wait)
    if ended:
        return _stands(arguments, at, said)
    say(arguments, {"done": False, "told": said, "waits_as": left, "left": []}, said)
    return 1


def _stands(arguments: argparse.Namespace, at: At, said: str) -> int:
    """Say how things stand in the journal that nobody writes any more; the code of the end of a day."""
    spool, rows = place_of(at, key=key_of(at)).spooled()  # before the database, as `riskcore status` does
    with reader(at) as journal:
        state = journal.load().state
        looked = unread(journal, state)
        waiting = untold(spool, rows, journal)[1]
    found, words = (UNSETTLED, waiting) if waiting else ending(state, looked)
    lines = what_is_open(state)
    if arguments.flatten and state.book.positions:
        words = f"NOT every position has left ({DIRECT}); {words}"
    text = "\n".join((said, *lines, *((words,) if found != FLAT else ())))
    done = found == FLAT or not arguments.flatten
    say(arguments, {"done": done, "told": said, "waits_as": None, "left": lines, "stands": words}, text)
    return found


def _waited(at: At, holder: str, path: Path, wait_s: float) -> tuple[bool, str, Path | None]:
    """Whether nothing runs any more, words, and the request where it still waits."""
    place = place_of(at)
    give_up = time.monotonic() + wait_s
    while True:
        now = place.holder()
        if now is None:
            ended_by_itself = path.exists()
            path.unlink(missing_ok=True)  # else the next start would end at once
            unseen = ", without having read the request" if ended_by_itself else ""
            return True, f"{place.where}: stopped{unseen}", None
        if now not in ("", holder) and not path.exists():
            return False, f"{place.where}: stopped, and {now} has started since", None
        if time.monotonic() >= give_up:
            with reader(at) as journal:
                if withdrawn(path, journal):
                    return False, f"{place.where}: {PLAYED}; Ctrl-C where it was started ends it", None
            left = path if path.exists() else None
            waits = f"; the request waits as {path}, delete that file to withdraw it" if left else ""
            return False, f"{place.where}: {now or 'a runner'} still runs after {wait_s:g} s{waits}", left
        time.sleep(POLL_S)
