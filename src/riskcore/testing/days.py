"""Whole days for an engine: inputs in a believable order, answered as a gateway and a feed would, and now and then not.

`days()` keeps the engine's own state while it draws, so that evidence answers a question that was asked and a
report names an order that was placed; beside those come repeated, late, stray and backward inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, NamedTuple

import attrs

from riskcore import events as e
from riskcore.engine import State, step
from riskcore.instruments import Instrument
from riskcore.money import ONE, ZERO, exact
from riskcore.orders import CANCELLED, FILLED, LIFE, REJECTED, UNKNOWN, WORKING, Order
from riskcore.policy import Policy
from riskcore.policy.breakers import (
    ALL_TIME,
    FLATTEN,
    LIVE,
    PAPER,
    ROLLING,
    SESSION,
    BreakerRule,
    ConnectionTimers,
)
from riskcore.sessions import IST
from riskcore.signals import CANCEL, ENTRY, EXIT, REVERSAL, Market, Signal, opposite
from riskcore.states import AFTER_S, CONDITION, CONFIRM, HALTED, LOCKED, OPERATOR, REDUCING, UNLOCK
from riskcore.testing.drawing import Draw, chosen, st
from riskcore.testing.history import rulebooks
from riskcore.testing.strategies import DAYS, instruments, policies, prices, signals, trading_moments

ORDINARY: Final = tuple(day for day in DAYS if day.month != 10 or day.year != 2025)
FREEZES: Final = (None, None, None, 300)
PAUSES: Final = (1, 0, 0, 0, 1, 2, 11, 300, 3600)
ACTIONS: Final = (
    *("answer",) * 10,
    *("prices",) * 10,
    *("signal",) * 8,
    *("leave", "report", "report", "time", "time", "repeat", "stray", "back", "alert", "trouble", "over", "over"),
    *("tighten", "tighten", "turn", "turn", "withdraw", "reduce", "shadow"),
    *("halt", "resume", "resume", "login", "connection", "connection", "clock", "clock"),
)


OTHERWISE: Final = (
    BreakerRule(name="max_daily_loss", state=LOCKED, resets=OPERATOR),
    BreakerRule(name="max_order_errors", state=REDUCING, resets=AFTER_S, after_s=60),
    BreakerRule(name="max_loss_streak", state=REDUCING, resets=CONDITION),
    BreakerRule(name="max_clock_drift_s", state=REDUCING, resets=OPERATOR),
    BreakerRule(name="connection_timers", state=HALTED, resets=OPERATOR),
)
"""Trips that lead to other than the default table's: all resets and states occur."""

BREAKERS: Final = st.fixed_dictionaries(
    {
        "max_drawdown": st.sampled_from((None, None, "0.5", 2)),
        "drawdown_basis": st.sampled_from((SESSION, ROLLING, ALL_TIME)),
        "drawdown_sessions": st.sampled_from((1, 2, 20)),
        "max_loss_streak": st.sampled_from((None, None, 1, 2)),
        "max_loss_streak_r": st.sampled_from((None, None, 1)),
        "max_give_back_pct": st.sampled_from((None, None, 50)),
        "give_back_after_pct": st.sampled_from(("0.1", 1)),
        "max_order_errors": st.sampled_from((1, None, 2)),
        "max_orders_per_s": st.sampled_from((None, None, 2, 7)),
        "order_tokens_for_exits": st.sampled_from((0, 1)),
        "stale_after_s": st.sampled_from((None, None, 30)),
        "max_gap_pct": st.sampled_from((None,) * 7 + (5,)),
        "max_clock_drift_s": st.sampled_from((1, 1, None)),
        "approaching_pct": st.sampled_from((33, 33, 50, None)),
        "connection_timers": st.sampled_from(
            (
                (),
                (ConnectionTimers(mode=LIVE, degraded_s=1, no_entries_s=2, action_s=60, action=FLATTEN),),
                (ConnectionTimers(mode=LIVE, degraded_s=1, no_entries_s=1, action_s=1),),
            )
        ),
        "breakers": st.sampled_from((OTHERWISE, OTHERWISE, ())),
    }
)
"""Settings of the breakers, beside which a day still has entries."""


class Day(NamedTuple):
    """The inputs of one or more sessions in order, and the policy they ran under."""

    policy: Policy
    inputs: tuple[e.Input, ...]


