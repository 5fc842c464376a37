"""The project's own settings agree with each other and with the tools that enforce them."""

import re
import socket
from pathlib import Path

import pytest

from tools import ast_ban

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
USERS_EXTRAS = ["openalgo", "runner", "alerts", "parquet", "postgres", "encrypted", "cluster", "pandas-ta", "talib"]
TOOLS_EXTRAS = ["testing", "test", "dev", "embed", "embed-nautilus", "embed-freqtrade", "docs", "peers", "audit"]


def test_the_core_needs_attrs_alone():
    """`pip install riskcore` brings one package."""
    assert 'dependencies = ["attrs>=24.2"]' in PYPROJECT


def test_the_extras_are_those_of_the_design():
    """In this order: a trader's first, the tools' last."""
    table = PYPROJECT.split("[project.optional-dependencies]")[1].split("\n[")[0]
    assert re.findall(r"^([\w-]+) = \[", table, re.MULTILINE) == USERS_EXTRAS + TOOLS_EXTRAS


def test_both_packages_are_typed():
    """A type checker reads a package's types only where this marker is."""
    assert (ROOT / "src/riskcore/py.typed").is_file()
    assert (ROOT / "src/riskcore_openalgo/py.typed").is_file()


def test_no_module_is_both_allowed_and_forbidden():
    """The import contract and the AST ban look from two sides and may not contradict each other."""
    contract = PYPROJECT.split("forbidden_modules = [")[1].split("\n]")[0]
    forbidden = set(re.findall(r'"(\w+)"', contract))
    assert len(forbidden) > 50
    assert not forbidden & ast_ban.CORE_MAY_IMPORT


def test_every_ignored_lint_rule_says_why():
    """A rule without a reason is back on."""
    lint = PYPROJECT.split("[tool.ruff.lint]")[1].split("[tool.mypy]")[0]
    codes = [line for line in lint.splitlines() if re.match(r'\s+"[A-Z]+\d+"', line)]
    assert len(codes) > 20
    assert all("# " in line for line in codes)


@pytest.mark.filterwarnings("ignore:A test tried to use socket:UserWarning")
def test_tests_reach_no_other_machine():
    """Loopback answers or refuses; whatever else is stopped before it is tried."""
    with socket.socket() as listening, socket.socket() as calling:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        calling.connect(listening.getsockname())
    with socket.socket() as calling, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        calling.connect(("192.0.2.1", 80))
