"""Contracts at their expiry, on paper and in a backtest, where no broker settles them: in cash, or told to be held on.

A contract on an index ends in cash: a future at the close of the index, an option at what it is in the money by then.
`Expiries` says of a run of bars when that is, and by which close; what it means for the book is worked out here alone.
Who does not know the close makes none up, and a contract on a share ends in shares, which nobody delivers here: both
stay held, and somebody is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

from riskcore import events as e
from riskcore.costs import ChargesUnknown, settlement_stt
from riskcore.engine.reports import cut_down
from riskcore.engine.turn import Turn
from riskcore.exits.leaving import closed_elsewhere
from riskcore.expiries import ends_at, ends_in_delivery, settles_in_cash, underlying_keys
from riskcore.instruments import CALL, OPT, Instrument
from riskcore.money import ONE, ZERO, exact, to_paisa
from riskcore.orders import SETTLED
from riskcore.policy import Policy
from riskcore.positions import Position, result_at

PAST_EXPIRY: Final = "held_past_expiry"
AT_CLOSE: Final = "settled at the close of its underlying"
AT_OWN: Final = "settled at its own last price: the close of its underlying is not known"
BY_HAND: Final = "settled by hand, at what somebody says that it was worth"
"""Why a position is adjusted by its settlement: what the price was that it was settled by."""
CLOSING: Final = timedelta(minutes=30)
"""Bars that end longer before the close of a session than this do not tell its close."""
Seen: TypeAlias = Callable[[str, datetime], e.PricesSeen | None]


class Expiries:
    """When contracts that are held expire in a run of bars of a length; each is told once, `told` were before."""

    def __init__(self, policy: Policy, length: timedelta, told: Iterable[str] = ()) -> None:
        self._tables, self._length, self._told = policy.tables, length, set(told)

    def due(self, positions: tuple[Position, ...], begins: datetime, seen: Seen) -> Iterator[e.ContractExpired]:
        """Those whose last session is over when bars begin, the earliest first.

        `seen(key, ends)` is the last bar so far of an instrument that began before the session of the contract ended.
        """
        over = []
        for held in positions:
            thing = held.instrument
            if thing.expiry is None or begins.date() < thing.expiry or thing.key in self._told:
                continue
            ends = ends_at(thing, tables=self._tables)
            if ends is not None and ends <= begins:
                over.append((ends, thing))
        for ends, thing in sorted(over, key=lambda one: one[0]):
            self._told.add(thing.key)
            price, of = self._close_of(thing, ends, seen)
            yield e.ContractExpired(ends, thing.key, price, of)

    def _close_of(self, thing: Instrument, ends: datetime, seen: Seen) -> tuple[Decimal | None, str]:
        """By which price it is settled, and whose that is: its underlying's, else its own, of bars up to the close."""
        for key in (*underlying_keys(thing), thing.key) if settles_in_cash(thing) else ():
            bar = seen(key, ends)
            is_there = bar is not None and bar.since.date() == ends.date()
            if bar is not None and is_there and bar.since + self._length >= ends - CLOSING:
                return bar.last, key
        return None, ""


def contract_expired(event: e.ContractExpired, turn: Turn) -> None:
    """What is held of a contract that has expired is settled, or told to be held on; what works in it is taken back."""
    held = turn.book.position(event.key)
    expiry = None if held is None else held.instrument.expiry
    if held is None or expiry is None or turn.at.date() < expiry:
        turn.note(e.StrayReport(turn.at, event.key, "no contract is held that has expired"))
    elif event.price is None or not settles_in_cash(held.instrument):
        turn.alarm(PAST_EXPIRY, event.key, _why_held(held))
    else:
        own = event.of == event.key
        settle_at(turn, held, event.price, AT_OWN if own else AT_CLOSE, own=own)


def _why_held(held: Position) -> str:
    thing = held.instrument
    if ends_in_delivery(thing):
        why = "it ends in delivery of the shares, which nobody delivers here"
    elif settles_in_cash(thing):
        why = f"the close of {thing.underlying} on that day is not known, so that nothing settles it"
    else:
        why = "what it is settled by is not known here"
    return f"{held.quantity} held, and it expired on {thing.expiry}: {why}; it stays at its last price"


@exact
def settle_at(turn: Turn, held: Position, price: Decimal, why: str, *, own: bool) -> None:
    """End the trade at what the contract was worth, which is its `own` price or follows from that of its underlying.

    Its own price may have a little of time value left in it.
    """
    thing, key = held.instrument, held.instrument.key
    worth, by = (price, _underlying_at(thing, price)) if own else (_worth(thing, price), price)
    realised, charges = result_at(held, worth), _tax(held, by, turn.policy)
    for order in turn.book.live_orders(key, entries=True):
        turn.cancel(order, "the contract has expired")
    turn.note(e.PositionAdjusted(turn.at, key, None, why, worth, realised, charges, SETTLED))
    turn.note(closed_elsewhere(turn.at, held, price=worth, realised=realised, charges=charges, reason=SETTLED))
    cut_down(turn, key)
    turn.calm(PAST_EXPIRY, key)


def _worth(thing: Instrument, price: Decimal) -> Decimal:
    """What a contract is worth at its expiry, a unit, where its underlying closed at a price."""
    if thing.segment != OPT or thing.strike is None:
        return price
    return max(price - thing.strike if thing.right == CALL else thing.strike - price, ZERO)


def _underlying_at(thing: Instrument, worth: Decimal) -> Decimal:
    """The close of the underlying at which a contract has a worth."""
    if thing.segment != OPT or thing.strike is None:
        return worth
    return max(thing.strike + worth if thing.right == CALL else thing.strike - worth, thing.tick)


def _tax(held: Position, price: Decimal, policy: Policy) -> Decimal:
    """STT at expiry, by the close of the underlying; nought where no schedule tells, as of any other fill."""
    day = policy.charges_as_of or held.instrument.expiry
    assert day is not None
    thing, side, quantity, tables = held.instrument, held.side, held.quantity, policy.tables
    try:
        tax = settlement_stt(thing, side=side, quantity=quantity, settlement_price=price, on=day, tables=tables)
    except ChargesUnknown:
        return ZERO
    return tax.quantize(ONE, rounding=ROUND_HALF_UP) if policy.stt_stamp_whole_rupees else to_paisa(tax)
