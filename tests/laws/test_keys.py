"""No setting is dead: for each there is a situation whose answer, or whose day, changes when it changes."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from riskcore.testing import Scenario
from tests.spec.decisions import decision, setting
from tests.spec.told import Told

ROOMY = {"max_position_size_percent": "100", "max_sector_exposure": "100"}


def asked(**columns):
    """A decision (columns as in the pages of the specification): what it answers."""
    return lambda **settings: decision(**columns, **settings)


def lived(*rows, **fixed):
    """A day after ten o'clock, told as in the pages: a row is `10:00 price INFY 1000`; all it led to."""

    def told(**settings):
        policy = "; ".join(f"{name}={cell}" for name, cell in {**ROOMY, **fixed, **settings}.items())
        teller = Told()
        teller(f"policy {policy}")
        for row in rows:
            clock, _, happens = row.partition(" ")
            teller(happens, at=clock)
        return [fact for fact in teller.day.facts if type(fact).__name__ != "PolicyChanged"]

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


BOUGHT = ("09:16 equity 100000", "10:00 buy INFY", "10:00 quote last=1000 atr=10")
HELD = (*BOUGHT, "10:00 filled 10 at 1000")

FIVE_SHARES = {"sizing_method": "fixed_quantity", "fixed_quantity": "5"}
KELLY = {"sizing_method": "kelly", "strategy": "ema", "finished": "2 x 20, -1 x 20", **ROOMY}
LOWS = [995] * 20 + [980] + [995] * 10 + [990] + [995] * 2
SWINGS = ";".join(f"1005 {low} 1000" for low in LOWS)


def no_infy(context):
    """A rule of one's own."""
    bad = context.signal.symbol == "INFY"
    return rc.Finding("no_infy", not bad, "mine:infy" if bad else "", context.signal.symbol)


KEYS = {
    # one line a setting: the value it is changed from, the value it is changed to, and whose answer changes
    "signal_max_age_s": ("60", "30", asked(signal_age="40")),
    "clock_skew_s": ("5", "1", asked(signal_age="-3")),
    "allowed_sides": ("BUY,SELL", "SELL", asked()),
    "allowed_products": ("MIS,CNC", "CNC", asked()),
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
}
"""Setting -> (from, to, a situation): under the two values it is answered differently, all else being equal."""

ELSEWHERE = {
    "default_capital": "opens the account of a backtest or of paper: riskcore_openalgo/demo, tests/demo",
}
"""Settings that no decision and no step of the engine reads, and what reads them."""

FIELDS = [field.name for field in attrs.fields(rc.Policy)]


@pytest.mark.smoke
@pytest.mark.parametrize("name", sorted(KEYS))
def test_KEY_1_for_each_setting_an_answer_changes_with_it(name):
    """Under the one value the situation is answered otherwise than under the other, or is refused as a contradiction."""
    before, after, answer = KEYS[name]
    told = []
    for cell in (before, after):
        try:
            told.append(answer(**{name: cell}))
        except ValueError as contradiction:
            told.append(str(contradiction))
    assert told[0] != told[1]
    assert not isinstance(told[0], str)


@pytest.mark.smoke
def test_KEY_2_every_setting_has_its_situation():
    """A new one without a row fails here; so does a row of a setting that is gone."""
    assert sorted([*KEYS, *ELSEWHERE]) == sorted(FIELDS)
