"""The page: one file of HTML with its style and drawings in it. Nothing is fetched, no script runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import riskcore as rc
from riskcore import engine
from riskcore.analytics.explaining import fallen_pct
from riskcore_openalgo.lab.report import sections
from riskcore_openalgo.lab.report.drawing import Markup, tag, text
from riskcore_openalgo.lab.report.figures import figures, remarks, said
from riskcore_openalgo.lab.report.markup import card, table
from riskcore_openalgo.lab.report.study import Extra, Study
from riskcore_openalgo.lab.report.style import STYLE

TRADES_DRAWN: Final = 60
REMARKS_SHOWN: Final = 4
NUMBER: Final = re.compile(r"([-+]?[0-9][0-9,.]*( ?%)?|-)\Z")
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""What the page may load: nothing but its own style, whatever a name in a journal says."""


@engine.exact  # a program around us may have a context of six digits
def page(study: Study, *, trades_drawn: int = TRADES_DRAWN) -> str:
    """The whole report. The newest `trades_drawn` trades are drawn; all of them stand in the table."""
    parts: list[tuple[str, str, Markup]] = [
        ("equity", "Equity and drawdown", sections.equity(study)),
        ("results", "Results", sections.results(study)),
        ("trades", "Trades", sections.trade_table(study)),
        ("charts", "Trades on their prices", sections.trade_charts(study, trades_drawn)),
        ("excursions", "How far trades went", sections.excursions(study)),
        ("refusals", "Refusals", sections.refusals(study)),
        ("costs", "Charges", sections.charges(study)),
        ("exposure", "Exposure and use of capital", sections.exposure(study)),
        ("groups", "By group", sections.groups(study)),
        *((f"extra-{n}", extra.title, _extra(extra)) for n, extra in enumerate(study.extras, 1)),
        ("measures", "All measures", _measures(study.performance)),
    ]
    shown = [(name, title, content) for name, title, content in parts if content]
    links = "".join(tag("a", text(title), href=f"#{name}") for name, title, _ in shown)
    body = "".join(tag("section", tag("h2", text(title)) + content, id=name) for name, title, content in shown)
    head = tag("h1", text(study.title)) + tag("p", text(_about(study)), class_="quiet")
    main = tag("main", head + _tiles(study.performance) + _remarks(study) + tag("nav", links) + body)
    return _document(study.title, main)


def _document(title: str, main: Markup) -> str:
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{text(POLICY)}">'
        f"<title>{text(title)}</title><style>{STYLE}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{main}</body></html>\n'


def _about(study: Study) -> str:
    days = study.performance.curve.days
    span = f"{days[0].session:%d %B %Y} to {days[-1].session:%d %B %Y}" if days else "no session"
    rules = f", policy {rc.policy_hash(study.policy)[:12]}" if study.policy is not None else ""
    told = f"{study.source}: {span}, {_count(len(days), 'session')}{rules}"
    return f"{told}. Amounts are after charges unless they say gross."


def _count(number: int, of: str) -> str:
    return f"{number} {of}" if number == 1 else f"{number} {of}s"


def _tiles(of: rc.Performance) -> Markup:
    told: list[tuple[str, Decimal | int | None, str]] = [
        ("net result", of.net, "Rs"),
        ("return", of.cumulative_return, "share"),
        (f"deepest drawdown; inside sessions {said(fallen_pct(of, inside=True), '%')}", fallen_pct(of), "%"),
        ("finished trades", len(of.trades), "count"),
        ("win rate", of.win_rate, "share"),
        ("expectancy", of.expectancy_r, "R"),
        ("profit factor", of.profit_factor, ""),
        ("charges", of.charges, "Rs"),
    ]
    return tag("div", "".join(_tile(*one) for one in told), class_="tiles")


def _tile(name: str, value: Decimal | int | None, unit: str) -> Markup:
    kind = "" if name != "net result" or value is None else "gain" if value > 0 else "loss" if value < 0 else ""
    return tag("div", tag("b", text(said(value, unit)), class_=kind) + tag("span", text(name)), class_="tile")


def _remarks(study: Study) -> Markup:
    """What the figures leave out, and what their maker says of them; many sentences open by a line."""
    lines = [*remarks(study.performance), *(f"{line[0].upper()}{line[1:]}." for line in study.remarks if line)]
    shown, more = lines[:REMARKS_SHOWN], lines[REMARKS_SHOWN:]
    made = "".join(tag("p", text(line), class_="quiet") for line in shown)
    if not more:
        return made
    summary = tag("summary", text(f"{_count(len(more), 'more remark')}, the first: {more[0]}"), class_="quiet")
    return made + tag("details", summary + "".join(tag("p", text(line), class_="quiet") for line in more[1:]))


def _measures(of: rc.Performance) -> Markup:
    made: dict[str, list[Sequence[object]]] = {}
    for figure in figures(of):
        made.setdefault(figure.group, []).append((figure.name, figure.said))
    cards = (card(group, table(("", ""), rows, numbers=(1,), long=(0,), heads=False)) for group, rows in made.items())
    return tag("div", "".join(cards), class_="columns")


def _extra(extra: Extra) -> Markup:
    told = tag("p", text(extra.about), class_="quiet")
    numbers = [n for n in range(len(extra.columns)) if _numeric(row[n] for row in extra.rows)]
    rows = [[shown(value) for value in row] for row in extra.rows]
    return (
        told
        + extra.drawing
        + tag("div", table(extra.columns, rows, numbers=numbers, long=(len(extra.columns) - 1,)), class_="card")
    )


def _numeric(values: Iterable[object]) -> bool:
    """Whether a column has numbers, and texts that are one, alone."""
    return all(value is None or isinstance(value, (int, Decimal)) or NUMBER.match(str(value)) for value in values)


def shown(value: object) -> str:
    """A cell of a table beside, for a person: amounts to the paisa."""
    if value is None:
        return "-"
    return rc.grouped(value) if isinstance(value, Decimal) else str(value)
