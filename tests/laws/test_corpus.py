"""The laws are worth something only if entries do pass, and every refusal occurs: one situation for each reason."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations

import attrs
import pytest
from hypothesis import Phase, given, settings

import riskcore as rc
from riskcore import events as e
from riskcore.book import Outcome
from riskcore.engine import State, step
from riskcore.pretrade import pretrade
from riskcore.reasons import PRECEDENCE
from riskcore.testing import days, situations

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="IT")
SEEN = {"last": 1000, "atr": 10}
ENGINE_ONLY = {"exit_without_position", "exit_working", "no_position", "stop_not_tighter", "stop_beyond_market"}
LAST_LOOK = {"price_off_tick", "quantity_off_lot", "over_risk_budget"}


def held(*instruments, last=1000, quantity=10, **more):
    positions = [
        rc.Position(instrument=thing, side="BUY", quantity=quantity, average_price=1000, last=last)
        for thing in instruments
    ]
    return rc.Book(100_000, positions=positions, **more)


def done(result, *, key="NSE:INFY", ago=60, reason="stop", **more):
    """A trade that closed a minute ago with that result, for one R of 100."""
    net = Decimal(result)
    outcome = rc.Outcome(
        key=key,
        side="BUY",
        session=NOON.date(),
        closed_at=NOON - timedelta(seconds=ago),
        quantity=5,
        gross=net,
        charges=Decimal(0),
        r_multiple=net / 100,
        reason=reason,
        **more,
    )
    return {"book": rc.Book(100_000, outcomes=[outcome])}


def ordered(side="BUY", *, status=None):
    """A book with one share of INFY ordered five seconds ago."""
    signal = rc.Signal("INFY", side, at=NOON - timedelta(seconds=5))
    book = rc.Book(100_000).after(rc.decide(signal, rc.Book(100_000), seen(), rc.Policy(max_quantity=1)).order)
    return book if status is None else book.moved(signal.id, status)


def leaving():
    """A book with an exit of INFY on its way."""
    book = held(INFY, quantity=1)
    away = rc.exit_order(
        book.positions[0],
        order_id="x",
        reason="stop",
        reference=Decimal(990),
        level=None,
        policy=rc.Policy(),
        at=NOON,
    )
    return book.after(away)


def moving(*keys, alike=True):
    """Closes of forty sessions of INFY and others, which move as INFY does or the other way."""
    up, down = [100, 103, 101, 106], [100, 97, 99, 94]
    return tuple((key, (up if alike or not at else down) * 10) for at, key in enumerate(("NSE:INFY", *keys)))


def seen(at=NOON, instrument=INFY, **changes):
    return rc.Market(instrument=instrument, at=at, **{**SEEN, **changes})


def at(*moment):
    when = datetime(*moment, tzinfo=rc.IST)
    return {"signal": rc.Signal("INFY", "BUY", at=when), "market": seen(when)}


def wish(**changes):
    return {"signal": rc.Signal("INFY", changes.pop("side", "BUY"), **{"at": NOON, **changes})}


def rules(**changes):
    return {"policy": rc.Policy(**changes)}


def latched(name, state, **more):
    """A book with one latch."""
    return {"book": rc.Book(100_000, latches=(rc.Latch(name, state, NOON, "riskcore", "because", **more),))}


def lost(*results, r=-1):
    """A book whose finished trades came to these results."""
    return [
        Outcome(
            key="NSE:A",
            side="BUY",
            session=NOON.date(),
            closed_at=NOON - timedelta(minutes=9),
            quantity=1,
            gross=Decimal(net),
            charges=Decimal(0),
            r_multiple=Decimal(r),
        )
        for net in results
    ]


ADDING = {"one_position_per_symbol": False}
DAY = rc.DayResult(datetime(2026, 11, 17, tzinfo=rc.IST).date(), Decimal(100_000), Decimal(-6000))
LATCH = rc.Latch("feed", "halted", NOON, "riskcore", "no prices")
OTHERS = [rc.Instrument(symbol=name, tick="0.05") for name in ("A", "B", "C")]
UNKNOWN = rc.Instrument(symbol="INFY", tick="0.05")
LOSERS = [
    rc.Outcome(
        key="NSE:TCS",
        side="BUY",
        session=NOON.date(),
        closed_at=NOON,
        quantity=1,
        gross=Decimal(r),
        charges=Decimal(0),
        r_multiple=Decimal(r),
    )
    for r in (1, -2) * 15
]

CORPUS = {
    "entries_stopped": {"book": rc.Book(100_000, latches=(LATCH,))},
    "stopped_for_session": latched("max_daily_loss", "reducing", resets="next_session"),
    "stopped_for_now": latched("max_loss_streak", "reducing", resets="after_s", until=NOON + timedelta(minutes=1)),
    "calendar_unknown": at(2027, 1, 4, 12, 0),
    "market_closed": at(2026, 11, 24, 12, 0),
    "before_first_entry": at(2026, 11, 20, 9, 19, 59),
    "after_cut_off": at(2026, 11, 20, 14, 45),
    "session_not_allowed": rules(allowed_sessions=["muhurat"]),
    "weekday_not_allowed": rules(allowed_weekdays=["mon", "tue"]),
    "outside_entry_windows": rules(entry_windows=["09:20-11:30", "13:00-14:45"]),
    "signal_repeated": {
        "book": ordered(status="rejected"),
        "signal": rc.Signal("INFY", "BUY", at=NOON - timedelta(seconds=5)),
    },
    "signal_stale": wish(at=NOON - timedelta(seconds=61)),
    "signal_from_future": wish(at=NOON + timedelta(seconds=6)),
    "side_not_allowed": rules(allowed_sides=["SELL"]),
    "symbol_not_allowed": rules(allowed_symbols=["TCS"]),
    "symbol_denied": rules(denied_symbols=["INFY"]),
    "product_not_allowed": rules(allowed_products=["CNC"]),
    "short_not_allowed": wish(side="SELL", product="CNC"),
    "mis_not_allowed": {"market": seen(instrument=attrs.evolve(INFY, series="BE"))},
    "equity_unknown": {"book": rc.Book()},
    "funds_unknown": {"market": seen(cash_unknown=True)},
    "price_too_low": rules(price_min=1001),
    "price_too_high": rules(price_max=999),
    "signal_price_missing": rules(max_price_drift_pct=1),
    "price_drifted": {**wish(price=1011), **rules(max_price_drift_pct=1)},
    "correlation_unknown": rules(max_correlation="0.7"),
    "stop_missing": {"book": held(TCS, quantity=1), **rules(max_open_risk=5)},
    "quote_missing": {"market": seen(last=None)},
    "quote_stale": {"market": seen(quote_at=NOON - timedelta(seconds=6))},
    "peak_unknown": rules(throttle_from_pct=5),
    "evidence_missing": rules(max_gap_pct=8),
    "data_stale": {**rules(stale_after_s=30), "market": seen(traded_at=NOON - timedelta(seconds=30))},
    "spread_too_wide": {**rules(max_spread_pct="0.5"), "market": seen(bid=995, ask=1000)},
    "near_band": {**rules(near_band_pct=1), "market": seen(band_low=900, band_high=1010)},
    "gap_too_wide": {**rules(max_gap_pct=8), "market": seen(previous_close=925)},
    "unusual_move": {**rules(unusual_move_atr=3), "market": seen(recent_prices=[(NOON, 1030)])},
    "atr_not_ready": {"market": seen(atr_bars=139)},
    "stop_level_missing": {**wish(levels=[1010]), **rules(stop_methods=["level"])},
    "stop_swing_missing": rules(stop_methods=["atr", "swing"]),
    "zero_risk": wish(stop=1000),
    "stop_wrong_side": wish(stop=1010),
    "stop_beyond_zero": {"market": seen(atr=700)},
    "stop_too_tight": wish(stop="999.95"),
    "stop_too_wide": {**wish(stop=900), **rules(stop_greatest_pct=5)},
    "target_beyond_zero": {**wish(side="SELL"), "market": seen(atr=270)},
    "risk_reward_too_low": wish(stop=980, target=1040),
    "symbol_held": {"book": held(INFY, quantity=5)},
    "symbol_working": {"book": ordered()},
    "exit_in_progress": {"book": leaving(), **rules(**ADDING)},
    "opposite_working": {"book": ordered("SELL"), **rules(**ADDING)},
    "order_rate": {
        **rules(max_orders_per_s=4, order_tokens_for_exits=3),
        "book": rc.Book(100_000, sent_second=NOON, sent_in_second=1),
    },
    "too_many_positions": {"book": held(*OTHERS)},
    "too_many_trades": {"book": rc.Book(100_000, trades_today=5)},
    "limit_positions": {
        "book": held(TCS, quantity=1),
        **rules(limits=[rc.Limit(scope="product", name="MIS", max_positions=1)]),
    },
    "limit_trades": {
        "book": ordered(status="cancelled"),
        **rules(limits=[rc.Limit(scope="symbol", name="INFY", max_trades_per_day=1)]),
    },
    "limit_loss": {
        **done(-1000, reason="signal"),
        **rules(limits=[rc.Limit(scope="symbol", name="INFY", max_daily_loss=1)]),
    },
    "too_many_entries": {"book": ordered(status="cancelled"), **rules(max_entries_per_symbol=1)},
    "cooling_down": {**done(10, reason="target"), **rules(cooldown_s=61)},
    "cooling_down_after_loss": {**done("-0.01", reason="signal"), **rules(cooldown_after_loss_s=61)},
    "stopped_out_today": {**done(0), **rules(reentry_after_stop="next_session")},
    "too_many_stops": {**done(-50, key="NSE:TCS", reason="signal"), **rules(max_stops=1)},
    "too_correlated": {
        "book": held(TCS, quantity=1),
        "market": seen(closes=moving("NSE:TCS")),
        **rules(max_correlation="0.7"),
    },
    "cluster_crowded": {
        "book": held(TCS, quantity=1),
        "market": seen(closes=moving("NSE:TCS")),
        **rules(max_cluster_positions=1),
    },
    "cluster_full": {
        "book": held(TCS, quantity=1),
        "market": seen(closes=moving("NSE:TCS")),
        **rules(max_cluster_exposure="1.5"),
    },
    "weekly_loss_reached": {"book": rc.Book(94_000, days=[DAY]), **rules(max_weekly_loss=6)},
    "monthly_loss_reached": {"book": rc.Book(94_000, days=[DAY]), **rules(max_monthly_loss=6)},
    "worst_case_too_large": {
        "book": rc.Book(100_000, realised=-2990),
        **rules(daily_loss_worst_case=True, worst_case_over="shrink"),
    },
    "worst_case_over": {
        "book": rc.Book(100_000, realised=-2970),
        **rules(daily_loss_worst_case=True, max_position_size_percent=5),
    },
    "open_risk_full": {
        "book": rc.Book(100_000, positions=[attrs.evolve(held(TCS, quantity=1).positions[0], stop=510)]),
        **rules(max_open_risk="0.5"),
    },
    "daily_loss_reached": {"book": rc.Book(100_000, realised=-3000)},
    "gave_back": {**rules(max_give_back_pct=50), "book": rc.Book(100_000, session_peak=101_000, realised=500)},
    "loss_streak": {**rules(max_loss_streak=2), "book": rc.Book(100_000, outcomes=lost(-1, -1))},
    "loss_streak_r": {**rules(max_loss_streak_r=2), "book": rc.Book(100_000, outcomes=lost(-1, -1))},
    "drawdown_reached": {**rules(max_drawdown=10), "book": rc.Book(100_000, peak_equity=111_112)},
    "sector_full": {"book": held(TCS, quantity=20)},
    "sector_net_full": {"book": held(TCS, quantity=10), **rules(max_sector_net_exposure=10)},
    "unknown_sectors_full": {
        "book": held(OTHERS[0]),
        "market": seen(instrument=UNKNOWN),
        **rules(max_unknown_sector_exposure=10),
    },
    "limit_full": {
        "book": held(OTHERS[0]),
        **rules(limits=[rc.Limit(scope="product", name="MIS", max_exposure=10)]),
    },
    "margin_unknown": {**wish(product="NRML"), **rules(allowed_products=["NRML"])},
    "charges_unknown": rules(charges_as_of="2020-02-28"),
    "insufficient_funds": {"market": seen(available_cash=100)},
    "position_too_large": {"market": seen(last=10_100, atr=10)},
    "order_too_large": rules(max_notional=500),
    "sector_over": rules(sector_over="reject", max_sector_exposure=5),
    "kelly_not_ready": rules(sizing_method="kelly"),
    "kelly_no_edge": {"book": rc.Book(100_000, outcomes=LOSERS), **rules(sizing_method="kelly")},
    "throttled": {
        "book": rc.Book(100_000, peak_equity=200_000),
        **rules(throttle_from_pct=5, throttle_least_pct=0),
    },
    "below_min_quantity": rules(min_quantity=50),
    "below_one_lot": {"market": seen(atr="666.6")},
    "rule_failed": rules(rules=[lambda context: None]),
    "net_risk_reward_too_low": {
        **wish(stop=990, target="1025.1"),
        **rules(risk_reward_basis="net", target_r_multiple=3),
    },
}
"""Reason -> what differs from an approved purchase of INFY at noon."""


def decided(changes):
    given_ = {"signal": rc.Signal("INFY", "BUY", at=NOON), "book": rc.Book(100_000), "market": seen()}
    return rc.decide(**{**given_, "policy": rc.Policy(), **changes})


@pytest.mark.smoke
def test_COR_1_without_a_difference_the_corpus_is_approved():
    """So each row below is refused for its own difference."""
    assert decided({}).approved


@pytest.mark.smoke
@pytest.mark.parametrize("reason", CORPUS)
def test_COR_2_every_reason_occurs(reason):
    """Its row is refused by that reason, with a sentence that shows what was measured and a word on waiting."""
    decision = decided(CORPUS[reason])
    assert not decision.approved
    found = next(found for found in decision.reasons if found.reason == reason)
    assert "{" not in found.text
    assert found.text in decision.explain()
    assert found.clears in {"now", "today", "next session", "operator", "never"}


@pytest.mark.smoke
@pytest.mark.parametrize("reason", sorted(set(CORPUS) - {"calendar_unknown", "market_closed", "margin_unknown"}))
def test_COR_3_one_difference_is_one_reason(reason):
    """No row but those of another day or product is refused for anything else."""
    assert [found.reason for found in decided(CORPUS[reason]).reasons] == [reason]


@pytest.mark.smoke
def test_COR_4_the_corpus_and_the_catalogue_name_the_same_reasons():
    """Two are the engine's (exit signals), and three only a wrong program could reach: the last look has them."""
    assert set(CORPUS) | ENGINE_ONLY | LAST_LOOK == {reason.code for reason in rc.CATALOGUE}
    assert not set(CORPUS) & (ENGINE_ONLY | LAST_LOOK)


