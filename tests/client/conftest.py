"""The client of these tests: the real SDK against a small real server, with a clock, a sleep and a jitter of ours."""

from datetime import datetime

import pytest

import riskcore as rc
from riskcore_openalgo.client import Budget, Client
from tests.client.peer import KEY, Peer

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)


class Clock:
    """A monotonic clock that moves when somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def peer():
    one = Peer()
    yield one
    one.close()


@pytest.fixture
def slept():
    """The pauses that a client made instead of sleeping."""
    return []


@pytest.fixture
def make_client(peer, slept, clock):
    """Clients of the peer, closed when the test is over."""
    made = []

    def make(**options):
        given = {
            "sleep": slept.append,
            "jitter": lambda: 1.0,
            "clock": lambda: NOW,
            "budget": Budget(orders_per_s=1000, reads_per_s=1000, monotonic=clock, sleep=clock.sleep),
            **options,
        }
        made.append(Client(given.pop("host", peer.host), given.pop("api_key", KEY), **given))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()
