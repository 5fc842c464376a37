"""For each setting a situation that it changes: one line a setting, for `test_keys.py`."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs

import riskcore as rc
from riskcore import events as e
from riskcore.breakers.measure import Observations
from riskcore.breakers.table import measures
from riskcore.costs import policy_charges
from riskcore.outcomes import DayResult, Outcome
from riskcore.table_rows import CalendarDay
from riskcore.testing import Scenario
from tests.core.custody_days import position
from tests.laws.corpus import CORPUS, decided
from tests.laws.keyed_broker import (
    TOUCHED,
    at_the_broker,
    balance_is,
    bare,
    bought_by_hand,
    bought_dear,
    goes_by,
    goes_to,
    halved_overnight,
    pressed,
    reads,
    unknown_entry,
)
from tests.laws.test_breakers import SITUATIONS
from tests.spec.decisions import decision, setting, situation
from tests.spec.told import Told

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
ROOMY = {"max_position_size_percent": "100", "max_sector_exposure": "100"}


def asked(**columns):
    """A decision (columns as in the pages of the specification): what it answers."""
    return lambda **settings: decision(**columns, **settings)


def lived(*rows, **fixed):
    """A day after ten o'clock, told as in the pages: a row is `10:00 price INFY 1000`; all it led to."""

    def told(**settings):
        teller = Told()
        teller.begin("09:16", {**ROOMY, **fixed, **settings})
        for row in rows:
            clock, _, happens = row.partition(" ")
            teller(happens, at=clock)
        return [fact for fact in teller.day.facts if not isinstance(fact, e.PolicyChanged)]

    return told


def seen(bars=0, interval=None):
    """The facts of a day under settings that cannot stand in a cell of the pages."""

    def told(**settings):
        thing = rc.Instrument(symbol="INFY", tick="0.05")
        day = Scenario(rc.Policy(**{name: setting(name, cell) for name, cell in settings.items()}), thing)
        start = day.at("09:20")
        series = [
            rc.Bar(at=start + timedelta(minutes=n), open=1000, high=1001 + n % 7, low=999, close=1000)
            for n in range(bars)
        ]
        signal = day.signal("10:00", interval=interval)
        commands = [attrs.asdict(command, recurse=False) for command in day.commands]
        day.look("10:00", signal, last=1000, bars=series or None, atr=None if series else 10)
        return [commands, day.facts[-1]]

    return told


def judged(*, market=None, book=None, signal=None, **columns):
    """A decision whose market, book or signal also hold what no column of the pages brings."""

    def told(**settings):
        first, second, third, policy = situation(**columns, **settings)
        changed = (first, signal), (second, book), (third, market)
        answer = rc.decide(*(attrs.evolve(value, **(more or {})) for value, more in changed), policy)
        return [answer.approved, answer.findings, answer.order.quantity if answer.approved else None]

    return told


def measured(name, n, **fixed):
    """What the breaker of that name says where it counts n, in the situation its own laws have for it."""

    def told(**settings):
        made, book, seen, _ = SITUATIONS[name](n)
        policy = {key: setting(key, cell) for key, cell in settings.items()}
        found = measures(book, Observations(**seen), rc.Policy(**{**made, **fixed, **policy}), NOON)
        return [(one.measured, one.limit, one.tripped) for one in found if one.rule == name]

    return told


def closed(net, minutes, **more):
    """A trade finished so many minutes before noon."""
    at = NOON - timedelta(minutes=minutes)
    result = {"key": "NSE:INFY", "side": "BUY", "session": at.date(), "closed_at": at, "quantity": 1}
    return Outcome(**{**result, "gross": Decimal(net), "charges": Decimal(0), "r_multiple": Decimal(net) / 100, **more})


