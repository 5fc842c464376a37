"""The table: each fact that is somebody's business, its severity, its title and its words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import riskcore as rc
from riskcore import engine, events as e
from riskcore_openalgo.alarms.severities import CRITICAL, DETAIL, INFO, WARNING, Told

NOTICES: Final[Mapping[str, tuple[str, str]]] = {
    "login_needed": (CRITICAL, "LOGIN NEEDED"),
    "system_error": (CRITICAL, "SYSTEM ERROR"),
    "books_unreadable": (CRITICAL, "BROKER CANNOT BE READ"),
    "books_readable": (INFO, "BROKER READ AGAIN"),
    "clock_back": (CRITICAL, "CLOCK WENT BACK"),
    "alerts_not_taken": (CRITICAL, "NO ALERTS TAKEN"),
    "taken_over": (CRITICAL, "ANOTHER SENDS FOR THE ACCOUNT"),
    "sender_not_ended": (CRITICAL, "ANOTHER MAY STILL SEND"),
    "calendar_ending": (WARNING, "CALENDAR ENDING"),
    "slow_orders": (WARNING, "SLOW ORDERS"),
    "strategy_failed": (CRITICAL, "STRATEGY FAILED"),
    "strategy_waits": (WARNING, "STRATEGY NOT ASKED"),
    "strategy_slow": (WARNING, "STRATEGY SLOW"),
    "symbol_unknown": (WARNING, "SYMBOL UNKNOWN"),
    "request_refused": (WARNING, "REQUEST SET ASIDE"),
    "configuration_refused": (WARNING, "CONFIGURATION REFUSED"),
    "configuration_changed": (INFO, "CONFIGURATION CHANGED"),
    "channel_down": (WARNING, "ALERT CHANNEL DOWN"),
    "channel_up": (INFO, "ALERT CHANNEL BACK"),
    "heartbeat_down": (WARNING, "NO SIGN OF LIFE"),
    "heartbeat_up": (INFO, "SIGN OF LIFE BACK"),
    "page_not_served": (WARNING, "NO CONTROL PAGE"),
    "metrics_not_served": (WARNING, "NO METRICS"),
    "page_locked": (WARNING, "CONTROL PAGE LOCKED"),
    "day_summary": (INFO, "DAY SUMMARY"),
}
"""What the shell itself has to tell, by the name of the notice."""
ALARM_TITLES: Final[Mapping[str, str]] = {
    "unprotected": "UNPROTECTED POSITION",
    "outcome_unknown": "UNKNOWN ORDER",
    "exit_not_sent": "EXIT NOT SENT",
    "held_no_exit": "EXIT REFUSED",
    "positions_differ": "BOOKS DIFFER",
    "balance_unexplained": "BALANCE DIFFERS",
    "held_without_prices": "POSITION WITHOUT PRICES",
    "held_past_close": "HELD PAST THE CLOSE",
    "held_past_expiry": "HELD PAST ITS EXPIRY",
    "presumed_filled": "FILL TAKEN FOR OURS",
    "unseen_before_the_night": "UNKNOWN ORDER",
    "end_unread": "UNKNOWN ORDER",
    "stop_gone_unread": "UNKNOWN ORDER",
    "cancel_in_vain": "ORDER DOES NOT END",
    "overnight_price": "UNUSUAL MARKET",
    e.INCOMPLETE: "EMERGENCY STOP INCOMPLETE",
}
MILD_ALARMS: Final = frozenset({"held_past_expiry"})
"""Of what is on paper alone: nobody has to look at once."""
LATCH_TITLES: Final[Mapping[str, str]] = {
    "login": "LOGIN NEEDED",
    "connection_timers": "CONNECTION LOST",
    "journal_unavailable": "SYSTEM ERROR",
    "books_unreadable": "BROKER CANNOT BE READ",
    "stale_after_s": "UNUSUAL MARKET",
    "prices_stale": "UNUSUAL MARKET",
    "positions_differ": "BOOKS DIFFER",
}
STRANGERS: Final = frozenset({"alert_unauthorised", "alert_source_invalid"})
"""Alerts of whoever finds the address: no secret was asked for or given."""
UNUSUAL_RULES: Final = frozenset({"unusual_move_atr", "max_gap_pct", "near_band_pct", "max_spread_pct"})
STARTED: Final = "the runner has started, and "
STARTING: Final = f"{STARTED}entries wait until the broker's books were read and agree with ours"
"""Why a runner keeps entries back at first: nobody has to do anything. Older journals say it in other words."""
OURSELVES: Final = "riskcore"
MILD_LATCHES: Final = frozenset({"shutting_down"})
CLOSED_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "stop": (WARNING, "STOP HIT"),
    "target": (INFO, "TARGET HIT"),
    "unprotected": (CRITICAL, "UNPROTECTED POSITION CLOSED"),
}


def told(fact: e.Fact) -> Told | None:
    """What a fact says to people, or None where it is nobody's business now."""
    says = TABLE.get(type(fact))
    return None if says is None else says(fact)


