"""The market behind the fake broker: contracts, quotes, bars. Prices move when a test says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from attrs import evolve, frozen

import riskcore as rc

DERIVATIVE: Final = re.compile(
    r"(?P<name>.+?)(?P<expiry>\d{2}[A-Z]{3}\d{2})(?P<strike>\d+(?:\.\d+)?)?(?P<kind>FUT|CE|PE)"
)
INTERVALS: Final = ("1m", "3m", "5m", "10m", "15m", "30m", "1h", "D")


@frozen
class Contract:
    """One row of OpenAlgo's symbol table. `freeze` 1 is OpenAlgo's way of saying that none is known."""

    exchange: str
    symbol: str
    lot: int
    tick: Decimal
    freeze: int
    number: int
    name: str
    kind: str
    expiry: str
    strike: Decimal

    @property
    def key(self) -> str:
        """`NSE:RELIANCE`."""
        return f"{self.exchange}:{self.symbol}"

    @property
    def option(self) -> bool:
        """A call or a put."""
        return self.kind in {"CE", "PE"}


@frozen
class Quote:
    """What the market shows of one symbol."""

    last: Decimal
    bid: Decimal
    ask: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    prev_close: Decimal
    volume: int
    oi: int

    @property
    def coherent(self) -> bool:
        """Whether the last price lies inside its own day range; the sandbox fills nothing while it does not."""
        return self.low <= self.last <= self.high

    def touch(self, side: str) -> Decimal:
        """Where a market order of this side trades; the last price where nobody is quoted."""
        price = self.ask if side == "BUY" else self.bid
        return price if price > 0 else self.last

    def at(self, last: Decimal) -> Quote:
        """The same market, moved to a new last price."""
        return evolve(
            self,
            last=last,
            bid=last - (self.last - self.bid) if self.bid > 0 else self.bid,
            ask=last + (self.ask - self.last) if self.ask > 0 else self.ask,
            high=max(self.high, last),
            low=min(self.low, last),
        )


_ZERO: Final = Decimal(0)
NOTHING: Final = Quote(_ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, 0, 0)


def key_of(exchange: str, symbol: str) -> str:
    """`NSE:RELIANCE`."""
    return f"{exchange}:{symbol}"


def split_key(key: str) -> tuple[str, str]:
    """`("NSE", "RELIANCE")`; a key without an exchange is refused."""
    exchange, colon, symbol = key.partition(":")
    if not (colon and exchange and symbol):
        raise ValueError(f"a symbol is written with its exchange, as in NSE:RELIANCE; got {key!r}")
    return exchange, symbol


class Market:
    """Every contract, its quote, its bars. `depth`: how many shares of a symbol trade at one look; without, all."""

    def __init__(self) -> None:
        self.contracts: dict[str, Contract] = {}
        self.quotes: dict[str, Quote] = {}
        self.first_seen: dict[str, Quote] = {}
        self.bands: dict[str, tuple[Decimal, Decimal]] = {}
        self.depth: dict[str, int] = {}
        self._bars: dict[tuple[str, str], tuple[rc.Bar, ...]] = {}

    def list_contract(self, key: str, *, lot: int = 1, tick: Decimal = Decimal("0.05"), freeze: int = 1) -> Contract:
        """Enter a symbol, or replace its row; kind, expiry and strike are read from its name."""
        exchange, symbol = split_key(key)
        known = self.contracts.get(key)
        match = DERIVATIVE.fullmatch(symbol)
        kind = match["kind"] if match else "INDEX" if exchange.endswith("_INDEX") else "EQ"
        self.contracts[key] = Contract(
            exchange=exchange,
            symbol=symbol,
            lot=lot,
            tick=tick,
            freeze=freeze,
            number=known.number if known else len(self.contracts) + 1,
            name=match["name"] if match else symbol,
            kind=kind,
            expiry=f"{match['expiry'][:2]}-{match['expiry'][2:5]}-{match['expiry'][5:]}" if match else "",
            strike=Decimal(match["strike"] or 0) if match else Decimal(0),
        )
        return self.contracts[key]

    def set_quote(self, key: str, quote: Quote) -> None:
        """Show another market; a symbol not entered yet is entered with lot 1 and a tick of 0.05."""
        if key not in self.contracts:
            self.list_contract(key)
        self.quotes[key] = quote
        self.first_seen.setdefault(key, quote)

    def quote(self, key: str) -> Quote:
        """The quote, all zeros where nobody ever set one."""
        return self.quotes.get(key, NOTHING)

    def another(self, key: str) -> Quote:
        """The quote of the next symbol in the list: what a broker that mixes up instruments answers."""
        keys = list(self.quotes)
        if key not in keys or len(keys) == 1:
            return self.quote(key)
        return self.quotes[keys[(keys.index(key) + 1) % len(keys)]]

    def tick_of(self, key: str) -> Decimal:
        """The tick, 0.05 for what is not listed."""
        contract = self.contracts.get(key)
        return contract.tick if contract else Decimal("0.05")

    def set_bars(self, key: str, interval: str, bars: Iterable[rc.Bar]) -> None:
        """Keep the bars that `history` serves."""
        if key not in self.contracts:
            self.list_contract(key)
        self._bars[key, interval] = tuple(sorted(bars, key=lambda bar: bar.at))

    def bars(self, key: str, interval: str) -> tuple[rc.Bar, ...]:
        """The bars given for this symbol and interval, oldest first."""
        return self._bars.get((key, interval), ())

    def found(self, query: str, exchange: str | None) -> Iterator[Contract]:
        """Rows whose symbol or name has the query in it, in the order they were listed."""
        for contract in self.contracts.values():
            if exchange in {None, contract.exchange} and query.upper() in f"{contract.symbol} {contract.name}":
                yield contract
