"""How a stop follows the price, and when a position has had its time. All of it is off by default."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.money import HUNDRED, count, not_negative_whole, positive
from riskcore.policy.kinds import flag, interval, meta, one_word, percent
from riskcore.values import given, optional

PERCENT: Final = "percent"
POINTS: Final = "points"
ATR: Final = "atr"
CHANDELIER: Final = "chandelier"
STEP_PERCENT: Final = "step_percent"
STEP_POINTS: Final = "step_points"
STEP_R: Final = "step_r"
HANGING: Final = (PERCENT, POINTS, ATR, CHANDELIER)
STEPPING: Final = (STEP_PERCENT, STEP_POINTS, STEP_R)
TRAILS: Final = (*HANGING, *STEPPING)
ON_ATR: Final = frozenset((ATR, CHANDELIER))
TICK: Final = "tick"
BAR: Final = "bar"
LATEST: Final = "latest"
AT_ENTRY: Final = "entry"
SMALL_PERCENT: Final = Decimal("0.05")

_UNIT: Final = "the trail's unit: %, rupees, x ATR or R"


@frozen(kw_only=True, slots=False)
class TrailSettings:
    """How a stop follows the price, and when a position has had its time."""

    trail: str | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(one_word(*TRAILS)),
            ", ".join(TRAILS),
            "how the stop follows the best price since entry, or moves in steps of profit; empty: it does not",
            example=STEP_POINTS,
        ),
    )
    trail_by: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive),
            _UNIT,
            "how far the stop hangs behind the best price; with a step trail, how far each step moves it",
            example="2",
        ),
    )
    trail_step: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(positive), _UNIT, "with a step trail: the profit for one move of the stop", example="2"),
    )
    trail_after: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), _UNIT, "profit from which on the stop trails; empty: from the entry on", example="2"
        ),
    )
    trail_on: str = field(
        default=TICK,
        converter=given,
        metadata=meta(
            one_word(TICK, BAR),
            "tick or bar",
            "move the stop with every price, or only at the end of a candle of trail_interval, by its close",
        ),
    )
    trail_interval: str = field(
        default="5m",
        converter=given,
        metadata=meta(
            optional(interval), "1m, 5m, ...", "the candles of trail_on: bar and of time_stop_bars, from the open on"
        ),
    )
    trail_atr: str = field(
        default=LATEST,
        converter=given,
        metadata=meta(
            one_word(LATEST, AT_ENTRY),
            "latest or entry",
            "which ATR a trail is measured in: the freshest, or the entry's",
        ),
    )
    breakeven_at_r: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), "R", "profit at which the stop goes to the entry price; empty: off", example="1"
        ),
    )
    breakeven_at_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the entry price",
            "the same as a percentage of the entry price; empty: off",
            small=False,
            example="1",
        ),
    )
    breakeven_covers_charges: bool = field(
        default=True,
        converter=given,
        metadata=meta(flag, "true/false", "break even after charges: a fill at the stop then loses nothing"),
    )
    breakeven_buffer_ticks: int = field(
        default=0,
        converter=given,
        metadata=meta(not_negative_whole, "ticks", "how far beyond break-even the stop goes"),
    )
    profit_lock_at_r: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), "R", "open profit from which on profit_lock_pct of the best is kept", example="2"
        ),
    )
    profit_lock_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the best profit",
            "share of the best open profit that the stop keeps",
            small=False,
            example="50",
        ),
    )
    time_stop_bars: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "candles",
            "leave at the end of that many candles of trail_interval, the entry's counted",
            example="30",
        ),
    )
    time_stop_min: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count), "minutes", "leave that long after the entry, nights and holidays counted", example="60"
        ),
    )
    time_stop_before_square_off_min: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "minutes",
            "leave so long before the square-off, and enter nothing from then on",
            example="15",
        ),
    )

    @property
    def moves_stops(self) -> bool:
        """Whether any setting ever moves a stop."""
        moved_by_gain = self.breakeven_at_r is not None or self.breakeven_at_pct is not None
        return self.trail is not None or moved_by_gain or self.profit_lock_at_r is not None

    @property
    def stops_by_time(self) -> bool:
        """Whether any time stop is set."""
        return not (self.time_stop_min is self.time_stop_bars is self.time_stop_before_square_off_min is None)

    @property
    def trails_on_atr(self) -> bool:
        """Whether the trail cannot work without an ATR."""
        return self.trail in ON_ATR


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A trail without its distance, distances without a trail, steps that overtake the price, half a profit lock."""
    found = _distances(values) if values.get("trail") else _without_trail(values)
    if values.get("trail_interval", "") is None:
        found.append(("trail_interval", "cannot be empty: write a length such as 5m"))
    pair = ("profit_lock_at_r", "profit_lock_pct")
    for name, other in (pair, pair[::-1]):
        if values.get(name) is not None and other in values and values[other] is None:
            found.append((name, f"needs {other}: set both, or neither"))
    if values.get("profit_lock_pct") == HUNDRED:
        found.append(("profit_lock_pct", "must be below 100: a stop at the best price is hit at once"))
    return found


def _without_trail(values: dict[str, Any]) -> list[tuple[str, str]]:
    if "trail" not in values:
        return []
    names = ("trail_by", "trail_step", "trail_after")
    return [(name, "needs a trail: set trail, or leave it empty") for name in names if values.get(name) is not None]


def _distances(values: dict[str, Any]) -> list[tuple[str, str]]:
    trail, by, step = values["trail"], values.get("trail_by"), values.get("trail_step")
    found = []
    if trail in HANGING:
        if by is None and "trail_by" in values:
            found.append(("trail_by", f"trail {trail} needs it: how far the stop hangs behind the best price"))
        if step is not None:
            found.append(("trail_step", f"is for the trails {', '.join(STEPPING)}, not for {trail}: leave it empty"))
    else:
        if step is None and "trail_step" in values:
            found.append(("trail_step", f"trail {trail} needs it: the profit for which the stop moves once"))
        if step is not None and by is not None and by > step:
            found.append(("trail_by", f"is above trail_step {step}: the stop would overtake the price"))
    if trail == PERCENT and by is not None and by >= HUNDRED:
        found.append(("trail_by", "must be below 100 % of the price"))
    if trail in (PERCENT, STEP_PERCENT) and not values.get("confirm_small"):
        names = ("trail_by", "trail_step", "trail_after")
        small = [name for name in names if values.get(name) is not None and values[name] < SMALL_PERCENT]
        what = "is in percent and below 0.05: write 1 for 1 %, or set confirm_small: true if it is meant"
        found += [(name, what) for name in small]
    return found
