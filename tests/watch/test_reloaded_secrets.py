"""Secrets replaced in a running day: of the intake, over HTTP, and of the control page; told by name, never shown."""

from concurrent.futures import Future
from datetime import datetime

import pytest

import riskcore as rc
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.runner.receiving import sources_of
from riskcore_openalgo.runner.reloading import needs_a_restart
from riskcore_openalgo.web.alerts import Receipt
from riskcore_openalgo.web.control.doors import Doors, LoggedIn
from riskcore_openalgo.web.control.passwords import hashed
from riskcore_openalgo.web.gate import Sources
from riskcore_openalgo.web.intake import intake_app, serve
from tests.watch.test_reloading import KEYS, NOW, SYSTEM, Watched
from tests.web.senders import post

FIRST, SECOND = "the-first-secret-of-tv", "the-second-secret-of-tv"
HOOKS = "api_credentials:\n  webhook:\n    secrets: {%s}\n"
OLD = f'    old_secrets:\n      tv: {{secret: {FIRST}, until: "2026-11-23T12:00"}}\n'
BUY = {"symbol": "TCS", "action": "buy"}


class Intake:
    """An intake over HTTP whose sources are those of a folder of files, as a runner has it."""

    def __init__(self, folder):
        self.now, self.bodies, self.swaps = NOW, [], []
        written(folder, f"tv: {FIRST}, scanner: the-secret-of-the-scanner")
        self.sources = Sources(sources_of(load_settings(folder)))
        self.watched = Watched(folder, keys=False, sources=self.swap)

    def swap(self, rules):
        self.swaps.append(rules)
        self.sources.replace(rules)

    def app(self):
        return intake_app(self.submit, sources=self.sources, clock=lambda: self.now)

    def submit(self, reading, source):
        pending = Future()
        status = getattr(reading, "status", 200)
        self.bodies.append(getattr(reading, "safe_body", ""))
        pending.set_result(Receipt(status, {}))
        return pending

    def change(self, secrets, more=""):
        written(self.watched.folder, secrets, more)
        self.watched.looks()


def written(folder, secrets, more=""):
    (folder / KEYS).write_text(HOOKS % secrets + more, encoding="ascii")


@pytest.fixture
def intake(tmp_path):
    return Intake(tmp_path)


def answers(server, *secrets, source="tv"):
    """What an alert of a source is answered under each secret."""
    return [post(server, f"/webhook/{source}", {**BUY, "secret": secret})[0] for secret in secrets]


def test_a_secret_is_replaced_between_two_alerts_and_the_old_one_opens_until_its_time(intake):
    """The port stays open; the source that is gone is refused like one that never was, and a new one is heard."""
    with serve(intake.app(), "127.0.0.1", 0) as server:
        assert answers(server, FIRST, SECOND) == [200, 401]
        intake.change(f"tv: {SECOND}, chart: the-secret-of-the-chart", OLD)
        assert answers(server, FIRST, SECOND) == [200, 200]
        assert answers(server, "the-secret-of-the-scanner", source="scanner") == [401]
        assert answers(server, "the-secret-of-the-chart", source="chart") == [200]
        intake.now = datetime(2026, 11, 23, 12, 0, tzinfo=rc.IST)
        assert answers(server, FIRST, SECOND) == [401, 200]
    (told,) = intake.watched.told
    assert told == ("configuration_changed", "sources of alerts: chart added, tv changed, scanner removed")
    assert {SECOND, FIRST} <= set(intake.watched.learnt)


def test_a_secret_that_opens_no_more_is_kept_out_of_the_journal_all_the_same(intake):
    """It may still open something elsewhere: whatever bears it is blanked, of whichever source it is told."""
    intake.change(f"tv: {SECOND}")
    with serve(intake.app(), "127.0.0.1", 0) as server:
        post(server, "/webhook/tv", {**BUY, "comment": f"was {FIRST}"})
        post(server, "/webhook/nobody", {**BUY, "comment": f"was {FIRST}"})
    assert len(intake.bodies) == 2
    assert not [body for body in intake.bodies if FIRST in body]


