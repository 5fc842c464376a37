"""Channels replaced in a running day: what waits is told by the new one, those that stay notice nothing."""

import threading
from datetime import time
from types import SimpleNamespace

import pytest

from riskcore_openalgo.alarms import Alarms, Channel, Quiet
from riskcore_openalgo.alarms.channels import replacing
from riskcore_openalgo.alarms.delivery import Cursors
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.reloading import needs_a_restart
from tests.alarms.test_channels import listening
from tests.alarms.test_delivery import NOW, Phone, alarm, notice, until
from tests.watch.test_reloading import KEYS, SYSTEM, Watched

CHANNELS = "api_credentials:\n  openalgo: {api_key: the-first-key}\n  alerts:\n    channels: {%s}\n"


class Told:
    """A journal, and alarms that are told from it."""

    def __init__(self, path, *channels):
        self.journal = Journal(path)
        self.alarms = Alarms(self.journal, channels, clock=lambda: NOW, cursors=path.with_suffix(".alerts"))

    def happens(self, fact):
        self.journal.append([fact])
        self.alarms.watch(fact)

    def close(self):
        assert self.alarms.close()
        self.journal.close()


@pytest.fixture
def told(tmp_path):
    made = []

    def make(*channels):
        made.append(Told(tmp_path / "j.db", *channels))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_F59_what_a_dead_channel_did_not_tell_is_told_by_the_one_in_its_place(told):
    """The same name goes on where the one before it was; who is not changed is the same, and hears all of it once."""
    dead, good, other = Phone(), Phone(), Phone()
    dead.dead = True
    day = told(Channel("phone", dead.send), Channel("mail", other.send))
    day.happens(alarm())
    until(lambda: day.alarms.deliveries[0].failures and other.heard)
    kept = day.alarms.deliveries[1]
    day.alarms.replace([Channel("phone", good.send), Channel("mail", None)], quiet=Quiet(), changed={"phone"})
    until(lambda: good.heard)
    assert "UNPROTECTED" in good.lines[0]
    assert day.alarms.deliveries[1] is kept
    day.happens(notice(1))
    until(lambda: len(good.lines) == 2 and len(other.lines) == 2)
    assert dead.heard == []


def test_a_channel_that_is_gone_hears_nothing_more_and_one_that_is_new_nothing_of_before(told):
    first, second = Phone(), Phone()
    day = told(Channel("phone", first.send))
    day.happens(notice(1))
    until(lambda: first.heard)
    day.alarms.replace([Channel("mail", second.send)], quiet=Quiet())
    day.happens(notice(2))
    until(lambda: second.heard)
    assert (len(first.lines), len(second.lines)) == (1, 1)


def test_what_waits_in_memory_goes_over_to_the_next(told):
    """While the journal takes nothing: texts that no journal has are not lost with the channel."""
    dead, good = Phone(), Phone()
    dead.dead = True
    day = told(Channel("phone", dead.send))
    day.alarms.tell("out of the journal")
    until(lambda: day.alarms.deliveries[0].failures)
    day.alarms.replace([Channel("phone", good.send)], quiet=Quiet(), changed={"phone"})
    until(lambda: good.heard)
    assert "out of the journal" in good.lines[0]


def test_F59_a_channel_that_hangs_is_left_behind(told, monkeypatch):
    """Its thread may wake up at any time; it then moves nobody's place back."""
    monkeypatch.setattr("riskcore_openalgo.alarms.alarms.REPLACED_WITHIN_S", 0.05)
    wakes, asleep, good = threading.Event(), threading.Event(), Phone()

    def hangs(_):
        asleep.set()
        return wakes.wait(8)

    day = told(Channel("phone", hangs))
    day.happens(notice(1))
    assert asleep.wait(8)
    day.alarms.replace([Channel("phone", good.send)], quiet=Quiet(), changed={"phone"})
    day.happens(notice(2))
    until(lambda: len(good.lines) == 2)
    wakes.set()


def test_a_place_in_the_journal_never_goes_back(tmp_path):
    cursors = Cursors(tmp_path / "c")
    cursors.begin("phone", 3)
    for row in (9, 5):
        cursors.move("phone", row)
    assert Cursors(tmp_path / "c").begin("phone", 20) == 9


@pytest.fixture
def reloaded(tmp_path, told):
    """A folder of files that is watched, and the alarms that its channels belong to."""
    day = told()
    client = SimpleNamespace(telegram=lambda text, *, username: True)
    watched = Watched(tmp_path, channels=replacing(day.alarms, client))
    return SimpleNamespace(day=day, **{name: getattr(watched, name) for name in ("write", "looks", "told", "reloader")})


def test_a_channel_of_the_files_is_in_force_at_the_next_alert(reloaded):
    """Over real HTTP; what is told of it is its name, and not its address."""
    pytest.importorskip("apprise")
    with listening() as (port, heard, came):
        reloaded.write(KEYS, CHANNELS % f'phone: "json://127.0.0.1:{port}/a-token"')
        reloaded.write(
            SYSTEM, 'system:\n  alerting: {quiet_from: "01:00", quiet_until: "02:00", summary_at: "16:00"}\n'
        )
        reloaded.looks()
        reloaded.day.happens(alarm())
        assert came.wait(8)
        assert "UNPROTECTED" in heard[0][1]
    ((name, said),) = reloaded.told
    assert (name, said) == (
        "configuration_changed",
        "alert channels: phone added; only after a restart: system.alerting",
    )
    assert reloaded.day.alarms.deliveries[0]._quiet.since == time(1)


def test_F55_an_address_that_is_none_changes_nothing(reloaded):
    """Nor does it change anything else of that configuration."""
    pytest.importorskip("apprise")
    reloaded.write(KEYS, CHANNELS % 'phone: "no-such-thing-a-token"')
    reloaded.looks()
    ((name, said),) = reloaded.told
    assert (name, "alerts.channels.phone" in said, "a-token" in said) == ("configuration_refused", True, False)
    assert reloaded.day.alarms.deliveries == ()


def test_hours_alone_are_taken_over_by_those_who_are_told(reloaded):
    reloaded.write(SYSTEM, "system:\n  alerting: {telegram_user: asha}\n")
    reloaded.looks()
    before = reloaded.day.alarms.deliveries
    reloaded.write(SYSTEM, "system:\n  alerting: {telegram_user: asha, repeat_s: 7}\n")
    reloaded.looks()
    assert [said for _, said in reloaded.told] == [
        "alert channels: telegram added",
        "alert channels: when they are told",
    ]
    assert reloaded.day.alarms.deliveries == before
    assert before[0]._quiet.repeat_s == 7


def test_the_sign_of_life_needs_a_restart(reloaded, tmp_path):
    before = load_settings(tmp_path)
    reloaded.write(KEYS, "api_credentials:\n  alerts: {heartbeat_url: 'https://beat.example/1'}\n")
    assert needs_a_restart(before, load_settings(tmp_path)) == ["heartbeat_url"]
