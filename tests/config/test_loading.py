"""What may be written, and what it comes to; and all that is wrong at once."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

import riskcore as rc
from riskcore_openalgo.config import (
    EXIT_CONFIGURATION,
    ConfigurationError,
    InstrumentGiven,
    Intake,
    Problem,
    Settings,
    Strategy,
    load_settings,
)
from riskcore_openalgo.config.loader import SECTIONS, policy_settings
from riskcore_openalgo.config.problems import MOST_PROBLEMS, Report
from riskcore_openalgo.config.yaml_reader import DEEPEST, WRONG, Node, read_yaml
from tests.config.companions import COMPANIONS

POLICY_FILES = ("risk_management.yaml", "trading_rules.yaml")
WRITTEN = [field for field in attrs.fields(rc.Policy) if field.metadata["file"]]
"""The fields of the policy that are written in a file of it; `tables` are read from files of their own."""


def one_policy_key(read, text):
    return read(risk_management=f"risk_management:\n  {text}\n").policy


def test_no_folder_is_the_defaults():
    """A script that names none gets the mission's numbers."""
    assert load_settings() == Settings()
    assert load_settings().policy == rc.Policy()


def test_missing_files_are_the_defaults(tmp_path):
    """The sources say which were not there."""
    (tmp_path / "trading_rules.yaml").write_text("trading_rules:\n")
    settings = load_settings(tmp_path)
    assert attrs.evolve(settings, sources=()) == Settings()
    assert [source.path for source in settings.sources] == [tmp_path / file for file in SECTIONS]
    assert [source.path.name for source in settings.sources if source.sha256] == ["trading_rules.yaml"]


def test_a_folder_with_none_of_the_files_is_another_folder(tmp_path):
    """`--config .` in the wrong place must not start a desk on defaults; nor must one whose files are all misspelt."""
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ConfigurationError, match=r"holds none of the four files .*`riskcore init`"):
        load_settings(tmp_path)


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "---\n...\n", "~", "risk_management:\n", "\ufeff"])
def test_an_empty_file_is_the_defaults(read, text):
    """Comments, a document marker and a lone top key say nothing."""
    assert read(risk_management=text).policy == rc.Policy()


def test_a_named_folder_must_be_there(tmp_path):
    """A typing error in the folder's name must not start a desk on defaults."""
    with pytest.raises(ConfigurationError, match=r"confg: there is no such folder; .*riskcore init"):
        load_settings(tmp_path / "confg")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file: is no folder; name the folder"):
        load_settings(tmp_path / "file")


@pytest.mark.parametrize(
    "name", ["risk_management.yml", "RISK_MANAGEMENT.YAML", "risk_managment.yaml", "risk_management.yaml.txt"]
)
def test_a_misspelt_file_is_not_passed_over(tmp_path, name):
    """It would leave its rules at their defaults, in silence."""
    (tmp_path / name).write_text("risk_management:\n  max_positions: 1\n")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(tmp_path)
    assert str(raised.value) == f"{name}: is not read; did you mean risk_management.yaml?"


def test_other_files_may_lie_beside(tmp_path):
    """Notes, a user's calendar, a copy of a file that is there."""
    for name in ("notes.txt", "holidays.yaml", "risk_management.yaml", "risk_management (1).yaml"):
        (tmp_path / name).write_text("")
    assert load_settings(tmp_path).policy == rc.Policy()


