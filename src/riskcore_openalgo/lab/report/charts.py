"""The charts of a report: each takes values and gives one drawing."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

import riskcore as rc
from riskcore_openalgo.lab.report.drawing import (
    Frame,
    Markup,
    Scale,
    area,
    bottom_axis,
    box,
    dot,
    drawing,
    left_axis,
    path,
    scale_over,
    short,
    tag,
    thinned,
    words,
)

MOST_POINTS: Final = 600
PLAIN: Final = Frame()


def equity(curve: rc.EquityCurve, width: float) -> Markup:
    """Equity inside and between sessions, without what was paid in or out."""
    levels, places = _levels(curve)
    frame = Frame(width=width, height=230)
    y = scale_over(levels, *frame.y)
    frame = frame.beside(y, short)
    x = Scale(0, max(len(levels) - 1, 1), *frame.x)
    points = [(x(place), y(level)) for place, level in thinned(levels, MOST_POINTS)]
    return drawing(
        frame,
        f"Equity from Rs {rc.grouped(levels[0], 0)} to Rs {rc.grouped(levels[-1], 0)}",
        left_axis(y, frame, short),
        area(points, frame.y[0], "fill"),
        path(points, "mark"),
        dot(*points[-1], "mark-dot", f"Rs {rc.grouped(levels[-1])}"),
        bottom_axis([(x(place), f"{day:%d %b %y}") for place, day in _some(places, 3 if width < 500 else 6)], frame),
    )


def drawdown(curve: rc.EquityCurve, width: float, label: str) -> Markup:
    """How far below its highest point so far the equity stood, in percent."""
    levels, places = _levels(curve)
    frame = Frame(width=width, height=140)
    top, falls = levels[0], []
    for level in levels:
        top = max(top, level)
        falls.append((level - top) / top * 100 if top > 0 else 0.0)
    y = scale_over(falls, *frame.y, with_zero=True)
    frame = frame.beside(y, _percent)
    x = Scale(0, max(len(levels) - 1, 1), *frame.x)
    points = [(x(place), y(fall)) for place, fall in thinned(falls, MOST_POINTS)]
    return drawing(
        frame,
        label,
        left_axis(y, frame, _percent),
        area(points, y(0), "fill-bad"),
        path(points, "bad-line"),
        bottom_axis([(x(place), f"{day:%d %b %y}") for place, day in _some(places, 3 if width < 500 else 6)], frame),
    )


def _percent(value: float) -> str:
    return f"{short(value)} %"


def _levels(curve: rc.EquityCurve) -> tuple[list[float], list[tuple[int, date]]]:
    """The equity at each change, and at which place each session begins."""
    levels = [float(level) for level in curve.levels(intraday=True)]
    places, at = [], 0
    for day in curve.days:
        places.append((at, day.session))
        at += len(day.path) + 1
    return levels, places


def _some(places: Sequence[tuple[int, date]], most: int) -> Sequence[tuple[int, date]]:
    """A few of them, evenly, the last always among them; none so near that labels touch."""
    if len(places) <= most:
        return _apart(places, most)
    step = (len(places) - 1) / (most - 1)
    return _apart([places[round(n * step)] for n in range(most)], most)


def _apart(places: Sequence[tuple[int, date]], most: int) -> Sequence[tuple[int, date]]:
    if not places:
        return places
    room = (places[-1][0] or 1) / (most * 1.6)
    kept = [places[0]]
    for before, place in pairwise([places[0], *places[1:]]):
        if place[0] - kept[-1][0] >= room and place != before:
            kept.append(place)
    return kept


def columns(
    values: Sequence[tuple[str, float]], label: str, said: Callable[[float], str] = short, *, signed: bool = True
) -> Markup:
    """Upright bars, one a name; `signed` colours gains and losses."""
    y = scale_over([value for _, value in values], *PLAIN.y, with_zero=True)
    frame = PLAIN.beside(y, said)
    each = (frame.x[1] - frame.x[0]) / max(len(values), 1)
    made, labels = [], []
    every = max(1, -(-len(values) // 7))
    for place, (name, value) in enumerate(values):
        left = frame.x[0] + place * each
        kind = ("good" if value >= 0 else "bad") if signed else "mark-fill"
        wide = min(max(each - 2, 0.8), 44)
        top, low = min(y(value), y(0)), max(y(value), y(0))
        made.append(box(left + (each - wide) / 2, top, wide, low - top, kind, f"{name}: {said(value)}"))
        if place % every == 0:
            labels.append((left + each / 2, name))
    return drawing(frame, label, left_axis(y, frame, said), *made, bottom_axis(labels, frame))


def ranked(values: Sequence[tuple[str, float]], label: str, said: Callable[[float], str]) -> Markup:
    """Lying bars with their names above them, the longest first."""
    frame = Frame(height=8 + 34 * max(len(values), 1), left=2, right=56, top=4, bottom=4)
    most = max((abs(value) for _, value in values), default=1) or 1
    made = []
    for place, (name, value) in enumerate(values):
        top = frame.top + place * 34
        long = abs(value) / most * (frame.x[1] - frame.x[0])
        made.append(words(frame.left, top + 12, name, "", "start"))
        made.append(box(frame.left, top + 17, long, 10, "bad" if value < 0 else "mark-fill", f"{name}: {said(value)}"))
        made.append(words(frame.left + long + 6, top + 26, said(value), "dim", "start"))
    return drawing(frame, label, *made)


def scatter(points: Sequence[tuple[float, float, str]], label: str, across: str, upward: str) -> Markup:
    """Points with two measures; good above nought, bad below."""
    frame = Frame(bottom=40, left=48)
    x = scale_over([point[0] for point in points], *frame.x, with_zero=True)
    y = scale_over([point[1] for point in points], *frame.y, with_zero=True)
    marks = [dot(x(a), y(b), "good-dot" if b >= 0 else "bad-dot", told) for a, b, told in points]
    ticks = "".join(words(x(tick), frame.y[0] + 14, short(tick), "dim") for tick in x.ticks)
    middle = (frame.x[0] + frame.x[1]) / 2
    turned = tag("text", upward, x=11, y=100, text_anchor="middle", class_="dim", transform="rotate(-90 11 100)")
    return drawing(
        frame,
        label,
        left_axis(y, frame, short),
        ticks,
        words(middle, frame.height - 6, across, "dim"),
        turned,
        *marks,
    )


def month(first: date, results: dict[date, Decimal], most: float) -> Markup:
    """One month of sessions, a column a weekday, the strength of the colour by the size of the result."""
    weeks = (first.weekday() + monthrange(first.year, first.month)[1] + 6) // 7
    frame = Frame(width=250, height=38 + 22 * weeks, left=0, right=0, top=0, bottom=0)
    made = [words(4, 14, f"{first:%B %Y}", "", "start")]
    named = zip(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), range(7), strict=True)
    made += [words(17 + 35 * n, 31, name, "dim") for name, n in named]
    day, row = first, 0
    while day.month == first.month:
        x, y = 35 * day.weekday(), 36 + row * 22
        made.append(_cell(day, results.get(day), most, x, y))
        row += day.weekday() == 6
        day += timedelta(days=1)
    return drawing(frame, f"Results of {first:%B %Y}", *made)


def _cell(day: date, result: Decimal | None, most: float, x: float, y: float) -> Markup:
    if result is None:
        return words(x + 17, y + 15, day.day, "faint")
    kind = "good" if result > 0 else "bad" if result < 0 else "even"
    strength = 0.25 + 0.75 * min(abs(float(result)) / most, 1) if most else 0.25
    back = tag("g", box(x + 1, y, 33, 20, kind, f"{day}: Rs {rc.grouped(result, signed=True)}"), opacity=strength)
    told = f"{float(result):+.0f}" if abs(result) < 1000 else short(float(result))
    if len(told) <= 6:
        return back + words(x + 17, y + 14, told if result else "0", "cell")
    return back + words(x + 17, y + 14, told, "cell", textLength=33, lengthAdjust="spacingAndGlyphs")


def heat(
    rows: Sequence[str], cols: Sequence[str], values: Sequence[Sequence[float | None]], label: str, across: str
) -> Markup:
    """A heat map: one cell for each pair of names, coloured by its sign and size, its number in it."""
    each = 280 / max(len(cols), 1)
    frame = Frame(height=44 + 26 * len(rows), left=76, right=4, top=4, bottom=40)
    most = max((abs(value) for row in values for value in row if value is not None), default=1) or 1
    made = []
    for n, (name, row) in enumerate(zip(rows, values, strict=True)):
        made.append(words(70, 20 + 26 * n, name, "dim", "end"))
        for m, value in enumerate(row):
            x, y = 76 + m * each, 4 + 26 * n
            if value is None:
                made.append(words(x + each / 2, y + 16, "-", "faint"))
                continue
            kind = "good" if value >= 0 else "bad"
            told = f"{name}, {cols[m]}: {value:,.4g}"
            made.append(tag("g", box(x + 1, y, each - 2, 24, kind, told), opacity=0.25 + 0.75 * abs(value) / most))
            made.append(words(x + each / 2, y + 16, short(value), "cell"))
    made += [words(76 + (m + 0.5) * each, frame.height - 24, name, "dim") for m, name in enumerate(cols)]
    return drawing(frame, label, *made, words(216, frame.height - 6, across, "dim"))
