"""The Caddyfile of docs/tradingview.md before a real intake: HTTPS outside, and the sender's address inside."""

import contextlib
import os
import re
import shutil
import ssl
import subprocess
import time
from concurrent.futures import Future
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from riskcore_openalgo.web.alerts import Receipt
from riskcore_openalgo.web.gate import Secret, SourceRules, networks
from riskcore_openalgo.web.intake import intake_app, serve
from tests.runner.test_runner import START

ROOT = Path(__file__).parents[2]
CADDY = shutil.which("caddy")
SECRET = "the-secret-of-tradingview"
BUY = '{"symbol": "SBIN", "action": "buy", "secret": "the-secret-of-tradingview"}'
HIS, ANOTHERS = "127.0.0.2", "127.0.0.3"
LOCAL = """{
    admin off
    auto_https disable_redirects
    skip_install_trust
}
"""
STARTS_WITHIN_S = 30.0

pytestmark = pytest.mark.skipif(CADDY is None, reason="Caddy is not installed (Debian: apt-get install caddy)")


def documented():
    """The example, as it stands on the page."""
    page = (ROOT / "docs/tradingview.md").read_text(encoding="utf-8")
    return re.search(r"^```\n(alerts\.example\.org \{\n.*?^\}\n)```", page, re.MULTILINE | re.DOTALL)[1]


def local(port, to):
    """The example with a name, ports and a certificate of this machine."""
    text = documented().replace("127.0.0.1:8780", f"127.0.0.1:{to}")
    assert text.count(f":{to}") == 2
    return LOCAL + text.replace("alerts.example.org {", f"https://localhost:{port} {{\n    tls internal", 1)


@contextlib.contextmanager
def proxied(folder, port, to):
    """Caddy in front of a port; what vouches for it."""
    (folder / "Caddyfile").write_text(local(port, to), encoding="ascii")
    environ = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [CADDY, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    root = folder / "caddy/pki/authorities/local/root.crt"
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as caddy:
        try:
            yield root
        finally:
            caddy.terminate()


def posted(port, root, sends_from, claims):
    """The status of an alert from an address of this machine, through the proxy, as soon as that is up."""
    give_up = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            context = ssl.create_default_context(cafile=root)
            door = HTTPSConnection("localhost", port, context=context, timeout=10, source_address=(sends_from, 0))
            with contextlib.closing(door):
                door.request("POST", "/webhook/tv", BUY, {"X-Forwarded-For": claims})
                return door.getresponse().status
        except OSError:  # not listening yet, or without its certificate yet
            assert time.monotonic() < give_up, "Caddy does not start"
            time.sleep(0.05)


def submit(reading, _):
    """Take everything, at once."""
    reply = Future()
    reply.set_result(Receipt(getattr(reading, "status", 200), {}))
    return reply


@pytest.mark.parametrize(("sends_from", "status"), [(HIS, 200), (ANOTHERS, 401)])
def test_the_example_passes_alerts_on_and_the_gate_sees_who_sent_them(tmp_path, free_tcp_port, sends_from, status):
    """By what Caddy says of the sender, who is neither Caddy nor whom he claims to be."""
    sources = {"tv": SourceRules(secrets=(Secret(SECRET),), addresses=networks([HIS]))}
    app = intake_app(submit, sources=sources, clock=lambda: START, trusted_proxies=("127.0.0.1",))
    with serve(app, "127.0.0.1", 0) as server, proxied(tmp_path, free_tcp_port, server.port) as root:
        assert posted(free_tcp_port, root, sends_from, {HIS: ANOTHERS, ANOTHERS: HIS}[sends_from]) == status