def test_what_is_no_file_is_refused(tmp_path):
    """A folder, or a link to nothing, under a file's name."""
    (tmp_path / "trading_rules.yaml").mkdir()
    (tmp_path / "system_config.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(tmp_path)
    assert str(raised.value).split("\n") == [
        "system_config.yaml: cannot be read: No such file or directory",
        "trading_rules.yaml: is no file; write it as a text file",
    ]


def test_every_policy_field_has_its_file():
    """A new field of the policy is read without a line of code here."""
    assert sorted(name for file in POLICY_FILES for name in policy_settings(file)) == sorted(
        field.name for field in WRITTEN
    )


@pytest.mark.parametrize("field", WRITTEN, ids=lambda field: field.name)
def test_every_policy_field_can_be_written(read, refused, field):
    """With its example, in its file; never as a mapping, never in the other file."""
    section = field.metadata["file"]
    [setting] = [policy_settings(file)[field.name] for file in POLICY_FILES if SECTIONS[file] == section]
    other = next(SECTIONS[file] for file in POLICY_FILES if SECTIONS[file] != section)
    companions = COMPANIONS.get(field.name, "")
    policy = read(**{section: f"{section}:\n  {field.name}: {setting.example}\n  {companions}\n"}).policy
    assert getattr(policy, field.name) not in (None, ())
    [line] = refused(**{section: f"{section}:\n\n  {field.name}: {{a: 1}}\n"})
    assert line.startswith(f"{section}.yaml:3: {field.name}: must be ")
    lines = refused(**{section: "", other: f"{other}:\n  {field.name}: {setting.example}\n"})
    assert lines == [f"{other}.yaml:2: {field.name}: belongs under `{section}:` in {section}.yaml, indented"]


def test_numbers_are_exact(read):
    """No float on the way: what is written is what is compared."""
    assert one_policy_key(read, "risk_per_trade: 0.1").risk_per_trade == Decimal("0.1")
    assert one_policy_key(read, "default_capital: 99999999999.99").default_capital == Decimal("99999999999.99")
    assert one_policy_key(read, "max_positions: +4").max_positions == 4
    assert one_policy_key(read, "max_positions: 4.0").max_positions == 4
    assert one_policy_key(read, "entry_band_pct: 0").entry_band_pct == 0


def test_empty_means_off_only_where_off_is_possible(read):
    """`null`, `~` and nothing are the same."""
    for nothing in ("", "null", "~"):
        assert one_policy_key(read, f"capital_max: {nothing}").capital_max is None


def test_text_stays_text(read):
    """`NO`, `on`, `15:10`, a day and a symbol that begins with digits are what they look like."""
    rules = """
trading_rules:
  allowed_symbols: [NO, ON, 20MICRONS, 3MINDIA, M&M, "500325"]
  no_entry_before: 09:30
  square_off_at: 15:10
"""
    policy = read(trading_rules=rules, risk_management="risk_management:\n  charges_as_of: 2026-08-03\n").policy
    assert policy.allowed_symbols == ("NO", "ON", "20MICRONS", "3MINDIA", "M&M", "500325")
    assert (policy.no_entry_before, policy.square_off_at) == (time(9, 30), time(15, 10))
    assert policy.charges_as_of == date(2026, 8, 3)


@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf", b"---\n", b"%YAML 1.2\n---\n"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_bom_and_foreign_line_ends_are_fine(read, begin, end):
    """Notepad writes them."""
    text = begin + end.join(
        [b"risk_management:", b"  max_positions: 7 # \xe0\xa4\xa8", b"  max_trades_per_day: 9", b""]
    )
    policy = read(risk_management=text).policy
    assert (policy.max_positions, policy.max_trades_per_day) == (7, 9)


def test_small_percentages_can_be_meant(read):
    """The remedy that the message names works."""
    policy = one_policy_key(read, "risk_per_trade: 0.01\n  confirm_small: true")
    assert policy.risk_per_trade == Decimal("0.01")


def test_strategies_are_read(read):
    """Both ways to write the function; parameters as YAML has them."""
    rules = """
trading_rules:
  strategies:
    - name: ema_cross
      function: my.module:Cross
      symbols: [INFY, LT]
      interval: 5m
      parameters: {fast: 9, ratio: 0.1, on: yes, days: [1, {a: ~}], flag: true, deep: {b: 15:10}}
    - {name: other, function: my.module.run, symbols: [TCS]}
"""
    first, second = read(trading_rules=rules).strategies
    assert first == Strategy(
        name="ema_cross",
        function="my.module:Cross",
        symbols=("INFY", "LT"),
        interval="5m",
        parameters={
            "fast": 9,
            "ratio": Decimal("0.1"),
            "on": "yes",
            "days": (1, {"a": None}),
            "flag": True,
            "deep": {"b": "15:10"},
        },
    )
    assert (second.function, second.interval, second.parameters) == ("my.module:run", "1m", {})


def test_no_strategies_are_none(read):
    """All their lines commented out, and the key left."""
    assert read(trading_rules="trading_rules:\n  strategies:\n  #  - name: x\n").strategies == ()


def test_a_tab_in_a_comment_is_fine(read):
    """Nobody trades by it."""
    assert one_policy_key(read, "max_positions: 7 #\tseven\n#\tand more").max_positions == 7


def test_the_system_is_read(read):
    """Nested keys keep the defaults of those that are not written."""
    text = """
system:
  mode: live
  journal: C:\\data\\हिंदी.db
  intake:
    port: 9000
  instruments:
    NO: {tick: 0.05, lot_size: 2, sector: Metals, derivatives_listed: false}
    M&M:
"""
    system = read(system_config=text).system
    assert (system.mode, system.journal) == ("live", Path("C:\\data\\हिंदी.db"))
    assert system.intake == Intake(host="127.0.0.1", port=9000, max_body_bytes=65536)
    given = InstrumentGiven(tick=Decimal("0.05"), lot_size=2, sector="Metals", derivatives_listed=False)
    assert system.instruments == {"NO": given, "M&M": InstrumentGiven()}


def test_sources_tell_what_was_read(read, tmp_path):
    """So that a change on disk can be seen, and the journal can say what it was started with."""
    text = "risk_management:\n  max_positions: 1\n"
    sources = {source.path.name: source for source in read(risk_management=text).sources}
    assert sources["risk_management.yaml"].path == tmp_path / "risk_management.yaml"
    assert sources["risk_management.yaml"].sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_all_that_is_wrong_comes_at_once_in_order(refused):
    """By file and line; a field that is wrong on its own is in no contradiction."""
    lines = refused(
        trading_rules="trading_rules:\n  square_off_at: 15:10\n  no_entry_after: 15:20\n  colour: red\n",
        risk_management="risk_management:\n  max_daily_loss: 0.01\n  max_positions: 0\n  risk_per_trade: 1e1\n"
        "  max_positions: 3\n  atr_period: 200\n",
        system_config="system:\n  mode: lve\n",
        api_credentials="api_credentials: 5",
    )
    assert lines == [
        "api_credentials.yaml:1: api_credentials: must hold keys with their values, indented below it",
        (
            "risk_management.yaml:2: max_daily_loss: 0.01 means 0.01 %: write 1 for 1 %, or set confirm_small: true if "
            "it is meant"
        ),
        "risk_management.yaml:3: max_positions: must be 1 or more, got 0",
        "risk_management.yaml:4: risk_per_trade: '1e1' is not a plain decimal number; write 10",
        "risk_management.yaml:5: max_positions: written twice, first in line 3; keep one of them",
        (
            "risk_management.yaml:6: atr_warmup_bars: is below atr_period 200: no ATR exists yet (atr_warmup_bars is "
            "not written: this is its default)"
        ),
        "system_config.yaml:2: mode: must be one of paper, live, got 'lve'",
        "trading_rules.yaml:2: square_off_at: is before no_entry_after: an entry could come after the square-off",
        "trading_rules.yaml:4: colour: unknown key; delete it",
    ]


def test_a_wrong_item_is_found_in_its_own_line(refused):
    """Lists of symbols grow long."""
    rules = "trading_rules:\n  allowed_symbols:\n    - INFY\n    - infy\n    -\n    - LT\n"
    assert refused(trading_rules=rules) == [
        "trading_rules.yaml:4: allowed_symbols[2]: must be a symbol in capitals such as RELIANCE or M&M, got 'infy'",
        "trading_rules.yaml:5: allowed_symbols[3]: must be text, got nothing; put it in double quotes if it is meant",
    ]


def test_a_file_that_cannot_be_read_hides_no_other(refused):
    """Its own fields are compared with nothing."""
    lines = refused(
        risk_management="risk_management:\n  max_daily_loss: 0.5\n  atr_interval: 'x\n",
        trading_rules="trading_rules:\n  colour: red\n",
    )
    assert lines == [
        "risk_management.yaml:3: a quote is opened here and never closed; close it",
        "trading_rules.yaml:2: colour: unknown key; delete it",
    ]


def test_a_misplaced_key_is_in_no_contradiction(refused):
    """It does not count where it stands, so its default does."""
    lines = refused(
        risk_management="risk_management:\n  max_daily_loss: 0.5\n",
        trading_rules="trading_rules:\n  risk_per_trade: 0.1\n",
    )
    assert lines == [
        (
            "risk_management.yaml:2: risk_per_trade: 1 is above max_daily_loss 0.5: one trade may lose more than a "
            "whole day; lower risk_per_trade (risk_per_trade is not written: this is its default)"
        ),
        "trading_rules.yaml:2: risk_per_trade: belongs under `risk_management:` in risk_management.yaml, indented",
    ]


def test_twenty_levels_are_deep_enough():
    """One more is refused, long before Python's own limit."""
    report = Report("a.yaml")
    assert read_yaml(b"[" * DEEPEST + b"]" * DEEPEST, report) == Node(1, nested(DEEPEST))
    assert report.problems == []
    assert read_yaml(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), report).value is WRONG
    assert len(report.problems) == 1


