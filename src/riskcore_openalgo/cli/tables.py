"""What the console shows of a journal: decisions, trades, the day's result. Plain ASCII."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.exporting import Days, records
from riskcore_openalgo.journal.tables import DECISIONS, FILLS, TRADES

if TYPE_CHECKING:
    from riskcore_openalgo.lab.report import Extra

TRADE_COLUMNS = ("opened", "closed", "symbol", "side", "qty", "entry", "exit", "by", "gross", "charges", "net", "R")
RIGHT = (
    *("qty", "limit", "stop", "target", "entry", "exit", "gross", "charges", "net", "R"),
    *("qty then", "qty now", "net then", "net now", "differs", "latency", "slip", "partial", "data"),
)


def beside(found: Extra) -> str:
    """A table beside a report: what it means, and its rows."""
    from riskcore_openalgo.lab.report.page import shown

    return f"{found.about}\n{table(found.columns, [[shown(cell) for cell in row] for row in found.rows])}"


def told(journal: Reader) -> int:
    """Say on standard error what is wrong with the journal that was written; the exit code of the command."""
    wrong = journal.state if isinstance(journal, Journal) else ""
    if wrong:
        print(f"riskcore: {wrong}", file=sys.stderr)
    return 1 if wrong else 0


def decisions(journal: Reader) -> str:
    """Every decision with its reasons."""
    rows = list(journal.select(select(DECISIONS).order_by(DECISIONS.c.seq)))
    lines, shown = [], _clock(row.at for row in rows)
    for row in rows:
        answer = "APPROVED" if row.approved else "REFUSED"
        what = f"{row.side} {row.quantity}" if row.approved else row.side
        why = (
            f"limit {_price(row.limit_e4)} stop {_price(row.stop_e4)} target {_price(row.target_e4)}, "
            f"size bound by {row.bound_by}"
            if row.approved
            else row.text
        )
        lines.append(f"{shown(row.at)}  {answer:8}  {what:9} {row.key:13} {row.source:18} {why}")
    return "\n".join(lines)


def trades(journal: Reader) -> str:
    """Every finished trade."""
    found = list(journal.select(select(TRADES).order_by(TRADES.c.seq)))
    shown = _clock(at for row in found for at in (row.opened_at, row.closed_at))
    rows = [
        (
            shown(row.opened_at),
            shown(row.closed_at),
            row.key,
            row.side,
            str(row.quantity),
            _price(row.entry_e4),
            _price(row.exit_e4),
            row.reason,
            _money(row.gross_paise),
            _money(row.charges_paise),
            _money(row.gross_paise - row.charges_paise),
            "-" if row.r_multiple is None else f"{Decimal(row.r_multiple):+.2f}",
        )
        for row in found
    ]
    return table(TRADE_COLUMNS, rows) if rows else "no finished trade"


def _clock(times: Iterable[str]) -> Callable[[str], str]:
    """How such times are shown: by the hour and minute, with the date where they are of several days."""
    if len({at[:10] for at in times}) > 1:
        return lambda at: at[:16].replace("T", " ")
    return lambda at: at[11:16]


def closed_trades(finished: Sequence[events.PositionClosed]) -> str:
    """The finished trades of a simulation, as a table."""
    rows = [
        (
            f"{trade.opened_at:%Y-%m-%d %H:%M}",
            f"{trade.closed_at:%Y-%m-%d %H:%M}",
            trade.key,
            trade.side,
            str(trade.quantity),
            f"{trade.entry_price:.2f}",
            f"{trade.exit_price:.2f}",
            trade.reason,
            rc.grouped(trade.gross),
            rc.grouped(trade.charges),
            rc.grouped(trade.net),
            "-" if trade.r_multiple is None else f"{trade.r_multiple:+.2f}",
        )
        for trade in finished
    ]
    return table(TRADE_COLUMNS, rows) if rows else "no finished trade"


def day(journal: Reader) -> str:
    """Decisions, trades and results, each under its title."""
    parts = (("Decisions", decisions), ("Trades", trades), ("Result", result))
    return "".join(f"{title}\n{text(journal)}\n\n" for title, text in parts).removesuffix("\n")


def content(journal: Reader) -> dict[str, Any]:
    """The same for a program; amounts are exact, as the facts have them."""
    finished = [_with_net(row) for row in records(journal, TRADES.name, Days())]
    return {
        "journal": journal.where,
        "rows": journal.length,
        "head": journal.head,
        "decisions": list(records(journal, DECISIONS.name, Days())),
        "trades": finished,
        "sessions": _sessions(finished),
        "fills_without_known_charges": _uncharged(journal),
    }


def _with_net(trade: dict[str, Any]) -> dict[str, Any]:
    return trade | {"net": f"{Decimal(trade['gross']) - Decimal(trade['charges']):f}"}


def _sessions(finished: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for trade in finished:
        one = made.setdefault(trade["session"], {"session": trade["session"], "trades": 0})
        one["trades"] += 1
        for name in ("gross", "charges", "net"):
            one[name] = f"{Decimal(one.get(name, 0)) + Decimal(trade[name]):f}"
    return list(made.values())


def _uncharged(journal: Reader) -> int:
    return int(journal.select(select(func.count()).where(FILLS.c.charges_paise.is_(None)))[0][0])


def result(journal: Reader) -> str:
    """The result of each session: gross, charges, net."""
    query = (
        select(
            TRADES.c.session,
            func.count(),
            func.sum(TRADES.c.gross_paise),
            func.sum(TRADES.c.charges_paise),
        )
        .group_by(TRADES.c.session)
        .order_by(TRADES.c.session)
    )
    lines = []
    for session, count, gross, charges in journal.select(query):
        net = gross - charges
        lines.append(
            f"{session}: {count} trades, gross Rs {_money(gross)} - charges Rs {_money(charges)} = net Rs {_money(net)}"
        )
    unknown = _uncharged(journal)
    if unknown:
        lines.append(f"{unknown} fills have no known charges and are counted without")
    return "\n".join(lines) or "no finished trade, no result"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as they need to be; numbers to the right."""
    everything: list[Sequence[str]] = [header, *rows]
    widths = [max(len(row[i]) for row in everything) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for cell, width, name in zip(row, widths, header, strict=True)
        ).rstrip()
        for row in everything
    )


def _price(e4: int) -> str:
    return f"{Decimal(e4) / 10_000:.2f}"


def _money(paise: Any) -> str:
    return rc.grouped(Decimal(paise) / 100)
