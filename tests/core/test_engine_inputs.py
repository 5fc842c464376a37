"""What comes in besides prices: trouble, a bad clock, stray reports, sessions and counters, told by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine import resume
from riskcore.orders import ApprovedEntry
from riskcore.testing import Scenario
from tests.core.engine_days import INFY, SEEN, TCS, WIDE, a_day, holding

pytestmark = pytest.mark.smoke


def test_trouble_stops_entries_and_not_exits_until_it_is_over():
    """Once latched under its name; a second report of the same trouble adds nothing."""
    day, _ = holding()
    assert day.take(e.TroubleSeen(day.at("10:01"), "journal", "the disk is full")) == ("Latched",)
    assert day.take(e.TroubleSeen(day.at("10:02"), "journal", "still full")) == ()
    assert day.book.state == "halted"
    day.enter("10:03", symbol="INFY", **SEEN)
    assert day.refusal()[0] == "entries_stopped"
    assert "ExitApproved" in day.prices("10:04", last=979)
    assert day.take(e.TroubleOver(day.at("10:05"), "feed")) == ()
    assert day.take(e.TroubleOver(day.at("10:06"), "journal")) == ("Lifted",)
    assert day.book.state == "active"


def test_trouble_with_one_instrument_stops_its_entries_alone():
    """What works to enter it is taken back; another's trouble of the same name stands by itself."""
    day = a_day(INFY, TCS, max_position_size_percent=30)
    entry = day.enter("10:00", **SEEN)
    facts = day.take(e.TroubleSeen(day.at("10:00:05"), "prices_stale", "silent for 90 s", "NSE:INFY"))
    assert facts == ("Latched", "CancelRequested")
    assert day.last(e.CancelRequested).order_id == entry
    assert day.book.state == "active"
    day.enter("10:01", symbol="INFY", **SEEN)
    assert day.refusal()[0] == "entries_stopped"
    day.enter("10:02", symbol="TCS", **SEEN)
    assert isinstance(day.facts[-1], e.EntryApproved)
    assert day.take(e.TroubleOver(day.at("10:03"), "prices_stale", "NSE:TCS")) == ()
    assert day.take(e.TroubleOver(day.at("10:03"), "prices_stale")) == ()
    assert day.take(e.TroubleOver(day.at("10:04"), "prices_stale", "NSE:INFY")) == ("Lifted",)
    assert day.book.latches == ()


def test_a_latch_survives_the_night_and_a_restart():
    """Nobody has lifted it."""
    day = a_day()
    day.take(e.TroubleSeen(day.at("10:01"), "journal", "the disk is full"))
    day.next_day(3)
    day.time("09:20")
    day.restart()
    assert day.book.state == "halted"


def test_a_clock_that_runs_back_is_noted_and_taken_as_the_last_moment():
    """The input counts, at the time that was reached already."""
    day = a_day()
    day.time("10:00")
    assert day.time("09:59") == ("ClockBackward",)
    assert day.last(e.ClockBackward).claimed == day.at("09:59")
    assert day.state.now == day.at("10:00")


