"""Bugs that others have shipped, planted on purpose: each by name, how it is planted, and which check must find it.

A check is an invariant of the simulated days, found on one of a few seeds; or, where a day cannot show it, a test.
"""

from collections.abc import Callable
from datetime import timezone

from attrs import evolve, field, frozen

from riskcore import engine, events as e, told
from riskcore.engine import books, ended, protection
from riskcore.engine.turn import Turn
from riskcore.orders import Order
from riskcore.positions import Position
from riskcore.states import ACTIVE
from riskcore_openalgo.client.calls import Calls
from riskcore_openalgo.client.outcomes import Unknown
from riskcore_openalgo.gateways import openalgo as gateway
from riskcore_openalgo.gateways.mode import ModeGuard
from riskcore_openalgo.journal import Durability, Loaded
from riskcore_openalgo.runner import runner
from riskcore_openalgo.runner.runner import Runner
from tests.core.test_engine_inputs import test_F17_midnight_in_greenwich_is_no_new_session as midnight_test
from tests.core.test_simulated_findings import test_an_exit_goes_although_entries_are_halted as halted_test


@frozen(kw_only=True)
class Bug:
    """One planted bug. `caught_by` are the invariants that may find it, `seeds` the days that do; or `test` does."""

    name: str
    plant: Callable
    caught_by: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    test: Callable | None = field(default=None)


def resend_on_timeout(patch):
    """An order is sent once more where no answer came."""
    once = Calls.order

    def order(self, method, kind, **arguments):
        reply = once(self, method, kind, **arguments)
        return reply if reply.ok or reply.definite else once(self, method, kind, **arguments)

    patch.setattr(Calls, "order", order)


def empty_is_flat(patch):
    """A position that the position book does not show is gone, whatever else the read shows."""
    patch.setattr("riskcore.reconcile._is_gone", lambda *_: True)
    patch.setattr("riskcore.reconcile.is_stale", lambda *_: False)


def utc_midnight_reset(patch):
    """The session changes with the day in Greenwich."""

    def new_day(turn):
        day = turn.at.astimezone(timezone.utc).date()
        if turn.book.session is None or day > turn.book.session:
            turn.note(e.SessionOpened(turn.at, day))

    patch.setattr(engine, "new_day", new_day)


def stop_at_ordered_quantity(patch):
    """The stop rests for what was ordered, and not for what has filled."""
    made = protection.resting_stop

    def stop(position, quantity, **more):
        return evolve(made(position, min(quantity, position.quantity), **more), quantity=quantity)

    def ordered(turn, position):
        entry = turn.book.order(position.id)
        return position.quantity if entry is None else entry.quantity

    patch.setattr(protection, "resting_stop", stop)
    patch.setattr(protection, "_to_cover", ordered)


def sent_before_intent(patch):
    """Commands are carried out before the turn is durable."""

    def turn(self):
        taken = self._take()
        entries, led_to = [], []
        for item in taken:
            made = engine.step(self.state, item.event, self.policy)
            self.state, self.policy = made.state, engine.in_force(made.state, self.policy, item.event)
            self._carry_out(made.commands, Durability.DATABASE)
            entries += (item.event, *made.facts)
            led_to.append(made.facts)
        durable = self._record(entries)
        for item, facts in zip(taken, led_to, strict=True):
            self._tell(item, facts, accepted=durable is not None)
        return len(taken)

    patch.setattr(Runner, "turn", turn)


def second_exit_from_the_watcher(patch):
    """Whoever watches prices sells although the stop still rests at the broker."""

    def at_once(self, resting, wish):
        position = self.book.position(wish.key)
        self._send_off(position, wish, position.last or position.average_price, position.quantity)

    patch.setattr(Turn, "_wait_for", at_once)


def stop_follows_both_ways(patch):
    """A stop that trails goes back with the price."""
    patch.setattr(Position, "tightens", lambda self, stop: stop != self.stop)


def part_fill_forgotten(patch):
    """What traded counts once an order is complete: of one that was cancelled, nothing does."""
    true = books.told_of

    def told_of(order, read):
        told = true(order, read)
        if told is None or told.status == "filled":
            return told
        return evolve(told, filled_quantity=order.filled_quantity, filled_value=order.filled_value)

    patch.setattr(books, "told_of", told_of)


def no_answer_is_a_no(patch):
    """An order without an answer counts as refused."""
    true = gateway.told

    def told(outcome):
        return ("rejected", outcome.why, "", "") if isinstance(outcome, Unknown) else true(outcome)

    patch.setattr(gateway, "told", told)


def mode_is_not_looked_at(patch):
    """Orders go to whatever mode OpenAlgo is in."""
    patch.setattr(ModeGuard, "_judge", lambda self, mode: "")


def fills_in_whole_rupees(patch):
    """What a fill brought is rounded."""
    true = told.summed

    def summed(trades):
        quantity, value = true(trades)
        return quantity, value.to_integral_value()

    patch.setattr(told, "summed", summed)
    patch.setattr(books, "summed", summed)


def exits_wait_for_entries_to_be_allowed(patch):
    """A halt of entries holds up exits too."""
    send = Turn._send_off

    def send_off(self, *arguments):
        if self.book.state == ACTIVE:
            send(self, *arguments)

    patch.setattr(Turn, "_send_off", send_off)


def restart_from_nothing(patch):
    """A process that starts does not read what the last one knew."""
    patch.setattr(runner, "loaded", lambda store: Loaded(engine.State()))


