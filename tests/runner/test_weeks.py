"""A run goes on for weeks: what it keeps is that of a day, however many there were."""

import gc
from datetime import timedelta

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.runner.history import History
from tests.gateways.desks import INFY, NOW
from tests.runner.live_days import flat_bars
from tests.runner.test_runner import Bench

DAY = timedelta(days=1)
SESSIONS = (16, 17, 18, 19, 20, 23, 25, 26, 27)
"""Days of trading in November 2026."""


def test_what_became_of_a_signal_is_known_until_the_next_session(tmp_path):
    """Each decision holds all its findings: of a hundred alerts a day they were some megabytes a week."""
    bench = Bench(tmp_path / "journal.db")
    friday = bench.signal()
    assert bench.runner.fate(friday) is not None
    bench.now += 3 * DAY
    bench.runner.offer(events.TimePassed(bench.now))
    bench.runner.settle()
    monday = bench.signal("INFY")
    for running in (bench, restarted(bench, tmp_path)):
        assert running.runner.fate(friday) is None
        assert running.runner.fate(monday) is not None
        running.journal.close()


def restarted(bench, folder):
    """Another run over the same journal."""
    bench.journal.close()
    return Bench(folder / "journal.db")


class Seams:
    """A plugin that leaves the sessions before today out where it is asked for several days."""

    def history(self, exchange, symbol, interval, start, end):
        told = flat_bars(NOW.replace(day=end.day), [day for day in SESSIONS if day <= end.day][-4:])
        bars = (bar for bar in told if start == end or bar.at.date() == end or end.day - bar.at.day > 3)
        return tuple(evolve(bar) for bar in bars)


def test_bars_of_days_that_were_left_out_are_kept_for_the_newest_two(monkeypatch):
    """On each day of a week they are asked for by themselves; those of last week have gone."""
    history, kept = History(Seams(), bars=140), []
    for day in (23, 25, 26, 27):
        found = history.finished(INFY, "5m", NOW.replace(day=day))
        assert found[-1].at.day == day
        del found
        gc.collect()
        kept.append(sum(type(one) is rc.Bar for one in gc.get_objects()))
    assert kept[-1] <= kept[1]
