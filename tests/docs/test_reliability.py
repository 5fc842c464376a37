"""The table of cases says where each is shown: there is a test of that number in each place it names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (F\d+) [^|]*\|[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
NUMBERS = [20, 21, *range(23, 35), *range(36, 42), 43, 44, 46, 47, 48, 50, 52, 53]


def test_every_case_of_orders_fills_exits_data_and_storage_has_a_row():
    assert {f"F{number}" for number in NUMBERS} <= {case for case, _ in ROWS}


@pytest.mark.parametrize(("case", "places"), ROWS)
def test_a_case_is_tested_where_its_row_says(case, places):
    named = re.findall(r"`([^`]+)`", places)
    files = [file for place in named for file in _files(place)]
    numbered = [file for file in files if re.search(rf"def test_\w*{case}_", file.read_text(encoding="utf-8"))]
    assert numbered, f"no test of {case} in {', '.join(named)}"


def _files(place):
    path = ROOT / "tests" / place
    assert path.exists(), path
    return [path] if path.is_file() else sorted(path.rglob("*.py"))
