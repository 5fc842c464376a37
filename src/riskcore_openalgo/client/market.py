"""Market data as values: quotes, depth, bars, and what the contract master says of a symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.client import fields
from riskcore_openalgo.client.failures import REJECTED, UNKNOWN, ReadFailed
from riskcore_openalgo.client.money_rows import mapping
from riskcore_openalgo.client.reply import plain_words

BY_THE_DAY: Final = ("D", "W", "M", "Q", "Y")
"""Intervals of the day and longer: their bars are stamped with a date. OpenAlgo writes them so."""
IST_AHEAD: Final = timedelta(hours=5, minutes=30)
NO_FREEZE_KNOWN: Final = 1


@frozen(kw_only=True)
class Quote:
    """A quote of an instrument. The answer carries neither its time nor its symbol: `asked_at` and `key` are ours.

    A price of 0 or below is None; `last` is always there. `volume` is None where it is not told. A bid that is the ask,
    too, is neither: they would have traded, and some plugins tell the last price where nobody bids or offers.
    """

    key: str
    last: Decimal
    asked_at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    volume: int | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """What contradicts itself in it. A quote with doubts may be another instrument's, or of another day."""
        found = []
        if self.low is not None and self.last < self.low:
            found.append(f"last {self.last} is below the day's low {self.low}")
        if self.high is not None and self.last > self.high:
            found.append(f"last {self.last} is above the day's high {self.high}")
        if self.bid is not None and self.ask is not None and self.bid > self.ask:
            found.append(f"bid {self.bid} is above ask {self.ask}")
        return tuple(found)


@frozen
class Level:
    """One price of a depth, and the shares that wait there."""

    price: Decimal
    quantity: int


@frozen(kw_only=True)
class Depth:
    """The best prices on both sides, the best first; sides may be empty. `asked_at` as in `Quote`."""

    key: str
    asked_at: datetime
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    last: Decimal | None = None


@frozen(kw_only=True)
class SymbolInfo:
    """What the broker's contract master says of a symbol: price step in rupees, quantity step, largest order.

    `freeze_quantity` is None where the master has none (OpenAlgo writes 1); `expiry` and `strike` where it is no
    contract. `instrument_type` is the master's word: EQ, FUT, CE, PE, INDEX and others.
    """

    exchange: str
    symbol: str
    tick: Decimal
    lot_size: int
    freeze_quantity: int | None
    expiry: date | None
    strike: Decimal | None
    instrument_type: str
    token: str
    name: str
    broker_symbol: str

    @property
    def key(self) -> str:
        """Exchange and symbol, `NSE:RELIANCE`."""
        return f"{self.exchange}:{self.symbol}"


def quote(key: str, data: Any, asked_at: datetime) -> Quote:
    """A quote; `ReadFailed` where it has no last price."""
    what = f"quotes {key}"
    row = mapping(what, data)
    last = fields.price(row.get("ltp"))
    if last is None:
        raise ReadFailed(what, f"data.ltp must be a price above 0, got {row.get('ltp')!r}", UNKNOWN)
    bid, ask = fields.price(row.get("bid")), fields.price(row.get("ask"))
    if bid == ask:
        bid = ask = None
    return Quote(
        key=key,
        last=last,
        asked_at=asked_at,
        bid=bid,
        ask=ask,
        open=fields.price(row.get("open")),
        high=fields.price(row.get("high")),
        low=fields.price(row.get("low")),
        previous_close=fields.price(row.get("prev_close")),
        volume=fields.whole(row.get("volume")),
    )


def several(keys: Iterable[str], items: Any, asked_at: datetime) -> dict[str, Quote | ReadFailed]:
    """The quotes of several instruments by their keys; one that was refused or left out is a `ReadFailed`."""
    found: dict[str, Quote | ReadFailed] = {}
    for item in items if isinstance(items, list) else ():
        key = fields.key_of(item) if isinstance(item, Mapping) else ""
        if not key:
            continue
        if item.get("data") is None:
            words = fields.text(item.get("error")) or "no data"
            found.setdefault(key, ReadFailed(f"multiquotes {key}", plain_words(words), REJECTED))
            continue
        try:
            found[key] = quote(key, item["data"], asked_at)
        except ReadFailed as problem:
            found.setdefault(key, problem)
    missing = ReadFailed("multiquotes", "the answer leaves it out", UNKNOWN)
    return {key: found.get(key, ReadFailed(f"multiquotes {key}", missing.why, missing.error)) for key in keys}