class _Tape:
    """A day being written: the clock, the last prices, the questions and orders that wait for an answer."""

    def __init__(self, draw: Draw, policy: Policy, things: Sequence[Instrument], start: datetime) -> None:
        self.draw, self.policy, self.things, self.now = draw, policy, things, start
        self.state = State()
        self.inputs: list[e.Input] = []
        self.waiting: list[e.Command] = []
        self.levels = {thing.key: draw(prices(thing.tick, low=90, high=400)) for thing in things}
        self.broken = False

    def take(self, event: e.Input) -> None:
        """Add an input. One that the engine cannot take ends the tape, so that the reader's own test shows it."""
        self.inputs.append(event)
        try:
            taken = step(self.state, event, self.policy)
        except Exception:  # noqa: BLE001
            self.broken = True
            return
        self.state = taken.state
        self.waiting += taken.commands

    def pick(self, *choices: Any) -> Any:
        return chosen(self.draw, choices)

    def moment(self) -> datetime:
        """Now, in IST or, at times, as UTC: the same moment."""
        abroad = self.draw(st.integers(0, 3)) == 3
        return self.now.astimezone(timezone.utc) if abroad else self.now


def _answer(tape: _Tape) -> None:
    if not tape.waiting:
        return _see_prices(tape)
    command = tape.waiting.pop(tape.pick(0, 0, -1))
    match command:
        case e.AskEquity():
            tape.take(e.EquityRead(tape.moment(), tape.pick(Decimal(100_000), Decimal(1_000_000))))
        case e.AskEvidence(signal=signal):
            _look(tape, signal)
        case e.CancelOrder(order_id=order_id):
            _end(tape, order_id, tape.pick(CANCELLED, CANCELLED, CANCELLED, WORKING))
        case e.PlaceEntry(order=order) | e.PlaceExit(order=order):
            _live(tape, order.order_id)
    return None


def _look(tape: _Tape, signal: Signal) -> None:
    thing = next(t for t in tape.things if t.symbol == signal.symbol)
    last = tape.pick(*(tape.levels[thing.key],) * 9, None)
    seen = Market(
        instrument=thing,
        at=tape.now,
        last=last,
        atr=max(tape.levels[thing.key] * tape.draw(st.integers(2, 40)) / 1000, thing.tick),
        previous_close=tape.levels[thing.key],
        traded_at=tape.now,
    )
    tape.take(e.EvidenceArrived(tape.moment(), signal.id, seen))


def _live(tape: _Tape, order_id: str) -> None:
    """What becomes of an order just sent: mostly it trades, whole or in part."""
    order = tape.state.book.order(order_id)
    fate = tape.pick("all", "all", "all", "part", "part", WORKING, UNKNOWN, REJECTED)
    if order is None:
        return
    if fate in ("all", "part"):
        _trade(tape, order, order.approved.quantity if fate == "all" else None)
    else:
        _end(tape, order_id, fate)


def _trade(tape: _Tape, order: Order, up_to: int | None = None) -> None:
    """A cumulative report that more of an order traded, at its limit or a little better."""
    first = order.filled_quantity + 1
    if first > order.approved.quantity:
        return _end(tape, order.id, FILLED)
    total = up_to or tape.draw(st.integers(first, order.approved.quantity))
    more = total - order.filled_quantity
    tick, limit = order.approved.instrument.tick, order.approved.limit
    better = min(tape.draw(st.integers(0, 3)) * tick, limit - tick)
    price = limit - better if order.is_entry else limit + better
    status = FILLED if total == order.approved.quantity else WORKING
    traded = tape.pick(tape.now, None)
    value = order.filled_value + price * more
    tape.take(e.OrderReported(tape.moment(), order.id, status, total, value, traded))
    return None


def _end(tape: _Tape, order_id: str, status: str) -> None:
    """A report of a status alone, with what was filled so far."""
    order = tape.state.book.order(order_id)
    filled, value = (order.filled_quantity, order.filled_value) if order is not None else (0, ZERO)
    tape.take(e.OrderReported(tape.moment(), order_id, status, filled, value))