def nested(levels):
    return [Node(1, nested(levels - 1))] if levels > 1 else []


def test_a_node_does_not_show_what_it_holds():
    """It may stand in a traceback."""
    assert repr(Node(3, "S3cret", "S3cret", quoted=True)) == "Node(line=3, quoted=True)"


def test_a_thousand_problems_are_not_all_told(refused):
    """Two hundred, and that there are more."""
    lines = refused(risk_management="risk_management:\n" + "".join(f"  k{at}: 1\n" for at in range(1000)))
    assert len(lines) == MOST_PROBLEMS + 1
    assert lines[-1].endswith(": more is wrong from here on; mend the above first")


def test_long_values_are_shown_short(refused):
    """A message is one line of a terminal or two."""
    [line] = refused(risk_management="risk_management:\n  max_positions: " + "x" * 5000)
    assert line.endswith(f"got '{'x' * 40}...'")


def test_problems_are_lines_of_ascii():
    """Whatever stands in a key: consoles on Windows print it."""
    problem = Problem("a.yaml", 3, "k\n\u20b9", "is \u0967\x7f")
    assert str(problem) == r"a.yaml:3: k\n\u20b9: is \u0967\x7f"


def test_the_error_carries_the_problems(tmp_path):
    """Without the cause, whose text may hold what the file holds."""
    (tmp_path / "risk_management.yaml").write_text("risk_management: [a\n")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(tmp_path)
    [problem] = raised.value.problems
    assert (problem.file, problem.line) == ("risk_management.yaml", 1)
    assert raised.value.__context__ is None
    assert EXIT_CONFIGURATION == 78


def python(code):
    found = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": found}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_importing_the_room_is_light():
    """A script that only reads its rules waits for no data frame."""
    code = "import json, sys, riskcore_openalgo.config; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(python(code)))
    assert "yaml" in loaded
    assert not loaded & {"pandas", "numpy", "openalgo", "sqlalchemy", "cattrs", "starlette", "requests"}


def test_without_pyyaml_the_remedy_is_named():
    """In double quotes, which cmd.exe and zsh both take."""
    code = (
        "import sys; sys.modules['yaml'] = None\n"
        "try:\n    import riskcore_openalgo.config\n"
        "except ImportError as error:\n    print(error)\n"
    )
    assert python(code) == 'riskcore_openalgo.config needs PyYAML: pip install "riskcore[openalgo]"'
