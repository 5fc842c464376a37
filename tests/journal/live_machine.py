"""`riskcore live` on another machine: `python -m tests.journal.live_machine PLACE HOST WS_URL PORT BEGAN`.

`BEGAN` is the reading of the system's clock at which its wall clock showed the morning, as the broker's does.
"""

import argparse
import sys
import time
from datetime import timedelta

import riskcore as rc
from riskcore_openalgo.cli.live import run
from riskcore_openalgo.config import Credentials, Logging, OpenAlgoAccess, Settings, System, Watching, Webhook
from riskcore_openalgo.config.settings import Intake
from tests.cli.test_live_commands import SECRET
from tests.runner.live_days import KEY, MORNING


def main(place, host, ws_url, port, began):
    """The day; its exit code."""
    access = OpenAlgoAccess(host=host, api_key=KEY, ws_url=ws_url)
    settings = Settings(
        policy=rc.Policy(position_size_basis="margin", risk_per_trade="0.1"),
        credentials=Credentials(openalgo=access, webhook=Webhook(secrets={"tradingview": SECRET})),
        system=System(
            watch=["INFY"], intake=Intake(port=int(port)), mode="live",
            metrics=Watching(port=None), logging=Logging(folder=None),
        ),
    )  # fmt: skip

    def clock():
        return MORNING + timedelta(seconds=time.monotonic() - float(began))

    return run(
        settings,
        argparse.Namespace(journal=place, flatten=False, config=None),
        mode="live",
        analyzer=False,
        clock=clock,
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
