"""The page of the fake says what it does: its example runs, its table of faults is complete."""

import contextlib
import io
import re
from pathlib import Path

from riskcore_openalgo.testing import fault

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fake-openalgo.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_page_says():
    """As it stands."""
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})  # noqa: S102 - the page's own example
    assert out.getvalue().splitlines() == re.findall(r"`([^`]+)`", PAGE.split("It prints")[1].split("\n")[0])


def test_every_kind_of_fault_stands_in_its_table():
    """The docstring is the reference."""
    first_cells = "".join(line.split("|")[1] for line in fault.__doc__.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", first_cells)) == fault.CALL | fault.QUOTE | fault.ORDER | fault.CHANGE
