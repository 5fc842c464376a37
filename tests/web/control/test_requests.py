"""The control page without a browser: who comes in, what a stranger can do (nothing), what each act is answered."""

import socket
from datetime import timedelta

import pytest

from riskcore import events
from riskcore_openalgo.testing import Fault
from riskcore_openalgo.web.control import app
from riskcore_openalgo.web.control.app import HEADERS
from riskcore_openalgo.web.control.doors import TRIES, WINDOW_S, Doors
from tests.web.control.pages import HASH, PASSWORD, USER, control_page

GETS = ("/", "/login", "/api/state", "/api/settings", "/api/change?key=max_positions&value=1", "/favicon.ico")


def inputs(page, kind):
    """The inputs of a kind that the journal has."""
    return [row.event for row in page.day.journal.rows("input") if isinstance(row.event, kind)]


def acts_of(page):
    """What was journalled of logins and strangers."""
    return [(seen.by, seen.act) for seen in inputs(page, events.OperatorSeen)]


def test_F58_without_a_login_nothing_is_shown_and_nothing_is_done(tmp_path):
    """Neither the state nor an act, whatever cookie comes; the page itself leads to the login."""
    with control_page(tmp_path / "live.db") as page:
        for cookie in ("", "x", "a.b", "a" * 5000, f"{USER}.{'0' * 64}"):
            page.cookie = cookie
            assert page.ask("GET", "/api/state")[0] == 401
            assert page.ask("GET", "/")[:1] == (303,)
            assert page.act("stop")[0] == 401
        assert inputs(page, events.EmergencyStopped) == []


def test_F58_a_wrong_password_a_forged_form_and_a_locked_address(tmp_path):
    """Each is journalled; after the last try even the right password is not heard, until its time has passed."""
    now = [0.0]
    with control_page(tmp_path / "live.db", mono=lambda: now[0]) as page:
        assert page.login(form="1.forged")[0] == 403
        assert page.login(origin="http://evil.example")[0] == 403
        assert page.login(sec_fetch_site="cross-site")[0] == 403
        assert [page.login("wrong")[0] for _ in range(TRIES)] == [403] * (TRIES - 1) + [429]
        assert page.login()[0] == 429
        now[0] = WINDOW_S - 1
        assert page.login()[0] == 429
        now[0] = WINDOW_S
        assert page.login()[0] == 303
        page.day.until(lambda: acts_of(page)[-1:] == [(USER, "login")])
        seen = [act for _, act in acts_of(page)]
        assert seen == ["forged_form"] * 3 + ["login_refused"] * (TRIES - 1) + ["locked_out", "login"]
        told = [notice for notice in page.day.facts(events.Noticed) if notice.name == "page_locked"]
        assert [(notice.subject, notice.why[:27]) for notice in told] == [("127.0.0.1", "127.0.0.1 is locked out: to")]


def test_F58_who_does_not_send_the_form_to_its_end_is_not_waited_for(tmp_path, monkeypatch):
    """Nor may anybody hold connections open, a byte at a time: refused, journalled, and the next one is served."""
    with control_page(tmp_path / "live.db") as page:
        monkeypatch.setattr(app, "BODY_S", 0.2)
        with socket.create_connection(("127.0.0.1", page.port), timeout=5) as line:
            line.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 31\r\n\r\nu")
            assert b" 403 " in line.recv(4096).split(b"\r\n")[0]
        monkeypatch.undo()
        assert page.login()[0] == 303
        page.day.until(lambda: acts_of(page)[-1:] == [(USER, "login")])
        assert [act for _, act in acts_of(page)] == ["forged_form", "login"]


def test_F58_a_session_is_signed_ends_and_does_not_come_back(tmp_path):
    """A changed cookie, one past its time and one that was logged out open nothing."""
    now = [0.0]
    with control_page(tmp_path / "live.db", mono=lambda: now[0]) as page:
        _, cookie = page.login()
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        good = page.cookie
        page.cookie = good[:-1] + ("0" if good[-1] != "0" else "1")
        assert page.ask("GET", "/api/state")[0] == 401
        page.cookie = good
        assert page.ask("POST", "/logout")[0] == 403
        assert page.ask("POST", "/logout", x_control_token=page.token)[0] == 200
        assert page.ask("GET", "/api/state")[0] == 401
        page.login()
        now[0] = 3600.0
        assert page.ask("GET", "/api/state")[0] == 401


def test_F58_no_act_without_its_token_its_origin_its_form_and_its_number(tmp_path):
    """What is forged, sent by another site, sent again or is no JSON does nothing; the right one does."""
    with control_page(tmp_path / "live.db") as page:
        page.login()
        forged = [
            {"token": ""},
            {"token": "0" * 64},
            {"content": "application/x-www-form-urlencoded"},
            {"headers": {"origin": "http://evil.example"}},
            {"headers": {"origin": "null"}},
            {"headers": {"origin": "http://["}},
            {"headers": {"sec_fetch_site": "cross-site"}},
        ]
        assert [page.act("pause", **how)[0] for how in forged] == [403] * len(forged)
        assert page.act("pause", once="short")[1]["reason"] == "repeated"
        once = "f" * 32
        assert page.act("pause", once=once) == (200, {"done": True, "facts": ["Latched"]})
        assert page.act("pause", once=once)[1]["reason"] == "repeated"
        assert page.ask("POST", "/api/act/pause", "x" * 70_000, content_type="application/json")[0] == 403
        assert len(inputs(page, events.OperatorHalted)) == 1
        assert (USER, "forged_act") in acts_of(page)


