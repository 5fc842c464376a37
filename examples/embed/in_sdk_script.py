"""A plain script on OpenAlgo's own SDK: the rules decide, the script sends what they approved, and nothing else.

    python3 tasks.py embed in_sdk_script

It keeps no journal: after a crash nobody knows what was sent. For money that is real, see in_hosted_strategy.py.
"""

from openalgo import api
from shared import EQUITY, INTERVAL, POLICY, judge, wishes

import riskcore as rc
from riskcore_openalgo.lab.guest import Guest
from riskcore_openalgo.testing.practice import practice

SYMBOL = "RELIANCE"
OPPOSITE = {"BUY": "SELL", "SELL": "BUY"}
ORDER = {"strategy": "script", "symbol": SYMBOL, "exchange": "NSE", "product": "MIS"}


class Script:
    """One look a minute."""

    def __init__(self, client, guest):
        self.client, self.guest, self.wanted, self.bars, self.stop_id = client, guest, wishes(), [], None

    def average(self, order_id):
        """What an order filled at, or None."""
        row = self.client.orderstatus(order_id=order_id, strategy="script")["data"]
        return row["average_price"] if row["order_status"] == "complete" else None

    def look(self, today):
        frame = self.client.history(
            symbol=SYMBOL, exchange="NSE", interval=INTERVAL, start_date=today, end_date=today
        )  # fmt: skip
        stopped = self.average(self.stop_id) if self.guest.held else None
        if stopped:
            self.guest.left(stopped)
        for at, row in frame.iloc[len(self.bars) :].iterrows():
            self.bars.append(rc.Bar(at=at, open=row.open, high=row.high, low=row.low, close=row.close))
            self.guest.bar(at, row.open, row.high, row.low, row.close)
        side, held, last = self.wanted(self.bars), self.guest.held, self.bars[-1]
        if held:
            if rc.breach(held, first=last.open, high=last.high, low=last.low) or self.guest.must_leave:
                self.client.cancelorder(order_id=self.stop_id, strategy="script")
                self.guest.left(self.send(OPPOSITE[held.side], held.quantity, "MARKET")[1])
        elif side:
            order = self.guest.wish(side)
            if order is not None:
                self.enter(order)

    def enter(self, order):
        """A limit that fills now, or is taken back; then the stop, at the broker."""
        order_id, filled = self.send(order.side, order.quantity, "LIMIT", price=float(order.limit))
        if filled is None:
            self.client.cancelorder(order_id=order_id, strategy="script")
            self.guest.expired()
            return
        self.guest.entered(filled)
        limit = float(order.stop) + (-5 if order.side == "BUY" else 5)  # so far it may go once the stop is touched
        stop = {"trigger_price": float(order.stop), "price": limit}
        self.stop_id, _ = self.send(OPPOSITE[order.side], order.quantity, "SL", **stop)

    def send(self, side, quantity, kind, **prices):
        answer = self.client.placeorder(**ORDER, action=side, quantity=quantity, price_type=kind, **prices)
        if answer["status"] != "success":
            raise SystemExit(f"OpenAlgo said: {answer}")
        return answer["orderid"], self.average(answer["orderid"])


if __name__ == "__main__":
    with practice(SYMBOL, cash=EQUITY) as day:
        guest = Guest(day.instrument, POLICY, equity=EQUITY, interval=INTERVAL)
        script = Script(api(api_key=day.key, host=day.host, ws_url=day.ws_url), guest)
        while f"{day.now():%H:%M}" < "11:30":
            script.look(f"{day.now():%Y-%m-%d}")
            day.sleep(60)
        judge("SDK script", day.trades([d.order for d in guest.decisions if d.approved]), guest.decisions)
