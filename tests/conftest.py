"""What all tests share: the market data outside the repository, and how hard Hypothesis looks."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
settings.load_profile("ci" if os.environ.get("CI") else "default")


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
