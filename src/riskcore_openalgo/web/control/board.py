"""What the control page shows, as plain values: read off the state of a running day, which nobody changes by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.config.changing import settable
from riskcore_openalgo.runner.assembly import Day
from riskcore_openalgo.runner.ledger import Alert
from riskcore_openalgo.runner.stopping import covered

DECISIONS: Final = 60
ALERTS: Final = 40


@frozen(kw_only=True)
class Banner:
    """What runs: it does not change while it does."""

    mode: str
    analyzer: bool
    real_money: bool
    broker: str
    openalgo: str
    journal: str


@frozen
class Board:
    """A day to look at; `trouble` is what the journal complains of, `clock` the runner's."""

    day: Day
    banner: Banner
    clock: Callable[[], datetime]
    trouble: Callable[[], str]

    def shown(self) -> dict[str, Any]:
        """Everything, as of now; each part is read once, from values that do not change."""
        now, state, policy = self.clock(), self.day.live.state, self.day.live.runner.policy
        return {
            "now": now.isoformat(),
            "banner": _banner(self.banner),
            "state": _state(state),
            "emergency": _emergency(state),
            "money": _money(state.book),
            "limits": _limits(state, policy, now),
            "positions": [self._position(state, position, now) for position in state.book.positions],
            "orders": [_order(order, state) for order in state.book.live_orders()],
            "decisions": self._decisions(),
            "trades": [_trade(fact) for fact in self._facts(events.PositionClosed)],
            "alerts": [_alert(alert) for alert in self.day.ledger.alerts()[:ALERTS]],
            "health": self._health(state, now),
            "points": [[point.at.isoformat(), f"{point.equity:.2f}"] for point in self.day.ledger.points()],
            "policy": state.policy_hash[:12],
            "next_session": state.control.next_policy is not None,
        }

    def settings(self) -> dict[str, Any]:
        """Every setting that a hand may change, with its value, and the hash of the policy they are of."""
        policy = self.day.live.runner.policy
        rows = [
            {"key": name, "value": rc.setting_text(getattr(policy, name)), "help": setting.remark}
            for name, setting in settable().items()
        ]
        return {"base": rc.policy_hash(policy), "settings": rows}

    def _decisions(self) -> list[dict[str, Any]]:
        """The latest decisions on entries; slices of one are one."""
        found: list[Any] = self.day.ledger.facts(events.EntryApproved, events.EntryRefused)
        told = [fact for fact in found if isinstance(fact, events.EntryRefused) or fact.order.is_first]
        return [_decision(fact) for fact in told[:DECISIONS]]

    def _facts(self, *kinds: type) -> list[Any]:
        return self.day.ledger.facts(*kinds)[:DECISIONS]

    def _position(self, state: engine.State, position: rc.Position, now: datetime) -> dict[str, Any]:
        key, tick = position.instrument.key, self.day.feed.prices.last_good(position.instrument.key)
        age = None if tick is None else max((now - tick.at).total_seconds(), 0.0)
        leaving = bool(state.book.leaving(key) or state.custody.wanted_of(key))
        return {
            "key": key,
            "side": position.side,
            "quantity": position.quantity,
            "product": position.product,
            "average": _rupees(position.average_price),
            "last": _rupees(position.last),
            "age_s": None if age is None else round(age, 1),
            "stop": _rupees(position.stop),
            "target": _rupees(position.target),
            "trail": position.trail.rule,
            "best": _rupees(position.trail.best),
            "result": f"{position.unrealised:.2f}",
            "covered": covered(state, position),
            "leaving": leaving,
            "strategy": position.strategy,
        }

    def _health(self, state: engine.State, now: datetime) -> list[dict[str, Any]]:
        custody, stage = state.custody, state.observed.stage
        last = state.now
        silent = None if last is None else (now - last).total_seconds()
        differ, unread = len(custody.mismatches), self.day.live.unread(now)
        agreed = "not yet" if custody.reconciled_at is None else f"since {custody.reconciled_at:%H:%M:%S}"
        agreed += "".join(f"; {known.quantity} {known.key} accepted as not ours" for known in custody.beside)
        turning = silent is not None and silent < TURNS_S
        lines = [
            ("runner", turning, "never" if silent is None else f"last input {silent:.0f} s ago"),
            ("price stream", stage in ("", "connected"), stage or "connected"),
            ("broker login", custody.login != "bad", custody.login or "not asked"),
            ("books agree", not (differ or unread), f"{differ} differ" if differ else unread or agreed),
            ("journal", not self.trouble(), self.trouble() or "writes"),
            ("covered", not custody.bare, f"{len(custody.bare)} positions without a stop at the broker"),
            ("fence", not self.day.fence.shut(), self.day.fence.shut() or "none raised"),
        ]
        return [{"name": name, "good": good, "text": text} for name, good, text in lines]