@pytest.mark.parametrize(
    ("order", "status", "filled", "value", "why"),
    [
        ("nobody", "filled", 1, 1000, "no such order in this session"),
        ("own", "eaten", 0, 0, "'eaten' is not a status"),
        ("own", "filled", 51, 51_000, "51 filled of 50 ordered"),
        ("own", "working", 10, 0, "more was filled for no more money"),
        ("own", "working", 1, 0, "more was filled for no more money"),
    ],
)
def test_a_report_that_cannot_be_true_changes_nothing(order, status, filled, value, why):
    """It is kept as stray, with the reason; a fill of ours that cannot be true also stops entries by name."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    before = day.book
    name = entry if order == "own" else order
    facts = day.report("10:00:01", name, status, filled, value)
    stopped = ("StrayReport", "Latched", "CancelRequested")  # what still works to enter is taken back
    assert facts == (stopped if order == "own" and filled else ("StrayReport",))
    told = [(latch.name, latch.why) for latch in day.book.latches]
    assert told == ([("report_contradicts", f"order {entry}: {why}")] if len(facts) == 3 else [])
    assert (day.last(e.StrayReport).order_id, day.last(e.StrayReport).why) == (name, why)
    assert (day.book.orders, day.book.positions, day.book.charges) == (before.orders, before.positions, before.charges)


def test_evidence_nobody_waits_for_is_stray():
    """Of no signal, of one answered already, or of another instrument."""
    day = a_day(INFY, TCS)
    signal = day.signal("10:00", stop=980)
    other = rc.Market(instrument=TCS, at=day.at("10:00"), last=1000)
    assert day.take(e.EvidenceArrived(day.at("10:00"), signal.id, other)) == ("StrayReport",)
    assert day.take(e.EvidenceArrived(day.at("10:00"), "nobody", other)) == ("StrayReport",)
    assert day.look("10:00", signal, last=1000) == ("EntryApproved",)
    assert day.look("10:00:01", signal, last=1000) == ("StrayReport",)


def test_a_signal_of_which_nothing_can_be_seen_is_refused_by_name():
    """At once, and not when it has grown too old; a second word of it changes nothing."""
    day = a_day()
    signal = day.signal("10:00", stop=980)
    failed = e.EvidenceFailed(day.at("10:00"), signal.id, "NSE:INFY is not known")
    assert day.take(failed) == ("EntryRefused",)
    assert [found.reason for found in day.last(e.EntryRefused).findings] == ["instrument_unknown"]
    assert day.take(failed) == ()


def test_a_signal_whose_evidence_never_comes_is_refused_as_stale():
    """After signal_max_age_s, by the clock alone."""
    day = a_day()
    day.signal("10:00")
    assert day.time("10:01") == ()
    assert day.time("10:01:00.001") == ("EntryRefused",)
    assert day.refusal() == ("signal_stale",)
    assert day.state.pending == ()


@pytest.mark.parametrize(("more", "reasons"), [("0", ("stopped_for_session", "daily_loss_reached")), ("0.01", ())])
def test_F14_an_open_loss_of_exactly_the_daily_limit_stops_entries(more, reasons):
    """50 shares down by 3,000 rupees, charges included, are 3 % of 100,000: over. Fifty paise less are not."""
    day = a_day(INFY, TCS, risk_per_trade=3)
    entry = day.enter("10:00", last=1000, stop=941, target=1300)
    day.fill("10:00:01", entry, price=1000)
    assert day.book.positions[0].quantity == 50
    day.prices("10:05", last=940 + day.book.charges / 50 + Decimal(more))
    second = day.enter("10:06", symbol="TCS", last=100, stop=99, target=110)
    assert (day.book.order(second) is None) == bool(reasons)
    assert (day.refusal() if reasons else ()) == reasons


def test_F16_five_trades_taken_then_a_restart_and_the_sixth_is_still_refused():
    """The counter comes back from the facts."""
    day = a_day(INFY, TCS, max_daily_loss=50)
    for minute in range(5):
        entry = day.enter(f"10:0{minute}", symbol="TCS", last=1000, stop=980, target=1100)
        day.report(f"10:0{minute}:30", entry, "cancelled")
    day.restart()
    assert day.book.trades_today == 5
    day.enter("10:30", **SEEN)
    assert day.refusal() == ("too_many_trades",)


def test_F17_midnight_in_greenwich_is_no_new_session():
    """At 05:30 in India the counters stay; at midnight in India they start again."""
    day = a_day(day=date(2026, 11, 19))
    entry = day.enter("14:00", **SEEN)
    day.report("14:00:01", entry, "cancelled")
    day.next_day()
    assert day.time("00:00") == ("SessionOpened",)
    assert day.time("05:29") == day.time("05:30") == day.time("05:31") == ()
    assert day.book.trades_today == 0
    assert day.book.session == date(2026, 11, 20)


def test_F19_two_signals_in_the_same_moment_and_one_slot():
    """Exactly one is approved, whichever evidence comes first."""
    for order in ((0, 1), (1, 0)):
        day = a_day(INFY, TCS, max_positions=1)
        signals = [day.signal("10:00", symbol=name, stop=980) for name in ("INFY", "TCS")]
        for number in order:
            day.look("10:00:01", signals[number], last=1000)
        (entry,) = day.sent(ApprovedEntry)
        assert entry.signal_id == signals[order[0]].id
        assert day.refusal() == ("too_many_positions",)


def test_after_a_restart_equity_and_evidence_are_asked_again():
    """What no fact has answered."""
    day = Scenario(rc.Policy(), INFY, equity=None)
    signal = day.signal("10:00", interval="15m")
    day.restart()
    equity, evidence = resume(day.state, day.policy)
    assert (type(equity), equity.session) == (e.AskEquity, day.day)
    assert (evidence.signal, evidence.interval) == (signal, "15m")


def test_the_next_session_is_told_what_the_last_one_ended_with():
    """Opening equity plus what was realised, less charges; entries wait until equity is known."""
    day, _ = holding()
    day.prices("10:05", last=979)
    day.fill("10:05:01", day.sent()[0].order_id, price=980)
    ended = 100_000 - 1000 - day.book.charges
    day.next_day(3)
    day.time("09:15")
    assert day.last(e.AskEquity).last_known == ended
    day.enter("09:30", **SEEN)
    assert day.refusal()[0] == "equity_unknown"


def test_a_policy_is_noted_when_it_changes_and_not_else():
    """In full, with its hash."""
    day = a_day()
    assert day.take(e.PolicyLoaded(day.at("10:00"), day.policy)) == ()
    other = rc.Policy(max_positions=1)
    assert day.take(e.PolicyLoaded(day.at("10:00"), other))[0] == "PolicyChanged"
    assert day.state.policy_hash == rc.policy_hash(other) != rc.policy_hash(day.policy)


def test_fills_without_a_schedule_of_charges_stop_entries():
    """The fill is booked, its cost is not known, and entries are halted under that name."""
    day = a_day(charges_as_of="2026-08-03")
    entry = day.enter("10:00", **SEEN)
    day.policy = rc.Policy(**WIDE, charges_as_of="2020-01-01")
    assert day.fill("10:00:01", entry, price=1000) == ("Filled", "Latched")
    assert day.last(e.Filled).charges is None
    (latch,) = day.book.latches
    assert (latch.name, latch.why) == ("charges_unknown", "no schedule of charges for NSE:INFY MIS")
    day.take(e.PolicyLoaded(day.at("10:01"), rc.Policy(**WIDE, charges_as_of="2026-08-03", max_positions=1)))
    assert day.book.latches == ()
    assert (day.last(e.Lifted).by, day.last(e.Lifted).why) == ("riskcore", "another policy")


def test_the_first_equity_of_a_session_holds():
    """A second reading changes nothing."""
    day = a_day()
    assert day.take(e.EquityRead(day.at("10:00"), Decimal(1))) == ()
    assert day.book.opening_equity == 100_000


def test_an_alert_that_was_no_signal_is_kept_and_not_acted_on():
    """With its reason."""
    day = a_day()
    assert day.take(e.AlertRefused(day.at("10:00"), "web", "bad_json", "line 1", "{")) == ("AlertDropped",)


def test_what_is_no_input_is_the_programs_mistake():
    """Named by its type."""
    with pytest.raises(TypeError, match="Price is not an input"):
        a_day().take(rc.Price("NSE:INFY", 1, rc.Signal("X", "BUY", at=a_day().at("10:00")).at + timedelta(0)))


def test_orders_that_ended_yesterday_are_forgotten_and_live_ones_are_not():
    """A report of the first is stray; the second still keeps its slot."""
    day = a_day(INFY, TCS, max_trades_per_day=9)
    ended, alive = (day.enter("14:00", symbol=name, **{**SEEN, "stop": 990}, seen=None) for name in ("INFY", "TCS"))
    day.report("14:00:01", ended, "cancelled")
    day.report("14:00:01", alive, "unknown")
    day.next_day(3)
    day.time("09:15")
    assert [order.id for order in day.book.orders] == [alive]
    assert day.report("09:16", ended, "filled", 50, 50_000) == ("StrayReport",)
