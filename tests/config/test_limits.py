"""Limits of one symbol, one strategy or one product, as they are written."""

from pathlib import Path

import pytest

import riskcore as rc
from riskcore_openalgo.cli.live import banner
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.client import Client
from riskcore_openalgo.config import no_entries, unmet_limits
from riskcore_openalgo.doctor import limits
from riskcore_openalgo.doctor.strategies import strategies
from riskcore_openalgo.journal import Journal


def test_limits_of_a_symbol_a_strategy_and_a_product_are_read(read):
    """Percentages as percent; what is empty is off."""
    written = """
risk_management:
  limits:
    - scope: symbol
      name: M&M
      max_quantity: 50
      max_notional:
    - {scope: strategy, name: ema cross, risk_per_trade: 0.5, max_daily_loss: 1}
    - {scope: product, name: CNC, max_exposure: 15}
"""
    assert read(risk_management=written).policy.limits == (
        rc.Limit(scope="symbol", name="M&M", max_quantity=50),
        rc.Limit(scope="strategy", name="ema cross", risk_per_trade="0.5", max_daily_loss=1),
        rc.Limit(scope="product", name="CNC", max_exposure=15),
    )


CONFIGURED = {
    "trading_rules": (
        "trading_rules:\n  strategies:\n    - {name: dips, function: ema_cross, symbols: [INFY], interval: 5m}\n"
    ),
    "system_config": (
        "system:\n  watch: [NSE:RELIANCE]\n  sources:\n    desk: {given: {strategy: pivots}, symbols: {TCSL: TCS}}\n"
    ),
}


