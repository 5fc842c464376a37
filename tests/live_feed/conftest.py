"""What the tests of the live feed share: a server, short times, clocks, prices and quotes."""

import time
from datetime import datetime

import pytest

import riskcore as rc
from riskcore_openalgo.live_feed import Moment
from tests.live_feed.server import FakeStream, running


def real_moment():
    return Moment(datetime.now(rc.IST), time.monotonic())


@pytest.fixture
def fake():
    return FakeStream()


@pytest.fixture
def url(fake):
    with running(fake) as address:
        yield address