def _see_prices(tape: _Tape) -> None:
    thing = tape.pick(*tape.things)
    tick, before = thing.tick, tape.levels[thing.key]
    reach = int(before // tick) // tape.pick(100, 30, 10)
    steps = [tape.draw(st.integers(-reach, reach)) for _ in range(3)]
    first, middle, last = (max(before + n * tick, tick) for n in steps)
    tape.levels[thing.key] = last
    high, low = max(first, middle, last), min(first, middle, last)
    tape.take(e.PricesSeen(tape.moment(), thing.key, first, high, low, last, tape.now - timedelta(seconds=1)))


def _raise_signal(
    tape: _Tape,
    kind: str = ENTRY,
    *,
    thing: Instrument | None = None,
    answers: Sequence[int] = (2, 2, 1, 0),
    **more: Any,
) -> None:
    thing = thing or tape.pick(*tape.things)
    signal = attrs.evolve(tape.draw(signals(thing, at=tape.now, around=tape.levels[thing.key], kind=kind)), **more)
    tape.take(e.SignalArrived(tape.moment(), signal))
    for _ in range(tape.pick(*answers)):
        if not tape.broken:
            _answer(tape)


def _turn_round(tape: _Tape) -> None:
    """A reversal: mostly against what is held, whose exit then trades, so that the entry becomes due."""
    held = tape.state.book.positions
    if not held or tape.pick(False, False, True):
        return _raise_signal(tape, REVERSAL)
    position = tape.pick(*held)
    turned = {"side": opposite(position.side), "product": "MIS", "stop": None, "target": None}
    _raise_signal(tape, REVERSAL, thing=position.instrument, answers=(0,), **turned)
    trades = not tape.broken and tape.pick(True, True, False)
    for order in tape.state.book.leaving(position.instrument.key) if trades else ():
        _trade(tape, order, order.approved.quantity)
    for _ in range(0 if tape.broken else 3):
        _answer(tape)
    return None


def _report_again(tape: _Tape) -> None:
    """One of the session's orders, ended or not, is heard of again."""
    orders = tape.state.book.orders
    if orders:
        order = tape.pick(*orders)
        if tape.pick(True, False):
            _trade(tape, order)
        else:
            _end(tape, order.id, tape.pick(*LIFE))


def _tighten(tape: _Tape) -> None:
    """Somebody moves a stop, or tries to: half-way to the price where one is held, now and then anywhere."""
    held = tape.state.book.positions
    if held and tape.pick(True, True, False):
        position = tape.pick(*held)
        last = position.last or position.average_price
        key, price = position.instrument.key, (last + (position.stop or last)) / 2
    else:
        thing = tape.pick(*tape.things)
        key, price = thing.key, tape.levels[thing.key] + tape.draw(st.integers(-400, 400)) * thing.tick / 2
    tape.take(e.TightenStop(tape.moment(), key, max(price, ONE), tape.pick("operator", "ema")))


def _stray(tape: _Tape) -> None:
    """A report of no order of ours, or one that says more than was ordered."""
    orders = tape.state.book.orders
    name, most = (orders[-1].id, orders[-1].approved.quantity) if orders and tape.pick(True, False) else ("x", 0)
    tape.take(e.OrderReported(tape.moment(), name, tape.pick(FILLED, "nonsense"), most + 1, Decimal(10_000)))


def _repeat(tape: _Tape) -> None:
    """One of the last inputs again, or a signal of the day sent twice."""
    signals = [event for event in tape.inputs if isinstance(event, e.SignalArrived)]
    tape.take(tape.pick(*tape.inputs[-10:], *signals[-3:]))


def _halt(tape: _Tape) -> None:
    tape.take(e.OperatorHalted(tape.moment(), "asha", "lunch", tape.pick(HALTED, REDUCING, LOCKED)))


def _resume(tape: _Tape) -> None:
    """Some latch is lifted by hand, or tried to be; mostly with the word it needs."""
    names = [latch.name for latch in tape.state.book.latches]
    if not names and tape.pick(True, True, True, False):
        return _answer(tape)
    word = tape.pick(CONFIRM, CONFIRM, UNLOCK, "")
    tape.take(e.OperatorResumed(tape.moment(), "asha", "seen to", tape.pick(*names[::-1], ""), word))
    return None


def _wish(tape: _Tape) -> None:
    """An entry signal; often somebody lifts what stands in its way first, so that most days have positions."""
    for latch in tape.state.book.latches:
        if tape.pick(True, False):
            tape.take(e.OperatorResumed(tape.moment(), "asha", "seen to", latch.name, UNLOCK))
    _raise_signal(tape)


def _login(tape: _Tape) -> None:
    """A login is needed, or good; it is always tried again where one is needed."""
    if tape.state.book.latch("login") is None and tape.pick(True, True, False):
        return _answer(tape)
    good, clean = tape.pick((False, False), (True, False), (True, True), (True, True))
    tape.take(e.LoginSeen(tape.moment(), good=good, reconciled=clean, by="shell", why="the token"))
    return None


def _connection(tape: _Tape) -> None:
    tape.take(e.ConnectionSeen(tape.moment(), tape.pick(True, False), tape.pick(LIVE, LIVE, PAPER)))


def _clock(tape: _Tape) -> None:
    """A drift is measured; one that stopped entries is mostly forgiven by hand, and good the next time."""
    tape.take(e.ClockSeen(tape.moment(), tape.pick(Decimal(-3), Decimal(0), Decimal("0.5"))))
    latch = tape.state.book.latch("max_clock_drift_s")
    if latch is not None and latch.resets == OPERATOR and tape.pick(True, True, False):
        tape.take(e.OperatorResumed(tape.moment(), "asha", "seen to", latch.name, CONFIRM))
        tape.take(e.ClockSeen(tape.moment(), Decimal(0)))


def _back(tape: _Tape) -> None:
    tape.take(e.TimePassed(tape.now - timedelta(seconds=tape.draw(st.integers(1, 7200)))))


_DO: Final[dict[str, Callable[[_Tape], None]]] = {
    "answer": _answer,
    "prices": _see_prices,
    "signal": _wish,
    "leave": lambda tape: _raise_signal(tape, EXIT),
    "reduce": lambda tape: _raise_signal(tape, EXIT, reduce_pct=tape.pick(10, 50, 99)),
    "shadow": lambda tape: _raise_signal(tape, tape.pick(ENTRY, ENTRY, EXIT, REVERSAL), shadow=True),
    "turn": _turn_round,
    "withdraw": lambda tape: _raise_signal(tape, CANCEL),
    "report": _report_again,
    "tighten": _tighten,
    "time": lambda tape: tape.take(e.TimePassed(tape.moment())),
    "repeat": _repeat,
    "stray": _stray,
    "back": _back,
    "alert": lambda tape: tape.take(e.AlertRefused(tape.now, "web", "bad_json", "line 1", "{")),
    "trouble": lambda tape: tape.take(e.TroubleSeen(tape.now, tape.pick("feed", "journal"), "it failed")),
    "halt": _halt,
    "resume": _resume,
    "login": _login,
    "connection": _connection,
    "clock": _clock,
    "over": lambda tape: tape.take(e.TroubleOver(tape.now, tape.pick("feed", "journal"))),
}


def _night(tape: _Tape) -> None:
    """The session ends: what still works is cancelled, as day orders are, and the next calendar day begins."""
    tape.now = max(tape.now, datetime.combine(tape.now.date(), time(15, 31), IST))
    for order in tape.state.book.live_orders():
        _end(tape, order.id, CANCELLED)
    tape.waiting.clear()
    tape.now = datetime.combine(tape.now.date() + timedelta(days=1), time(9, 16), IST)


@st.composite
@exact
def days(draw: Draw, *, policy: Policy | None = None, max_size: int = 40, sessions: int = 1, things: int = 2) -> Day:
    """One session of inputs, or `sessions` calendar days of them, beginning soon after 09:15."""
    generous = {"max_position_size_percent": 100, "max_sector_exposure": 100, "atr_warmup_bars": 5}
    extra = draw(rulebooks(likeness=False)) if draw(st.integers(0, 3)) == 3 else {}
    drawn = {**generous, **draw(BREAKERS), **extra}
    rules = policy if policy is not None else draw(policies(**drawn))
    traded = [
        draw(instruments((name,), lots=(1, 1, 5), freezes=FREEZES)) for name in ("RELIANCE", "INFY", "ABC")[:things]
    ]
    tape = _Tape(draw, rules, traded, draw(trading_moments(chosen(draw, ORDINARY))))
    tape.take(e.PolicyLoaded(tape.now, rules))
    _answer(tape)
    for left in reversed(range(sessions)):
        for _ in range(draw(st.integers(min(5, max_size // sessions), max_size // sessions))):
            tape.now += timedelta(seconds=tape.pick(*PAUSES))
            _DO[tape.pick(*ACTIONS)](tape)
            if tape.broken:
                return Day(rules, tuple(tape.inputs))
        if left:
            _night(tape)
    return Day(rules, tuple(tape.inputs))
