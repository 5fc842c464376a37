"""The log of a runner: loguru behind the standard library's loggers, with every secret kept out of it.

All rooms, and the libraries, log through `logging`; here it is caught and written: to the console, and to files that
are closed at a size and at midnight, as text or as a JSON object a line. The id of the signal that the work is for
stands on each line (`following`). What is a secret, or looks like one, is written as `***`.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import riskcore as rc
from riskcore_openalgo.following import SIGNAL

if TYPE_CHECKING:
    from riskcore_openalgo.config import Logging

MISSING: Final = 'the log of a runner needs loguru: pip install "riskcore[runner]"'
HIDDEN: Final = "***"
SHORTEST: Final = 6
"""A shorter text is no secret that could be told from a word."""
LOUD: Final = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "apscheduler": logging.WARNING,
               "websocket": logging.WARNING, "apprise": logging.WARNING, "urllib3": logging.WARNING}  # fmt: skip
ACCESS: Final = "riskcore.access"
POLLED: Final = ("/api/state", "/metrics", "/healthz")
"""Asked for once a second or so, all day: eighty thousand lines in which nobody finds the one that matters."""
LOOK_S: Final = 1.0
LEAST_FREE: Final = 1_000_000
"""Bytes of a disk that the files of the log leave alone."""
KINDS: Final = (
    re.compile(r"""(?i)((?:api[_-]?key|apikey|secret|passw(?:or)?d|passphrase|token|authorization)["']?\s*[:=]\s*["']?)"""
               r"""(?!stands there |must be )(?:bearer\s+)?[^\s"',;&}]{4,}"""),
    re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"()\b\d{8,10}:[A-Za-z0-9_-]{35}\b"),
    re.compile(r"()\bgAAAA[A-Za-z0-9_=-]{20,}"),
    re.compile(r"(://[^/\s:@]*:)[^@\s/]{3,}(?=@)"),
    re.compile(r"(/webhook/[A-Za-z0-9_-]+/)[^\s\"'?]+"),
)  # fmt: skip
"""What looks like a secret: a key named before it (and not what we say of a key: that it stands in plain text, or must
be another), a bearer, a Telegram bot's token, a Fernet token, a password in an address, a secret in the path of an
alert."""


class Redactor:
    """Takes secrets out of texts: those it was told, and what looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Keep these out from now on, beside those before."""
        known = {*self._known, *(secret for secret in secrets if len(secret) >= SHORTEST)}
        escaped = {json.dumps(secret)[1:-1] for secret in known}
        self._known = tuple(sorted(known | escaped, key=lambda text: (-len(text), text)))

    def clean(self, text: str) -> str:
        """The text without them.

        >>> Redactor(["s3cret-of-mine"]).clean("sent s3cret-of-mine with apikey=abcdef12")
        'sent *** with apikey=***'
        """
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        for kind in KINDS:
            text = kind.sub(lambda found: found[1] + HIDDEN, text)
        return text


class Caught(logging.Handler):
    """Hands what is logged through the standard library on to loguru, without the secrets in it.

    Nothing else reaches loguru: what it cannot write it shows whole on standard error.
    """

    def __init__(self, logger: Any, redactor: Redactor) -> None:
        super().__init__()
        self._logger, self._redactor = logger, redactor

    def emit(self, record: logging.LogRecord) -> None:
        """One record; with the place it came from, and the signal it is about."""
        try:
            level: str | int = self._logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        self._logger.bind(signal=SIGNAL.get(), room=record.name).log(level, "{}", self._redactor.clean(text))


