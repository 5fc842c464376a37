"""The emergency stop under whatever faults in whatever order: nothing enters, and flat is said only when it is so."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import attrs
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import riskcore as rc
from riskcore import events as e
from riskcore.control import EMERGENCY_LATCH, FLAT, INCOMPLETE, PENDING, READINGS, STAGES, WITHIN
from riskcore.engine import State, fold, step
from riskcore.orders import FILLED, REJECTED, UNKNOWN, WORKING
from tests.laws.venue import READS, Venue

THINGS = {name: rc.Instrument(symbol=name, tick="0.05") for name in ("INFY", "TCS", "SBIN")}
DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
RULES = rc.Policy(
    max_position_size_percent=60,
    max_sector_exposure=100,
    max_trades_per_day=9,
    max_daily_loss=20,
    entry_band_pct=0,
    max_order_errors=None,
    max_orders_per_s=None,
)
TRIES = 150


class Stopped(RuleBasedStateMachine):
    """An engine in front of a broker, with whatever lies between: replies lost, cancels refused, readings that fail."""

    seen: ClassVar[Counter] = Counter()

    def __init__(self):
        super().__init__()
        self.now, self.number = START, 0
        self.state, self.facts, self.waiting, self.proofs = State(), [], [], []
        self.taken = None

    # ------------------------------------------------------------ what happens

    def take(self, event):
        stood = self.state.control.emergency
        self.taken = taken = step(self.state, event, RULES)
        self.state = taken.state
        self.waiting += taken.commands
        for fact in taken.facts:
            self.facts.append(fact)
            self.look_at(fact, stood)
        if stood is not None and self.state.control.emergency is not None:
            assert not [command for command in taken.commands if isinstance(command, e.PlaceEntry)]

    def look_at(self, fact, stood):
        """What is claimed is held against the broker's own books, at the moment it is claimed."""
        if isinstance(fact, e.EmergencyOrdered):
            self.proofs = []
        if not isinstance(fact, e.EmergencyStaged):
            return
        self.seen[fact.stage] += 1
        assert bool(fact.left) == (fact.stage != FLAT)
        if fact.stage == FLAT:
            assert self.proofs[-READINGS:] == [True] * READINGS
        if fact.stage == INCOMPLETE and stood.stage != INCOMPLETE:
            assert fact.at - fact.since >= WITHIN
            assert any(isinstance(known, e.Alarmed) and known.name == INCOMPLETE for known in self.taken.facts)

    @initialize(
        name=st.sampled_from(["sandbox", "any"]),
        held=st.sampled_from([{}, {"INFY": "BUY"}, {"INFY": "SELL"}, {"INFY": "BUY", "TCS": "SELL"}]),
        covered=st.booleans(),
    )
    def morning(self, name, held, covered):
        """Some days begin with shares, whose stop rests, or is on its way."""
        self.venue = Venue(name, DAY)
        self.take(e.PolicyLoaded(self.now, RULES))
        self.take(e.EquityRead(self.now, Decimal(100_000)))
        self.take(e.BrokerSeen(self.now, self.venue.capability))
        for symbol, side in held.items():
            self.signal(symbol, side)
            self.meet_all(kinds=(e.PlaceEntry,))
            self.fill(self.venue.rows[-1], told=True)
        if covered:
            self.meet_all()

    def meet_all(self, kinds=(object,)):
        """What waits is done, as it was meant."""
        for command in [command for command in self.waiting if isinstance(command, kinds)]:
            self.waiting.remove(command)
            self.meet(command, "taken")

    def later(self, seconds=1):
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.sampled_from([1, 3, 11, 61]))
    def time_passes(self, seconds):
        self.later(seconds)
        self.take(e.TimePassed(self.now))

    @rule(name=st.sampled_from(["INFY", "TCS"]), side=st.sampled_from(["BUY", "SELL"]))
    def signal(self, name, side):
        self.later()
        self.number += 1
        away = -20 if side == "BUY" else 20
        made = rc.Signal(name, side, at=self.now, source=f"s{self.number}", stop=1000 + away, target=1000 - 5 * away)
        self.take(e.SignalArrived(self.now, made))
        for command in [c for c in self.waiting if isinstance(c, e.AskEvidence)]:
            self.waiting.remove(command)
            seen = rc.Market(instrument=THINGS[name], at=self.now, last=1000, atr=8)
            self.take(e.EvidenceArrived(self.now, command.signal.id, seen))

    @precondition(lambda self: self.waiting)
    @rule(fate=st.sampled_from(["taken", "taken", "taken", "refused", "lost", "hidden"]))
    def the_next_command_meets_its_fate(self, fate):
        self.later()
        self.meet(self.waiting.pop(0), fate)

    def meet(self, command, fate):
        """As lanes do: an order that ended in our book before it could be sent is not sent."""
        if isinstance(command, (e.PlaceEntry, e.PlaceExit)) and not self.state.book.order(command.order.order_id).live:
            return
        match command:
            case e.PlaceEntry(order=order) | e.PlaceExit(order=order):
                name = self.venue.place(order) if fate in ("taken", "hidden") else ""
                status = {"taken": WORKING, "refused": REJECTED}.get(fate, UNKNOWN)
                self.report(order.order_id, status, name if fate == "taken" else "")
            case e.CancelOrder():
                if fate in ("taken", "hidden"):
                    self.venue.cancel(command.broker_id)
                if fate == "taken":
                    self.read(("positions",))
            case e.ReviseOrder():
                done = fate in ("taken", "hidden") and self.venue.revise(command.broker_id, command.revision)
                told = {"taken": e.TAKEN if done else e.REFUSED, "refused": e.REFUSED}.get(fate, e.UNSURE)
                self.take(e.RevisionReported(self.now, command.order_id, told))

    def report(self, order_id, status, broker_id=""):
        known = self.state.book.order(order_id)
        filled, value = known.filled_quantity, known.filled_value
        self.take(e.OrderReported(self.now, order_id, status, filled, value, broker_id=broker_id))

    @precondition(lambda self: self.venue.working())
    @rule(data=st.data(), told=st.booleans(), part=st.sampled_from([1, 1, 2]))
    def the_market_takes_one(self, data, told, part):
        self.later()
        self.fill(data.draw(st.sampled_from(self.venue.working())), told=told, part=part)

    def fill(self, row, *, told, part=1):
        self.venue.fill(row, max((row.quantity - row.filled) // part, 1))
        known = self.state.book.order(row.order.order_id)
        if told and known is not None and known.live:
            status = FILLED if row.filled == known.quantity else WORKING
            self.take(e.OrderReported(self.now, known.id, status, row.filled, row.filled * row.price, broker_id=row.id))

    @rule(without=READS, twice=st.booleans())
    def the_books_are_read(self, without, twice):
        """A reading that is told twice is one reading."""
        self.later()
        self.read(without)
        if twice:
            self.take(e.BooksRead(self.now, self.venue.books(self.now, without), (THINGS["SBIN"],)))

    def read(self, without=()):
        known = self.state.control.emergency
        if known is not None and not without:
            self.proofs.append(self.venue.flat(whole=known.whole_account))
        self.take(e.BooksRead(self.now, self.venue.books(self.now, without), (THINGS["SBIN"],)))

    @rule(shares=st.sampled_from([0, 7]))
    def somebody_else_acts(self, shares):
        self.later()
        self.venue.others_act("NSE:SBIN", shares=shares)

    @precondition(lambda self: self.state.control.emergency is not None)
    @rule()
    def all_goes_well(self):
        """For once: what waits is done, exits fill, and the books are read whole."""
        self.later(3)
        self.meet_all()
        for row in self.venue.working():
            if row.trigger is None and isinstance(row.order, rc.ApprovedExit):
                self.venue.fill(row, row.quantity - row.filled)
        self.read()
        self.take(e.TimePassed(self.now))

    # ------------------------------------------------------------ hands

    @rule(whole=st.sampled_from([False, False, True]))
    def press(self, whole):
        self.later()
        before = self.state.control.emergency
        self.take(e.EmergencyStopped(self.now, "asha", "enough", whole))
        ordered = [fact for fact in self.taken.facts if isinstance(fact, e.EmergencyOrdered)]
        widened = before is not None and whole and not before.whole_account
        assert bool(ordered) == (before is None or widened)
        if not ordered:
            (refused,) = [fact for fact in self.taken.facts if isinstance(fact, e.ControlRefused)]
            assert refused.reason == "already_stopped"
            assert self.state.control.emergency.at == before.at

    @precondition(lambda self: self.state.control.emergency is not None)
    @rule(word=st.sampled_from(["UNLOCK", "UNLOCK", "unlock", ""]))
    def rearm(self, word):
        self.later()
        stage = self.state.control.emergency.stage
        self.take(e.OperatorResumed(self.now, "asha", "looked at it", EMERGENCY_LATCH, word))
        lifted = self.state.control.emergency is None
        assert lifted == (word == "UNLOCK" and stage in (FLAT, INCOMPLETE, PENDING))
        self.seen["rearmed"] += lifted

    @rule()
    def restart(self):
        folded = fold(self.facts)
        assert folded.control == self.state.control
        self.state = attrs.evolve(folded, number=self.state.number, now=self.state.now)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def it_stands_latched(self):
        """Just while the latch does, over restarts too; its stage is one of those there are."""
        known = self.state.control.emergency
        assert (known is None) == (self.state.book.latch(EMERGENCY_LATCH) is None)
        if known is not None:
            assert self.state.book.state == "locked"
            assert known.stage in STAGES


class Ended(Stopped):
    """The same, and when all faults are over it comes to its end.

    Nobody else trades shares while an order in them is of unknown outcome, or on its way and may come to be: what they
    do beside it would hide it for good, and somebody has to look.
    """

    seen: ClassVar[Counter] = Counter()

    def in_the_dark(self):
        live = self.state.book.live_orders("NSE:SBIN")
        return any(order.status == UNKNOWN or not order.broker_id for order in live)

    @precondition(lambda self: not self.in_the_dark())
    @rule(shares=st.sampled_from([0, 7]))
    def somebody_else_acts(self, shares):
        super().somebody_else_acts(shares)

    def teardown(self):
        if self.state.control.emergency is None or not hasattr(self, "venue"):
            return
        if not self.in_the_dark():
            self.venue.others_act("NSE:SBIN", shares=1)
        touched = {order.approved.instrument.key for order in self.state.book.orders}  # by orders that never left, too
        beside = self.venue.shares.get("NSE:SBIN") and "NSE:SBIN" in touched
        if beside or (not self.venue.flat() and "NSE:SBIN" in self.venue.ours()):
            self.press(whole=True)
        for _ in range(TRIES):
            self.all_goes_well()
            if self.state.control.emergency.stage == FLAT:
                break
        assert self.state.control.emergency.stage == FLAT, self.facts[-1]
        assert self.venue.flat(whole=self.state.control.emergency.whole_account)
        self.seen["ended"] += 1


LOOK = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_EMG_1_whatever_fails_nothing_enters_and_flat_is_said_only_when_it_is_so():
    """Two whole readings of the broker's books have shown it; else what is left is named. One press is one stop."""
    Stopped.seen.clear()
    for _ in range(3):  # once in hundreds of runs what is drawn ends before it has come to all of these
        run_state_machine_as_test(Stopped, settings=LOOK)
        if all(Stopped.seen[stage] for stage in (FLAT, INCOMPLETE, "rearmed")):
            return
    raise AssertionError(f"not every end was seen: {dict(Stopped.seen)}")


def test_EMG_2_when_the_faults_are_over_it_ends_flat():
    """From wherever they left it, if its book shows any order; a hand widens it where others hold a symbol of ours.

    Others leave alone what an order of unknown outcome is in: it stays unknown while they trade beside it.
    """
    Ended.seen.clear()
    run_state_machine_as_test(Ended, settings=LOOK)
    assert Ended.seen["ended"]
