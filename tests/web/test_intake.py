"""The intake over real HTTP on this machine: what a sender gets, and what reaches the runner."""

import asyncio
import contextlib
import http.client
import json
import logging
import queue
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from datetime import datetime

import pytest

import riskcore as rc
from riskcore_openalgo.web.alerts import BadAlert, ReadSignal, Receipt
from riskcore_openalgo.web.intake import intake_app, serve
from tests.web.senders import ask

NOW = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
BUY = b'{"symbol":"TCS","action":"buy"}'
SECRETS = {"tv": "sw0rdf1sh", "scan": "an/other one"}


class Runner:
    """Takes readings as the real one does, and answers at once, later, never or wrongly."""

    def __init__(self, mode="at once"):
        self.mode = mode
        self.taken = []
        self.pending = []

    def submit(self, reading, source):
        self.taken.append((reading, source))
        pending = Future()
        if self.mode == "full":
            raise queue.Full
        if self.mode == "cancelled":
            pending.cancel()
        elif self.mode == "broken":
            pending.set_exception(OSError("disk full"))
        elif self.mode == "later":
            threading.Timer(0.1, pending.set_result, [self.receipt(reading)]).start()
        elif self.mode == "never":
            self.pending.append(pending)
        else:
            pending.set_result(self.receipt(reading))
        return pending

    def receipt(self, reading):
        if isinstance(reading, BadAlert):
            return Receipt(reading.status, {"reason": reading.reason, "message": reading.message})
        return Receipt(200, {"status": "accepted", "receipt": reading.receipt_id, "signal": reading.signal.id})


@contextlib.contextmanager
def running(runner, secrets=None, **kwargs):
    app = intake_app(runner.submit, secrets=secrets or {}, clock=lambda: NOW, **kwargs)
    with serve(app, "127.0.0.1", 0) as server:
        yield server


def post(server, path, body=BUY, **kwargs):
    status, text, _ = ask(server, "POST", path, body, **kwargs)
    return status, json.loads(text)


@pytest.fixture
def runner():
    return Runner()


@pytest.mark.parametrize("mode", ["at once", "later"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", None])
def test_an_alert_is_answered_with_its_receipt(mode, kind):
    """As soon as the runner has it written down; the content type does not matter."""
    runner = Runner(mode)
    with running(runner) as server:
        status, answer = post(server, "/webhook/tv", headers={"Content-Type": kind} if kind else None)
    [(reading, source)] = runner.taken
    assert isinstance(reading, ReadSignal)
    assert (source, reading.signal.at) == ("tv", NOW)
    assert (status, answer) == (
        200,
        {"status": "accepted", "receipt": reading.receipt_id, "signal": reading.signal.id},
    )


def test_a_bad_alert_reaches_the_runner_too(runner):
    """It is journalled there, and answered with its reason; the next one is read as if nothing had been."""
    with running(runner) as server:
        assert post(server, "/webhook/tv", b"buy TCS")[0] == 400
        assert post(server, "/webhook/tv", b"buy TCS")[1]["reason"] == "alert_not_json"
        assert post(server, "/webhook/tv")[0] == 200
    assert [type(reading) for reading, _ in runner.taken] == [BadAlert, BadAlert, ReadSignal]
    assert runner.taken[0][0].safe_body == "buy TCS"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/webhook/tv", b'{"symbol":"TCS","action":"buy","secret":"sw0rdf1sh"}'),
        ("/webhook/tv/sw0rdf1sh", BUY),
        ("/webhook/scan/an%2Fother%20one", BUY),
        ("/webhook/scan/an/other%20one", BUY),
        ("/webhook/tv/", b'{"symbol":"TCS","action":"buy","key":"sw0rdf1sh"}'),
    ],
)
def test_the_secret_opens_in_the_body_or_in_the_path(runner, path, body):
    """Any character a path can carry is possible in a secret."""
    with running(runner, SECRETS) as server:
        assert post(server, path, body)[0] == 200


def test_every_way_to_be_unauthorised_looks_the_same(runner):
    """Wrong or missing, in body or path, another source's, a source that is none: not a byte of difference."""
    told = b'{"symbol":"TCS","action":"buy","secret":"%s"}'
    tries = [
        ("/webhook/tv", BUY),
        ("/webhook/tv", told % b"swordfish"),
        ("/webhook/tv", told % b"an/other one"),
        ("/webhook/tv/swordfish", BUY),
        ("/webhook/tv/swordfish", told % b"sw0rdf1sh"),
        ("/webhook/nobody", BUY),
        ("/webhook/nobody/sw0rdf1sh", told % b"sw0rdf1sh"),
        ("/webhook/%20%0a", BUY),
    ]
    with running(runner, SECRETS) as server:
        answers = {ask(server, "POST", path, body)[:2] for path, body in tries}
    [(status, text)] = answers
    assert (status, json.loads(text)["reason"]) == (401, "alert_unauthorised")
    assert [source for _, source in runner.taken] == ["tv"] * 5 + ["nobody"] * 2 + ["unknown"]
    assert "sw0rdf1sh" not in repr(runner.taken)


