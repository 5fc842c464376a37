"""What the README shows is what happens; every code block of the docs runs."""

import re
import struct
import subprocess
import sys
from itertools import pairwise

import pytest

import riskcore
from tools import pictures

BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(path):
    """The code and output blocks of a page, in order."""
    return BLOCK.findall(path.read_text(encoding="utf-8"))


@pytest.mark.smoke
def test_the_readme_prints_what_it_shows(root, capsys):
    """Each Python block is run, in one session; the text block after it is what it printed, to the letter."""
    session, compared = {}, 0
    told = blocks(root / "README.md")
    for (kind, code), (after, output) in pairwise(told):
        if kind == "python" and after == "text":
            exec(compile(code, "README.md", "exec"), session)  # noqa: S102 - our own README
            assert capsys.readouterr().out == output
            compared += 1
    assert compared == 3


def test_the_first_example_is_short(root):
    """At most twelve lines and four constructors."""
    code = blocks(root / "README.md")[0][1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    assert len(re.findall(r"\brc\.[A-Z][a-z]+\(", code)) <= 4


def test_every_python_block_of_the_docs_runs(root):
    """Each page in a session of its own."""
    for page in sorted((root / "docs").rglob("*.md")):
        session = {}
        for kind, code in blocks(page):
            if kind == "python":
                exec(compile(code, str(page), "exec"), session)  # noqa: S102 - our own docs


def test_links_within_the_docs_lead_somewhere(root):
    """Relative links of README, CHANGELOG and docs."""
    for page in [root / "README.md", root / "CHANGELOG.md", *(root / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.smoke
def test_the_example_of_a_decision_runs(root):
    """examples/decide.py approves, fills, and refuses."""
    ran = subprocess.run([sys.executable, root / "examples" / "decide.py"], check=True, capture_output=True, text=True)
    assert ran.stdout.startswith("APPROVED BUY 3 NSE:RELIANCE")
    assert "held: 3 at 2500.3, stop 2470.0, target 2575.0" in ran.stdout
    assert "REFUSED BUY NSE:RELIANCE" in ran.stdout


def test_the_example_of_a_runner_runs_on_the_bundled_bars(root, tmp_path):
    """examples/runner.py plays a day; at most 40 lines, for it is meant to be copied."""
    example = root / "examples" / "runner.py"
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 40
    bars = root / "src" / "riskcore_openalgo" / "demo" / "bars"
    ran = subprocess.run([sys.executable, example, bars], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert "2020-02-28: 5 trades" in ran.stdout
    assert "APPROVED" in ran.stdout


def test_every_public_name_can_be_used(root):
    """`riskcore.__all__` holds what there is: names are fetched at first use, so each is fetched here."""
    assert all(getattr(riskcore, name) is not None for name in riskcore.__all__)
    assert set(riskcore.__all__) <= set(dir(riskcore))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        riskcore.nonsense  # noqa: B018


def test_the_core_comes_without_the_shell(root):
    """`import riskcore` and a decision load attrs and nothing of the shell or its libraries."""
    code = (
        "import sys, runpy; before = set(sys.modules)\n"
        f"runpy.run_path({str(root / 'examples' / 'decide.py')!r})\n"
        "top = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(top - set(sys.stdlib_module_names)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] in ("['attr', 'attrs', 'riskcore']", "['attrs', 'attr', 'riskcore']")


def test_the_pictures_of_the_readme_are_those_the_script_makes(root):
    """Each is named there, is a PNG of the size it was taken at, and small enough to be looked at on a phone."""
    told = (root / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"!\[[^]]+\]\(docs/pictures/([^)]+)\)", told)) == set(pictures.NAMES) == set(pictures.SIZES)
    for name, size in pictures.SIZES.items():
        made = (root / "docs" / "pictures" / name).read_bytes()
        assert made[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", made[16:24]) == size
        assert len(made) < 200_000
