"""Two machines on one PostgreSQL: one sends for an account, and one that was cut off neither writes nor sends.

A machine is a process with a state folder of its own, so that no file keeps the two apart.
"""

import contextlib
import os
import signal
import socket
import time

import pytest

from riskcore_openalgo.journal import Durability, Journal, JournalConflict, JournalInUse, store
from tests.crash.cell import KILLED
from tests.journal.machines import ASHA, Machine, cut_off

CELLS = ("journal.sender.put", "journal.sender.kept")


@pytest.fixture
def machine(in_postgres, tmp_path):
    """Another machine at the same journal, which sends."""
    made = Machine(in_postgres.place, tmp_path / "machine")
    assert made.said() == "sends "
    yield made
    made.end()


@pytest.fixture
def elsewhere(in_postgres, tmp_path):
    """A journal in a schema of its own, by mistake."""
    in_postgres.change("CREATE SCHEMA elsewhere")
    place = f"{in_postgres.place}&options=-csearch_path%3Delsewhere"
    with Journal(place, spool=tmp_path / "elsewhere.spool") as journal:
        yield journal


def test_a_second_machine_is_refused_by_name_from_whatever_schema(machine, elsewhere, in_postgres):
    """The same journal is taken; from another one the account is, and the message says what to do."""
    with pytest.raises(JournalInUse, match=f"being written by riskcore: {machine.name}"):
        in_postgres.journal()
    wanted = f"sent by riskcore: {machine.name}, which keeps another journal .* Stop that one first"
    with pytest.raises(JournalInUse, match=wanted), elsewhere.sending(ASHA):
        pytest.fail("two send for one account")
    with elsewhere.sending("the account of ravi") as before:
        assert before == ""
    assert machine.append() == ("database", "", "0")


def test_a_machine_that_died_is_followed_at_once_and_named(machine, elsewhere, in_postgres):
    """Its locks ended with it, and its mark says that it did not end in order."""
    machine.child.kill()
    machine.child.wait()
    journal = in_postgres.journal(wait_s=5)
    with journal.sending(ASHA) as before:
        assert before == machine.name
        with pytest.raises(JournalInUse), elsewhere.sending(ASHA):
            pytest.fail("two send for one account")
    with elsewhere.sending(ASHA) as before:
        assert before == ""
    with journal.sending("the account of ravi") as before:
        assert before == ""


@pytest.mark.parametrize("writes", [0, 2], ids=["only-began", "wrote"])
@pytest.mark.parametrize("stays", [True, False], ids=["stays", "is-gone-again"])
def test_F50_a_machine_that_slept_while_another_sent_neither_writes_nor_sends(
    machine, in_postgres, more, writes, stays
):
    """It is stopped in its tracks, its connection is cut; when it goes on, its next word is a conflict, for good."""
    assert machine.append()[0] == "database"
    os.kill(machine.child.pid, signal.SIGSTOP)
    cut_off(in_postgres, f"%process {machine.child.pid} on%")
    other = in_postgres.journal(spool=in_postgres.spool.with_name("other.spool"), wait_s=5)
    with contextlib.ExitStack() as held:
        held.enter_context(other.sending(ASHA))
        other.append(more(writes, first=1))
        if not stays:
            held.close()
            other.close()
        os.kill(machine.child.pid, signal.SIGCONT)
        for _ in range(2):
            row, taken, spooled = machine.append()
            assert row.startswith("conflict: ")
            assert "has begun to send for this account while this process was cut off" in taken
            assert (f"process {os.getpid()} on" in taken) == stays
            assert spooled == "0"
    with in_postgres.reader() as reader:
        assert [entry.event for entry in reader.rows()] == more(1 + writes)
        assert reader.first_bad_row() is None


@pytest.mark.parametrize("place", CELLS)
def test_F50_a_machine_killed_while_it_begins_to_send_keeps_nobody_from_it(in_postgres, tmp_path, place):
    """Its locks are free; its mark is there where it was committed, and nothing was sent."""
    in_postgres.journal().close()
    machine = Machine(in_postgres.place, tmp_path / "machine", failpoint=place)
    assert machine.said() == ""
    assert machine.child.wait() == KILLED
    machine.end()
    with in_postgres.journal(wait_s=5).sending(ASHA) as before:
        assert before == (machine.name if place.endswith(".kept") else "")


def test_a_connection_that_is_cut_is_replaced_and_its_locks_with_it(in_postgres, elsewhere, more):
    """Nobody came in between: it goes on, and is the only sender still."""
    journal = in_postgres.journal()
    with journal.sending(ASHA):
        cut_off(in_postgres)
        journal._heard_at = 0.0
        assert journal.taken() == ""
        with pytest.raises(JournalInUse), elsewhere.sending(ASHA):
            pytest.fail("two send for one account")
        assert journal.append(more(1)) is Durability.DATABASE