def only_fills_are_counted(patch):
    """An entry counts as a trade of the day when it fills."""
    patch.setattr(Order, "counts_as_trade", property(lambda order: order.is_entry and order.filled_quantity > 0))


def vanished_stop_goes_unnoticed(patch):
    """Nobody looks whether the stop still rests."""
    true = books.told_of
    patch.setattr(books, "told_of", lambda order, read: None if order.rests else true(order, read))


def first_word_of_a_cancel(patch):
    """An exit goes as soon as the cancel of the stop was asked for, and not when the stop is known to be gone."""
    true = Turn.cancel

    def cancel(self, order, why):
        true(self, order, why)
        if order.rests and order.id in self.state.cancelling and self.book.order(order.id).live:
            self.note(e.OrderMoved(self.at, order.id, "cancelled", "asked for"))

    patch.setattr(Turn, "cancel", cancel)


def no_stop_where_a_hand_trades(patch):
    """Shares of an instrument in which the books differ get no stop, and no exit for want of one."""
    cover, measure = protection._cover, protection._measure

    def differs(turn, key):
        return any(one.key == key for one in turn.state.custody.mismatches)

    patch.setattr(protection, "_cover", lambda turn, held: differs(turn, held.instrument.key) or cover(turn, held))
    patch.setattr(protection, "_measure", lambda turn, key: differs(turn, key) or measure(turn, key))


def larger_entry_works_on(patch):
    """An entry that somebody made larger is left as it is."""
    patch.setattr(books, "_undo_what_others_did", lambda *_, **__: None)
    patch.setattr(ended, "is_larger", lambda *_: False)


def alerts_of_a_busy_turn_are_lost(patch):
    """Where more waits than a few inputs, as after a slow commit, the alerts among them are dropped."""
    true = Runner._take

    def take(self):
        taken = true(self)
        return [one for one in taken if len(taken) < 4 or not isinstance(one.event, e.SignalArrived)]

    patch.setattr(Runner, "_take", take)


FLIPS = ("never_two_that_flip",)
DIFFERS = ("a_difference_is_known", "protected_within_budget", "fills_are_the_brokers", "books_agree_at_the_end")
BUGS = (
    Bug(name="resend_on_timeout", plant=resend_on_timeout, seeds=(4, 1), caught_by=("one_placement_for_one_intent",)),
    Bug(
        name="empty_is_flat",
        plant=empty_is_flat,
        seeds=(3, 22),
        caught_by=(*DIFFERS, *FLIPS, "fills_are_the_brokers", "only_our_orders"),
    ),
    Bug(name="utc_midnight_reset", plant=utc_midnight_reset, test=midnight_test),
    Bug(name="stop_at_ordered_quantity", plant=stop_at_ordered_quantity, seeds=(0,), caught_by=FLIPS),
    Bug(name="sent_before_intent", plant=sent_before_intent, seeds=(0,), caught_by=("durable_before_acted_on",)),
    Bug(name="second_exit_from_the_watcher", plant=second_exit_from_the_watcher, seeds=(0,), caught_by=FLIPS),
    Bug(
        name="stop_follows_both_ways", plant=stop_follows_both_ways, seeds=(3, 13), caught_by=("a_stop_never_loosens",)
    ),
    Bug(
        name="part_fill_forgotten",
        plant=part_fill_forgotten,
        seeds=(36,),
        caught_by=(*DIFFERS, "unknown_stays_unknown"),
    ),
    Bug(
        name="no_answer_is_a_no",
        plant=no_answer_is_a_no,
        seeds=(4, 21),
        caught_by=(*DIFFERS, "unknown_stays_unknown", "counters_count"),
    ),
    Bug(
        name="mode_is_not_looked_at",
        plant=mode_is_not_looked_at,
        seeds=(62,),
        caught_by=("orders_go_to_our_mode", *DIFFERS),
    ),
    Bug(name="fills_in_whole_rupees", plant=fills_in_whole_rupees, seeds=(1,), caught_by=("money_adds_up",)),
    Bug(
        name="exits_wait_for_entries_to_be_allowed",
        plant=exits_wait_for_entries_to_be_allowed,
        test=halted_test,
    ),
    Bug(
        name="restart_from_nothing",
        plant=restart_from_nothing,
        seeds=(9,),
        caught_by=(*DIFFERS, "counters_count", "restart_gives_the_same_state"),
    ),
    Bug(name="only_fills_are_counted", plant=only_fills_are_counted, seeds=(1,), caught_by=("counters_count",)),
    Bug(name="vanished_stop_goes_unnoticed", plant=vanished_stop_goes_unnoticed, seeds=(1,), caught_by=DIFFERS),
    Bug(
        name="first_word_of_a_cancel",
        plant=first_word_of_a_cancel,
        seeds=(0,),
        caught_by=(*FLIPS, "unknown_stays_unknown"),
    ),
    Bug(
        name="no_stop_where_a_hand_trades",
        plant=no_stop_where_a_hand_trades,
        seeds=(94,),
        caught_by=("protected_within_budget",),
    ),
    Bug(
        name="larger_entry_works_on",
        plant=larger_entry_works_on,
        seeds=(83,),
        caught_by=(*FLIPS, "unknown_stays_unknown"),
    ),
    Bug(
        name="alerts_of_a_busy_turn_are_lost",
        plant=alerts_of_a_busy_turn_are_lost,
        seeds=(30,),
        caught_by=("every_alert_is_answered",),
    ),
)
