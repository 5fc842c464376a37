"""A live day on the fake OpenAlgo with its control page open, for a browser and for plain requests."""

import http.client
import json
import re
from contextlib import contextmanager
from urllib.parse import urlencode

from riskcore_openalgo.web.control.app import COOKIE, control_app
from riskcore_openalgo.web.control.board import Banner, Board
from riskcore_openalgo.web.control.doors import Doors
from riskcore_openalgo.web.control.passwords import hashed
from riskcore_openalgo.web.intake import serve
from tests.runner.live_days import live_day

USER, PASSWORD = "asha", "a long sentence of the tests"
HASH = hashed(PASSWORD)
TABLES = ("position", "order", "exit")


class Page:
    """The day, the page's address, and a client of it that is no browser."""

    def __init__(self, day, server, doors):
        self.day, self.url, self.port, self.doors = day, server.url, server.port, doors
        self.cookie = self.token = ""
        self._acts = 0

    def ask(self, method, path, body=None, **headers):
        """One request: (status, headers, text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie and "cookie" not in sent:
            sent["cookie"] = f"{COOKIE}={self.cookie}"
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def login(self, password=PASSWORD, user=USER, form=None, **headers):
        """The form, filled in; the status, and the session is kept where there is one."""
        if form is None:
            form = re.search(r'name="form" value="([^"]+)"', self.ask("GET", "/login")[2])[1]
        body = urlencode({"user": user, "password": password, "form": form})
        sent = {"content_type": "application/x-www-form-urlencoded", **headers}
        status, found, _ = self.ask("POST", "/login", body, **sent)
        cookie = found.get("set-cookie", "")
        if status == 303:
            self.cookie = cookie.partition(";")[0].partition("=")[2]
            self.token = self.state()["token"]
        return status, cookie

    def state(self):
        """What the page shows."""
        return json.loads(self.ask("GET", "/api/state")[2])

    def act(self, name, *, token=None, once=None, content="application/json", headers=None, **given):
        """One act: (status, what came of it)."""
        self._acts += 1
        body = json.dumps({"why": "the tests", "once": once or f"{self._acts:032d}", **given})
        sent = {"content_type": content, "x_control_token": self.token if token is None else token, **(headers or {})}
        status, _, text = self.ask("POST", f"/api/act/{name}", body, **sent)
        return status, json.loads(text)


@contextmanager
def control_page(path, *, mono=None, **more):
    """A day that runs, with its page; closed at the end."""
    with live_day(path, **more) as day, page_of(day, mono=mono) as page:
        yield page


@contextmanager
def page_of(day, *, mono=None, **told):
    """The page of a day that has started; `told` is what its banner says otherwise."""
    runner = day.day.live.runner
    said = {"mode": "live", "analyzer": False, "real_money": True, "broker": "fake", "openalgo": "here"}
    banner = Banner(**{**said, "journal": "live.db", **told})
    board = Board(day.day, banner, runner.clock, lambda: runner.journal.trouble)
    doors = Doors({USER: HASH}, session_s=3600, **({} if mono is None else {"monotonic": mono}))
    with serve(
        control_app(board, runner.ask, doors, clock=runner.clock, tell=day.day.alarms.tell), "127.0.0.1", 0
    ) as server:
        yield Page(day, server, doors)
