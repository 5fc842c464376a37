"""The fake OpenAlgo without sockets: the SDK's own methods, answered in the same thread and in simulated time.

    time = Timeline(datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST))
    broker = FakeBroker(clock=time, cash=1_000_000, profile=LIVE)
    client = Wire(broker, time).client()
    broker.script(Fault("placeorder", "timeout", executed=True, seconds=9))

What the wire brings goes through the SDK's own reading of answers and the client's: only sockets and threads are
missing. Whoever waits for an answer lets simulated time pass; an order that the server carries out after its caller has
given up is carried out then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import openalgo
from attrs import frozen

from riskcore_openalgo.client import Budget, Client
from riskcore_openalgo.client.calls import Calls
from riskcore_openalgo.client.client import ANALYZER_TIMEOUT_S, TIMEOUT_S
from riskcore_openalgo.testing.answers.answer import Answer
from riskcore_openalgo.testing.answers.calls import Reply
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.door import Door
from riskcore_openalgo.testing.server import written
from riskcore_openalgo.testing.timeline import Timeline

KEY: Final = "simulated" * 7
TIMED_OUT: Final = "timeout_error", "Request timed out. The server took too long to respond."
DROPPED: Final = "http_error", "HTTP error occurred: Server disconnected without sending a response."
REFUSED: Final = "connection_error", "Failed to connect to the server. Please check if the server is running."


class NoAnswer(Exception):
    """A call that brought none: the SDK's class of that, and its words."""


@frozen
class _Answered:
    """An answer as the SDK looks at one."""

    status_code: int
    text: str
    body: Any

    def json(self) -> Any:
        return json.loads(self.text) if self.body is None else self.body


class Wire:
    """What lies between a caller and the fake.

    `latency(endpoint)` is how many seconds a call takes there, and again back. While `down`, connections are refused.
    """

    def __init__(
        self,
        broker: FakeBroker,
        time: Timeline,
        *,
        limits: bool = True,
        latency: Callable[[str], float] = lambda _: 0.0,
    ) -> None:
        self.broker, self.time, self.latency = broker, time, latency
        self.door = Door(broker, KEY, limits=limits, monotonic=time.monotonic)
        self.down = False

    def client(
        self,
        *,
        strategy: str = "riskcore",
        budget: Budget | None = None,
        jitter: Callable[[], float] = lambda: 1.0,
        monotonic: Callable[[], float] | None = None,
    ) -> Client:
        """A client over this wire, whose every pause is one of simulated time; `monotonic` is its machine's clock."""
        now, pause = monotonic or self.time.monotonic, self.time.sleep
        calls = Calls(
            "http://simulated.invalid",
            KEY,
            None,
            timeout_s=TIMEOUT_S,
            analyzer_timeout_s=ANALYZER_TIMEOUT_S,
            budget=Budget(monotonic=now, sleep=pause) if budget is None else budget,
            jitter=jitter,
            sdk=DirectSdk(self),
            monotonic=now,
            sleep=pause,
        )
        return Client.over(calls, strategy=strategy, clock=self.time)

    def call(self, name: str, body: dict[str, Any], timeout_s: float) -> _Answered:
        """The answer to a call, when its time has come; `NoAnswer` where there is none in time."""
        if self.down:
            raise NoAnswer(*REFUSED)
        left = self._pass(self.latency(name), timeout_s)
        carry_out = self.arrived(name, body)
        reply = self.door.too_soon(name) or carry_out(lambda: self.door.reply(name, body))
        serves = reply.serves
        if reply.wait_s:
            if serves is not None and reply.wait_s >= left:
                self.time.later(reply.wait_s, partial(carry_out, serves))
            left = self._pass(reply.wait_s, left)
        if serves is not None:
            reply = Reply(answer=carry_out(serves))
        self.door.note(name, body, reply)
        self._pass(reply.answer.held_s + self.latency(name), left)
        if reply.dropped:
            raise NoAnswer(*DROPPED)
        return _answered(reply)

    def arrived(self, name: str, body: dict[str, Any]) -> Callable[[Callable[[], Any]], Any]:
        """A call has come to the server; whatever it does for that, now or later, is done through the result."""
        return lambda act: act()

    def _pass(self, seconds: float, left: float) -> float:
        """Let time pass; `NoAnswer` when the caller's patience ends before, else what is left of it."""
        if seconds >= left:
            self.time.sleep(left)
            raise NoAnswer(*TIMED_OUT)
        if seconds:
            self.time.sleep(seconds)
        return left - seconds


def _answered(reply: Reply) -> _Answered:
    answer: Answer = reply.answer
    plain = reply.text is None and answer.status == 200
    text = "" if plain else written(answer) if reply.text is None else reply.text
    return _Answered(answer.status, text, answer.body if plain else None)


class DirectSdk(openalgo.api):  # type: ignore[misc] # the SDK has no types
    """The installed SDK with a wire in the place of its HTTP client. Both its lines ask through these two methods."""

    def __init__(self, wire: Wire) -> None:
        """The SDK's own would open a pool of connections."""
        self.wire, self.api_key, self.timeout = wire, KEY, TIMEOUT_S
        self.ws_url = "ws://simulated.invalid"

    def _make_request(self, endpoint: str, payload: dict[str, Any]) -> Any:
        """What the SDK makes of the answer."""
        try:
            return self._handle_response(self.wire.call(endpoint, payload, self.timeout))
        except NoAnswer as none:
            kind, words = none.args
            return {"status": "error", "message": words, "error_type": kind}

    def _post(self, endpoint: str, payload: dict[str, Any]) -> Any:
        """The newer methods leave the server's body as it is, and note its status in it."""
        try:
            answer = self.wire.call(endpoint, payload, self.timeout)
        except NoAnswer as none:
            kind, words = none.args
            return {"status": "error", "message": words, "error_type": kind}
        try:
            body = answer.json()
        except ValueError:
            return self._handle_response(answer)
        return body if answer.status_code == 200 else {"status": "error", **body, "code": answer.status_code}

    def close(self) -> None:
        """Nothing is open."""
