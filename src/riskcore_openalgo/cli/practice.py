"""`riskcore practice`: a day in the analyzer against the fake OpenAlgo, from one command.

Everything but the market and the broker is what `riskcore live --analyzer` runs: the intake takes alerts over HTTP, the
page is served, orders go out and come back over real sockets. The folder of the day holds its configuration and its
journal, so that every other command works on it, in another window, while it runs.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.cli import live, tables
from riskcore_openalgo.cli.answers import say, say_first
from riskcore_openalgo.cli.control import who
from riskcore_openalgo.cli.opening import reader
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.report import page, study_of_journal
from riskcore_openalgo.runner.assembly import LIVE
from riskcore_openalgo.runner.inbox import Inbox, folder_of
from riskcore_openalgo.testing.paced import Paced
from riskcore_openalgo.web.control.passwords import hashed

SOURCE: Final = "practice"
USER: Final = "practice"
INTERVAL: Final = "1m"
PORTS: Final = {"control": 8781, "intake": 8780, "metrics": 8782}
GUARD: Final = 8779
"""Kept by the practice that has the usual ports: one that starts in the same moment would find them free as well."""
POLL_S: Final = 0.3
FILES: Final = {
    "risk_management.yaml": """\
risk_management:
  risk_per_trade: 0.1                 # a tenth of a per cent at risk
  position_size_basis: margin
  atr_interval: {interval}                    # the bars that there are: an entry by hand has none of its own
  atr_warmup_bars: 60                 # the day begins at 10:15
""",
    "api_credentials.yaml": """\
api_credentials:
  openalgo: {{host: "{host}", ws_url: "{ws_url}", api_key: {key}}}
  webhook:
    secrets: {{practice: {secret}}}
  control:
    users: {{practice: "{hash}"}}
""",
    "system_config.yaml": """\
system:
  journal: '{folder}/practice.db'
  watch: ["{watch}"]
  # The day begins logged in; its clock is too quick for the half minute that a morning's alert gives a runner.
  alerting: {{login_times: []}}
  control: {{port: {control}}}
  intake: {{port: {intake}}}
  metrics: {{port: {metrics}}}
  logging: {{folder: '{folder}/logs'}}