def limited(*limits):
    """Such limits in risk_management.yaml."""
    rows = "".join(f"    - {{{limit}, max_quantity: 10}}\n" for limit in limits)
    return f"risk_management:\n  limits:\n{rows}"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("scope: strategy, name: dips", None),
        ("scope: strategy, name: pivots", None),
        (
            "scope: strategy, name: dps",
            "strategy dps: nothing configured has that name; did you mean dips?; alerts alone could bear it",
        ),
        ("scope: strategy, name: Dips", "strategy Dips: nothing configured has that name; did you mean dips?"),
        ("scope: strategy, name: gap", "strategy gap: nothing configured has that name; configured: dips, pivots;"),
        ("scope: symbol, name: INFY", None),
        ("scope: symbol, name: RELIANCE", None),
        ("scope: symbol, name: TCS", None),
        ("scope: symbol, name: SBIN", None),
        ("scope: symbol, name: RELIANC", "symbol RELIANC: nothing configured has that name; did you mean RELIANCE?"),
        ("scope: symbol, name: INFO", "symbol INFO: nothing configured has that name; did you mean INFY?"),
        ("scope: product, name: CNC", None),
    ],
)
def test_a_limit_whose_name_nothing_bears_is_told(read, limit, said):
    """It limits nothing. A strategy may still be named by an alert, and any symbol too: so it is no error."""
    settings = read(**CONFIGURED, risk_management=limited(limit))
    found = unmet_limits(settings)
    assert [each.startswith(said) for each in found] == ([] if said is None else [True])
    check = limits.names(settings)
    assert (check.status, said is None or said in check.found) == ("ok" if said is None else "warn", True)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("fixed_quantity: 5", "fixed_quantity 5: nothing reads it, for sizing_method is risk"),
        ("fixed_quantity: 5\n  sizing_method: fixed_quantity", None),
        ("stop_pct: 1", "stop_pct 1: nothing reads it, for stop_methods are "),
        ("stop_pct: 1\n  stop_methods: [percent]", None),
        ("target_pct: 6", "target_pct 6: nothing reads it, for target_method is "),
        (
            'target_method: percent\n  target_pct: 9\n  target_legs: ["100% at 4R"]',
            "target_pct 9: nothing reads it, for target_l",
        ),
        ("stops_lock_s: 600", "stops_lock_s 600: nothing reads it, for max_stops is off"),
        ("max_stops: 2\n  stops_lock_s: 600", None),
        (
            "stop_atr_multiple: 3\n  stop_methods: [percent]\n  stop_pct: 1",
            "stop_atr_multiple 3: nothing reads it, for",
        ),
        ("stop_buffer_ticks: 4\n  stop_methods: [level]", None),
        (
            'target_r_multiple: 3\n  target_legs: ["100% at 4R"]',
            "target_r_multiple 3: nothing reads it, for target_legs",
        ),
        ("kelly_min_trades: 20", "kelly_min_trades 20: nothing reads it, for sizing_method is risk"),
        ("drawdown_basis: session", "drawdown_basis session: nothing reads it, for max_drawdown is off"),
        ("drawdown_basis: session\n  max_drawdown: 5", None),
        ("stops_consecutive: true", "stops_consecutive true: nothing reads it, for max_stops is off"),
        ("cooldown_scope: symbol_strategy", "cooldown_scope symbol_strategy: nothing reads it, for cooldown_s and"),
        ("cooldown_scope: symbol_strategy\n  cooldown_after_loss_s: 60", None),
        ("worst_case_over: shrink", "worst_case_over shrink: nothing reads it, for daily_loss_worst_case is off"),
        ("worst_case_over: shrink\n  daily_loss_worst_case: true", None),
        ("cluster_correlation: 0.6\n  max_correlation: 0.9", "cluster_correlation 0.6: nothing reads it, for max_cl"),
        ("trail_interval: 15m", "trail_interval 15m: nothing reads it, for nothing counts candles"),
        ("trail_interval: 15m\n  time_stop_bars: 4", None),
        ("trail_on: bar", "trail_on bar: nothing reads it, for no setting moves a stop"),
        ("trail_on: bar\n  breakeven_at_r: 1\n  trail_interval: 15m", None),
        (
            "trail: percent\n  trail_by: 1\n  trail_atr: entry",
            "trail_atr entry: nothing reads it, for trail is percent",
        ),
    ],
)
def test_a_number_that_nothing_reads_is_told(read, keys, said):
    """Whoever wrote five shares got a hundred, and a basis of drawdown alone is no limit of it.

    (It is no error: a policy of before may have one, and must be read.)
    """
    settings = read(risk_management=f"risk_management:\n  {keys}\n")
    assert [each.startswith(said or "-") for each in unmet_limits(settings)] == ([] if said is None else [True])
    assert limits.names(settings).status == ("ok" if said is None else "warn")


def test_without_any_strategy_the_sentence_says_so(read):
    """All strategies may be those of alerts."""
    (found,) = unmet_limits(read(risk_management=limited("scope: strategy, name: dips")))
    assert found == "strategy dips: nothing configured has that name; configured: none; alerts alone could bear it"


def test_it_is_said_at_the_start_and_of_the_files_before(read, tmp_path, capsys):
    """In the banner of a day, and by `riskcore config diff`."""
    settings = read(**CONFIGURED, risk_management=limited("scope: strategy, name: dps", "scope: symbol, name: INFY"))
    told = "strategy dps: nothing configured has that name; did you mean dips?"
    with Journal(tmp_path / "paper.db") as journal, Client("http://127.0.0.1:9", "a-key-of-the-tests") as client:
        shown = banner(settings, client, journal, mode="paper", analyzer=False)
    assert next(line for line in shown.splitlines() if "NO LIMIT" in line).startswith(f"  NO LIMIT   {told}")
    folder = Path(settings.sources[0].path).parent
    assert main(["config", "diff", "--config", str(folder), "--journal", str(tmp_path / "paper.db")]) == 0
    assert f"NO LIMIT: {told}" in capsys.readouterr().out


SMALL = "risk_management:\n  max_notional: 500\n"


