"""Without the SDK the client says what to install."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.smoke


@pytest.mark.parametrize("room", ["client", "portfolio", "desk"])
def test_without_the_sdk_the_import_says_what_to_install(room):
    code = f"""
import sys
sys.modules["openalgo"] = None
try:
    import riskcore_openalgo.{room}
except ImportError as problem:
    print(problem)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == 'riskcore_openalgo.client needs OpenAlgo\'s SDK: pip install "riskcore[openalgo]"'


def test_without_the_sdk_a_desk_says_what_to_install_when_it_is_asked_for():
    code = """
import sys
sys.modules["openalgo"] = None
import riskcore_openalgo
try:
    from riskcore_openalgo import Desk
except ImportError as problem:
    print(problem)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "riskcore[openalgo]"' in told.stdout
