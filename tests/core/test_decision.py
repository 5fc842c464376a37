"""Decisions a reader can check by hand, and the order in which reasons are told."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.rules.table import Row

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
RELIANCE = rc.nse_equity("RELIANCE", on=NOON.date(), tick=0.10)
SIGNAL = rc.Signal("RELIANCE", "BUY", at=NOON)
SEEN = rc.Market(instrument=RELIANCE, at=NOON, last=2500.0, atr=20.0)
LIFTED = {"max_position_size_percent": 100, "max_sector_exposure": 100}


def decided(**policy):
    return rc.decide(SIGNAL, rc.Book(100_000.0), SEEN, rc.Policy(**policy))


def test_the_mission_trade_is_33_shares_by_risk_with_no_band_and_the_position_cap_lifted():
    """1,000 rupees of risk over 30 a share; stop 2,470, target 2,575."""
    decision = decided(entry_band_pct=0, **LIFTED)
    order = decision.order
    assert (order.quantity, decision.size.bound_by) == (33, "risk_per_trade")
    assert (order.reference, order.limit, order.stop, order.target) == (2500, 2500, 2470, 2575)
    assert (order.risk, decision.budget) == (990, 1000)
    assert decision.target.risk_reward == Decimal("2.5")


def test_with_the_defaults_the_position_cap_binds_long_before_the_risk():
    """10 % of 100,000 at the worst permitted price of 2,502.50 is three shares; the next limit would be the sector."""
    decision = decided()
    assert (decision.order.quantity, decision.size.bound_by) == (3, "max_position_size_percent")
    assert decision.order.limit == Decimal("2502.5")
    assert dict(decision.size.caps) == {
        "max_position_size_percent": 3,
        "max_sector_exposure": 7,
        "risk_per_trade": 30,
        "funds": 199,
    }
    assert decision.size.next_bound == ("max_sector_exposure", 7)


def test_with_no_band_the_default_cap_allows_four():
    """10,000 rupees buy four shares at 2,500."""
    assert decided(entry_band_pct=0).order.quantity == 4


def test_charges_can_be_counted_into_the_risk():
    """What a stopped-out share costs is added to its 30 rupees: fewer shares, and the whole within the budget."""
    decision = decided(entry_band_pct=0, risk_includes_charges=True, **LIFTED)
    plan = {"on": NOON.date(), "brokerage_pct": "0.03", "brokerage_max": 20}
    each = rc.charges(buy=2500, sell=2470, quantity=1, **plan).total
    assert decision.order.quantity == 1000 // (30 + each) == 30
    assert decision.order.risk == 30 * 30 + rc.charges(buy=2500, sell=2470, quantity=30, **plan).total
    assert decision.order.risk <= 1000


def test_the_capital_in_use_can_be_capped():
    """A sandbox that starts with a crore is sized as if it held 50,000."""
    rich = rc.decide(SIGNAL, rc.Book(10_000_000), SEEN, rc.Policy(entry_band_pct=0, capital_max=50_000, **LIFTED))
    assert (rich.order.quantity, rich.budget) == (16, 500)


def test_an_approval_explains_itself():
    """The whole text, as it is printed."""
    assert decided(entry_band_pct=0, **LIFTED).explain() == (
        "APPROVED BUY 33 NSE:RELIANCE MIS at Rs 2,500.00 or better\n"
        "  stop    Rs 2,470.00, Rs 30.00 from Rs 2,500.00: 1.5 x ATR 20.0000 (given)\n"
        "  target  Rs 2,575.00, 2.5 R before charges, 2.25 R after\n"
        "  size    33, bound by risk_per_trade; next: max_sector_exposure (40)\n"
        "  risk    Rs 990.00 at worst, of a budget of Rs 1,000.00\n"
        "  checks  34 passed"
    )


def test_a_refusal_explains_itself():
    """Every broken rule with what was measured, what it met and whether waiting helps."""
    book = rc.Book(100_000, realised=-3000, trades_today=5)
    assert rc.decide(SIGNAL, book, attrs.evolve(SEEN, last=None), rc.Policy()).explain() == (
        "REFUSED BUY NSE:RELIANCE MIS\n"
        "  quote_max_age_s: no quote of RELIANCE  [quote_missing; clears: now]\n"
        "  max_trades_per_day: 5 trades today; at most 5  [too_many_trades; clears: next session]\n"
        "  max_daily_loss: today's loss is Rs 3,000.00; the limit is Rs 3,000.00"
        "  [daily_loss_reached; clears: next session]\n"
        "  not measured: stop_methods, stop_least_ticks, min_risk_reward, max_sector_exposure, funds, "
        "max_position_size_percent, risk_per_trade\n"
        "  checks  21 of 24 passed"
    )


HELD = [rc.Instrument(symbol=name, tick=1, sector="Oil Gas & Consumable Fuels") for name in ("ONGC", "BPCL")]
MANY_FAULTS = {
    "signal": rc.Signal("RELIANCE", "BUY", at=NOON - timedelta(seconds=70), stop=2510),
    "book": rc.Book(
        None,
        realised=-3000,
        trades_today=5,
        latches=(rc.Latch("feed", "halted", NOON, "riskcore", "silent"),),
        positions=[rc.Position(instrument=i, side="BUY", quantity=9, average_price=1000) for i in (*HELD, RELIANCE)],
    ),
    "market": rc.Market(
        instrument=RELIANCE, at=NOON, last=2500, quote_at=NOON - timedelta(seconds=6), available_cash=100
    ),
    "policy": rc.Policy(
        allowed_sides=["SELL"],
        allowed_symbols=["INFY"],
        allowed_products=["CNC"],
        no_entry_before="12:30",
        charges_as_of="2020-02-28",
        max_position_size_percent=2,
    ),
}
REPAIRS = [
    ("entries_stopped", "book", {"latches": ()}),
    ("before_first_entry", "policy", {"no_entry_before": None}),
    ("signal_stale", "signal", {"at": NOON}),
    ("side_not_allowed", "policy", {"allowed_sides": ("BUY",)}),
    ("symbol_not_allowed", "policy", {"allowed_symbols": None}),
    ("product_not_allowed", "policy", {"allowed_products": ("MIS",)}),
    ("equity_unknown", "book", {"opening_equity": 100_000}),
    ("quote_stale", "market", {"quote_at": NOON}),
    ("stop_wrong_side", "signal", {"stop": 2490}),
    ("symbol_held", "book", {"positions": MANY_FAULTS["book"].positions[:2] * 2}),
    ("too_many_positions", "policy", {"max_positions": 9}),
    ("too_many_trades", "book", {"trades_today": 0}),
    ("daily_loss_reached", "book", {"realised": 0}),
    ("sector_full", "book", {"positions": ()}),
    ("charges_unknown", "policy", {"charges_as_of": None}),
    ("insufficient_funds", "market", {"available_cash": None}),
    ("position_too_large", "policy", {"max_position_size_percent": 10}),
]


def test_repairing_the_first_reason_reveals_the_next_in_the_order_of_the_catalogue():
    """One situation with all these faults; each row repairs the one reported before it."""
    world = dict(MANY_FAULTS)
    for reason, what, repair in REPAIRS:
        if reason == "too_many_positions":
            names = [rc.Instrument(symbol=f"S{n}", tick=1, sector=HELD[0].sector) for n in range(3)]
            held = [rc.Position(instrument=i, side="BUY", quantity=9, average_price=1000) for i in names]
            world["book"] = attrs.evolve(world["book"], positions=tuple(held))
        reported = rc.decide(**world).reasons[0]
        assert reported.reason == reason
        world[what] = attrs.evolve(world[what], **repair)
    assert rc.decide(**world).approved
    codes = [reason.code for reason in rc.CATALOGUE]
    assert [row[0] for row in REPAIRS] == sorted((row[0] for row in REPAIRS), key=codes.index)


@pytest.mark.parametrize(
    ("what", "change", "reason"),
    [
        ("signal", {"at": NOON - timedelta(seconds=60)}, None),
        ("signal", {"at": NOON - timedelta(seconds=60, milliseconds=1)}, "signal_stale"),
        ("signal", {"at": NOON + timedelta(seconds=5)}, None),
        ("signal", {"at": NOON + timedelta(seconds=5, milliseconds=1)}, "signal_from_future"),
        ("market", {"quote_at": NOON - timedelta(seconds=5)}, None),
        ("market", {"quote_at": NOON - timedelta(seconds=5, milliseconds=1)}, "quote_stale"),
        ("market", {"atr_bars": 140}, None),
        ("market", {"atr_bars": 139}, "atr_not_ready"),
        ("signal", {"target": 2575}, None),
        ("signal", {"target": "2574.90"}, "risk_reward_too_low"),
        ("market", {"ask": 2510}, None),
        ("market", {"available_cash": "500.50"}, None),
        ("market", {"available_cash": "500.49"}, "insufficient_funds"),
        ("book", {"trades_today": 4}, None),
        ("policy", {"allowed_symbols": ["RELIANCE"], "allowed_sides": ["BUY"]}, None),
        ("policy", {"max_position_size_percent": "2.5025"}, None),
        ("policy", {"max_position_size_percent": "2.5024"}, "position_too_large"),
    ],
)
def test_each_limit_holds_up_to_its_border_and_not_beyond(what, change, reason):
    """The default policy at noon: what just passes, and the next step that does not."""
    world = {"signal": SIGNAL, "book": rc.Book(100_000), "market": SEEN, "policy": rc.Policy()}
    decision = rc.decide(**{**world, what: attrs.evolve(world[what], **change)})
    assert [found.reason for found in getattr(decision, "reasons", ())] == ([reason] if reason else [])


def test_a_purchase_starts_from_the_ask_and_a_sale_from_the_bid():
    """From the last price where there is none."""
    spread = attrs.evolve(SEEN, bid=2499, ask=2501)
    for side, reference in (("BUY", 2501), ("SELL", 2499)):
        order = rc.decide(attrs.evolve(SIGNAL, side=side), rc.Book(100_000), spread, rc.Policy()).order
        assert order.reference == reference


def test_failed_findings_are_told_in_the_order_of_the_catalogue_however_they_were_found():
    """A custom rule's own code comes last; what passed is not told."""
    codes = [reason.code for reason in rc.CATALOGUE]
    row = Row("rule", lambda context: None)
    found = [(row, (code, None, None, None)) for code in ("mine:moon", *reversed(codes), "")]
    refused = rc.Refused(signal=SIGNAL, answers=tuple(found))
    assert [finding.reason for finding in refused.reasons] == [*codes, "mine:moon"]
    assert refused.reasons[-1].clears == "operator"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"signal": attrs.evolve(SIGNAL, kind="exit")}, "of kind exit: it needs no decision"),
        ({"signal": rc.Signal("INFY", "BUY", at=NOON)}, "the market seen is NSE:RELIANCE"),
    ],
)
def test_a_contradiction_in_the_question_is_the_callers_mistake(changes, message):
    """An exit signal, or the market of another symbol: an error, not a refusal."""
    world = {"signal": SIGNAL, "book": rc.Book(1), "market": SEEN, "policy": rc.Policy(), **changes}
    with pytest.raises(ValueError, match=message):
        rc.decide(**world)