@pytest.mark.parametrize(
    ("secrets", "more", "said"),
    [
        ('tv: ""', "", "api_credentials.yaml:3"),
        (
            f"tv: {SECOND}",
            OLD.replace("tv:", "gone:"),
            "webhook.secrets.gone: this source is described",
        ),
        (f"tv: {SECOND}", OLD.replace("2026-11-23T12:00", "soon"), "must be a moment"),
        (f"tv: {SECOND}, tv: {FIRST}", "", "api_credentials.yaml:3"),
    ],
)
def test_F55_secrets_that_are_wrong_change_nothing(intake, secrets, more, said):
    """The old ones open, the new ones do not, and the alarm shows neither."""
    with serve(intake.app(), "127.0.0.1", 0) as server:
        intake.change(secrets, more)
        assert answers(server, FIRST, SECOND) == [200, 401]
    ((name, text),) = intake.watched.told
    assert (name, said in text) == ("configuration_refused", True), text
    assert FIRST not in text
    assert SECOND not in text
    assert intake.swaps == []


def test_the_last_secret_taken_away_shuts_the_intake_and_opens_it_to_nobody(intake):
    with serve(intake.app(), "127.0.0.1", 0) as server:
        (intake.watched.folder / KEYS).write_text("api_credentials:\n  webhook: {}\n", encoding="ascii")
        intake.watched.looks()
        assert answers(server, FIRST, "") == [401, 401]
        assert post(server, "/webhook/tv", BUY)[0] == 401
    assert intake.watched.told[0][1] == "sources of alerts: tv removed, scanner removed"


def test_what_a_source_is_called_and_how_much_it_sends_changes_too(intake):
    """Its rate begins anew; nothing of it waits for a restart."""
    with serve(intake.app(), "127.0.0.1", 0) as server:
        intake.watched.write(SYSTEM, "system:\n  sources:\n    tv: {per_minute: 1, fields: {symbol: scrip}}\n")
        intake.watched.looks()
        alert = {"scrip": "TCS", "action": "buy", "secret": FIRST}
        assert [post(server, "/webhook/tv", alert)[0] for _ in range(2)] == [200, 429]
    assert intake.watched.told == [("configuration_changed", "sources of alerts: tv changed")]


def test_where_nothing_listens_the_first_secret_needs_a_restart(tmp_path):
    """An intake that asked for none is not shut by a file either: both are told at the start alone."""
    watched = Watched(tmp_path)
    watched.write(KEYS, HOOKS % f"tv: {FIRST}" + f"  control:\n    users: {{asha: '{HASH}'}}\n")
    watched.looks()
    assert watched.told[0][1] == (
        "only after a restart: secrets of the webhook (no source had one at the start), "
        "passwords of the control page (it is not served)"
    )
    assert needs_a_restart(watched.reloader.settings, watched.reloader.settings) == []
    with pytest.raises(ValueError, match="asks for no secret; start it anew"):
        Sources({}).replace({})


HASH, OTHER = hashed("a long sentence of the tests"), hashed("another long sentence")


def test_a_password_of_the_page_is_replaced_and_its_sessions_end(tmp_path):
    """Who has the old one is logged out and does not come in again; whoever is not concerned stays."""
    doors = Doors({"asha": HASH, "ravi": HASH, "mira": HASH}, session_s=3600)
    watched = Watched(tmp_path, users=doors.replace)
    form = "api_credentials:\n  control:\n    users: {%s}\n"
    watched.write(KEYS, form % f"asha: '{HASH}', ravi: '{HASH}', mira: '{HASH}'")
    watched.looks()
    cookies = {
        name: doors.login(name, "a long sentence of the tests", "here").cookie for name in ("asha", "ravi", "mira")
    }
    watched.write(KEYS, form % f"asha: '{OTHER}', ravi: '{HASH}'")
    watched.looks()
    assert {name: doors.session(cookie) is not None for name, cookie in cookies.items()} == {
        "asha": False, "ravi": True, "mira": False,
    }  # fmt: skip
    assert not isinstance(doors.login("asha", "a long sentence of the tests", "here"), LoggedIn)
    assert isinstance(doors.login("asha", "another long sentence", "here"), LoggedIn)
    assert watched.told[-1][1] == "passwords of the control page: asha changed, mira removed"
