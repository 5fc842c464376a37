"""A strategy that OpenAlgo hosts (its page /python): its settings are in the environment, its end is a SIGTERM.

Upload it as it is. Without OpenAlgo around it, it practises: python3 tasks.py embed in_hosted_strategy
"""

import os
import signal
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from shared import EQUITY, INTERVAL, POLICY, judge, wishes

import riskcore as rc
from riskcore_openalgo import Client, Desk
from riskcore_openalgo.testing.practice import practice

SYMBOL, KEY = "RELIANCE", "NSE:RELIANCE"


def trade(client, desk, *, sleep, ended):
    """Look once a minute. The stop rests at the broker; target, square-off and the strategy's turn are watched here."""
    decisions, wanted, held = [], wishes(), desk.book().position(KEY)
    while not ended():
        today = desk.now().date()
        bars = client.history("NSE", SYMBOL, INTERVAL, today, today)
        side, held = wanted(bars), held and desk.book().position(KEY)
        if held:
            session = rc.session_on(today, held.instrument)
            touched = rc.breach(held, first=bars[-1].open, high=bars[-1].high, low=bars[-1].low)
            if touched or desk.now() >= session.square_off:
                print(desk.now().strftime("%H:%M"), "leaves at", desk.exit(SYMBOL).average_price, flush=True)
        elif side:
            decisions.append(desk.decide(rc.Signal(SYMBOL, side, at=desk.now(), interval=INTERVAL, strategy="cross")))
            print(desk.now().strftime("%H:%M"), decisions[-1].explain(), flush=True)
            if decisions[-1].approved:
                held = desk.send(decisions[-1]).held
        sleep(60 - desk.now().second)
    return decisions


def hosted():
    """What OpenAlgo gives a hosted process, and how it ends it."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    client = Client(os.environ.get("HOST_SERVER") or os.environ["OPENALGO_HOST"], os.environ["OPENALGO_API_KEY"])
    journal = f"{os.environ.get('STRATEGY_NAME', 'cross')}.db"
    with client, Desk(client, journal, POLICY, mode=os.environ.get("DESK_MODE", "analyze")) as desk:
        trade(client, desk, sleep=stop.wait, ended=stop.is_set)


def practised():
    """The same, for a recorded day in OpenAlgo's sandbox."""
    with practice(SYMBOL, cash=EQUITY) as day, TemporaryDirectory() as folder:
        client = Client(day.host, day.key, ws_url=day.ws_url, clock=day.now)
        clock = {"clock": day.now, "sleep": day.sleep, "monotonic": day.monotonic}
        with client, Desk(client, Path(folder, "day.db"), POLICY, **clock) as desk:
            decisions = trade(client, desk, sleep=day.sleep, ended=lambda: f"{day.now():%H:%M}" >= "11:30")
        judge("hosted strategy", day.trades([d.order for d in decisions if d.approved]), decisions)


if __name__ == "__main__":
    hosted() if "OPENALGO_API_KEY" in os.environ else practised()
