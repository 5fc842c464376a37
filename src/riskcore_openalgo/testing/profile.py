"""What one broker behind OpenAlgo does differently: how it fills, what it checks, what its rows look like.

A profile is data. `SANDBOX` is OpenAlgo's own analyzer mode; the others stand behind the live mode. They say what
OpenAlgo 2.0.2.1 was seen, or read, to do (docs/fake-openalgo.md).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal, TypeAlias

from attrs import frozen

Shapes: TypeAlias = Literal["sandbox", "zerodha", "shoonya"]
Slabs: TypeAlias = tuple[tuple[Decimal, Decimal], ...]

SHARE_PROTECTION: Final[Slabs] = (
    (Decimal(100), Decimal(2)),
    (Decimal(500), Decimal(1)),
    (Decimal("Infinity"), Decimal("0.5")),
)
"""Below which price a market order of shares or futures is held to how many percent of the last price."""
OPTION_PROTECTION: Final[Slabs] = (
    (Decimal(10), Decimal(5)),
    (Decimal(100), Decimal(3)),
    (Decimal(500), Decimal(2)),
    (Decimal("Infinity"), Decimal(1)),
)
"""The same for options."""


@frozen(kw_only=True)
class Profile:
    """How orders live and what the answers look like.

    `shapes`: the family of row shapes. `validates`: symbol, lot, product, price and margin are checked before an
    order is taken (400, nothing stored). `rejects_later`: the exchange's own checks (symbol, lot, tick, freeze
    quantity, band, margin) reject an order after it was accepted with an id. `partials`: an order may fill in parts.
    `fills_at_touch`: limits meet bid and ask, not the last price. `market_as_limit`, `stop_market_as_stop`: what is
    sent as MARKET or SL-M rests as LIMIT or SL, 0.5 to 5 percent beyond the last price. `empty_on_error`: books of a
    broker that fails are empty successes. `wrong_quote_every`: each n-th quote is another instrument's (0 is never).
    `unknown_status`: a status word that the mapping does not know comes out as it is, or as the row before it.
    `cash_is_balance`: its available cash is what the day began with; margin in use and today's result are not in it.
    `gtt`, `order_feed`: whether the broker has them. `ids`: what the ids of orders are made of.
    """

    name: str
    broker: str
    shapes: Shapes
    validates: bool = False
    rejects_later: bool = False
    partials: bool = True
    fills_at_touch: bool = True
    market_as_limit: bool = False
    stop_market_as_stop: bool = False
    empty_on_error: bool = False
    wrong_quote_every: int = 0
    unknown_status: Literal["as_is", "previous_row"] = "as_is"
    cash_is_balance: bool = False
    gtt: bool = False
    ids: Literal["digits", "letters"] = "digits"
    order_feed: bool = True

    @property
    def sandbox(self) -> bool:
        """OpenAlgo's own analyzer mode: its bodies carry `mode: analyze`."""
        return self.shapes == "sandbox"


SANDBOX: Final = Profile(
    name="SANDBOX",
    broker="sandbox",
    shapes="sandbox",
    validates=True,
    partials=False,
    fills_at_touch=False,
    gtt=True,
)
"""Analyzer mode: whole fills, limits against the last price, a margin check, no exchange checks."""
LIVE: Final = Profile(name="LIVE", broker="stub", shapes="zerodha", unknown_status="previous_row")
"""The live mode as it was recorded: Zerodha's mapping over a broker that accepts everything."""
ZERODHA: Final = Profile(
    name="ZERODHA",
    broker="zerodha",
    shapes="zerodha",
    rejects_later=True,
    unknown_status="previous_row",
    cash_is_balance=True,
)
"""As LIVE, with the exchange's checks after the order was accepted, and Kite's cash."""
SHOONYA: Final = Profile(
    name="SHOONYA",
    broker="shoonya",
    shapes="shoonya",
    rejects_later=True,
    market_as_limit=True,
    stop_market_as_stop=True,
    empty_on_error=True,
    wrong_quote_every=7,
)
"""Market orders become limits, SL-M becomes SL, failures are empty successes, quotes are sometimes another's."""
LETTERS: Final = Profile(name="LETTERS", broker="stub", shapes="zerodha", rejects_later=True, ids="letters")
"""As ZERODHA, with letters in the ids of its orders; a status word that nobody knows comes out as it is."""


def protected_price(last: Decimal, side: str, *, option: bool, tick: Decimal) -> Decimal:
    """The limit that a market order becomes: `last` plus (BUY) or minus its slab, to the nearest tick."""
    pct = next(pct for below, pct in (OPTION_PROTECTION if option else SHARE_PROTECTION) if last < below)
    moved = last * (100 + pct if side == "BUY" else 100 - pct) / 100
    return (moved / tick).to_integral_value() * tick
