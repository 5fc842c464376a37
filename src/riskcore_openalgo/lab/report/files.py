"""A report for other programs: JSON and CSV. Amounts are exact text in rupees; None is null, or an empty cell."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import riskcore as rc
from riskcore import analytics
from riskcore_openalgo.lab.report.figures import figures, remarks
from riskcore_openalgo.lab.report.study import Story, Study

FORM: Final = 1
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run."""
EXTRA: Final = re.compile(r"extra-[0-9]+\.csv")

Row = dict[str, Any]


def as_json(study: Study, *, in_ascii: bool = False) -> str:
    """The study as one JSON object: `riskcore_report` is the version of its shape. A console gets it in ASCII."""
    made: dict[str, Any] = {"riskcore_report": FORM, "title": study.title, "source": study.source}
    if study.policy is not None:
        made["policy_hash"] = rc.policy_hash(study.policy)
    made["remarks"] = [*remarks(study.performance), *study.remarks]
    made |= {name: list(rows) for name, rows in _tables(study).items()}
    made["extras"] = [
        {"title": e.title, "about": e.about, "rows": [dict(zip(e.columns, row, strict=True)) for row in e.rows]}
        for e in study.extras
    ]
    return json.dumps(made, indent=1, ensure_ascii=in_ascii, default=_plain) + "\n"


def write_csv(study: Study, folder: Path) -> list[Path]:
    """`trades.csv`, `stops.csv`, `sessions.csv`, `refusals.csv`, `measures.csv` and one file an extra table.

    Texts that a spreadsheet would take for a formula get an apostrophe before them. Extra tables that stood there of
    another report go: nothing would tell them from this one's. Raises `ValueError`, and writes nothing, where a file
    that is no such table bears one of the names.
    """
    if folder.is_file():
        raise ValueError(f"{folder}: is a file; name a folder for the tables")
    folder.mkdir(parents=True, exist_ok=True)
    for name in COLUMNS:
        _refuse_loss(folder / f"{name}.csv", COLUMNS[name][0])
    for old in folder.glob("extra-*.csv"):
        if EXTRA.fullmatch(old.name):
            old.unlink()
    written = [_written(folder / f"{name}.csv", COLUMNS[name], rows) for name, rows in _tables(study).items()]
    for number, extra in enumerate(study.extras, 1):
        rows = [dict(zip(extra.columns, row, strict=True)) for row in extra.rows]
        written.append(_written(folder / f"extra-{number}.csv", extra.columns, rows))
    return written


COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "measures": ("group", "name", "value", "unit"),
    "sessions": (
        *("session", "opening", "net", "closing", "charges", "flow"),
        *("held", "margin", "peak_margin", "time_share"),
    ),
    "trades": (
        *("number", "signal_id", "key", "side", "quantity", "strategy", "opened_at", "closed_at"),
        *("entry_price", "exit_price", "initial_stop", "initial_target", "gross", "charges", "net", "r_multiple"),
        *("mae", "mfe", "mae_r", "mfe_r", "stop_slippage", "reason", "exit_rule", "bound_by", "notes", "tags"),
    ),
    "stops": ("trade", "at", "stop", "rule"),
    "refusals": ("at", "key", "side", "strategy", "rule", "reason", "text"),
}


def _tables(study: Study) -> dict[str, list[Row]]:
    return {
        "measures": [
            {"group": one.group, "name": one.name, "value": one.value, "unit": one.unit}
            for one in figures(study.performance)
        ],
        "sessions": [_session(day) for day in study.performance.curve.days],
        "trades": [_trade(story) for story in study.stories],
        "stops": [
            {"trade": story.number, "at": level.at.isoformat(), "stop": level.price, "rule": level.rule}
            for story in study.stories
            for level in story.stops
        ],
        "refusals": [
            {
                "at": one.at.isoformat(),
                "key": one.key,
                "side": one.side,
                "strategy": one.strategy,
                "rule": rule,
                "reason": reason,
                "text": why,
            }
            for one in study.refused
            for rule, reason, why in one.failed
        ],
    }


def _session(day: analytics.Day) -> Row:
    held = day.exposure
    return {
        "session": day.session.isoformat(),
        "opening": day.opening,
        "net": day.net,
        "closing": day.closing,
        "charges": day.charges,
        "flow": day.flow,
        "held": held and held.gross,
        "margin": held and held.margin,
        "peak_margin": held and held.peak_margin,
        "time_share": held and held.time_share,
    }


def _trade(story: Story) -> Row:
    trade = story.trade
    plain = ("signal_id", "key", "side", "quantity", "strategy", "entry_price", "exit_price", "initial_stop")
    more = (
        "initial_target",
        "gross",
        "charges",
        "net",
        "r_multiple",
        "stop_slippage",
        "reason",
        "exit_rule",
        "bound_by",
    )
    found = {name: getattr(trade, name) for name in (*plain, *more)}
    found |= {
        "number": story.number,
        "opened_at": trade.opened_at.isoformat(),
        "closed_at": trade.closed_at.isoformat(),
        "mae": analytics.adverse(trade),
        "mfe": analytics.favourable(trade),
        "mae_r": analytics.adverse_r(trade),
        "mfe_r": analytics.favourable_r(trade),
        "notes": " | ".join(note.text for note in story.notes if note.text),
        "tags": " ".join(one for note in story.notes for one in note.tags),
    }
    return {name: found[name] for name in COLUMNS["trades"]}


def _refuse_loss(path: Path, first_column: str) -> None:
    """A saved run and an export of a journal have tables of the same names, with other columns."""
    if path.is_file() and path.stat().st_size:
        begins = f"{first_column},".encode()
        with path.open("rb") as file:
            if file.read(len(begins)) != begins:
                raise ValueError(f"{path}: is there, and is no table of a report: name another folder")


def _written(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> Path:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _safe(value) for name, value in row.items()})
    return path


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return "" if value is None else _plain(value)


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value
