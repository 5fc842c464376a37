"""`python -m riskcore_openalgo` is the command `riskcore`."""

from riskcore_openalgo.cli.main import main

raise SystemExit(main())
