"""A user's own market tables as files: YAML and CSV, a folder or one file, and each fault with its line."""

from datetime import date, time
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.config import ConfigurationError, load_settings
from riskcore_openalgo.config.table_files import table_names

CHARGES = """\
- from: 2026-12-01
  exchange: NSE
  segment: EQ
  product: MIS
  stt_buy_pct: 0
  stt_sell_pct: 0.05
  exchange_pct: 0.00307
  sebi_pct: 0.0001
  stamp_buy_pct: 0.003
  gst_pct: 18
  source: a circular that came after the release
"""
TICKS = """\
- since: 2026-12-01
  exchange: NSE
  segment: EQ
  bands:
    - {upper: 250, tick: 0.01}
    - {tick: 0.05}
"""
FILES = {
    "charges.yaml": CHARGES,
    "ticks.yml": TICKS,
    "days.csv": "day,kind,open,close\n2026-11-08,muhurat,18:00,19:15\n\n2027-01-26,closed,,\n",
    "years.csv": "calendar,year\nequity,2027\n",
    "sectors.csv": "symbol,sector\nSMALL,Chemicals\nM&M,Automobile and Auto Components\n",
    "lots.csv": "exchange,underlying,lot_size,from,to\nNFO,RELIANCE,500,2026-10-28,2026-11-24\n",
    "surveillance-2026-11-20.csv": "symbol,list,stage,from\nSMALL,ASM-ST,I,2026-11-02\nTINY,GSM,III,2026-01-05\n",
    "notes.txt": "not a table",
}


@pytest.fixture
def load(tmp_path):
    """`load({"lots.csv": "..."})` writes the folder of tables and reads the configuration that names it."""

    def read(files, named="mine"):
        folder = tmp_path / "mine"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_bytes(text.encode("utf-8"))
        (tmp_path / "system_config.yaml").write_text(f"system:\n  tables: {named}\n", encoding="ascii")
        return load_settings(tmp_path)

    return read


@pytest.fixture
def refused(load):
    def lines(files, named="mine"):
        with pytest.raises(ConfigurationError) as raised:
            load(files, named)
        return str(raised.value).split("\n")

    return lines


def test_a_folder_of_tables_becomes_part_of_the_policy(load):
    """YAML and CSV beside each other; the hash of every file is kept."""
    settings = load(FILES)
    tables = settings.policy.tables
    assert [(day.day, day.kind, day.open) for day in tables.days] == [
        (date(2026, 11, 8), "muhurat", time(18)),
        (date(2027, 1, 26), "closed", None),
    ]
    assert tables.charges[0].stt_sell_pct == Decimal("0.05")
    assert tables.ticks[0].bands[0].tick == Decimal("0.01")
    assert (tables.lots[0].lot_size, tables.lots[0].until) == (500, date(2026, 11, 24))
    assert [row.symbol for row in tables.surveillance] == ["SMALL", "TINY"]
    assert tables.surveillance_as_of == date(2026, 11, 20)
    assert rc.surveillance("SMALL", on=date(2026, 11, 20), tables=tables).listed == ("ASM-ST I",)
    read = {source.path.name for source in settings.sources if source.sha256 and source.path.parent.name == "mine"}
    assert read == set(FILES) - {"notes.txt"}


def test_one_file_of_tables(load):
    """The same rows under the names of the tables; an empty list of surveillance is a list."""
    text = "surveillance: []\nsurveillance_as_of: 2026-11-20\nsectors:\n  - {symbol: SMALL, sector: Chemicals}\n"
    tables = load({"all.yaml": text}, "mine/all.yaml").policy.tables
    assert tables.sectors[0].sector == "Chemicals"
    assert rc.surveillance("SMALL", on=date(2026, 11, 20), tables=tables).known


def test_without_the_key_there_are_no_tables_of_ones_own(tmp_path):
    """And none in a script's own policy."""
    (tmp_path / "system_config.yaml").write_text("system:\n  mode: paper\n")
    assert load_settings(tmp_path).policy.tables is None
    assert rc.Policy().tables is None


@pytest.mark.parametrize(
    ("files", "named", "line"),
    [
        ({}, "gone", "gone: there is no such file or folder; write where your own tables are, or nothing"),
        ({"charge.yaml": "[]"}, "mine", "mine/charge.yaml: no table bears this name; the tables are "),
        ({"lots.csv": "", "lots.yaml": "[]"}, "mine", "mine/lots.yaml: a second file for lots; keep one of them"),
        ({"lots.csv": ""}, "mine", "mine/lots.csv:1: the first line must name each field once"),
        ({"lots.csv": "a,a\n"}, "mine", "mine/lots.csv:1: the first line must name each field once"),
        ({"lots.csv": "a,b\n1\n"}, "mine", "mine/lots.csv:2: has 1 fields, the first line 2"),
        ({"lots.csv": 'a,b\n1,"2\n'}, "mine", "mine/lots.csv:2: cannot be read as CSV"),
        (
            {"sectors.csv": "symbol,sector\nSMALL,Chemicals\nsmall,X\n"},
            "mine",
            "mine/sectors.csv:3: [2].symbol: must be",
        ),
        ({"sectors.csv": "symbol,sektor\nSMALL,X\n"}, "mine", "mine/sectors.csv:2: [1].sektor: unknown key; did you"),
        ({"sectors.csv": "symbol,sector\nSMALL,\n"}, "mine", "mine/sectors.csv:2: [1].sector: is missing"),
        ({"sectors.yaml": "a: 1\n"}, "mine", "mine/sectors.yaml:1: must be a list"),
        (
            {"charges.yaml": CHARGES.replace("0.05", "105")},
            "mine",
            "mine/charges.yaml:6: [1].stt_sell_pct: is in percent",
        ),
        (
            {"charges.yaml": CHARGES.replace("NSE", "LSE")},
            "mine",
            "mine/charges.yaml:2: [1].exchange: must be one of NSE",
        ),
        (
            {"charges.yaml": CHARGES.replace("-12-01", "-12-32")},
            "mine",
            "mine/charges.yaml:1: [1].since: must be a day",
        ),
        (
            {"charges.yaml": CHARGES + "  to: 2026-11-01\n"},
            "mine",
            "mine/charges.yaml:1: [1]: until 2026-11-01 is before",
        ),
        (
            {"ticks.yaml": TICKS.replace("upper: 250, ", "")},
            "mine",
            "mine/ticks.yaml:4: [1].bands: must have upper ends",
        ),
        ({"years.csv": "calendar,year\nequity,27\n"}, "mine", "mine/years.csv:2: [1].year: must be a year from 2016"),
        ({"days.csv": "day,kind,open\n2026-11-08,muhurat,6 pm\n"}, "mine", "mine/days.csv:2: [1].open: must be a time"),
    ],
)
def test_each_fault_has_its_file_and_line(refused, files, named, line):
    """And nothing is read half."""
    assert [said for said in refused(files, named) if said.startswith(line)]


def test_all_faults_of_all_files_come_at_once(refused):
    """Beside those of the four files themselves."""
    lines = refused({"sectors.csv": "symbol,sector\nsmall,X\ntiny,X\n", "years.csv": "calendar,year\nlunar,2027\n"})
    assert [line.split(":")[:2] for line in lines] == [
        ["mine/sectors.csv", "2"],
        ["mine/sectors.csv", "3"],
        ["mine/years.csv", "2"],
    ]


def test_the_names_of_the_tables_are_those_of_the_core():
    """So that a new table can be given without a line of code here."""
    assert table_names() == [name for name in rc.Tables.__annotations__ if name != "surveillance_as_of"]
