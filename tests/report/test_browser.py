"""The report in a real browser: light and dark, on a desk and on a phone, of a day, of a month, of ten years."""

import json
from datetime import date, datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal.notes import Note
from riskcore_openalgo.lab.report import Extra, page, study_of
from riskcore_openalgo.lab.report.charts import month
from riskcore_openalgo.lab.report.figures import said
from riskcore_openalgo.lab.report.style import STYLE
from riskcore_openalgo.lab.sweeps import sweep
from tests.journal.told import four_days
from tests.sweeps.made import POLICY, Cross, week

DESK, PHONE = 1280, 390
KINDS = ("day", "month", "years", "many", "sweep")
MANY = ["--symbols", "SBIN,RELIANCE", "--capital", "900000000", "--set", "max_trades_per_day=50"]
RUNS = (
    ("month", "intraday_5min_2025_01", "5m", []),
    ("years", "daily_nse_raw/INFY.csv", "1D", []),
    ("many", "intraday_5min_2025H2", "5m", MANY),
)
UNDRAWN = """() => [...document.querySelectorAll("svg")].filter(svg => svg.checkVisibility()).filter(svg => {
  const whole = svg.getBoundingClientRect();
  const marks = [...svg.querySelectorAll("path,rect,circle,line.target,.faint")].filter(mark => {
    const box = mark.getBoundingClientRect();
    return box.width + box.height > 0 && box.left >= whole.left - 2 && box.right <= whole.right + 2
      && box.top >= whole.top - 2 && box.bottom <= whole.bottom + 2;
  });
  return !marks.length;
}).map(svg => svg.getAttribute("aria-label") || svg.outerHTML)"""
FAINT = """() => {
  const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255);
    const [r, g, b] = parts.map(p => p <= 0.03928 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = one => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/rgba.*, 0\\)|transparent/.test(colour)) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  return [...document.querySelectorAll("h1,h2,h3,p,a,b,span,th,td,summary,svg text")]
    .filter(one => one.checkVisibility() && one.textContent.trim() && !one.matches(".cell")).map(one => {
      const style = getComputedStyle(one), fill = one.ownerSVGElement ? style.fill : style.color;
      const [a, b] = [light(fill), light(behind(one))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), one.textContent.trim().slice(0, 40)];
    }).filter(([ratio]) => ratio < 4.5);
}"""
CUT = """() => [...document.querySelectorAll(".scroll")].filter(box => box.scrollWidth > box.clientWidth + 1)
  .map(box => box.innerText.slice(0, 60))"""
ROWS = """([section, number]) => [...document.querySelectorAll(`#${section} table`)][number].tBodies[0].innerText
  .split("\\n").map(row => row.split("\\t").map(cell => cell.trim()))"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory, demo_journal, riskcore_data):
    """Each page's address and its JSON, made by the commands a user types."""
    folder = tmp_path_factory.mktemp("reports")
    made = {kind: (folder / f"{kind}.html", folder / f"{kind}.json") for kind in KINDS}
    files = {kind: ["--html", str(page), "--json", str(told)] for kind, (page, told) in made.items()}
    assert main(["report", str(demo_journal), *files["day"], "--rules", "--bootstrap", "--paths", "50"]) == 0
    for kind, bars, interval, more in RUNS:
        where = ["--bars", str(riskcore_data / bars), "--interval", interval]
        assert main(["backtest", *where, "--strategy", "ema_cross", "--out", str(folder / kind), *more]) == 0
        assert main(["report", str(folder / kind), *files[kind], *where[:2]]) == 0
    found = sweep({"max_positions": [1, 2], "strategy.slow": [8, 13]}, week(), Cross, POLICY, progress=False)
    found.save_html(made["sweep"][0], walk=(3, 1))
    return made


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_whole_and_readable(reports, looked_at, kind, scheme, width):
    """No complaint, no request but its own file, nothing sideways, every drawing drawn, every word readable."""
    tab = looked_at(reports[kind][0].as_uri(), width=width, scheme=scheme)
    for summary in tab.locator("summary").all():
        summary.click()
    assert tab.said == []
    assert tab.asked == [reports[kind][0].as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.evaluate(UNDRAWN) == []
    assert tab.evaluate(FAINT) == []
    assert tab.locator("svg:visible").count() > 4
    if width == DESK:
        assert tab.evaluate(CUT) == []


def test_a_long_word_of_a_stranger_goes_round_its_line(tmp_path, looked_at):
    """An address in a note, on a phone: nothing sideways."""
    word = "https://charts.example/" + "x" * 400
    facts = four_days().facts
    trade = next(fact.signal_id for fact in facts if isinstance(fact, events.PositionClosed))
    notes = {trade: (Note(trade, datetime(2026, 11, 20, tzinfo=rc.IST), word, (word,)),)}
    study = study_of(facts, title=word, source=word, notes=notes)
    study = attrs.evolve(study, remarks=(word,) * 9, extras=(Extra(word, word, (word,), ((word,),)),))
    path = tmp_path / "page.html"
    path.write_text(page(study), "utf-8")
    tab = looked_at(path.as_uri(), width=PHONE)
    for summary in tab.locator("summary").all():
        summary.click()
    assert tab.evaluate("document.documentElement.scrollWidth") == PHONE


def test_a_day_of_crores_stays_in_its_own_day(tmp_path, looked_at):
    """Two days beside each other in the calendar: -1.15Cr had reached into -24.5k."""
    days = [date(2026, 11, 19), date(2026, 11, 20)]
    chart = month(days[0], dict(zip(days, [Decimal(-11_500_000), Decimal(-24_500)], strict=True)), 11_500_000)
    path = tmp_path / "page.html"
    path.write_text(f"<style>{STYLE}</style><div style='width:250px'>{chart}</div>", "utf-8")
    tab = looked_at(path.as_uri())
    first, second = (tab.locator("svg text.cell").nth(n).bounding_box() for n in range(2))
    assert first["x"] + first["width"] <= second["x"]


def test_dark_is_dark(reports, looked_at):
    """The reader's own setting decides, and both are what they are called."""
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b)"
    light, dark = (
        looked_at(reports["day"][0].as_uri(), scheme=scheme).evaluate(ground) for scheme in ("light", "dark")
    )
    assert dark < 120
    assert light > 600