def _alarmed(fact: e.Alarmed) -> Told:
    title, severity = ALARM_TITLES.get(fact.name, "ALARM"), WARNING if fact.name in MILD_ALARMS else CRITICAL
    return Told(severity, title, f"{fact.subject}: {fact.why} ({fact.name})", f"alarm:{fact.name}:{fact.subject}")


def _over(fact: e.AlarmOver) -> Told:
    return Told(INFO, "OVER", f"{fact.name} {fact.subject}", f"over:{fact.name}:{fact.subject}")


def _latched(fact: e.Latched) -> Told | None:
    latch = fact.latch
    if latch.why == engine.TO_COMPARE:
        return None  # it stood, and of the login `LoginChanged` tells
    of = f" of {latch.key}" if latch.key else ""
    starts = latch.why.startswith(STARTED)
    mild = latch.name in MILD_LATCHES or starts
    severity = INFO if mild else WARNING if latch.key or latch.state == "reducing" else CRITICAL
    other = "ENTRIES STOPPED" if latch.by != OURSELVES or mild else "BREAKER TRIPPED"
    title = "STARTING" if starts else LATCH_TITLES.get(latch.name, other)
    text = f"entries{of} are {latch.state}: {latch.name}: {latch.why} (by {latch.by})"
    starting = ":starting" if starts else ""
    return Told(severity, title, text, f"latch:{latch.name}:{latch.key}{starting}")


def _lifted(fact: e.Lifted) -> Told:
    of = f" of {fact.key}" if fact.key else ""
    return Told(INFO, "LIFTED", f"{fact.name}{of} by {fact.by}: {fact.why}", f"lifted:{fact.name}:{fact.key}")


def _login(fact: e.LoginChanged) -> Told | None:
    """A latch tells of a bad one."""
    return None if fact.login == "bad" else Told(INFO, "LOGIN GOOD", "the broker's login is good", "login:good")


def _connection(fact: e.ConnectionStaged) -> Told:
    if fact.stage == "connected":
        return Told(INFO, "CONNECTION BACK", f"the price stream ({fact.mode}) stands", "connection:connected")
    severity = WARNING if fact.stage in ("lost", "degraded") else CRITICAL
    since = f" since {fact.lost_at:%H:%M:%S}" if fact.lost_at else ""
    text = f"the price stream ({fact.mode}) is gone{since}: {fact.stage}"
    return Told(severity, "CONNECTION LOST", text, f"connection:{fact.stage}")


def _near(fact: e.Approaching) -> Told:
    title = "DAILY LOSS NEAR" if fact.rule == "max_daily_loss" else "LIMIT NEAR"
    text = f"{fact.rule} at {fact.measured} of {fact.limit}: {fact.pct:.0f} % in use"
    return Told(WARNING, title, text, f"near:{fact.rule}")


def _entry(fact: e.EntryApproved) -> Told | None:
    if not fact.order.is_first:
        return None  # a slice of what was told of as a whole
    return Told(INFO, "ENTRY SENT", _wanted(fact.order), f"entry:{fact.order.order_id}")


