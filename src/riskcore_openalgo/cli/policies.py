"""`riskcore journal replay --policy`: what another policy would have decided, or would have come to."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli.answers import finished, say
from riskcore_openalgo.cli.tables import table
from riskcore_openalgo.config import load_policy
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.redeciding import APPROVED, Answer, Redecision, redecide
from riskcore_openalgo.own_rules import with_loaded_rules
from riskcore_openalgo.runner.resimulation import resimulate

SETTINGS_SHOWN = 12
DECIDED = ("at", "symbol", "side", "then", "qty then", "now", "qty now", "why then", "why now")
TRADED = ("opened", "symbol", "side", "qty then", "net then", "by then", "qty now", "net now", "by now")


def replay(journal: Reader, arguments: argparse.Namespace) -> int:
    """Say what the other policy makes of the journal."""
    path, mode = arguments.policy, arguments.mode
    then, policy = journal.policy(), with_loaded_rules(load_policy(path))
    changed = _changed(then, policy)
    if mode == "decisions":
        found = list(redecide(journal, policy))
        shown = found if arguments.all else [one for one in found if not one.same]
        body, more = _decisions(found, shown), _decisions_content(found, shown)
    else:
        body, more = _trades(journal, policy)
    head = f"{journal.where} under {path}, {mode}"
    content = {"journal": journal.where, "policy": path, "mode": mode, "settings_that_differ": changed, **more}
    say(arguments, content, f"{head}\n{_changes(then, changed)}\n\n{body}")
    return 0


def _changed(then: rc.Policy | None, now: rc.Policy) -> list[dict[str, str]]:
    """The settings in which the two differ: what a file does not write is its default."""
    names = [field.name for field in attrs.fields(rc.Policy)] if then is not None else []
    return [
        {"key": name, "then": _exact(getattr(then, name)), "now": _exact(getattr(now, name))}
        for name in names
        if getattr(then, name) != getattr(now, name)
    ]


def _changes(then: rc.Policy | None, changed: Sequence[dict[str, str]]) -> str:
    if then is None:
        return "the journal has no policy of its own"
    lines = [f"  {one['key']}: {_short(one['then'])} -> {_short(one['now'])}" for one in changed]
    more = len(lines) - SETTINGS_SHOWN
    shown = lines[:SETTINGS_SHOWN] + ([f"  and {more} more"] if more > 0 else [])
    if not shown:
        return "the same settings as the last recorded policy"
    return "\n".join(["settings that differ from the last recorded policy:", *shown])


def _exact(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


# ---------------------------------------------------------------- decisions


def _decisions(found: Sequence[Redecision], shown: Sequence[Redecision]) -> str:
    differ = sum(not one.same for one in found)
    yes = [sum(answer.said == APPROVED for answer in answers) for answers in _answers(found)]
    summary = f"{len(found)} signals: {yes[0]} approved then, {yes[1]} now; {differ} answers differ"
    rows = [_decided(one) for one in shown]
    return "\n".join([table(DECIDED, rows), "", summary] if rows else [summary])


def _decisions_content(found: Sequence[Redecision], shown: Sequence[Redecision]) -> dict[str, Any]:
    then, now = (sum(answer.said == APPROVED for answer in answers) for answers in _answers(found))
    differ = sum(not one.same for one in found)
    return {"signals": len(found), "approved_then": then, "approved_now": now, "differ": differ, "answers": shown}


def _answers(found: Sequence[Redecision]) -> tuple[list[Answer], list[Answer]]:
    return [one.then for one in found], [one.now for one in found]


def _decided(one: Redecision) -> tuple[str, ...]:
    then, now = one.then, one.now
    return (
        f"{one.at:%Y-%m-%d %H:%M}",
        one.key,
        one.side,
        then.said,
        _whole(then.quantity),
        now.said,
        _whole(now.quantity),
        ",".join(then.reasons) or "-",
        now.text or ",".join(now.reasons) or "-",
    )


# ---------------------------------------------------------------- resimulation


def _trades(journal: Reader, policy: rc.Policy) -> tuple[str, dict[str, Any]]:
    """The table, and the same for a program."""
    simulated = resimulate(journal, policy)
    then = [row.event for row in journal.rows(types=[events.PositionClosed.__name__])]
    refused = sum(1 for _ in journal.rows(types=[events.EntryRefused.__name__]))
    now = list(simulated.trades)
    held = journal.load().state.book.positions, simulated.state.book.positions
    rows = (
        ("trades", str(len(then)), str(len(now))),
        ("won", _won(then), _won(now)),
        ("refused", str(refused), str(simulated.refused)),
        ("gross Rs", _sum(then, "gross"), _sum(now, "gross")),
        ("charges Rs", _sum(then, "charges"), _sum(now, "charges")),
        ("net Rs", rc.grouped(_net(then)), rc.grouped(_net(now))),
        ("still open", str(len(held[0])), str(len(held[1]))),
    )
    content = {"then": _account(then, refused, held[0]), "now": _account(now, simulated.refused, held[1])}
    text = [
        table(TRADED, _side_by_side(then, now)) if then or now else "no finished trade, then or now",
        "",
        table(("result", "then", "now"), rows),
        "",
        "then: as recorded. now: from an empty account, filled by the paper broker at the recorded prices.",
    ]
    return "\n".join(text), content


def _account(trades: Sequence[events.PositionClosed], refused: int, held: Sequence[rc.Position]) -> dict[str, Any]:
    return {
        "trades": [finished(trade) for trade in trades],
        "won": int(_won(trades)),
        "refused": refused,
        "gross": sum((trade.gross for trade in trades), start=Decimal(0)),
        "charges": sum((trade.charges for trade in trades), start=Decimal(0)),
        "net": _net(trades),
        "still_open": len(held),
    }


def _side_by_side(then: Sequence[events.PositionClosed], now: Sequence[events.PositionClosed]) -> list[tuple[str, ...]]:
    """One row a trade, those of one signal in one row; in the order of their opening."""
    ours, theirs = ({(t.opened_at.date(), t.signal_id): t for t in trades} for trades in (then, now))
    first = {**theirs, **ours}
    return [
        (
            f"{trade.opened_at:%Y-%m-%d %H:%M}",
            trade.key,
            trade.side,
            *_of(ours.get(name)),
            *_of(theirs.get(name)),
        )
        for name, trade in sorted(first.items(), key=lambda item: (item[1].opened_at, item[0]))
    ]


def _of(trade: events.PositionClosed | None) -> tuple[str, str, str]:
    if trade is None:
        return "-", "-", "-"
    return str(trade.quantity), rc.grouped(trade.net), trade.reason


def _net(trades: Sequence[events.PositionClosed]) -> Decimal:
    return sum((trade.net for trade in trades), start=Decimal(0))


def _won(trades: Sequence[events.PositionClosed]) -> str:
    return str(sum(trade.gross > trade.charges for trade in trades))


def _sum(trades: Sequence[events.PositionClosed], name: str) -> str:
    return rc.grouped(sum((getattr(trade, name) for trade in trades), start=Decimal(0)))


def _whole(quantity: int | None) -> str:
    return "-" if quantity is None else str(quantity)
