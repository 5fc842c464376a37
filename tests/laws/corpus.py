"""One situation for each reason: what differs from an approved purchase of INFY at noon."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs

import riskcore as rc
from riskcore.book import Outcome
from riskcore.table_rows import Margin

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="IT")
SEEN = {"last": 1000, "atr": 10}
ENGINE_ONLY = {
    "exit_without_position",
    "exit_working",
    "held_against",
    "instrument_unknown",
    "undecided_at_close",
    "exit_came_first",
    "cancel_came_first",
    "reversal_lapsed",
    "not_flat",
    "nothing_to_cancel",
    "shadow_only",
    "no_position",
    "not_carried",
    "stop_not_tighter",
    "stop_beyond_market",
}
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
CONTRACT = rc.future("INFY", expiry=NOON.date() + timedelta(days=3), on=NOON.date(), tick="0.05", lot_size=1)
CALL = rc.option("NIFTY", expiry=NOON.date() + timedelta(days=4), strike=26000, right="CE", on=NOON.date(), lot_size=1)
MARGIN = Margin(exchange="NFO", segment="FUT", product="MIS", margin_pct=20, since="2026-01-01")
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
    "expiry_near": {
        "signal": rc.Signal(CONTRACT.symbol, "BUY", exchange="NFO", at=NOON),
        "market": seen(instrument=CONTRACT),
        **rules(tables=rc.Tables(margins=[MARGIN])),
    },
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
    "other_product": {"book": held(INFY, quantity=5), **wish(product="CNC"), **rules(**ADDING)},
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
    "option_sale_not_allowed": {
        "signal": rc.Signal(CALL.symbol, "SELL", exchange="NFO", at=NOON, stop=110, target=50),
        "market": seen(instrument=CALL, last=100, margins=[(CALL.key, "MIS", "SELL", 2600)]),
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
