"""Delivery: nothing is lost, nothing waits for it, quiet hours hold, and what stands is repeated until acknowledged."""

import threading
import time
from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore_openalgo.alarms import Alarms, Channel, Quiet, told as said_of
from riskcore_openalgo.alarms.delivery import Cursors, Delivery
from riskcore_openalgo.journal import Journal

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
KEY = "NSE:INFY"


class Phone:
    """A channel that can be dead."""

    def __init__(self):
        self.dead, self.heard = False, []

    def send(self, text):
        if self.dead:
            raise OSError("no network")
        self.heard.append(text)
        return True

    @property
    def lines(self):
        return "\n".join(self.heard).split("\n") if self.heard else []


class Desk:
    """A journal, a phone and a delivery between them, with a clock of its own."""

    def __init__(self, path, **quiet):
        self.journal, self.path, self.phone, self.now = Journal(path), path, Phone(), NOW
        self.quiet = Quiet(**quiet)
        self.restart()

    def restart(self):
        cursors = Cursors(self.path.with_suffix(".alerts"))
        channel = Channel("phone", self.phone.send)
        self.delivery = Delivery(channel, self.journal, cursors, quiet=self.quiet, clock=lambda: self.now)

    def happens(self, *facts):
        self.journal.append(facts)
        return self.delivery.round()

    def later(self, **more):
        self.now += timedelta(**more)
        return self.delivery.round()


@pytest.fixture
def desk(tmp_path):
    made = []

    def make(**quiet):
        made.append(Desk(tmp_path / "a.db", **quiet))
        return made[-1]

    yield make
    for one in made:
        one.journal.close()


def alarm(subject=KEY, name="unprotected", at=NOW):
    return e.Alarmed(at, name, subject, "no stop")


def notice(number, at=NOW):
    return e.Noticed(at, "day_summary", str(number), f"number {number}")


def test_what_happens_is_told_once_with_its_time(desk):
    one = desk()
    assert one.happens(alarm(), notice(1))
    assert sorted(one.phone.lines) == [
        "10:30:00 DAY SUMMARY: number 1",
        "10:30:00 UNPROTECTED POSITION: NSE:INFY: no stop (unprotected)",
    ]
    assert one.delivery.round()
    assert len(one.phone.lines) == 2


def test_F59_a_dead_channel_loses_nothing_not_even_over_a_restart(desk):
    """All that came while it was dead is told, in order, when it is back; after a restart with the same cursor too."""
    one = desk()
    one.phone.dead = True
    assert not one.happens(*map(notice, range(500)))
    one.restart()
    assert not one.happens(alarm(), *map(notice, range(500, 700)))
    one.phone.dead = False
    one.now += timedelta(days=1)
    assert one.delivery.round()
    told = [line for line in one.phone.lines if "number" in line]
    assert told == [f"23 Nov 10:30 DAY SUMMARY: number {number}" for number in range(700)]
    assert len([line for line in one.phone.lines if "UNPROTECTED" in line]) == 2  # the alarm, and that it still stands
    assert max(map(len, one.phone.heard)) <= 3600
    one.restart()
    assert one.delivery.round()
    assert len([line for line in one.phone.lines if "number" in line]) == 700


def test_F59_a_channel_that_fails_half_way_goes_on_from_there(desk):
    one = desk()
    sent = []

    def twice(text):
        sent.append(text)
        return len(sent) != 2

    one.phone.send = twice
    one.restart()
    assert not one.happens(*map(notice, range(200)))
    assert one.delivery.round()
    lines = "\n".join(text for number, text in enumerate(sent) if number != 1).split("\n")
    assert lines == [f"10:30:00 DAY SUMMARY: number {number}" for number in range(200)]


def test_what_was_before_the_first_start_is_not_told(tmp_path):
    with Journal(tmp_path / "a.db") as journal:
        journal.append([notice(1)])
    one = Desk(tmp_path / "a.db")
    assert one.happens(notice(2))
    assert one.phone.lines == ["10:30:00 DAY SUMMARY: number 2"]
    one.journal.close()


def test_a_cursor_that_cannot_be_read_begins_anew(desk, tmp_path):
    one = desk()
    one.happens(notice(1))
    for text in ("{", "[]", '{"phone.rest": "x"}', '{"phone.rest": 99999}'):
        (tmp_path / "a.alerts").write_text(text, encoding="ascii")
        one.restart()
        assert one.delivery.round()
    assert len(one.phone.lines) == 1


def test_in_quiet_hours_the_critical_passes_and_the_rest_waits(desk):
    one = desk(since=NOW.time(), until=(NOW + timedelta(hours=1)).time())
    assert one.happens(notice(1), alarm())
    assert ["UNPROTECTED" in line for line in one.phone.lines] == [True]
    one.restart()
    assert one.later(hours=1)
    assert [line for line in one.phone.lines if "number" in line] == ["10:30:00 DAY SUMMARY: number 1"]


