"""What a position gained or lost before today is none of today's; shares for delivery are part of equity overnight."""

from datetime import date
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine.policies import in_loss
from riskcore.positions import Overnight
from riskcore.table_rows import Margin
from riskcore.testing import Scenario
from tests.core.engine_days import INFY, TCS

D = Decimal
THURSDAY = date(2026, 11, 19)
WIDE = {"entry_band_pct": 0, "max_position_size_percent": 100, "max_sector_exposure": 100, "risk_per_trade": 3}


def carried(*closes, product="CNC", **policy):
    """100 INFY bought at 1,000 on Thursday; a close for each session from then on, the last of them still running."""
    day = Scenario(rc.Policy(**{**WIDE, **policy}), INFY, TCS, day=THURSDAY)
    order = day.enter("10:00", last=1000, stop=970, target=1300, product=product)
    day.fill("10:00:01", order, price=1000)
    day.prices("15:00", last=closes[0])
    for price in closes[1:]:
        opening = day.book.opening_equity + day.book.net_realised
        day.next_day(1 if day.day == THURSDAY else 3)
        day.take(e.EquityRead(day.at("09:00"), opening))
        day.time("09:16")
        day.prices("09:20", last=price)
    return day


def charges(day):
    """What the purchase on Thursday cost."""
    return -day.book.days[0].net


def measured(day):
    return {one.rule: one.measured for one in rc.levels(day.book, day.state.observed, day.policy, day.state.now)}


@pytest.mark.parametrize(
    ("closes", "today", "week"),
    [
        ((975, 975), 0, 2500),  # Thursday's loss, on Friday
        ((975, 980), 0, 2000),
        ((1040, 1010), 3000, 0),  # Friday gives back what Thursday gained; the week is 1,000 up
        ((990, 990, 985), 500, 500),  # and Monday's loss is all of its week's
    ],
)
def test_a_day_and_a_week_lose_what_they_lost(closes, today, week):
    """From the prices they began with: from the entry a gain of before would hide a loss, and an old one never end."""
    day = carried(*closes, max_daily_loss=50, max_weekly_loss=50)
    found = measured(day)
    bought_this_week = len(closes) == 2
    assert found["max_daily_loss"] == today
    assert found["max_weekly_loss"] == (week + charges(day) if week and bought_this_week else week)
    assert day.book.result == 100 * (closes[-1] - closes[-2])


def test_a_gain_that_is_given_back_in_a_day_stops_entries():
    """9 % in a day, of 3 % allowed; equity stands where it stood before, and the position is none in loss."""
    day = carried(1040, 1090, 1000, max_weekly_loss=6)
    assert (day.book.equity, day.book.unrealised) == (100_000 - charges(day), 0)
    assert day.book.latch("max_daily_loss") is not None
    assert in_loss(day.book)
    found = rc.decide(
        rc.Signal("TCS", "BUY", at=day.at("10:00"), stop=98, target=120),
        day.book,
        rc.Market(instrument=TCS, at=day.at("10:00"), last=100),
        day.policy,
    )
    assert {"daily_loss_reached", "weekly_loss_reached"} <= {one.reason for one in found.reasons}


def test_a_sale_at_the_entry_of_what_had_gained_is_a_loss_of_the_day():
    """Realised from the entry it is nought."""
    day = carried(1020, 1020, max_daily_loss=50)
    day.signal("10:00", "SELL", kind="exit", product="CNC")
    day.fill("10:00:02", day.sent()[-1].order_id, price=1000)
    assert (day.book.realised, day.book.result) == (0, -2000 - day.book.charges)
    assert measured(day)["max_daily_loss"] == 2000 + day.book.charges


def test_the_worst_case_counts_what_a_stop_would_give_back_today():
    """At its stop the position is 30 a share down from its entry, and 70 from this morning: of 8 % 1 % is left."""
    signal = {"stop": 98, "target": 120}
    market = {"instrument": TCS, "last": 100}
    for percent, passes in ((8, True), (7, False), (4, False)):
        day = carried(1040, 1040, daily_loss_worst_case=True, max_daily_loss=percent)
        at = day.at("10:00")
        found = rc.decide(rc.Signal("TCS", "BUY", at=at, **signal), day.book, rc.Market(at=at, **market), day.policy)
        assert ("worst_case_too_large" not in {one.reason for one in found.findings}) == passes


def test_shares_for_delivery_are_asked_for_with_what_was_paid_for_them():
    """In the morning they are neither cash nor margin: without them equity would fall by all that was bought."""
    day = carried(1000)
    asked = len(day.commands)
    day.next_day(1)
    day.time("09:00")
    assert day.commands[asked] == e.AskEquity(day.day, 100_000 - charges(day), Overnight(D(100_000)))
    assert carried(1000, 1000, product="MIS").book.overnight == Overnight()


def test_a_balance_that_lacks_what_was_delivered_is_explained():
    """And nobody is called for it."""
    day = carried(1000, 1000)
    day.take(e.FundsSeen(day.at("10:00"), 1000, 0, 0))
    explained = {line.what: line.amount for line in day.last(e.FundsCompared).lines}
    assert explained == {"delivered": 1000 - day.book.opening_equity}
    assert day.last(e.FundsCompared).unexplained == 0
    assert not day.state.custody.told


