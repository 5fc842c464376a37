"""A trade that nothing else touches, taken at once: what comes of it, and what sends it by steps."""

from datetime import date, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events as e
from riskcore.engine import whole
from riskcore.engine.quiet import results_between
from riskcore.orders import sliced_entry
from riskcore.table_rows import ChargeRates
from tests.core.engine_days import INFY, a_day, holding

D = Decimal
MINUTE = timedelta(minutes=1)
LEVELS = {"BUY": (980, 1060), "SELL": (1020, 940)}

# ---------------------------------------------------------------- the decision


def signal(day, side="BUY", **more):
    stop, target = LEVELS[side]
    return rc.Signal("INFY", side, at=day.at("10:00"), **{"stop": stop, "target": target, **more})


def market(day, **more):
    return rc.Market(**{"instrument": INFY, "at": day.at("10:00"), "last": 1000, **more})


def decided(day, wish, **seen):
    return whole.decided(day.state, wish, market(day, **seen), day.policy)


def test_it_is_the_decision_of_the_engine_itself():
    """The quote that bars show was made when they were seen."""
    day = a_day()
    wish = signal(day)
    day.take(e.SignalArrived(wish.at, wish))
    day.take(e.EvidenceArrived(wish.at, wish.id, market(day)))
    fresh = a_day()
    answer = decided(fresh, wish)
    assert answer.context.market.quote_at == wish.at
    assert decided(fresh, wish, quote_at=day.at("09:59:58")).context.market.quote_at == day.at("09:59:58")
    assert attrs.evolve(answer.order, book_version=0) == attrs.evolve(day.last(e.EntryApproved).order, book_version=0)


@pytest.mark.parametrize("more", [{"kind": "exit", "stop": None, "target": None}, {"receipt": "abc"}, {"shadow": True}])
def test_a_signal_that_asks_for_more_or_for_less_goes_by_steps(more):
    day = a_day()
    assert decided(day, signal(day, **more)) is None


def test_so_does_one_that_came_before_and_one_whose_symbol_is_not_sent():
    day = a_day(live_symbols=("TCS",))
    assert decided(day, signal(day)) is None
    day, wish = a_day(), signal(a_day())
    seen = attrs.evolve(day.state, seen=frozenset((wish.id,)))
    assert whole.decided(seen, wish, market(day), day.policy) is None
    held, entry = holding()
    sold = attrs.evolve(held.state, seen=frozenset())
    assert held.book.order(entry) is not None
    wish = rc.Signal("INFY", "BUY", at=held.at("10:00"), stop=980, target=1100)
    assert wish.id == entry
    assert whole.decided(sold, wish, market(held), held.policy) is None


def test_a_refusal_leads_to_what_the_steps_lead_to():
    day, other = a_day(), a_day()
    wish = signal(day, target=1010)
    answer = decided(day, wish)
    assert not answer.approved
    state, facts = whole.refused(day.state, answer, wish.at)
    other.take(e.SignalArrived(wish.at, wish))
    other.take(e.EvidenceArrived(wish.at, wish.id, market(day)))
    assert facts == tuple(other.facts[-2:])
    assert state == other.state


# ---------------------------------------------------------------- the entry


def entered(day, side="BUY", first=1000, **more):
    answer = decided(day, signal(day, side, **more))
    bounds = results_between(day.state, day.policy)
    return whole.entered(day.state, answer, D(first), day.at("10:01"), bounds, day.policy)


@pytest.mark.parametrize(
    ("side", "first", "fills"),
    [("BUY", "1001", True), ("BUY", "1001.05", False), ("SELL", "999", True), ("SELL", "998.95", False)],
)
def test_an_entry_fills_up_to_its_limit(side, first, fills):
    held = entered(a_day(entry_band_pct="0.1"), side, first)
    assert (held is not None) is fills
    if held:
        assert held.position.average_price == held.fill.price == D(first)
        assert (held.position.side, held.fill.traded_at) == (side, held.order.at)


def test_one_that_is_sent_in_slices_or_that_no_schedule_charges_goes_by_steps():
    thing = attrs.evolve(INFY, freeze_quantity=31)
    day = a_day(thing)
    answer = whole.decided(day.state, signal(day), market(day, instrument=thing), day.policy)
    bounds = results_between(day.state, day.policy)
    assert answer.approved
    assert [order.quantity for order in sliced_entry(answer.order)] == [31, 19]
    assert whole.entered(day.state, answer, D(1000), day.at("10:01"), bounds, day.policy) is None
    early = day.at("10:01").replace(year=2001)
    day = a_day()
    assert whole.entered(day.state, decided(day, signal(day)), D(1000), early, bounds, day.policy) is None


