"""Each ban of tools/ast_ban.py fires, at the right line, and not on what is allowed."""

import textwrap

import pytest

from tools import ast_ban

PUBLIC = frozenset({"decide", "Book"})


def core(source, filename="rules.py"):
    return [(f.line, f.message) for f in ast_ban.core_findings(textwrap.dedent(source), filename)]


def shell(source):
    return [(f.line, f.message) for f in ast_ban.shell_findings(textwrap.dedent(source), PUBLIC)]


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("import os", 1, "import of os"),
        ("x = 1\nimport pandas as pd", 2, "import of pandas"),
        ("from sqlalchemy import text", 1, "import of sqlalchemy"),
        ("def f():\n    import logging", 2, "import of logging"),
        ("import riskcore_openalgo", 1, "import of riskcore_openalgo"),
        ("import hypothesis", 1, "import of hypothesis"),
        ("from riskcore.testing import signals", 1, "riskcore.testing"),
        ("from riskcore import testing", 1, "riskcore.testing"),
        ("from . import testing", 1, "riskcore.testing"),
    ],
)
def test_the_core_imports_attrs_and_pure_modules_only(source, line, says):
    """Whatever is not on the short list is refused, wherever the import stands."""
    [(found_line, message)] = core(source)
    assert found_line == line
    assert says in message


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("from datetime import datetime\nnow = datetime.now()", "datetime.datetime.now: no clock"),
        ("import datetime as dt\nnow = dt.datetime.utcnow()", "datetime.datetime.utcnow: no clock"),
        ("from datetime import datetime as when\nnow = when.today()", "datetime.datetime.today: no clock"),
        ("from datetime import date\nday = date.today()", "datetime.date.today: no clock"),
        ("from datetime import datetime\nfactory = datetime.now", "datetime.datetime.now: no clock"),
    ],
)
def test_the_core_has_no_clock(source, says):
    """Called or handed on, under any alias."""
    [(line, message)] = core(source)
    assert line == 2
    assert says in message


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import time\nstarted = time.monotonic()", "time.monotonic"),
        ("import random\nx = random.random()", "random.random"),
        ("import os\nhome = os.environ", "os.environ"),
        ("from random import choice\nx = choice(xs)", "random.choice"),
    ],
)
def test_the_core_does_not_look_at_the_world(source, says):
    """The use is named too, beside the import."""
    findings = core(source)
    assert [line for line, _ in findings] == [1, 2]
    assert says in findings[1][1]


@pytest.mark.parametrize("name", sorted(ast_ban.BANNED_BUILTINS))
def test_banned_builtins_are_found_called_and_handed_on(name):
    """`hash(x)` and `map(hash, xs)` are the same fault."""
    [(line, message)] = core(f"x = 1\ny = {name}(x)")
    assert (line, message.split(":")[0]) == (2, name)
    [(line, message)] = core(f"y = map({name}, xs)")
    assert (line, message.split(":")[0]) == (1, name)


def test_a_variable_may_bear_a_builtins_name_but_not_be_called():
    """A bar has an open; calling it is still taken for the builtin."""
    assert core("def f(open, high):\n    return high - open") == []
    assert [line for line, _ in core("def f(open):\n    return open('x')")] == [2]


@pytest.mark.parametrize(
    "source",
    [
        "for x in {1, 2}: pass",
        "for x in set(xs): pass",
        "for x in frozenset(xs) - {1}: pass",
        "ys = [x for x in {1, 2}]",
        "ys = {x: 1 for x in set(xs)}",
        "ys = list(set(xs))",
        "ys = tuple({x for x in xs})",
        "text = ', '.join(set(xs))",
        "ys = [*set(xs)]",
    ],
)
def test_the_order_of_a_set_does_not_get_out(source):
    """It differs from process to process, and a decision must not."""
    [(line, message)] = core(source)
    assert line == 1
    assert "its own order" in message


@pytest.mark.parametrize(
    "source",
    [
        "for x in sorted({1, 2}): pass",
        "ys = sorted(x for x in set(xs))",
        "ok = any(x > 1 for x in {1, 2})",
        "ys = {x + 1 for x in set(xs)}",
        "ok = x in {1, 2}",
        "for x in (1, 2): pass",
    ],
)
def test_sets_may_be_asked_and_sorted(source):
    """Membership, sorting, and what does not depend on order."""
    assert core(source) == []


