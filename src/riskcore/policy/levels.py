"""Where stops and targets stand, and the ATR they are measured with."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from attrs import field, frozen

from riskcore.money import HUNDRED, ZERO, count, not_negative, not_negative_whole, plain, positive
from riskcore.policy.kinds import below, interval, list_of, meta, one_word, percent
from riskcore.policy.sizing import FIXED_NOTIONAL, FIXED_QUANTITY
from riskcore.stops.combining import TIGHTER, WIDER
from riskcore.targets import IN_R, leg_rules, leg_texts, whole_of
from riskcore.values import given, optional

ATR: Final = "atr"
PERCENT: Final = "percent"
POINTS: Final = "points"
LEVEL: Final = "level"
SWING: Final = "swing"
RUPEES: Final = "rupees"
METHODS: Final = (ATR, PERCENT, POINTS, LEVEL, SWING, RUPEES)

USE: Final = "use"
IGNORE: Final = "ignore"

R: Final = "r"
GROSS: Final = "gross"
NET: Final = "net"

_method = one_word(*METHODS)


def methods(value: Any, name: str) -> tuple[str, ...]:
    """One or more stop methods, each once."""
    found: tuple[str, ...] = list_of(_method)(value, name)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{name} must name one or more of {', '.join(METHODS)}, each once, got {value!r}")
    return found


def legs(value: Any, name: str) -> tuple[str, ...] | None:
    """Legs of a target in their canonical spelling; an empty list is none."""
    return None if value is None else leg_texts(value, name) or None


def _shares(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Legs that are not the whole position."""
    texts = values.get("target_legs")
    if not texts or whole_of(texts) == HUNDRED:
        return []
    return [("target_legs", f"add up to {plain(whole_of(texts))} %; make it 100 %")]


