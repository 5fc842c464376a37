"""Limits of one symbol, one strategy or one product: beside the account's, the tightest holds."""

from datetime import datetime

import pytest

import riskcore as rc

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="Other")
WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0, "risk_per_trade": 3}


def decided(*limits, book=None, thing=INFY, strategy="ema", product="MIS", **policy):
    """A purchase at 1,000 with a stop at 990, of 100,000: 300 shares by risk, 500 by margin, 100 by value."""
    signal = rc.Signal(thing.symbol, "BUY", at=NOON, stop=990, target=1100, strategy=strategy, product=product)
    seen = rc.Market(instrument=thing, at=NOON, last=1000)
    return rc.decide(signal, book or rc.Book(100_000), seen, rc.Policy(**{**WIDE, **policy, "limits": limits}))


def held(thing, quantity, strategy="ema", product="MIS"):
    made = {"side": "BUY", "average_price": 1000, "last": 1000, "strategy": strategy, "product": product}
    return rc.Position(instrument=thing, quantity=quantity, **made)


def found(decision, rule):
    return next(finding for finding in decision.findings if finding.rule == rule)


SIZES = [
    ({"max_quantity": 7}, 7, "limits.max_quantity"),
    ({"max_notional": 7_999}, 7, "limits.max_notional"),
    ({"max_position_size_percent": 7}, 7, "limits.max_position_size_percent"),
    ({"max_exposure": 7}, 7, "limits.max_exposure"),
    ({"risk_per_trade": "0.07"}, 7, "limits.risk_per_trade"),
]


@pytest.mark.parametrize(("scope", "name"), [("symbol", "INFY"), ("strategy", "ema"), ("product", "MIS")])
@pytest.mark.parametrize(("numbers", "quantity", "bound_by"), SIZES)
def test_a_limit_caps_what_comes_under_it(scope, name, numbers, quantity, bound_by):
    """By symbol, by strategy, by product: the size names the number that bound it."""
    decision = decided(rc.Limit(scope=scope, name=name, **numbers))
    assert (decision.order.quantity, decision.size.bound_by) == (quantity, bound_by)


@pytest.mark.parametrize(("scope", "name"), [("symbol", "TCS"), ("strategy", "other"), ("product", "CNC")])
@pytest.mark.parametrize(("numbers", "quantity", "bound_by"), SIZES)
def test_a_limit_of_another_does_not(scope, name, numbers, quantity, bound_by):
    """The account's own limits alone bind; the rule says that no limit applies."""
    decision = decided(rc.Limit(scope=scope, name=name, **numbers))
    assert (decision.order.quantity, decision.size.bound_by) == (100, "max_sector_exposure")
    assert bound_by not in dict(decision.size.caps)
    assert found(decision, bound_by).passed


def test_of_several_the_tightest_holds_and_none_loosens_the_account():
    """Symbol, strategy and product at once, and a limit wider than the account's."""
    limits = [
        rc.Limit(scope="symbol", name="INFY", max_quantity=30, risk_per_trade=3),
        rc.Limit(scope="strategy", name="ema", max_quantity=20, risk_per_trade=100, max_notional=50_000),
        rc.Limit(scope="product", name="MIS", max_quantity=40, max_notional=25_000),
    ]
    decision = decided(*limits, risk_per_trade=1)
    assert decision.size.caps[:3] == (
        ("limits.max_quantity", 20),
        ("limits.max_notional", 25),
        ("risk_per_trade", 100),
    )
    assert dict(decision.size.caps)["limits.risk_per_trade"] == 300


def working(thing, quantity, strategy="ema", status="unknown"):
    book = rc.Book(100_000)
    order = decided(book=book, thing=thing, strategy=strategy, max_quantity=quantity).order
    return book.after(order).moved(order.order_id, status)


@pytest.mark.parametrize(
    ("book", "limit", "room"),
    [
        (rc.Book(100_000, positions=[held(TCS, 4)]), ("strategy", "ema"), 6),
        (rc.Book(100_000, positions=[held(TCS, 4, "other")]), ("strategy", "ema"), 10),
        (rc.Book(100_000, positions=[held(TCS, 4, product="CNC")]), ("product", "MIS"), 10),
        (rc.Book(100_000, positions=[held(TCS, 4)]), ("product", "MIS"), 6),
        (rc.Book(100_000, positions=[held(TCS, 4)]), ("symbol", "INFY"), 10),
        (working(TCS, 4), ("strategy", "ema"), 6),
        (working(TCS, 4, "other"), ("strategy", "ema"), 10),
        (working(TCS, 4), ("product", "MIS"), 6),
    ],
)
def test_what_is_held_and_on_its_way_under_a_limit_leaves_less_room(book, limit, room):
    """10 % of 100,000 are ten shares; an entry of unknown outcome keeps its reservation."""
    scope, name = limit
    decision = decided(rc.Limit(scope=scope, name=name, max_exposure=10), book=book)
    assert dict(decision.size.caps)["limits.max_exposure"] == room


