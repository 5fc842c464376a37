"""The study of a backtest: of a `Run` in hand, or of the folder it was saved to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

import riskcore as rc
from riskcore import events
from riskcore_openalgo.lab.report.study import Cell, Extra, Span, Study, study_of
from riskcore_openalgo.lab.saved_run import ABOUT, FACTS, RULES, about_of, fact_of, facts_of, kept_inside, measured


def study_of_run(run: Any, *, title: str = "backtest") -> Study:
    """The study of what `lab.backtest` (or `riskcore.simulate`) returned: anything with `facts`.

    Prices are drawn where the run still has its columns: `bars`, one for each of `instruments`.
    """
    prices = {
        instrument.key: [span_of(series.bar(place)) for place in range(len(series))]
        for instrument, series in zip(getattr(run, "instruments", ()), getattr(run, "bars", ()), strict=False)
    }
    known = {name: getattr(run, name, None) for name in ("policy", "performance")}
    study = study_of(run.facts, prices, title=title, source="backtest", **known)
    return attrs.evolve(study, remarks=getattr(run, "remarks", ()))


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a saved run."""
    return (path / ABOUT).is_file() and (path / FACTS).is_file()


def study_of_saved_run(folder: Path, prices: Mapping[str, Sequence[Span]] | None = None, *, title: str = "") -> Study:
    """The study of a saved run; `prices` by instrument key where trades are to be drawn on them.

    Raises `ValueError`, naming file and line, for a folder that holds no run or one that was cut off.
    """
    about = about_of(folder)
    facts = facts_of(folder, about)
    found = measured(facts, kept_inside(folder, about))
    source = f"backtest over {about.get('interval')} bars"
    study = study_of(facts, prices, title=title or folder.name, source=source, performance=found)
    return attrs.evolve(study, remarks=_remarks(about, folder / ABOUT))


def traded(folder: Path) -> tuple[tuple[str, ...], str, rc.Tables | None]:
    """The symbols that traded in a saved run, the length of its bars, and the market facts of the user's own."""
    about = about_of(folder)
    lines = enumerate((folder / FACTS).read_text("utf-8").splitlines(), 1)
    wanted = [f'"{kind.__name__}"' for kind in (events.Filled, events.PolicyChanged)]
    told = [fact_of(folder / FACTS, at, line) for at, line in lines if any(name in line for name in wanted)]
    keys = {fact.key for fact in told if isinstance(fact, events.Filled)}
    policies = [fact.policy for fact in told if isinstance(fact, events.PolicyChanged)]
    try:
        symbols = {f"{thing['exchange']}:{thing['symbol']}": str(thing["symbol"]) for thing in about["instruments"]}
        there, length = tuple(symbol for key, symbol in symbols.items() if key in keys), str(about["interval"])
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"{folder / ABOUT}: not what a backtest wrote ({wrong!r}); run it again") from None
    return there, length, policies[-1].tables if policies else None


def keep_rules(folder: Path, found: Extra) -> None:
    """Put what each rule cost or saved beside a saved run, for its report."""
    kept = {"title": found.title, "about": found.about, "columns": found.columns, "rows": found.rows}
    (folder / RULES).write_text(json.dumps(kept, indent=2, default=str) + "\n", encoding="utf-8", newline="\n")


def kept_rules(folder: Path) -> list[Extra]:
    """That table, where it was made; `ValueError`, naming the file, for one that is none."""
    path = folder / RULES
    if not path.is_file():
        return []
    try:
        kept = json.loads(path.read_text("utf-8"))
        rows = tuple(tuple(_cell(cell) for cell in row) for row in kept["rows"])
        return [Extra(kept["title"], kept["about"], tuple(kept["columns"]), rows)]
    except (ValueError, KeyError, TypeError) as wrong:
        raise ValueError(f"{path}: not what a backtest wrote ({wrong!r}); run it again") from None


def _cell(kept: Any) -> Cell:
    """Amounts were kept as text."""
    try:
        return Decimal(kept) if isinstance(kept, str) else kept
    except ArithmeticError:
        return str(kept)


def span_of(bar: Any) -> Span:
    """A bar as prices of a report."""
    return Span(bar.at, bar.open, bar.high, bar.low, bar.close)


def _kept(about: Mapping[str, Any]) -> float | None:
    kept = about.get("buy_and_hold_pct")
    return None if kept is None else float(kept)


def _remarks(about: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    from riskcore_openalgo.lab.run import InDoubt, Jumped, remarks

    try:
        doubt = about["in_doubt"]
        doubtful = InDoubt(doubt["bars"], doubt["trades"], Decimal(doubt["share_pct"]), doubt.get("told", 0))
        return remarks(Jumped.of(about["jumped"]), doubtful, about["intrabar"], about["notes"], _kept(about))
    except (KeyError, TypeError, ValueError, ArithmeticError) as wrong:
        raise ValueError(f"{path}: not what a backtest wrote ({wrong!r}); run it again") from None
