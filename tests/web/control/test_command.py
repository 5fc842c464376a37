"""A day of the real command on the fake, its page open in a browser over TLS, to the end that a kill asks for."""

import json
import re
import signal
import ssl
import urllib.error
import urllib.request
from datetime import timezone

import pytest

from riskcore import events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.stopping import FLAT
from tests.certificates import certificate_in
from tests.runner.live_days import KEY, live_day
from tests.web.control.commands import SECRET, riskcore, running
from tests.web.control.pages import PASSWORD, USER
from tests.web.control.test_browser import shows

SECOND = "the-second-secret-of-tv"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(browser):
    """A tab that takes the tests' own certificate."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, ignore_https_errors=True)
    context.set_default_timeout(40_000)
    yield context.new_page()
    context.close()


def alert(day, port, secret):
    """An alert of TradingView's under a secret; how it is answered."""
    at = day.clock().astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {"secret": secret, "ticker": "NSE:INFY", "action": "buy", "price": 1000, "interval": "5"}
    body = json.dumps({**fields, "timenow": at, "time": at}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/webhook/tv", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def over_tls(url, certificate):
    """The page speaks TLS alone: the certificate vouches for it, nobody else does, and plain http is not answered."""
    known = ssl.create_default_context(cafile=str(certificate[0]))
    with urllib.request.urlopen(f"{url}login", context=known, timeout=10) as answer:  # noqa: S310 - our own
        assert (answer.status, "Log in" in answer.read().decode()) == (200, True)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"{url}login", timeout=10)  # noqa: S310 - our own
    with pytest.raises(OSError, match=r"(?i)disconnected|reset|closed|empty|BadStatus"):
        urllib.request.urlopen(f"{url}login".replace("https", "http"), timeout=10)  # noqa: S310 - our own


def log_in(tab, url):
    """By hand; the cookie that keeps the session goes over TLS alone."""
    tab.goto(url)
    tab.fill("[name=user]", USER)
    tab.fill("[name=password]", PASSWORD)
    tab.click("text=Log in")
    shows(tab, "#state", "active")
    (cookie,) = tab.context.cookies()
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")


def ticking(tab, day, selector, text):
    """Until a part of the page shows a text, with a price now and then."""
    for turn in range(400):
        day.broker.tick("NSE:INFY", ("1000", "1000.1")[turn % 2])
        if tab.locator(selector).filter(has_text=text).count():
            return
        tab.wait_for_timeout(100)
    raise AssertionError(tab.inner_text("body"))


def test_a_day_of_the_real_command_with_its_page_in_a_browser(secure, tmp_path, certificate, free_tcp_port_factory):
    """A decision arrives, a secret is replaced under it, the stop ends flat; a polite kill ends it with code 0."""
    ports = [free_tcp_port_factory() for _ in range(3)]
    with live_day(tmp_path / "live.db", start=False) as day:
        with running(tmp_path / "config", day, certificate, ports) as command:
            url = command.line(r"control page: (https://\S+/)")[1]
            over_tls(url, certificate)
            log_in(secure, url)
            shows(secure, "#money-kind", "REAL MONEY")
            ticking(secure, day, "#health", "connected")
            replaced(secure, command, day, ports[1])
            ticking(secure, day, "#decisions", "approved")
            ticking(secure, day, "#positions", "yes")
            secure.click("#stop")
            secure.click("#ask-do")
            ticking(secure, day, "#stage", "flat")
            assert day.broker.truth().position("NSE:INFY") == 0
            assert command.ended(signal.SIGTERM) == FLAT
        told_and_kept("".join(command.said), tmp_path / "live.db")


def replaced(tab, command, day, port):
    """A new webhook secret is in use without a restart, told on the page by its source, and the old one is not."""
    assert alert(day, port, SECOND) == 401
    code, said = riskcore(command.folder, "credentials", "set", "webhook.secrets.tv", given=f"{SECOND}\n{SECOND}\n")
    assert code == 0, said
    shows(tab, "#alerts", "sources of alerts: tv changed")
    day.until(lambda: alert(day, port, SECRET) == 401)
    assert alert(day, port, SECOND) == 200


def told_and_kept(said, path):
    """No secret in what was said; the journal is whole, and replays to the same."""
    assert "stopped: nothing is open" in said
    assert not [secret for secret in (KEY, SECRET, SECOND, PASSWORD) if re.search(re.escape(secret), said)]
    with Reader(path) as journal:
        journal.check()
        facts = [row.event for row in journal.rows("fact")]
        assert [(fact.by, fact.whole_account) for fact in facts if isinstance(fact, events.EmergencyOrdered)] == [
            (USER, False)
        ]
        assert replay(journal).same