""",
}


@frozen(kw_only=True)
class Place:
    """The folder of one practice day, what is written there, and who may come in."""

    folder: Path
    password: str
    secret: str
    ports: dict[str, int]

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "config"

    @property
    def journal(self) -> Path:
        """Its journal."""
        return self.folder / "practice.db"

    @property
    def page(self) -> Path:
        """The report at its end."""
        return self.folder / "report.html"


def run(arguments: argparse.Namespace) -> int:
    """One day; the exit code is that of a day in the analyzer."""
    coming: SimpleQueue[rc.Signal] = SimpleQueue()
    cross = EmaCross(symbol=arguments.symbol, interval=INTERVAL, name="practice")

    def on_bar(bars: list[rc.Bar]) -> None:
        signal = cross(bars)
        if signal is not None:
            coming.put(signal)

    with _usual_ports() as usual, Paced(arguments.symbol, speed=arguments.speed, on_bar=on_bar) as market:
        _write(place := _place(arguments.folder, usual=usual), market)
        say_first(arguments, "\n".join(_told(arguments, place, market)))
        given = argparse.Namespace(journal=place.journal, config=place.config, flatten=True)
        with _quietly(arguments), Trader(market, place, coming, minutes=arguments.minutes):
            code = live.run(load_settings(place.config), given, mode=LIVE, analyzer=True, clock=market.clock)
    if market.problem is not None:
        raise RuntimeError(f"the practice market itself failed: {market.problem}") from market.problem
    _report(arguments, place, code)
    return code


def _quietly(arguments: argparse.Namespace) -> contextlib.AbstractContextManager[object]:
    """What the day prints goes to standard error where a program reads the answer."""
    return contextlib.redirect_stdout(sys.stderr) if arguments.json else contextlib.nullcontext()


class Trader:
    """TradingView's part, in a thread: an alert as soon as entries may go, then one at each crossing; and the end."""

    def __init__(self, market: Paced, place: Place, coming: SimpleQueue[rc.Signal], *, minutes: float) -> None:
        self._market, self._place, self._coming = market, place, coming
        self._ends = time.monotonic() + minutes * 60
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="riskcore-practice-alerts", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        first = True
        while not self._ending.wait(POLL_S):
            if time.monotonic() >= self._ends or self._market.now() >= self._market.closes:
                print("practice: the time is up; positions are left, and the day ends", flush=True)
                Inbox(folder_of(self._place.journal)).put_stop(at=self._market.now(), by=who(), flatten=True)
                return
            if first and self._ready():
                self._post(rc.Signal(self._market.instrument.symbol, rc.BUY, at=self._market.now()))
                first = False
            with contextlib.suppress(Empty):
                while not first:
                    self._post(self._coming.get_nowait())

    def _ready(self) -> bool:
        """Whether entries may go: the broker's books were read, and agree. The journal may be being made."""
        try:
            with reader(self._place.journal) as journal:
                book = journal.load().state.book
        except FileNotFoundError:
            return False
        return book.state == "active" and book.opening_equity is not None

    def _post(self, signal: rc.Signal) -> None:
        """Post it as TradingView would, and say what the intake answered."""
        said = f"{self._market.now():%H:%M:%S} alert {signal.side} {signal.symbol}"
        text = alert_text(signal, self._place.secret, self._market.now())
        connection = http.client.HTTPConnection("127.0.0.1", self._place.ports["intake"], timeout=10)
        try:
            connection.request("POST", f"/webhook/{SOURCE}", text, {"content-type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException) as problem:
            print(f"{said}: not taken: {problem}", flush=True)
            return
        finally:
            connection.close()
        print(f"{said}: {answer.get('status')}, receipt {answer.get('receipt')}", flush=True)


def alert_text(signal: rc.Signal, secret: str, now: datetime) -> str:
    """The alert as TradingView would send it."""
    at = {"time": signal.bar_at or signal.at, "timenow": now}
    utc = {name: moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in at.items()}
    about = {"ticker": f"NSE:{signal.symbol}", "action": signal.side.lower(), "interval": "1"}
    return json.dumps({"secret": secret, "strategy": signal.strategy or SOURCE, **about, **utc})


def _place(folder: Path, *, usual: bool) -> Place:
    """A folder that is not there yet, beside those of the days before."""
    numbers = [int(path.name[4:]) for path in folder.glob("day-*") if path.name[4:].isdigit()]
    made = folder / f"day-{max(numbers, default=0) + 1:04d}"
    (made / "config").mkdir(parents=True)
    words = {"password": secrets.token_urlsafe(9), "secret": secrets.token_urlsafe(24)}
    return Place(folder=made, ports=_ports(usual=usual), **words)


@contextlib.contextmanager
def _usual_ports() -> Iterator[bool]:
    """Whether the usual ports are this practice's, as far as other practices go, until the block ends."""
    try:
        guard = socket.create_server(("127.0.0.1", GUARD))
    except OSError:
        yield False
    else:
        with guard:
            yield True


def _ports(*, usual: bool) -> dict[str, int]:
    """The usual ports, and a free one for each that another program has; none twice."""
    with contextlib.ExitStack() as held:
        return {name: _bound(held, port if usual else 0) for name, port in PORTS.items()}


def _bound(held: contextlib.ExitStack, port: int) -> int:
    for wanted in (port, 0):
        with contextlib.suppress(OSError):
            made = held.enter_context(socket.create_server(("127.0.0.1", wanted)))
            return int(made.getsockname()[1])
    raise OSError("no port of the loopback is free")


def _write(place: Place, market: Paced) -> None:
    said = {
        "host": market.host,
        "ws_url": market.ws_url,
        "key": market.key,
        "secret": place.secret,
        "hash": hashed(place.password),
        "watch": market.instrument.key,
        "folder": place.folder.as_posix(),
        "interval": INTERVAL,
        **place.ports,
    }
    for name, text in FILES.items():
        (place.config / name).write_text(text.format(**said), encoding="utf-8", newline="\n")


def _told(arguments: argparse.Namespace, place: Place, market: Paced) -> Iterator[str]:
    """What is about to happen, and what can be done meanwhile."""
    journal = place.journal.as_posix()
    now, length = market.now(), f"{arguments.speed:g} times as fast, for {arguments.minutes:g} minutes of yours"
    yield f"riskcore practice: {arguments.symbol}, the prices of 28 February 2020 as if it were {now:%d %B %Y}"
    yield f"  from {now:%H:%M} on, {length}; paper money at a fake OpenAlgo on this machine: nothing leaves it"
    yield f"  page    http://127.0.0.1:{place.ports['control']}/   user {USER}, password {place.password}"
    yield f"  alerts  come by themselves; your own: POST http://127.0.0.1:{place.ports['intake']}/webhook/{SOURCE}"
    yield "  in another window:"
    yield f"    riskcore status {journal}"
    yield f"    riskcore doctor --config {place.config.as_posix()} --send-alert"
    yield f"    riskcore control enter buy {arguments.symbol} --why practice --journal {journal}"
    yield f"    riskcore control exit {arguments.symbol} --why practice --journal {journal}"
    yield f"    riskcore control stop --journal {journal}          (the emergency stop)"
    yield f"  end it: Ctrl-C, or riskcore stop --journal {journal}"


def _report(arguments: argparse.Namespace, place: Place, code: int) -> None:
    """What the day came to, as text or as one object; and the page of it."""
    with reader(place.journal) as journal:
        study = study_of_journal(journal, title=f"Practice, {arguments.symbol}")
        place.page.write_text(page(study), encoding="utf-8", newline="\n")
        content = tables.content(journal) | {"ended": code, "report": place.page, "config": place.config}
        end = f"Report: {place.page}\nJournal: {journal.where} ({journal.length} rows, chain head {journal.head[:16]})"
        say(arguments, content, f"\n{tables.day(journal)}\n{end}")
