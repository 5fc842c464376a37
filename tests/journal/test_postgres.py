"""What only a server can do to a journal: go away, hold still, ask for a password, keep two accounts."""

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.event import listen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Durability, Journal, JournalBroken, JournalConflict, Reader
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.journal.server import state_folder
from riskcore_openalgo.runner import InlineLanes, Runner
from tests.journal.told import INFY, three_days

PASSWORD = "s3cret-pass"
ADDRESS = f"postgresql://asha:{PASSWORD}@127.0.0.1:1/riskcore?options=-csearch_path%3Done&sslpassword={PASSWORD}"


def test_F52_a_server_that_is_down_gets_its_rows_in_order_when_it_is_back(in_postgres, more):
    """The connection that was broken is replaced, the lock with it."""
    journal = in_postgres.journal()
    journal.append(more(10))
    in_postgres.server.down()
    try:
        assert journal.append(more(3, first=10)) is Durability.SPOOL
        assert journal.append(more(2, first=13)) is Durability.SPOOL
        assert "5 rows wait in" in journal.state
    finally:
        in_postgres.server.up()
    assert journal.append(more(1, first=15)) is Durability.DATABASE
    assert [row.event for row in journal.rows()] == more(16)
    assert journal.first_bad_row() is None
    with pytest.raises(Exception, match="being written by riskcore: process"):
        Journal(in_postgres.place, spool=in_postgres.spool)


def test_F52_rows_left_in_the_spool_by_a_crash_go_in_when_the_server_is_back(in_postgres, more):
    """A start without the server is refused with its own words, and loses nothing."""
    journal = in_postgres.journal()
    journal.append(more(2))
    in_postgres.server.down()
    try:
        assert journal.append(more(4, first=2)) is Durability.SPOOL
        journal.close()
        with pytest.raises(JournalBroken, match=r"cannot be used: .*connection"):
            in_postgres.journal()
    finally:
        in_postgres.server.up()
    assert [row.event for row in in_postgres.journal().rows()] == more(6)


class Seen:
    """An account of ten lakhs, and INFY at 1,000."""

    def equity(self, command, at):
        return events.EquityRead(at, Decimal(1_000_000))

    def market(self, signal, interval, moment):
        return rc.Market(instrument=INFY, at=moment, last=1000, atr=10)


def test_F52_exits_go_and_entries_stop_while_the_server_is_down(in_postgres):
    """The whole runner: nothing hangs, nothing is lost, and everything is replayed in order afterwards."""
    told, at = three_days(), three_days().at
    clock = [at("10:00")]
    facts, journal = [], in_postgres.journal()
    lanes = InlineLanes(PaperGateway(), Seen())
    runner = Runner(journal=journal, policy=told.policy, lanes=lanes, clock=lambda: clock[0], watch=facts.append)
    runner.start()
    runner.settle()

    def signal(when):
        clock[0] = at(when)
        runner.offer(events.SignalArrived(at(when), rc.Signal("INFY", "BUY", at=at(when))))
        runner.settle()

    def prices(when, last):
        clock[0] = at(when)
        seen = events.PricesSeen(at(when), "NSE:INFY", last, last, last, last, at(when))
        for report in lanes._gateway.see(seen):
            runner.offer(report)
        runner.offer(seen)
        runner.settle()

    signal("10:00:01")
    prices("10:00:02", Decimal(1000))
    assert runner.state.book.positions
    in_postgres.server.down()
    try:
        prices("10:01", Decimal(975))
        assert runner.state.book.positions == ()
        signal("10:02")
        assert runner.state.book.state == "halted"
        refused = next(fact for fact in reversed(facts) if isinstance(fact, events.EntryRefused))
        assert "entries_stopped" in {found.reason for found in refused.findings if not found.passed}
    finally:
        in_postgres.server.up()
    prices("10:03", Decimal(976))
    assert not any(latch.name == "journal_unavailable" for latch in runner.state.book.latches)
    assert journal.first_bad_row() is None
    assert replay(journal).same
    assert journal.load().state == runner.state


def test_a_server_that_failed_is_not_asked_again_at_once(in_postgres, more):
    """Rows go straight to the spool for a while: an exit does not wait for a silent network every time."""
    now = [100.0]
    journal = in_postgres.journal(ticks=lambda: now[0])
    journal.append(more(1))
    with in_postgres.locked():
        assert journal.append(more(1, first=1)) is Durability.SPOOL
    now[0] += 4.9
    assert journal.append(more(1, first=2)) is Durability.SPOOL
    now[0] += 0.2
    assert journal.append(more(1, first=3)) is Durability.DATABASE
    assert [row.event for row in journal.rows()] == more(4)


def test_what_waits_in_the_spool_is_offered_once_more_when_the_journal_is_closed(in_postgres, more):
    """A runner that ends a second after its connection was cut leaves no row where only this machine sees it."""
    now = [100.0]
    journal = in_postgres.journal(ticks=lambda: now[0])
    with in_postgres.locked():
        assert journal.append(more(1)) is Durability.SPOOL
    assert journal.append(more(1, first=1)) is Durability.SPOOL  # not yet again
    journal.close()
    journal.close()
    with in_postgres.reader() as found:
        assert [row.event for row in found.rows()] == more(2)