def test_who_was_cut_off_hears_of_another_without_writing(in_postgres, elsewhere, more):
    """It asks by itself before it sends, where the last word with the database is a while ago."""
    journal = in_postgres.journal()
    with journal.sending(ASHA):
        cut_off(in_postgres)
        with elsewhere.sending(ASHA):
            journal._heard_at = time.time()  # a moment ago, however long the other took to come
            assert journal.taken() == ""
            journal._heard_at = 0.0
            assert "one sender an account" in journal.taken()
        with pytest.raises(JournalConflict, match="one sender an account"):
            journal.append(more(1))


def cut_once_at(place, in_postgres, monkeypatch, meanwhile=lambda: None):
    """The server ends the writer's connection in the middle of what it does; what happens before it goes on."""
    left = [place]

    def reach(name, about=()):
        if name in left:
            left.remove(name)
            cut_off(in_postgres)
            meanwhile()

    monkeypatch.setattr(store, "reach", reach)


@pytest.mark.parametrize("place", ["journal.rows.writing", "journal.rows.put"])
def test_F50_who_is_cut_off_in_the_middle_of_a_row_learns_that_another_sends(in_postgres, more, monkeypatch, place):
    """A broken connection is no server that does not answer: it is asked at once over a new one."""
    journal = in_postgres.journal()
    with contextlib.ExitStack() as held, journal.sending(ASHA):
        journal.append(more(1))

        def follow():
            other = in_postgres.journal(spool=in_postgres.spool.with_name("other.spool"), wait_s=5)
            held.enter_context(other.sending(ASHA))

        cut_once_at(place, in_postgres, monkeypatch, follow)
        with pytest.raises(JournalConflict, match="has begun to send for this account"):
            journal.append(more(1, first=1))
        assert "has begun to send for this account" in journal.taken()
        assert journal._spool.waiting == ()


@pytest.mark.parametrize("place", ["journal.rows.put", "journal.rows.committed"])
def test_who_is_cut_off_in_the_middle_of_a_row_writes_it_over_the_next_connection(
    in_postgres, more, monkeypatch, place
):
    """Nobody came in between: nothing waits in a spool, and nothing is there twice."""
    journal = in_postgres.journal()
    with journal.sending(ASHA):
        cut_once_at(place, in_postgres, monkeypatch)
        assert journal.append(more(2)) is Durability.DATABASE
        assert journal.append(more(1, first=2)) is Durability.DATABASE
        assert (journal.trouble, journal.taken()) == ("", "")
    assert [row.event for row in journal.rows()] == more(3)


def test_a_database_that_does_not_answer_has_not_said_that_another_sends(in_postgres, more):
    """Exits must go; entries do not, for their rows are in the spool. It is asked once, and then not for a while."""
    journal = in_postgres.journal(ticks=lambda: 0.0)
    with journal.sending(ASHA):
        in_postgres.server.down()
        try:
            journal._heard_at = 0.0
            assert journal.taken() == ""
            assert journal.trouble
            assert journal.append(more(1)) is Durability.SPOOL
        finally:
            in_postgres.server.up()


def test_a_tool_that_writes_meanwhile_is_a_conflict_and_no_other_sender(in_postgres, more):
    """`riskcore journal reconcile` beside a runner that was cut off: entries stop, exits may go, as before."""
    journal = in_postgres.journal()
    with journal.sending(ASHA):
        cut_off(in_postgres)
        with Journal(in_postgres.place, spool=in_postgres.spool.with_name("tool.spool"), wait_s=5):
            with pytest.raises(JournalConflict, match="being written by"):
                journal.append(more(1))
            assert journal.taken() == ""
        assert journal.append(more(1, first=1)) is Durability.DATABASE
        assert journal.length == 2


@pytest.mark.skipif(os.name == "nt", reason="a socket is cut under the driver's feet")
def test_a_connection_that_the_server_did_not_miss_is_ended_by_its_owner(in_postgres, more):
    """The network is gone for us and not for the server, which would keep our own lock from us."""
    journal = in_postgres.journal()
    with journal.sending(ASHA):
        with journal._writer.connect() as connection:
            number = connection.connection.driver_connection.fileno()
        kept, (end, other) = os.dup(number), socket.socketpair()
        other.close()
        os.dup2(end.fileno(), number)
        end.close()
        assert journal.append(more(1)) is Durability.DATABASE
        assert journal.taken() == ""
        os.close(kept)
