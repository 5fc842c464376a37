"""What is traded on a simulated day: shares, and on some days contracts in their stead."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

INTRADAY, DELIVERY, CARRIED = PRODUCTS = "MIS", "CNC", "NRML"


@frozen(kw_only=True)
class Traded:
    """A symbol of a day as the exchange lists it, with the price at which it begins; `freeze` 1 is none known.

    Where a share moves by one per cent, it moves by `gearing`: an option's premium by many.
    """

    symbol: str
    start: Decimal
    exchange: str = "NSE"
    tick: Decimal = Decimal("0.10")
    lot: int = 1
    freeze: int = 1
    expiry: date | None = None
    gearing: int = 1

    @property
    def key(self) -> str:
        """`NSE:RELIANCE`."""
        return f"{self.exchange}:{self.symbol}"

    @property
    def is_contract(self) -> bool:
        """Whether it is a future or an option."""
        return self.expiry is not None

    def on_tick(self, price: Decimal) -> Decimal:
        """The nearest price that can be asked for."""
        return (price / self.tick).to_integral_value() * self.tick

    def lots(self, quantity: int) -> int:
        """The whole lots in so many, and one at least."""
        return max(quantity // self.lot, 1) * self.lot

    def slices(self, quantity: int) -> tuple[int, ...]:
        """The orders that so many are sent as by somebody's hand: none is above the freeze quantity."""
        most = self.freeze // self.lot * self.lot if self.freeze > 1 else quantity
        full, left = divmod(quantity, most)
        return (most,) * full + ((left,) if left else ())


SHARES: Final = tuple(
    Traded(symbol=symbol, start=Decimal(start))
    for symbol, start in (("RELIANCE", 1400), ("INFY", 1500), ("TCS", 3000), ("SBIN", 800))
)
ELSEWHERE: Final = Traded(symbol="ITC", start=Decimal(400))
"""A share that nobody here trades but by hand."""


def contracts(expiry: date) -> tuple[Traded, ...]:
    """Futures and options of an expiry, each in the place of a share; lots and freeze quantities are those of 2026."""
    about = f"{expiry:%d%b%y}".upper()
    common: dict[str, Any] = {"exchange": "NFO", "expiry": expiry}
    nifty, bank = {**common, "lot": 65, "freeze": 1800}, {**common, "lot": 30, "freeze": 600}
    option: dict[str, Any] = {"tick": Decimal("0.05"), "gearing": 30}
    return (
        Traded(symbol=f"NIFTY{about}FUT", start=Decimal(26000), **nifty),
        Traded(symbol=f"BANKNIFTY{about}FUT", start=Decimal(58000), **bank),
        Traded(symbol=f"NIFTY{about}26000CE", start=Decimal(300), **option, **nifty),
        Traded(symbol=f"BANKNIFTY{about}58000PE", start=Decimal(650), **option, **bank),
    )
