"""Cards and tables of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import riskcore as rc
from riskcore_openalgo.lab.report.drawing import Markup, tag, text


def card(title: str, content: Markup, about: str = "") -> Markup:
    """A titled box; nothing where there is no content."""
    if not content:
        return ""
    below = tag("p", text(about), class_="quiet") if about else ""
    return tag("div", (tag("h3", text(title)) if title else "") + content + below, class_="card")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[int] = (),
    long: Sequence[int] = (),
    heads: bool = True,
) -> Markup:
    """A table in a box that scrolls by itself; `numbers` are the columns that stand to the right, `long` ones wrap.

    A cell that is a `Marked` is markup already, everything else is escaped.
    """
    kinds = ["n" if n in numbers else "w" if n in long else "t" for n in range(len(columns))]
    head = "".join(tag("th", text(name), class_=kind, scope="col") for name, kind in zip(columns, kinds, strict=True))
    body = "".join(
        tag("tr", "".join(tag("td", _shown(cell), class_=kind) for cell, kind in zip(row, kinds, strict=True)))
        for row in rows
    )
    whole = (tag("thead", tag("tr", head)) if heads else "") + tag("tbody", body)
    return tag("div", tag("table", whole), class_="scroll")


class Marked(str):
    """Text that is markup already."""

    __slots__ = ()


def _shown(cell: object) -> Markup:
    return cell if isinstance(cell, Marked) else text(cell)


def money(value: Decimal, digits: int = 2) -> Marked:
    """A result in rupees, gains and losses coloured; with no `digits` in whole rupees."""
    kind = "gain" if value > 0 else "loss" if value < 0 else ""
    return Marked(tag("span", text(rc.grouped(value, digits, signed=True)), class_=kind))