def test_one_of_which_a_limit_of_trades_is_told_goes_by_steps_once():
    """Four of five are 80 per cent."""
    day = a_day()
    third, fourth = (attrs.evolve(day.book, trades_today=count) for count in (2, 3))
    day.state = attrs.evolve(day.state, book=third)
    assert entered(day) is not None
    day.state = attrs.evolve(day.state, book=fourth)
    assert entered(day) is None
    day.state = attrs.evolve(day.state, observed=attrs.evolve(day.state.observed, near=("max_trades_per_day",)))
    assert entered(day) is not None
    quiet = a_day(approaching_pct=None)
    quiet.state = attrs.evolve(quiet.state, book=fourth)
    assert entered(quiet) is not None


def test_time_acts_from_the_square_off_on_or_from_the_open():
    day = a_day()
    assert entered(day).until == day.at("15:10")
    early = whole.entered(
        day.state,
        decided(day, signal(day)),
        D(1000),
        day.at("09:10"),
        results_between(day.state, day.policy),
        day.policy,
    )
    assert early.until == day.at("09:10")
    assert entered(a_day(), product="CNC").until is None


# ---------------------------------------------------------------- the exit


def prices(day, last, first=None, high=None, low=None, clock="10:05"):
    first, high, low = (D(str(last if one is None else one)) for one in (first, high, low))
    close, at = D(str(last)), day.at(clock)
    return e.PricesSeen(at, INFY.key, first, max(first, high, close), min(first, low, close), close, at - MINUTE)


BEFORE = whole.Before(D(1004), D(996), best_last=False)


def left(day, seen, before=BEFORE, side="BUY", others=(), **more):
    return whole.left(entered(day, side, **more), seen, before, others, day.policy)


@pytest.mark.parametrize(
    ("side", "seen", "reason", "price"),
    [
        ("BUY", {"last": 985, "low": 980}, "stop", 980),
        ("BUY", {"last": 975, "first": 978}, "stop", 978),
        ("BUY", {"last": 1050, "high": 1060}, "target", 1060),
        ("BUY", {"last": 1062, "first": 1065}, "target", 1065),
        ("SELL", {"last": 1010, "high": 1020}, "stop", 1020),
        ("SELL", {"last": 945, "low": 940}, "target", 940),
        ("BUY", {"last": 990, "low": "980.05", "high": "1059.95"}, None, None),
        ("BUY", {"last": 1000, "low": 980, "high": 1060}, None, None),
        ("BUY", {"last": 970, "first": 975, "high": 1060}, "stop", 975),
    ],
)
def test_a_level_takes_it_off_at_its_price_or_at_the_open_beyond_it(side, seen, reason, price):
    """A bar that reached both goes by steps, and one that reached none."""
    day = a_day()
    before = BEFORE if side == "BUY" else whole.Before(D(996), D(1004), best_last=False)
    trade = left(day, prices(day, **seen), before, side)
    if reason is None:
        assert trade is None
    else:
        assert (trade.closed.reason, trade.closed.exit_price, trade.fill.price) == (reason, price, price)
        assert trade.state.book.positions == ()


def by_steps(day, seen, marks, side="BUY"):
    """The same trade, an input at a time; what is marked between lies beside them, as a backtest has it."""
    wish = signal(day, side)
    day.take(e.SignalArrived(wish.at, wish))
    day.take(e.EvidenceArrived(wish.at, wish.id, market(day)))
    order = day.last(e.EntryApproved).order
    day.report("10:00", order.order_id, "working")
    value = D(1000) * order.quantity
    day.take(e.OrderReported(day.at("10:01"), order.order_id, "filled", order.quantity, value, traded_at=wish.at))
    for mark in marks:
        day.facts.append(mark)
        day.state = engine.evolve(day.state, mark)
    day.take(seen)
    gone = day.last(e.ExitApproved).order
    value = gone.reference * gone.quantity
    day.take(e.OrderReported(seen.at, gone.order_id, "filled", gone.quantity, value, traded_at=seen.since))
    return day


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize("last_is_best", [True, False])
@pytest.mark.parametrize("high", [False, True])
@pytest.mark.parametrize("gains", [False, True])
def test_the_state_and_the_facts_are_those_of_the_steps(side, last_is_best, high, gains):
    """Where equity was at its highest before the exit, a mark of its own says so."""
    way = 1 if side == "BUY" else -1
    best, worst = D(1000) + way * (4 if high else -1), D(1000) - 5 * way
    day, other = a_day(), a_day()
    spans = [(day.at("10:03"), best)] if high else []
    spans += [] if high and last_is_best else [(day.at("10:04"), worst)]
    marks = [e.Marked(at, INFY.key, close, None, None) for at, close in spans]
    level = D(LEVELS[side][1 if gains else 0])
    seen = prices(day, level - way if gains else level + way, high=level, low=level)
    trade = left(day, seen, whole.Before(best, worst, best_last=last_is_best), side)
    other = by_steps(other, seen, marks, side)
    at_exit = other.facts[-4]
    facts = whole.facts_of(trade, lambda: [*marks, at_exit], lambda stood: (), day.policy)
    assert trade.peaked is high
    assert trade.state == other.state
    assert tuple(facts) == tuple(other.facts[len(day.facts) :])
    assert trade.closed == other.last(e.PositionClosed)


