"""Real channels over real sockets: Apprise, OpenAlgo's Telegram, the sign of life; and what is told once a day."""

import socket
import threading
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import attrs
import pytest

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.alarms.channels import apprise_channel, channels_of
from riskcore_openalgo.alarms.heartbeat import Heartbeat, call
from riskcore_openalgo.config import AlertChannels, Alerting, ConfigurationError, Credentials, Settings, System
from riskcore_openalgo.runner.daily import Daily, calendar_ends
from tests.alarms.test_delivery import until
from tests.core.custody_days import held

MORNINGS = (time(8, 45), time(9, 0))


@contextmanager
def listening(status=200):
    """A server that keeps what it is sent."""
    heard, came = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append((self.path, self.rfile.read(int(self.headers["content-length"])).decode()))
            self.answer()

        def do_GET(self):
            heard.append((self.path, ""))
            self.answer()

        def answer(self):
            self.send_response(status[0] if isinstance(status, list) else status)
            self.end_headers()
            came.set()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, heard, came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "taken"), [(200, True), (500, False)])
def test_apprise_says_whether_a_channel_took_it(status, taken):
    pytest.importorskip("apprise")
    with listening(status) as (port, heard, _):
        channel = apprise_channel("phone", f"json://127.0.0.1:{port}/alerts")
        assert (channel.name, channel.send("UNPROTECTED POSITION: NSE:INFY")) == ("phone", taken)
    assert "UNPROTECTED POSITION: NSE:INFY" in heard[0][1]


def test_an_address_that_apprise_does_not_know_is_named_and_not_shown():
    pytest.importorskip("apprise")
    with pytest.raises(ConfigurationError, match=r"api_credentials\.yaml: alerts\.channels\.phone: ") as refused:
        apprise_channel("phone", "nonsense-with-a-token")
    assert "nonsense-with-a-token" not in str(refused.value)


def test_the_channels_are_those_of_the_settings():
    pytest.importorskip("apprise")
    said = []
    client = SimpleNamespace(telegram=lambda text, *, username: said.append((text, username)) or True)
    settings = Settings(
        credentials=Credentials(alerts=AlertChannels(channels={"phone": "json://127.0.0.1:1"})),
        system=System(alerting=Alerting(telegram_user="asha")),
    )
    telegram, phone = channels_of(settings, client)
    assert ((telegram.name, phone.name), telegram.send("hello"), said) == (
        ("telegram", "phone"),
        True,
        [("hello", "asha")],
    )
    assert channels_of(Settings(), client) == ()


def test_F59_the_sign_of_life_ends_with_the_runner_so_that_somebody_else_raises_the_alarm():
    """Called while the runner turns, and not after; an address that does not answer is counted and harms nobody."""
    asked, lives = [], [True]

    def alive():
        asked.append(lives[0])
        return lives[0]

    with listening() as (port, heard, came):
        beat = Heartbeat(f"http://127.0.0.1:{port}/id", 0.01, alive)
        assert came.wait(8)
        lives[0] = False
        until(lambda: False in asked)  # what was on its way has come
        known, looks = len(heard), len(asked)
        until(lambda: len(asked) > looks + 5)
        assert len(heard) == known
        assert beat.close()
    assert (heard[0], beat.missed) == (("/id", ""), 0)
    dead = Heartbeat(f"http://127.0.0.1:{port}/id", 60, lambda: True)
    assert dead.close(8)
    assert (dead.beats, dead.missed) == (0, 1)
    with pytest.raises(ValueError, match="http or https"):
        Heartbeat("file:///etc/passwd", 1, lambda: True)


@pytest.mark.parametrize("answer", [404, 500, 200])
def test_F59_calls_that_come_to_nobody_are_told_once_and_that_they_arrive_again(answer):
    """A slip in the address: nobody waits for the calls, and nobody knew. Its token is not told."""
    told, status = [], [answer]
    with listening(status) as (port, _, _):
        url = f"http://127.0.0.1:{port}/put-a-token"
        beat = Heartbeat(url, 0.01, lambda: True, lambda text, *, name: told.append((name, text)))
        until(lambda: beat.beats + beat.missed > 6)
        down = [] if answer == 200 else [("heartbeat_down", f"it answers {answer}")]
        assert [(name, said) for (name, text), (_, said) in zip(told, down, strict=True) if said in text] == down
        assert (beat.failures > 3) == bool(down)
        status[0] = 200
        until(lambda: beat.failures == 0)
        assert beat.close(8)
        assert [name for name, _ in told] == [*(name for name, _ in down), *(["heartbeat_up"] if down else [])]
        assert "token" not in str(told)
    assert call(url).startswith("no answer: ConnectionRefused")


def test_a_day_is_summed_up_once_after_its_time():
    day, _ = held()
    daily = Daily(time(15, 45), MORNINGS, 1)

    def at(clock):
        now = datetime.combine(day.day, time.fromisoformat(clock), rc.IST)
        return [notice for notice in daily.due(now, day.state, day.policy) if notice.name == "day_summary"]

    assert at("15:44") == []
    [notice] = at("15:45")
    assert notice.text.startswith("1 entries, net Rs ")
    assert "BUY 50 NSE:INFY" in notice.text
    assert at("15:50") == []
    later = attrs.evolve(day.state, book=attrs.evolve(day.state.book, session=day.day - timedelta(days=1)))
    assert Daily(time(15, 45), MORNINGS, 1).due(
        datetime.combine(day.day, time(16), rc.IST), later, day.policy
    ) == []  # fmt: skip


def test_the_end_of_the_calendar_is_told_each_trading_day_from_thirty_days_before():
    """A shipped table ends somewhere: from then on entries are refused, and somebody must know before."""
    ends = next(day for day in days(date(2026, 6, 1)) if calendar_ends(day, 0) == day)
    assert calendar_ends(ends - timedelta(days=31), 30) is None
    assert calendar_ends(ends - timedelta(days=30), 30) == ends
    daily, found = Daily(None, MORNINGS, 30), []
    for day in (ends - timedelta(days=40), *(ends - timedelta(days=n) for n in range(14, 7, -1))):
        for clock in (time(8, 0), time(9, 0), time(12, 0)):
            found += daily.due(datetime.combine(day, clock, rc.IST), engine.State(), rc.Policy())
    assert 3 <= len(found) <= 6
    assert {notice.name for notice in found} == {"calendar_ending"}
    assert str(ends) in found[0].text


def days(first):
    return (first + timedelta(days=n) for n in range(3000))


def test_F59_an_answer_that_is_no_http_is_a_missed_beat_and_the_next_one_goes():
    with socket.create_server(("127.0.0.1", 0)) as server:
        beat = Heartbeat(f"http://127.0.0.1:{server.getsockname()[1]}/id", 0.01, lambda: True)
        for answer in (b"garbage\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"):
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(answer)
        until(lambda: beat.beats)
        assert beat.missed
        assert beat.close(20)
