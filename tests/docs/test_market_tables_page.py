"""The page of the market tables says what the code does: its example, its files, its fields, its settings."""

import contextlib
import io
import re
from pathlib import Path

import attrs
import pytest

import riskcore as rc
from riskcore_openalgo.config.schema import settings_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "market-tables.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)
SAID = {
    "square_off": "2026-11-20 15:30:00+05:30",
    "slices": "(1755, 1755, 65)",
    "price_band": "(Decimal('1351.20'), Decimal('1651.30'))",
    "stops_rest": "False",
    "surveillance": "False",
}


def test_the_example_answers_as_the_page_says():
    """Each line that only looks something up, in order."""
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    code = re.sub(r"^(rc\..*?)(?:  +#.*)?$", r"print(\1)", code, flags=re.MULTILINE)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})  # noqa: S102 - the page's own example
    assert out.getvalue().splitlines() == list(SAID.values())


@pytest.mark.parametrize("table", [name for name, s in settings_of(rc.Tables).items() if attrs.has(s.item)])
def test_every_table_of_ones_own_stands_there_with_its_fields(table):
    """And which of them may be left out."""
    told = dict(ROW.findall(PAGE))[table].split(";")[0]
    optional = set(re.findall(r"\[(\w+)", told))
    named = set(re.findall(r"\b[a-z_]+\b", re.sub(r"\([^)]*\)|: \w+", "", told))) - {"or"}
    row = settings_of(settings_of(rc.Tables)[table].item)
    assert named == set(row)
    assert optional == {name for name, field in row.items() if not field.required} - (
        {"symbol", "group"} if table == "bands" else set()
    )


def test_every_setting_of_the_charges_stands_there():
    """The keys of the policy that make a brokerage plan."""
    names = {field.name for field in attrs.fields(rc.Policy)}
    keys = {name for name in names if name.startswith(("brokerage", "dp_", "stt_"))}
    assert all(f"`{key}`" in PAGE for key in keys)
