"""What can go wrong on a simulated day: each fault by its name, how it strikes, and how long it may disturb orders.

While a fault lasts, and for a while after, positions may be uncovered and books may differ: what must hold then is that
it is known and told. Everything else holds at all times.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from riskcore import events
from riskcore_openalgo.testing.fault import Fault
from riskcore_openalgo.testing.profile import Profile
from riskcore_openalgo.testing.simulated import strikes
from riskcore_openalgo.testing.simulated.strikes import on_tick, ours

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

Strike = Callable[["Room", str, float], None]
BOOKS: Final = ("orderbook", "tradebook", "positionbook", "holdings")


def _always(profile: Profile) -> bool:
    return True


def _live(profile: Profile) -> bool:
    return not profile.sandbox


@frozen(kw_only=True)
class Kind:
    """One kind of fault. `lasts_s` is how long it keeps orders or readings from being what they should be."""

    strike: Strike
    lasts_s: float = 10.0
    possible: Callable[[Profile], bool] = _always
    at_the_end: bool = False


def _calls(endpoint: str, kind: Any, *, times: int = 1, **more: Any) -> Strike:
    """A fault of the next calls of an endpoint."""

    def strike(room: Room, symbol: str, share: float) -> None:
        seconds = more.get("seconds", 0.0)
        asked = dict(more, seconds=seconds(share)) if callable(seconds) else more
        room.broker.script(Fault(endpoint, kind, times=times, **asked))

    return strike


def _several(*strikes: Strike) -> Strike:
    def strike(room: Room, symbol: str, share: float) -> None:
        for one in strikes:
            one(room, symbol, share)

    return strike


def _between(least: float, most: float) -> Callable[[float], float]:
    return lambda share: least + (most - least) * share


def _for_a_while(begin: Callable[[Room], None], end: Callable[[Room], None], least: float, most: float) -> Strike:
    """Something that begins now and ends some seconds later."""

    def strike(room: Room, symbol: str, share: float) -> None:
        begin(room)
        room.time.later(least + (most - least) * share, partial(end, room))

    return strike


def _stop_vanishes(room: Room, symbol: str, share: float) -> None:
    order = ours(room, symbol, resting=True)
    if order is not None:
        room.broker.cancel_by_broker(order.order_id)


def _stop_changed(room: Room, symbol: str, share: float) -> None:
    """Somebody loosens the stop by hand."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        further = on_tick(order.trigger * (99 if order.side == "SELL" else 101) / 100)
        room.broker.modify(order.order_id, price=further, trigger=further)


def _entry_cancelled(room: Room, symbol: str, share: float) -> None:
    order = ours(room, symbol, resting=False)
    if order is not None:
        room.broker.cancel_by_broker(order.order_id)


def _unknown_word(room: Room, symbol: str, share: float) -> None:
    order = ours(room, symbol, resting=share < 0.7)
    if order is not None:
        room.broker.show_as(order.order_id, "MODIFY VALIDATION PENDING")
        room.time.later(5 + 10 * share, lambda: room.broker.show_as(order.order_id, ""))


def _hand(room: Room, symbol: str, share: float, *, sign: int) -> None:
    """The user trades our symbol by hand, more or less of what is held, or opens what is not."""
    key = f"NSE:{symbol}"
    held = room.broker.truth().position(key, "MIS")
    part = max(1, int(abs(held) * (0.3 + 0.7 * share))) if held else 5
    quantity = sign * part * (1 if held >= 0 else -1)
    room.by_hand(key, quantity)


def _hand_elsewhere(room: Room, symbol: str, share: float) -> None:
    room.by_hand("NSE:ITC", 10 if share < 0.5 else -10)


def _circuit(room: Room, symbol: str, share: float) -> None:
    """The price is locked at its lower limit, and no sale fills there; later the band moves on."""
    key = f"NSE:{symbol}"
    last = room.broker.market.quote(key).last
    lower = on_tick(last * 97 / 100)
    room.broker.circuit(key, lower, last * 2)
    room.move(symbol, lower, hold_s=20 + 60 * share)
    room.time.later(20 + 60 * share, lambda: room.broker.market.bands.pop(key, None))


def _squared_off(room: Room, symbol: str, share: float) -> None:
    """The broker ends the day itself: it cancels what works and closes what is held, in its own name."""
    for order in list(room.broker.venue.account.orders.values()):
        if order.working:
            room.broker.cancel_by_broker(order.order_id)
    for row in list(room.broker.truth().positions):
        if row.quantity:
            room.by_hand(row.key, -row.quantity)


def _semi_auto(room: Room, symbol: str, share: float) -> None:
    """The next order waits for an approval, which comes later, or never."""
    room.broker.script(Fault("placeorder", "semi_auto"))
    if share < 0.5:
        room.time.later(4 + 20 * share, room.approve)