def _exit(fact: e.ExitApproved) -> Told | None:
    order = fact.order
    if order.trigger is not None:
        return None  # a stop that comes to rest
    text = f"{order.side} {order.quantity} {order.instrument.key} to {order.limit}: {order.reason}"
    return Told(INFO, "EXIT SENT", text, f"exit:{order.order_id}")


def _filled(fact: e.Filled) -> Told:
    text = f"{fact.side} {fact.quantity} {fact.key} at {_rupees(fact.price)}"
    return Told(INFO, "TRADE EXECUTED", text, f"filled:{fact.order_id}:{fact.at.isoformat()}:{fact.value}")


def _closed(fact: e.PositionClosed) -> Told:
    severity, title = CLOSED_TITLES.get(fact.reason, (INFO, "POSITION CLOSED"))
    net = _rupees(fact.net)
    text = f"{fact.side} {fact.quantity} {fact.key} left at {_rupees(fact.exit_price)} ({fact.reason}), net Rs {net}"
    return Told(severity, title, text, f"closed:{fact.signal_id}:{fact.at.isoformat()}")


def _refused(fact: e.EntryRefused) -> Told:
    """A refusal is an answer, not an alarm; one for an unusual market is."""
    failed = [found for found in fact.findings if not found.passed]
    if failed and failed[0].rule in UNUSUAL_RULES:
        text = f"{fact.signal.side} {fact.signal.symbol} refused: {failed[0].rule}: {failed[0].text}"
        return Told(WARNING, "UNUSUAL MARKET", text, f"unusual:{fact.signal.symbol}:{failed[0].rule}")
    each = [f"{found.rule}: {found.text}" for found in failed] + [f"{name}: not measured" for name in fact.unmeasured]
    until = "" if fact.until is None else f"; entries are next taken at {fact.until:%Y-%m-%d %H:%M}"
    text = f"{_wish(fact.signal)}: {'; '.join(each)}{until}"
    return Told(DETAIL, "SIGNAL REFUSED", text, f"refused:{fact.signal.id}")


def _withheld(fact: e.EntryWithheld) -> Told:
    return Told(INFO, "ENTRY WITHHELD", f"{_wanted(fact.order)}: {fact.why}", f"withheld:{fact.signal.id}")


def _wanted(order: rc.ApprovedEntry) -> str:
    return f"{order.side} {order.whole} {order.instrument.key} to {order.limit}, stop {order.stop}"


def _repeated(fact: e.SignalRepeated) -> Told:
    text = f"{fact.signal_id} was taken before; nothing is done"
    return Told(DETAIL, "SIGNAL REPEATED", text, f"repeated:{fact.signal_id}")


def _dropped(fact: e.AlertDropped) -> Told:
    """Whoever has no secret is not worth a call; an alert of one's own that cannot be read is a trade missed."""
    severity = DETAIL if fact.reason in STRANGERS else WARNING
    text = f"from {fact.source}: {fact.reason}; nothing is done; `riskcore journal show --rows` has its words"
    return Told(severity, "ALERT NOT READ", text, f"alert:{fact.source}:{fact.reason}")


def _reversing(fact: e.ReversalBegun) -> Told:
    text = f"what is held of {fact.key} leaves first; the entry is decided when it is gone"
    return Told(DETAIL, "REVERSING", text, f"reversing:{fact.signal_id}")


def _cancelling(fact: e.CancelRequested) -> Told:
    return Told(DETAIL, "CANCELLING", f"{fact.order_id}: {fact.why}", f"cancel:{fact.order_id}:{fact.at.isoformat()}")


def _lacking(fact: e.SharesLacking) -> Told | None:
    """Why an exit may wait for a moment; that they are there again is nobody's business."""
    if fact.quantity == 0:
        return None
    text = f"{fact.key}: the broker's positions lack {fact.quantity} of ours; they leave when trades or positions tell"
    return Told(DETAIL, "SHARES MAY HAVE LEFT", text, f"lacking:{fact.key}:{fact.at.isoformat()}")


