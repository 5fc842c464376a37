"""`riskcore doctor`: look at everything that a day needs, and say what to do about what is not well."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from riskcore_openalgo.cli.answers import in_ascii, say
from riskcore_openalgo.cli.live import api_key_of
from riskcore_openalgo.cli.opening import reader
from riskcore_openalgo.client import Client
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.config import Settings, load_settings
from riskcore_openalgo.doctor import alerts, gateway, limits, machine
from riskcore_openalgo.doctor.check import FAIL, WARN, Check
from riskcore_openalgo.doctor.strategies import strategies
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.places import At

MARKS: Final = {"ok": "ok  ", WARN: "WARN", FAIL: "FAIL"}
NAME_WIDTH: Final = 16
EXIT_FAILED: Final = 1


def run(arguments: argparse.Namespace, *, clock: Callable[[], datetime] = now_in_ist) -> int:
    """Print every check; 0 where none failed (warnings are none), else 1."""
    settings = load_settings(arguments.config)
    where = alerts.address(settings, arguments.url)
    if arguments.send_alert is not None:
        checks = [alerts.send_sample(settings, clock(), where, arguments.send_alert or None)]
    else:
        checks = list(_checks(settings, arguments.journal or settings.system.journal, where, clock))
    failed = any(check.status == FAIL for check in checks)
    say(arguments, {"failed": failed, "checks": checks}, _text(checks))
    return EXIT_FAILED if failed else 0


def _checks(settings: Settings, place: At, where: str, clock: Callable[[], datetime]) -> Iterator[Check]:
    access, policy, now = settings.credentials.openalgo, settings.policy, clock()
    key, today = api_key_of(settings), now.date()
    yield machine.clock(access.host, now, policy.clock_skew_s)
    yield machine.calendar(today, policy.tables)
    if key:
        with Client(access.host, key, ws_url=access.ws_url) as client:
            yield from gateway.openalgo(settings, client, now)
    else:
        yield from gateway.openalgo(settings, None, now)
    yield strategies(settings)
    yield from _of_the_journal(settings, place)
    yield machine.secrets(settings)
    yield alerts.reachable(where)
    yield from alerts.heartbeat(settings)
    yield limits.effective_risk(policy, today)
    yield limits.entries(settings)
    yield limits.times(policy, today)
    yield limits.never_bind(policy, today)
    yield limits.names(settings)
    yield limits.switched_off(policy)


def _of_the_journal(settings: Settings, place: At) -> Iterator[Check]:
    found = machine.journal_place(place)
    journal: Reader | None = None
    try:
        journal = reader(place)
        yield gateway.semi_auto(settings, journal)
    except FileNotFoundError:  # the first run makes it
        yield gateway.semi_auto(settings, None)
    except (OSError, ValueError, RuntimeError) as problem:
        found = Check("journal", FAIL, f"{place}: {problem}", "see docs/journal.md; keep the file as it is")
    finally:
        if journal is not None:
            journal.close()
    yield found
    yield machine.disk(place)


def _text(checks: list[Check]) -> str:
    lines = []
    for check in checks:
        lines.append(f"{MARKS[check.status]}  {check.name:<{NAME_WIDTH}}{in_ascii(check.found)}")
        if check.remedy:
            lines.append(f"{'':6}{'':{NAME_WIDTH}}-> {in_ascii(check.remedy)}")
    count = {mark: sum(check.status == mark for check in checks) for mark in (FAIL, WARN)}
    return "\n".join([*lines, f"{len(checks)} checks: {count[FAIL]} failed, {count[WARN]} warnings"])