def trailing(**settings):
    """A stop that hangs two ATR behind the best price; the ATR has grown since the entry."""
    thing = rc.Instrument(symbol="INFY", tick="0.05")
    day = Scenario(rc.Policy(trail="atr", trail_by=2, **settings), thing)
    order = day.enter("10:00", last=1000, atr=10)
    day.fill("10:00:01", order, price=1000)
    at, price = day.at("10:05"), Decimal(1030)
    day.take(e.PricesSeen(at, thing.key, price, price, price, price, at, atr=Decimal(20)))
    return [day.book.positions[0].stop, [fact for fact in day.facts if isinstance(fact, e.StopMoved)]]


BOUGHT = ("09:16 equity 100000", "10:00 buy INFY", "10:00 quote last=1000 atr=10")
HELD = (*BOUGHT, "10:00 filled 10 at 1000")


def sent_again(**settings):
    """The facts of an alert without a bar time that comes in the same words a minute later."""
    thing = rc.Instrument(symbol="INFY", tick="0.05")
    day = Scenario(rc.Policy(**{name: int(cell) for name, cell in settings.items()}), thing)
    first = day.signal("10:00", receipt="the same text")
    return day.take(e.SignalArrived(day.at("10:01"), attrs.evolve(first, at=day.at("10:01"))))


FIVE_SHARES = {"sizing_method": "fixed_quantity", "fixed_quantity": "5"}
KELLY = {"sizing_method": "kelly", "strategy": "ema", "finished": "2 x 20, -1 x 20", **ROOMY}
LOWS = [995] * 20 + [980] + [995] * 10 + [990] + [995] * 2
SWINGS = ";".join(f"1005 {low} 1000" for low in LOWS)


def no_infy(context):
    """A rule of one's own."""
    bad = context.signal.symbol == "INFY"
    return rc.Finding("no_infy", not bad, "mine:infy" if bad else "", context.signal.symbol)


SENDING = {"sent_second": NOON, "sent_in_second": 5}
MOVED = ((NOON - timedelta(seconds=30), Decimal(970)), (NOON - timedelta(seconds=5), Decimal(1000)))
TIMERS = rc.ConnectionTimers(mode="live", degraded_s=5, no_entries_s=10, action_s=60)
LOCKS = rc.BreakerRule(name="max_daily_loss", state="locked", resets="operator")
HISTORY = {"days": (DayResult(session=date(2026, 11, 19), opening_equity=Decimal(100_000), net=Decimal(-5000)),)}
PEAKS = {
    "session_peak": Decimal(100_000),
    "days": tuple(
        DayResult(session=date(2026, 11, day), opening_equity=Decimal(100_000), net=Decimal(0), peak=Decimal(peak))
        for day, peak in ((18, 200_000), (19, 100_000))
    ),
}
OWN_FACTS = rc.Tables(days=[CalendarDay(day="2026-11-20", kind="holiday")])
STOPPED = (closed(-100, 30, reason="stop"), closed(-100, 10, reason="stop"))
BETWEEN = (STOPPED[0], closed(100, 20, reason="target"), STOPPED[1])
WAVE = [Decimal(100 + (n * 7) % 11) for n in range(40)]
OTHER = [price + (Decimal((n * 5) % 7) if n >= 25 else 0) for n, price in enumerate(WAVE)]
ALIKE = {"closes": (("NSE:INFY", tuple(WAVE)), ("NSE:SBIN", tuple(OTHER)))}
LOST = (*HELD[:2], "10:00 quote last=1000 atr=10", "10:00 filled 99 at 1000", "10:05 price INFY 969")
UP = (*HELD, "10:01 price INFY 1020", "10:06 price INFY 1025", "10:16 price INFY 1026")
AGAIN = ("10:05 buy INFY", "10:05 quote last=1000 atr=10")


def charged(side, *, product="CNC", **more):
    """The charges of an order by the plan of the policy; of a delivery where nothing else is said."""

    def told(**settings):
        policy = rc.Policy(**{name: setting(name, cell) for name, cell in settings.items()})
        thing = rc.Instrument(symbol="INFY", tick="0.05", **more)
        return policy_charges(thing, product, side, Decimal(10_000), NOON.date(), policy)

    return told


