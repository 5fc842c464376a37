"""`python3 -m riskcore_openalgo.testing.simulated`, which `python3 tasks.py simulate` runs."""

import sys

from riskcore_openalgo.testing.simulated.campaign import main

if __name__ == "__main__":
    sys.exit(main())
