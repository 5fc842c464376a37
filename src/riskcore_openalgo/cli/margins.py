"""`riskcore margins`: what the broker asks of futures now, as rows for a table of one's own.

SPAN changes by the hour, so that no shipped table has it: a backtest refuses a future without a rate.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import ROUND_UP, Decimal
from typing import Final

import attrs

import riskcore as rc
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.live import api_key_of
from riskcore_openalgo.client import Client, InstrumentCache, OrderWanted, ReadFailed
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.config import Settings, load_settings
from riskcore_openalgo.config.checks import watched

FUTURE: Final = "FUT"
PRODUCTS: Final = ("MIS", "NRML")
SIDES: Final = (rc.BUY, rc.SELL)
GRAIN: Final = Decimal("0.01")


@attrs.frozen(kw_only=True)
class Rate:
    """A row of the table `margins`: what a product asks, in percent of value, of every future on an underlying."""

    exchange: str
    segment: str
    product: str
    symbol: str
    margin_pct: Decimal
    since: date
    source: str


def run(arguments: argparse.Namespace, *, clock: Callable[[], datetime] = now_in_ist) -> int:
    """Print the rows of the futures that are named, or else of those that are watched."""
    settings = load_settings(arguments.config)
    access, today = settings.credentials.openalgo, clock().date()
    key = api_key_of(settings)
    if not key:
        raise ValueError("there is no API key: api_key: in api_credentials.yaml, or OPENALGO_API_KEY")
    with Client(access.host, key, ws_url=access.ws_url) as client:
        try:
            rates = list(_largest(_rates(client, _futures(client, settings, arguments.keys, today), today)))
        except ReadFailed as problem:
            raise ValueError(str(problem)) from problem
    say(arguments, {"margins": rates}, _csv(rates))
    return 0


def _futures(client: Client, settings: Settings, asked: Iterable[str], today: date) -> list[rc.Instrument]:
    cache = InstrumentCache(client, tables=settings.policy.tables, given=settings.system.instruments)
    given = watched(asked)
    found = [cache.instrument(*split_key(key), today) for key in given or settings.named]
    other = next((thing for thing in found if given and thing.segment != FUTURE), None)
    if other is not None:
        raise ValueError(
            f"{other.key} is no future: rates of shares and bought options are shipped, and what a sold option asks "
            "is no percentage of its premium"
        )
    futures = [thing for thing in found if thing.segment == FUTURE]
    if not futures:
        raise ValueError(
            "no future is watched: name some (riskcore margins NFO:NIFTY29DEC26FUT), or list them in watch:"
        )
    return futures


def _rates(client: Client, futures: Iterable[rc.Instrument], today: date) -> Iterator[Rate]:
    broker = client.broker() or "not told"
    for thing in futures:
        last = client.quote(thing.exchange, thing.symbol).last
        if last is None:
            raise ValueError(f"{thing.key} has no price now; ask while it trades")
        for product in PRODUCTS:
            yield Rate(
                exchange=thing.exchange,
                segment=thing.segment,
                product=product,
                symbol=thing.underlying or thing.symbol,
                margin_pct=_percent(client, thing, product, last),
                since=today,
                source=f"OpenAlgo's margin call, broker {broker}, {thing.symbol} at {last}",
            )


def _percent(client: Client, thing: rc.Instrument, product: str, last: Decimal) -> Decimal:
    """The margin of one lot in percent of its value, of the side that asks more, rounded up."""
    lots = (
        OrderWanted(thing.exchange, thing.symbol, side, thing.lot_size, product, "LIMIT", price=last) for side in SIDES
    )
    most = max(client.margin([lot]).total for lot in lots)
    if most <= 0:
        raise ValueError(
            f"{thing.key}: OpenAlgo told a margin of {most}, so the broker has none for it now; ask again later"
        )
    return (most / (last * thing.lot_size) * 100).quantize(GRAIN, ROUND_UP)


def _largest(rates: Iterable[Rate]) -> Iterator[Rate]:
    """One row for each underlying and product: that of the month that asks most."""
    most: dict[tuple[str, str, str], Rate] = {}
    for rate in rates:
        about = rate.exchange, rate.symbol, rate.product
        if about not in most or rate.margin_pct > most[about].margin_pct:
            most[about] = rate
    yield from most.values()


def _csv(rates: list[Rate]) -> str:
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    names = [each.name for each in attrs.fields(Rate)]
    rows.writerow(names)
    rows.writerows([getattr(rate, name) for name in names] for rate in rates)
    return written.getvalue().rstrip("\n")