@pytest.mark.parametrize(("stop", "reason"), [(2500, "zero_risk"), (2499.95, "zero_risk"), (2510, "stop_wrong_side")])
def test_F10_a_stop_at_or_beyond_the_entry_is_refused_by_name(stop, reason):
    """2,499.95 is rounded to the entry on a tick of 0.10."""
    decision = rc.decide(attrs.evolve(SIGNAL, stop=stop), rc.Book(100_000), SEEN, rc.Policy())
    assert decision.reasons[0].reason == reason


def test_F10_a_stop_one_tick_away_is_too_tight():
    """The signal's own stop is refused and not moved; two ticks are enough."""
    near = attrs.evolve(SIGNAL, stop=2499.9)
    decision = rc.decide(near, rc.Book(100_000), SEEN, rc.Policy(entry_band_pct=0))
    assert [found.reason for found in decision.reasons] == ["stop_too_tight"]
    assert decision.reasons[0].text == "the stop is Rs 0.10 away; at least Rs 0.20"
    assert rc.decide(attrs.evolve(near, stop=2499.8), rc.Book(100_000), SEEN, rc.Policy(entry_band_pct=0)).approved


def test_F10_a_stop_one_tick_away_is_bound_by_the_caps_before_any_order():
    """Where one tick is allowed: by risk alone it would be thousands of shares."""
    policy = rc.Policy(entry_band_pct=0, stop_least_ticks=1)
    decision = rc.decide(attrs.evolve(SIGNAL, stop=2499.9), rc.Book(100_000), SEEN, policy)
    assert (decision.order.quantity, decision.size.bound_by) == (4, "max_position_size_percent")
    assert dict(decision.size.caps)["risk_per_trade"] == 10_000


