"""What rows look like: OpenAlgo's sandbox, Zerodha's mapping, Shoonya's mapping."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

import riskcore as rc
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.market import Contract, Quote, split_key
from riskcore_openalgo.testing.orders import CANCELLED, REJECTED, FakeHolding, FakeOrder, FakePosition, FakeTrade, paise
from riskcore_openalgo.testing.profile import Profile

Row: TypeAlias = "dict[str, Any]"

ZERODHA_WORDS: Final = frozenset({"COMPLETE", "REJECTED", "TRIGGER PENDING", "OPEN", "CANCELLED"})
SHOONYA_WORDS: Final = {"trigger pending": "trigger_pending", "cancelled": "canceled"}
"""Shoonya's own words in lower case, where they differ from OpenAlgo's."""


class Unmappable(ValueError):
    """The mapping falls over a row: the whole book is a 500."""


def rupees(amount: Decimal) -> float:
    """As a JSON number of at most two decimals."""
    return float(paise(amount))


def moment(at: datetime) -> str:
    """`2026-11-23 10:30:10`, in IST, with no mark of the zone."""
    return at.astimezone(rc.IST).strftime("%Y-%m-%d %H:%M:%S")


def _named(broker: FakeBroker, key: str) -> Row:
    exchange, symbol = split_key(key)
    listed = key in broker.market.contracts or broker.profile.sandbox
    return {"symbol": symbol if listed else None, "exchange": exchange}


# ------------------------------------------------------------------------ orders
def order_rows(broker: FakeBroker) -> list[Row]:
    """The order book: the sandbox has the newest first, a broker the oldest."""
    shown = broker.venue.account.visible()
    if broker.profile.sandbox:
        return [sandbox_order(order) for order in shown]
    rows: list[Row] = []
    for order in reversed(shown):
        row = live_order(broker, order)
        if _lost(broker.profile, order):
            if not rows:
                raise Unmappable("cannot access local variable 'order_status'")
            row["order_status"] = rows[-1]["order_status"]
        rows.append(row)
    return rows


def _lost(profile: Profile, order: FakeOrder) -> bool:
    return bool(order.word) and profile.unknown_status == "previous_row" and order.word not in ZERODHA_WORDS


def _pending(order: FakeOrder) -> int:
    return 0 if order.status == REJECTED else order.left


def sandbox_order(order: FakeOrder) -> Row:
    """All 16 fields, amounts as numbers."""
    return {
        "action": order.side,
        "average_price": rupees(order.average),
        "exchange": order.exchange,
        "filled_quantity": order.filled,
        "order_status": order.status,
        "orderid": order.order_id,
        "pending_quantity": _pending(order),
        "price": rupees(order.price),
        "pricetype": order.pricetype,
        "product": order.product,
        "quantity": order.quantity,
        "rejection_reason": order.reason,
        "strategy": order.strategy,
        "symbol": order.symbol,
        "timestamp": moment(order.at),
        "trigger_price": rupees(order.trigger),
    }


def live_order(broker: FakeBroker, order: FakeOrder) -> Row:
    """No filled quantity, no average, no reason, no strategy. Shoonya writes its amounts as text."""
    row = {
        **_named(broker, order.key),
        "action": order.side,
        "quantity": order.quantity,
        "price": float(order.price),
        "trigger_price": float(order.trigger),
        "pricetype": order.pricetype,
        "product": order.product,
        "orderid": order.order_id,
        "order_status": order.word.lower() or order.status,
        "timestamp": moment(order.at),
    }
    if broker.profile.shapes != "shoonya":
        return row
    at = order.at.astimezone(rc.IST)
    return {
        **row,
        "quantity": str(order.quantity),
        "price": f"{order.price:.2f}",
        "trigger_price": f"{order.trigger:.2f}",
        "order_status": order.word.lower() or SHOONYA_WORDS.get(order.status, order.status),
        "timestamp": f"{at:%H:%M:%S %d-%m-%Y}",
    }


def status_row(broker: FakeBroker, order: FakeOrder) -> Row:
    """One order: the sandbox calls the type `price_type` here; live adds the average of its first trade alone."""
    if broker.profile.sandbox:
        row = sandbox_order(order)
        row["price_type"] = row.pop("pricetype")
        del row["rejection_reason"]
        return row
    trades = [trade for trade in broker.venue.account.trades if trade.order_id == order.order_id]
    row = next(row for row in order_rows(broker) if row["orderid"] == order.order_id)
    return {**row, "average_price": float(trades[0].price) if trades else 0.0}


# ------------------------------------------------------------------------ trades
def trade_rows(broker: FakeBroker) -> list[Row]:
    """The trade book: the sandbox has the newest first."""
    shown = broker.venue.account.visible_trades()
    if broker.profile.sandbox:
        return [_sandbox_trade(trade) for trade in shown]
    return [_live_trade(broker, trade) for trade in reversed(shown)]


def _sandbox_trade(trade: FakeTrade) -> Row:
    exchange, symbol = split_key(trade.key)
    return {
        "action": trade.side,
        "average_price": rupees(trade.price),
        "exchange": exchange,
        "orderid": trade.order_id,
        "price": rupees(trade.price),
        "product": trade.product,
        "quantity": trade.quantity,
        "strategy": trade.strategy,
        "symbol": symbol,
        "timestamp": moment(trade.at),
        "trade_value": rupees(trade.price * trade.quantity),
        "tradeid": trade.trade_id,
    }


def _live_trade(broker: FakeBroker, trade: FakeTrade) -> Row:
    row = {
        **_named(broker, trade.key),
        "product": trade.product,
        "action": trade.side,
        "quantity": trade.quantity,
        "average_price": float(trade.price),
        "trade_value": rupees(trade.price * trade.quantity),
        "orderid": trade.order_id,
        "timestamp": moment(trade.at),
    }
    return _of_its_order(broker, trade, row) if broker.profile.shapes == "shoonya" else row


def _of_its_order(broker: FakeBroker, trade: FakeTrade, row: Row) -> Row:
    """As Shoonya's plugin tells a trade: with the quantity and the average price of the whole order, in text.

    The broker rounds that average to the paisa. Here it is whole, so that money can be checked to the paisa.
    """
    order = broker.venue.account.orders[trade.order_id]
    return {
        **row,
        "quantity": str(order.quantity),
        "average_price": f"{order.average:f}",
        "trade_value": rupees(order.average * order.quantity),
        "timestamp": f"{trade.at.astimezone(rc.IST):%H:%M:%S}",
    }


# --------------------------------------------------------------------- positions
def position_rows(broker: FakeBroker) -> list[Row]:
    """The position book at current prices, flat rows of the session too."""
    broker.venue.value()
    return [position_row(broker, row) for row in broker.venue.account.shown_rows()]


def position_row(broker: FakeBroker, row: FakePosition) -> Row:
    """One row. In the sandbox a flat one shows what it realised as its unrealised P&L too."""
    exchange, symbol = split_key(row.key)
    pnl = row.realised_today + row.unrealised
    if not broker.profile.sandbox:
        shown = {**_named(broker, row.key), "product": row.product, "quantity": row.quantity}
        if broker.profile.shapes == "shoonya":
            open_pnl = (
                {"ltp": float(row.ltp), "pnl": float(row.unrealised)} if row.quantity else {"ltp": 0.0, "pnl": 0.0}
            )
            return {**shown, "quantity": float(row.quantity), "average_price": float(row.average), **open_pnl}
        last = broker.market.quote(row.key).last
        return {**shown, "average_price": f"{row.average:.2f}", "ltp": float(last or row.ltp), "pnl": rupees(pnl)}
    invested = row.average * abs(row.quantity)
    return {
        "average_price": rupees(row.average),
        "exchange": exchange,
        "lot_size": 1.0,
        "ltp": rupees(row.ltp),
        "pnl": rupees(pnl),
        "pnlpercent": float(pnl / invested * 100) if invested else 0.0,
        "product": row.product,
        "quantity": row.quantity,
        "symbol": symbol,
        "today_realized_pnl": rupees(row.realised_today),
        "total_pnl_today": rupees(pnl),
        "unrealized_pnl": rupees(row.unrealised if row.quantity else pnl),
    }


def position_totals(rows: Iterable[FakePosition]) -> Row:
    """The sums beside the sandbox's position book; here a flat row has no unrealised P&L."""
    listed = list(rows)
    realised = sum((row.realised_today for row in listed), Decimal(0))
    unrealised = sum((row.unrealised for row in listed), Decimal(0))
    return {
        "total_pnl": rupees(realised + unrealised),
        "total_pnl_today": rupees(realised + unrealised),
        "total_today_realized_pnl": rupees(realised),
        "total_unrealized_pnl": rupees(unrealised),
    }