@pytest.mark.parametrize(
    ("since", "until", "clock", "quiet"),
    [("22:00", "07:00", "23:00", True), ("22:00", "07:00", "06:59", True), ("22:00", "07:00", "07:00", False),
     ("12:00", "13:00", "12:30", True), ("12:00", "13:00", "13:00", False), (None, None, "12:30", False)],
)  # fmt: skip
def test_a_quiet_time_may_be_a_night(since, until, clock, quiet):
    def at(text):
        return None if text is None else datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day

    moment = datetime.combine(NOW.date(), at(clock), rc.IST)
    assert Quiet(since=at(since), until=at(until)).holds(moment) is quiet


def test_what_is_milder_than_wanted_is_not_told(desk):
    one = desk(least="warning")
    lost = e.ConnectionStaged(NOW, "lost", "live", NOW)
    assert one.happens(notice(1), lost, alarm())
    assert sorted(line.split(": ")[0] for line in one.phone.lines) == [
        "10:30:00 CONNECTION LOST",
        "10:30:00 UNPROTECTED POSITION",
    ]


@pytest.mark.parametrize(("least", "told"), [("info", 1), ("detail", 2)])
def test_details_are_told_to_whoever_asks_for_them(desk, least, told):
    """A refusal a minute is what a log is for; who wants it on the phone says so."""
    one = desk(least=least)
    assert one.happens(notice(1), e.OrderMoved(NOW, "id", "cancelled", ""))
    assert len(one.phone.lines) == told


def test_the_same_thing_is_not_told_twice_within_a_while(desk):
    one = desk(repeat_s=60)
    lost = [e.ConnectionStaged(NOW + timedelta(seconds=n), "lost", "live", NOW) for n in (0, 10, 59, 60)]
    assert one.happens(*lost)
    assert [line[:8] for line in one.phone.lines] == ["10:30:00", "10:31:00"]


@pytest.mark.parametrize(
    "ends",
    [
        e.AlarmOver(NOW, "unprotected", KEY),
        e.AlarmAcknowledged(NOW, "asha", "on it", "unprotected", KEY),
        e.AlarmAcknowledged(NOW, "asha", "on it", "unprotected", ""),
        e.SessionOpened(NOW, NOW.date()),
    ],
)
def test_what_stands_is_repeated_until_it_is_over_or_acknowledged(desk, ends):
    one = desk(repeat_s=60)
    one.happens(alarm())
    assert one.later(seconds=59)
    assert len(one.phone.lines) == 1
    assert one.later(seconds=1)
    assert one.phone.lines[1].startswith("10:31:00 STILL UNPROTECTED POSITION: NSE:INFY")
    one.restart()
    one.later(seconds=61)
    assert len(one.phone.lines) == 3
    one.happens(ends)
    said = len(one.phone.lines)
    assert one.later(seconds=300)
    assert len(one.phone.lines) == said


def test_acknowledging_one_leaves_the_others(desk):
    one = desk(repeat_s=60)
    latch = rc.Latch("max_drawdown", "halted", NOW, "riskcore", "10")
    one.happens(alarm(), alarm("NSE:TCS"), e.Latched(NOW, latch))
    one.happens(e.AlarmAcknowledged(NOW, "asha", "on it", "unprotected", KEY))
    one.phone.heard.clear()
    one.later(seconds=61)
    assert sorted(line[15:] for line in one.phone.lines) == [
        "BREAKER TRIPPED: entries are halted: max_drawdown: 10 (by riskcore) (told 10:30:00)",
        "UNPROTECTED POSITION: NSE:TCS: no stop (unprotected) (told 10:30:00)",
    ]
    one.happens(e.Lifted(NOW, "max_drawdown", "asha", "seen"))
    one.phone.heard.clear()
    one.later(seconds=61)
    assert ["NSE:TCS" in line for line in one.phone.lines] == [True]


# ---------------------------------------------------------------- the threads


class Broken:
    """A journal that cannot be read, and says so."""

    trouble, length = "database is locked", 0

    def rows(self, *_, **__):
        raise OSError("locked")


def until(condition):
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_F52_an_alarm_passes_a_journal_that_cannot_be_written(tmp_path):
    """The very trouble somebody must hear of: it goes from memory, and not once more from the journal later."""
    phone, journal = Phone(), Broken()
    alarms = Alarms(journal, [Channel("phone", phone.send)], clock=lambda: NOW, cursors=tmp_path / "c")
    latch = e.Latched(NOW, rc.Latch("journal_unavailable", "halted", NOW, "riskcore", "locked"))
    alarms.watch(latch)
    until(lambda: phone.heard)
    assert phone.lines[0].startswith("10:30:00 SYSTEM ERROR: entries are halted: journal_unavailable")
    with Journal(tmp_path / "a.db") as real:
        real.append([latch, notice(1)])
        alarms.deliveries[0]._journal = real
        assert alarms.close()
    assert phone.lines[1:] == ["10:30:00 DAY SUMMARY: number 1"]