def test_F11_less_than_one_lot_is_refused_and_never_raised_to_one():
    """33 shares by risk are no lot of 65."""
    lot = attrs.evolve(SEEN, instrument=attrs.evolve(RELIANCE, lot_size=65))
    decision = rc.decide(SIGNAL, rc.Book(100_000), lot, rc.Policy(entry_band_pct=0, **LIFTED))
    assert not decision.approved
    assert [(f.reason, f.measured) for f in decision.reasons if f.rule == "risk_per_trade"] == [("below_one_lot", 0)]


def test_F12_unknown_equity_refuses_whatever_else_is_known():
    """An empty answer of the broker is no equity; nothing is sized on yesterday's."""
    decision = rc.decide(SIGNAL, rc.Book(), attrs.evolve(SEEN, available_cash=100_000), rc.Policy())
    assert [found.reason for found in decision.reasons] == ["equity_unknown"]


def test_F13_the_second_trade_is_sized_as_the_first():
    """Margin in use shrinks what is free, not the sizing base."""
    other = attrs.evolve(RELIANCE, symbol="INFY", sector="Information Technology")
    first = decided().order
    held = rc.Book(100_000).after(first).after(rc.Fill(first.order_id, 3, 2500, NOON))
    second = rc.decide(attrs.evolve(SIGNAL, symbol="INFY"), held, attrs.evolve(SEEN, instrument=other), rc.Policy())
    assert second.order.quantity == first.quantity


