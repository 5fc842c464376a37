"""The connection by itself: TLS, redirections, addresses that answer with something else."""

import socket
import ssl
import threading

import pytest

from riskcore_openalgo.live_feed.connection import Connection, Down
from riskcore_openalgo.live_feed.messages import PING, authenticate
from tests.certificates import certificate_in
from tests.live_feed.server import KEY, running


@pytest.fixture
def certificate(tmp_path):
    """A certificate of 127.0.0.1 that it signed itself, with its key, in one file."""
    made, key = certificate_in(tmp_path)
    path = tmp_path / "server.pem"
    path.write_bytes(key.read_bytes() + made.read_bytes())
    return path


@pytest.fixture
def secure(fake, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with running(fake, ssl=context) as url:
        yield url


def test_an_encrypted_connection_to_a_certificate_that_the_machine_trusts(fake, secure, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    connection = Connection(secure)
    connection.open(5)
    connection.send(authenticate(KEY))
    assert b'"status": "success"' in connection.receive(5)
    connection.close()


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(fake, secure):
    connection = Connection(secure)
    with pytest.raises(Down, match=r"no connection to 127\.0\.0\.1:\d+: .*CERTIFICATE_VERIFY_FAILED"):
        connection.open(5)
    assert fake.asked == []


def answering(listening, answer):
    """Answer one connection with what is no WebSocket's answer."""
    client, _ = listening.accept()
    with client:
        client.recv(4096)
        client.sendall(answer)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n", "Redirect limit"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops", "502"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no connection"),
        (b"", "no connection"),
    ],
)
def test_what_answers_with_something_else_is_no_connection(answer, why):
    """A page, a redirection, another service: nothing but the handshake was sent to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=answering, args=(listening, answer))
        server.start()
        with pytest.raises(Down, match=why):
            Connection(f"ws://127.0.0.1:{listening.getsockname()[1]}").open(5)
        server.join(5)


def test_a_name_that_leads_nowhere_is_no_connection(monkeypatch):
    def nowhere(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(Down, match="Name or service not known"):
        Connection("ws://openalgo.example").open(5)


def test_nothing_is_sent_over_what_was_closed(url):
    connection = Connection(url)
    connection.open(5)
    connection.close()
    with pytest.raises(Down, match="nothing can be sent"):
        connection.send(PING)
    with pytest.raises(Down, match="the connection was lost"):
        connection.receive(0.1)
