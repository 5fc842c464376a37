"""What the account may hold and lose: positions, trades, sectors, losses."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from attrs import field, frozen

from riskcore.money import amount, count
from riskcore.policy.kinds import below, flag, meta, one_word, percent
from riskcore.policy.sizing import REJECT, SHRINK
from riskcore.values import given, optional

ALLOWED: Final = "allowed"
NEXT_SESSION: Final = "next_session"
SYMBOL_NEXT_SESSION: Final = "symbol_next_session"
ACCOUNT: Final = "account"
SYMBOL: Final = "symbol"
STRATEGY: Final = "strategy"
SYMBOL_STRATEGY: Final = "symbol_strategy"
SYMBOL_STRATEGY_SIDE: Final = "symbol_strategy_side"


def share(value: Any, name: str) -> Decimal:
    """A correlation or an intensity: from 0 to 1, and never a percentage."""
    number = amount(value, name)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} must be from 0 to 1 (0.7, not 70), got {value!r}")
    return number


def _sample(value: Any, name: str) -> int:
    number = count(value, name)
    if number < 2:
        raise ValueError(f"{name} must be 2 or more (one return has no correlation), got {value!r}")
    return number


_cooldown_scope = one_word(SYMBOL, SYMBOL_STRATEGY, SYMBOL_STRATEGY_SIDE)
_stops_scope = one_word(ACCOUNT, STRATEGY, SYMBOL, SYMBOL_STRATEGY_SIDE)
_over = one_word(REJECT, SHRINK)
_reentry = one_word(ALLOWED, NEXT_SESSION, SYMBOL_NEXT_SESSION)


@frozen(kw_only=True, slots=False)
class LimitSettings:
    """What the account may hold and lose: positions, trades, sectors, losses."""

    max_sector_exposure: Decimal = field(
        default=Decimal(20),
        converter=given,
        metadata=meta(percent, "% of the sizing base", "largest total of one sector, on position_size_basis"),
    )
    max_positions: int = field(
        default=3,
        converter=given,
        metadata=meta(count, "positions", "open positions and entries on their way, together"),
    )
    one_position_per_symbol: bool = field(
        default=True,
        converter=given,
        metadata=meta(flag, "true/false", "refuse an entry in a symbol that is held or has a working order"),
    )
    max_trades_per_day: int = field(
        default=5,
        converter=given,
        metadata=meta(count, "entries a session", "entries sent and not refused unfilled; exits never count"),
    )
    max_daily_loss: Decimal = field(
        default=Decimal(3),
        converter=given,
        metadata=meta(
            percent,
            "% of opening equity",
            "realised net plus open loss at which entries stop for the session",
        ),
    )

    daily_loss_worst_case: bool = field(
        default=False,
        converter=given,
        metadata=meta(
            flag,
            "true/false",
            "keep the day below max_daily_loss even if every stop is hit, that of the entry included",
        ),
    )
    worst_case_over: str = field(
        default=REJECT,
        converter=given,
        metadata=meta(
            _over,
            "reject/shrink",
            "an entry that daily_loss_worst_case has no room for whole: refuse it, or make it smaller",
        ),
    )
    max_weekly_loss: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the opening equity of the week",
            "net loss since its first session at which entries stop for the rest of the week; empty: off",
            small=False,
            example="6",
        ),
    )
    max_monthly_loss: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the opening equity of the month",
            "net loss since its first session at which entries stop for the rest of the month; empty: off",
            small=False,
            example="10",
        ),
    )
    max_open_risk: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the sizing base",
            "most that all positions, entries on their way and this one may lose between entry and stop; empty: off",
            small=False,
            example="3",
        ),
    )
    max_entries_per_symbol: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "entries a session",
            "entries in one symbol, refused ones not counted; empty: off",
            example="2",
        ),
    )
    cooldown_s: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "seconds of trading",
            "wait after a close before the next entry, in cooldown_scope; empty: off",
            example="900",
        ),
    )
    cooldown_after_loss_s: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "seconds of trading",
            "the same after a close with a net loss; a later gain does not start it again; empty: off",
            example="1800",
        ),
    )
    cooldown_scope: str = field(
        default=SYMBOL,
        converter=given,
        metadata=meta(
            _cooldown_scope,
            "symbol/symbol_strategy/symbol_strategy_side",
            "what cools down: the symbol, or it in one strategy, or that on one side",
        ),
    )
    reentry_after_stop: str = field(
        default=ALLOWED,
        converter=given,
        metadata=meta(
            _reentry,
            "allowed/next_session/symbol_next_session",
            "entries after a stop-out: at once, or next session (same strategy and side, or whole symbol)",
        ),
    )
    max_stops: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "stop-outs",
            "stop-outs in stops_scope and stops_window_s after which entries there stop; empty: off",
            example="3",
        ),
    )
    stops_window_s: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "seconds of trading",
            "how near each other the stop-outs must be; empty: the session",
            example="3600",
        ),
    )
    stops_lock_s: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "seconds of trading",
            "how long entries stop after the last of them; empty: until the next session",
            example="3600",
        ),
    )
    stops_scope: str = field(
        default=ACCOUNT,
        converter=given,
        metadata=meta(
            _stops_scope,
            "account/strategy/symbol/symbol_strategy_side",
            "where stop-outs are counted, and where entries stop",
        ),
    )
    stops_consecutive: bool = field(
        default=False,
        converter=given,
        metadata=meta(flag, "true/false", "count only stop-outs with no other close between them"),
    )
    max_correlation: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(share),
            "0 to 1",
            "largest correlation of the entry with an open position, sides taken into account; empty: off",
            example="0.7",
        ),
    )
    correlation_window: int = field(
        default=60,
        converter=given,
        metadata=meta(count, "returns", "latest returns that correlations are measured on"),
    )
    correlation_min_bars: int = field(
        default=30,
        converter=given,
        metadata=meta(_sample, "returns", "least returns; with fewer the entry is refused"),
    )
    correlation_shrinkage: Decimal = field(
        default=Decimal(0),
        converter=given,
        metadata=meta(share, "0 to 1", "share by which each correlation is drawn towards 0; 0: not at all"),
    )
    cluster_correlation: Decimal = field(
        default=Decimal("0.7"),
        converter=given,
        metadata=meta(share, "0 to 1", "from this correlation on two positions belong to one cluster"),
    )
    max_cluster_positions: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count), "positions", "most positions in one cluster, the entry included; empty: off", example="2"
        ),
    )
    max_cluster_exposure: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the sizing base",
            "largest total of one cluster, on position_size_basis; empty: off",
            small=False,
            example="30",
        ),
    )

    @cached_property
    def correlates(self) -> bool:
        """Whether a limit asks for correlations."""
        wanted = (self.max_correlation, self.max_cluster_positions, self.max_cluster_exposure)
        return any(limit is not None for limit in wanted)


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A limit that a wider one makes pointless, and a sample that its window cannot hold."""
    found = []
    for low, high, what in _WITHIN:
        if below(values, high, low):
            found.append((low, f"{values[low]} is above {high} {values[high]}: {what}"))
    if below(values, "correlation_window", "correlation_min_bars"):
        what = f"is below correlation_min_bars {values['correlation_min_bars']}: no correlation would ever be known"
        found.append(("correlation_window", what))
    return found


_WITHIN: Final = (
    ("risk_per_trade", "max_daily_loss", "one trade may lose more than a whole day; lower risk_per_trade"),
    ("risk_per_trade", "max_position_size_percent", "a trade cannot risk more than its own size; lower it"),
    ("max_daily_loss", "max_weekly_loss", "one day may lose more than a whole week; lower max_daily_loss"),
    ("max_daily_loss", "max_monthly_loss", "one day may lose more than a whole month; lower max_daily_loss"),
    ("max_weekly_loss", "max_monthly_loss", "one week may lose more than a whole month; lower max_weekly_loss"),
)
