"""What all hosts here share: the policy, a day of bars, the wish to trade, and what the trades are held against."""

import sys
from datetime import timedelta
from decimal import Decimal

import riskcore as rc
from riskcore_openalgo.demo.day import demo_bars
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.obedience import disobeyed

# With no entry band an order is a limit at the price it was decided on: it fills there, better, or not at all.
POLICY = rc.Policy(
    risk_per_trade=Decimal("0.1"),
    max_trades_per_day=3,
    position_size_basis="margin",
    entry_band_pct=0,
    atr_warmup_bars=60,
    charges_as_of="2026-08-03",
)
EQUITY = 100_000
INTERVAL, BAR = "1m", timedelta(minutes=1)
DAY = demo_bars()  # 28 February 2020: INFY, LT and RELIANCE, minute by minute
STOCK = next(instrument for instrument in DAY if instrument.symbol == "RELIANCE")
BARS = DAY[STOCK]


def wishes(stock=STOCK):
    """A function of the bars so far: the side that the strategy wants now, or None. It wants more than it may have."""
    cross = EmaCross(symbol=stock.symbol, interval=INTERVAL, fast=5, slow=13)

    def wanted(bars):
        signal = cross(bars)
        return None if signal is None else signal.side

    return wanted


def judge(host, trades, decisions):
    """Print what the host traded; exit 1 where a trade broke a rule, or where nothing was shown at all."""
    broken = disobeyed(trades, POLICY, STOCK, equity=EQUITY, bar=BAR)
    refused = [decision for decision in decisions if not decision.approved]
    for trade in trades:
        print(
            f"  {trade.entered_at.astimezone(rc.IST):%H:%M} {trade.side:<4} {trade.quantity:>3} at {trade.entry:.2f}",
            end="",
        )
        print(f", risk Rs {trade.risk:.2f}, {trade.reward:.2f} R, result Rs {trade.result:.2f}")
    print(f"{host}: {len(trades)} trades, {len(refused)} of {len(decisions)} wishes refused")
    if not trades or not any("too_many_trades" in (r.reason for r in d.reasons) for d in refused):
        broken.append("the day shows too little: no trade, or no wish beyond max_trades_per_day")
    print(*broken, sep="\n", end="\n" if broken else "")
    sys.exit(1 if broken else 0)
