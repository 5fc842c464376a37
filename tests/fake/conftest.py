"""A fake OpenAlgo for one test, and clients of it: plain HTTP, a plain WebSocket, the SDK that is installed."""

import contextlib
import json
import threading

import openalgo
import pytest
from websockets.sync.client import connect

from riskcore_openalgo.testing import LIVE, SANDBOX
from tests.fake.world import KEY, World


@pytest.fixture(autouse=True)
def nothing_is_left_running():
    """Threads of the fake end with it."""
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("fake-")]
    assert not left


@pytest.fixture
def make_world():
    """Worlds of any profile, closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(profile=SANDBOX, **settings):
            world = World(profile, **settings)
            stack.callback(world.close)
            return world

        yield make


@pytest.fixture
def world(make_world):
    """The sandbox."""
    return make_world()


@pytest.fixture
def live(make_world):
    """The live mode, as recorded."""
    return make_world(LIVE)


@pytest.fixture
def sdk():
    """The installed SDK, pointed at a world."""
    with contextlib.ExitStack() as stack:

        def point(world, *, timeout=5.0, key=KEY):
            client = openalgo.api(api_key=key, host=world.server.host, ws_url=world.server.ws_url, timeout=timeout)
            if hasattr(client, "close"):  # 2.x keeps a pool of connections
                stack.callback(client.close)
            return client

        yield point


class Socket:
    """A plain WebSocket that has said its key."""

    def __init__(self, connection):
        self.connection = connection

    def send(self, message):
        self.connection.send(message if isinstance(message, str) else json.dumps(message))

    def read(self, timeout=5.0):
        return json.loads(self.connection.recv(timeout=timeout))

    def ask(self, **message):
        self.send(message)
        return self.read()

    def silent(self, for_s=0.1):
        """Whether nothing comes for so long."""
        try:
            self.connection.recv(timeout=for_s)
        except TimeoutError:
            return True
        return False


@pytest.fixture
def socket_to():
    """Connect to a world's stream; with a key unless told otherwise."""
    with contextlib.ExitStack() as stack:

        def open_socket(world, *, authenticate=True):
            connection = stack.enter_context(connect(world.server.ws_url, compression=None, ping_interval=None))
            socket = Socket(connection)
            if authenticate:
                assert socket.ask(action="authenticate", api_key=KEY)["status"] == "success"
            return socket

        yield open_socket