def test_a_drawdown_is_none_of_a_night_in_which_shares_were_delivered():
    """The broker's cash the morning after is 0; equity is what it was, and the peak too."""
    day = carried(1000, max_drawdown=10)
    day.next_day(1)
    day.time("09:00")
    (asked,) = [one for one in day.commands if isinstance(one, e.AskEquity) and one.session == day.day]
    cash = -charges(day)
    day.take(e.EquityRead(day.at("09:00"), asked.opening(cash)))
    day.time("09:16")
    assert (day.book.equity, day.book.peak_equity, day.book.latches) == (100_000 + cash, D(100_000), ())


@pytest.mark.parametrize(
    ("last_known", "told", "opening"),
    [
        (100_000, 70_000, 100_000),
        (100_000, 100_000, 100_000),  # a broker that counts them as used until they have settled
        (100_000, 60_000, 90_000),  # ten thousand were taken out besides
        (100_000, 120_000, 120_000),  # paid in overnight: how much of it stands for them cannot be told
        (None, 70_000, 70_000),
    ],
)
def test_what_was_delivered_is_added_as_far_as_it_is_missing(last_known, told, opening):
    """Counted twice it would make every trade larger."""
    known = None if last_known is None else D(last_known)
    assert e.AskEquity(THURSDAY, known, Overnight(D(30_000))).opening(D(told)) == opening


# ---------------------------------------------------------------- contracts that are carried over nights

MONDAY = date(2026, 11, 23)
ABOUT = {"exchange": "NFO", "kind": "index", "underlying": "NIFTY", "lot_size": 10, "expiry": date(2026, 12, 29)}
FUTURE = rc.Instrument(symbol="NIFTY29DEC26FUT", tick="0.1", segment="FUT", **ABOUT)
OPTION = {**ABOUT, "tick": "0.05", "segment": "OPT", "strike": 25000, "right": "CE"}
CALL = rc.Instrument(symbol="NIFTY29DEC2625000CE", **OPTION)
FRIDAYS = rc.Instrument(symbol="NIFTY20NOV2625000CE", **{**OPTION, "expiry": date(2026, 11, 20)})
MARGINS = tuple(
    Margin(exchange="NFO", segment=segment, product="NRML", margin_pct=50, since="2026-01-01")
    for segment in ("FUT", "OPT")
)


def carried_contract(thing, side, close):
    """100 of a contract at 1,000 on Friday, with that close; then it is Monday, nine o'clock."""
    rules = {
        **WIDE,
        "allowed_products": ["NRML"],
        "tables": rc.Tables(margins=MARGINS),
        "max_drawdown": 10,
        "max_quantity": 100,
    }
    day = Scenario(rc.Policy(**rules), thing, day=date(2026, 11, 20), equity=200_000)
    up = rc.signals.sign(side)
    order = day.enter(
        "10:00", side, exchange="NFO", product="NRML", last=1000, stop=1000 - 30 * up, target=1000 + 300 * up
    )
    day.fill("10:00:01", order, price=1000)
    assert day.book.positions[0].quantity == 100
    day.prices("15:00", last=close)
    day.next_day(3)
    day.time("09:00")
    return day


@pytest.mark.parametrize(
    ("thing", "side", "close", "cash"),
    [
        (FUTURE, "BUY", 975, -2500),  # what a broker's cash has changed by on Monday morning, beside charges
        (FUTURE, "BUY", 1025, 2500),
        (FUTURE, "SELL", 1025, -2500),
        (CALL, "BUY", 975, -100_000),
        (CALL, "BUY", 1025, -100_000),
        (CALL, "SELL", 1025, 100_000),
        (FRIDAYS, "BUY", 975, -2500),
        (FRIDAYS, "SELL", 975, 2500),
        (CALL, "BUY", 975, 0),  # where the premium counts as used
    ],
)
def test_what_a_night_does_to_the_balance_is_no_result_of_contracts_that_are_carried(thing, side, close, cash):
    """Futures are settled at each close, a premium is gone: equity fell, or rose, by that as well as by the result."""
    day = carried_contract(thing, side, close)
    cost, result = charges(day), rc.signals.sign(side) * (close - 1000) * 100
    (asked,) = [one for one in day.commands if isinstance(one, e.AskEquity) and one.session == MONDAY]
    before = 200_000 - cost
    told = before + cash
    day.take(e.EquityRead(day.at("09:00"), asked.opening(told)))
    day.time("09:16")
    assert (day.book.opening_equity, day.book.equity) == (before, before + result)
    assert (day.book.peak_equity, day.book.latches) == (max(D(200_000), day.book.equity), ())
    day.take(e.FundsSeen(day.at("09:17"), told, 0, 0))
    assert day.state.custody.told == frozenset()


def test_what_is_delivered_and_what_is_settled_explain_a_balance_together():
    """Shares that count as used until they have settled, and a future that gained: the gain alone is taken off."""
    night = Overnight(D(50_000), D(0), D(6_500))
    for told, opening in (
        (106_500, 100_000),
        (56_500, 100_000),
        (50_000, 100_000),
        (40_000, 90_000),
        (120_000, 113_500),
    ):
        assert e.AskEquity(MONDAY, D(100_000), night).opening(D(told)) == opening


@pytest.mark.parametrize(
    ("thing", "night"),
    [
        (FUTURE, Overnight(settled=D(-2500))),
        (CALL, Overnight(premium=D(100_000))),
        (FRIDAYS, Overnight(settled=D(-2500))),  # it expired: its premium came back with its result
    ],
)
def test_an_option_that_has_expired_was_settled_as_a_future_is(thing, night):
    assert carried_contract(thing, "BUY", 975).book.overnight == night
