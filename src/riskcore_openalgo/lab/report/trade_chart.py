"""One trade on its prices: where it was entered, the path of its stop, its target, where it left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import riskcore as rc
from riskcore_openalgo.lab.report.drawing import (
    Frame,
    Markup,
    Point,
    Scale,
    bottom_axis,
    drawing,
    in_full,
    left_axis,
    line,
    path,
    scale_over,
    tag,
    text,
    words,
)
from riskcore_openalgo.lab.report.study import Span, Story

MOST_SPANS: Final = 160
SHOWS_HOURS: Final = 7
FRAME: Final = Frame(height=230, left=58)


def trade_chart(story: Story) -> Markup:
    """The drawing of one trade. Where no prices are known, its levels stand alone."""
    trade, spans = story.trade, _merged(story.prices)
    moments = [span.at for span in spans] or [trade.opened_at, trade.closed_at]
    held = [trade.entry_price, trade.exit_price, *(level.price for level in story.stops)]
    levels = [*held, trade.initial_target] if trade.initial_target is not None else held
    seen = [price for span in spans for price in (span.high, span.low)]
    y = scale_over([float(value) for value in [*levels, *seen]], *FRAME.y)
    frame = FRAME.beside(y, _price)
    x = Scale(0, max(len(moments) - 1, 1), *frame.x)
    begin, end = (x(_place(moments, at)) for at in (trade.opened_at, trade.closed_at))
    parts = [left_axis(y, frame, _price), _candles(spans, x, y)]
    if trade.initial_target is not None:
        target = float(trade.initial_target)
        at_left = bool(spans) and abs(float(spans[0].close) - target) > abs(float(spans[-1].close) - target)
        parts.append(_level(y(target), frame, "target", at_left=at_left))
    parts += [
        path(_steps(story, moments, x, y, end), "stop"),
        _marker(begin, y(float(trade.entry_price)), "entry", f"entry {trade.side} at {rc.grouped(trade.entry_price)}"),
        _marker(end, y(float(trade.exit_price)), "exit", f"exit ({trade.reason}) at {rc.grouped(trade.exit_price)}"),
        bottom_axis(_times(moments, x), frame),
    ]
    return drawing(frame, f"Trade {story.number}: {trade.side} {trade.key}", *parts)


def _price(value: float) -> str:
    return in_full(value, 6)


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Not more spans than can be seen: neighbours become one."""
    size = -(-len(spans) // MOST_SPANS) if spans else 1
    groups = [spans[n : n + size] for n in range(0, len(spans), size)]
    return [Span(g[0].at, g[0].open, max(s.high for s in g), min(s.low for s in g), g[-1].close) for g in groups]


def _place(moments: Sequence[datetime], at: datetime) -> int:
    return max(sum(moment <= at for moment in moments) - 1, 0)


def _candles(spans: Sequence[Span], x: Scale, y: Scale) -> Markup:
    made = []
    wide = max(min((x.last - x.first) / max(len(spans), 1) * 0.6, 7), 1)
    for place, span in enumerate(spans):
        kind = "up" if span.close >= span.open else "down"
        at, top, low = x(place), y(float(max(span.open, span.close))), y(float(min(span.open, span.close)))
        made.append(line(at, y(float(span.high)), at, y(float(span.low)), f"wick {kind}"))
        made.append(tag("rect", x=at - wide / 2, y=top, width=wide, height=max(low - top, 0.8), class_=f"body {kind}"))
    return "".join(made)


def _steps(story: Story, moments: Sequence[datetime], x: Scale, y: Scale, end: float) -> list[Point]:
    points: list[Point] = []
    last: Decimal | None = None
    for level in story.stops:
        at = min(x(_place(moments, level.at)), end)
        if last is not None:
            points.append((at, y(float(last))))
        points.append((at, y(float(level.price))))
        last = level.price
    return [*points, (max(end, points[-1][0] + 1), y(float(last)))] if last is not None else []


def _marker(x: float, y: float, kind: str, told: str) -> Markup:
    """A ring with its words, light enough to see the price below it."""
    return tag("circle", tag("title", text(told)), cx=x, cy=y, r=5, class_=kind)


def _times(moments: Sequence[datetime], x: Scale) -> list[tuple[float, str]]:
    days = (moments[-1].date() - moments[0].date()).days
    form = "%H:%M" if not days else "%d %b %H:%M" if days < SHOWS_HOURS else "%d %b"
    places = sorted({0, (len(moments) - 1) // 2, len(moments) - 1})
    return [(x(place), format(moments[place], form)) for place in places]


def _level(y: float, frame: Frame, name: str, *, at_left: bool) -> Markup:
    """A level across the plot with its name at the end where the prices are further away."""
    x, anchor = (frame.x[0] + 2, "start") if at_left else (frame.x[1], "end")
    return line(frame.x[0], y, frame.x[1], y, name) + words(x, y - 4, name, "dim halo", anchor)
