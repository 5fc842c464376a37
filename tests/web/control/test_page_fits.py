"""What the control page shows fits into its cards, on a phone and on a desk, and is shown once."""

import json

import pytest

from tests.web.control.pages import control_page
from tests.web.control.test_browser import log_in, shows

AT = "2026-11-20T10:20:04+05:30"
ORDER = "alert:practice:practice:RELIANCE:BUY:entry:20261120T101700:exit:20261120.1"
TRADE = {"at": AT, "key": "NSE:RELIANCE", "side": "SELL", "quantity": 24300, "entry": "1341.85", "exit": "1342.85"}
TRADE |= {"reason": "unprotected", "net": "-24300000.00"}
LIMIT = {"rule": "max_daily_loss", "used": "12345678.90", "limit": "15000000.00", "left": "2654321.10", "pct": "82"}
LIMIT |= {"tripped": False}
TOLD = {"at": AT, "text": f"UNKNOWN ORDER: {ORDER}: nobody said what became of it", "severity": "critical"}


def asked(tab, **shown):
    """The state of the page with some of it other than it is."""

    def answer(route):
        got = route.fetch()
        route.fulfill(response=got, body=json.dumps(got.json() | shown))

    tab.route("**/api/state*", answer)


@pytest.mark.parametrize("width", [360, 1180, 1440])
def test_no_card_has_more_than_it_shows(browser, tmp_path, width):
    """Of an account of fifty crore, with an order's whole name in an alert: `left`, `net` and its end were cut."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    tab = context.new_page()
    with control_page(tmp_path / "live.db") as page:
        asked(tab, limits=[LIMIT], trades=[TRADE], alerts=[TOLD])
        log_in(tab, page)
        shows(tab, "#alerts", "nobody said")
        cut = "e => [e.querySelector('h2').innerText, e.scrollWidth - e.clientWidth]"
        cards = [card.evaluate(cut) for card in tab.locator(".card:visible").all()]
        tab.unroute_all(behavior="ignoreErrors")
        context.close()
        assert cards
        assert [card for card in cards if card[1] > 0] == []


def test_the_same_words_twice_at_one_moment_are_two_rows_and_stay_two(tab, tmp_path):
    """Two fills of one size and price, seen in one reading: the list had grown by a row a second."""
    filled = {"at": AT, "text": "TRADE EXECUTED: BUY 50 NSE:INFY at 1,500.00", "severity": "info"}
    with control_page(tmp_path / "live.db") as page:
        asked(tab, alerts=[filled, filled, TOLD])
        log_in(tab, page)
        shows(tab, "#alerts", "nobody said")
        with tab.expect_response("**/api/state*"), tab.expect_response("**/api/state*"):
            tab.wait_for_timeout(2_500)
        rows = tab.locator("#alerts tr").count()
        tab.unroute_all(behavior="ignoreErrors")
        tab.close()
        assert rows == 3
