"""A script's desk: look at the account, decide, send, protect. OpenAlgo must run; its sandbox (the analyzer) will do.

To run it: `pip install "riskcore[openalgo]"`, set OPENALGO_HOST and OPENALGO_API_KEY, then `python desk.py`.
"""

import os

import riskcore as rc
from riskcore_openalgo import Client, Desk

client = Client(os.environ["OPENALGO_HOST"], os.environ["OPENALGO_API_KEY"])
with client, Desk(client, journal="desk.db", mode="analyze") as desk:
    decision = desk.decide(rc.Signal("RELIANCE", "BUY", at=desk.now()))
    print(decision.explain())
    if decision.approved:
        sent = desk.send(decision)
        print(sent.explain())