TURNS_S: Final = 45.0
"""A runner that took no input for so long does not turn: time alone is one every 30 seconds."""


def _banner(banner: Banner) -> dict[str, Any]:
    return {
        "mode": banner.mode,
        "analyzer": banner.analyzer,
        "real_money": banner.real_money,
        "broker": banner.broker,
        "openalgo": banner.openalgo,
        "journal": banner.journal,
    }


def _state(state: engine.State) -> dict[str, Any]:
    latches = [
        {"name": latch.name, "state": latch.state, "by": latch.by, "why": latch.why, "at": latch.at.isoformat(),
         "key": latch.key, "resets": latch.resets}
        for latch in state.book.latches
    ]  # fmt: skip
    return {"name": state.book.state, "latches": latches}


def _emergency(state: engine.State) -> dict[str, Any] | None:
    known = state.control.emergency
    if known is None:
        return None
    return {
        "stage": known.stage,
        "by": known.by,
        "why": known.why,
        "at": known.at.isoformat(),
        "whole_account": known.whole_account,
        "readings": known.readings,
        "left": list(known.contrary),
    }


def _money(book: rc.Book) -> dict[str, Any]:
    net = book.result
    pct = None if not book.opening_equity else f"{net * 100 / book.opening_equity:.2f}"
    return {
        "equity": _rupees(book.equity),
        "opening": _rupees(book.opening_equity),
        "realised": f"{book.net_realised:.2f}",
        "charges": f"{book.charges:.2f}",
        "unrealised": f"{book.unrealised:.2f}",
        "day": f"{net:.2f}",
        "day_pct": pct,
    }


def _limits(state: engine.State, policy: rc.Policy, now: datetime) -> list[dict[str, Any]]:
    """Every limit that can be measured now: what of it is in use, and how far it is away."""
    found: dict[str, rc.Measure] = {}
    for measure in (
        *rc.levels(state.book, state.observed, policy, now),
        *rc.measures(state.book, state.observed, policy, now),
    ):
        found.setdefault(f"{measure.rule} {measure.key}".strip(), measure)
    return [_limit(name, measure) for name, measure in found.items()]


def _limit(name: str, measure: rc.Measure) -> dict[str, Any]:
    used = min(rc.in_use_pct(measure), Decimal(999))
    left = measure.limit - measure.measured
    return {
        "rule": name,
        "used": _number(measure.measured),
        "limit": _number(measure.limit),
        "left": _number(left),
        "pct": f"{max(used, Decimal(0)):.0f}",
        "tripped": measure.tripped,
    }


def _order(order: rc.Order, state: engine.State) -> dict[str, Any]:
    approved = order.approved
    trigger = approved.trigger if isinstance(approved, rc.ApprovedExit) else None
    return {
        "id": order.id,
        "kind": "entry" if order.is_entry else ("stop" if order.rests else "exit"),
        "key": approved.instrument.key,
        "side": approved.side,
        "quantity": approved.quantity,
        "filled": order.filled_quantity,
        "price": _rupees(trigger if trigger is not None else approved.limit),
        "status": order.status,
        "broker_id": order.broker_id,
        "at": approved.at.isoformat(),
        "cancelling": order.id in state.cancelling,
        "can_cancel": order.is_entry or order.takes_part,
    }


def _decision(fact: events.EntryApproved | events.EntryRefused) -> dict[str, Any]:
    signal = fact.signal
    row = {
        "at": fact.at.isoformat(),
        "key": signal.key,
        "side": signal.side,
        "source": signal.strategy or signal.source,
    }
    if isinstance(fact, events.EntryApproved):
        order = fact.order
        why = f"{order.whole} to {order.limit}, stop {order.stop}, target {order.target}; bound by {fact.bound_by}"
        return {**row, "approved": True, "why": [why]}
    failed = [f"{found.rule}: {found.text}" for found in fact.findings if not found.passed]
    return {**row, "approved": False, "why": failed or [f"not measured: {', '.join(fact.unmeasured)}"]}


def _trade(fact: events.PositionClosed) -> dict[str, Any]:
    return {
        "at": fact.at.isoformat(),
        "key": fact.key,
        "side": fact.side,
        "quantity": fact.quantity,
        "entry": _rupees(fact.entry_price),
        "exit": _rupees(fact.exit_price),
        "reason": fact.reason,
        "net": f"{fact.net:.2f}",
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {"at": alert.at.isoformat(), "text": alert.said.line, "severity": alert.said.severity}


def _rupees(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _number(value: Decimal | int) -> str:
    return str(value) if isinstance(value, int) else f"{Decimal(value):.2f}"
