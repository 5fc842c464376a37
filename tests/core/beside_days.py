"""Days on which somebody else has shares of INFY in the account, and an operator has accepted them as not ours."""

import attrs

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN

LEVELS = {"BUY": SEEN, "SELL": {"last": 1000, "stop": 1020, "target": 900}}
BOUGHT = trade("E1", "BUY", 50, 1000)


def by_hand(shares, name="H1"):
    """What a hand traded, as the trade book has it."""
    return trade(name, "BUY" if shares > 0 else "SELL", abs(shares), 1000)


def accept(day, clock):
    return day.take(e.DifferencesAccepted(day.at(clock), "asha", "mine"))


def beside(shares=5, **policy):
    """A day on which somebody else's shares of INFY were there, and an operator has accepted them."""
    day = at_broker(**{"max_trades_per_day": 9, **policy})
    for clock in ("09:30", "09:30:03"):
        shown(day, clock, shares, by_hand(shares))
    accept(day, "09:31")
    shown(day, "09:31:03", shares, by_hand(shares))
    return day


def shown(day, clock, there, *trades, **more):
    """The books: orders of ours as they stand, the trades, and so many INFY."""
    rows = [foreign()]
    for order in day.book.orders:
        status = {"filled": "complete", "working": "open"}.get(order.status, order.status)
        if order.broker_id:
            status = "trigger_pending" if order.rests and status == "open" else status
            rows.append(row(order.approved, order.broker_id, status))
    return books(day, clock, **{"orders": tuple(rows), "trades": trades, "positions": (position(there),), **more})


def entered(day, clock, side="BUY", name="E1"):
    """Fifty of ours, whose stop rests."""
    entry = day.enter(clock, side, **LEVELS[side])
    day.report(clock + ":01", entry, "working", broker_id=name)
    day.fill(clock + ":01", entry, price=1000)
    day.report(clock + ":02", stop_of(day).order_id, "working", broker_id=f"S{name}")
    return day.sent(rc.ApprovedEntry)[-1]


def of(day):
    """What is accepted as not ours, what differs, whether INFY is frozen, and whether somebody was called for it."""
    custody = day.state.custody
    frozen = day.book.latch("positions_differ", INFY.key) is not None
    return custody.beside_of(INFY.key), custody.mismatches, frozen, ("positions_differ", INFY.key) in custody.told


def quiet(shares):
    return shares, (), False, False


def beside_both():
    """A day on which five intraday shares and three for delivery were accepted; the day, and the latter's two rows."""
    day = at_broker(max_trades_per_day=9)
    kept, trades = delivery(3)
    for clock in ("09:30", "09:30:03"):
        shown(day, clock, 5, by_hand(5), trades, positions=(position(5), kept))
    accept(day, "09:31")
    return day, kept, trades


def left_at_once(day, whole):
    """The emergency stop at five past ten, and ours gone; the trade of it."""
    day.take(e.EmergencyStopped(day.at("10:05"), "asha", "enough", whole))
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    day.report("10:05:01", out.order_id, "working", broker_id="X1")
    day.fill("10:05:02", out.order_id, price=1000)
    return trade("X1", "SELL", 50, 1000)


def delivery(shares):
    """A row of shares for delivery, and the trade that made it."""
    row = rc.BrokerPosition(key=INFY.key, product="CNC", quantity=shares, average_price=1000)
    return row, attrs.evolve(by_hand(shares, "H9"), product="CNC")