def test_F58_nothing_changes_by_a_get(tmp_path):
    """Every address is got, with a session: no input of a hand comes of it, and no act can be got at all."""
    with control_page(tmp_path / "live.db") as page:
        page.login()
        for path in GETS:
            assert page.ask("GET", path)[0] in (200, 204)
        for act in ("stop", "pause", "set", "nonsense"):
            assert page.ask("GET", f"/api/act/{act}")[0] == 405
        assert page.ask("GET", "/logout")[0] == 405
        hands = (events.OperatorHalted, events.EmergencyStopped, events.OperatorSet)
        assert inputs(page, hands) == []
        assert page.ask("GET", "/api/state")[0] == 200


def test_every_answer_forbids_what_the_page_does_not_need(tmp_path):
    """No script and no style but its own, no frame around it, no copy in a cache."""
    with control_page(tmp_path / "live.db") as page:
        for path in (*GETS, "/static/control.js", "/static/control.css", "/static/../app.py", "/nowhere"):
            headers = page.ask("GET", path)[1]
            if path != "/nowhere":
                assert {name: headers[name] for name in HEADERS} == HEADERS
        text = page.ask("GET", "/login")[2] + page.ask("GET", "/static/control.js")[2]
        assert "http:" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "innerHTML" not in text


@pytest.mark.parametrize(
    ("act", "given", "said"),
    [
        ("nonsense", {}, "is no act"),
        ("pause", {"why": " "}, "say why"),
        ("pause", {"why": "x" * 301}, "at most 300"),
        ("pause", {"why": 5}, "say why"),
        ("exit", {"symbol": "what is this"}, "no symbol such as"),
        ("reduce", {"symbol": "INFY", "quantity": "-5"}, "whole number of shares"),
        ("reduce", {"symbol": "INFY"}, "to leave all of it, exit"),
        ("tighten", {"symbol": "INFY", "stop": "1e400"}, "must be rupees"),
        ("tighten", {"symbol": "INFY", "stop": "NaN"}, "must be rupees"),
        ("tighten", {"symbol": "INFY"}, "must be rupees"),
        ("enter", {"symbol": "INFY", "side": "up"}, "BUY"),
        ("set", {"key": "max_position", "value": "2"}, "did you mean max_positions"),
        ("set", {"key": "max_positions", "value": "two"}, "must be a whole number"),
        ("cancel", {"order": 7}, "order must be text"),
    ],
)
def test_nonsense_is_answered_with_what_to_write(shared, act, given, said):
    """And nothing of it reaches the journal."""
    before = shared.day.journal.length
    status, answer = shared.act(act, **given)
    assert (status, answer["reason"], said in answer["why"]) == (400, "not_valid", True), answer
    rows = shared.day.journal.rows("input", after=before)  # the login of the fixture may be written late
    assert not [row for row in rows if row.type.startswith("Operator") and row.type != "OperatorSeen"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One day for what changes nothing."""
    with control_page(tmp_path_factory.mktemp("day") / "live.db") as page:
        page.login()
        yield page


def test_users_are_told_apart_by_nothing():
    """A name that nobody has costs a hash, as a wrong password does."""
    doors = Doors({USER: HASH}, session_s=60)
    assert doors.login("nobody", PASSWORD, "a").why == doors.login(USER, "wrong", "b").why == "wrong_password"


def test_health_says_that_the_books_cannot_be_read_while_they_cannot_and_what_is_not_ours(tmp_path):
    """The page never calls good what an alarm on the same page calls unreadable; what was accepted is named."""
    with control_page(tmp_path / "live.db") as page:
        day = page.day
        day.entered()
        page.login()

        def books():
            return next(line for line in page.state()["health"] if line["name"] == "books agree")

        assert books()["good"]
        assert "accepted" not in books()["text"]
        day.broker.contract("NSE:TCS", tick="0.1")
        day.broker.quote("NSE:TCS", last=3000)
        day.broker.hand_trade("NSE:TCS", -5, 3000)
        day.until(lambda: any(latch.key == "NSE:TCS" for latch in day.state.book.latches), 1000)
        day.day.live.runner.offer(events.DifferencesAccepted(day.clock(), "asha", "mine"))
        day.until(lambda: books()["good"], 1000)
        assert books()["text"].endswith("; -5 NSE:TCS accepted as not ours")
        day.broker.script(Fault("*", "html", status=502, times=0))
        day.skip_to(day.clock() + timedelta(seconds=40))
        day.until(lambda: [fact for fact in day.facts(events.Noticed) if fact.name == "books_unreadable"], 1000)
        assert books()["good"] is False
        assert books()["text"].startswith("the broker's books could not be read since")
        day.broker.faults.clear()
        day.until(lambda: books()["good"], 1000)