def together(first, second):
    """Two differences as one, or None where both are of the same value and cannot be put together."""
    joined = {**first, **second}
    for part in set(first) & set(second):
        base = {"signal": rc.Signal("INFY", "BUY", at=NOON), "book": rc.Book(100_000), "market": seen()}
        usual = {**base, "policy": rc.Policy()}[part]
        changes = [
            {
                f.name: getattr(value, f.name)
                for f in attrs.fields(type(value))
                if getattr(value, f.name) != getattr(usual, f.name)
            }
            for value in (first[part], second[part])
        ]
        if set(changes[0]) & set(changes[1]):
            return None
        try:
            joined[part] = attrs.evolve(usual, **changes[0], **changes[1])
        except ValueError:
            return None
    return joined


@pytest.mark.smoke
def test_COR_8_of_two_reasons_at_once_the_first_in_the_catalogue_is_reported():
    """Every two rows that can stand together: where both are named, the one that comes first in it comes first."""
    both = 0
    for first, second in combinations(CORPUS, 2):
        changes = together(CORPUS[first], CORPUS[second])
        if changes is None:
            continue
        codes = [found.reason for found in getattr(decided(changes), "reasons", ())]
        assert codes == sorted(codes, key=PRECEDENCE.__getitem__)
        if first in codes and second in codes:
            both += 1
            assert min(first, second, key=PRECEDENCE.__getitem__) == next(c for c in codes if c in (first, second))
    assert both >= 100


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"limit": Decimal("1000.02")}, "price_off_tick"),
        ({"stop": Decimal("984.99")}, "price_off_tick"),
        ({"target": Decimal(0)}, "price_off_tick"),
        ({"quantity": 0}, "quantity_off_lot"),
        ({"legs": (rc.TargetLeg(Decimal("1020.01"), 9),)}, "price_off_tick"),
        ({"legs": (rc.TargetLeg(Decimal(1020), 1), rc.TargetLeg(Decimal(1040), 9))}, "quantity_off_lot"),
        ({"risk": Decimal("1000.01")}, "over_risk_budget"),
        ({"stop": Decimal(1001)}, "over_risk_budget"),
    ],
)
def test_COR_5_the_last_look_refuses_what_a_wrong_program_would_send(wrong, reason):
    """Prices off the tick, no whole lot, more risk than the budget, a stop on the winning side."""
    order = attrs.evolve(decided({}).order, **wrong)
    assert [found[0] for _, found in pretrade(order, Decimal(1000)) if found[0]] == [reason]
    assert not any(found[0] for _, found in pretrade(decided({}).order, Decimal(1000)))