def holdings(broker: FakeBroker) -> Row:
    """Holdings at current prices, and their sums."""
    held = list(broker.venue.account.holdings.values())
    rows = [_holding(holding, broker.market.quote(holding.key).last) for holding in held]
    invested = sum((holding.average * holding.quantity for holding in held), Decimal(0))
    worth = sum((broker.market.quote(holding.key).last * holding.quantity for holding in held), Decimal(0))
    statistics = {
        "totalholdingvalue": rupees(worth),
        "totalinvvalue": rupees(invested),
        "totalpnlpercentage": float((worth - invested) / invested * 100) if invested else 0.0,
        "totalprofitandloss": rupees(worth - invested),
    }
    return {"holdings": rows, "statistics": statistics}


def _holding(holding: FakeHolding, last: Decimal) -> Row:
    exchange, symbol = split_key(holding.key)
    pnl = (last - holding.average) * holding.quantity
    invested = holding.average * holding.quantity
    return {
        "average_price": rupees(holding.average),
        "current_value": rupees(last * holding.quantity),
        "exchange": exchange,
        "ltp": rupees(last),
        "pnl": rupees(pnl),
        "pnlpercent": round(float(pnl / invested * 100), 4) if invested else 0.0,
        "product": "CNC",
        "quantity": holding.quantity,
        "settlement_date": holding.settled.isoformat(),
        "symbol": symbol,
    }


