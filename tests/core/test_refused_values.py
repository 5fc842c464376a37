"""What a public value or formula is told of nonsense: a `ValueError` that names the field and shows what to write.

What was taken in silence came out elsewhere: as an error from inside, or as a price that no stop saw.
"""

import itertools
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest

import riskcore as rc

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
NAIVE = datetime(2026, 11, 20, 10, 30)  # noqa: DTZ001 - without a zone on purpose
DAY = NOW.date()
INFY = rc.nse_equity("INFY", on=DAY, tick=0.10)
BAR = rc.Bar(at=NOW, open=100, high=101, low=99, close=100)
VALUES = {
    "Price": (rc.Price, {"key": "NSE:INFY", "last": 1500, "at": NOW}),
    "Fill": (rc.Fill, {"order_id": "1", "quantity": 5, "price": 1500, "at": NOW}),
    "Position": (rc.Position, {"instrument": INFY, "side": "BUY", "quantity": 5, "average_price": 1500}),
    "Latch": (rc.Latch, {"name": "mine", "state": "halted", "at": NOW, "by": "me", "why": "lunch"}),
    "Book": (rc.Book, {"opening_equity": 100_000}),
    "Signal": (rc.Signal, {"symbol": "INFY", "side": "BUY", "at": NOW}),
}
NO_TEXT, NO_ROW = (None, 5, b"x"), (None, 5, "abc", b"abc", [1], [None])
NO_MOMENT = (None, NAIVE, DAY, "10:30", datetime.max.replace(tzinfo=timezone.utc))
NO_MONEY = (None, "", "1,000", float("nan"), Decimal("Infinity"), True, [])
WRONG = [
    ("Price", {"key": (None, 5, "INFY"), "at": NO_MOMENT}),
    ("Fill", {"order_id": NO_TEXT, "at": NO_MOMENT}),
    ("Position", dict.fromkeys(("realised", "charges", "exit_value"), NO_MONEY)),
    ("Position", {"instrument": (None, "INFY"), "opened_at": NO_MOMENT[1:]}),
    ("Latch", {"state": (*NO_TEXT, "stopped"), "at": NO_MOMENT, "until": NO_MOMENT[1:]}),
    ("Latch", dict.fromkeys(("name", "by", "why"), NO_TEXT)),
    ("Book", dict.fromkeys(("positions", "orders", "latches", "outcomes", "days"), NO_ROW)),
    ("Signal", dict.fromkeys(("exchange", "strategy", "source", "note", "receipt"), NO_TEXT)),
    ("Signal", {"interval": (5,), "context": (None, 5, "abc", [1]), "at": NO_MOMENT}),
]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [(kind, field, value) for kind, fields in WRONG for field, values in fields.items() for value in values],
    ids=itertools.count(),
)
def test_a_value_with_nonsense_in_it_cannot_be_made(kind, field, value):
    """The error names class and field, and shows what was given."""
    made, good = VALUES[kind]
    assert made(**good)
    with pytest.raises(ValueError, match=rf"^{kind}\.{field} must "):
        made(**{**good, field: value})


@pytest.mark.parametrize("day", [None, NOW, NAIVE, "tomorrow", 5], ids=itertools.count())
@pytest.mark.parametrize(
    "ask",
    [
        lambda day: rc.nse_equity("INFY", on=day, last_month_close=1500),
        lambda day: rc.future("NIFTY", expiry=date(2026, 11, 24), on=day),
        lambda day: rc.future("NIFTY", expiry=day, on=DAY),
        lambda day: rc.option("NIFTY", expiry=day, strike=26000, right="CE", on=DAY),
        lambda day: rc.charges(buy=9, sell=9, quantity=5, on=day, brokerage_pct=0.03, brokerage_max=20),
        lambda day: rc.capability("zerodha", on=day),
        rc.weekly_expiry,
    ],
    ids=itertools.count(),
)
def test_what_is_no_day_is_told_how_one_is_written(ask, day):
    """A moment is none: its date in India may be another than its own."""
    with pytest.raises(ValueError, match=r"must be a (date|day)\b.*2026"):
        ask(day)


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (
            lambda: rc.decide(None, None, None, None),
            'decide: signal must be a riskcore.Signal, such as Signal\\("INFY"',
        ),
        (lambda: rc.policy_hash(None), "policy must be a riskcore.Policy"),
        (lambda: rc.policy_changes(rc.Policy(), {}), "after must be a riskcore.Policy"),
        (lambda: rc.loosened(None, rc.Policy()), "before must be a riskcore.Policy"),
        (lambda: rc.size(equity=1, risk_per_trade=1, entry=2, stop=1, charges=20), "charges must be a function"),
        (lambda: rc.atr(None), "bars must be a list of riskcore.Bar"),
        (lambda: rc.atr([1] * 20), "bars must be a list of riskcore.Bar"),
        (lambda: rc.atr([BAR] * 20, 2.5), "period must be a whole number"),
        (lambda: rc.atr([BAR] * 20, 0), "period must be 1 or more"),
        (lambda: rc.level_stop(side="BUY", entry=100, levels=None, tick=1), "levels must be a list of prices"),
        (lambda: rc.level_stop(side="BUY", entry=100, levels="99", tick=1), "levels must be a list of prices"),
        (lambda: rc.points_stop(side="BUY", entry=100, points=1, tick="0.00001"), "tick must be at least 0.0001"),
        (lambda: rc.interval_length(5), "interval must be like 1m"),
        (lambda: rc.interval_length("9" * 30 + "m"), "interval must be like 1m"),
        (lambda: rc.capability(None, on=DAY), "broker must be text"),
    ],
    ids=itertools.count(),
)
def test_a_formula_names_what_it_cannot_take(ask, named):
    with pytest.raises(ValueError, match=named):
        ask()


def test_a_contract_that_nobody_holds_settles_for_no_tax_below_zero():
    """Shares are counted; the side says which way they go."""
    call = rc.option("NIFTY", expiry=date(2026, 11, 24), strike=26000, right="CE", on=DAY)
    with pytest.raises(ValueError, match="quantity must be 0 or more"):
        rc.settlement_stt(call, side="BUY", quantity=-65, settlement_price=26_200, on=DAY)
