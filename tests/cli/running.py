"""A runner in a process of its own, as small as one can be: it turns, takes from its inbox, and ends when asked."""

import subprocess
import sys
from contextlib import contextmanager

CODE = """
import sys, time
from datetime import datetime
from pathlib import Path

import riskcore as rc
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner import Runner
from riskcore_openalgo.runner.by_hand import NoBroker
from riskcore_openalgo.runner.inbox import Inbox, folder_of

place = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
deaf = "deaf" in sys.argv
with Journal(place) as journal:
    inbox = Inbox(folder_of(place), journal)
    runner = Runner(
        journal=journal, policy=journal.policy() or rc.Policy(), lanes=NoBroker(),
        clock=lambda: datetime.now(rc.IST), timers=inbox,
    )
    runner.start()
    runner.settle()
    print("ready", flush=True)
    while deaf or (asked := inbox.stop_request()) is None:
        runner.turn()
        time.sleep(0.01)
    print("flatten" if asked.flatten else "end", "by", asked.by, flush=True)
    inbox.stopped()
"""


@contextmanager
def running(place, *words):
    """The process, once it turns; killed at the end if it has not ended by then."""
    command = [sys.executable, "-c", CODE, str(place), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()
