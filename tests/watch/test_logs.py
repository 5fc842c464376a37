"""The log: planted secrets are in no line, the signal stands on each, files are closed, libraries are caught."""

import asyncio
import gc
import io
import json
import logging
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

from riskcore_openalgo import logs
from riskcore_openalgo.config import AlertChannels, Credentials, Logging, OpenAlgoAccess, Webhook
from riskcore_openalgo.following import following
from riskcore_openalgo.logs import InIst, Redactor, _closed_at, access_log, logging_to

TELEGRAM = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
PLANTED = {
    "api key": "0f9e8d7c6b5a49382716",
    "webhook secret": "quite-a-long-webhook-secret",
    "apprise": f"tgram://{TELEGRAM}/42",
    "heartbeat": "https://heartbeat.example/put-0123",
}
CREDENTIALS = Credentials(
    openalgo=OpenAlgoAccess(api_key=PLANTED["api key"]),
    webhook=Webhook(secrets={"tv": PLANTED["webhook secret"]}),
    alerts=AlertChannels(channels={"phone": PLANTED["apprise"]}, heartbeat_url=PLANTED["heartbeat"]),
)
LINES = (
    *PLANTED.values(),
    *(f"failed with {secret} in the middle" for secret in PLANTED.values()),
    *(json.dumps({"apikey": secret, "x": 1}) for secret in PLANTED.values()),
)


