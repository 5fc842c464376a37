"""By which names what listens on the loopback is asked; through real HTTP."""

import pytest

from riskcore_openalgo.cli.watching import LOOPBACK
from riskcore_openalgo.metrics import Metrics
from riskcore_openalgo.web.names import asked_locally, is_loopback
from riskcore_openalgo.web.server import serve
from riskcore_openalgo.web.watch import watch_app
from tests.web.senders import ask

OURS = (
    "127.0.0.1",
    "127.0.0.1:8782",
    "localhost:8782",
    "[::1]:8782",
    "desk",
    "host.docker.internal:8782",
    "a.localhost.",
)
STRANGERS = ("evil.example", "evil.example:8782", "127.0.0.1.evil.example", "localhost.evil.example",
             "127.0.0.1@evil.example", "[::1", "evil.example.", "xn--e1afmkfd.example")  # fmt: skip


def app():
    return watch_app(Metrics(), lambda: (True, ""))


@pytest.mark.parametrize("name", OURS)
def test_its_own_names_are_answered(name):
    with serve(asked_locally(app(), "127.0.0.1"), "127.0.0.1", 0) as server:
        assert ask(server, "GET", "/healthz", headers={"Host": name})[0] == 200


@pytest.mark.parametrize("name", STRANGERS)
def test_a_name_that_a_stranger_may_have_led_here_is_not(name):
    """Whatever is asked: the browser of the one it was led to would hand the answer to the stranger's page."""
    with serve(asked_locally(app(), "127.0.0.1"), "127.0.0.1", 0) as server:
        for path in ("/metrics", "/healthz", "/"):
            status, text, _ = ask(server, "GET", path, headers={"Host": name})
            assert (status, "127.0.0.1" in text) == (421, True)


def test_what_listens_elsewhere_has_names_that_nobody_here_knows():
    """There the name is a matter of the network; it is told as UNSAFE at the start without TLS."""
    bare = app()
    assert asked_locally(bare, "0.0.0.0") is bare  # noqa: S104 - what is not the loopback
    assert all(map(is_loopback, LOOPBACK))
