"""How positions are protected at a broker, how exits are pressed, and how our book is held against the broker's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.money import count, not_negative, not_negative_whole, positive
from riskcore.policy.kinds import meta, one_word, percent
from riskcore.values import given, optional

ADOPT: Final = "adopt"
IGNORE: Final = "ignore"
FREEZE: Final = "freeze"


@frozen(kw_only=True, slots=False)
class CustodySettings:
    """Protection at the broker, the exit ladder, and reconciliation."""

    stop_band_pct: Decimal = field(
        default=Decimal(1),
        converter=given,
        metadata=meta(
            not_negative, "% of the trigger", "how far beyond its trigger a resting stop may sell or buy", small=False
        ),
    )
    protect_alarm_s: int = field(
        default=3,
        converter=given,
        metadata=meta(count, "seconds", "how long shares may be without a stop at the broker until it is told"),
    )
    protect_flatten_s: int = field(
        default=10,
        converter=given,
        metadata=meta(count, "seconds", "how long shares may be without a stop at the broker until they are sold"),
    )
    grace_s: int = field(
        default=2,
        converter=given,
        metadata=meta(not_negative_whole, "seconds", "time a resting stop has to fill before we exit ourselves"),
    )
    confirm_s: int = field(
        default=1,
        converter=given,
        metadata=meta(not_negative_whole, "seconds", "time a single tick at the stop waits for a second one"),
    )
    spike_pct: Decimal = field(
        default=Decimal(2),
        converter=given,
        metadata=meta(
            percent,
            "% of the last price",
            "a lone price further away (and more than a tick) moves and takes nothing until confirmed",
        ),
    )
    exit_step_s: int = field(
        default=3,
        converter=given,
        metadata=meta(count, "seconds", "how long an exit works at one price before it is priced again"),
    )
    exit_max_band_pct: Decimal = field(
        default=Decimal(2),
        converter=given,
        metadata=meta(
            not_negative, "% of the price", "how far beyond the price the last step of an exit may stand", small=False
        ),
    )
    unknown_match_s: int = field(
        default=30,
        converter=given,
        metadata=meta(count, "seconds", "how far an order's time at the broker may be from ours to be the same order"),
    )
    unknown_settle_s: int = field(
        default=5,
        converter=given,
        metadata=meta(count, "seconds", "how old an order of unknown outcome is before its absence counts"),
    )
    unknown_reads: int = field(
        default=3,
        converter=given,
        metadata=meta(count, "reads", "clean reads in a row without an order that prove that it never arrived"),
    )
    differing_reads: int = field(
        default=2,
        converter=given,
        metadata=meta(count, "reads", "reads in a row in which the broker differs before it is acted on"),
    )
    over_risk_pct: Decimal = field(
        default=Decimal(10),
        converter=given,
        metadata=meta(
            not_negative,
            "% of the approved risk",
            "how far fills beyond the limit may take the risk before the excess is sold",
            small=False,
        ),
    )
    manual_trades: str = field(
        default=FREEZE,
        converter=given,
        metadata=meta(
            one_word(ADOPT, IGNORE, FREEZE), "adopt, ignore, freeze", "what becomes of shares that came without us"
        ),
    )
    overnight_move_pct: Decimal | None = field(
        default=Decimal(20),
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the last price",
            "a day's first price so far away freezes the symbol of a carried position (but an option); empty: off",
        ),
    )
    balance_tolerance: Decimal = field(
        default=Decimal(100),
        converter=given,
        metadata=meta(positive, "rupees", "difference between our account of the day and the broker's that is told"),
    )


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """An alarm after the act it warns of; a ladder that begins above its last step."""
    found = []
    alarm, flatten = values.get("protect_alarm_s"), values.get("protect_flatten_s")
    if alarm is not None and flatten is not None and alarm > flatten:
        found.append(("protect_alarm_s", f"{alarm} is after protect_flatten_s {flatten}: the alarm must come first"))
    first, last = values.get("exit_band_pct"), values.get("exit_max_band_pct")
    if first is not None and last is not None and first > last:
        found.append(("exit_band_pct", f"{first} is above exit_max_band_pct {last}: a ladder only goes further"))
    return found
