"""Circuit breakers: their limits, which are all off until set but the daily loss, and what each trip leads to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import attrs
from attrs import field, frozen

from riskcore.calling import told_by_name
from riskcore.money import count, not_negative_whole, positive
from riskcore.policy.kinds import list_of, meta, one_word, percent
from riskcore.states import AFTER_S, CONDITION, HALTED, LOCKED, NEXT_SESSION, OPERATOR, REDUCING, RESETS
from riskcore.values import Check, checks, given, optional, settle

SESSION: Final = "session"
ROLLING: Final = "rolling"
ALL_TIME: Final = "all_time"
LIVE: Final = "live"
PAPER: Final = "paper"
HOLD: Final = "hold"
FLATTEN: Final = "flatten"
NAMES: Final = (
    "max_daily_loss",
    "max_give_back_pct",
    "max_drawdown",
    "max_loss_streak",
    "max_loss_streak_r",
    "max_order_errors",
    "stale_after_s",
    "max_clock_drift_s",
    "connection_timers",
)
"""The breakers that latch, each under the policy field that switches it on."""

ERRORS: Final = ("rejected", "unknown", "rate_limited", "no_funds", "no_login", "network", "not_sent")
"""The classes of order errors we give names to; a gateway may report others."""


def _said(check: Check, unit: str, help_: str, example: str) -> dict[str, Any]:
    return {**meta(check, unit, help_), "example": example}


def error_name(value: Any, name: str) -> str:
    """A class of order errors: lower-case letters and underscores."""
    if (
        not isinstance(value, str)
        or not value.isascii()
        or not value.replace("_", "a").isalpha()
        or value != value.lower()
    ):
        raise ValueError(f"{name} must be a class of order errors such as {', '.join(ERRORS[:3])}, got {value!r}")
    return value


_STATE: Final = one_word(REDUCING, HALTED, LOCKED)
_RESETS: Final = one_word(*RESETS)


@told_by_name
@frozen(kw_only=True)
class BreakerRule:
    """What a trip of one breaker leads to: the trading state it sets, and what lifts it again.

    `after_s` is how long the latch stands where `resets` is after_s, and is nothing otherwise.
    """

    name: str = field(
        converter=given,
        metadata=_said(one_word(*NAMES), "breaker", "which one, by the key of its limit", "max_loss_streak"),
    )
    state: str = field(
        converter=given, metadata=_said(_STATE, "reducing, halted, locked", "what a trip sets", "reducing")
    )
    resets: str = field(
        converter=given,
        metadata=_said(_RESETS, "next_session, after_s, operator, condition", "what lifts it", "after_s"),
    )
    after_s: int | None = field(
        default=None,
        converter=given,
        metadata=_said(optional(count), "seconds", "how long it stands, where it resets after_s", "1800"),
    )

    def __attrs_post_init__(self) -> None:
        settle(self, tuple((f.name, f"BreakerRule.{f.name}", f.metadata["check"]) for f in attrs.fields(BreakerRule)))


@told_by_name
@frozen(kw_only=True)
class ErrorLimit:
    """A class of order errors with a limit of its own."""

    error: str = field(converter=given, metadata=_said(error_name, "class", "which errors", "rate_limited"))
    limit: int = field(converter=given, metadata=_said(count, "errors in a row", "at which entries stop", "2"))

    def __attrs_post_init__(self) -> None:
        settle(self, checks("ErrorLimit", error=error_name, limit=count))


@told_by_name
@frozen(kw_only=True)
class ConnectionTimers:
    """What a lost connection leads to in one mode, and after how many seconds."""

    mode: str = field(converter=given, metadata=_said(one_word(LIVE, PAPER), "live, paper", "which mode", LIVE))
    degraded_s: int = field(converter=given, metadata=_said(count, "seconds", "until it is told", "5"))
    no_entries_s: int = field(converter=given, metadata=_said(count, "seconds", "until entries stop", "15"))
    action_s: int = field(converter=given, metadata=_said(count, "seconds", "until the action", "60"))
    action: str = field(
        default=HOLD,
        converter=given,
        metadata=_said(one_word(HOLD, FLATTEN), "hold, flatten", "what becomes of open positions", HOLD),
    )

    def __attrs_post_init__(self) -> None:
        settle(
            self, tuple((f.name, f"ConnectionTimers.{f.name}", f.metadata["check"]) for f in attrs.fields(type(self)))
        )


DEFAULTS: Final = (
    BreakerRule(name="max_daily_loss", state=REDUCING, resets=NEXT_SESSION),
    BreakerRule(name="max_give_back_pct", state=REDUCING, resets=NEXT_SESSION),
    BreakerRule(name="max_drawdown", state=HALTED, resets=OPERATOR),
    BreakerRule(name="max_loss_streak", state=REDUCING, resets=NEXT_SESSION),
    BreakerRule(name="max_loss_streak_r", state=REDUCING, resets=NEXT_SESSION),
    BreakerRule(name="max_order_errors", state=HALTED, resets=OPERATOR),
    BreakerRule(name="stale_after_s", state=REDUCING, resets=CONDITION),
    BreakerRule(name="max_clock_drift_s", state=REDUCING, resets=CONDITION),
    BreakerRule(name="connection_timers", state=REDUCING, resets=CONDITION),
)
"""What a trip leads to where the policy's `breakers` does not say otherwise."""


