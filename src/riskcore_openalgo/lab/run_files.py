"""A run as files: `run.json` and `facts.jsonl` hold all of it, the CSV tables beside them are for people.

The format is told in docs/backtest.md. Files are UTF-8 with LF; money is text in full, moments are ISO 8601.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import riskcore as rc
from riskcore import engine, events as e
from riskcore_openalgo.lab.run import Jumped, Run
from riskcore_openalgo.lab.saved_run import (
    ABOUT,
    FACTS,
    FORMAT,
    INSIDE,
    RULES,
    VERSION,
    about_of,
    as_kept,
    facts_of,
    kept_inside,
)

if TYPE_CHECKING:
    import pandas as pd

TRADES: Final = (
    *("opened_at", "closed_at", "key", "side", "quantity", "entry_price", "exit_price", "reason", "exit_rule"),
    *("gross", "charges", "net", "r_multiple", "initial_stop", "initial_target", "worst_price", "best_price"),
    *("stop_slippage", "bound_by", "strategy", "signal_id"),
)
DECISIONS: Final = (
    *("at", "answer", "signal_id", "key", "side", "quantity", "limit", "stop", "target", "risk", "bound_by"),
    *("reason", "rule", "text", "unmeasured"),
)
FILLS: Final = ("at", "traded_at", "order_id", "key", "side", "quantity", "price", "value", "charges")
STOPS: Final = ("signal_id", "key", "at", "stop", "rule")
SESSIONS: Final = ("session", "opening", "net", "charges", "flow", "closing", "gross_exposure")


def save(run: Run, folder: Path) -> Path:
    """Write all files of a run; the folder is made where it is missing."""
    from riskcore_openalgo.journal.codec import encode

    folder.mkdir(parents=True, exist_ok=True)
    for old in (ABOUT, RULES):  # of a run that stood there: it is not whole from here on
        (folder / old).unlink(missing_ok=True)
    with _written(folder / FACTS) as file:
        for fact in run.facts:
            kind = type(fact)
            head = json.dumps({"type": kind.__name__, "version": kind.VERSION})
            file.write(f'{head[:-1]}, "body": {encode(fact)}}}\n')
    for name, (columns, rows) in _tables(run).items():
        _table(folder / f"{name}.csv", columns, rows())
    with _written(folder / ABOUT) as file:  # last: a folder with this file is whole
        json.dump(_about(run), file, indent=2, sort_keys=True)
        file.write("\n")
    return folder


def frame(run: Run, name: str) -> pd.DataFrame:
    """A table as a DataFrame: its decimals as floats, for those that pandas reckons with."""
    import pandas as pd

    tables = _tables(run)
    if name not in tables:
        raise ValueError(f"table must be one of {', '.join(tables)}, got {name!r}")
    columns, rows = tables[name]
    told = [[float(cell) if isinstance(cell, Decimal) else cell for cell in row] for row in rows()]
    return pd.DataFrame(told, columns=list(columns))


def _tables(run: Run) -> dict[str, tuple[Sequence[str], Callable[[], Iterable[Sequence[Any]]]]]:
    """What is written for people, by its name: the columns, and what makes the rows."""
    return {
        "trades": (TRADES, lambda: ([getattr(trade, name) for name in TRADES] for trade in run.trades)),
        "decisions": (DECISIONS, lambda: _decisions(run)),
        "fills": (FILLS, lambda: ([getattr(fill, name) for name in FILLS] for fill in run.fills)),
        "stops": (STOPS, lambda: run.stops),
        "equity": (SESSIONS, lambda: _sessions(run)),
    }


def load(folder: Path) -> Run:
    """A run from its folder."""
    from riskcore_openalgo.journal.codec import CONVERTER

    about = about_of(folder)
    facts = facts_of(folder, about)
    policies = [fact.policy for fact in facts if isinstance(fact, e.PolicyChanged)]
    if not policies:
        raise ValueError(f"{folder / FACTS} names no policy: it is another run's, or no run's")
    how = rc.Entries(about["entries"])
    doubt = tuple(
        rc.Ambiguous(datetime.fromisoformat(row["at"]), row["key"], row["position_id"], row["told"])
        for row in about["ambiguous"]
    )
    return Run(
        policy=policies[-1],
        interval=about["interval"],
        intrabar=rc.Intrabar(about["intrabar"]),
        entries=how,
        instruments=tuple(CONVERTER.structure(row, rc.Instrument) for row in about["instruments"]),
        simulation=rc.Simulation(engine.fold(facts), tuple(facts), rc.Broker(entries=how), doubt),
        jumped=Jumped.of(about["jumped"]),
        notes=tuple(about["notes"]),
        buy_and_hold_pct=about.get("buy_and_hold_pct"),  # no run of an older version has it
        inside=kept_inside(folder, about),
    )


def _about(run: Run) -> dict[str, Any]:
    from riskcore_openalgo.journal.codec import CONVERTER

    doubt = run.in_doubt
    return {
        **({INSIDE: as_kept(run.performance.intraday_drawdown)} if run.bars or run.inside else {}),
        "format": FORMAT,
        "version": VERSION,
        "interval": run.interval,
        "intrabar": run.intrabar.value,
        "entries": run.entries.value,
        "capital": _text(run.policy.default_capital),
        "equity": _text(run.equity),
        "facts": len(run.facts),
        "trades": len(run.trades),
        "instruments": [CONVERTER.unstructure(thing) for thing in run.instruments],
        "jumped": {**run.jumped._asdict(), "share_pct": round(run.jumped.share_pct, 3)},
        "ambiguous": [
            {"at": found.at.isoformat(), "key": found.key, "position_id": found.position_id, "told": found.told}
            for found in run.simulation.ambiguous
        ],
        "in_doubt": {**doubt._asdict(), "share_pct": _text(doubt.share_pct)},
        "notes": list(run.notes),
        "buy_and_hold_pct": run.buy_and_hold_pct,
    }


def _decisions(run: Run) -> Iterable[Sequence[Any]]:
    refused = {id(row.fact): row.reasons for row in run.refused}
    for fact in run.facts:
        if isinstance(fact, e.EntryApproved):
            order = fact.order
            levels = (order.quantity, order.limit, order.stop, order.target, order.risk, fact.bound_by)
            yield fact.at, "approved", order.signal_id, order.instrument.key, order.side, *levels, "", "", "", ""
        elif isinstance(fact, e.EntryRefused):
            signal, reasons = fact.signal, refused[id(fact)]
            for found in reasons or (None,):
                why = ("", "", "") if found is None else (found.reason, found.rule, found.text)
                asked = (fact.at, "refused", signal.id, signal.key, signal.side)
                yield *asked, *("",) * 6, *why, " ".join(fact.unmeasured)


def _sessions(run: Run) -> Iterable[Sequence[Any]]:
    for day in rc.equity_curve(run.facts).days:
        gross = None if day.exposure is None else day.exposure.gross
        yield day.session, day.opening, day.net, day.charges, day.flow, day.closing, gross


def _table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with _written(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(cell) for cell in row] for row in rows)


def _written(path: Path) -> Any:
    return path.open("w", encoding="utf-8", newline="\n")


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