def test_the_core_has_no_floats():
    """Literals and conversions are found; text, and the border in money.py, are not."""
    assert [line for line, _ in core('"""0.5 of it"""\nx = 0.5\ny = float("1")\nz = -1e3')] == [2, 3, 4]
    assert 'write Decimal("0.5")' in core("x = 0.5")[0][1]
    assert core("x = 0.5\ny = float('1')", "money.py") == []
    assert core("def f(x: float) -> bool:\n    return isinstance(x, float)") == []


@pytest.mark.parametrize("test", ["(n := 1) > 0", "xs.pop()", "next(it) == 1", "seen.add(1) is None"])
def test_asserts_do_nothing_but_look(test):
    """`python -O` strips them."""
    [(line, message)] = core(f"x = 1\nassert {test}")
    assert line == 2
    assert "side effect" in message


def test_what_the_core_is_made_of_passes():
    """attrs, pure standard modules, its own rooms, times as arguments."""
    source = """
        from __future__ import annotations
        import attrs
        from collections.abc import Mapping
        from datetime import datetime, timedelta
        from decimal import Decimal
        from riskcore.money import rupees
        from riskcore import sizing

        @attrs.frozen(hash=True)
        class Quote:
            at: datetime
            def age(self, now: datetime) -> timedelta:
                assert now >= self.at, now
                return now - self.at
    """
    assert core(source) == []


def test_a_module_that_does_not_parse_is_a_finding():
    """It must not pass for clean, nor stop the others from being read."""
    [(line, message)] = core("x = 1\ndef f(:\n")
    assert line == 2
    assert "does not parse" in message


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("import riskcore", 1, "import riskcore as rc"),
        ("import riskcore as core", 1, "import riskcore as rc"),
        ("import riskcore.sizing", 1, "import riskcore as rc"),
        ("import riskcore.engine", 1, "import riskcore as rc"),
        ("from riskcore import sizing", 1, "riskcore.sizing is not public"),
        ("from riskcore.sizing import size", 1, "import from riskcore.sizing"),
        ("from riskcore.rules.count import positions", 1, "import from riskcore.rules.count"),
        ("import riskcore as rc\nx = rc.sizing.size", 2, "rc.sizing is not public"),
    ],
)
def test_the_shell_uses_the_core_by_its_public_names(source, line, says):
    """The core's rooms can be rebuilt behind them."""
    [(found_line, message)] = shell(source)
    assert found_line == line
    assert says in message


def test_the_shell_may_use_public_names_and_three_modules():
    """`riskcore.__all__`, and engine, events, testing."""
    source = """
        import riskcore as rc
        from riskcore import Book, engine, events
        from riskcore.engine import step
        from riskcore.events import Filled
        from riskcore.testing import gateways
        from riskcore_openalgo.journal import Journal
        x = rc.decide(rc.Book, rc.engine, rc.__version__)
    """
    assert shell(source) == []


def test_public_names_are_read_without_importing():
    """From plain, annotated and extended lists."""
    assert ast_ban.public_names("__all__ = ['a']\n__all__ += ['b']") == {"a", "b"}
    assert ast_ban.public_names("__all__: tuple[str, ...] = ('a', 'b')") == {"a", "b"}


def test_findings_are_printed_with_file_and_line(tmp_path, capsys):
    """As an editor reads them, with exit code 1; the suites for users' tests are left out."""
    package, shell_package = tmp_path / "src/riskcore", tmp_path / "src/riskcore_openalgo"
    (package / "testing").mkdir(parents=True)
    shell_package.mkdir()
    (package / "__init__.py").write_text("__all__ = ['decide']\n")
    (package / "testing/__init__.py").write_text("import hypothesis\n")
    assert ast_ban.main([str(tmp_path)]) == 0
    (package / "sizing.py").write_text("x = 1\nprint(x)\n")
    (shell_package / "desk.py").write_text("import riskcore\n")
    assert ast_ban.main([str(tmp_path)]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("src/riskcore/sizing.py:2: print:")
    assert printed[1].startswith("src/riskcore_openalgo/desk.py:1: import riskcore:")
