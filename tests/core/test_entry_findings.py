"""What the rules of an entry say at their edges: levels, losses, the worst case, the exits on their way beside it."""

from datetime import date, datetime, time
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.rules.table import set_in
from riskcore.table_rows import Listing
from tests.core.engine_days import INFY, TCS
from tests.core.one_trade import NOON, WIDE, decided, failed, held

pytestmark = pytest.mark.smoke


def told(decision, rule):
    """Reason, measured, limit and largest quantity of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit, found.max_quantity


def placed(side="BUY", last=1000, thing=INFY, signal=None, atr=None, **policy):
    """An entry whose stop and target the policy places, unless the signal brings them."""
    wish = rc.Signal(thing.symbol, side, at=NOON, **(signal or {}))
    seen = rc.Market(instrument=thing, at=NOON, last=last, atr=atr)
    return rc.decide(wish, rc.Book(100_000), seen, rc.Policy(**{**WIDE, **policy}))


POINTS = {"stop_methods": ["points"], "stop_points": 10}


# ---------------------------------------------------------------- levels


def test_why_no_atr_is_needed_is_told():
    """The signal brings its stop, or the policy's own is not measured in ATR."""
    assert told(decided(), "atr_warmup_bars") == ("", "stop given by the signal", None, None)
    assert told(placed(**POINTS), "atr_warmup_bars") == ("", "no ATR needed", None, None)
    assert told(placed(atr=10), "atr_warmup_bars") == ("", "given", 140, None)


@pytest.mark.parametrize(("points", "reason"), [(1000, "stop_beyond_zero"), (1001, "stop_beyond_zero"), ("999.95", "")])
def test_a_stop_at_nought_is_no_stop(points, reason):
    """A tick above it is one."""
    answer = placed(**{**POINTS, "stop_points": points}, target_r_multiple=3)
    assert told(answer, "stop_methods")[0] == reason


@pytest.mark.parametrize(
    ("points", "reason"), [(39, ""), ("39.95", ""), (40, "target_beyond_zero"), (41, "target_beyond_zero")]
)
def test_a_target_at_nought_is_no_target(points, reason):
    """A short at 40 may aim for a rupee or for a tick, and for no less."""
    answer = placed("SELL", last=40, **POINTS, target_method="points", target_points=points)
    assert told(answer, "min_risk_reward")[0] == reason


@pytest.mark.parametrize("taken", ["use", "tighter"])
def test_a_stop_of_the_signal_at_the_entry_is_no_stop(taken):
    """Whether it counts alone or beside the policy's own."""
    answer = placed(signal={"stop": 1000, "target": 1100}, signal_stop=taken, **POINTS)
    assert told(answer, "stop_methods") == ("zero_risk", 1000, 1000, None)


# ---------------------------------------------------------------- losses


def test_the_month_begins_with_its_first_session():
    """6,000 lost on the first of December, six per cent of what it opened with."""
    at = datetime(2026, 12, 2, 12, 0, tzinfo=rc.IST)
    book = rc.Book(94_000, days=(rc.DayResult(date(2026, 12, 1), Decimal(100_000), Decimal(-6000)),))
    assert told(decided(book, at=at, max_monthly_loss=6), "max_monthly_loss") == (
        "monthly_loss_reached",
        6000,
        6000,
        None,
    )


def test_what_is_measured_by_equity_is_not_measured_without_it():
    """The entry is refused for the equity, and each of these says that it could not be asked."""
    settings = {
        "daily_loss_worst_case": True,
        "max_open_risk": 6,
        "max_weekly_loss": 6,
        "max_monthly_loss": 6,
        "max_drawdown": 10,
        "max_give_back_pct": 50,
    }
    answer = decided(rc.Book(session_peak=1, peak_equity=1), **settings)
    assert set(settings) <= set(answer.unmeasured)
    assert "equity_unknown" in failed(answer)


@pytest.mark.parametrize("rule", ["max_give_back_pct", "max_drawdown"])
def test_a_peak_that_nobody_knows_refuses_by_name(rule):
    """Neither what was given back nor how far equity fell can be told from nothing."""
    assert told(decided(rc.Book(100_000), **{rule: 10}), rule) == ("peak_unknown", None, None, None)


