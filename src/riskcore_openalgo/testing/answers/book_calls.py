"""The calls that read the account: books, funds, margin, the mode; and notifications."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from riskcore_openalgo.testing.answers import shapes
from riskcore_openalgo.testing.answers.answer import UNEXPECTED, Answer, data, done, failed, no_data
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.checks import FUTURES_LEVERAGE, margin_per_unit
from riskcore_openalgo.testing.events import Message
from riskcore_openalgo.testing.market import key_of


def orderbook(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Orders of the session and their counts."""
    try:
        rows = shapes.order_rows(broker)
    except shapes.Unmappable as error:
        return failed(broker, 500, str(error))
    return done(broker, data={"orders": rows, "statistics": broker.venue.statistics()})


def tradebook(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Trades of the session."""
    return done(broker, data=shapes.trade_rows(broker))


def positionbook(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Positions, and in the sandbox their sums."""
    rows = shapes.position_rows(broker)
    totals = shapes.position_totals(broker.venue.account.rows()) if broker.analyzer else {}
    return done(broker, data=rows, **totals)


def pnl_symbols(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """P&L of each position row; in the sandbox only."""
    if not broker.analyzer:
        return failed(broker, 400, "This endpoint is only available in sandbox/analyzer mode")
    kept = (
        "exchange",
        "pnl",
        "product",
        "quantity",
        "symbol",
        "today_realized_pnl",
        "total_pnl_today",
        "unrealized_pnl",
    )
    rows = [{name: row[name] for name in kept} for row in shapes.position_rows(broker)]
    return done(broker, data=rows, **shapes.position_totals(broker.venue.account.rows()))


def openposition(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """The signed quantity, 0 for what does not exist."""
    key = key_of(values["exchange"], values["symbol"])
    return done(broker, quantity=broker.venue.account.held(key, values["product"]))


def orderstatus(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """One order."""
    order = broker.venue.account.orders.get(values["orderid"])
    if order is None or order not in broker.venue.account.visible():
        return failed(broker, 404, f"Order {values['orderid']} not found")
    try:
        return done(broker, data=shapes.status_row(broker, order))
    except shapes.Unmappable as error:
        return failed(broker, 500, str(error))


def holdings(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Shares of earlier days."""
    return done(broker, data=shapes.holdings(broker))


def funds(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Money."""
    return done(broker, data=shapes.funds(broker))


def margin(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """What a set of orders would block at the broker: asked in both modes, of any symbol."""
    total = Decimal(0)
    for number, position in enumerate(values["positions"], 1):
        try:
            quantity, price = int(position["quantity"]), Decimal(position["price"])
        except (ValueError, InvalidOperation):
            return UNEXPECTED
        if quantity <= 0:
            return no_data(400, f"Position {number}: Quantity must be a positive number")
        key = key_of(position["exchange"], position["symbol"])
        each = price if price > 0 else broker.market.quote(key).last
        total += _asked(broker, key, position, each) * quantity
    return data({"exposure_margin": 0, "span_margin": 0, "total_margin_required": float(total)})


def _asked(broker: FakeBroker, key: str, position: dict[str, Any], price: Decimal) -> Decimal:
    """What a unit asks: for a sold option a tenth of its strike, as a broker does and the sandbox does not."""
    contract = broker.market.contracts.get(key)
    if contract is not None and contract.option and position["action"].upper() == "SELL":
        return contract.strike / FUTURES_LEVERAGE
    return margin_per_unit(broker.market, key, position["product"], price)


def ping(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Alive, and which broker."""
    return data({"broker": broker.broker_name, "message": "pong"})


def _mode(broker: FakeBroker) -> dict[str, Any]:
    orders = len(broker.venue.account.orders)
    return {"analyze_mode": broker.analyzer, "mode": broker.mode, "total_logs": orders}


def analyzer(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Which mode is on."""
    return data(_mode(broker))


def toggle(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Whoever holds the key switches the mode."""
    broker.analyzer = values["mode"]
    return data({**_mode(broker), "message": f"Analyzer mode switched to {broker.mode}"})


def telegram(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """A notification: kept in `broker.messages`."""
    broker.messages.append(Message(values["username"], values["message"], values["priority"]))
    return Answer(200, {"status": "success", "message": "Notification sent successfully"})
