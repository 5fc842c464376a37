"""Fifty senders of alerts in a process of their own, for `bench_intake.py`: what each answer took, and its receipt.

    python -m benchmarks.alert_senders PORT SENDERS ROUNDS PAUSE_S TOGETHER

One line of JSON: [[seconds, status, receipt], ...]. With TOGETHER 1 all post at the same moment, round by round, as at
the close of a bar; with 0 each posts again as soon as it has its answer. All are one thread that waits for fifty
connections, and what they send is ready before: fifty threads would wait for each other, and be measured with it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

SYMBOLS = 10
SECRET = "a-secret"  # noqa: S105 - of an intake on the loopback, for as long as the benchmark runs
STARTS = datetime(2026, 11, 23, 4, 30, tzinfo=timezone.utc)
PATIENCE_S = 30.0
END = b"\r\n\r\n"


def alert(sender: int, turn: int, senders: int) -> str:
    """An alert that no other is: the symbol goes round, and each has a bar of its own."""
    number = turn * senders + sender
    bar = (STARTS - timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wish = {"secret": SECRET, "ticker": f"NSE:S{number % SYMBOLS}", "action": "buy", "price": 1000, "interval": "5"}
    return json.dumps({**wish, "bar_time": bar, "strategy": "load"})


def request(text: str) -> bytes:
    """The whole of a POST."""
    head = (
        "POST /webhook/tradingview HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(text)}",
    )
    return "\r\n".join(head).encode() + END + text.encode()


class Sender:
    """One sender, over one connection."""

    def __init__(self, port: int, number: int, senders: int, rounds: int) -> None:
        self.line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers: list[tuple[float, bytes]] = []
        self._texts = [request(alert(number, turn, senders)) for turn in reversed(range(rounds))]
        self._began, self._heard = 0.0, b""

    @property
    def is_done(self) -> bool:
        """Whether everything was sent and answered."""
        return not self._texts

    def post(self) -> None:
        """Send the next alert."""
        self._heard, self._began = b"", time.perf_counter()
        self.line.sendall(self._texts.pop())

    def hear(self) -> bool:
        """Take what has come; whether the answer is whole."""
        some = self.line.recv(65536)
        if not some:
            raise ConnectionError("the intake hung up")
        self._heard += some
        head, found, body = self._heard.partition(END)
        if not found or len(body) < length(head):
            return False
        self.answers.append((time.perf_counter() - self._began, self._heard))
        return True


Again: TypeAlias = Callable[[Sender], bool]
"""What a sender does that was answered; whether it waits for another answer."""


def length(head: bytes) -> int:
    """What a head says of its body."""
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next(int(value) for name, _, value in lines if name == b"content-length")


def together(senders: list[Sender], pause_s: float) -> None:
    """All post at once, and again after all were answered."""
    while not senders[0].is_done:
        for sender in senders:
            sender.post()
        wait_for(senders, lambda sender: False)
        time.sleep(pause_s)


def flat_out(senders: list[Sender]) -> None:
    """Each posts again when it was answered."""
    for sender in senders:
        sender.post()

    def again(sender: Sender) -> bool:
        if sender.is_done:
            return False
        sender.post()
        return True

    wait_for(senders, again)


def wait_for(senders: list[Sender], again: Again) -> None:
    """Until each has its answer and wants no other."""
    with selectors.DefaultSelector() as waiting:
        for sender in senders:
            waiting.register(sender.line, selectors.EVENT_READ, sender)
        while waiting.get_map():
            ready = waiting.select(PATIENCE_S)
            if not ready:
                raise TimeoutError("an alert was not answered")
            for key, _ in ready:
                if key.data.hear() and not again(key.data):
                    waiting.unregister(key.fileobj)


def said(answer: bytes) -> tuple[int, str]:
    """Status and receipt of an answer."""
    head, _, body = answer.partition(END)
    return int(head.split(b" ", 2)[1]), json.loads(body).get("receipt", "")


def main(words: list[str]) -> None:
    """All of them, and what they found."""
    port, count, rounds, at_once = int(words[0]), int(words[1]), int(words[2]), words[4] == "1"
    senders = [Sender(port, number, count, rounds) for number in range(count)]
    if at_once:
        together(senders, float(words[3]))
    else:
        flat_out(senders)
    print(json.dumps([(taken, *said(answer)) for sender in senders for taken, answer in sender.answers]))


if __name__ == "__main__":
    main(sys.argv[1:])
