"""What the server does with connections, whatever application it serves."""

import contextlib
import socket
import time

import pytest

from riskcore_openalgo.web import lines
from riskcore_openalgo.web.lines import CONNECTIONS, LARGEST_HEAD, H11Line
from riskcore_openalgo.web.server import serve
from tests.web.senders import ask


def test_the_body_of_an_answer_does_not_wait_until_its_head_is_acknowledged():
    """It is sent at once (TCP_NODELAY): else who asks without a pause waits 40 ms for each answer but the first."""
    found = []

    async def looking(scope, receive, send):
        line = send.__self__.transport.get_extra_info("socket")
        found.append(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    with serve(looking, "127.0.0.1", 0) as server:
        assert ask(server, "GET", "/")[0] == 204
    assert found
    assert found[0] != 0


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def saying(scope, receive, send):
    """An application that says nothing, at once."""
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


@pytest.fixture(params=["httptools", "h11"])
def server(request, monkeypatch):
    if request.param == "h11":
        monkeypatch.setattr("riskcore_openalgo.web.server.Lines", H11Line)
    with serve(saying, "127.0.0.1", 0) as opened:
        yield opened


def line_to(server):
    return socket.create_connection((server.host, server.port), timeout=5)


def closed(line):
    """Whether the other end has closed a line, or does within five seconds."""
    with contextlib.suppress(ConnectionError):
        return not line.recv(4096)
    return True


def test_lines_without_a_request_keep_nobody_out(server):
    """The longest silent make room: who asks is answered, though there are more of them than there may be."""
    with contextlib.ExitStack() as opened:
        idle = [opened.enter_context(line_to(server)) for _ in range(CONNECTIONS + 20)]
        assert ask(server, "GET", "/")[0] == 204
        assert all(closed(line) for line in idle[:20])
        idle[-1].sendall(GET + b"\r\n")
        assert idle[-1].recv(4096).startswith(b"HTTP/1.1 204")


def test_a_line_without_a_whole_request_is_closed_after_its_time(server, monkeypatch):
    """Silent from its start, a letter at a time, and silent after an answer whose body goes on and on."""
    monkeypatch.setattr(lines, "WAIT_S", 2.0)
    with line_to(server) as silent, line_to(server) as slow, line_to(server) as endless:
        slow.sendall(b"GET /")
        endless.sendall(GET + b"Content-Length: 999999\r\n\r\n")
        assert endless.recv(4096).startswith(b"HTTP/1.1 204")
        with contextlib.suppress(ConnectionError):
            for _ in range(140):
                slow.sendall(b"a")
                endless.sendall(b"x")
                time.sleep(0.02)
        assert closed(silent)
        assert closed(slow)
        assert closed(endless)
        assert ask(server, "GET", "/")[0] == 204


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"GET /",
        GET + b"A: ",
        GET + b"Transfer-Encoding: chunked\r\n\r\n5;",
        b"GET / HTTP/1.1\r\nA: b\r\n\r\n" + GET,
    ],
)
def test_what_never_becomes_a_request_is_not_kept(server, before):
    """A head, a line of it or what stands about a chunk may be so long and no longer."""
    with line_to(server) as line:
        sent = 0
        with contextlib.suppress(ConnectionError):
            line.sendall(before)
            while sent < 100 * LARGEST_HEAD:
                line.sendall(b"a" * 4096)
                sent += 4096
        assert sent < 100 * LARGEST_HEAD
    assert ask(server, "GET", "/", headers={"a": "b" * 10_000})[0] == 204