def test_the_lock_is_given_back_before_the_connection_closes(in_postgres):
    """The server may notice the end of a connection a while later, and the next start would be refused for it."""
    journal, place = in_postgres.journal(), place_of(in_postgres.place)
    held = [place.holder() is not None]
    listen(journal._writer, "close", lambda *_: held.append(place.holder() is not None))
    journal.close()
    assert held == [True, False]


def test_a_lock_on_the_table_is_waited_for_a_moment_only(in_postgres, more):
    """Well under a second."""
    journal = in_postgres.journal()
    journal.append(more(1))
    with in_postgres.locked():
        started = time.monotonic()
        journal.append(more(1, first=1))
        assert time.monotonic() - started < 3


def test_a_writer_whose_place_was_taken_while_it_was_cut_off_stops(in_postgres, more):
    """Its lock ended with its connection; who came after it goes on, and the chain stays whole."""
    journal = in_postgres.journal()
    journal.append(more(3))
    with in_postgres.server.connection() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'riskcore%'"
        )
    other = in_postgres.journal(spool=in_postgres.spool.with_name("other.spool"), wait_s=2)
    with pytest.raises(JournalConflict, match=r"another process wrote .*being written by"):
        journal.append(more(1, first=3))
    other.append(more(1, first=3))
    assert other.first_bad_row() is None
    assert [row.event for row in other.rows()] == more(4)


def test_two_accounts_in_two_schemas_of_one_database_do_not_meet(in_postgres, more):
    """Each its own rows and its own writer, though one schema stands in the other's search path."""
    in_postgres.change("CREATE SCHEMA asha")
    options = "options=-csearch_path%3Dasha,public"
    with in_postgres.journal() as public:
        public.append(more(3))
        place = f"{in_postgres.place}&{options}"
        with Journal(place, spool=in_postgres.spool.with_name("asha.spool")) as own:
            own.append(more(5))
            assert (public.length, own.length) == (3, 5)
        with Reader(place) as reader:
            assert reader.length == 5
    missing = in_postgres.place + "&options=-csearch_path%3Dnobody"
    with pytest.raises(JournalBroken, match="names no schema that exists"):
        Journal(missing, spool=in_postgres.spool)


def test_no_journal_on_a_server_is_told(in_postgres):
    """Reading makes no tables."""
    with pytest.raises(FileNotFoundError, match="no such journal yet: nothing is in it"):
        in_postgres.reader()
    with pytest.raises(FileNotFoundError, match="no such journal yet"):
        in_postgres.reader()


def test_a_commit_is_on_the_servers_disk_whatever_its_default_is(in_postgres, more):
    """`synchronous_commit` off means that a crash takes the last rows with it."""
    in_postgres.change(f"ALTER DATABASE {in_postgres.database} SET synchronous_commit = off")
    journal = in_postgres.journal()
    with journal._writer.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_the_password_is_in_no_text(tmp_path):
    """Not in the place, the error of a server that is not there, the spool's name; nor where it cannot be read."""
    place = place_of(ADDRESS, spool=tmp_path / "s.spool")
    assert place.where == "postgresql://asha@127.0.0.1:1/riskcore?options=-csearch_path%3Done"
    said = [repr(place), place.where, repr(vars(place)), repr(place._url)]
    for opens in (Journal, Reader):
        with pytest.raises(JournalBroken, match=r"127\.0\.0\.1") as told:
            opens(ADDRESS)
        shown = told.getrepr(style="long", showlocals=False)
        said += [str(told.value), repr(told.value), str(told.value.__cause__), str(shown)]
    for wrong in (
        f"postgresql://asha:{PASSWORD}@host:{PASSWORD}/x",
        f"postgresql://asha:{PASSWORD}@host",
        "postgres:x",
    ):
        with pytest.raises(ValueError, match="not the address of a PostgreSQL database") as told:
            place_of(wrong)
        said += [str(told.value), str(told.value.__cause__)]
    with pytest.raises(ValueError, match="no other database is known"):
        place_of(f"mysql://asha:{PASSWORD}@host/x")
    assert not any(PASSWORD in text for text in said)


def test_the_spool_lies_in_the_state_folder_under_a_name_that_tells_no_password(monkeypatch, tmp_path):
    """The same file from whatever folder the program is started, and whatever the password is by then."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert state_folder() == tmp_path / "riskcore"
    paths = {place_of(ADDRESS.replace(PASSWORD, word))._spool for word in ("one", "two")}
    assert len(paths) == 1
    assert paths.pop().parent == tmp_path / "riskcore"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert os.name == "nt" or state_folder() == Path.home() / ".local" / "state" / "riskcore"


def test_every_spelling_of_the_address_means_the_same_driver():
    """SQLAlchemy 2.0 would take another one for the short spelling."""
    for scheme in ("postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        assert place_of(f"{scheme}://asha@host/x")._url.drivername == "postgresql+psycopg"


def test_a_key_is_for_files():
    """A server is encrypted by its disk."""
    with pytest.raises(ValueError, match="a key is for an encrypted SQLite file"):
        place_of("postgresql://asha@host/x", key="k")
