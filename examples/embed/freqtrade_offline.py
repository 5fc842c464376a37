"""freqtrade's backtester over our bars, without an exchange to ask: what in_freqtrade.py runs in."""

import logging
from pathlib import Path

import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.resolvers import ExchangeResolver
from shared import BARS, EQUITY, INTERVAL

PAIR = "RELIANCE/INR"
ANY = {"min": None, "max": None}
MARKET = {
    "symbol": PAIR, "base": "RELIANCE", "quote": "INR", "spot": True, "active": True, "type": "spot",
    "precision": {"amount": 1, "price": 0.05}, "limits": {"amount": ANY, "cost": ANY},
}  # fmt: skip
CONFIG = {
    "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": []},
    "pairlists": [{"method": "StaticPairList"}], "stake_currency": "INR", "stake_amount": "unlimited", "fee": 0,
    "dry_run": True, "dry_run_wallet": EQUITY, "tradable_balance_ratio": 1, "max_open_trades": 1,
    "runmode": RunMode.OTHER, "timeframe": INTERVAL, "entry_pricing": {}, "exit_pricing": {},
}  # fmt: skip


def played(file, name):
    """The trades of a strategy file, and the strategy as freqtrade made it."""
    logging.disable(logging.WARNING)  # it looks for strategies in the other examples too
    folder = Path(file).parent
    config = CONFIG | {"strategy": name, "strategy_path": str(folder), "user_data_dir": folder, "datadir": folder}
    exchange = ExchangeResolver.load_exchange(config, validate=False)
    exchange._markets = {PAIR: MARKET}  # noqa: SLF001 - so that no exchange is asked for it
    tester = Backtesting(config, exchange)
    strategy = tester.strategylist[0]
    tester._set_strategy(strategy)  # noqa: SLF001 - as its own `start` does
    frame = pd.DataFrame({name: [float(getattr(b, name)) for b in BARS] for name in ("open", "high", "low", "close")})
    frame["date"], frame["volume"] = pd.to_datetime([bar.at for bar in BARS], utc=True), 1.0
    first, last = frame.date.iloc[0], frame.date.iloc[-1]
    return tester.backtest(strategy.advise_all_indicators({PAIR: frame}), first, last)["results"], strategy
