"""The promises that `tasks.py audit` looks at hold for chance too, and a broken one is told as such."""

import inspect

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from tests.audit import promises
from tools import audit

NAMES = audit.promises(inspect.getsource(promises))
NUMBERS = st.one_of(st.sampled_from([-1, 1]), st.integers(0, 20), st.integers(-(10**6), 10**7))


def conditions(function, kind):
    lines = [line.strip() for line in function.__doc__.splitlines()]
    return [line.removeprefix(f"{kind}: ") for line in lines if line.startswith(f"{kind}: ")]


@pytest.mark.smoke
@pytest.mark.parametrize("name", NAMES)
def test_a_promise_holds_of_what_is_drawn(name):
    """Every one has what it asks for and what it promises; both are tried on numbers near nought and far from it."""
    function = getattr(promises, name)
    meant, promised = conditions(function, "pre"), conditions(function, "post")
    assert promised
    drawn = [NUMBERS] * len(inspect.signature(function).parameters)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*drawn))
    def holds(values):
        named = dict(zip(inspect.signature(function).parameters, values, strict=True))
        assume(all(eval(condition, {}, named) for condition in meant))  # noqa: S307 - our own page of promises
        answer = function(*values)
        assert all(eval(condition, {}, {**named, "__return__": answer}) for condition in promised)  # noqa: S307

    holds()


def test_a_broken_promise_fails_the_audit(monkeypatch, capsys):
    """Its counter-example is printed, and the exit code is 1; one promise standing does not hide another."""
    answers = {
        "lots": (1, "x.py:3: error: false when calling lots(0, 1)"),
        "booked": (0, "x.py:1: info: Not confirmed."),
    }
    monkeypatch.setattr(audit, "look", lambda name, seconds: audit.judged(name, *answers[name], 0.1))
    assert audit.main(["lots", "booked"]) == 1
    printed = capsys.readouterr().out
    assert "false when calling lots(0, 1)" in printed
    assert "audit: FAILED: lots" in printed
    assert audit.main(["booked"]) == 0


def test_a_promise_nobody_knows_is_refused(capsys):
    """With those there are."""
    with pytest.raises(SystemExit):
        audit.main(["nonsense"])
    assert "no such promise: nonsense; there are lots, " in capsys.readouterr().err