@pytest.mark.parametrize(
    ("realised", "charges", "unrealised", "blocked"),
    [
        ("-3000", "0", 0, True),
        ("-2999.99", "0", 0, False),
        ("-2999.99", "0.01", 0, True),
        ("-1000", "0", -2000, True),
        ("-4000", "0", 1001, False),
        ("-0.3", "0", 0, False),
    ],
)
def test_F14_a_loss_of_exactly_the_limit_is_blocked(realised, charges, unrealised, blocked):
    """Realised, charges and open positions together against 3 % of 100,000; at the limit is over."""
    thing = rc.Instrument(symbol="ABC", tick="0.05")
    held = rc.Position(instrument=thing, side="BUY", quantity=1, average_price=5000, last=5000 + unrealised)
    book = rc.Book(100_000, realised=realised, charges=charges, positions=[held])
    failed = [found.reason for found in getattr(rc.decide(SIGNAL, book, SEEN, rc.Policy()), "reasons", ())]
    assert ("daily_loss_reached" in failed) == blocked


def test_F14_three_losses_of_one_per_cent_each_reach_three_per_cent_exactly():
    """2 % of 99,999.99 is exact too: no float stands between."""
    book = rc.Book("99999.99", realised=3 * Decimal("-999.9999"))
    failed = rc.decide(SIGNAL, book, SEEN, rc.Policy()).reasons[0]
    assert (failed.reason, failed.limit) == ("daily_loss_reached", Decimal("3000.00"))


def test_F18_an_unknown_sector_is_a_bucket_of_its_own():
    """Two stocks nobody has put into a sector do not share a limit."""
    alone = attrs.evolve(RELIANCE, symbol="SMALL", sector=None)
    other = rc.Position(instrument=attrs.evolve(alone, symbol="TINY"), side="BUY", quantity=8, average_price=2500)
    small = attrs.evolve(SEEN, instrument=alone)
    decision = rc.decide(attrs.evolve(SIGNAL, symbol="SMALL"), rc.Book(100_000, positions=[other]), small, rc.Policy())
    assert decision.approved


def test_F19_one_slot_left_is_given_once():
    """Approved and booked, the first leaves no room for a second in the same moment."""
    policy = rc.Policy(max_positions=1)
    book = rc.Book(100_000)
    first = rc.decide(SIGNAL, book, SEEN, policy)
    other = attrs.evolve(RELIANCE, symbol="INFY")
    asked = attrs.evolve(SIGNAL, symbol="INFY"), attrs.evolve(SEEN, instrument=other)
    assert rc.decide(asked[0], book, asked[1], policy).approved
    second = rc.decide(asked[0], book.after(first.order), asked[1], policy)
    assert [found.reason for found in second.reasons] == ["too_many_positions"]
