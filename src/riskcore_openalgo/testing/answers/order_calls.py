"""The calls that trade: place, smart, basket, split, modify, cancel, close."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from attrs import evolve

from riskcore_openalgo.testing.answers.answer import Answer, done, failed
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.checks import Refusal
from riskcore_openalgo.testing.market import key_of
from riskcore_openalgo.testing.venue import OrderRequest

NOT_ALLOWED: Final = "{} operation is not allowed in Semi-Auto mode. Please switch to Auto mode to {}."
QUEUED: Final = "Order queued for approval in Action Center"


def request_of(values: Mapping[str, Any], strategy: str) -> OrderRequest:
    """An order's fields as a value."""
    return OrderRequest(
        key=key_of(values["exchange"], values["symbol"]),
        side=values["action"].upper(),
        quantity=values["quantity"],
        product=values["product"],
        pricetype=values["pricetype"],
        price=Decimal(str(values["price"])),
        trigger=Decimal(str(values["trigger_price"])),
        strategy=strategy,
    )


def queued(broker: FakeBroker, requests: list[OrderRequest]) -> Answer:
    """Success without an order: it waits for the user's approval."""
    number = broker.await_approval(requests)
    body = {"message": QUEUED, "mode": "semi_auto", "pending_order_id": number, "status": "success"}
    return Answer(200, body)


def _barred(broker: FakeBroker, what: str, to_do: str) -> Answer | None:
    if broker.semi_auto and not broker.analyzer:
        return failed(broker, 403, NOT_ALLOWED.format(what, to_do))
    return None


def _refused(broker: FakeBroker, refusal: Refusal) -> Answer:
    kept = {} if refusal.order_id is None else {"orderid": refusal.order_id}
    return failed(broker, refusal.status, refusal.message, **kept)


def _placed(broker: FakeBroker, request: OrderRequest, endpoint: str) -> Answer:
    placed = broker.place_request(request, endpoint)
    if placed.refusal:
        return _refused(broker, placed.refusal)
    return evolve(done(broker, orderid=placed.order_id), held_s=broker.held_s(placed, request.key))


def place(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`placeorder`."""
    request = request_of(values, values["strategy"])
    return queued(broker, [request]) if broker.semi_auto else _placed(broker, request, "placeorder")


def smart(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`placesmartorder`: towards a signed position, whatever action and quantity say.

    Flat with target 0 and a quantity it places that quantity: so does OpenAlgo.
    """
    request = request_of(values, values["strategy"])
    target = int(values["position_size"])
    held = broker.venue.account.held(request.key, request.product)
    if target == held and not (target == 0 and request.quantity):
        nothing = broker.analyzer and not request.quantity
        words = "No OpenPosition Found. Not placing Exit order."
        return done(broker, message=words if nothing else "Positions Already Matched. No Action needed.")
    if target != held:
        request = evolve(request, side="BUY" if target > held else "SELL", quantity=abs(target - held))
    return queued(broker, [request]) if broker.semi_auto else _placed(broker, request, "placesmartorder")


def basket(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`basketorder`: purchases first, success whatever becomes of the items."""
    requests = [request_of(order, values["strategy"]) for order in values["orders"]]
    requests.sort(key=lambda request: request.side != "BUY")
    if broker.semi_auto:
        return queued(broker, requests)
    results: list[dict[str, Any]] = []
    held = 0.0
    for number, request in enumerate(requests, 1):
        placed = broker.place_request(request, "basketorder")
        exchange, symbol = request.key.split(":", 1)
        if placed.refusal:
            results.append({"message": placed.refusal.message, "status": "error", "symbol": symbol})
            continue
        held += broker.held_s(placed, request.key)
        item: dict[str, Any] = {"exchange": exchange, "symbol": symbol, "product": request.product}
        batch = {"batch_order": True, "is_last_order": number == len(requests)} if broker.analyzer else {}
        results.append({**item, **batch, "orderid": placed.order_id, "status": "success"})
    return evolve(done(broker, results=results), held_s=held)


def split(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`splitorder`: whole parts, then what is left."""
    request, size = request_of(values, values["strategy"]), values["splitsize"]
    parts = [size] * (request.quantity // size) + [request.quantity % size] * bool(request.quantity % size)
    requests = [evolve(request, quantity=part) for part in parts]
    if broker.semi_auto:
        return queued(broker, requests)
    results: list[dict[str, Any]] = []
    for number, part in enumerate(requests, 1):
        placed = broker.place_request(part, "splitorder")
        item: dict[str, Any] = {"order_num": number, "quantity": part.quantity}
        if placed.refusal:
            results.append({**item, "message": placed.refusal.message, "status": "error"})
        else:
            results.append({**item, "orderid": placed.order_id, "status": "success"})
    return done(broker, results=results, split_size=size, total_quantity=request.quantity)


def modify(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`modifyorder`: symbol, side, product and type of the request change nothing."""
    if barred := _barred(broker, "Modify order", "modify orders"):
        return barred
    order_id = values["orderid"]
    prices = {"price": values["price"], "trigger": values["trigger_price"]}
    if refusal := broker.modify(order_id, quantity=values["quantity"], **prices):
        return _refused(broker, refusal)
    words = {"message": "Order modified successfully"} if broker.analyzer else {}
    return done(broker, orderid=order_id, **words)


def cancel(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`cancelorder`."""
    if not values["orderid"]:
        return Answer(400, {"message": "Order ID is missing", "status": "error"})
    if barred := _barred(broker, "Cancel order", "cancel orders"):
        return barred
    if refusal := broker.cancel(values["orderid"]):
        return _refused(broker, refusal)
    words = {"message": "Order cancelled successfully"} if broker.analyzer else {}
    return done(broker, orderid=values["orderid"], **words)


def cancel_all(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`cancelallorder`: of the whole account; the sandbox leaves orders that wait for their trigger."""
    if barred := _barred(broker, "Cancel all orders", "cancel orders"):
        return barred
    orders = [order for order in broker.venue.account.visible() if order.working]
    if broker.analyzer:
        orders = [order for order in orders if order.status == "open"]
    else:
        orders.reverse()
    cancelled = [order.order_id for order in orders if broker.cancel(order.order_id) is None]
    failures = [order.order_id for order in orders if order.order_id not in cancelled]
    words = f"Canceled {len(cancelled)} orders. Failed to cancel {len(failures)} orders."
    return done(
        broker,
        canceled_orders=cancelled,
        failed_cancellations=failures,
        message=words if orders else "No open orders to cancel",
    )


def close(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """`closeposition`: of the whole account; it counts accepted exits, and cancels nothing."""
    if barred := _barred(broker, "Close position", "close positions"):
        return barred
    venue = broker.venue
    if broker.analyzer and not venue.account.positions:
        return done(broker, message="No open positions to close")
    placed = [venue.close(row, values["strategy"]) for row in venue.open_rows()]
    held = broker.slow_first_fill * len(placed)
    if not broker.analyzer:
        return evolve(done(broker, message="All Open Positions Squared Off"), held_s=held)
    closed = sum(one.refusal is None for one in placed)
    counts = {"closed_positions": closed, "failed_closures": len(placed) - closed}
    return evolve(done(broker, **counts, message=f"Closed {closed} positions"), held_s=held)
