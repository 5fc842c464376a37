"""Days that are drawn wider: other rules, another row of the brokers' table, and an operator at his controls.

Such a day is drawn as any other and then changed, with a stream of its own for all that is left to chance: days of
seeds below the first of these stay what they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.testing.profile import Profile
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.controls import SETTINGS
from riskcore_openalgo.testing.simulated.script import GENEROUS, Happening, Script

FROM_SEED: Final = 70_000

RULES: Final[tuple[tuple[dict[str, Any], ...], ...]] = (
    (
        {"trail": "percent", "trail_by": "0.3", "trail_after": "0.2"},
        {"trail": "points", "trail_by": "6"},
        {"trail": "atr", "trail_by": "1.5"},
        {"trail": "atr", "trail_by": "1", "trail_atr": "entry", "trail_on": "bar", "trail_interval": "1m"},
        {"trail": "chandelier", "trail_by": "1"},
        {"trail": "step_percent", "trail_by": "0.2", "trail_step": "0.3"},
        {"trail": "step_points", "trail_by": "3", "trail_step": "3"},
        {"trail": "step_r", "trail_by": "0.5", "trail_step": "0.5"},
    ),
    ({"breakeven_at_r": "0.5"}, {"breakeven_at_pct": "0.3", "breakeven_buffer_ticks": 2}),
    ({"profit_lock_at_r": "0.5", "profit_lock_pct": "50"},),
    (
        {"target_legs": ["25% at 2.5R", "25% at 3R", "50% at 4R"]},
        {"target_legs": ["33% at 2.5R", "67% at 2.6R"]},
        {"target_method": "r", "target_r_multiple": "3"},
    ),
    (
        {"time_stop_min": 7},
        {"time_stop_bars": 3, "trail_interval": "5m"},
        {"time_stop_before_square_off_min": 10},
    ),
    (
        {"cooldown_s": 120},
        {"cooldown_after_loss_s": 900, "cooldown_scope": "symbol_strategy_side"},
        {"reentry_after_stop": "next_session"},
        {"max_stops": 2, "stops_window_s": 3600, "stops_lock_s": 1800},
    ),
    (
        {"max_loss_streak": 3},
        {"max_give_back_pct": "50", "give_back_after_pct": "0.5"},
        {"max_daily_loss": "1"},
        {"max_drawdown": "2"},
        {"max_order_errors": 2},
    ),
    (
        {"max_open_risk": "1"},
        {"max_entries_per_symbol": 3},
        {"max_positions": 1},
        {"max_orders_per_s": 4, "order_tokens_for_exits": 2},
        {"daily_loss_worst_case": True, "max_daily_loss": "2"},
    ),
    (
        {"stop_methods": ["percent"], "stop_pct": "0.5", "signal_stop": "tighter"},
        {"stop_methods": ["atr", "points"], "stop_points": "5", "stop_combine": "wider", "signal_stop": "tighter"},
        {"max_quantity": 37},
        {"sizing_method": "fixed_quantity", "fixed_quantity": 30},
        {"risk_includes_charges": True, "slippage_ticks": 2},
    ),
    ({"one_position_per_symbol": False},),
    (
        {"confirm_s": 0, "spike_pct": "0.5"},
        {"confirm_s": 4, "grace_s": 5},
        {"grace_s": 0, "exit_step_s": 1},
        {"stop_band_pct": "0"},
        {"stop_band_pct": "0.2", "exit_band_pct": "0.1"},
    ),
    (
        {"entry_band_pct": "0"},
        {"entry_timeout_s": 3, "entry_band_pct": "0.05"},
        {"over_risk_pct": "0"},
        {"unknown_reads": 2, "differing_reads": 3, "unknown_settle_s": 3},
        {"protect_alarm_s": 1, "protect_flatten_s": 3},
    ),
)
"""What rules a day may have: of each group one, on some days."""
OF_A_GROUP: Final = 0.3
ROWS: Final[tuple[dict[str, Any], ...]] = (
    {"cancels_prove": False},
    {"empty_proves": False},
    {"revises": False},
    {"changes_an_order": 2},
    {"borrows_status": True},
    {"price_is_average": True},
    {"in_halves": True},
    {"positions_in_parts": True},
    {"shows_refusals": True},
    {"order_times": True},
    {"trade_prices": "paise"},
    {"resting": "SL-M"},
    {"resting": "none"},
)
"""What another broker's row says; each is so on some days. All of them say less than the simulated broker keeps."""
OF_A_ROW: Final = 0.15
CONTROLLED: Final = 0.35
"""About how many of the bursts somebody is at the controls."""
STOPPED: Final = 0.3
"""On how many days the emergency stop is pressed."""