@frozen(kw_only=True, slots=False)
class LevelSettings:
    """Where stops and targets stand, and the ATR they are measured with."""

    min_risk_reward: Decimal = field(
        default=Decimal("2.5"),
        converter=given,
        metadata=meta(positive, "R", "least reward for one unit of risk, on risk_reward_basis, at the reference price"),
    )
    risk_reward_basis: str = field(
        default=GROSS,
        converter=given,
        metadata=meta(one_word(GROSS, NET), "gross/net", "min_risk_reward holds before charges, or after them too"),
    )
    stop_methods: tuple[str, ...] = field(
        default=(ATR,),
        converter=given,
        metadata=meta(methods, "list", "what places the stop: atr, percent, points, level, swing, rupees"),
    )
    stop_combine: str = field(
        default=TIGHTER,
        converter=given,
        metadata=meta(one_word(TIGHTER, WIDER), "tighter/wider", "which stop counts where several methods place one"),
    )
    signal_stop: str = field(
        default=USE,
        converter=given,
        metadata=meta(
            one_word(USE, IGNORE, TIGHTER), "use/ignore/tighter", "a stop the signal brings; tighter: or our own"
        ),
    )
    stop_atr_multiple: Decimal = field(
        default=Decimal("1.5"),
        converter=given,
        metadata=meta(positive, "x ATR", "distance of the stop by the method atr"),
    )
    stop_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(percent), "% of the price", "distance of the stop by the method percent", example="1"),
    )
    stop_points: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(positive), "rupees a share", "distance of the stop by the method points", example="10"),
    )
    stop_swing_bars: int = field(
        default=3,
        converter=given,
        metadata=meta(count, "bars", "bars on each side that make a swing, for the method swing"),
    )
    stop_buffer_ticks: int = field(
        default=1,
        converter=given,
        metadata=meta(not_negative_whole, "ticks", "how far beyond a level or swing the stop stands"),
    )
    stop_buffer_atr: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(not_negative), "x ATR", "added to stop_buffer_ticks; empty: off", example="0.1"),
    )
    stop_risk_rupees: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), "rupees", "loss at the stop of a fixed quantity, for the method rupees", example="1000"
        ),
    )
    stop_least_ticks: int = field(
        default=2,
        converter=given,
        metadata=meta(count, "ticks", "least distance of a stop: ours is moved there, a signal's refused"),
    )
    stop_least_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent), "% of the price", "least distance of a stop, as well; empty: off", example="0.3"
        ),
    )
    stop_greatest_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the price",
            "greatest distance of a stop: ours is moved there, a signal's refused; empty: off",
            example="5",
        ),
    )
    stop_greatest_atr: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(positive), "x ATR", "greatest distance of a stop, as well; empty: off", example="4"),
    )
    target_method: str = field(
        default=R,
        converter=given,
        metadata=meta(one_word(R, PERCENT, POINTS), "r/percent/points", "what places the target"),
    )
    target_r_multiple: Decimal = field(
        default=Decimal("2.5"),
        converter=given,
        metadata=meta(positive, "R", "distance of the target by the method r, in units of the stop's distance"),
    )
    target_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(percent), "% of the price", "distance of the target by the method percent", example="3"),
    )
    target_points: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), "rupees a share", "distance of the target by the method points", example="30"
        ),
    )
    target_legs: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(
            legs,
            "list",
            "targets in parts, in R, % of the price or points; empty: one target",
            example='["50% at 1.5R", "30% at 3%", "20% at 40 points"]',
        ),
    )
    atr_period: int = field(
        default=14,
        converter=given,
        metadata=meta(count, "bars", "averaging length of Wilder's ATR"),
    )
    atr_interval: str | None = field(
        default=None,
        converter=given,
        metadata=meta(
            interval, "1m, 5m, ...", "bars the ATR is measured on; empty: the signal's own interval, else 5m"
        ),
    )
    atr_warmup_bars: int = field(
        default=140,
        converter=given,
        metadata=meta(count, "bars", "bars needed before an ATR is trusted (ten times the period)"),
    )

    @cached_property
    def stop_on_atr(self) -> bool:
        """Whether the policy's own stop is measured in ATR."""
        buffered = self.stop_buffer_atr is not None and not {LEVEL, SWING}.isdisjoint(self.stop_methods)
        return ATR in self.stop_methods or buffered


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Methods without their numbers, bounds that no stop meets, a target that would always be refused."""
    found = [*_without_numbers(values), *(_shares(values) or _least_ratio(values))]
    if below(values, "stop_greatest_pct", "stop_least_pct"):
        what = f"is below stop_least_pct {plain(values['stop_least_pct'])}: no stop could stand between them"
        found.append(("stop_greatest_pct", what))
    if below(values, "atr_warmup_bars", "atr_period"):
        found.append(("atr_warmup_bars", f"is below atr_period {values['atr_period']}: no ATR exists yet"))
    return found


def _without_numbers(values: dict[str, Any]) -> list[tuple[str, str]]:
    """What a chosen method needs and does not have."""
    stops, target = values.get("stop_methods", ()), values.get("target_method")
    needs = (
        (PERCENT in stops, "stop_pct", "stop_methods names percent"),
        (POINTS in stops, "stop_points", "stop_methods names points"),
        (RUPEES in stops, "stop_risk_rupees", "stop_methods names rupees"),
        (target == PERCENT, "target_pct", "target_method is percent"),
        (target == POINTS, "target_points", "target_method is points"),
    )
    found = [
        (name, f"must be set, because {why}")
        for wanted, name, why in needs
        if wanted and name in values and values[name] is None
    ]
    sizes = (FIXED_QUANTITY, FIXED_NOTIONAL)
    if RUPEES in stops and values.get("sizing_method", FIXED_QUANTITY) not in sizes:
        what = "names rupees, which needs a quantity that does not follow from the stop: set sizing_method to"
        found.append(("stop_methods", f"{what} {' or '.join(sizes)}"))
    return found


def _least_ratio(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A target in R that the least ratio would always refuse."""
    least, name = values.get("min_risk_reward"), "target_r_multiple"
    rules = leg_rules(values.get("target_legs") or ())
    reach = values.get(name) if values.get("target_method") == R else None
    if rules:
        name = "target_legs"
        in_r = all(rule.unit == IN_R for rule in rules)
        reach = sum((rule.share * rule.reach for rule in rules), ZERO) / HUNDRED if in_r else None
    if least is None or reach is None:
        return []
    what = f"give {plain(reach)} R" if rules else "is"
    if reach < least:
        return [(name, f"{what} below min_risk_reward {least}: every entry would be refused")]
    if reach == least and values.get("risk_reward_basis") == NET:
        return [(name, f"{what} not above min_risk_reward {least}: after charges every entry would be refused")]
    return []
