"""Tables of decisions: the columns of a situation, what of it is left out, and what `decide` answers.

The situation of every table: on Friday 2026-11-20 at noon a signal of this moment asks to BUY INFY (tick 0.05, sector
IT) for MIS; it last traded at 1,000, its ATR is 10; the account opened the day with 1,00,000; the policy is the
mission's. A column changes one of these; a column named as a setting sets it.
"""

from datetime import datetime, time, timedelta
from decimal import Decimal

import attrs

import riskcore as rc
from riskcore.outcomes import Outcome

SECTORS = {"INFY": "IT", "TCS": "IT", "SBIN": "BANK"}
SETTINGS = {field.name: field for field in attrs.fields(rc.Policy)}
LISTS = (
    "allowed_symbols",
    "live_symbols",
    "target_legs",
    "denied_symbols",
    "allowed_sessions",
    "allowed_weekdays",
    "entry_windows",
)


def setting(name, cell):
    """A cell as the value of a setting: lists by commas, truth as yes and no, all else as its check reads it."""
    if not isinstance(cell, str) or cell == "empty":
        return None if cell == "empty" else cell
    if name in LISTS or isinstance(SETTINGS[name].default, tuple):
        return cell.split(",")
    if isinstance(SETTINGS[name].default, bool):
        return {"yes": True, "no": False}[cell]
    return cell


def instrument(symbol, tick="0.05", lot_size="1", freeze_quantity=None):
    return rc.Instrument(
        symbol=symbol, tick=tick, lot_size=lot_size, sector=SECTORS.get(symbol), freeze_quantity=freeze_quantity
    )


def held(text):
    """Positions as `TCS 20 at 1000`, short ones with a minus, marked at the price after `now`; semicolons between."""
    positions = []
    for part in filter(None, text.split(";")):
        symbol, quantity, _, price, *now = part.split()
        positions.append(
            rc.Position(
                instrument=instrument(symbol),
                side="BUY" if int(quantity) > 0 else "SELL",
                quantity=abs(int(quantity)),
                average_price=price,
                last=now[1] if now else price,
            )
        )
    return positions


def situation(
    *,
    day="2026-11-20",
    time="12:00",
    signal_age="0",
    symbol="INFY",
    side="BUY",
    product="MIS",
    stop="",
    target="",
    last="1000",
    bid="",
    ask="",
    quote_age="0",
    atr="10",
    atr_bars="",
    cash="",
    tick="0.05",
    lot_size="1",
    equity="100000",
    realised="0",
    charges="0",
    trades_today="0",
    holding="",
    working="",
    latch="",
    levels="",
    bars="",
    strategy="",
    finished="",
    peak_equity="",
    freeze_quantity="",
    **settings,
):
    """The four things a decision is made of; `none` takes a thing away."""
    now = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=rc.IST)
    signal = rc.Signal(
        symbol,
        side,
        at=now - timedelta(seconds=float(signal_age)),
        stop=stop or None,
        target=target or None,
        product=product,
        strategy=strategy,
        levels=levels.split(",") if levels else (),
    )
    market = rc.Market(
        instrument=instrument(symbol, tick, lot_size, int(freeze_quantity) if freeze_quantity else None),
        at=now,
        bars=_bars(bars, now),
        last=_some(last),
        bid=_some(bid),
        ask=_some(ask),
        quote_at=now - timedelta(seconds=float(quote_age)),
        atr=_some(atr),
        atr_bars=int(atr_bars) if atr_bars else None,
        available_cash=_some(cash),
    )
    book = rc.Book(
        _some(equity),
        session=now.date(),
        positions=held(holding),
        realised=realised,
        charges=charges,
        trades_today=trades_today,
        outcomes=_outcomes(finished, now),
        peak_equity=_some(peak_equity),
        latches=[rc.Latch("operator", latch, now, "operator", "for the table")] if latch else [],
    )
    for number, name in enumerate(filter(None, working.split(","))):
        book = book.after(_on_its_way(name, f"earlier{number}", now))
    return signal, book, market, rc.Policy(**{name: setting(name, cell) for name, cell in settings.items()})


