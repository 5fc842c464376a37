"""The market tables as laws: slices, price bands, charges and sessions, for any number and any day."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore.costs import policy_charges
from riskcore.exits.leaving import can_trade, expiry_due
from riskcore.expiries import leave_by
from riskcore.money import on_tick
from riskcore.rules.context import look
from riskcore.rules.signal import far_from_expiry
from riskcore.signals import SIDES
from tests.core.custody_days import ticks
from tests.core.engine_days import INFY
from tests.core.test_carried import carried

pytestmark = pytest.mark.smoke

FEW = settings(max_examples=60)
days = st.dates(date(2016, 1, 1), date(2026, 12, 31))
charged_days = st.dates(date(2021, 4, 1), date(2026, 12, 31))
values = st.decimals("0.01", "10000000", places=2)
THINGS = (
    rc.Instrument(symbol="INFY", tick="0.1"),
    rc.Instrument(symbol="SMALL", tick="0.05", derivatives_listed=False),
    rc.Instrument(symbol="INFY", tick="0.05", exchange="BSE"),
    rc.Instrument(symbol="NIFTYFUT", tick="0.1", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY"),
    rc.Instrument(symbol="USDINR", tick="0.0025", exchange="CDS", segment="FUT", kind="currency"),
    rc.Instrument(symbol="GOLDFUT", tick=1, exchange="MCX", segment="FUT", kind="commodity", underlying="GOLD"),
)
CHARGED = (
    ("NSE", "EQ", "MIS"),
    ("NSE", "EQ", "CNC"),
    ("NFO", "FUT", "NRML"),
    ("NFO", "OPT", "MIS"),
)


def trades(day):
    """Whether the calendar has a session that day; the hours of one on a Sunday are not known to it."""
    try:
        return rc.session_on(day, THINGS[0]) is not None
    except rc.CalendarUnknown:
        return False


@FEW
@given(
    st.dates(date(2026, 2, 1), date(2026, 12, 31)).filter(trades),
    st.integers(0, 12),
    st.integers(0, 20),
    st.integers(0, 24 * 60 - 1),
)
def test_SES_2_a_contract_on_a_share_is_left_and_not_entered_from_one_moment_on(expiry, days, before, minute):
    """So many sessions lie between that day and the expiry; while it can be sold, what is not entered leaves."""
    thing = rc.future("INFY", expiry=expiry, on=expiry - timedelta(days=30), tick="0.05", lot_size=1)
    policy, leaves = rc.Policy(expiry_exit_days=days), leave_by(thing, days)
    between = [leaves + timedelta(days=n) for n in range(1, (expiry - leaves).days + 1)]
    assert sum(map(trades, between)) == days
    assert leaves >= leave_by(thing, days + 1)
    at = datetime.combine(expiry - timedelta(days=before), datetime.min.time(), rc.IST) + timedelta(minutes=minute)
    held = rc.Position(instrument=thing, side="BUY", quantity=1, average_price=1000, product="NRML")
    signal, market = (
        rc.Signal(thing.symbol, "BUY", exchange="NFO", at=at),
        rc.Market(instrument=thing, at=at, last=1000),
    )
    refused = bool(far_from_expiry(look(signal, rc.Book(100_000), market, policy))[0])
    assert expiry_due(held, at, policy) == (refused and can_trade(held, at, policy))
    assert not refused or at.date() >= leaves


@FEW
@given(st.integers(1, 500), st.integers(1, 20_000), st.integers(1, 400))
def test_TAB_1_slices_add_up_and_none_is_above_the_freeze_quantity(lot, freeze, lots):
    """In whole lots, at most ten; a quantity is refused exactly when ten cannot carry it."""
    thing = rc.Instrument(symbol="X", tick=1, lot_size=lot, freeze_quantity=freeze)
    most, quantity = rc.largest_quantity_sent(thing), lots * lot
    if quantity > most:
        with pytest.raises(ValueError, match=r"freeze quantity|at most"):
            rc.slices(quantity, thing)
        return
    parts = rc.slices(quantity, thing)
    assert sum(parts) == quantity
    assert len(parts) <= 10
    assert all(0 < part <= freeze and part % lot == 0 for part in parts)
    assert len(set(parts[:-1])) <= 1


@FEW
@given(st.decimals("1", "99999", places=2), st.sampled_from(("0.01", "0.05", "0.1", "1")), st.booleans())
def test_TAB_2_a_price_band_lies_on_the_tick_and_within_its_percentage(close, tick, in_auction):
    """Rounded inwards: no price of the band is farther from the reference than the band says."""
    thing = rc.Instrument(symbol="INFY", tick=tick)
    phase = "closing_auction" if in_auction else "continuous"
    low, high = rc.price_band(thing, close, on=date(2026, 11, 20), phase=phase)
    share = Decimal(3 if in_auction else 10) / 100
    assert on_tick(low, thing.tick)
    assert on_tick(high, thing.tick)
    assert close * (1 - share) <= low
    assert high <= close * (1 + share)
    assert low - thing.tick < close * (1 - share) or low == thing.tick


@FEW
@given(values, values, charged_days, st.sampled_from(SIDES), st.sampled_from(CHARGED))
def test_TAB_3_a_larger_order_never_costs_less_and_taxes_add_up(small, more, day, side, where):
    """Every component rises with the value; what is a plain percentage is additive."""
    exchange, segment, product = where
    thing = rc.Instrument(symbol="X", tick=1, exchange=exchange, segment=segment)
    first, second, both = (
        policy_charges(thing, product, side, value, day, rc.Policy()) for value in (small, more, small + more)
    )
    for name in ("brokerage", "stt", "exchange", "sebi", "stamp", "gst", "dp", "total"):
        assert getattr(both, name) >= getattr(first, name) >= 0
    for name in ("stt", "exchange", "sebi", "stamp"):
        assert getattr(both, name) == getattr(first, name) + getattr(second, name)


@FEW
@given(charged_days, values, st.sampled_from(SIDES), st.sampled_from(CHARGED))
def test_TAB_4_a_policy_charges_what_the_formula_says(day, value, side, where):
    """The two ways to the same schedule agree, to the last digit."""
    exchange, segment, product = where
    thing = rc.Instrument(symbol="X", tick=1, exchange=exchange, segment=segment)
    flat = 20 if segment == "OPT" else None
    plain = rc.order_charges(
        side=side,
        value=value,
        on=day,
        product=product,
        exchange=exchange,
        segment=segment,
        brokerage_pct="0.03",
        brokerage_max=20,
        brokerage_flat=flat,
    )
    assert policy_charges(thing, product, side, value, day, rc.Policy()) == plain


@FEW
@given(days, st.sampled_from(THINGS), st.sampled_from(("MIS", "CNC", "NRML")))
def test_TAB_5_a_session_lies_within_one_day_of_india_and_ends_in_order(day, thing, product):
    """Open, entries, square-off, close: each within the session; and the session date is its own day."""
    try:
        session = rc.session_on(day, thing, product)
    except rc.CalendarUnknown:
        return
    if session is None:
        return
    assert session.day == day == rc.session_date(session.opens)
    assert rc.session_date(session.closes - timedelta(microseconds=1)) == day
    assert session.opens < session.entries_from
    assert session.entries_until <= session.closes
    if session.square_off is not None:
        assert session.opens < session.square_off < session.closes
        assert session.is_open(session.square_off)
        assert session.entries_until <= session.square_off


@FEW
@given(days, st.integers(0, 24 * 60 - 1), st.sampled_from(THINGS))
def test_TAB_6_stops_rest_exactly_while_continuous_trading_runs(day, minute, thing):
    """F62: no phase beside continuous trading takes a stop order."""
    at = datetime.combine(day, datetime.min.time(), rc.IST) + timedelta(minutes=minute)
    try:
        phase = rc.phase_at(at, thing)
    except rc.CalendarUnknown:
        return
    assert rc.stops_rest(at, thing) == (phase == "continuous")


@FEW
@given(days, st.sampled_from(THINGS))
def test_TAB_7_empty_tables_of_ones_own_change_nothing(day, thing):
    """A user who gives no row gets the shipped answers."""
    empty = rc.Tables()
    answers = []
    for tables in (None, empty):
        try:
            answers.append(rc.session_on(day, thing, "MIS", tables=tables))
        except rc.CalendarUnknown as unknown:
            answers.append(str(unknown))
    assert answers[0] == answers[1]
    assert rc.margin_pct(thing, "MIS", on=day) == rc.margin_pct(thing, "MIS", on=day, tables=empty)
    assert rc.band_pct(thing, on=day) == rc.band_pct(thing, on=day, tables=empty)


@FEW
@given(st.lists(st.tuples(st.integers(1, 554), st.integers(500, 1500)), min_size=1, max_size=6))
def test_SES_3_before_the_open_no_price_moves_or_takes_anything(shown):
    """Ticks at any minutes before 09:15: position, stop and orders stay as they are; the stop goes with the open."""
    day = carried(opened="00:00")
    before = day.book
    for minute, price in sorted(shown):
        assert ticks(day, f"{minute // 60:02}:{minute % 60:02}", price) == ()
    assert (day.book.positions, day.book.orders) == (before.positions, before.orders)
    day.time("09:15")
    assert day.book.resting(INFY.key).approved.trigger == 980
