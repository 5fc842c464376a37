"""Our daily results beside those of the broker's contract notes, and how much of a difference is rounding.

A contract note rounds the day's STT and its stamp duty to whole rupees (halves up); riskcore books each fill's charges
to the paisa, unless `stt_stamp_whole_rupees` is set, and then an order's at a time. Both taxes are worked out again
from the day's fills, so the difference that rounding makes is known, and what is left over is not rounding.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.lab.report.study import Extra, Study

COLUMNS: Final = ("date", "net")
ZERO: Final = Decimal(0)
PAISA: Final = Decimal("0.01")
RUPEE: Final = Decimal(1)


@frozen
class DayBeside:
    """A day: our net, the note's, and what rounding STT and stamp duty on the note changes of our net.

    None: the day is in one of the two alone, or its taxes are in no table.
    """

    day: date
    ours: Decimal | None
    theirs: Decimal | None
    rounding: Decimal | None
    orders: int

    @property
    def difference(self) -> Decimal | None:
        """The note's net less ours."""
        return None if self.ours is None or self.theirs is None else self.theirs - self.ours

    @property
    def left(self) -> Decimal | None:
        """What rounding does not explain."""
        return None if self.difference is None or self.rounding is None else self.difference - self.rounding

    @property
    def verdict(self) -> str:
        """What the difference is. Each order's charges may be off by half a paisa, and the note's sums by one."""
        if self.theirs is None:
            return "no contract note"
        if self.ours is None:
            return "not traded by us"
        if self.difference == 0:
            return "the same"
        if self.left is None:
            return "differs; no table of taxes for this day"
        if abs(self.left) <= PAISA * (self.orders + 2) / 2:
            return "rounding of STT and stamp duty"
        return "DIFFERS beyond rounding"


def read_contract_notes(path: Path) -> dict[date, Decimal]:
    """The nets of contract notes from a CSV with the columns `date` and `net` (after all charges, in rupees).

    Raises `ValueError` with file and line for anything else, and for a date that comes twice.
    """
    try:
        return _read(path)
    except UnicodeDecodeError as problem:
        raise ValueError(f"{path}: is no text in UTF-8 ({problem.reason}); save it as CSV UTF-8") from None
    except csv.Error as problem:
        raise ValueError(f"{path}: is no CSV ({problem})") from None


def _read(path: Path) -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        if not set(COLUMNS) <= set(names):
            raise ValueError(f"{path}:1: the columns must be date,net; found {','.join(names) or 'nothing'}")
        reader.fieldnames = names
        for row in reader:
            day, net = _row(row, f"{path}:{reader.line_num}")
            if day in found:
                raise ValueError(f"{path}:{reader.line_num}: {day} is there twice; give one net a day")
            found[day] = net
    return found


def _row(row: Mapping[str, Any], where: str) -> tuple[date, Decimal]:
    try:
        day = date.fromisoformat((row["date"] or "").strip())
    except ValueError:
        raise ValueError(f"{where}: {row['date']!r} is not a date such as 2026-11-20") from None
    try:
        net = Decimal((row["net"] or "").strip())
    except ArithmeticError:
        raise ValueError(f"{where}: {row['net']!r} is not an amount such as -1234.50 (without commas)") from None
    if not net.is_finite():
        raise ValueError(f"{where}: {row['net']!r} is not an amount such as -1234.50")
    return day, net


def beside(facts: Iterable[events.Fact], notes: Mapping[date, Decimal]) -> tuple[DayBeside, ...]:
    """Our realised nets beside the notes', for every day that either of them has, oldest first."""
    account = _Account()
    for fact in facts:
        account.take(fact)
    return tuple(
        DayBeside(
            day=day,
            ours=account.nets.get(day),
            theirs=notes.get(day),
            rounding=_rounding(account.fills.get(day, ())),
            orders=len({fill.order_id for fill in account.fills.get(day, ())}),
        )
        for day in sorted({*account.nets, *notes})
    )


class _Booked(NamedTuple):
    """A fill for its taxes: `what` has its instrument and product, `policy` is the one its charges were booked by."""

    order_id: str
    side: str
    value: Decimal
    on: date
    what: rc.ApprovedEntry | rc.ApprovedExit | rc.Position | None
    policy: rc.Policy


