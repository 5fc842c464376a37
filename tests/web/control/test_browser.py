"""The control page in a real browser: log in, watch, act, stop, re-arm; a wrong password, a forged form, a phone."""

import functools
import http.server
import re
import threading
from contextlib import contextmanager

from riskcore import events
from riskcore_openalgo.testing import Fault
from tests.cli.test_control import foreign
from tests.web.control.pages import PASSWORD, USER, control_page

FORBIDDEN = "the server responded with a status of"


def log_in(tab, page, password=PASSWORD):
    """The form, filled in by hand."""
    tab.goto(page.url)
    tab.fill("[name=user]", USER)
    tab.fill("[name=password]", password)
    tab.click("text=Log in")


def act(tab, opener, why="the tests", **fields):
    """Open the dialog of an act, fill it in, do it."""
    tab.click(opener)
    tab.wait_for_selector("dialog[open]")
    for name, value in fields.items():
        box = tab.locator(f"dialog [name={name}]")
        box.select_option(value) if box.evaluate("b => b.tagName") == "SELECT" else box.fill(value)
    tab.fill("dialog [name=why]", why)
    tab.click("#ask-do")


def done(tab, opener, **fields):
    """As `act`, and it was done: the dialog closes by itself."""
    act(tab, opener, **fields)
    tab.wait_for_selector("#ask", state="hidden")


def refused(tab, opener, **fields):
    """As `act`, and it was refused: what the dialog says."""
    act(tab, opener, **fields)
    said = tab.locator("#ask-wrong")
    said.filter(has_text=":").wait_for()
    text = said.inner_text()
    tab.click("#ask-cancel")
    return text


def shows(tab, selector, text):
    """Wait until a part of the page shows a text."""
    tab.locator(selector).filter(has_text=text).first.wait_for()


def facts(page, kind):
    """The facts of a kind, as the journal has them."""
    return page.day.facts(kind)


def test_a_day_from_the_login_to_the_stop_and_back(tab, tmp_path):
    """A decision arrives, a position is watched, the stop ends flat, the word re-arms; no complaint in the console."""
    with control_page(tmp_path / "live.db") as page:
        log_in(tab, page)
        shows(tab, "#state", "active")
        shows(tab, "#money-kind", "REAL MONEY")
        page.day.entered()
        shows(tab, "#decisions", "approved")
        shows(tab, "#positions", "NSE:INFY")
        shows(tab, "#positions", "yes")
        page.day.signal("SELL")
        shows(tab, "#decisions", "one_position_per_symbol: INFY is already held")
        tab.click("#stop")
        tab.fill("dialog [name=whole]", "everything")
        tab.click("#ask-do")
        shows(tab, "#ask-wrong", "type whole-account")
        tab.fill("dialog [name=whole]", "")
        tab.click("#ask-do")
        shows(tab, "#stage", "flat")
        shows(tab, "#state", "locked")
        shows(tab, "#trades", "emergency_stop")
        assert page.day.broker.truth().position("NSE:INFY") == 0
        ordered = facts(page, events.EmergencyOrdered)
        assert [(fact.by, fact.whole_account) for fact in ordered] == [(USER, False)]
        assert "locked" in refused(tab, "#emergency [data-ask=rearm]", word="please")
        done(tab, "#emergency [data-ask=rearm]", word="UNLOCK")
        shows(tab, "#state", "active")
        tab.wait_for_selector("#emergency", state="hidden")
        tab.click("#logout")
        tab.wait_for_selector("[name=password]")
        assert [text for text in tab.complaints if FORBIDDEN not in text] == []


def test_every_act_of_a_position_by_hand(tab, tmp_path):
    """Enter, move the stop, reduce, exit, cancel; pause, resume and a setting: each journalled with who and why."""
    with control_page(tmp_path / "live.db") as page:
        page.day.ready()
        log_in(tab, page)
        shows(tab, "#state", "active")
        done(tab, "#bar [data-ask=pause]")
        shows(tab, "#state", "halted")
        shows(tab, "#latch-rows", "by asha: the tests")
        done(tab, "#latch-rows button")
        shows(tab, "#state", "active")
        done(tab, "#bar [data-ask=enter]", side="buy", symbol="INFY", stop="980", why="my own view")
        shows(tab, "#decisions", "operator")
        page.day.until(page.day.covered, "1000.1")
        shows(tab, "#positions", "yes")
        assert "stop_not_tighter" in refused(tab, "text=Move stop", stop="970")
        done(tab, "text=Move stop", stop="985")
        shows(tab, "#positions", "985.00")
        held = page.day.position.quantity
        done(tab, "#positions >> text=Reduce", quantity="10")
        page.day.until(lambda: page.day.position.quantity == held - 10, 1000)
        _set(tab, page)
        done(tab, "#positions >> text=Exit")
        page.day.until(lambda: page.day.position is None, 1000)
        shows(tab, "#positions", "nothing is held")
        shows(tab, "#trades", "operator")
        taken = [(fact.act, fact.by) for fact in facts(page, events.ControlTaken)]
        assert taken == [(name, USER) for name in ("enter", "tighten", "reduce", "exit")]
        assert [text for text in tab.complaints if FORBIDDEN not in text] == []