def told(tmp_path, act, **settings):
    """What came out on the console and in the file."""
    console = io.StringIO()
    redactor = Redactor(CREDENTIALS.secrets())
    with logging_to(Logging(folder=tmp_path, **settings), redactor, console=console):
        act()
    return console.getvalue(), (tmp_path / "riskcore.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("as_json", [True, False])
def test_no_planted_secret_is_in_any_line(tmp_path, as_json):
    """In messages, in arguments, and in the traceback of an error that holds one."""

    def act():
        log = logging.getLogger("riskcore.any")
        for line in LINES:
            log.warning(line)
            log.info("with an argument: %s", line)
        try:
            int(f"refused: {PLANTED['api key']}")
        except ValueError:
            log.exception("an error")

    for text in told(tmp_path, act, json=as_json):
        assert text.count("***") > len(LINES)
        assert "ValueError" in text
        for secret in (*PLANTED.values(), TELEGRAM):
            assert secret not in text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("apikey=abcdef123456", "apikey=***"),
        ('{"api_key": "abcdef123456"}', '{"api_key": "***"}'),
        ("password: hunter2hunter2 given", "password: *** given"),
        ("Authorization: Bearer abcdefghijk", "Authorization: ***"),
        (f"bot {TELEGRAM} said", "bot *** said"),
        ("postgresql://asha:pa55word@db/journal", "postgresql://asha:***@db/journal"),
        ("POST /webhook/tradingview/the-secret HTTP", "POST /webhook/tradingview/*** HTTP"),
        ("fernet:gAAAAABmAAAAAAAAAAAAAAAAAAAAAA", "fernet:***"),
        ("openalgo.api_key: stands there in plain text", "openalgo.api_key: stands there in plain text"),
        ("openalgo.api_key: must be text", "openalgo.api_key: must be text"),
        ("api_key: must-be-a-secret", "api_key: ***"),
        ("entry BUY 50 NSE:INFY to 1000.50", "entry BUY 50 NSE:INFY to 1000.50"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_the_rest_is_not(text, left):
    assert Redactor().clean(text) == left


def test_a_secret_that_is_learnt_later_is_hidden_from_then_on():
    redactor = Redactor()
    assert redactor.clean("it is new-key-of-today") == "it is new-key-of-today"
    redactor.learn(["new-key-of-today", "short"])
    assert redactor.clean("it is new-key-of-today, short") == "it is ***, short"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the file cannot be closed either
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file here that can never be written")
def test_a_file_that_cannot_be_written_shows_no_secret(tmp_path, capfd):
    """It is loguru that says whole on standard error what it could not write."""
    (tmp_path / "riskcore.log").symlink_to("/dev/full")
    console = io.StringIO()
    with logging_to(Logging(folder=tmp_path), Redactor(CREDENTIALS.secrets()), console=console):
        try:
            int(f"refused: {PLANTED['api key']}")
        except ValueError:
            logging.getLogger("riskcore").exception("asked with %s", PLANTED["webhook secret"])
    said = capfd.readouterr().err
    assert "Logging error" in said
    assert "asked with ***" in console.getvalue()
    for secret in PLANTED.values():
        assert secret not in said + console.getvalue()
    gc.collect()


def test_a_line_without_a_runner_has_the_time_in_india_and_no_secret():
    """Wherever the machine stands: it is laid beside the journal."""
    try:
        int(f"refused: {PLANTED['api key']}")
    except ValueError as problem:
        known = (ValueError, problem, problem.__traceback__)
    record = logging.LogRecord("any", logging.ERROR, "x.py", 1, "asked %s", (PLANTED["api key"],), known)
    record.created = datetime(2026, 11, 30, 4, 45, tzinfo=timezone.utc).timestamp()
    first, *rest = InIst(Redactor(CREDENTIALS.secrets())).format(record).splitlines()
    assert first == "2026-11-30 10:15:00 asked ***"
    assert rest[-1].endswith("refused: ***'")


def test_a_folder_that_was_taken_away_is_no_full_disk(tmp_path):
    """Nobody can say what is left there, and no line of the log is lost or shown twice for it."""
    assert logs._Room(tmp_path / "gone")(None)


def test_the_last_of_a_disk_is_left_to_the_journal(tmp_path, monkeypatch):
    """One line says so on the console, which has the others too; another that the files go on."""
    monkeypatch.setattr(logs, "LOOK_S", 0.0)

    def act():
        for number, free in enumerate((10**9, 0, 0, 10**9)):
            monkeypatch.setattr(logs.shutil, "disk_usage", lambda _, left=free: SimpleNamespace(free=left))
            logging.getLogger("riskcore.any").warning("line %s", number)

    console, written = told(tmp_path, act)
    assert [number for number in range(4) if f"line {number}" in console] == [0, 1, 2, 3]
    assert [number for number in range(4) if f"line {number}" in written] == [0, 3]
    assert console.count("has no room left") == console.count("is written again") == 1


def test_the_signal_stands_on_each_line_and_each_line_is_one_object(tmp_path):
    def act():
        with following("tv:INFY:1"):
            logging.getLogger("riskcore").info("entry sent")
        logging.getLogger("httpx").info("a request")
        logging.getLogger("httpx").warning("a warning of a library")
        logging.getLogger("riskcore").debug("too mild")

    console, written = told(tmp_path, act, json=True)
    rows = [json.loads(line) for line in written.splitlines()]
    assert [(row["signal"], row["room"], row["text"]) for row in rows] == [
        ("tv:INFY:1", "riskcore", "entry sent"),
        ("", "httpx", "a warning of a library"),
    ]
    assert "[tv:INFY:1] entry sent" in console
    assert console.isascii()


def test_a_file_is_closed_at_its_size_and_with_the_day(tmp_path):
    due, day = _closed_at(100), datetime(2026, 11, 20, 23, 59)  # noqa: DTZ001 - only its date counts

    class Message(str):
        __slots__ = ("record",)

    def message(text, at):
        made = Message(text)
        made.record = {"time": at}
        return made

    with (tmp_path / "x").open("a+") as file:
        assert not due(message("x" * 200, day), file)
        file.write("x" * 60)
        assert not due(message("x" * 40, day), file)
        assert due(message("x" * 41, day), file)
        assert due(message("x", day + timedelta(minutes=2)), file)
        assert not due(message("x", day + timedelta(minutes=3)), file)


def test_the_access_log_has_who_what_and_the_answer_and_no_secret(caplog):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 202})

    async def send(message):
        assert message["status"] == 202

    scope = {"type": "http", "method": "POST", "client": ("10.0.0.7", 1), "query_string": b"secret=abc"}
    with caplog.at_level("INFO"):
        for path in ("/webhook/tv/the-secret", "/metrics", "/evil\nline"):
            asyncio.run(access_log(app)({**scope, "path": path}, None, send))
        asyncio.run(access_log(lambda *_: done())({"type": "lifespan"}, None, send))
    said = [record.message.rsplit(" ", 2)[0] for record in caplog.records if record.name == "riskcore.access"]
    assert said == ["10.0.0.7 POST /webhook/tv/*** 202", "10.0.0.7 POST /metrics 202", "10.0.0.7 POST /evil\\nline 202"]


def test_what_is_asked_for_every_second_fills_no_log(caplog):
    """Unless it was not answered well: somebody who is refused stands there."""

    async def asked(path, status, method="GET"):
        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": status})

        async def send(message):
            assert message["status"] == status

        await access_log(app)({"type": "http", "method": method, "path": path}, None, send)

    with caplog.at_level("DEBUG"):
        for path, status, method in (("/api/state", 200, "GET"), ("/api/state", 401, "GET"), ("/metrics", 200, "POST")):
            asyncio.run(asked(path, status, method))
    levels = [record.levelname for record in caplog.records if record.name == "riskcore.access"]
    assert levels == ["DEBUG", "INFO", "INFO"]


async def done():
    return SimpleNamespace()
