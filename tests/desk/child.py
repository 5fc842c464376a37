"""A script in a process of its own: `child HOST WS_URL JOURNAL SYMBOL SECONDS`. Its clock goes on from there.

It says `decided`, waits for a line, sends, and says what came of it.
"""

import sys
import time
from datetime import timedelta
from pathlib import Path

import riskcore as rc
from riskcore_openalgo import Client, Desk, DeskError
from tests.desk.scripts import KEY, NOW, ONE_POSITION


def main(host, ws_url, journal, symbol, seconds):
    began = time.monotonic() - float(seconds)

    def clock():
        return NOW + timedelta(seconds=time.monotonic() - began)

    client = Client(host, KEY, ws_url=ws_url, timeout_s=20, clock=clock)
    with client, Desk(client, Path(journal), ONE_POSITION, mode="live", wait_s=30, clock=clock) as desk:
        decision = desk.decide(rc.Signal(symbol, "BUY", at=clock()))
        print("decided" if decision.approved else decision.explain(), flush=True)
        sys.stdin.readline()
        try:
            print(desk.send(decision).status, flush=True)
        except DeskError as problem:
            print(problem, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
