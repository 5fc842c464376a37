"""A live day as a process of its own, which a test may kill: the whole shell, over sockets, with a fast clock.

`python child.py` is a nursery: it has everything imported, and forks a day for each line it reads, so that a restart
costs no import. A day is told what to do by one JSON object, and tells how it stands over a socket: a line whenever
that changes.
"""

import contextlib
import json
import logging
import os
import socket
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import riskcore as rc
from riskcore_openalgo import failpoints
from riskcore_openalgo.client import Budget, Client
from riskcore_openalgo.config import Settings
from riskcore_openalgo.config.settings import System
from riskcore_openalgo.journal import Journal, Reader, fold
from riskcore_openalgo.journal.snapshots import Snapshot
from riskcore_openalgo.runner.alerts import AlertDesk
from riskcore_openalgo.runner.assembly import assembled
from riskcore_openalgo.runner.stopping import wind_down
from riskcore_openalgo.web.intake import intake_app, serve

START = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
KEY = "NSE:INFY"
SOURCE, SECRET, API_KEY = "tradingview", "a-secret-of-the-tests", "a-key-of-the-tests"
LOG = logging.getLogger("riskcore")
SPEED = 8.0
"""Seconds of the market to one of this machine."""
LOOK_S = 0.01


class FastClock:
    """A clock that two processes share: it began at `zero` of the machine's monotonic one."""

    def __init__(self, zero: float, speed: float = SPEED) -> None:
        self.zero, self.speed = zero, speed

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.mono())

    def mono(self) -> float:
        return (time.monotonic() - self.zero) * self.speed


def policy(**changes):
    """A position may be large, its stop hangs twelve rupees behind the best price, and the rest is as it comes."""
    settings = {"position_size_basis": "margin", "trail": "points", "trail_by": "12", "signal_max_age_s": 120}
    return rc.Policy(**{**settings, **changes})


def summary(live):
    """How a day stands, in plain words; what a test waits for."""
    state = live.state
    book = state.book
    moving = [order.id for order in book.live_orders() if not order.rests]
    return {
        "state": book.state,
        "moving": moving,
        "pending": len(state.pending) + len(state.custody.wanted),
        "held": sum(position.signed for position in book.positions),
        "rests": sum(order.open_quantity for order in book.live_orders() if order.rests and order.status == "working"),
        "trades": book.trades_today,
        "journal": live.runner.journal.trouble,
    }


def day(spec):
    """Run a day until its socket says stop (or ends), or until it is killed."""
    clock, place = FastClock(spec["zero"]), Path(spec["journal"])
    parent = socket.create_connection(("127.0.0.1", spec["tells"]))
    budget = Budget(orders_per_s=60, reserved_for_exits=20, reads_per_s=400)
    stop = threading.Event()
    with contextlib.ExitStack() as opened:
        opened.callback(parent.close)
        client = opened.enter_context(
            Client(spec["host"], API_KEY, ws_url=spec["ws_url"], timeout_s=1.5, budget=budget, clock=clock.wall)
        )
        journal = opened.enter_context(Journal(place, wait_s=2.0))
        settings = Settings(policy=policy(**spec["policy"]), system=System(watch=(KEY,)))
        made = assembled(
            settings,
            client,
            journal,
            mode="live",
            clock=clock.wall,
            monotonic=clock.mono,
            api_key=lambda: API_KEY,
        )
        opened.callback(made.close)
        made.live.start()
        runner = made.live.runner
        app = intake_app(AlertDesk(runner).submit, secrets={SOURCE: SECRET}, clock=clock.wall)
        with serve(app, "127.0.0.1", 0) as server:
            told = threading.Thread(target=tells, args=(parent, made.live, server.port, stop, made.wake), daemon=True)
            told.start()
            made.live.run(stop)
            told.join()
        return wind_down(made.live, runner.offer, clock.wall, flatten=False, within_s=2.0)


def opened(spec):
    """Open a journal, and close it: made, moved on, verified, its spool adopted."""
    Journal(Path(spec["journal"])).close()
    return 0


def kept(spec):
    """Keep a snapshot of all of it."""
    with Journal(Path(spec["journal"])) as journal:
        return 0 if journal.snapshot(journal.load().state) else 1


def taken_over(spec):
    """Take the rows of another journal over."""
    with Reader(Path(spec["other"])) as other, Journal(Path(spec["journal"])) as journal:
        journal.take_over(other.rows(), other.beginning())
    return 0


def pruned(spec):
    """Forget every row but those of the last turn, which is two rows long."""
    with Journal(Path(spec["journal"])) as journal:
        rows = list(journal.rows())[:-2]
        if rows:
            journal.begin_after(Snapshot(fold(rows).state, rows[-1].mark, journal.policy()))
    return 0


def tells(parent, live, port, stop, wake):
    """Tell the parent what changes, until it hangs up."""
    parent.settimeout(LOOK_S)
    told = None
    while True:
        now = {"port": port, **summary(live)}
        with contextlib.suppress(OSError):
            if now != told:
                parent.sendall(json.dumps(now).encode() + b"\n")
                told = now
        try:
            if parent.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    stop.set()
    wake.set()


def run(spec):
    """A day or another work, as the exit code of a process; armed as one is that was started with the variable set."""
    logging.basicConfig(filename=spec["log"], level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    failpoints._armed = failpoints.armed_by({failpoints.VARIABLE: spec["failpoint"]})
    try:
        return WORK[spec["does"]](spec)
    except BaseException:
        LOG.exception("it ended")
        return 70


WORK = {work.__name__: work for work in (day, opened, kept, taken_over, pruned)}


def nursery():
    """Fork a day for each line, and say its process id; `-PID` waits for one and says how it ended."""
    for line in sys.stdin:
        if line.startswith("-"):
            _, status = os.waitpid(int(line[1:]), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        child = os.fork()
        if child == 0:
            os.close(0)
            os.close(1)
            os._exit(run(json.loads(line)))
        print(child, flush=True)


if __name__ == "__main__":
    nursery()
