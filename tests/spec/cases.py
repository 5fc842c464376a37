"""What the tables of the specification are run against: one function a kind of table, its arguments are the columns.

A cell comes in as the text that stands in it. Each function asks the library itself and returns its answers by
column; nothing is computed here.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import riskcore as rc
from riskcore.exchange_limits import cut
from riskcore.exits.levels import exit_order
from riskcore.expiries import leave_from
from riskcore.money import amount, floor_to_lot, on_tick, round_to_tick, to_paisa
from riskcore.orders import Order
from riskcore.rules.context import worst_price
from riskcore.states import ACTS, LIFTED_BY, allows
from tests.laws.test_breakers import measured
from tests.spec.decisions import decision, limits, reported
from tests.spec.laws import laws
from tests.spec.portfolio import cluster, likeness, waiting
from tests.spec.told import day, states

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)


def sizing(equity, risk_per_trade, entry, stop, lot_size="1", charges_per_share="0", caps=""):
    named = [cap.rsplit(" ", 1) for cap in caps.split(", ") if cap]
    try:
        found = rc.size(
            equity=equity.replace(",", ""),
            risk_per_trade=risk_per_trade,
            entry=entry,
            stop=stop,
            lot_size=lot_size,
            charges_per_share=charges_per_share,
            caps=[(name, most) for name, most in named],
        )
    except ValueError as wrong:
        return {"quantity": f"refused: {wrong}", "bound_by": None, "next": None}
    following = found.next_bound
    return {
        "quantity": found.quantity,
        "bound_by": found.bound_by,
        "next": f"{following[0]} {following[1]}" if following else None,
    }


def stop(side, entry, tick, atr="", multiple="", stop=""):
    if stop:
        made = rc.given_stop(side=side, entry=entry, stop=stop, tick=tick)
    else:
        made = rc.atr_stop(side=side, entry=entry, atr=atr, multiple=multiple, tick=tick)
    return {"stop": made.price, "distance": made.distance, "rests_on": made.basis}


def target(side, entry, stop, tick, r_multiple="", target=""):
    asked = {"side": side, "entry": entry, "stop": stop, "tick": tick}
    made = rc.given_target(price=target, **asked) if target else rc.target(r_multiple=r_multiple, **asked)
    return {"target": made.price, "distance": made.distance, "risk_reward": made.risk_reward}


def average_true_range(bars, period):
    """Bars as `high low close`, separated by semicolons; each opens at its close."""
    rows = [[Decimal(part) for part in bar.split()] for bar in bars.split(";")]
    series = [
        rc.Bar(at=NOON + timedelta(minutes=n), open=close, high=high, low=low, close=close)
        for n, (high, low, close) in enumerate(rows)
    ]
    try:
        return {"atr": rc.atr(series, int(period))}
    except ValueError as wrong:
        return {"atr": f"refused: {wrong}"}


def rounding(price, tick, direction):
    made = round_to_tick(Decimal(price), Decimal(tick), direction)
    return {"price": made, "on_the_tick": on_tick(Decimal(price), Decimal(tick))}


def directions(side, price, exact, tick):
    """Where each kind of price is rounded to, from the exact one; the other level is far away on its side."""
    way, entry, held = (1 if side == "BUY" else -1), Decimal(1000), "SELL" if side == "BUY" else "BUY"
    thing = rc.Instrument(symbol="INFY", tick=tick)
    asked = {"side": side, "entry": entry, "tick": tick}
    if price == "ATR stop":
        return {"rounded": rc.atr_stop(atr=abs(entry - Decimal(exact)), multiple=1, **asked).price}
    if price == "given stop":
        return {"rounded": rc.given_stop(stop=exact, **asked).price}
    if price == "R target":
        reach = abs(Decimal(exact) - entry)
        return {"rounded": rc.target(stop=entry - way, r_multiple=reach, **asked).price}
    if price == "given target":
        return {"rounded": rc.given_target(stop=entry - way, price=exact, **asked).price}
    band = abs(Decimal(exact) - entry) / 10
    policy = rc.Policy(entry_band_pct=band, exit_band_pct=band, confirm_small=True)
    if price == "entry limit":
        market = rc.Market(instrument=thing, at=NOON, last=entry)
        return {"rounded": worst_price(side, entry, market, policy)}
    assert price == "exit limit", price
    position = rc.Position(instrument=thing, side=held, quantity=1, average_price=entry)
    told = {"order_id": "x", "reason": "stop", "reference": entry, "level": None, "policy": policy, "at": NOON}
    return {"rounded": exit_order(position, **told).limit}


def lots(quantity, lot_size):
    return {"floored": floor_to_lot(Decimal(quantity), int(lot_size))}


def paisa(rupees):
    return {"booked": to_paisa(Decimal(rupees))}


def numbers(written, kind="text"):
    """What is read as a number, and what is refused; NaN and infinity too."""
    taken = {"text": str, "float": float, "int": int, "truth value": lambda text: text == "True"}[kind](written)
    try:
        return {"read_as": amount(taken, "it")}
    except ValueError:
        return {"read_as": "refused"}


def charges(buy, sell, quantity, day, product, brokerage_pct="0.03", brokerage_max="20"):
    cost = rc.charges(
        buy=buy,
        sell=sell,
        quantity=quantity,
        on=date.fromisoformat(day),
        product=product,
        brokerage_pct=brokerage_pct,
        brokerage_max=brokerage_max,
    )
    names = ("brokerage", "stt", "exchange", "sebi", "stamp", "gst", "total")
    return {name: to_paisa(getattr(cost, name)) for name in names}


def session(day, product="MIS", derivatives="yes", square_off_at=""):
    thing = rc.Instrument(symbol="INFY", tick="0.05", derivatives_listed=derivatives == "yes")
    own = time.fromisoformat(square_off_at) if square_off_at else None
    try:
        found = rc.session_on(date.fromisoformat(day), thing, product, square_off_at=own)
    except rc.CalendarUnknown:
        return dict.fromkeys(("opens", "first_entry", "cut_off", "flat_from", "closes"), "unknown")
    if found is None:
        return dict.fromkeys(("opens", "first_entry", "cut_off", "flat_from", "closes"), "closed")
    return {
        "opens": f"{found.opens:%H:%M}",
        "first_entry": f"{found.entries_from:%H:%M}",
        "cut_off": f"{found.entries_until:%H:%M}",
        "flat_from": None if found.square_off is None else f"{found.square_off:%H:%M}",
        "closes": f"{found.closes:%H:%M}",
    }


def left_before_expiry(contract, expiry, days):
    """From when a position in a future or a call is left, or nothing where it may be carried to its end."""
    name, kind = contract.split()
    last = date.fromisoformat(expiry)
    about = {"expiry": last, "on": last - timedelta(days=30), "tick": "0.05", "lot_size": 1}
    thing = rc.future(name, **about) if kind == "future" else rc.option(name, strike=1000, right="CE", **about)
    found = leave_from(thing, int(days), square_off_at=None)
    return {"left_from": None if found is None else f"{found:%Y-%m-%d %H:%M}"}


def pieces(quantity, lot_size, freeze_quantity=""):
    """The orders that so many shares leave as."""
    freeze = int(freeze_quantity) if freeze_quantity else None
    thing = rc.Instrument(symbol="X", tick=1, lot_size=int(lot_size), freeze_quantity=freeze)
    return {"pieces": ", ".join(map(str, cut(int(quantity), thing)))}


def session_day(moment):
    """A moment with its offset, such as 2026-11-19T20:00+00:00."""
    return {"session": rc.session_date(datetime.fromisoformat(moment)).isoformat()}


def touched(side, stop, target, first, high, low):
    position = rc.Position(
        instrument=rc.Instrument(symbol="INFY", tick="0.05"),
        side=side,
        quantity=10,
        average_price=1000,
        stop=stop,
        target=target,
    )
    found = rc.breach(position, first=Decimal(first), high=Decimal(high), low=Decimal(low))
    if found is None:
        return {"leaves_by": None, "at_about": None}
    return {"leaves_by": found.reason, "at_about": found.reference}


def reports(heard):
    """Reports of an order of 50, as `status filled at price`, in the order in which they were heard."""
    approved = decision(last="1000", stop="980", target="1100", max_position_size_percent="100", **_WIDE)["order"]
    assert approved.quantity == 50
    order = Order(approved=approved)
    for report in heard.split(", "):
        status, filled, *price = report.split()
        order = order.advance(status, int(filled), int(filled) * Decimal(price[-1] if price else 1000))
    return {"status": order.status, "filled": order.filled_quantity, "still_open": order.open_quantity}


def allowed(state):
    answers = {act: allows(state, act) for act in ACTS}
    return {**answers, "lifted_by": LIFTED_BY[state]}


def breaker(breaker, **asked):
    """`with` so many of what it counts, in the situation that the law has for it."""
    (found,), _ = measured(breaker, int(asked["with"]))
    return {"measured": found.measured, "limit": found.limit, "trips": found.tripped}


def placed(method, side, entry, by, tick):
    """`by` is percent, rupees a share, a price, or rupees for so many shares."""
    asked = {"side": side, "entry": entry, "tick": tick}
    kind, _, shares = method.partition(" for ")
    made = {
        "percent": lambda: rc.percent_stop(pct=by, **asked),
        "points": lambda: rc.points_stop(points=by, **asked),
        "level": lambda: rc.level_stop(levels=[by], **asked),
        "rupees": lambda: rc.rupee_stop(risk=by, quantity=int(shares), **asked),
    }[kind]()
    return {"stop": made.price, "distance": made.distance}


_WIDE = {"max_sector_exposure": "100", "entry_band_pct": "0"}

CASES = {
    "sizing": sizing,
    "stop": stop,
    "target": target,
    "atr": average_true_range,
    "rounding": rounding,
    "directions": directions,
    "lots": lots,
    "paisa": paisa,
    "numbers": numbers,
    "charges": charges,
    "session": session,
    "session_day": session_day,
    "pieces": pieces,
    "left_before_expiry": left_before_expiry,
    "touched": touched,
    "reports": reports,
    "decision": decision,
    "limits": limits,
    "reported": reported,
    "laws": laws,
    "day": day,
    "states": states,
    "allowed": allowed,
    "breaker": breaker,
    "placed": placed,
    "waiting": waiting,
    "likeness": likeness,
    "cluster": cluster,
}