@pytest.mark.parametrize("kind", ["day", "month", "years"])
def test_the_tables_say_what_the_json_says(reports, looked_at, kind):
    """Trades, measures and refusals, row by row, as the reader sees them."""
    page, path = reports[kind]
    told = json.loads(path.read_text("utf-8"))
    tab = looked_at(page.as_uri())
    for summary in tab.locator("summary").all():
        summary.click()
    rows = tab.evaluate(ROWS, ["trades", 0])
    seen = [(row[0], *row[3:6], *(row[n].replace(",", "") for n in (6, 7)), row[8], row[11]) for row in rows]
    names = ("number", "key", "side", "quantity", "entry_price", "exit_price", "reason", "strategy")
    assert seen == [tuple(_as_seen(trade[name]) for name in names) for trade in told["trades"]]
    assert [row[9].replace(",", "") for row in rows] == [f"{float(trade['net']):+.2f}" for trade in told["trades"]]
    groups = dict.fromkeys(one["group"] for one in told["measures"])
    shown = [row for number, _ in enumerate(groups) for row in tab.evaluate(ROWS, ["measures", number])]
    assert [name for name, _ in shown] == [one["name"] for one in told["measures"]]
    newest = [one["at"][:16].replace("T", " ") for one in reversed(told["refusals"])]
    assert {row[0] for row in tab.evaluate(ROWS, ["refusals", 0])} <= set(newest)
    assert tab.locator(".tile b").first.inner_text() == said_net(told)


def test_many_trades_open_a_year_at_a_time(reports, looked_at):
    """The newest stand there; all of them are in the page, each once."""
    page, path = reports["many"]
    told = json.loads(path.read_text("utf-8"))["trades"]
    assert len(told) > 200
    tab = looked_at(page.as_uri())
    assert len(tab.evaluate(ROWS, ["trades", 0])) == 100
    years = tab.locator("#trades details")
    for summary in years.locator("summary").all():
        summary.click()
    rows = [row for number in range(years.count()) for row in tab.evaluate(ROWS, ["trades", number + 1])]
    rows += tab.evaluate(ROWS, ["trades", 0])
    assert sorted(int(row[0]) for row in rows) == [trade["number"] for trade in told]


def test_a_backtest_says_how_sure_one_can_be_of_it(reports, looked_at):
    """What was left out, what was in doubt, each jump of a price, on the page and in the JSON; days have no hour."""
    page, path = reports["years"]
    remarks = json.loads(path.read_text("utf-8"))["remarks"]
    for words in ("could change nothing", "in doubt (stop_first)", "2018-09-04", "intraday (MIS)"):
        assert any(words in remark for remark in remarks)
    tab = looked_at(page.as_uri())
    for summary in tab.locator("main > details > summary").all():
        summary.click()
    said = tab.locator("main").inner_text()
    for remark in remarks:
        assert remark[1:] in said
    assert all(len(row[1]) == len(row[2]) == len("2018-09-04") for row in tab.evaluate(ROWS, ["trades", 0]))


def test_the_tables_beside_say_what_the_json_says(reports, looked_at):
    """What each rule cost, and the bootstrap: each cell."""
    page, path = reports["day"]
    extras = json.loads(path.read_text("utf-8"))["extras"]
    tab = looked_at(page.as_uri())
    assert len(extras) == 3
    for number, extra in enumerate(extras, 1):
        rows = tab.evaluate(ROWS, [f"extra-{number}", 0])
        assert [[_bare(cell) for cell in row] for row in rows] == [
            [_bare(_as_seen(cell)) for cell in row.values()] for row in extra["rows"]
        ]


def test_ten_years_open_one_by_one(reports, looked_at):
    """Months stand for sessions in the drawings, and a year of the calendar opens by its line."""
    tab = looked_at(reports["years"][0].as_uri(), width=PHONE)
    assert tab.get_by_text("Result of each month, rupees").is_visible()
    years = tab.locator("details.year")
    assert years.count() == 11
    month = tab.get_by_label("Results of March 2024")
    assert not month.is_visible()
    years.filter(has=month).locator("summary").click()
    assert month.is_visible()


def _as_seen(value):
    if value is None:
        return "-"
    try:
        return f"{float(value):.2f}" if isinstance(value, str) else str(value)
    except ValueError:
        return value


def _bare(cell):
    return cell.replace(",", "")


def said_net(told):
    """The first tile: the net result of the trades, as the JSON has it."""
    from decimal import Decimal  # noqa: PLC0415 - one line

    return said(Decimal(next(one["value"] for one in told["measures"] if one["group"] == "Result")), "Rs")
