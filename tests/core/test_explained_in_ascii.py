"""`explain()` is ASCII, one line a matter, whatever somebody else wrote into it."""

from datetime import datetime

import pytest

import riskcore as rc
from riskcore.reasons import in_ascii
from tests.core.finished_trades import a_trade

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
RELIANCE = rc.nse_equity("RELIANCE", on=NOON.date(), tick=0.10)
SEEN = rc.Market(instrument=RELIANCE, at=NOON, last=2500.0, atr=20.0)


def foreign(context):
    """A rule of one's own with words of its own."""
    return rc.Finding("foreign", False, "mine:halt", "\u092c\u0902\u0926 \u20b9", "a\nb")


def decided(book, policy):
    return rc.decide(rc.Signal("RELIANCE", "BUY", at=NOON), book, SEEN, policy).explain()


def test_why_a_latch_was_set_is_told_in_ascii():
    """A hand writes as it pleases, over two lines even."""
    latch = rc.Latch("feed", "halted", NOON, "operator", "d\u00e9j\u00e0 vu\nAPPROVED BUY 3")
    page = decided(rc.Book(100_000.0, latches=(latch,)), rc.Policy())
    assert page.isascii()
    assert "d\\xe9j\\xe0 vu\\nAPPROVED BUY 3" in page
    assert not [line for line in page.splitlines() if line.startswith("APPROVED")]


def test_a_finding_of_ones_own_is_told_in_ascii():
    """Its numbers may be words."""
    page = decided(rc.Book(100_000.0), rc.Policy().with_rules(foreign))
    assert page.isascii()
    assert "\\u092c\\u0902\\u0926 \\u20b9 against a\\nb" in page


def test_names_of_strategies_are_told_in_ascii():
    """In the breakdowns of a performance."""
    page = rc.performance_of([a_trade(strategy="\u00e9t\u00e9\nTRADES")]).explain()
    assert page.isascii()
    assert "\\xe9t\\xe9\\nTRADES" in page
    assert page.splitlines().count("TRADES") == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Rs 1,234.50 ~ (5 %)", "Rs 1,234.50 ~ (5 %)"),
        ("a\r\n\tb\x1b[2J\x7f", "a\\r\\n\\tb\\x1b[2J\\x7f"),
        ("\u20b9 \U0001f600", "\\u20b9 \\U0001f600"),
    ],
)
def test_what_is_not_printable_ascii_is_escaped(text, told):
    """As Python writes it; what is, stays as it is."""
    assert in_ascii(text) == told
