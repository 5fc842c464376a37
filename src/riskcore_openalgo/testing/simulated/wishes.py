"""What strategies and people ask of the runner on a simulated day; most of it makes sense."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

import riskcore as rc
from riskcore import events
from riskcore_openalgo.testing.simulated.traded import INTRADAY

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

REWARD: Final = Decimal("2.6")


def _offer(room: Room, signal: rc.Signal) -> None:
    room.live.runner.offer(events.SignalArrived(room.time.now, signal))


def well_formed(room: Room, symbol: str, side: str, stop_pct: str, product: str = INTRADAY) -> rc.Signal:
    """An entry with a stop so many per cent away, and a target that is worth it."""
    one = room.traded[symbol]
    last = room.broker.market.quote(one.key).last
    away = one.on_tick(last * Decimal(stop_pct) / 100)
    sign = 1 if side == rc.BUY else -1
    target = one.on_tick(last + sign * (away * REWARD + 2 * one.tick))
    about: dict[str, Any] = {"product": product, "stop": last - sign * away, "target": target, "strategy": "walk"}
    return rc.Signal(symbol, side, at=room.time.now, exchange=one.exchange, **about)


def _entry(room: Room, symbol: str, side: str, stop_pct: str, product: str = INTRADAY) -> None:
    signal = well_formed(room, symbol, side, stop_pct, product)
    room.checks.wished(signal)
    _offer(room, signal)


def _leave(room: Room, symbol: str, **more: str) -> None:
    one = room.traded[symbol]
    position = room.live.state.book.position(one.key)
    side = rc.SELL if position is None or position.side == rc.BUY else rc.BUY
    about: dict[str, Any] = {"kind": rc.EXIT, "strategy": "walk", "exchange": one.exchange, **more}
    _offer(room, rc.Signal(symbol, side, at=room.time.now, **about))


def _reduce(room: Room, symbol: str, percent: str) -> None:
    """A part of what is held is to leave."""
    if room.live.state.book.position(room.traded[symbol].key) is not None:
        _leave(room, symbol, reduce_pct=percent)


def _reverse(room: Room, symbol: str, stop_pct: str) -> None:
    """What is held is to leave, and as much as may be to be held the other way."""
    one = room.traded[symbol]
    position = room.live.state.book.position(one.key)
    side = rc.SELL if position is None or position.side == rc.BUY else rc.BUY
    product = INTRADAY if position is None else position.product
    signal = attrs.evolve(well_formed(room, symbol, side, stop_pct, product), kind=rc.REVERSAL)
    _offer(room, signal)


def _tighten(room: Room, symbol: str) -> None:
    one = room.traded[symbol]
    position = room.live.state.book.position(one.key)
    if position is not None and position.stop is not None and position.last is not None:
        level = one.on_tick((position.stop + position.last) / 2)
        room.live.runner.offer(events.TightenStop(room.time.now, position.instrument.key, level, "operator"))


def _nonsense(room: Room, what: str, symbol: str) -> None:
    now, good = room.time.now, well_formed(room, symbol, rc.BUY, "0.6")
    levels = {"stop": good.stop, "target": good.target}
    again: dict[str, Any] = {**levels, "strategy": what, "exchange": good.exchange}
    if what == "unknown_symbol":
        _offer(room, rc.Signal("NOSUCH", rc.BUY, at=now, strategy=what))
    elif what == "stale":
        _offer(room, rc.Signal(symbol, rc.BUY, at=now - timedelta(minutes=5), **again))
    elif what == "wrong_stop":
        _offer(room, rc.Signal(symbol, rc.SELL, at=now, **again))
    elif what == "from_the_future":
        _offer(room, rc.Signal(symbol, rc.BUY, at=now + timedelta(minutes=5), **again))
    else:
        for _ in range(3):
            _offer(room, rc.Signal(symbol, rc.BUY, at=now, **again))


WISHES: Final[dict[str, Callable[..., None]]] = {
    "entry": _entry,
    "leave": _leave,
    "reduce": _reduce,
    "reverse": _reverse,
    "tighten": _tighten,
    "nonsense": _nonsense,
}
