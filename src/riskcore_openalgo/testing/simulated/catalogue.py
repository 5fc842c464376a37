"""What can go wrong on a simulated day: each fault by its name, how it strikes, and how long it may disturb orders.

While a fault lasts, and for a while after, positions may be uncovered and books may differ: what must hold then is that
it is known and told. Everything else holds at all times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from riskcore_openalgo.testing.fault import OLDER, SPELLINGS
from riskcore_openalgo.testing.profile import Profile
from riskcore_openalgo.testing.simulated.strikes import broker, calls as openalgo, feed, hand, machine
from riskcore_openalgo.testing.simulated.strikes.acting import Strike, answers, between, calls, one_of, several

LATER_SEEDS: Final = 80_000
"""From here on days have what was thought of later: so those of lower seeds stay what they were."""
BOOKS: Final = ("orderbook", "tradebook", "positionbook", "holdings")


def _always(profile: Profile) -> bool:
    return True


def _live(profile: Profile) -> bool:
    return not profile.sandbox


@frozen(kw_only=True)
class Kind:
    """One kind of fault. `lasts_s` is how long it keeps orders or readings from being what they should be.

    `beside` says that it comes beside the others of a day, on some days: what else happens on a day of a seed stays.
    `varied` is given where only days that are drawn wider have it: of brokers whose row says that, or "" of all; and
    `since`, where only those of a seed and of higher ones do.
    """

    strike: Strike
    lasts_s: float = 10.0
    possible: Callable[[Profile], bool] = _always
    at_the_end: bool = False
    beside: bool = False
    varied: str | None = None
    since: int = 0

    @property
    def usual(self) -> bool:
        """Whether it is among those that every day may have."""
        return not self.beside and self.varied is None


CATALOGUE: Final[dict[str, Kind]] = {
    # --- the network and OpenAlgo, at an order
    "place_timeout_executed": Kind(strike=calls("placeorder", "timeout", executed=True, seconds=30.0), lasts_s=20),
    "place_timeout_lost": Kind(strike=calls("placeorder", "timeout", seconds=30.0), lasts_s=30),
    "place_carried_out_late": Kind(strike=calls("placeorder", "delay", seconds=between(5.1, 6.5)), lasts_s=25),
    "place_slow": Kind(strike=calls("placeorder", "delay", seconds=between(0.5, 4.5)), lasts_s=15),
    "place_500_executed": Kind(strike=calls("placeorder", "status", executed=True), lasts_s=20),
    "place_500": Kind(strike=calls("placeorder", "status"), lasts_s=30),
    "place_drop_executed": Kind(strike=calls("placeorder", "drop", executed=True), lasts_s=20),
    "place_drop": Kind(strike=calls("placeorder", "drop"), lasts_s=30),
    "place_null_id": Kind(strike=calls("placeorder", "null_id", executed=True), lasts_s=20),
    "place_unreadable": Kind(strike=calls("placeorder", "unreadable", executed=True), lasts_s=20),
    "place_html": Kind(strike=calls("placeorder", "html", status=502), lasts_s=30),
    "place_429": Kind(strike=calls("placeorder", "too_many", times=2), lasts_s=15),
    "order_calls_limited": Kind(strike=openalgo.order_calls_limited, lasts_s=40),
    "place_403": Kind(strike=calls("placeorder", "forbidden"), lasts_s=60),
    "placeopenalgo.semi_auto": Kind(strike=openalgo.semi_auto, lasts_s=600, possible=_live),
    "cancel_timeout_executed": Kind(strike=calls("cancelorder", "timeout", executed=True, seconds=30.0), lasts_s=25),
    "cancel_timeout": Kind(strike=calls("cancelorder", "timeout", seconds=30.0), lasts_s=25),
    "cancel_refused": Kind(strike=calls("cancelorder", "status", status=400), lasts_s=15),
    "modify_timeout_executed": Kind(strike=calls("modifyorder", "timeout", executed=True, seconds=30.0), lasts_s=25),
    "modify_refused": Kind(strike=calls("modifyorder", "status", status=400), lasts_s=15),
    # --- what a broker takes, and does otherwise
    "place_taken_and_lost": Kind(strike=calls("placeorder", "unheeded"), lasts_s=60, possible=_live),
    "place_taken_and_late": Kind(
        strike=calls("placeorder", "unheeded", seconds=between(0.5, 30)), lasts_s=60, possible=_live
    ),
    "cancel_taken_and_lost": Kind(strike=calls("cancelorder", "unheeded"), lasts_s=40, possible=_live),
    "cancel_taken_and_late": Kind(
        strike=calls("cancelorder", "unheeded", seconds=between(0.3, 20)), lasts_s=40, possible=_live
    ),
    "modify_taken_and_lost": Kind(strike=calls("modifyorder", "unheeded"), lasts_s=40, possible=_live),
    "modify_taken_and_late": Kind(
        strike=calls("modifyorder", "unheeded", seconds=between(0.3, 20)), lasts_s=40, possible=_live
    ),
    "cancel_after_a_fill": Kind(
        strike=calls("cancelorder", "fills_first", times=2, fraction=between(0.1, 1)), lasts_s=20
    ),
    "modify_after_a_fill": Kind(
        strike=calls("modifyorder", "fills_first", times=2, fraction=between(0.1, 1)), lasts_s=20
    ),
    # --- fills
    "partial": Kind(strike=calls("placeorder", "partial"), possible=lambda profile: profile.partials),
    "rejected_later": Kind(strike=calls("placeorder", "reject_later", seconds=0.3), lasts_s=15),
    "stop_rejected": Kind(strike=calls("placeorder", "reject_later", where={"pricetype": "SL"}), lasts_s=20),
    "stop_vanishes": Kind(strike=broker.stop_vanishes, lasts_s=25),
    "stop_changed": Kind(strike=hand.stop_changed, lasts_s=15),
    "stop_resized": Kind(strike=hand.stop_resized, lasts_s=25),
    "entry_resized": Kind(strike=hand.entry_resized, lasts_s=30),
    "stop_changes_used_up": Kind(strike=broker.changes_used_up, lasts_s=15),
    "gap_through_stop": Kind(strike=broker.gap_through_stop, lasts_s=20),
    "thin_market": Kind(strike=broker.thin_market, possible=lambda profile: profile.partials),
    "order_cancelled_by_broker": Kind(strike=broker.order_cancelled, lasts_s=15),
    "ended_after_a_part": Kind(strike=broker.ended_after_a_part, lasts_s=20),
    "symbol_halted": Kind(strike=broker.symbol_halted, lasts_s=200, possible=_live),
    "order_unlisted": Kind(strike=broker.order_unlisted, lasts_s=100),
    "unknown_status_word": Kind(strike=broker.unknown_word, lasts_s=25),
    "circuit_lock": Kind(strike=broker.circuit, lasts_s=90),
    "squared_off": Kind(strike=broker.squared_off, lasts_s=40, at_the_end=True, possible=_live),
    "squared_off_in_steps": Kind(strike=broker.squared_off_in_steps, lasts_s=60, possible=_live),
    # --- readings
    "orderbook_500": Kind(strike=calls("orderbook", "status", times=6), lasts_s=25),
    "orderbook_empty": Kind(strike=calls("orderbook", "empty", times=3), lasts_s=20),
    "positions_empty": Kind(strike=calls("positionbook", "empty", times=2), lasts_s=20),
    "tradebook_empty": Kind(strike=calls("tradebook", "empty", times=3), lasts_s=20),
    "orderbook_stale": Kind(strike=calls("orderbook", "stale", times=4), lasts_s=20),
    "positions_stale": Kind(strike=calls("positionbook", "stale", times=4), lasts_s=20),
    "tradebook_stale": Kind(strike=calls("tradebook", "stale", times=4), lasts_s=20),
    "all_books_stale": Kind(strike=several(*(calls(book, "stale", times=4) for book in BOOKS)), lasts_s=30),
    "orders_lag": Kind(strike=calls("orderbook", "lagging", times=12, seconds=between(4, 30)), lasts_s=50),
    "trades_lag": Kind(strike=calls("tradebook", "lagging", times=12, seconds=between(4, 30)), lasts_s=50),
    "positions_lag": Kind(strike=calls("positionbook", "lagging", times=12, seconds=between(4, 30)), lasts_s=50),
    "orders_twice": Kind(strike=answers("orderbook", "doubled"), lasts_s=50),
    "orders_twice_older": Kind(strike=answers("orderbook", "doubled", message=one_of(OLDER)), lasts_s=50),
    "trades_twice": Kind(strike=answers("tradebook", "doubled"), lasts_s=50),
    "positions_twice": Kind(strike=answers("positionbook", "doubled"), lasts_s=50),
    "order_ids_respelled": Kind(strike=answers("orderbook", "respelled", message=one_of(*SPELLINGS)), lasts_s=50),
    "broker_clock_off": Kind(strike=broker.clock_off),
    "all_books_empty": Kind(strike=several(*(calls(book, "empty", times=4) for book in BOOKS)), lasts_s=40),
    "books_time_out": Kind(strike=calls("positionbook", "timeout", times=3, seconds=30.0), lasts_s=40),
    "books_unreadable": Kind(strike=calls("tradebook", "unreadable", times=5), lasts_s=25),
    "orders_and_trades_out": Kind(strike=openalgo.books_out("orderbook", "tradebook"), beside=True),
    "trades_and_positions_out": Kind(strike=openalgo.books_out("tradebook", "positionbook", "holdings"), beside=True),
    "orderbook_out": Kind(strike=openalgo.books_out("orderbook"), beside=True),
    "tradebook_out": Kind(strike=openalgo.books_out("tradebook"), beside=True),
    "all_books_out": Kind(strike=openalgo.books_out(*BOOKS), beside=True),
    "funds_empty": Kind(strike=calls("funds", "empty", times=3)),
    "quote_of_another": Kind(strike=calls("quotes", "wrong_quote", times=2)),
    "quote_of_zero": Kind(strike=calls("quotes", "zero_quote", times=2)),
    # --- the stream
    "updates_lost": Kind(strike=feed.updates_lost),
    "updates_twice": Kind(strike=feed.updates_twice),
    "updates_late": Kind(strike=feed.updates_late),
    "ticks_late": Kind(strike=feed.ticks_late),
    "feed_gap": Kind(strike=feed.gap, lasts_s=15),
    "stream_down": Kind(strike=feed.down, lasts_s=15),
    # --- the account
    "bought_by_hand": Kind(strike=hand.bought, lasts_s=30),
    "sold_by_hand": Kind(strike=hand.sold, lasts_s=30),
    "left_by_hand": Kind(strike=hand.left, lasts_s=30),
    "converted_by_hand": Kind(strike=hand.converted, lasts_s=30),
    "another_symbol_by_hand": Kind(strike=hand.elsewhere),
    "token_dies": Kind(strike=openalgo.token_dies, lasts_s=90),
    "key_revoked": Kind(strike=openalgo.key_revoked, lasts_s=90),
    "openalgo_down": Kind(strike=openalgo.openalgo_down, lasts_s=60),
    "mode_toggled": Kind(strike=openalgo.mode_toggled, lasts_s=75),
    # --- ourselves
    "journal_spooled": Kind(strike=machine.journal_spooled, lasts_s=40),
    "journal_lost": Kind(strike=machine.journal_lost, lasts_s=40),
    "journal_slow": Kind(strike=machine.journal_slow, lasts_s=40),
    "clock_back": Kind(strike=machine.clock_back),
    "suspended": Kind(strike=machine.suspended, lasts_s=60),
    "killed_idle": Kind(strike=machine.killed_idle, lasts_s=30),
    "killed_before_append": Kind(strike=machine.killed_before_append, lasts_s=40),
    "killed_after_append": Kind(strike=machine.killed_after_append, lasts_s=40),
    "killed_amid_commands": Kind(strike=machine.killed_amid_commands, lasts_s=40),
    "killed_amid_a_call": Kind(strike=machine.killed_amid_a_call, lasts_s=40),
    # --- on days that are drawn wider
    "upper_circuit": Kind(strike=broker.upper_circuit, lasts_s=90, varied=""),
    "clock_ahead": Kind(strike=machine.clock_ahead, lasts_s=60, varied=""),
    "half_a_book": Kind(strike=broker.half_a_book, lasts_s=40, varied="in_halves"),
    "part_of_positions": Kind(
        strike=broker.part_of_positions, lasts_s=90, varied="positions_in_parts", since=LATER_SEEDS
    ),
    "refusal_shown": Kind(strike=broker.refusal_shown, lasts_s=40, varied="shows_refusals"),
}
"""Every fault by its name."""