def depth(key: str, data: Any, asked_at: datetime) -> Depth:
    """The depth; `ReadFailed` where a side is not there at all."""
    what = f"depth {key}"
    row = mapping(what, data)
    return Depth(
        key=key,
        asked_at=asked_at,
        bids=_levels(what, row, "bids"),
        asks=_levels(what, row, "asks"),
        last=fields.price(row.get("ltp")),
    )


def _levels(what: str, row: Mapping[str, Any], side: str) -> tuple[Level, ...]:
    """The levels with a price and shares; brokers fill up to five with zeroes."""
    if not isinstance(row.get(side), list):
        raise ReadFailed(what, f"data.{side} is missing", UNKNOWN)
    items = [item for item in row[side] if isinstance(item, Mapping)]
    pairs = ((fields.price(item.get("price")), fields.whole(item.get("quantity"))) for item in items)
    return tuple(Level(price, count) for price, count in pairs if price is not None and count is not None and count > 0)


def bars(what: str, frame: Any, interval: str) -> tuple[rc.Bar, ...]:
    """The rows of the SDK's DataFrame as bars stamped with their start in IST, oldest first.

    A bar that is none (a price of 0 or NaN, a high below its close) is a `ReadFailed` that names it. A row without any
    price is left out, for nothing traded then; of two rows of one day the later counts, as some plugins add today's.
    """
    columns = ("open", "high", "low", "close", "volume")
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ReadFailed(what, f"column {missing[0]} is missing", UNKNOWN)
    found: dict[datetime, rc.Bar] = {}
    rows = zip(frame.index, *(frame[name] for name in columns), strict=True)
    for stamp, open_, high, low, close, volume in rows:
        if not any(fields.amount(price) for price in (open_, high, low, close)):
            continue
        try:
            at = _started(stamp.to_pydatetime(), interval)
            found[at] = rc.Bar(at=at, open=open_, high=high, low=low, close=close, volume=volume)
        except (ValueError, AttributeError) as problem:
            raise ReadFailed(what, f"bar of {stamp}: {plain_words(str(problem))}", UNKNOWN) from None
    return tuple(found.values())


def _started(stamp: datetime, interval: str) -> datetime:
    """When a bar began, in IST. A stamp without a zone is UTC; a bar of a day begins at midnight in India.

    Brokers stamp a day with midnight of UTC or with midnight of India, which is 18:30 of UTC on the day before.
    """
    began = stamp.astimezone(rc.IST) if stamp.tzinfo else (stamp + IST_AHEAD).replace(tzinfo=rc.IST)
    return datetime.combine(began.date(), time(), tzinfo=rc.IST) if interval[-1:] in BY_THE_DAY else began


def symbol_info(what: str, data: Any) -> SymbolInfo:
    """What the contract master says; `ReadFailed` where tick, lot, symbol or exchange are missing."""
    row = mapping(what, data)
    tick, lot = fields.price(row.get("tick_size")), fields.whole(row.get("lotsize"))
    freeze = fields.whole(row.get("freeze_qty"))
    key = fields.key_of(row)
    for name, known in (("symbol or exchange", key), ("tick_size", tick), ("lotsize", lot)):
        if not known or (name == "lotsize" and lot is not None and lot < 1):
            raise ReadFailed(what, f"data.{name} is missing or is no number above 0", UNKNOWN)
    assert tick is not None
    assert lot is not None
    exchange, symbol = fields.split_key(key)
    return SymbolInfo(
        exchange=exchange,
        symbol=symbol,
        tick=tick,
        lot_size=lot,
        freeze_quantity=freeze if freeze is not None and freeze > NO_FREEZE_KNOWN else None,
        expiry=fields.day_of(row.get("expiry")),
        strike=fields.price(row.get("strike")),
        instrument_type=fields.text(row.get("instrumenttype")).upper(),
        token=fields.identity(row.get("token")),
        name=fields.text(row.get("name")),
        broker_symbol=fields.text(row.get("brsymbol")),
    )
