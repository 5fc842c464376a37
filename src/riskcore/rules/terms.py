"""What a policy, the calendar and the tables say of entries in one instrument on one day, whatever is seen there.

Most signals that follow each other come under the same terms: what follows from these alone is worked out once.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from attrs import frozen

from riskcore.instruments import OPT, Instrument, margin_pct
from riskcore.money import percent_of
from riskcore.policy import Policy
from riskcore.sessions import CalendarUnknown, Session, session_on
from riskcore.signals import BUY, Market, Signal


@frozen
class Terms:
    """What entries come under: the policy, what is to be entered on which side and day, and what follows for them all.

    `session` is None where the exchange is closed, and where the calendar does not tell, of which `calendar_problem`
    says why. `margin_pct` is the margin of the product in percent of value; None where no table knows it: then
    `lot_margin` is what the broker asks for a lot in rupees, where it was asked. `margins` is all that it told.
    """

    policy: Policy
    instrument: Instrument
    product: str
    side: str
    day: date
    session: Session | None
    calendar_problem: str | None
    margin_pct: Decimal | None
    lot_margin: Decimal | None = None
    margins: tuple[tuple[str, str, str, Decimal], ...] = ()


LEAST_PCT: Final = Decimal(1)
"""Less of a sold option's strike than this can be no margin: the part that is called exposure alone is more."""
_LATEST: Final[list[Terms | None]] = [None]
"""The terms that were asked for last; whoever writes them at the same time writes terms that are as right."""


def terms_of(signal: Signal, market: Market, policy: Policy) -> Terms:
    """The terms that an entry comes under; the very same ones as long as the same are asked for."""
    instrument, product, side, day = market.instrument, signal.product, signal.side, market.at.date()
    known = _LATEST[0]
    if (
        known is None
        or known.policy is not policy
        or known.instrument is not instrument
        or known.day != day
        or known.side != side
        or known.product != product
        or known.margins is not market.margins
    ):
        known = _LATEST[0] = _worked_out(policy, market, product, side, day)
    return known


def margin_of(
    instrument: Instrument, product: str, side: str, value: Decimal, quantity: int, terms: Terms, market: Market
) -> Decimal | None:
    """The margin of so much, in rupees: by the rate of a table, else so many lots of what the broker asks for one.

    A bought option is paid in full, whatever is told. None where neither is known.
    """
    rate = margin_pct(instrument, product, on=terms.day, side=side, tables=terms.policy.tables)
    if rate is not None:
        return percent_of(value, rate)
    told = _told(instrument, product, side, market)
    if told is None:
        return None
    asked = told * quantity / instrument.lot_size
    return max(asked, value) if side == BUY and instrument.segment == OPT else asked


def _told(instrument: Instrument, product: str, side: str, market: Market) -> Decimal | None:
    """What the broker asks for a lot; None where it told nothing, or of a sold option next to nothing.

    Of an option that is sold a plugin may tell the premium alone, or a rupee: nobody lends so much on so little.
    """
    told = market.lot_margin(instrument.key, product, side)
    if told is None or side == BUY or instrument.strike is None:
        return told
    return told if told >= percent_of(instrument.strike, LEAST_PCT) * instrument.lot_size else None


def session_for(day: date, instrument: Instrument, product: str, policy: Policy) -> Session | None:
    """The session of a day as entries under a policy have it: `session_on` with the policy's own times."""
    return session_on(
        day,
        instrument,
        product,
        no_entry_before=policy.no_entry_before,
        no_entry_after=policy.no_entry_after,
        square_off_at=policy.square_off_at,
        leave_before_min=policy.time_stop_before_square_off_min,
        tables=policy.tables,
    )


def _worked_out(policy: Policy, market: Market, product: str, side: str, day: date) -> Terms:
    instrument, session, problem = market.instrument, None, None
    try:
        session = session_for(day, instrument, product, policy)
    except CalendarUnknown as unknown:
        problem = str(unknown)
    margin = margin_pct(instrument, product, on=day, side=side, tables=policy.tables)
    told = _told(instrument, product, side, market) if margin is None else None
    return Terms(policy, instrument, product, side, day, session, problem, margin, told, market.margins)
