"""What a public value or formula is told of nonsense: a `ValueError` that names the field and shows what to write.

What was taken in silence came out elsewhere: as an error from inside, or as a price that no stop saw.
"""

import itertools
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

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
        (lambda: rc.Book(Fraction(10**400)), r"Book.opening_equity must be below 1,000,000,000,000,000, got a num"),
        (lambda: rc.Book(10**5000), "Book.opening_equity must be below 1,000,000,000,000,000, got a number of 5001 d"),
        (lambda: sized(5), r'caps must be names and quantities such as \[\("mine", 40\)\], got 5'),
        (lambda: sized([5]), "caps must be names and quantities"),
        (lambda: sized([("a",)]), "caps must be names and quantities"),
        (lambda: sized("ab"), "caps must be names and quantities"),
        (lambda: sized([(5, 5)]), "caps must be names and quantities"),
        (lambda: sized([("mine", None)]), "mine must be a number"),
        (lambda: rc.edge_of(5), r"trades must be finished trades, each with its r_multiple, got 5"),
        (lambda: rc.edge_of([1]), "trades must be finished trades, each with its r_multiple"),
        (lambda: rc.tick_for(float("nan"), on=DAY), "price must be a finite number"),
        (lambda: rc.tick_for("dear", on=DAY), "price must be a plain decimal number"),
        (lambda: rc.tick_for(5, on="soon"), "on must be a day such as 2026-08-03"),
        (lambda: rc.freeze_for("NIFTY", on="soon"), "on must be a day such as 2026-08-03"),
        (
            lambda: rc.nse_equity([], on=DAY, tick=0.1),
            r"symbol must be a symbol in capitals such as RELIANCE .* got \[\]",
        ),
        (lambda: rc.next_session_day("soon", INFY), "day must be a date such as"),
        (lambda: rc.monthly_expiry(2026, 0), "month must be 1 to 12, got 0"),
        (lambda: rc.monthly_expiry(2026, 13), "month must be 1 to 12, got 13"),
        (lambda: rc.monthly_expiry(2026, "May"), "month must be 1 to 12, got 'May'"),
        (lambda: rc.monthly_expiry(None, 5), "year must be a number, got None"),
        (lambda: rc.swings(bars=[1, 2, 3], side="BUY", width=1), "bars must be a list of riskcore.Bar"),
        (lambda: rc.true_ranges([1]), "bars must be a list of riskcore.Bar"),
        (lambda: rc.true_ranges(5), "bars must be a list of riskcore.Bar"),
        (
            lambda: rc.swing_stop(side="BUY", entry=9, bars=[1, 2, 3], width=1, tick=1),
            "bars must be a list of riskcore",
        ),
        (
            lambda: rc.combined_stop(stops=[1], combine="tighter"),
            r"stops must be a list of riskcore.Stop, such as \[poi",
        ),
        (lambda: rc.combined_stop(stops=5, combine="tighter"), "stops must be a list of riskcore.Stop"),
        (lambda: clamped(stop=99), r"stop must be a riskcore.Stop, such as points_stop\(.*got 99"),
        (lambda: clamped(least=150), "the stop would stand at -50, at or beyond zero: a nearer one is needed"),
        (
            lambda: rc.given_stop(side="SELL", entry=9, stop=0.01, tick=0.05),
            "the stop would stand at 0.00, at or beyond",
        ),
        (lambda: target_at(0.01), "the target would stand at 0.00, at or beyond zero: a nearer one is needed"),
        (lambda: rc.split_legs(10, 1, None), r"shares must be a list of per cents such as \[50, 50\], got None"),
        (lambda: rc.split_legs(10, 1, "55"), "shares must be a list of per cents"),
        (lambda: rc.allows("closed", "entry"), "state must be one of active, reducing, halted, locked, waiting_for_lo"),
        (lambda: rc.allows([], "entry"), r"state must be one of .* got \[\]"),
        (
            lambda: rc.allows("active", "leave"),
            "act must be one of entry, add, exit, cancel, tighten, rearm, got 'leave'",
        ),
    ],
    ids=itertools.count(),
)
def test_a_formula_names_what_it_cannot_take(ask, named):
    with pytest.raises(ValueError, match=named):
        ask()


def sized(caps):
    return rc.size(equity=100_000, risk_per_trade=1, entry=2500, stop=2470, caps=caps)


def clamped(stop=None, **bounds):
    near = rc.points_stop(side="BUY", entry=100, points=1, tick=1)
    return rc.clamped_stop(side="BUY", entry=100, stop=stop or near, tick=1, **bounds)


def target_at(price):
    return rc.given_target(side="BUY", entry=2500, stop=2470, price=price, tick=0.05)


def test_no_quantity_is_larger_than_any_there_is():
    """Whatever is divided by next to nothing: the division itself would fail."""
    assert rc.fixed_notional_cap(notional=1e14, price=Decimal("1e-20")).most == 10**15
    least = rc.size(equity=9e14, risk_per_trade=100, entry=Decimal("2e-20"), stop=Decimal("1e-20"))
    assert (least.quantity, least.bound_by) == (10**15, "risk_per_trade")
    assert rc.fixed_notional_cap(notional=100_000, price="2502.50").most == 39


def test_what_stands_above_zero_is_as_before():
    assert clamped(least=99).price == 1
    assert target_at(2575).price == 2575
    assert [rc.monthly_expiry(2026, month).month for month in range(1, 13)] == [*range(1, 13)]


def test_no_session_follows_the_last_day_there_is():
    assert rc.next_session_day(date.max, INFY) is None
    assert rc.next_session_day(date.max - timedelta(days=1), INFY) is None


def test_a_contract_that_nobody_holds_settles_for_no_tax_below_zero():
    """Shares are counted; the side says which way they go."""
    call = rc.option("NIFTY", expiry=date(2026, 11, 24), strike=26000, right="CE", on=DAY)
    with pytest.raises(ValueError, match="quantity must be 0 or more"):
        rc.settlement_stt(call, side="BUY", quantity=-65, settlement_price=26_200, on=DAY)