def leaving(position):
    """A book that holds it, with the exit of it on its way."""
    away = rc.exit_order(
        position, order_id="x", reason="stop", reference=Decimal(990), level=None, policy=rc.Policy(), at=NOON
    )
    return rc.Book(100_000, positions=[position]).after(away)


@pytest.mark.parametrize("rule", ["max_open_risk", "daily_loss_worst_case"])
def test_an_exit_on_its_way_risks_nothing_more(rule):
    """Ten shares with ten rupees to their stop, whether they are being sold already or not."""
    position = held(TCS)
    settings = {"max_open_risk": 2} if rule == "max_open_risk" else {"daily_loss_worst_case": True}
    calm = decided(rc.Book(100_000, positions=[position]), **settings)
    assert told(decided(leaving(position), **settings), rule) == told(calm, rule)
    assert told(calm, rule)[3] == (190 if rule == "max_open_risk" else 289)


# ---------------------------------------------------------------- the day


def test_a_square_off_of_the_policys_own_ends_the_entries():
    """Nothing is bought that would be sold at once."""
    at = NOON.replace(hour=14, minute=35)
    assert decided(at=at).approved
    assert failed(decided(at=at, square_off_at=time(14, 30))) == ["after_cut_off"]


def test_what_is_held_is_not_added_to_while_entries_are_stopped():
    """Nor is anything new bought; both tell the state and the latch."""
    latch = rc.Latch("operator", "reducing", NOON, "asha", "lunch")
    for positions in ([], [held(INFY)]):
        book = rc.Book(100_000, positions=positions, latches=[latch])
        answer = decided(book, one_position_per_symbol=False)
        assert told(answer, "state") == ("entries_stopped", "operator (lunch)", "active", None)


@pytest.mark.parametrize(("policy", "answer"), [({"max_open_risk": 6}, True), ({}, False)])
def test_a_rule_is_on_where_its_field_is_set(policy, answer):
    """By the name of the field."""
    assert set_in("max_open_risk")(rc.Policy(**policy)) is answer


# ---------------------------------------------------------------- lists


LISTED = rc.Tables(
    surveillance=(Listing(symbol="INFY", list="ESM", since="2026-11-01"),), surveillance_as_of=date(2026, 11, 20)
)


@pytest.mark.parametrize(
    ("thing", "product", "tables", "answer"),
    [
        (INFY, "MIS", None, ("", "no list given", None, None)),
        (TCS, "MIS", LISTED, ("", "on no list", None, None)),
        (INFY, "MIS", LISTED, ("mis_not_allowed", "INFY", "ESM", None)),
        (INFY, "CNC", LISTED, ("", "ESM", None, None)),
        (TCS, "MIS", rc.Tables(), ("", "no list given", None, None)),
        (attrs.evolve(TCS, series="BE"), "MIS", None, ("mis_not_allowed", "TCS", "T2T", None)),
        (attrs.evolve(TCS, series="BE"), "MIS", LISTED, ("mis_not_allowed", "TCS", "T2T", None)),
    ],
)
def test_surveillance_says_which_list_it_was(thing, product, tables, answer):
    """On none, on one, or that nobody gave any; the series for delivery alone is a list of its own."""
    signal = rc.Signal(thing.symbol, "BUY", at=NOON, stop=990, target=1100, product=product)
    seen = rc.Market(instrument=thing, at=NOON, last=1000)
    assert told(rc.decide(signal, rc.Book(100_000), seen, rc.Policy(**WIDE, tables=tables)), "surveillance") == answer


def test_a_number_that_a_rule_of_ones_own_measured_must_be_one():
    """Anything else refuses the entry, with what was wrong with it."""
    rule = rc.Policy(**WIDE).with_rules(lambda context: rc.Finding("x", True, measured=float("nan")))
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    [found] = rc.decide(signal, rc.Book(100_000), rc.Market(instrument=INFY, at=NOON, last=1000), rule).reasons
    assert found.reason == "rule_failed"
    assert found.measured.endswith("ValueError: measured must be a finite number, got nan")


