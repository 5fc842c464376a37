"""What the signals of a strategy are called, and of which exchange they are."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.signals_at import SignalsAt
from riskcore_openalgo.lab.strategy import own_strategy

START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.1")
BARS = [rc.Bar(at=START + timedelta(minutes=n), open=1000, high=1001, low=999, close=1000) for n in range(4)]


def once(seen, strategy=""):
    """Buy at the end of the first bar."""
    if len(seen) > 1:
        return None
    ends = seen[-1].at + timedelta(minutes=1)
    return rc.Signal("INFY", "BUY", at=ends, bar_at=seen[-1].at, stop=980, target=1100, strategy=strategy)


class Once:
    """`once` as a class, with or without a name of its own."""

    def __init__(self, *, symbol, interval, called=""):
        self.called = called

    def on_bar(self, seen):
        return once(seen, strategy=self.called)

    def signals(self, seen):
        return {0: self.on_bar(seen[:1])}


@pytest.mark.parametrize(
    ("strategy", "name"), [(Once, "Once"), (partial(Once, called="mine"), "mine"), (once, ""), ({"INFY": Once}, "Once")]
)
def test_signals_of_a_class_bear_its_name_and_come_under_the_limits_of_it(strategy, name):
    """What no class is has no name that somebody gave, and is not named after a function."""
    limit = rc.Limit(scope="strategy", name=name or "Once", max_quantity=7)
    run = backtest({"INFY": BARS}, strategy, evolve(RULES, limits=(limit,)))
    assert [trade.strategy for trade in run.simulation.state.book.positions] == [name]
    assert (run.simulation.state.book.positions[0].quantity == 7) is bool(name)


def plain(bars, symbol, interval):
    """Buys what it is called for, and has never heard of an exchange."""
    return rc.Signal(symbol, "BUY", at=bars[-1].at + timedelta(minutes=1), bar_at=bars[-1].at, stop=980, target=1100)


def at_once(seen):
    """The same of arrays."""
    return SignalsAt(seen, [0], "NIFTY24NOV2626000CE", "BUY", interval="1m", stop=980, target=1100)


def elsewhere(seen):
    """Watches the one, and trades another at NSE."""
    return rc.Signal("TCS", "BUY", at=seen[-1].at + timedelta(minutes=1))


class Arrays:
    """A strategy that tells all its signals at once."""

    signals = staticmethod(at_once)


@pytest.mark.parametrize("made", [partial(plain, symbol="NIFTY24NOV2626000CE", interval="1m"), Arrays()])
def test_a_signal_of_its_own_symbol_is_one_of_the_exchange_that_it_watches(made):
    """Each strategy that comes with the library was refused on a contract: its signals were of a share at NSE."""
    call = rc.option("NIFTY", expiry=date(2026, 11, 24), strike=26_000, right="CE", on=START.date(), tick="0.05")
    run = backtest({call: BARS}, made, evolve(RULES, allowed_products=("MIS",), default_capital=10_000_000))
    assert [trade.instrument.key for trade in run.simulation.state.book.positions] == [call.key]
    assert call.key == "NFO:NIFTY24NOV2626000CE"


def test_the_exchange_is_that_of_the_name_it_is_given_and_of_no_other_symbol():
    own = own_strategy("mine", f"{__name__}:plain", symbol="NFO:NIFTY24NOV2626000CE", interval="1m", parameters={})
    assert (own.symbol, own.exchange, own(BARS).key) == ("NIFTY24NOV2626000CE", "NFO", "NFO:NIFTY24NOV2626000CE")
    assert (
        own_strategy("mine", f"{__name__}:plain", symbol="INFY", interval="1m", parameters={})(BARS).key == "NSE:INFY"
    )
    assert evolve(own, made=elsewhere)(BARS).key == "NSE:TCS"