def _once(items: tuple[Any, ...], name: str, key: str) -> None:
    named = [getattr(item, key) for item in items]
    twice = next((word for at, word in enumerate(named) if word in named[:at]), None)
    if twice is not None:
        raise ValueError(f"{name} has {twice} twice; keep one of them")


def _of(kind: type) -> Check:
    def item(value: Any, name: str) -> Any:
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be a list of {kind.__name__}, got {value!r}")
        return value

    return list_of(item)


def breaker_rules(value: Any, name: str) -> tuple[BreakerRule, ...]:
    """Each breaker at most once; `after_s` just where it resets after a time; a locked one resets by hand."""
    rules: tuple[BreakerRule, ...] = _of(BreakerRule)(value, name)
    _once(rules, name, "name")
    for rule in rules:
        if (rule.resets == AFTER_S) != (rule.after_s is not None):
            what = "needs after_s, in seconds" if rule.after_s is None else "has after_s: write resets: after_s"
            raise ValueError(f"{name}: {rule.name} resets {rule.resets} and {what}")
        if rule.state == LOCKED and rule.resets != OPERATOR:
            raise ValueError(f"{name}: {rule.name} is locked, which a typed word alone lifts: write resets: operator")
    return rules


def error_limits(value: Any, name: str) -> tuple[ErrorLimit, ...]:
    """Each class of errors at most once."""
    limits: tuple[ErrorLimit, ...] = _of(ErrorLimit)(value, name)
    _once(limits, name, "error")
    return limits


def timers(value: Any, name: str) -> tuple[ConnectionTimers, ...]:
    """Each mode at most once, its three timers in rising order."""
    rows: tuple[ConnectionTimers, ...] = _of(ConnectionTimers)(value, name)
    _once(rows, name, "mode")
    for row in rows:
        if not row.degraded_s <= row.no_entries_s <= row.action_s:
            raise ValueError(f"{name}: {row.mode} must have degraded_s <= no_entries_s <= action_s")
    return rows


