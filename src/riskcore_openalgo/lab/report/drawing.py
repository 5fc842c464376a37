"""Small drawing functions: escaped markup, linear scales with round ticks, and a chart's frame, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from html import escape
from typing import Final, TypeAlias

from attrs import evolve, frozen

import riskcore as rc

Markup: TypeAlias = str
Point: TypeAlias = tuple[float, float]
LETTER: Final = 6.4
"""How wide a letter is, about."""


def tag(name: str, content: Markup = "", /, **attributes: object) -> Markup:
    """An element; attribute values are escaped, `content` is markup already. `_` in a name is `-`, at its end nothing.

    >>> tag("text", text("a < b"), class_="dim", x=1.5)
    '<text class="dim" x="1.5">a &lt; b</text>'
    """
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items())
    return f"<{name}{told}>{content}</{name}>"


def text(value: object) -> Markup:
    """A value as text that no browser takes for markup; floats with at most two decimals."""
    return escape(f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value), quote=True)


@frozen
class Scale:
    """From values to places on the page: `low` stands at `first`, `high` at `last`."""

    low: float
    high: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        """The place of a value; the middle where the scale has no extent."""
        if self.high == self.low:
            return (self.first + self.last) / 2
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)

    @property
    def ticks(self) -> list[float]:
        """About four round values inside the scale.

        >>> Scale(0, 10, 0, 1).ticks
        [0.0, 2.5, 5.0, 7.5, 10.0]
        """
        step = _round_step((self.high - self.low) / 4)
        if step == 0:
            return [self.low]
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def scale_over(values: Iterable[float], first: float, last: float, *, with_zero: bool = False) -> Scale:
    """A scale that holds all values with a little room; one value alone gets room around it."""
    kept = [*values, *([0.0] if with_zero else [])] or [0.0]
    low, high = min(kept), max(kept)
    room = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    down = 0.0 if with_zero and low == 0 else room
    up = 0.0 if with_zero and high == 0 else room
    return Scale(low - down, high + up, first, last)


def _round_step(rough: float) -> float:
    if rough <= 0 or not math.isfinite(rough):
        return 0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * part for part in (1, 2, 2.5, 5, 10) if rough <= power * part * (1 + 1e-9))


@frozen
class Frame:
    """A chart's size and the margins for its labels."""

    width: float = 360
    height: float = 220
    left: float = 54
    right: float = 12
    top: float = 10
    bottom: float = 26

    @property
    def x(self) -> tuple[float, float]:
        """Where the plot begins and ends."""
        return self.left, self.width - self.right

    @property
    def y(self) -> tuple[float, float]:
        """Where it begins and ends upwards: the bottom first."""
        return self.height - self.bottom, self.top

    def beside(self, scale: Scale, said: Callable[[float], str]) -> Frame:
        """The same with room on the left for the labels of a scale: a crore's digits are wider than usual."""
        longest = max(map(len, labels(scale.ticks, said)), default=0)
        return evolve(self, left=max(self.left, longest * LETTER + 8))


def drawing(frame: Frame, label: str, *parts: Markup) -> Markup:
    """A whole chart; `label` is read out where it cannot be seen."""
    box = f"0 0 {text(float(frame.width))} {text(float(frame.height))}"
    style = f"max-width:{frame.width * 1.35:.0f}px"
    return tag("svg", "".join(parts), viewBox=box, role="img", aria_label=label, style=style)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def path(points: Sequence[Point], kind: str) -> Markup:
    """A line through points."""
    return tag("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), class_=kind) if points else ""


def area(points: Sequence[Point], base: float, kind: str) -> Markup:
    """What lies between a line and a height."""
    if not points:
        return ""
    return path([(points[0][0], base), *points, (points[-1][0], base)], kind)


def box(x: float, y: float, width: float, height: float, kind: str, told: str = "") -> Markup:
    """A rectangle; `told` is shown by the pointer."""
    inside = tag("title", text(told)) if told else ""
    return tag("rect", inside, x=x, y=y, width=max(width, 0.5), height=max(height, 0.5), rx=1.5, class_=kind)


def dot(x: float, y: float, kind: str, told: str = "", *, size: float = 4) -> Markup:
    """A point."""
    return tag("circle", tag("title", text(told)) if told else "", cx=x, cy=y, r=size, class_=kind)


def words(x: float, y: float, said: object, kind: str = "", anchor: str = "middle", **more: object) -> Markup:
    """A text at a place."""
    return tag("text", text(said), x=x, y=y, text_anchor=anchor, class_=kind, **more)


def left_axis(scale: Scale, frame: Frame, said: Callable[[float], str]) -> Markup:
    """Horizontal rules at round values with their labels."""
    made = []
    for tick, label in zip(scale.ticks, labels(scale.ticks, said), strict=True):
        y = scale(tick)
        made.append(line(frame.x[0], y, frame.x[1], y, "zero" if tick == 0 else "rule"))
        made.append(words(frame.left - 6, y + 4, label, "dim", "end"))
    return "".join(made)


def labels(ticks: Sequence[float], said: Callable[[float], str]) -> list[str]:
    """The words of an axis; in full where the short ones of two ticks are the same, or stand in different units.

    >>> labels([100_000, 100_100], short)
    ['1,00,000', '1,00,100']
    >>> labels([95_000, 100_000, 105_000], short)
    ['95,000', '1,00,000', '1,05,000']
    """
    told = [said(tick) for tick in ticks]
    units = {one.lstrip("-0123456789.") for one, tick in zip(told, ticks, strict=True) if tick}
    return told if len(units) < 2 and len(set(told)) == len(told) else [in_full(tick) for tick in ticks]


def in_full(value: float, digits: int = 10) -> str:
    """A number for an axis to so many digits that count, with no more decimals than it takes.

    >>> in_full(140_000.5), in_full(140_000.5, 6), in_full(0.25)
    ('1,40,000.5', '1,40,000', '0.25')
    """
    plain = f"{Decimal(f'{value:.{digits}g}'):f}"
    return rc.grouped(Decimal(plain), len(plain.partition(".")[2]))


def bottom_axis(places: Sequence[tuple[float, str]], frame: Frame) -> Markup:
    """Labels below the plot; those at its ends are kept inside, those that would touch the one before are left out."""
    made, taken = [], float("-inf")
    for x, said in places:
        half = len(said) * LETTER / 2
        middle = max(min(x, frame.width - half - 2), half + 2)
        if middle - half >= taken:
            made.append(words(middle, frame.height - 8, said, "dim"))
            taken = middle + half + LETTER
    return "".join(made)


def thinned(values: Sequence[float], most: int) -> list[tuple[int, float]]:
    """At most about `most` of the values with their places, the lowest and the highest of each stretch among them."""
    if len(values) <= most:
        return list(enumerate(values))
    stretch = math.ceil(len(values) / (most // 2))
    kept: set[int] = {0, len(values) - 1}
    for start in range(0, len(values), stretch):
        part = range(start, min(start + stretch, len(values)))
        kept |= {min(part, key=values.__getitem__), max(part, key=values.__getitem__)}
    return [(place, values[place]) for place in sorted(kept)]


def short(value: float) -> str:
    """A number for an axis, in the Indian steps of lakh and crore.

    >>> [short(n) for n in (950, 12_500, 150_000, 25_000_000, -0.5)]
    ['950', '12.5k', '1.5L', '2.5Cr', '-0.5']
    """
    for size, letter in ((1e7, "Cr"), (1e5, "L"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"
