"""The machine itself: clock, calendar, where the journal lies, room on the disk, secrets."""

from __future__ import annotations

import http.client
import os
import shutil
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import riskcore as rc
from riskcore_openalgo.config import LIVE, OldSecret, Settings
from riskcore_openalgo.doctor.check import Check, fail, ok, warn
from riskcore_openalgo.journal.places import At
from riskcore_openalgo.journal.synced import synced_by

TIMEOUT_S: Final = 3.0
DATE_STEP_S: Final = 1.0
"""A Date header has whole seconds: the true time is up to one later."""
CALENDAR_DAYS: Final = 30
LOOK_AHEAD: Final = 400
MIB: Final = 1_048_576
LITTLE: Final = 100 * MIB
ENOUGH: Final = 1_024 * MIB
SECRET_LENGTH: Final = 20
SET_CLOCK: Final = "set the clock by the network (Windows: Settings, Time; Linux: timedatectl set-ntp true)"


def clock(host: str, now: datetime, skew_s: int) -> Check:
    """This machine's clock against the Date header of OpenAlgo's answer; within `skew_s` all is well."""
    asked = time.monotonic()
    try:
        theirs = _date_of(host)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return warn("clock", f"nobody to compare with: {host} does not answer ({type(problem).__name__})", SET_CLOCK)
    ahead, waited = (now - theirs).total_seconds(), time.monotonic() - asked
    off = max(ahead - DATE_STEP_S, -ahead - waited, 0.0)  # it was written between the question and the answer
    said = f"{abs(ahead):.0f} s {'ahead of' if ahead >= 0 else 'behind'} OpenAlgo's"
    if off > skew_s:
        return fail("clock", f"{said}; at most {skew_s} s is fine (clock_skew_s)", SET_CLOCK)
    return ok("clock", said)


def _date_of(host: str) -> datetime:
    parts = urlsplit(host)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("HEAD", "/")
        # With its page OpenAlgo writes it twice, which is no date when it is read as one. It is GMT in any case.
        written = connection.getresponse().headers.get_all("Date") or [""]
        return parsedate_to_datetime(written[0]).replace(tzinfo=timezone.utc)
    finally:
        connection.close()


def calendar(today: date, tables: rc.Tables | None) -> Check:
    """Whether the calendar knows today, and how long it goes on."""
    share = rc.Instrument(symbol="ANY", tick="0.05")
    last: date | None = None
    for ahead in range(LOOK_AHEAD):
        day = today + timedelta(days=ahead)
        try:
            rc.session_on(day, share, "MIS", tables=tables)
        except rc.CalendarUnknown:
            break
        last = day
    remedy = "update riskcore, or write the days into a calendar of your own (docs/market-tables.md)"
    if last is None:
        return fail("calendar", f"it does not know {today}: every entry is refused", remedy)
    left = (last - today).days
    if left <= CALENDAR_DAYS:
        return warn("calendar", f"it ends on {last}, in {left} days: from then on every entry is refused", remedy)
    return ok("calendar", f"known until {last}" if left < LOOK_AHEAD - 1 else f"known until {last} and on")


def journal_place(at: At, environment: Mapping[str, str] | None = None) -> Check:
    """Whether a journal can live there: no synced folder, and one that can be written."""
    if not isinstance(at, Path):
        return ok("journal", "a PostgreSQL database")
    program = synced_by(at, environment)
    elsewhere = "name another place: journal: in system_config.yaml, or --journal"
    if program is not None:
        return fail("journal", f"{at}: {program} copies that folder while the journal is written", elsewhere)
    if str(at).startswith(("\\\\", "//")):
        return warn("journal", f"{at}: a network drive; its locks and its flush are not to be relied on", elsewhere)
    folder = nearest(at)
    if not os.access(folder, os.W_OK):
        return fail("journal", f"{folder}: cannot be written to", f"give yourself the right, or {elsewhere}")
    return ok("journal", f"{at}{'' if at.exists() else ' (made by the first run)'}")


def disk(at: At) -> Check:
    """Room where the journal lies."""
    if not isinstance(at, Path):
        return ok("disk", "the database's own")
    free = shutil.disk_usage(nearest(at)).free
    said = f"{free // MIB:,} MiB free where the journal lies"
    remedy = "make room, or prune old sessions: riskcore journal prune"
    if free < LITTLE:
        return fail("disk", said, remedy)
    return warn("disk", said, remedy) if free < ENOUGH else ok("disk", said)


def nearest(path: Path) -> Path:
    """The nearest folder above a path that is there; above the topmost there is none but itself."""
    return next((folder for folder in path.absolute().parents if folder.is_dir()), path)


def secrets(settings: Settings) -> Check:
    """Whether the sources' secrets are worth the name, and whether old ones still open."""
    if settings.system.mode == LIVE and settings.plain_secrets:
        names = ", ".join(problem.key for problem in settings.plain_secrets)
        found = f"in plain text, with which real money is not traded: {names}"
        return fail("secrets", found, "riskcore credentials encrypt")
    webhook = settings.credentials.webhook
    if not webhook.secrets:
        return warn("secrets", "no source of alerts has one: no alerts are taken", "webhook: in api_credentials.yaml")
    short = [name for name, secret in webhook.secrets.items() if len(secret) < SECRET_LENGTH]
    if short:
        remedy = 'make a long one: python -c "import secrets; print(secrets.token_urlsafe(24))"'
        return warn("secrets", f"shorter than {SECRET_LENGTH} characters: {', '.join(short)}", remedy)
    olds = "; ".join(f"{name}'s old one opens until {old.until:%Y-%m-%d %H:%M}" for name, old in _old(settings))
    return ok("secrets", f"of {', '.join(webhook.secrets)}" + (f"; {olds}" if olds else ""))


def _old(settings: Settings) -> list[tuple[str, OldSecret]]:
    return sorted(settings.credentials.webhook.old_secrets.items())
