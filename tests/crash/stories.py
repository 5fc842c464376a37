"""What happens to a day in the matrix: each story looks at what is true at the broker, and does what comes next.

A story knows nothing of kills. It goes by the broker's books alone, so that it goes on wherever a restarted day is.
"""

import contextlib

from riskcore_openalgo.testing import Fault
from tests.crash.child import KEY

PART = 0.4


def entry_of(truth):
    """The entry at the broker, if it is there."""
    return next((order for order in truth.orders if order.key == KEY and order.side == "BUY"), None)


def selling(truth, kind):
    """The orders of a kind that work to sell: SL rests, LIMIT leaves."""
    return [o for o in truth.working if o.key == KEY and o.side == "SELL" and o.pricetype == kind]


def covered(truth):
    """Whether a stop rests for every share held."""
    return 0 < truth.position(KEY) <= sum(order.left for order in selling(truth, "SL"))


def fill(cell, order, quantity=None):
    """Somebody takes an order, unless it was taken back since its story looked."""
    with contextlib.suppress(KeyError):
        cell.broker.fill(order.order_id, quantity)


def entered(cell, truth):
    """Fill a part of the entry, and the rest once that part is covered; whether all of it is in."""
    entry = entry_of(truth)
    if entry is not None and entry.working:
        if entry.filled == 0:
            fill(cell, entry, int(entry.quantity * PART))
        elif covered(truth):
            fill(cell, entry)
    return entry is not None and not entry.working


def exits_fill(cell, truth):
    """What leaves at the price or below it, for whatever reason, meets somebody who takes it."""
    for order in selling(truth, "LIMIT"):
        if order.price <= cell.price:
            fill(cell, order)


def target(cell, truth):
    """Entry in two parts, a stop that trails, and the target: the stop is cancelled, and an exit takes it."""
    if not entered(cell, truth) or not truth.position(KEY):
        return
    if cell.stage == 0 and covered(truth):
        cell.stage = 1
        cell.go(1012)
    elif cell.stage == 1 and covered(truth) and selling(truth, "SL")[0].trigger > 990:
        cell.stage = 2
        cell.go(1045)
    exits_fill(cell, truth)


def timeout(cell, truth):
    """A part of the entry fills and the rest is cancelled in time; then the stop is touched, and fills."""
    entry = entry_of(truth)
    if entry is None:
        return
    exits_fill(cell, truth)
    if entry.working and entry.filled == 0:
        fill(cell, entry, int(entry.quantity * PART))
    elif not entry.working and covered(truth) and cell.stage == 0:
        cell.stage = 1
        cell.broker.fills_by_hand = False
        cell.go(985)


def unknown(cell, truth):
    """The entry is executed and answered with a 500; later the price falls through the stop, which does not fill."""
    if cell.stage == 0:
        cell.stage = 1
        cell.broker.script(Fault("placeorder", "status", executed=True, where={"action": "BUY"}))
    if not entered(cell, truth) or not truth.position(KEY):
        return
    if cell.stage == 1 and covered(truth):
        cell.stage = 2
        cell.go(980)
    exits_fill(cell, truth)


def spool(cell, truth):
    """The database of the journal is locked while the target is reached: the exit goes through the spool."""
    if cell.ends or not truth.position(KEY):
        cell.lock(held=False)
    if not entered(cell, truth) or not truth.position(KEY):
        return
    if cell.stage == 0 and covered(truth):
        cell.stage = 1
        cell.lock(held=not cell.ends)
        cell.go(1045)
    exits_fill(cell, truth)


STORIES = {
    "target": (target, {}),
    "timeout": (timeout, {"entry_timeout_s": 24}),
    "unknown": (unknown, {}),
    "spool": (spool, {}),
}
