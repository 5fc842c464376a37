"""A real browser: Debian's Chromium, driven by Playwright. Where CI lacks it, that is a failure, never a skip."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium: apt-get install -y chromium (and `pip install playwright`)"


@pytest.fixture(scope="module")
def browser():
    """The browser, once for all tests of the page."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        assert not os.environ.get("CI"), MISSING
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def tab(browser):
    """A tab of its own, with what its console said: a page that complains is a page that fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    made = context.new_page()
    complaints = []
    made.on("pageerror", lambda problem: complaints.append(str(problem)))
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.complaints = complaints
    yield made
    context.close()


@pytest.fixture
def looked_at(browser):
    """A page in a tab of the wanted width and colours: what it said and what it asked for are kept."""
    opened = []

    def look(address, *, width=1280, height=900, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(15_000)
        opened.append(context)
        made = context.new_page()
        made.said, made.asked = [], []
        made.on("pageerror", lambda problem: made.said.append(str(problem)))
        made.on("console", lambda message: made.said.append(message.text))
        made.on("request", lambda request: made.asked.append(request.url))
        made.goto(address)
        return made

    yield look
    for context in opened:
        context.close()
