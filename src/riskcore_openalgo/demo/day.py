"""One real trading day through the runner: an own strategy on INFY and LT, its alerts over HTTP on RELIANCE.

The clock is bar time. The chart of RELIANCE plays TradingView: it posts an alert to the intake and waits for the
receipt and for the signal's fate before the next bar is released, so that the day is the same on every machine.
What happens comes from the bars and the policy; nothing is scripted.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timezone
from decimal import Decimal
from importlib import resources
from pathlib import Path
from time import sleep
from typing import Any, Final

import riskcore as rc
from riskcore import events
from riskcore_openalgo.feed import read_folder
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.strategy import OnBar, own_strategy
from riskcore_openalgo.runner.alerts import AlertDesk
from riskcore_openalgo.runner.player import BarPlayer, has_all
from riskcore_openalgo.web.intake import intake_app, serve

INTERVAL: Final = "1m"
OWN: Final = ("INFY", "LT")
CHARTED: Final = "RELIANCE"
SOURCE: Final = "tradingview"
SECRET: Final = "demo"  # noqa: S105 - the demo's intake lives on loopback for as long as the demo runs
DEFAULT: Final = "ema_cross"
FAST, SLOW = 9, 21


def demo_policy() -> rc.Policy:
    """The demo's rules: a tenth of a per cent at risk, two positions, sizes measured in margin.

    Charges are those of 2026-08-03: before July 2020 stamp duty was each state's own, so that no one schedule of
    that day exists.
    """
    return rc.Policy(
        risk_per_trade=Decimal("0.1"),
        max_positions=2,
        position_size_basis="margin",
        charges_as_of="2026-08-03",
    )


def demo_bars() -> dict[rc.Instrument, tuple[rc.Bar, ...]]:
    """The bundled bars, by instrument, with the tick of that day."""
    folder = resources.files("riskcore_openalgo.demo") / "bars"
    with resources.as_file(folder) as path:
        files = read_folder(path, interval=INTERVAL)
    made = {}
    for symbol, file in files.items():
        first = file.bars[0]
        tick = rc.tick_for(first.open, on=first.at.date())
        made[rc.nse_equity(symbol, on=first.at.date(), tick=tick)] = file.bars
    return made


def made(strategy: str, symbol: str, name: str = "") -> OnBar:
    """The strategy of that name for a symbol; the EMA cross is the one of the README, with its two lengths."""
    if strategy == DEFAULT:
        return EmaCross(symbol=symbol, interval=INTERVAL, fast=FAST, slow=SLOW, name=name or DEFAULT)
    called = name or strategy.rpartition(":")[2].rpartition(".")[2]
    return own_strategy(called, strategy, symbol=symbol, interval=INTERVAL, parameters={})


class Day:
    """The demo day over one journal; `play` may be killed and started again with the same journal.

    `strategy` is the one on the charts of all three symbols: a short name, or the dotted name of one of your own.
    """

    def __init__(
        self, journal: Journal, watch: Callable[[events.Fact], None] | None = None, *, strategy: str = DEFAULT
    ) -> None:
        self.bars = demo_bars()
        self.policy = demo_policy()
        self._charted = made(strategy, CHARTED, f"EMA {FAST}/{SLOW}" if strategy == DEFAULT else "")
        own = {f"NSE:{symbol}": [made(strategy, symbol)] for symbol in OWN}
        self.player = BarPlayer(journal, self.policy, self.bars, own, interval=INTERVAL, watch=watch)

    @property
    def moments(self) -> int:
        """How many minutes there are to play."""
        return max(len(series) for series in self.bars.values())

    def play(self) -> Iterator[datetime]:
        """Play the day; yields the time after each minute."""
        runner = self.player.runner
        desk = AlertDesk(runner)
        app = intake_app(desk.submit, secrets={SOURCE: SECRET}, clock=runner.clock)
        with serve(app, "127.0.0.1", 0) as server, ThreadPoolExecutor(1) as sender:
            chart = Chart(self._charted, server.port, sender, runner.turn, runner.fate)
            yield from self.player.play(after_bar=chart.after_bar)


class Chart:
    """TradingView's part: a strategy on the chart of one symbol that posts an alert when it has a signal."""

    def __init__(
        self,
        strategy: OnBar,
        port: int,
        sender: ThreadPoolExecutor,
        turn: Callable[[], int],
        fate: Callable[[str], events.Fact | None],
    ) -> None:
        self._port, self._sender, self._turn, self._fate = port, sender, turn, fate
        self._strategy = strategy

    def after_bar(self, instrument: rc.Instrument, bars: Sequence[rc.Bar]) -> None:
        """Look at the chart after a bar; post the alert there may be, and wait for its receipt and its fate."""
        if instrument.symbol != CHARTED:
            return
        signal = self._strategy(bars)
        if signal is None:
            return
        answer = self._while_turning(self._sender.submit(self._post, alert_text(signal)))
        status, body = answer
        if status != http.client.OK:
            raise RuntimeError(f"the intake answered {status}: {body}")
        while self._fate(body.get("signal") or body["of"]) is None:
            self._turn()

    def _while_turning(self, waiting: Future[Any]) -> Any:
        """Keep the runner turning while the alert is on the wire."""
        while not waiting.done():
            if not self._turn():
                sleep(0.0005)
        return waiting.result()

    def _post(self, text: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("POST", f"/webhook/{SOURCE}", text, {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


def alert_text(signal: rc.Signal) -> str:
    """The alert as TradingView would send it: its own field names, times in UTC, the interval in minutes."""
    bar_at = signal.bar_at or signal.at
    return json.dumps(
        {
            "secret": SECRET,
            "strategy": signal.strategy,
            "ticker": f"NSE:{signal.symbol}",
            "action": signal.side.lower(),
            "price": str(signal.price),
            "interval": "1",
            "time": _utc(bar_at),
            "timenow": _utc(signal.at),
        }
    )


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_journal(folder: Path, strategy: str = DEFAULT) -> Path:
    """The journal to play into: the newest one of a strategy if its day is unfinished, else a new one beside it."""
    begins = "day-" if strategy == DEFAULT else f"{re.sub('[^A-Za-z0-9]+', '-', strategy)}-"
    existing = sorted(path for path in folder.glob(f"{begins}*.db") if path.stem.removeprefix(begins).isdigit())
    if existing and not finished(existing[-1]):
        return existing[-1]
    number = int(existing[-1].stem.removeprefix(begins)) + 1 if existing else 1
    return folder / f"{begins}{number:04d}.db"


def finished(path: Path, key: str | None = None) -> bool:
    """Whether a journal holds the whole demo day; one whose making was cut off does not."""
    try:
        with Reader(path, key=key) as journal:
            return has_all(journal, demo_bars())
    except FileNotFoundError:
        return False
