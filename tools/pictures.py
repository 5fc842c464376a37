"""The pictures of README: the report of the demo day, and the control page of a day on the fake OpenAlgo.

    python tools/pictures.py [FOLDER]      default: docs/pictures

Needs the `test` extra and a Chromium (`apt-get install -y chromium`). Nothing is drawn by hand: what is shown is what
`riskcore demo`, `riskcore report` and the control page show.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "pictures"
NAMES: Final = ("report.png", "control.png")
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SIZES: Final = {"report.png": (1000, 900), "control.png": (1180, 700)}


def main(folder: Path) -> None:
    """Take both."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - NAMES is asked for by a test without a browser

    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        raise SystemExit("no Chromium: apt-get install -y chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, TemporaryDirectory() as made:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for name, picture in zip(NAMES, (report, control), strict=True):
            width, height = SIZES[name]
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light")
            context.set_default_timeout(20_000)
            picture(context.new_page(), Path(made), folder / name)
            context.close()
            print(folder / name)
        browser.close()


def report(tab: Any, made: Path, to: Path) -> None:
    """The top of the demo day's report."""
    from riskcore_openalgo.cli.main import main as riskcore  # noqa: PLC0415 - as above

    journal, page = made / "demo.db", made / "report.html"
    assert riskcore(["demo", "--journal", str(journal)]) == 0
    title = ["--title", "28 February 2020, the day NSE fell 3.7 %"]
    assert riskcore(["report", str(journal), "--html", str(page), *title]) == 0
    tab.goto(page.as_uri())
    tab.screenshot(path=to)


def control(tab: Any, made: Path, to: Path) -> None:
    """The control page, with a position that its stop protects."""
    from tests.runner.live_days import live_day  # noqa: PLC0415 - as above
    from tests.web.control.pages import PASSWORD, USER, page_of  # noqa: PLC0415 - as above

    with live_day(made / "live.db") as day, page_of(day, analyzer=True, real_money=False, broker="sandbox") as page:
        day.entered()
        tab.goto(page.url)
        fill: Callable[[str, str], None] = tab.fill
        fill("[name=user]", USER)
        fill("[name=password]", PASSWORD)
        tab.click("text=Log in")
        tab.locator("text=NSE:INFY").first.wait_for()
        tab.wait_for_timeout(1_500)  # one more reading, so that ages and profit are those of a page that runs
        tab.screenshot(path=to)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # and not this folder, whose secrets.py is not the standard one
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