def test_one_that_leaves_in_the_bar_of_its_entry_has_one_mark():
    day = a_day()
    seen = prices(day, 985, first=1000, low=980, clock="10:01")
    trade, other = left(day, seen, None), by_steps(a_day(), seen, [])
    assert (trade.state, trade.peaked) == (other.state, False)


def test_one_that_no_schedule_charges_any_more_goes_by_steps():
    day = a_day()
    held, seen = entered(day), prices(day, 980)
    late = attrs.evolve(seen, at=seen.at.replace(year=2001))
    assert whole.left(held, seen, BEFORE, (), day.policy) is not None
    assert whole.left(held, late, BEFORE, (), day.policy) is None


def test_a_close_as_high_as_the_session_was_is_marked_and_the_peak_of_all_time_stays():
    day = a_day(brokerage_flat=0, tables=FREE)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, peak_equity=D(200_000)))
    even, below = (whole.Before(D(best), D(990), best_last=False) for best in (1000, "999.95"))
    assert (left(day, prices(day, 980), even).peaked, left(day, prices(day, 980), below).peaked) == (True, False)
    book = left(day, prices(day, 1060)).state.book
    assert (book.session_peak, book.peak_equity) == (103_000, 200_000)


def test_signals_that_were_refused_meanwhile_count_as_taken():
    day = a_day()
    alone, beside = left(day, prices(day, 980)), left(day, prices(day, 980), others=("a", "b"))
    assert beside.state.seen == alone.state.seen | {"a", "b"}
    assert beside.state.number == alone.state.number + 4
    asked = []
    marks = [e.Marked(day.at(clock), INFY.key, D(1001), None, None) for clock in ("10:02", "10:04")]
    between = e.SignalRepeated(day.at("10:03"), "a")
    facts = whole.facts_of(beside, lambda: marks, lambda stood: asked.append(stood) or [between], day.policy)
    assert facts.waits
    assert not asked
    assert facts[4:7] == (marks[0], between, marks[1])
    assert [type(fact).__name__ for fact in facts][-3:] == ["ExitApproved", "Filled", "PositionClosed"]
    (stood,) = asked
    assert stood == engine.fold(facts[:4], day.state)


# ---------------------------------------------------------------- what something else may feel


@pytest.mark.parametrize(
    ("floor", "taken"), [("-1000.10", True), ("-1000.09", True), ("-1000", False), ("-999", False)]
)
def test_a_result_at_the_floor_goes_by_steps(floor, taken):
    day = a_day(brokerage_flat=0, tables=FREE)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, realised=D(50), charges=D(50)))
    held = entered(day)._replace(floor=D(floor), ceiling=None)
    assert held.position.quantity * 20 == 1000
    trade = whole.left(held, prices(day, 985, low=980), BEFORE, (), day.policy)
    assert (trade is not None) is taken


@pytest.mark.parametrize(("ceiling", "taken"), [("3000", True), ("2999.99", False)])
def test_and_one_over_the_ceiling(ceiling, taken):
    day = a_day(brokerage_flat=0, tables=FREE)
    held = entered(day)._replace(floor=None, ceiling=D(ceiling))
    trade = whole.left(held, prices(day, 1050, high=1060), BEFORE, (), day.policy)
    assert (trade is not None) is taken


def test_what_an_entry_costs_counts_before_anything_is_made():
    day = a_day()
    held = entered(day)._replace(floor=-entered(day).fill.charges, ceiling=None)
    before = whole.Before(D(1004), D(1003), best_last=False)
    assert whole.left(held, prices(day, 1050, high=1060), before, (), day.policy) is None


def test_closes_count_as_well_as_what_it_came_to():
    """But for that of the bar it left in: it was over by then."""
    day = a_day(brokerage_flat=0, tables=FREE)
    held = entered(day)._replace(floor=D(-500), ceiling=None)
    before, seen = whole.Before(D(1004), D(990), best_last=False), prices(day, 985, high=1060)
    assert whole.left(held, seen, before, (), day.policy) is None
    assert whole.left(held._replace(floor=D("-500.01")), seen, before, (), day.policy) is not None


FREE = rc.Tables(
    charges=[
        ChargeRates(
            **dict.fromkeys(("stt_buy_pct", "stt_sell_pct", "exchange_pct", "sebi_pct", "stamp_buy_pct", "gst_pct"), 0),
            since=date(2016, 1, 1),
            exchange="NSE",
            segment="EQ",
            product="MIS",
        )
    ]
)
