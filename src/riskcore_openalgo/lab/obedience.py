"""Did a host's trades obey the policy? Worked out from the host's own records, without asking the rules again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import field, frozen

import riskcore as rc


def _decimal(value: Any) -> Decimal:
    """A host's number: exactly what it prints."""
    return value if isinstance(value, Decimal) else Decimal(repr(float(value)))


@frozen(kw_only=True)
class HostTrade:
    """A finished trade as the host has it: rupees, aware times, `stop` and `target` as they stood at the entry."""

    side: str
    quantity: int = field(converter=int)
    entered_at: datetime
    entry: Decimal = field(converter=_decimal)
    stop: Decimal = field(converter=_decimal)
    target: Decimal = field(converter=_decimal)
    left_at: datetime
    exit: Decimal = field(converter=_decimal)

    @property
    def risk(self) -> Decimal:
        """Quantity x |entry - stop|, rupees."""
        return self.quantity * abs(self.entry - self.stop)

    @property
    def reward(self) -> Decimal:
        """(target - entry) / (entry - stop): R; 0 where the two are on the wrong sides of the entry."""
        way = 1 if self.side == rc.BUY else -1
        risk, gain = way * (self.entry - self.stop), way * (self.target - self.entry)
        return gain / risk if risk > 0 and gain > 0 else Decimal(0)

    @property
    def result(self) -> Decimal:
        """Realised, before charges, rupees."""
        way = 1 if self.side == rc.BUY else -1
        return way * self.quantity * (self.exit - self.entry)


def disobeyed(
    trades: Iterable[HostTrade], policy: rc.Policy, instrument: rc.Instrument, *, equity: Any, bar: timedelta
) -> list[str]:
    """Every breach of the policy in a host's trades of one instrument, a sentence each; empty where there is none.

    Looked at, with plain arithmetic: quantity x |entry - stop| <= risk_per_trade % of the equity at the entry (before
    charges); R:R >= min_risk_reward; at most max_trades_per_day entries a session; none before no_entry_before, after
    no_entry_after (and the bar an order may wait), or once max_daily_loss % of the opening equity is lost; one position
    at a time; intraday positions gone by the square-off and the bar after it. `bar` is the length of a bar.
    """
    found: list[str] = []
    now = opening = _decimal(equity)
    by_day: dict[date, list[HostTrade]] = defaultdict(list)
    for trade in sorted(trades, key=lambda each: each.entered_at):
        by_day[rc.session_date(trade.entered_at)].append(trade)
    for day, todays in by_day.items():
        if len(todays) > policy.max_trades_per_day:
            found.append(f"{day}: {len(todays)} trades, and max_trades_per_day is {policy.max_trades_per_day}")
        opening = now
        for number, trade in enumerate(todays):
            before = todays[number - 1] if number else None
            found += _money(trade, policy, now=now, opening=opening) + _times(trade, before, policy, instrument, bar)
            now += trade.result
    return found


def _money(trade: HostTrade, policy: rc.Policy, *, now: Decimal, opening: Decimal) -> list[str]:
    where, found = f"{trade.entered_at:%Y-%m-%d %H:%M}", []
    budget = now * policy.risk_per_trade / 100
    if trade.risk > budget:
        found.append(f"{where}: Rs {trade.risk:.2f} at risk, and the budget is Rs {budget:.2f}")
    if trade.reward < policy.min_risk_reward:
        found.append(f"{where}: {trade.reward:.2f} R, and min_risk_reward is {policy.min_risk_reward}")
    if opening - now >= opening * policy.max_daily_loss / 100:
        found.append(f"{where}: entered after Rs {opening - now:.2f} were lost, and max_daily_loss is reached")
    return found


def _times(
    trade: HostTrade, before: HostTrade | None, policy: rc.Policy, instrument: rc.Instrument, bar: timedelta
) -> list[str]:
    where, found = f"{trade.entered_at:%Y-%m-%d %H:%M}", []
    session = rc.session_on(
        rc.session_date(trade.entered_at),
        instrument,
        no_entry_before=policy.no_entry_before,
        no_entry_after=policy.no_entry_after,
        square_off_at=policy.square_off_at,
        tables=policy.tables,
    )
    if session is None:
        return [f"{where}: the exchange was closed"]
    if not session.entries_from <= trade.entered_at <= session.entries_until + bar:
        found.append(f"{where}: outside {session.entries_from:%H:%M} to {session.entries_until:%H:%M}")
    if session.square_off is not None and trade.left_at > session.square_off + bar:
        found.append(f"{where}: held until {trade.left_at:%Y-%m-%d %H:%M}, after the square-off")
    if before is not None and trade.entered_at < before.left_at:
        found.append(f"{where}: a second position while the first was open")
    return found