def is_varied(seed: int) -> bool:
    """Whether the day of a seed is drawn so."""
    return seed >= FROM_SEED


def varied(script: Script, only: str = "") -> Script:
    """The same day, with rules, a broker's row and an operator of its own."""
    chance = Random(f"varied {script.seed}")  # noqa: S311 - a day that can be played again
    row = _row(chance, script.profile)
    happens = [*script.happenings, *_controls(chance, script)]
    if not only:
        happens += _faults(chance, script, row)
    return evolve(
        script,
        policy=_rules(chance, script.policy),
        row=row,
        happenings=tuple(sorted(happens, key=lambda one: (one.at_s, one.kind, str(one.args)))),
    )


def _rules(chance: Random, policy: dict[str, Any]) -> dict[str, Any]:
    """Rules that do not contradict those of the day, nor one another."""
    for group in RULES:
        drawn, choice = chance.random() < OF_A_GROUP, chance.choice(group)
        wanted = {**policy, **choice}
        if "trail" in choice:
            wanted = {**{name: value for name, value in policy.items() if not name.startswith("trail")}, **choice}
        if drawn and _is_one(wanted):
            policy = wanted
    return policy


def _is_one(settings: dict[str, Any]) -> bool:
    try:
        rc.Policy(**{**GENEROUS, **settings})
    except ValueError:
        return False
    return True


def _row(chance: Random, profile: Profile) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for fact in ROWS:
        if chance.random() < OF_A_ROW:
            row |= fact
    if profile.stop_market_as_stop and row.get("resting") == "SL-M":
        del row["resting"]
    return row


def _controls(chance: Random, script: Script) -> Iterator[Happening]:
    """Most about the moments at which something is asked for; the emergency stop late, so that it ends no whole day."""
    asked = [one for one in script.happenings if one.kind == "entry"]
    for one in asked:
        if chance.random() < CONTROLLED:
            at = max(one.at_s + chance.choice((-2, 0.3, 1, 3, 8, 20)) + chance.random(), 0)
            yield from _one_control(chance, round(at, 3), *one.args[:3])
    pressed = chance.choice(asked[len(asked) // 2 :] or asked) if asked else None
    if pressed is not None and chance.random() < STOPPED:
        at = round(pressed.at_s + chance.choice((0.1, 0.5, 2, 6)) * chance.random() * 4, 3)
        yield Happening(at, "emergency", ("whole" if chance.random() < 0.3 else "",))
        if chance.random() < 0.3:
            yield Happening(round(at + 20 * chance.random(), 3), "emergency", ("whole",))
        if chance.random() < 0.4:
            yield Happening(round(at + 5 * chance.random(), 3), "killed_idle", (pressed.args[0], 0.5))
        if chance.random() < 0.6:
            yield Happening(round(at + 30 + 600 * chance.random(), 3), "rearmed")


def _one_control(chance: Random, at: float, symbol: str, side: str, stop_pct: str) -> Iterator[Happening]:
    kind = chance.choice(
        (
            *("exit_by_operator", "exit_by_operator", "cancel_by_operator", "cancel_by_operator", "again", "again"),
            *("enter_by_operator", "set_by_operator", "reloaded", "accepted", "alarms_seen", "halted"),
        )
    )
    share = round(chance.random(), 6)
    if kind == "halted":
        yield Happening(at, kind, (chance.choice(("reducing", "halted", "locked")),))
        yield Happening(round(at + 3 + 400 * share**2, 3), "resumed")
    elif kind == "enter_by_operator":
        yield Happening(at, kind, (symbol, side, stop_pct))
    elif kind == "again":
        yield Happening(at, kind, (symbol, side, stop_pct, round(0.05 + 15 * share**2, 3)))
    elif kind in ("set_by_operator", "reloaded"):
        yield Happening(at, kind, (int(share * len(SETTINGS)),))
    elif kind == "exit_by_operator":
        yield Happening(at, kind, (symbol, share))
    elif kind == "cancel_by_operator":
        yield Happening(at, kind, (share,))
    else:
        yield Happening(at, kind)


def _faults(chance: Random, script: Script, row: dict[str, Any]) -> Iterator[Happening]:
    """Those of the catalogue that only such days have, where the row of the broker has them."""
    asked = [one for one in script.happenings if one.kind == "entry"]
    names = [
        name
        for name, fault in CATALOGUE.items()
        if fault.varied is not None and (not fault.varied or row.get(fault.varied)) and script.seed >= fault.since
    ]
    for _ in range(chance.randint(0, 2) if asked else 0):
        about = chance.choice(asked)
        share = round(chance.random(), 6)
        yield Happening(round(about.at_s + 12 * chance.random(), 3), chance.choice(names), (about.args[0], share))
