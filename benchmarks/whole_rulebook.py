"""The situation that the decision benchmarks look at: every optional rule on, three positions held.

`SITUATIONS` are the four values of a decision by name: some approved, one refused. All of it is made up, and the same
in every run.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs

import riskcore as rc
from riskcore.book import Outcome
from riskcore.rules.table import ROWS, SIZE_ROWS

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
RELIANCE = rc.Instrument(
    symbol="RELIANCE", tick="0.10", sector="Oil Gas & Consumable Fuels", derivatives_listed=True, freeze_quantity=10_000
)
HELD = (("INFY", "IT", 1500), ("HDFCBANK", "Financial Services", 1700), ("TITAN", "Consumer Durables", 3300))
STRATEGY = "breakout"
SIZERS = {"fixed_quantity", "fixed_notional", "volatility_target_pct", "signal_quantity"}
"""One sizer sizes: Kelly, which has the most to work out. These stand for the others and cannot be asked with it; the
last asks for the quantity of an alert."""

POLICY = rc.Policy(
    allowed_symbols=["RELIANCE", "INFY", "HDFCBANK", "TITAN"],
    denied_symbols=["YESBANK"],
    allowed_sessions=["regular", "muhurat"],
    allowed_weekdays=["mon", "tue", "wed", "thu", "fri"],
    entry_windows=["09:20-11:30", "11:45-14:45"],
    price_min=50,
    price_max=10_000,
    max_price_drift_pct=1,
    stale_after_s=30,
    max_spread_pct="0.5",
    near_band_pct=1,
    max_gap_pct=8,
    unusual_move_atr=3,
    stop_methods=["atr", "percent"],
    stop_pct="1.4",
    stop_least_pct="0.3",
    stop_greatest_pct=5,
    stop_greatest_atr=4,
    risk_reward_basis="net",
    target_r_multiple=4,
    max_orders_per_s=7,
    max_positions=4,
    max_entries_per_symbol=2,
    cooldown_s=900,
    cooldown_after_loss_s=1800,
    reentry_after_stop="next_session",
    max_stops=3,
    stops_window_s=3600,
    stops_lock_s=3600,
    max_give_back_pct=95,
    max_loss_streak=4,
    max_loss_streak_r=3,
    max_drawdown=10,
    daily_loss_worst_case=True,
    max_weekly_loss=6,
    max_monthly_loss=10,
    max_open_risk=3,
    max_correlation="0.7",
    max_cluster_positions=2,
    max_cluster_exposure=30,
    correlation_shrinkage="0.1",
    max_sector_net_exposure=15,
    max_unknown_sector_exposure=20,
    sector_over="reject",
    max_quantity=500,
    max_notional=300_000,
    min_quantity=1,
    risk_includes_charges=True,
    slippage_ticks=2,
    slippage_pct="0.1",
    sizing_method="kelly",
    kelly_min_trades=10,
    throttle_from_pct=1,
    limits=[
        rc.Limit(
            scope=scope,
            name=name,
            max_quantity=200,
            max_position_size_percent=9,
            max_notional=250_000,
            max_exposure=60,
            risk_per_trade="0.9",
            max_positions=4,
            max_trades_per_day=5,
            max_daily_loss="2.5",
        )
        for scope, name in (("symbol", "RELIANCE"), ("strategy", STRATEGY), ("product", "MIS"))
    ],
)


def _closes(seed: int) -> list[int]:
    """Sixty-one closes that wander, each seed in its own way."""
    found, state = [1000], seed
    for _ in range(60):
        state = (state * 1103515245 + 12345) % 2**31
        found.append(found[-1] + state // 65536 % 21 - 10)
    return found


def _done(symbol: str, side: str, day: date, clock: tuple[int, int], r: str) -> Outcome:
    closed = datetime(day.year, day.month, day.day, *clock, tzinfo=rc.IST)
    gross, charges = Decimal(r) * 1000, Decimal(40)
    key, multiple = f"NSE:{symbol}", (gross - charges) / 1000
    return Outcome(
        key=key,
        side=side,
        session=day,
        closed_at=closed,
        quantity=40,
        gross=gross,
        charges=charges,
        r_multiple=multiple,
        reason="stop" if Decimal(r) <= -1 else "target",
        strategy=STRATEGY,
    )


YESTERDAY, TODAY = date(2026, 11, 19), NOON.date()
OUTCOMES = (
    *(_done("SBIN", "BUY", YESTERDAY, (10 + at // 2, at % 2 * 30), r) for at, r in enumerate(("2", "-1", "2.5", "-1"))),
    *(_done("ITC", "SELL", YESTERDAY, (12 + at // 2, at % 2 * 30), r) for at, r in enumerate(("-1", "2", "3", "-1"))),
    _done("RELIANCE", "BUY", TODAY, (9, 40), "1.5"),
    _done("SBIN", "SELL", TODAY, (10, 5), "-1"),
    _done("RELIANCE", "SELL", TODAY, (10, 50), "-0.4"),
    _done("ITC", "BUY", TODAY, (11, 20), "2"),
    _done("SBIN", "BUY", TODAY, (11, 40), "-0.3"),
)


def _held() -> rc.Book:
    """Three purchases decided, sent, filled and marked, each in a sector of its own."""
    book, policy = rc.Book(1_000_000), rc.Policy(max_trades_per_day=9)
    for number, (symbol, sector, price) in enumerate(HELD):
        thing, at = rc.Instrument(symbol=symbol, tick="0.10", sector=sector), NOON - timedelta(minutes=60 - number)
        wish = rc.Signal(symbol, "BUY", at=at, strategy=STRATEGY)
        decision = rc.decide(wish, book, rc.Market(instrument=thing, at=at, last=price, atr=price // 100), policy)
        assert decision.approved
        order = decision.order
        book = book.after(order).after(rc.Fill(order.order_id, order.quantity, order.reference, at, charges=30))
        book = book.after(rc.Price(thing.key, Decimal(price) + number - 2, NOON))
    days = [rc.DayResult(date(2026, 11, 15 + n), Decimal(1_000_000), Decimal(500 * n - 900)) for n in range(1, 5)]
    peaks = {"session_peak": Decimal(1_012_000), "peak_equity": Decimal(1_030_000), "session": TODAY}
    return attrs.evolve(book, realised=Decimal(1800), charges=Decimal(250), outcomes=OUTCOMES, days=days, **peaks)


def _with_equity(opening: int) -> rc.Book:
    return attrs.evolve(BOOK, opening_equity=Decimal(opening), session_peak=Decimal(opening + 12_000))


SIGNAL = rc.Signal("RELIANCE", "BUY", at=NOON - timedelta(seconds=3), price=2500, strategy=STRATEGY)
BOOK = _held()
MARKET = rc.Market(
    instrument=RELIANCE,
    at=NOON,
    last=2500,
    bid="2499.80",
    ask="2500.20",
    quote_at=NOON - timedelta(milliseconds=700),
    atr=20,
    atr_bars=200,
    available_cash=900_000,
    previous_close=2470,
    band_low=2223,
    band_high=2717,
    traded_at=NOON - timedelta(seconds=2),
    recent_prices=[(NOON - timedelta(seconds=5 * n), 2500 + n % 7) for n in range(12, 0, -1)],
    closes=[("NSE:RELIANCE", _closes(1)), *((f"NSE:{row[0]}", _closes(at)) for at, row in enumerate(HELD, 2))],
)
SITUATIONS = {
    "a purchase": (SIGNAL, BOOK, MARKET, POLICY),
    "another price": (SIGNAL, BOOK, attrs.evolve(MARKET, ask="2512.30", bid="2511.90", atr="17.35"), POLICY),
    "less equity": (SIGNAL, _with_equity(960_000), MARKET, POLICY),
    "a sale": (attrs.evolve(SIGNAL, side="SELL"), BOOK, MARKET, POLICY),
    "refused": (
        attrs.evolve(SIGNAL, at=NOON - timedelta(seconds=90)),
        attrs.evolve(_with_equity(700_000), trades_today=5),
        attrs.evolve(MARKET, ask=2530, available_cash=400),
        POLICY,
    ),
}


def rules_left_out() -> set[str]:
    """The rules of the table that `POLICY` does not ask: only the sizers that exclude each other."""
    everything = {row.name for row in ROWS} | {found.row.name for found in SIZE_ROWS}
    rows = [*ROWS, *(found.row for found in SIZE_ROWS)]
    return everything - {row.name for row in rows if row.on(POLICY)}
