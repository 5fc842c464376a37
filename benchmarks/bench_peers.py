"""Our decision against nautilus_trader's compiled path from a wish to a checked order: the aim is at most 1.0 times.

    python3 tasks.py peers decisions

Ours decides one purchase and reads no finding, once with the sixteen rules that both can be said to ask (or that every
risk desk has) and once with the whole default policy. Which rules are asked is restricted here only, by putting
another list in the place of `riskcore.decision.asking`; whatever else `decide` does (stop, target, size, order, the
last look) is done. Theirs sizes, makes the order and the command, and sends it through the risk engine.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import riskcore as rc
from benchmarks.ratios import Ratio, ratio
from riskcore import decision
from riskcore.rules.asking import asking_of
from riskcore.rules.table import asked

try:
    from benchmarks import nautilus
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} is missing: its wheels are for Python 3.12 to 3.14 (run it with python3.12)")

AIM = 1.0
COMMON = (
    "state",
    "session",
    "no_entry_before",
    "no_entry_after",
    "signal_max_age_s",
    "clock_skew_s",
    "allowed_products",
    "equity",
    "quote_max_age_s",
    "atr_warmup_bars",
    "stop_methods",
    "min_risk_reward",
    "max_positions",
    "max_trades_per_day",
    "max_daily_loss",
    "max_position_size_percent",
)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
SHARE = rc.Instrument(symbol="RELIANCE", tick="0.10", sector="Oil Gas & Consumable Fuels")
SIGNAL = rc.Signal("RELIANCE", "BUY", at=NOON - timedelta(seconds=1))
BOOK, POLICY = rc.Book(100_000), rc.Policy()
MARKET = rc.Market(instrument=SHARE, at=NOON, last=2500, atr=20)


def ours() -> rc.Decision:
    """One decision, its findings unread."""
    return rc.decide(SIGNAL, BOOK, MARKET, POLICY)


def of_common_rules(theirs: nautilus.Act) -> Ratio:
    """The ratio with the common rules alone."""
    rows = tuple(row for row in asked(POLICY) if row.name in COMMON)
    if len(rows) != len(COMMON):
        raise RuntimeError(f"the table of rules has no {set(COMMON) - {row.name for row in rows}}")
    usual, common = decision.asking, asking_of(rows, POLICY)
    decision.asking = lambda policy: common
    try:
        if not ours().approved:
            raise RuntimeError("ours lets nothing through, so there is nothing to compare")
        return ratio(ours, theirs)
    finally:
        decision.asking = usual


def main() -> int:
    """Both ratios; 1 where the common rules take longer than the peer."""
    theirs = nautilus.decider()
    common, whole = of_common_rules(theirs), ratio(ours, theirs)
    print(f"nautilus_trader {nautilus.VERSION}, Python {sys.version.split()[0]}")
    print(common.told(f"decide with the {len(COMMON)} common rules, findings unread", AIM))
    print(whole.told(f"decide with all {len(ours().findings)} rules of the default policy"))
    return 1 if common.times > AIM else 0


if __name__ == "__main__":
    sys.exit(main())
