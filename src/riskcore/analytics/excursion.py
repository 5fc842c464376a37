"""How far a trade went against its owner, and for him, while it was open (J. Sweeney's MAE and MFE).

From the extremes of the prices seen. A fill that dates from inside a span of prices, as on bars, left at its level:
what lies beyond that level was not lived through and does not count. The other extreme of that bar does, for a bar
does not tell the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from attrs import frozen

from riskcore.analytics.samples import mean
from riskcore.analytics.trade import Trade
from riskcore.money import ZERO, exact
from riskcore.signals import sign


@exact
def adverse(trade: Trade) -> Decimal | None:
    """Maximum adverse excursion in rupees a share, never below 0: sign x (entry - worst price).

    None where it was not recorded.
    """
    if trade.worst_price is None:
        return None
    return max(ZERO, sign(trade.side) * (trade.entry_price - trade.worst_price))


@exact
def favourable(trade: Trade) -> Decimal | None:
    """Maximum favourable excursion in rupees a share, never below 0: sign x (best price - entry).

    None where it was not recorded.
    """
    if trade.best_price is None:
        return None
    return max(ZERO, sign(trade.side) * (trade.best_price - trade.entry_price))


@exact
def adverse_r(trade: Trade) -> Decimal | None:
    """MAE in R: over |entry - initial stop|. None where it was not recorded, or the trade had no stop."""
    return _in_r(adverse(trade), trade)


@exact
def favourable_r(trade: Trade) -> Decimal | None:
    """MFE in R: over |entry - initial stop|. None where it was not recorded, or the trade had no stop."""
    return _in_r(favourable(trade), trade)


@frozen(kw_only=True)
class Excursions:
    """Averages over trades, in R; None where no trade shows it.

    `winners_mae_r` says how far good trades went wrong first (stops nearer than that cut them off), `losers_mfe_r`
    how far bad ones were right first, `given_back_r` = mean(MFE - gross result) in R.
    """

    count: int
    mae_r: Decimal | None
    mfe_r: Decimal | None
    winners_mae_r: Decimal | None
    losers_mfe_r: Decimal | None
    given_back_r: Decimal | None


@exact
def excursions(trades: Sequence[Trade]) -> Excursions:
    """MAE and MFE averaged over the trades that show them; `count` says how many do."""
    seen = [
        (trade.net, against, for_us, for_us - trade.gross / (trade.risk * trade.quantity))
        for trade in trades
        if trade.risk and (against := adverse_r(trade)) is not None and (for_us := favourable_r(trade)) is not None
    ]
    return Excursions(
        count=len(seen),
        mae_r=mean([against for _, against, _, _ in seen]),
        mfe_r=mean([for_us for _, _, for_us, _ in seen]),
        winners_mae_r=mean([against for net, against, _, _ in seen if net > 0]),
        losers_mfe_r=mean([for_us for net, _, for_us, _ in seen if net < 0]),
        given_back_r=mean([back for _, _, _, back in seen]),
    )


def _in_r(distance: Decimal | None, trade: Trade) -> Decimal | None:
    return distance / trade.risk if distance is not None and trade.risk else None
