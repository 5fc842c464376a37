"""A running day beside a terminal that takes nothing any more (Ctrl-S, a paused pager), or that has gone."""

import argparse
import contextlib
import io
import os
import sys
import threading
from contextlib import contextmanager

import pytest

from riskcore_openalgo.cli.live import run
from riskcore_openalgo.console import Apart
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.runner.inbox import Inbox, folder_of
from riskcore_openalgo.runner.stopping import FLAT
from tests.cli.test_live_commands import Driver, settings_of, traded, wait
from tests.runner.live_days import live_day


@contextmanager
def pipe():
    """A pipe: its writing end as a stream, what fills it, and what empties it in a thread that ends with the pipe."""
    reads, writes = os.pipe()
    file = open(writes, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - closed below, when somebody reads again

    def fill():
        os.set_blocking(writes, False)
        for size in (4096, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(writes, b"." * size)
        os.set_blocking(writes, True)

    def emptied():
        while os.read(reads, 65_536):
            pass

    drain = threading.Thread(target=emptied, daemon=True)
    try:
        yield file, fill, drain
    finally:
        if not drain.is_alive():
            drain.start()
        file.close()
        drain.join(5)
        os.close(reads)


def _sold(day, price):
    """Whether nothing is held at the broker, where the price is."""
    day.broker.tick("NSE:INFY", price)
    return day.broker.truth().position("NSE:INFY") == 0


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_terminal_that_takes_nothing_holds_up_no_exit_and_no_end(tmp_path, monkeypatch, free_tcp_port, name):
    """Somebody has pressed Ctrl-S in it: the target is taken all the same, and the day ends when it is asked to."""
    path = tmp_path / "live.db"
    with live_day(path, start=False) as day, pipe() as (file, fill, drain):
        monkeypatch.setattr(sys, name, file)
        enter = traded(day, free_tcp_port, path)

        def act():
            try:
                enter()
                fill()
                wait(lambda: _sold(day, 1040))
                wait(lambda: "PositionClosed" in {row.type for row in Reader(path).rows()})
                Inbox(folder_of(path)).put_stop(at=day.clock(), by="ravi")
                wait(lambda: not any(folder_of(path).glob("*.stop")))
            except BaseException:
                drain.start()
                raise

        arguments = argparse.Namespace(journal=path, flatten=False, config=None)
        with Driver(act):
            found = run(settings_of(day, free_tcp_port), arguments, mode="live", analyzer=False, clock=day.clock)
        monkeypatch.undo()
        assert found == FLAT


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_terminal_that_has_gone_keeps_nobody_from_leaving_every_position(tmp_path, monkeypatch, free_tcp_port, name):
    """The window was closed, or `tee` ended: whoever asks the runner to flatten has that."""
    path = tmp_path / "live.db"
    with live_day(path, start=False) as day:
        reads, writes = os.pipe()
        enter = traded(day, free_tcp_port, path)

        def act():
            enter()
            os.close(reads)
            Inbox(folder_of(path)).put_stop(at=day.clock(), by="ravi", flatten=True)
            wait(lambda: not any(folder_of(path).glob("*.stop")))

        arguments = argparse.Namespace(journal=path, flatten=False, config=None)
        with open(writes, "w", encoding="utf-8") as file:  # noqa: PTH123 - nobody reads it
            monkeypatch.setattr(sys, name, file)
            with Driver(act):
                found = run(settings_of(day, free_tcp_port), arguments, mode="live", analyzer=False, clock=day.clock)
            monkeypatch.undo()
        assert found == FLAT
        assert day.broker.truth().position("NSE:INFY") == 0


class Stuck(io.StringIO):
    """A stream without a file that takes nothing until it is let go."""

    def __init__(self):
        super().__init__()
        self.free = threading.Event()

    def write(self, text):
        self.free.wait()
        return super().write(text)


def test_what_waited_is_shown_in_its_order_and_what_was_too_much_is_counted():
    stream = Stuck()
    apart = Apart(stream, most=3)
    apart.write("first\n")
    wait(lambda: not apart._waiting)
    for number in range(5):
        apart.write(f"line {number}\n")
    assert not apart.close_within(0.1)
    stream.free.set()
    assert apart.close_within(5)
    dropped = "(the terminal took nothing for a while: 2 texts were dropped)\n"
    assert stream.getvalue() == f"first\nline 0\nline 1\nline 2\n{dropped}"


def test_a_text_that_the_terminal_has_no_letter_for_and_one_that_fails_lose_no_other():
    class Failing(io.StringIO):
        def write(self, text):
            if text == "bad\n":
                raise BrokenPipeError
            return super().write(text)

    stream = Failing()
    apart = Apart(stream)
    for text in ("a\n", "bad\n", "b"):
        apart.write(text)
    assert apart.close_within(5)
    assert stream.getvalue() == "a\nb"


def test_two_streams_of_one_terminal_show_whole_lines():
    """`print` writes a line and its end one after the other, and the other stream has its own thread."""
    shown, lock = [], threading.Event()

    class Stream(io.StringIO):
        def write(self, text):
            shown.append(text)
            lock.set()
            return len(text)

    apart = Apart(Stream())
    apart.write("first\nsecond")
    assert lock.wait(5)
    assert shown == ["first\n"]
    apart.write(" half\n")
    apart.write("without an end")
    assert apart.close_within(5)
    assert "".join(shown) == "first\nsecond half\nwithout an end"