def _some(cell):
    return None if cell in ("", "none") else cell


def _bars(text, now):
    """Five-minute bars as `high low close`, separated by semicolons, the last one just finished."""
    rows = [[Decimal(part) for part in bar.split()] for bar in text.split(";") if bar]
    starts = [now - timedelta(minutes=5 * n) for n in range(len(rows), 0, -1)]
    return [
        rc.Bar(at=at, open=close, high=high, low=low, close=close)
        for at, (high, low, close) in zip(starts, rows, strict=True)
    ] or None


def _outcomes(text, now):
    """Finished trades as results in R, oldest first, of a risk of 1,000 each: `2, -1, 0.5 x 10`."""
    results = []
    for part in filter(None, text.split(",")):
        result, _, times = part.partition(" x ")
        results += [Decimal(result.strip())] * int(times or 1)
    day = now - timedelta(days=1)
    return [
        Outcome(
            key="NSE:INFY",
            side="BUY",
            session=day.date(),
            closed_at=day,
            quantity=1,
            gross=result * 1000,
            charges=Decimal(0),
            r_multiple=result,
            strategy="ema",
        )
        for result in results
    ]


def _on_its_way(symbol, name, now):
    earlier = rc.Signal(symbol, "BUY", at=now - timedelta(seconds=5), source=name)
    seen = rc.Market(instrument=instrument(symbol), at=now, last=1000, atr=10)
    at_ten = datetime.combine(now.date(), time(10, 0), rc.IST)
    approved = rc.decide(
        attrs.evolve(earlier, at=at_ten), rc.Book(100_000), attrs.evolve(seen, at=at_ten), rc.Policy(max_quantity=1)
    )
    return approved.order


def decision(**columns):
    """Approved: quantity, what bound it and the prices; refused: every reason, the one to report first."""
    answer = rc.decide(*situation(**columns))
    if not answer.approved:
        reasons = [found.reason for found in answer.reasons]
        nothing = dict.fromkeys(("quantity", "bound_by", "next", "limit", "stop", "target", "risk"))
        return {
            **nothing,
            "answer": "refused",
            "reported": reasons[0],
            "reasons": ", ".join(reasons),
            "sentence": answer.reasons[0].text,
            "setting": answer.reasons[0].rule,
            "clears": answer.reasons[0].clears,
            "not_measured": ", ".join(answer.unmeasured) or None,
        }
    order, following = answer.order, answer.size.next_bound
    nothing = dict.fromkeys(("reported", "reasons", "sentence", "setting", "clears", "not_measured"))
    return {
        **nothing,
        "answer": "approved",
        "quantity": order.quantity,
        "bound_by": answer.size.bound_by,
        "next": f"{following[0]} {following[1]}" if following else None,
        "limit": order.limit,
        "stop": order.stop,
        "target": order.target,
        "risk": order.risk,
        "budget": answer.budget,
        "order": order,
    }


def limits(**columns):
    """What each limit allows of a decision, in shares: one column a limit."""
    answer = rc.decide(*situation(**columns))
    caps = dict(answer.size.caps) if answer.approved else {}
    caps |= {f.rule: int(f.max_quantity) for f in answer.findings if f.max_quantity is not None and not answer.approved}
    return {"answer": "approved" if answer.approved else "refused", **caps}


def reported():
    """A story in which everything is wrong, and each row repairs what the row above reports."""
    columns = {}

    def repair(repaired=""):
        for part in filter(None, repaired.split(";")):
            name, _, cell = (piece.strip() for piece in part.partition("="))
            columns.pop(name, None)
            if cell != "as usual":
                columns[name] = cell
        return decision(**columns)

    return repair