def expiring(**settings):
    """A future on a share, three days before its expiry."""
    changed = CORPUS["expiry_near"]
    named = {name: setting(name, cell) for name, cell in settings.items()}
    return [decided({**changed, "policy": attrs.evolve(changed["policy"], **named)}).approved]


def selling_an_option(**settings):
    """An option that the broker asks a margin for."""
    changed = CORPUS["option_sale_not_allowed"]
    named = {name: setting(name, cell) for name, cell in settings.items()}
    return [decided({**changed, "policy": rc.Policy(**named)}).approved]


KEYS = {
    # one line a setting: the value it is changed from, the value it is changed to, and whose answer changes
    "signal_max_age_s": ("60", "30", asked(signal_age="40")),
    "clock_skew_s": ("5", "1", asked(signal_age="-3")),
    "duplicate_window_s": ("30", "3600", sent_again),
    "allowed_sides": ("BUY,SELL", "SELL", asked()),
    "allowed_products": ("MIS,CNC", "CNC", asked()),
    "sell_options": ("yes", "no", selling_an_option),
    "live_symbols": ("INFY", "TCS", lived("10:00 equity 100000", "10:00 buy INFY", "10:00 quote last=1000 atr=10")),
    "allowed_symbols": ("INFY", "TCS", asked()),
    "no_entry_before": ("09:20", "12:30", asked()),
    "no_entry_after": ("14:45", "11:30", asked()),
    "square_off_at": ("15:10", "15:00", lived(*HELD, "15:05 time", max_quantity=10)),
    "entry_band_pct": ("0.1", "0.5", asked()),
    "exit_band_pct": ("0.5", "1", lived(*HELD, "10:05 exit INFY", max_quantity=10)),
    "entry_timeout_s": ("10", "60", lived(*BOUGHT, "10:00:30 time")),
    "quote_max_age_s": ("5", "10", asked(quote_age="7")),
    "confirm_small": ("yes", "no", asked(risk_per_trade="0.04")),
    "max_sector_exposure": ("20", "5", asked()),
    "max_positions": ("2", "1", asked(holding="SBIN 1 at 1000")),
    "one_position_per_symbol": ("yes", "no", asked(holding="INFY 1 at 1000")),
    "max_trades_per_day": ("5", "2", asked(trades_today="2")),
    "max_daily_loss": ("3", "2", asked(realised="-2000")),
    "min_risk_reward": ("2.5", "2", asked(stop="980", target="1045")),
    "stop_atr_multiple": ("1.5", "2", asked()),
    "target_r_multiple": ("2.5", "3", asked()),
    "atr_period": ("14", "5", seen(bars=150)),
    "atr_interval": ("5m", "15m", seen()),
    "atr_warmup_bars": ("140", "100", asked(atr_bars="120")),
    "risk_per_trade": ("1", "0.5", asked(**ROOMY)),
    "risk_includes_charges": ("no", "yes", asked(**ROOMY)),
    "max_position_size_percent": ("10", "5", asked()),
    "position_size_basis": ("notional", "margin", asked()),
    "max_quantity": ("5", "3", asked()),
    "capital_max": ("100000", "50000", asked()),
    "brokerage_pct": ("0.03", "0.01", asked(risk_includes_charges="yes", **ROOMY)),
    "brokerage_max": ("20", "1", lived(*HELD, max_quantity=10)),
    "max_drawdown": ("4", "5", measured("max_drawdown", 40)),
    "drawdown_basis": ("all_time", "session", measured("max_drawdown", 40)),
    "drawdown_sessions": ("1", "9", judged(book=PEAKS, drawdown_basis="rolling", max_drawdown="20")),
    "max_loss_streak": ("25", "26", measured("max_loss_streak", 25)),
    "max_loss_streak_r": ("12.5", "13", measured("max_loss_streak_r", 25)),
    "max_give_back_pct": ("50", "60", measured("max_give_back_pct", 20)),
    "give_back_after_pct": ("1", "10", measured("max_give_back_pct", 20)),
    "max_order_errors": ("2", "99", measured("max_order_errors", 5, order_error_limits=())),
    "order_error_limits": ((), [rc.ErrorLimit(error="unknown", limit=5)], measured("max_order_errors", 5)),
    "max_orders_per_s": ("10", "4", judged(book=SENDING)),
    "order_tokens_for_exits": ("3", "9", judged(book=SENDING, max_orders_per_s="10")),
    "stale_after_s": ("25", "26", measured("stale_after_s", 25)),
    "max_spread_pct": ("1", "0.1", asked(bid="995", ask="1000")),
    "near_band_pct": ("1", "6", judged(market={"band_low": 900, "band_high": 1050})),
    "max_gap_pct": ("5", "1", judged(market={"previous_close": 970})),
    "unusual_move_atr": ("5", "2", judged(market={"recent_prices": MOVED})),
    "unusual_move_s": ("60", "10", judged(market={"recent_prices": MOVED}, unusual_move_atr="2")),
    "max_clock_drift_s": ("2.5", "3", measured("max_clock_drift_s", 25)),
    "connection_timers": ((), [TIMERS], measured("connection_timers", 15)),
    "breakers": ((), [LOCKS], lived(*LOST, risk_per_trade=3)),
    "approaching_pct": ("80", "empty", lived(*LOST, risk_per_trade=2)),
    "trail": ("points", "percent", lived(*UP, trail_by=1)),
    "trail_by": ("1", "2", lived(*UP, trail="percent")),
    "trail_step": ("1", "2", lived(*UP, trail="step_percent", trail_by="0.5")),
    "trail_after": ("1", "9", lived(*UP, trail="percent", trail_by=1)),
    "trail_on": ("tick", "bar", lived(*UP, trail="percent", trail_by=1)),
    "trail_interval": ("1m", "30m", lived(*UP, trail="percent", trail_by=1, trail_on="bar")),
    "trail_atr": ("latest", "entry", trailing),
    "breakeven_at_r": ("empty", "1", lived(*UP)),
    "breakeven_at_pct": ("empty", "1", lived(*UP)),
    "breakeven_covers_charges": ("yes", "no", lived(*UP, breakeven_at_r=1)),
    "breakeven_buffer_ticks": ("0", "5", lived(*UP, breakeven_at_r=1)),
    "profit_lock_at_r": ("1", "9", lived(*UP, profit_lock_pct=50)),
    "profit_lock_pct": ("50", "60", lived(*UP, profit_lock_at_r=1)),
    "time_stop_bars": ("2", "9", lived(*UP)),
    "time_stop_min": ("10", "90", lived(*UP)),
    "time_stop_before_square_off_min": ("10", "120", lived(*UP, "14:00 time")),
    "daily_loss_worst_case": ("no", "yes", asked(realised="-2900", stop="980", target="1100", **ROOMY)),
    "worst_case_over": ("reject", "shrink", asked(realised="-2900", daily_loss_worst_case="yes", **ROOMY)),
    "max_weekly_loss": ("4", "9", judged(book=HISTORY)),
    "max_monthly_loss": ("4", "9", judged(book=HISTORY)),
    "max_open_risk": ("1", "0.1", asked()),
    "max_entries_per_symbol": (
        "1",
        "2",
        lived(*HELD, "10:01 exit INFY", "10:01:01 filled 10 at 1001", *AGAIN, max_quantity=10),
    ),
    "cooldown_s": ("60", "3600", judged(book={"outcomes": (closed(100, 10),)})),
    "cooldown_after_loss_s": ("60", "3600", judged(book={"outcomes": (closed(-100, 10),)})),
    "cooldown_scope": (
        "symbol",
        "symbol_strategy",
        judged(book={"outcomes": (closed(-100, 10, strategy="x"),)}, cooldown_s="3600"),
    ),
    "reentry_after_stop": ("allowed", "symbol_next_session", judged(book={"outcomes": STOPPED})),
    "max_stops": ("1", "9", judged(book={"outcomes": STOPPED})),
    "stops_window_s": ("60", "empty", judged(book={"outcomes": STOPPED}, max_stops="2")),
    "stops_lock_s": ("60", "empty", judged(book={"outcomes": STOPPED}, max_stops="1")),
    "stops_scope": ("account", "strategy", judged(book={"outcomes": STOPPED}, max_stops="1", strategy="other")),
    "stops_consecutive": ("no", "yes", judged(book={"outcomes": BETWEEN}, max_stops="2")),
    "max_correlation": ("0.99", "0.5", judged(market=ALIKE, holding="SBIN 1 at 1000")),
    "correlation_window": (
        "60",
        "10",
        judged(market=ALIKE, holding="SBIN 1 at 1000", max_correlation="0.5", correlation_min_bars="5"),
    ),
    "correlation_min_bars": ("30", "50", judged(market=ALIKE, holding="SBIN 1 at 1000", max_correlation="0.99")),
    "correlation_shrinkage": ("0", "0.9", judged(market=ALIKE, holding="SBIN 1 at 1000", max_correlation="0.5")),
    "cluster_correlation": ("0.7", "0.99", judged(market=ALIKE, holding="SBIN 1 at 1000", max_cluster_positions="1")),
    "max_cluster_positions": ("1", "2", judged(market=ALIKE, holding="SBIN 1 at 1000")),
    "max_cluster_exposure": ("1", "50", judged(market=ALIKE, holding="SBIN 1 at 1000")),
    "denied_symbols": ("TCS", "INFY", asked()),
    "allowed_sessions": ("regular", "muhurat", asked()),
    "allowed_weekdays": ("fri", "mon", asked()),
    "expiry_exit_days": ("4", "0", expiring),
    "entry_windows": ("11:30-12:30", "13:00-13:30", asked()),
    "price_min": ("500", "2000", asked()),
    "price_max": ("500", "2000", asked()),
    "max_price_drift_pct": ("1", "0.1", judged(signal={"price": Decimal(995)})),
    "brokerage_flat": ("empty", "20", lived(*HELD, max_quantity=10)),
    "brokerage_options_flat": ("20", "50", charged("BUY", exchange="NFO", segment="OPT", product="NRML")),
    "brokerage_delivery_pct": ("empty", "0", charged("BUY")),
    "dp_charge": ("0", "15", charged("SELL")),
    "stt_stamp_whole_rupees": ("no", "yes", lived(*HELD, max_quantity=10)),
    "tables": (None, OWN_FACTS, asked(position_size_basis="margin", **ROOMY)),
    "charges_as_of": ("2026-11-20", "2020-02-28", asked()),
    "risk_reward_basis": ("gross", "net", asked(stop="980", target="1050")),
    "stop_methods": ("atr", "level", asked(levels="970")),
    "stop_combine": ("tighter", "wider", asked(stop_methods="atr,percent", stop_pct="3")),
    "signal_stop": ("use", "ignore", asked(stop="980")),
    "stop_pct": ("2", "3", asked(stop_methods="percent")),
    "stop_points": ("20", "30", asked(stop_methods="points")),
    "stop_swing_bars": ("1", "3", asked(stop_methods="swing", bars=SWINGS)),
    "stop_buffer_ticks": ("1", "20", asked(stop_methods="level", levels="970")),
    "stop_buffer_atr": ("empty", "1", asked(stop_methods="level", levels="970")),
    "stop_risk_rupees": ("100", "200", asked(stop_methods="rupees", **FIVE_SHARES)),
    "stop_least_ticks": ("2", "1000", asked()),
    "stop_least_pct": ("empty", "3", asked()),
    "stop_greatest_pct": ("empty", "1", asked()),
    "stop_greatest_atr": ("empty", "1", asked()),
    "target_method": ("r", "percent", asked(target_pct="9")),
    "target_pct": ("8", "9", asked(target_method="percent")),
    "target_points": ("80", "90", asked(target_method="points")),
    "target_legs": ("50% at 2R,50% at 4R", "50% at 3R,50% at 4R", asked()),
    "rules": ((), [no_infy], asked()),
    "slippage_ticks": ("empty", "40", asked(**ROOMY)),
    "slippage_pct": ("empty", "1", asked(**ROOMY)),
    "sizing_method": ("risk", "fixed_quantity", asked(fixed_quantity="5")),
    "fixed_quantity": ("5", "6", asked(sizing_method="fixed_quantity")),
    "signal_quantity": ("ignore", "cap", judged(signal={"quantity": 3})),
    "fixed_notional": ("5000", "6000", asked(sizing_method="fixed_notional")),
    "volatility_target_pct": ("0.05", "0.06", asked(sizing_method="volatility", **ROOMY)),
    "volatility_atr_multiple": ("1", "2", asked(sizing_method="volatility", volatility_target_pct="0.3", **ROOMY)),
    "kelly_multiplier": ("0.01", "0.02", asked(**KELLY)),
    "kelly_min_trades": ("30", "50", asked(**KELLY)),
    "kelly_fallback": ("refuse", "risk", asked(sizing_method="kelly", strategy="ema")),
    "throttle_from_pct": ("empty", "1", asked(peak_equity="110000", **ROOMY)),
    "throttle_to_pct": ("20", "30", asked(throttle_from_pct="1", peak_equity="110000", **ROOMY)),
    "throttle_least_pct": ("25", "50", asked(throttle_from_pct="1", peak_equity="110000", **ROOMY)),
    "min_quantity": ("empty", "50", asked()),
    "max_notional": ("empty", "5000", asked()),
    "max_slices": ("10", "1", asked(freeze_quantity="5")),
    "max_sector_net_exposure": ("empty", "5", asked()),
    "max_unknown_sector_exposure": ("empty", "5", asked(symbol="OTHER")),
    "sector_over": ("shrink", "reject", asked(max_sector_exposure="5")),
    "limits": ((), [rc.Limit(scope="symbol", name="INFY", max_quantity=3)], asked()),
    "stop_band_pct": ("1", "2", at_the_broker()),
    "protect_alarm_s": ("3", "5", bare),
    "protect_flatten_s": ("10", "5", bare),
    "grace_s": ("2", "5", at_the_broker(goes_to("10:05", 985), goes_to("10:05:01", 979, 978), goes_by("10:05:04"))),
    "confirm_s": ("1", "5", at_the_broker(*TOUCHED, broker="paper", rests=False)),
    "spike_pct": ("2", "0.5", at_the_broker(goes_to("10:05", 1010))),
    "exit_step_s": ("3", "6", pressed),
    "exit_max_band_pct": ("2", "1", pressed),
    "unknown_match_s": ("30", "2", at_the_broker(unknown_entry())),
    "unknown_settle_s": ("5", "20", at_the_broker(unknown_entry("10:30:08", "10:30:10", "10:30:12", "10:30:14"))),
    "unknown_reads": ("3", "2", at_the_broker(unknown_entry("10:30:08", "10:30:10", "10:30:12"))),
    "differing_reads": ("2", "1", at_the_broker(reads("10:05", positions=(position(25),)))),
    "over_risk_pct": ("10", "90", bought_dear),
    "manual_trades": (
        "freeze",
        "adopt",
        at_the_broker(bought_by_hand("10:05"), bought_by_hand("10:06")),
    ),
    "overnight_move_pct": ("20", "60", halved_overnight),
    "balance_tolerance": ("100", "9000", at_the_broker(balance_is(105_000))),
}
"""Setting -> (from, to, a situation): under the two values it is answered differently, all else being equal."""

ELSEWHERE = {
    "default_capital": "opens the account of a backtest or of paper: riskcore_openalgo/demo, tests/demo",
}
"""Settings that no decision and no step of the engine reads, and what reads them."""
