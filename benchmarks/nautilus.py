"""nautilus_trader's compiled path from a wish to a checked order: sizer, order, command, risk engine.

What is built here follows the library's public classes and its own test stubs. It needs `nautilus_trader`, which
only `python3 tasks.py peers` installs.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import version
from typing import Any, Final, TypeAlias

from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import SubmitOrder
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import StrategyId, Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.risk.engine import RiskEngine, RiskEngineConfig
from nautilus_trader.risk.sizing import FixedRiskSizer
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.test_kit.stubs.component import TestComponentStubs
from nautilus_trader.test_kit.stubs.data import TestDataStubs
from nautilus_trader.test_kit.stubs.events import TestEventStubs
from nautilus_trader.test_kit.stubs.execution import TestExecStubs
from nautilus_trader.test_kit.stubs.identifiers import TestIdStubs

Act: TypeAlias = Callable[[], None]
VERSION: Final = version("nautilus_trader")


class Peer:
    """A risk engine with one instrument, a quote and an account, and what it lets through."""

    def __init__(self) -> None:
        self.clock = TestClock()
        self.trader = TestIdStubs.trader_id()
        bus = MessageBus(trader_id=self.trader, clock=self.clock)
        self.cache = TestComponentStubs.cache()
        portfolio = Portfolio(msgbus=bus, cache=self.cache, clock=self.clock)
        self.passed: list[Any] = []
        self.denied: list[Any] = []
        bus.register(endpoint="ExecEngine.execute", handler=self.passed.append)
        bus.register(endpoint="ExecEngine.process", handler=self.denied.append)
        config = RiskEngineConfig(max_order_submit_rate="100000000/00:00:01")
        self.engine = RiskEngine(portfolio=portfolio, msgbus=bus, cache=self.cache, clock=self.clock, config=config)
        self.instrument = TestInstrumentProvider.equity(symbol="AAPL", venue="NASDAQ")
        self.cache.add_instrument(self.instrument)
        account = TestExecStubs.cash_account()
        self.cache.add_account(account)
        state = TestEventStubs.cash_account_state()
        portfolio.update_account(state)
        self.cache.add_quote_tick(TestDataStubs.quote_tick(self.instrument, bid_price=99.95, ask_price=100.00))
        self.orders = OrderFactory(trader_id=self.trader, strategy_id=StrategyId("S-1"), clock=self.clock)
        self.sizer = FixedRiskSizer(self.instrument)
        self.equity, self.risk = Money(100_000, USD), Decimal("0.01")
        self.entry, self.stop = Price.from_str("100.00"), Price.from_str("98.50")
        self.venue = Venue("NASDAQ")

    def decide(self) -> None:
        """Size, order, command, check: one entry."""
        sized = self.sizer.calculate(self.entry, self.stop, self.equity, self.risk, hard_limit=Decimal(100))
        order = self.orders.limit(self.instrument.id, OrderSide.BUY, Quantity.from_int(int(sized)), self.entry)
        command = SubmitOrder(
            trader_id=self.trader,
            strategy_id=order.strategy_id,
            position_id=None,
            order=order,
            command_id=UUID4(),
            ts_init=0,
        )
        self.engine.execute(command)


def decider() -> Act:
    """A function that decides one entry; it has been seen to let an order through."""
    peer = Peer()
    peer.decide()
    if len(peer.passed) != 1 or peer.denied:
        raise RuntimeError(f"the peer let nothing through: {peer.denied}")
    return peer.decide