class _Account:
    """The cash of each day, and the fills it came from."""

    def __init__(self) -> None:
        self.orders: dict[str, rc.ApprovedEntry | rc.ApprovedExit] = {}
        self.nets: dict[date, Decimal] = {}
        self.fills: dict[date, list[_Booked]] = {}
        self.policy = rc.Policy()
        self.state = engine.State()

    def take(self, fact: events.Fact) -> None:
        if isinstance(fact, (events.EntryApproved, events.ExitApproved)):
            self.orders[fact.order.order_id] = fact.order
        elif isinstance(fact, events.PolicyChanged):
            self.policy = fact.policy
        elif isinstance(fact, events.Filled):
            self._filled(fact.traded_at, fact.order_id, fact.side, fact.value)
            self._booked(fact.traded_at, fact.side, fact.value, fact.charges)
        elif isinstance(fact, events.Overfilled):
            at = fact.position.opened_at or fact.at
            self._filled(at, fact.order_id, fact.position.side, fact.value)
            self._booked(at, fact.position.side, fact.value, fact.charges)
        elif isinstance(fact, events.Revalued) and fact.order_id in self.orders:
            self._booked(fact.at, self.orders[fact.order_id].side, fact.value, fact.charges)
        elif isinstance(fact, events.PositionAdjusted):
            self._adjusted(fact)
        self.state = engine.evolve(self.state, fact)

    def _adjusted(self, fact: events.PositionAdjusted) -> None:
        """What a hand traded is on the broker's note too, and a sale that never was is not.

        Shares that came without us are those of today where they are intraday; of others nobody tells the day. What was
        settled at its expiry is money without a trade.
        """
        held, left = self.state.book.position(fact.key), fact.position
        came = fact.price is None and not fact.realised
        if came and (left is None or left.product != "MIS"):
            return
        cash = fact.realised + _cost(held) - _cost(left)
        self._booked(fact.at, rc.SELL, cash, fact.charges)
        if held is not None and fact.price is not None and not fact.reason:
            side = rc.SELL if held.side == rc.BUY else rc.BUY
            self._filled(fact.at, f"{fact.key} {fact.at}", side, abs(cash), held)

    def _filled(self, at: datetime, order_id: str, side: str, value: Decimal, held: rc.Position | None = None) -> None:
        day = at.astimezone(rc.IST).date()
        made = _Booked(order_id, side, value, day, held or self.orders.get(order_id), self.policy)
        self.fills.setdefault(day, []).append(made)

    def _booked(self, at: datetime, side: str, value: Decimal, charges: Decimal | None) -> None:
        day = at.astimezone(rc.IST).date()
        self.nets[day] = self.nets.get(day, ZERO) + (-value if side == rc.BUY else value) - (charges or ZERO)


def _cost(held: rc.Position | None) -> Decimal:
    """What is held, at cost; of a short position what it brought, as a negative number."""
    return ZERO if held is None else held.signed * held.average_price


def _rounding(fills: Iterable[_Booked]) -> Decimal | None:
    """What a day's net becomes more when its two taxes are rounded once, to whole rupees."""
    values: dict[str, list[_Booked]] = {}
    for fill in fills:
        values.setdefault(fill.order_id, []).append(fill)
    exact = booked = stamps = stamps_booked = ZERO
    try:
        for parts in values.values():
            cost = _taxes(parts[0], sum((part.value for part in parts), ZERO))
            exact, stamps = exact + cost.stt, stamps + cost.stamp
            whole = parts[0].policy.stt_stamp_whole_rupees
            booked += _whole(cost.stt) if whole else cost.stt
            stamps_booked += _whole(cost.stamp) if whole else cost.stamp
    except rc.ChargesUnknown:
        return None
    return booked + stamps_booked - _whole(exact) - _whole(stamps)


def _taxes(fill: _Booked, value: Decimal) -> rc.Charges:
    if fill.what is None:
        raise rc.ChargesUnknown(f"the order {fill.order_id} is not among the facts")
    thing, policy = fill.what.instrument, fill.policy
    return rc.order_charges(
        side=fill.side,
        value=value,
        on=policy.charges_as_of or fill.on,
        product=fill.what.product,
        exchange=thing.exchange,
        segment=thing.segment,
        kind=thing.kind,
        brokerage_pct=0,
        brokerage_max=0,
        tables=policy.tables,
    )


def _whole(tax: Decimal) -> Decimal:
    return tax.quantize(RUPEE, rounding=ROUND_HALF_UP)


def contract_table(study: Study, notes: Mapping[date, Decimal]) -> Extra:
    """The days beside each other, as a table of the report."""
    rows = tuple(
        (day.day.isoformat(), day.ours, day.theirs, day.difference, day.rounding, day.left, day.verdict)
        for day in beside(study.facts, notes)
    )
    return Extra(
        "Beside the contract notes",
        "Cash of each day's fills, and of shares that a hand traded, after charges, in rupees, beside the net of the "
        "broker's note. A note rounds the day's STT and stamp duty to whole rupees, we book each order to the paisa: "
        "'rounding' is what that makes.",
        ("date", "ours", "contract note", "difference", "rounding", "left over", "verdict"),
        rows,
    )