class InIst(logging.Formatter):
    """A line with its time in India and without secrets, where no log of a runner is kept: loguru may be missing."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(message)s")
        self._redactor = redactor

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - as logging has it
        """The time of the record; `datefmt` is not asked for."""
        return f"{datetime.fromtimestamp(record.created, rc.IST):%Y-%m-%d %H:%M:%S}"

    def format(self, record: logging.LogRecord) -> str:
        """The whole line, its traceback too."""
        return self._redactor.clean(super().format(record))


@contextmanager
def logging_to(settings: Logging, redactor: Redactor, *, console: TextIO | None = None) -> Iterator[None]:
    """Log as the settings say for as long as the context lasts, and write out what waits at its end."""
    try:
        from loguru import logger
    except ImportError as missing:
        raise ImportError(MISSING) from missing
    logger.remove()
    level = settings.level.upper()
    common: dict[str, Any] = {"level": level, "backtrace": False, "diagnose": False, "catch": True}
    ours = [logger.add(_to(console or sys.stderr), format=_line, **common)]
    if settings.folder is not None:
        settings.folder.mkdir(parents=True, exist_ok=True)
        in_files = logger.add(
            settings.folder / "riskcore.log",
            format=_json_line if settings.json else _line,
            filter=_Room(settings.folder),
            rotation=_closed_at(settings.rotate_mb * 1_000_000),
            retention=f"{settings.keep_days} days",
            encoding="utf-8",
            enqueue=True,
            **common,
        )
        ours.append(in_files)
    root, caught, before = logging.getLogger(), Caught(logger, redactor), logging.getLogger().level
    kept = {name: logging.getLogger(name).level for name in LOUD}
    root.addHandler(caught)
    root.setLevel(level)
    for name, least in LOUD.items():
        logging.getLogger(name).setLevel(least)
    try:
        yield
    finally:
        root.removeHandler(caught)
        root.setLevel(before)
        for name, least in kept.items():
            logging.getLogger(name).setLevel(least)
        logger.complete()
        for one in ours:
            with suppress(OSError):  # a file that cannot be written cannot be closed either, and ends no day
                logger.remove(one)


def access_log(app: Any, *, tell: Callable[[int, str], None] | None = None) -> Any:
    """An ASGI application that logs each request: who, what, its status and how long; never a query or a body.

    What a page or a monitor asks for again and again, and is answered well, is told at the level debug. Lines are
    written after those who can be answered now were answered; `tell(level, line)` writes them elsewhere than to the
    log called `riskcore.access`.
    """
    import asyncio

    told: Callable[[int, str], None] = tell or logging.getLogger(ACCESS).log
    waiting: list[tuple[Any, ...]] = []

    def written() -> None:
        lines = waiting.copy()
        waiting.clear()
        for level, *line in lines:
            told(level, "{} {} {} {} {:.1f} ms".format(*line))

    async def logged(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        began, status = _mono(), 0

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, noted)
        finally:
            who = (scope.get("client") or ("?",))[0]
            milliseconds = (_mono() - began) * 1000
            method, path = scope["method"], _path(scope["path"])
            polled = method == "GET" and path in POLLED and 200 <= status < 300
            level = logging.DEBUG if polled else logging.INFO
            if not waiting:
                asyncio.get_running_loop().call_soon(written)
            waiting.append((level, who, method, path, status or "-", milliseconds))

    return logged


def _path(path: str) -> str:
    """A path in one line of ASCII, without the secret that an alert's may hold."""
    parts = path.encode("unicode_escape").decode("ascii").split("/")
    if len(parts) > 3 and parts[1] == "webhook":
        parts = [*parts[:3], HIDDEN]
    return "/".join(parts)[:200]


def _mono() -> float:
    import time

    return time.perf_counter()


def _to(stream: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text.encode("ascii", "replace").decode("ascii"))
        stream.flush()

    return write


def _line(record: Any) -> str:
    extra = record["extra"]
    about = f"[{extra['signal']}] " if extra.get("signal") else ""
    moment = f"{record['time'].astimezone(rc.IST):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    extra["said"] = f"{moment} {record['level'].name:<8} {about}{record['message']}"
    return "{extra[said]}\n"


def _json_line(record: Any) -> str:
    extra = record["extra"]
    told = {
        "at": record["time"].astimezone(rc.IST).isoformat(),
        "level": record["level"].name,
        "room": extra.get("room", ""),
        "signal": extra.get("signal", ""),
        "text": record["message"],
    }
    extra["said"] = json.dumps(told, ensure_ascii=True)
    return "{extra[said]}\n"


class _Room:
    """Whether the files may have a line: the last of a disk belongs to the journal. Says so at each change."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._looked, self._free = folder, float("-inf"), True

    def __call__(self, record: Any) -> bool:
        now = _mono()
        if now - self._looked >= LOOK_S:
            self._looked, before = now, self._free
            self._free = _bytes_free(self._folder) >= LEAST_FREE
            if self._free != before:
                how = "is written again" if self._free else "has no room left: lines are on the console alone"
                logging.getLogger("riskcore").error("the log in %s %s", self._folder, how)
        return self._free


def _bytes_free(folder: Path) -> float:
    """What is left on the disk of a folder; without end where nobody can tell, as of one that was taken away."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return float("inf")


def _closed_at(size: int) -> Callable[[Any, Any], bool]:
    """Whether a file is to be closed before a message: at its size, and with the day."""

    def due(message: Any, file: Any) -> bool:
        file.seek(0, 2)
        if file.tell() and file.tell() + len(message) > size:
            return True
        day: datetime = message.record["time"]
        last = getattr(due, "day", day.date())
        due.day = day.date()  # type: ignore[attr-defined]
        return bool(file.tell()) and last != day.date()

    return due
