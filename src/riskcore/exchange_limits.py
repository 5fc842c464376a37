"""What the exchange allows of one order and of one day: slices below the freeze quantity, and price bands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from riskcore.instruments import Instrument
from riskcore.money import DOWN, HUNDRED, UP, count, exact, percent_of, positive, round_to_tick
from riskcore.overrides import Tables, covers, first_on, rows
from riskcore.table_rows import PriceBand
from riskcore.watchlists import surveillance

MOST_SLICES: Final = 10
"""Orders that brokers take in one go; also the rate the exchange allows in one second without registration."""
AUCTION: Final = "closing_auction"


def slice_quantity(instrument: Instrument) -> int | None:
    """The largest quantity one order may have: floor(freeze / lot) x lot; None without a freeze quantity.

    Source: market facts of 2026 (NIFTY: freeze 1,800, lot 65, so 1,755 an order).
    """
    if instrument.freeze_quantity is None:
        return None
    return instrument.freeze_quantity // instrument.lot_size * instrument.lot_size


def slices(quantity: Any, instrument: Instrument) -> tuple[int, ...]:
    """The quantities of the orders that a quantity is sent as: full slices first, then what is left.

    One order where no freeze quantity is known. Raises `ValueError` for a quantity that is no multiple of the lot, or
    that needs more than 10 slices, naming the largest that can be sent.

    >>> from riskcore.instruments import Instrument
    >>> nifty = Instrument(symbol="NIFTY24NOV26FUT", tick="0.1", lot_size=65, freeze_quantity=1800)
    >>> slices(3575, nifty)
    (1755, 1755, 65)
    """
    wanted = count(quantity, "quantity")
    if wanted % instrument.lot_size:
        down = wanted // instrument.lot_size * instrument.lot_size
        raise ValueError(f"quantity must be a multiple of the lot of {instrument.lot_size}, got {wanted}; try {down}")
    most = slice_quantity(instrument)
    if most is None:
        return (wanted,)
    if most == 0:
        raise ValueError(f"the freeze quantity {instrument.freeze_quantity} is below one lot of {instrument.lot_size}")
    full, left = divmod(wanted, most)
    if full + bool(left) > MOST_SLICES:
        raise ValueError(
            f"quantity must be at most {most * MOST_SLICES} ({MOST_SLICES} slices of {most}), got {wanted}"
        )
    return (most,) * full + ((left,) if left else ())


def cut(quantity: int, instrument: Instrument) -> tuple[int, ...]:
    """The quantities of the orders that shares leave or are protected with: as `slices`, and never refused.

    What is held is held: an odd number of shares, or more than ten orders can carry, leaves all the same. Where the
    freeze quantity is below one lot nothing can be cut, and it is one order.

    >>> from riskcore.instruments import Instrument
    >>> cut(25, Instrument(symbol="X", tick=1, lot_size=2, freeze_quantity=11))
    (10, 10, 5)
    """
    most = slice_quantity(instrument)
    if not most or quantity <= most:
        return (quantity,)
    full, left = divmod(quantity, most)
    return (most,) * full + ((left,) if left else ())


def largest_quantity_sent(instrument: Instrument) -> int | None:
    """What 10 slices come to; None without a freeze quantity."""
    most = slice_quantity(instrument)
    return None if most is None else most * MOST_SLICES


def band_pct(
    instrument: Instrument, *, on: date, phase: str = "continuous", tables: Tables | None = None
) -> Decimal | None:
    """How far the price may move from its reference, in percent; None where nobody has said.

    A user's row for the symbol comes first. A share with derivatives has the dynamic 10 %, a trade-for-trade share
    5 %; in the closing auction all have 3 % of the auction's reference. What other shares have (2, 5, 10 or 20 %) is in
    the exchange's daily list, so unknown without a user's file; so are the bands of contracts.
    """
    if instrument.segment != "EQ":
        return None
    group = "derivatives_listed" if instrument.derivatives_listed else "other"
    about = (instrument.exchange, instrument.symbol, instrument.series, AUCTION if phase == AUCTION else group)
    return _band(about, on, tables)


@exact
def price_band(
    instrument: Instrument,
    previous_close: Any,
    *,
    on: date,
    phase: str = "continuous",
    tables: Tables | None = None,
) -> tuple[Decimal, Decimal] | None:
    """The lowest and highest price an order may have: reference x (1 -+ band / 100), both rounded inwards to the tick.

    `previous_close` is the reference in rupees: the previous close, or in the closing auction the average of 15:00 to
    15:15. None where the band is unknown (`band_pct`).

    >>> from datetime import date
    >>> price_band(Instrument(symbol="INFY", tick="0.1"), 1501.25, on=date(2026, 11, 20))
    (Decimal('1351.2'), Decimal('1651.3'))
    """
    percent = band_pct(instrument, on=on, phase=phase, tables=tables)
    if percent is None:
        return None
    reference = positive(previous_close, "previous_close")
    low = round_to_tick(percent_of(reference, HUNDRED - percent), instrument.tick, UP)
    high = round_to_tick(percent_of(reference, HUNDRED + percent), instrument.tick, DOWN)
    return max(low, instrument.tick), high


@lru_cache(maxsize=4096)
def _band(about: tuple[str, str, str, str], on: date, tables: Tables | None) -> Decimal | None:
    exchange, symbol, series, group = about
    if group != AUCTION:
        own = () if tables is None else tables.bands
        for row in own:
            if row.symbol == symbol and row.exchange == exchange and covers(row, on):
                return row.band_pct
        if surveillance(symbol, on=on, series=series, tables=tables).netting is False:
            group = "trade_for_trade"
    found: PriceBand | None = first_on(rows("bands", tables), on, exchange, group)
    return None if found is None else found.band_pct