def test_F59_a_channel_that_hangs_holds_up_nobody_and_the_others_are_told(tmp_path):
    """Its own thread waits; facts go by at once; another channel hears all, also that the first one is down."""
    release, phone = threading.Event(), Phone()
    with Journal(tmp_path / "a.db") as journal:
        channels = [Channel("dead", lambda text: release.wait(20)), Channel("phone", phone.send)]
        alarms = Alarms(journal, channels, clock=lambda: NOW, cursors=tmp_path / "c")
        for number in range(1000):
            fact = notice(number)
            journal.append([fact])
            alarms.watch(fact)
        until(lambda: len(phone.lines) == 1000)
        assert alarms.deliveries[0].delivered == 0
        release.set()
        assert alarms.close()


def test_F59_a_dead_channel_is_told_of_through_the_runner_and_when_it_is_back(tmp_path, monkeypatch):
    monkeypatch.setattr("riskcore_openalgo.alarms.alarms.LOOK_S", 0.01)
    monkeypatch.setattr("riskcore_openalgo.alarms.alarms.SLOWEST_S", 0.02)
    phone, offered = Phone(), []
    phone.dead = True
    with Journal(tmp_path / "a.db") as journal:
        alarms = Alarms(journal, [Channel("phone", phone.send)], clock=lambda: NOW, cursors=tmp_path / "c")
        alarms.through(offered.append)
        journal.append([notice(1)])
        until(lambda: offered)
        phone.dead = False
        until(lambda: len(offered) == 2)
        assert [(n.name, n.subject) for n in offered] == [("channel_down", "phone"), ("channel_up", "phone")]
        assert alarms.close()
    assert phone.lines == ["10:30:00 DAY SUMMARY: number 1"]


def test_too_much_for_the_memory_is_counted(tmp_path):
    one = Delivery(
        Channel("phone", lambda text: False), Broken(), Cursors(tmp_path / "c"), quiet=Quiet(), clock=lambda: NOW
    )
    for number in range(201):
        one.past_the_journal(NOW, said_of(notice(number)))
    assert (one.backlog, one.missed) == (200, 1)


def test_channels_without_a_journal_are_a_mistake():
    with pytest.raises(ValueError, match="behind cursors"):
        Alarms(None, [Channel("x", print)], clock=lambda: NOW)


def test_everything_goes_to_the_log_with_its_level(caplog):
    with caplog.at_level("INFO", "riskcore"):
        alarms = Alarms(clock=lambda: NOW)
        alarms.watch(alarm())
        alarms.tell("a task failed")
        alarms.tell("3 entries", name="day_summary")
        assert alarms.close()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "UNPROTECTED POSITION: NSE:INFY: no stop (unprotected)"),
        ("ERROR", "SYSTEM ERROR: a task failed"),
        ("INFO", "DAY SUMMARY: 3 entries"),
    ]


def test_where_money_is_not_real_every_message_and_its_line_in_the_log_say_so(tmp_path, caplog):
    """In front of all else, and once a message."""
    phone = Phone()
    with Journal(tmp_path / "a.db") as journal, caplog.at_level("INFO", "riskcore"):
        how = {"clock": lambda: NOW, "cursors": tmp_path / "a.alerts", "label": "PAPER"}
        alarms = Alarms(journal, [Channel("phone", phone.send)], **how)
        alarms.tell("a task failed")
        journal.append([alarm(), notice(1)])
        alarms.watch(alarm())
        assert alarms.close()
    assert phone.heard
    assert all(text.startswith("[PAPER] 10:30:00 ") and text.count("[PAPER]") == 1 for text in phone.heard)
    assert [record.message for record in caplog.records] == [
        "[PAPER] SYSTEM ERROR: a task failed",
        "[PAPER] UNPROTECTED POSITION: NSE:INFY: no stop (unprotected)",
    ]


def test_a_round_that_breaks_is_a_failed_one_and_the_next_goes_on(tmp_path, monkeypatch):
    """The thread of a channel ended, and nobody was told of anything any more."""
    phone, broken = Phone(), iter([True])
    round_of = Delivery.round

    def once_broken(self):
        if next(broken, False):
            raise TypeError("can't compare offset-naive and offset-aware times")
        return round_of(self)

    monkeypatch.setattr(Delivery, "round", once_broken)
    monkeypatch.setattr("riskcore_openalgo.alarms.alarms.LOOK_S", 0.05)
    with Journal(tmp_path / "a.db") as journal:
        alarms = Alarms(journal, [Channel("phone", phone.send)], clock=lambda: NOW, cursors=tmp_path / "c")
        journal.append([told := notice(1)])
        alarms.watch(told)
        until(lambda: phone.heard)
        assert alarms.close()