def _set(name: str, value: Any) -> Callable[[Room], None]:
    return lambda room: setattr(room.broker, name, value)


def _down(room: Room, *, down: bool) -> None:
    room.wire.down = down


def _late(room: Room, symbol: str, share: float) -> None:
    room.feed.faults.late_s = 1 + 4 * share
    room.time.later(20, lambda: setattr(room.feed.faults, "late_s", 0.0))


def _clock_back(room: Room, symbol: str, share: float) -> None:
    room.live.runner.offer(events.TimePassed(room.time.now.replace(microsecond=0) - timedelta(seconds=5 + 60 * share)))


CATALOGUE: Final[dict[str, Kind]] = {
    # --- the network and OpenAlgo, at an order
    "place_timeout_executed": Kind(strike=_calls("placeorder", "timeout", executed=True, seconds=30.0), lasts_s=20),
    "place_timeout_lost": Kind(strike=_calls("placeorder", "timeout", seconds=30.0), lasts_s=30),
    "place_carried_out_late": Kind(strike=_calls("placeorder", "delay", seconds=_between(5.1, 6.5)), lasts_s=25),
    "place_slow": Kind(strike=_calls("placeorder", "delay", seconds=_between(0.5, 4.5)), lasts_s=15),
    "place_500_executed": Kind(strike=_calls("placeorder", "status", executed=True), lasts_s=20),
    "place_500": Kind(strike=_calls("placeorder", "status"), lasts_s=30),
    "place_drop_executed": Kind(strike=_calls("placeorder", "drop", executed=True), lasts_s=20),
    "place_drop": Kind(strike=_calls("placeorder", "drop"), lasts_s=30),
    "place_null_id": Kind(strike=_calls("placeorder", "null_id", executed=True), lasts_s=20),
    "place_unreadable": Kind(strike=_calls("placeorder", "unreadable", executed=True), lasts_s=20),
    "place_html": Kind(strike=_calls("placeorder", "html", status=502), lasts_s=30),
    "place_429": Kind(strike=_calls("placeorder", "too_many", times=2), lasts_s=15),
    "order_calls_limited": Kind(strike=strikes.order_calls_limited, lasts_s=40),
    "place_403": Kind(strike=_calls("placeorder", "forbidden"), lasts_s=60),
    "place_semi_auto": Kind(strike=_semi_auto, lasts_s=600, possible=_live),
    "cancel_timeout_executed": Kind(strike=_calls("cancelorder", "timeout", executed=True, seconds=30.0), lasts_s=25),
    "cancel_timeout": Kind(strike=_calls("cancelorder", "timeout", seconds=30.0), lasts_s=25),
    "cancel_refused": Kind(strike=_calls("cancelorder", "status", status=400), lasts_s=15),
    "modify_timeout_executed": Kind(strike=_calls("modifyorder", "timeout", executed=True, seconds=30.0), lasts_s=25),
    "modify_refused": Kind(strike=_calls("modifyorder", "status", status=400), lasts_s=15),
    # --- fills
    "partial": Kind(strike=_calls("placeorder", "partial"), possible=lambda profile: profile.partials),
    "rejected_later": Kind(strike=_calls("placeorder", "reject_later", seconds=0.3), lasts_s=15),
    "stop_rejected": Kind(strike=_calls("placeorder", "reject_later", where={"pricetype": "SL"}), lasts_s=20),
    "stop_vanishes": Kind(strike=_stop_vanishes, lasts_s=25),
    "stop_changed": Kind(strike=_stop_changed, lasts_s=15),
    "stop_resized": Kind(strike=strikes.stop_resized, lasts_s=25),
    "stop_changes_used_up": Kind(strike=strikes.changes_used_up, lasts_s=15),
    "gap_through_stop": Kind(strike=strikes.gap_through_stop, lasts_s=20),
    "thin_market": Kind(strike=strikes.thin_market, possible=lambda profile: profile.partials),
    "order_cancelled_by_broker": Kind(strike=_entry_cancelled, lasts_s=15),
    "unknown_status_word": Kind(strike=_unknown_word, lasts_s=25),
    "circuit_lock": Kind(strike=_circuit, lasts_s=90),
    "squared_off": Kind(strike=_squared_off, lasts_s=40, at_the_end=True, possible=_live),
    "squared_off_in_steps": Kind(strike=strikes.squared_off_in_steps, lasts_s=60, possible=_live),
    # --- readings
    "orderbook_500": Kind(strike=_calls("orderbook", "status", times=6), lasts_s=25),
    "orderbook_empty": Kind(strike=_calls("orderbook", "empty", times=3), lasts_s=20),
    "positions_empty": Kind(strike=_calls("positionbook", "empty", times=2), lasts_s=20),
    "tradebook_empty": Kind(strike=_calls("tradebook", "empty", times=3), lasts_s=20),
    "orderbook_stale": Kind(strike=_calls("orderbook", "stale", times=4), lasts_s=20),
    "positions_stale": Kind(strike=_calls("positionbook", "stale", times=4), lasts_s=20),
    "tradebook_stale": Kind(strike=_calls("tradebook", "stale", times=4), lasts_s=20),
    "all_books_stale": Kind(strike=_several(*(_calls(book, "stale", times=4) for book in BOOKS)), lasts_s=30),
    "orders_lag": Kind(strike=_calls("orderbook", "lagging", times=12, seconds=_between(4, 30)), lasts_s=50),
    "trades_lag": Kind(strike=_calls("tradebook", "lagging", times=12, seconds=_between(4, 30)), lasts_s=50),
    "positions_lag": Kind(strike=_calls("positionbook", "lagging", times=12, seconds=_between(4, 30)), lasts_s=50),
    "broker_clock_off": Kind(strike=strikes.clock_off),
    "all_books_empty": Kind(strike=_several(*(_calls(book, "empty", times=4) for book in BOOKS)), lasts_s=40),
    "books_time_out": Kind(strike=_calls("positionbook", "timeout", times=3, seconds=30.0), lasts_s=40),
    "books_unreadable": Kind(strike=_calls("tradebook", "unreadable", times=5), lasts_s=25),
    "funds_empty": Kind(strike=_calls("funds", "empty", times=3)),
    "quote_of_another": Kind(strike=_calls("quotes", "wrong_quote", times=2)),
    "quote_of_zero": Kind(strike=_calls("quotes", "zero_quote", times=2)),
    # --- the stream
    "updates_lost": Kind(strike=lambda room, symbol, share: room.feed.lose(updates=4)),
    "updates_twice": Kind(strike=lambda room, symbol, share: room.feed.repeat(8)),
    "updates_late": Kind(strike=_late),
    "ticks_late": Kind(strike=strikes.ticks_late),
    "feed_gap": Kind(strike=lambda room, symbol, share: room.feed.gap(15 + 400 * share), lasts_s=15),
    "stream_down": Kind(strike=lambda room, symbol, share: room.feed.drop(3 + 30 * share), lasts_s=15),
    # --- the account
    "bought_by_hand": Kind(strike=partial(_hand, sign=1), lasts_s=30),
    "sold_by_hand": Kind(strike=partial(_hand, sign=-1), lasts_s=30),
    "left_by_hand": Kind(strike=strikes.left_by_hand, lasts_s=30),
    "converted_by_hand": Kind(strike=strikes.converted_by_hand, lasts_s=30),
    "another_symbol_by_hand": Kind(strike=_hand_elsewhere),
    "token_dies": Kind(
        strike=_for_a_while(lambda room: room.broker.token_dies(), lambda room: room.broker.login(), 5, 60), lasts_s=90
    ),
    "key_revoked": Kind(strike=_for_a_while(_set("key_revoked", True), _set("key_revoked", False), 5, 60), lasts_s=90),
    "openalgo_down": Kind(
        strike=_for_a_while(lambda room: _down(room, down=True), lambda room: _down(room, down=False), 3, 30),
        lasts_s=60,
    ),
    "mode_toggled": Kind(
        strike=_for_a_while(lambda room: room.toggle(other=True), lambda room: room.toggle(other=False), 5, 40),
        lasts_s=75,
    ),
    # --- ourselves
    "journal_spooled": Kind(
        strike=_for_a_while(lambda room: room.store.fails("spool"), lambda room: room.store.fails(""), 3, 30),
        lasts_s=40,
    ),
    "journal_lost": Kind(
        strike=_for_a_while(lambda room: room.store.fails("lost"), lambda room: room.store.fails(""), 3, 20), lasts_s=40
    ),
    "clock_back": Kind(strike=_clock_back),
    "suspended": Kind(strike=strikes.suspended, lasts_s=60),
    "killed_idle": Kind(strike=lambda room, symbol, share: room.kill(), lasts_s=30),
    "killed_before_append": Kind(strike=lambda room, symbol, share: room.store.kill_at("before", share), lasts_s=40),
    "killed_after_append": Kind(strike=lambda room, symbol, share: room.store.kill_at("after", share), lasts_s=40),
    "killed_amid_commands": Kind(strike=lambda room, symbol, share: room.kill_at_command(share), lasts_s=40),
    "killed_amid_a_call": Kind(strike=lambda room, symbol, share: room.kill_at_call(share), lasts_s=40),
}
"""Every fault by its name."""
