"""`riskcore live` as a process of its own, from a configuration folder, with its page and its intake, on the fake."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime

import riskcore as rc
from tests.runner.live_days import KEY
from tests.web.control.pages import HASH, USER

SECRET = "the-first-secret-of-tv"
COMMAND = """
import sys
from datetime import datetime, timedelta
import riskcore as rc
from riskcore_openalgo.cli import live
from riskcore_openalgo.cli.main import main

ahead = timedelta(seconds=float(sys.argv[1]))
live.run.__kwdefaults__["clock"] = lambda: datetime.now(rc.IST) + ahead
sys.exit(main(sys.argv[2:]))
"""
"""The command line as it is, on a day that trades whenever the tests run."""
FILES = {
    "risk_management.yaml": "risk_management:\n  position_size_basis: margin\n  risk_per_trade: 0.1\n",
    "system_config.yaml": """
system:
  mode: live
  watch: [INFY]
  intake: {{port: {intake}}}
  metrics: {{port: {metrics}}}
  control: {{port: {page}, ssl_certfile: {certificate}, ssl_keyfile: {key}}}
""",
    "api_credentials.yaml": """
api_credentials:
  openalgo: {{host: "{host}", ws_url: "{ws_url}", api_key: "{api_key}"}}
  webhook:
    secrets: {{tv: {secret}}}
  control:
    users: {{{user}: "{hash}"}}
""",
}


class Command:
    """The process, its folder, and what it has said so far."""

    def __init__(self, folder, day):
        self.folder, self.day, self.said = folder, day, []
        self._lines = queue.Queue()
        ahead = (day.clock() - datetime.now(rc.IST)).total_seconds()
        words = ["live", "--config", str(folder), "--journal", str(day.path)]
        environment = {name: value for name, value in os.environ.items() if name != "OPENALGO_API_KEY"}
        self.child = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(ahead), *words],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            self.said.append(line)
            self._lines.put(line)

    def line(self, pattern, patience_s=90.0):
        """The first line that is like it, once it was said."""
        ends = time.monotonic() + patience_s
        while time.monotonic() < ends:
            try:
                found = re.search(pattern, self._lines.get(timeout=0.5))
            except queue.Empty:
                assert self.child.poll() is None, "".join(self.said)
                continue
            if found:
                return found
        raise AssertionError("".join(self.said))

    def ended(self, signal, patience_s=90.0):
        """The code that it ends with when it is asked to."""
        self.child.send_signal(signal)
        code = self.child.wait(timeout=patience_s)
        self._reader.join()
        return code


def riskcore(folder, *words, given=""):
    """Another command of the same configuration; its code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "riskcore_openalgo", *words, "--config", str(folder)],
        input=given, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@contextmanager
def running(folder, day, certificate, ports):
    """The command, ended whatever happens."""
    folder.mkdir()
    known = {
        **dict(zip(("page", "intake", "metrics"), ports, strict=True)),
        "certificate": json.dumps(str(certificate[0])),
        "key": json.dumps(str(certificate[1])),
        "host": day.server.host,
        "ws_url": day.server.ws_url,
        "api_key": KEY,
        "secret": SECRET,
        "user": USER,
        "hash": HASH,
    }
    for name, text in FILES.items():
        (folder / name).write_text(text.format(**known), encoding="utf-8")
    assert riskcore(folder, "credentials", "encrypt")[0] == 0
    command = Command(folder, day)
    try:
        yield command
    finally:
        command.child.kill()
        command.child.wait()
        command._reader.join()
        command.child.stdout.close()
