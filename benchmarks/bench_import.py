"""What `import riskcore` costs over a bare interpreter: the aim is at most 60 ms between the two medians.

The package fetches its rooms at first use, so the cost of the first decisions is shown beside it, and that of attrs,
which is most of it. A script that only wants a size should not wait for the runner's libraries, so the second also
shows that the import loads no module of the shell.
"""

import subprocess
import sys
from pathlib import Path

import pytest

IMPORT = "import sys, riskcore; sys.exit('riskcore_openalgo' in sys.modules or 'pandas' in sys.modules)"


EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "decide.py"
DECIDE = f"import runpy; runpy.run_path({str(EXAMPLE)!r})"


@pytest.mark.parametrize(
    "program",
    ["pass", IMPORT, "import attrs", DECIDE],
    ids=["bare interpreter", "import riskcore", "import attrs", "first decisions"],
)
def test_start(benchmark, program):
    """One process a round; the first, which compiles, is not counted."""
    command = [sys.executable, "-c", program]
    quiet = {"stdout": subprocess.DEVNULL}
    done = benchmark.pedantic(subprocess.run, args=(command,), kwargs=quiet, rounds=20, warmup_rounds=1)
    assert done.returncode == 0