# ---------------------------------------------------------------- and what else an entry is held against


CALL = rc.Instrument(
    symbol="NIFTY24NOV2626000CE", tick="0.05", exchange="NFO", segment="OPT", kind="index", underlying="NIFTY"
)


@pytest.mark.parametrize(
    ("side", "answer"), [("BUY", ("", 100, None, None)), ("SELL", ("option_sale_not_allowed", CALL.symbol, None, None))]
)
def test_an_option_is_paid_in_full_or_sold_at_a_margin_that_nobody_knows(side, answer):
    """A hundred per cent of its value, or what no table says."""
    way = 1 if side == "BUY" else -1
    levels = {"stop": 100 - 10 * way, "target": 100 + 50 * way}
    signal = rc.Signal(CALL.symbol, side, at=NOON, exchange="NFO", product="NRML", **levels)
    seen = rc.Market(instrument=CALL, at=NOON, last=100)
    policy = rc.Policy(**WIDE, allowed_products=["NRML"])
    assert told(rc.decide(signal, rc.Book(100_000), seen, policy), "margin") == answer


@pytest.mark.parametrize("stop", [1001, 1050])
def test_a_signals_stop_on_the_wrong_side_is_not_replaced_by_a_tighter_one(stop):
    """Fifty rupees on the winning side, where the policy's own stands ten on the losing one."""
    answer = placed(signal={"stop": stop, "target": 1100}, signal_stop="tighter", **POINTS)
    assert told(answer, "stop_methods") == ("stop_wrong_side", stop, 1000, None)


@pytest.mark.parametrize(("given", "stop"), [(99, "99.50"), ("99.70", "99.70"), ("99.50", "99.50")])
def test_of_two_stops_within_a_rupee_the_tighter_counts(given, stop):
    """The policy's own is half a rupee away."""
    own = {"stop_methods": ["points"], "stop_points": "0.5"}
    answer = placed(last=100, signal={"stop": given, "target": 110}, signal_stop="tighter", **own)
    assert answer.stop.price == Decimal(stop)


@pytest.mark.parametrize(("points", "stop"), [(1, 1), ("1.50", "0.50")])
def test_a_share_for_two_rupees_has_a_stop_and_a_target(points, stop):
    """At a rupee or half a rupee, and two and a half times as far above."""
    answer = placed(last=2, stop_methods=["points"], stop_points=points)
    assert (answer.stop.price, answer.target.risk_reward) == (Decimal(stop), Decimal("2.5"))


def test_the_gravest_latch_is_the_one_that_is_told():
    """Whichever came first, and not one of another symbol."""
    week = rc.Latch("max_weekly_loss", "reducing", NOON, "riskcore", "lost", resets="next_session")
    other = rc.Latch("stale_after_s", "halted", NOON, "riskcore", "silent", key="NSE:TCS")
    hand = rc.Latch("operator", "halted", NOON, "asha", "lunch")
    for latches in ((week, other, hand), (other, hand, week)):
        answer = decided(rc.Book(100_000, latches=latches))
        assert told(answer, "state") == ("entries_stopped", "operator (lunch)", "active", None)


def test_a_signal_that_was_not_seen_before_is_new():
    """And that is what its finding says."""
    assert told(decided(), "signal") == ("", "new", None, None)


# ---------------------------------------------------------------- latches


@pytest.mark.parametrize("last", [False, True])
def test_of_two_latches_as_grave_the_one_that_lasts_longest_is_told(last):
    """The next session lifts one of them; the other needs somebody, whichever was set first."""
    latches = [
        rc.Latch("max_daily_loss", "reducing", NOON, "riskcore", "at its limit", "next_session"),
        rc.Latch("max_loss_streak", "reducing", NOON, "riskcore", "four in a row", "operator"),
    ]
    found = decided(rc.Book(100_000, latches=latches[::-1] if last else latches))
    assert told(found, "state")[:2] == ("entries_stopped", "max_loss_streak (four in a row)")