def funds(broker: FakeBroker) -> Row:
    """The sandbox: eleven numbers, positions as last valued (by a tick or the position book); a broker: five texts."""
    account = broker.venue.account
    if not broker.profile.sandbox:
        amounts = {
            "availablecash": account.balance if broker.profile.cash_is_balance else account.available,
            "collateral": Decimal(0),
            "m2mrealized": account.realised_today,
            "m2munrealized": account.unrealised,
            "utiliseddebits": account.used_margin,
        }
        return {name: f"{amount:.2f}" for name, amount in amounts.items()}
    return {
        "availablecash": rupees(account.available),
        "collateral": 0.0,
        "grossexposure": rupees(account.used_margin),
        "last_reset": moment(broker.started),
        "m2mrealized": rupees(account.realised_today),
        "m2munrealized": rupees(account.unrealised),
        "reset_count": 0,
        "today_realized_pnl": rupees(account.realised_today),
        "total_realized_pnl": rupees(account.realised),
        "totalpnl": rupees(account.realised + account.unrealised),
        "utiliseddebits": rupees(account.used_margin),
    }


# ------------------------------------------------------------------------ market
def quote_row(quote: Quote) -> Row:
    """No time, no symbol."""
    prices = ("ask", "bid", "high", "low", "open", "prev_close")
    shown = {name: float(getattr(quote, name)) for name in prices}
    return {**shown, "ltp": float(quote.last), "oi": quote.oi, "volume": quote.volume}


def depth_levels(quote: Quote, tick: Decimal) -> tuple[list[Row], list[Row]]:
    """Five bids and five asks, a tick apart."""
    bids = [{"price": float(quote.bid - n * tick), "quantity": 100 * (n + 1)} for n in range(5)]
    asks = [{"price": float(quote.ask + n * tick), "quantity": 100 * (n + 1)} for n in range(5)]
    return bids, asks


def contract_row(contract: Contract) -> Row:
    """One row of the symbol table."""
    token = 1000 + contract.number
    return {
        "brexchange": contract.exchange,
        "brsymbol": contract.symbol,
        "exchange": contract.exchange,
        "expiry": contract.expiry,
        "freeze_qty": contract.freeze,
        "instrumenttype": contract.kind,
        "lotsize": contract.lot,
        "name": contract.name,
        "strike": float(contract.strike),
        "symbol": contract.symbol,
        "tick_size": float(contract.tick),
        "token": f"{token}::::{token}",
    }


def order_update(order: FakeOrder, profile: Profile) -> Row:
    """A message of the order stream: no time, no strategy; the sandbox says 0 pending while all is pending."""
    traded = order.status == "complete"
    return {
        "type": "order_update",
        "user_id": "tester",
        "mode": "analyze" if profile.sandbox else "live",
        "broker": profile.broker,
        "orderid": order.order_id,
        "symbol": order.symbol,
        "exchange": order.exchange,
        "action": order.side,
        "quantity": order.quantity,
        "price": float(order.average if traded else order.price),
        "trigger_price": float(order.trigger),
        "pricetype": order.pricetype,
        "product": order.product,
        "order_status": order.status,
        "filled_quantity": order.filled,
        "pending_quantity": 0 if profile.sandbox or order.status == CANCELLED else order.left,
        "average_price": float(order.average),
        "rejection_reason": order.reason,
    }
