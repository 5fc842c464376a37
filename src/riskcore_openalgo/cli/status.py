"""`riskcore status`: where an account stands, folded from its journal."""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import Any, Final

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.opening import key_of, reader, untold
from riskcore_openalgo.cli.tables import table
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.runner.last_look import SILENT_S, silent_s, unread
from riskcore_openalgo.runner.stopping import on_paper

HUNG: Final = "riskcore stop --direct ends it and leaves every position"


def run(arguments: argparse.Namespace) -> int:
    """Print the state of the account."""
    place = place_of(arguments.journal, key=key_of(arguments.journal))
    with reader(arguments.journal) as journal:
        journal.check()
        spool, rows = place.spooled()  # before the database, so that no row on its way from one to the other is missed
        state, policy = journal.load().state, journal.policy() or rc.Policy()
        looked = unread(journal, state)
        ends = f"journal    {journal.length} rows, head {journal.head[:16]}"
        waiting, said = untold(spool, rows, journal)
        content = as_json(state, policy) | {"rows": journal.length, "rows_waiting": waiting, "head": journal.head}
    if waiting:
        ends += f"\nspool      {said}"
    if looked:
        ends += f"\nlook       {looked}: what is there now is not known here; see the broker's own page"
    holder = place.holder()
    runs = "none writes to this journal" if holder is None else holder or "one writes to this journal"
    waits = ": targets, trails and the square-off of what is held wait for one" if holder is None else ""
    silent = 0.0 if holder is None else silent_s(place, state, now_in_ist())
    hangs = f"; it has written nothing for {silent:.0f} s and may hang: {HUNG}" if silent > SILENT_S else ""
    runner = f"runner     {runs}{waits if state.book.positions else ''}{hangs}"
    content |= {"runner": None if holder is None else runs, "silent_s": round(silent), "books_unread": looked}
    say(arguments, content, f"{text(state, policy)}\n{runner}\n{ends}")
    return 0


def as_json(state: engine.State, policy: rc.Policy) -> dict[str, Any]:
    """The same for a program: money and prices as exact text in rupees, times in ISO 8601, what is unknown as null."""
    book = state.book
    held = [
        {"key": p.instrument.key, "side": p.side, "quantity": p.quantity, "entry": str(p.average_price)}
        | {"stop": _text(p.stop), "target": _text(p.target), "last": _text(p.last)}
        | {"stop_rests_for": engine.resting_quantity(book, p.instrument.key)}
        for p in book.positions
    ]
    return {
        "as_of": state.now.isoformat() if state.now else None,
        "state": book.state,
        "latches": [{"name": latch.name, "key": latch.key, "why": latch.why} for latch in book.latches],
        "opening_equity": _text(book.opening_equity),
        "equity": _text(book.equity),
        "net_realised": str(book.net_realised),
        "unrealised": str(book.unrealised),
        "trades_today": book.trades_today,
        "max_trades_per_day": policy.max_trades_per_day,
        "positions": held,
        "live_orders": [order.id for order in book.live_orders()],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def text(state: engine.State, policy: rc.Policy) -> str:
    """The account in a dozen lines: equity, today against its limits, positions, orders, latches."""
    book = state.book
    today = f"{_rupees(book.net_realised)} realised net, {_rupees(book.unrealised)} open"
    trades = f"{book.trades_today} of {policy.max_trades_per_day} trades"
    lines = [
        f"as of      {state.now:%Y-%m-%d %H:%M:%S} IST" if state.now else "as of      nothing has happened yet",
        f"state      {book.state}" + "".join(f"; {latch.name}: {latch.why}" for latch in book.latches),
        f"equity     {_rupees(book.opening_equity)} at the open, today {today}",
        f"today      {trades}, {len(book.positions)} of {policy.max_positions} positions",
    ]
    if differ := len(state.custody.mismatches):
        lines.append(f"books      {differ} of the broker's differ from ours: riskcore journal reconcile shows them")
    if state.custody.beside:
        shares = ", ".join(f"{known.quantity} {known.key}" for known in state.custody.beside)
        lines.append(f"not ours   {shares}: accepted, and left alone")
    lines += _by_hand(state)
    if book.positions:
        rows = [_held(p, _resting(state, p)) for p in book.positions]
        lines.append(table(("symbol", "side", "qty", "entry", "stop", "target", "rests at the broker"), rows))
    lines += [_order(order) for order in book.live_orders()]
    return "\n".join(lines)


def _by_hand(state: engine.State) -> list[str]:
    """What an operator has set: the emergency stop, and settings that wait for the next session."""
    emergency, lines = state.control.emergency, []
    if emergency is not None:
        whose = "the whole account" if emergency.whole_account else "our positions"
        lines.append(f"emergency  {emergency.stage}: {whose}, by {emergency.by} at {emergency.at:%Y-%m-%d %H:%M:%S}")
        lines += [f"left       {what}" for what in emergency.contrary]
    if state.control.next_policy is not None:
        lines.append("settings   others were set, and hold from the next session")
    return lines


def _resting(state: engine.State, position: rc.Position) -> str:
    """For how many shares stops are there; on paper none is at a broker, and the level is watched."""
    return "on paper" if on_paper(state) else f"for {engine.resting_quantity(state.book, position.instrument.key)}"


def _held(position: rc.Position, resting: str) -> tuple[str, ...]:
    prices = f"{position.average_price:.2f}", _price(position.stop), _price(position.target)
    return position.instrument.key, position.side, str(position.quantity), *prices, resting


def _order(order: rc.Order) -> str:
    wanted = order.approved
    what = f"{wanted.side} {wanted.instrument.key} to {wanted.limit}{', a stop' if order.rests else ''}"
    return f"order      {order.id}: {what}: {order.status}, {order.filled_quantity} of {wanted.quantity}"


def _rupees(value: Decimal | None) -> str:
    return "unknown" if value is None else f"Rs {rc.grouped(value)}"


def _price(value: Decimal | None) -> str:
    return "-" if value is None else f"{value:.2f}"