def test_without_secrets_any_source_is_taken_and_a_strange_name_is_not(runner):
    """A source becomes a part of the signal's id."""
    with running(runner) as server:
        assert post(server, "/webhook/my-scan_2")[0] == 200
        assert post(server, "/webhook/my%20scan")[1]["reason"] == "alert_source_invalid"
        assert post(server, f"/webhook/{'x' * 65}")[0] == 404


@pytest.mark.parametrize("size", [65_537, 2_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_alert_that_is_too_large_is_refused_and_not_kept(runner, size, chunked):
    """Also when it does not say its size beforehand."""
    with running(runner) as server:
        body = (b"x" * 1000 for _ in range(size // 1000 + 1)) if chunked else b"x" * size
        status, answer = post(server, "/webhook/tv", body)
        assert (status, answer["reason"]) == (413, "alert_too_large")
        assert post(server, "/webhook/tv")[0] == 200
    assert len(runner.taken[0][0].safe_body) == 2000


def test_the_limit_can_be_lower_and_not_higher(runner):
    """The reader has a limit of its own."""
    with running(runner, max_body_bytes=40) as server:
        assert post(server, "/webhook/tv", BUY + b" " * 9)[0] == 200
        assert post(server, "/webhook/tv", BUY + b" " * 10)[0] == 413
    with running(runner, max_body_bytes=10_000_000) as server:
        assert post(server, "/webhook/tv", b"x" * 65_537)[0] == 413


def test_one_who_sends_without_end_is_not_listened_to_for_long(runner):
    """Past 4 MiB nothing is read any more."""
    sent = []

    def endless():
        for _ in range(2000):
            sent.append(100_000)
            yield b"x" * 100_000

    with running(runner) as server:
        with contextlib.suppress(OSError):
            post(server, "/webhook/tv", endless())
        assert sum(sent) < 40_000_000  # 4 MiB, and what the system itself holds on the way
        assert post(server, "/webhook/tv")[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_alerts_are_posted(runner, method):
    """Any other method: 405, and what would be right."""
    with running(runner) as server:
        status, text, headers = ask(server, method, "/webhook/tv", BUY if method == "PUT" else None)
    assert (status, headers["allow"]) == (405, "POST")
    assert method == "HEAD" or json.loads(text)["reason"] == "method_not_allowed"
    assert runner.taken == []


def test_there_is_a_health_page_and_nothing_else(runner):
    """GET and HEAD /healthz; unknown paths are 404 in the form of all other answers."""
    with running(runner, SECRETS) as server:
        assert ask(server, "GET", "/healthz")[:2] == (200, "ok")
        assert ask(server, "HEAD", "/healthz")[0] == 200
        status, text, _ = ask(server, "GET", "/")
        assert (status, json.loads(text)["reason"]) == (404, "not_found")
        assert ask(server, "POST", "/webhook", BUY)[0] == 404
        assert ask(server, "GET", "/healthz/")[0] == 404  # no redirect: senders do not follow


def test_a_slow_journal_is_answered_in_time_and_not_disturbed():
    """503 before the sender gives up; the runner can still finish what it has taken."""
    runner = Runner("never")
    with running(runner, answer_within_s=0.3) as server:
        started = time.monotonic()
        status, answer = post(server, "/webhook/tv")
        assert 0.25 < time.monotonic() - started < 8
        assert (status, answer["reason"]) == (503, "intake_busy")
        [pending] = runner.pending
        assert not pending.cancelled()
        pending.set_result(Receipt(200, {}))


@pytest.mark.parametrize(
    ("mode", "status", "reason"),
    [
        ("cancelled", 503, "intake_stopping"),
        ("full", 503, "intake_busy"),
        ("broken", 500, "intake_failed"),
    ],
)
def test_a_runner_in_trouble_is_told_as_such(mode, status, reason, caplog):
    """And the intake goes on; only a failure that nobody foresaw is in the log."""
    caplog.set_level(logging.CRITICAL, "uvicorn.error")
    with running(Runner(mode)) as server:
        found, answer = post(server, "/webhook/tv")
        assert (found, answer["reason"]) == (status, reason)
        assert ask(server, "GET", "/healthz")[0] == 200


def test_one_who_sends_slowly_is_cut_off(runner):
    """A body that does not come is not waited for."""
    with running(runner, answer_within_s=0.3) as server, socket.create_connection((server.host, server.port)) as line:
        line.sendall(b"POST /webhook/tv HTTP/1.1\r\nHost: x\r\nContent-Length: 31\r\n\r\n{")
        line.settimeout(5)
        assert b" 408 " in line.recv(4096).split(b"\r\n")[0]
    assert runner.taken == []


def test_one_who_hangs_up_disturbs_nobody(runner, caplog):
    """Half an alert is no alert, and no error in the log."""
    caplog.set_level(logging.DEBUG)
    with running(runner) as server:
        with socket.create_connection((server.host, server.port)) as line:
            line.sendall(b"POST /webhook/tv HTTP/1.1\r\nHost: x\r\nContent-Length: 31\r\n\r\n{")
            time.sleep(0.1)
        time.sleep(0.1)
        assert post(server, "/webhook/tv")[0] == 200
    assert len(runner.taken) == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_path_that_is_none_is_not_found(runner):
    """OPTIONS may be asked of `*`: it had been an error of ours, with its traceback in the log."""
    with running(runner) as server:
        assert ask(server, "OPTIONS", "*")[0] == 404


def test_no_secret_is_logged(runner, caplog, capfd):
    """Not even by the web server, not even when everything is logged."""
    caplog.set_level(logging.DEBUG)
    with running(runner, SECRETS) as server:
        post(server, "/webhook/tv/sw0rdf1sh")
        post(server, "/webhook/tv/sw0rdf1sh", b"not JSON")
        post(server, "/webhook/tv/swordfish")
    told = caplog.text + "".join(capfd.readouterr())
    assert "sw0rdf1sh" not in told
    assert "swordfish" not in told


def test_many_senders_at_once_each_get_their_own_receipt():
    """Fifty at a time, none lost, none mixed up."""
    runner = Runner("later")
    answers = []
    with running(runner, answer_within_s=30) as server:

        def send(number):
            body = f'{{"symbol":"TCS{number}","action":"buy"}}'.encode()
            answers.append((number, *post(server, "/webhook/tv", body)))

        senders = [threading.Thread(target=send, args=[number]) for number in range(50)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert len(answers) == len(runner.taken) == 50
    assert all(status == 200 and f":TCS{number}:" in told["signal"] for number, status, told in answers)


@pytest.mark.parametrize(
    ("secrets", "says"),
    [({"tv": ""}, "is empty"), ({"tv": "  "}, "is empty"), ({"my scan": "x"}, "must be letters, digits")],
)
def test_a_configuration_that_protects_nothing_is_refused(runner, secrets, says):
    """Where it is made, not with the first alert."""
    with pytest.raises(ValueError, match=says):
        intake_app(runner.submit, secrets=secrets, clock=lambda: NOW)


def test_the_server_takes_a_free_port_and_gives_it_back(runner):
    """Port 0 asks for any; afterwards nobody listens there, and the thread is gone, at once."""
    with running(runner) as server:
        assert server.port > 0
        assert server.url == f"http://127.0.0.1:{server.port}"
        connection = http.client.HTTPConnection(server.host, server.port)  # kept open, as browsers do
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 10
    connection.close()
    assert "intake" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port)).close()


def test_the_server_stops_though_an_alert_is_waiting(caplog):
    """Long before the answer's own time is over, and without cancelling what the runner has taken."""
    caplog.set_level(logging.CRITICAL, "uvicorn.error")
    runner = Runner("never")
    with running(runner, answer_within_s=30) as server:
        sender = threading.Thread(target=lambda: ask_quietly(server))
        sender.start()
        while not runner.pending:
            time.sleep(0.01)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 10
    assert "intake" not in [thread.name for thread in threading.enumerate()]
    sender.join()
    runner.pending[0].set_result(Receipt(200, {}))


def ask_quietly(server):
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        post(server, "/webhook/tv")


def test_a_port_in_use_is_said_at_once(runner):
    """As the system's own error, before anything has started."""
    with running(runner) as server:
        app = intake_app(runner.submit, secrets={}, clock=lambda: NOW)
        with pytest.raises(OSError, match=r"in use|permitted|10048"), serve(app, "127.0.0.1", server.port):
            pass


def test_signals_of_the_system_are_left_alone(runner):
    """Ctrl-C belongs to whoever started the program, also when the server is started in its main thread."""
    program = (
        "import signal, datetime as d\n"
        "from riskcore_openalgo.web.intake import intake_app, serve\n"
        "before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)\n"
        "app = intake_app(None, secrets={}, clock=lambda: d.datetime.now(d.timezone.utc))\n"
        "with serve(app, '127.0.0.1', 0):\n"
        "    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


@pytest.mark.parametrize("absent", ["starlette", "uvicorn"])
def test_without_its_libraries_the_intake_says_what_to_install(absent):
    """And alerts can still be read without them."""
    program = (
        f"import sys; sys.modules[{absent!r}] = None\n"
        "import riskcore_openalgo.web.alerts\n"
        "try:\n    import riskcore_openalgo.web.intake\n"
        "except ImportError as error:\n    print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, timeout=30, capture_output=True, text=True)
    assert told.stdout.strip() == ('riskcore_openalgo.web needs Starlette and uvicorn: pip install "riskcore[runner]"')


def test_the_application_needs_no_server(runner):
    """It is plain ASGI: whoever has a server of their own can mount it."""

    async def call():
        sent = []
        received = [{"type": "http.request", "body": BUY, "more_body": False}]
        scope = {"type": "http", "method": "POST", "path": "/webhook/tv", "headers": [], "query_string": b""}
        app = intake_app(runner.submit, secrets={}, clock=lambda: NOW)

        async def receive():
            return received.pop()

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        return sent

    assert asyncio.run(call())[0]["status"] == 200
