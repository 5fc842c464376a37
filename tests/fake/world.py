"""A fake OpenAlgo with the market of the recordings, spoken to over HTTP, and the map from recorded ids to its own."""

import http.client
import json
from datetime import datetime, timedelta
from decimal import Decimal

import riskcore as rc
from riskcore_openalgo.testing import SANDBOX, FakeBroker, FakeOpenAlgo

KEY = "0123456789abcdef" * 4
MONDAY = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)

SHARES = {
    "RELIANCE": 1400, "TCS": 3000, "INFY": 1500, "SBIN": 800, "HDFCBANK": 1000, "ICICIBANK": 1350,
    "ITC": 400, "YESBANK": 20, "MRF": 120000,
}  # fmt: skip
CONTRACTS = {
    "BSE:RELIANCE": (1, "0.05", 1, 1400),
    "NFO:NIFTY29DEC26FUT": (75, "0.05", 1800, "203.22"),
    "NFO:RELIANCE29DEC26FUT": (500, "0.05", 15000, 1405),
    "NFO:NIFTY29DEC2626000CE": (75, "0.05", 1800, "77.6"),
    "MCX:CRUDEOIL18DEC26FUT": (100, 1, 1, "55.98"),
    "CDS:USDINR29DEC26FUT": (1000, "0.0025", 1, "84.1275"),
    "NSE_INDEX:NIFTY": (1, "0.05", 1, 26000),
}


class Clock:
    """Stands still until it is set, or told to go on."""

    def __init__(self, at=MONDAY):
        self.at = at

    def __call__(self):
        return self.at

    def go(self, seconds):
        self.at += timedelta(seconds=seconds)


def market(broker):
    """The symbols and prices of the recordings."""
    for symbol, price in SHARES.items():
        broker.contract(f"NSE:{symbol}", tick=5 if symbol == "MRF" else "0.05")
        broker.quote(f"NSE:{symbol}", price, bid=price - 0.05, ask=price + 0.05, volume=1234567)
    for key, (lot, tick, freeze, price) in CONTRACTS.items():
        broker.contract(key, lot=lot, tick=tick, freeze=freeze)
        at = Decimal(str(price))
        above, below = (0, Decimal("0.0025")) if key.startswith("CDS") else (Decimal("0.05"), Decimal("0.05"))
        broker.quote(key, at, bid=at - below, ask=at + above, volume=1234567)


class World:
    """One account for one recording."""

    def __init__(self, profile=SANDBOX, *, cash=10_000_000, **server):
        self.profile, self.cash = profile, cash
        self.settings = {"limits": False, "wait": lambda seconds: None, **server}
        self.clock, self.ids, self.taken, self.server = Clock(), {}, set(), None
        self.fresh()

    def fresh(self, cash=None):
        """Another account, with nothing in it; the clock goes on."""
        self.close()
        self.broker = FakeBroker(clock=self.clock, cash=cash or self.cash, profile=self.profile)
        market(self.broker)
        self.server = FakeOpenAlgo(self.broker, KEY, **self.settings)
        self.server.start()

    def close(self):
        if self.server is not None:
            self.server.stop()
            self.server = None

    def tick(self, symbol, price):
        self.broker.tick(symbol if ":" in symbol else f"NSE:{symbol}", price)

    def place(self, recorded, symbol, side, quantity, **kind):
        """Place an order that a recording calls by its own number."""
        placed = self.broker.place(
            symbol if ":" in symbol else f"NSE:{symbol}", side, quantity, **{"strategy": "demo", **kind}
        )
        self.ids[recorded] = placed.order_id or placed.refusal.order_id
        return placed

    def ask(self, method, path, body=None, *, content_type="application/json"):
        """One exchange on a connection of its own: the status, and the body if it is JSON."""
        raw = body if isinstance(body, (str, bytes)) else json.dumps(body) if body is not None else ""
        connection = http.client.HTTPConnection(*self.server.host.removeprefix("http://").split(":"), timeout=10)
        try:
            headers = {"Content-Type": content_type} if content_type else {}
            connection.request(method, path, body=raw.encode() if isinstance(raw, str) else raw, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text)

    def post(self, endpoint, **body):
        """A call with the right key; fields as they are."""
        return self.ask("POST", f"/api/v1/{endpoint}", {"apikey": KEY, **body})

    def replay(self, row):
        """Send a recorded request with our own key and numbers; keep the numbers of what it made."""
        request = row["request"]
        text = json.dumps(request)
        for recorded, ours in self.ids.items():
            text = text.replace(f'"{recorded}"', f'"{ours}"')
        request = json.loads(text.replace("API_KEY", KEY))
        body = request.get("raw_body", request.get("json"))
        kind = "text/plain" if "wrong content type" in row["case"] else "application/json"
        if request["method"] == "GET" and "no Content-Type" in row["case"]:
            kind = ""
        if request["method"] == "GET" and row["request"]["path"].startswith("/api/v1/instruments"):
            body = None
        status, answer = self.ask(request["method"], request["path"], body, content_type=kind)
        self._learn(row["response"], answer)
        return status, answer

    def _learn(self, recorded, ours):
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for name in ("orderid", "trigger_id"):
                if recorded.get(name) and ours.get(name):
                    self.ids[recorded[name]] = ours[name]