@pytest.mark.parametrize(
    ("numbers", "reason", "text"),
    [
        (
            {"max_exposure": 4},
            "limit_full",
            "Rs 4,000.00 of strategy ema in use; at most Rs 4,000.00",
        ),
        (
            {"max_position_size_percent": "0.5"},
            "position_too_large",
            "with one lot more the position is Rs 1,000.00; at most Rs 500.00",
        ),
        ({"max_notional": 999}, "order_too_large", "one lot is worth Rs 1,000.00; at most Rs 999.00 an entry"),
        (
            {"risk_per_trade": "0.009"},
            "below_one_lot",
            "risk_per_trade of strategy ema allows 0, which is less than one lot",
        ),
    ],
)
def test_no_room_for_a_lot_refuses_by_name(numbers, reason, text):
    """The finding's rule is the number to edit, its text says whose."""
    limit = rc.Limit(scope="strategy", name="ema", **numbers)
    refused = decided(limit, book=rc.Book(100_000, positions=[held(TCS, 4)]), confirm_small=True)
    [only] = refused.reasons
    assert (only.rule, only.reason, only.text) == (f"limits.{next(iter(numbers))}", reason, text)


def test_a_largest_quantity_below_the_lot_refuses():
    """A lot of 65, and 64 shares allowed."""
    lots = rc.Instrument(symbol="LOTS", tick="0.05", lot_size=65, sector="IT")
    refused = decided(rc.Limit(scope="symbol", name="LOTS", max_quantity=64), thing=lots)
    assert [only.text for only in refused.reasons] == [
        "max_quantity of symbol LOTS allows 64, which is less than one lot"
    ]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"scope": "sector", "name": "IT"}, "Limit.scope must be symbol, strategy or product"),
        ({"scope": "symbol", "name": "infy", "max_quantity": 1}, "in capitals"),
        ({"scope": "product", "name": "BO", "max_quantity": 1}, "MIS or CNC or NRML"),
        ({"scope": "strategy", "name": "", "max_quantity": 1}, "Limit.name must name what is limited"),
        ({"scope": "strategy", "name": "ema"}, "limits nothing"),
        ({"scope": "strategy", "name": "ema", "max_quantity": 0}, "Limit.max_quantity must be 1 or more"),
        ({"scope": "strategy", "name": "ema", "risk_per_trade": 2, "max_daily_loss": 1}, "above its max_daily_loss"),
    ],
)
def test_a_wrong_limit_cannot_exist(wrong, match):
    """Its error names the field and the remedy."""
    with pytest.raises(ValueError, match=match):
        rc.Limit(**wrong)


def test_limits_change_the_hash_of_a_policy():
    """So that a journal shows which limits a decision was made under."""
    limit = {"scope": "symbol", "name": "INFY"}
    hashes = {
        rc.policy_hash(rc.Policy(limits=limits))
        for limits in ([], [rc.Limit(**limit, max_quantity=1)], [rc.Limit(**limit, max_positions=1)])
    }
    assert len(hashes) == 3
    with pytest.raises(ValueError, match="name each only once"):
        rc.Policy(limits=[rc.Limit(**limit, max_quantity=1), rc.Limit(**limit, max_positions=1)])
    with pytest.raises(ValueError, match="must be a list"):
        rc.Policy(limits="INFY")
    with pytest.raises(ValueError, match="must hold limits"):
        rc.Policy(limits=[limit])


BOTH = (("strategy", "ema"), ("product", "MIS"))


def test_a_limit_that_leaves_no_lot_says_whose_it_is():
    """0.009 % of 100,000 are nine rupees, and a share may lose ten."""
    wide = rc.Limit(scope="symbol", name="INFY", risk_per_trade=1)
    tight = [rc.Limit(scope=scope, name=name, risk_per_trade="0.009") for scope, name in BOTH]
    failed = found(decided(wide, *tight, confirm_small=True), "limits.risk_per_trade")
    assert (failed.reason, failed.measured) == ("below_one_lot", 0)
    assert failed.limit in [f"risk_per_trade of {limit.title}" for limit in tight]


@pytest.mark.parametrize(("product", "approved"), [("MIS", False), ("CNC", True)])
def test_entries_on_their_way_count_under_their_own_product(product, approved):
    """One position at most intraday: a working entry of TCS is one, and of delivery it is none."""
    order = decided(thing=TCS, product=product).order
    book = rc.Book(100_000).after(order)
    decision = decided(rc.Limit(scope="product", name="MIS", max_positions=1), book=book)
    reasons = [] if decision.approved else [failed.reason for failed in decision.reasons]
    assert ("limit_positions" not in reasons) == approved
