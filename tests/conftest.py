"""What all tests share: the market data outside the repository, and how hard Hypothesis looks."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# No deadline: a loaded machine is slow, not wrong. CI derandomizes, so that a red run can be repeated.
settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=300,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# The oldest Python is asked the same as the newest, in the same order; the search itself is the newest one's.
settings.register_profile("oldest", settings.get_profile("ci"), max_examples=60)
# `tasks.py mutants` runs the suite thousands of times: few examples, always the same ones, and none made smaller.
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MUTANTS = os.environ.get("RISKCORE_HYPOTHESIS") == "mutants"
settings.load_profile(os.environ.get("RISKCORE_HYPOTHESIS") or ("ci" if os.environ.get("CI") else "default"))


def pytest_collection_modifyitems(items):
    """For the mutants a law's own number of examples is cut down too."""
    for item in items if MUTANTS else ():
        test = getattr(item, "obj", None)
        own = getattr(test, "_hypothesis_internal_use_settings", None)
        if own is not None:
            test._hypothesis_internal_use_settings = settings(own, max_examples=min(own.max_examples, 10))


def pytest_runtest_setup():
    """While it is noted which test calls what, nothing is answered from a cache that another test filled."""
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        from tools.mutant_tests import forget  # noqa: PLC0415 - no other run needs it

        forget()


@pytest.fixture(scope="session", autouse=True)
def own_state_folder(tmp_path_factory):
    """Where this machine's programs keep what must outlive them: never the developer's own; children inherit it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patched.setenv("LOCALAPPDATA", os.environ["XDG_STATE_HOME"])
        yield


@pytest.fixture(scope="session")
def riskcore_data() -> Path:
    """The folder of recorded market data; a machine without it skips, a wrong path is a failure."""
    named = os.environ.get("RISKCORE_DATA")
    if not named:
        pytest.skip("RISKCORE_DATA is not set: it names the folder of recorded market data")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"RISKCORE_DATA is {named}, and there is no such folder")
    return folder


@pytest.fixture(scope="session")
def demo_journal(tmp_path_factory) -> Path:
    """The journal of the demo day, played once; tests that change it take a copy."""
    from riskcore_openalgo.demo.day import Day  # noqa: PLC0415 - most tests need no shell
    from riskcore_openalgo.journal import Journal  # noqa: PLC0415

    path = tmp_path_factory.mktemp("demo") / "demo.db"
    with Journal(path) as journal:
        for _ in Day(journal).play():
            pass
    return path
