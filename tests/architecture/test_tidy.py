"""Each rule of tools/tidy.py fires, at the right line, and not on what is allowed."""

import pytest

from tools import tidy

# Written in two pieces, for this file is checked too.
ROOT, WORK, HOME = "/" + "root", "/" + "work", "/" + "home"
REGISTRY, FILES = "pypi" + ".org", "python" + "hosted.org"


def lines_of(findings):
    return [(f.line, f.message) for f in findings]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"data = '{ROOT}/data'", "absolute path"),
        (f"cd {WORK}", "absolute path"),
        (f"see {HOME}/someone/x", "absolute path"),
        (f"https://{REGISTRY}/project/attrs", "package registry"),
        (f"files.{FILES}", "package registry"),
        ("--index-" + "url https://example.net/simple", "package index"),
        ("PIP_INDEX_" + "URL=http://example.net/simple", "package index"),
        ("<" * 7 + " HEAD", "conflict marker"),
        (">" * 7 + " branch", "conflict marker"),
        ("." * 2 + "/shared/data", "beside the repository"),
    ],
)
def test_lines_that_hold_for_one_machine_are_found(line, says):
    """In any file, with its line."""
    [(number, message)] = lines_of(tidy.text_findings(f"fine\n{line}\n", "docs/page.md"))
    assert number == 2
    assert says in message


@pytest.mark.parametrize(
    "line",
    ["a/root/b", "./work/x", "paper/work", "the home/away rule", "=======", "https://example.net/root"],
)
def test_innocent_lines_pass(line):
    """Relative paths, addresses, headings."""
    assert tidy.text_findings(line, "docs/page.md") == []


def test_ci_alone_may_look_beside_the_repository():
    """It tells the tests where its market data is."""
    assert tidy.text_findings("." * 2 + "/shared/data", ".ci/run") == []


@pytest.mark.parametrize("name", ["src/riskcore/utils.py", "src/riskcore/manager/x.py", "tests/helpers.py"])
def test_empty_module_names_are_found(name):
    """A name says what the module does."""
    assert len(tidy.name_findings(name)) == 1
    assert tidy.name_findings("src/riskcore/sizing.py") == []


def test_class_names_ending_in_manager_are_found():
    """With their line."""
    [(line, message)] = lines_of(tidy.class_findings("x = 1\nclass Risk" + "Manager: pass"))
    assert line == 2
    assert "manages" in message


def test_files_have_under_400_lines():
    """399 pass, 400 do not; generated tables are looked up, not read."""
    assert tidy.size_findings("x = 1\n" * 399) == []
    [(line, message)] = lines_of(tidy.size_findings("x = 1\n" * 400))
    assert line == 400
    assert "under 400" in message
    assert tidy.size_findings('"""Made by a tool: generated."""\n' + "x = 1\n" * 500) == []


def test_function_bodies_have_under_40_lines():
    """The docstring does not count, and the message names the function."""
    docstring = '    """Why.\n' + "    more\n" * 20 + '    """\n'
    assert tidy.size_findings("def f():\n" + docstring + "    x = 1\n" * 39) == []
    [(line, message)] = lines_of(tidy.size_findings("y = 1\ndef f():\n" + docstring + "    x = 1\n" * 40))
    assert line == 2
    assert "f() has 40 lines" in message


def test_findings_are_printed_with_file_and_line(tmp_path, capsys):
    """Without git too: what tools make is passed over, and bytes that are no text."""
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / "picture.bin").write_bytes(b"\0" + ROOT.encode())
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/utils.py").write_text(f"x = '{ROOT}'\n")
    assert tidy.main([str(tmp_path)]) == 0
    (tmp_path / "page.md").write_text(f"see {ROOT}/x\n")
    assert tidy.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("page.md:1: absolute path")
