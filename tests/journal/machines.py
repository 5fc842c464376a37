"""Another machine at a journal on a server: a process with a state folder of its own, and no file in common."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from riskcore_openalgo.failpoints import VARIABLE

ROOT = Path(__file__).parents[2]
ASHA = "the account of asha"
MACHINE = """
import sys
from pathlib import Path
from riskcore_openalgo.journal import Journal, JournalConflict
from tests.journal.conftest import inputs

place, spool, account = sys.argv[1:]
with Journal(place, spool=Path(spool)) as journal, journal.sending(account) as before:
    print("sends", before, flush=True)
    for line in sys.stdin:
        try:
            said = journal.append(inputs(1, first=journal.length)).value
        except JournalConflict as problem:
            said = f"conflict: {problem}"
        print(said, "|", journal.taken(), "|", len(journal._spool.waiting), flush=True)
"""


class Machine:
    """A process that sends for an account, until it is told otherwise."""

    def __init__(self, place, folder, account=ASHA, failpoint=""):
        folder.mkdir()
        self.child = subprocess.Popen(
            [sys.executable, "-c", MACHINE, place, str(folder / "spool"), account],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "XDG_STATE_HOME": str(folder), "LOCALAPPDATA": str(folder), VARIABLE: failpoint},
        )  # fmt: skip
        self.name = f"process {self.child.pid} on {socket.gethostname()}"

    def said(self):
        return self.child.stdout.readline().rstrip("\n")

    def end(self):
        """End it, as a power cut would."""
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()

    def append(self):
        """What became of a row, why nothing may be sent, and how many rows wait in the spool."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return tuple(part.strip() for part in self.said().split("|"))


def cut_off(in_postgres, name="riskcore%"):
    """End the connections of a name: what they held is free."""
    with in_postgres.server.connection() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE %s", (name,)
        )