@pytest.mark.parametrize(
    ("rules", "risk", "system", "said"),
    [
        (
            "",
            "  min_quantity: 9\n",
            "  hard_caps: {hard_max_quantity: 8}\n",
            "min_quantity 9: above hard_max_quantity 8",
        ),
        (
            "",
            "  sizing_method: fixed_quantity\n  fixed_quantity: 9\n",
            "  hard_caps: {hard_max_quantity: 8}\n",
            "fixed_quantity 9: above hard_max_quantity 8, so that no such entry is ever sent",
        ),
        ("", "  max_quantity: 9\n", "  hard_caps: {hard_max_quantity: 8}\n", None),
        (
            "",
            "  max_quantity: 50\n",
            "  instruments: {INFY: {lot_size: 75}}\n",
            "INFY: max_quantity 50 is less than its lot of 75: no entry passes",
        ),
        (
            "",
            "  limits:\n    - {scope: symbol, name: INFY, max_quantity: 50}\n",
            "  instruments: {INFY: {lot_size: 75}}\n",
            "INFY: max_quantity of its limit 50 is less than its lot of 75",
        ),
        ("", "  max_quantity: 75\n", "  instruments: {INFY: {lot_size: 75}}\n", None),
        (
            "  price_min: 1000\n",
            "  max_notional: 500\n",
            "",
            "max_notional: 500 rupees are less than one share at price",
        ),
    ],
)
def test_what_keeps_entries_out_is_told(read, rules, risk, system, said):
    """It was taken, and every signal refused: somebody waits for a trade that cannot come."""
    settings = read(
        trading_rules=f"trading_rules:\n{rules}" if rules else "",
        risk_management=f"risk_management:\n{risk}" if risk else "",
        system_config=f"system:\n{system}" if system else "",
    )
    assert [each.startswith(said or "-") for each in no_entries(settings)] == ([] if said is None else [True])
    found = limits.entries(settings)
    assert (found.status, said is None or said in found.found) == ("ok" if said is None else "fail", True)


@pytest.mark.parametrize("name", ["allowed_symbols", "allowed_sides", "entry_windows"])
def test_a_list_that_names_nothing_is_a_warning(read, name):
    """It means none, and may be meant; it is no way to say: any."""
    found = limits.entries(read(trading_rules=f"trading_rules:\n  {name}: []\n"))
    assert (found.status, found.found.startswith(f"{name}: [] names none")) == ("warn", True)


def test_it_is_said_at_the_start_and_of_the_files_before_that_none_may_enter(read, tmp_path, capsys):
    settings = read(trading_rules="trading_rules:\n  price_min: 1000\n", risk_management=SMALL)
    with Journal(tmp_path / "paper.db") as journal, Client("http://127.0.0.1:9", "a-key-of-the-tests") as client:
        shown = banner(settings, client, journal, mode="paper", analyzer=False)
    assert "  NO ENTRY   max_notional: 500 rupees are less than" in shown
    folder = Path(settings.sources[0].path).parent
    assert main(["config", "diff", "--config", str(folder), "--journal", str(tmp_path / "paper.db")]) == 0
    assert "NO ENTRY: max_notional: 500 rupees are less than" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rule", "refused"),
    [("denied_symbols: [INFY]", ("INFY",)), ("allowed_symbols: [SBIN]", ("INFY, TCS",)), ("allowed_sides: [BUY]", ())],
)
def test_symbols_of_a_strategy_that_may_not_be_entered_are_told(read, rule, refused):
    """It was said to be sent; a symbol may be denied for a day, so it is no failure."""
    dips = "  strategies: [{name: dips, function: ema_cross, symbols: [INFY, TCS]}]\n"
    found = strategies(read(trading_rules=f"trading_rules:\n  {rule}\n{dips}"))
    told = [f"dips on 1m of INFY, TCS: sent, and no entry in {names} passes" for names in refused]
    assert (found.status, found.found) == ("warn", *told) if refused else ("ok", "dips on 1m of INFY, TCS: sent")
