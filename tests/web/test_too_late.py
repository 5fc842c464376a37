"""A receipt that its writer makes in the intake's own event loop: too late, or never."""

import asyncio
import json
from datetime import datetime

import pytest

import riskcore as rc
from riskcore_openalgo.web.intake import intake_app

NOW = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
ALERT = {"type": "http.request", "body": b'{"symbol":"TCS","action":"buy"}', "more_body": False}
SCOPE = {"type": "http", "method": "POST", "path": "/webhook/tv", "client": None, "headers": []}


class Late:
    """Writes nothing down; it may give up what it has taken."""

    def __init__(self, *, gives_up=False):
        self.gives_up, self.taken = gives_up, []

    def submit(self, reading, source):
        loop = asyncio.get_running_loop()
        self.taken.append(loop.create_future())
        if self.gives_up:
            loop.call_soon(self.taken[-1].cancel)
        return self.taken[-1]


def answer_of(writer):
    """Status and reason of the answer to an alert."""
    told = []

    async def receive():
        return ALERT

    async def send(message):
        told.append(message)

    app = intake_app(writer.submit, clock=lambda: NOW, answer_within_s=0.05)
    asyncio.run(app(SCOPE, receive, send))
    start, body = told
    return start["status"], json.loads(body["body"])["reason"]


@pytest.mark.parametrize(("gives_up", "reason"), [(False, "intake_busy"), (True, "intake_stopping")])
def test_a_receipt_that_does_not_come_is_answered_in_time_and_its_writer_sees_it(gives_up, reason):
    writer = Late(gives_up=gives_up)
    assert answer_of(writer) == (503, reason)
    assert [receipt.done() for receipt in writer.taken] == [True]


def test_a_body_that_does_not_come_is_cut_off_and_whoever_stops_the_server_is_not_held():
    """The first is an answer; a task that is cancelled by somebody else stays cancelled."""
    told = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        told.append(message)

    async def both():
        await intake_app(Late().submit, clock=lambda: NOW, answer_within_s=0.05)(SCOPE, receive, send)
        other = asyncio.create_task(intake_app(Late().submit, clock=lambda: NOW)(SCOPE, receive, send))
        await asyncio.sleep(0)
        other.cancel()
        await asyncio.wait([other])
        return other.cancelled()

    assert asyncio.run(both())
    assert [message["status"] for message in told if "status" in message] == [408]