def _stop_moved(fact: e.StopMoved) -> Told:
    text = f"{fact.key} from {fact.before} to {fact.after} by {fact.rule}"
    return Told(DETAIL, "STOP MOVED", text, f"stop:{fact.position_id}:{fact.at.isoformat()}")


def _wish(signal: rc.Signal) -> str:
    key = f"{signal.exchange}:{signal.symbol}"
    return f"{signal.side} {key}" if signal.kind == rc.ENTRY else f"{signal.kind} {signal.side} {key}"


def _moved(fact: e.OrderMoved) -> Told | None:
    if fact.status == "rejected":
        why = fact.note or "no reason was told; the broker's own page has it"
        return Told(WARNING, "ORDER REFUSED", f"{fact.order_id}: {why}", f"rejected:{fact.order_id}")
    if fact.status == "cancelled":
        note = f": {fact.note}" if fact.note else ""
        return Told(DETAIL, "ORDER CANCELLED", f"{fact.order_id}{note}", f"ended:{fact.order_id}")
    return None


def _doubted(fact: e.PriceDoubted) -> Told:
    text = f"{fact.key}: {_rupees(fact.price)} stands alone, and is not believed yet"
    return Told(WARNING, "UNUSUAL MARKET", text, f"doubted:{fact.key}")


def _differ(fact: e.BooksDiffer) -> Told | None:
    """From the second read on: the first may have begun before a fill and ended after it."""
    standing = [m for m in fact.mismatches if m.times > 1]
    if not standing:
        return None
    each = "; ".join(f"{m.key} {m.kind}: ours {m.ours}, the broker's {m.theirs}" for m in standing)
    return Told(WARNING, "BOOKS DIFFER", each, f"differ:{each}")


def _adjusted(fact: e.PositionAdjusted) -> Told | None:
    """What was settled at its expiry is told as the trade that it ends."""
    if fact.reason:
        return None
    return Told(WARNING, "POSITION ADJUSTED", f"{fact.key}: {fact.why}", f"adjusted:{fact.key}:{fact.at.isoformat()}")


def _control(fact: e.ControlRefused) -> Told | None:
    """What somebody wanted in vain; a login of which the books are not compared yet is no wish of anybody."""
    if fact.by == OURSELVES:
        return None
    return Told(WARNING, "NOT DONE", f"{fact.act} {fact.name} by {fact.by}: {fact.reason}", f"control:{fact.reason}")


def _taken(fact: e.ControlTaken) -> Told:
    text = f"{fact.act} {fact.name} by {fact.by}: {fact.why}"
    return Told(INFO, "BY HAND", text, f"hand:{fact.act}:{fact.name}:{fact.at.isoformat()}")


def _staged(fact: e.EmergencyStaged) -> Told | None:
    """An incomplete one is an alarm of its own, which is repeated; one that begins again is as new."""
    if fact.stage == e.INCOMPLETE:
        return None
    severity = INFO if fact.stage == e.FLAT else WARNING
    title = {e.FLAT: "FLAT", e.PENDING: "PENDING"}.get(fact.stage, "AT WORK")
    left = f"left: {'; '.join(fact.left) or 'nothing'}"
    return Told(severity, f"EMERGENCY STOP {title}", left, f"emergency:{fact.stage}:{fact.since.isoformat()}")


def _adjusted_by_hand(fact: e.PolicyAdjusted) -> Told:
    return Told(INFO, "SETTING CHANGED", _changes(fact), f"set:{fact.at.isoformat()}")


def _scheduled(fact: e.PolicyScheduled) -> Told:
    text = f"looser, while the day is in loss; from the next session: {_changes(fact)}"
    return Told(WARNING, "LOOSER NEXT SESSION", text, f"scheduled:{fact.at.isoformat()}")


def _changes(fact: e.PolicyAdjusted | e.PolicyScheduled) -> str:
    said = ", ".join(f"{key} {before} -> {after}" for key, before, after in fact.changes)
    return f"{said} by {fact.by}: {fact.why}"


