"""What `riskcore init` writes: every key, its default and its meaning; and never over what is there."""

import os
import re
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
import yaml

import riskcore as rc
from riskcore_openalgo.config import ConfigurationError, InstrumentGiven, Settings, load_settings, write_defaults
from riskcore_openalgo.config.checks import EXAMPLES as EXAMPLE_SECRETS
from riskcore_openalgo.config.loader import SECTIONS
from riskcore_openalgo.config.schema import written
from riskcore_openalgo.config.writer import IGNORED, default_text

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/config"
WRITTEN = [field for field in attrs.fields(rc.Policy) if field.metadata["file"]]
"""The fields of the policy that are written in a file of it; `tables` are read from files of their own."""


@pytest.mark.parametrize("file", SECTIONS)
def test_the_examples_are_what_is_written(file):
    """They are made again with `write_defaults`, never edited."""
    assert (EXAMPLES / file).read_bytes() == default_text(file).encode("ascii")


def test_the_examples_hold_nothing_else():
    """A `.gitignore` among them would keep the example of the credentials out of the repository."""
    assert sorted(path.name for path in EXAMPLES.iterdir()) == sorted(SECTIONS)


def test_what_is_written_loads_to_the_defaults(tmp_path):
    """So that a new desk differs from the mission's numbers in nothing."""
    written = write_defaults(tmp_path / "new" / "config")
    assert [path.name for path in written] == [*SECTIONS, ".gitignore"]
    assert attrs.evolve(load_settings(tmp_path / "new" / "config"), sources=()) == Settings()
    assert (tmp_path / "new/config/.gitignore").read_bytes() == IGNORED.encode("ascii")
    assert IGNORED.splitlines()[:3] == ["api_credentials.yaml", ".riskcore.key", ".env"]


def text_of(folder):
    return (folder / "api_credentials.yaml").read_text(encoding="ascii")


@pytest.mark.parametrize("field", WRITTEN, ids=lambda field: field.name)
def test_every_policy_field_is_explained(field):
    """One line: the key, help and unit; on when it has a default, commented out when it is off or an empty list."""
    [line] = re.findall(rf"^  (?:# )?{field.name}: .*$", default_text(f"{field.metadata['file']}.yaml"), re.MULTILINE)
    assert line.startswith("  # ") == (field.default in (None, ()))
    assert line.endswith(f"  # {field.metadata['help']} ({field.metadata['unit']})")


def test_what_is_commented_out_can_be_switched_on(tmp_path):
    """Delete `# ` in every line: all but the secrets is accepted, and something is in every place."""
    for file in SECTIONS:
        text = re.sub(r"^( +)# ", r"\1", default_text(file), flags=re.MULTILINE)
        (tmp_path / file).write_text(text, encoding="ascii")
    (tmp_path / "tables").mkdir()
    with pytest.raises(ConfigurationError) as refused:
        load_settings(tmp_path)
    assert str(refused.value).count("is the example, which everybody can read") == 5
    for secret in EXAMPLE_SECRETS:
        text = text_of(tmp_path).replace(secret, f"{secret}-of-my-own")
        (tmp_path / "api_credentials.yaml").write_text(text, encoding="ascii")
    settings = load_settings(tmp_path)
    assert None not in attrs.astuple(settings.policy, recurse=False)
    [limit] = settings.policy.limits
    assert None not in attrs.astuple(limit)
    [strategy] = settings.strategies
    assert (strategy.name, strategy.parameters) == ("ema_cross", {"fast": 9, "slow": 21})
    assert settings.credentials.openalgo.api_key
    assert list(settings.credentials.webhook.secrets) == ["tradingview"]
    assert isinstance(settings.system.instruments["RELIANCE"], InstrumentGiven)
    assert None not in attrs.astuple(settings.system.instruments["RELIANCE"])


@pytest.mark.parametrize("file", SECTIONS)
def test_the_text_is_plain(file):
    """ASCII, LF, no tabs, no trailing blanks; and a usual YAML reader finds the same keys in it."""
    text = default_text(file)
    assert text.isascii()
    assert not re.search(r"[\r\t]| $", text, re.MULTILINE)
    assert text.endswith("\n")
    assert list(yaml.safe_load(text)) == [SECTIONS[file]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (3, "3"),
        (Decimal("1E+5"), "100000"),
        (time(9, 20), '"09:20"'),
        (date(2026, 8, 3), "2026-08-03"),
        (("BUY", "M&M"), '[BUY, "M&M"]'),
        (Path("a") / "b.db", "a/b.db"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("true", '"true"'),
        ("010", '"010"'),
        ("10", '"10"'),
        ("", '""'),
    ],
)
def test_a_default_is_written_so_that_it_is_read_back(value, text):
    """Quoted only where it must be."""
    assert written(value) == text


@pytest.mark.parametrize("name", [*SECTIONS, ".gitignore"])
def test_nothing_is_overwritten(tmp_path, name):
    """One file in the way, and none is written."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigurationError) as raised:
        write_defaults(tmp_path)
    assert str(raised.value).startswith(f"{name}: is there already in ")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    """Two people type `riskcore init` at once."""
    (tmp_path / "system_config.yaml").write_text("mine")
    monkeypatch.setattr(os.path, "lexists", lambda _path: False)
    with pytest.raises(ConfigurationError, match=r"system_config\.yaml: cannot be written: File exists"):
        write_defaults(tmp_path)
    assert (tmp_path / "system_config.yaml").read_text() == "mine"


def test_all_that_is_in_the_way_is_named(tmp_path):
    """At once, and a link to nothing counts."""
    write_defaults(tmp_path)
    (tmp_path / "trading_rules.yaml").unlink()
    (tmp_path / "trading_rules.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError) as raised:
        write_defaults(tmp_path)
    assert [problem.file for problem in raised.value.problems] == sorted([*SECTIONS, ".gitignore"])


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """A file stands where the folder should."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"file: cannot be written: "):
        write_defaults(tmp_path / "file")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_credentials_are_for_their_owner_alone(tmp_path):
    """Before anybody has put a secret in."""
    write_defaults(tmp_path)
    assert (tmp_path / "api_credentials.yaml").stat().st_mode & 0o777 == 0o600
