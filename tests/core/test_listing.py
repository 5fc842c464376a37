"""How a share is listed over the years of its bars: each day with the tick that the tables have for it."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore.table_rows import TickBand, Ticks

RELIANCE = rc.Instrument(symbol="RELIANCE", tick="0.05", sector="Energy", lot_size=1)


def bar(day, close):
    return rc.Bar(at=datetime.fromisoformat(f"{day}T09:15:00+05:30"), open=close, high=close, low=close, close=close)


BARS = (
    bar("2024-05-31", 240),
    bar("2024-06-28", 260),
    bar("2025-03-31", 1200),
    bar("2025-04-30", 6000),
    bar("2025-05-30", 1000),
    bar("2025-06-30", 250),
)


@pytest.mark.parametrize(
    ("day", "tick"),
    [
        (date(2024, 5, 2), "0.05"),  # no month before: the first open stands for its close
        (date(2024, 6, 9), "0.05"),
        (date(2024, 6, 10), "0.01"),  # the rule of that day, by May's close of 240
        (date(2024, 7, 1), "0.05"),  # June closed at 260
        (date(2025, 4, 14), "0.05"),
        (date(2025, 4, 15), "0.1"),  # the rule of that day, by March's close of 1,200
        (date(2025, 4, 30), "0.1"),
        (date(2025, 5, 1), "0.5"),
        (date(2025, 6, 1), "0.05"),  # exactly 1,000 belongs to the band below
        (date(2025, 7, 31), "0.05"),
        (date(2026, 1, 5), "0.05"),  # months without bars: the last close there is
    ],
)
def test_a_day_has_the_tick_of_its_rule_by_the_close_of_the_month_before(day, tick):
    listed = rc.listed_by_month({RELIANCE: BARS})
    assert listed(RELIANCE, day) == evolve(RELIANCE, tick=Decimal(tick))


def test_no_bar_of_the_month_itself_is_looked_at():
    """Nor a later one: it would be a look ahead."""
    spike = (*BARS[:2], bar("2025-04-15", 9000), bar("2025-04-16", 9000))
    assert rc.listed_by_month({RELIANCE: spike})(RELIANCE, date(2025, 4, 16)).tick == Decimal("0.05")
    assert rc.listed_by_month({RELIANCE: spike})(RELIANCE, date(2025, 5, 2)).tick == Decimal("0.5")


@pytest.mark.parametrize(
    "other",
    [
        rc.Instrument(symbol="TCS", tick="0.25"),
        rc.Instrument(symbol="RELIANCE", exchange="BSE", tick="0.25"),
        rc.Instrument(symbol="GOLDBEES", tick="0.25", kind="etf"),
    ],
)
def test_what_has_no_bars_or_is_no_share_stays_as_it_is(other):
    of_an_etf = {RELIANCE: BARS, **({other: BARS} if other.kind == "etf" else {})}
    assert rc.listed_by_month(of_an_etf)(other, date(2025, 5, 1)) is other
    assert rc.listed_by_month({RELIANCE: ()})(RELIANCE, date(2025, 5, 1)) is RELIANCE


def test_a_table_of_the_users_own_goes_before_and_a_day_without_a_rule_is_an_error():
    whole = Ticks(exchange="NSE", segment="EQ", since=date(2016, 1, 1), bands=[TickBand(tick=2)])
    tables = rc.Tables(ticks=[whole])
    assert rc.listed_by_month({RELIANCE: BARS}, tables=tables)(RELIANCE, date(2025, 5, 1)).tick == 2
    with pytest.raises(LookupError, match="2015-12-31"):
        rc.listed_by_month({RELIANCE: BARS})(RELIANCE, date(2015, 12, 31))