def _confirmed(fact: e.PolicyConfirmed) -> Told:
    text = f"{fact.policy_hash[:12]} comes with the next session, by {fact.by}: {fact.why}"
    return Told(WARNING, "LOOSER NEXT SESSION", text, f"confirmed:{fact.policy_hash}")


def _held(fact: e.PolicyHeld) -> Told:
    text = (
        f"looser while the day is in loss: {', '.join(fact.loosened)}. The old policy stays; confirm with "
        f"`riskcore config confirm {fact.policy_hash[:12]}`, and it comes with the next session"
    )
    return Told(WARNING, "CONFIRMATION NEEDED", text, f"held:{fact.policy_hash}")


def _changed(fact: e.PolicyChanged) -> Told:
    return Told(INFO, "POLICY", f"in force: {fact.policy_hash[:12]}", f"policy:{fact.policy_hash}:{fact.at}")


def _noticed(fact: e.Noticed) -> Told:
    severity, title = NOTICES.get(fact.name, (WARNING, fact.name.upper().replace("_", " ")))
    return Told(severity, title, fact.why, f"notice:{fact.name}:{fact.subject}")


def _seen(fact: e.AlarmAcknowledged) -> Told:
    text = f"{fact.name} {fact.subject} by {fact.by}: {fact.why}"
    return Told(INFO, "ACKNOWLEDGED", text, f"seen:{fact.name}:{fact.subject}:{fact.at}")


def _compared(fact: e.FundsCompared) -> Told | None:
    """What is not explained is an alarm; what is explained is told once, where it has changed."""
    if not fact.lines:
        return None
    each = ", ".join(f"{line.what} Rs {rc.grouped(line.amount)}" for line in fact.lines)
    between = f"Rs {rc.grouped(fact.theirs - fact.ours)} between the broker's and ours"
    text = f"{between}: {each}; unexplained Rs {rc.grouped(fact.unexplained)}"
    return Told(INFO, "BALANCE EXPLAINED", text, f"balance:{fact.at.isoformat()}")


def _explained(fact: e.FundsExplained) -> Told:
    text = f"Rs {rc.grouped(fact.amount)} moved, by {fact.by}: {fact.why}"
    return Told(INFO, "FUNDS MOVED", text, f"moved:{fact.at.isoformat()}")


def _agree(fact: e.Reconciled) -> Told:
    return Told(INFO, "BOOKS AGREE", "the broker's books and ours agree", "agree")


def _rupees(value: Decimal) -> str:
    return rc.grouped(value)


TABLE: Final[Mapping[type, Callable[[Any], Told | None]]] = {
    e.Alarmed: _alarmed,
    e.AlarmOver: _over,
    e.AlarmAcknowledged: _seen,
    e.Latched: _latched,
    e.Lifted: _lifted,
    e.LoginChanged: _login,
    e.ConnectionStaged: _connection,
    e.Approaching: _near,
    e.EntryApproved: _entry,
    e.EntryRefused: _refused,
    e.EntryWithheld: _withheld,
    e.SignalRepeated: _repeated,
    e.AlertDropped: _dropped,
    e.ReversalBegun: _reversing,
    e.CancelRequested: _cancelling,
    e.StopMoved: _stop_moved,
    e.SharesLacking: _lacking,
    e.ExitApproved: _exit,
    e.Filled: _filled,
    e.PositionClosed: _closed,
    e.OrderMoved: _moved,
    e.PriceDoubted: _doubted,
    e.BooksDiffer: _differ,
    e.PositionAdjusted: _adjusted,
    e.Reconciled: _agree,
    e.ControlTaken: _taken,
    e.ControlRefused: _control,
    e.EmergencyStaged: _staged,
    e.PolicyAdjusted: _adjusted_by_hand,
    e.PolicyScheduled: _scheduled,
    e.PolicyHeld: _held,
    e.PolicyConfirmed: _confirmed,
    e.PolicyChanged: _changed,
    e.Noticed: _noticed,
    e.FundsCompared: _compared,
    e.FundsExplained: _explained,
}
"""Fact -> what it says."""