def test_COR_6_three_in_ten_situations_are_approved():
    """A suite that "refuse everything" would satisfy is worthless; the generated refusals are of many kinds."""
    answers, reasons, bounds = Counter(), Counter(), Counter()

    @settings(max_examples=200, phases=[Phase.generate], database=None, derandomize=True)
    @given(situations())
    def asked(situation):
        decision = rc.decide(*situation)
        answers[decision.approved] += 1
        if decision.approved:
            bounds[decision.size.bound_by] += 1
        else:
            reasons.update(found.reason for found in decision.reasons)

    asked()
    assert answers[True] >= 0.3 * sum(answers.values())
    assert answers[False] >= 20
    assert len(reasons) >= 8
    assert len(bounds) >= 3


def test_COR_7_the_generated_days_know_every_fact_and_every_command():
    """In 120 days: signals taken, repeated and refused, entries, fills, exits, latches, clocks that run back."""
    facts, commands = Counter(), Counter()

    @settings(max_examples=120, phases=[Phase.generate], database=None, derandomize=True)
    @given(days())
    def lived(day):
        state = State()
        for event in day.inputs:
            taken = step(state, event, day.policy)
            state = taken.state
            facts.update(type(fact) for fact in taken.facts)
            commands.update(type(command) for command in taken.commands)

    lived()
    assert set(facts) == set(e.FACTS)
    assert {e.AskEquity, e.AskEvidence, e.PlaceEntry, e.PlaceExit, e.CancelOrder} == set(commands)
    assert facts[e.EntryApproved] >= 40
