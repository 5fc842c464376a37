"""One cell of the crash matrix: a broker that survives, a day that is killed, and how it all ended.

The broker is the fake OpenAlgo, in this process. The day is a child (`child.py`), which dies at its failpoint and is
started again on the same journal, until a life without a failpoint brings the story to its end.
"""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import riskcore as rc
from riskcore_openalgo.failpoints import VARIABLE
from riskcore_openalgo.testing import LIVE, FakeBroker, FakeOpenAlgo
from tests.crash.child import API_KEY, KEY, SECRET, SOURCE, START, FastClock

WITHIN_S = 30.0
"""So long a cell may take before it is said to be stuck; what it takes stands in docs/reliability.md."""
PAUSE_S, TICK_S, QUIET_S = 0.004, 0.04, 0.2
KILLED = -9
OTHER = "NSE:TCS"
AT_BROKER = "broker"
"""In the place of a failpoint: killed the n-th time that something becomes of an order at the broker."""


class Nursery:
    """Starts days: forks of a process that has everything imported."""

    def __init__(self):
        environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # a fork wants no other thread beside it
        environ.pop(VARIABLE, None)
        script = str(Path(__file__).with_name("child.py"))
        self._process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )

    def start(self, spec):
        """The process id of a new one."""
        return int(self._asked(json.dumps(spec)))

    def ended(self, pid):
        """Wait for a day's end; its exit code, or minus the signal that ended it."""
        return int(self._asked(f"-{pid}"))

    def close(self):
        """End it."""
        self._process.communicate()

    def _asked(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


class Life:
    """One life of a day: its process, and what it told last. `gone` when it hung up."""

    def __init__(self, nursery, listening, spec):
        self.pid, self.status, self.gone = nursery.start(spec), {}, False
        self.connection, _ = listening.accept()
        self.connection.setblocking(False)
        self._rest = b""

    def look(self):
        while not self.gone:
            try:
                data = self.connection.recv(65536)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            self.gone = data == b""
            *lines, self._rest = (self._rest + data).split(b"\n")
            if lines:
                self.status = json.loads(lines[-1])

    @property
    def settled(self):
        """Whether nothing is on its way and the gate is open."""
        now = self.status
        return bool(now) and not (now["moving"] or now["pending"] or now["held"] != now["rests"]) and self.may_enter

    @property
    def may_enter(self):
        return self.status.get("state") == "active"


class Cell:
    """A broker with INFY at 1,000 and an order of another symbol in its book, and the lives of a day before it."""

    def __init__(self, nursery, folder, failpoints, **changes):
        self.nursery, self.folder, self.left = nursery, folder, [*failpoints, ""]
        self.clock = FastClock(time.monotonic())
        self.journal = folder / "journal.db"
        self.price, self.stage, self.ends, self.wrong, self.answers = 1000.0, 0, [], [], []
        self.naked_s = self.naked_longest_s = 0.0
        self._naked_since, self._ticked, self._asking, self._quiet_since = None, 0.0, None, None
        self._changes, self._lock, self._kill_after = changes, None, 0
        self.broker = FakeBroker(clock=self.clock.wall, cash=1_000_000, profile=LIVE)
        for key, price in ((KEY, 1000), (OTHER, 3000)):
            self.broker.contract(key, tick="0.1")
            self.broker.quote(key, last=price)
        self.broker.bars(KEY, "5m", bars())
        self.broker.fills_by_hand = True
        self.broker.listen(self._heard)
        earlier = self.broker.place(OTHER, "BUY", 1, pricetype="LIMIT", price=2900)
        self.broker.cancel(earlier.order_id)

    @contextlib.contextmanager
    def open(self):
        """Servers up, and the first life begun."""
        with (
            FakeOpenAlgo(self.broker, key=API_KEY, limits=False) as self.server,
            socket.create_server(("127.0.0.1", 0)) as self.listening,
        ):
            self.listening.settimeout(WITHIN_S)
            self.begin()
            try:
                yield self
            finally:
                self.close()

    def begin(self):
        failpoint = self.left.pop(0)
        if failpoint.startswith(AT_BROKER):
            self._kill_after, failpoint = int(failpoint.partition(":")[2]), ""
        spec = {
            "does": "day",
            "zero": self.clock.zero,
            "host": self.server.host,
            "ws_url": self.server.ws_url,
            "tells": self.listening.getsockname()[1],
            "journal": str(self.journal),
            "log": str(self.folder / "day.log"),
            "policy": self._changes,
            "failpoint": failpoint,
        }
        self.life = Life(self.nursery, self.listening, spec)

    def close(self):
        """Ask the day to stop, and wait for it."""
        self.lock(held=False)
        self.life.connection.close()
        if not self.life.gone:
            self.ends.append(self.nursery.ended(self.life.pid))
        if self._asking is not None:
            self._asking.join()

    # ------------------------------------------------------------------ the story

    def play(self, story):
        """Let a story happen until it is over and all has settled; a day that was killed is started again."""
        give_up = time.monotonic() + WITHIN_S
        while not self._over(story):
            if time.monotonic() > give_up:
                raise AssertionError(f"stuck: {self.told()}")
            self.life.look()
            if self.life.gone:
                self._restart()
            self._tick()
            self._alert()
            self._measure()
            time.sleep(PAUSE_S)
        self._repeat()

    def told(self):
        orders = [
            f"{o.order_id} {o.side} {o.quantity} filled {o.filled} {o.pricetype} {o.price} at {o.trigger}: {o.status}"
            for o in self.broker.truth().orders
            if o.key == KEY
        ]
        log = (self.folder / "day.log").read_text(encoding="utf-8").splitlines()[-25:]
        lines = [f"status {self.life.status}", f"ends {self.ends}", f"answers {self.answers}", f"stage {self.stage}"]
        return "\n".join([*lines, *orders, *log])

    def _over(self, story):
        story(self, self.broker.truth())
        working = any(order.key == KEY for order in self.broker.truth().working)
        quiet = bool(self.answers) and self.life.settled and not working and self.position == 0 and not self._asking
        if not quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = time.monotonic()
        return quiet and time.monotonic() - self._quiet_since > QUIET_S

    def _restart(self):
        self.life.connection.close()
        self.ends.append(self.nursery.ended(self.life.pid))
        if self.ends[-1] != KILLED or not self.left:
            raise AssertionError(f"a day ended by itself: {self.told()}")
        self._naked_since = None
        self.begin()

    @property
    def position(self):
        return self.broker.truth().position(KEY)

    # --------------------------------------------------------------- what happens

    def go(self, price):
        """The price moves."""
        self.price, self._ticked = price, 0.0

    def lock(self, *, held):
        """Somebody else keeps the database of the journal locked, or gives it back."""
        if held and self._lock is None:
            self._lock = sqlite3.connect(self.journal, isolation_level=None)
            self._lock.execute("BEGIN IMMEDIATE")
        elif not held and self._lock is not None:
            self._lock.close()
            self._lock = None

    def _tick(self):
        now = time.monotonic()
        if now - self._ticked >= TICK_S:
            self._ticked = now
            self.broker.tick(KEY, self.price)

    def _alert(self):
        """Send the alert until it is answered: as soon as entries are taken, and not twice at once."""
        if self._asking is not None and not self._asking.is_alive():
            self._asking.join()
            self._asking = None
        if not self.answers and self._asking is None and self.life.may_enter and not self.life.gone:
            self._asking = threading.Thread(target=self._ask, args=(self.life.status["port"],))
            self._asking.start()

    def _ask(self, port):
        body = {"secret": SECRET, "action": "buy", "symbol": "INFY", "bar_time": "2026-11-23T10:25:00+05:30"}
        body["timenow"] = "2026-11-23T10:30:00+05:30"
        connection = HTTPConnection("127.0.0.1", port, timeout=3)
        with contextlib.closing(connection), contextlib.suppress(OSError, HTTPException):
            connection.request("POST", f"/webhook/{SOURCE}", json.dumps(body), {"Content-Type": "application/json"})
            self.answers.append(json.loads(connection.getresponse().read())["status"])

    def _repeat(self):
        """The sender sends once more, long after."""
        self._ask(self.life.status["port"])

    # ------------------------------------------------------------------ what is so

    def _heard(self, event):
        """After each change of an order: what works to sell never exceeds what is held."""
        if event.kind != "order_update" or event.key != KEY:
            return
        self._kill_after -= 1
        if self._kill_after == 0:
            os.kill(self.life.pid, signal.SIGKILL)
        account = self.broker.venue.account
        sells = sum(order.left for order in account.orders.values() if order.working and order.side == "SELL")
        held = account.held(KEY, "MIS")
        if sells > max(held, 0) or held < 0:
            self.wrong.append(f"{sells} could be sold with {held} held, after {event.order}")

    def _measure(self):
        """How long shares were held without an order to sell them, while a day was running.

        In seconds of the market, and no more of them than there were readings of the books: where the machine stands
        still the clock does not, and nobody could have done anything.
        """
        truth = self.broker.truth()
        working = (order for order in truth.working if order.key == KEY and order.side == "SELL")
        bare = truth.position(KEY) > sum(order.left for order in working) and self.life.status and not self.life.gone
        if not bare:
            self._naked_since = None
            return
        now = self.clock.mono(), sum(call.endpoint == "orderbook" for call in list(self.server.calls))
        self._naked_since = self._naked_since or now
        seconds = min(now[0] - self._naked_since[0], now[1] - self._naked_since[1])
        self.naked_longest_s = max(self.naked_longest_s, seconds)


def bars():
    """Quiet five-minute bars of four sessions, whose ATR is 8."""
    found = []
    for day, count in ((18, 75), (19, 75), (20, 75), (23, 15)):
        for number in range(count):
            at = START.replace(day=day, hour=9, minute=15) + number * timedelta(minutes=5)
            found.append(rc.Bar(at=at, open=1000, high=1004, low=996, close=1000))
    return found
