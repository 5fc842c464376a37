"""Shares in the account that are not ours: what was accepted of them stays theirs, whatever we trade beside them."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import attrs
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

import riskcore as rc
from riskcore import events as e
from riskcore.custody import UNNAMED
from riskcore.engine import State, fold, step
from riskcore.orders import FILLED, REJECTED, UNKNOWN, WORKING
from riskcore.signals import sign
from tests.laws.venue import READS, Venue

DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05")
KEY = INFY.key
RULES = rc.Policy(
    max_position_size_percent=60,
    max_sector_exposure=100,
    max_trades_per_day=99,
    max_daily_loss=50,
    entry_band_pct=0,
    max_order_errors=None,
    max_orders_per_s=None,
)
SIDES = st.sampled_from(["BUY", "SELL"])
TRIES = 60


class Account:
    """An engine in front of a broker in whose account somebody else has shares."""

    def __init__(self, name="sandbox"):
        self.now, self.number, self.state, self.facts, self.waiting = START, 0, State(), [], []
        self.venue = Venue(name, DAY)
        self.take(e.PolicyLoaded(self.now, RULES))
        self.take(e.EquityRead(self.now, Decimal(100_000)))
        self.take(e.BrokerSeen(self.now, self.venue.capability))

    def take(self, event):
        taken = step(self.state, event, RULES)
        self.state, told = taken.state, taken.facts
        self.waiting += taken.commands
        self.facts += told
        return told

    def later(self, seconds=1):
        self.now += timedelta(seconds=seconds)

    def others(self, shares):
        self.later()
        self.venue.others_act(KEY, shares=shares)

    def read(self, without=()):
        self.later(3)
        return self.take(e.BooksRead(self.now, self.venue.books(self.now, without), (INFY,)))

    def accept(self):
        self.later()
        self.take(e.DifferencesAccepted(self.now, "asha", "not ours"))

    def signal(self, side):
        """The entry that was sent for it, or None."""
        self.later()
        self.number += 1
        away = -20 if side == "BUY" else 20
        made = rc.Signal("INFY", side, at=self.now, source=f"s{self.number}", stop=1000 + away, target=1000 - 5 * away)
        self.take(e.SignalArrived(self.now, made))
        asked = [command for command in self.waiting if isinstance(command, e.AskEvidence)]
        self.waiting = [command for command in self.waiting if command not in asked]
        seen = rc.Market(instrument=INFY, at=self.now, last=1000, atr=8)
        told = [fact for one in asked for fact in self.take(e.EvidenceArrived(self.now, one.signal.id, seen))]
        return next((fact.order for fact in told if isinstance(fact, e.EntryApproved)), None)

    def meet(self, command, fate="taken"):
        """As lanes do: an order that ended in our book before it could be sent is not sent."""
        if isinstance(command, (e.PlaceEntry, e.PlaceExit)) and not self.state.book.order(command.order.order_id).live:
            return
        match command:
            case e.PlaceEntry(order=order) | e.PlaceExit(order=order):
                name = self.venue.place(order) if fate in ("taken", "hidden") else ""
                status = {"taken": WORKING, "refused": REJECTED}.get(fate, UNKNOWN)
                known = self.state.book.order(order.order_id)
                filled = known.filled_quantity, known.filled_value
                told = name if fate == "taken" else ""
                self.take(e.OrderReported(self.now, known.id, status, *filled, broker_id=told))
            case e.CancelOrder() if fate in ("taken", "hidden"):
                self.venue.cancel(command.broker_id)
            case e.ReviseOrder():
                done = fate in ("taken", "hidden") and self.venue.revise(command.broker_id, command.revision)
                told = {"taken": e.TAKEN if done else e.REFUSED, "refused": e.REFUSED}.get(fate, e.UNSURE)
                self.take(e.RevisionReported(self.now, command.order_id, told))

    def meet_all(self):
        while self.waiting:
            self.meet(self.waiting.pop(0))

    def fill(self, row, *, told=True, part=1):
        self.venue.fill(row, max((row.quantity - row.filled) // part, 1))
        known = self.state.book.order(row.order.order_id)
        if told and known is not None and known.live:
            status = FILLED if row.filled == known.quantity else WORKING
            self.take(e.OrderReported(self.now, known.id, status, row.filled, row.filled * row.price, broker_id=row.id))

    @property
    def ours(self):
        """The signed shares of our book."""
        return sum(position.signed for position in self.state.book.positions)

    @property
    def frozen(self):
        return self.state.book.latch("positions_differ", KEY) is not None


class Trading(RuleBasedStateMachine):
    """Somebody's shares are accepted, and left alone by everybody; between us and the broker lies whatever there is."""

    seen: ClassVar[Counter] = Counter()

    @initialize(name=st.sampled_from(["sandbox", "any"]), side=SIDES, shares=st.integers(1, 60))
    def morning(self, name, side, shares):
        self.account, self.theirs = Account(name), sign(side) * shares
        self.account.others(self.theirs)
        for _ in range(RULES.differing_reads):
            self.account.read()
        assert self.account.frozen
        self.account.accept()
        self.account.read()
        self.look()

    def look(self):
        """What differs is at most what an order without a name may have brought."""
        custody = self.account.state.custody
        assert [m for m in custody.mismatches if m.kind != UNNAMED] == []
        assert ("positions_differ", KEY) not in custody.told
        assert not self.account.frozen
        assert custody.beside_of(KEY) == self.theirs

    @rule(seconds=st.sampled_from([1, 3, 11, 61]))
    def time_passes(self, seconds):
        self.account.later(seconds)
        self.account.take(e.TimePassed(self.account.now))
        self.look()

    @rule(side=SIDES)
    def signal(self, side):
        order = self.account.signal(side)
        against = sign(side) * self.theirs < 0
        assert not (order is not None and against)
        self.seen["against" if against else "sent" if order is not None else "not sent"] += 1
        self.look()

    @precondition(lambda self: self.account.waiting)
    @rule(fate=st.sampled_from(["taken", "taken", "taken", "refused", "lost", "hidden"]))
    def the_next_command_meets_its_fate(self, fate):
        self.account.later()
        self.account.meet(self.account.waiting.pop(0), fate)
        self.look()

    @precondition(lambda self: self.account.venue.working())
    @rule(data=st.data(), told=st.booleans(), part=st.sampled_from([1, 1, 2]))
    def the_market_takes_one(self, data, told, part):
        self.account.later()
        row = data.draw(st.sampled_from(self.account.venue.working()))
        self.account.fill(row, told=told, part=part)
        self.look()

    @rule(without=READS)
    def the_books_are_read(self, without):
        self.account.read(without)
        self.look()

    @precondition(lambda self: self.account.ours)
    @rule(reduce_by=st.sampled_from([None, None, 7]))
    def a_hand_leaves(self, reduce_by):
        self.account.later()
        self.account.take(e.OperatorExited(self.account.now, "asha", "enough", KEY, reduce_by))
        self.look()

    @rule()
    def restart(self):
        state = fold(self.account.facts)
        assert state.custody == self.account.state.custody
        self.account.state = attrs.evolve(state, number=self.account.state.number, now=self.account.now)

    def teardown(self):
        """All faults are over, and a hand leaves: ours are gone, and theirs are all there."""
        if not hasattr(self, "account"):
            return
        for _ in range(TRIES):
            self.account.later(3)
            self.account.meet_all()
            for row in self.account.venue.working():
                if row.trigger is None:
                    self.account.fill(row)
            self.account.read()
            self.look()
            if self.account.ours:
                self.account.take(e.OperatorExited(self.account.now, "asha", "enough", KEY))
            elif not self.account.state.book.live_orders() and not self.account.waiting:
                break
        assert self.account.venue.shares[KEY] == self.theirs
        self.seen["ended"] += 1


