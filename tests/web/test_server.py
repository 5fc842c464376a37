"""What the server does with connections, whatever application it serves."""

import socket

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
