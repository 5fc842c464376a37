"""The runner: takes what happened, asks the engine, makes it durable, carries out what follows."""

from riskcore_openalgo.lab.strategy import OnBar, StrategyError, load_strategy
from riskcore_openalgo.runner.lanes import Evidence, Gateway, InlineLanes, Lanes
from riskcore_openalgo.runner.ports import Clock, NoTimers, QueueTransport, Store, Ticking, Timers, Transport
from riskcore_openalgo.runner.runner import Runner

__all__ = [
    "Clock",
    "Evidence",
    "Gateway",
    "InlineLanes",
    "Lanes",
    "NoTimers",
    "OnBar",
    "QueueTransport",
    "Runner",
    "Store",
    "StrategyError",
    "Ticking",
    "Timers",
    "Transport",
    "load_strategy",
]