def test_ACC_1_beside_shares_accepted_as_not_ours_we_trade_and_they_stay():
    """Nothing is frozen, no one is called, no entry goes against them; when ours are gone, theirs are all there."""
    Trading.seen.clear()
    run_state_machine_as_test(Trading, settings=settings(max_examples=100, stateful_step_count=40, deadline=None))
    assert all(Trading.seen[what] for what in ("sent", "against", "ended"))


@settings(deadline=None)
@given(
    first=st.integers(-30, 30).filter(bool),
    ours=st.booleans(),
    moves=st.lists(st.tuples(st.integers(-60, 60), st.booleans()), min_size=1, max_size=5),
)
def test_ACC_2_when_they_are_gone_that_ends_and_another_number_of_them_is_asked_for_again(first, ours, moves):
    """After each move of somebody else's: quiet, or frozen until a hand accepts it. Against them nothing is entered."""
    account = Account()
    account.others(first)
    if ours:
        account.signal("BUY" if first > 0 else "SELL")
        account.meet_all()
        account.fill(account.venue.rows[0])
        account.meet_all()
    for move, accepted in ((0, True), *moves):
        if move:
            account.others(move)
        for _ in range(2 * RULES.differing_reads):
            account.read()
            account.meet_all()
        if accepted:
            account.accept()
            account.read()
        apart = account.venue.shares[KEY] - account.ours
        taken = account.state.custody.beside_of(KEY)
        assert account.frozen == (apart not in (0, taken))
        assert bool(account.state.custody.mismatches) == account.frozen
        assert taken == apart if accepted or not apart else True
        assert account.state.custody.held_without_us(KEY) == apart
        if not account.ours and apart:
            assert account.signal("SELL" if apart > 0 else "BUY") is None
