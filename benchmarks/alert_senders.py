"""Fifty senders of alerts in a process of their own, for `bench_intake.py`: what each answer took, and its receipt.

    python -m benchmarks.alert_senders PORT SENDERS ROUNDS PAUSE_S TOGETHER

One line of JSON: [[seconds, status, receipt], ...]. With TOGETHER 1 all post at the same moment, round by round, as at
the close of a bar; with 0 each posts again as soon as it has its answer.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

SYMBOLS = 10
SECRET = "a-secret"  # noqa: S105 - of an intake on the loopback, for as long as the benchmark runs
STARTS = datetime(2026, 11, 23, 4, 30, tzinfo=timezone.utc)


def alert(sender: int, turn: int, senders: int) -> str:
    """An alert that no other is: the symbol goes round, and each has a bar of its own."""
    number = turn * senders + sender
    bar = (STARTS - timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wish = {"secret": SECRET, "ticker": f"NSE:S{number % SYMBOLS}", "action": "buy", "price": 1000, "interval": "5"}
    return json.dumps({**wish, "bar_time": bar, "strategy": "load"})


class Sender(threading.Thread):
    """One sender, over one connection."""

    def __init__(self, port: int, number: int, shape: tuple[int, int, float], gate: threading.Barrier | None) -> None:
        super().__init__()
        self.found: list[tuple[float, int, str]] = []
        self._port, self._number, self._gate = port, number, gate
        self._senders, self._rounds, self._pause_s = shape

    def run(self) -> None:
        """Post, and note what the answer took."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.connect()
        for turn in range(self._rounds):
            text = alert(self._number, turn, self._senders)
            if self._gate is not None:
                self._gate.wait()
            before = time.perf_counter()
            connection.request("POST", "/webhook/tradingview", text, {"content-type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
            self.found.append((time.perf_counter() - before, answer.status, said.get("receipt", "")))
            time.sleep(self._pause_s)
        connection.close()


def main(words: list[str]) -> None:
    """All of them, and what they found."""
    port, count, rounds, together = int(words[0]), int(words[1]), int(words[2]), words[4] == "1"
    gate = threading.Barrier(count) if together else None
    senders = [Sender(port, number, (count, rounds, float(words[3])), gate) for number in range(count)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    print(json.dumps([row for sender in senders for row in sender.found]))


if __name__ == "__main__":
    main(sys.argv[1:])
