"""What each rule of a backtest cost or saved: a backtest more for each, with that rule off."""

from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo import lab
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.strategy import StrategyError

START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
MINUTE = timedelta(minutes=1)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, max_trades_per_day=2)
PRICES = [1000, 1000, 1004, 1015, 1000, 1000, 1004, 1015, 1000, 1000, 996, 985, 1000, 1000, 1004, 1015]
BARS = [
    rc.Bar(at=START + n * MINUTE, open=price, high=price + 1, low=price - 1, close=price)
    for n, price in enumerate(PRICES)
]


class Fourth:
    """Buys after each fourth bar. It counts them itself, so that each run needs one of its own."""

    def __init__(self):
        self.count = 0

    def on_bar(self, bars):
        self.count += 1
        if self.count % 4 != 1:
            return None
        at = bars[-1].at
        return rc.Signal("INFY", "BUY", at=at + MINUTE, bar_at=at, interval="1m", stop=990, target=1014, strategy="own")


def test_each_rule_is_off_once_and_the_rest_is_as_it_was():
    """By hand: the backtest under the changed policy; a strategy that remembers starts anew in each."""
    policy = evolve(RULES, min_risk_reward="1")
    how = {"symbol": "INFY", "capital": 200_000, "interval": "1m"}
    base = backtest(BARS, Fourth(), policy, **how)
    more = backtest(BARS, Fourth(), evolve(policy, max_trades_per_day=1_000_000), **how)
    assert (len(base.trades), len(more.trades)) == (2, 4)
    found = lab.rules_off(BARS, Fourth(), policy, **how)
    assert (found.trades, found.net) == (2, base.equity - 200_000)
    (off,) = [one for one in found.rules if one.rule == "max_trades_per_day"]
    assert (off.refused, off.trades, off.net) == (2, 4, more.equity - 200_000)
    assert found.saved(off) == base.equity - more.equity != 0
    word = "saved" if base.equity > more.equity else "cost"
    assert found.explain().splitlines()[0] == f"with every rule on: 2 trades, net Rs {found.net:,.2f}"
    assert f"without max_trades_per_day (refused 2 times): 4 trades, net Rs {off.net:,.2f}: the rule {word} money" in (
        found.explain()
    )


def test_rules_may_be_named_and_what_has_no_off_says_so():
    """And the run that was made already is not made again."""
    base = backtest(BARS, Fourth(), RULES, symbol="INFY")
    seen = []

    def watch(names):
        seen.extend(names)
        return names

    asked = ["session", "max_daily_loss"]
    found = lab.rules_off(BARS, Fourth(), RULES, rules=asked, run=base, watch=watch, symbol="INFY")
    assert seen == asked
    assert [(one.rule, one.net) for one in found.rules] == [("session", None), ("max_daily_loss", Decimal(found.net))]
    assert "without session (refused 0 times): no setting switches it off" in found.explain()
    assert found.explain().endswith("the rule changed nothing")


def test_a_strategy_that_cannot_be_copied_says_what_to_give():
    made = Fourth()
    made.lock = Lock()
    with pytest.raises(StrategyError, match=r"each run needs a copy of .*: give its class"):
        lab.rules_off(BARS, made, RULES, symbol="INFY")