@frozen(kw_only=True, slots=False)
class BreakerSettings:
    """Circuit breakers: their limits, and what each trip leads to."""

    max_drawdown: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(
                optional(percent), "% of the peak", "fall of equity, open positions included, that halts", small=False
            ),
            "example": "10",
        },
    )
    drawdown_basis: str = field(
        default=ALL_TIME,
        converter=given,
        metadata=meta(
            one_word(SESSION, ROLLING, ALL_TIME), "session, rolling, all_time", "whose peak max_drawdown means"
        ),
    )
    drawdown_sessions: int = field(
        default=20,
        converter=given,
        metadata=meta(count, "sessions", "how far back a rolling peak reaches, this session included"),
    )
    max_loss_streak: int | None = field(
        default=None,
        converter=given,
        metadata={**meta(optional(count), "trades", "trades lost in a row at which entries stop"), "example": "4"},
    )
    max_loss_streak_r: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(positive), "R", "R lost by trades lost in a row at which entries stop"),
            "example": "3",
        },
    )
    max_give_back_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(
                optional(percent), "% of the day's best", "part of the day's best net result given back", small=False
            ),
            "example": "50",
        },
    )
    give_back_after_pct: Decimal = field(
        default=Decimal(1),
        converter=given,
        metadata=meta(percent, "% of opening equity", "best net result from which max_give_back_pct holds"),
    )
    max_order_errors: int | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(count), "errors in a row", "order errors of one class at which entries stop"),
            "example": "5",
        },
    )
    order_error_limits: tuple[ErrorLimit, ...] = field(
        default=(),
        converter=given,
        metadata=_said(
            error_limits,
            "list",
            "classes of order errors with a limit of their own",
            "[{error: rate_limited, limit: 2}]",
        ),
    )
    max_orders_per_s: int | None = field(
        default=None,
        converter=given,
        metadata={**meta(optional(count), "orders", "orders and cancels in one calendar second"), "example": "7"},
    )
    order_tokens_for_exits: int = field(
        default=3,
        converter=given,
        metadata=meta(not_negative_whole, "orders", "of max_orders_per_s, kept for exits and cancels"),
    )
    stale_after_s: int | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(count), "seconds", "open market without a price at which the symbol's entries stop"),
            "example": "30",
        },
    )
    max_spread_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(percent), "% of the mid price", "bid to ask spread at which an entry is refused"),
            "example": "0.5",
        },
    )
    near_band_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(percent), "% of the price", "distance to a price band at which an entry is refused"),
            "example": "1",
        },
    )
    max_gap_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(
                optional(percent), "% of previous close", "distance from it at which an entry is refused", small=False
            ),
            "example": "8",
        },
    )
    unusual_move_atr: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(positive), "ATR", "range of prices in unusual_move_s at which an entry is refused"),
            "example": "3",
        },
    )
    unusual_move_s: int = field(
        default=60,
        converter=given,
        metadata=meta(count, "seconds", "how far back the range of unusual_move_atr reaches"),
    )
    max_clock_drift_s: Decimal | None = field(
        default=None,
        converter=given,
        metadata={**meta(optional(positive), "seconds", "drift of our clock at which entries stop"), "example": "2"},
    )
    connection_timers: tuple[ConnectionTimers, ...] = field(
        default=(),
        converter=given,
        metadata=_said(
            timers,
            "list",
            "what a lost connection leads to, and when, a row a mode",
            "[{mode: live, degraded_s: 5, no_entries_s: 15, action_s: 60, action: hold}]",
        ),
    )
    breakers: tuple[BreakerRule, ...] = field(
        default=(),
        converter=given,
        metadata=_said(
            breaker_rules,
            "list",
            "what a trip sets and lifts, where not the table in docs/states.md",
            "[{name: max_loss_streak, state: halted, resets: operator}]",
        ),
    )
    approaching_pct: Decimal | None = field(
        default=Decimal(80),
        converter=given,
        metadata=meta(optional(percent), "% of a limit", "part of a limit in use from which it is told; empty: never"),
    )


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Limits of breakers that would stop every entry."""
    found = []
    rate, kept = values.get("max_orders_per_s"), values.get("order_tokens_for_exits")
    if rate is not None and kept is not None and kept >= rate:
        found.append(("order_tokens_for_exits", f"{kept} of max_orders_per_s {rate}: no entry would ever pass"))
    return found
