"""The table of cases says where each is shown: there is a test of that number in each place it names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (F\d+) [^|]*\|[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
NOT_GIVEN = {7, 9, 22, 35, 42, 45, 49, 51, 57, 60}


def test_every_case_has_a_row():
    assert {f"F{number:02}" for number in {*range(1, 63)} - NOT_GIVEN} <= {case for case, _ in ROWS}


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
