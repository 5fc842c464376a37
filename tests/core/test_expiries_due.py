"""Which contracts of a run of bars are over when, and by whose close they are settled."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine.settling import CLOSING, Expiries
from riskcore.expiries import ends_at, settles_in_cash, underlying_keys
from riskcore.table_rows import CalendarDay
from tests.core.test_settling import CLOSE, LAST, THINGS, carrying, expired

MINUTE = timedelta(minutes=1)
NIFTY = "NSE:NIFTY"
SHORT = rc.Tables(days=(CalendarDay(day=LAST, kind="special", open="13:45", close="14:45"),))
"""The day as a session of an hour."""


def position(thing):
    return attrs.evolve(carrying("call")[0].book.positions[0], instrument=thing)


def seen_of(**bars):
    """Closes by underlying, each of the bar that begins at a moment."""

    def seen(key, ends):
        asked.append((key, ends))
        found = bars.get(key.partition(":")[2])
        return None if found is None else e.PricesSeen(CLOSE, key, *[Decimal(found[1])] * 4, since=found[0])

    asked = []
    seen.asked = asked
    return seen


LAST_BAR = CLOSE - MINUTE
"""Derivatives trade until 15:40 on that day."""


def due(things, begins=CLOSE, seen=None, told=(), length=MINUTE, **policy):
    expiries = Expiries(rc.Policy(**policy), length, told)
    return expiries, tuple(
        expiries.due(tuple(map(position, things)), begins, seen or seen_of(NIFTY=(LAST_BAR, 26_250)))
    )


def test_a_contract_is_over_when_bars_begin_at_the_end_of_its_session_and_is_told_once():
    call = THINGS["call"]
    assert ends_at(call) == CLOSE
    assert due([call], CLOSE - timedelta(seconds=1))[1] == ()
    expiries, told = due([call])
    assert told == (e.ContractExpired(CLOSE, call.key, Decimal(26_250), NIFTY),)
    assert tuple(expiries.due((position(call),), CLOSE, seen_of())) == ()
    assert due([call], told=[call.key])[1] == ()


def test_what_does_not_expire_or_was_told_hides_nothing_that_does():
    share, call, put = rc.nse_equity("INFY", on=LAST, tick=0.05), THINGS["call"], THINGS["put"]
    later = attrs.evolve(call, symbol="LATER", expiry=LAST + timedelta(days=7))
    assert [one.key for one in due([share, later, call, put], told=[call.key])[1]] == [put.key]


def test_the_earliest_is_told_first_and_each_by_what_was_seen_up_to_its_own_end():
    call, week = THINGS["call"], LAST - timedelta(days=7)
    early = attrs.evolve(call, symbol="EARLY", expiry=week)
    ends = datetime.combine(week, time(15, 40), rc.IST)
    seen = seen_of(NIFTY=(LAST_BAR, 26_250))
    told = due([call, early], seen=seen)[1]
    assert told == (
        e.ContractExpired(ends, early.key, None, ""),
        e.ContractExpired(CLOSE, call.key, Decimal(26_250), NIFTY),
    )
    assert seen.asked[-1] == (NIFTY, CLOSE)
    assert {ends for key, ends in seen.asked if key == early.key} == {ends}


def test_a_contract_of_a_day_that_no_calendar_knows_is_not_over():
    """Nobody says when it ends, so nobody settles it."""
    unknown = attrs.evolve(THINGS["call"], symbol="UNKNOWN", expiry=date(2031, 1, 7))
    assert ends_at(unknown) is None
    assert due([unknown, THINGS["call"]], datetime(2031, 1, 8, 9, 15, tzinfo=rc.IST), seen_of())[1][0].key == (
        THINGS["call"].key
    )
    sunday = attrs.evolve(THINGS["call"], expiry=date(2026, 11, 22))
    assert ends_at(sunday) is None
    assert due([sunday])[1] == ()


def test_its_end_is_that_of_the_tables_that_are_given():
    call = THINGS["call"]
    assert ends_at(call, tables=SHORT) == CLOSE.replace(hour=14, minute=45)
    assert due([call], CLOSE.replace(hour=15, minute=0))[1] == ()
    (told,) = due([call], CLOSE.replace(hour=15, minute=0), tables=SHORT)[1]
    assert told.at == CLOSE.replace(hour=14, minute=45)


@pytest.mark.parametrize(
    ("since", "settled"),
    [
        (LAST_BAR, True),
        (CLOSE - CLOSING - MINUTE, True),
        (CLOSE - CLOSING - 2 * MINUTE, False),
        (LAST_BAR - timedelta(days=1), False),
    ],
)
def test_a_close_is_of_a_bar_of_that_day_that_ends_within_half_an_hour_of_it(since, settled):
    (told,) = due([THINGS["call"]], seen=seen_of(NIFTY=(since, 26_250)))[1]
    assert (told.price, told.of) == ((26_250, NIFTY) if settled else (None, ""))


def test_its_own_price_stands_in_for_that_of_its_underlying_and_for_no_share():
    call, stock = THINGS["call"], THINGS["stock"]
    own = seen_of(**{call.symbol: (LAST_BAR, 251), stock.symbol: (LAST_BAR, 1000), "INFY": (LAST_BAR, 1000)})
    first, second = due([call, stock], seen=own)[1]
    assert (first.price, first.of) == (251, call.key)
    assert (second.price, second.of) == (None, "")


def test_which_keys_may_have_the_index_its_own_exchange_before_the_other():
    assert underlying_keys(THINGS["call"]) == ("NSE:NIFTY", "BSE:NIFTY")
    assert underlying_keys(THINGS["sensex"]) == ("BSE:SENSEX", "NSE:SENSEX")
    assert underlying_keys(attrs.evolve(THINGS["call"], underlying=None)) == ()


def test_only_a_future_and_an_option_of_which_all_is_known_end_in_cash():
    call = THINGS["call"]
    assert [settles_in_cash(one) for one in (call, THINGS["future"], THINGS["stock"])] == [True, True, False]
    half = rc.Instrument(symbol="NIFTYX", tick="0.05", exchange="NFO", segment="OPT", kind="index", expiry=LAST)
    for given in ({}, {"strike": Decimal(26_000)}, {"right": "CE"}):
        assert not settles_in_cash(attrs.evolve(half, **given))


def test_entries_that_work_in_what_is_settled_are_taken_back_and_no_others():
    day, thing = carrying("call", max_positions=5, one_position_per_symbol=False)
    more = day.enter("14:30", last=200, stop=198, target=300, symbol=thing.symbol, exchange="NFO", product="NRML")
    day.take(e.OrderReported(day.at("14:30:01"), more, "working", 0, 0))
    day.take(expired(thing, 26_250))
    asked = [fact for fact in day.facts if isinstance(fact, e.CancelRequested)]
    assert [(fact.order_id, fact.why) for fact in asked] == [(more, "the contract has expired")]
    assert day.book.positions == ()


def test_a_stray_expiry_says_of_what_and_why():
    day, _ = carrying("call")
    day.take(expired(THINGS["put"], 26_250))
    stray = day.last(e.StrayReport)
    assert (stray.order_id, stray.why) == (THINGS["put"].key, "no contract is held that has expired")
