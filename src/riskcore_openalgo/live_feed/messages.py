"""What OpenAlgo's WebSocket says, read one message at a time: a price, an order, an answer, or nothing readable.

The protocol is of version 2.0.2.1. A message that cannot be read is an `Unread` with its reason; reading never raises.
An order update bears no time and no strategy, its `pending_quantity` is wrong while it works, and its `price` is that
of the fill once it is complete: none of these is taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, TypeAlias

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.live_feed.ticks import STREAM, Moment, Tick, price_in, read_json

LTP: Final = 1
QUOTE: Final = 2
DEPTH: Final = 3
MODES: Final = (LTP, QUOTE, DEPTH)

STATUSES: Final[Mapping[str, str]] = {
    "open": "open",
    "trigger pending": "trigger_pending",
    "complete": "complete",
    "cancelled": "cancelled",
    "rejected": "rejected",
}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
LONGEST_NOTE: Final = 300


@frozen
class OrderUpdate:
    """An order as an update tells it. `analyze` is which books it belongs to, None where the update does not say."""

    order: rc.BrokerOrder
    analyze: bool | None


@frozen
class Answer:
    """What answers a request of ours: its type, whether it was granted, the code and words of a refusal.

    `refused` are the instruments that an otherwise granted subscription left out. `server_at` is the server's time, in
    the answer to a ping.
    """

    kind: str
    good: bool
    code: str = ""
    message: str = ""
    refused: tuple[str, ...] = ()
    server_at: datetime | None = None


@frozen
class Unread:
    """A message that could not be read, and why."""

    why: str


Message: TypeAlias = Tick | OrderUpdate | Answer | Unread


def authenticate(api_key: str) -> dict[str, Any]:
    """The request that must come first."""
    return {"action": "authenticate", "api_key": api_key}


def subscribe(keys: Iterable[str], mode: int) -> dict[str, Any]:
    """The request for the prices of several instruments, in one of `MODES`."""
    return {"action": "subscribe", "mode": mode, "symbols": [_named(key) for key in keys]}


SUBSCRIBE_ORDERS: Final[Mapping[str, str]] = {"action": "subscribe_orders"}
PING: Final[Mapping[str, str]] = {"action": "ping"}
PONG: Final = "pong"


def read(text: str | bytes, now: Moment) -> Message:
    """One message as it arrived at `now`."""
    try:
        said = read_json(text)
    except (ValueError, RecursionError):
        return Unread("not_json")
    if not isinstance(said, dict):
        return Unread("not_an_object")
    kind = said.get("type")
    if kind == "market_data":
        return _tick(said, now)
    if kind == "order_update":
        return _order(said)
    if isinstance(kind, str) or "status" in said:
        return _answer(said, kind if isinstance(kind, str) else "")
    return Unread("no_type")


def _tick(said: dict[str, Any], now: Moment) -> Tick | Unread:
    data = said.get("data")
    if not isinstance(data, dict):
        return Unread("tick_without_data")
    symbol, exchange = said.get("symbol", data.get("symbol")), said.get("exchange", data.get("exchange"))
    if not _word(symbol) or not _word(exchange):
        return Unread("tick_without_symbol")
    price = price_in(data.get("ltp"))
    if price is None:
        return Unread("tick_without_price")
    close = price_in(data.get("close"))
    stamp = made_at(data.get("timestamp"), now.at)
    return Tick(f"{exchange}:{symbol}", price, STREAM, now.at, now.mono, stamp, close)


def made_at(value: Any, at: datetime) -> datetime | None:
    """When a price that came at `at` was made; None where its stamp does not tell.

    Midnight is the stamp of a day: Upstox's plugin sends that of the day's candle, which stands still until the next.
    Of today it says nothing of when; of another day it says that the price is old.
    """
    made = moment_in(value)
    return None if made is not None and made.time() == time() and made.date() == at.date() else made


def moment_in(value: Any) -> datetime | None:
    """A moment in epoch milliseconds, or seconds where it is so small, in IST; None where it is neither."""
    number = price_in(value)
    if number is None or number >= Decimal(10) ** 14:
        return None
    seconds = number / 1000 if number >= Decimal(10) ** 11 else number
    return (EPOCH + timedelta(microseconds=int(seconds * 1_000_000))).astimezone(rc.IST)


def _order(said: dict[str, Any]) -> OrderUpdate | Unread:
    """The update as a row of an order book: what it cannot be trusted in is left out.

    A `price` is a limit only of a LIMIT or SL order, and only until it is complete.
    """
    status = str(said.get("order_status", "")).lower()
    kind = str(said.get("pricetype", "")).upper()
    limit = price_in(said.get("price")) if kind in ("LIMIT", "SL") and status != "complete" else None
    symbol, exchange = said.get("symbol"), said.get("exchange")
    if not _word(said.get("orderid")) or not _word(symbol) or not _word(exchange):
        return Unread("order_without_id_or_symbol")
    try:
        order = rc.BrokerOrder(
            id=said["orderid"],
            key=f"{exchange}:{symbol}",
            side=said.get("action"),
            quantity=said.get("quantity"),
            product=said.get("product"),
            status=STATUSES.get(status, "other"),
            price_type=kind,
            price=limit,
            trigger=price_in(said.get("trigger_price")),
            filled_quantity=said.get("filled_quantity"),
            average_price=price_in(said.get("average_price")),
            note=str(said.get("rejection_reason") or "")[:LONGEST_NOTE],
        )
    except ValueError:
        return Unread("order_not_readable")
    mode = said.get("mode")
    return OrderUpdate(order, None if mode is None else mode == "analyze")


def _answer(said: dict[str, Any], kind: str) -> Answer:
    rows = said.get("subscriptions")
    left_out = tuple(
        f"{row.get('exchange')}:{row.get('symbol')}"
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and row.get("status") == "error"
    )
    words = str(said.get("message", ""))[:LONGEST_NOTE]
    good, code = said.get("status") != "error", str(said.get("code", ""))
    return Answer(kind, good, code, words, left_out, moment_in(said.get("server_timestamp")))


def _word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _named(key: str) -> dict[str, str]:
    exchange, _, symbol = key.partition(":")
    return {"symbol": symbol, "exchange": exchange}