def _set(tab, page):
    """A setting: what it would change is shown before, and nothing is changed by looking."""
    tab.click("#bar [data-ask=set]")
    tab.wait_for_selector("dialog [name=key] option:nth-child(2)", state="attached")
    tab.select_option("dialog [name=key]", "max_positions")
    tab.fill("dialog [name=value]", "two")
    shows(tab, "#ask-diff", "must be a whole number")
    tab.fill("dialog [name=value]", "2")
    shows(tab, "#ask-diff", "max_positions: 3 -> 2")
    assert facts(page, events.PolicyAdjusted) == []
    tab.fill("dialog [name=why]", "calmer")
    tab.click("#ask-do")
    tab.wait_for_selector("#ask", state="hidden")
    (adjusted,) = facts(page, events.PolicyAdjusted)
    assert (adjusted.changes, adjusted.by, adjusted.why) == ((("max_positions", "3", "2"),), USER, "calmer")
    assert page.day.day.live.runner.policy.max_positions == 2


def test_an_entry_that_works_is_cancelled_by_hand(tab, tmp_path):
    """It rests below its price; the button asks once, and the books say that it is gone."""
    with control_page(tmp_path / "live.db", policy={"entry_timeout_s": 60}) as page:
        page.day.ready()
        log_in(tab, page)
        page.day.broker.script(Fault("placeorder", "partial", fraction=0))
        page.day.signal()
        shows(tab, "#orders", "entry")
        done(tab, "#orders >> text=Cancel")
        page.day.until(lambda: not page.day.state.book.live_orders(entries=True))
        shows(tab, "#orders", "no order works")


def test_the_whole_account_is_stopped_where_it_is_typed_out(tab, tmp_path):
    """What somebody else bought leaves too; the page says whose stop it is, and what is left meanwhile."""
    with control_page(tmp_path / "live.db") as page:
        page.day.ready()
        page.day.client.place(foreign(7))
        log_in(tab, page)
        shows(tab, "#state", "active")
        page.day.until(lambda: page.day.broker.truth().position("NSE:INFY") == 7, 1000)
        done(tab, "#stop", whole="whole-account")
        shows(tab, "#stage-text", "the whole account; asha")
        page.day.until(lambda: page.day.broker.truth().position("NSE:INFY") == 0, 1000)
        shows(tab, "#stage", "flat")
        assert [fact.whole_account for fact in facts(page, events.EmergencyOrdered)] == [True]


def test_F58_a_wrong_password_shows_nothing(tab, tmp_path):
    """A sentence, and the form again."""
    with control_page(tmp_path / "live.db") as page:
        log_in(tab, page, "not the password")
        shows(tab, ".wrong", "Wrong name or password")
        tab.goto(f"{page.url}/")
        assert tab.url.endswith("/login")


def test_F58_a_form_of_another_site_does_nothing(tab, tmp_path):
    """With the operator logged in, in the same browser: a form and a script of another origin reach no act."""
    with control_page(tmp_path / "live.db") as page, _evil(tmp_path / "evil", page.url) as evil:
        log_in(tab, page)
        shows(tab, "#state", "active")
        other = tab.context.new_page()
        other.goto(evil)
        other.click("#form")
        other.wait_for_url(re.compile("/api/act/stop"))
        assert "log in" in other.inner_text("body")
        other.goto(evil)
        other.click("#script")
        other.locator("#said").filter(has_text="blocked").wait_for()
        assert other.evaluate("document.cookie") == ""
        assert page.day.state.control.emergency is None
        assert facts(page, events.EmergencyOrdered) == []


EVIL = """<form method=post enctype=text/plain action="URL/api/act/stop"><input name='{"why":"x","a":"' value='"}'>
<button id=form>win a prize</button></form><button id=script>win another</button><p id=said></p><script>
document.getElementById("script").onclick = () => fetch("URL/api/act/stop", {method: "POST", credentials: "include",
  headers: {"content-type": "application/json"}, body: '{"why": "x"}'})
  .then(() => { said.textContent = "sent" }, () => { said.textContent = "blocked" });
</script>"""


@contextmanager
def _evil(folder, url):
    """A site of somebody else's."""
    folder.mkdir()
    (folder / "index.html").write_text(EVIL.replace("URL", url), encoding="ascii")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.2", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.2:{server.server_port}/index.html"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_phone_shows_all_of_it_in_its_width(browser, tmp_path):
    """No sideways scrolling, in the dark; the stop is the widest button there is."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    context.set_default_timeout(15_000)
    tab = context.new_page()
    with control_page(tmp_path / "live.db") as page:
        page.day.entered()
        log_in(tab, page)
        shows(tab, "#positions", "NSE:INFY")
        wide = tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        stop, every = tab.locator("#stop").bounding_box(), tab.locator("#bar button").all()
        assert stop["width"] == max(button.bounding_box()["width"] for button in every)
        assert stop["height"] >= 44
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 19, 23)"
        tab.tap("#stop")
        box = tab.locator("dialog").bounding_box()
        assert box["width"] <= 390
    context.close()
