"""The calls that read the market and OpenAlgo's tables."""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from typing import Any, Final

import riskcore as rc
from riskcore_openalgo.testing.answers import shapes
from riskcore_openalgo.testing.answers.answer import Answer, data, no_data
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.market import key_of

HOURS: Final = {
    "NSE": (time(9, 15), time(15, 30)),
    "BSE": (time(9, 15), time(15, 30)),
    "NFO": (time(9, 15), time(15, 40)),
    "BFO": (time(9, 15), time(15, 40)),
    "MCX": (time(9, 0), time(23, 55)),
    "BCD": (time(9, 0), time(17, 0)),
    "CDS": (time(9, 0), time(17, 0)),
    "NCO": (time(9, 0), time(23, 55)),
    "CRYPTO": (time(0, 0), time(23, 59, 59)),
}
"""The default hours that OpenAlgo gives for any weekday, also of years it has no holidays for."""


def _unknown(exchange: str, symbol: str) -> str:
    return (
        f"Symbol '{symbol}' not found for exchange '{exchange}'. "
        "Please verify the symbol name and ensure master contracts are downloaded."
    )


def _key(broker: FakeBroker, values: dict[str, Any]) -> tuple[str, Answer | None]:
    """The symbol asked for, and the answer where it cannot be served."""
    key = key_of(values["exchange"], values["symbol"])
    if key not in broker.market.contracts:
        return key, no_data(400, _unknown(values["exchange"], values["symbol"]))
    return key, no_data(500, broker.data_fails) if broker.data_fails else None


def quotes(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """One quote, without a time."""
    key, wrong = _key(broker, values)
    return wrong or data(shapes.quote_row(broker.seen("quotes", key)))


def multiquotes(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Many quotes under `results`: unknown symbols first, repetitions kept."""
    bad, good = [], []
    for wanted in values["symbols"]:
        key = key_of(wanted["exchange"], wanted["symbol"])
        if key not in broker.market.contracts:
            bad.append({**wanted, "error": _unknown(wanted["exchange"], wanted["symbol"])})
        else:
            good.append((wanted, key))
    if not good:
        return no_data(400, bad[0]["error"], invalid_symbols=bad)
    if broker.data_fails:
        return no_data(500, broker.data_fails)
    served = [{**wanted, "data": shapes.quote_row(broker.seen("multiquotes", key))} for wanted, key in good]
    return Answer(200, {"status": "success", "results": [*bad, *served]})


def depth(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Five levels a side."""
    key, wrong = _key(broker, values)
    if wrong:
        return wrong
    quote = broker.seen("depth", key)
    bids, asks = shapes.depth_levels(quote, broker.market.tick_of(key))
    row = shapes.quote_row(quote)
    kept = {name: row[name] for name in ("high", "low", "ltp", "oi", "open", "prev_close", "volume")}
    return data({**kept, "asks": asks, "bids": bids, "ltq": 10, "totalbuyqty": 1500, "totalsellqty": 1500})


def history(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Bars of whole days; what there is none of is an empty success."""
    key, wrong = _key(broker, values)
    if wrong:
        return wrong
    interval = values["interval"]
    if values["source"] == "db":
        words = f"No data found for {values['symbol']}:{values['exchange']} interval {interval} in local database."
        return no_data(404, f"{words} Download data first using Historify.")
    if interval not in broker.intervals:
        return no_data(500, f"Unsupported timeframe: {interval}")
    bars = broker.market.bars(key, interval)
    return data([_bar(bar, interval) for bar in bars if _within(bar, values["start_date"], values["end_date"])])


def _within(bar: rc.Bar, first: date, last: date) -> bool:
    return first <= bar.at.astimezone(rc.IST).date() <= last


def _bar(bar: rc.Bar, interval: str) -> dict[str, Any]:
    at = bar.at
    if interval == "D":
        # A day bears the midnight of its date as if it were UTC.
        at = datetime.combine(at.astimezone(rc.IST).date(), time(0), timezone.utc)
    prices = {name: float(getattr(bar, name)) for name in ("open", "high", "low", "close")}
    return {**prices, "oi": 0, "timestamp": int(at.timestamp()), "volume": bar.volume}


def symbol(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """One row of the symbol table."""
    contract = broker.market.contracts.get(key_of(values["exchange"], values["symbol"]))
    if contract is None:
        return no_data(404, f"Symbol {values['symbol']} not found in exchange {values['exchange']}")
    return data({**shapes.contract_row(contract), "id": contract.number})


def search(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Rows whose name has the text in it; none is a success."""
    if not values["query"]:
        return no_data(400, "Query parameter is required and cannot be empty")
    rows = [shapes.contract_row(contract) for contract in broker.market.found(values["query"], values["exchange"])]
    return data(rows, message=f"Found {len(rows)} matching symbols" if rows else "No matching symbols found")


def instruments(broker: FakeBroker, exchange: str) -> Answer:
    """The symbol table of one exchange."""
    rows = [shapes.contract_row(row) for row in broker.market.contracts.values() if row.exchange == exchange]
    for row in rows:
        del row["freeze_qty"]
    return data(rows, message=f"Found {len(rows)} instruments")


def intervals(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """What the broker has bars of."""
    families = {"days": "D", "hours": "h", "minutes": "m", "months": "M", "seconds": "s", "weeks": "W"}
    return data({name: [one for one in broker.intervals if one.endswith(mark)] for name, mark in families.items()})


def expiry(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """Expiry dates of an underlying, soonest first; none is a success."""
    kinds = {"FUT"} if values["instrumenttype"] == "futures" else {"CE", "PE"}
    name, exchange = values["symbol"], values["exchange"]
    rows = broker.market.contracts.values()
    found = {row.expiry for row in rows if (row.name, row.exchange) == (name, exchange) and row.kind in kinds}
    dates = sorted(found, key=lambda text: datetime.strptime(text, "%d-%b-%y").replace(tzinfo=rc.IST))
    what = f"{name} {values['instrumenttype']} in {exchange}"
    words = f"Found {len(dates)} expiry dates for {what}" if dates else f"No expiry dates found for {what}"
    return data(dates, message=words)


def holidays(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """The holidays a test gave; a year without any is an empty success."""
    year = values["year"] or broker.clock().astimezone(rc.IST).year
    return data(broker.holidays.get(year, []), timezone="Asia/Kolkata", year=year)


def timings(broker: FakeBroker, values: dict[str, Any]) -> Answer:
    """The hours of a day in epoch milliseconds; on a holiday only what is open then, at weekends crypto."""
    try:
        day = date.fromisoformat(values["date"])
    except ValueError:
        return no_data(400, "Invalid date format. Use YYYY-MM-DD")
    holiday = next((row for row in broker.holidays.get(day.year, []) if row["date"] == day.isoformat()), None)
    if holiday is not None:
        return data(holiday["open_exchanges"])
    open_then = HOURS if day.weekday() < 5 else {"CRYPTO": HOURS["CRYPTO"]}
    return data(
        [
            {"exchange": exchange, "start_time": _ms(day, opens), "end_time": _ms(day, closes)}
            for exchange, (opens, closes) in open_then.items()
        ]
    )


def _ms(day: date, at: time) -> int:
    return int(datetime.combine(day, at, rc.IST).timestamp() * 1000)
