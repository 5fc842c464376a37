"""The page and the metrics of a day, asked by a name that a stranger led to this machine (DNS rebinding)."""

from contextlib import ExitStack, contextmanager

from attrs import evolve

from riskcore_openalgo.cli.live import control_page
from riskcore_openalgo.cli.watching import watched
from riskcore_openalgo.config import ControlAccess, ControlPage
from riskcore_openalgo.config.settings import Watching
from riskcore_openalgo.metrics import Metrics
from tests.runner.live_days import live_day
from tests.web.control.pages import HASH, USER, Page

STRANGERS = {"host": "evil.example:8781", "origin": "http://evil.example:8781"}


@contextmanager
def served(path, ports, **page):
    """Page and metrics as `riskcore live` serves them: a client of each."""
    with live_day(path) as day, ExitStack() as opened:
        known = day._settings
        settings = evolve(
            known,
            credentials=evolve(known.credentials, control=ControlAccess(users={USER: HASH})),
            system=evolve(known.system, control=ControlPage(port=ports[0], **page), metrics=Watching(port=ports[1])),
        )
        opened.enter_context(watched(settings, day.day, day.client, day.journal, Metrics()))
        doors = opened.enter_context(control_page(settings, day.day, day.client, mode="live", analyzer=False))
        servers = [type("Server", (), {"url": "", "port": port}) for port in ports]
        yield [Page(day, server, doors) for server in servers]


def test_neither_is_told_or_guessed_at_by_a_strangers_name(tmp_path, free_tcp_port_factory):
    """By its own names both are there, and what the stranger tries locks nobody out."""
    with served(tmp_path / "live.db", [free_tcp_port_factory() for _ in range(2)]) as (page, metrics):
        for path in ("/login", "/", "/api/state", "/static/control.js"):
            assert page.ask("GET", path, **STRANGERS)[0] == 421
        assert metrics.ask("GET", "/metrics", **STRANGERS)[0] == 421
        assert [page.login("a guess", form="1.x", **STRANGERS)[0] for _ in range(6)] == [421] * 6
        assert page.login()[0] == 303
        page.day.day.live._parts.feed.judge.counts["NSE:INFY", "unchanged"] += 1
        status, _, told = metrics.ask("GET", "/metrics")
        assert status == 200
        assert 'riskcore_prices_unused_total{reason="quotes.unchanged"}' in told


def test_behind_a_proxy_any_name_is_its_own_and_a_page_without_https_is_not(tmp_path, free_tcp_port_factory):
    """What a stranger's name leads to past the proxy is no page of https: even the right password does not come in."""
    with served(tmp_path / "live.db", [free_tcp_port_factory() for _ in range(2)], https=True) as (page, _):
        own = {"host": "desk.example", "origin": "https://desk.example"}
        assert page.login(**STRANGERS)[0] == 403
        assert page.login(**own)[0] == 303
