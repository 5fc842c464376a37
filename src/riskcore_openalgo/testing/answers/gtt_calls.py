"""The four calls of resting triggers."""

from __future__ import annotations

from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import riskcore as rc
from riskcore_openalgo.testing.answers.answer import UNEXPECTED, Answer, done, failed
from riskcore_openalgo.testing.answers.shapes import rupees
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.checks import margin_per_unit
from riskcore_openalgo.testing.gtt import Gtt, legs_of
from riskcore_openalgo.testing.market import key_of, split_key


def _unsupported(broker: FakeBroker) -> Answer | None:
    if broker.profile.gtt:
        return None
    return failed(broker, 501, f"GTT orders are not supported for broker '{broker.broker_name}' yet")


def _wrong(values: dict[str, Any]) -> dict[str, list[str]]:
    """What its own rules find, after the fields were read."""
    sl, tg = values["triggerprice_sl"], values["triggerprice_tg"]
    if values["trigger_type"] == "SINGLE":
        if sl <= 0 and tg <= 0:
            return {"triggerprice_sl": ["SINGLE GTT requires a positive triggerprice_sl or triggerprice_tg."]}
        return {}
    needs = {
        "triggerprice_sl": (sl, "Required for OCO (stop-loss trigger)."),
        "triggerprice_tg": (tg, "Required for OCO (target trigger)."),
        "stoploss": (values["stoploss"], "Required for OCO (stop-loss limit)."),
        "target": (values["target"], "Required for OCO (target limit)."),
    }
    # OpenAlgo stops at the first trigger that is missing.
    return next(({name: [words]} for name, (value, words) in needs.items() if value <= 0), {})


def place(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`placegttorder`."""
    if refused := _unsupported(broker):
        return refused
    if errors := _wrong(values):
        return failed(broker, 400, str(errors))
    if key_of(values["exchange"], values["symbol"]) not in broker.market.contracts:
        return failed(broker, 400, "Symbol not found")
    trigger_id = broker.venue.next_trigger_id()
    broker.venue.account.gtts[trigger_id] = _gtt(broker, values, trigger_id)
    return done(broker, trigger_id=trigger_id)


def modify(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`modifygttorder`: an unknown id is an unexpected error."""
    if refused := _unsupported(broker):
        return refused
    kept = broker.venue.account.gtts.get(values["trigger_id"])
    if kept is None:
        return UNEXPECTED
    if errors := _wrong(values):
        return failed(broker, 400, str(errors))
    broker.venue.account.gtts[kept.trigger_id] = _gtt(broker, values, kept.trigger_id)
    return done(broker, trigger_id=kept.trigger_id)


def cancel(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`cancelgttorder`."""
    if refused := _unsupported(broker):
        return refused
    if broker.venue.account.gtts.pop(values["trigger_id"], None) is None:
        return failed(broker, 404, f"No active GTT with trigger_id '{values['trigger_id']}'")
    return done(broker, trigger_id=values["trigger_id"])


def book(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`gttorderbook`: active ones alone, newest first."""
    if refused := _unsupported(broker):
        return refused
    return done(broker, data=[_row(gtt) for gtt in reversed(broker.venue.account.gtts.values())])


def _gtt(broker: FakeBroker, values: dict[str, Any], trigger_id: str) -> Gtt:
    key = key_of(values["exchange"], values["symbol"])
    last, now = broker.market.quote(key).last, broker.clock()
    prices = {
        short: Decimal(str(values[name]))
        for short, name in (
            ("price", "price"), ("sl", "triggerprice_sl"), ("tg", "triggerprice_tg"),
            ("stoploss", "stoploss"), ("target", "target"),
        )
    }  # fmt: skip
    legs = legs_of(values["trigger_type"], last, **prices)
    dearest = max(leg.limit for leg in legs)
    return Gtt(
        trigger_id=trigger_id,
        key=key,
        side=values["action"].upper(),
        product=values["product"],
        pricetype=values["pricetype"],
        quantity=values["quantity"],
        strategy=values["strategy"],
        kind=values["trigger_type"],
        legs=legs,
        last=last,
        margin=margin_per_unit(broker.market, key, values["product"], dearest) * values["quantity"],
        created=now,
        updated=now,
    )


def _row(gtt: Gtt) -> dict[str, Any]:
    """Times of making are UTC, that of ending is IST: in one row, without a mark."""
    exchange, symbol = split_key(gtt.key)
    ends = gtt.created.astimezone(rc.IST) + timedelta(days=365)
    order = {"action": gtt.side, "pricetype": gtt.pricetype, "product": gtt.product, "quantity": gtt.quantity}
    return {
        "created_at": f"{gtt.created.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}",
        "exchange": exchange,
        "expires_at": f"{ends:%Y-%m-%dT%H:%M:%S.%f}",
        "last_price": rupees(gtt.last),
        "legs": [{**order, "price": rupees(leg.limit)} for leg in gtt.legs],
        "margin_blocked": rupees(gtt.margin),
        "status": "active",
        "strategy": gtt.strategy,
        "symbol": symbol,
        "trigger_id": gtt.trigger_id,
        "trigger_prices": [rupees(leg.trigger) for leg in gtt.legs],
        "trigger_type": "single" if gtt.kind == "SINGLE" else "two-leg",
        "updated_at": f"{gtt.updated.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}",
    }
