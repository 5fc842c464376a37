"""Faults of the decision that were found and mended: each with its smallest example, so that it stays mended."""

from datetime import date, datetime

import attrs
import pytest

import riskcore as rc
from tests.core.engine_days import INFY
from tests.core.one_trade import after, decided, failed, held

pytestmark = pytest.mark.smoke

SBIN = attrs.evolve(INFY, symbol="SBIN")


def today(hour, minute):
    return datetime(2026, 11, 20, hour, minute, tzinfo=rc.IST)


@pytest.mark.parametrize(
    ("at", "times", "answer"),
    [
        (today(13, 59), {"square_off_at": "14:00"}, []),
        (today(14, 0), {"square_off_at": "14:00"}, ["after_cut_off"]),
        (today(14, 30), {"square_off_at": "14:00"}, ["after_cut_off"]),
        (today(15, 9), {"no_entry_after": "15:14"}, []),
        (today(15, 10), {"no_entry_after": "15:14"}, ["after_cut_off"]),
    ],
)
def test_no_entry_comes_at_or_after_the_square_off(at, times, answer):
    """One of the two times is the policy's and the other the table's, so that no contradiction between fields shows."""
    assert failed(decided(at=at, **times)) == answer


def test_what_is_carried_over_night_ends_with_its_own_cut_off():
    """A product that nobody squares off has no other end of its entries."""
    session = rc.session_on(date(2026, 11, 20), INFY, "CNC", no_entry_after=today(15, 12).time())
    assert session.square_off is None
    assert session.entries_until == today(15, 12)


def test_a_correlation_limit_of_nought_is_a_limit():
    """0 is not "off": it allows hedges and what does not move along, and nothing else."""
    book = after(positions=(held(SBIN),))
    alike = {"NSE:INFY": [100 + n % 3 for n in range(40)], "NSE:SBIN": [100 + n % 3 + n % 7 for n in range(40)]}
    assert failed(decided(book, closes=alike, max_correlation=0)) == ["too_correlated"]
    assert decided(book, side="SELL", closes=alike, max_correlation=0).approved
