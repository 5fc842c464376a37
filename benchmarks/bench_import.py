"""What `import riskcore` costs over a bare interpreter: the aim is at most 60 ms between the two medians.

A script that only wants a size should not wait for the runner's libraries, so the second also shows that the
import loads no module of the shell.
"""

import subprocess
import sys

import pytest

IMPORT = "import sys, riskcore; sys.exit('riskcore_openalgo' in sys.modules or 'pandas' in sys.modules)"


@pytest.mark.parametrize("program", ["pass", IMPORT], ids=["bare interpreter", "import riskcore"])
def test_start(benchmark, program):
    """One process a round; the first, which compiles, is not counted."""
    command = [sys.executable, "-c", program]
    done = benchmark.pedantic(subprocess.run, args=(command,), rounds=20, warmup_rounds=1)
    assert done.returncode == 0
